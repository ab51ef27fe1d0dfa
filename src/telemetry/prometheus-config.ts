import { Duration, Yaml } from 'cdk8s';
import { IScrapeTarget } from '../workload/scrape-target';

/** Where Prometheus finds and keeps things in its container. */
export const PROMETHEUS_PATHS = {
  configuration: '/etc/prometheus/configuration',
  rules: '/etc/prometheus/rules',
  certificate: '/etc/prometheus/certificate',
  data: '/prometheus',
} as const;

export const PROMETHEUS_FILE = 'prometheus.yml';

export const WEB_FILE = 'web.yml';

/** The port at which an agent tells of itself, inside its pod's network only. */
export const AGENT_PORT = 9090;

const CERTIFICATE_FILES = {
  ca_file: `${PROMETHEUS_PATHS.certificate}/ca.crt`,
  cert_file: `${PROMETHEUS_PATHS.certificate}/tls.crt`,
  key_file: `${PROMETHEUS_PATHS.certificate}/tls.key`,
};

/** A time as Prometheus writes it. */
export const seconds = (duration: Duration): string => `${duration.toSeconds()}s`;

/** The labels that tell where a metric is from. */
export interface Origin {
  readonly federation?: string;
  readonly k8s_cluster: string;
}

/** What asks one target; `origin` where nobody adds it later. */
function job(target: IScrapeTarget, origin?: Origin): object {
  const name = `${target.metricsService}.${target.namespace}.svc`;
  return {
    job_name: `${target.namespace}/${target.metricsService}`,
    metrics_path: target.metricsPath,
    ...target.namesClusters && { honor_labels: true },
    // by its name: nothing has to be asked of the API server, and nobody needs a right there
    ...target.severalPods
      ? { dns_sd_configs: [{ names: [name], type: 'A', port: target.metricsPort }] }
      : { static_configs: [{ targets: [`${name}:${target.metricsPort}`] }] },
    ...origin && { relabel_configs: Object.entries(origin).map(([label, replacement]) => ({ target_label: label, replacement })) },
  };
}

/** An agent: it asks what is in its member, and tells the host. */
export function agentConfiguration(
  targets: readonly IScrapeTarget[], origin: Origin, { interval, url }: { readonly interval: Duration; readonly url: string },
): string {
  return Yaml.stringify({
    global: { scrape_interval: seconds(interval), external_labels: { ...origin } },
    scrape_configs: [
      ...targets.map(target => job(target)),
      { job_name: 'prometheus-agent', static_configs: [{ targets: [`localhost:${AGENT_PORT}`] }] },
    ],
    remote_write: [{
      name: 'host',
      url,
      // who is called is verified by the name in the URL, unless it is said not to be
      tls_config: { ...CERTIFICATE_FILES },
      // after a cut the host is found again this soon
      queue_config: { max_backoff: '30s' },
    }],
  });
}

/** The host's own: labels of the outside are not in what it keeps of its own cluster, so each target gets them. */
export function serverConfiguration(
  targets: readonly IScrapeTarget[], origin: Origin,
  { interval, alertmanagers }: { readonly interval: Duration; readonly alertmanagers: readonly string[] },
): string {
  return Yaml.stringify({
    global: { scrape_interval: seconds(interval), evaluation_interval: seconds(interval) },
    rule_files: [`${PROMETHEUS_PATHS.rules}/*.rules.yaml`],
    ...alertmanagers.length > 0 && { alerting: { alertmanagers: [{ static_configs: [{ targets: [...alertmanagers] }] }] } },
    scrape_configs: targets.map(target => job(target, origin)),
  });
}

/** Who may call: holders of a certificate. */
export function webConfiguration(): string {
  const { ca_file: authority, ...own } = CERTIFICATE_FILES;
  return Yaml.stringify({ tls_server_config: { ...own, client_auth_type: 'RequireAndVerifyClientCert', client_ca_file: authority } });
}

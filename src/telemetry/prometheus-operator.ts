import { ApiObject, Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { seconds } from './prometheus-config';
import { PrometheusImage } from './prometheus-image';
import { PROMETHEUS_POD_SECURITY } from './prometheus-pod';
import { IScrapeTarget } from '../workload/scrape-target';

/** The label by which an agent knows what it is to read. */
const READ_BY = 'cdk8s-hep/metrics';

/** The label of an agent's pods. */
export const AGENT_LABEL = 'cdk8s-hep/metrics-agent';

/** Who reads, and where it is. */
export interface OperatedAgent {
  /** The `Metrics` that it belongs to. */
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
}

/** What the operator makes the agent of a member of. The member's name is missing. */
export function operatedAgent(scope: Construct, { id, name, namespace }: OperatedAgent, options: {
  readonly labels: { readonly [label: string]: string };
  readonly federation: string;
  readonly image: PrometheusImage;
  readonly imagePullSecrets?: readonly string[];
  readonly url: string;
  readonly certificate: string;
  readonly interval: Duration;
  readonly retention: Duration;
  readonly disk: Size;
  readonly resources: object;
}): ApiObject {
  const ofSecret = (key: string) => ({ secret: { name: options.certificate, key } });
  return new ApiObject(scope, 'Agent', {
    apiVersion: 'monitoring.coreos.com/v1alpha1',
    kind: 'PrometheusAgent',
    metadata: { name, namespace, labels: { ...options.labels } },
    spec: {
      image: options.image.reference,
      ...options.imagePullSecrets?.length && { imagePullSecrets: options.imagePullSecrets.map(each => ({ name: each })) },
      replicas: 1,
      podMetadata: { labels: { [AGENT_LABEL]: id } },
      serviceAccountName: name,
      securityContext: PROMETHEUS_POD_SECURITY,
      scrapeInterval: seconds(options.interval),
      externalLabels: { federation: options.federation },
      // the operator's own would make another series of each agent
      prometheusExternalLabelName: '',
      replicaExternalLabelName: '',
      serviceMonitorNamespaceSelector: {},
      serviceMonitorSelector: { matchLabels: { [READ_BY]: id } },
      storage: { emptyDir: { sizeLimit: `${options.disk.toMebibytes()}Mi` } },
      additionalArgs: [{ name: 'storage.agent.retention.max-time', value: seconds(options.retention) }],
      resources: options.resources,
      remoteWrite: [{
        name: 'host',
        url: options.url,
        tlsConfig: { ca: ofSecret('ca.crt'), cert: ofSecret('tls.crt'), keySecret: { name: options.certificate, key: 'tls.key' } },
        queueConfig: { maxBackoff: '30s' },
      }],
    },
  });
}

/** Has what is read by the operator's ways read a target, where the target is; the agent may look for its pods there if there is one. */
export function monitorService(target: IScrapeTarget, { id, name, namespace }: OperatedAgent, inMembers: boolean): void {
  const scope = new Construct(target, `${id}-monitor`);
  const metadata = { name: `${id}-${target.metricsService}`, namespace: target.namespace, labels: { [READ_BY]: id } };
  new ApiObject(scope, 'ServiceMonitor', {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata,
    spec: {
      selector: { matchLabels: { ...target.podLabels } },
      endpoints: [{ port: 'metrics', path: target.metricsPath, ...target.namesClusters && { honorLabels: true } }],
    },
  });
  if (!inMembers) { return; }
  const rbac = 'rbac.authorization.k8s.io';
  new ApiObject(scope, 'Role', {
    apiVersion: `${rbac}/v1`,
    kind: 'Role',
    metadata,
    rules: [
      { apiGroups: [''], resources: ['services', 'endpoints', 'pods'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
    ],
  });
  new ApiObject(scope, 'RoleBinding', {
    apiVersion: `${rbac}/v1`,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: rbac, kind: 'Role', name: metadata.name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  });
}

import { App, Chart, Duration, Size, Testing } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-27';
import { parse } from 'yaml';
import {
  Cluster, ClusterSelector, FederatedCluster, Federation, KarmadaEngine, Metrics, MetricsProps, Monitoring, Placement, PrometheusImage, ScrapeTarget,
  ScrapeTargetProps, ServiceExposure,
} from '../../src';
import { scratchDirectory } from '../scratch';
import { objectOf, report } from '../synth';

interface Options {
  readonly id?: string;
  readonly metrics?: Partial<MetricsProps>;
  readonly target?: Partial<ScrapeTargetProps>;
  readonly lateMembers?: boolean;
}

/** Metrics of two members, with a target in the host, one in all members, and one in a placement. */
function program({ id = 'metrics', metrics: ofMetrics, target, lateMembers }: Options = {}) {
  const app = new App({ outdir: scratchDirectory() });
  const host = new Cluster(app, 'condor-host');
  const fed = new Federation(app, 'fed', { host, ...lateMembers && { lateMembers, engine: new KarmadaEngine() } });
  const meyrin = new FederatedCluster(app, 'meyrin', { federation: fed });
  const tsystems = new FederatedCluster(app, 'tsystems', { federation: fed });
  const metrics = new Metrics(host, id, { federation: fed, address: 'metrics.cern.ch', ...ofMetrics });
  metrics.scrape(new ScrapeTarget(host, 'pool', { namespace: 'condor', metricsService: 'exporter', metricsPort: 9118, namesClusters: true }));
  const state = new ScrapeTarget(fed, 'state', { namespace: 'kube-system', metricsService: 'kube-state-metrics', metricsPort: 8080, ...target });
  metrics.scrape(state);
  const cloud = new Placement(fed, 'cloud', { clusters: ClusterSelector.of(tsystems) });
  metrics.scrape(new ScrapeTarget(cloud, 'agents', { namespace: 'logs', metricsService: 'log-agent', metricsPort: 8888, metricsPath: '/m', severalPods: true }));
  return { app, host, fed, meyrin, tsystems, metrics, state };
}

type Program = ReturnType<typeof program>;

const configuration = (chart: Chart, name: string) => parse(objectOf(chart, 'ConfigMap', name).data['prometheus.yml']);
const jobs = (configured: any) => configured.scrape_configs.map((each: any) => each.job_name);
const server = (p: Program) => objectOf(p.host, 'StatefulSet', 'metrics').spec;
const agent = (chart: Chart) => objectOf(chart, 'Deployment', 'metrics-agent').spec;

describe('Metrics', () => {
  test('an agent reads what is in its member, says which it is, and tells the host with a certificate', () => {
    const p = program();
    expect(configuration(p.tsystems, 'metrics-agent')).toEqual({
      global: { scrape_interval: '30s', external_labels: { federation: 'fed', k8s_cluster: 'tsystems' } },
      scrape_configs: [
        { job_name: 'kube-system/kube-state-metrics', metrics_path: '/metrics', static_configs: [{ targets: ['kube-state-metrics.kube-system.svc:8080'] }] },
        { job_name: 'logs/log-agent', metrics_path: '/m', dns_sd_configs: [{ names: ['log-agent.logs.svc'], type: 'A', port: 8888 }] },
        { job_name: 'prometheus-agent', static_configs: [{ targets: ['localhost:9090'] }] },
      ],
      remote_write: [{
        name: 'host',
        url: 'https://metrics.cern.ch:9090/api/v1/write',
        tls_config: {
          ca_file: '/etc/prometheus/certificate/ca.crt', cert_file: '/etc/prometheus/certificate/tls.crt', key_file: '/etc/prometheus/certificate/tls.key',
        },
        queue_config: { max_backoff: '30s' },
      }],
    });
    // what is in tsystems alone is looked for nowhere else
    expect(jobs(configuration(p.meyrin, 'metrics-agent'))).toEqual(['kube-system/kube-state-metrics', 'prometheus-agent']);
    expect(configuration(p.meyrin, 'metrics-agent').global.external_labels.k8s_cluster).toBe('meyrin');
    expect(agent(p.meyrin).template.metadata.annotations).not.toEqual(agent(p.tsystems).template.metadata.annotations);
  });

  test("the host's reads its own cluster's, and gives it the labels that others come with", () => {
    const p = program();
    expect(configuration(p.host, 'metrics').scrape_configs).toEqual([{
      job_name: 'condor/exporter',
      metrics_path: '/metrics',
      honor_labels: true,
      static_configs: [{ targets: ['exporter.condor.svc:9118'] }],
      relabel_configs: [{ target_label: 'federation', replacement: 'fed' }, { target_label: 'k8s_cluster', replacement: 'condor-host' }],
    }]);
  });

  test('the host lets nobody in without a certificate, to write or to ask', () => {
    const p = program();
    expect(parse(objectOf(p.host, 'ConfigMap', 'metrics').data['web.yml'])).toEqual({
      tls_server_config: {
        cert_file: '/etc/prometheus/certificate/tls.crt',
        key_file: '/etc/prometheus/certificate/tls.key',
        client_auth_type: 'RequireAndVerifyClientCert',
        client_ca_file: '/etc/prometheus/certificate/ca.crt',
      },
    });
    expect(server(p).template.spec.containers[0].args).toEqual(expect.arrayContaining([
      '--web.config.file=/etc/prometheus/configuration/web.yml', '--web.enable-remote-write-receiver', '--web.listen-address=:9090',
    ]));
    expect(objectOf(p.host, 'Service', 'metrics')).toMatchObject({
      metadata: { annotations: { 'external-dns.alpha.kubernetes.io/hostname': 'metrics.cern.ch' } },
      spec: { type: 'LoadBalancer', ports: [{ name: 'metrics', port: 9090 }] },
    });
  });

  test('pods have no root and no right at the API server', () => {
    const p = program();
    for (const { spec } of [server(p).template, agent(p.meyrin).template]) {
      expect(spec).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, runAsUser: 65534 },
        containers: [{ securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } } }],
      });
    }
    expect(objectOf(p.meyrin, 'Namespace', 'monitoring').metadata.labels['pod-security.kubernetes.io/enforce']).toBe('restricted');
    expect(Testing.synth(p.meyrin).filter(({ kind }) => /Role/.test(kind))).toEqual([]);
  });

  test('certificates, images, sizes and times are as they are given', () => {
    const p = program({
      metrics: {
        serverCertificate: 'own-tls',
        agentCertificate: 'their-tls',
        image: PrometheusImage.debian('registry.example/prometheus'),
        imagePullSecrets: ['login'],
        port: 30900,
        exposure: ServiceExposure.nodePort(),
        scrapeInterval: Duration.seconds(10),
        retention: Duration.days(2),
        storageSize: Size.gibibytes(10),
        storageClass: 'fast',
        agentRetention: Duration.hours(1),
        agentDisk: Size.mebibytes(500),
        namespace: 'watch',
        resources: { cpu: { request: Cpu.units(1) } },
        agentResources: { memory: { limit: Size.gibibytes(1) } },
      },
    });
    const [one, other] = [server(p), agent(p.meyrin)].map(({ template }) => template.spec);
    expect(one.volumes).toContainEqual({ name: 'certificate', secret: { secretName: 'own-tls', defaultMode: 0o440 } });
    expect(other.volumes).toContainEqual({ name: 'certificate', secret: { secretName: 'their-tls', defaultMode: 0o440 } });
    expect(other.volumes).toContainEqual({ name: 'data', emptyDir: { sizeLimit: '500Mi' } });
    for (const spec of [one, other]) {
      expect(spec.imagePullSecrets).toEqual([{ name: 'login' }]);
      expect(spec.containers[0]).toMatchObject({ image: 'registry.example/prometheus', command: ['/usr/bin/prometheus'] });
    }
    expect(one.containers[0].args).toEqual(expect.arrayContaining(['--storage.tsdb.retention.time=172800s', '--storage.tsdb.retention.size=8192MB']));
    expect(other.containers[0].args).toEqual(expect.arrayContaining(['--enable-feature=agent', '--storage.agent.retention.max-time=3600s']));
    expect(one.containers[0].resources).toEqual({ requests: { cpu: '1' } });
    expect(other.containers[0].resources).toEqual({ limits: { memory: '1024Mi' } });
    expect(server(p).volumeClaimTemplates[0].spec).toMatchObject({ storageClassName: 'fast', resources: { requests: { storage: '10240Mi' } } });
    expect(objectOf(p.host, 'Service', 'metrics').spec).toMatchObject({ type: 'NodePort', ports: [{ port: 30900, nodePort: 30900 }] });
    expect(objectOf(p.host, 'Service', 'metrics').metadata.namespace).toBe('watch');
    expect(configuration(p.meyrin, 'metrics-agent').remote_write[0].url).toBe('https://metrics.cern.ch:30900/api/v1/write');
    expect(configuration(p.host, 'metrics').global.scrape_interval).toBe('10s');
  });

  test('version 3 has another word for an agent, and another image another program', () => {
    expect(agent(program().meyrin).template.spec.containers[0]).toMatchObject({ image: 'quay.io/prometheus/prometheus:v3.5.0', command: ['/bin/prometheus'], args: expect.arrayContaining(['--agent']) });
    const image = new PrometheusImage({ reference: 'registry.example/mine', majorVersion: 2, program: '/opt/prometheus' });
    expect(agent(program({ metrics: { image } }).meyrin).template.spec.containers[0]).toMatchObject({
      image: image.reference, command: ['/opt/prometheus'], args: expect.arrayContaining(['--enable-feature=agent']),
    });
  });

  test('rules are read from the ConfigMaps that are named, and somebody is told', () => {
    const p = program({ metrics: { rules: ['alarms', 'own'], alertmanagers: ['alertmanager.monitoring.svc:9093'] } });
    expect(server(p).template.spec.volumes).toContainEqual({ name: 'rules', projected: { sources: [{ configMap: { name: 'alarms' } }, { configMap: { name: 'own' } }] } });
    expect(configuration(p.host, 'metrics')).toMatchObject({
      rule_files: ['/etc/prometheus/rules/*.rules.yaml'], alerting: { alertmanagers: [{ static_configs: [{ targets: ['alertmanager.monitoring.svc:9093'] }] }] },
    });
  });

  test('each pod reaches its targets and nothing else, and an agent is reached by nobody', () => {
    const p = program({ metrics: { alertmanagers: ['alertmanager.monitoring.svc:9093'] } });
    const policy = (chart: Chart, name: string) => objectOf(chart, 'NetworkPolicy', name).spec;
    const ports = (spec: any) => spec.egress.flatMap((each: any) => each.ports.map(({ port }: any) => port));
    expect(policy(p.host, 'metrics').ingress).toEqual([{ ports: [{ protocol: 'TCP', port: 9090 }] }]);
    expect(ports(policy(p.host, 'metrics'))).toEqual([53, 53, 9118, 9093]);
    expect(policy(p.meyrin, 'metrics-agent').policyTypes).toEqual(['Ingress', 'Egress']);
    expect(policy(p.meyrin, 'metrics-agent')).not.toHaveProperty('ingress');
    expect(ports(policy(p.meyrin, 'metrics-agent'))).toEqual([53, 53, 9090, 8080, 8888]);
    expect(objectOf(program({ metrics: { networkPolicies: false } }).host, 'NetworkPolicy', 'metrics')).toBeUndefined();
  });

  test('with the operator a member has a PrometheusAgent, and each target a ServiceMonitor where it is', () => {
    const p = program({ metrics: { monitoring: Monitoring.OPERATOR } });
    const { spec } = objectOf(p.meyrin, 'PrometheusAgent', 'metrics-agent');
    expect(spec).toMatchObject({
      externalLabels: { federation: 'fed', k8s_cluster: 'meyrin' },
      serviceMonitorSelector: { matchLabels: { 'cdk8s-hep/metrics': 'metrics' } },
      remoteWrite: [{
        url: 'https://metrics.cern.ch:9090/api/v1/write',
        tlsConfig: {
          ca: { secret: { name: 'metrics-agent-tls', key: 'ca.crt' } }, cert: { secret: { name: 'metrics-agent-tls', key: 'tls.crt' } }, keySecret: { name: 'metrics-agent-tls', key: 'tls.key' },
        },
      }],
    });
    expect(agent.bind(undefined, p.meyrin)).toThrow();
    const monitor = objectOf(p.meyrin, 'ServiceMonitor', 'metrics-kube-state-metrics');
    expect(monitor.metadata).toMatchObject({ namespace: 'kube-system', labels: { 'cdk8s-hep/metrics': 'metrics' } });
    expect(monitor.spec).toEqual({ selector: { matchLabels: { 'app.kubernetes.io/name': 'kube-state-metrics' } }, endpoints: [{ port: 'metrics', path: '/metrics' }] });
    expect(objectOf(p.meyrin, 'RoleBinding', 'metrics-kube-state-metrics').subjects).toEqual([{ kind: 'ServiceAccount', name: 'metrics-agent', namespace: 'monitoring' }]);
    expect([p.meyrin, p.tsystems].map(each => objectOf(each, 'ServiceMonitor', 'metrics-log-agent') !== undefined)).toEqual([false, true]);
    expect(objectOf(p.host, 'ServiceMonitor', 'metrics-exporter').spec.endpoints).toEqual([{ port: 'metrics', path: '/metrics', honorLabels: true }]);
    // the host's own is as without the operator
    expect(server(p).template.spec.containers[0].args).toContain('--web.enable-remote-write-receiver');
  });

  test('it works alone, in any chart', () => {
    const app = new App({ outdir: scratchDirectory() });
    const chart = new Chart(app, 'alone');
    const metrics = new Metrics(chart, 'metrics', { address: 'metrics.cern.ch', exposure: ServiceExposure.clusterInternal() });
    const target = new ScrapeTarget(chart, 'state', { namespace: 'kube-system', metricsService: 'kube-state-metrics', metricsPort: 8080, podLabels: { app: 'state' } });
    metrics.scrape(target);
    // once is enough
    metrics.scrape(target);
    expect(metrics.namespace).toBe('monitoring');
    expect(configuration(chart, 'metrics').scrape_configs).toEqual([expect.objectContaining({ relabel_configs: [{ target_label: 'k8s_cluster', replacement: 'alone' }] })]);
    app.synth();
  });

  test.each<[string, Options, string]>([
    ['an id that is none', { id: 'Metrics_1' }, 'id: given "Metrics_1", allowed: a DNS label of at most 40 characters'],
    ['an address that no certificate has', { metrics: { address: '192.0.2.1' } }, 'address: given "192.0.2.1", allowed: a host name, which a certificate can have'],
    ['a port that is none', { metrics: { port: 80 } }, 'port: given 80, allowed: a port from 1024 to 65535'],
    ['a NodePort out of the range', { metrics: { exposure: ServiceExposure.nodePort() } }, 'port: given 9090, allowed: a port from 30000 to 32767'],
    ['members that can not reach it', { metrics: { exposure: ServiceExposure.clusterInternal() } }, 'exposure: given "ClusterIP", allowed: LoadBalancer or NodePort: members write to it'],
    ['a federation with late members', { lateMembers: true }, 'federation: given "lateMembers", allowed: a federation whose members the program knows'],
    ['a short interval', { metrics: { scrapeInterval: Duration.seconds(1) } }, 'scrapeInterval: given "1 s", allowed: whole seconds, at least 5 s'],
    ['a short retention', { metrics: { retention: Duration.hours(1) } }, 'retention: given "3600 s", allowed: whole seconds, at least 86400 s'],
    ['an agent that keeps nothing', { metrics: { agentRetention: Duration.minutes(1) } }, 'agentRetention: given "60 s", allowed: whole seconds, at least 600 s'],
    ['a volume that holds nothing', { metrics: { storageSize: Size.mebibytes(10) } }, 'storageSize: given "10 MiB", allowed: at least 1024 MiB'],
    ['a disk that holds nothing', { metrics: { agentDisk: Size.mebibytes(10) } }, 'agentDisk: given "10 MiB", allowed: at least 100 MiB'],
    ['rules without a name', { metrics: { rules: ['No Name'] } }, 'rules: given "No Name", allowed: the name of an object'],
    ['certificates without a name', { metrics: { serverCertificate: 'A', agentCertificate: 'B' } }, 'agentCertificate: given "B", allowed: the name of an object'],
    ['an alertmanager without a port', { metrics: { alertmanagers: ['alertmanager'] } }, 'alertmanagers: given "alertmanager", allowed: host:port'],
    ['a namespace that is none', { metrics: { namespace: 'No!' } }, 'namespace: given "No!", allowed: the name of a namespace: a DNS label'],
    ['a version that is none', { metrics: { image: new PrometheusImage({ reference: 'x', majorVersion: 1 }) } }, 'image.majorVersion: given 1, allowed: 2 or 3'],
    ['a target without a name', { target: { metricsService: 'A_B' } }, 'metricsService: given "A_B", allowed: a DNS label of at most 63 characters'],
    ['a target without a port', { target: { metricsPort: 0 } }, 'metricsPort: given 0, allowed: a port from 1 to 65535'],
    ['a target without a path', { target: { metricsPath: 'metrics' } }, 'metricsPath: given "metrics", allowed: a path that begins with "/"'],
  ])('refused is %s', (_, options, message) => {
    expect(report(program(options))).toContain(message);
  });

  test('refused is a federation of another host', () => {
    const p = program();
    new Metrics(new Cluster(p.app, 'elsewhere'), 'metrics', { federation: p.fed, address: 'metrics.cern.ch' });
    expect(report(p)).toContain('federation: given "fed", allowed: a federation whose host is the chart of the metrics, elsewhere');
  });

  test('refused is a target of another chart, and a Service that is scraped already', () => {
    const p = program();
    const props = { namespace: 'kube-system', metricsService: 'kube-state-metrics', metricsPort: 8080 };
    p.metrics.scrape(new ScrapeTarget(new Chart(p.app, 'elsewhere'), 'state', props));
    p.metrics.scrape(new ScrapeTarget(p.fed, 'again', props));
    const said = report(p);
    expect(said).toContain('scrape(elsewhere/state): given "elsewhere", allowed: a target in the host cluster, in the federation, or in a member of it');
    expect(said).toContain('scrape(fed/again): given "kube-system/kube-state-metrics", allowed: a Service that is not scraped already');
  });
});

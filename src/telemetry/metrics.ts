import { createHash } from 'crypto';
import { ApiObject, Chart, Duration, Lazy, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { MetricsProps } from './metrics-props';
import { Monitoring } from './monitoring';
import {
  AGENT_PORT, agentConfiguration, Origin, PROMETHEUS_FILE, PROMETHEUS_PATHS, seconds, serverConfiguration, WEB_FILE, webConfiguration,
} from './prometheus-config';
import { PrometheusImage } from './prometheus-image';
import { AGENT_LABEL, monitorService, operatedAgent } from './prometheus-operator';
import { prometheusPodSpec, prometheusResources } from './prometheus-pod';
import { FederatedCluster } from '../federation/federated-cluster';
import { Federation } from '../federation/federation';
import { isDnsLabel, isDnsSubdomain } from '../federation/names';
import { Placement } from '../federation/placement';
import { problem } from '../problem';
import { PodSecurityLevel, WorkloadNamespace } from '../workload/namespace';
import { addNetworkPolicy, ASK_NAMES } from '../workload/network-policy';
import { IScrapeTarget } from '../workload/scrape-target';
import { ServiceExposure } from '../workload/service-exposure';
import { singlePod } from '../workload/single-pod';
import { declareTraffic } from '../workload/traffic';

/** The annotation of a pod template that changes with the configuration, which Prometheus reads when it starts. */
const CONFIG_DIGEST = 'cdk8s-hep/config-digest';

/** Where pods find the API server of their own cluster: at its Service, or behind it. */
const API_SERVER = [443, 6443];

/**
 * The metrics of a federation in one place: a Prometheus in the host cluster, and an agent in each member that reads what is there and writes it
 * to the host over TLS. Both show a certificate; the host's is verified by its name, and nobody without one is let in, to write or to ask.
 *
 * What is read is said with `scrape`, once, and the scope of the target says where. Every metric has the labels `federation` and `k8s_cluster`.
 *
 * An agent keeps what it can't deliver and delivers it when the host is back. It has no right at the API server: it finds its targets by the names of
 * their Services. What a member's agent writes is believed: nothing keeps one that was broken into from writing in the name of another
 * (docs/metrics.md says why).
 */
export class Metrics extends Construct {
  /** The namespace of it all, in the host and in the members. */
  public readonly namespace: string;

  private readonly props: MetricsProps;

  private readonly targets: IScrapeTarget[] = [];

  /**
   * @param scope the host cluster
   * @param id the name: it starts the names of its objects
   * @param props the federation, the address, and what is kept
   */
  public constructor(scope: Construct, id: string, props: MetricsProps) {
    super(scope, id);
    this.props = props;
    this.namespace = props.namespace ?? 'monitoring';
    WorkloadNamespace.of(this, this.namespace).admit(this, PodSecurityLevel.RESTRICTED);
    this.addServer();
    if (props.federation) { this.addAgents(props.federation); }
    const own = Chart.of(this).node.id;
    const members = () => props.federation?.members.map(({ node }) => node.id) ?? [];
    declareTraffic(this, {
      connections: () => members().map(from => ({ from, to: own, address: props.address, protocol: 'TCP', port: this.port, reason: 'metrics are written' })),
      images: () => [{ reference: this.image.reference, clusters: [own, ...members()] }],
    });
    this.node.addValidation({ validate: () => this.problems() });
  }

  /**
   * Reads a target where it is: in the host cluster, in one member, or in all that its federation or placement reaches.
   *
   * Refused at synth: a target of a chart that is neither.
   *
   * @param target for instance a `CondorExporter`, or a `ScrapeTarget` of somebody else's pods
   */
  public scrape(target: IScrapeTarget): void {
    if (this.targets.includes(target)) { return; }
    this.targets.push(target);
    if (this.operated) { monitorService(target, this.agent, Chart.of(target) !== Chart.of(this)); }
  }

  private get operated(): boolean { return this.props.monitoring === Monitoring.OPERATOR; }

  private get image(): PrometheusImage { return this.props.image ?? PrometheusImage.official(); }

  private get port(): number { return this.props.port ?? 9090; }

  private get interval(): Duration { return this.props.scrapeInterval ?? Duration.seconds(30); }

  private get agent() { return { id: this.node.id, name: `${this.node.id}-agent`, namespace: this.namespace }; }

  private get exposure(): ServiceExposure { return this.props.exposure ?? ServiceExposure.loadBalancer(); }

  private get storageSize(): Size { return this.props.storageSize ?? Size.gibibytes(50); }

  private get agentDisk(): Size { return this.props.agentDisk ?? Size.gibibytes(2); }

  private get agentRetention(): Duration { return this.props.agentRetention ?? Duration.hours(4); }

  private get url(): string { return `https://${this.props.address}:${this.port}/api/v1/write`; }

  private origin(cluster: string): Origin {
    const { federation } = this.props;
    return { ...federation && { federation: federation.node.id }, k8s_cluster: cluster };
  }

  /** The targets in the host. */
  private get ownTargets(): IScrapeTarget[] { return this.targets.filter(target => Chart.of(target) === Chart.of(this)); }

  private targetsOf(member: FederatedCluster): IScrapeTarget[] {
    return this.targets.filter(target => {
      const inFederation = Federation.tryOf(target) === this.props.federation && Chart.of(target) !== Chart.of(this);
      return Chart.of(target) === member || (inFederation && (Placement.tryOf(target)?.clusters.selects(member) ?? true));
    });
  }

  private metadata(name: string, component: string) {
    const labels = { 'app.kubernetes.io/name': 'prometheus', 'app.kubernetes.io/instance': name, 'app.kubernetes.io/component': component };
    return { name, namespace: this.namespace, labels };
  }

  private addServer(): void {
    const { props } = this;
    const metadata = this.metadata(this.node.id, 'server');
    const { name, labels } = metadata;
    const files = () => ({ [PROMETHEUS_FILE]: this.serverConfiguration(), [WEB_FILE]: webConfiguration() });
    new ApiObject(this, 'ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false });
    new ApiObject(this, 'ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: Lazy.any({ produce: files }) });
    const ports = [{
      name: 'metrics', protocol: 'TCP', port: this.port, targetPort: this.port, ...this.exposure.serviceType === 'NodePort' && { nodePort: this.port },
    }];
    new ApiObject(this, 'Service', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, annotations: { 'external-dns.alpha.kubernetes.io/hostname': props.address, ...this.exposure._annotations } },
      spec: { selector: labels, ...this.exposure._spec(this.port), ports },
    });
    // kubelets have no certificate
    const probe = { tcpSocket: { port: this.port }, timeoutSeconds: 5 };
    new ApiObject(this, 'StatefulSet', {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata,
      spec: {
        ...singlePod(name, labels),
        template: {
          metadata: { labels, annotations: Lazy.any({ produce: () => ({ [CONFIG_DIGEST]: digest(Object.values(files()).join('\n')) }) }) },
          spec: prometheusPodSpec({
            image: this.image,
            imagePullSecrets: props.imagePullSecrets,
            arguments: [
              `--config.file=${PROMETHEUS_PATHS.configuration}/${PROMETHEUS_FILE}`,
              `--web.config.file=${PROMETHEUS_PATHS.configuration}/${WEB_FILE}`,
              `--web.listen-address=:${this.port}`,
              '--web.enable-remote-write-receiver',
              `--storage.tsdb.path=${PROMETHEUS_PATHS.data}`,
              `--storage.tsdb.retention.time=${seconds(props.retention ?? Duration.days(30))}`,
              `--storage.tsdb.retention.size=${Math.floor(0.8 * this.storageSize.toMebibytes())}MB`,
            ],
            port: this.port,
            probes: {
              startupProbe: { ...probe, periodSeconds: 5, failureThreshold: 60 },
              livenessProbe: { ...probe, periodSeconds: 30, failureThreshold: 6 },
              readinessProbe: { ...probe, periodSeconds: 10 },
            },
            resources: prometheusResources(props.resources, { requests: { cpu: '250m', memory: '1Gi' }, limits: { memory: '4Gi' } }),
            serviceAccount: name,
            certificate: props.serverCertificate ?? `${name}-tls`,
            configMap: name,
            rules: props.rules,
            terminationGracePeriodSeconds: 300,
          }),
        },
        volumeClaimTemplates: [{
          metadata: { name: 'data', labels },
          spec: {
            accessModes: ['ReadWriteOnce'], storageClassName: props.storageClass, resources: { requests: { storage: `${this.storageSize.toMebibytes()}Mi` } },
          },
        }],
      },
    });
    this.closePods(this, metadata, labels, () => [
      ...this.ownTargets.map(({ metricsPort }) => metricsPort), ...(props.alertmanagers ?? []).map(portOf),
    ], [{ ports: [{ protocol: 'TCP', port: this.port }] }]);
  }

  private addAgents(federation: Federation): void {
    const { props } = this;
    const scope = new Construct(federation, this.node.path.replace(/[/]/g, '.'));
    WorkloadNamespace.of(scope, this.namespace).admit(scope, PodSecurityLevel.RESTRICTED);
    const metadata = this.metadata(this.agent.name, 'agent');
    const { name, labels } = metadata;
    const certificate = props.agentCertificate ?? `${name}-tls`;
    const resources = prometheusResources(props.agentResources, { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } });
    new ApiObject(scope, 'ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: this.operated });
    const memberTargets = () => this.targets.filter(target => Chart.of(target) !== Chart.of(this));
    const ports = () => [this.port, ...memberTargets().map(({ metricsPort }) => metricsPort), ...this.operated ? API_SERVER : []];
    if (this.operated) {
      const agent = operatedAgent(scope, this.agent, {
        labels,
        federation: federation.node.id,
        image: this.image,
        imagePullSecrets: props.imagePullSecrets,
        url: this.url,
        certificate,
        interval: this.interval,
        retention: this.agentRetention,
        disk: this.agentDisk,
        resources,
      });
      federation._vary(agent, `${this.node.id}.origin`, member => [{ op: 'add', path: '/spec/externalLabels/k8s_cluster', value: member.node.id }]);
      this.closePods(scope, metadata, { [AGENT_LABEL]: this.node.id }, ports, []);
      return;
    }
    const configMap = new ApiObject(scope, 'ConfigMap', {
      apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { [PROMETHEUS_FILE]: '# each member has its own' },
    });
    federation._vary(configMap, `${this.node.id}.configuration`, member => [
      { op: 'replace', path: `/data/${PROMETHEUS_FILE}`, value: this.agentConfiguration(member) },
    ]);
    const probe = (path: string) => ({ httpGet: { path, port: AGENT_PORT }, timeoutSeconds: 5 });
    const deployment = new ApiObject(scope, 'Deployment', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: 1,
        // two would write the same metrics
        strategy: { type: 'Recreate' },
        selector: { matchLabels: labels },
        template: {
          metadata: { labels, annotations: { [CONFIG_DIGEST]: '' } },
          spec: prometheusPodSpec({
            image: this.image,
            imagePullSecrets: props.imagePullSecrets,
            arguments: [
              this.image._agentOption,
              `--config.file=${PROMETHEUS_PATHS.configuration}/${PROMETHEUS_FILE}`,
              `--web.listen-address=:${AGENT_PORT}`,
              `--storage.agent.path=${PROMETHEUS_PATHS.data}`,
              `--storage.agent.retention.max-time=${seconds(this.agentRetention)}`,
            ],
            port: AGENT_PORT,
            probes: {
              startupProbe: { ...probe('/-/ready'), periodSeconds: 5, failureThreshold: 60 },
              livenessProbe: { ...probe('/-/healthy'), periodSeconds: 30, failureThreshold: 6 },
              readinessProbe: { ...probe('/-/ready'), periodSeconds: 10 },
            },
            resources,
            serviceAccount: name,
            certificate,
            configMap: name,
            data: { emptyDir: { sizeLimit: `${this.agentDisk.toMebibytes()}Mi` } },
            terminationGracePeriodSeconds: 60,
          }),
        },
      },
    });
    federation._vary(deployment, `${this.node.id}.configuration`, member => [
      { op: 'replace', path: `/spec/template/metadata/annotations/${CONFIG_DIGEST.replace('/', '~1')}`, value: digest(this.agentConfiguration(member)) },
    ]);
    this.closePods(scope, metadata, labels, ports, []);
  }

  /** Closes pods to all but name servers and these ports. */
  private closePods(scope: Construct, metadata: object, pods: object, ports: () => number[], ingress: object[]): void {
    if (this.props.networkPolicies === false) { return; }
    addNetworkPolicy(scope, metadata, pods, { ingress, egress: Lazy.any({ produce: () => [ASK_NAMES, ...toPorts(ports())] }) });
  }

  private serverConfiguration(): string {
    const { alertmanagers = [] } = this.props;
    return serverConfiguration(this.ownTargets, this.origin(Chart.of(this).node.id), { interval: this.interval, alertmanagers });
  }

  private agentConfiguration(member: FederatedCluster): string {
    return agentConfiguration(this.targetsOf(member), this.origin(member.node.id), { interval: this.interval, url: this.url });
  }

  private problems(): string[] {
    const { props } = this;
    const { federation, retention, rules = [], alertmanagers = [] } = props;
    const problems = this.image._problems();
    if (!isDnsLabel(this.node.id, 40)) { problems.push(problem('id', this.node.id, 'a DNS label of at most 40 characters')); }
    if (!isDnsSubdomain(props.address) || /^[\d.]+$/.test(props.address)) {
      problems.push(problem('address', props.address, 'a host name, which a certificate can have'));
    }
    if (!(Number.isInteger(this.port) && this.port >= 1024 && this.port <= 65535)) { problems.push(problem('port', this.port, 'a port from 1024 to 65535')); }
    problems.push(...this.exposure._problems('', this.port).map(each => each.replace(/^\./, '')));
    if (!isDnsLabel(this.namespace)) { problems.push(problem('namespace', this.namespace, 'the name of a namespace: a DNS label')); }
    if (federation && federation.host !== Chart.of(this)) {
      problems.push(problem('federation', federation.node.id, `a federation whose host is the chart of the metrics, ${Chart.of(this).node.path}`));
    }
    if (federation?.lateMembers) {
      problems.push(problem('federation', 'lateMembers', 'a federation whose members the program knows: an agent says which one it is of'));
    }
    if (federation && !this.exposure.reachableFromOutside) {
      problems.push(problem('exposure', this.exposure.serviceType, 'LoadBalancer or NodePort: members write to it'));
    }
    for (const [property, given, least] of [
      ['scrapeInterval', this.interval, Duration.seconds(5)], ['retention', retention ?? Duration.days(1), Duration.days(1)],
      ['agentRetention', this.agentRetention, Duration.minutes(10)],
    ] as const) {
      const amount = given.toSeconds({ integral: false });
      if (Number.isInteger(amount) && amount >= least.toSeconds()) { continue; }
      problems.push(problem(property, `${amount} s`, `whole seconds, at least ${least.toSeconds()} s`));
    }
    for (const [property, given, least] of [['storageSize', this.storageSize, 1024], ['agentDisk', this.agentDisk, 100]] as const) {
      if (given.toMebibytes() < least) { problems.push(problem(property, `${given.toMebibytes()} MiB`, `at least ${least} MiB`)); }
    }
    for (const [property, names] of [
      ['rules', rules], ['serverCertificate', [props.serverCertificate ?? 'tls']], ['agentCertificate', [props.agentCertificate ?? 'tls']],
    ] as const) {
      for (const name of names.filter(each => !isDnsSubdomain(each))) { problems.push(problem(property, name, 'the name of an object: DNS labels, joined by dots')); }
    }
    for (const each of alertmanagers) {
      const [host, port] = each.split(':');
      if (!isDnsSubdomain(host) || !/^\d{1,5}$/.test(port ?? '')) { problems.push(problem('alertmanagers', each, 'host:port')); }
    }
    return [...problems, ...this.targetProblems()];
  }

  private targetProblems(): string[] {
    const { federation } = this.props;
    return this.targets.flatMap(target => {
      const property = `scrape(${target.node.path})`;
      const chart = Chart.of(target);
      const inMembers = federation !== undefined && (Federation.tryOf(target) === federation || federation.members.some(member => member === chart));
      const known = chart === Chart.of(this) || inMembers;
      const same = this.targets.filter(each => each !== target && Chart.of(each) === chart
        && each.namespace === target.namespace && each.metricsService === target.metricsService);
      return [
        ...known ? [] : [problem(property, chart.node.path, 'a target in the host cluster, in the federation, or in a member of it')],
        ...same.length > 0 ? [problem(property, `${target.namespace}/${target.metricsService}`, 'a Service that is not scraped already')] : [],
      ];
    });
  }
}

const portOf = (address: string): number => Number(address.split(':')[1]);

function toPorts(ports: readonly number[]): object[] {
  return ports.length === 0 ? [] : [{ ports: [...new Set(ports)].map(port => ({ protocol: 'TCP', port })) }];
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

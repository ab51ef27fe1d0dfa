import { createHash } from 'crypto';
import { ApiObject, Chart, Yaml } from 'cdk8s';
import { ContainerResources } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { LogAgent } from './log-agent';
import { LogBuffer } from './log-buffer';
import { LogDriver, logDriver } from './log-driver';
import { DEFAULT_LABELS, labelProblems } from './log-labels';
import { AGENT_CONFIG, AGENT_VARIABLES, CONTAINER_LOGS, LogModel } from './log-model';
import { endpointConnections, endpointProblems, ILogSink, LogEndpoint, parsedUrl } from './log-sink';
import { OPEN_SEARCH_USER } from './open-search-logs';
import { FederatedCluster } from '../federation/federated-cluster';
import { Federation } from '../federation/federation';
import { isDnsLabel } from '../federation/names';
import { Operation } from '../federation/patch';
import { Placement } from '../federation/placement';
import { problem } from '../problem';
import { containerResources } from '../workload/container-resources';
import { PodSecurityLevel, WorkloadNamespace } from '../workload/namespace';
import { IScrapeTarget } from '../workload/scrape-target';
import { SecretReference } from '../workload/secret-reference';
import { declareTraffic } from '../workload/traffic';

/** Properties of a `LogCollection`. */
export interface LogCollectionProps {
  /**
   * Where records go: a `LogStore`, or one that is already there (`LogStore.fromAddress`, `LogStore.openSearch`).
   *
   * Refused at synth: a store that takes no records from one of the clusters; one without TLS, except a Service of the agents' own cluster; OpenSearch with
   * another agent than Fluent Bit.
   */
  readonly store: ILogSink;

  /**
   * The program that reads the logs of a node.
   *
   * @default LogAgent.OPEN_TELEMETRY_COLLECTOR
   */
  readonly agent?: LogAgent;

  /**
   * Whether records that the store refuses for good (a status that isn't 429, 502, 503 or 504) are put aside in the buffer's directory, besides its
   * `size` and for a person to look at: in `chunks/rejected` (`storage.keep.rejected` of Fluent Bit). Otherwise they are dropped and counted.
   *
   * Refused at synth: `true` with the OpenTelemetry Collector, which has no place for them.
   *
   * @default - with Fluent Bit
   */
  readonly deadLetters?: boolean;

  /**
   * The Secret in each cluster with the agents' certificate: `tls.crt` and `tls.key`, and in `ca.crt` who vouches for the store. A `key` isn't looked at.
   * What is renewed in it the OpenTelemetry Collector reads again in five minutes, and Fluent Bit when its pod is started again.
   *
   * @default - the Secret `<id>-tls`
   */
  readonly certificate?: SecretReference;

  /**
   * Labels of pods that become fields of their records, and which: `workflow`, `job`, `user` or `component`. No other label leaves the cluster.
   *
   * @default - the labels of REANA's workflows and jobs, of Kubernetes' Jobs, and `app.kubernetes.io/component`
   */
  readonly labels?: { readonly [label: string]: string };

  /**
   * Where records wait for the store.
   *
   * @default LogBuffer.onNode()
   */
  readonly buffer?: LogBuffer;

  /**
   * The only namespaces whose containers are collected.
   *
   * @default - all
   */
  readonly namespaces?: string[];

  /**
   * Namespaces whose containers aren't collected. What the agents say themselves never is.
   *
   * @default - none
   */
  readonly excludedNamespaces?: string[];

  /**
   * The namespace of the agents.
   *
   * @default - the chart's, or `logging`
   */
  readonly namespace?: string;

  /**
   * The cluster's name on its records. In a federation each member has its own.
   *
   * @default - the chart's id
   */
  readonly clusterName?: string;

  /**
   * The agent's image: the OpenTelemetry Collector, 0.149 or newer, with the components of its distribution `contrib` or `k8s`; or Fluent Bit, 5.0 or newer.
   *
   * @default - otel/opentelemetry-collector-contrib:0.149.0, or cr.fluentbit.io/fluent/fluent-bit:5.1.1
   */
  readonly image?: string;

  /**
   * CPU and memory of an agent.
   *
   * @default - requests 50m and 128 MiB, limit 512 MiB; for Fluent Bit 32 MiB and 256 MiB
   */
  readonly resources?: ContainerResources;

  /**
   * The nodes that have an agent, by their labels.
   *
   * @default - all nodes of Linux, tainted ones too
   */
  readonly nodeSelector?: { readonly [label: string]: string };

  /**
   * Names of Secrets of the type `kubernetes.io/dockerconfigjson`, for private registries.
   *
   * @default - none
   */
  readonly imagePullSecrets?: string[];
}

/**
 * Collects the logs of all containers of a cluster, or of all members of a federation, and sends them to one store: an agent on each node, the
 * OpenTelemetry Collector or Fluent Bit.
 *
 * Each record has a stable id (`log.record.uid`: cluster, pod, container, the line's time and place in its file), `k8s.cluster.name`, `federation`,
 * `k8s.namespace.name`, `k8s.pod.name`, `k8s.container.name`, and the `workflow`, `job` and `user` that it belongs to, where they are known.
 * Lines longer than 16 KiB, which Kubernetes' runtimes cut, stay in parts: `part` is `P` in all but the last.
 *
 * At least once: a line counts as read when it is in the agent's buffer on the disk, and leaves it when the store has it. A killed agent sends
 * some lines again, with the same ids. While the store isn't there records wait without end; a full buffer stops the reading. What is lost then
 * is what the kubelet compresses or removes before it was read. Records that the store refuses for good (a status that isn't 429, 502, 503 or 504)
 * aren't tried again: Fluent Bit puts them aside (`deadLetters`); the Collector has no place for dead letters, says so in its log, and counts them in
 * `otelcol_exporter_send_failed_log_records`.
 *
 * An agent reads container logs, which the kubelet writes, and nothing that jobs can write to.
 *
 * What the agents say of themselves is read by `Metrics`: `metrics.scrape(agents)`. `LogAlarms` and the board of the logs are about it.
 */
export class LogCollection extends Construct implements IScrapeTarget {
  public readonly namespace: string;

  public readonly metricsService: string;

  public readonly podLabels: { [label: string]: string };

  public readonly metricsPort: number;

  public readonly metricsPath: string;

  public readonly severalPods: boolean = true;

  public readonly namesClusters: boolean = false;

  /** The DaemonSet, for patches and overrides of what the properties don't reach. */
  public readonly daemonSet: ApiObject;

  private readonly props: LogCollectionProps;

  private readonly buffer: LogBuffer;

  private readonly driver: LogDriver;

  /**
   * @param scope a federation or a placement in it, a cluster, or any chart
   * @param id the name: it starts the names of its objects
   * @param props the store, and what goes there
   */
  public constructor(scope: Construct, id: string, props: LogCollectionProps) {
    super(scope, id);
    this.props = props;
    this.buffer = props.buffer ?? LogBuffer.onNode();
    this.driver = logDriver(props.agent ?? LogAgent.OPEN_TELEMETRY_COLLECTOR);
    this.namespace = props.namespace ?? Chart.of(this).namespace ?? 'logging';
    WorkloadNamespace.of(this, this.namespace).admit(this, PodSecurityLevel.PRIVILEGED);
    const selector = { 'app.kubernetes.io/name': 'log-agent', 'app.kubernetes.io/instance': id };
    this.metricsService = id;
    this.metricsPort = this.driver.metrics.port;
    this.metricsPath = this.driver.metrics.path;
    this.podLabels = selector;
    const metadata = { name: id, namespace: this.namespace, labels: selector };
    // of all clusters' objects of this kind the name is in nobody's namespace
    const role = { name: `${this.namespace}-${id}`, labels: selector };
    new ApiObject(this, 'ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false });
    new ApiObject(this, 'ClusterRole', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: role,
      rules: this.driver.rules,
    });
    new ApiObject(this, 'ClusterRoleBinding', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: role,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role.name },
      subjects: [{ kind: 'ServiceAccount', name: id, namespace: this.namespace }],
    });
    const configuration = Yaml.stringify(this.driver.configuration(this.model()));
    const federation = Federation.tryOf(this);
    const configMap = new ApiObject(this, 'ConfigMap', {
      apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { [AGENT_CONFIG]: configuration, ...federation ? {} : this.dataOf(this.clusterName()) },
    });
    const { metricsPort: port } = this;
    new ApiObject(this, 'Service', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector, clusterIP: 'None', ports: [{ name: 'metrics', port, targetPort: port, protocol: 'TCP' }] },
    });
    this.daemonSet = new ApiObject(this, 'DaemonSet', {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata,
      spec: {
        selector: { matchLabels: selector },
        // a node's buffer has one agent at a time
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%', maxSurge: 0 } },
        template: {
          metadata: { labels: selector, annotations: { [CONFIG_DIGEST]: digest(configuration, federation ? {} : this.dataOf(this.clusterName())) } },
          spec: this.podSpec(),
        },
      },
    });
    this.node.defaultChild = this.daemonSet;
    federation?._vary(configMap, id, member => Object.entries(this.dataOf(member.node.id))
      .map(([key, value]): Operation => ({ op: 'add', path: `/data/${key}`, value })));
    federation?._vary(this.daemonSet, id, member => [{
      op: 'replace', path: `/spec/template/metadata/annotations/${CONFIG_DIGEST.replace('/', '~1')}`, value: digest(configuration, this.dataOf(member.node.id)),
    }]);
    declareTraffic(this, {
      // a store of the program tells its own, since it knows who writes
      connections: () => Construct.isConstruct(props.store)
        ? [] : this.clusters.flatMap(cluster => endpointConnections(cluster, props.store.endpointFor(cluster))),
      images: () => [{ reference: props.image ?? this.driver.image, clusters: this.clusters }],
    });
    this.node.addValidation({ validate: () => this.problems() });
  }

  private clusterName(): string {
    return this.props.clusterName ?? Chart.of(this).node.id;
  }

  private get members(): FederatedCluster[] {
    const selector = Placement.tryOf(this)?.clusters;
    return (Federation.tryOf(this)?.members ?? []).filter(member => selector?.selects(member) ?? true);
  }

  /** The names of the clusters that have agents. */
  private get clusters(): string[] {
    return Federation.tryOf(this) ? this.members.map(({ node }) => node.id) : [this.clusterName()];
  }

  /** What is a cluster's own. */
  private dataOf(cluster: string): { [key: string]: string } {
    return { cluster, ...Object.fromEntries(Object.values(this.address(cluster)).map(({ key, value }) => [key, value])) };
  }

  private address(cluster: string): ReturnType<LogDriver['address']> {
    return this.driver.address(this.props.store.endpointFor(cluster)?.url ?? '');
  }

  private model(): LogModel {
    const { props } = this;
    const endpoints = this.clusters.flatMap(cluster => props.store.endpointFor(cluster) ?? []);
    const { url: address = '', headers = {}, openSearch }: Partial<LogEndpoint> = endpoints[0] ?? {};
    return {
      name: this.node.id,
      namespace: this.namespace,
      namespaces: props.namespaces,
      excludedNamespaces: props.excludedNamespaces ?? [],
      labels: props.labels ?? DEFAULT_LABELS,
      buffer: this.buffer,
      federation: Federation.tryOf(this)?.node.id,
      headers,
      openSearch: openSearch && { ...openSearch, path: (parsedUrl(address)?.pathname ?? '').replace(/[/]$/, '') },
      tls: !endpoints.some(({ url }) => url.startsWith('http://')),
      deadLetters: props.deadLetters,
    };
  }

  private podSpec(): object {
    const { props, driver: { paths, ports, ...driver } } = this;
    const { id: name } = this.node;
    const fromConfig = (variable: string, key: string) => ({ name: variable, valueFrom: { configMapKeyRef: { name, key } } });
    const { tls, openSearch: { credentialsSecret } = {} } = this.model();
    return {
      serviceAccountName: name,
      enableServiceLinks: false,
      // it asks the API server for labels of pods
      automountServiceAccountToken: true,
      ...props.imagePullSecrets?.length && { imagePullSecrets: props.imagePullSecrets.map(secret => ({ name: secret })) },
      terminationGracePeriodSeconds: 30,
      nodeSelector: { 'kubernetes.io/os': 'linux', ...props.nodeSelector },
      tolerations: [{ operator: 'Exists' }],
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{
        name: 'agent',
        image: props.image ?? driver.image,
        args: driver.args,
        env: [
          fromConfig(AGENT_VARIABLES.cluster, 'cluster'),
          ...Object.entries(this.address(this.clusterName())).map(([variable, { key }]) => fromConfig(variable, key)),
          ...credentialsSecret === undefined ? [] : Object.entries(OPEN_SEARCH_USER)
            .map(([variable, key]) => ({ name: variable, valueFrom: { secretKeyRef: { name: credentialsSecret, key } } })),
          { name: AGENT_VARIABLES.node, valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
        ],
        ports: Object.entries(ports).map(([port, containerPort]) => ({ name: port, containerPort })),
        // the kubelet's files are root's; nothing of root's power is needed to read them
        securityContext: { runAsUser: 0, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
        resources: containerResources(props.resources, driver.resources),
        // whether the store answers isn't asked: no restart of an agent mends a link
        livenessProbe: { httpGet: { path: '/', port: 'health' }, initialDelaySeconds: 90, periodSeconds: 30, timeoutSeconds: 10, failureThreshold: 4 },
        readinessProbe: { httpGet: { path: '/', port: 'health' }, periodSeconds: 10, timeoutSeconds: 5 },
        volumeMounts: [
          { name: 'config', mountPath: paths.config, readOnly: true },
          ...tls ? [{ name: 'tls', mountPath: paths.tls, readOnly: true }] : [],
          { name: 'pods', mountPath: CONTAINER_LOGS, readOnly: true },
          { name: 'state', mountPath: paths.state },
        ],
      }],
      volumes: [
        { name: 'config', configMap: { name, items: [{ key: AGENT_CONFIG, path: AGENT_CONFIG }] } },
        ...tls ? [{ name: 'tls', secret: { secretName: props.certificate?.secretName ?? `${name}-tls`, defaultMode: 0o400 } }] : [],
        { name: 'pods', hostPath: { path: CONTAINER_LOGS } },
        { name: 'state', ...this.buffer._volumeSource(name) },
      ],
    };
  }

  private problems(): string[] {
    const { props } = this;
    const federation = Federation.tryOf(this);
    const problems: string[] = [];
    if (!isDnsLabel(this.node.id, 40)) { problems.push(problem('id', this.node.id, 'a DNS label of at most 40 characters')); }
    if (federation && props.clusterName !== undefined) {
      problems.push(problem('clusterName', props.clusterName, 'nothing in a federation, where each member has its own name'));
    }
    if (federation?.lateMembers) { problems.push(problem('scope', federation.node.path, 'a federation without lateMembers: the store knows who writes')); }
    for (const cluster of this.clusters) {
      if (!isDnsLabel(cluster)) { problems.push(problem('clusterName', cluster, 'a DNS label of at most 63 characters: records are found by it')); }
      problems.push(...endpointProblems(cluster, props.store.endpointFor(cluster), federation !== undefined));
    }
    for (const property of ['namespaces', 'excludedNamespaces'] as const) {
      const wrong = props[property]?.find(name => !isDnsLabel(name));
      if (wrong !== undefined) { problems.push(problem(property, wrong, 'names of namespaces')); }
    }
    if (props.namespaces?.length === 0) { problems.push(problem('namespaces', [], 'at least one namespace, or nothing for all')); }
    return [...problems, ...labelProblems(props.labels ?? DEFAULT_LABELS), ...this.buffer._problems(), ...this.driver.problems(this.model())];
  }
}

/** The annotation of a pod template that changes with what takes a new pod to change. */
const CONFIG_DIGEST = 'cdk8s-hep/config-digest';

function digest(...content: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
}

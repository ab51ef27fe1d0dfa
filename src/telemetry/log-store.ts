import { createHash } from 'crypto';
import { ApiObject, Chart, Duration, Size, Yaml } from 'cdk8s';
import { Construct } from 'constructs';
import { ILogSink, LogEndpoint } from './log-sink';
import { ExistingLogStoreOptions, LogStoreProps, LogWriter } from './log-store-props';
import { OpenSearchLogs } from './open-search-logs';
import { GATEWAY_PATHS, GATEWAY_PORTS, otelGateway, STORE_PORT } from './otel-gateway';
import { COLLECTOR_IMAGE, NOBODY } from './telemetry-pod';
import { Federation } from '../federation/federation';
import { isDnsLabel, isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';
import { containerResources } from '../workload/container-resources';
import { PodSecurityLevel, WorkloadNamespace } from '../workload/namespace';
import { addNetworkPolicy } from '../workload/network-policy';
import { ServiceExposure } from '../workload/service-exposure';
import { singlePod } from '../workload/single-pod';
import { declareTraffic } from '../workload/traffic';

/** Where readers ask. */
const QUERY_PORT = 9471;
const DATA = '/data';
/** The label of pods that may ask. */
const READER = { 'cdk8s-hep/log-reader': 'true' };

const LONGEST_RETENTION = Duration.days(36500);

/**
 * Where the records of all clusters are kept and searched: VictoriaLogs, on one node of the host cluster.
 *
 * Records come in through a gateway (the OpenTelemetry Collector) in the same pod, over mutual TLS. Each cluster has a port of its own there, which takes
 * the certificates of that cluster's own authority alone, and marks what comes in as that cluster's: a cluster can't write as another.
 * VictoriaLogs itself listens to its own pod, since it asks clients for certificates in its Enterprise edition alone.
 *
 * Queries go to the Service `<id>-query`, port 9471, over TLS with the store's certificate, from pods of its namespace with the label
 * `cdk8s-hep/log-reader: "true"`. What answers there can't write.
 *
 * A record is acknowledged when VictoriaLogs has it in memory; it is on the disk a second later (`-inmemoryDataFlushInterval=1s`). A pod that ends in
 * an orderly way writes everything first; a node that goes down takes what came in its last second with it.
 */
export class LogStore extends Construct implements ILogSink {
  /**
   * A store that is already there: anything that takes OTLP over HTTP, such as VictoriaLogs (`/insert/opentelemetry/v1/logs`) or Loki (`/otlp/v1/logs`)
   * behind TLS. Nothing is made for it.
   *
   * @param url the whole URL that records are sent to
   * @param options what it asks for
   */
  public static fromAddress(url: string, options: ExistingLogStoreOptions = {}): ILogSink {
    return { endpointFor: cluster => options.clusters?.includes(cluster) ?? true ? { url, headers: options.headers } : undefined };
  }

  /**
   * An OpenSearch that is already there, for instance the one that REANA shows the logs of running workflows from (`ReanaPlatform`'s `openSearch`). Nothing is
   * made for it. Only `LogAgent.FLUENT_BIT` writes there: the OpenTelemetry Collector's exporter for it has no maintainer.
   *
   * Each record is a document whose `_id` is the record's id, made once (`create`): what is sent again is there already. Its fields are `@timestamp`, `log`,
   * `index`, `id`, `cluster`, `federation`, `node`, `source`, `stream`, `part`, `workflow`, `job`, `user`, `component`, `daemon`,
   * `kubernetes.namespace_name`, `kubernetes.pod_name`, `kubernetes.container_name`, `kubernetes.host` and, of REANA's pods, the labels in
   * `kubernetes.labels` that REANA finds them by. A document that OpenSearch refuses comes again without end: its mapping must take these fields, as that of
   * docs/logs.md does.
   *
   * Refused at synth: a URL with a query, with a user, or without TLS to another cluster; another agent.
   *
   * @param url the URL of the cluster, such as `https://opensearch.cern.ch:9200`, with the path of a proxy before it if there is one
   * @param options who writes, and where
   */
  public static openSearch(url: string, options: OpenSearchLogs = {}): ILogSink {
    return { endpointFor: cluster => options.clusters?.includes(cluster) ?? true ? { url, openSearch: options } : undefined };
  }

  /** The namespace of the store. */
  public readonly namespace: string;

  /** The StatefulSet, for patches of what the properties don't reach. */
  public readonly statefulSet: ApiObject;

  private readonly props: LogStoreProps;

  /**
   * @param scope the host cluster, or any chart
   * @param id the name: it starts the names of its objects
   * @param props its address, who writes, and how much is kept
   */
  public constructor(scope: Construct, id: string, props: LogStoreProps) {
    super(scope, id);
    this.props = props;
    this.namespace = props.namespace ?? Chart.of(this).namespace ?? 'logging';
    WorkloadNamespace.of(this, this.namespace).admit(this, PodSecurityLevel.RESTRICTED);
    const selector = { 'app.kubernetes.io/name': 'log-store', 'app.kubernetes.io/instance': id };
    const metadata = { name: id, namespace: this.namespace, labels: selector };
    const gateway = Yaml.stringify(otelGateway(props.writers));
    const { exposure } = this;
    new ApiObject(this, 'ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false });
    new ApiObject(this, 'ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'gateway.yaml': gateway } });
    new ApiObject(this, 'Service', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, annotations: { 'external-dns.alpha.kubernetes.io/hostname': props.address, ...exposure._annotations } },
      spec: {
        ...exposure._spec(0),
        selector,
        ports: props.writers.map(({ cluster, port }) => ({
          name: cluster, protocol: 'TCP', port, targetPort: port, ...exposure.serviceType === 'NodePort' && { nodePort: port },
        })),
      },
    });
    new ApiObject(this, 'Query', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, name: `${id}-query` },
      spec: { selector, ports: [{ name: 'https', protocol: 'TCP', port: QUERY_PORT, targetPort: QUERY_PORT }] },
    });
    addNetworkPolicy(this, metadata, selector, {
      ingress: [
        { ports: [...props.writers.map(({ port }) => ({ protocol: 'TCP', port })), { protocol: 'TCP', port: GATEWAY_PORTS.metrics }] },
        { from: [{ podSelector: { matchLabels: READER } }], ports: [{ protocol: 'TCP', port: QUERY_PORT }] },
      ],
      // it calls nobody
      egress: [],
    });
    this.statefulSet = new ApiObject(this, 'StatefulSet', {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata,
      spec: {
        ...singlePod(id, selector),
        template: {
          metadata: {
            labels: selector, annotations: { 'cdk8s-hep/config-digest': createHash('sha256').update(gateway).digest('hex').slice(0, 16) },
          },
          spec: this.podSpec(),
        },
        volumeClaimTemplates: [{
          metadata: { name: 'data', labels: selector },
          spec: {
            accessModes: ['ReadWriteOnce'],
            ...props.storageClass !== undefined && { storageClassName: props.storageClass },
            resources: { requests: { storage: `${this.storage.toMebibytes()}Mi` } },
          },
        }],
      },
    });
    this.node.defaultChild = this.statefulSet;
    const { node: { id: cluster } } = Chart.of(this);
    declareTraffic(this, {
      connections: () => props.writers.map(({ cluster: from, port }) => ({
        from, to: cluster, address: props.address, protocol: 'TCP', port, reason: 'log agents bring their records',
      })),
      images: () => [props.image ?? STORE_IMAGE, props.gatewayImage ?? COLLECTOR_IMAGE].map(reference => ({ reference, clusters: [cluster] })),
    });
    this.node.addValidation({ validate: () => this.problems() });
  }

  public endpointFor(cluster: string): LogEndpoint | undefined {
    const writer = this.props.writers.find(each => each.cluster === cluster);
    return writer && { url: `https://${this.props.address}:${writer.port}/v1/logs` };
  }

  private get exposure(): ServiceExposure { return this.props.exposure ?? ServiceExposure.loadBalancer(); }

  private get storage(): Size { return this.props.storage ?? Size.gibibytes(20); }

  private get retention(): Duration { return this.props.retention ?? Duration.days(30); }

  private get maxDiskUsage(): Size { return this.props.maxDiskUsage ?? Size.mebibytes(Math.floor(this.storage.toMebibytes() * 9 / 10)); }

  private authorityOf({ cluster, authority }: LogWriter) {
    return { name: authority?.secretName ?? `${this.node.id}-writer-${cluster}`, key: authority?.key ?? 'ca.crt' };
  }

  private podSpec(): object {
    const { props } = this;
    const { id } = this.node;
    const securityContext = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };
    const tls = { name: 'tls', mountPath: GATEWAY_PATHS.certificate, readOnly: true };
    const probe = (path: string, port: string) => ({ httpGet: { path, port }, periodSeconds: 10, timeoutSeconds: 5 });
    return {
      serviceAccountName: id,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...props.imagePullSecrets?.length && { imagePullSecrets: props.imagePullSecrets.map(name => ({ name })) },
      // it writes what it has in memory
      terminationGracePeriodSeconds: 60,
      securityContext: {
        runAsNonRoot: true, runAsUser: NOBODY, runAsGroup: NOBODY, fsGroup: NOBODY, fsGroupChangePolicy: 'OnRootMismatch', seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'store',
          image: props.image ?? STORE_IMAGE,
          args: [
            `-storageDataPath=${DATA}`,
            `-retentionPeriod=${this.retention.toDays({ integral: false })}d`,
            `-retention.maxDiskSpaceUsageBytes=${this.maxDiskUsage.toMebibytes()}MiB`,
            `-httpListenAddr=127.0.0.1:${STORE_PORT}`,
            // what is acknowledged is on the disk a second later
            '-inmemoryDataFlushInterval=1s',
            '-loggerFormat=json',
          ],
          securityContext,
          resources: containerResources(props.resources, { cpu: '100m', memory: '256Mi', limit: '1Gi' }),
          volumeMounts: [{ name: 'data', mountPath: DATA }],
        },
        {
          // it has no data, asks the store beside it, and can't write
          name: 'query',
          image: props.image ?? STORE_IMAGE,
          args: [
            `-storageNode=127.0.0.1:${STORE_PORT}`, '-insert.disable', `-httpListenAddr=:${QUERY_PORT}`, '-tls',
            `-tlsCertFile=${GATEWAY_PATHS.certificate}/tls.crt`, `-tlsKeyFile=${GATEWAY_PATHS.certificate}/tls.key`, '-tlsMinVersion=TLS12',
            '-storageDataPath=/tmp/none', '-loggerFormat=json',
          ],
          ports: [{ name: 'query', containerPort: QUERY_PORT }],
          securityContext,
          resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '512Mi' } },
          readinessProbe: { httpGet: { path: '/health', port: 'query', scheme: 'HTTPS' }, periodSeconds: 10, timeoutSeconds: 5 },
          volumeMounts: [tls],
        },
        {
          name: 'gateway',
          image: props.gatewayImage ?? COLLECTOR_IMAGE,
          args: [`--config=${GATEWAY_PATHS.config}/gateway.yaml`],
          ports: [
            ...props.writers.map(({ cluster, port }) => ({ name: portName(cluster), containerPort: port })),
            { name: 'health', containerPort: GATEWAY_PORTS.health }, { name: 'metrics', containerPort: GATEWAY_PORTS.metrics },
          ],
          securityContext,
          resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } },
          livenessProbe: { ...probe('/', 'health'), initialDelaySeconds: 30, failureThreshold: 6 },
          readinessProbe: probe('/', 'health'),
          volumeMounts: [
            { name: 'config', mountPath: GATEWAY_PATHS.config, readOnly: true }, tls,
            { name: 'authorities', mountPath: GATEWAY_PATHS.authorities, readOnly: true },
          ],
        },
      ],
      volumes: [
        { name: 'config', configMap: { name: id } },
        { name: 'tls', secret: { secretName: props.certificate?.secretName ?? `${id}-tls`, defaultMode: 0o440 } },
        {
          name: 'authorities',
          projected: {
            defaultMode: 0o444,
            sources: props.writers.map(writer => {
              const { name, key } = this.authorityOf(writer);
              return { secret: { name, items: [{ key, path: `${writer.cluster}.crt` }] } };
            }),
          },
        },
      ],
    };
  }

  private problems(): string[] {
    const { props, retention, storage, maxDiskUsage } = this;
    const problems: string[] = [];
    if (!isDnsLabel(this.node.id, 40)) { problems.push(problem('id', this.node.id, 'a DNS label of at most 40 characters')); }
    if (Federation.tryOf(this)) { problems.push(problem('scope', this.node.path, 'a cluster or a chart: there is one store')); }
    if (!isDnsSubdomain(props.address)) { problems.push(problem('address', props.address, 'the DNS name that the store\'s certificate is for')); }
    if (props.writers.length === 0) { problems.push(problem('writers', [], 'at least one cluster')); }
    const own = [QUERY_PORT, STORE_PORT, ...Object.values(GATEWAY_PORTS)];
    props.writers.forEach(({ cluster, port }, index) => {
      const before = props.writers.slice(0, index);
      if (!isDnsLabel(cluster)) { problems.push(problem('writers', cluster, 'a DNS label of at most 63 characters: records are found by it')); }
      if (before.some(each => each.cluster === cluster)) { problems.push(problem('writers', cluster, 'each cluster once')); }
      if (before.some(each => each.port === port)) { problems.push(problem(`writers.${cluster}.port`, port, 'another port for each cluster')); }
      if (!(Number.isInteger(port) && port >= 1024 && port <= 65535) || own.includes(port)) {
        problems.push(problem(`writers.${cluster}.port`, port, `a port from 1024 to 65535, without ${own.join(', ')}`));
      }
      problems.push(...this.exposure._problems(`writers.${cluster}`, port));
    });
    const days = retention.toDays({ integral: false });
    if (!(Number.isInteger(days) && days >= 1 && days <= LONGEST_RETENTION.toDays())) {
      problems.push(problem('retention', `${days} days`, `whole days, from 1 to ${LONGEST_RETENTION.toDays()}`));
    }
    if (maxDiskUsage.toMebibytes() * 10 > storage.toMebibytes() * 9) {
      problems.push(problem('maxDiskUsage', `${maxDiskUsage.toMebibytes()} MiB`, `at most nine tenths of the storage of ${storage.toMebibytes()} MiB`));
    }
    if (maxDiskUsage.toMebibytes() < 100) { problems.push(problem('maxDiskUsage', `${maxDiskUsage.toMebibytes()} MiB`, 'at least 100 MiB')); }
    if (props.dailyVolume && props.dailyVolume.toMebibytes() * days > maxDiskUsage.toMebibytes()) {
      problems.push(problem('retention', `${days} days`, `what maxDiskUsage can keep: ${maxDiskUsage.toMebibytes()} MiB hold `
        + `${Math.floor(maxDiskUsage.toMebibytes() / props.dailyVolume.toMebibytes())} days of ${props.dailyVolume.toMebibytes()} MiB`));
    }
    return [...new Set(problems)];
  }
}

/** VictoriaLogs. */
const STORE_IMAGE = 'victoriametrics/victoria-logs:v1.52.1';

/** A container's port has a name of 15 characters at most. */
function portName(cluster: string): string {
  return `w${createHash('sha256').update(cluster).digest('hex').slice(0, 10)}`;
}

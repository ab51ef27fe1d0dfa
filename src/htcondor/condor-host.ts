import { Chart, Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { AccessPointOptions } from './access-point';
import { accessPointKnobs, isBrokered, userFiles } from './access-point-config';
import { millicores, resourceRequirements } from './capacity';
import { CentralManagerConfig, defragments } from './central-manager-config';
import { hostProblems } from './condor-host-problems';
import { CondorHostProps } from './condor-host-props';
import { isGiven } from './config';
import { poolConnections } from './connections';
import { ExecutionClusters } from './execution-clusters';
import { ExportedPool } from './exporter-script';
import { CondorImage } from './image';
import { digestIn } from './live-configuration';
import { memberKeyring } from './member-keys';
import { Negotiation } from './negotiator-preemption';
import { PATHS } from './paths';
import { ICondorPool } from './pool';
import { collectorAddress } from './pool-security';
import { PoolServer } from './pool-server';
import { serverProbes } from './probes';
import { issuerPorts, serverCertificate, usesSciTokens } from './sci-tokens';
import { HostSettings, isReachable, SERVER_PORT, serverConfiguration, ServerOptions } from './server-config';
import { keepOneCentralManager, spreadSpec } from './server-spread';
import { Cluster } from '../federation/cluster';
import { PodSecurityLevel, WorkloadNamespace } from '../workload/namespace';
import { ASK_NAMES } from '../workload/network-policy';
import { SecretReference } from '../workload/secret-reference';
import { ServiceExposure } from '../workload/service-exposure';
import { declareTraffic } from '../workload/traffic';

const HOST_SYMBOL = Symbol.for('cdk8s-hep.CondorHost');

/** What a schedd that runs jobs as their owners needs of root, and nothing else. */
const SCHEDD_CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'KILL', 'SETGID', 'SETUID'];

/**
 * The heart of an HTCondor pool: central managers (collector and negotiator) and access points
 * (schedds), each with its own address, port, Service and volume.
 *
 * Everybody who speaks to the pool shows a token; the signing key is a Secret that stays in this
 * cluster. Replacing a pod loses no job, no priority history and no identity.
 */
export class CondorHost extends Construct implements ICondorPool {
  /**
   * Whether a value is a `CondorHost`, also one of another copy of this library.
   *
   * @param x any value
   */
  public static isCondorHost(x: any): x is CondorHost {
    return x !== null && typeof x === 'object' && HOST_SYMBOL in x;
  }

  public readonly collectors: string[];

  /** The addresses of the access points, `host:port`, as every cluster reaches them; without those that are reached by the connection broker. */
  public readonly accessPoints: string[];

  public readonly trustDomain: string;
  public readonly uidDomain: string;
  public readonly image: CondorImage;

  /** The namespace of the pool. */
  public readonly namespace: string;

  /**
   * The clusters of its execution points.
   *
   * @internal
   */
  public readonly _executionClusters: ExecutionClusters;

  private readonly props: CondorHostProps;

  private readonly settings: HostSettings;

  private runHistory?: Size;

  private readonly centralManagerConfigs: CentralManagerConfig[];

  /**
   * @param scope a cluster, or any chart
   * @param id the pool's name: it starts the names of its objects
   * @param props the pool
   */
  public constructor(scope: Construct, id: string, props: CondorHostProps) {
    super(scope, id);
    Object.defineProperty(this, HOST_SYMBOL, { value: true });
    this.props = props;
    this.trustDomain = props.trustDomain;
    this.uidDomain = props.uidDomain ?? props.trustDomain;
    this.image = props.image ?? CondorImage.official();
    this.namespace = props.namespace ?? Chart.of(this).namespace ?? 'condor';
    this.collectors = props.centralManagers.map(({ address, port = SERVER_PORT }) => `${address}:${port}`);
    this.accessPoints = props.accessPoints.filter(each => !isBrokered(this.image, each)).map(({ address, port = SERVER_PORT }) => `${address}:${port}`);
    this._executionClusters = new ExecutionClusters(props.executionClusters);
    this.settings = {
      name: this.node.id,
      network: Cluster.tryOf(this)?.node.id ?? `${this.namespace}.${this.node.id}`,
      pool: this,
      props,
      centralManagers: props.centralManagers.map(options => ({ ...options, name: options.name ?? 'cm' })),
      negotiation: this._negotiation,
      executionClusters: this._executionClusters,
      runHistory: () => this.runHistory,
    };
    const { centralManagers } = this.settings;
    this.centralManagerConfigs = centralManagers.map(options => new CentralManagerConfig(this.settings, options));

    // the schedd changes to the users whose jobs it serves; Pod Security's level for that is baseline
    WorkloadNamespace.of(this, this.namespace).admit(this, PodSecurityLevel.BASELINE);
    centralManagers.forEach((options, index) => this.addOnce(options.name, () => this.addCentralManager(options, this.centralManagerConfigs[index])));
    for (const options of props.accessPoints) { this.addOnce(options.name, () => this.addAccessPoint(options)); }
    // one that no drain may evict has a budget of its own
    if (centralManagers.length > 1 && centralManagers.every(({ evictable }) => evictable ?? true)) {
      keepOneCentralManager(this, this.namespace, this.namesOf(centralManagers));
    }
    declareTraffic(this, {
      connections: () => poolConnections(this), images: () => [{ reference: this.image.reference, clusters: [Chart.of(this).node.id] }],
    });
    this.node.addValidation({ validate: () => this._problems() });
  }

  /** Whether clusters other than this one reach all central managers and access points. */
  public get reachableFromOutside(): boolean {
    return this.settings.centralManagers.every(isReachable) && (this.image.version._joinsPrivateNetworks || this._privateAccessPoints.length === 0);
  }

  /**
   * The addresses at which a cluster's execution points advertise: the cluster's own collector.
   *
   * @param cluster the cluster's name
   */
  public collectorsOf(cluster: string): string[] {
    return this.collectors.map(address => collectorAddress(address, cluster));
  }

  /**
   * Puts a cluster out of the pool, though its fleets stay in the program: its collector is gone, and its signing key with it, so that
   * neither its tokens nor the connections that they opened are worth anything. The others keep their keys and tokens. Access points
   * go on with the jobs that run there, until they end or are vacated.
   *
   * Without this line again, the old tokens are good again: give the cluster another signing key first.
   *
   * Refused at synth: a cluster that has no execution points in the pool.
   *
   * @param cluster the cluster's name
   */
  public revoke(cluster: string): void {
    this._executionClusters.revoke(cluster);
  }

  /** @internal */
  public get _memberSigningKeys(): boolean {
    return this.props.memberSigningKeys ?? false;
  }

  /** @internal */
  public get _imagePullSecrets(): string[] | undefined {
    return this.props.imagePullSecrets;
  }

  /**
   * Each central manager and access point, by the name of its StatefulSet. The claim of its spool is `spool-<name>-0`.
   *
   * @internal
   */
  public get _serverNames(): string[] {
    return [...new Set(this.namesOf(this.servers))];
  }

  /** @internal */
  public get _signingKey(): Required<SecretReference> {
    const { secretName = `${this.node.id}-signing-key`, key = 'POOL' } = this.props.signingKey ?? {};
    return { secretName, key };
  }

  /**
   * Has access points keep a record of each run of a job, for what counts them.
   *
   * @param size of the records of one access point, in its spool
   *
   * @internal
   */
  public _keepRuns(size: Size): void {
    this.runHistory = size;
  }

  /**
   * What the program knows of the pool, for what watches it.
   *
   * @internal
   */
  public get _exported(): ExportedPool {
    const { accessPoints, accountingGroups = [] } = this.props;
    const texts = [
      ...this.settings.centralManagers.map((options, index) => [options, this.centralManagerConfigs[index].configuration.text] as const),
      ...accessPoints.map(options => [options, serverConfiguration(accessPointKnobs(this.settings, options)).text] as const),
    ];
    return {
      host: Chart.of(this).node.id,
      clusters: this._executionClusters.names,
      groups: accountingGroups.map(({ name }) => name),
      digests: {
        ...Object.fromEntries(texts.map(([options, text]) => [this.namesOf([options])[0], digestIn(text)])),
        ...this._executionClusters.digests,
      },
    };
  }

  /**
   * The ports at which its servers are reached.
   *
   * @internal
   */
  public get _ports(): number[] {
    return [...new Set(this.servers.map(({ port = SERVER_PORT }) => port))];
  }

  /**
   * The network in which its servers and what stands beside them have addresses in common (`PRIVATE_NETWORK_NAME`).
   *
   * @internal
   */
  public get _privateNetwork(): string {
    return this.settings.network;
  }

  /**
   * The addresses of access points that no other cluster reaches.
   *
   * @internal
   */
  public get _privateAccessPoints(): string[] {
    return this.props.accessPoints.filter(each => !isReachable(each)).map(({ address }) => address);
  }

  /** @internal */
  public get _accessPointNames(): string[] {
    return this.props.accessPoints.map(({ name }) => name);
  }

  /**
   * What the pool does with running jobs, for the fleets that must fit it.
   *
   * @internal
   */
  public get _negotiation(): Negotiation {
    return { preemption: this.props.preemption ?? {}, interval: this.props.negotiatorInterval ?? Duration.minutes(1) };
  }

  /**
   * What is wrong with the pool.
   *
   * @internal
   */
  public _problems(): string[] {
    const problems = hostProblems(this.settings);
    const causes = [
      ...this.centralManagerConfigs.flatMap(config => config.causes),
      ...this.props.accessPoints.flatMap(options => accessPointKnobs(this.settings, options).causes()),
    ];
    // what is wrong with a knob follows from what is wrong with a property, unless nothing is
    const ofKnobs = [...new Set(causes)];
    return [...problems, ...problems.length > 0 ? ofKnobs.filter(isGiven) : ofKnobs];
  }

  /** A name that is given twice is reported with the other problems. */
  private addOnce(name: string, add: () => void): void {
    if (!this.node.tryFindChild(name)) { add(); }
  }

  private addCentralManager(options: ServerOptions, config: CentralManagerConfig): void {
    const server = this.server('central-manager', options, this.settings.centralManagers);
    new PoolServer(this, options.name, {
      ...server,
      configuration: () => config.configuration,
      files: () => config.files,
      resources: resourceRequirements(options.resources ?? { cpu: { request: millicores(250) }, memory: { request: Size.mebibytes(512) } }),
      spoolSize: options.spoolSize ?? Size.gibibytes(1),
      keyring: this._memberSigningKeys ? memberKeyring(this.node.id, () => this._executionClusters.names) : undefined,
      // collector and negotiator answer; what they call are names, access points, other central managers, and issuers of tokens
      egress: [
        ASK_NAMES,
        { ports: [...new Set([server.port, ...this.servers.map(({ port = SERVER_PORT }) => port), ...issuerPorts(this.props.users)])].map(port => ({ protocol: 'TCP', port })) },
        // who drains machines calls those of this cluster, and is called by the others
        ...defragments(this.settings, options) ? [{ to: [{ namespaceSelector: {}, podSelector: { matchLabels: { 'app.kubernetes.io/component': 'execution-point' } } }] }] : [],
      ],
    });
  }

  private addAccessPoint(options: AccessPointOptions): void {
    const { users } = this.props;
    new PoolServer(this, options.name, {
      ...this.server('access-point', options, this.props.accessPoints),
      configuration: () => serverConfiguration(accessPointKnobs(this.settings, options), Object.values(userFiles(users))),
      files: () => userFiles(users),
      resources: resourceRequirements(options.resources ?? { cpu: { request: millicores(500) }, memory: { request: Size.gibibytes(2) } }),
      spoolSize: options.spoolSize ?? Size.gibibytes(10),
      homeSize: options.homeSize ?? Size.gibibytes(10),
      accounts: users !== undefined,
      rootCapabilities: SCHEDD_CAPABILITIES,
    });
  }

  /** What the servers of both kinds are alike. */
  private server(component: 'central-manager' | 'access-point', options: ServerOptions, ofItsKind: readonly ServerOptions[]) {
    const { port = SERVER_PORT } = options;
    const [name] = this.namesOf([options]);
    const sciTokens = usesSciTokens(this.props.users);
    const signingKey = { volume: 'signing-key', secret: this._signingKey, defaultKey: 'POOL', file: 'POOL', directory: PATHS.keys };
    return {
      name,
      namespace: this.namespace,
      component,
      port,
      image: this.image,
      exposure: options.exposure ?? ServiceExposure.loadBalancer(),
      storageClass: options.storageClass,
      evictable: options.evictable ?? true,
      credentials: [signingKey, ...sciTokens ? serverCertificate(name) : []],
      renewCredentials: sciTokens,
      networkPolicy: this.props.networkPolicies ?? true,
      imagePullSecrets: this.props.imagePullSecrets,
      podLogs: this.props.podLogs,
      probes: serverProbes(component === 'central-manager' ? 'collector' : 'schedd', port),
      terminationGracePeriodSeconds: 60,
      scheduling: spreadSpec(this.namesOf(ofItsKind)),
    };
  }

  private get servers(): ServerOptions[] {
    return [...this.settings.centralManagers, ...this.props.accessPoints];
  }

  /** The names of their StatefulSets. */
  private namesOf(servers: readonly ServerOptions[]): string[] {
    return servers.map(({ name }) => `${this.node.id}-${name}`);
  }
}

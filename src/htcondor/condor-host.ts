import { isDeepStrictEqual } from 'util';
import { ApiObject, Chart, Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { AccessPointOptions } from './access-point';
import { setAccountingGroups } from './accounting';
import { millicores } from './capacity';
import { CentralManagerOptions } from './central-manager';
import { setConcurrencyLimits } from './concurrency-limits';
import { CondorHostProps } from './condor-host-props';
import { isGiven, KnobSet, Macro } from './config';
import { Credential, resourceRequirements } from './daemon-pod';
import { DEFRAGMENTATION_DAEMON, defragmentationProblems, setDefragmentation } from './defragmentation';
import { DemandOrder } from './demand-scripts';
import { HIGH_AVAILABILITY_DAEMONS, highAvailabilityProblems, setHighAvailability } from './high-availability';
import { CondorImage } from './image';
import { GROUPS_FILE, groupsFile, setJobAdmission } from './job-admission';
import { setJobDefaults } from './job-defaults';
import { demandFiles, setDemand } from './job-demand';
import { CONFIG_WATCH, isLive, watchConfiguration, withDigest } from './live-configuration';
import { memberKeyring, trustMemberKey } from './member-keys';
import { Negotiation, setNegotiatorPreemption } from './negotiator-preemption';
import { setDedicatedScheduler } from './parallel-universe';
import { PATHS, POD_IP_VARIABLE } from './paths';
import { addressProblems, domainProblems, ICondorPool, onlyInside, portProblems } from './pool';
import { poolKnobs } from './pool-config';
import { admitParallelNodes, admitUsers, collectorAddress, collectorDaemon, requireAuthentication, separateClusters } from './pool-security';
import { PoolServer, ServerConfiguration } from './pool-server';
import { userProblems } from './pool-user';
import { serverProbes } from './probes';
import { admitSciTokens, issuerPorts, SCITOKENS_FILE, sciTokenProblems, sciTokensFile, serverCertificate, usesSciTokens } from './sci-tokens';
import { ACCOUNTS_FILE, accountsFile } from './user-accounts';
import { setRunningJobs, setUserLimits, userLimitProblems } from './user-limits';
import { Cluster } from '../federation/cluster';
import { isDnsLabel } from '../federation/names';
import { problem } from '../problem';
import { PodSecurityLevel, WorkloadNamespace } from '../workload/namespace';
import { SecretReference } from '../workload/secret-reference';
import { ServiceExposure } from '../workload/service-exposure';

const HOST_SYMBOL = Symbol.for('cdk8s-hep.CondorHost');

const COLLECTOR_PORT = 9618;

/** How long an access point waits before it tries again. */
const SOON = Duration.minutes(1);

/** How often a connection to the connection broker is tried: sooner than firewalls forget it. */
const BROKER_HEARTBEAT = Duration.minutes(2);

/** When a daemon that is silent has left: after three updates, and some seconds for the last one. */
const FORGOTTEN = Duration.seconds(3 * SOON.toSeconds() + 10);

/** How long HTCondor waits after a cycle before it begins another, however short the interval. */
const CYCLE_DELAY = Duration.seconds(20);

const POD_IP = new Macro(`$ENV(${POD_IP_VARIABLE})`);

/** What a schedd that runs jobs as their owners needs of root, and nothing else. */
const SCHEDD_CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'KILL', 'SETGID', 'SETUID'];

/** What a central manager is told, and what is wrong with it. */
interface CentralManagerConfiguration extends ServerConfiguration {
  /** What it was made of, besides the pool's own properties. */
  readonly given: object;
  readonly causes: readonly string[];
}

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

  private readonly props: CondorHostProps;

  private readonly fleets: (() => string[])[] = [];

  private readonly elasticFleets: (() => DemandOrder[])[] = [];

  private readonly configurations = new Map<CentralManagerOptions, CentralManagerConfiguration>();

  private readonly parallelAccessPoints = new Set<string>();

  private readonly revoked = new Set<string>();

  private readonly tokenLifetimes = new Map<string, Duration>();

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
    this.collectors = props.centralManagers.map(({ address, port = COLLECTOR_PORT }) => `${address}:${port}`);
    this.accessPoints = props.accessPoints.filter(each => !this.isBrokered(each)).map(({ address, port = COLLECTOR_PORT }) => `${address}:${port}`);

    // the schedd changes to the users whose jobs it serves; Pod Security's level for that is baseline
    WorkloadNamespace.of(this, this.namespace).admit(this, PodSecurityLevel.BASELINE);
    for (const options of props.centralManagers) { this.addOnce(options.name ?? 'cm', () => this.addCentralManager(options)); }
    for (const options of props.accessPoints) { this.addOnce(options.name, () => this.addAccessPoint(options)); }
    this.keepOneCentralManager();
    this.node.addValidation({ validate: () => this._problems() });
  }

  /** Whether clusters other than this one reach all central managers and access points. */
  public get reachableFromOutside(): boolean {
    return this.props.centralManagers.every(isReachable) && (this.image.version._joinsPrivateNetworks || this._privateAccessPoints.length === 0);
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
    this.revoked.add(cluster);
  }

  /**
   * Says that a cluster's tokens are renewed: its collector takes none that are older.
   *
   * @internal
   */
  public _limitTokens(cluster: string, lifetime: Duration): void {
    this.tokenLifetimes.set(cluster, lifetime);
  }

  /** @internal */
  public _isRevoked(cluster: string): boolean {
    return this.revoked.has(cluster);
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
    return [...new Set(this.servers().map(({ name }) => `${this.node.id}-${name}`))];
  }

  /** @internal */
  public get _signingKey(): Required<SecretReference> {
    const { secretName = `${this.node.id}-signing-key`, key = 'POOL' } = this.props.signingKey ?? {};
    return { secretName, key };
  }

  /**
   * Lets the execution points of a fleet in; which clusters they are in is known at synth.
   *
   * @internal
   */
  public _admit(clusters: () => string[]): void {
    this.fleets.push(clusters);
  }

  /**
   * The addresses of access points that no other cluster reaches.
   *
   * @internal
   */
  public get _privateAccessPoints(): string[] {
    return this.props.accessPoints.filter(each => !isReachable(each)).map(({ address }) => address);
  }

  /**
   * Says that machines of the program take an access point's parallel jobs.
   *
   * @internal
   */
  public _serveParallelJobs(accessPoint: string): void {
    this.parallelAccessPoints.add(accessPoint);
  }

  /** @internal */
  public get _accessPointNames(): string[] {
    return this.props.accessPoints.map(({ name }) => name);
  }

  /**
   * Counts for an elastic fleet how many execution points its members could use.
   *
   * @internal
   */
  public _count(orders: () => DemandOrder[]): void {
    this.elasticFleets.push(orders);
  }

  /**
   * What the pool does with running jobs, for the fleets that must fit it.
   *
   * @internal
   */
  public get _negotiation(): Negotiation {
    return { preemption: this.props.preemption ?? {}, interval: this.props.negotiatorInterval ?? Duration.minutes(1) };
  }

  /** A name that is given twice is reported with the other problems. */
  private addOnce(name: string, add: () => void): void {
    if (!this.node.tryFindChild(name)) { add(); }
  }

  private addCentralManager(options: CentralManagerOptions): void {
    const { name = 'cm', port = COLLECTOR_PORT } = options;
    new PoolServer(this, name, {
      ...this.server(name, 'central-manager', port, options),
      configuration: () => this.centralManagerConfiguration(options),
      files: () => ({
        ...this.elasticFleets.length > 0 && demandFiles(this.demand()), ...this.sciTokens && { [SCITOKENS_FILE]: sciTokensFile(this.props.users!) },
      }),
      resources: resourceRequirements(options.resources ?? { cpu: { request: millicores(250) }, memory: { request: Size.mebibytes(512) } }),
      spoolSize: options.spoolSize ?? Size.gibibytes(1),
      keyring: this._memberSigningKeys ? memberKeyring(this.node.id, () => this._clusters) : undefined,
      // collector and negotiator answer; what they call are names, access points, other central managers, and issuers of tokens
      egress: [
        { ports: [{ protocol: 'UDP', port: 53 }, { protocol: 'TCP', port: 53 }] },
        { ports: [...new Set([port, ...this.servers().map(server => server.port ?? COLLECTOR_PORT), ...issuerPorts(this.props.users)])].map(number => ({ protocol: 'TCP', port: number })) },
        // who drains machines calls those of this cluster, and is called by the others
        ...this.defragments(options) ? [{ to: [{ namespaceSelector: {}, podSelector: { matchLabels: { 'app.kubernetes.io/component': 'execution-point' } } }] }] : [],
      ],
    });
  }

  private addAccessPoint(options: AccessPointOptions): void {
    const { name, port = COLLECTOR_PORT } = options;
    new PoolServer(this, name, {
      ...this.server(name, 'access-point', port, options),
      configuration: () => written(this.accessPointKnobs(options), Object.values(this.userFiles())),
      resources: resourceRequirements(options.resources ?? { cpu: { request: millicores(500) }, memory: { request: Size.gibibytes(2) } }),
      spoolSize: options.spoolSize ?? Size.gibibytes(10),
      homeSize: options.homeSize ?? Size.gibibytes(10),
      files: () => this.userFiles(),
      accounts: this.props.users !== undefined,
      rootCapabilities: SCHEDD_CAPABILITIES,
    });
  }

  /** What an access point is told of its users, beside its configuration. */
  private userFiles(): { [file: string]: string } {
    const { users } = this.props;
    return users ? {
      [ACCOUNTS_FILE]: accountsFile(users), [GROUPS_FILE]: groupsFile(users), ...this.sciTokens && { [SCITOKENS_FILE]: sciTokensFile(users) },
    } : {};
  }

  private get sciTokens(): boolean {
    return usesSciTokens(this.props.users);
  }

  /** A drain may take one of the central managers at a time. One that no drain may evict has a budget of its own. */
  private keepOneCentralManager(): void {
    const { centralManagers } = this.props;
    if (centralManagers.length < 2 || !centralManagers.every(({ evictable }) => evictable ?? true)) { return; }
    const name = `${this.node.id}-central-managers`;
    new ApiObject(this, 'CentralManagersBudget', {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name, namespace: this.namespace, labels: { 'app.kubernetes.io/name': 'htcondor', 'app.kubernetes.io/component': 'central-manager' } },
      spec: { maxUnavailable: 1, selector: this.anyOf(centralManagers) },
    });
  }

  /** Selects the pods of servers. */
  private anyOf(servers: readonly { name?: string }[]): object {
    const names = servers.map(({ name = 'cm' }) => `${this.node.id}-${name}`);
    return {
      matchLabels: { 'app.kubernetes.io/name': 'htcondor' },
      matchExpressions: [{ key: 'app.kubernetes.io/instance', operator: 'In', values: names }],
    };
  }

  /** Servers of one kind are each on a node and in a zone of their own, where there are as many. */
  private spread(servers: readonly { name?: string }[]): object {
    if (servers.length < 2) { return {}; }
    return {
      topologySpreadConstraints: ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map(topologyKey => ({
        maxSkew: 1, topologyKey, whenUnsatisfiable: 'ScheduleAnyway', labelSelector: this.anyOf(servers),
      })),
    };
  }

  private server(name: string, component: string, port: number, options: CentralManagerOptions | AccessPointOptions) {
    return {
      name: `${this.node.id}-${name}`,
      namespace: this.namespace,
      component,
      port,
      image: this.image,
      exposure: options.exposure ?? ServiceExposure.loadBalancer(),
      storageClass: options.storageClass,
      evictable: options.evictable ?? true,
      credentials: [this.signingKey(), ...this.sciTokens ? serverCertificate(`${this.node.id}-${name}`) : []],
      renewCredentials: this.sciTokens,
      networkPolicy: this.props.networkPolicies ?? true,
      imagePullSecrets: this.props.imagePullSecrets,
      probes: serverProbes(component === 'central-manager' ? 'collector' : 'schedd', port),
      terminationGracePeriodSeconds: 60,
      scheduling: this.spread(component === 'central-manager' ? this.props.centralManagers : this.props.accessPoints),
    };
  }

  private signingKey(): Credential {
    return {
      volume: 'signing-key',
      secret: this._signingKey,
      defaultKey: 'POOL',
      file: 'POOL',
      directory: PATHS.keys,
    };
  }

  private serverKnobs(address: string, port: number, collectors: readonly string[] | Macro, submitters?: readonly string[]): KnobSet {
    const knobs = poolKnobs(this, this.image, collectors);
    knobs.section('How it is reached');
    knobs.set('USE_SHARED_PORT', true);
    knobs.set('SHARED_PORT_PORT', port);
    knobs.set('TCP_FORWARDING_HOST', address);
    // daemons of this cluster call each other by pod address, not by way of the load balancer
    knobs.set('PRIVATE_NETWORK_NAME', Cluster.tryOf(this)?.node.id ?? `${this.namespace}.${this.node.id}`);
    knobs.set('PRIVATE_NETWORK_INTERFACE', POD_IP);
    requireAuthentication(knobs);
    admitUsers(knobs, this, this.props.administrators ?? [], submitters);
    watchConfiguration(knobs);
    if (this.sciTokens) { admitSciTokens(knobs, address); }
    knobs.section('How often it is heard of');
    knobs.set('MASTER_UPDATE_INTERVAL', SOON);
    return knobs;
  }

  /** A synth asks three times, to check it, to write it and for its digest, and it grows with the clusters: it is made again when they change. */
  private centralManagerConfiguration(options: CentralManagerOptions): CentralManagerConfiguration {
    const clusters = this._clusters;
    // a member's collector passes on what it hears: when it ends, what it has passed on is there until it expires. A new pod knows nothing
    const revoked = [...this.revoked].sort();
    const given = { clusters, revoked, tokenLifetimes: new Map(this.tokenLifetimes), elastic: this.elasticFleets.length > 0 };
    let configuration = this.configurations.get(options);
    if (!configuration || !isDeepStrictEqual(configuration.given, given)) {
      const knobs = this.centralManagerKnobs(options, clusters);
      configuration = { given, ...written(knobs, [...revoked.map(cluster => `revoked: ${cluster}`), ...this.sciTokens ? [sciTokensFile(this.props.users!)] : []]), causes: knobs.causes() };
      this.configurations.set(options, configuration);
    }
    return configuration;
  }

  /** One of the central managers: two would drain twice as many machines. */
  private defragments(options: CentralManagerOptions): boolean {
    return this.props.defragmentation !== undefined && options === this.props.centralManagers[0];
  }

  private centralManagerKnobs(options: CentralManagerOptions, clusters: readonly string[]): KnobSet {
    const { address, port = COLLECTOR_PORT } = options;
    // by its own address: what is beside it needs neither names nor the way around by the load balancer
    const others = this.collectors.filter(collector => collector !== `${address}:${port}`);
    const knobs = this.serverKnobs(address, port, new Macro([`${POD_IP.text}:${port}`, ...others].join(', ')));
    knobs.section('Central manager');
    const several = this.props.centralManagers.length > 1;
    const elastic = this.elasticFleets.length > 0;
    const defragments = this.defragments(options);
    knobs.set('DAEMON_LIST', [
      'MASTER', CONFIG_WATCH, 'COLLECTOR', 'NEGOTIATOR', ...several ? HIGH_AVAILABILITY_DAEMONS : [], ...defragments ? [DEFRAGMENTATION_DAEMON] : [],
      ...clusters.map(collectorDaemon), ...elastic ? ['DEMAND'] : [],
    ]);
    knobs.set('COLLECTOR_NAME', `${this.node.id} of ${this.trustDomain}`);
    // it would write a certificate beside the configuration, which it can't
    knobs.set('COLLECTOR_BOOTSTRAP_SSL_CERTIFICATE', false);
    this.setNegotiatorInterval(knobs);
    knobs.set('COLLECTOR_UPDATE_INTERVAL', SOON);
    knobs.set('NEGOTIATOR_UPDATE_INTERVAL', SOON);
    // collectors look for ads that are too old only once in this time, whatever lifetime an ad has of its own
    knobs.set('CLASSAD_LIFETIME', FORGOTTEN);
    // and until they do, the slot of a job that is done would count for its user: such a slot is gone after one update that
    // it missed, a machine after three
    knobs.set('NEGOTIATOR_SLOT_CONSTRAINT', new Macro(`time() - LastHeardFrom < (ClassAdLifetime ?: ${FORGOTTEN.toSeconds()}) / ((DynamicSlot ?: false) ? 2 : 1)`));
    knobs.set('PRIORITY_HALFLIFE', this.props.priorityHalfLife ?? Duration.days(1));
    knobs.set('DEFAULT_PRIO_FACTOR', this.props.defaultPriorityFactor ?? 1000);
    separateClusters(knobs, clusters, port, POD_IP, this);
    if (this._memberSigningKeys) { clusters.forEach(cluster => trustMemberKey(knobs, cluster, this.tokenLifetimes.get(cluster))); }
    if (several) { setHighAvailability(knobs, this.collectors, `negotiator@${this.uidDomain}`, this.props.highAvailability ?? {}); }
    const { accountingGroups = [], quotaOversubscription, groupOrder } = this.props;
    knobs.report(...setAccountingGroups(knobs, 'accountingGroups', accountingGroups, { quotaOversubscription, groupOrder }));
    if (elastic) { setDemand(knobs, port); }
    setConcurrencyLimits(knobs, 'concurrencyLimits', this.props.concurrencyLimits ?? {});
    setRunningJobs(knobs, this.props.userLimits ?? {});
    knobs.report(...setNegotiatorPreemption(knobs, 'preemption', this._negotiation, accountingGroups.length > 0));
    if (defragments) { setDefragmentation(knobs, this.props.defragmentation!, this.uidDomain); }
    this.addExtraConfig(knobs);
    return knobs;
  }

  /** Whether other clusters reach an access point by the central manager's connection broker, as they reach machines. */
  private isBrokered(options: AccessPointOptions): boolean {
    return this.image.version._joinsPrivateNetworks && !isReachable(options);
  }

  private accessPointKnobs(options: AccessPointOptions): KnobSet {
    const { users, userLimits = {} } = this.props;
    const knobs = this.serverKnobs(options.address, options.port ?? COLLECTOR_PORT, this.collectors, users?.map(({ name }) => name));
    if (this.isBrokered(options)) {
      // a member's token is good at the member's own collector, so that is where its machines ask for the access point
      const brokers = [...this.collectors, ...this._clusters.flatMap(cluster => this.collectorsOf(cluster))];
      knobs.set('CCB_ADDRESS', new Macro(brokers.join(', ')));
      knobs.set('CCB_HEARTBEAT_INTERVAL', BROKER_HEARTBEAT);
    }
    knobs.section('Access point');
    knobs.set('DAEMON_LIST', ['MASTER', CONFIG_WATCH, 'SCHEDD']);
    // with an '@' it is taken as it is: the name outlives the pod
    knobs.set('SCHEDD_NAME', `${options.name}@${this.uidDomain}`);
    knobs.set('FILESYSTEM_DOMAIN', `${options.name}.${this.uidDomain}`);
    knobs.set('MAX_JOBS_RUNNING', options.maxJobsRunning ?? 2000);
    // after a central manager or a link was away, it is known again and finds its jobs again this soon
    knobs.set('SCHEDD_INTERVAL', SOON);
    knobs.set('RECONNECT_BACKOFF_CEILING', SOON);
    if (options.maxJobsQueued !== undefined) { knobs.set('MAX_JOBS_SUBMITTED', options.maxJobsQueued); }
    knobs.report(...setJobDefaults(knobs, this.props.jobDefaults ?? {}));
    if (options.parallelUniverse ?? this.parallelAccessPoints.has(options.name)) {
      setDedicatedScheduler(knobs, { uidDomain: this.uidDomain, negotiatorInterval: this._negotiation.interval });
      admitParallelNodes(knobs, this);
    }
    setUserLimits(knobs, userLimits);
    setJobAdmission(knobs, users, userLimits);
    this.addExtraConfig(knobs);
    return knobs;
  }

  private setNegotiatorInterval(knobs: KnobSet): void {
    const { interval } = this._negotiation;
    const { extraConfig = {} } = this.props;
    knobs.set('NEGOTIATOR_INTERVAL', interval);
    if (interval.toSeconds() < CYCLE_DELAY.toSeconds() && !Object.keys(extraConfig).some(name => /^NEGOTIATOR_CYCLE_DELAY$/i.test(name))) {
      knobs.set('NEGOTIATOR_CYCLE_DELAY', Math.floor(interval.toSeconds() / 2));
    }
  }

  /** The clusters of execution points: those of the fleets, and those that are named. */
  private allClusters(): string[] {
    return [...new Set([...this.fleets.flatMap(clusters => clusters()), ...this.props.executionClusters ?? []])];
  }

  /**
   * The clusters whose execution points join.
   *
   * @internal
   */
  public get _clusters(): string[] {
    return this.allClusters().filter(cluster => !this.revoked.has(cluster));
  }

  /** What is counted for, in the order in which it is filled: the cheapest first. */
  private demand(): DemandOrder[] {
    const clusters = new Set(this._clusters);
    return this.elasticFleets.flatMap(orders => orders()).filter(({ cluster }) => clusters.has(cluster)).sort((one, other) => one.cost - other.cost);
  }

  private addExtraConfig(knobs: KnobSet): void {
    knobs.extra('extraConfig', this.props.extraConfig ?? {});
  }

  private servers(): { name: string; address: string; port?: number; exposure?: ServiceExposure }[] {
    return [
      ...this.props.centralManagers.map(options => ({ ...options, name: options.name ?? 'cm' })),
      ...this.props.accessPoints,
    ];
  }

  /**
   * What is wrong with the pool.
   *
   * @internal
   */
  public _problems(): string[] {
    const { props } = this;
    const problems = [
      ...domainProblems('trustDomain', this.trustDomain),
      ...domainProblems('uidDomain', this.uidDomain),
      ...this.image._problems(),
    ];
    if (!isDnsLabel(this.node.id, 40)) { problems.push(problem('id', this.node.id, 'a DNS label of at most 40 characters')); }
    if (props.centralManagers.length === 0) { problems.push(problem('centralManagers', [], 'at least one')); }
    problems.push(...highAvailabilityProblems(props.centralManagers, props.highAvailability, props.extraConfig ?? {}));
    if (props.accessPoints.length === 0) { problems.push(problem('accessPoints', [], 'at least one')); }
    if (props.defragmentation) { problems.push(...defragmentationProblems(props.defragmentation, this.allClusters())); }
    problems.push(...this.serverProblems('centralManagers', props.centralManagers.map(options => ({ ...options, name: options.name ?? 'cm' }))));
    problems.push(...this.serverProblems('accessPoints', props.accessPoints));
    problems.push(...this.uniqueness());
    for (const cluster of props.executionClusters ?? []) {
      if (!isDnsLabel(cluster)) { problems.push(problem('executionClusters', cluster, 'names of clusters: DNS labels')); }
    }
    for (const cluster of [...this.revoked].filter(each => !this.allClusters().includes(each))) {
      problems.push(problem('revoke', cluster, `clusters of the pool's execution points: ${this.allClusters().join(', ') || 'none'}`));
    }
    problems.push(...durationProblems('negotiatorInterval', props.negotiatorInterval, 5));
    problems.push(...durationProblems('priorityHalfLife', props.priorityHalfLife, 1));
    if ((props.defaultPriorityFactor ?? 1) < 1) { problems.push(problem('defaultPriorityFactor', props.defaultPriorityFactor, 'a number from 1')); }
    for (const administrator of props.administrators ?? []) {
      if (!/^[^\s,@*]+@[^\s,@*]+$/.test(administrator)) { problems.push(problem('administrators', administrator, 'identities, user@domain, without wildcards')); }
    }
    // the shadow of a job that was submitted with a token of another domain may not write its queue entry
    if (props.users && this.uidDomain !== this.trustDomain) { problems.push(problem('uidDomain', this.uidDomain, `with users the trustDomain, ${this.trustDomain}`)); }
    if (props.users?.length === 0) { problems.push(problem('users', [], 'at least one')); }
    problems.push(...userProblems('users', props.users ?? [], (props.accountingGroups ?? []).map(({ name }) => name), this.image.uid));
    problems.push(...sciTokenProblems('users', props.users ?? []));
    problems.push(...userLimitProblems('userLimits', props.userLimits ?? {}, props.users ?? []));
    const causes = [
      ...props.centralManagers.flatMap(options => this.centralManagerConfiguration(options).causes),
      ...props.accessPoints.flatMap(options => this.accessPointKnobs(options).causes()),
    ];
    // what is wrong with a knob follows from what is wrong with a property, unless nothing is
    const ofKnobs = [...new Set(causes)];
    return [...problems, ...problems.length > 0 ? ofKnobs.filter(isGiven) : ofKnobs];
  }

  private serverProblems(property: string, servers: AccessPointOptions[]): string[] {
    return servers.flatMap((server, index) => {
      const where = `${property}[${index}]`;
      const port = server.port ?? COLLECTOR_PORT;
      const problems = [
        ...addressProblems(`${where}.address`, server.address),
        ...portProblems(`${where}.port`, port),
        ...(server.exposure?._problems(where, port) ?? []),
      ];
      if (!isDnsLabel(server.name, 20)) { problems.push(problem(`${where}.name`, server.name, 'a DNS label of at most 20 characters')); }
      for (const [size, given] of [['spoolSize', server.spoolSize], ['homeSize', server.homeSize]] as const) {
        if (given && given.toMebibytes() < 64) { problems.push(problem(`${where}.${size}`, `${given.toMebibytes()} MiB`, 'at least 64 MiB')); }
      }
      for (const [jobs, given] of [['maxJobsRunning', server.maxJobsRunning], ['maxJobsQueued', server.maxJobsQueued]] as const) {
        if (given !== undefined && !(Number.isInteger(given) && given >= 1)) { problems.push(problem(`${where}.${jobs}`, given, 'a whole number from 1')); }
      }
      return problems;
    });
  }

  /** Two servers can share neither a name nor, where it is one node's, a port. */
  private uniqueness(): string[] {
    const problems: string[] = [];
    const seen = new Map<string, string>();
    for (const { name, address, port = COLLECTOR_PORT, exposure } of this.servers()) {
      const claims = [`name ${name}`, `address ${address}:${port}`, ...(exposure?.serviceType === 'NodePort' ? [`node port ${port}`] : [])];
      for (const claim of claims) {
        if (seen.has(claim)) {
          problems.push(`centralManagers and accessPoints: ${claim} is given to both ${seen.get(claim)} and ${name}; each has its own`);
        }
        seen.set(claim, name);
      }
    }
    return problems;
  }
}

/** Whether other clusters reach a server at its address. */
function isReachable({ address, exposure }: Pick<AccessPointOptions, 'address' | 'exposure'>): boolean {
  return !onlyInside(address) && (exposure ?? ServiceExposure.loadBalancer()).reachableFromOutside;
}

/** The text, and what of it and of what else there is takes a new pod to change. */
function written(knobs: KnobSet, others: readonly string[] = []): ServerConfiguration {
  return { text: withDigest(knobs.draft()), fixed: [...knobs.lines(knob => !isLive(knob)), ...others] };
}

function durationProblems(property: string, duration: Duration | undefined, seconds: number): string[] {
  return duration === undefined || duration.toSeconds() >= seconds ? [] : [problem(property, `${duration.toSeconds()} s`, `at least ${seconds} s`)];
}

import { ApiObject, Chart, Duration, Lazy, Size } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { capacityEnvironment, capacityProblems, capacityRequirements } from './capacity';
import { ClassAdExpression } from './classad';
import { CloudMetadata, egressPeers, metadataScript } from './cloud-metadata';
import { CondorHost } from './condor-host';
import { isGiven } from './config';
import { APPTAINER_FILE, containerFiles, containerProblems, containerSeccomp } from './container-jobs';
import { CONFIG_DIGEST, Credential, DAEMON_CONTAINER, daemonPodSpec } from './daemon-pod';
import { gracePeriodSeconds } from './drain';
import { ExecuteDirectory } from './execute-directory';
import { fileSystemClashes, fileSystemProblems, fileSystemsFile } from './file-system';
import { Elasticity, fleetKnobs, FleetSettings, lateMemberKnobs, memberKnobs } from './fleet-config';
import { httpProxyEnvironment, httpProxyFile, httpProxyProblems } from './http-proxy';
import { CondorImage } from './image';
import { MemoryExceeded } from './job-memory';
import { digestOf, isLiveInStartd, WATCH_FILE, WATCH_SCRIPT, withDigest } from './live-configuration';
import { drainProblems } from './negotiator-preemption';
import { parallelUniverseProblems } from './parallel-universe';
import { CLUSTER_NAME_VARIABLE, MEMBER_CONFIG_FILE, PATHS, POD_NAME_VARIABLE, ROOT_CONFIG_FILE } from './paths';
import { startdProbes, StartdLiveness } from './probes';
import { reachabilityProblems } from './reachability';
import { RunMode } from './run-mode';
import { overlapping, schedulingSpec } from './scheduling';
import { CLEANUP, CLEANUP_ENVIRONMENT, CLEANUP_SCRIPT, hasSlotUsers, slotUserProblems } from './slot-users';
import { StartdFleetProps, StartdMemberOptions } from './startd-fleet-props';
import { startdPolicyProblems } from './startd-policy';
import { Cluster } from '../federation/cluster';
import { FederatedCluster } from '../federation/federated-cluster';
import { Federation } from '../federation/federation';
import { isDnsLabel } from '../federation/names';
import { Operation } from '../federation/patch';
import { Placement } from '../federation/placement';
import { problem } from '../problem';
import { CLUSTER_IDENTITY } from '../workload/cluster-identity';
import { PodSecurityLevel, WorkloadNamespace } from '../workload/namespace';
import { SecretReference } from '../workload/secret-reference';

/** The fleets of a program, to see which of them meet on a node. */
const fleetsOf = new WeakMap<IConstruct, StartdFleet[]>();

/** What a startd needs of root to run jobs as other users, and nothing else. */
const STARTD_CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'KILL', 'SETGID', 'SETUID'];

/** Of several execution points on one node each must have a name of its own. */
const POD_NAME = [{ name: POD_NAME_VARIABLE, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }];

/** What a fleet takes of the node's ports unless told otherwise. */
const NODE_PORTS = { low: 9700, high: 9899 };

/**
 * What the workload of a fleet is made of.
 *
 * @internal
 */
export interface WorkloadParts {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels: { [label: string]: string } };
  readonly selector: { [label: string]: string };
  /** The template of its pods. */
  readonly template: object;
}

/**
 * Execution points of an HTCondor pool: one startd on each node that it selects, as a DaemonSet.
 *
 * In a chart it is an ordinary DaemonSet; on a `Federation` it spans the members, and each member tells
 * the truth about itself. Machines are named `<node>@<id>.<cluster>`, so that equal node names in two
 * clusters are two machines, and the pool lets a cluster's token advertise that cluster's machines only.
 *
 * A change of the configuration or the pods never kills jobs by itself: pods are replaced when they are
 * deleted (`OnDelete`). A changed configuration is read again as soon as Kubernetes has brought it to the pods; in
 * `RunMode.CONDOR_STARTD` on `condor_reconfig -startd`.
 */
export class StartdFleet extends Construct {
  /** The image. */
  public readonly image: CondorImage;

  /** The namespace of the fleet. */
  public readonly namespace: string;

  /** The DaemonSet, for patches and overrides of what the properties don't reach. Of an `ElasticStartdFleet` it is the ScaledJob. */
  public readonly daemonSet: ApiObject;

  private readonly props: StartdFleetProps;

  private readonly ofMembers = new Map<FederatedCluster, StartdMemberOptions>();

  private readonly rootFiles = new Map<CondorImage, string>();

  /**
   * @param scope a federation or a placement in it, a cluster, or any chart
   * @param id the fleet's name: it starts the names of its objects, and is part of its machines' names
   * @param props the pool, and what the machines offer
   */
  public constructor(scope: Construct, id: string, props: StartdFleetProps) {
    super(scope, id);
    fleetsOf.set(this.node.root, [...fleetsOf.get(this.node.root) ?? [], this]);
    this.props = props;
    this.image = props.image ?? props.pool.image;
    this.namespace = props.namespace ?? Chart.of(this).namespace ?? 'condor';
    WorkloadNamespace.of(this, this.namespace).admit(this, this.podSecurityLevel());

    const selector = { 'app.kubernetes.io/name': 'htcondor', 'app.kubernetes.io/instance': id };
    const labels = { ...selector, 'app.kubernetes.io/component': 'execution-point' };
    const metadata = { name: id, namespace: this.namespace, labels };
    new ApiObject(this, 'ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false });
    const configMap = new ApiObject(this, 'ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: Lazy.any({ produce: () => this.files() }) });
    const template = {
      metadata: { labels, annotations: Lazy.any({ produce: () => ({ ...this.templateAnnotations(), ...this._podAnnotations() }) }) },
      spec: Lazy.any({ produce: () => ({ ...this.podSpec(), ...this._podFields() }) }),
    };
    this.daemonSet = this._workload({ metadata, selector, template });
    if (this.hasNetworkPolicy) { this.addNetworkPolicy(metadata, selector); }

    this.declareClaims(labels);
    if (CondorHost.isCondorHost(props.pool)) {
      props.pool._executionClusters.admit(() => this._clusters);
      if (props.parallelUniverse) { props.pool._executionClusters.serveParallelJobs(props.parallelUniverse.accessPoint); }
    }
    const federation = Federation.tryOf(this);
    federation?._vary(configMap, `${id}.on`, member => [
      { op: 'add', path: `/data/${MEMBER_CONFIG_FILE}`, value: this.memberFile(member.node.id, this.ofMembers.get(member)) },
      ...Object.entries(httpProxyFile(this.ofMembers.get(member)?.httpProxy)).map(([key, value]): Operation => ({ op: 'add', path: `/data/${key}`, value })),
      ...this.ofMembers.get(member)?.image ? [{ op: 'replace' as const, path: `/data/${ROOT_CONFIG_FILE}`, value: this.rootFile(this.ofMembers.get(member)) }] : [],
    ]);
    // what an override of the fleet changes
    this.node.defaultChild = this.daemonSet;
    federation?._vary(this.daemonSet, `${id}.on`, member => this.podOperations(member));
    this.node.addValidation({ validate: () => this.problems() });
  }

  /**
   * What a member's execution points do otherwise. It is data in the member's configuration: the pods of
   * other members, and running jobs, are left alone.
   *
   * Refused at synth: a cluster that the fleet doesn't reach, and all that the fleet's own properties refuse.
   *
   * @param member a member of the federation that the fleet stands in
   * @param options what is different there; a second call adds to the first
   */
  public on(member: FederatedCluster, options: StartdMemberOptions): void {
    const before = this.ofMembers.get(member);
    this.ofMembers.set(member, { ...before, ...options, attributes: { ...before?.attributes, ...options.attributes } });
    this.rootFiles.clear();
  }

  /**
   * Lets a member run out before it leaves: its machines take no new job (`START` is `False`), and running jobs go on to their end.
   * They hear of it in a minute or two. When `condor_status -claimed` shows none of its slots, the member can be taken out of the program.
   *
   * @param member a member of the federation that the fleet stands in
   */
  public retire(member: FederatedCluster): void {
    this.on(member, { start: ClassAdExpression.boolean(false) });
  }

  /**
   * What the fleet was told, for what stands beside it.
   *
   * @internal
   */
  public get _props(): StartdFleetProps {
    return this.props;
  }

  /**
   * What its pods are, with patches.
   *
   * @internal
   */
  public get _podSpec(): any {
    const { spec } = this.daemonSet.toJson();
    return (spec.jobTargetRef ?? spec).template.spec;
  }

  /**
   * The Secret of each member that holds the token.
   *
   * @internal
   */
  public get _token(): Required<SecretReference> {
    const { secretName = `${this.node.id}-token`, key = 'token' } = this.props.token ?? {};
    return { secretName, key };
  }

  /**
   * The members that the fleet reaches; none where it doesn't stand in a federation.
   *
   * @internal
   */
  public get _members(): FederatedCluster[] {
    const selector = Placement.tryOf(this)?.clusters;
    return (Federation.tryOf(this)?.members ?? []).filter(member => selector?.selects(member) ?? true);
  }

  /**
   * What a machine offers, in a member if there is one.
   *
   * @internal
   */
  public _offer(member?: FederatedCluster): StartdMemberOptions {
    const { cpus, memory, start, attributes } = this.props;
    const own = member && this.ofMembers.get(member);
    return {
      cpus: own?.cpus ?? cpus, memory: own?.memory ?? memory, start: own?.start ?? start, attributes: { ...attributes, ...own?.attributes },
    };
  }

  /**
   * How machines come and leave, where they do.
   *
   * @internal
   */
  public get _elasticity(): Elasticity | undefined {
    return undefined;
  }

  /**
   * What makes the pods.
   *
   * @internal
   */
  protected _workload({ metadata, selector, template }: WorkloadParts): ApiObject {
    return new ApiObject(this, 'DaemonSet', {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata,
      spec: {
        selector: { matchLabels: selector },
        updateStrategy: { type: 'OnDelete' },
        template,
      },
    });
  }

  /**
   * Annotations of its pods besides the digest of the configuration.
   *
   * @internal
   */
  protected _podAnnotations(): { [name: string]: string } {
    return {};
  }

  /**
   * What its pods are besides.
   *
   * @internal
   */
  protected _podFields(): object {
    return {};
  }

  /**
   * Where the workload has the template of its pods.
   *
   * @internal
   */
  protected _podTemplatePath(): string {
    return '/spec/template';
  }

  /**
   * Files beside the configuration.
   *
   * @internal
   */
  protected _files(): { [file: string]: string } {
    return {};
  }

  /** @internal */
  protected get _credential(): Credential {
    return { volume: 'token', secret: this._token, defaultKey: 'token', file: 'token', directory: PATHS.tokens };
  }

  private get hasNetworkPolicy(): boolean {
    return this.props.networkPolicy ?? !this.props.hostNetwork;
  }

  private get cloudMetadata(): CloudMetadata {
    return this.props.cloudMetadata ?? (this.props.hostNetwork ? CloudMetadata.ROUTING_RULES : CloudMetadata.NETWORK_POLICY);
  }

  private get settings(): FleetSettings {
    return this.settingsOf({});
  }

  /** The fleet's settings with a member's image. */
  private settingsOf({ image = this.image }: StartdMemberOptions): FleetSettings {
    const { props } = this;
    return {
      name: this.node.id,
      elasticity: this._elasticity,
      pool: props.pool,
      image,
      runMode: props.runMode ?? RunMode.CONDOR_MASTER,
      rootless: props.rootless ?? false,
      lowPort: props.lowPort ?? (props.hostNetwork ? NODE_PORTS.low : undefined),
      highPort: props.highPort ?? (props.hostNetwork ? NODE_PORTS.high : undefined),
      cpus: props.cpus,
      mostCpus: props.cpus && Math.max(props.cpus, ...[...this.ofMembers.values()].map(({ cpus = 0 }) => cpus)),
      memory: props.memory,
      memoryOverhead: props.memoryOverhead ?? Size.mebibytes(512),
      memoryExceeded: props.memoryExceeded ?? MemoryExceeded.IGNORE,
      gpus: props.gpus ?? 0,
      gpuJobsOnly: props.gpuJobsOnly ?? false,
      parallelUniverse: props.parallelUniverse,
      // that of a pool that stands elsewhere isn't known
      negotiatorInterval: CondorHost.isCondorHost(props.pool) ? props.pool._negotiation.interval : Duration.minutes(1),
      reservedDisk: props.reservedDisk ?? Size.gibibytes(1),
      attributes: props.attributes ?? {},
      slots: props.slots ?? [{ share: 1 }],
      policy: {
        start: props.start ?? ClassAdExpression.boolean(true),
        rank: props.rank ?? ClassAdExpression.integer(0),
        preempt: props.preempt ?? ClassAdExpression.boolean(false),
        wantVacate: props.wantVacate ?? ClassAdExpression.boolean(true),
        kill: props.kill ?? ClassAdExpression.boolean(false),
      },
      claimWorklife: props.claimWorklife ?? Duration.minutes(20),
      drain: {
        maxJobRetirement: props.maxJobRetirement ?? Duration.seconds(0),
        maxVacate: props.maxVacate ?? Duration.minutes(10),
        killingTimeout: props.killingTimeout ?? Duration.seconds(30),
        terminationGracePeriod: props.terminationGracePeriod,
      },
      heartbeat: props.heartbeat ?? Duration.minutes(2),
      updateInterval: props.updateInterval ?? Duration.seconds(30),
      fileSystems: props.fileSystems ?? [],
      httpProxy: props.httpProxy,
      containers: props.containers,
      extraConfig: props.extraConfig ?? {},
    };
  }

  /**
   * The HTTP proxy of a cluster's machines.
   *
   * @internal
   */
  public _httpProxyOf(cluster: string): string | undefined {
    const [, options] = [...this.ofMembers].find(([member]) => member.node.id === cluster) ?? [];
    return options?.httpProxy ?? this.props.httpProxy;
  }

  /**
   * The names of the clusters that the fleet reaches.
   *
   * @internal
   */
  public get _clusters(): string[] {
    return Federation.tryOf(this) ? this._members.map(({ node }) => node.id) : [this.clusterName()];
  }

  private clusterName(): string {
    return this.props.clusterName ?? Chart.of(this).node.id;
  }

  /** In a federation what is a member's own is added for each member that is known. */
  private files(): { [file: string]: string } {
    const { runMode } = this.settings;
    const files: { [file: string]: string } = {
      [ROOT_CONFIG_FILE]: this.rootFile(),
      ...hasSlotUsers(this.settings) && { [CLEANUP.file]: CLEANUP_SCRIPT },
      ...fileSystemsFile(this.settings.fileSystems),
      ...httpProxyFile(this.props.httpProxy),
      ...runMode === RunMode.CONDOR_MASTER && { [WATCH_FILE]: WATCH_SCRIPT },
      ...this._files(),
      ...containerFiles(this.props.containers),
    };
    const federation = Federation.tryOf(this);
    if (federation?.lateMembers) { return { ...files, [MEMBER_CONFIG_FILE]: this.withDigest(lateMemberKnobs(this.settings).draft()) }; }
    return federation ? files : { ...files, [MEMBER_CONFIG_FILE]: this.memberFile(this.clusterName()) };
  }

  /** It is the same for all of an image, and each member's digest asks for it. */
  private rootFile({ image = this.image }: StartdMemberOptions = {}): string {
    let text = this.rootFiles.get(image);
    if (text === undefined) {
      text = fleetKnobs(this.settingsOf({ image })).draft();
      this.rootFiles.set(image, text);
    }
    return text;
  }

  private memberFile(cluster: string, options: StartdMemberOptions = {}): string {
    return this.withDigest(memberKnobs(this.settingsOf(options), cluster, options).draft(), options);
  }

  /** The file that is read last tells which both are; without a master nobody would say it. */
  private withDigest(memberFile: string, options: StartdMemberOptions = {}): string {
    return this.settings.runMode === RunMode.CONDOR_MASTER ? withDigest(memberFile, this.rootFile(options)) : memberFile;
  }

  /** What takes a new pod to change: Kubernetes counts the pods that have it, and those that don't. */
  private templateAnnotations(options: StartdMemberOptions = {}): { [name: string]: string } {
    const live = isLiveInStartd(Object.keys(this.props.attributes ?? {}));
    return { [CONFIG_DIGEST]: digestOf(fleetKnobs(this.settingsOf(options)).lines(knob => !live(knob))) };
  }

  private podSpec(options: StartdMemberOptions = {}): object {
    const { props } = this;
    const settings = this.settingsOf(options);
    const master = settings.runMode === RunMode.CONDOR_MASTER;
    return daemonPodSpec({
      image: settings.image,
      command: [settings.image._sbin(master ? 'condor_master' : 'condor_startd'), '-f'],
      configMap: this.node.id,
      watchesConfiguration: master,
      credentials: [this._credential],
      renewCredentials: true,
      mounted: settings.fileSystems.map(each => ({ volume: each._volume(this.node.id), mount: each._mount })),
      directories: [{ volume: 'execute', path: PATHS.execute, source: (props.executeDirectory ?? ExecuteDirectory.emptyDir())._volumeSource }],
      programs: hasSlotUsers(settings) ? [CLEANUP] : [],
      placedFiles: props.containers ? [APPTAINER_FILE] : [],
      rootCapabilities: props.rootless ? undefined : STARTD_CAPABILITIES,
      seccompProfile: containerSeccomp(props.containers),
      privileged: props.privileged,
      hostNetwork: props.hostNetwork,
      before: this.cloudMetadata === CloudMetadata.ROUTING_RULES
        ? { name: 'metadata', script: metadataScript(settings.image, props.rootless ?? false), capability: 'NET_ADMIN' } : undefined,
      environment: [
        ...capacityEnvironment(DAEMON_CONTAINER), ...hasSlotUsers(settings) ? CLEANUP_ENVIRONMENT : [],
        ...this.proxyEnvironment(), ...this.lateEnvironment(), ...settings.elasticity ? POD_NAME : [],
      ],
      probes: startdProbes(props.liveness ?? StartdLiveness.STARTD_ANSWERS),
      resources: this.requirements(),
      serviceAccount: this.node.id,
      terminationGracePeriodSeconds: gracePeriodSeconds(settings.drain),
      scheduling: schedulingSpec(props),
      imagePullSecrets: props.imagePullSecrets,
    });
  }

  private proxyEnvironment(): object[] {
    const proxies = [this.props, ...this.ofMembers.values()].filter(({ httpProxy }) => httpProxy !== undefined);
    return proxies.length > 0 ? httpProxyEnvironment(this.node.id) : [];
  }

  /** A late member's pods ask the cluster for its name, and wait until it has one; the others are told by the federation. */
  private lateEnvironment(): object[] {
    const { configMap: name, key } = CLUSTER_IDENTITY;
    return Federation.tryOf(this)?.lateMembers ? [{ name: CLUSTER_NAME_VARIABLE, valueFrom: { configMapKeyRef: { name, key } } }] : [];
  }

  private requirements(options: StartdMemberOptions = {}): object {
    const { props } = this;
    return capacityRequirements({
      cpus: options.cpus ?? props.cpus,
      memory: options.memory ?? props.memory,
      memoryOverhead: this.settings.memoryOverhead,
      resources: props.resources ?? {},
      gpus: props.gpus,
      gpuResource: props.gpuResource ?? 'nvidia.com/gpu',
    });
  }

  /** What is different in the pods of a member that the program knows. */
  private podOperations(member: FederatedCluster): Operation[] {
    const options = this.ofMembers.get(member);
    const [image, requests] = [this.imageOperations(options), this.requestOperations(options)];
    if (this.lateEnvironment().length === 0) { return [...image, ...requests]; }
    const { containers: [{ env }] } = this.podSpec() as { containers: { env: { name: string }[] }[] };
    const late = `${this._podTemplatePath()}/spec/containers/0/env/${env.findIndex(({ name }) => name === CLUSTER_NAME_VARIABLE)}`;
    return [...image, { op: 'remove', path: late }, ...requests];
  }

  /** A member with another image has other users, paths and perhaps knobs in it. */
  private imageOperations(options: StartdMemberOptions = {}): Operation[] {
    if (!options.image) { return []; }
    const annotation = `${this._podTemplatePath()}/metadata/annotations/${CONFIG_DIGEST.replace('/', '~1')}`;
    return [
      { op: 'replace', path: annotation, value: this.templateAnnotations(options)[CONFIG_DIGEST] },
      { op: 'replace', path: `${this._podTemplatePath()}/spec`, value: { ...this.podSpec(options), ...this._podFields() } },
    ];
  }

  /** A member with other cores or memory than the fleet's asks its nodes for another part of them. */
  private requestOperations(options?: StartdMemberOptions): Operation[] {
    if (this.props.resources || !(options?.cpus ?? options?.memory)) { return []; }
    return [{ op: 'replace', path: `${this._podTemplatePath()}/spec/containers/0/resources`, value: this.requirements(options) }];
  }

  private podSecurityLevel(): PodSecurityLevel {
    const { privileged, hostNetwork, executeDirectory, fileSystems = [], rootless, containers } = this.props;
    const onHost = executeDirectory?.onHost || fileSystems.some(each => each.onHost);
    const unconfined = containers && containers.seccompProfile === undefined;
    const routed = this.cloudMetadata === CloudMetadata.ROUTING_RULES;
    if (privileged || hostNetwork || onHost || unconfined || routed) { return PodSecurityLevel.PRIVILEGED; }
    return rootless ? PodSecurityLevel.RESTRICTED : PodSecurityLevel.BASELINE;
  }

  private declareClaims(labels: { [label: string]: string }): void {
    for (const claim of (this.props.fileSystems ?? []).map(each => each._claimOf(this.node.id))) {
      if (!claim || this.node.tryFindChild(claim.name)) { continue; }
      new ApiObject(this, claim.name, {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: claim.name, namespace: this.namespace, labels },
        // CVMFS' driver doesn't look at the size, and Kubernetes wants one
        spec: { accessModes: ['ReadOnlyMany'], storageClassName: claim.storageClass, resources: { requests: { storage: '1Mi' } } },
      });
    }
  }

  private addNetworkPolicy(metadata: object, selector: object): void {
    new ApiObject(this, 'NetworkPolicy', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata,
      spec: {
        podSelector: { matchLabels: selector },
        policyTypes: ['Ingress', 'Egress'],
        // what calls from elsewhere comes through the connection broker, on connections that the pod has opened
        ingress: [{ from: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'htcondor' } } }] }],
        egress: [{ to: egressPeers(this.cloudMetadata) }],
      },
    });
  }

  private problems(): string[] {
    const { props, settings } = this;
    const problems: string[] = [];
    if (!isDnsLabel(this.node.id, 40)) { problems.push(problem('id', this.node.id, 'a DNS label of at most 40 characters')); }
    if (!Federation.tryOf(this) && !isDnsLabel(this.clusterName())) {
      problems.push(problem('clusterName', this.clusterName(), 'a DNS label of at most 63 characters'));
    }
    if (Federation.tryOf(this) && props.clusterName !== undefined) {
      problems.push(problem('clusterName', props.clusterName, 'nothing in a federation, where each member has its own name'));
    }
    if (props.rootless && !props.acceptJobsReadToken) {
      problems.push(problem('rootless', true, 'only with acceptJobsReadToken: jobs run as HTCondor\'s own user and can read the token'));
    }
    if (props.liveness === StartdLiveness.CONDOR_WHO && settings.runMode === RunMode.CONDOR_MASTER) {
      problems.push(problem('liveness', props.liveness, `${StartdLiveness.STARTD_ANSWERS} with runMode ${RunMode.CONDOR_MASTER}: condor_who hangs there `
        + 'when the link to the collector is down, and the kubelet would kill the node\'s jobs'));
    }
    problems.push(...slotUserProblems(settings, props.acceptJobsShareUser ?? false));
    if (props.rootless && props.privileged) { problems.push(problem('rootless', true, 'only without privileged')); }
    const images = [this.image, ...[...this.ofMembers.values()].flatMap(({ image }) => image ?? [])];
    if (this.cloudMetadata === CloudMetadata.ROUTING_RULES && images.some(({ iproute }) => !iproute)) {
      problems.push(problem('cloudMetadata', props.cloudMetadata, "OPEN, or images with iproute: without `ip` in them jobs would reach a cloud's metadata service"));
    }
    if (this.cloudMetadata === CloudMetadata.NETWORK_POLICY && (props.hostNetwork || !this.hasNetworkPolicy)) {
      problems.push(props.hostNetwork
        ? problem('cloudMetadata', props.cloudMetadata, 'ROUTING_RULES or OPEN: with hostNetwork no NetworkPolicy applies')
        : problem('networkPolicy', false, "only with cloudMetadata ROUTING_RULES or OPEN: jobs would reach a cloud's metadata service"));
    }
    if (this.isRemote()) { problems.push(...reachabilityProblems('pool', props.pool, this.image)); }
    problems.push(...this.image._problems(), ...(props.executeDirectory?._problems() ?? []));
    if (props.containers) { problems.push(...containerProblems(props.containers, props.privileged ?? false)); }
    problems.push(...capacityProblems('', { ...settings, resources: props.resources ?? {} }));
    problems.push(...fileSystemProblems(settings.fileSystems), ...fileSystemClashes('attributes', props.attributes, settings.fileSystems));
    problems.push(...httpProxyProblems('httpProxy', props.httpProxy));
    if (props.gpuJobsOnly && !props.gpus) { problems.push(problem('gpuJobsOnly', true, 'only with gpus')); }
    const pool = CondorHost.isCondorHost(props.pool) ? props.pool : undefined;
    if (props.parallelUniverse) { problems.push(...parallelUniverseProblems(props.parallelUniverse, pool?._accessPointNames)); }
    const negotiation = pool?._negotiation;
    problems.push(...startdPolicyProblems('', props, settings.policy, negotiation?.preemption));
    if (negotiation) { problems.push(...drainProblems(negotiation, settings.drain)); }
    const ofKnobs = [...fleetKnobs(settings).causes(), ...Federation.tryOf(this) ? [] : memberKnobs(settings, this.clusterName(), {}).causes()];
    // what is wrong with a knob follows from what is wrong with a property here or in the pool, unless nothing is
    const explained = ofKnobs.length > 0 && (problems.length > 0 || (CondorHost.isCondorHost(props.pool) && props.pool._problems().length > 0));
    problems.push(...explained ? ofKnobs.filter(isGiven) : ofKnobs);
    const members = new Set(this._members);
    for (const [member, options] of this.ofMembers) {
      if (!members.has(member)) {
        problems.push(problem('on', member.node.id, `members that the fleet reaches: ${[...members].map(({ node }) => node.id).join(', ') || 'none'}`));
        continue;
      }
      if (options.cpus !== undefined || options.memory !== undefined) {
        problems.push(...capacityProblems(`on(${member.node.id}).`, {
          ...settings,
          cpus: options.cpus,
          memory: options.memory,
          gpus: undefined,
          resources: options.memory ? props.resources ?? {} : { cpu: props.resources?.cpu },
        }));
      }
      problems.push(...httpProxyProblems(`on(${member.node.id}).httpProxy`, options.httpProxy));
      problems.push(...fileSystemClashes(`on(${member.node.id}).attributes`, options.attributes, settings.fileSystems));
      problems.push(...startdPolicyProblems(`on(${member.node.id}).`, options, { ...settings.policy, ...options }, negotiation?.preemption));
      problems.push(...memberKnobs(this.settingsOf(options), member.node.id, options).causes().filter(isGiven));
      if (options.image) {
        const ofMember = this.settingsOf(options);
        const ofImage = [
          ...options.image._problems(), ...fleetKnobs(ofMember).causes().filter(isGiven),
          ...slotUserProblems(ofMember, props.acceptJobsShareUser ?? false),
        ];
        problems.push(...ofImage.filter(each => !problems.includes(each)).map(each => `on(${member.node.id}).${each}`));
      }
    }
    return [...new Set([...problems, ...this.overlaps()])];
  }

  /** Whether the fleet stands in another cluster than the pool, as far as the program says. */
  private isRemote(): boolean {
    const { pool } = this.props;
    const cluster = Cluster.tryOf(this);
    if (Federation.tryOf(this)) { return true; }
    return cluster !== undefined && !(Construct.isConstruct(pool) && Cluster.tryOf(pool) === cluster);
  }

  /** Two fleets that may meet on one node must both say how much of it they take. */
  private overlaps(): string[] {
    const fleets = fleetsOf.get(this.node.root)!;
    return fleets.slice(fleets.indexOf(this) + 1).filter(other => this.meets(other)).map(other =>
      `nodeSelector: the fleets ${this.node.path} and ${other.node.path} may run on the same nodes, and would both offer all of them; `
      + 'allowed: node selectors that exclude each other, or cpus and memory stated for both');
  }

  private meets(other: StartdFleet): boolean {
    const stated = ({ props: { cpus, memory } }: StartdFleet) => cpus !== undefined && memory !== undefined;
    if (stated(this) && stated(other)) { return false; }
    const places = (fleet: StartdFleet): Chart[] => Federation.tryOf(fleet) ? fleet._members : [Chart.of(fleet)];
    return places(this).some(place => places(other).includes(place)) && overlapping(this.props.nodeSelector, other.props.nodeSelector);
  }
}

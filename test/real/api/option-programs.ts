import { App, Chart, Duration, Size } from 'cdk8s';
import { ContainerResources, Cpu } from 'cdk8s-plus-27';
import * as fc from 'fast-check';
import { addAlarms, ALARM_CHOICES, ALARM_VALUES, alarmOptionsOf, AlarmValues } from './alarm-options';
import { addMonitor, MONITOR_CHOICES, MONITOR_VALUES, monitorOptionsOf } from './monitor-options';
import { addReana, REANA_CHOICES, REANA_VALUES, reanaOptions, ReanaValues } from './reana-options';
import { addReanaServices, REANA_SERVICE_CHOICES, REANA_SERVICE_VALUES, reanaServiceOptionsOf, ReanaServiceValues } from './reana-service-options';
import { addRecast, RECAST_CHOICES, RECAST_VALUES, recastOptions, RecastValues } from './recast-options';
import { addWorkflowServer, WORKFLOW_SERVER_CHOICES, WORKFLOW_SERVER_VALUES, workflowServerOptionsOf, WorkflowServerValues } from './workflow-server-options';
import {
  AccessPointOptions, AccountingGroup, CentralManagerOptions, ClassAdExpression, CloudMetadata, Cluster, ClusterIdentity, ClusterProps,
  CondorExporter, CondorExporterProps, CondorHost, CondorHostProps, CondorImage, CondorPool, CondorVersion, ContainerJobs, CoreHourBudget,
  Defragmentation, DrainSchedule, ElasticMemberOptions, ElasticStartdFleet, ElasticStartdFleetProps, ExecuteDirectory, FederatedCluster, Federation,
  FileSystem, HighAvailabilityOptions, JobDefaults, JoinMode, LogAgent, LogBuffer, LogCollection, LogCollectionProps, LogStore, LogStoreProps,
  MemoryExceeded, Metrics, MetricsProps, Monitoring, NegotiatorPreemption, ParallelUniverse, PodLogs, PoolBackup, PoolBackupProps, PoolPreflight,
  PoolPreflightProps, PoolUser, PrometheusImage, PrometheusImageProps, RunMode, ScrapeTarget, ScrapeTargetProps, ServiceExposure, StartdFleet,
  StartdFleetProps, StartdLiveness, StartdMemberOptions, TokenAuthorization, TokenMint, TokenMintProps, TokenRoleOptions, UserLimits,
  UserPriorityPreemption, WorkflowMonitorProps,
} from '../../../src';

/** Values for every option of a construct: the compiler misses the ones that are not here. */
export type Choices<T> = { readonly [K in keyof Required<T>]: fc.Arbitrary<NonNullable<T[K]>> };

/** A program of one pool, and the options that it sets. */
export interface OptionProgram {
  /** What the objects' namespaces begin with: no other program of a sample has the same. */
  readonly name: string;
  /** The options it sets, as `Interface.option`. */
  readonly options: string[];
  /** Writes its files. A program that contradicts itself is refused, as any is. */
  synthesize(outdir: string): void;
}

const of = fc.constantFrom;

/** A REANA has many objects: one program in so many has one, another one an engine of Yadage, the others the page of workflows, and two the server. */
const PLATFORM_EVERY = 4;

/** Every NodePort of a cluster is another. */
const FIRST_NODE_PORT = 30000;

const RESOURCES: fc.Arbitrary<ContainerResources> = of(
  { cpu: { request: Cpu.millis(200), limit: Cpu.units(16) }, memory: { request: Size.gibibytes(1), limit: Size.gibibytes(64) } },
  { memory: { limit: Size.gibibytes(64) }, ephemeralStorage: { request: Size.gibibytes(1), limit: Size.gibibytes(8) } },
);
const LABELS = of<{ [key: string]: string }>({ 'node-role.example/batch': 'true' }, { 'topology.kubernetes.io/zone': 'eu-de-01' });
const POLICY = of(ClassAdExpression.boolean(true), ClassAdExpression.parse('TARGET.AcctGroup =?= "ATLAS"'));
const LONG_RUN = ClassAdExpression.parse('TotalJobRunTime > 86400');
const ATTRIBUTES = of<{ [name: string]: string | number | boolean }>({ CERNEnvironment: 'production', HasMPI: true }, { HEPSpec: 12.5, Rack: 7 });
const EXTRA = of<{ [knob: string]: string | number }>({ MAX_STARTD_LOG: 20000000 }, { STARTD_DEBUG: 'D_FULLDEBUG' });
const PULL_SECRETS = of<string[]>(['registry-login'], ['a', 'b']);

const clusterChoices: Choices<ClusterProps> = {
  context: of('admin@site', 'site'),
  provider: of('cern', 't-systems'),
  region: of('eu-de', 'meyrin'),
  zones: of(['eu-de-01', 'eu-de-02']),
  labels: LABELS,
  namespace: of('elsewhere'),
};

const EXPOSURES = of(
  ServiceExposure.loadBalancer(),
  ServiceExposure.loadBalancer({
    sourceRanges: ['192.0.2.0/24', '2001:db8::/32'], annotations: { 'service.example/flavour': 'small' }, loadBalancerClass: 'example.org/balancer',
  }),
  ServiceExposure.nodePort(),
  ServiceExposure.clusterInternal(),
);

const centralManagerChoices: Choices<CentralManagerOptions> = {
  name: of('cm', 'manager'),
  address: of('condor.cern.ch', '192.0.2.17'),
  port: of(9618, 9700),
  exposure: EXPOSURES,
  spoolSize: of(Size.gibibytes(2), Size.mebibytes(700)),
  storageClass: of('fast'),
  resources: RESOURCES,
  evictable: of(true, false),
};

const accessPointChoices: Choices<AccessPointOptions> = {
  name: of('ap1', 'submit'),
  address: of('ap1.cern.ch'),
  port: of(9618, 9700),
  exposure: EXPOSURES,
  spoolSize: of(Size.gibibytes(20)),
  homeSize: of(Size.gibibytes(3)),
  storageClass: of('fast'),
  resources: RESOURCES,
  maxJobsRunning: of(10, 20000),
  parallelUniverse: fc.boolean(),
  maxJobsQueued: of(1000, 200_000),
  evictable: of(true, false),
};

const jobDefaultChoices: Choices<JobDefaults> = {
  cpus: of(1, 2), memory: of(Size.gibibytes(2)), disk: of(Size.gibibytes(1)), lease: of(Duration.minutes(40)),
};

const preemptionChoices: Choices<NegotiatorPreemption> = {
  userPriority: of(
    UserPriorityPreemption.betweenUsers({ margin: 2, rank: ClassAdExpression.parse('-TotalJobRunTime') }), UserPriorityPreemption.betweenUsersAndGroups(),
    UserPriorityPreemption.betweenGroups(), UserPriorityPreemption.when(ClassAdExpression.parse('RemoteUserPrio > SubmitterUserPrio && RemoteGroup =?= SubmitterGroup')),
  ),
  considered: fc.boolean(),
  partitionableSlots: fc.boolean(),
  early: fc.boolean(),
};

const defragmentationChoices: Choices<Defragmentation> = {
  machinesPerHour: of(1, 7, 360),
  maxConcurrentDraining: of(4),
  maxWholeMachines: of(2),
  wholeMachine: of(ClassAdExpression.parse('Cpus == TotalSlotCpus && Cpus >= 8')),
  clusters: of(['elsewhere']),
  requirements: of(ClassAdExpression.parse('Datacenter =?= "meyrin"')),
  rank: of(ClassAdExpression.parse('-TotalCpus')),
  schedule: of(DrainSchedule.GRACEFUL, DrainSchedule.QUICK, DrainSchedule.FAST),
};

const parallelUniverseChoices: Choices<ParallelUniverse> = {
  accessPoint: of('ap1'),
  onlyParallel: fc.boolean(),
};

const highAvailabilityChoices: Choices<HighAvailabilityOptions> = {
  connectionTimeout: of(Duration.seconds(2)),
  replicationInterval: of(Duration.minutes(5)),
};

const userChoices: Choices<PoolUser> = {
  name: of('higgs', 'peter_h'), uid: of(20001, 1001), accountingGroups: of(['ATLAS']), tokenSubjects: of<{ [issuer: string]: string }>({ 'https://issuer.cern.ch:8443/': 'higgs@cern.ch' }),
};

const userLimitChoices: Choices<UserLimits> = {
  jobsInQueue: of(1000), jobsPerSubmission: of(500), runningJobs: of(50), schedulerJobs: of(5),
};

const IMAGES = of(
  CondorImage.debian(), CondorImage.official(),
  new CondorImage({
    reference: 'registry.example/htcondor@sha256:' + 'a'.repeat(64),
    version: CondorVersion.V25_0,
    pullPolicy: 'Always',
    slotUserPattern: 'job%d',
    slotUsers: 200,
    iproute: true,
  }),
);

const podLogsChoices: Choices<PodLogs> = { workflowAttribute: of('Workflow'), jobAttribute: of('Step') };

const hostChoices: Choices<CondorHostProps> = {
  trustDomain: of('cern.ch'),
  uidDomain: of('batch.cern.ch'),
  centralManagers: fc.tuple(optional(centralManagerChoices, 'address'), fc.boolean())
    .map(([one, two]) => two ? [{ name: 'first', ...one }, { name: 'standby', address: 'condor2.cern.ch' }] : [one]),
  accessPoints: fc.tuple(optional(accessPointChoices, 'name', 'address'), fc.boolean())
    .map(([one, two]) => two ? [one, { name: 'second', address: 'ap2.cern.ch' }] : [one]),
  accountingGroups: of(
    [AccountingGroup.share('ATLAS', 0.6, { priorityFactor: 10, acceptSurplus: true }), AccountingGroup.share('CMS', 0.4, { autoregroup: true })],
    [AccountingGroup.quota('ATLAS', 100), AccountingGroup.quota('ATLAS.prod', 60)],
  ),
  users: optional(userChoices, 'name', 'uid').map(user => [user, { name: 'peter-w', uid: 20002 }]),
  userLimits: optional(userLimitChoices),
  concurrencyLimits: of<{ [name: string]: number }>({ 'licence': 10, 'oracle.conditions': 200 }),
  quotaOversubscription: fc.boolean(),
  groupOrder: of(ClassAdExpression.parse('GroupResourcesInUse / GroupQuota')),
  // who considers nothing preempts nothing, and early is for machines' ranks alone
  preemption: optional(preemptionChoices).map(({ considered, ...drawn }): NegotiatorPreemption =>
    considered === false ? { considered } : drawn.early ? { considered, early: true } : { considered, ...drawn }),
  defragmentation: optional(defragmentationChoices, 'machinesPerHour'),
  podLogs: optional(podLogsChoices),
  signingKey: of({ secretName: 'pool-key', key: 'signing' }),
  memberSigningKeys: of(true),
  image: IMAGES,
  imagePullSecrets: PULL_SECRETS,
  namespace: of('pool'),
  negotiatorInterval: of(Duration.seconds(20), Duration.minutes(20)),
  priorityHalfLife: of(Duration.days(2)),
  defaultPriorityFactor: of(500),
  jobDefaults: optional(jobDefaultChoices),
  administrators: of(['admin@cern.ch']),
  highAvailability: optional(highAvailabilityChoices),
  executionClusters: of(['elsewhere']),
  networkPolicies: fc.boolean(),
  extraConfig: of<{ [knob: string]: string | number }>({ SCHEDD_DEBUG: 'D_FULLDEBUG' }, { MAX_NEGOTIATOR_LOG: 30000000 }),
};

const memberChoices: Choices<StartdMemberOptions> = {
  attributes: of<{ [name: string]: string }>({ Datacenter: 'otc-eu-de' }),
  cpus: of(2, 4),
  memory: of(Size.gibibytes(8)),
  start: POLICY,
  rank: of(ClassAdExpression.integer(3)),
  preempt: of(LONG_RUN),
  wantVacate: POLICY,
  kill: of(ClassAdExpression.boolean(false)),
  httpProxy: of('http://squid.otc.example:3128'),
  image: of(CondorImage.debian('registry.example/htcondor:next')),
};

const containerChoices: Choices<ContainerJobs> = {
  bind: of(['/cvmfs', '/eos:/data:ro']),
  defaultImage: of('/cvmfs/unpacked.cern.ch/image'),
  seccompProfile: of('profiles/apptainer.json'),
};

const fleetChoices: Choices<Omit<StartdFleetProps, 'pool'>> = {
  cpus: of(1, 8),
  memory: of(Size.mebibytes(22500)),
  memoryExceeded: of(MemoryExceeded.HOLD, MemoryExceeded.IGNORE),
  jobControlGroups: of(false),
  memoryOverhead: of(Size.gibibytes(1)),
  gpus: of(0, 2),
  gpuResource: of('amd.com/gpu'),
  gpuJobsOnly: of(true),
  reservedDisk: of(Size.gibibytes(4)),
  attributes: ATTRIBUTES,
  parallelUniverse: optional(parallelUniverseChoices, 'accessPoint'),
  slots: of([{ share: 0.5 }, { share: 0.25, count: 2, partitionable: false }], [{ share: 1 }]),
  start: POLICY,
  rank: of(ClassAdExpression.integer(1), ClassAdExpression.target('JobPrio')),
  preempt: of(LONG_RUN),
  wantVacate: POLICY,
  kill: of(ClassAdExpression.boolean(false)),
  claimWorklife: of(Duration.seconds(0), Duration.hours(1)),
  maxJobRetirement: of(Duration.hours(24), Duration.minutes(20)),
  maxVacate: of(Duration.minutes(2)),
  killingTimeout: of(Duration.seconds(20)),
  terminationGracePeriod: of(Duration.days(2)),
  runMode: of(RunMode.CONDOR_MASTER, RunMode.CONDOR_STARTD),
  hostNetwork: fc.boolean(),
  cloudMetadata: of(CloudMetadata.NETWORK_POLICY, CloudMetadata.ROUTING_RULES, CloudMetadata.OPEN),
  lowPort: of(9700, 20000),
  highPort: of(9899, 20999),
  privileged: fc.boolean(),
  rootless: fc.boolean(),
  acceptJobsReadToken: of(true),
  acceptJobsShareUser: of(true),
  liveness: of(StartdLiveness.STARTD_ANSWERS, StartdLiveness.CONDOR_WHO),
  nodeSelector: LABELS,
  tolerations: of([{}], [{ key: 'batch', value: 'only', effect: 'NoSchedule' }, { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }]),
  priorityClassName: of('batch'),
  resources: RESOURCES,
  executeDirectory: of(ExecuteDirectory.emptyDir(), ExecuteDirectory.emptyDir(Size.gibibytes(50)), ExecuteDirectory.hostPath('/scratch/condor'),
    ExecuteDirectory.ephemeralVolume(Size.gibibytes(100)), ExecuteDirectory.ephemeralVolume(Size.gibibytes(100), 'fast')),
  fileSystems: of(
    [FileSystem.cvmfs(['atlas.cern.ch', 'sft-nightlies.cern.ch']), FileSystem.hostPath('EOS', '/var/eos', { mountPath: '/eos', readOnly: false, contains: ['lhcb', 'user/a b'] })],
    [FileSystem.cvmfs(['cms.cern.ch'], { storageClass: 'cvmfs' }), FileSystem.claim('CephFS', 'shared', '/shared', { readOnly: false })],
    [FileSystem.cvmfs(['cms.cern.ch'], { claimName: 'cvmfs' })], [FileSystem.cvmfs(['cms.cern.ch'], { hostPath: '/var/lib/cvmfs-k8s' })],
  ),
  httpProxy: of('http://squid.cern.ch:3128'),
  containers: optional(containerChoices),
  token: of({ secretName: 'machine-token', key: 'idtoken' }),
  clusterName: of('somewhere'),
  heartbeat: of(Duration.minutes(1)),
  updateInterval: of(Duration.minutes(1)),
  image: IMAGES,
  imagePullSecrets: PULL_SECRETS,
  namespace: of('machines'),
  networkPolicy: fc.boolean(),
  podLogs: optional(podLogsChoices),
  extraConfig: EXTRA,
};

/** What is an elastic fleet's own, in nodes where no other fleet is. */
type ElasticOptions = Omit<ElasticStartdFleetProps, keyof StartdFleetProps>;
const elasticChoices: Choices<ElasticOptions> = {
  maxExecutionPoints: of(1, 200),
  threshold: of(1, 50),
  patience: of(Duration.minutes(10)),
  cost: of(0, 9),
  idleShutdown: of(Duration.minutes(1), Duration.hours(1)),
  pollingInterval: of(Duration.seconds(10)),
  lifetime: of(Duration.hours(6), Duration.days(3)),
  budget: of(CoreHourBudget.perDay(10_000), CoreHourBudget.perYear(500_000)),
  kedaNamespace: of('autoscaling'),
};
const elasticMemberChoices: Choices<ElasticMemberOptions> = {
  maxExecutionPoints: of(2, 100), threshold: of(10), patience: of(Duration.hours(1)), cost: of(3), budget: of(CoreHourBudget.perMonth(20_000)),
};
const ELASTIC_NODES = { 'node-role.example/batch': 'false', 'topology.kubernetes.io/zone': 'eu-de-02' };

const preflightChoices: Choices<Omit<PoolPreflightProps, 'fleet'>> = {
  accessPoints: of(['ap1.cern.ch', '192.0.2.18:9700']),
  maxClockSkew: of(Duration.seconds(20)),
  timeout: of(Duration.seconds(10)),
  ttlAfterFinished: of(Duration.hours(1)),
};

const mintChoices: Choices<Omit<TokenMintProps, 'pool'>> = {
  lifetime: of(Duration.days(14)),
  interval: of(Duration.minutes(15), Duration.hours(8), Duration.days(7)),
  apiServer: of('https://kubernetes.cern.ch', 'https://192.0.2.19:6443'),
  caBundle: of('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
  networkPolicies: fc.boolean(),
};

const roleChoices: Choices<TokenRoleOptions> = {
  identity: of('monitoring@cern.ch'),
  authorizations: of([TokenAuthorization.READ], [TokenAuthorization.READ, TokenAuthorization.WRITE, TokenAuthorization.ADMINISTRATOR]),
  namespace: of('portal'),
  secret: of({ secretName: 'pool' }, { secretName: 'pool', key: 'token-of-monitoring' }),
};

/** Some of the options, and all of those that are named. */
function optional<T extends object>(choices: Choices<T>, ...always: (keyof T & string)[]): fc.Arbitrary<T> {
  return fc.record(choices, { requiredKeys: always as never[] }) as unknown as fc.Arbitrary<T>;
}

interface Values {
  readonly cluster: ClusterProps;
  readonly host: CondorHostProps;
  readonly fleet: Omit<StartdFleetProps, 'pool'>;
  readonly member: StartdMemberOptions;
  readonly elastic: ElasticOptions;
  readonly elasticMember: ElasticMemberOptions;
  readonly preflight: Omit<PoolPreflightProps, 'fleet'>;
  readonly mint: Omit<TokenMintProps, 'pool'>;
  readonly backup: Omit<PoolBackupProps, 'pool'>;
  readonly role: TokenRoleOptions;
  readonly logStore: Omit<LogStoreProps, 'writers'>;
  readonly logCollection: Omit<LogCollectionProps, 'store'>;
  readonly alarms: AlarmValues;
  readonly exporter: Omit<CondorExporterProps, 'pool'>;
  readonly metrics: MetricsOptions;
  readonly prometheus: PrometheusImageProps;
  readonly target: ScrapeTargetProps;
  readonly reana: ReanaServiceValues;
  readonly joinMode: JoinMode;
  /** Whether the fleet stands in a federation, or in a chart of a program that has no pool. */
  readonly federated: boolean;
}

const backupChoices: Choices<Omit<PoolBackupProps, 'pool'>> = {
  interval: of(Duration.minutes(30), Duration.days(1)),
  keep: of(1, 48),
  claimName: of('copies'),
  size: of(Size.gibibytes(1)),
  storageClass: of('nfs'),
};

const logStoreChoices: Choices<Omit<LogStoreProps, 'writers'>> = {
  address: of('logs.cern.ch'),
  certificate: of({ secretName: 'store-certificate' }),
  retention: of(Duration.days(1), Duration.days(400)),
  storage: of(Size.gibibytes(100)),
  maxDiskUsage: of(Size.gibibytes(10)),
  dailyVolume: of(Size.mebibytes(20)),
  storageClass: of('fast'),
  exposure: of(ServiceExposure.loadBalancer(), ServiceExposure.clusterInternal()),
  namespace: of('store'),
  image: of('registry.example/victoria-logs:v1.52.1'),
  gatewayImage: of('registry.example/collector:0.149.0'),
  resources: RESOURCES,
  imagePullSecrets: PULL_SECRETS,
};
const logCollectionChoices: Choices<Omit<LogCollectionProps, 'store'>> = {
  agent: of(LogAgent.OPEN_TELEMETRY_COLLECTOR, LogAgent.FLUENT_BIT),
  deadLetters: fc.boolean(),
  certificate: of({ secretName: 'agent-certificate' }),
  labels: of<{ [label: string]: string }>({}, { 'app.example/run': 'workflow', 'job-name': 'job' }),
  buffer: of(
    LogBuffer.onNode(), LogBuffer.onNode({ size: Size.gibibytes(1), disk: Size.gibibytes(2), path: '/var/lib/agent' }), LogBuffer.ephemeralVolume(),
    LogBuffer.ephemeralVolume({ disk: Size.gibibytes(9), storageClass: 'fast' }),
  ),
  namespaces: of(['reana', 'condor']),
  excludedNamespaces: of(['kube-system']),
  namespace: of('agents'),
  clusterName: of('somewhere'),
  image: of('registry.example/collector:0.149.0'),
  resources: RESOURCES,
  nodeSelector: LABELS,
  imagePullSecrets: PULL_SECRETS,
};

const exporterChoices: Choices<Omit<CondorExporterProps, 'pool'>> = {
  token: of({ secretName: 'tokens.metrics', key: 'token' }),
  interval: of(Duration.seconds(10), Duration.minutes(2)),
  runHistory: of(Size.mebibytes(64)),
  storageClass: of('fast'),
  monitoringNamespace: of('watch'),
  networkPolicy: fc.boolean(),
  resources: RESOURCES,
};

const prometheusImageChoices: Choices<PrometheusImageProps> = {
  reference: of('registry.example/prometheus@sha256:' + 'b'.repeat(64)), majorVersion: of(2, 3), program: of('/usr/bin/prometheus'),
};

/** Who reads, besides the federation and the way in. */
type MetricsOptions = Omit<MetricsProps, 'federation' | 'image'>;
const metricsChoices: Choices<MetricsOptions> = {
  address: of('metrics.cern.ch'),
  port: of(9091, 30999),
  exposure: of(ServiceExposure.loadBalancer(), ServiceExposure.loadBalancer({ sourceRanges: ['192.0.2.0/24'] })),
  serverCertificate: of('server-tls'),
  agentCertificate: of('agent-tls'),
  monitoring: of(Monitoring.PLAIN, Monitoring.OPERATOR),
  scrapeInterval: of(Duration.minutes(1)),
  retention: of(Duration.days(400)),
  storageSize: of(Size.gibibytes(500)),
  storageClass: of('fast'),
  agentRetention: of(Duration.hours(12)),
  agentDisk: of(Size.gibibytes(1)),
  rules: of(['alarms'], ['alarms', 'own.rules']),
  alertmanagers: of(['alertmanager.monitoring.svc:9093']),
  imagePullSecrets: PULL_SECRETS,
  namespace: of('watch'),
  networkPolicies: fc.boolean(),
  resources: RESOURCES,
  agentResources: RESOURCES,
};

const targetChoices: Choices<ScrapeTargetProps> = {
  namespace: of('kube-system'),
  metricsService: of('kube-state-metrics'),
  podLabels: LABELS,
  metricsPort: of(8080),
  metricsPath: of('/federate'),
  severalPods: fc.boolean(),
  namesClusters: fc.boolean(),
};

/** All options that the programs choose from, as `Interface.option`. */
export const ALL_OPTIONS = Object.entries({
  ClusterProps: clusterChoices,
  CondorHostProps: hostChoices,
  CentralManagerOptions: centralManagerChoices,
  AccessPointOptions: accessPointChoices,
  PoolUser: userChoices,
  UserLimits: userLimitChoices,
  JobDefaults: jobDefaultChoices,
  HighAvailabilityOptions: highAvailabilityChoices,
  NegotiatorPreemption: preemptionChoices,
  Defragmentation: defragmentationChoices,
  ParallelUniverse: parallelUniverseChoices,
  ContainerJobs: containerChoices,
  StartdFleetProps: fleetChoices,
  StartdMemberOptions: memberChoices,
  ElasticStartdFleetProps: elasticChoices,
  ElasticMemberOptions: elasticMemberChoices,
  PoolPreflightProps: preflightChoices,
  TokenMintProps: mintChoices,
  PoolBackupProps: backupChoices,
  TokenRoleOptions: roleChoices,
  PodLogs: podLogsChoices,
  LogStoreProps: logStoreChoices,
  LogCollectionProps: logCollectionChoices,
  ...ALARM_CHOICES,
  ...REANA_CHOICES,
  CondorExporterProps: exporterChoices,
  MetricsProps: metricsChoices,
  PrometheusImageProps: prometheusImageChoices,
  ScrapeTargetProps: targetChoices,
  ...REANA_SERVICE_CHOICES,
  ...RECAST_CHOICES,
  ...MONITOR_CHOICES,
  ...WORKFLOW_SERVER_CHOICES,
}).flatMap(([name, choices]) => Object.keys(choices).map(option => `${name}.${option}`));

const onOneClaim = (backup: Partial<PoolBackupProps>) => backup.claimName ? { ...backup, size: undefined, storageClass: undefined } : backup;

/** What only makes sense beside something else, and that beside it. */
const withGroups = (host: CondorHostProps): CondorHostProps => host.accountingGroups ? host : {
  ...host,
  users: host.users?.map(({ accountingGroups, ...user }) => user),
  quotaOversubscription: undefined,
  groupOrder: undefined,
  preemption: host.preemption && { ...host.preemption, userPriority: undefined },
};
/** A store keeps what fits into it. */
const keepable = (store: Omit<LogStoreProps, 'writers'>) => store.storage ? store : { ...store, dailyVolume: undefined };
const withGpus = <T extends { gpus?: number }>(fleet: T): T => fleet.gpus ? fleet : { ...fleet, gpuJobsOnly: undefined };
/** What closes the metadata service, only where it can: rules with an image that can make them, a policy where one applies. */
const closable = (fleet: Omit<StartdFleetProps, 'pool'>): Omit<StartdFleetProps, 'pool'> => {
  const byPolicy = !fleet.hostNetwork && fleet.networkPolicy !== false;
  const { ROUTING_RULES, NETWORK_POLICY, OPEN } = CloudMetadata;
  const possible = [OPEN, ...byPolicy ? [NETWORK_POLICY, undefined] : [], ...fleet.image?.iproute ? [ROUTING_RULES] : []];
  return possible.includes(fleet.cloudMetadata) ? fleet : { ...fleet, cloudMetadata: possible[possible.length - 1] };
};
const containable = (fleet: Omit<StartdFleetProps, 'pool'>): Omit<StartdFleetProps, 'pool'> =>
  fleet.privileged && fleet.containers ? { ...fleet, containers: { ...fleet.containers, seccompProfile: undefined } } : fleet;
const withPreempt = <T extends StartdMemberOptions>(policy: T): T => policy.wantVacate ? { preempt: LONG_RUN, ...policy } : policy;

const VALUES = fc.record<Values>({
  cluster: optional(clusterChoices),
  host: optional(hostChoices, 'trustDomain', 'centralManagers', 'accessPoints').map(withGroups),
  fleet: optional(fleetChoices).map(withPreempt).map(withGpus).map(closable).map(containable),
  member: optional(memberChoices).map(withPreempt),
  elastic: optional(elasticChoices, 'maxExecutionPoints'),
  elasticMember: optional(elasticMemberChoices),
  preflight: optional(preflightChoices),
  mint: optional(mintChoices),
  backup: optional(backupChoices).map(onOneClaim),
  role: optional(roleChoices, 'identity', 'authorizations'),
  logStore: optional(logStoreChoices, 'address').map(keepable),
  logCollection: optional(logCollectionChoices),
  alarms: ALARM_VALUES,
  exporter: optional(exporterChoices),
  metrics: optional(metricsChoices, 'address'),
  prometheus: optional(prometheusImageChoices, 'reference'),
  target: optional(targetChoices, 'namespace', 'metricsService', 'metricsPort'),
  reana: REANA_SERVICE_VALUES,
  joinMode: of(JoinMode.PUSH, JoinMode.PULL),
  federated: fc.boolean(),
});

/** A sample of programs, the same every time. */
export function optionPrograms(count: number): OptionProgram[] {
  let nodePort = FIRST_NODE_PORT;
  const platforms = fc.sample(REANA_VALUES, { seed: 2020, numRuns: count });
  const servers = fc.sample(WORKFLOW_SERVER_VALUES, { seed: 2020, numRuns: count });
  const recasts = fc.sample(RECAST_VALUES, { seed: 2020, numRuns: count });
  const monitors = fc.sample(MONITOR_VALUES, { seed: 2020, numRuns: count });
  const own = <T extends AccessPointOptions | CentralManagerOptions>(server: T): T =>
    server.exposure?.serviceType === 'NodePort' ? { ...server, port: nodePort++ } : server;
  const every = <T>(those: T[], index: number, remainder: number) => index % PLATFORM_EVERY === remainder ? those[index] : undefined;
  return fc.sample(VALUES, { seed: 2020, numRuns: count }).map(({ host, ...values }, index) => program(
    `s${index}`, every(platforms, index, 0), every(recasts, index, 1),
    every(monitors, index, 2) ?? every(monitors, index, 3), every(servers, index, 0) ?? every(servers, index, 3), {
      ...values, host: { ...fitting(host), centralManagers: host.centralManagers.map(own), accessPoints: host.accessPoints.map(own) },
    }));
}

/** What is about several central managers, only where there are several; the clusters that it names are there, and users have the pool's domain. */
function fitting({ uidDomain, ...given }: CondorHostProps): CondorHostProps {
  const host = given.users ? given : { ...given, uidDomain };
  const { highAvailability, ...single } = host.defragmentation?.clusters ? { ...host, executionClusters: host.defragmentation.clusters } : host;
  return host.centralManagers.length > 1 ? { ...single, highAvailability } : single;
}

/** A fleet's parallel jobs come from an access point of its pool. */
function served(fleet: Values['fleet'], [{ name }]: AccessPointOptions[]): Values['fleet'] {
  return fleet.parallelUniverse ? { ...fleet, parallelUniverse: { ...fleet.parallelUniverse, accessPoint: name } } : fleet;
}

/** The OpenTelemetry Collector keeps no dead letters. */
function kept(collection: Values['logCollection']): Values['logCollection'] {
  return collection.agent === LogAgent.FLUENT_BIT ? collection : { ...collection, deadLetters: collection.deadLetters && false };
}

function program(
  name: string,
  platform: ReanaValues | undefined,
  recast: RecastValues | undefined,
  monitor: WorkflowMonitorProps | undefined,
  server: WorkflowServerValues | undefined,
  {
    cluster, host, fleet: drawn, member, elastic, elasticMember, preflight, mint, role, backup,
    logStore, logCollection: agents, alarms, exporter, metrics, prometheus, target, reana, joinMode, federated,
  }: Values,
): OptionProgram {
  // in a federation a fleet has its members' names
  const { clusterName, ...rest } = drawn;
  const logCollection = kept(agents);
  const fleet = served(federated || clusterName === undefined ? rest : drawn, host.accessPoints);
  // nodes that are nobody else's
  const hasElastic = federated && fleet.nodeSelector !== undefined;
  const set = (type: string, options: object = {}) =>
    Object.entries(options).filter(([, value]) => value !== undefined).map(([option]) => `${type}.${option}`);
  // a default namespace would be every program's own
  const spaced = <T extends { namespace?: string }>(props: T, what: string): T => ({ ...props, namespace: `${name}-${props.namespace ?? what}` });
  return {
    name,
    options: [
      ...set('ClusterProps', cluster),
      ...set('CondorHostProps', host),
      ...set('CentralManagerOptions', host.centralManagers[0]),
      ...set('AccessPointOptions', host.accessPoints[0]),
      ...set('PoolUser', host.users?.[0]),
      ...set('UserLimits', host.userLimits),
      ...set('JobDefaults', host.jobDefaults),
      ...set('HighAvailabilityOptions', host.highAvailability),
      ...set('NegotiatorPreemption', host.preemption),
      ...set('Defragmentation', host.defragmentation),
      ...set('ParallelUniverse', fleet.parallelUniverse),
      ...set('StartdFleetProps', fleet),
      ...set('ContainerJobs', fleet.containers),
      ...federated ? set('StartdMemberOptions', member) : [],
      ...hasElastic ? [...set('ElasticStartdFleetProps', elastic), ...set('ElasticMemberOptions', elasticMember)] : [],
      ...set('PoolPreflightProps', preflight),
      ...set('PoolBackupProps', backup),
      ...set('PodLogs', fleet.podLogs ?? host.podLogs),
      ...set('LogStoreProps', logStore),
      ...set('LogCollectionProps', federated ? { ...logCollection, clusterName: undefined } : logCollection),
      ...federated ? Object.entries(alarmOptionsOf(alarms)).flatMap(([type, options]) => set(type, options)) : [],
      ...set('CondorExporterProps', exporter),
      ...Object.entries(reanaServiceOptionsOf(reana)).flatMap(([type, options]) => set(type, options)),
      ...[
        ...platform ? reanaOptions(platform) : [], ...recast ? recastOptions(recast, federated) : [],
        ...monitor ? Object.entries(monitorOptionsOf(monitor)) : [], ...server ? Object.entries(workflowServerOptionsOf(server)) : [],
      ].flatMap(([type, options]) => set(type, options)),
      ...federated ? [...set('MetricsProps', metrics), ...set('PrometheusImageProps', prometheus), ...set('ScrapeTargetProps', target)] : [],
      ...federated && host.memberSigningKeys ? [...set('TokenMintProps', mint), ...set('TokenRoleOptions', role)] : [],
    ],
    synthesize(outdir) {
      const app = new App({ outdir });
      const hostCluster = new Cluster(app, `${name}-host`, spaced(cluster, 'cluster'));
      const pool = new CondorHost(hostCluster, 'condor', spaced(host, 'pool'));
      if (server) { addWorkflowServer(hostCluster, name, server); }
      if (platform) { addReana(hostCluster, name, platform); }
      if (recast && !federated) { addRecast(hostCluster, name, recast); }
      if (monitor) { addMonitor(hostCluster, name, monitor); }
      new PoolBackup(hostCluster, 'backup', { pool, ...backup });
      const writers = [{ cluster: `${name}-site`, port: 4318 }, { cluster: 'wigner', port: 4319, authority: { secretName: 'wigner', key: 'authority' } }];
      const store = new LogStore(hostCluster, 'logs', { writers, ...spaced(logStore, 'store') });
      addReanaServices(hostCluster, name, reana);
      const condorExporter = new CondorExporter(hostCluster, 'exporter', { pool, ...exporter });
      if (federated) {
        const federation = new Federation(app, `${name}-fed`, { host: hostCluster });
        const site = new FederatedCluster(app, `${name}-site`, { federation, joinMode, apiServer: 'https://site.example' });
        if (recast) { addRecast(hostCluster, name, recast, site); }
        const startd = new StartdFleet(federation, 'startd', { pool, ...spaced(fleet, 'machines') });
        startd.on(site, member);
        if (hasElastic) {
          const size = { cpus: 2, memory: Size.gibibytes(4), nodeSelector: ELASTIC_NODES };
          new ElasticStartdFleet(federation, 'burst', { pool, ...size, namespace: `${name}-burst`, ...elastic }).scale(site, elasticMember);
        }
        new PoolPreflight(federation, 'preflight', { fleet: startd, ...preflight });
        if (host.memberSigningKeys) {
          const tokens = new TokenMint(hostCluster, 'tokens', { pool, ...mint });
          tokens.deliver(startd, site);
          // a namespace that is there
          tokens.addRole('monitoring', { ...role, ...role.namespace !== undefined && { namespace: store.namespace } });
        }
        new LogCollection(federation, 'log-agent', { store, ...spaced({ ...logCollection, clusterName: undefined }, 'agents') });
        addAlarms(hostCluster, federation, pool.namespace, alarms);
        const image = new PrometheusImage(prometheus);
        const seen = new Metrics(hostCluster, 'metrics', { federation, image, ...spaced(metrics, 'monitoring') });
        seen.scrape(condorExporter);
        // a namespace that is there
        seen.scrape(new ScrapeTarget(federation, 'target', { ...target, namespace: seen.namespace }));
        new ClusterIdentity(site, 'identity', { namespace: `${name}-identity` });
      } else {
        const elsewhere = CondorPool.fromAttributes({ collectors: ['condor.cern.ch'], trustDomain: 'cern.ch' });
        const chart = new Chart(app, `${name}-chart`);
        const existing = LogStore.fromAddress('https://logs.example:4318/v1/logs', { headers: { 'X-Scope-OrgID': 'site' } });
        new LogCollection(chart, 'log-agent', { store: existing, ...spaced(logCollection, 'agents') });
        const openSearch = LogStore.openSearch('https://opensearch.example:9200/logs', { credentialsSecret: 'opensearch-writer', indexPrefix: 'hep' });
        new LogCollection(chart, 'live-logs', { store: openSearch, agent: LogAgent.FLUENT_BIT, ...spaced({}, 'agents') });
        new PoolPreflight(chart, 'preflight', { fleet: new StartdFleet(chart, 'startd', { pool: elsewhere, ...spaced(fleet, 'machines') }), ...preflight });
      }
      app.synth();
    },
  };
}

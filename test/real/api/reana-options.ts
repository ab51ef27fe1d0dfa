import { Duration, Size } from 'cdk8s';
import { Cpu, FsGroupChangePolicy } from 'cdk8s-plus-27';
import * as fc from 'fast-check';
import type { Choices } from './option-programs';
import {
  Cluster, ReanaCache, ReanaComputeBackend, ReanaDask, ReanaDatabase, ReanaEnvironments, ReanaFsGroup, ReanaImages, ReanaIngress, ReanaJobs,
  ReanaKerberos, ReanaLogin, ReanaMessageBroker, ReanaNotifications, ReanaOpenSearch, ReanaPlacement, ReanaPlatform, ReanaPlatformProps,
  ReanaProgram, ReanaQuotas, ReanaReadinessCheck, ReanaRetention, ReanaRuntimeLimits, ReanaScheduling, ReanaSchedulingPolicy, ReanaSessions,
  ReanaSite, ReanaSpecValidation, ReanaStorage,
} from '../../../src';

const of = fc.constantFrom;

const LABEL = of<{ [label: string]: string }>({ 'reana.io/system': 'runtimejobs' });
const VARIABLES = of<{ [name: string]: string }>({ REANA_LOG_LEVEL: 'DEBUG' });
const SECRET = of({ secretName: 'vault', key: 'key' });

const optional = <T extends object>(choices: Choices<T>, ...always: (keyof T & string)[]): fc.Arbitrary<T> =>
  fc.record(choices, { requiredKeys: always as never[] }) as unknown as fc.Arbitrary<T>;

const amount: Choices<ReanaProgram> = {
  replicas: of(1, 3), processes: of(1, 8), threads: of(2), resources: of({ cpu: { request: Cpu.millis(100) }, memory: { limit: Size.gibibytes(1) } }),
};
const image = of('registry.example/reana:1');
const images: Choices<ReanaImages> = {
  server: image,
  workflowController: image,
  jobController: image,
  cwl: image,
  yadage: image,
  serial: image,
  snakemake: image,
  validator: image,
  kerberos: image,
  vomsProxy: image,
  rucio: image,
};
const environments: Choices<ReanaEnvironments> = {
  server: VARIABLES,
  workflowController: VARIABLES,
  jobController: VARIABLES,
  cwl: VARIABLES,
  yadage: VARIABLES,
  serial: VARIABLES,
  snakemake: VARIABLES,
  validator: VARIABLES,
};
const jobs: Choices<ReanaJobs> = {
  cpuRequest: of(Cpu.millis(100)),
  cpuLimit: of(Cpu.units(1)),
  memoryRequest: of(Size.mebibytes(512)),
  memoryLimit: of(Size.gibibytes(1)),
  maxCpuRequest: of(Cpu.units(2)),
  maxCpuLimit: of(Cpu.units(4)),
  maxMemoryRequest: of(Size.gibibytes(8)),
  maxMemoryLimit: of(Size.gibibytes(16)),
  timeout: of(Duration.hours(1)),
  maxTimeout: of(Duration.days(20)),
  minUid: of(1000),
  hostPaths: of([{ hostPath: '/opt/grid', mountPath: '/grid' }]),
};
const specValidation: Choices<ReanaSpecValidation> = {
  timeout: of(Duration.minutes(2)),
  maxTimeout: of(Duration.minutes(10)),
  cpuLimit: of(Cpu.millis(500)),
  memoryLimit: of(Size.gibibytes(2)),
  ephemeralStorageLimit: of(Size.gibibytes(2)),
  maxFiles: of(100),
  maxSize: of(Size.mebibytes(10)),
  publicEgress: fc.boolean(),
  blockedNetworks: of(['10.0.0.0/8']),
  nameServers: of(['9.9.9.9']),
};
const scheduling: Choices<ReanaScheduling> = {
  policy: of(ReanaSchedulingPolicy.FIFO, ReanaSchedulingPolicy.BALANCED),
  maxConcurrentWorkflows: of(5),
  requeueAfter: of(Duration.minutes(1)),
  requeueCount: of(3),
  readinessCheck: of(ReanaReadinessCheck.NONE, ReanaReadinessCheck.CONCURRENCY),
};
const limits: Choices<ReanaRuntimeLimits> = {
  containerCpu: of(Cpu.millis(50)), containerMemory: of(Size.mebibytes(64)), cpu: of(Cpu.units(100)), memory: of(Size.gibibytes(400)), pods: of(500),
};
const fsGroup: Choices<ReanaFsGroup> = { gid: of(2000), changePolicy: of(FsGroupChangePolicy.ALWAYS, FsGroupChangePolicy.ON_ROOT_MISMATCH) };
const placement: Choices<ReanaPlacement> = { infrastructure: LABEL, batch: LABEL, jobs: LABEL, sessions: LABEL };
const quotas: Choices<ReanaQuotas> = {
  enabled: fc.boolean(), cpuTime: of(Duration.hours(10)), disk: of(Size.gibibytes(10)), cpuPeriodMonths: of(1), countedAtTermination: of('cpu'), schedule: of('5 4 * * *'),
};
const retention: Choices<ReanaRetention> = { period: of(Duration.days(30)), schedule: of('5 2 * * 0') };
const sessions: Choices<ReanaSessions> = {
  jupyterImages: of([{ name: 'ROOT', image: 'rootproject/root:6.32' }]), customImages: of(true), maxInactivity: of(Duration.days(7)), schedule: of('30 3 * * *'),
};
const notifications: Choices<ReanaNotifications> = {
  receiver: of('admins@cern.ch'),
  sender: of('reana@cern.ch'),
  smtpServer: of('smtp.cern.ch'),
  smtpPort: of(465),
  smtpSsl: fc.boolean(),
  credentialsSecret: of('mail'),
  reportSchedule: of('0 7 * * *'),
};
const openSearch: Choices<ReanaOpenSearch> = {
  host: of('opensearch.cern.ch'), port: of(443), urlPrefix: of('/os'), tls: of(true), caCertificate: SECRET, credentialsSecret: of('opensearch-reader'),
};
const login: Choices<ReanaLogin> = {
  keycloak: of({ name: 'iam', title: 'IAM', baseUrl: 'https://iam.example', realmUrl: 'https://iam.example/realms/r' }),
  keycloakSecret: SECRET,
  cernSecret: of('cern'),
  eoscSecret: of('eosc'),
  localUsers: of(true),
  hideSignup: fc.boolean(),
  emailConfirmation: fc.boolean(),
  automaticTokens: of(false),
};
const site: Choices<ReanaSite> = {
  announcement: of('Tomorrow: "nothing"'),
  docsUrl: of('https://d'),
  forumUrl: of('https://f'),
  chatUrl: of('https://c'),
  privacyNoticeUrl: of('https://p'),
  clientEnvironment: of('/cvmfs/reana'),
  adminEmail: of('admins@cern.ch'),
  pollingSeconds: of(5),
  filePreviewSizeLimit: of(1000),
  launcherExamples: of([{ name: 'ROOT', description: 'A fit', url: 'https://r', imageUrl: 'https://i', specification: 'reana.yaml' }]),
};
const kerberos: Choices<ReanaKerberos> = { realm: of('CERN.CH'), kdcs: of(['cerndc.cern.ch']), domain: of('cern.ch'), adminServer: of('cerndc.cern.ch') };
const dask: Choices<ReanaDask> = {
  autoscaler: fc.boolean(),
  traefik: fc.boolean(),
  operatorNamespace: of('dask-operator'),
  maxMemory: of(Size.gibibytes(32)),
  workers: of(1),
  maxWorkers: of(30),
  workerMemory: of(Size.gibibytes(1)),
  maxWorkerMemory: of(Size.gibibytes(4)),
  workerThreads: of(1),
  maxWorkerThreads: of(10),
};
const ingress: Choices<ReanaIngress> = {
  className: of('traefik'),
  annotations: of({ 'traefik.ingress.kubernetes.io/router.entrypoints': 'websecure' }),
  tlsSecret: of('certificate'),
  clusterIssuer: of('letsencrypt'),
  controllerNamespace: of('traefik'),
};

/** All but Kueue: a LocalQueue is of a kind that these API servers don't have. */
export type ReanaValues = Omit<ReanaPlatformProps, 'kueue'>;

const platform: Choices<ReanaValues> = {
  hostname: of('reana.cern.ch'),
  hostPort: of(30443),
  prefix: of('recast'),
  namespace: of('services'),
  runtimeNamespace: of('analyses'),
  database: of(ReanaDatabase.external({ host: 'dbod.cern.ch', port: 6601, uri: { secretName: 'dbod', key: 'uri' } })),
  messageBroker: of(ReanaMessageBroker.external({ host: 'mq.cern.ch', url: { secretName: 'mq' } })),
  cache: of(ReanaCache.external({ host: 'redis.cern.ch', url: { secretName: 'redis' } })),
  storage: of(
    ReanaStorage.nfs('nfs.cern.ch', '/reana'), ReanaStorage.existingClaim(),
    ReanaStorage.csi({ driver: 'cephfs.manila.csi.openstack.org', volumeHandle: 'share', attributes: { shareID: 'a' }, nodeSecret: 'kube-system/os-trustee' }),
  ),
  workspacePaths: of([{ hostPath: '/mnt/groups', mountPath: '/groups' }]),
  fsGroup: optional(fsGroup, 'gid'),
  ui: of({}, { replicas: 3 }),
  withoutUi: fc.boolean(),
  site: optional(site),
  ingress: optional(ingress),
  login: optional(login),
  secretKey: SECRET,
  administrator: of({ email: 'root@cern.ch', accessToken: { secretName: 'vault' } }),
  images: optional(images),
  imagePullSecrets: of(['registry-login']),
  server: optional(amount),
  workflowController: optional(amount),
  environments: optional(environments),
  computeBackends: of(
    [ReanaComputeBackend.KUBERNETES, ReanaComputeBackend.HTCONDOR_CERN], [ReanaComputeBackend.SLURM_CERN, ReanaComputeBackend.COMPUTE4PUNCH],
  ),
  jobs: optional(jobs),
  vettedImages: of(['rootproject/root:6.32', 'quay.io/jupyter/scipy-notebook:notebook-7.2.2']),
  specValidation: optional(specValidation),
  scheduling: optional(scheduling),
  runtimeLimits: optional(limits),
  placement: optional(placement),
  quotas: optional(quotas),
  retention: optional(retention),
  sessions: optional(sessions),
  notifications: optional(notifications, 'receiver', 'sender', 'smtpServer'),
  openSearch: optional(openSearch, 'host'),
  kerberos: optional(kerberos, 'realm', 'kdcs'),
  gitlabSecret: of('gitlab'),
  managementSecret: of('management'),
  dask: optional(dask),
  cvmfs: fc.boolean(),
  eos: fc.boolean(),
  readsNodes: fc.boolean(),
  networkPolicies: fc.boolean(),
  maintenance: fc.boolean(),
};

/** Every option of a platform, by its interface. */
export const REANA_CHOICES = {
  ReanaPlatformProps: platform,
  ReanaProgram: amount,
  ReanaImages: images,
  ReanaEnvironments: environments,
  ReanaJobs: jobs,
  ReanaSpecValidation: specValidation,
  ReanaScheduling: scheduling,
  ReanaRuntimeLimits: limits,
  ReanaFsGroup: fsGroup,
  ReanaPlacement: placement,
  ReanaQuotas: quotas,
  ReanaRetention: retention,
  ReanaSessions: sessions,
  ReanaNotifications: notifications,
  ReanaOpenSearch: openSearch,
  ReanaLogin: login,
  ReanaSite: site,
  ReanaKerberos: kerberos,
  ReanaDask: dask,
  ReanaIngress: ingress,
};

/** Platforms whose options go together: what only makes sense beside something else has that beside it. */
export const REANA_VALUES: fc.Arbitrary<ReanaValues> = optional(platform, 'hostname').map(drawn => {
  // a claim on a StorageClass, the default, is of one namespace; and a quota of the namespace would be the services' own as well
  const runtimeNamespace = drawn.storage && drawn.runtimeNamespace;
  // REANA's own programs know Dask and forgotten sessions by its own prefix alone
  const prefix = drawn.dask ? undefined : drawn.prefix;
  const quota = runtimeNamespace ? {} : { cpu: undefined, memory: undefined, pods: undefined };
  return {
    ...drawn,
    prefix,
    runtimeNamespace,
    runtimeLimits: drawn.runtimeLimits && { ...drawn.runtimeLimits, ...quota },
    sessions: drawn.sessions && {
      ...drawn.sessions, ...drawn.vettedImages && { customImages: undefined }, ...prefix && { maxInactivity: undefined },
    },
  };
});

/** The options that a platform has, by their interfaces. */
export function reanaOptions(props: ReanaValues): [string, object | undefined][] {
  return [
    ['ReanaPlatformProps', props], ['ReanaProgram', props.server], ['ReanaImages', props.images], ['ReanaEnvironments', props.environments],
    ['ReanaJobs', props.jobs], ['ReanaScheduling', props.scheduling], ['ReanaRuntimeLimits', props.runtimeLimits], ['ReanaPlacement', props.placement],
    ['ReanaFsGroup', props.fsGroup], ['ReanaSpecValidation', props.specValidation], ['ReanaOpenSearch', props.openSearch],
    ['ReanaQuotas', props.quotas], ['ReanaRetention', props.retention], ['ReanaSessions', props.sessions], ['ReanaNotifications', props.notifications],
    ['ReanaLogin', props.login], ['ReanaSite', props.site], ['ReanaKerberos', props.kerberos], ['ReanaDask', props.dask], ['ReanaIngress', props.ingress],
  ];
}

/** A platform in namespaces that are the program's alone. */
export function addReana(cluster: Cluster, program: string, props: ReanaValues): void {
  new ReanaPlatform(cluster, 'reana', {
    ...props,
    namespace: `${program}-${props.namespace ?? 'platform'}`,
    ...props.runtimeNamespace && { runtimeNamespace: `${program}-platform-${props.runtimeNamespace}` },
  });
}

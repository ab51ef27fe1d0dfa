import { CondorImage } from './image';
import { NOTE_CONFIGURATION } from './live-configuration';
import { PATHS, POD_IP_VARIABLE, NODE_NAME_VARIABLE, ROOT_CONFIG_FILE } from './paths';
import { Credential, CredentialFiles, credentialFiles, Keyring } from './pod-credentials';
import { ACCOUNTS, accountsScript } from './user-accounts';

/** A directory of the container that daemons write to. */
export interface WritableDirectory {
  readonly volume: string;
  readonly path: string;
  /** The volume, or nothing where a claim template brings it. */
  readonly source?: object;
}

/** A file of the ConfigMap that is looked for at a path of its own. */
export interface PlacedFile {
  readonly key: string;
  readonly path: string;
  /** Of a program, the name of the volume in which it may be run; others are files of the configuration's. */
  readonly programVolume?: string;
}

/** A container that runs HTCondor daemons. */
export interface DaemonPodOptions {
  readonly image: CondorImage;
  readonly command: string[];
  readonly configMap: string;
  /** Whether the master is told when the configuration changes. */
  readonly watchesConfiguration: boolean;
  readonly credentials: readonly Credential[];
  readonly keyring?: Keyring;
  /** Whether credentials may be changed while the daemons run. Where they are copies, a container renews these. */
  readonly renewCredentials?: boolean;
  readonly directories: readonly WritableDirectory[];
  /** What the daemons' container mounts besides, and nobody prepares. */
  readonly mounted?: readonly { readonly volume: object; readonly mount: object }[];
  /** Whether the configuration's ConfigMap has accounts that are added to the image's. */
  readonly accounts?: boolean;
  /** Files of the ConfigMap that are looked for elsewhere. */
  readonly placedFiles?: readonly PlacedFile[];
  /** Where the image's users have their home directories; they stay root's otherwise. */
  readonly homes?: { readonly volume: string; readonly path: string };
  /**
   * The capabilities that the container keeps, as root. Without them it runs as the image's user condor.
   */
  readonly rootCapabilities?: readonly string[];
  readonly privileged?: boolean;
  readonly hostNetwork?: boolean;
  /** What runs once before the daemons, as root with one capability. */
  readonly before?: { readonly name: string; readonly script: string; readonly capability: string };
  /** The seccomp profile of the daemons' container, if it isn't the runtime's own. */
  readonly seccompProfile?: object;
  readonly port?: number;
  readonly environment?: readonly object[];
  readonly probes: { readonly startup?: object; readonly liveness: object; readonly readiness: object };
  readonly resources?: object;
  readonly serviceAccount: string;
  readonly terminationGracePeriodSeconds: number;
  readonly scheduling?: object;
  readonly imagePullSecrets?: readonly string[];
}

/** The annotation of a pod template that changes with what takes a new pod to change. */
export const CONFIG_DIGEST = 'cdk8s-hep/config-digest';

/** The container that runs the daemons. */
export const DAEMON_CONTAINER = 'condor';

/**
 * HTCondor looks up every new peer's name and waits for the answer. A name with a dot is complete, and a
 * server that doesn't answer is not asked for long.
 */
const PROMPT_NAMES = [{ name: 'ndots', value: '1' }, { name: 'timeout', value: '1' }, { name: 'attempts', value: '2' }];

/** The spec of a pod of HTCondor daemons, hardened as far as its role allows. */
export function daemonPodSpec(options: DaemonPodOptions): object {
  const asRoot = options.rootCapabilities !== undefined || options.privileged === true;
  const { image, mounted = [] } = options;
  const writable: WritableDirectory[] = [
    { volume: 'log', path: PATHS.log, source: { emptyDir: {} } },
    { volume: 'run', path: PATHS.run, source: { emptyDir: {} } },
    { volume: 'tmp', path: '/tmp', source: { emptyDir: {} } },
    ...options.directories,
  ];
  const configMount = { name: 'config', mountPath: PATHS.config, readOnly: true };
  const writableMounts = [...writable, ...options.homes ? [options.homes] : []].map(({ volume, path }) => ({ name: volume, mountPath: path }));
  const environment = [
    { name: 'CONDOR_CONFIG', value: `${PATHS.config}/${ROOT_CONFIG_FILE}` },
    { name: POD_IP_VARIABLE, valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    { name: NODE_NAME_VARIABLE, valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
    ...options.environment ?? [],
  ];
  const accounts = options.accounts ? accountsMounts() : { init: [], daemons: [], volumes: [] };
  const placed = placedFiles(options);
  const credentials = credentialFiles(asRoot, options.credentials, options.keyring);
  return {
    serviceAccountName: options.serviceAccount,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: options.terminationGracePeriodSeconds,
    ...(options.imagePullSecrets?.length && { imagePullSecrets: options.imagePullSecrets.map(name => ({ name })) }),
    ...(options.hostNetwork && { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }),
    dnsConfig: { options: PROMPT_NAMES },
    ...options.scheduling,
    securityContext: asRoot
      ? { seccompProfile: { type: 'RuntimeDefault' } }
      : { runAsNonRoot: true, runAsUser: image.uid, runAsGroup: image.gid, fsGroup: image.gid, fsGroupChangePolicy: 'OnRootMismatch', seccompProfile: { type: 'RuntimeDefault' } },
    initContainers: [...options.before ? [beforeContainer(image, options.before)] : [], {
      name: 'prepare',
      image: image.reference,
      ...(image.pullPolicy && { imagePullPolicy: image.pullPolicy }),
      command: ['/bin/sh', '-ec', prepareScript(asRoot, options, writable, credentials.copies)],
      securityContext: restricted(asRoot ? ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'] : []),
      resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } },
      volumeMounts: [
        ...options.watchesConfiguration && !options.accounts ? [configMount] : [], ...accounts.init, ...writableMounts, ...credentials.initMounts,
      ],
    }],
    containers: [{
      name: DAEMON_CONTAINER,
      image: image.reference,
      ...(image.pullPolicy && { imagePullPolicy: image.pullPolicy }),
      command: options.command,
      env: environment,
      ...(options.port && { ports: [{ name: 'condor', containerPort: options.port, protocol: 'TCP' }] }),
      securityContext: options.privileged
        ? { privileged: true, runAsUser: 0 }
        : { ...restricted(asRoot ? options.rootCapabilities! : []), ...options.seccompProfile && { seccompProfile: options.seccompProfile } },
      resources: options.resources,
      ...(options.probes.startup && { startupProbe: options.probes.startup }),
      livenessProbe: options.probes.liveness,
      readinessProbe: options.probes.readiness,
      volumeMounts: [
        configMount, ...placed.mounts, ...accounts.daemons, ...writableMounts, ...credentials.mounts,
        ...mounted.map(({ mount }) => mount),
      ],
    },
    ...options.renewCredentials && credentials.renewals.length > 0 ? [renewingContainer(image, credentials)] : []],
    volumes: [
      { name: 'config', configMap: { name: options.configMap } },
      ...placed.volumes,
      ...accounts.volumes,
      ...writable.filter(({ source }) => source).map(({ volume, source }) => ({ name: volume, ...source })),
      ...credentials.volumes,
      ...mounted.map(({ volume }) => volume),
    ],
  };
}

function restricted(capabilities: readonly string[]): object {
  return {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    ...(capabilities.length > 0 && { runAsUser: 0 }),
    capabilities: { drop: ['ALL'], ...(capabilities.length > 0 && { add: [...capabilities].sort() }) },
  };
}

/** Copies again what is in the Secrets, four times a minute. */
function renewingContainer(image: CondorImage, { renewals, initMounts }: CredentialFiles): object {
  return {
    name: 'credentials',
    image: image.reference,
    ...(image.pullPolicy && { imagePullPolicy: image.pullPolicy }),
    // the shell is the first process, which no signal ends that it doesn't trap
    command: ['/bin/sh', '-ec', ['trap exit TERM', 'while :; do', 'sleep 15 & wait $!', ...renewals, 'done'].join('\n')],
    securityContext: restricted([]),
    resources: { requests: { cpu: '5m', memory: '8Mi' }, limits: { memory: '32Mi' } },
    volumeMounts: initMounts,
  };
}

function beforeContainer(image: CondorImage, { name, script, capability }: NonNullable<DaemonPodOptions['before']>): object {
  return {
    name,
    image: image.reference,
    ...(image.pullPolicy && { imagePullPolicy: image.pullPolicy }),
    command: ['/bin/sh', '-ec', script],
    // the pod may be one of users that aren't
    securityContext: { ...restricted([capability]), runAsNonRoot: false },
    resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } },
  };
}

/** A volume's directory may be written by all, and HTCondor runs nothing that lies in such a one: each file is mounted alone. */
function placedFiles({ placedFiles: files = [], configMap: name }: DaemonPodOptions): { readonly mounts: object[]; readonly volumes: object[] } {
  return {
    mounts: files.map(({ key, path, programVolume = 'config' }) => ({ name: programVolume, mountPath: path, subPath: key, readOnly: true })),
    volumes: files.filter(({ programVolume }) => programVolume).map(({ key, programVolume }) => ({
      name: programVolume, configMap: { name, defaultMode: 0o555, items: [{ key, path: key }] },
    })),
  };
}

/** The accounts are put together before the daemons start, and each file takes the place of the image's. */
function accountsMounts(): { readonly init: object[]; readonly daemons: object[]; readonly volumes: object[] } {
  const { volume: name, directory: mountPath } = ACCOUNTS;
  return {
    init: [{ name: 'config', mountPath: PATHS.config, readOnly: true }, { name, mountPath }],
    daemons: ['passwd', 'group'].map(file => ({ name, mountPath: `/etc/${file}`, subPath: file, readOnly: true })),
    volumes: [{ name, emptyDir: {} }],
  };
}

function prepareScript(
  asRoot: boolean, options: DaemonPodOptions, directories: readonly WritableDirectory[], copies: CredentialFiles['copies'],
): string {
  const { image, homes, accounts, watchesConfiguration } = options;
  const written = directories.map(({ path }) => !asRoot && path === PATHS.execute ? PATHS.ownExecute : path);
  const own = [...written.filter(path => path !== '/tmp'), PATHS.lock];
  return [
    // nothing but systemd makes these directories where HTCondor expects them
    asRoot ? `install -d -m 0755 -o ${image.uid} -g ${image.gid} ${own.join(' ')}` : `mkdir -p ${own.join(' ')}`,
    ...(asRoot ? ['chmod 1777 /tmp'] : []),
    ...(accounts ? accountsScript() : []),
    ...(homes ? [`while IFS=: read -r _ _ uid gid _ home _; do case $home in ${homes.path}/*) [ -d $home ] || install -d -m 0700 -o $uid -g $gid $home;; esac; done <${accounts ? ACCOUNTS.directory : '/etc'}/passwd`] : []),
    ...copies,
    ...(watchesConfiguration ? [NOTE_CONFIGURATION] : []),
  ].join('\n');
}

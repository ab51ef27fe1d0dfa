import * as fs from 'fs';
import * as path from 'path';
import { capabilities, runtimeDefaultSeccomp } from './capabilities';
import { quantity } from './quantity';
import { IMAGE_ENVIRONMENT } from './rootfs';

/** A mount of a container as the runtime wants it. */
export interface OciMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: string[];
}

/** What a container's configuration is made of. */
export interface OciInput {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly container: any;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly podSecurity: any;
  readonly rootfs: string;
  readonly image: string;
  readonly argv: string[];
  readonly env: ReadonlyMap<string, string>;
  readonly hostname: string;
  readonly network: string;
  readonly cgroup: string;
  readonly mounts: OciMount[];
}

/** Who a container runs as: what is asked for, completed from the image's accounts. */
export interface User {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly groups: number[];
}

/** Looks up a user, by number or by name, in the image's /etc/passwd and /etc/group. */
export function userInImage(image: string, user: string | number, group?: number): User {
  const lines = (file: string) => fs.readFileSync(path.join(image, 'etc', file), 'utf8').split('\n').map(line => line.split(':'));
  const entry = lines('passwd').find(([name, , uid]) => (typeof user === 'number' || /^\d+$/.test(user) ? uid === String(user) : name === user));
  if (!entry && !/^\d+$/.test(String(user))) {
    throw new Error(`the image has no user ${user}`);
  }
  const groups = entry
    ? lines('group').filter(([, , , members]) => members?.split(',').includes(entry[0])).map(([, , gid]) => Number(gid))
    : [];
  return {
    uid: entry ? Number(entry[2]) : Number(user),
    gid: group ?? (entry ? Number(entry[3]) : 0),
    home: entry?.[5] ?? '/',
    groups,
  };
}

const MASKED = [
  '/proc/asound', '/proc/acpi', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list',
  '/proc/timer_stats', '/proc/sched_debug', '/proc/scsi', '/sys/firmware', '/sys/devices/virtual/powercap',
];
const READ_ONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/**
 * The runtime's configuration of a container. A privileged one gets what it gets
 * on a node, with two exceptions, because the node is this machine: no block
 * devices, and no writing to /proc/sys.
 */
export function ociConfig(input: OciInput): object {
  const { container, podSecurity } = input;
  const security = { ...pick(podSecurity), ...container.securityContext };
  const privileged = security.privileged === true;
  const user = userInImage(input.image, security.runAsUser ?? 0, security.runAsGroup);
  if (security.runAsNonRoot && user.uid === 0) {
    throw new Error(`${container.name}: runAsNonRoot is set and the image runs as root`);
  }
  const groups = [...user.groups, ...podSecurity?.supplementalGroups ?? [], ...podSecurity?.fsGroup !== undefined ? [podSecurity.fsGroup] : []];
  const held = capabilities(security);
  const readOnlyRoot = security.readOnlyRootFilesystem === true;
  const variables = new Map([
    ...Object.entries(IMAGE_ENVIRONMENT),
    ['HOSTNAME', input.hostname],
    ['HOME', user.home],
    ...input.env,
  ]);
  const seccomp = !privileged && security.seccompProfile?.type === 'RuntimeDefault';
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: user.uid, gid: user.gid, additionalGids: [...new Set(groups)] },
      args: input.argv,
      env: [...variables].map(([name, value]) => `${name}=${value}`),
      cwd: container.workingDir ?? '/',
      capabilities: { bounding: held, effective: held, permitted: held },
      noNewPrivileges: !privileged && security.allowPrivilegeEscalation === false,
      rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1024, hard: openFilesLimit() }],
    },
    root: { path: input.rootfs, readonly: readOnlyRoot },
    hostname: input.hostname,
    mounts: [...systemMounts(privileged), ...input.mounts],
    linux: {
      cgroupsPath: input.cgroup,
      namespaces: [
        { type: 'pid' }, { type: 'ipc' }, { type: 'uts' }, { type: 'mount' },
        { type: 'network', path: input.network },
        ...privileged ? [] : [{ type: 'cgroup' }],
      ],
      resources: { devices: [{ allow: false, access: 'rwm' }], ...limits(container.resources) },
      ...seccomp ? { seccomp: runtimeDefaultSeccomp(held) } : {},
      maskedPaths: privileged ? [] : MASKED,
      readonlyPaths: privileged ? ['/proc/sys', '/proc/sysrq-trigger'] : READ_ONLY,
    },
  };
}

/** containerd's limit of open files, or this machine's if that is lower: not every root may raise it. */
function openFilesLimit(): number {
  const own = /^Max open files\s+\d+\s+(\d+)/m.exec(fs.readFileSync('/proc/self/limits', 'utf8'));
  return Math.min(524288, own ? Number(own[1]) : 524288);
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
function pick(podSecurity: any = {}): object {
  const { runAsUser, runAsGroup, runAsNonRoot, seccompProfile } = podSecurity;
  return JSON.parse(JSON.stringify({ runAsUser, runAsGroup, runAsNonRoot, seccompProfile }));
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
function limits(resources: any = {}): object {
  const { cpu, memory } = resources.limits ?? {};
  const request = resources.requests?.cpu ?? cpu;
  return {
    ...memory === undefined ? {} : { memory: { limit: Math.floor(quantity(memory)) } },
    cpu: {
      shares: Math.max(2, Math.round(quantity(request ?? '0') * 1024)),
      ...cpu === undefined ? {} : { quota: Math.round(quantity(cpu) * 100_000), period: 100_000 },
    },
  };
}

function systemMounts(privileged: boolean): OciMount[] {
  const mode = privileged ? 'rw' : 'ro';
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'] },
    { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', mode] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['nosuid', 'noexec', 'nodev', 'relatime', mode] },
  ];
}

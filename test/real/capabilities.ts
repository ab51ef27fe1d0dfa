import * as fs from 'fs';

/** What containerd gives a container that asks for nothing. */
const DEFAULT = [
  'AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE',
  'NET_RAW', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT',
];

/** All capabilities, by their number. */
const ALL = [
  'CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP', 'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_ADMIN', 'NET_RAW', 'IPC_LOCK', 'IPC_OWNER', 'SYS_MODULE', 'SYS_RAWIO', 'SYS_CHROOT',
  'SYS_PTRACE', 'SYS_PACCT', 'SYS_ADMIN', 'SYS_BOOT', 'SYS_NICE', 'SYS_RESOURCE', 'SYS_TIME', 'SYS_TTY_CONFIG', 'MKNOD', 'LEASE',
  'AUDIT_WRITE', 'AUDIT_CONTROL', 'SETFCAP', 'MAC_OVERRIDE', 'MAC_ADMIN', 'SYSLOG', 'WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ',
  'PERFMON', 'BPF', 'CHECKPOINT_RESTORE',
];

/** Those that this machine can give: its own root may lack some. */
function available(): string[] {
  const mask = BigInt(`0x${/^CapBnd:\s+([0-9a-f]+)/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))![1]}`);
  return ALL.filter((_name, bit) => (mask / 2n ** BigInt(bit)) % 2n === 1n);
}

/** The capabilities of a container: all if privileged, or the default ones with what is dropped and added. */
export function capabilities(security: { privileged?: boolean; capabilities?: { add?: string[]; drop?: string[] } }): string[] {
  const { add = [], drop = [] } = security.capabilities ?? {};
  const named = [...add, ...drop].map(name => name.replace(/^CAP_/, '')).filter(name => name !== 'ALL' && !ALL.includes(name));
  if (named.length) {
    throw new Error(`no such capability: ${named}`);
  }
  let set = new Set(security.privileged || add.includes('ALL') ? available() : DEFAULT);
  if (!security.privileged) {
    if (drop.includes('ALL')) {
      set = new Set();
    }
    drop.forEach(name => set.delete(name.replace(/^CAP_/, '')));
    add.filter(name => name !== 'ALL').forEach(name => set.add(name.replace(/^CAP_/, '')));
  }
  return [...set].map(name => `CAP_${name}`).sort();
}

/**
 * System calls that the runtime's default profile does not allow without a
 * capability for them. The profile proper is a list of what is allowed; the
 * difference is in calls that nothing here makes.
 */
const GUARDED: { readonly [capability: string]: string[] } = {
  '': ['add_key', 'keyctl', 'request_key', 'kexec_file_load', 'kexec_load', 'nfsservctl', 'userfaultfd', 'get_mempolicy', 'set_mempolicy', 'mbind', 'move_pages'],
  'CAP_BPF': ['bpf'],
  'CAP_DAC_READ_SEARCH': ['open_by_handle_at'],
  'CAP_PERFMON': ['perf_event_open'],
  'CAP_SYS_ADMIN': [
    'fanotify_init', 'fsconfig', 'fsmount', 'fsopen', 'fspick', 'lookup_dcookie', 'mount', 'mount_setattr', 'move_mount',
    'open_tree', 'quotactl', 'quotactl_fd', 'setdomainname', 'sethostname', 'setns', 'swapoff', 'swapon', 'umount', 'umount2', 'unshare',
  ],
  'CAP_SYS_BOOT': ['reboot'],
  'CAP_SYS_CHROOT': ['chroot'],
  'CAP_SYS_MODULE': ['delete_module', 'init_module', 'finit_module'],
  'CAP_SYS_PACCT': ['acct'],
  'CAP_SYS_RAWIO': ['iopl', 'ioperm'],
  'CAP_SYS_TIME': ['settimeofday', 'stime', 'clock_settime'],
};

/** The `linux.seccomp` of a container with the profile RuntimeDefault. */
export function runtimeDefaultSeccomp(held: string[]): object {
  const names = Object.entries(GUARDED).filter(([capability]) => !held.includes(capability)).flatMap(([, calls]) => calls);
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
    syscalls: [{ names, action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
  };
}

import { spawnSync } from 'child_process';
import * as fs from 'fs';
import * as path from 'path';

/** The programs that the laboratory calls, each with the Debian package that holds it. */
const LABORATORY: { readonly [program: string]: string } = {
  'conntrack': 'conntrack',
  'ip': 'iproute2',
  'iptables-restore': 'iptables',
  'mmdebstrap': 'mmdebstrap',
  'mount': 'mount',
  'nsenter': 'util-linux',
  'openssl': 'openssl',
  'runc': 'runc',
  'unshare': 'util-linux',
};

/** What clusters need besides. */
const CLUSTERS: { readonly [program: string]: string } = { ipset: 'ipset' };

/** What the workflow server stands on, besides clusters: where they have no package's own place in the PATH, their place. */
const WORKFLOW_SERVER: { readonly [program: string]: string } = { python3: 'python3', pip3: 'python3-pip', sftp: 'openssh-client', sshd: 'openssh-server' };
const POSTGRES = '/usr/lib/postgresql';

/** What programs of Java's need besides; the one needs the other. */
const JAVA: { readonly [program: string]: string } = { java: 'maven', mvn: 'maven' };

/** What pages are looked at with. */
const BROWSER: { readonly [program: string]: string } = { chromium: 'chromium' };

/** The oldest Go that builds Kubernetes and the rest, as its modules say: 1.26.8. */
const LEAST_GO = [1, 26, 8];

/** How many programs of one user may watch files; the default is too low for several clusters. */
const WATCHES = '/proc/sys/fs/inotify/max_user_instances';
const LEAST_WATCHES = 1024;

/** Where a root's PATH may not look, but the programs are. */
const SYSTEM_PATH = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

function onPath(program: string): boolean {
  return [...(process.env.PATH ?? '').split(':'), ...SYSTEM_PATH].some(directory => {
    try {
      fs.accessSync(path.join(directory, program), fs.constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Whether a command works in namespaces of its own, where it can change nothing. */
function works(script: string): boolean {
  return spawnSync('unshare', ['--mount', '--propagation', 'private', '--net', 'sh', '-ec', script]).status === 0;
}

function missingPrograms(programs: { readonly [program: string]: string }): string[] {
  return Object.entries(programs).filter(([program]) => !onPath(program)).map(([program, debianPackage]) => `${program} (package ${debianPackage})`);
}

/** What a suite lacks that needs Go alone. */
function missingGo(): string[] {
  const version = /go(\d+)\.(\d+)(?:\.(\d+))?/.exec(spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' }).stdout ?? '');
  const older = version && LEAST_GO.map((least, index) => Number(version[index + 1] ?? 0) - least).find(difference => difference !== 0);
  return !version || (older ?? 0) < 0 ? [`Go ${LEAST_GO.join('.')} or newer`] : [];
}

/** What this machine lacks to run clusters; empty if nothing. */
export function missingForClusters(): string[] {
  const missing = [...missingRequirements(), ...missingPrograms(CLUSTERS)];
  missing.push(...missingGo());
  if (Number(fs.readFileSync(WATCHES, 'utf8')) < LEAST_WATCHES) {
    missing.push(`${LEAST_WATCHES} watches of files per user (${WATCHES})`);
  }
  return missing;
}

/** What this machine lacks to run the laboratory; empty if nothing. */
export function missingRequirements(): string[] {
  const missing = missingPrograms(LABORATORY);
  if (process.getuid?.() !== 0) {
    missing.push('root');
  }
  if (missing.length) {
    return missing;
  }
  if (!fs.readdirSync('/usr/share/keyrings').some(name => name.startsWith('debian-archive'))) {
    missing.push('Debian\'s keys (package debian-archive-keyring)');
  }
  if (!works('mount -t tmpfs tmpfs /mnt; mkdir /mnt/l /mnt/u /mnt/w /mnt/m; mount -t overlay -o lowerdir=/mnt/l,upperdir=/mnt/u,workdir=/mnt/w overlay /mnt/m')) {
    missing.push('a kernel that mounts overlays');
  }
  if (!works('ip link add veth-a type veth peer name veth-b')) {
    missing.push('a kernel with veth');
  }
  if (!works('iptables -t nat -A POSTROUTING -j MASQUERADE; iptables -A INPUT -m conntrack --ctstate DNAT --ctorigdst 10.0.0.1 -j ACCEPT; iptables -t nat -A PREROUTING -m statistic --mode random --probability 0.5 -j ACCEPT')) {
    missing.push('a kernel with NAT and connection tracking');
  }
  return missing;
}

/** Whether a suite that can't run is a failure here. */
function skipsForbidden(): boolean {
  return process.env.CI === 'true' || process.env.CDK8S_HEP_NO_SKIP === '1';
}

/**
 * A `describe` for a suite that needs the laboratory. Where the machine can't run
 * it, it is skipped under a name that says why (`skipped-suites.js` repeats it on
 * one line at the end), or fails where skips are forbidden.
 */
export function describeReal(name: string, suite: () => void): void {
  describeIf(missingRequirements(), name, suite);
}

/** The same for a suite that needs clusters. */
export function describeClusters(name: string, suite: () => void): void {
  describeIf(missingForClusters(), name, suite);
}

/** The same for a suite that needs clusters, and looks at a page of theirs. */
export function describePages(name: string, suite: () => void): void {
  describeIf([...missingForClusters(), ...missingPrograms(BROWSER)], name, suite);
}

/** The same for a suite that needs Java besides. */
export function describeJava(name: string, suite: () => void): void {
  describeIf([...missingRequirements(), ...missingPrograms(JAVA)], name, suite);
}

/** The same for a suite that needs Go, and no more. */
export function describeGo(name: string, suite: () => void): void {
  describeIf(missingGo(), name, suite);
}

/** The same for a suite of the workflow server. */
export function describeWorkflowServer(name: string, suite: () => void): void {
  const database = fs.existsSync(POSTGRES) ? [] : [`${POSTGRES} (package postgresql)`];
  describeIf([...missingForClusters(), ...missingPrograms(WORKFLOW_SERVER), ...database], name, suite);
}

function describeIf(missing: string[], name: string, suite: () => void): void {
  if (missing.length === 0) {
    describe(name, suite);
  } else if (skipsForbidden()) {
    test(name, () => {
      throw new Error(`this machine lacks ${missing.join(', ')}; test/real/setup installs what can be installed`);
    });
  } else {
    describe.skip(`${name} [this machine lacks ${missing.join(', ')}]`, suite);
  }
}

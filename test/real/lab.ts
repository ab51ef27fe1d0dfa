import { ChildProcess, spawn, spawnSync } from 'child_process';
import { randomBytes } from 'crypto';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { Cluster, ClusterOptions } from './cluster';
import { attempt } from './command';
import { Manifest } from './manifest';
import { Network } from './network';
import { imageRootfs } from './rootfs';
import { Site, SiteOptions } from './site';

/** The beginning of every name the laboratory gives to anything of the machine. */
export const LAB_PREFIX = 'heplab';

const SWEEP = path.join(__dirname, 'sweep');

/** Where the laboratories of this machine keep what they run. */
function labsDirectory(): string {
  return path.join(os.tmpdir(), 'cdk8s-hep-labs');
}

/** The time a process was started, which tells it from a later one of the same number. */
function startOf(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** Takes down what laboratories left whose process is gone. */
function sweepTheDead(): void {
  if (!fs.existsSync(labsDirectory())) {
    return;
  }
  for (const prefix of fs.readdirSync(labsDirectory())) {
    const state = path.join(labsDirectory(), prefix);
    let owner: { pid: number; start?: string } | undefined;
    try {
      owner = JSON.parse(fs.readFileSync(path.join(state, 'owner'), 'utf8'));
    } catch {
      // Not even begun, or half swept.
    }
    if (!owner || startOf(owner.pid) !== owner.start) {
      spawnSync(SWEEP, [state, prefix], { stdio: 'inherit' });
    }
  }
}

/**
 * The laboratory: sites joined by a network, and clusters that run synthesized
 * files at them. It owns all that it starts.
 *
 * A second process waits for the end of this one and then takes everything down,
 * so that nothing stays behind a crash, a Ctrl-C or a kill -9 either.
 */
export class Lab {
  /** Opens a laboratory; builds the image if this machine has none yet. */
  public static async open(): Promise<Lab> {
    sweepTheDead();
    const rootfs = imageRootfs();
    const prefix = `${LAB_PREFIX}${randomBytes(2).toString('hex')}`;
    const state = path.join(labsDirectory(), prefix);
    fs.mkdirSync(state, { recursive: true, mode: 0o755 });
    fs.writeFileSync(path.join(state, 'owner'), JSON.stringify({ pid: process.pid, start: startOf(process.pid) }));
    const watchdog = spawn(SWEEP, ['--after', state, prefix], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    watchdog.unref();
    try {
      return new Lab(prefix, state, rootfs, await Network.make(prefix), watchdog);
    } catch (error) {
      watchdog.stdin.end();
      throw error;
    }
  }

  private readonly clusters: Cluster[] = [];

  private constructor(
    /** What all names of this laboratory begin with. */
    public readonly prefix: string,
    /** The directory that holds all it writes. */
    public readonly state: string,
    /** The image's root file system. */
    public readonly rootfs: string,
    public readonly network: Network,
    private readonly watchdog: ChildProcess,
  ) {}

  /** Adds a site to the network. */
  public site(name: string, options: SiteOptions): Promise<Site> {
    return this.network.site(name, options);
  }

  /** A cluster at a site that will run the objects of one synthesized file. */
  public cluster(name: string, site: Site, manifests: Manifest[], options: ClusterOptions = {}): Cluster {
    const cluster = new Cluster(this, name, site, manifests, options);
    this.clusters.push(cluster);
    return cluster;
  }

  /** Ends everything and removes every trace. */
  public async close(): Promise<void> {
    const result = await attempt([SWEEP, this.state, this.prefix]);
    await Promise.all(this.clusters.map(cluster => cluster.swept()));
    this.watchdog.ref();
    const gone = new Promise(resolve => this.watchdog.once('exit', resolve));
    this.watchdog.stdin!.end();
    await gone;
    if (result.status !== 0 || result.stderr) {
      throw new Error(`the laboratory was not taken down cleanly:\n${result.stderr}`);
    }
  }
}

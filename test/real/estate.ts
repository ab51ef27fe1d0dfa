import { ChildProcess, spawn, spawnSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { attempt } from './command';

const SWEEP = path.join(__dirname, 'sweep');

/** Where everything that has an estate on this machine keeps its files. */
const DIRECTORY = path.join(os.tmpdir(), 'cdk8s-hep-labs');

/** The time a process was started, which tells it from a later one of the same number. */
function startOf(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** Who holds an estate: a process, or nobody in particular until it is dissolved. */
type Owner = { readonly pid: number; readonly start?: string } | 'lasting';

function ownerOf(state: string): Owner | undefined {
  try {
    return JSON.parse(fs.readFileSync(path.join(state, 'owner'), 'utf8'));
  } catch {
    // Not even begun, or half swept.
    return undefined;
  }
}

/** Takes down what was left by owners that are gone. */
function sweepTheDead(): void {
  if (!fs.existsSync(DIRECTORY)) {
    return;
  }
  for (const prefix of fs.readdirSync(DIRECTORY)) {
    const state = path.join(DIRECTORY, prefix);
    const owner = ownerOf(state);
    if (!owner || (owner !== 'lasting' && startOf(owner.pid) !== owner.start)) {
      spawnSync(SWEEP, [state, prefix], { stdio: 'inherit' });
    }
  }
}

/**
 * All that one laboratory has on this machine: processes, mounts, network
 * namespaces, control groups and files, which carry its prefix or lie in its
 * directory, so that they can be taken down by somebody who knows no more.
 */
export class Estate {
  /**
   * Founds an estate of this process. A second process waits for the end of this
   * one and then takes everything down, so that nothing stays behind a crash, a
   * Ctrl-C or a kill -9 either.
   */
  public static found(prefix: string): Estate {
    const owner: Owner = { pid: process.pid, start: startOf(process.pid) };
    const state = Estate.begin(prefix, owner);
    const watchdog = spawn(SWEEP, ['--after', state, prefix], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    watchdog.unref();
    return new Estate(prefix, state, watchdog);
  }

  /** Founds an estate that outlives this process; what was there before under its prefix goes. */
  public static async foundLasting(prefix: string): Promise<Estate> {
    await Estate.dissolve(prefix);
    return new Estate(prefix, Estate.begin(prefix, 'lasting'));
  }

  /** Takes down the estate of a prefix, whoever holds it; nothing is done if there is none. */
  public static async dissolve(prefix: string): Promise<void> {
    const result = await attempt([SWEEP, Estate.directory(prefix), prefix]);
    if (result.status !== 0 || result.stderr) {
      throw new Error(`${prefix} was not taken down cleanly:\n${result.stderr}`);
    }
  }

  /** Where the estate of a prefix keeps its files. */
  public static directory(prefix: string): string {
    return path.join(DIRECTORY, prefix);
  }

  private static begin(prefix: string, owner: Owner): string {
    sweepTheDead();
    const state = Estate.directory(prefix);
    fs.mkdirSync(state, { recursive: true, mode: 0o755 });
    fs.writeFileSync(path.join(state, 'owner'), JSON.stringify(owner));
    return state;
  }

  private constructor(
    /** What all its names begin with. */
    public readonly prefix: string,
    /** The directory that holds all it writes. */
    public readonly state: string,
    private readonly watchdog?: ChildProcess,
  ) {}

  /** Leaves the taking down to the watchdog, without waiting; for a half-made estate. */
  public abandon(): void {
    this.watchdog?.stdin!.end();
  }

  /** Ends everything and removes every trace; nothing is done the second time. */
  public async close(): Promise<void> {
    try {
      await Estate.dissolve(this.prefix);
    } finally {
      const { watchdog } = this;
      if (watchdog && watchdog.exitCode === null && watchdog.signalCode === null) {
        watchdog.ref();
        const gone = new Promise(resolve => watchdog.once('exit', resolve));
        watchdog.stdin!.end();
        await gone;
      }
    }
  }
}

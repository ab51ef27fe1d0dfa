import { ChildProcess, spawn } from 'child_process';
import * as fs from 'fs';
import * as path from 'path';
import { PATIENCE } from '../until';
import { ControlGroup } from './control-group';

/** Where a component runs. */
export interface Surroundings {
  /** The path of the network namespace. */
  readonly network: string;
  /** A process whose mount and UTS namespaces are entered as well. */
  readonly namespacesOf?: () => number;
  /** The control group of the process and its children. */
  readonly group: ControlGroup;
  /** Where its log is written. */
  readonly logs: string;
}

export interface ComponentOptions {
  readonly env?: { readonly [name: string]: string };
  /** Open files that the process finds as its descriptors from 3 on. */
  readonly descriptors?: number[];
}

/** Nearly all of them are Go's, and collect garbage for a quarter of their time otherwise: of memory the machine has more than of processors. */
const THRIFTY = { GOGC: '400' };

// Joins the control group first, so that all children are in it too; exec keeps the process's number.
const JOIN = 'echo $$ >"$0" && exec "$@"';

/**
 * A daemon of a cluster: a process of its own session that outlives the process
 * which started it. Nobody starts it again when it ends: that is for tests to do.
 */
export class Component {
  private child?: ChildProcess;
  private ended: Promise<void> = Promise.resolve();
  private hasEnded = true;

  constructor(
    public readonly name: string,
    private readonly argv: string[],
    private readonly surroundings: Surroundings,
    private readonly options: ComponentOptions = {},
  ) {}

  /** The file that holds all it wrote since it was first started. */
  public get log(): string {
    return path.join(this.surroundings.logs, `${this.name}.log`);
  }

  public get pid(): number {
    if (this.hasEnded) {
      throw new Error(`${this.name} does not run`);
    }
    return this.child!.pid!;
  }

  public get running(): boolean {
    return !this.hasEnded;
  }

  public start(): this {
    if (!this.hasEnded) {
      throw new Error(`${this.name} runs already`);
    }
    const { network, namespacesOf, group, logs } = this.surroundings;
    fs.mkdirSync(logs, { recursive: true });
    const log = fs.openSync(this.log, 'a');
    try {
      const enter = namespacesOf ? ['--target', String(namespacesOf()), '--mount', '--uts'] : [];
      const child = spawn('sh', ['-c', JOIN, group.door, 'nsenter', `--net=${network}`, ...enter, ...this.argv], {
        stdio: ['ignore', log, log, ...this.options.descriptors ?? []],
        detached: true,
        env: { ...process.env, ...THRIFTY, ...this.options.env },
      });
      child.unref();
      this.child = child;
      this.hasEnded = false;
      this.ended = new Promise(resolve => {
        const end = () => {
          if (this.child === child) {
            this.hasEnded = true;
          }
          resolve();
        };
        child.on('exit', end);
        child.on('error', end);
      });
    } finally {
      fs.closeSync(log);
    }
    return this;
  }

  /** Sends it a signal, and waits for its end if the signal is one that ends. */
  public async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.hasEnded) {
      return;
    }
    process.kill(this.pid, signal);
    if (['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGQUIT'].includes(signal)) {
      // While its end is awaited, this process must not end for having nothing else to do.
      this.child!.ref();
      await this.ended;
    }
  }

  /** Ends it the way its service manager would, and starts it again. */
  public async restart(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.kill(signal);
    this.start();
  }

  /** Asks until the answer is yes; fails at once if the process ends. */
  public async until(what: string, holds: () => Promise<boolean>, seconds = PATIENCE): Promise<void> {
    const end = Date.now() + seconds * 1000;
    while (!await holds()) {
      if (this.hasEnded || Date.now() > end) {
        const tail = fs.readFileSync(this.log, 'utf8').split('\n').slice(-15).join('\n');
        throw new Error(`${this.name} ${this.hasEnded ? 'ended' : `was not ${what} in ${seconds} s`}; the end of ${this.log}:\n${tail}`);
      }
      await new Promise(resolve => setTimeout(resolve, 300));
    }
  }
}

import { ChildProcess, spawn } from 'child_process';
import * as fs from 'fs';
import * as path from 'path';
import { attempt, CommandResult, run } from './command';
import { userInImage } from './oci';

export interface ExecOptions {
  readonly env?: { readonly [name: string]: string };
  /** The name or number of an account of the image. @default the container's user */
  readonly user?: string | number;
  /** Seconds after which the command is killed; its status is 124 then. */
  readonly timeout?: number;
  readonly input?: string;
  /** Where it runs. @default the container's working directory */
  readonly cwd?: string;
}

let execCount = 0;

/** One run of a container: a process with its own view of the image, in the runtime's hands. */
export class Container {
  /**
   * @param directory holds config.json and will hold the overlay
   * @param image the directory that is overlaid
   */
  public static async start(id: string, runcRoot: string, directory: string, image: string): Promise<Container> {
    const at = (name: string) => path.join(directory, name);
    for (const name of ['upper', 'work', 'rootfs']) {
      fs.mkdirSync(at(name));
    }
    await run(['mount', '-t', 'overlay', '-o', `lowerdir=${image},upperdir=${at('upper')},workdir=${at('work')}`, 'overlay', at('rootfs')]);
    const container = new Container(id, runcRoot, directory, image);
    await container.started();
    if (!container.running && container.log.includes('runc run failed')) {
      const why = container.log;
      await container.stop(0);
      throw new Error(`${id} could not be started:\n${why}`);
    }
    return container;
  }

  /** Ends with the container's exit status. */
  public readonly exited: Promise<number>;
  private exit?: number;
  private readonly child: ChildProcess;

  private constructor(
    public readonly id: string,
    private readonly runcRoot: string,
    private readonly directory: string,
    private readonly image: string,
  ) {
    const log = fs.openSync(path.join(directory, 'log'), 'a');
    this.child = spawn('runc', ['--root', runcRoot, 'run', '--bundle', directory, '--pid-file', path.join(directory, 'pid'), id],
      // A session of its own: a Ctrl-C at the tests is not for the daemons.
      { stdio: ['ignore', log, log], detached: true });
    fs.closeSync(log);
    this.exited = new Promise(resolve => this.child.on('exit', (code, signal) => {
      this.exit = code ?? (signal ? 137 : 1);
      resolve(this.exit);
    }));
  }

  /** The exit status, once there is one. */
  public get status(): number | undefined {
    return this.exit;
  }

  public get running(): boolean {
    return this.exit === undefined;
  }

  /** The number of its first process, as this machine counts. */
  public get pid(): number {
    return Number(fs.readFileSync(path.join(this.directory, 'pid'), 'utf8'));
  }

  /** What it wrote to its standard output and error. */
  public get log(): string {
    return fs.readFileSync(path.join(this.directory, 'log'), 'utf8');
  }

  /** A path in the container as a path of this machine; only while it runs. */
  public path(inside: string): string {
    return path.join(`/proc/${this.pid}/root`, inside);
  }

  /** Runs a command in the container. */
  public async exec(argv: string[], options: ExecOptions = {}): Promise<CommandResult> {
    execCount += 1;
    const pidFile = path.join(this.directory, `exec${execCount}`);
    const args = ['--root', this.runcRoot, 'exec', '--pid-file', pidFile];
    if (options.user !== undefined) {
      const user = userInImage(this.image, options.user);
      args.push('--user', `${user.uid}:${user.gid}`, '--env', `HOME=${user.home}`);
      user.groups.forEach(gid => args.push('--additional-gids', String(gid)));
    }
    if (options.cwd !== undefined) {
      args.push('--cwd', options.cwd);
    }
    for (const [name, value] of Object.entries(options.env ?? {})) {
      args.push('--env', `${name}=${value}`);
    }
    try {
      return await attempt(['runc', ...args, this.id, ...argv], {
        input: options.input,
        timeout: options.timeout,
        onTimeout: () => killFrom(pidFile),
      });
    } finally {
      fs.rmSync(pidFile, { force: true });
    }
  }

  /** Sends a signal to the first process, or to every process of a program. */
  public signal(signal: NodeJS.Signals, program?: string): number {
    const pids = program === undefined ? [this.pid] : this.processes().filter(each => each.program === program).map(each => each.pid);
    pids.forEach(pid => process.kill(pid, signal));
    return pids.length;
  }

  /** What runs in the container: everything in its process namespace that isn't dead already. */
  public processes(): { pid: number; program: string; uid: number }[] {
    const namespace = (pid: number | string) => fs.readlinkSync(`/proc/${pid}/ns/pid`);
    const own = namespace(this.pid);
    const found: { pid: number; program: string; uid: number }[] = [];
    for (const pid of fs.readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
      try {
        if (namespace(pid) === own) {
          const argv0 = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0];
          const uid = Number(/^Uid:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
          if (argv0) {
            found.push({ pid: Number(pid), program: path.basename(argv0), uid });
          }
        }
      } catch {
        // It ended while we looked.
      }
    }
    return found;
  }

  /** SIGTERM to the first process, and SIGKILL when the grace is over. Says whether it went by itself. */
  public async stop(grace: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    if (this.running && grace > 0) {
      await attempt(['runc', '--root', this.runcRoot, 'kill', this.id, 'TERM']);
      const over = new Promise(resolve => {
        timer = setTimeout(resolve, grace * 1000);
      });
      await Promise.race([this.exited, over]);
      clearTimeout(timer);
    }
    const bySelf = !this.running;
    if (this.running) {
      await attempt(['runc', '--root', this.runcRoot, 'kill', this.id, 'KILL']);
      await this.exited;
    }
    await run(['umount', '--lazy', path.join(this.directory, 'rootfs')]);
    return bySelf;
  }

  private async started(): Promise<void> {
    while (this.running) {
      // The pid file comes before the start; only a started container can be entered.
      const state = await attempt(['runc', '--root', this.runcRoot, 'state', this.id]);
      if (state.status === 0 && JSON.parse(state.stdout).status === 'running') {
        return;
      }
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  }
}

function killFrom(pidFile: string): void {
  try {
    process.kill(Number(fs.readFileSync(pidFile, 'utf8')), 'SIGKILL');
  } catch {
    // It ended in the meantime, or had not begun.
  }
}

import { spawn } from 'child_process';

/** How a command ended. */
export interface CommandResult {
  /** The exit status; 128 plus the signal's number if a signal ended it, 124 if time ran out. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** How long it took, in milliseconds. */
  readonly ms: number;
  /** Whether it was ended because its time had run out. */
  readonly timedOut: boolean;
}

export interface CommandOptions {
  readonly input?: string;
  /** Seconds after which it is killed. */
  readonly timeout?: number;
  /** Called when its time has run out: ends what it started, so that it ends by itself; it is killed a second later. */
  readonly onTimeout?: () => void;
}

const SIGNALS: { [name: string]: number } = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };

/** Runs a command and says how it ended; a status other than 0 is no error. */
export function attempt(argv: string[], options: CommandOptions = {}): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const begin = process.hrtime.bigint();
    const child = spawn(argv[0], argv.slice(1), { stdio: 'pipe' });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let timedOut = false;
    let timer: NodeJS.Timeout | undefined;
    if (options.timeout !== undefined) {
      timer = setTimeout(() => {
        timedOut = true;
        options.onTimeout?.();
        timer = setTimeout(() => {
          child.kill('SIGKILL');
          // A grandchild may still hold the pipes.
          child.stdout.destroy();
          child.stderr.destroy();
        }, options.onTimeout ? 1000 : 0);
      }, options.timeout * 1000);
    }
    child.stdout.on('data', (data: Buffer) => out.push(data));
    child.stderr.on('data', (data: Buffer) => err.push(data));
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', error => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({
        status: timedOut ? 124 : code ?? 128 + (SIGNALS[signal ?? ''] ?? 0),
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
        ms: Number((process.hrtime.bigint() - begin) / 1_000_000n),
        timedOut,
      });
    });
  });
}

/** Runs a command that must succeed, and gives what it wrote. */
export async function run(argv: string[], options: CommandOptions = {}): Promise<string> {
  const result = await attempt(argv, options);
  if (result.status !== 0) {
    throw new Error(`${argv.join(' ')} ended with ${result.status}:\n${result.stderr}${result.stdout}\n${options.input ?? ''}`);
  }
  return result.stdout;
}

import { ChildProcess, spawn, spawnSync } from 'child_process';
import { createHash } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import * as readline from 'readline';
import { Manifest } from '../../../src/federation/manifest';
import { cached } from '../cache';

/** The engines whose own packages judge. */
export type JudgeName = 'karmada' | 'kubefed';

/** All of them. */
export const JUDGES: readonly JudgeName[] = ['karmada', 'kubefed'];

/** What is applied to an engine's API, and whom it concerns. */
export interface Case {
  readonly documents: readonly Manifest[];
  readonly members: readonly string[];
  /** What each member would be given without the engine, to be told what its API server makes of it. */
  readonly files?: { readonly [member: string]: readonly Manifest[] };
}

/** What each member holds by then. */
export interface Verdict {
  readonly members: { readonly [member: string]: readonly Manifest[] };
  readonly files?: { readonly [member: string]: readonly Manifest[] };
  /** What the engine complained of; nothing if of nothing. */
  readonly problems: readonly string[] | null;
}

const MODULES = path.join(__dirname, 'judge');
const FLAGS = ['-mod=readonly', '-trimpath', '-ldflags=-s -w', '-p=2'];

/** The judge's program, built on first use from its own few files and the engine's module. */
export function judgeProgram(name: JudgeName): string {
  const module = path.join(MODULES, name);
  const files = fs.readdirSync(module).sort();
  const hash = createHash('sha256').update([...files, ...files.map(file => fs.readFileSync(path.join(module, file), 'utf8')), ...FLAGS].join('\0'));
  const directory = cached(`judge-${name}-${hash.digest('hex').slice(0, 12)}`, tree => {
    process.stderr.write(`building the judge of ${name} from Go modules, a few minutes the first time\n`);
    const { status, error, stderr } = spawnSync('nice', ['-n', '10', 'go', 'build', ...FLAGS, '-o', path.join(tree, name), '.'], {
      cwd: module, encoding: 'utf8', env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
    });
    if (status !== 0) { throw new Error(`go build in ${module} failed (${error?.message ?? status}):\n${stderr}`); }
  });
  return path.join(directory, name);
}

/** A running judge: it takes case after case, and answers in their order. */
export class Judge {
  private readonly process: ChildProcess;
  private readonly waiting: { resolve: (verdict: Verdict) => void; reject: (error: Error) => void }[] = [];
  private complaints = '';

  public constructor(name: JudgeName) {
    this.process = spawn('nice', ['-n', '10', judgeProgram(name)], { stdio: ['pipe', 'pipe', 'pipe'] });
    readline.createInterface({ input: this.process.stdout! }).on('line', line => this.waiting.shift()!.resolve(JSON.parse(line)));
    this.process.stderr!.on('data', (chunk: Buffer) => { this.complaints += chunk.toString(); });
    this.process.stdin!.on('error', () => undefined);
    this.process.on('close', status => this.waiting.splice(0).forEach(({ reject }) =>
      reject(new Error(`the judge of ${name} ended with ${status}:\n${this.complaints.slice(0, 4000)}`))));
  }

  /** What the members hold in a case. */
  public ask(asked: Case): Promise<Verdict> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.process.stdin!.write(`${JSON.stringify(asked)}\n`);
    });
  }

  /** Ends it, when it has answered. */
  public async close(): Promise<void> {
    if (this.process.exitCode !== null) { return; }
    const closed = new Promise(resolve => this.process.once('close', resolve));
    this.process.stdin!.end();
    await closed;
  }
}

import { execFileSync } from 'child_process';
import { createHash, randomBytes } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import { cacheDirectory, cached } from '../cache';
import { attempt, CommandResult } from '../command';
import { PATIENCE, until } from '../until';

const REQUIREMENTS = path.join(__dirname, 'client-requirements.txt');
const WORKFLOWS = path.join(__dirname, 'workflows');

/** The seconds within which a workflow ends: the nodes may have to pull the images of its engine and its step first. */
const LONGEST = 1800;

/** The status of a workflow that gets no other one. */
const ENDED = ['finished', 'failed', 'stopped', 'deleted'];

/** How the client is told the server and who asks. */
const VARIABLES = ['REANA_SERVER_URL', 'REANA_ACCESS_TOKEN'];

/** A step of a workflow, as far as the client's `logs` tells of it. */
export interface Step {
  readonly status: string;
  readonly logs: string;
  readonly compute_backend: string;
  readonly backend_job_id: string;
}

/** What the environment must say before a client can be used, and doesn't. */
export function missingVariables(): string[] {
  return VARIABLES.filter(name => !process.env[name]);
}

/** The directory of the client's programs, installed on first use as the machine's pip is told to. */
function programs(): string {
  const python = execFileSync('python3', ['--version']);
  const name = `reana-client-${createHash('sha256').update(python).update(fs.readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12)}`;
  return path.join(cached(name, tree => {
    execFileSync('python3', ['-m', 'venv', tree], { stdio: 'pipe' });
    const pip = ['-m', 'pip', '--disable-pip-version-check', 'install', '--quiet', '--no-deps', '--requirement', REQUIREMENTS];
    execFileSync(path.join(tree, 'bin', 'python3'), pip, { stdio: 'pipe' });
    // programs name the Python that runs them by its path, which is another one once the tree is in its place
    for (const entry of fs.readdirSync(path.join(tree, 'bin'), { withFileTypes: true }).filter(found => found.isFile())) {
      const program = path.join(tree, 'bin', entry.name);
      fs.writeFileSync(program, fs.readFileSync(program, 'utf8').replaceAll(tree, path.join(cacheDirectory(), name)));
    }
  }), 'bin');
}

/** REANA's own command-line client, at the server that the environment names. */
export class ReanaClient {
  private readonly path = `${programs()}:${process.env.PATH}`;
  private readonly made: string[] = [];

  /** Runs one of the client's commands, which must succeed, beside the files of the workflows, and gives what it says. */
  public async command(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.attempt(args);
    if (status !== 0) { throw new Error(`reana-client ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`); }
    return stdout;
  }

  /** Makes a workflow of a file, uploads what it needs, and starts it. Gives its name. */
  public async start(file: string): Promise<string> {
    const workflow = `cdk8s-hep-${path.parse(file).name}-${randomBytes(4).toString('hex')}`;
    this.made.push(workflow);
    await this.command('create', '--workflow', workflow, '--file', file);
    await this.command('upload', '--workflow', workflow);
    await this.command('start', '--workflow', workflow);
    return workflow;
  }

  /** Waits until a workflow ends, which must be with that status. */
  public async ends(workflow: string, expected: string): Promise<void> {
    let status = '';
    await until(`${workflow} ends`, async () => {
      [{ status }] = JSON.parse(await this.command('status', '--workflow', workflow, '--json'));
      if (!ENDED.includes(status)) { throw new Error(`it is ${status}`); }
      return true;
    }, LONGEST);
    if (status !== expected) { throw new Error(`${workflow} is ${status}, not ${expected}:\n${await this.command('logs', '--workflow', workflow)}`); }
  }

  /** The steps of a workflow that have begun. */
  public async steps(workflow: string): Promise<Step[]> {
    return Object.values(JSON.parse(await this.command('logs', '--workflow', workflow, '--json')).job_logs);
  }

  /** The names of the files in a workflow's workspace. */
  public async files(workflow: string): Promise<string[]> {
    return JSON.parse(await this.command('ls', '--workflow', workflow, '--json')).map(({ name }: { name: string }) => name);
  }

  /** What is in the files that a workflow says are its outputs. */
  public async outputs(workflow: string): Promise<string> {
    return this.command('download', '--workflow', workflow, '--output-directory', '-');
  }

  /** Deletes the workflows that it made; what still runs is stopped before, since REANA deletes nothing that runs. */
  public async deleteAll(): Promise<void> {
    for (const workflow of this.made.splice(0)) {
      // what the server refused to make is not there
      if ((await this.attempt(['status', '--workflow', workflow])).status !== 0) { continue; }
      await this.attempt(['stop', '--workflow', workflow, '--force']);
      await this.command('delete', '--workflow', workflow, '--include-all-runs', '--include-workspace');
    }
  }

  private attempt(args: string[]): Promise<CommandResult> {
    return attempt(['env', `--chdir=${WORKFLOWS}`, `PATH=${this.path}`, 'reana-client', ...args], { timeout: PATIENCE });
  }
}

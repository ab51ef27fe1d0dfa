import { execFileSync } from 'child_process';
import { createHash, randomBytes } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import { cached } from '../cache';
import { Estate } from '../estate';
import { Component } from '../kubernetes/component';
import { ControlGroup } from '../kubernetes/control-group';
import { Machine } from '../machine';

const POM = path.join(__dirname, 'open-search', 'pom.xml');
const MAIN = 'org.codelibs.opensearch.runner.OpenSearchRunner';
/** The first node's, by the runner's own counting. */
const PORT = 9201;

/** The program, from Maven, unpacked on first use. */
function libraries(): string {
  const hash = createHash('sha256').update(fs.readFileSync(POM)).digest('hex').slice(0, 12);
  return cached(`open-search-${hash}`, tree => {
    execFileSync('mvn', ['--batch-mode', '--quiet', '--file', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${tree}`], { stdio: ['ignore', 'inherit', 'inherit'] });
  });
}

/** A real OpenSearch of one node, without its security plugin, on a machine of its own. */
export class OpenSearch {
  /** Starts it; it answers then. */
  public static async start(): Promise<OpenSearch> {
    const programs = libraries();
    const estate = Estate.found(`heptest${randomBytes(2).toString('hex')}`);
    try {
      const machine = await Machine.make(`${estate.prefix}-search`);
      const base = path.join(estate.state, 'open-search');
      const process = new Component('open-search', [
        'java', '-Xms512m', '-Xmx512m', '-cp', `${programs}/*`, MAIN, '-basePath', base, '-numOfNode', '1', '-clusterName', 'cdk8s-hep', '-baseHttpPort', `${PORT - 1}`,
      ], { network: machine.path, group: new ControlGroup(estate.prefix), logs: path.join(estate.state, 'logs') }).start();
      const started = new OpenSearch(estate, machine);
      await process.until('ready', async () => (await started.attempt('GET', '/')).status === 0);
      return started;
    } catch (error) {
      await estate.close();
      throw error;
    }
  }

  private constructor(private readonly estate: Estate, private readonly machine: Machine) {}

  /** Asks it, and gives its answer, which must be none of an error. */
  public async ask(method: string, file: string, body?: string): Promise<any> {
    const { status, stdout, stderr } = await this.attempt(method, file, body);
    if (status !== 0) { throw new Error(`${method} ${file}: ${stdout}${stderr}`); }
    return JSON.parse(stdout);
  }

  public async close(): Promise<void> {
    await this.estate.close();
  }

  private attempt(method: string, file: string, body?: string) {
    return this.machine.attempt([
      'curl', '--silent', '--show-error', '--fail-with-body', '--request', method, '--header', 'Content-Type: application/json', ...body === undefined ? [] : ['--data-binary', '@-'],
      `http://127.0.0.1:${PORT}${file}`,
    ], { input: body, timeout: 60 });
  }
}

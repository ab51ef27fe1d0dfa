import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import type { CommandResult } from './command';
import { Authority } from './kubernetes/certificates';
import type { Pool } from './pool';

/** One value of a series. */
export interface Sample { readonly labels: { readonly [label: string]: string }; readonly value: number }

/** Who vouches for the host's Prometheus and the members' agents, and who else might. */
export class MetricsCertificates {
  public static async make(): Promise<MetricsCertificates> {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-certificates-'));
    return new MetricsCertificates(directory, await Authority.make(directory, 'authority'), await Authority.make(path.join(directory, 'foreign'), 'foreign'));
  }

  private constructor(private readonly directory: string, private readonly own: Authority, private readonly foreign: Authority) {}

  /** What is in the Secret of somebody. */
  public async secret(name: string): Promise<{ [file: string]: string }> {
    const { certificate, key } = await this.own.issue(name, { user: name, names: [name] });
    const read = (file: string) => fs.readFileSync(file, 'utf8');
    return { 'tls.crt': read(certificate), 'tls.key': read(key), 'ca.crt': read(this.own.certificate) };
  }

  /** How curl verifies a server. */
  public get verify(): string[] { return ['--cacert', this.own.certificate]; }

  /** How curl shows who it is; in the words of another authority if a test wants that. */
  public async show(authority: 'own' | 'foreign' = 'own'): Promise<string[]> {
    const { certificate, key } = await this[authority].issue('operator', { user: 'operator' });
    return ['--cert', certificate, '--key', key];
  }

  public remove(): void {
    fs.rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The Prometheus of a pool's host, as it is asked from outside. */
export class HostPrometheus {
  constructor(private readonly pool: Pool, private readonly certificates: MetricsCertificates, private readonly name: string) {}

  /** What curl says at a node of a cluster, with these options. */
  public async curl(cluster: string, query: string, ...options: string[]): Promise<CommandResult> {
    const address = this.pool.clusters['condor-host'].service('metrics').publicAddress!;
    return this.pool.sites[cluster].nodes[0].machine.attempt([
      'curl', '--silent', '--show-error', '--fail-with-body', '--max-time', '20', '--resolve', `${this.name}:9090:${address}`, ...this.certificates.verify, ...options,
      '--get', '--data-urlencode', `query=${query}`, `https://${this.name}:9090/api/v1/query`,
    ], { timeout: 30 });
  }

  /** What it answers to who may ask. */
  public async ask(query: string): Promise<Sample[]> {
    const { status, stdout, stderr } = await this.curl('condor-host', query, ...await this.certificates.show());
    if (status !== 0) { throw new Error(`${query}: ${stdout}${stderr}`); }
    return JSON.parse(stdout).data.result.map(({ metric, value: [, number] }: { metric: Sample['labels']; value: [number, string] }) =>
      ({ labels: metric, value: Number(number) }));
  }
}

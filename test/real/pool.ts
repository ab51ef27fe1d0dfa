import { randomBytes } from 'crypto';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import type { Cluster } from './cluster';
import { CommandResult } from './command';
import { Lab } from './lab';
import { parseManifests } from './manifest';
import type { Pod } from './pod';
import { runInImage } from './rootfs';
import type { Site, SiteOptions } from './site';
import type { NodeOptions } from './site-node';

/** Where a member stands: its network, and the nodes in it. */
export interface Place extends SiteOptions {
  readonly nodes: { readonly [name: string]: NodeOptions };
}

/** A job, and what became of it. */
export interface Job {
  readonly JobStatus: number;
  readonly NumJobStarts: number;
  readonly RemoteHost: string | null;
  readonly ProcId: number;
}

const NAMESPACE = 'condor';
const HOST = 'condor-host';

/** The submitter's home on the access point. */
const DESK = '/home/submitter';

/** A pool that runs from the files that a program synthesizes, as a site runs them. */
export class Pool {
  /**
   * Synthesizes a program and starts every cluster of it: the host's first, then each member's with a token
   * that was made in the central manager, or with one that a test gives it.
   */
  public static async start(
    program: (outdir: string) => void, places: { readonly [cluster: string]: Place }, tokens: { readonly [member: string]: string } = {},
  ): Promise<Pool> {
    const outdir = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-pool-'));
    const lab = await Lab.open();
    try {
      program(outdir);
      const pool = new Pool(lab, Object.fromEntries(fs.readdirSync(outdir).map(file => [
        file.replace(/\.k8s\.yaml$/, ''), fs.readFileSync(path.join(outdir, file), 'utf8'),
      ])));
      await pool.startHost(places[HOST]);
      for (const member of Object.keys(pool.files).filter(name => name !== HOST)) { await pool.startMember(member, places[member], tokens[member]); }
      return pool;
    } catch (error) {
      await lab.close();
      throw error;
    } finally {
      fs.rmSync(outdir, { recursive: true });
    }
  }

  public readonly clusters: { [name: string]: Cluster } = {};

  public readonly sites: { [name: string]: Site } = {};

  /** The pool's signing key, as it is in the host's Secret. */
  public readonly signingKey = randomBytes(64).toString('base64');

  private constructor(public readonly lab: Lab, public readonly files: { readonly [cluster: string]: string }) {}

  public get centralManager(): Pod { return this.clusters[HOST].pod('condor-cm-0'); }

  public get accessPoint(): Pod { return this.clusters[HOST].pod('condor-ap1-0'); }

  /** The execution point of a member; of one of its nodes if it has several. */
  public executionPoint(member: string, node?: string): Pod {
    const pods = this.clusters[member].pods.filter(pod => pod.workload.kind === 'DaemonSet' && (!node || pod.node.name === node));
    if (pods.length !== 1) { throw new Error(`${member} has ${pods.length} execution points${node ? ` on ${node}` : ''}`); }
    return pods[0];
  }

  /** A token as a site makes it: in the central manager, with HTCondor's own program. */
  public async token(identity: string, ...authorizations: string[]): Promise<string> {
    const made = await this.centralManager.exec(undefined, [
      'condor_token_create', '-key', 'POOL', '-identity', identity, ...authorizations.flatMap(each => ['-authz', each]),
    ]);
    if (made.status !== 0) { throw new Error(`no token for ${identity}: ${made.stderr}${made.stdout}`); }
    return made.stdout.trim();
  }

  /** A question to the collector, in the central manager's pod. */
  public async status(...args: string[]): Promise<string> {
    return this.answer(this.centralManager, ['condor_status', ...args]);
  }

  /** One ad of the collector, as an object. */
  public async ad(...args: string[]): Promise<{ readonly [attribute: string]: unknown }> {
    const ads = JSON.parse(await this.status('-json', ...args) || '[]');
    if (ads.length !== 1) { throw new Error(`${ads.length} ads for condor_status ${args.join(' ')}`); }
    return ads[0];
  }

  /** The names of the machines' partitionable slots. */
  public async machines(): Promise<string[]> {
    return (await this.status('-const', 'PartitionableSlot', '-af', 'Name')).split('\n').filter(name => name).sort();
  }

  /** Submits with spooled files, as a user does who isn't on the access point; gives the cluster's id. */
  public async submit(description: string, files: { readonly [name: string]: string } = {}): Promise<string> {
    for (const [name, text] of Object.entries(files)) { await this.asUser(['sh', '-c', `cat >'${name}'`], text); }
    const said = await this.asUser(['sh', '-c', 'cat >job.sub && condor_submit -spool -terse job.sub'], description);
    return /^(\d+)\./.exec(said)![1];
  }

  public async jobs(cluster: string): Promise<Job[]> {
    const said = await this.answer(this.accessPoint, ['condor_q', cluster, '-json', '-attributes', 'ProcId,JobStatus,NumJobStarts,RemoteHost']);
    return JSON.parse(said || '[]').map((job: Job) => ({ ProcId: job.ProcId, JobStatus: job.JobStatus, NumJobStarts: job.NumJobStarts ?? 0, RemoteHost: job.RemoteHost ?? null }));
  }

  /** Waits until all jobs of a cluster are done. */
  public async finished(cluster: string, seconds = 120): Promise<void> {
    try {
      await until(`jobs of ${cluster} are done`, async () => (await this.jobs(cluster)).every(({ JobStatus }) => JobStatus === 4), seconds);
    } catch (error) {
      const why = await this.accessPoint.exec(undefined, ['sh', '-c', `condor_q ${cluster} -better-analyze; tail -n 40 /var/log/condor/SchedLog`], { timeout: 60 });
      const matches = await this.centralManager.exec(undefined, ['tail', '-n', '40', '/var/log/condor/NegotiatorLog']);
      throw new Error(`${(error as Error).message}\n${why.stdout}${why.stderr}${matches.stdout}`);
    }
  }

  /** Brings a job's output back, and gives a file of it. */
  public async output(cluster: string, file: string): Promise<string> {
    await this.asUser(['condor_transfer_data', cluster]);
    return this.asUser(['cat', file]);
  }

  public async asUser(argv: string[], input?: string): Promise<string> {
    return this.answer(this.accessPoint, argv, { user: 'submitter', cwd: DESK, input });
  }

  /** What the accountant knows of users: their usage in core-seconds. */
  public async usage(): Promise<string> {
    return this.answer(this.centralManager, ['condor_userprio', '-allusers', '-af', 'Name', 'WeightedAccumulatedUsage']);
  }

  /** Users and the factors of their priorities. */
  public async priorityFactors(): Promise<string> {
    return this.answer(this.centralManager, ['condor_userprio', '-allusers', '-af', 'Name', 'PriorityFactor']);
  }

  public async close(): Promise<void> {
    await this.lab.close();
  }

  private async startHost(place: Place): Promise<void> {
    const cluster = await this.place(HOST, place, { [`${NAMESPACE}/condor-signing-key`]: { POOL: this.signingKey } }, {
      [`${NAMESPACE}/condor-cm`]: 'condor.cern.ch', [`${NAMESPACE}/condor-ap1`]: 'ap1.cern.ch',
    });
    await cluster.start();
    await until('the collector answers', async () => (await this.centralManager.exec(undefined, ['condor_status', '-collector'], { timeout: 10 })).status === 0);
  }

  private async startMember(name: string, place: Place, given?: string): Promise<void> {
    const token = given ?? await this.token(`startd-${name}@cern.ch`, 'ADVERTISE_STARTD', 'ADVERTISE_MASTER');
    const fleets = parseManifests(this.files[name]).filter(({ kind }) => kind === 'DaemonSet');
    const cluster = await this.place(name, place, Object.fromEntries(fleets.map(({ metadata }) => [`${NAMESPACE}/${metadata.name}-token`, { token }])), {});
    await cluster.start();
  }

  private async place(name: string, { nodes, ...options }: Place, secrets: object, publicNames: object): Promise<Cluster> {
    const site = await this.lab.site(name, options);
    this.sites[name] = site;
    for (const [node, nodeOptions] of Object.entries(nodes)) { await site.node(node, nodeOptions); }
    const content = { secrets: { ...secrets }, publicNames: { ...publicNames } };
    this.clusters[name] = this.lab.cluster(name, site, parseManifests(this.files[name]), content);
    return this.clusters[name];
  }

  private async answer(pod: Pod, argv: string[], options: object = {}): Promise<string> {
    const result = await pod.exec(undefined, argv, { timeout: 60, ...options });
    if (result.status !== 0) { throw new Error(`${argv.join(' ')} in ${pod.name}: ${result.status}\n${result.stderr}${result.stdout}`); }
    return result.stdout;
  }
}

/** Asks until the answer is yes. */
export async function until(what: string, holds: () => Promise<boolean>, seconds = 90): Promise<void> {
  const end = Date.now() + seconds * 1000;
  let last: unknown;
  for (;;) {
    try {
      if (await holds()) { return; }
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) { throw new Error(`not in ${seconds} s: ${what}${last ? `\n${(last as Error).message}` : ''}`); }
    await new Promise(resolve => setTimeout(resolve, 500));
  }
}

/** A token that a key of nobody's pool has signed. */
export function foreignToken(identity: string): string {
  const made = runInImage(['sh', '-c', 'chmod 600 /key/POOL; condor_token_create -key POOL -identity "$1"', 'sh', identity], {
    files: { '/key/POOL': randomBytes(64).toString('base64') },
    env: { _CONDOR_SEC_PASSWORD_DIRECTORY: '/key', _CONDOR_TRUST_DOMAIN: 'cern.ch', _CONDOR_SEC_TOKEN_POOL_SIGNING_KEY_FILE: '/key/POOL' },
  });
  if (made.status !== 0) { throw new Error(made.stderr); }
  return made.stdout.trim();
}

/** Whether HTCondor refused to speak to somebody, and for no other reason that it knows. */
export function refused(result: CommandResult): boolean {
  return result.status !== 0 && /AUTHENTICATE:100[34]|might\s+be refusing to communicate with you/.test(result.stderr + result.stdout);
}

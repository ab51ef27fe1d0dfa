import { randomBytes } from 'crypto';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import type { Cluster } from './cluster';
import { CommandResult } from './command';
import { CondorTools, ShellOptions } from './condor-tools';
import { Lab } from './lab';
import { parseManifests } from './manifest';
import type { Pod } from './pod';
import { runInImage } from './rootfs';
import type { Site, SiteOptions } from './site';
import type { NodeOptions } from './site-node';
import { until } from './until';

/** Where a member stands: its network, and the nodes in it. */
export interface Place extends SiteOptions {
  readonly nodes: { readonly [name: string]: NodeOptions };
}

const NAMESPACE = 'condor';
const HOST = 'condor-host';
const COMPONENT = 'app.kubernetes.io/component';

/** What is in Secrets, by `namespace/name`. */
export interface Secrets { readonly [name: string]: { readonly [key: string]: string } }

/** What a site has made before it starts a pool, where that is not what the README has it make. */
export interface Beforehand {
  /** Tokens of members. @default - of the pool's key, for good */
  readonly tokens?: { readonly [member: string]: string | ((pool: Pool) => Promise<string>) };
  /** More Secrets of the host, by `namespace/name`. @default - none */
  readonly secrets?: Secrets | ((pool: Pool) => Secrets);
  /** More Secrets of members, by `namespace/name`. @default - none */
  readonly memberSecrets?: { readonly [member: string]: Secrets };
  /** The workloads that are started, by their names: the laboratory has no image of others. @default - all of the files */
  readonly workloads?: readonly string[];
}

/** A pool that runs from the files that a program synthesizes, as a site runs them. */
export class Pool extends CondorTools {
  /**
   * Synthesizes a program and starts every cluster of it: the host's first, then each member's with a token
   * that was made in the central manager, or with one that a test gives it.
   */
  public static async start(
    program: (outdir: string) => void, places: { readonly [cluster: string]: Place },
    { tokens = {}, secrets = {}, memberSecrets = {}, workloads = [] }: Beforehand = {},
  ): Promise<Pool> {
    const outdir = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-pool-'));
    const lab = await Lab.open();
    try {
      program(outdir);
      const pool = new Pool(lab, Object.fromEntries(fs.readdirSync(outdir).map(file => [
        file.replace(/\.k8s\.yaml$/, ''), fs.readFileSync(path.join(outdir, file), 'utf8'),
      ])));
      await pool.startHost(places[HOST], typeof secrets === 'function' ? secrets(pool) : secrets, workloads);
      for (const member of Object.keys(pool.files).filter(name => name !== HOST)) {
        await pool.startMember(member, places[member], memberSecrets[member] ?? {}, workloads, tokens[member]);
      }
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

  private constructor(public readonly lab: Lab, public readonly files: { readonly [cluster: string]: string }) {
    super();
  }

  /** The central manager; where there are several, the first one that runs. */
  public get centralManager(): Pod { return this.centralManagers[0]; }

  /** The central managers that run. */
  public get centralManagers(): Pod[] { return this.clusters[HOST].pods.filter(pod => pod.labels[COMPONENT] === 'central-manager'); }

  public get accessPoint(): Pod { return this.clusters[HOST].pod('condor-ap1-0'); }

  /** The pool as it is used at one of its access points. */
  public at(accessPoint: string): CondorTools { return new Desk(this, this.clusters[HOST].pod(`condor-${accessPoint}-0`)); }

  /** The execution point of a member; of one of its nodes if it has several. */
  public executionPoint(member: string, node?: string): Pod {
    const pods = this.clusters[member].pods.filter(pod => pod.workload.kind === 'DaemonSet' && (!node || pod.node.name === node));
    if (pods.length !== 1) { throw new Error(`${member} has ${pods.length} execution points${node ? ` on ${node}` : ''}`); }
    return pods[0];
  }

  public async close(): Promise<void> {
    await this.lab.close();
  }

  protected atCentralManager(argv: string[], options?: ShellOptions): Promise<CommandResult> {
    return this.centralManager.exec(undefined, argv, options);
  }

  protected atAccessPoint(argv: string[], options?: ShellOptions): Promise<CommandResult> {
    return this.accessPoint.exec(undefined, argv, options);
  }

  private async startHost(place: Place, secrets: Secrets, workloads: readonly string[]): Promise<void> {
    // a site points the names of the program at the addresses of their Services
    const names = parseManifests(this.files[HOST]).filter(({ kind }) => kind === 'ConfigMap').flatMap(({ metadata, data }) => {
      const [, address] = /^TCP_FORWARDING_HOST += (.*)$/m.exec(data.condor_config) ?? [];
      return address === undefined ? [] : [[`${NAMESPACE}/${metadata.name}`, address]];
    });
    const cluster = await this.place(HOST, place, { [`${NAMESPACE}/condor-signing-key`]: { POOL: this.signingKey }, ...secrets }, Object.fromEntries(names));
    await cluster.start(...workloads);
    await until('the collector answers', async () => (await this.centralManager.exec(undefined, ['condor_status', '-collector'], { timeout: 10 })).status === 0);
  }

  private async startMember(
    name: string, place: Place, secrets: Secrets, workloads: readonly string[], given?: string | ((pool: Pool) => Promise<string>),
  ): Promise<void> {
    const token = (typeof given === 'function' ? await given(this) : given) ?? await this.token(`startd-${name}@cern.ch`, 'ADVERTISE_STARTD', 'ADVERTISE_MASTER');
    const fleets = parseManifests(this.files[name]).filter(({ kind, metadata }) => kind === 'DaemonSet' && metadata.namespace === NAMESPACE);
    const cluster = await this.place(name, place, { ...Object.fromEntries(fleets.map(({ metadata }) => [`${NAMESPACE}/${metadata.name}-token`, { token }])), ...secrets }, {});
    await cluster.start(...workloads);
  }

  private async place(name: string, { nodes, ...options }: Place, secrets: object, publicNames: object): Promise<Cluster> {
    const site = await this.lab.site(name, options);
    this.sites[name] = site;
    for (const [node, nodeOptions] of Object.entries(nodes)) { await site.node(node, nodeOptions); }
    const content = { secrets: { ...secrets }, publicNames: { ...publicNames } };
    this.clusters[name] = this.lab.cluster(name, site, parseManifests(this.files[name]), content);
    return this.clusters[name];
  }
}

/** A pool at one of its access points. */
class Desk extends CondorTools {
  public constructor(private readonly pool: Pool, private readonly accessPoint: Pod) {
    super();
  }

  protected atCentralManager(argv: string[], options?: ShellOptions): Promise<CommandResult> {
    return this.pool.centralManager.exec(undefined, argv, options);
  }

  protected atAccessPoint(argv: string[], options?: ShellOptions): Promise<CommandResult> {
    return this.accessPoint.exec(undefined, argv, options);
  }
}

/** A token that a key of nobody's pool has signed. */
export function foreignToken(identity: string): string {
  return signedBy(randomBytes(64).toString('base64'), identity);
}

/** A token that a pool's key signs, before there is a pool. */
export function signedBy(key: string, identity: string, ...options: string[]): string {
  const made = runInImage(['sh', '-c', 'chmod 600 /key/POOL; condor_token_create -key POOL -identity "$@"', 'sh', identity, ...options], {
    files: { '/key/POOL': key },
    env: { _CONDOR_SEC_PASSWORD_DIRECTORY: '/key', _CONDOR_TRUST_DOMAIN: 'cern.ch', _CONDOR_SEC_TOKEN_POOL_SIGNING_KEY_FILE: '/key/POOL' },
  });
  if (made.status !== 0) { throw new Error(made.stderr); }
  return made.stdout.trim();
}

/** Whether HTCondor refused to speak to somebody, and for no other reason that it knows. */
export function refused(result: CommandResult): boolean {
  return result.status !== 0 && /AUTHENTICATE:100[34]|might\s+be refusing to communicate with you/.test(result.stderr + result.stdout);
}

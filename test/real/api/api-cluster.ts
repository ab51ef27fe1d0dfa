import { randomBytes } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import { CommandResult } from '../command';
import { Estate } from '../estate';
import { ToolsetName } from '../kubernetes/binaries';
import { ControlGroup } from '../kubernetes/control-group';
import { API_PORT, ControlPlane } from '../kubernetes/control-plane';
import { Machine } from '../machine';
import { Manifest } from '../manifest';
import { PATIENCE } from '../until';

/** An object as an API server keeps it. */
export interface StoredObject extends Manifest {
  readonly metadata: Manifest['metadata'] & { readonly uid: string; readonly resourceVersion: string; readonly deletionTimestamp?: string };
}

/** Hundreds of namespaces are emptied at once: by default with twenty calls a second. */
const HURRIED = { 'kube-api-qps': 200, 'kube-api-burst': 400, 'concurrent-namespace-syncs': 20 };

/** A control plane without nodes: it takes objects, and runs nothing of them. */
export class ApiCluster {
  public static async start(kubernetes: ToolsetName): Promise<ApiCluster> {
    const estate = Estate.found(`heptest${randomBytes(2).toString('hex')}`);
    try {
      const machine = await Machine.make(`${estate.prefix}-api`);
      // the API server insists on an address that isn't loopback
      await machine.ip('addr', 'add', '192.0.2.1/32', 'dev', 'lo');
      const controlPlane = await ControlPlane.start(machine, {
        name: 'api', kubernetes, directory: path.join(estate.state, 'api'), group: new ControlGroup(estate.prefix), flags: { 'kube-controller-manager': HURRIED },
      });
      return new ApiCluster(estate, controlPlane);
    } catch (error) {
      await estate.close();
      throw error;
    }
  }

  private constructor(private readonly estate: Estate, private readonly controlPlane: ControlPlane) {}

  /** The version that the API server says it is, such as v1.36.1. */
  public async version(): Promise<string> {
    return JSON.parse(await this.ask(['get', '--raw', '/version'])).gitVersion;
  }

  /** Applies text as the README says, and gives what kubectl complained of: warnings and errors. */
  public async apply(text: string, ...options: string[]): Promise<{ readonly status: number; readonly complaints: string }> {
    const { status, stderr } = await this.kubectl(['apply', '--server-side', '--validate=strict', ...options, '-f', '-'], text, { KUBECTL_APPLYSET: 'true' });
    return { status, complaints: stderr };
  }

  /** The objects of a file, as they are now. */
  public async stored(manifests: readonly Manifest[]): Promise<StoredObject[]> {
    const text = manifests.map(({ apiVersion, kind, metadata: { name, namespace } }) => JSON.stringify({ apiVersion, kind, metadata: { name, namespace } })).join('\n---\n');
    return JSON.parse(await this.ask(['get', '-o', 'json', '-f', '-'], text)).items;
  }

  /** The namespaces there are, as among everything. */
  public namespaces(): Promise<string[]> {
    return this.identities('namespaces');
  }

  /** Everything there is, but for what the cluster itself makes and unmakes all the time. */
  public async everything(): Promise<string[]> {
    const kinds = (await this.ask(['api-resources', '--verbs=list', '-o', 'name'])).trim().split('\n')
      .filter(kind => !/^events(\.|$)|^leases\.|^componentstatuses$/.test(kind));
    return this.identities(kinds.join(','), '--all-namespaces');
  }

  /** Stops the controllers, so that nobody but the test changes anything; they go on afterwards. */
  public async inPeace<T>(work: () => Promise<T>): Promise<T> {
    await this.controlPlane.kill('kube-controller-manager', 'SIGSTOP');
    try {
      return await work();
    } finally {
      await this.controlPlane.kill('kube-controller-manager', 'SIGCONT');
    }
  }

  /**
   * Whether each of these requests would be allowed.
   *
   * @param specs what a SubjectAccessReview asks
   */
  public async allowed(specs: readonly object[]): Promise<boolean[]> {
    const { machine, authority, admin } = this.controlPlane;
    const files = { authority: authority.certificate, ...admin };
    const input = JSON.stringify({ server: `https://127.0.0.1:${API_PORT}`, files, specs });
    const { status, stdout, stderr } = await machine.attempt([process.execPath, path.join(__dirname, 'access-reviews.js')], { input, timeout: PATIENCE });
    if (status !== 0) { throw new Error(`${specs.length} reviews: ${status}\n${stderr}`); }
    return JSON.parse(stdout);
  }

  private async identities(kinds: string, ...options: string[]): Promise<string[]> {
    const identity = '{.kind}/{.metadata.namespace}/{.metadata.name}';
    return (await this.ask(['get', kinds, ...options, '--ignore-not-found', '-o', `jsonpath={range .items[*]}${identity}{"\\n"}{end}`]))
      .split('\n').filter(line => line).sort();
  }

  public kubectl(args: string[], input?: string, env?: { readonly [name: string]: string }): Promise<CommandResult> {
    return this.controlPlane.kubectl(args, { input, env });
  }

  /** What kubectl writes; it must succeed. */
  public async ask(args: string[], input?: string): Promise<string> {
    const { status, stdout, stderr } = await this.kubectl(args, input);
    if (status !== 0) { throw new Error(`kubectl ${args.join(' ')}: ${status}\n${stderr}`); }
    return stdout;
  }

  public async close(): Promise<void> {
    await this.estate.close();
  }
}

/** The text of all files of a folder, one after the other. */
export function textOf(folder: string): string {
  return fs.readdirSync(folder).sort().map(file => fs.readFileSync(path.join(folder, file), 'utf8')).join('\n---\n');
}

import * as fs from 'fs';
import * as path from 'path';
import { CommandResult } from '../command';
import { Estate } from '../estate';
import { ControlGroup } from '../kubernetes/control-group';
import { API_PORT, ControlPlane, ControlPlaneOptions } from '../kubernetes/control-plane';
import { KubectlOptions } from '../kubernetes/kubectl';
import { Machine } from '../machine';
import { Manifest } from '../manifest';
import { Network } from '../network';
import { Site } from '../site';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** The last number of an API server's address at its site. */
const LAST = 250;

/** A cluster without nodes: it takes objects, and runs nothing of them. */
export class NodelessCluster {
  /** Starts one at a site of its own; it answers then. */
  public static async start(
    estate: Estate, network: Network, name: string, cidr: string, flags?: ControlPlaneOptions['flags'],
  ): Promise<NodelessCluster> {
    const site = await network.site(name, { cidr });
    const { machine, address } = await site.server(LAST);
    const directory = path.join(estate.state, name);
    const group = new ControlGroup(`/${estate.prefix}/${name}`);
    const controlPlane = await ControlPlane.start(machine, { name, directory, group, address, schedules: false, flags });
    return new NodelessCluster(site, controlPlane, `https://${address}:${API_PORT}`, directory, group);
  }

  private servers = 0;

  private constructor(
    /** Where it stands. */
    public readonly site: Site,
    public readonly controlPlane: ControlPlane,
    /** Where others reach its API server. */
    public readonly apiServer: string,
    /** Where it keeps all it writes. */
    public readonly directory: string,
    public readonly group: ControlGroup,
  ) {}

  public get name(): string {
    return this.site.name;
  }

  /** The certificates of the authorities that vouch for its API server, in PEM. */
  public get caBundle(): string {
    return fs.readFileSync(this.controlPlane.authority.certificate, 'utf8');
  }

  /** A further machine of its site. */
  public nextServer(): Promise<{ readonly machine: Machine; readonly address: string }> {
    this.servers += 1;
    return this.site.server(LAST - this.servers);
  }

  /** The version that the API server says it is, such as v1.36.1. */
  public async version(): Promise<string> {
    return JSON.parse(await this.run(['get', '--raw', '/version'])).gitVersion;
  }

  /** Runs kubectl as the administrator, and says how it ended. */
  public kubectl(args: string[], options: KubectlOptions = {}): Promise<CommandResult> {
    return this.controlPlane.kubectl(args, options);
  }

  /** Runs kubectl, which must succeed, and gives what it wrote. */
  public async run(args: string[], options: KubectlOptions = {}): Promise<string> {
    const { status, stdout, stderr } = await this.kubectl(args, options);
    if (status !== 0) {
      throw new Error(`${this.name}: kubectl ${args.join(' ')} ended with ${status}:\n${stderr}${stdout}`);
    }
    return stdout;
  }

  /** An object, or a list of them, as the API server has it. */
  public async get(...args: string[]): Promise<any> {
    return JSON.parse(await this.run(['get', ...args, '-o', 'json']));
  }

  /** Applies a file's text, as its reader does. */
  public apply(text: string): Promise<CommandResult> {
    return this.kubectl(['apply', '--server-side', '-f', '-'], { input: text });
  }
  /** An object as the API server would store it in the place of the one that it has. */
  public async inPlace(manifest: object): Promise<Manifest> {
    return JSON.parse(await this.run(['replace', '--dry-run=server', '-o', 'json', '-f', '-'], { input: JSON.stringify(manifest) }));
  }
}

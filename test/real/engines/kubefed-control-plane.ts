import { randomBytes } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import { CommandResult } from '../command';
import { Estate } from '../estate';
import { moduleDirectory, toolset } from '../kubernetes/binaries';
import { Component } from '../kubernetes/component';
import { ControlGroup } from '../kubernetes/control-group';
import { API_PORT, commandLine, ControlPlane } from '../kubernetes/control-plane';
import { writeKubeconfig } from '../kubernetes/kubeconfig';
import { KubectlOptions } from '../kubernetes/kubectl';
import { parseManifests } from '../manifest';
import { Network } from '../network';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** The last number of an API server's address at its site. */
const ADDRESS = 250;
const HEALTH = '127.0.0.1:8080';

/** Where KubeFed is, in the host and in the members. */
export const KUBEFED_NAMESPACE = 'kube-federation-system';

/** The account of its controllers, as the chart names it. */
const ACCOUNT = 'kubefed-controller';

/** What the chart gives the controllers: their account, its rights, and their configuration. */
const TEMPLATES = ['serviceaccounts', 'clusterrole', 'clusterrolebindings', 'roles', 'rolebindings', 'kubefedconfig'];

/** A cluster without nodes: it takes objects, and runs nothing of them. */
export class NodelessCluster {
  public static async start(estate: Estate, network: Network, name: string, cidr: string): Promise<NodelessCluster> {
    const { machine, address } = await (await network.site(name, { cidr })).server(ADDRESS);
    const directory = path.join(estate.state, name);
    const group = new ControlGroup(`/${estate.prefix}/${name}`);
    const controlPlane = await ControlPlane.start(machine, { name, directory, group, address, schedules: false });
    return new NodelessCluster(name, controlPlane, `https://${address}:${API_PORT}`, directory, group);
  }

  private constructor(
    public readonly name: string,
    public readonly controlPlane: ControlPlane,
    /** Where others reach its API server. */
    public readonly apiServer: string,
    /** Where it keeps all it writes. */
    public readonly directory: string,
    public readonly group: ControlGroup,
  ) {}

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
}

/** KubeFed's controllers with a host and members, all without nodes. */
export class KubeFed {
  /** Starts them; the controllers know no member yet. */
  public static async start(host: string, members: string[]): Promise<KubeFed> {
    const estate = Estate.found(`heptest${randomBytes(2).toString('hex')}`);
    try {
      const network = await Network.make(estate.prefix);
      const clusters: NodelessCluster[] = [];
      for (const [index, name] of [host, ...members].entries()) {
        clusters.push(await NodelessCluster.start(estate, network, name, `10.${index + 1}.0.0/16`));
      }
      const kubefed = new KubeFed(estate, clusters);
      await kubefed.install();
      return kubefed;
    } catch (error) {
      await estate.close();
      throw error;
    }
  }

  public readonly host: NodelessCluster;
  public readonly members: NodelessCluster[];
  private controllers?: Component;

  private constructor(private readonly estate: Estate, clusters: NodelessCluster[]) {
    [this.host, ...this.members] = clusters;
  }

  /** A program's files, which it writes into a folder, by the contexts that they are applied to. */
  public filesOf(program: (outdir: string) => void): { readonly [context: string]: string } {
    const outdir = fs.mkdtempSync(path.join(this.estate.state, 'synth-'));
    program(outdir);
    return Object.fromEntries(fs.readdirSync(outdir).map(file => [file.replace(/\.k8s\.yaml$/, ''), fs.readFileSync(path.join(outdir, file), 'utf8')]));
  }

  /** The version of the controllers, such as v0.10.0. */
  public get version(): string {
    return toolset('kubefed').version;
  }

  /** All that the controllers have said. */
  public get log(): string {
    return fs.readFileSync(this.controllers!.log, 'utf8');
  }

  public get running(): boolean {
    return this.controllers!.running;
  }

  /** Ends everything and removes every trace. */
  public async close(): Promise<void> {
    await this.estate.close();
  }

  /** What the chart installs, but for its webhook: without a validating webhook less is refused, and nothing is changed. */
  private async install(): Promise<void> {
    const { host } = this;
    const chart = path.join(moduleDirectory('kubefed'), 'charts/kubefed');
    const read = (file: string) => fs.readFileSync(path.join(chart, file), 'utf8');
    await host.run(['create', 'namespace', KUBEFED_NAMESPACE]);
    for (const file of ['crds/crds.yaml', 'charts/controllermanager/crds/crds.yaml']) {
      await host.run(['create', '-f', '-'], { input: read(file) });
    }
    await host.run(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
    for (const file of TEMPLATES) {
      await host.run(['create', '-f', '-'], { input: rendered(read(`charts/controllermanager/templates/${file}.yaml`)) });
    }
    // the types that are enabled; these are of the release's namespace by themselves
    await host.run(['create', '--namespace', KUBEFED_NAMESPACE, '-f', '-'], { input: read('templates/federatedtypeconfig.yaml') });
    const { machine, authority } = host.controlPlane;
    const kubeconfig = writeKubeconfig(path.join(host.directory, 'kubefed.conf'), [{
      context: host.name,
      server: `https://127.0.0.1:${API_PORT}`,
      authority: authority.certificate,
      // the rights of the account in place of its token
      identity: await authority.issue('kubefed', {
        user: `system:serviceaccount:${KUBEFED_NAMESPACE}:${ACCOUNT}`, groups: ['system:serviceaccounts', `system:serviceaccounts:${KUBEFED_NAMESPACE}`],
      }),
    }]);
    this.controllers = new Component('kubefed', commandLine(toolset('kubefed').path('controller-manager'), {
      'kubeconfig': kubeconfig,
      'kubefed-namespace': KUBEFED_NAMESPACE,
      'healthz-addr': HEALTH,
      'metrics-addr': '127.0.0.1:9090',
      'v': 2,
    }), { network: machine.path, group: host.group, logs: path.join(host.directory, 'logs') }).start();
    await this.controllers.until('healthy', async () =>
      (await machine.attempt(['curl', '--silent', '--fail', `http://${HEALTH}/healthz`], { timeout: 3 })).status === 0);
  }
}

/** A template of the chart with the values that it has by default, as Helm renders it: only the scope Namespaced has conditions that fail. */
function rendered(template: string): string {
  const open: boolean[] = [];
  const lines = template.split('\n').filter(line => {
    const [, action] = /^\s*\{\{-?\s*(if|else|end)\b/.exec(line) ?? [];
    switch (action) {
      case 'if': open.push(!line.includes('"Namespaced"')); return false;
      case 'else': open.push(!open.pop()); return false;
      case 'end': open.pop(); return false;
      default: return open.every(holds => holds);
    }
  });
  const text = lines.join('\n')
    .replace(/\{\{ \.Release\.Namespace \}\}/g, KUBEFED_NAMESPACE)
    .replace(/\{\{ \.Values\.\S+ \| default ("[^"]*"|\d+)( \| quote)? \}\}/g, '$1');
  if (text.includes('{{')) { throw new Error(`not rendered:\n${text}`); }
  return parseManifests(text).map(manifest => JSON.stringify(manifest)).join('\n---\n');
}

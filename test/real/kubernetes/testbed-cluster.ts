import * as path from 'path';
import { CommandResult } from '../command';
import { Estate } from '../estate';
import type { Site } from '../site';
import { until } from '../until';
import { clusterObjects } from './cluster-objects';
import { ControlGroup } from './control-group';
import { API_PORT, ControlPlane } from './control-plane';
import { Image } from './images';
import { KubectlOptions } from './kubectl';
import { TestbedNode } from './node';
import { Operator } from './operator';
import type { Place } from './testbed';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** The last number of the control plane's address at its site. */
const CONTROL_PLANE = 250;
/** The last number of the address at which the world reaches the API server. */
const PUBLIC_API = 250;

export interface ExecOptions extends KubectlOptions {
  /** @default - the pod's first */
  readonly container?: string;
}

/** A cluster of the testbed: a control plane and nodes at one site. */
export class TestbedCluster {
  /** Starts it; its nodes are ready then. */
  public static async start(
    estate: Estate, operator: Operator, site: Site, place: Place, images: Image[], progress: (line: string) => void,
  ): Promise<TestbedCluster> {
    const { name } = site;
    const directory = path.join(estate.state, name);
    const group = new ControlGroup(`/${estate.prefix}/${name}`);
    const base = site.cidr.replace(/\.0\.0\/16$/, '');
    const serviceCidr = `${base}.240.0/20`;
    const clusterDns = `${base}.240.10`;
    const nodeOptions = Array.isArray(place.nodes) ? Object.fromEntries(place.nodes.map(node => [node, {}])) : place.nodes;

    const { machine, address } = await site.server(CONTROL_PLANE);
    const operatorAddress = await operator.line(machine);
    const publicAddress = site.publicCidr.replace(/0\/24$/, String(PUBLIC_API));
    await site.forward('kube-apiserver', [{
      address: publicAddress, port: API_PORT, targets: [{ address, port: API_PORT }], sources: [], keepsSource: true,
    }]);
    const siteNodes = [];
    for (const node of Object.keys(nodeOptions)) {
      siteNodes.push(await site.node(node));
    }

    const starting = ControlPlane.start(machine, {
      name,
      directory,
      group: group.below('control-plane'),
      serviceCidr,
      kubernetes: place.kubernetes,
      address,
      otherAddresses: [operatorAddress, publicAddress],
    });
    // Images are unpacked while the API server starts.
    const booting = siteNodes.map(async siteNode => {
      const node = new TestbedNode(siteNode, {
        server: `https://${address}:${API_PORT}`, serviceCidr, clusterDns, directory: path.join(directory, 'nodes'), group,
      }, nodeOptions[siteNode.name]);
      await node.boot(images);
      progress(`${name}: node ${node.name} has its images`);
      return node;
    });
    const [controlPlane, ...nodes] = await Promise.all([starting, ...booting]);
    progress(`${name}: the API server is ready`);
    const cluster = new TestbedCluster(site, controlPlane, nodes, operatorAddress, `https://${publicAddress}:${API_PORT}`);
    await cluster.apply([...nodes.map(node => node.manifest), ...clusterObjects(clusterDns)]);
    await Promise.all(nodes.map(node => node.join(controlPlane.authority)));
    await cluster.settle();
    progress(`${name}: ${nodes.length === 1 ? 'the node is' : `${nodes.length} nodes are`} ready`);
    return cluster;
  }

  private constructor(
    public readonly site: Site,
    public readonly controlPlane: ControlPlane,
    public readonly nodes: TestbedNode[],
    /** Where the operator reaches the API server. */
    public readonly operatorAddress: string,
    /** Where the world reaches the API server. */
    public readonly publicServer: string,
  ) {}

  /** Its name, which is the name of its site and of its kubeconfig context. */
  public get name(): string {
    return this.site.name;
  }

  public node(name: string): TestbedNode {
    const found = this.nodes.find(node => node.name === name);
    if (!found) {
      throw new Error(`${this.name} has no node ${name}`);
    }
    return found;
  }

  /** Runs kubectl as the administrator, over a line that no cut touches, and says how it ended. */
  public kubectl(args: string[], options: KubectlOptions = {}): Promise<CommandResult> {
    return this.controlPlane.kubectl(args, options);
  }

  /** Runs kubectl, which must succeed, and gives what it wrote. */
  public async run(args: string[], options: KubectlOptions = {}): Promise<string> {
    const result = await this.kubectl(args, options);
    if (result.status !== 0) {
      throw new Error(`${this.name}: kubectl ${args.join(' ')} ended with ${result.status}:\n${result.stderr}${result.stdout}`);
    }
    return result.stdout;
  }

  /** An object, or a list of them, as the API server has it: `get('pods', '-n', 'condor')`. */
  public async get(...args: string[]): Promise<any> {
    return JSON.parse(await this.run(['get', ...args, '-o', 'json']));
  }

  /** Applies objects, or a file's text. */
  public async apply(objects: object[] | string): Promise<string> {
    const input = typeof objects === 'string' ? objects : JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    return this.run(['apply', '--server-side', '-f', '-'], { input });
  }

  /** Runs a command in a container, and says how it ended. */
  public exec(namespace: string, pod: string, argv: string[], options: ExecOptions = {}): Promise<CommandResult> {
    const { container, ...rest } = options;
    return this.kubectl([
      'exec', '--namespace', namespace, ...options.input === undefined ? [] : ['--stdin'], ...container ? ['--container', container] : [],
      pod, '--', ...argv,
    ], rest);
  }

  /** The address that the world dials for a Service of type LoadBalancer; waits until it has one. */
  public async balancerAddress(namespace: string, service: string): Promise<string> {
    let address: string | undefined;
    await until(`${this.name}: Service ${namespace}/${service} has an address`, async () => {
      address = (await this.get('service', service, '--namespace', namespace)).status.loadBalancer.ingress?.[0]?.ip;
      return address !== undefined;
    });
    return address!;
  }

  /** Waits until the nodes are ready, policies are in force, and the name server answers. */
  private async settle(): Promise<void> {
    await this.run(['wait', '--for=condition=Ready', '--timeout=600s', 'node', '--all']);
    await Promise.all(this.nodes.map(node => node.enforcePolicies(this.controlPlane.authority)));
    try {
      await this.run(['rollout', 'status', '--timeout=600s', '--namespace', 'kube-system', 'deployment/coredns']);
    } catch (error) {
      const why = await this.kubectl(['describe', 'pods', '--namespace', 'kube-system']);
      throw new Error(`${(error as Error).message}${why.stdout.split('\n').slice(-30).join('\n')}`);
    }
  }
}

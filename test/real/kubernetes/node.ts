import * as fs from 'fs';
import * as path from 'path';
import { run } from '../command';
import type { SiteNode } from '../site-node';
import { toolset } from './binaries';
import { Authority, KeyPair } from './certificates';
import { Component, Surroundings } from './component';
import { ContainerRuntime } from './container-runtime';
import { ControlGroup } from './control-group';
import { Image } from './images';
import { writeKubeconfig } from './kubeconfig';
import { kubeletConfiguration } from './kubelet-configuration';
import { feign, ownSettings } from './machine-facts';
import { NAME_SERVER } from './name-server';

/** How a node differs from others. */
export interface NodeOptions {
  /** How many processors it claims to have. @default 8 */
  readonly cpus?: number;
  /** How much memory it claims to have, in MiB. @default 23552 */
  readonly memory?: number;
  readonly labels?: { readonly [key: string]: string };
  readonly taints?: { readonly key: string; readonly value?: string; readonly effect: string }[];
}

/** The programs of a node. */
export type NodeComponent = 'containerd' | 'kubelet' | 'kube-proxy' | 'kube-router';

/** What a node is told of its cluster. */
export interface NodeCluster {
  /** Where the API server is reached. */
  readonly server: string;
  readonly serviceCidr: string;
  /** The address of the cluster's name server. */
  readonly clusterDns: string;
  readonly directory: string;
  readonly group: ControlGroup;
}

const KUBELET_PORT = 10250;

/** Directories that a machine has of its own, and its neighbours don't see. */
const OWN_DIRECTORIES = ['/var/lib', '/var/log', '/run'];

/**
 * A node: a container runtime, a kubelet, a service proxy and a policy engine in
 * the network of one machine, with a name, mounts and directories of their own.
 */
export class TestbedNode {
  /** What pods with hostNetwork share. */
  public readonly address: string;
  public readonly components = new Map<NodeComponent, Component>();
  private readonly directory: string;
  private readonly group: ControlGroup;
  private readonly holder: Component;
  private readonly surroundings: Surroundings;
  private readonly runtime: ContainerRuntime;

  constructor(public readonly siteNode: SiteNode, private readonly cluster: NodeCluster, private readonly options: NodeOptions) {
    this.address = siteNode.address;
    this.directory = path.join(cluster.directory, this.name);
    this.group = cluster.group.below(this.name);
    const network = siteNode.machine.path;
    const logs = path.join(this.directory, 'logs');
    const daemons = this.group.below('daemons');
    this.holder = new Component('holder', [
      'unshare', '--mount', '--uts', '--propagation', 'private', 'sh', '-c', `exec sh -e ${this.file('enter')}`,
    ], { network, group: daemons, logs });
    this.surroundings = { network, group: daemons, logs, namespacesOf: () => this.holder.pid };
    this.runtime = new ContainerRuntime(this.surroundings, this.directory, siteNode.podCidr);
    this.components.set('containerd', this.runtime.component);
  }

  public get name(): string {
    return this.siteNode.name;
  }

  /** The object that the kubelet finds when it registers. */
  public get manifest(): object {
    const { labels, taints } = this.options;
    return {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: this.name, labels: { 'kubernetes.io/hostname': this.name, ...labels } },
      spec: { podCIDR: this.siteNode.podCidr, podCIDRs: [this.siteNode.podCidr], taints },
    };
  }

  /** Makes the machine, starts its container runtime, and gives it images. */
  public async boot(images: Image[]): Promise<void> {
    fs.mkdirSync(this.directory, { recursive: true });
    this.group.below('pods').make();
    this.writeEntrance();
    this.holder.start();
    await this.holder.until('entered', async () => fs.existsSync(this.file('entered')));
    await this.runtime.start(images);
  }

  /** Gives it a further image. */
  public async take(image: Image): Promise<void> {
    await this.runtime.take(image);
  }

  /** Joins the cluster, with certificates of its authority. */
  public async join(authority: Authority): Promise<void> {
    const kubernetes = toolset('kubernetes-newest');
    const [client, server, proxy] = await Promise.all([
      authority.issue(`kubelet-${this.name}`, { user: `system:node:${this.name}`, groups: ['system:nodes'] }),
      authority.issue(`kubelet-${this.name}-server`, { user: `system:node:${this.name}`, names: [this.name], addresses: [this.address] }),
      authority.issue(`kube-proxy-${this.name}`, { user: 'system:kube-proxy' }),
    ]);
    fs.writeFileSync(this.file('kubelet.json'), JSON.stringify(kubeletConfiguration({
      authority: authority.certificate,
      server,
      clusterDns: this.cluster.clusterDns,
      cgroupRoot: this.group.below('pods').path,
      resolvConf: this.file('resolv.conf'),
    }), undefined, 2));
    this.start('kubelet', [
      kubernetes.path('kubelet'), `--config=${this.file('kubelet.json')}`, `--kubeconfig=${this.access('kubelet', authority, client)}`,
      `--hostname-override=${this.name}`, `--node-ip=${this.address}`,
      // what containers use is asked by nobody here
      '--housekeeping-interval=60s',
    ]);
    this.start('kube-proxy', [
      kubernetes.path('kube-proxy'), `--kubeconfig=${this.access('kube-proxy', authority, proxy)}`, `--hostname-override=${this.name}`,
      '--proxy-mode=iptables', '--detect-local-mode=NodeCIDR', '--oom-score-adj=0',
      // These are the machine's, and no namespace may set them.
      '--conntrack-max-per-core=0', '--conntrack-min=0', '--conntrack-tcp-timeout-established=0s', '--conntrack-tcp-timeout-close-wait=0s',
    ]);
  }

  /** Starts the policy engine, which needs a node whose kubelet has said its address; policies are in force then. */
  public async enforcePolicies(authority: Authority): Promise<void> {
    const identity = await authority.issue(`kube-router-${this.name}`, { user: 'kube-router' });
    const component = this.start('kube-router', [
      toolset('kube-router').path('kube-router'), `--kubeconfig=${this.access('kube-router', authority, identity)}`, `--hostname-override=${this.name}`,
      '--run-firewall=true', '--run-router=false', '--run-service-proxy=false', '--enable-cni=false',
      `--service-cluster-ip-range=${this.cluster.serviceCidr}`, '--health-port=0', '--metrics-port=0',
    ]);
    await component.until('in force', async () => (await this.run(['iptables', '-S', 'FORWARD'])).includes('KUBE-ROUTER-FORWARD'));
  }

  /** Sends one of its programs a signal; with the default it dies, and stays dead until it is restarted. */
  public async kill(component: NodeComponent, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.component(component).kill(signal);
  }

  /** Ends one of its programs, if it still runs, and starts it again; it answers then, if it answers anybody. */
  public async restart(name: NodeComponent): Promise<void> {
    const component = this.component(name);
    await component.restart();
    if (name === 'containerd') {
      await this.runtime.answers();
    } else if (name === 'kubelet') {
      await component.until('answering', async () => (await this.siteNode.dial(this.address, KUBELET_PORT, 2)).status === 0);
    }
  }

  /** Pulls the plug: every process of the node is gone at once, pods included. */
  public crash(): void {
    this.group.kill();
  }

  /** Runs a command of this machine's own file system as if on the node. */
  public run(argv: string[]): Promise<string> {
    return run(['nsenter', `--net=${this.siteNode.machine.path}`, '--target', String(this.holder.pid), '--mount', '--uts', ...argv]);
  }

  private component(name: NodeComponent): Component {
    const component = this.components.get(name);
    if (!component) {
      throw new Error(`${this.name} has no ${name}`);
    }
    return component;
  }

  private start(name: NodeComponent, argv: string[]): Component {
    const component = new Component(name, argv, this.surroundings, { env: this.runtime.environment });
    this.components.set(name, component);
    return component.start();
  }

  /** Writes a kubeconfig for one of its programs. */
  private access(name: string, authority: Authority, identity: KeyPair): string {
    return writeKubeconfig(this.file(`${name}.conf`), [{
      context: name, server: this.cluster.server, authority: authority.certificate, identity,
    }]);
  }

  private file(name: string): string {
    return path.join(this.directory, name);
  }

  /** Writes what the holder of the node's namespaces does in them. */
  private writeEntrance(): void {
    const facts = this.file('machine');
    fs.mkdirSync(facts);
    fs.writeFileSync(this.file('hosts'), `127.0.0.1\tlocalhost\n${this.address}\t${this.name}\n`);
    fs.writeFileSync(this.file('resolv.conf'), `nameserver ${NAME_SERVER}\n`);
    const own = OWN_DIRECTORIES.map(directory => {
      const source = path.join(this.directory, 'root', directory);
      fs.mkdirSync(source, { recursive: true });
      return `mount --bind ${source} ${directory}`;
    });
    fs.writeFileSync(this.file('enter'), [
      // Containers may ask to see mounts that come later: for that, mounts must be shared here.
      'mount --make-rshared /',
      `hostname ${this.name}`,
      ...own,
      `mount --bind ${this.file('hosts')} /etc/hosts`,
      ...feign({ cpus: this.options.cpus ?? 8, memory: this.options.memory ?? 23 * 1024 }, this.name, facts),
      ...ownSettings(facts),
      `touch ${this.file('entered')}`,
      'exec sleep infinity',
      '',
    ].join('\n'));
  }
}

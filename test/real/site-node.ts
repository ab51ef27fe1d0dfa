import { CommandResult } from './command';
import { Machine, cable } from './machine';
import { Forwarding, forwardingRules } from './site';
import type { Site } from './site';

export interface NodeOptions {
  /** What the node's kubelet would say it can give to pods. @default cpu 8, memory 23000Mi */
  readonly allocatable?: { readonly cpu: string; readonly memory: string };
  readonly labels?: { readonly [key: string]: string };
  readonly taints?: { readonly key: string; readonly value?: string; readonly effect: string }[];
}

/** A node of a site: the machine whose network hostNetwork pods share. */
export class SiteNode {
  public readonly allocatable: { readonly cpu: string; readonly memory: string };
  public readonly labels: { readonly [key: string]: string };
  public readonly taints: { readonly key: string; readonly value?: string; readonly effect: string }[];
  private readonly podBase: string;
  private readonly forwardings = new Map<string, Forwarding[]>();
  private podCount = 0;
  private isCut = false;

  constructor(
    public readonly site: Site,
    public readonly name: string,
    public readonly machine: Machine,
    public readonly address: string,
    public readonly podCidr: string,
    options: NodeOptions,
  ) {
    this.allocatable = options.allocatable ?? { cpu: '8', memory: '23000Mi' };
    this.labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', ...options.labels };
    this.taints = options.taints ?? [];
    this.podBase = podCidr.replace(/\.0\/24$/, '');
  }

  /** A namespace for one pod, with an address nobody had before. */
  public async podMachine(): Promise<{ machine: Machine; address: string; release: () => Promise<void> }> {
    this.podCount += 1;
    const index = this.podCount;
    const address = `${this.podBase}.${index}`;
    const machine = await Machine.make(this.site.network.nextPodName());
    await cable(this.machine, `p${index}`, machine, 'eth0');
    await machine.ip('addr', 'add', `${address}/32`, 'dev', 'eth0');
    await machine.ip('route', 'add', 'default', 'via', this.address, 'dev', 'eth0', 'onlink');
    await this.machine.ip('route', 'add', `${address}/32`, 'dev', `p${index}`);
    return {
      machine,
      address,
      release: async () => {
        // The node's end first: a namespace is gone only when its last socket is.
        await this.machine.ip('link', 'del', `p${index}`);
        await machine.remove();
      },
    };
  }

  /** Opens a connection from the node, as the kubelet does for a tcpSocket probe. */
  public dial(address: string, port: number, timeout: number): Promise<CommandResult> {
    return this.machine.attempt(['bash', '-c', `exec 3<>/dev/tcp/${address}/${port}`], { timeout });
  }

  /** Asks by HTTP, as the kubelet does for an httpGet probe, without a look at certificates: what it is answered is the output, and an error is none. */
  public get(url: string, timeout: number, headers: readonly { readonly name: string; readonly value: string }[] = []): Promise<CommandResult> {
    const said = headers.flatMap(({ name, value }) => ['--header', `${name}: ${value}`]);
    return this.machine.attempt(['curl', '--silent', '--show-error', '--fail', '--insecure', '--max-time', `${timeout}`, ...said, url], { timeout: timeout + 1 });
  }

  public async forward(service: string, forwardings: Forwarding[]): Promise<void> {
    this.forwardings.set(service, forwardings);
    await this.writeRules();
  }

  /** Cuts this node alone off. */
  public async cut(): Promise<void> {
    this.isCut = true;
    await this.writeRules();
    await this.machine.forgetConnections();
  }

  public async mend(): Promise<void> {
    this.isCut = false;
    await this.writeRules();
    await this.machine.forgetConnections();
  }

  /** @internal */
  public async writeRules(): Promise<void> {
    const nat: string[] = [];
    for (const forwarding of [...this.forwardings.values()].flat()) {
      nat.push(...forwardingRules(forwarding, ['PREROUTING', 'OUTPUT']));
      if (!forwarding.keepsSource) {
        nat.push(`-A POSTROUTING -m conntrack --ctstate DNAT --ctorigdst ${forwarding.address} -j SNAT --to-source ${this.address}`);
      }
    }
    nat.push(`-A POSTROUTING -s ${this.podCidr} ! -d ${this.site.cidr} -o eth0 -j SNAT --to-source ${this.address}`);
    const filter = this.isCut
      ? ['-A FORWARD -i eth0 -j DROP', '-A FORWARD -o eth0 -j DROP', '-A INPUT -i eth0 -j DROP', '-A OUTPUT -o eth0 -j DROP']
      : [];
    await this.machine.rules({ nat, filter });
  }
}

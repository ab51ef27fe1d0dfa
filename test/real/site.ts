import { Machine, cable } from './machine';
import type { Network } from './network';
import { SiteNode, NodeOptions } from './site-node';

export interface SiteOptions {
  /** The site's own addresses: a `10.x.0.0/16`. */
  readonly cidr: string;
  /** Everything leaves behind one address of the site's gateway, and nothing comes in. @default false */
  readonly nat?: boolean;
}

/** One port of an address that the site forwards to pods. */
export interface Forwarding {
  /** The address and port that are dialled. */
  readonly address: string;
  readonly port: number;
  /** Where the connections go; none refuses them. */
  readonly targets: { readonly address: string; readonly port: number }[];
  /** Who may dial it; everybody if empty. */
  readonly sources: string[];
  /** The pods see who dials. */
  readonly keepsSource: boolean;
}

/** Renders the rules that forward a port, for the chains in which they are wanted. */
export function forwardingRules(forwarding: Forwarding, chains: string[]): string[] {
  const rules: string[] = [];
  const dialled = `-p tcp -d ${forwarding.address}/32 --dport ${forwarding.port}`;
  const sources = forwarding.sources.length ? forwarding.sources.map(source => `-s ${source} `) : [''];
  for (const chain of chains) {
    // Output has the machine's own address as its source: it is inside.
    for (const source of chain === 'OUTPUT' ? [''] : sources) {
      forwarding.targets.forEach((target, index) => {
        const rest = forwarding.targets.length - index;
        const chance = rest > 1 ? `-m statistic --mode random --probability ${(1 / rest).toFixed(6)} ` : '';
        rules.push(`-A ${chain} ${source}${dialled} ${chance}-j DNAT --to-destination ${target.address}:${target.port}`);
      });
    }
  }
  return rules;
}

/**
 * A site: a gateway towards the world, and nodes behind it. The gateway also is
 * the site's load balancer: it owns the addresses of the Services.
 */
export class Site {
  /** The address of the gateway towards its nodes. */
  public readonly inside: string;
  /** The address of the gateway towards the world. */
  public readonly outside: string;
  public readonly cidr: string;
  public readonly nodeCidr: string;
  /** The addresses that the world dials. */
  public readonly publicCidr: string;
  public readonly nat: boolean;
  public readonly nodes: SiteNode[] = [];

  private readonly base: string;
  private readonly publicBase: string;
  private readonly forwardings = new Map<string, Forwarding[]>();
  private readonly addresses = new Set<string>();
  private serviceCount = 0;
  private balancerCount = 0;
  private isCut = false;

  constructor(
    public readonly network: Network,
    public readonly name: string,
    index: number,
    public readonly gateway: Machine,
    options: SiteOptions,
  ) {
    const match = /^(10\.\d+)\.0\.0\/16$/.exec(options.cidr);
    if (!match) {
      throw new Error(`site ${name}: cidr must be 10.x.0.0/16, not ${options.cidr}`);
    }
    this.base = match[1];
    this.cidr = options.cidr;
    this.nodeCidr = `${this.base}.0.0/24`;
    this.nat = options.nat ?? false;
    this.inside = `${this.base}.255.254`;
    this.outside = `10.255.${index}.2`;
    this.publicBase = `10.200.${index}`;
    this.publicCidr = `${this.publicBase}.0/24`;
  }

  /** @internal */
  public async open(): Promise<void> {
    await this.gateway.ip('addr', 'add', `${this.inside}/32`, 'dev', 'lo');
    await this.gateway.forwards();
    await this.writeRules();
  }

  /** Adds a node; the first has address 10.x.0.1. */
  public async node(name: string, options: NodeOptions = {}): Promise<SiteNode> {
    const index = this.nodes.length + 1;
    const address = `${this.base}.0.${index}`;
    const podCidr = `${this.base}.${index}.0/24`;
    const machine = await this.attach(`n${index}`, address);
    // A pod that is gone is unreachable; without this its packets would circle.
    await machine.ip('route', 'add', 'unreachable', podCidr);
    await machine.forwards();
    await this.gateway.ip('route', 'add', podCidr, 'via', address, 'dev', `n${index}`, 'onlink');
    const node = new SiteNode(this, name, machine, address, podCidr, options);
    await node.writeRules();
    this.nodes.push(node);
    return node;
  }

  /** Adds a machine that runs no pods, with address 10.x.0.`last`. */
  public async server(last: number): Promise<{ readonly machine: Machine; readonly address: string }> {
    const address = `${this.base}.0.${last}`;
    return { machine: await this.attach(`s${last}`, address), address };
  }

  /** A machine that is joined to the gateway by a cable which has the machine's name. */
  private async attach(name: string, address: string): Promise<Machine> {
    const machine = await Machine.make(`${this.network.prefix}-${this.name}-${name}`);
    await cable(this.gateway, name, machine, 'eth0');
    await machine.ip('addr', 'add', `${address}/32`, 'dev', 'eth0');
    await machine.ip('route', 'add', 'default', 'via', this.inside, 'dev', 'eth0', 'onlink');
    await this.gateway.ip('route', 'add', `${address}/32`, 'dev', name);
    await this.gateway.forwards();
    return machine;
  }

  /** The next free address of a Service inside the site. */
  public nextServiceAddress(): string {
    this.serviceCount += 1;
    return `${this.base}.250.${this.serviceCount}`;
  }

  /** The next free address of a load balancer, reachable from the world. */
  public nextBalancerAddress(): string {
    this.balancerCount += 1;
    return `${this.publicBase}.${this.balancerCount}`;
  }

  /** Sets what one Service forwards, in place of what it forwarded before. */
  public async forward(service: string, forwardings: Forwarding[]): Promise<void> {
    this.forwardings.set(service, forwardings);
    for (const { address } of forwardings) {
      if (!this.addresses.has(address)) {
        this.addresses.add(address);
        // An address of its own answers where nothing is forwarded: refused, not lost.
        await this.gateway.ip('addr', 'add', `${address}/32`, 'dev', 'lo');
      }
    }
    await this.writeRules();
  }

  /** Cuts the site off: packets from and to the world are lost, connections forgotten. */
  public async cut(): Promise<void> {
    this.isCut = true;
    await this.writeRules();
    await this.gateway.forgetConnections();
  }

  public async mend(): Promise<void> {
    this.isCut = false;
    await this.writeRules();
    await this.gateway.forgetConnections();
  }

  private async writeRules(): Promise<void> {
    const nat: string[] = [];
    const filter: string[] = [];
    if (this.isCut) {
      filter.push(
        '-A FORWARD -i wan0 -j DROP', '-A FORWARD -o wan0 -j DROP',
        '-A INPUT -i wan0 -j DROP', '-A OUTPUT -o wan0 -j DROP',
      );
    }
    for (const forwarding of [...this.forwardings.values()].flat()) {
      nat.push(...forwardingRules(forwarding, ['PREROUTING']));
      if (forwarding.sources.length) {
        filter.push(`-A INPUT -p tcp -d ${forwarding.address}/32 --dport ${forwarding.port} -j DROP`);
      }
      if (!forwarding.keepsSource) {
        nat.push(`-A POSTROUTING -m conntrack --ctstate DNAT --ctorigdst ${forwarding.address} ! -o wan0 -j SNAT --to-source ${this.inside}`);
      }
    }
    // A pod that dials a Service which leads back into the site must be answered by the same way.
    nat.push(`-A POSTROUTING -s ${this.cidr} -m conntrack --ctstate DNAT ! -o wan0 -j SNAT --to-source ${this.inside}`);
    if (this.nat) {
      nat.push(`-A POSTROUTING -s ${this.cidr} -o wan0 -j MASQUERADE`);
      filter.push(
        '-A FORWARD -i wan0 -m conntrack --ctstate ESTABLISHED,RELATED,DNAT -j ACCEPT',
        // What is dialled there and is not the gateway's own was given to a node.
        `-A FORWARD -i wan0 -d ${this.publicCidr} -j ACCEPT`,
        '-A FORWARD -i wan0 -j DROP',
      );
    }
    await this.gateway.rules({ nat, filter });
  }
}

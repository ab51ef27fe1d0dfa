import { Machine, cable } from './machine';
import { Names, DEAD_NAME_SERVER } from './names';
import { Site, SiteOptions } from './site';

/**
 * The wide area network between the sites: one router that knows the way to each
 * site's public addresses, and to nothing that is private to a site.
 */
export class Network {
  public static async make(prefix: string): Promise<Network> {
    const router = await Machine.make(`${prefix}-wan`);
    await router.forwards();
    // Not refused but lost, as packets to a host that is away are.
    await router.ip('route', 'add', 'blackhole', DEAD_NAME_SERVER);
    return new Network(prefix, router);
  }

  public readonly names = new Names();
  private readonly sites: Site[] = [];
  private podCount = 0;

  private constructor(public readonly prefix: string, public readonly router: Machine) {}

  /** Adds a site; two sites that are both behind NAT may have equal addresses. */
  public async site(name: string, options: SiteOptions): Promise<Site> {
    const clash = this.sites.find(site => site.name === name || (site.cidr === options.cidr && !(site.nat && options.nat)));
    if (clash) {
      throw new Error(`site ${name} has the name or the routed addresses of site ${clash.name}`);
    }
    const index = this.sites.length + 1;
    const gateway = await Machine.make(`${this.prefix}-${name}-gw`);
    await cable(this.router, `site${index}`, gateway, 'wan0');
    await this.router.ip('addr', 'add', `10.255.${index}.1/30`, 'dev', `site${index}`);
    await gateway.ip('addr', 'add', `10.255.${index}.2/30`, 'dev', 'wan0');
    await gateway.ip('route', 'add', 'default', 'via', `10.255.${index}.1`);
    await this.router.ip('route', 'add', `10.200.${index}.0/24`, 'via', `10.255.${index}.2`);
    const site = new Site(this, name, index, gateway, options);
    if (!site.nat) {
      // Nodes are known outside; pods leave behind their node's address.
      await this.router.ip('route', 'add', site.nodeCidr, 'via', `10.255.${index}.2`);
    }
    await site.open();
    this.sites.push(site);
    return site;
  }

  /** A name for the next pod's namespace. */
  public nextPodName(): string {
    this.podCount += 1;
    return `${this.prefix}-pod${this.podCount}`;
  }
}

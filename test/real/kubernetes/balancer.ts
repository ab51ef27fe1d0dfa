import { run } from '../command';
import { ApiClient } from './api-client';
import { control } from './controller';
import { WorldNames } from './world-names';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** What the balancer of a site knows of it. */
export interface BalancerSite {
  /** The network namespace of the gateway. */
  readonly gateway: string;
  /** The range of addresses that the world dials. */
  readonly publicCidr: string;
  /** Each node's address, and the gateway's end of the cable to it. */
  readonly nodes: { readonly [name: string]: { readonly address: string; readonly cable: string } };
}

/** The last of a site's public addresses that Services are given; the rest are the site's own. */
const LAST = 199;
const HOSTNAME = 'external-dns.alpha.kubernetes.io/hostname';
const COLLECTIONS = ['/api/v1/services', '/apis/discovery.k8s.io/v1/endpointslices'];

/**
 * Gives Services of type LoadBalancer an address of the site, and has the site's
 * gateway route it to a node that has a ready endpoint, as a router does to which
 * nodes announce addresses. The rest, source ranges included, is the node's.
 */
export class Balancer {
  /** Where the gateway sends each address now. */
  private readonly routes = new Map<string, string>();

  constructor(
    private readonly cluster: string,
    private readonly site: BalancerSite,
    private readonly names: WorldNames,
    private readonly api: ApiClient,
  ) {}

  public start(): void {
    control(`balancer of ${this.cluster}`, this.api, COLLECTIONS, () => this.reconcile());
  }

  private async reconcile(): Promise<void> {
    const [services, slices] = await Promise.all(COLLECTIONS.map(collection => this.api.list(collection)));
    const balanced = services.filter(service => service.spec.type === 'LoadBalancer' && !service.spec.loadBalancerClass);
    const taken = new Set(balanced.map(addressOf).filter(address => address !== ''));
    for (const service of balanced) {
      const { namespace, name } = service.metadata;
      let address = addressOf(service);
      if (address === '') {
        address = (service.spec.loadBalancerIP as string | undefined) ?? this.free(taken);
        taken.add(address);
        await this.api.merge(`/api/v1/namespaces/${namespace}/services/${name}/status`, {
          status: { loadBalancer: { ingress: [{ ip: address, ipMode: 'VIP' }] } },
        });
      }
      const endpoints = slices
        .filter(({ metadata }) => metadata.namespace === namespace && metadata.labels?.['kubernetes.io/service-name'] === name)
        .flatMap(slice => slice.endpoints ?? []);
      await this.route(address, this.choose(this.routes.get(address), endpoints));
      for (const hostname of (service.metadata.annotations?.[HOSTNAME] ?? '').split(',').filter(Boolean)) {
        this.names.set(hostname.trim(), address);
      }
    }
    for (const address of [...this.routes.keys()].filter(known => !taken.has(known))) {
      await run(['ip', '-n', this.site.gateway, 'route', 'del', `${address}/32`]);
      this.routes.delete(address);
    }
  }

  /** A node with an endpoint, if possible the one that was; none if there is none. */
  private choose(current: string | undefined, endpoints: any[]): string {
    const nodes = (holds: (conditions: any) => boolean) => endpoints
      .filter(({ conditions, nodeName }) => nodeName in this.site.nodes && holds(conditions ?? {}))
      .map(({ nodeName }) => nodeName as string).sort();
    const ready = nodes(conditions => conditions.ready !== false);
    // As kube-proxy does: those that end may serve while nobody else can.
    const candidates = ready.length ? ready : nodes(conditions => conditions.serving && conditions.terminating);
    return candidates.find(node => node === current) ?? candidates[0] ?? '';
  }

  private async route(address: string, node: string): Promise<void> {
    if (this.routes.get(address) === node) {
      return;
    }
    const way = this.site.nodes[node];
    const route = (...words: string[]) => run(['ip', '-n', this.site.gateway, 'route', 'replace', ...words]);
    if (way) {
      await route(`${address}/32`, 'via', way.address, 'dev', way.cable, 'onlink');
    } else {
      await route('unreachable', `${address}/32`);
    }
    this.routes.set(address, node);
  }

  private free(taken: Set<string>): string {
    const base = this.site.publicCidr.replace(/\.0\/24$/, '');
    for (let last = 1; last <= LAST; last += 1) {
      if (!taken.has(`${base}.${last}`)) {
        return `${base}.${last}`;
      }
    }
    throw new Error(`${this.site.publicCidr} has no address left`);
  }
}

/** The address that a Service has; empty if it has none yet. */
function addressOf(service: any): string {
  return service.status?.loadBalancer?.ingress?.[0]?.ip ?? '';
}

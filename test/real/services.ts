import { Manifest, onlyFields, onlyValue } from './manifest';
import type { Pod } from './pod';
import type { Forwarding, Site } from './site';

/* eslint-disable @typescript-eslint/no-explicit-any */

const SERVICE = {
  allocateLoadBalancerNodePorts: 'no effect',
  clusterIP: 'honoured',
  externalTrafficPolicy: 'honoured',
  // There is no health check: the balancer knows the pods.
  healthCheckNodePort: 'no effect',
  internalTrafficPolicy: 'no effect',
  ipFamilies: 'no effect',
  ipFamilyPolicy: 'no effect',
  loadBalancerClass: 'no effect',
  loadBalancerIP: 'honoured',
  loadBalancerSourceRanges: 'honoured',
  ports: 'honoured',
  // A pod is an endpoint as soon as its containers run: nobody asks readiness but the test.
  publishNotReadyAddresses: 'no effect',
  selector: 'honoured',
  sessionAffinity: 'honoured',
  type: 'honoured',
} as const;

/** One Service of a cluster, on the site's gateway and nodes. */
export class LabService {
  /** The address inside the cluster; undefined if it is headless. */
  public readonly clusterAddress?: string;
  /** The address that the world dials, for a load balancer. */
  public readonly publicAddress?: string;
  private pods: Pod[] = [];

  constructor(public readonly manifest: Manifest, private readonly site: Site, public readonly namespace: string) {
    const spec = manifest.spec;
    onlyFields(spec, `Service ${manifest.metadata.name}`, SERVICE);
    onlyValue(spec.sessionAffinity, 'sessionAffinity', 'None');
    if (spec.clusterIP !== 'None') {
      this.clusterAddress = site.nextServiceAddress();
    }
    if (spec.type === 'LoadBalancer') {
      // The address that is asked for, if the site's balancer has it.
      this.publicAddress = spec.loadBalancerIP ?? site.nextBalancerAddress();
    }
  }

  public get name(): string {
    return this.manifest.metadata.name;
  }

  /** The names that the world and the cluster know its addresses by. */
  public hostLines(): string[] {
    const full = `${this.name}.${this.namespace}.svc.cluster.local`;
    const names = `${full}\t${this.name}.${this.namespace}.svc\t${this.name}.${this.namespace}\t${this.name}`;
    if (this.clusterAddress) {
      return [`${this.clusterAddress}\t${names}`];
    }
    return this.pods.flatMap(pod => [
      `${pod.address}\t${names}`,
      ...pod.spec.subdomain === this.name ? [`${pod.address}\t${pod.hostname}.${full}\t${pod.hostname}.${this.name}`] : [],
    ]);
  }

  /** The variables that a pod of its namespace finds. */
  public variables(): [string, string][] {
    if (!this.clusterAddress) {
      return [];
    }
    const prefix = this.name.toUpperCase().replace(/-/g, '_');
    return [
      [`${prefix}_SERVICE_HOST`, this.clusterAddress],
      [`${prefix}_SERVICE_PORT`, String(this.manifest.spec.ports[0].port)],
    ];
  }

  /** Has the Service lead to those of the pods that it selects. */
  public async sync(pods: Pod[]): Promise<void> {
    const selector = Object.entries(this.manifest.spec.selector ?? {});
    this.pods = selector.length === 0 ? [] : pods.filter(pod =>
      pod.namespace === this.namespace && selector.every(([key, value]) => pod.labels[key] === value));
    const key = `${this.namespace}/${this.name}`;
    const forwardings = (address: string | undefined, port: (spec: any) => number | undefined): Forwarding[] =>
      this.manifest.spec.ports.filter((spec: any) => address && port(spec) !== undefined).map((spec: any) => ({
        address,
        port: port(spec),
        targets: this.pods.map(pod => ({ address: pod.address, port: targetPort(pod, spec) })),
        sources: address === this.publicAddress ? this.manifest.spec.loadBalancerSourceRanges ?? [] : [],
        keepsSource: this.manifest.spec.externalTrafficPolicy === 'Local',
      }));
    await this.site.forward(key, [
      ...forwardings(this.clusterAddress, spec => spec.port),
      ...forwardings(this.publicAddress, spec => spec.port),
    ]);
    if (['NodePort', 'LoadBalancer'].includes(this.manifest.spec.type)) {
      for (const node of this.site.nodes) {
        await node.forward(key, forwardings(node.address, spec => spec.nodePort));
      }
    }
  }
}

function targetPort(pod: Pod, port: any): number {
  onlyValue(port.protocol, 'protocol', 'TCP');
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') {
    return target;
  }
  const found = pod.spec.containers.flatMap((container: any) => container.ports ?? []).find((candidate: any) => candidate.name === target);
  if (!found) {
    throw new Error(`${pod.name} has no port ${target}`);
  }
  return found.containerPort;
}

import { isIP } from 'net';
import { problem } from '../problem';

/** Options of `ServiceExposure.loadBalancer`. */
export interface LoadBalancerOptions {
  /**
   * The only networks that may connect, in CIDR notation.
   *
   * @default - any
   */
  readonly sourceRanges?: string[];

  /**
   * Annotations of the Service, by which providers take their settings.
   *
   * @default - none
   */
  readonly annotations?: { [key: string]: string };

  /**
   * Which of the cluster's load balancers serves it.
   *
   * @default - the cluster's default one
   */
  readonly loadBalancerClass?: string;
}

/**
 * How a daemon is reached from outside its cluster.
 *
 * HTCondor advertises one port, so the port is the same inside and outside.
 */
export class ServiceExposure {
  /**
   * A Service of type LoadBalancer: the advertised address is the load balancer's.
   *
   * Peer addresses are kept (`externalTrafficPolicy: Local`).
   *
   * @param options who may connect, and the provider's settings
   */
  public static loadBalancer(options: LoadBalancerOptions = {}): ServiceExposure {
    return new ServiceExposure('LoadBalancer', options);
  }

  /**
   * A Service of type NodePort: the advertised address is that of a node, or of a proxy before the nodes.
   *
   * The daemon's port must then be in the cluster's range, which is 30000 to 32767 unless it was changed.
   */
  public static nodePort(): ServiceExposure {
    return new ServiceExposure('NodePort', {});
  }

  /** A Service of type ClusterIP: the daemon isn't reached from other clusters. */
  public static clusterInternal(): ServiceExposure {
    return new ServiceExposure('ClusterIP', {});
  }

  /** The type of the Service: `LoadBalancer`, `NodePort` or `ClusterIP`. */
  public readonly serviceType: string;

  private readonly options: LoadBalancerOptions;

  private constructor(serviceType: string, options: LoadBalancerOptions) {
    this.serviceType = serviceType;
    this.options = options;
  }

  /** Whether other clusters reach the daemon. */
  public get reachableFromOutside(): boolean {
    return this.serviceType !== 'ClusterIP';
  }

  /** @internal */
  public get _annotations(): { [key: string]: string } | undefined {
    return this.options.annotations;
  }

  /**
   * The part of a Service's spec that is about the way in: the port from outside, its name, and the pods' port.
   *
   * @internal
   */
  public _spec(port: number, name: string = 'condor', targetPort: number = port): object {
    const ports = [{ name, protocol: 'TCP', port, targetPort, ...(this.serviceType === 'NodePort' && { nodePort: port }) }];
    switch (this.serviceType) {
      case 'LoadBalancer': return {
        type: 'LoadBalancer',
        ports,
        externalTrafficPolicy: 'Local',
        loadBalancerSourceRanges: this.options.sourceRanges,
        loadBalancerClass: this.options.loadBalancerClass,
      };
      case 'NodePort': return { type: 'NodePort', ports, externalTrafficPolicy: 'Cluster' };
      default: return { type: 'ClusterIP', ports };
    }
  }

  /** @internal */
  public _problems(property: string, port: number): string[] {
    const problems: string[] = [];
    if (this.serviceType === 'NodePort' && (port < 30000 || port > 32767)) {
      problems.push(problem(`${property}.port`, port, 'a port from 30000 to 32767, since it is exposed as a NodePort'));
    }
    for (const range of this.options.sourceRanges ?? []) {
      const [address, prefix, rest] = range.split('/');
      const bits = isIP(address) === 4 ? 32 : 128;
      if (isIP(address) === 0 || rest !== undefined || !/^\d+$/.test(prefix ?? '') || Number(prefix) > bits) {
        problems.push(problem(`${property}.exposure.sourceRanges`, range, 'networks in CIDR notation, such as 192.0.2.0/24'));
      }
    }
    return problems;
  }
}

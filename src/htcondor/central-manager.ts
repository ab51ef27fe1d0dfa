import { Size } from 'cdk8s';
import type { ContainerResources } from 'cdk8s-plus-27';
import { ServiceExposure } from '../workload/service-exposure';

/** A central manager: the collector, in which daemons advertise themselves, and the negotiator. */
export interface CentralManagerOptions {
  /**
   * The name of the central manager in the names of its objects: a DNS label.
   *
   * @default - `cm`; of several, each must have a name
   */
  readonly name?: string;

  /**
   * The host name or IP address by which every cluster reaches it, without a port
   * (`CONDOR_HOST`, `TCP_FORWARDING_HOST`). For a load balancer it is the load balancer's.
   *
   * Refused: for fleets in other clusters, an address that only resolves inside the host cluster.
   */
  readonly address: string;

  /**
   * Its TCP port, the same inside and outside (`SHARED_PORT_PORT`), from 1024 to 65535.
   *
   * @default 9618
   */
  readonly port?: number;

  /**
   * How it is reached from outside the cluster.
   *
   * @default ServiceExposure.loadBalancer()
   */
  readonly exposure?: ServiceExposure;

  /**
   * How much storage keeps the accounting (`SPOOL`): priorities and usage outlive the pod.
   *
   * @default Size.gibibytes(1)
   */
  readonly spoolSize?: Size;

  /**
   * The StorageClass of the spool's volume.
   *
   * @default - the cluster's default one
   */
  readonly storageClass?: string;

  /**
   * CPU and memory of the pod.
   *
   * @default - requests 250m and 512Mi, no limits
   */
  readonly resources?: ContainerResources;

  /**
   * Whether a node drain may evict the pod. Jobs run on while it is away; no new ones start, unless another central
   * manager stands by: of several, drains evict one at a time. If not, a PodDisruptionBudget holds drains until somebody
   * deletes the pod.
   *
   * @default true
   */
  readonly evictable?: boolean;
}

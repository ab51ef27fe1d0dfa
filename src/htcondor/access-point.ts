import { Size } from 'cdk8s';
import type { ContainerResources } from 'cdk8s-plus-27';
import { ServiceExposure } from '../workload/service-exposure';

/** An access point: the schedd, which holds the job queue, and to which users submit. */
export interface AccessPointOptions {
  /** Its name in the pool (`SCHEDD_NAME` is `<name>@<uidDomain>`) and in the names of its objects: a DNS label. */
  readonly name: string;

  /**
   * The host name or IP address by which every cluster reaches it, without a port
   * (`TCP_FORWARDING_HOST`): jobs fetch their input from here and bring their output back.
   *
   * Refused: for fleets in other clusters, an address that only resolves inside the host cluster, unless all images have HTCondor 25.13 or later:
   * its connection broker joins an access point that nobody reaches with machines that nobody reaches (`CCB_ADDRESS`).
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
   * How much storage keeps the job queue and spooled files (`SPOOL`): jobs outlive the pod.
   *
   * @default Size.gibibytes(10)
   */
  readonly spoolSize?: Size;

  /**
   * How much storage keeps users' files (`/home`): what a job that wasn't spooled reads and writes outlives the
   * pod. Users of the image get their home directories in it.
   *
   * @default Size.gibibytes(10)
   */
  readonly homeSize?: Size;

  /**
   * The StorageClass of the volumes.
   *
   * @default - the cluster's default one
   */
  readonly storageClass?: string;

  /**
   * CPU and memory of the pod; a running job costs about 1 MB.
   *
   * @default - requests 500m and 2Gi, no limits
   */
  readonly resources?: ContainerResources;

  /**
   * How many jobs run at once (`MAX_JOBS_RUNNING`).
   *
   * @default 2000
   */
  readonly maxJobsRunning?: number;

  /**
   * Whether machines may be told that this access point's parallel jobs are theirs (`StartdFleetProps.parallelUniverse`). All nodes of such a
   * job are in one cluster then (`JOB_TRANSFORM_NAMES`).
   *
   * @default - whether a fleet of the program says so; say it yourself for fleets of other programs
   */
  readonly parallelUniverse?: boolean;

  /**
   * How many jobs the queue holds, of all users together (`MAX_JOBS_SUBMITTED`). More are refused when they are submitted.
   *
   * @default - as many as fit into its memory and its storage
   */
  readonly maxJobsQueued?: number;

  /**
   * Whether a node drain may evict the pod. Jobs run on while it is away, and are found again if it is
   * back within the lease. If not, a PodDisruptionBudget holds drains until somebody deletes the pod.
   *
   * @default true
   */
  readonly evictable?: boolean;
}

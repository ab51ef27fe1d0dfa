import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { ClassAdExpression } from './classad';
import { CloudMetadata } from './cloud-metadata';
import { CondorHost } from './condor-host';
import { ContainerJobs } from './container-jobs';
import { DrainOptions } from './drain';
import { FileSystem } from './file-system';
import { FleetMembers } from './fleet-members';
import { CondorImage } from './image';
import { MemoryExceeded } from './job-memory';
import { ParallelUniverse } from './parallel-universe';
import { ICondorPool } from './pool';
import { RunMode } from './run-mode';
import { SlotType } from './slot-type';
import { StartdFleetProps } from './startd-fleet-props';
import { StartdPolicy } from './startd-policy';

/** What a fleet takes of the node's ports unless told otherwise. */
const NODE_PORTS = { low: 9700, high: 9899 };

/** A fleet, as it was given. */
export interface Fleet {
  readonly construct: Construct;
  readonly props: StartdFleetProps;
  readonly members: FleetMembers;
  readonly elasticity?: Elasticity;
}

/** How machines come and leave. */
export interface Elasticity {
  /** For how long a machine takes jobs. */
  readonly lifetime: Duration;
  readonly idleShutdown: Duration;
  readonly costOf: (cluster: string) => number;
}

/** A fleet as its configuration and its pods need to know it, defaults filled in. */
export interface FleetSettings {
  readonly name: string;
  readonly elasticity?: Elasticity;
  readonly pool: ICondorPool;
  readonly image: CondorImage;
  readonly runMode: RunMode;
  readonly rootless: boolean;
  readonly lowPort?: number;
  readonly highPort?: number;
  readonly cpus?: number;
  /** The most cores that a machine has, of the fleet's own and its members'; unknown if one offers what its node has. */
  readonly mostCpus?: number;
  readonly memory?: Size;
  readonly memoryOverhead: Size;
  readonly memoryExceeded: MemoryExceeded;
  /** Nothing where there can be none. */
  readonly jobControlGroups?: boolean;
  readonly gpus: number;
  readonly gpuJobsOnly: boolean;
  readonly parallelUniverse?: ParallelUniverse;
  readonly negotiatorInterval: Duration;
  readonly reservedDisk: Size;
  readonly attributes: { readonly [name: string]: string | number | boolean | ClassAdExpression };
  readonly slots: readonly SlotType[];
  readonly policy: Required<StartdPolicy>;
  readonly claimWorklife: Duration;
  readonly drain: DrainOptions;
  readonly heartbeat: Duration;
  readonly updateInterval: Duration;
  readonly fileSystems: readonly FileSystem[];
  readonly httpProxy?: string;
  readonly containers?: ContainerJobs;
  readonly networkPolicy: boolean;
  readonly cloudMetadata: CloudMetadata;
  readonly extraConfig: { readonly [knob: string]: string | number | boolean | ClassAdExpression };
}

/**
 * The fleet's settings.
 *
 * @param image that of a member which has its own
 */
export function fleetSettings({ construct, props, members, elasticity }: Fleet, image: CondorImage = props.image ?? props.pool.image): FleetSettings {
  return {
    name: construct.node.id,
    elasticity,
    pool: props.pool,
    image,
    runMode: props.runMode ?? RunMode.CONDOR_MASTER,
    rootless: props.rootless ?? false,
    lowPort: props.lowPort ?? (props.hostNetwork ? NODE_PORTS.low : undefined),
    highPort: props.highPort ?? (props.hostNetwork ? NODE_PORTS.high : undefined),
    cpus: props.cpus,
    mostCpus: props.cpus && Math.max(props.cpus, ...members.given.map(([, { cpus = 0 }]) => cpus)),
    memory: props.memory,
    memoryOverhead: props.memoryOverhead ?? Size.mebibytes(512),
    // what the pods can see without more rights, they look at
    jobControlGroups: props.jobControlGroups ?? (props.privileged || undefined),
    memoryExceeded: props.memoryExceeded ?? (props.privileged || props.rootless ? MemoryExceeded.HOLD : MemoryExceeded.IGNORE),
    gpus: props.gpus ?? 0,
    gpuJobsOnly: props.gpuJobsOnly ?? false,
    parallelUniverse: props.parallelUniverse,
    // that of a pool that stands elsewhere isn't known
    negotiatorInterval: CondorHost.isCondorHost(props.pool) ? props.pool._negotiation.interval : Duration.minutes(1),
    reservedDisk: props.reservedDisk ?? Size.gibibytes(1),
    attributes: props.attributes ?? {},
    slots: props.slots ?? [{ share: 1 }],
    policy: {
      start: props.start ?? ClassAdExpression.boolean(true),
      rank: props.rank ?? ClassAdExpression.integer(0),
      preempt: props.preempt ?? ClassAdExpression.boolean(false),
      wantVacate: props.wantVacate ?? ClassAdExpression.boolean(true),
      kill: props.kill ?? ClassAdExpression.boolean(false),
    },
    claimWorklife: props.claimWorklife ?? Duration.minutes(20),
    drain: {
      maxJobRetirement: props.maxJobRetirement ?? Duration.seconds(0),
      maxVacate: props.maxVacate ?? Duration.minutes(10),
      killingTimeout: props.killingTimeout ?? Duration.seconds(30),
      terminationGracePeriod: props.terminationGracePeriod,
    },
    heartbeat: props.heartbeat ?? Duration.minutes(2),
    updateInterval: props.updateInterval ?? Duration.seconds(30),
    fileSystems: props.fileSystems ?? [],
    httpProxy: props.httpProxy,
    containers: props.containers,
    networkPolicy: props.networkPolicy ?? !props.hostNetwork,
    cloudMetadata: props.cloudMetadata ?? (props.hostNetwork ? CloudMetadata.ROUTING_RULES : CloudMetadata.NETWORK_POLICY),
    extraConfig: props.extraConfig ?? {},
  };
}

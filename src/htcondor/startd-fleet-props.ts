import { Duration, Size } from 'cdk8s';
import type { ContainerResources } from 'cdk8s-plus-27';
import { ClassAdExpression } from './classad';
import { CloudMetadata } from './cloud-metadata';
import { ContainerJobs } from './container-jobs';
import { ExecuteDirectory } from './execute-directory';
import { FileSystem } from './file-system';
import { CondorImage } from './image';
import { MemoryExceeded } from './job-memory';
import { ParallelUniverse } from './parallel-universe';
import { PodLogs } from './pod-logs';
import { ICondorPool } from './pool';
import { StartdLiveness } from './probes';
import { RunMode } from './run-mode';
import { Toleration } from './scheduling';
import { SlotType } from './slot-type';
import { SecretReference } from '../workload/secret-reference';

/** What a member's execution points do otherwise than the fleet's. */
export interface StartdMemberOptions {
  /**
   * Attributes of the machine ad that the member adds, or has with other values.
   *
   * @default - the fleet's
   */
  readonly attributes?: { [name: string]: string | number | boolean | ClassAdExpression };

  /**
   * Cores (`NUM_CPUS`). The pod's CPU request follows, unless the fleet states its resources.
   *
   * @default - the fleet's
   */
  readonly cpus?: number;

  /**
   * Memory (`MEMORY`). The pod's memory request follows, unless the fleet states its resources.
   *
   * @default - the fleet's
   */
  readonly memory?: Size;

  /**
   * When a job may start (`START`).
   *
   * @default - the fleet's
   */
  readonly start?: ClassAdExpression;

  /**
   * Which job the machine prefers (`RANK`).
   *
   * @default - the fleet's
   */
  readonly rank?: ClassAdExpression;

  /**
   * When a running job must leave (`PREEMPT`).
   *
   * @default - the fleet's
   */
  readonly preempt?: ClassAdExpression;

  /**
   * Whether a job that must leave is told to stop, or killed at once (`WANT_VACATE`).
   *
   * @default - the fleet's
   */
  readonly wantVacate?: ClassAdExpression;

  /**
   * When a job that was told to stop is killed, before `maxVacate` is over (`KILL`).
   *
   * @default - the fleet's
   */
  readonly kill?: ClassAdExpression;

  /**
   * The HTTP proxy of that member's site. New pods have it, and others go on with the former one.
   *
   * @default - the fleet's
   */
  readonly httpProxy?: string;

  /**
   * The image, to try another version of HTCondor in one member first. The configuration is written for it. Pods that run are left
   * alone: those that are deleted come back with it.
   *
   * @default - the fleet's
   */
  readonly image?: CondorImage;
}

/** Properties of a `StartdFleet`. */
export interface StartdFleetProps {
  /**
   * The pool that the execution points join.
   *
   * Refused: for a fleet in another cluster, a pool whose addresses only resolve inside its own.
   */
  readonly pool: ICondorPool;

  /**
   * Cores that a machine offers (`NUM_CPUS`, in the ad `TotalCpus`), a whole number from 1.
   *
   * @default - the container's CPU limit; without one, what the node can allocate, rounded up
   */
  readonly cpus?: number;

  /**
   * Memory that a machine offers (`MEMORY`, in the ad `TotalMemory`, in MiB).
   *
   * @default - the container's memory limit, or what the node can allocate, less `memoryOverhead`
   */
  readonly memory?: Size;

  /**
   * Memory for HTCondor itself, where `memory` isn't stated.
   *
   * @default Size.mebibytes(512)
   */
  readonly memoryOverhead?: Size;

  /**
   * What becomes of a job whose processes use more memory than its slot has (`Memory`), which is what it asked for, rounded up to 128 MiB.
   * With `HOLD` each machine looks once a minute (`STARTER_UPDATE_INTERVAL`). What jobs take in between is up to the pod's memory limit:
   * beyond it the kernel kills a process of the pod, whosever it is.
   *
   * @default - `MemoryExceeded.HOLD` where the pods see without more rights what jobs use, `privileged` or `rootless`, otherwise
   * `MemoryExceeded.IGNORE`
   */
  readonly memoryExceeded?: MemoryExceeded;

  /**
   * Whether each job has a control group of its own, below the pod's (`BASE_CGROUP`): the kernel ends a job that takes more memory than its slot
   * has, at that moment, and HTCondor holds it (`CGROUP_MEMORY_LIMIT_POLICY = hard`); jobs that want more cores than they asked for get them as
   * long as nobody else wants them (`cpu.shares`, `cpu.weight`). Without, `memoryExceeded` alone keeps jobs to their memory.
   *
   * Refused: with no `privileged`, where the container can't write into control groups.
   *
   * @default - whether `privileged`
   */
  readonly jobControlGroups?: boolean;

  /**
   * GPUs of each pod. They are found by HTCondor (`use FEATURE:GPUs`) and advertised, and each job has those that it asks for
   * (`request_gpus`) to itself.
   *
   * @default 0
   */
  readonly gpus?: number;

  /**
   * Whether machines take only jobs that ask for a GPU (`START`): others would fill the cores, and leave the GPUs idle.
   *
   * Refused: without `gpus`.
   *
   * @default false
   */
  readonly gpuJobsOnly?: boolean;

  /**
   * The resource by which the cluster counts its GPUs.
   *
   * @default 'nvidia.com/gpu'
   */
  readonly gpuResource?: string;

  /**
   * Disk of the sandboxes' file system that isn't offered (`RESERVED_DISK`).
   *
   * @default Size.gibibytes(1)
   */
  readonly reservedDisk?: Size;

  /**
   * Attributes of the machine ad (`STARTD_ATTRS`). A string is a string, never a reference to an attribute.
   *
   * Refused: what is no attribute name, a name twice, a name that the startd publishes itself or that is a knob.
   *
   * @default - none
   */
  readonly attributes?: { [name: string]: string | number | boolean | ClassAdExpression };

  /**
   * How a machine is divided into slots.
   *
   * @default - one partitionable slot with all of it
   */
  readonly slots?: SlotType[];

  /**
   * How machines take jobs of the parallel universe, such as those of MPI. The machines of one cluster are a group
   * (`ParallelSchedulingGroup`), and all nodes of a job are in one.
   *
   * @default - not at all
   */
  readonly parallelUniverse?: ParallelUniverse;

  /**
   * When a job may start (`START`).
   *
   * @default - always
   */
  readonly start?: ClassAdExpression;

  /**
   * Which job the machine prefers (`RANK`): a number, more is better. `MY` is the machine, `TARGET` the job. A better job
   * preempts a running one, whoever's it is; it goes to the machine that prefers it, though others are idle.
   *
   * Refused: an expression, in a pool whose `preemption.considered` is false.
   *
   * @default - none
   */
  readonly rank?: ClassAdExpression;

  /**
   * When a running job must leave, for the machine's own reasons (`PREEMPT`); `MY` is the machine, `TARGET` the job. It is
   * asked every five seconds, and there is no way back. A job that `start` would take again comes back.
   *
   * @default - never
   */
  readonly preempt?: ClassAdExpression;

  /**
   * Whether a job that must leave because of `preempt` is told to stop and has `maxVacate` for it (`WANT_VACATE`). If
   * not, it is killed at once when its retirement time is over.
   *
   * Refused: without `preempt`. What leaves for a better job is always told.
   *
   * @default - it is told
   */
  readonly wantVacate?: ClassAdExpression;

  /**
   * When a job that was told to stop is killed, before `maxVacate` is over (`KILL`).
   *
   * @default - never
   */
  readonly kill?: ClassAdExpression;

  /**
   * For how long an access point may start one job after another in a slot that it was given (`CLAIM_WORKLIFE`), counted
   * from when it was given; a running job is not stopped for it. So long a group or user may hold more than its share
   * though nobody is preempted: until then, and to the end of the last job. With 0 each job is matched by itself.
   *
   * @default Duration.minutes(20)
   */
  readonly claimWorklife?: Duration;

  /**
   * How long a running job may go on when it is preempted or the pod is deleted (`MAXJOBRETIREMENTTIME`), counted from its
   * start. HTCondor tells it to stop `maxVacate` before that time is over, and kills it then.
   *
   * @default Duration.seconds(0)
   */
  readonly maxJobRetirement?: Duration;

  /**
   * How long a job that was told to stop may take to save its work (`MachineMaxVacateTime`).
   *
   * Refused: as much as a `maxJobRetirement` above 0, or more, since a job would be told to stop at once.
   *
   * @default Duration.minutes(10)
   */
  readonly maxVacate?: Duration;

  /**
   * How long a job's processes may take to die (`KILLING_TIMEOUT`).
   *
   * @default Duration.seconds(30)
   */
  readonly killingTimeout?: Duration;

  /**
   * The pod's grace period (`terminationGracePeriodSeconds`).
   *
   * Refused: one in which a job can't retire, be vacated and killed.
   *
   * @default - the sum of these, and two minutes for HTCondor to leave
   */
  readonly terminationGracePeriod?: Duration;

  /**
   * What the container runs.
   *
   * @default RunMode.CONDOR_MASTER
   */
  readonly runMode?: RunMode;

  /**
   * Whether pods use the node's network. NetworkPolicies don't apply then, and jobs reach what the node
   * reaches, but for a cloud's metadata service (`cloudMetadata`).
   *
   * @default false
   */
  readonly hostNetwork?: boolean;

  /**
   * The first TCP port on which the fleet's daemons and the jobs' starters listen (`IN_LOWPORT`). Nobody needs to
   * call them: connections are handed over by the pool's connection broker. With `hostNetwork` they are ports of the
   * node, which no NetworkPolicy closes; close them in the node's firewall.
   *
   * Refused: less than 1024, more than `highPort`.
   *
   * @default 9700 with `hostNetwork`, otherwise any free port of the pod
   */
  readonly lowPort?: number;

  /**
   * The last TCP port on which the fleet's daemons and the jobs' starters listen (`IN_HIGHPORT`).
   *
   * Refused: more than 65535, or so few ports that `cpus` jobs and 5 daemons can't have one each.
   *
   * @default 9899 with `hostNetwork`, otherwise any free port of the pod
   */
  readonly highPort?: number;

  /**
   * Whether pods are privileged. Jobs are still not root, but they are a kernel's bug away from the node.
   *
   * @default false
   */
  readonly privileged?: boolean;

  /**
   * Whether HTCondor runs without root. Jobs then run as HTCondor's own user.
   *
   * Refused without `acceptJobsReadToken`, since such jobs can read the pool's token. They can also read and kill each other, whoever's
   * they are, and HTCondor.
   *
   * @default false
   */
  readonly rootless?: boolean;

  /**
   * Accepts that jobs can read the token with which the fleet joins the pool. Needed with `rootless`.
   *
   * @default false
   */
  readonly acceptJobsReadToken?: boolean;

  /**
   * Accepts that all jobs of a machine run as `nobody`, where the image has no users for them (`CondorImageProps.slotUsers`): jobs of one
   * person can then read and kill those of another.
   *
   * @default false
   */
  readonly acceptJobsShareUser?: boolean;

  /**
   * How the kubelet finds out that a startd is dead. It kills the pod then, and with it all its jobs.
   *
   * @default StartdLiveness.STARTD_ANSWERS
   */
  readonly liveness?: StartdLiveness;

  /**
   * Labels of the nodes that the fleet runs on.
   *
   * @default - all nodes
   */
  readonly nodeSelector?: { [label: string]: string };

  /**
   * Taints that the fleet tolerates.
   *
   * @default - none
   */
  readonly tolerations?: Toleration[];

  /**
   * The PriorityClass of the pods.
   *
   * @default - the cluster's default one
   */
  readonly priorityClassName?: string;

  /**
   * Requests and limits of the container.
   *
   * @default - requests of 3/4 of the stated cores and 4/5 of the stated memory, so that the pod fits a node
   * of that size; no limits
   */
  readonly resources?: ContainerResources;

  /**
   * Where the sandboxes of jobs are (`EXECUTE`).
   *
   * @default ExecuteDirectory.emptyDir()
   */
  readonly executeDirectory?: ExecuteDirectory;

  /**
   * File systems that the site has, for jobs to read: CVMFS, EOS, CephFS and any other. Machines tell which they have.
   *
   * Refused: two at one place or of one name, names and attributes that something else has.
   *
   * @default - none
   */
  readonly fileSystems?: FileSystem[];

  /**
   * The HTTP proxy near the machines, for instance a squid: `http://host:port`. HTCondor's URL plugins fetch by it what jobs name as
   * `http://` (the plugins' variable `http_proxy`), and jobs have its address as `http_proxy` and `HTTP_PROXY` (`STARTER_JOB_ENVIRONMENT`).
   * Files that HTCondor itself brings from the access point, and `https://`, don't go by it. A change takes new pods.
   *
   * Refused: what is no such URL, one with a password, which would be in the files.
   *
   * @default - none
   */
  readonly httpProxy?: string;

  /**
   * Jobs of the container universe (`container_image`) run in Apptainer, inside the execution point's container: machines say `HasContainer`,
   * `HasSandboxImage` and `HasSIF` if that works, and only such machines get such jobs. The image must have Apptainer in `/usr/bin`.
   *
   * The pod stays unprivileged, but its container gives up the seccomp profile of the node's runtime, so that jobs can make user namespaces
   * and mounts in them. The namespace is `privileged` for Pod Security then, unless there is a `seccompProfile`.
   *
   * @default - jobs run in the execution point's own container, and none of the container universe comes
   */
  readonly containers?: ContainerJobs;

  /**
   * The token with which the fleet joins, in a Secret of each member: identity `startd-<cluster>@<trustDomain>`,
   * authorizations `ADVERTISE_STARTD` and `ADVERTISE_MASTER`.
   *
   * @default - the key `token` of a Secret `<id>-token`
   */
  readonly token?: SecretReference;

  /**
   * The name of the cluster in names of machines and as private network (`PRIVATE_NETWORK_NAME`).
   *
   * @default - the cluster, in a federation each member; in another chart the chart's id
   */
  readonly clusterName?: string;

  /**
   * How often connections through the pool's connection broker are tried (`CCB_HEARTBEAT_INTERVAL`). It must be
   * shorter than the time after which firewalls and load balancers on the way forget a connection.
   *
   * @default Duration.minutes(2)
   */
  readonly heartbeat?: Duration;

  /**
   * How often a machine advertises itself (`UPDATE_INTERVAL`, `MASTER_UPDATE_INTERVAL`), at least 10 seconds. A
   * machine that is gone is negotiated for no more after three intervals and ten seconds (`ClassAdLifetime`), and the
   * slot of a finished job counts for its user for half of that. `condor_status` shows both some minutes longer.
   *
   * @default Duration.seconds(30)
   */
  readonly updateInterval?: Duration;

  /**
   * The image.
   *
   * @default - the pool's
   */
  readonly image?: CondorImage;

  /**
   * Names of Secrets of type `kubernetes.io/dockerconfigjson`.
   *
   * @default - none
   */
  readonly imagePullSecrets?: string[];

  /**
   * The namespace of the fleet. It is defined, with the Pod Security level that the pods need.
   *
   * @default - the chart's namespace, else `condor`
   */
  readonly namespace?: string;

  /**
   * What keeps jobs from a cloud's metadata service (169.254.169.254, fd00:ec2::254), where whoever asks gets credentials of the node.
   *
   * Refused: a NetworkPolicy that isn't written, or doesn't apply (`hostNetwork`); nothing said where there is neither `networkPolicy` nor
   * `hostNetwork`.
   *
   * @default CloudMetadata.NETWORK_POLICY, with hostNetwork CloudMetadata.ROUTING_RULES
   */
  readonly cloudMetadata?: CloudMetadata;

  /**
   * Whether a NetworkPolicy closes the pods to all but HTCondor's, and to the cloud's metadata service.
   *
   * @default true, false with hostNetwork, where none applies
   */
  readonly networkPolicy?: boolean;

  /**
   * Prints the daemons' logs and the output of running jobs to the log of a container `labelled-logs` beside the daemons, each line as a JSON object with
   * the workflow, job and user that it belongs to: what collects containers' logs (`LogCollection`) finds them there, and nobody else has to open files
   * that jobs can write.
   *
   * A job's output is what HTCondor brings back by file transfer (`output`, `error`); what it writes elsewhere isn't seen, nor a job that ends in the
   * first tenth of a second. What a job belongs to is what its attributes say, which whoever submitted it has written.
   *
   * Refused: names that are no attributes; in an `ElasticStartdFleet`, whose pods end when their daemons do.
   *
   * @default - nothing is printed
   */
  readonly podLogs?: PodLogs;

  /**
   * Knobs that this construct doesn't know. Strings are taken literally.
   *
   * Refused: a knob that the construct sets, a knob twice, what is no knob name.
   *
   * @default - none
   */
  readonly extraConfig?: { [knob: string]: string | number | boolean | ClassAdExpression };
}

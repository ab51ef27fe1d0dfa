import { Duration } from 'cdk8s';
import { AccessPointOptions } from './access-point';
import { AccountingGroup } from './accounting';
import { CentralManagerOptions } from './central-manager';
import { ClassAdExpression } from './classad';
import { Defragmentation } from './defragmentation';
import { HighAvailabilityOptions } from './high-availability';
import { CondorImage } from './image';
import { JobDefaults } from './job-defaults';
import { NegotiatorPreemption } from './negotiator-preemption';
import { PodLogs } from './pod-logs';
import { PoolUser } from './pool-user';
import { UserLimits } from './user-limits';
import { SecretReference } from '../workload/secret-reference';

/** Properties of a `CondorHost`. */
export interface CondorHostProps {
  /** The domain that the pool's tokens are issued for (`TRUST_DOMAIN`, a token's `iss`). It can't be changed later without new tokens. */
  readonly trustDomain: string;

  /**
   * The domain in which a user name is one user (`UID_DOMAIN`).
   *
   * @default - the trust domain
   */
  readonly uidDomain?: string;

  /**
   * The central managers, at least one. Of several, one negotiates and the others stand by (`HAD_LIST`, `REPLICATION_LIST`), the first one first.
   *
   * Refused: none; of several, one without a name.
   */
  readonly centralManagers: CentralManagerOptions[];

  /** The access points, at least one. */
  readonly accessPoints: AccessPointOptions[];

  /**
   * Who may submit jobs, from outside with a token of the identity `<name>@<trustDomain>`. Each has an account at every access point, under
   * which the access point reads and writes the user's files; at execution points jobs run as users of their own, whoever's they are. Each
   * may charge the accounting groups that he has, and no other user.
   *
   * All others are refused when they submit, whatever token they show. A change of the list replaces the access points' pods.
   *
   * Refused: an empty list; a `uidDomain` that isn't the `trustDomain`, since HTCondor can't update their jobs then.
   *
   * @default - the accounts of the image, which may charge any accounting group and any user
   */
  readonly users?: PoolUser[];

  /**
   * How much one user may have.
   *
   * @default - 100000 jobs in the queue of an access point, 20000 in one submission, 200 of the scheduler universe; any number of them runs
   */
  readonly userLimits?: UserLimits;

  /**
   * How many of something running jobs may use together, by its name (`<NAME>_LIMIT`), such as licences or connections to a server. A job says
   * what it uses: `concurrency_limits = licence`, or `licence:2` for two of them. Names that have no limit here have none that a job would meet.
   *
   * Refused: names that begin with `user`, or that make a knob of HTCondor's own; numbers that aren't whole, or below 0.
   *
   * @default - none
   */
  readonly concurrencyLimits?: { [name: string]: number };

  /**
   * The groups that share the pool, with their quotas (`GROUP_NAMES`). Jobs name theirs with `accounting_group`; who may is
   * said by `users`, and without these everybody may.
   *
   * @default - none: users share the pool by their priorities
   */
  readonly accountingGroups?: AccountingGroup[];

  /**
   * Whether quotas may add up to more than there is (`NEGOTIATOR_ALLOW_QUOTA_OVERSUBSCRIPTION`). With false, fixed quotas that
   * add up to more than their parent has, or the pool, are reduced in proportion, and a group above others has what these
   * leave. With true each fixed quota stays, and is had in the order of the groups; and a group above others has its whole
   * quota once more besides theirs, so that with `acceptSurplus` more is lent than there is. HTCondor's own default is true.
   *
   * Refused: without `accountingGroups`.
   *
   * @default false
   */
  readonly quotaOversubscription?: boolean;

  /**
   * In which order groups are given slots (`GROUP_SORT_EXPR`): a number, less is sooner, of a group's `AccountingGroup`,
   * `GroupQuota`, `GroupResourcesInUse` and `GroupResourcesAllocated`.
   *
   * Refused: without `accountingGroups`.
   *
   * @default - the group that uses the smallest part of its quota first, jobs without a group last
   */
  readonly groupOrder?: ClassAdExpression;

  /**
   * What the negotiator may take from running jobs for others.
   *
   * @default - nothing for better users or groups; a machine's `rank`, which is none by default, may
   */
  readonly preemption?: NegotiatorPreemption;

  /**
   * How machines that are full of small jobs become whole again, for jobs that need a whole one. Of several central managers the
   * first one does it; while it is away, nothing is drained.
   *
   * @default - not at all: a job that needs a whole machine waits until one is free by chance
   */
  readonly defragmentation?: Defragmentation;

  /**
   * The key that signs the pool's tokens, in a Secret of the host cluster. It never leaves it.
   *
   * @default - the key `POOL` of a Secret `<id>-signing-key`
   */
  readonly signingKey?: SecretReference;

  /**
   * Whether each cluster of execution points has a signing key of its own, in a Secret `<id>-signing-key-<cluster>` of the host
   * cluster, key `key`. Its tokens name it (`kid`, `condor_token_create -key <cluster>`), and the cluster's own collector alone knows it
   * (`SEC_PASSWORD_DIRECTORY`). A `TokenMint` signs with these keys.
   *
   * A key that isn't there keeps its cluster out, and nobody else. Tokens that the pool's key signed are good there as well.
   *
   * @default false: the pool's key signs the tokens of all clusters
   */
  readonly memberSigningKeys?: boolean;

  /**
   * The image of the central managers and access points.
   *
   * @default CondorImage.official()
   */
  readonly image?: CondorImage;

  /**
   * Names of Secrets of type `kubernetes.io/dockerconfigjson`.
   *
   * @default - none
   */
  readonly imagePullSecrets?: string[];

  /**
   * The namespace of the pool. It is defined, with the Pod Security level that the pods need.
   *
   * @default - the chart's namespace, else `condor`
   */
  readonly namespace?: string;

  /**
   * How often jobs are matched (`NEGOTIATOR_INTERVAL`), at least 5 seconds. Below 20 seconds, HTCondor's pause after each
   * cycle becomes half of it (`NEGOTIATOR_CYCLE_DELAY`, unless `extraConfig` has another).
   *
   * @default Duration.minutes(1)
   */
  readonly negotiatorInterval?: Duration;

  /**
   * The time in which usage counts half for a user's priority (`PRIORITY_HALFLIFE`).
   *
   * @default Duration.days(1)
   */
  readonly priorityHalfLife?: Duration;

  /**
   * The factor of users without one of their own (`DEFAULT_PRIO_FACTOR`), at least 1.
   *
   * @default 1000
   */
  readonly defaultPriorityFactor?: number;

  /**
   * What a job gets that doesn't ask.
   *
   * @default - one core, 2000 MiB, 1 GiB of disk, a lease of two hours
   */
  readonly jobDefaults?: JobDefaults;

  /**
   * Identities that may administer the pool from afar (`ALLOW_ADMINISTRATOR`), `user@domain`. Whoever can
   * enter the pods is an administrator anyway.
   *
   * @default - none
   */
  readonly administrators?: string[];

  /**
   * How several central managers stand in for each other.
   *
   * Refused: with one central manager, and together with flocking.
   *
   * @default - a standby negotiates two minutes after the active one is gone, with accounting that is one minute old
   */
  readonly highAvailability?: HighAvailabilityOptions;

  /**
   * Names of clusters whose execution points join, besides those of the fleets that this program declares. Each
   * has a collector of its own in each central manager, so that its token is good for its own machines only.
   *
   * @default - the clusters of the program's fleets
   */
  readonly executionClusters?: string[];

  /**
   * Prints the logs of the daemons, and the events of all jobs of an access point (`EVENT_LOG`), to the log of a container `labelled-logs` beside
   * them, each as a JSON object: what collects containers' logs (`LogCollection`) finds a daemon's by its name, and an event by the workflow, job and user
   * that it belongs to (`EVENT_LOG_JOB_AD_INFORMATION_ATTRS`). An event is one record, however many lines it has.
   *
   * Refused: names that are no attributes.
   *
   * @default - they stay in files of the pod
   */
  readonly podLogs?: PodLogs;

  /**
   * Whether NetworkPolicies close all but the advertised ports.
   *
   * @default true
   */
  readonly networkPolicies?: boolean;

  /**
   * Knobs that this construct doesn't know, for all its daemons. Strings are taken literally.
   *
   * Refused: a knob that the construct sets, a knob twice, what is no knob name.
   *
   * @default - none
   */
  readonly extraConfig?: { [knob: string]: string | number | boolean | ClassAdExpression };
}

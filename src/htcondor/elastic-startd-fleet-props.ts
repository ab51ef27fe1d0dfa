import { Duration } from 'cdk8s';
import { StartdFleetProps } from './startd-fleet-props';

/** How an elastic fleet grows in one member, where it is not as in the others. */
export interface ElasticMemberOptions {
  /**
   * How many execution points there may be at one time (`maxReplicaCount`).
   *
   * @default - the fleet's
   */
  readonly maxExecutionPoints?: number;

  /**
   * From how many waiting jobs on execution points come.
   *
   * @default - the fleet's
   */
  readonly threshold?: number;

  /**
   * How long a job must have been idle to count as waiting.
   *
   * @default - the fleet's
   */
  readonly patience?: Duration;

  /**
   * What a core costs here, compared with the other members: a whole number from 0, near and cheap, to 9, far and dear.
   *
   * @default - the fleet's
   */
  readonly cost?: number;
}

/** Properties of an `ElasticStartdFleet`. */
export interface ElasticStartdFleetProps extends StartdFleetProps {
  /**
   * How many execution points there may be at one time in each member (the ScaledJob's `maxReplicaCount`), from 1. Times `cpus` it is the
   * most cores that are paid for at one time.
   */
  readonly maxExecutionPoints: number;

  /**
   * From how many waiting jobs on execution points come, in each member. Below that none comes; those that are there go on.
   *
   * @default 1
   */
  readonly threshold?: number;

  /**
   * How long a job must have been idle to count as waiting. It should be longer than the negotiator takes to place a job on a machine that is
   * free: then machines that are there anyway come first.
   *
   * @default - two of the pool's negotiator intervals and a minute
   */
  readonly patience?: Duration;

  /**
   * What a core costs here, compared with other members and fleets: a whole number from 0, near and cheap, to 9, far and dear. Waiting jobs are for
   * the cheapest members that take them, up to their `maxExecutionPoints`; what is left is for the next ones. Machines advertise it
   * (`ExecutionPointCost`), and jobs are matched with cheap machines first (`NEGOTIATOR_PRE_JOB_RANK`); those of other fleets cost 0.
   *
   * @default 1
   */
  readonly cost?: number;

  /**
   * After how long without a claim an execution point leaves (`STARTD_NOCLAIM_SHUTDOWN`), at least 10 seconds.
   *
   * @default Duration.minutes(10)
   */
  readonly idleShutdown?: Duration;

  /**
   * How often KEDA asks (`pollingInterval`), at least 5 seconds.
   *
   * @default Duration.seconds(30)
   */
  readonly pollingInterval?: Duration;

  /**
   * The namespace of the members' KEDA: its pods alone may ask for the demand.
   *
   * @default 'keda'
   */
  readonly kedaNamespace?: string;
}

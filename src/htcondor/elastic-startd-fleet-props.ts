import { Duration } from 'cdk8s';
import { CoreHourBudget } from './core-hour-budget';
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

  /**
   * How many core-hours the execution points may use here in a day, a month or a year.
   *
   * @default - the fleet's
   */
  readonly budget?: CoreHourBudget;
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
   * How many core-hours the execution points may use in a day, a month or a year, in each member: their cores, from the start of each until it
   * was last heard of, whether jobs run or not. There are never more of them at one time than could all live out their `lifetime` and `idleShutdown`
   * with what is left, so that at last none comes; those that run go on, and no job is killed. A job that goes on after the `lifetime` of
   * its machine is what a budget may be exceeded by.
   *
   * The central managers add up, and keep the sum in their spool; `CoreHoursUsed` in the fleet's `Demand` ad has it.
   *
   * Refused: not a number above 0; less than one execution point may use.
   *
   * @default - none: `maxExecutionPoints` is the only limit
   */
  readonly budget?: CoreHourBudget;

  /**
   * For how long an execution point takes new jobs (`START`), at least a minute. After that it only does those that it has, and leaves when it is
   * without one for `idleShutdown`. So a changed fleet and a used budget come to be true also where there is always another job.
   *
   * @default Duration.days(1)
   */
  readonly lifetime?: Duration;

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

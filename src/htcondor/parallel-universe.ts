import { Duration } from 'cdk8s';
import { ClassAdExpression } from './classad';
import { KnobSet } from './config';
import { SOON } from './server-config';
import { StartdPolicy } from './startd-policy';
import { problem } from '../problem';

/** How machines take jobs of the parallel universe: jobs of several nodes that start and end together, such as those of MPI. */
export interface ParallelUniverse {
  /**
   * The access point whose parallel jobs come here (`DedicatedScheduler`): its name in the pool. A machine serves
   * one; other jobs still come from all.
   *
   * Refused: one that the pool doesn't have, as far as the program knows it.
   */
  readonly accessPoint: string;

  /**
   * Whether machines take parallel jobs only (`START`). Without, other jobs come as well, and a parallel job waits
   * until as many machines as it needs are free at the same time.
   *
   * @default false
   */
  readonly onlyParallel?: boolean;
}

/** What has to be known of the pool, besides the access point. */
export interface ParallelPool {
  readonly uidDomain: string;
  readonly negotiatorInterval: Duration;
}

/** How much longer than an access point a machine keeps a slot that isn't used, in seconds. */
const LATER = 10;

/** How long a machine takes to notice, at most, and to be heard of, in seconds. */
const NOTICED = 20;

/** More than any machine's own preferences. */
const BEFORE_OTHERS = 1_000_000;

/** The attribute by which an access point finds the machines that are its own. */
export const DEDICATED_SCHEDULER = 'DedicatedScheduler';

/** The attribute that all machines of one group have in common: the nodes of a job are in one group. */
export const PARALLEL_SCHEDULING_GROUP = 'ParallelSchedulingGroup';

/** What an access point's dedicated scheduler is called. */
export function dedicatedScheduler({ accessPoint }: ParallelUniverse, uidDomain: string): string {
  return `DedicatedScheduler@${accessPoint.includes('@') ? accessPoint : `${accessPoint}@${uidDomain}`}`;
}

/** A machine's policy, with what parallel jobs need; of a member, what it says otherwise. */
export function parallelPolicy<T extends StartdPolicy>(policy: T, parallel: ParallelUniverse, pool: ParallelPool): T {
  const isParallel = ClassAdExpression.target('Scheduler').is(dedicatedScheduler(parallel, pool.uidDomain));
  const { start, rank, preempt } = policy;
  return {
    ...policy,
    ...start && { start: (parallel.onlyParallel ? isParallel.and(start) : start).and(unused(secondsKept(pool) + LATER).not()) },
    // neither a better job nor a better user takes one machine from a job that needs all of its machines
    ...rank && { rank: isParallel.ifThenElse(BEFORE_OTHERS, 0).plus(rank) },
    ...preempt && { preempt: isParallel.not().and(preempt) },
  };
}

/**
 * How long an access point keeps slots that it doesn't use. A parallel job's machines may be found in two cycles; and one that the access point
 * has forgotten is free, and found when it looks again, before it forgets those that it has. Otherwise it may have now one, now another, and never
 * as many as it needs.
 */
function secondsKept({ negotiatorInterval }: ParallelPool): number {
  return LATER + NOTICED + SOON.toSeconds() + 2 * negotiatorInterval.toSeconds();
}

/**
 * A slot that was given and isn't used. The access point gives it back with a command for which it would have to prove who it is, and
 * machines know nobody's tokens; so they take it back themselves, as from any job that they wouldn't start.
 */
function unused(seconds: number): ClassAdExpression {
  return ClassAdExpression.my('State').is('Claimed').and(ClassAdExpression.my('Activity').is('Idle'))
    .and(ClassAdExpression.call('time', []).minus(ClassAdExpression.my('EnteredCurrentActivity')).greaterThan(seconds));
}

/** What an access point needs to know of parallel jobs, besides who may speak to their shadows. */
export function setDedicatedScheduler(knobs: KnobSet, pool: ParallelPool): void {
  knobs.section('Parallel jobs: all nodes of one are in one cluster');
  knobs.set('UNUSED_CLAIM_TIMEOUT', secondsKept(pool));
  knobs.add('JOB_TRANSFORM_NAMES', 'InOneCluster');
  knobs.setLines('JOB_TRANSFORM_InOneCluster', ['REQUIREMENTS JobUniverse == 11', 'SET WantParallelSchedulingGroups True']);
}

/** What is wrong with it, in a pool of these access points; of a pool that stands elsewhere they aren't known. */
export function parallelUniverseProblems({ accessPoint }: ParallelUniverse, accessPoints?: readonly string[]): string[] {
  if (!/^[A-Za-z0-9][A-Za-z0-9.-]*(@[A-Za-z0-9.-]+)?$/.test(accessPoint)) {
    return [problem('parallelUniverse.accessPoint', accessPoint, 'the name of an access point')];
  }
  return accessPoints && !accessPoints.includes(accessPoint)
    ? [problem('parallelUniverse.accessPoint', accessPoint, `access points of the pool: ${accessPoints.join(', ')}`)] : [];
}

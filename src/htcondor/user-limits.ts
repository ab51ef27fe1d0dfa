import { USER_LIMITS } from './concurrency-limits';
import { KnobSet, Macro } from './config';
import { PoolUser } from './pool-user';
import { problem } from '../problem';

/** How much one user may have of an access point and of the pool. */
export interface UserLimits {
  /**
   * How many jobs a user may have in the queue of one access point, running ones included (`MAX_JOBS_PER_OWNER`). More are refused
   * when they are submitted.
   *
   * @default 100000
   */
  readonly jobsInQueue?: number;

  /**
   * How many jobs one submission may hold (`MAX_JOBS_PER_SUBMISSION`).
   *
   * @default 20000
   */
  readonly jobsPerSubmission?: number;

  /**
   * How many of a user's jobs run at once in the whole pool, from all access points (`CONCURRENCY_LIMIT_DEFAULT_USER`). Others wait.
   * Each job counts one, whatever it asks for: an access point adds the limit `user.<name>` to it (`JOB_TRANSFORM`), and refuses jobs
   * that name a limit of this kind themselves.
   *
   * Refused: users whose names differ in `-` and `_` only, which would have one limit.
   *
   * @default - no limit
   */
  readonly runningJobs?: number;

  /**
   * How many jobs of the scheduler universe, which run in the access point's own pod, such as DAGMan, a user may have running at
   * one access point (`MAX_RUNNING_SCHEDULER_JOBS_PER_OWNER`).
   *
   * @default 200
   */
  readonly schedulerJobs?: number;
}

/** The name of a job's own limit: those of limits hold no dash. */
const OWN_LIMIT = `strcat("${USER_LIMITS}.", replaceAll("-", Owner, "_"))`;

/** Writes an access point's part. */
export function setUserLimits(knobs: KnobSet, limits: UserLimits): void {
  const { jobsInQueue, jobsPerSubmission, schedulerJobs } = limits;
  if (jobsInQueue !== undefined) { knobs.set('MAX_JOBS_PER_OWNER', jobsInQueue); }
  if (jobsPerSubmission !== undefined) { knobs.set('MAX_JOBS_PER_SUBMISSION', jobsPerSubmission); }
  if (schedulerJobs !== undefined) { knobs.set('MAX_RUNNING_SCHEDULER_JOBS_PER_OWNER', schedulerJobs); }
}

/** Writes the negotiator's part. */
export function setRunningJobs(knobs: KnobSet, { runningJobs }: UserLimits): void {
  if (runningJobs !== undefined) { knobs.set(`CONCURRENCY_LIMIT_DEFAULT_${USER_LIMITS.toUpperCase()}`, runningJobs); }
}

/**
 * What an access point does to each job that is submitted, so that it counts for its owner. The limit is evaluated then, since an
 * expression that is an error later would be none. A job factory passes here, and each of its jobs once more.
 */
export const RUNNING_JOBS = {
  transform: [
    'EVALSET ConcurrencyLimits ifThenElse(isString(ConcurrencyLimits), strcat(ConcurrencyLimits, '
    + `ifThenElse(regexp(strcat("(^|,)", ${OWN_LIMIT}, "$"), ConcurrencyLimits), "", strcat(",", ${OWN_LIMIT}))), ${OWN_LIMIT})`,
  ],
  // no such limit before the last one, which is the owner's, whatever separates them
  requirement: new Macro(`!regexp("(^|[^a-z0-9_.])${USER_LIMITS}[.].*,", ConcurrencyLimits, "is")`),
  reason: new Macro(`"Concurrency limits that begin with ${USER_LIMITS}. are the pool's own"`),
  attributes: ['ConcurrencyLimits'],
};

/** What is wrong with the limits. */
export function userLimitProblems(property: string, limits: UserLimits, users: readonly PoolUser[]): string[] {
  const problems = Object.entries(limits).filter(([, limit]) => limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit < 2 ** 31))
    .map(([name, limit]) => problem(`${property}.${name}`, limit, 'a whole number from 1, less than 2^31'));
  if (limits.runningJobs === undefined) { return problems; }
  const counted = users.map(({ name }) => name.replace(/-/g, '_'));
  const first = users.filter(({ name }, index) => counted.indexOf(name.replace(/-/g, '_')) !== index);
  return [...problems, ...first.map(({ name }) => problem(`${property}.runningJobs`, name, 'users whose names differ in more than "-" and "_"'))];
}

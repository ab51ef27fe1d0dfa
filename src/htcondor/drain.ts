import { Duration } from 'cdk8s';
import { ClassAdExpression } from './classad';
import { KnobSet } from './config';
import { problem } from '../problem';

/** How long a job may go on once its execution point is to stop. */
export interface DrainOptions {
  /** How long a running job may go on (`MAXJOBRETIREMENTTIME`). */
  readonly maxJobRetirement: Duration;
  /** How long a job that was told to stop may take to save its work (`MachineMaxVacateTime`). */
  readonly maxVacate: Duration;
  /** How long a job's processes may take to die (`KILLING_TIMEOUT`). */
  readonly killingTimeout: Duration;
  /** The pod's own limit, if it is stated. */
  readonly terminationGracePeriod?: Duration;
}

/** What HTCondor itself needs to bring output back and to leave, once the jobs have gone, in seconds. */
const LEAVE = 60;

/** How long HTCondor's master waits for a fast shutdown, in seconds. */
const FAST_SHUTDOWN = 60;

/**
 * The pod's grace period: SIGTERM starts a graceful shutdown, in which jobs retire, are vacated and
 * killed in turn. A SIGKILL before its end would destroy them half-way.
 */
export function gracePeriodSeconds(options: DrainOptions): number {
  return options.terminationGracePeriod?.toSeconds() ?? leastGracePeriodSeconds(options);
}

/**
 * Writes how the daemons leave.
 *
 * @param retirement the retirement time of each job, which is `maxJobRetirement` at most
 */
export function setDrain(knobs: KnobSet, options: DrainOptions, retirement: ClassAdExpression): string[] {
  const least = leastGracePeriodSeconds(options);
  knobs.set('MAXJOBRETIREMENTTIME', retirement);
  knobs.set('MachineMaxVacateTime', options.maxVacate.toSeconds());
  knobs.set('KILLING_TIMEOUT', options.killingTimeout);
  knobs.set('SHUTDOWN_GRACEFUL_TIMEOUT', least - FAST_SHUTDOWN);
  knobs.set('SHUTDOWN_FAST_TIMEOUT', FAST_SHUTDOWN);
  const given = gracePeriodSeconds(options);
  return [...retirementProblems(options), ...given >= least ? [] : [problem('terminationGracePeriod', `${given} s`, `at least ${least} s: maxJobRetirement `
    + `(${options.maxJobRetirement.toSeconds()} s) + maxVacate (${options.maxVacate.toSeconds()} s) + killingTimeout `
    + `(${options.killingTimeout.toSeconds()} s) + ${LEAVE + FAST_SHUTDOWN} s for HTCondor to leave`)]];
}

/** HTCondor tells a job to stop so early that all its time to vacate lies within its retirement time. */
function retirementProblems({ maxJobRetirement, maxVacate }: DrainOptions): string[] {
  const [retirement, vacate] = [maxJobRetirement.toSeconds(), maxVacate.toSeconds()];
  return retirement === 0 || vacate < retirement ? [] : [problem('maxVacate', `${vacate} s`,
    `less than maxJobRetirement (${retirement} s): HTCondor tells a job to stop that long before its retirement time is over, and so at once`)];
}

function leastGracePeriodSeconds({ maxJobRetirement, maxVacate, killingTimeout }: DrainOptions): number {
  return maxJobRetirement.toSeconds() + maxVacate.toSeconds() + killingTimeout.toSeconds() + LEAVE + FAST_SHUTDOWN;
}

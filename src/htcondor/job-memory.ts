import { ClassAdExpression } from './classad';
import { KnobSet } from './config';
import { DrainOptions } from './drain';
import { StartdPolicy } from './startd-policy';

/** What becomes of a job that uses more memory than its slot has. */
export enum MemoryExceeded {
  /** It is ended at once, and held with the reason (`WANT_HOLD`, subcode 102), until somebody has it ask for more and releases it. */
  HOLD = 'hold',

  /** Nothing, until the kernel kills a process of the pod, which may be another job's. */
  IGNORE = 'ignore',
}

/** As HTCondor's own `POLICY:HOLD_IF_MEMORY_EXCEEDED` has it: the memory of all processes of the job, in MiB, and that of its slot. */
const EXCEEDED = ClassAdExpression.parse('MemoryUsage =!= undefined && MemoryUsage > Memory');

const SUBCODE = 102;

/** How often a starter tells what a job uses, in seconds; HTCondor itself does so every five minutes. */
const LOOK_SECONDS = 60;

/**
 * A machine's policy, with what it does about such a job besides: it is let go at once, without its time to retire or to vacate, which
 * it would go on using more memory in.
 */
export function withMemoryExceeded({ preempt, wantVacate, ...policy }: StartdPolicy, exceeded: MemoryExceeded): StartdPolicy {
  if (exceeded === MemoryExceeded.IGNORE) { return { preempt, wantVacate, ...policy }; }
  return { ...policy, preempt: preempt && EXCEEDED.or(preempt), wantVacate: wantVacate && EXCEEDED.not().and(wantVacate) };
}

/** Writes that such a job is held. */
export function setMemoryExceeded(knobs: KnobSet, exceeded: MemoryExceeded): void {
  if (exceeded === MemoryExceeded.IGNORE) { return; }
  knobs.section('A job that uses more memory than its slot has');
  knobs.set('WANT_HOLD', EXCEEDED);
  knobs.set('WANT_HOLD_SUBCODE', SUBCODE);
  knobs.set('WANT_HOLD_REASON', ClassAdExpression.parse(
    'strcat("the job used ", MemoryUsage, " MiB of memory, and its slot has ", Memory, " MiB: ask for more (request_memory)")'));
  knobs.set('STARTER_UPDATE_INTERVAL', LOOK_SECONDS);
}

/** How long a job may go on: such a one not at all. */
export function retirementWith({ maxJobRetirement }: DrainOptions, exceeded: MemoryExceeded): ClassAdExpression {
  const retirement = ClassAdExpression.integer(maxJobRetirement.toSeconds());
  return exceeded === MemoryExceeded.IGNORE ? retirement : EXCEEDED.ifThenElse(ClassAdExpression.integer(-1), retirement);
}

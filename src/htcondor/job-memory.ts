import { ClassAdExpression } from './classad';
import { KnobSet } from './config';
import { DrainOptions } from './drain';
import { StartdPolicy } from './startd-policy';

/** What becomes of a job that uses more memory than its slot has. */
export enum MemoryExceeded {
  /**
   * It is ended at once, and held with the reason (`WANT_HOLD`, subcode 102), until somebody has it ask for more and releases it. Memory that
   * several of its processes share counts once (`USE_PSS`): to see that, pods that are neither `privileged` nor `rootless` have the capability
   * `SYS_PTRACE`, which only namespaces of the Pod Security level `privileged` allow. Jobs don't have it.
   */
  HOLD = 'hold',

  /** Nothing, until the kernel kills a process of the pod, which may be another job's. */
  IGNORE = 'ignore',
}

/**
 * What the processes of a slot's job take, in KiB: memory that several of them share counts once, where the pod may see that. The sum of what
 * is resident, with which HTCondor's own `POLICY:HOLD_IF_MEMORY_EXCEEDED` does, counts for every process what a job's forked workers share.
 */
const USED = '(ProportionalSetSizeKb ?: ResidentSetSize ?: 0)';

const EXCEEDED = ClassAdExpression.parse(`${USED} > 1024 * Memory`);

/** What HTCondor's own processes need to see how much memory other users' processes share. */
const CAPABILITY = 'SYS_PTRACE';

const SUBCODE = 102;

/** How often a starter tells what a job uses, in seconds; HTCondor itself does so every five minutes. */
const LOOK_SECONDS = 60;

/** The capability that a pod must be given. */
export function memoryCapability(exceeded: MemoryExceeded): string[] {
  return exceeded === MemoryExceeded.HOLD ? [CAPABILITY] : [];
}

/**
 * A machine's policy, with what it does about such a job besides: it is let go at once, without its time to retire or to vacate, which
 * it would go on using more memory in.
 */
export function withMemoryExceeded({ preempt, wantVacate, ...policy }: StartdPolicy, exceeded: MemoryExceeded): StartdPolicy {
  if (exceeded === MemoryExceeded.IGNORE) { return { preempt, wantVacate, ...policy }; }
  return {
    ...policy,
    preempt: preempt && (isLiteral(preempt, false) ? EXCEEDED : EXCEEDED.or(preempt)),
    wantVacate: wantVacate && (isLiteral(wantVacate, true) ? EXCEEDED.not() : EXCEEDED.not().and(wantVacate)),
  };
}

function isLiteral(expression: ClassAdExpression, value: boolean): boolean {
  return expression.toString() === ClassAdExpression.boolean(value).toString();
}

/** Writes that such a job is held. */
export function setMemoryExceeded(knobs: KnobSet, exceeded: MemoryExceeded): void {
  if (exceeded === MemoryExceeded.IGNORE) { return; }
  knobs.section('A job that uses more memory than its slot has');
  knobs.set('WANT_HOLD', EXCEEDED);
  knobs.set('WANT_HOLD_SUBCODE', SUBCODE);
  knobs.set('WANT_HOLD_REASON', ClassAdExpression.parse(
    `strcat("the job used ", ${USED} / 1024, " MiB of memory, and its slot has ", Memory, " MiB: ask for more (request_memory)")`));
  knobs.set('USE_PSS', true);
  knobs.set('STARTER_UPDATE_INTERVAL', LOOK_SECONDS);
}

/** How long a job may go on: such a one not at all. */
export function retirementWith({ maxJobRetirement }: DrainOptions, exceeded: MemoryExceeded): ClassAdExpression {
  const retirement = ClassAdExpression.integer(maxJobRetirement.toSeconds());
  return exceeded === MemoryExceeded.IGNORE ? retirement : EXCEEDED.ifThenElse(ClassAdExpression.integer(-1), retirement);
}

import { KnobSet } from './config';
import { UserPriorityPreemption } from './user-priority-preemption';
import { problem } from '../problem';

/**
 * What the negotiator may take from running jobs for others.
 *
 * Of the three ways in which a job is preempted, two are the negotiator's: a machine prefers another job
 * (`StartdFleetProps.rank`), and a user or group has a better claim to the slot (`userPriority`). The third is the
 * machine's own (`StartdFleetProps.preempt`), and nothing here changes it.
 */
export interface NegotiatorPreemption {
  /**
   * When a job takes a slot from another user's job (`PREEMPTION_REQUIREMENTS`, `PREEMPTION_RANK`).
   *
   * @default - never
   */
  readonly userPriority?: UserPriorityPreemption;

  /**
   * Whether slots with a running job are looked at (`NEGOTIATOR_CONSIDER_PREEMPTION`). Without, a cycle is faster, and
   * a machine's `rank` orders jobs that wait, but takes nothing from one that runs.
   *
   * Refused: false with anything else here, or with a `rank` of one of the program's fleets.
   *
   * @default true
   */
  readonly considered?: boolean;

  /**
   * Whether several dynamic slots of a partitionable one may be taken together for a job that needs more than each of
   * them (`ALLOW_PSLOT_PREEMPTION`), by rank and by user priority. Without, a job takes one slot, of a job of its size or larger.
   *
   * Mind what HTCondor does then: such jobs are killed without the time to vacate (`maxVacate`); and
   * cores, memory and disk are counted, GPUs are not. Their retirement time is kept.
   *
   * @default false
   */
  readonly partitionableSlots?: boolean;

  /**
   * Whether a slot is promised to a better job while its running one is still in its retirement time
   * (`NEGOTIATOR_CONSIDER_EARLY_PREEMPTION`). The running one keeps that time, and the other waits for it, though
   * meanwhile a slot might be free elsewhere. Without, the slot is looked at when the retirement time is over and the
   * machine has said so, within the fleet's `updateInterval`.
   *
   * Refused: together with `partitionableSlots`, which never takes a slot early; and with a fleet of
   * the program whose `maxJobRetirement` is half an hour or more, since an access point does not wait longer for a slot.
   *
   * @default false
   */
  readonly early?: boolean;
}

/** How long an access point waits for a slot that it was given (`REQUEST_CLAIM_TIMEOUT`), in seconds. */
export const CLAIM_TIMEOUT = 1800;

/** Writes what the negotiator may take. Without a word from the user that is nothing. */
export function setNegotiatorPreemption(knobs: KnobSet, property: string, preemption: NegotiatorPreemption, hasGroups: boolean): string[] {
  const { userPriority, considered = true, partitionableSlots = false, early = false } = preemption;
  knobs.section('Preemption');
  knobs.set('NEGOTIATOR_CONSIDER_PREEMPTION', considered);
  knobs.set('NEGOTIATOR_CONSIDER_EARLY_PREEMPTION', early);
  knobs.set('ALLOW_PSLOT_PREEMPTION', partitionableSlots);
  if (!userPriority) { knobs.set('PREEMPTION_REQUIREMENTS', false); }
  const problems = userPriority?._set(knobs, `${property}.userPriority`, hasGroups) ?? [];
  if (!considered && (userPriority || partitionableSlots || early)) {
    problems.push(problem(`${property}.considered`, false, 'true with userPriority, partitionableSlots or early'));
  }
  if (early && partitionableSlots) {
    problems.push(problem(`${property}.early`, true, 'false with partitionableSlots: HTCondor takes no dynamic slots together before their retirement time is over'));
  }
  return problems;
}

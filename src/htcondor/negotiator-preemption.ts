import { Duration } from 'cdk8s';
import { KnobSet } from './config';
import { DrainOptions } from './drain';
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
   * A slot counts for its former user until his job has left it. Whoever takes it would take another with each cycle
   * meanwhile, far beyond his share. So cycles are never closer than `negotiatorInterval` then (`NEGOTIATOR_MIN_INTERVAL`), and
   * refused is a fleet of the program whose jobs may take longer to leave (`maxVacate` and `killingTimeout`).
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
   * Whether a machine promises its slot to a job that it prefers while the running one is still in its retirement time
   * (`NEGOTIATOR_CONSIDER_EARLY_PREEMPTION`). The running one keeps that time, and the other waits for it, though
   * meanwhile a slot might be free elsewhere. Without, the slot is looked at when the retirement time is over and the
   * machine has said so, within the fleet's `updateInterval`.
   *
   * Refused: together with `userPriority`, which would promise more slots with each cycle, since none of them
   * counts for their new user yet; with `partitionableSlots`, which never takes a slot early; and with a fleet of the program
   * whose `maxJobRetirement` is half an hour or more, since an access point does not wait longer for a slot.
   *
   * @default false
   */
  readonly early?: boolean;
}

/** What a pool does with running jobs, and how often. */
export interface Negotiation {
  readonly preemption: NegotiatorPreemption;
  readonly interval: Duration;
}

/** How long an access point waits for a slot that it was given (`REQUEST_CLAIM_TIMEOUT`), in seconds. */
const CLAIM_TIMEOUT = 1800;

/** Writes what the negotiator may take. Without a word from the user that is nothing. */
export function setNegotiatorPreemption(knobs: KnobSet, property: string, { preemption, interval }: Negotiation, hasGroups: boolean): string[] {
  const { userPriority, considered = true, partitionableSlots = false, early = false } = preemption;
  knobs.section('Preemption');
  knobs.set('NEGOTIATOR_CONSIDER_PREEMPTION', considered);
  knobs.set('NEGOTIATOR_CONSIDER_EARLY_PREEMPTION', early);
  knobs.set('ALLOW_PSLOT_PREEMPTION', partitionableSlots);
  // a user who submits would make a cycle begin sooner
  if (userPriority) { knobs.set('NEGOTIATOR_MIN_INTERVAL', interval); } else { knobs.set('PREEMPTION_REQUIREMENTS', false); }
  const problems = userPriority?._set(knobs, `${property}.userPriority`, hasGroups) ?? [];
  if (!considered && (userPriority || partitionableSlots || early)) {
    problems.push(problem(`${property}.considered`, false, 'true with userPriority, partitionableSlots or early'));
  }
  if (early && userPriority) {
    problems.push(problem(`${property}.early`, true, 'false with userPriority: slots that are promised would count for nobody, and more be promised with each cycle'));
  }
  if (early && partitionableSlots) {
    problems.push(problem(`${property}.early`, true, 'false with partitionableSlots: HTCondor takes no dynamic slots together before their retirement time is over'));
  }
  return problems;
}

/** What of a fleet does not fit the pool that takes from its jobs. */
export function drainProblems({ preemption, interval }: Negotiation, { maxJobRetirement, maxVacate, killingTimeout }: DrainOptions): string[] {
  const problems: string[] = [];
  const retirement = maxJobRetirement.toSeconds();
  if (preemption.early && retirement >= CLAIM_TIMEOUT) {
    problems.push(problem('maxJobRetirement', `${retirement} s`,
      `less than ${CLAIM_TIMEOUT} s in a pool whose preemption.early is true: an access point waits no longer for a slot`));
  }
  const [leave, between] = [maxVacate.toSeconds() + killingTimeout.toSeconds(), interval.toSeconds()];
  if (preemption.userPriority && leave >= between) {
    problems.push(problem('maxVacate', `${maxVacate.toSeconds()} s`, `with killingTimeout (${killingTimeout.toSeconds()} s) less than the pool's negotiatorInterval `
      + `(${between} s): a slot counts for who takes it when its job has left, and until then each cycle would take another`));
  }
  return problems;
}

import { ClassAdExpression } from './classad';
import { KnobSet } from './config';
import { problem } from '../problem';

/** How jobs are chosen that must leave for another user's. */
export interface UserPriorityPreemptionOptions {
  /**
   * How much worse the running job's user must be: his priority is more than this many times that of the other.
   * A user who has just taken a slot gets worse himself, so what is near 1 would take it back and forth.
   *
   * Refused: less than 1.
   *
   * @default 1.2
   */
  readonly margin?: number;

  /**
   * Which slot is taken first (`PREEMPTION_RANK`), of those that are equally good for the job: a number, more is
   * sooner. `MY` is the slot, with the running job's `TotalJobRunTime`, `RemoteUserPrio` and `RemoteGroup`.
   *
   * @default - HTCondor's: that of the user with the worst priority, and of his the job that has run for the least time
   */
  readonly rank?: ClassAdExpression;
}

const my = (name: string) => ClassAdExpression.my(name);
const target = (name: string) => ClassAdExpression.target(name);

/** What tells a better user from a worse one, or a group from another. HTCondor compares nothing by itself. */
const PRIORITIES = /(Remote|Submitter)(UserPrio|UserResourcesInUse|Group)/i;

/** Attributes that change while a cycle goes on: each match counts for its user at once. */
const UNSTABLE = /ResourcesInUse/i;

/**
 * When a job takes a slot from another user's job (`PREEMPTION_REQUIREMENTS`), by the priorities and quotas that the
 * negotiator keeps. Neither a machine's `rank` nor its `preempt` has a part in it.
 *
 * The running job keeps its retirement time, and the time to vacate behind it, unless the slots of a
 * partitionable one are taken together (see `NegotiatorPreemption.partitionableSlots`).
 */
export class UserPriorityPreemption {
  /**
   * A user takes from one whose priority is worse. Where there are accounting groups, both are in the same group, so
   * that quotas hold.
   *
   * @param options how much worse, and which slot first
   */
  public static betweenUsers(options: UserPriorityPreemptionOptions = {}): UserPriorityPreemption {
    return new UserPriorityPreemption(margin => worseUser(margin), options, false);
  }

  /**
   * A group that has less than its quota takes from one that has more than its own, until one of them has its quota:
   * what others use of a group's share is back when the group is.
   *
   * A group below another counts with its own quota. Refused: in a pool without accounting groups.
   *
   * @param options which slot first; `margin` has no meaning between groups and is refused
   */
  public static betweenGroups(options: UserPriorityPreemptionOptions = {}): UserPriorityPreemption {
    return new UserPriorityPreemption(() => groupOverQuota(), options, true);
  }

  /**
   * Both: a group takes from another to have its quota, and within a group users take from those who are worse.
   *
   * Refused: in a pool without accounting groups.
   *
   * @param options how much worse a user is, and which slot first
   */
  public static betweenUsersAndGroups(options: UserPriorityPreemptionOptions = {}): UserPriorityPreemption {
    return new UserPriorityPreemption(margin => worseUser(margin).or(groupOverQuota()), options, true);
  }

  /**
   * A policy of the site's own. `MY` is the slot with `RemoteUserPrio`, `RemoteGroup`, `RemoteGroupQuota` and
   * `RemoteGroupResourcesInUse`; `TARGET` is the job that waits, with the same as `Submitter...`.
   *
   * Refused: one that looks at none of them, since HTCondor doesn't compare users by itself and slots would go to and
   * fro with each cycle; in a pool with accounting groups one that looks at no group, since it would undo the quotas.
   *
   * @param requirements whether the job may take the slot
   * @param options which slot first; `margin` is refused, it is part of the expression
   */
  public static when(requirements: ClassAdExpression, options: UserPriorityPreemptionOptions = {}): UserPriorityPreemption {
    return new UserPriorityPreemption(undefined, options, false, requirements);
  }

  private constructor(
    private readonly policy: ((margin: number) => ClassAdExpression) | undefined,
    private readonly options: UserPriorityPreemptionOptions,
    private readonly needsGroups: boolean,
    private readonly own?: ClassAdExpression,
  ) {}

  /**
   * Writes the negotiator's knobs.
   *
   * @internal
   */
  public _set(knobs: KnobSet, property: string, hasGroups: boolean): string[] {
    const { margin, rank } = this.options;
    const requirements = this.own ?? this.policy!(margin ?? 1.2);
    knobs.set('PREEMPTION_REQUIREMENTS', requirements, property);
    knobs.set('PREEMPTION_REQUIREMENTS_STABLE', isStable(requirements));
    if (rank) {
      knobs.set('PREEMPTION_RANK', rank, `${property}.rank`);
      knobs.set('PREEMPTION_RANK_STABLE', isStable(rank));
    }
    return [...this.marginProblems(property), ...this.groupProblems(property, hasGroups)];
  }

  private marginProblems(property: string): string[] {
    const { margin } = this.options;
    if (margin === undefined) { return []; }
    if (!this.policy) { return [problem(`${property}.margin`, margin, 'none: it is part of the expression')]; }
    if (!/RemoteUserPrio/.test(textOf(this.policy(1)))) { return [problem(`${property}.margin`, margin, 'none between groups: they have quotas')]; }
    return margin >= 1 && Number.isFinite(margin) ? [] : [problem(`${property}.margin`, String(margin), 'at least 1')];
  }

  private groupProblems(property: string, hasGroups: boolean): string[] {
    if (this.needsGroups && !hasGroups) {
      return [problem(property, 'preemption between groups', 'only with accountingGroups')];
    }
    if (!this.own || this.own._problems().length > 0) { return []; }
    const text = textOf(this.own);
    if (!PRIORITIES.test(text)) {
      return [problem(property, text, 'an expression that compares users or groups (RemoteUserPrio with SubmitterUserPrio, for instance): HTCondor itself does not')];
    }
    return hasGroups && !/(Remote|Submitter)Group/i.test(text)
      ? [problem(property, text, 'with accountingGroups an expression that looks at RemoteGroup and SubmitterGroup: otherwise it undoes the quotas')] : [];
  }
}

function worseUser(margin: number): ClassAdExpression {
  // without groups both are undefined, and equal
  return my('RemoteGroup').is(target('SubmitterGroup'))
    .and(my('RemoteUserPrio').greaterThan(target('SubmitterUserPrio').times(margin)));
}

/** The slot counts, or two groups with jobs of several cores would take one slot from each other for ever. */
function groupOverQuota(): ClassAdExpression {
  return my('RemoteGroup').isnt(target('SubmitterGroup'))
    .and(my('RemoteGroupResourcesInUse').minus(my('SlotWeight')).greaterOrEqual(my('RemoteGroupQuota')))
    .and(target('SubmitterGroupResourcesInUse').plus(my('SlotWeight')).lessOrEqual(target('SubmitterGroupQuota')));
}

function isStable(expression: ClassAdExpression): boolean {
  return !UNSTABLE.test(textOf(expression));
}

function textOf(expression: ClassAdExpression): string {
  return expression._problems().length > 0 ? '' : expression.toString();
}

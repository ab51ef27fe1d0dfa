import { problem } from '../problem';
import { ClassAdExpression } from './classad';
import { KnobSet } from './config';

/**
 * How a group's jobs are treated beside its quota.
 */
export interface AccountingGroupOptions {
  /**
   * How much a user's usage in this group counts against his priority
   * (`GROUP_PRIO_FACTOR_<group>`): a factor of at least 1, greater is worse. It
   * orders users who compete: those of one group, and jobs that `autoregroup` puts
   * among all others'. It does not change the quotas. HTCondor gives it to a user
   * when it first sees him in the group; `condor_userprio -setfactor` changes it later.
   *
   * @default - the pool's factor (`DEFAULT_PRIO_FACTOR`, 1000)
   */
  readonly priorityFactor?: number;

  /**
   * Whether the group may use what its siblings leave idle, beyond its quota
   * (`GROUP_ACCEPT_SURPLUS_<group>`). Groups that may share it by their quotas. A group
   * whose parent may not stays within what the parent has. Refused together with
   * `autoregroup`.
   *
   * @default false
   */
  readonly acceptSurplus?: boolean;

  /**
   * Whether jobs that found no slot within the quota are matched again with all
   * others', by their users' priorities alone (`GROUP_AUTOREGROUP_<group>`).
   * Refused together with `acceptSurplus`.
   *
   * @default false
   */
  readonly autoregroup?: boolean;
}

/**
 * A group of users with a quota of the pool, such as an experiment: what a job
 * names as its `accounting_group`.
 *
 * Dots make a hierarchy: `ATLAS.production` is a part of `ATLAS`, which must be
 * declared as well. A wrong group does not throw: the pool reports it at synth.
 */
export class AccountingGroup {
  /**
   * A group with a part of its parent's quota, or of the pool
   * (`GROUP_QUOTA_DYNAMIC_<group>`), after the fixed quotas of its siblings are taken
   * from it. It follows the pool as machines come and go.
   *
   * @param name words of letters, digits and `_`, joined by dots; case does not matter
   * @param share greater than 0, at most 1; those of siblings add up to 1 at most
   * @param options how its jobs are treated
   */
  public static share(name: string, share: number, options: AccountingGroupOptions = {}): AccountingGroup {
    return new AccountingGroup(name, 'share', share, options);
  }

  /**
   * A group with a fixed quota (`GROUP_QUOTA_<group>`). What the pool lacks for all
   * of them is shared as `CondorHostProps.quotaOversubscription` says.
   *
   * @param name words of letters, digits and `_`, joined by dots; case does not matter
   * @param slots cores, as slots weigh what they have in cores; greater than 0, at most 2^31 - 1
   * @param options how its jobs are treated
   */
  public static quota(name: string, slots: number, options: AccountingGroupOptions = {}): AccountingGroup {
    return new AccountingGroup(name, 'quota', slots, options);
  }

  private constructor(
    /**
     * The group's full name, with those of its parents.
     */
    public readonly name: string,
    /** @internal */
    public readonly _kind: 'share' | 'quota',
    /** @internal */
    public readonly _amount: number,
    /** @internal */
    public readonly _options: AccountingGroupOptions,
  ) {}
}

const GROUP_NAME = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;
const GREATEST_QUOTA = 2 ** 31 - 1;
// 0.7 + 0.2 + 0.1 is a bit more or less than 1, depending on the order.
const ROUNDING = 1e-9;

const parentOf = (key: string): string => key.slice(0, Math.max(0, key.lastIndexOf('.')));

const groupProblems = (where: string, group: AccountingGroup): string[] => {
  const { name, _kind: kind, _amount: amount } = group;
  const { priorityFactor, acceptSurplus, autoregroup } = group._options;
  const found: string[] = [];
  if (!GROUP_NAME.test(name)) {
    found.push(problem(`${where}.name`, name, 'words of letters, digits and "_" (no digit first), joined by dots'));
  } else if (/^dynamic_/i.test(name)) {
    found.push(problem(`${where}.name`, name, 'a name that does not begin with DYNAMIC_ (GROUP_QUOTA_DYNAMIC_X is the share of X)'));
  }
  if (kind === 'share' && !(amount > 0 && amount <= 1)) {
    found.push(problem(`${where}.share`, String(amount), 'greater than 0, at most 1'));
  }
  if (kind === 'quota' && !(amount > 0 && amount <= GREATEST_QUOTA)) {
    found.push(problem(`${where}.slots`, String(amount), 'greater than 0, at most 2^31 - 1'));
  }
  if (priorityFactor !== undefined && !(priorityFactor >= 1 && Number.isFinite(priorityFactor))) {
    found.push(problem(`${where}.priorityFactor`, String(priorityFactor), 'at least 1'));
  }
  if (acceptSurplus && autoregroup) {
    found.push(problem(`${where}.autoregroup`, true, 'one of acceptSurplus and autoregroup'));
  }
  return found;
};

/** Duplicates, parents that are missing, siblings that share more than there is. */
const treeProblems = (property: string, groups: readonly AccountingGroup[]): string[] => {
  const found: string[] = [];
  const first = new Map<string, number>();
  groups.forEach(({ name }, index) => {
    const key = name.toLowerCase();
    const earlier = first.get(key);
    if (earlier === undefined) {
      first.set(key, index);
    } else {
      found.push(problem(`${property}[${index}].name`, name, `a name that ${property}[${earlier}] does not have (case does not matter)`));
    }
  });

  const shares = new Map<string, { sum: number; last: number }>();
  groups.forEach((group, index) => {
    const parent = parentOf(group.name.toLowerCase());
    if (parent !== '' && !first.has(parent)) {
      found.push(problem(`${property}[${index}].name`, group.name, `groups whose parent "${parentOf(group.name)}" is declared`));
    }
    if (group._kind === 'share' && group._amount > 0 && group._amount <= 1) {
      const sum = (shares.get(parent)?.sum ?? 0) + group._amount;
      shares.set(parent, { sum, last: index });
    }
  });
  for (const [parent, { sum, last }] of shares) {
    if (sum > 1 + ROUNDING) {
      const of = parent === '' ? 'the pool' : groups[first.get(parent) ?? last].name;
      found.push(problem(`${property}[${last}].share`, Number(sum.toPrecision(12)), `shares of ${of} that add up to 1 at most`));
    }
  }
  return found;
};

/** What holds for all groups together; the names are those of the pool's properties. */
export interface GroupRules {
  readonly quotaOversubscription?: boolean;
  readonly groupOrder?: ClassAdExpression;
}

/** Rules for groups that aren't there are somebody's mistake. */
const ruleProblems = (rules: GroupRules): string[] => Object.entries(rules)
  .filter(([, rule]) => rule !== undefined).map(([name, rule]) => problem(name, String(rule), 'only with accountingGroups'));

/**
 * Writes the groups' knobs, for the negotiator.
 *
 * @param property where the user gives the groups
 * @returns what is wrong with them; then nothing is written
 */
export const setAccountingGroups = (knobs: KnobSet, property: string, groups: readonly AccountingGroup[], rules: GroupRules = {}): string[] => {
  const found = [
    ...groups.flatMap((group, index) => groupProblems(`${property}[${index}]`, group)),
    ...treeProblems(property, groups),
    ...groups.length === 0 ? ruleProblems(rules) : [],
  ];
  if (groups.length === 0 || found.length > 0) {
    return found;
  }
  knobs.section('Accounting groups');
  knobs.set('GROUP_NAMES', groups.map(({ name }) => name));
  knobs.set('NEGOTIATOR_ALLOW_QUOTA_OVERSUBSCRIPTION', rules.quotaOversubscription ?? false);
  if (rules.groupOrder) { knobs.set('GROUP_SORT_EXPR', rules.groupOrder, 'groupOrder'); }
  for (const { name, _kind: kind, _amount: amount, _options: options } of groups) {
    knobs.set(kind === 'share' ? `GROUP_QUOTA_DYNAMIC_${name}` : `GROUP_QUOTA_${name}`, amount);
    if (options.priorityFactor !== undefined) {
      knobs.set(`GROUP_PRIO_FACTOR_${name}`, options.priorityFactor);
    }
    // HTCondor falls back to the pool's own switch, which an image may set.
    knobs.set(`GROUP_ACCEPT_SURPLUS_${name}`, options.acceptSurplus ?? false);
    knobs.set(`GROUP_AUTOREGROUP_${name}`, options.autoregroup ?? false);
  }
  return [];
};

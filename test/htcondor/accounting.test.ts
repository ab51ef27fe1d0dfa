import * as fc from 'fast-check';
import { AccountingGroup, setAccountingGroups } from '../../src/htcondor/accounting';
import { ClassAdExpression } from '../../src/htcondor/classad';
import { KnobSet } from '../../src/htcondor/config';

const problemsOf = (...groups: AccountingGroup[]) => setAccountingGroups(new KnobSet(), 'accountingGroups', groups);

test('groups are written with every switch', () => {
  const knobs = new KnobSet();
  const problems = setAccountingGroups(knobs, 'accountingGroups', [
    AccountingGroup.share('ATLAS', 0.6, { priorityFactor: 100, acceptSurplus: true }),
    AccountingGroup.quota('ATLAS.production', 40),
    AccountingGroup.share('CMS', 0.4, { autoregroup: true }),
  ]);
  expect([...problems, ...knobs.problems()]).toEqual([]);
  expect(knobs.toString().replace(/ +=/g, ' =').split('\n')).toEqual([
    '# Accounting groups',
    'GROUP_NAMES = ATLAS, ATLAS.production, CMS',
    'NEGOTIATOR_ALLOW_QUOTA_OVERSUBSCRIPTION = False',
    'GROUP_QUOTA_DYNAMIC_ATLAS = 0.6',
    'GROUP_PRIO_FACTOR_ATLAS = 100',
    'GROUP_ACCEPT_SURPLUS_ATLAS = True',
    'GROUP_AUTOREGROUP_ATLAS = False',
    'GROUP_QUOTA_ATLAS.production = 40',
    'GROUP_ACCEPT_SURPLUS_ATLAS.production = False',
    'GROUP_AUTOREGROUP_ATLAS.production = False',
    'GROUP_QUOTA_DYNAMIC_CMS = 0.4',
    'GROUP_ACCEPT_SURPLUS_CMS = False',
    'GROUP_AUTOREGROUP_CMS = True',
    '',
  ]);
});

test('what holds for all groups', () => {
  const knobs = new KnobSet();
  const rules = { quotaOversubscription: true, groupOrder: ClassAdExpression.attribute('GroupQuota') };
  expect(setAccountingGroups(knobs, 'accountingGroups', [AccountingGroup.quota('ATLAS', 100)], rules)).toEqual([]);
  expect(knobs.toString()).toMatch(/^NEGOTIATOR_ALLOW_QUOTA_OVERSUBSCRIPTION += True\nGROUP_SORT_EXPR += GroupQuota$/m);
});

test('no groups, no knobs', () => {
  const knobs = new KnobSet();
  expect(setAccountingGroups(knobs, 'accountingGroups', [])).toEqual([]);
  expect(knobs.toString()).toBe('');
});

test.each([
  ['a share of 0', [AccountingGroup.share('A', 0)], 'accountingGroups[0].share: given "0", allowed: greater than 0, at most 1'],
  ['a share over 1', [AccountingGroup.share('A', 1.5)], 'accountingGroups[0].share: given "1.5"'],
  ['a share that is no number', [AccountingGroup.share('A', NaN)], 'accountingGroups[0].share: given "NaN"'],
  ['a quota of 0', [AccountingGroup.quota('A', 0)], 'accountingGroups[0].slots: given "0"'],
  ['an infinite quota', [AccountingGroup.quota('A', Infinity)], 'accountingGroups[0].slots: given "Infinity"'],
  ['a small factor', [AccountingGroup.quota('A', 1, { priorityFactor: 0.5 })], 'accountingGroups[0].priorityFactor: given "0.5", allowed: at least 1'],
  ['two kinds of surplus', [AccountingGroup.quota('A', 1, { acceptSurplus: true, autoregroup: true })], 'accountingGroups[0].autoregroup'],
  ['a name with a space', [AccountingGroup.quota('A B', 1)], 'accountingGroups[0].name: given "A B"'],
  ['a name that ends in a dot', [AccountingGroup.quota('A', 1), AccountingGroup.quota('A.', 1)], 'accountingGroups[1].name: given "A."'],
  ['a name that reads as a share', [AccountingGroup.quota('Dynamic_A', 1)], 'accountingGroups[0].name: given "Dynamic_A"'],
  ['a name given twice', [AccountingGroup.quota('A', 1), AccountingGroup.share('a', 1)], 'accountingGroups[1].name: given "a"'],
  ['a missing parent', [AccountingGroup.quota('A.b', 1)], 'accountingGroups[0].name: given "A.b", allowed: groups whose parent "A" is declared'],
  ['too many shares', [AccountingGroup.share('A', 0.7), AccountingGroup.share('B', 0.4)], 'accountingGroups[1].share: given 1.1, allowed: shares of the pool'],
  [
    'too many shares of a group',
    [AccountingGroup.share('A', 0.7), AccountingGroup.share('A.x', 0.6), AccountingGroup.share('a.y', 0.6)],
    'accountingGroups[2].share: given 1.2, allowed: shares of A that',
  ],
] as [string, AccountingGroup[], string][])('%s is refused', (_, groups, expected) => {
  const problems = problemsOf(...groups);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(expected);
});

test('shares add up to 1 in any order', () => {
  for (const shares of [[0.7, 0.2, 0.1], [0.1, 0.7, 0.2], Array(10).fill(0.1), Array(3).fill(1 / 3)]) {
    expect(problemsOf(...shares.map((share, index) => AccountingGroup.share(`G${index}`, share)))).toEqual([]);
  }
});

test('a parent may come later, and its case may differ', () => {
  expect(problemsOf(AccountingGroup.share('atlas.x', 1), AccountingGroup.share('ATLAS', 1))).toEqual([]);
});

test('any groups are problems or written', () => {
  const group = fc.tuple(fc.oneof(fc.string(), fc.stringMatching(/^[a-c](\.[a-c])?$/)), fc.double(), fc.boolean(), fc.option(fc.double(), { nil: undefined }))
    .map(([name, amount, share, priorityFactor]) => share
      ? AccountingGroup.share(name, amount, { priorityFactor }) : AccountingGroup.quota(name, amount, { priorityFactor }));
  fc.assert(fc.property(fc.array(group, { maxLength: 4 }), (groups) => {
    const knobs = new KnobSet();
    const problems = setAccountingGroups(knobs, 'accountingGroups', groups);
    expect(knobs.problems()).toEqual([]);
    expect(problems.length > 0 ? knobs.has('GROUP_NAMES') : knobs.has('GROUP_NAMES') !== (groups.length > 0)).toBe(false);
  }), { numRuns: 2000 });
});

import { Duration, Testing } from 'cdk8s';
import {
  AccountingGroup, ClassAdExpression, Cluster, CondorHost, CondorHostProps, CondorImage, FederatedCluster, Federation, StartdFleet, StartdFleetProps,
  StartdMemberOptions, UserPriorityPreemption,
} from '../../src';

const GROUPS = [AccountingGroup.share('ATLAS', 0.6, { acceptSurplus: true }), AccountingGroup.share('CMS', 0.4)];
/** Who takes from running jobs wants them to leave within a cycle. */
const QUICK = { maxVacate: Duration.seconds(20) };
const OLD = ClassAdExpression.my('TotalJobRunTime').greaterThan(3600);

interface Program {
  readonly host?: Partial<CondorHostProps>;
  readonly fleet?: Partial<StartdFleetProps>;
  readonly member?: StartdMemberOptions;
}

/** A pool with a fleet in one member. */
function synthesize({ host = {}, fleet = {}, member = {} }: Program) {
  const app = Testing.app();
  const cluster = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host: cluster });
  const cloud = new FederatedCluster(app, 'cloud', { federation });
  const pool = new CondorHost(cluster, 'condor', {
    trustDomain: 'cern.ch',
    centralManagers: [{ address: 'condor.cern.ch' }],
    accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
    image: CondorImage.debian(),
    ...host,
  });
  new StartdFleet(federation, 'startd', { pool, ...fleet }).on(cloud, member);
  const config = (chart: Cluster | FederatedCluster, name: string): { [file: string]: string } =>
    Testing.synth(chart).find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name).data;
  return { negotiator: config(cluster, 'condor-cm').condor_config, startd: config(cloud, 'startd') };
}

const knobs = (text: string, ...names: string[]) => names.map(name => new RegExp(`^${name} += ?(.*)$`, 'm').exec(text)?.[1]);

/** What is reported, line by line. */
function problems(program: Program): string[] {
  try {
    synthesize(program);
    return [];
  } catch (error) {
    return (error as Error).message.split('\n').slice(1).map(line => line.replace(/^ *\[[^\]]*\] /, ''));
  }
}

describe('without a word', () => {
  test('nothing is preempted, whatever an image or a version has as its default', () => {
    const { negotiator, startd } = synthesize({});
    expect(knobs(negotiator, 'PREEMPTION_REQUIREMENTS', 'NEGOTIATOR_CONSIDER_PREEMPTION', 'NEGOTIATOR_CONSIDER_EARLY_PREEMPTION', 'ALLOW_PSLOT_PREEMPTION'))
      .toEqual(['False', 'True', 'False', 'False']);
    expect(knobs(startd.condor_config, 'RANK', 'PREEMPT', 'WANT_VACATE', 'KILL', 'CLAIM_WORKLIFE', 'MAXJOBRETIREMENTTIME'))
      .toEqual(['0', 'False', 'True', 'False', '1200', '0']);
    expect(knobs(negotiator, 'NEGOTIATOR_MIN_INTERVAL', 'NEGOTIATOR_CYCLE_DELAY')).toEqual([undefined, undefined]);
  });

  test('running jobs may be left out of the cycle', () => {
    expect(knobs(synthesize({ host: { preemption: { considered: false } } }).negotiator, 'NEGOTIATOR_CONSIDER_PREEMPTION')).toEqual(['False']);
  });
});

describe('by user priority', () => {
  const requirements = (policy: UserPriorityPreemption, accountingGroups?: AccountingGroup[]) =>
    knobs(synthesize({ host: { accountingGroups, preemption: { userPriority: policy } }, fleet: QUICK }).negotiator,
      'PREEMPTION_REQUIREMENTS', 'PREEMPTION_REQUIREMENTS_STABLE', 'PREEMPTION_RANK', 'PREEMPTION_RANK_STABLE');
  const users = (margin: number) => `(MY.RemoteGroup =?= TARGET.SubmitterGroup) && (MY.RemoteUserPrio > (TARGET.SubmitterUserPrio * ${margin}))`;
  const groups = '((MY.RemoteGroup =!= TARGET.SubmitterGroup) && ((MY.RemoteGroupResourcesInUse - MY.SlotWeight) >= MY.RemoteGroupQuota))'
    + ' && ((TARGET.SubmitterGroupResourcesInUse + MY.SlotWeight) <= TARGET.SubmitterGroupQuota)';

  test('users take from users of their group who are worse by a margin', () => {
    expect(requirements(UserPriorityPreemption.betweenUsers())).toEqual([users(1.2), 'True', undefined, undefined]);
    expect(requirements(UserPriorityPreemption.betweenUsers({ margin: 2 }), GROUPS)).toEqual([users(2), 'True', undefined, undefined]);
  });

  test('groups take their quotas back, counted anew with each slot', () => {
    expect(requirements(UserPriorityPreemption.betweenGroups(), GROUPS)).toEqual([groups, 'False', undefined, undefined]);
    expect(requirements(UserPriorityPreemption.betweenUsersAndGroups({ margin: 3 }), GROUPS))
      .toEqual([`(${users(3)}) || (${groups})`, 'False', undefined, undefined]);
  });

  test('a policy of the site, and which slot first', () => {
    const own = ClassAdExpression.parse('RemoteUserPrio > SubmitterUserPrio * 4');
    expect(requirements(UserPriorityPreemption.when(own, { rank: ClassAdExpression.parse('-TotalJobRunTime') })))
      .toEqual(['RemoteUserPrio > SubmitterUserPrio * 4', 'True', '-TotalJobRunTime', 'True']);
    expect(requirements(UserPriorityPreemption.betweenUsers({ rank: ClassAdExpression.my('RemoteUserResourcesInUse') }))[3]).toBe('False');
  });

  test('cycles are as far apart as a job may need to leave, and slots of a partitionable one may be taken together', () => {
    const preemption = { userPriority: UserPriorityPreemption.betweenUsers(), partitionableSlots: true };
    const { negotiator } = synthesize({ host: { preemption }, fleet: QUICK });
    expect(knobs(negotiator, 'NEGOTIATOR_MIN_INTERVAL', 'ALLOW_PSLOT_PREEMPTION')).toEqual(['60', 'True']);
  });
});

test('by rank, a slot may be promised early', () => {
  const fleet = { rank: ClassAdExpression.target('JobPrio'), maxJobRetirement: Duration.minutes(20) };
  const { negotiator, startd } = synthesize({ host: { preemption: { early: true } }, fleet });
  expect(knobs(negotiator, 'NEGOTIATOR_CONSIDER_EARLY_PREEMPTION', 'PREEMPTION_REQUIREMENTS')).toEqual(['True', 'False']);
  expect(knobs(startd.condor_config, 'RANK', 'MAXJOBRETIREMENTTIME')).toEqual(['TARGET.JobPrio', '1200']);
});

test("by the machine's own policy, how a job leaves, and how long a claim is used again", () => {
  const { startd } = synthesize({
    fleet: { preempt: OLD, wantVacate: ClassAdExpression.target('Checkpoints').is(true), kill: ClassAdExpression.my('Hurry'), claimWorklife: Duration.seconds(0) },
    member: { wantVacate: ClassAdExpression.boolean(false), kill: ClassAdExpression.boolean(true) },
  });
  expect(knobs(startd.condor_config, 'PREEMPT', 'WANT_VACATE', 'KILL', 'CLAIM_WORKLIFE')).toEqual(['MY.TotalJobRunTime > 3600', 'TARGET.Checkpoints =?= True', 'MY.Hurry', '0']);
  expect(knobs(startd['50-member.conf'], 'PREEMPT', 'WANT_VACATE', 'KILL')).toEqual([undefined, 'False', 'True']);
});

test('a short interval is kept, unless the user knows better', () => {
  const delay = (seconds: number, extraConfig = {}) =>
    knobs(synthesize({ host: { negotiatorInterval: Duration.seconds(seconds), extraConfig } }).negotiator, 'NEGOTIATOR_INTERVAL', 'NEGOTIATOR_CYCLE_DELAY');
  expect(delay(5)).toEqual(['5', '2']);
  expect(delay(20)).toEqual(['20', undefined]);
  expect(delay(5, { NEGOTIATOR_CYCLE_DELAY: 1 })).toEqual(['5', '1']);
});

describe('refused is', () => {
  const rank = ClassAdExpression.target('JobPrio');
  const between = UserPriorityPreemption.betweenUsers();
  const when = (text: string, options = {}) => UserPriorityPreemption.when(ClassAdExpression.parse(text), options);

  test.each<[string, Program, string]>([
    ['who considers no preemption, and wants one', { host: { preemption: { considered: false, userPriority: between } }, fleet: QUICK },
      'preemption.considered: given false, allowed: true with userPriority, partitionableSlots or early'],
    ['a rank where no preemption is considered', { host: { preemption: { considered: false } }, fleet: { rank } }, 'rank: given "TARGET.JobPrio", allowed: none in a pool'],
    ['a rank of a member where no preemption is considered', { host: { preemption: { considered: false } }, member: { rank } }, 'on(cloud).rank: given "TARGET.JobPrio"'],
    ['early preemption by user priority', { host: { preemption: { early: true, userPriority: between } }, fleet: QUICK }, 'preemption.early: given true, allowed: false with userPriority'],
    ['early preemption of slots together', { host: { preemption: { early: true, partitionableSlots: true } } }, 'preemption.early: given true, allowed: false with partitionableSlots'],
    ['early preemption after a long retirement', { host: { preemption: { early: true } }, fleet: { maxJobRetirement: Duration.hours(1) } },
      'maxJobRetirement: given "3600 s", allowed: less than 1800 s'],
    ['jobs that take more than a cycle to leave', { host: { preemption: { userPriority: between } } },
      "maxVacate: given \"600 s\", allowed: with killingTimeout (30 s) less than the pool's negotiatorInterval (60 s)"],
    ['quotas taken back where there are none', { host: { preemption: { userPriority: UserPriorityPreemption.betweenGroups() } }, fleet: QUICK },
      'preemption.userPriority: given "preemption between groups", allowed: only with accountingGroups'],
    ['a margin that would take slots to and fro', { host: { preemption: { userPriority: UserPriorityPreemption.betweenUsers({ margin: 0.5 }) } }, fleet: QUICK },
      'preemption.userPriority.margin: given "0.5", allowed: at least 1'],
    ['a margin between groups', { host: { accountingGroups: GROUPS, preemption: { userPriority: UserPriorityPreemption.betweenGroups({ margin: 2 }) } }, fleet: QUICK },
      'preemption.userPriority.margin: given 2, allowed: none between groups'],
    ['a margin beside an expression', { host: { preemption: { userPriority: when('RemoteUserPrio > SubmitterUserPrio', { margin: 2 }) } }, fleet: QUICK },
      'preemption.userPriority.margin: given 2, allowed: none: it is part of the expression'],
    ['an expression that compares nobody', { host: { preemption: { userPriority: when('True') } }, fleet: QUICK }, 'preemption.userPriority: given "True", allowed: an expression that compares'],
    ['an expression that undoes quotas', { host: { accountingGroups: GROUPS, preemption: { userPriority: when('RemoteUserPrio > SubmitterUserPrio') } }, fleet: QUICK },
      'preemption.userPriority: given "RemoteUserPrio > SubmitterUserPrio", allowed: with accountingGroups an expression that looks at RemoteGroup'],
    ['an expression that is none', { host: { preemption: { userPriority: when('(RemoteUserPrio') } }, fleet: QUICK }, 'preemption.userPriority: not an expression'],
    ['how to vacate without a reason to', { fleet: { wantVacate: ClassAdExpression.boolean(false) } }, 'wantVacate: given "False", allowed: only with preempt'],
    ['how a member vacates without a reason to', { member: { wantVacate: ClassAdExpression.boolean(false) } }, 'on(cloud).wantVacate: given "False", allowed: only with preempt'],
    ['a retirement that is all time to vacate', { fleet: { maxJobRetirement: Duration.minutes(5) } }, 'maxVacate: given "600 s", allowed: less than maxJobRetirement (300 s)'],
    ['rules for groups that are not there', { host: { quotaOversubscription: false } }, 'quotaOversubscription: given "false", allowed: only with accountingGroups'],
    ['an order of groups that are not there', { host: { groupOrder: ClassAdExpression.attribute('GroupQuota') } }, 'groupOrder: given "GroupQuota", allowed: only with accountingGroups'],
  ])('%s', (_, program, message) => {
    const reported = problems(program);
    expect(reported).toHaveLength(1);
    expect(reported[0]).toContain(message);
  });
});

import { KnobSet, Macro } from './config';
import { PATHS } from './paths';
import { PoolUser } from './pool-user';
import { RUNNING_JOBS, UserLimits } from './user-limits';

/** Who may charge which group, as a map of HTCondor's: method, user, groups. */
export const GROUPS_FILE = 'accounting-groups.map';

const MAP = 'AccountingGroups';

/** What an access point does to each job before it is in the queue, and when it refuses it. */
interface Admission {
  readonly name: string;
  readonly transform: readonly string[];
  readonly requirement: Macro;
  readonly reason: Macro;
  /** What the job can't change any more. */
  readonly attributes: readonly string[];
}

/** A group of the user's own, the first one if he names none; and nobody's name but his. */
const ACCOUNTING_GROUP: Admission = {
  name: 'AccountingGroup',
  transform: [
    'COPY AcctGroup RequestedAcctGroup',
    'COPY Owner AcctGroupUser',
    `EVALSET AcctGroup userMap("${MAP}", Owner, AcctGroup) ?: ""`,
    'EVALSET AccountingGroup ifThenElse(AcctGroup == "", Owner, strcat(AcctGroup, ".", Owner))',
  ],
  requirement: new Macro('isUndefined(RequestedAcctGroup) || (isString(RequestedAcctGroup) && RequestedAcctGroup == AcctGroup)'),
  reason: new Macro('strcat(Owner, " may not charge the accounting group ", RequestedAcctGroup)'),
  attributes: ['AcctGroup', 'AcctGroupUser', 'AccountingGroup'],
};

/** The map of users' groups. A user without one isn't in it. */
export function groupsFile(users: readonly PoolUser[]): string {
  const lines = users.filter(({ accountingGroups = [] }) => accountingGroups.length > 0)
    .map(({ name, accountingGroups = [] }) => `* ${name} ${accountingGroups.join(',')}`);
  return ['# method, user, groups', ...lines, ''].join('\n');
}

/** Writes what an access point does to jobs: charges them to their owners' groups where it knows the users, and counts them where they are limited. */
export function setJobAdmission(knobs: KnobSet, users: readonly PoolUser[] | undefined, { runningJobs }: UserLimits): void {
  const admissions = [
    ...users ? [ACCOUNTING_GROUP] : [],
    ...runningJobs !== undefined ? [{ name: 'RunningJobs', ...RUNNING_JOBS }] : [],
  ];
  if (admissions.length === 0) { return; }
  const names = admissions.map(({ name }) => name);
  knobs.section('What becomes of a job that is submitted');
  if (users) {
    knobs.set('SCHEDD_CLASSAD_USER_MAP_NAMES', [MAP]);
    knobs.set(`CLASSAD_USER_MAPFILE_${MAP}`, `${PATHS.config}/${GROUPS_FILE}`);
  }
  // others may have theirs
  names.forEach(name => knobs.add('JOB_TRANSFORM_NAMES', name));
  knobs.set('SUBMIT_REQUIREMENT_NAMES', names);
  for (const { name, transform, requirement, reason } of admissions) {
    knobs.setLines(`JOB_TRANSFORM_${name}`, transform);
    knobs.set(`SUBMIT_REQUIREMENT_${name}`, requirement);
    knobs.set(`SUBMIT_REQUIREMENT_${name}_REASON`, reason);
  }
  // condor_qedit of the job's owner
  knobs.set('IMMUTABLE_JOB_ATTRS', admissions.flatMap(({ attributes }) => attributes));
}

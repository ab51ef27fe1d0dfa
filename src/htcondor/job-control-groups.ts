import { ClassAdExpression } from './classad';
import { KnobSet } from './config';
import { problem } from '../problem';

/** What the control groups of jobs are below. */
const BASE = 'htcondor';

/**
 * Writes whether each job has a control group of its own. Where HTCondor can't make one it goes on without, and says so in a log alone.
 *
 * It also goes on without where a program is run before the job's files come, as the one is that removes what a slot's user has left behind: it
 * decides at the first process that a starter makes. Who may write into control groups may mount as well, and gives each job a /tmp of its own.
 */
export function setJobControlGroups(knobs: KnobSet, wanted: boolean): void {
  knobs.section('Control groups of jobs');
  knobs.set('BASE_CGROUP', wanted ? BASE : '');
  if (!wanted) { return; }
  // the slot's memory
  knobs.set('CGROUP_MEMORY_LIMIT_POLICY', 'hard');
  knobs.set('MOUNT_UNDER_SCRATCH', ClassAdExpression.string('/tmp,/var/tmp'));
  knobs.set('MOUNT_PRIVATE_DEV_SHM', true);
}

/** What is wrong with it. */
export function jobControlGroupProblems(wanted: boolean | undefined, privileged: boolean): string[] {
  return wanted && !privileged
    ? [problem('jobControlGroups', wanted, 'only with privileged: the control groups of other containers are read-only, and HTCondor would go on without')]
    : [];
}

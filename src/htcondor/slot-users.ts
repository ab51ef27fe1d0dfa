import { ClassAdExpression } from './classad';
import { KnobSet, Macro } from './config';
import { CondorImage } from './image';
import { PATHS } from './paths';
import { SlotType } from './slot-type';
import { problem } from '../problem';

/** What takes away what a slot's user has left behind, and where it is mounted. */
export const CLEANUP = { key: 'slot-user-cleanup', path: `${PATHS.hooks}/slot-user-cleanup`, programVolume: 'cleanup' } as const;

/** A user that no image has: HTCondor starts no job as it. */
const NOBODY_AT_ALL = 'no-slot-user-is-left';

/**
 * Run as the slot's user before a job's files come. Without rights to mount, HTCondor can't give a job a /tmp of its own, and the next
 * job of the slot, maybe another person's, has the same uid. What belongs to others can't be removed, and needn't.
 */
export const CLEANUP_SCRIPT = `#!/bin/sh
cat >/dev/null
find /tmp /var/tmp /dev/shm -xdev -mindepth 1 -user "$(id -u)" -delete 2>/dev/null
exit 0
`;

/** What of a fleet decides as whom its jobs run. */
export interface SlotUsersOptions {
  readonly image: CondorImage;
  readonly rootless: boolean;
  readonly slots: readonly SlotType[];
}

/** Whether jobs run as users of their slots: not as HTCondor itself, nor all as `nobody`. */
export function hasSlotUsers({ image, rootless }: Pick<SlotUsersOptions, 'image' | 'rootless'>): boolean {
  return !rootless && image.slotUsers.length > 0;
}

/** Whether what a slot's user leaves has to be taken away: what can mount gives each job directories of its own for it. */
export function leavesTraces(options: Pick<SlotUsersOptions, 'image' | 'rootless'> & { readonly jobControlGroups?: boolean }): boolean {
  return hasSlotUsers(options) && !options.jobControlGroups;
}

/** For each slot of a machine whether it is divided. */
function slotsOf(slots: readonly SlotType[]): boolean[] {
  return slots.flatMap(({ count = 1, partitionable = true }) => Array<boolean>(Math.max(0, Math.floor(count))).fill(partitionable));
}

/** A slot that is one job's has one user; the others share what remains, one for each of their jobs. */
function usersPerDividedSlot({ image, slots }: SlotUsersOptions): number {
  const all = slotsOf(slots);
  const divided = all.filter(each => each).length;
  return divided > 0 ? Math.max(0, Math.floor((image.slotUsers.length - (all.length - divided)) / divided)) : 0;
}

/** Jobs run as users of their own, never as their owner's namesake on the node. */
export function setSlotUsers(knobs: KnobSet, options: SlotUsersOptions): void {
  const { image, rootless, slots } = options;
  if (rootless) { return; }
  knobs.set('STARTER_ALLOW_RUNAS_OWNER', false);
  if (!hasSlotUsers(options)) { return; }
  const users = [...image.slotUsers];
  slotsOf(slots).forEach((divided, index) => {
    const slot = `SLOT${index + 1}`;
    const names = divided ? Array.from({ length: usersPerDividedSlot(options) }, (_, job) => `${slot}_${job + 1}_USER`) : [`${slot}_USER`];
    names.forEach(name => {
      const user = users.shift();
      if (user) { knobs.set(name, user); }
    });
  });
  // not nobody, whom two jobs could be at once
  knobs.set('NOBODY_SLOT_USER', NOBODY_AT_ALL);
  knobs.set('DEDICATED_EXECUTE_ACCOUNT_REGEXP', new Macro(`^${commonPrefix(image.slotUsers)}[0-9]+$`));
}

/**
 * Has what a slot's user left behind taken away before it is somebody else's. It comes with the pod, as the mounted program does: the
 * configuration of a pod that has been there for longer changes under it.
 */
export const CLEANUP_ENVIRONMENT: object[] = Object.entries({
  STARTER_JOB_HOOK_KEYWORD: 'SLOT_USER',
  SLOT_USER_HOOK_PREPARE_JOB_BEFORE_TRANSFER: CLEANUP.path,
}).map(([name, value]) => ({ name: `_CONDOR_${name}`, value }));

/**
 * A machine that could have more jobs than it has users for takes no more than these.
 *
 * @param cpus the most cores that a machine of the fleet may have, if that is known: a job has at least one
 */
export function startWithSlotUser(start: ClassAdExpression, options: SlotUsersOptions, cpus: number | undefined): ClassAdExpression {
  const most = usersPerDividedSlot(options);
  const never = start._problems().length === 0 && start.toString() === 'False';
  if (never || !hasSlotUsers(options) || most === 0 || (cpus !== undefined && cpus <= most)) { return start; }
  return start.and(ClassAdExpression.parse(`(NumDynamicSlots ?: 0) < ${most}`));
}

/** What would let two jobs be one user. */
export function slotUserProblems(options: SlotUsersOptions, accepted: boolean): string[] {
  const { image, rootless, slots } = options;
  if (rootless) { return []; }
  if (image.slotUsers.length === 0) {
    return accepted ? [] : [problem('image.slotUsers', 0, 'users for the jobs, one for each; or acceptJobsShareUser: all run as nobody, and can read and kill each other')];
  }
  const all = slotsOf(slots);
  const divided = all.filter(each => each).length;
  const least = all.length;
  if (image.slotUsers.length < least) {
    return [problem('image.slotUsers', image.slotUsers.length, `at least ${least}: one for each slot, and one for the first job of each of the ${divided} that are divided`)];
  }
  return [];
}

function commonPrefix(users: string[]): string {
  return users[0].replace(/[0-9]+$/, '');
}

import { ClassAdExpression } from './classad';
import { KnobSet, Macro } from './config';
import { problem } from '../problem';

/** How running jobs leave a machine that is drained. */
export enum DrainSchedule {
  /** Jobs go on for their retirement time (`maxJobRetirement`), and then have `maxVacate` to save their work. */
  GRACEFUL = 'graceful',
  /**
   * Jobs are told to stop at once, and have `maxVacate` to save their work. HTCondor 23.9 lets them go on for their retirement time on machines that
   * were drained gracefully before, by hand for instance, until their startd has started again.
   */
  QUICK = 'quick',
  /** Jobs are killed at once. */
  FAST = 'fast',
}

/**
 * How machines that are full of small jobs become whole again (`condor_defrag`): a machine is drained, takes no new job
 * until its last one has left, and then takes jobs again, those that need all of it among them.
 *
 * Who gets the whole machine is not decided here but in the next cycle: whole-node jobs need a better priority than the small ones.
 */
export interface Defragmentation {
  /**
   * How many machines begin to drain in an hour at most (`DEFRAG_DRAINING_MACHINES_PER_HOUR`), a whole number from 1 to 360. They begin one
   * by one, in equal times (`DEFRAG_INTERVAL`): HTCondor looks at the other limits once before it begins with several, and would exceed them.
   */
  readonly machinesPerHour: number;

  /**
   * How many machines drain at the same time (`DEFRAG_MAX_CONCURRENT_DRAINING`), from 1. Their free cores are idle meanwhile.
   *
   * @default 1
   */
  readonly maxConcurrentDraining?: number;

  /**
   * With how many whole machines there are enough, and no further one is drained (`DEFRAG_MAX_WHOLE_MACHINES`), from 1. Of those that
   * are drained (`clusters`, `requirements`) it counts the ones without a job, not those that run a whole-node job.
   *
   * @default 1
   */
  readonly maxWholeMachines?: number;

  /**
   * Which slot counts as a whole machine (`DEFRAG_WHOLE_MACHINE_EXPR`); one that becomes it while it drains drains no more
   * (`DEFRAG_CANCEL_REQUIREMENTS`).
   *
   * @default - a partitionable slot with all its cores free: `Cpus == TotalSlotCpus`
   */
  readonly wholeMachine?: ClassAdExpression;

  /**
   * The clusters whose machines are drained, by their names.
   *
   * Refused: none; names of clusters that have no execution points in the pool.
   *
   * @default - all
   */
  readonly clusters?: string[];

  /**
   * Which machines are drained, of these clusters (`DEFRAG_REQUIREMENTS`), by the attributes of their partitionable slots. Leave out
   * those that take no whole-node jobs, such as machines for parallel jobs or with GPUs.
   *
   * @default - all
   */
  readonly requirements?: ClassAdExpression;

  /**
   * Which machine is drained first (`DEFRAG_RANK`): a number, more is sooner.
   *
   * @default - the one whose jobs would lose least: `-ExpectedMachineGracefulDrainingBadput`
   */
  readonly rank?: ClassAdExpression;

  /**
   * How running jobs leave (`DEFRAG_DRAINING_SCHEDULE`).
   *
   * @default DrainSchedule.GRACEFUL
   */
  readonly schedule?: DrainSchedule;
}

/** What the daemon is called in a `DAEMON_LIST`. */
export const DEFRAGMENTATION_DAEMON = 'DEFRAG';

const HOUR = 3600;

/** The shortest time between two looks at the pool, in seconds: how often machines may advertise themselves. */
const LEAST_INTERVAL = 10;

/**
 * What a machine's ad holds for those who may administer it. HTCondor 23.9's defrag asks the collector for a few attributes and those of
 * its rank, and this is not among the few: without it machines take no orders from it.
 */
const CAPABILITY = ClassAdExpression.attribute('_condor_PrivRemoteAdminCapability');

const PARTITIONABLE = ClassAdExpression.attribute('PartitionableSlot');

const ALL_CORES_FREE = ClassAdExpression.attribute('Cpus').equalTo(ClassAdExpression.attribute('TotalSlotCpus'));

/** Nobody's rank is that low. */
const NEVER = -1_000_000_000_000;

/** Writes when machines are drained, and which. */
export function setDefragmentation(knobs: KnobSet, options: Defragmentation, uidDomain: string): void {
  const { machinesPerHour, wholeMachine = ALL_CORES_FREE, clusters, requirements } = options;
  const { rank = ClassAdExpression.attribute('ExpectedMachineGracefulDrainingBadput').times(-1) } = options;
  knobs.section('Defragmentation: machines are drained one after the other');
  // the reason that machines give for their draining, which a pod's name would change
  knobs.set('DEFRAG_NAME', `defrag@${uidDomain}`);
  knobs.set('DEFRAG_STATE_FILE', new Macro('$(SPOOL)/defrag_state'));
  // one machine in each interval: what remained would be made up for with several at once, when the hour or the day begins
  const interval = Math.ceil(HOUR / machinesPerHour);
  knobs.set('DEFRAG_INTERVAL', interval);
  knobs.set('DEFRAG_DRAINING_MACHINES_PER_HOUR', HOUR / interval);
  knobs.set('DEFRAG_MAX_CONCURRENT_DRAINING', options.maxConcurrentDraining ?? 1);
  knobs.set('DEFRAG_MAX_WHOLE_MACHINES', options.maxWholeMachines ?? 1);
  // HTCondor joins more to each with &&: what has an || in it must not be outermost
  const ofThese = [...clusters ? [ofClusters(clusters)] : [], ...requirements ? [requirements] : []];
  const chosen = ofThese.reduce((all, each) => all.and(each), PARTITIONABLE);
  // others that are whole are no reason to drain none of these
  knobs.set('DEFRAG_WHOLE_MACHINE_EXPR', chosen.and(wholeMachine), 'defragmentation.wholeMachine');
  knobs.set('DEFRAG_CANCEL_REQUIREMENTS', PARTITIONABLE.and(wholeMachine), 'defragmentation.wholeMachine');
  knobs.set('DEFRAG_REQUIREMENTS', chosen, 'defragmentation.requirements');
  knobs.set('DEFRAG_RANK', ClassAdExpression.call('isUndefined', [CAPABILITY]).ifThenElse(NEVER, rank), 'defragmentation.rank');
  knobs.set('DEFRAG_DRAINING_SCHEDULE', options.schedule ?? DrainSchedule.GRACEFUL);
}

/** What is wrong with it, in a pool of these clusters. */
export function defragmentationProblems(options: Defragmentation, known: readonly string[]): string[] {
  const { machinesPerHour, maxConcurrentDraining = 1, maxWholeMachines = 1, clusters } = options;
  const problems: string[] = [];
  const most = HOUR / LEAST_INTERVAL;
  if (!fits(machinesPerHour, 1, most)) { problems.push(problem('defragmentation.machinesPerHour', machinesPerHour, `a whole number from 1 to ${most}`)); }
  for (const [property, limit] of Object.entries({ maxConcurrentDraining, maxWholeMachines })) {
    if (!fits(limit, 1, Infinity)) { problems.push(problem(`defragmentation.${property}`, limit, 'a whole number from 1')); }
  }
  if (clusters?.length === 0) { problems.push(problem('defragmentation.clusters', [], 'at least one cluster, or the property left out')); }
  for (const cluster of clusters?.filter(each => !known.includes(each)) ?? []) {
    problems.push(problem('defragmentation.clusters', cluster, `clusters of the pool's execution points: ${known.join(', ') || 'none'}`));
  }
  return problems;
}

/** A machine's name ends in its cluster's, which has no dot. */
function ofClusters(clusters: readonly string[]): ClassAdExpression {
  return ClassAdExpression.call('regexp', [`[.](${clusters.join('|')})$`, ClassAdExpression.attribute('Name')]);
}

function fits(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

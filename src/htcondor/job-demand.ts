import { ClassAdExpression } from './classad';
import { stringText } from './classad-text';
import { KnobSet, Macro } from './config';
import { CORE_HOURS_FILE, CORE_HOURS_SCRIPT, CORE_HOURS_STATE } from './core-hour-count';
import {
  DEMAND_COUNT_FILE, DEMAND_COUNT_SCRIPT, DEMAND_INTERVAL, DEMAND_ORDERS_FILE, DemandOrder,
} from './demand-scripts';
import { MachineAttributes } from './machine-attributes';
import { PATHS } from './paths';

/** The attribute by which the negotiator knows a dear machine. */
export const COST_ATTRIBUTE = 'ExecutionPointCost';

/** Costs are digits, so that none of them outweighs whether a machine is free. */
export const MOST_COST = 9;
const COST_WEIGHT = 100_000_000;

/** When a collector's number is worth nothing any more, in seconds: after three counts that did not come. */
const LIFETIME = 4 * DEMAND_INTERVAL;

/** What a machine has of which nothing in the program tells, and that nearly every job asks for. */
const USUAL = {
  MyType: 'Machine',
  Arch: 'X86_64',
  OpSys: 'LINUX',
  HasFileTransfer: true,
  HasReconnect: true,
  HasJobDeferral: true,
  HasTDP: true,
  PartitionableSlot: true,
  // in KiB; how much there is shows when a machine is there
  Disk: 2 ** 40,
};

/** A machine of a fleet, as far as it is known before there is one. */
export interface ExpectedMachine {
  readonly name: string;
  readonly cpus: number;
  readonly memory: number;
  readonly start: ClassAdExpression;
  readonly attributes: MachineAttributes;
}

/** Its ad, in HTCondor's old notation: an attribute a line. */
export function expectedMachineAd({ name, cpus, memory, start, attributes }: ExpectedMachine): string {
  const own = { ...USUAL, ...attributes, Name: `slot1@new@${name}`, FileSystemDomain: name, Cpus: cpus, TotalCpus: cpus, Memory: memory, TotalMemory: memory };
  return [
    ...Object.entries(own).map(([attribute, value]) => `${attribute} = ${typeof value === 'string' ? stringText(value) : ClassAdExpression.of(value)}`),
    `Start = ${start}`,
    'Requirements = Start',
  ].join('\n');
}

/** What counts in the central manager: a daemon of its master, and what it ranks machines by. */
export function setDemand(knobs: KnobSet, port: number): void {
  knobs.section('Demand for elastic fleets');
  knobs.set('DEMAND', '/usr/bin/python3');
  knobs.set('DEMAND_ARGS', `${PATHS.config}/${DEMAND_COUNT_FILE} ${PATHS.config}/${DEMAND_ORDERS_FILE} ${port}`);
  // else HTCondor's daily cleaning (condor_preen) would remove it
  knobs.set('VALID_SPOOL_FILES', [CORE_HOURS_STATE, `${CORE_HOURS_STATE}.new`]);
  // a free machine before one that would have to be taken from somebody, then a cheap one before a dear one, then HTCondor's own order
  knobs.set('NEGOTIATOR_PRE_JOB_RANK', new Macro('$(NEGOTIATOR_PRE_JOB_RANK) '
    + `+ ${(MOST_COST + 1) * COST_WEIGHT} * (RemoteOwner =?= undefined) - ${COST_WEIGHT} * (${COST_ATTRIBUTE} ?: 0)`));
}

/** What it reads beside the configuration. */
export function demandFiles(fleets: readonly DemandOrder[]): { [file: string]: string } {
  const orders = { interval: DEMAND_INTERVAL, lifetime: LIFETIME, fleets };
  return { [DEMAND_COUNT_FILE]: DEMAND_COUNT_SCRIPT, [CORE_HOURS_FILE]: CORE_HOURS_SCRIPT, [DEMAND_ORDERS_FILE]: `${JSON.stringify(orders, undefined, 2)}\n` };
}

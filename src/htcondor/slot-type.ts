import { KnobSet } from './config';
import { problem } from '../problem';

/** A type of slots that an execution point is divided into (`SLOT_TYPE_<n>`). */
export interface SlotType {
  /** The part of the machine's cores, memory and disk that one slot of the type has: above 0, at most 1. */
  readonly share: number;

  /**
   * How many slots of the type there are (`NUM_SLOTS_TYPE_<n>`).
   *
   * @default 1
   */
  readonly count?: number;

  /**
   * Whether jobs take what they ask for from the slot, as many as fit (`SLOT_TYPE_<n>_PARTITIONABLE`). If
   * not, one job has the whole slot.
   *
   * @default true
   */
  readonly partitionable?: boolean;
}

/** Writes how a machine is divided. */
export function setSlotTypes(knobs: KnobSet, types: readonly SlotType[]): string[] {
  const problems: string[] = [];
  types.forEach(({ share, count = 1, partitionable = true }, index) => {
    const type = `SLOT_TYPE_${index + 1}`;
    if (!(share > 0 && share <= 1)) { problems.push(problem(`slots[${index}].share`, share, 'a number above 0 and at most 1')); }
    if (!(Number.isInteger(count) && count >= 1)) { problems.push(problem(`slots[${index}].count`, count, 'a whole number from 1')); }
    knobs.set(type, `${percent(share)}%`);
    knobs.set(`${type}_PARTITIONABLE`, partitionable);
    knobs.set(`NUM_SLOTS_TYPE_${index + 1}`, count);
  });
  if (types.length === 0) { problems.push(problem('slots', [], 'at least one type of slots')); }
  const sum = types.reduce((total, { share, count = 1 }) => total + share * count, 0);
  if (sum > 1 + 1e-9) { problems.push(problem('slots', Number(sum.toFixed(4)), 'shares that sum up to at most 1')); }
  return problems;
}

function percent(share: number): number {
  return Number((share * 100).toFixed(4));
}

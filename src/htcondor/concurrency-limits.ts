import { KnobSet } from './config';
import { KNOWN_KNOBS } from './known-knobs';
import { problem } from '../problem';

/** What limits of each user begin with; no limit of the pool may. */
export const USER_LIMITS = 'user';

const LIMIT_NAME = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$/;

/** Writes how many of something running jobs may use together, for the negotiator. */
export function setConcurrencyLimits(knobs: KnobSet, property: string, limits: { readonly [name: string]: number }): void {
  if (Object.keys(limits).length > 0) { knobs.section('Concurrency limits'); }
  for (const [name, limit] of Object.entries(limits)) {
    const where = `${property}.${name}`;
    const knob = `${name.toUpperCase()}_LIMIT`;
    if (!LIMIT_NAME.test(name) || KNOWN_KNOBS.has(knob)) {
      knobs.report(problem(where, name, 'a word of letters, digits and "_" (no digit first), or two joined by a dot; and that with _LIMIT is no knob of HTCondor\'s'));
    } else if (name.toLowerCase().split('.')[0] === USER_LIMITS) {
      knobs.report(problem(where, name, `a name that does not begin with "${USER_LIMITS}", which userLimits.runningJobs has`));
    } else if (!(Number.isInteger(limit) && limit >= 0)) {
      knobs.report(problem(where, limit, 'a whole number from 0'));
    } else {
      knobs.set(knob, limit, where);
    }
  }
}

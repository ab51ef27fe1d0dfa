import { ClassAdExpression } from './classad';
import { nameProblem } from './classad-text';
import { KnobSet, KnobValue, Macro } from './config';
import { KNOWN_KNOBS } from './known-knobs';
import { isPublishedAttribute } from './published-attributes';
import { problem } from '../problem';

/** Attributes as a user gives them: a string is a string in the machine's ad too. */
export interface MachineAttributes {
  readonly [name: string]: string | number | boolean | ClassAdExpression;
}

/** Attributes whose names and values are fit for a machine's ad. */
export interface CheckedAttributes {
  readonly entries: readonly { readonly name: string; readonly value: ClassAdExpression }[];
  readonly problems: readonly string[];
}

const attributeProblems = (where: string, name: string, value: ClassAdExpression): string[] => {
  const unfit = nameProblem('an attribute name', name);
  if (unfit) {
    return [`${where}: ${unfit}`];
  }
  if (isPublishedAttribute(name)) {
    return [problem(where, name, 'names that HTCondor does not give to attributes of machines or jobs itself')];
  }
  // A machine attribute is a knob of the same name: this one would change the daemon.
  if (KNOWN_KNOBS.has(name.toUpperCase()) || /^_?condor_/i.test(name)) {
    return [problem(where, name, 'names that are not knobs of HTCondor')];
  }
  return value._problems().map((each) => `${where}: ${each}`);
};

/**
 * Checks attributes for a machine's ad.
 *
 * @param property where the user gives them
 */
export const checkMachineAttributes = (property: string, attributes: MachineAttributes = {}): CheckedAttributes => {
  const seen = new Map<string, string>();
  const entries: { name: string; value: ClassAdExpression }[] = [];
  const problems: string[] = [];
  for (const [name, given] of Object.entries(attributes)) {
    const where = `${property}.${name}`;
    const value = ClassAdExpression.of(given);
    const found = attributeProblems(where, name, value);
    const earlier = seen.get(name.toLowerCase());
    if (earlier !== undefined) {
      found.push(problem(where, name, `names that differ from "${earlier}" not in case alone`));
    }
    seen.set(name.toLowerCase(), name);
    problems.push(...found);
    if (found.length === 0) {
      entries.push({ name, value });
    }
  }
  return { entries, problems };
};

/**
 * Writes attributes for the startd: one knob each, and their names added to
 * STARTD_ATTRS.
 *
 * @param property where the user gives them
 * @param own attributes of HTCondor's that the construct advertises besides
 * @param elsewhere more of them, whose values are written in another file
 * @returns what is wrong with them; the others are written
 */
export const setMachineAttributes = (
  knobs: KnobSet, property: string, attributes: MachineAttributes = {}, own: { readonly [name: string]: KnobValue } = {},
  elsewhere: readonly string[] = [],
): string[] => {
  const { entries, problems } = checkMachineAttributes(property, attributes);
  const given = entries.map(({ name }) => name).filter((name) => elsewhere.some((each) => each.toLowerCase() === name.toLowerCase()));
  knobs.report(...given.map((name) => problem(`${property}.${name}`, name, 'names of attributes that the construct does not set itself')));
  const names = [...Object.keys(own), ...elsewhere, ...entries.map(({ name }) => name)];
  if (names.length > 0) {
    knobs.section('Machine attributes');
    Object.entries(own).forEach(([name, value]) => knobs.set(name, value));
    for (const { name, value } of entries) {
      knobs.set(name, value, `${property}.${name}`);
    }
    knobs.set('STARTD_ATTRS', new Macro(`$(STARTD_ATTRS) ${names.join(' ')}`), property);
  }
  return [...problems];
};

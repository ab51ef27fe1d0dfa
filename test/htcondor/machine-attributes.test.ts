import * as fc from 'fast-check';
import { ClassAdExpression } from '../../src/htcondor/classad';
import { KnobSet } from '../../src/htcondor/config';
import { MachineAttributes, checkMachineAttributes, setMachineAttributes } from '../../src/htcondor/machine-attributes';

test("the talk's machine", () => {
  const knobs = new KnobSet();
  expect(setMachineAttributes(knobs, 'attributes', { CERNEnvironment: 'production', Datacenter: 'meyrin', HasMPI: true })).toEqual([]);
  expect(knobs.toString()).toBe([
    '# Machine attributes',
    'CERNEnvironment = "production"',
    'Datacenter      = "meyrin"',
    'HasMPI          = True',
    'STARTD_ATTRS    = $(STARTD_ATTRS) CERNEnvironment Datacenter HasMPI',
    '',
  ].join('\n'));
});

test('nothing is written of no attributes', () => {
  const knobs = new KnobSet();
  expect(setMachineAttributes(knobs, 'attributes')).toEqual([]);
  expect(knobs.toString()).toBe('');
});

test.each([
  ['Foo Bar', 'not an attribute name'],
  ['1a', 'not an attribute name'],
  ['True', 'not an attribute name'],
  ['Cpus', 'HTCondor does not give'],
  ['MEMORY', 'HTCondor does not give'],
  ['TotalMemory', 'HTCondor does not give'],
  ['Name', 'HTCondor does not give'],
  ['Machine', 'HTCondor does not give'],
  ['state', 'HTCondor does not give'],
  ['Start', 'HTCondor does not give'],
  ['Rank', 'HTCondor does not give'],
  ['Owner', 'HTCondor does not give'],
  ['DetectedGPUs', 'HTCondor does not give'],
  ['slot1_Cpus', 'HTCondor does not give'],
  ['LOG', 'not knobs'],
  ['Condor_Host', 'not knobs'],
  ['Preempt', 'not knobs'],
])('the name %s is refused', (name, why) => {
  const { entries, problems } = checkMachineAttributes('attributes', { [name]: 1 });
  expect(entries).toEqual([]);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(`attributes.${name}: `);
  expect(problems[0]).toMatch(why);
});

test('the form of a problem', () => {
  expect(checkMachineAttributes('attributes', { 'Foo Bar': 1 }).problems).toEqual([
    'attributes.Foo Bar: not an attribute name: given "Foo Bar", allowed: a letter or "_", then letters, digits and "_"',
  ]);
});

test('names that differ in case alone, and wrong values', () => {
  const { entries, problems } = checkMachineAttributes('attributes', { Site: 'a', SITE: 'b', Bad: 'x\ny', Worse: ClassAdExpression.parse('1 +') });
  expect(entries.map(({ name }) => name)).toEqual(['Site']);
  expect(problems.map((problem) => problem.split(': ')[0])).toEqual(['attributes.SITE', 'attributes.Bad', 'attributes.Worse']);
});

test('any attributes are problems or written', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.boolean());
  fc.assert(fc.property(fc.dictionary(fc.string(), value), (attributes: MachineAttributes) => {
    const knobs = new KnobSet();
    const problems = [...setMachineAttributes(knobs, 'attributes', attributes), ...knobs.problems()];
    if (problems.length === 0) {
      const names = Object.keys(attributes).length;
      expect(knobs.toString().split('\n')).toHaveLength(names === 0 ? 1 : names + 3);
    }
  }));
});

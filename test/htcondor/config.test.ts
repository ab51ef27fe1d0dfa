import { Duration, Size } from 'cdk8s';
import * as fc from 'fast-check';
import { ClassAdExpression } from '../../src/htcondor/classad';
import { KnobSet, KnobValue, Macro } from '../../src/htcondor/config';
import { CondorVersion } from '../../src/htcondor/version';

const written = (value: KnobValue): string => {
  const knobs = new KnobSet();
  knobs.set('K', value);
  return knobs.toString();
};

const refused = (value: KnobValue): string[] => {
  const knobs = new KnobSet();
  knobs.set('K', value);
  return knobs.problems();
};

test.each([
  ['text', 'K = text\n'],
  ['', 'K =\n'],
  ['# = @= "x"', 'K = # = @= "x"\n'],
  ['$(X)', 'K = $(DOLLAR)(X)\n'],
  ['$ENV(HOME) $INT(X)', 'K = $(DOLLAR)ENV(HOME) $(DOLLAR)INT(X)\n'],
  ['$$(X)', 'K = $$(X)\n'],
  ['$$$(X)', 'K = $$$(DOLLAR)(X)\n'],
  ['costs $ 5', 'K = costs $ 5\n'],
  [new Macro('$(X)/bin'), 'K = $(X)/bin\n'],
  [8, 'K = 8\n'],
  [0.5, 'K = 0.5\n'],
  [true, 'K = True\n'],
  [Duration.minutes(2), 'K = 120\n'],
  [Size.gibibytes(2), 'K = 2048\n'],
  [ClassAdExpression.attribute('A').is('$(X)'), 'K = A =?= "$(DOLLAR)(X)"\n'],
  [['a', 'b:1'], 'K = a, b:1\n'],
  [[], 'K =\n'],
] as [KnobValue, string][])('%# writes %p', (value, expected) => {
  expect(written(value)).toBe(expected);
});

test.each([
  ['a newline', 'a\nb'],
  ['a carriage return', 'a\rb'],
  ['a NUL', 'a\0b'],
  ['a backslash at the end', 'a\\'],
  ['space at an end', 'a '],
  ['half of a surrogate pair', '\udc00'],
  ['the macro that writes a dollar', 'a $(dollar)'],
  ['a macro in another', '$(A:$(B))'],
  ['NaN', NaN],
  ['a macro over two lines', new Macro('$(X)\nY = 1')],
  ['a fraction of a second', Duration.millis(1500)],
  ['a fraction of a MiB', Size.kibibytes(1)],
  ['a list with an empty element', ['a', '']],
  ['a list with a comma in an element', ['a,b']],
  ['a list with a space in an element', ['a b']],
  ['a wrong expression', ClassAdExpression.attribute('a b')],
  ['nothing', undefined as unknown as string],
] as [string, KnobValue][])('%s is refused', (_, value) => {
  const problems = refused(value);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(/^K(\[\d\])?: (.*: )?given .*, allowed: /);
  expect(() => written(value)).toThrow(problems[0]);
});

test('sections, templates and alignment', () => {
  const knobs = new KnobSet();
  knobs.section('Nothing follows');
  knobs.section('Security');
  knobs.use('security', 'recommended');
  knobs.set('TRUST_DOMAIN', 'cern.ch');
  knobs.section('Machine');
  knobs.set('NUM_CPUS', 8);
  knobs.set('MEMORY', Size.mebibytes(22500));
  expect(knobs.toString()).toBe([
    '# Security', 'use security:recommended', 'TRUST_DOMAIN = cern.ch', '', '# Machine', 'NUM_CPUS = 8', 'MEMORY   = 22500', '',
  ].join('\n'));
});

test('a knob is set once, whatever its case', () => {
  const knobs = new KnobSet();
  knobs.set('Start', true);
  knobs.set('START', false, 'start');
  expect(knobs.problems()).toEqual(['start: given "START", allowed: a knob that is not set yet (case does not matter)']);
});

test.each(['a b', '1a', 'a-b', '', 'a.', '.a', 'a=b', 'use', 'Include', 'IF', 'elif', 'else', 'endif', 'warning', 'error', 'dollar', '@a', '#a', 'é'])(
  'the name %j is refused', (name) => {
    const knobs = new KnobSet();
    knobs.set(name, 1);
    expect(knobs.problems()).toHaveLength(1);
  });

test('headings and templates are checked', () => {
  const knobs = new KnobSet();
  knobs.section('a\nSTART = False');
  knobs.section('a\\');
  knobs.use('security', 'a\nb');
  knobs.use('a b', 'c');
  expect(knobs.problems()).toHaveLength(4);
});

test('extra knobs come under the name of the property', () => {
  const knobs = new KnobSet();
  knobs.set('START', true);
  knobs.extra('extraKnobs', { MAX_JOBS_RUNNING: 5, SCHEDD_DEBUG: 'D_FULLDEBUG' });
  knobs.extra('nothing');
  expect(knobs.toString()).toBe('START = True\n\n# extraKnobs\nMAX_JOBS_RUNNING = 5\nSCHEDD_DEBUG     = D_FULLDEBUG\n');
});

test('extra knobs do not take what the construct owns', () => {
  const knobs = new KnobSet();
  knobs.set('START', true);
  knobs.extra('extra', { 'start': 1, 'STARTD.START': 1, 'memory': 1, 'A': 1, 'a': 2, 'use': 1, 'B C': 1, 'D': 'x\ny' }, ['MEMORY']);
  expect(knobs.problems().map((problem) => problem.split(':')[0])).toEqual(
    ['extra.start', 'extra.STARTD.START', 'extra.memory', 'extra.a', 'extra.use', 'extra.B C', 'extra.D']);
});

test('knobs that a version does not know are refused', () => {
  const old = new KnobSet(CondorVersion.V23_9);
  old.set('STARTER_NESTED_SCRATCH', true);
  old.set('STARTD.SLOT_CONFIG_FAILURE_MODE', 'CONTINUE');
  old.set('CREDD_PORT', 9620);
  expect(old.problems()).toEqual([
    'STARTER_NESTED_SCRATCH: given "STARTER_NESTED_SCRATCH", allowed: knobs of HTCondor 23.9.6 (it exists from 25.4.0 on)',
    'STARTD.SLOT_CONFIG_FAILURE_MODE: given "STARTD.SLOT_CONFIG_FAILURE_MODE", allowed: knobs of HTCondor 23.9.6 (it exists from 24.2.0 on)',
  ]);
});

test('any text is a problem or one line', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.string(), (value, name) => {
    const knobs = new KnobSet();
    knobs.set(name, value);
    if (knobs.problems().length === 0) {
      expect(knobs.toString().split(/[\n\r]/)).toHaveLength(2);
    }
  }), { numRuns: 3000 });
});

import * as fc from 'fast-check';
import { runInImage } from './rootfs';
import { ClassAdExpression as C } from '../../src/htcondor/classad';
import { KnobSet, KnobValue } from '../../src/htcondor/config';
import { checkMachineAttributes, setMachineAttributes } from '../../src/htcondor/machine-attributes';

/*
 * HTCondor judges what we write in its two languages. A start of it costs more
 * than a thousand values, so each property is about a batch of them; fast-check
 * shrinks a batch that fails to the value at fault.
 */


/** A value that HTCondor read: numbers as text, because JavaScript has one kind only. */
type Read = ['string', string] | ['integer', string] | ['real', string] | ['boolean', boolean] | ['list', Read[]] | ['undefined'] | ['error'] | ['unread'];

const CONFIG = '/etc/condor/languages.conf';

// Reads texts as HTCondor's daemons read those of knobs and ads on the wire,
// and evaluates them. `strict` is a reader that refuses trailing text as well.
const JUDGE = `
import classad, htcondor, json, sys
def told(value):
    if isinstance(value, classad.Value): return [value.name.lower()]
    if isinstance(value, bool): return ['boolean', value]
    if isinstance(value, int): return ['integer', str(value)]
    if isinstance(value, float): return ['real', repr(value)]
    if isinstance(value, str): return ['string', value]
    if isinstance(value, list): return ['list', [told(each.eval() if isinstance(each, classad.ExprTree) else each) for each in value]]
ads = [] # what an element of a list evaluates in must outlive it
def read(text):
    try:
        ads.append(classad.parseOne('X = ' + text, classad.Parser.Old))
        return told(ads[-1].eval('X'))
    except Exception: return ['unread']
def strict(text):
    try: classad.ExprTree(text)
    except Exception: return False
    return True
asked = json.load(sys.stdin)
if asked['how'] == 'read': answer = [read(text) for text in asked['texts']]
if asked['how'] == 'strict': answer = [strict(text) for text in asked['texts']]
if asked['how'] == 'knobs': answer = [htcondor.param.get(name, '') for name in asked['texts']]
if asked['how'] == 'attributes': answer = [read(htcondor.param[name]) for name in asked['texts']]
json.dump(answer, sys.stdout)
`;

function judge<T>(how: string, texts: string[], config = ''): T[] {
  const run = runInImage(['python3', '-c', JUDGE], {
    input: JSON.stringify({ how, texts }),
    files: { [CONFIG]: config },
    env: { CONDOR_CONFIG: CONFIG },
  });
  if (run.status !== 0) {
    throw new Error(`the judge failed (${run.status}):\n${run.stderr}`);
  }
  return JSON.parse(run.stdout) as T[];
}

function batches<T>(value: fc.Arbitrary<T>, check: (values: T[]) => void, size = 1000, runs = 3): void {
  fc.assert(fc.property(fc.array(value, { minLength: 1, maxLength: size, size: 'max' }), check), { numRuns: runs });
}

// Characters that mean something to one of the two languages, and any others.
const nasty = fc.array(fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '$', '$(', '$$(', '$ENV(', '$INT(', '$F(', '$Fp(', '$STRING(', '$RANDOM_CHOICE(', '(', ')', ':', '"', '\\', '\\"', '#', '=', '@=', ' ', ',', "'",
      'DOLLAR', 'A', 'HOME', '//', '/*', '[', ']', '{', '}', ';', '+=', 'use '),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 3 }) },
), { maxLength: 10 }).map((pieces) => pieces.join(''));
const text = fc.oneof(nasty, fc.string({ unit: 'binary' }), fc.string());

const integer = fc.maxSafeInteger();
// ClassAds don't tell -0 from 0.
const real = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value === 0 ? 0 : value);

const fits = (expression: C) => expression._problems().length === 0;

describe('ClassAds', () => {
  test('strings come back as they are given', () => {
    batches(text.filter((value) => fits(C.string(value))), (values) => {
      expect(judge<Read>('read', values.map((value) => C.of(value).toString()))).toEqual(values.map((value) => ['string', value]));
    }, 2000);
  });

  test('numbers and truth values come back as they are given', () => {
    const literals: fc.Arbitrary<[C, string, number | boolean]> = fc.oneof(
      integer.map((value): [C, string, number] => [C.of(value), 'integer', value]),
      real.map((value): [C, string, number] => [C.real(value), 'real', value]),
      fc.boolean().map((value): [C, string, boolean] => [C.of(value), 'boolean', value]),
    );
    batches(literals, (values) => {
      const answers = judge<Read>('read', values.map(([expression]) => expression.toString()));
      expect(answers.map(([kind, value]) => [kind, kind === 'boolean' ? value : Number(value)]))
        .toEqual(values.map(([, kind, value]) => [kind, value]));
    }, 2000);
  });

  test('lists of lists come back as they are given', () => {
    const scalar: fc.Arbitrary<[C, Read]> = fc.oneof(
      text.filter((value) => fits(C.string(value))).map((value): [C, Read] => [C.of(value), ['string', value]]),
      integer.map((value): [C, Read] => [C.integer(value), ['integer', String(value)]]),
      fc.constantFrom<[C, Read]>([C.undefinedValue(), ['undefined']], [C.errorValue(), ['error']], [C.of(false), ['boolean', false]]),
    );
    const list = (element: fc.Arbitrary<[C, Read]>): fc.Arbitrary<[C, Read]> => fc.array(element, { maxLength: 4 })
      .map((elements) => [C.list(...elements.map(([written]) => written)), ['list', elements.map(([, read]) => read)]]);
    batches(list(fc.oneof(scalar, list(scalar))), (values) => {
      expect(judge<Read>('read', values.map(([written]) => written.toString()))).toEqual(values.map(([, read]) => read));
    });
  });

  test('expressions mean what they are built of', () => {
    type Meaning = { readonly written: C; readonly value: bigint | boolean };
    const { integers } = fc.letrec<{ integers: Meaning; truths: Meaning }>((tie) => {
      const wrap = (value: bigint) => BigInt.asIntN(64, value);
      const pair = (kind: 'integers' | 'truths') => fc.tuple(tie(kind), tie(kind));
      return {
        integers: fc.oneof({ maxDepth: 4 },
          fc.integer({ min: -9, max: 9 }).map((value) => ({ written: C.of(value), value: BigInt(value) })),
          pair('integers').map(([a, b]) => ({ written: a.written.plus(b.written), value: wrap((a.value as bigint) + (b.value as bigint)) })),
          pair('integers').map(([a, b]) => ({ written: a.written.minus(b.written), value: wrap((a.value as bigint) - (b.value as bigint)) })),
          pair('integers').map(([a, b]) => ({ written: a.written.times(b.written), value: wrap((a.value as bigint) * (b.value as bigint)) })),
          fc.tuple(tie('truths'), tie('integers'), tie('integers'))
            .map(([c, a, b]) => ({ written: c.written.ifThenElse(a.written, b.written), value: c.value ? a.value : b.value })),
          tie('integers').map((a) => ({ written: C.parse(a.written.toString()), value: a.value })),
        ),
        truths: fc.oneof({ maxDepth: 4 },
          fc.boolean().map((value) => ({ written: C.of(value), value })),
          pair('truths').map(([a, b]) => ({ written: a.written.and(b.written), value: a.value && b.value })),
          pair('truths').map(([a, b]) => ({ written: a.written.or(b.written), value: a.value || b.value })),
          pair('truths').map(([a, b]) => ({ written: a.written.is(b.written), value: a.value === b.value })),
          tie('truths').map((a) => ({ written: a.written.not(), value: !a.value })),
          pair('integers').map(([a, b]) => ({ written: a.written.lessThan(b.written), value: a.value < b.value })),
          pair('integers').map(([a, b]) => ({ written: a.written.lessOrEqual(b.written), value: a.value <= b.value })),
          pair('integers').map(([a, b]) => ({ written: a.written.greaterThan(b.written), value: a.value > b.value })),
          pair('integers').map(([a, b]) => ({ written: a.written.greaterOrEqual(b.written), value: a.value >= b.value })),
          pair('integers').map(([a, b]) => ({ written: a.written.equalTo(b.written), value: a.value === b.value })),
          pair('integers').map(([a, b]) => ({ written: a.written.isnt(b.written), value: a.value !== b.value })),
        ),
      };
    });
    batches(integers, (values) => {
      const answers = judge<Read>('read', values.map(({ written }) => written.toString()));
      expect(answers).toEqual(values.map(({ value }) => ['integer', String(value)]));
    });
  });

  test('what parse takes, HTCondor reads to the end', () => {
    const token = fc.constantFrom('a', 'MY', 'f', '1', '1.5', '.5', '-1', '"x"', 'true', 'undefined', 'is', 'isnt', '(', ')', '{', '}', '[', ']', ',', '.',
      '?', ':', '?:', '!', '-', '~', '+', '/', '*', '&&', '||', '==', '=?=', '<', '>>', '&', '=', ';', ' ', '4K', '//', '/*');
    const candidate = fc.tuple(fc.constantFrom('', ' '), fc.array(token, { minLength: 1, maxLength: 7 })).map(([between, tokens]) => tokens.join(between));
    batches(candidate.filter((each) => fits(C.parse(each))), (values) => {
      const answers = judge<boolean>('strict', values);
      expect(values.filter((_, index) => !answers[index])).toEqual([]);
    });
  });
});

describe('configuration files', () => {
  const knobsOf = (values: KnobValue[]): KnobSet => {
    const knobs = new KnobSet();
    values.forEach((value, index) => knobs.set(`K${index}`, value));
    return knobs;
  };
  const readBack = (values: KnobValue[]): string[] =>
    judge<string>('knobs', values.map((_, index) => `K${index}`), knobsOf(values).toString());
  const writable = (value: KnobValue) => knobsOf([value]).problems().length === 0;

  test('text comes back as it is given', () => {
    batches(text.filter(writable), (values) => {
      expect(readBack(values)).toEqual(values);
    }, 2000);
  });

  test('most text can be written', () => {
    const plain = fc.string().map((value) => value.trim()).filter((value) => !value.endsWith('\\'));
    expect(fc.sample(plain, 2000).filter((value) => !writable(value))).toEqual([]);
  });

  test('long text comes back, whatever the size of a buffer', () => {
    const sizes = [4000, 4080, 4090, 4091, 4092, 4093, 4094, 4095, 4096, 4097, 8192, 100_000];
    const values = sizes.map((size) => `${'x'.repeat(size - 8)} y $(Z)`);
    expect(readBack(values)).toEqual(values);
  });

  test('lists and numbers come back as they are given', () => {
    const element = fc.stringMatching(/^[!-+\--~]{1,8}$/).filter((value) => writable([value]));
    batches(fc.array(element, { maxLength: 5 }).filter((values) => writable(values)), (values) => {
      expect(readBack(values)).toEqual(values.map((value) => value.join(', ')));
    });
    batches(fc.oneof(integer, real), (values) => {
      expect(readBack(values).map(Number)).toEqual(values.map((value) => value));
    });
  });

  test('an expression comes back as it is given', () => {
    const expression = text.map((value) => C.target('Owner').is(value).or(C.call('regexp', [value, C.my('Name')])));
    batches(expression.filter(fits).filter(writable), (values) => {
      expect(readBack(values)).toEqual(values.map((value) => value.toString()));
    });
  });

  test('condor_config_val reads the same', () => {
    const values = ['$(X)', '$ENV(HOME)', '$$(X)', '$$$(X)', '# no comment', '= 1', '@=end', '"quoted"', 'a \\ b', "it's", '1 $ 2', 'é€😀'];
    const run = runInImage(['condor_config_val', ...values.map((_, index) => `K${index}`)], {
      files: { [CONFIG]: knobsOf(values).toString() }, env: { CONDOR_CONFIG: CONFIG },
    });
    expect(run.stdout.split('\n').slice(0, -1)).toEqual(values);
  });

  test('attributes of a machine come back as they are given', () => {
    const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,11}$/);
    const value = fc.oneof(text, integer, real, fc.boolean());
    const attributes = fc.uniqueArray(fc.tuple(name, value), { minLength: 1, maxLength: 300, size: 'max', selector: ([each]) => each.toLowerCase() })
      .map((entries) => entries.filter(([each, given]) => {
        const knobs = new KnobSet();
        return setMachineAttributes(knobs, 'attributes', { [each]: given }).length === 0 && knobs.problems().length === 0;
      }));
    fc.assert(fc.property(attributes, (entries) => {
      const knobs = new KnobSet();
      expect(setMachineAttributes(knobs, 'attributes', Object.fromEntries(entries))).toEqual([]);
      const answers = judge<Read>('attributes', entries.map(([each]) => each), knobs.toString());
      expect(answers.map(([kind, read]) => kind === 'integer' || kind === 'real' ? Number(read) : read))
        .toEqual(entries.map(([, given]) => given));
    }), { numRuns: 10 });
  });

  test("the startd adds the attributes' names to those of the image", () => {
    const knobs = new KnobSet();
    setMachineAttributes(knobs, 'attributes', { Datacenter: 'meyrin', HasMPI: true });
    const [names] = judge<string>('knobs', ['STARTD_ATTRS'], `STARTD_ATTRS = Before\n${knobs.toString()}`);
    expect(names).toBe('Before Datacenter HasMPI');
  });

  test("HTCondor's own knobs are no attributes", () => {
    const run = runInImage(['condor_config_val', '-dump', '-mixedcase'], { files: { [CONFIG]: '' }, env: { CONDOR_CONFIG: CONFIG } });
    const names = run.stdout.split('\n').map((line) => /^([A-Za-z_]\w*) = /.exec(line)?.[1]).filter((each) => each !== undefined);
    expect(names.length).toBeGreaterThan(900);
    expect(names.filter((each) => checkMachineAttributes('attributes', { [each]: 1 }).problems.length === 0)).toEqual([]);
  });
});

import * as fc from 'fast-check';
import { ClassAdExpression as C } from '../../src/htcondor/classad';

const text = (expression: C) => expression.toString();

test.each([
  [C.of('a'), '"a"'],
  [C.of('say "no"'), '"say \\"no\\""'],
  [C.of('C:\\dir'), '"C:\\dir"'],
  [C.of('C:\\dir\\'), 'substr("C:\\dir\\ ", 0, -1)'],
  [C.of(''), '""'],
  [C.of(3), '3'],
  [C.of(-3), '-3'],
  [C.of(2.5), '2.5'],
  [C.of(1e21), '1e+21'],
  [C.of(2 ** 60), '1152921504606847000.0'],
  [C.of(true), 'True'],
  [C.real(3), '3.0'],
  [C.real(0.1 + 0.2), 'real("0.30000000000000004")'],
  [C.undefinedValue(), 'undefined'],
  [C.errorValue(), 'error'],
  [C.list(1, 'x', C.list()), '{1, "x", {}}'],
  [C.attribute('Cpus'), 'Cpus'],
  [C.my('Cpus'), 'MY.Cpus'],
  [C.target('RequestCpus'), 'TARGET.RequestCpus'],
  [C.call('stringListMember', ['a', C.attribute('Names')]), 'stringListMember("a", Names)'],
  [C.attribute('A').and(C.attribute('B').or(true)), 'A && (B || True)'],
  [C.attribute('A').minus(-5), 'A - (-5)'],
  [C.attribute('A').is('x').not(), '!(A =?= "x")'],
  [C.attribute('A').not(), '!A'],
  [C.attribute('A').lessThan(1).ifThenElse('few', 'many'), 'ifThenElse(A < 1, "few", "many")'],
  [C.parse(' A || B ').and(C.parse('C')), '(A || B) && C'],
] as [C, string][])('%# writes %s', (expression, expected) => {
  expect(text(expression)).toBe(expected);
});

test('every operator', () => {
  const a = C.attribute('a');
  const operators = [
    a.and(1), a.or(1), a.equalTo(1), a.notEqualTo(1), a.is(1), a.isnt(1), a.lessThan(1), a.lessOrEqual(1),
    a.greaterThan(1), a.greaterOrEqual(1), a.plus(1), a.minus(1), a.times(1), a.dividedBy(1),
  ];
  expect(operators.map(text).join(';')).toBe(
    'a && 1;a || 1;a == 1;a != 1;a =?= 1;a =!= 1;a < 1;a <= 1;a > 1;a >= 1;a + 1;a - 1;a * 1;a / 1');
});

test.each([
  ['a newline', C.string('a\nb')],
  ['a NUL', C.string('a\0')],
  ['a tab', C.string('a\tb')],
  ['a line separator', C.string('a\u2028b')],
  ['half of a surrogate pair', C.string('\ud800')],
  ['NaN', C.of(NaN)],
  ['infinity', C.real(-Infinity)],
  ['a fraction as integer', C.integer(1.5)],
  ['an integer that a number does not hold', C.integer(2 ** 53)],
  ['a reserved word', C.attribute('Undefined')],
  ['a scope', C.my('TARGET')],
  ['a name with a space', C.attribute('a b')],
  ['a name with a digit first', C.target('1a')],
  ['the name of a function', C.call('a-b', [])],
  ['nothing', C.of(undefined as unknown as string)],
  ['an object', C.of({} as unknown as string)],
  ['a record made by hand', C.list(null as unknown as string)],
])('%s is refused, and only when the text is asked for', (_, expression) => {
  const whole = C.attribute('A').and(C.list(1, expression).equalTo(2));
  expect(expression._problems()).toHaveLength(1);
  expect(whole._problems()).toEqual(expression._problems());
  expect(expression._problems()[0]).toMatch(/: given [^]*, allowed: /);
  expect(() => whole.toString()).toThrow(expression._problems()[0]);
});

test('all problems of an expression are reported, each once', () => {
  const wrong = C.attribute('a b');
  expect(wrong.and(wrong).or(C.of(NaN))._problems()).toHaveLength(2);
});

test.each([
  'a', ' a ', '1', '-1', '1.5e3', '.5', '"x"', '"a\\"b"', 'a && !b', 'a ? b : c', 'a ? b ? 1 : 2 : 3', 'a ?: b', 'f()', 'f(a, {1, 2}, {})',
  'MY.a =?= TARGET.b', 'a is b', 'a isnt undefined', 'x[0]', 'x[a + 1].b', '- -1', '1 - -1', '(((a)))', '~1 & 2 | 3 ^ 4',
  'a >>> 2', '-9223372036854775808', '9223372036854775807', 'a / b * c', 'strcat("é", "//", "/*")',
])('parse takes %s', (given) => {
  expect(C.parse(given)._problems()).toEqual([]);
});

test.each([
  '', '  ', 'a b', '4K', '01', '0x10', '1.', '1.e3', '"x" "y"', 'a = b', 'a;', ';', '"a', '"a\\"', "'a b'", 'a //b', 'a /* b */', '(a', 'a)', 'a) || (b',
  '{1,}', '{,}', '(1, 2)', 'f(,)', '()', 'a ? b', 'a : b', '(a ? b) : c', 'a &&', '&& a', 'a\nb', 'a\\', 'a.1', 'a.', 'is', 'a is', '1e999',
  '9223372036854775808', '99999999999999999999', 'a, b', '[a = 1].a', '[]', 'a.true', 'a.is', 'true(1)', 'a.(b)', 'a.-b', 'a.1', 'x[]', 'x[1, 2]', '{1)', '$(X)', 'a @ b', 'é', '1(2)', '"f"(2)',
])('parse refuses %j', (given) => {
  expect(C.parse(given)._problems()).toHaveLength(1);
});

test('any string is a problem or one literal', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (given) => {
    const literal = C.string(given);
    if (literal._problems().length === 0) {
      expect(C.parse(text(literal))._problems()).toEqual([]);
    }
  }), { numRuns: 2000 });
});

test('any text is a problem or an expression that stays one inside another', () => {
  const piece = fc.constantFrom('a', '1', '"', '\\', '(', ')', '{', '}', '[', ']', '&&', '?', ':', '/', '*', '=', '.', ',', ' ', '-', "'", ';', '\n', 'is');
  fc.assert(fc.property(fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')), (given) => {
    const parsed = C.parse(given);
    if (parsed._problems().length === 0) {
      expect(C.parse(text(parsed.and(parsed)))._problems()).toEqual([]);
    }
  }), { numRuns: 5000 });
});

test('any name is a problem or fit', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z_]\w{0,5}$/)), (name) => {
    const attribute = C.attribute(name);
    expect(attribute._problems().length === 0).toBe(/^[A-Za-z_]\w*$/.test(name)
      && !['error', 'false', 'is', 'isnt', 'parent', 'true', 'undefined', 'my', 'target', 'currenttime'].includes(name.toLowerCase()));
  }));
});

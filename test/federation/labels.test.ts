import { isLabelKey, isLabelValue } from '../../src/federation/labels';

const LONGEST = 'a'.repeat(63);

test.each(['tier', 'T', 'a.b_c-d', '0', LONGEST, 'example.org/tier', `${Array(63).fill('abc').join('.')}/${LONGEST}`])('a key: %s', key =>
  expect(isLabelKey(key)).toBe(true));

test.each(['', ' ', 'a b', '-a', 'a.', `${LONGEST}a`, '/tier', 'example.org/', 'example.org/a/b', 'Example.org/tier', 'a..b/tier', '-a/tier',
  `${Array(65).fill('abc').join('.')}/tier`, 'tier\n'])('no key: %j', key => expect(isLabelKey(key)).toBe(false));

test.each(['', 'own', 'T-Systems', 'a.b_c', '0', LONGEST])('a value: %s', value => expect(isLabelValue(value)).toBe(true));

test.each([' ', 'b c', '-a', 'a_', `${LONGEST}a`, 'a/b', 'a\n', 'ä'])('no value: %j', value => expect(isLabelValue(value)).toBe(false));

import { problem } from '../problem';

/**
 * The written form of ClassAd values and expressions, in the syntax that
 * HTCondor reads in configuration files ("old ClassAds").
 */

/** Words that can't be attribute names: HTCondor's reserved ones, and those that name a scope or the clock. */
const RESERVED_WORDS = new Set([
  'error', 'false', 'is', 'isnt', 'parent', 'true', 'undefined',
  'my', 'target', 'currenttime',
]);

/** What an attribute name is: HTCondor compares names without case. */
export const ATTRIBUTE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

const MAX_INTEGER = BigInt('9223372036854775807');
const MIN_INTEGER_DIGITS = '9223372036854775808';
// C0, DEL, C1, and the two separators at which Python's reader of ads ends a line.
// eslint-disable-next-line no-control-regex
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Why a text can't be part of a ClassAd at all, or undefined. `what` begins the answer. */
export const textProblem = (what: string, text: string): string | undefined => {
  const control = CONTROL_CHARACTER.exec(text);
  if (control) {
    const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    return problem(what, text, `text on one line without control characters (found U+${code})`);
  }
  // With the u flag a paired surrogate is one character, so this finds lone ones.
  if (/\p{Surrogate}/u.test(text)) {
    return problem(what, text, 'well-formed Unicode (found half of a surrogate pair)');
  }
  return undefined;
};

/** Why a name can't be an attribute's (or, with the same rule, a function's), or undefined. */
export const nameProblem = (what: string, name: unknown): string | undefined => {
  if (typeof name !== 'string' || !ATTRIBUTE_NAME.test(name)) {
    return problem(`not ${what}`, name, 'a letter or "_", then letters, digits and "_"');
  }
  if (RESERVED_WORDS.has(name.toLowerCase())) {
    return problem(`not ${what}`, name, 'any word but those that ClassAds reserve');
  }
  return undefined;
};

/**
 * A string literal.
 *
 * Only `\"` is an escape, so other backslashes stay single. One before the
 * closing quote would escape it, hence the detour over a character that is
 * dropped again.
 */
export const stringText = (value: string): string => {
  const quoted = value.replace(/"/g, '\\"');
  return value.endsWith('\\') ? `substr("${quoted} ", 0, -1)` : `"${quoted}"`;
};

/**
 * A finite real number: always with a point or an exponent, or HTCondor would
 * read an integer.
 *
 * HTCondor sends ads with 16 significant digits, which turns 0.1 + 0.2 into 0.3
 * on its way to the collector and the greatest number into infinity. A number
 * that needs 17 travels as a string.
 */
export const realText = (value: number): string => {
  if (Number(value.toExponential(15)) !== value) {
    return `real("${value}")`;
  }
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
};

const TOKEN = new RegExp([
  '(?<space> +)',
  '(?<string>"(?:[^"\\\\]|\\\\"|\\\\(?!"))*")',
  '(?<number>(?:\\d+(?:\\.\\d+)?|\\.\\d+)(?:[eE][+-]?\\d+)?(?![\\w.]))',
  '(?<word>[A-Za-z_][A-Za-z0-9_]*)',
  '(?<sign>=\\?=|=!=|>>>|<<|>>|<=|>=|==|!=|&&|\\|\\||\\?:|[-+*/%<>!~&|^?:.,(){}[\\]])',
].join('|'), 'y');

const LITERAL_WORD = /^(error|false|parent|true|undefined)$/i;
const BINARY = new Set('|| && | ^ & == != =?= =!= < <= > >= << >> >>> + - * / % ?:'.split(' '));
const UNARY = new Set('! ~ + -'.split(' '));
const CLOSES: { [open: string]: string } = { 'call': ')', '(': ')', '{': '}', '[': ']' };

const numberProblem = (digits: string, negative: boolean): string | undefined => {
  if (/[.eE]/.test(digits)) {
    return Number.isFinite(Number(digits)) ? undefined : `real numbers of double precision (found ${digits})`;
  }
  if (/^0./.test(digits)) {
    return `decimal integers without a leading 0 (found ${digits})`;
  }
  // Beyond 64 bits HTCondor reads 0 and says nothing.
  const fits = BigInt(digits) <= MAX_INTEGER || (negative && digits === MIN_INTEGER_DIGITS);
  return fits ? undefined : `integers of 64 bits (found ${digits})`;
};

/** What was found in a text given as an expression. */
export interface CheckedText {
  /** Why it isn't an expression; undefined if it seems to be one. */
  readonly problem?: string;
  /** Whether it is one token, so that it needs no parentheses inside another expression. */
  readonly single: boolean;
}

/**
 * Checks that a text has the form of one expression.
 *
 * HTCondor's reader stops where an expression can't go on and keeps what it
 * has: of `a = b`, `4K` and `"x" "y"` it takes `a`, `4` and `"x"`. So operands
 * and operators must alternate here, and brackets must match.
 */
export const checkExpressionText = (text: string): CheckedText => {
  const fail = (allowed: string): CheckedText => ({ problem: problem('not an expression', text, allowed), single: false });
  const unfit = textProblem('not an expression', text);
  if (unfit) {
    return { problem: unfit, single: false };
  }
  if (/^ *$/.test(text)) {
    return fail('an expression that is not empty');
  }

  const open: string[] = [];
  let operand = true; // whether an operand comes next
  let before = '';
  let tokens = 0;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const groups = TOKEN.exec(text)?.groups;
    if (!groups) {
      return fail(`ClassAd literals, names and operators (found ${JSON.stringify(text.slice(at, at + 20))})`);
    }
    if (groups.space) {
      continue;
    }
    const token = groups.string ?? groups.number ?? groups.word ?? groups.sign;
    const unexpected = fail(`${operand ? 'a value' : 'an operator'} before ${JSON.stringify(text.slice(at, at + 20))}`);
    const inner = open[open.length - 1];
    tokens += 1;
    if (groups.sign === undefined) {
      const asOperator = /^(is|isnt)$/i.test(token);
      const selected = before === '.';
      if (operand === asOperator || (selected && (!groups.word || LITERAL_WORD.test(token)))) {
        return unexpected;
      }
      const wrong = groups.number && numberProblem(token, before === '-');
      if (wrong) {
        return fail(wrong);
      }
      operand = asOperator;
    } else if (operand && before !== '.' && (token === '(' || token === '{')) {
      open.push(token);
    } else if (operand && before !== '.' && UNARY.has(token)) {
      // An operand still comes next.
    } else if (!operand && token === '(' && ATTRIBUTE_NAME.test(before) && !LITERAL_WORD.test(before)) {
      open.push('call');
      operand = true;
    } else if (!operand && token === '[') {
      open.push('[');
      operand = true;
    } else if (inner && token === CLOSES[inner]) {
      const empty = (inner === 'call' && before === '(') || (inner === '{' && before === '{');
      if (operand && !empty) {
        return unexpected;
      }
      open.pop();
      operand = false;
    } else if (!operand && token === '?') {
      open.push('?');
      operand = true;
    } else if (!operand && token === ':' && inner === '?') {
      open.pop();
      operand = true;
    } else if (!operand && (BINARY.has(token)
      || (token === '.')
      || (token === ',' && (inner === 'call' || inner === '{')))) {
      operand = true;
    } else {
      return unexpected;
    }
    // Two slashes in a row would start a comment.
    if (token === '/' && text[at - 1] === '/' || token === '*' && text[at - 1] === '/') {
      return fail('an expression without comments');
    }
    before = token;
  }
  if (open.length > 0) {
    return fail(`an expression whose "${open[open.length - 1].replace('call', '(')}" is closed`);
  }
  if (operand) {
    return fail('an expression that does not end in an operator');
  }
  return { single: tokens === 1 };
};

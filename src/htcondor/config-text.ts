import { Duration, Size, SizeRoundingBehavior } from 'cdk8s';
import { problem } from '../problem';
import { ClassAdExpression } from './classad';

/**
 * Text of our own that HTCondor expands: `$(RELEASE_DIR)/bin`. The rules for a
 * line hold for it too.
 */
export class Macro {
  public constructor(public readonly text: string) {}
}

/**
 * What a knob can be set to.
 *
 * A string is literal: HTCondor reads back that text, `$(X)` included. A
 * Duration is written in seconds, a Size in MiB, an array separated by commas.
 */
export type KnobValue = string | number | boolean | Macro | Duration | Size | ClassAdExpression | readonly string[];

/** The text of a value, or why there is none. */
export interface KnobText {
  readonly text: string;
  readonly problems: readonly string[];
}

// A tab inside a value is data; at an end it would be trimmed.
// eslint-disable-next-line no-control-regex
const UNFIT_CHARACTER = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** Why a text can't be the value in a line of a configuration file. */
const lineProblem = (where: string, text: string): string | undefined => {
  if (UNFIT_CHARACTER.test(text)) {
    return problem(where, text, 'text on one line without control characters');
  }
  if (/\p{Surrogate}/u.test(text)) {
    return problem(where, text, 'well-formed Unicode');
  }
  if (/^[ \t]|[ \t]$/.test(text)) {
    return problem(where, text, 'text that neither begins nor ends in white space, which HTCondor drops');
  }
  if (text.endsWith('\\')) {
    return problem(where, text, 'text that does not end in a backslash, which would join the next line to it');
  }
  return undefined;
};

// A run of dollars, a macro function's name or none, and a bracket. HTCondor
// takes dollars in pairs and leaves $$( alone, so only an odd run opens a macro.
const MACRO_OPENING = /(\$+)\w*\(/g;

/** Where the bracket at `open` is closed, or the end of the text. */
const closingBracket = (text: string, open: number): number => {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    depth += text[at] === '(' ? 1 : text[at] === ')' ? -1 : 0;
    if (depth === 0) {
      return at;
    }
  }
  return text.length;
};

/**
 * Text that reads back as it is given: what looks like a macro gets its dollar
 * from `$(DOLLAR)`.
 *
 * HTCondor replaces `$(DOLLAR)` from left to right, looks again at what stands
 * there then, and steps over a macro as a whole: so it can't be brought to yield
 * `$(DOLLAR)` itself, nor one macro within another.
 */
const literalText = (where: string, text: string): KnobText => {
  const pieces: string[] = [];
  let from = 0;
  let closed = -1;
  for (const match of text.matchAll(MACRO_OPENING)) {
    if (match[1].length % 2 === 0) {
      continue;
    }
    const dollar = match.index + match[1].length - 1;
    const opening = match.index + match[0].length - 1;
    if (dollar < closed || /^\$\(DOLLAR\)/i.test(text.slice(dollar))) {
      return { text, problems: [problem(where, text, 'text without "$(DOLLAR)" and without a macro inside another, which can\'t be written literally')] };
    }
    closed = closingBracket(text, opening);
    pieces.push(text.slice(from, dollar), '$(DOLLAR)');
    from = dollar + 1;
  }
  pieces.push(text.slice(from));
  return { text: pieces.join(''), problems: [] };
};

const checkedLiteral = (where: string, text: string): KnobText => {
  const unfit = lineProblem(where, text);
  return unfit ? { text, problems: [unfit] } : literalText(where, text);
};

const wholeNumber = (where: string, amount: number, unit: string): KnobText => ({
  text: String(amount),
  problems: Number.isSafeInteger(amount) && amount >= 0 ? [] : [problem(where, `${amount} ${unit}`, `a whole number of ${unit}`)],
});

const listText = (where: string, elements: readonly string[]): KnobText => {
  const texts = elements.map((element, index) => {
    const at = `${where}[${index}]`;
    if (typeof element !== 'string' || element === '' || /[\s,]/.test(element)) {
      return { text: '', problems: [problem(at, element, 'text that is not empty, without commas and white space')] };
    }
    return checkedLiteral(at, element);
  });
  const joined = texts.map(({ text }) => text).join(', ');
  const problems = texts.flatMap((text) => text.problems);
  // Elements on their own may be fine, and a macro when joined.
  return { text: joined, problems: problems.length > 0 ? problems : literalText(where, elements.join(', ')).problems };
};

/** The text of a value, as it stands behind `NAME =`. */
export const knobText = (where: string, value: KnobValue): KnobText => {
  if (typeof value === 'string') {
    return checkedLiteral(where, value);
  }
  if (typeof value === 'boolean') {
    return { text: value ? 'True' : 'False', problems: [] };
  }
  if (typeof value === 'number') {
    return { text: String(value), problems: Number.isFinite(value) ? [] : [problem(where, String(value), 'a finite number')] };
  }
  if (value instanceof Macro) {
    const unfit = lineProblem(where, value.text);
    return { text: value.text, problems: unfit ? [unfit] : [] };
  }
  if (value instanceof Duration) {
    return wholeNumber(where, value.toSeconds({ integral: false }), 'seconds');
  }
  if (value instanceof Size) {
    return wholeNumber(where, value.toMebibytes({ rounding: SizeRoundingBehavior.NONE }), 'MiB');
  }
  if (ClassAdExpression._is(value)) {
    const problems = value._problems();
    return problems.length > 0 ? { text: '', problems: problems.map((each) => `${where}: ${each}`) } : checkedLiteral(where, value.toString());
  }
  if (Array.isArray(value)) {
    return listText(where, value);
  }
  return { text: '', problems: [problem(where, value, 'a string, number, boolean, duration, size, expression or list')] };
};

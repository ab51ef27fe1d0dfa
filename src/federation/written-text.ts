import { Yaml } from 'cdk8s';
import { problem } from '../problem';

/** What Go's YAML, by which kubectl reads, takes for a number once the underscores are gone. */
const NUMBER = /^[-+]?(0[oO][0-7]+|0[xX][\da-fA-F]+|0[bB][01]+|(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?)$/;

/** Characters that are written as they are, and that Go's YAML refuses or reads as others. */
const UNREADABLE = /[\u007f-\u009f\u2028\u2029\ufffe\uffff]|\p{Surrogate}/u;

/** Texts in a value, keys included, that a file would hold and kubectl would not read as they are. */
export function misread(value: unknown, at: string): string[] {
  if (typeof value === 'string') { return textProblems(value, at); }
  if (Array.isArray(value)) { return value.flatMap((item, index) => misread(item, `${at}[${index}]`)); }
  if (typeof value !== 'object' || value === null) { return []; }
  return Object.entries(value).flatMap(([key, item]) => {
    const inside = at === '' ? key : `${at}.${key}`;
    return [...textProblems(key, inside), ...misread(item, inside)];
  });
}

function textProblems(text: string, at: string): string[] {
  if (UNREADABLE.test(text)) { return [problem(at, text, 'text without control characters and separators that YAML does not keep')]; }
  return isReadAsNumber(text) ? [problem(at, text, 'another text: it is written without quotes, and kubectl reads a number')] : [];
}

/** cdk8s' YAML puts quotes around what it takes for a number itself, which is nearly all. */
function isReadAsNumber(text: string): boolean {
  return /^[-+.\d]/.test(text) && NUMBER.test(text.replace(/_/g, '')) && !/^["']/.test(Yaml.stringify(text));
}

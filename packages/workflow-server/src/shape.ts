import { Problem, shown } from './problem';

/** How much a request may say: a workflow, its parameters and the rest together. */
const MOST_LEVELS = 24;
const MOST_VALUES = 20_000;
const MOST_ENTRIES = 5_000;
const LONGEST_KEY = 256;

/**
 * What is wrong with the shape of a value from outside, before anything else looks at it: how deep, how much, and text that PostgreSQL doesn't keep.
 * It goes through it with a list of its own, since what is nested deeply enough overflows the stack of whoever calls himself.
 */
export function shapeProblem(value: unknown): Problem | undefined {
  const rest: { readonly value: unknown; readonly level: number }[] = [{ value, level: 0 }];
  let values = 0;
  while (rest.length > 0) {
    const { value: current, level } = rest.pop()!;
    values += 1;
    if (values > MOST_VALUES) { return { property: 'body', given: 'more', allowed: `at most ${MOST_VALUES} values in all` }; }
    if (typeof current === 'string' && !isStored(current)) { return { property: 'body', given: shown(current), allowed: TEXT }; }
    if (typeof current !== 'object' || current === null) { continue; }
    if (level >= MOST_LEVELS) { return { property: 'body', given: 'more', allowed: `at most ${MOST_LEVELS} levels` }; }
    const entries = Object.entries(current);
    if (entries.length > MOST_ENTRIES) { return { property: 'body', given: `${entries.length} in one`, allowed: `at most ${MOST_ENTRIES} entries in one object or list` }; }
    for (const [key, entry] of entries) {
      if (key.length > LONGEST_KEY) { return { property: 'body', given: shown(key), allowed: `keys of at most ${LONGEST_KEY} characters` }; }
      if (!isStored(key)) { return { property: 'body', given: shown(key), allowed: TEXT }; }
      rest.push({ value: entry, level: level + 1 });
    }
  }
  return undefined;
}

const TEXT = 'Unicode text without the character U+0000';

/** Surrogates without their other half, and U+0000, are no text to PostgreSQL. */
function isStored(text: string): boolean {
  return !text.includes('\0') && !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);
}

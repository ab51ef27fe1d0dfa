/** What is wrong with something that somebody gave, in the words in which every answer of the server says it. */
export interface Problem {
  readonly property: string;
  /** What was given, cut short; absent where it may be a secret. */
  readonly given?: unknown;
  readonly allowed: string;
}

/** A refusal: an answer with a status of its own, and the problem. */
export class Refusal extends Error {
  public constructor(public readonly status: number, public readonly problem: Problem) {
    super(text(problem));
  }
}

/** A problem as one line. */
export function text({ property, given, allowed }: Problem): string {
  return `${property}: ${given === undefined ? '' : `given ${String(given)}, `}allowed: ${allowed}`;
}

/** A value as an answer may repeat it: short, and of printable characters. */
export function shown(value: unknown): string {
  const json = typeof value === 'string' ? JSON.stringify(value.slice(0, 200)) : JSON.stringify(value) ?? String(value);
  const printable = json.replace(/[^\x20-\x7e]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return printable.length > 120 ? `${printable.slice(0, 117)}...` : printable;
}

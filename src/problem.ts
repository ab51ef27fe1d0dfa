/**
 * How a problem reads in the report of a synth: where, what was given, what is allowed.
 *
 * The construct's path is put in front by `App.synth()`, which asks every construct for its
 * problems and throws all of them in one error before anything is written.
 */
export function problem(property: string, given: unknown, allowed: string): string {
  return `${property}: given ${show(given)}, allowed: ${allowed}`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

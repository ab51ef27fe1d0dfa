import * as fs from 'fs';
import * as path from 'path';
import { problem } from '../problem';

/** What a ConfigMap may hold at most, all keys together. */
export const MOST_BYTES = 1_048_576;

/** The package's folder, from `src/` as from `lib/`. */
const PACKAGE = path.join(__dirname, '..', '..');

/** A program that is built beside the library and comes with it, as one file. */
export function bundledProgram(name: string): string {
  const file = path.join(PACKAGE, 'packages', name, 'dist', `${name}.cjs`);
  if (!fs.existsSync(file)) { throw new Error(`${file} is not there: \`npx projen bundle\` builds it, and the package holds it`); }
  return fs.readFileSync(file, 'utf8');
}

/** Whether a program gets into a ConfigMap; `own` is what has it in an image. */
export function programProblems(property: string, own: string, data: { readonly [file: string]: string }): string[] {
  const bytes = Object.entries(data).reduce((sum, [file, text]) => sum + Buffer.byteLength(file) + Buffer.byteLength(text), 0);
  if (bytes <= MOST_BYTES) { return []; }
  return [problem(property, `${bytes} bytes of program`, `at most ${MOST_BYTES} in a ConfigMap; ${own} has the program in the image`)];
}

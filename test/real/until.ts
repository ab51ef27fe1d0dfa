/**
 * The seconds that a state may take to come where nobody promises a time. A machine that runs other suites beside this one is slow, and a
 * wait that ends early tells of the machine, not of what is tested. A time that is promised is stated where it is waited for.
 */
export const PATIENCE = 600;

/** The pauses before it is asked again, in milliseconds: as long as a tenth of what has been waited, since who asks keeps the machine from answering. */
const PAUSE = { shortest: 500, longest: 3000, part: 0.1 };

/** Asks until the answer is yes, with a pause in milliseconds before it asks again: where none is said, a longer one the longer it takes. */
export async function until(what: string, holds: () => Promise<boolean>, seconds = PATIENCE, pause?: number): Promise<void> {
  const begin = Date.now();
  let last: unknown;
  for (;;) {
    try {
      if (await holds()) { return; }
      last = undefined;
    } catch (error) {
      last = error;
    }
    const waited = Date.now() - begin;
    if (waited > seconds * 1000) { throw new Error(`not in ${seconds} s: ${what}${last ? `\n${(last as Error).message}` : ''}`); }
    const next = pause ?? Math.min(PAUSE.longest, Math.max(PAUSE.shortest, PAUSE.part * waited));
    await new Promise(resolve => setTimeout(resolve, next));
  }
}

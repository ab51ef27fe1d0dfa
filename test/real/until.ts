/**
 * The seconds that a state may take to come where nobody promises a time. A machine that runs other suites beside this one is slow, and a
 * wait that ends early tells of the machine, not of what is tested. A time that is promised is stated where it is waited for.
 */
export const PATIENCE = 600;

/** Asks until the answer is yes, with a pause in milliseconds before it asks again. */
export async function until(what: string, holds: () => Promise<boolean>, seconds = PATIENCE, pause = 500): Promise<void> {
  const end = Date.now() + seconds * 1000;
  let last: unknown;
  for (;;) {
    try {
      if (await holds()) { return; }
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) { throw new Error(`not in ${seconds} s: ${what}${last ? `\n${(last as Error).message}` : ''}`); }
    await new Promise(resolve => setTimeout(resolve, pause));
  }
}

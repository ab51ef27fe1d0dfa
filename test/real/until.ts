/** Asks until the answer is yes, with a pause in milliseconds before it asks again. */
export async function until(what: string, holds: () => Promise<boolean>, seconds = 90, pause = 500): Promise<void> {
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

import { ApiClient } from './api-client';

/** The time in which changes are gathered before they are acted on, in milliseconds. */
const GATHER = 100;
/** The time after which a failed attempt is repeated, in milliseconds. */
const RETRY = 1000;

/** Has `reconcile` called after every change in the collections, one call at a time, and again until it succeeds. */
export function control(name: string, api: ApiClient, collections: string[], reconcile: () => Promise<void>): void {
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let again = false;
  const run = async () => {
    timer = undefined;
    running = true;
    again = false;
    try {
      await reconcile();
    } catch (error) {
      process.stderr.write(`${name}: ${(error as Error).message}\n`);
      again = true;
    }
    running = false;
    if (again) {
      timer ??= setTimeout(run, RETRY);
    }
  };
  const changed = () => {
    if (running) {
      again = true;
    } else {
      timer ??= setTimeout(run, GATHER);
    }
  };
  for (const collection of collections) {
    api.watch(collection, changed);
  }
  changed();
}

import * as fs from 'fs';
import { setTimeout as sleep } from 'timers/promises';
import { NamespaceView } from './namespace-view';
import { ServerSettings } from './settings';
import { countsOf, Workflow } from '../workflow';

/** How often the workflow server is asked, and how long it may take. */
const PERIOD = 5_000;
const TIMEOUT = 5_000;
/** Longer answers aren't read: the server lists a thousand requests at most, of a hundred bytes. */
const MOST_BYTES = 1024 * 1024;

/** A request that waits for a slot. */
interface Waiting {
  readonly id: string;
  readonly registered?: string;
}

/** The requests that wait for a slot: they have no object in the cluster, so the workflow server is asked. */
export interface WaitingView extends NamespaceView {
  /** What is wrong with the server's answers, in a sentence; empty if nothing is. */
  readonly problem: string;
}

export function waitingView({ url, tokenFile, namespace }: ServerSettings, changed: () => void, period = PERIOD): WaitingView {
  let requests: readonly Waiting[] = [];
  let problem = '';
  const stopping = new AbortController();

  const round = async () => {
    const before = JSON.stringify([requests, problem]);
    try {
      requests = requestsOf(await answer(url, tokenFile, stopping.signal));
      problem = '';
    } catch (error) {
      if (stopping.signal.aborted) { return; }
      // what was known stays: the requests still wait, as far as anybody knows
      problem = `The workflow server doesn't say which requests wait: ${reasonOf(error as Error)}.`;
    }
    if (JSON.stringify([requests, problem]) !== before) {
      if (problem) { process.stderr.write(`${problem}\n`); }
      changed();
    }
  };

  return {
    // the rest is shown whatever the server does
    synced: true,
    get problem() { return problem; },
    ids: () => requests.map(({ id }) => id),
    workflow: id => {
      const before = requests.findIndex(request => request.id === id);
      return before < 0 ? undefined : workflowOf(namespace, requests[before], before);
    },
    log: () => undefined,
    run: async () => {
      while (!stopping.signal.aborted) {
        await round();
        await sleep(period, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    },
    stop: () => stopping.abort(),
  };
}

async function answer(url: string, tokenFile: string, stopped: AbortSignal): Promise<unknown> {
  // the kubelet brings another token when the Secret changes
  const token = fs.readFileSync(tokenFile, 'utf8').trim();
  const response = await fetch(new URL('/waiting', url), {
    // the token is for this server alone
    redirect: 'error',
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    signal: AbortSignal.any([stopped, AbortSignal.timeout(TIMEOUT)]),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`it answers ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body! as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) { throw new Error(`its answer has more than ${MOST_BYTES} bytes`); }
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

/** What has another form than that of a request is left out. */
function requestsOf(given: any): Waiting[] {
  if (!Array.isArray(given?.waiting)) { throw new Error('its answer is no list'); }
  return given.waiting
    .filter((each: any) => typeof each?.id === 'string' && /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(each.id))
    .map(({ id, registered }: any) => ({ id, ...!Number.isNaN(Date.parse(registered)) && { registered: new Date(registered).toISOString() } }));
}

function workflowOf(namespace: string, { id, registered }: Waiting, before: number): Workflow {
  return {
    namespace,
    id,
    kind: 'yadage',
    state: 'REGISTERED',
    reason: before === 0 ? 'the next that gets a slot' : `${before} before it`,
    registered,
    counts: countsOf([]),
    stages: [],
    steps: [],
    edges: [],
    hasLog: false,
  };
}

/** Why a question failed; what `fetch` says of it is in its cause. */
function reasonOf({ name, message, cause }: Error): string {
  if (name === 'TimeoutError') { return `no answer within ${TIMEOUT / 1000} s`; }
  if (name === 'SyntaxError') { return 'its answer is no JSON'; }
  const { code = '', message: why = message } = (cause ?? {}) as Partial<NodeJS.ErrnoException>;
  // such as ECONNREFUSED, without the address
  return code.startsWith('E') ? code : why;
}

import { setTimeout as sleep } from 'timers/promises';
import { promisify } from 'util';
import { gunzip } from 'zlib';
import { ApiError, ClusterApi } from './cluster-api';
import { Workflow } from '../workflow';

/** The log of a step that ran elsewhere: its engine writes it into a ConfigMap. */
export interface WrittenLogSource {
  readonly namespace: string;
  readonly configMap: string;
  /** The labels that it must have: another workflow's isn't read. */
  readonly labels: string;
}

/** Engines write half of that at most. More isn't unpacked: a ConfigMap's megabyte can be a gigabyte of zeros. */
const MOST = 1024 * 1024;
/** How long until it is asked again; engines write about every 15 seconds. */
const PAUSE = 5_000;
/** How long after its end a step's log may still be written: once more. */
const GRACE = 20_000;
/** So few bytes that are the same at the end of what was and at the beginning of what is are chance. */
const LEAST_COMMON = 256;
const GAP = Buffer.from('\n[here is a gap: the step said more than its engine keeps]\n');

const unpack = promisify(gunzip);

/** What an engine has written isn't a log. Its message is for the reader. */
export class UnreadableLog extends Error {}

/** Such a log as it is now. */
export class WrittenLog {
  private version = '';
  private text: Buffer = Buffer.alloc(0);

  public constructor(private readonly api: ClusterApi, private readonly source: WrittenLogSource) {}

  /** All of it, and, if it is followed, what is added from then on, until it is over and has been read once more after that. */
  public async* chunks(follow: boolean, isOverNow: () => boolean, signal: AbortSignal): AsyncGenerator<Buffer> {
    for (;;) {
      const last = !follow || isOverNow();
      yield await this.read(signal);
      if (last) { return; }
      await sleep(PAUSE, undefined, { signal });
    }
  }

  /** What has been added since it was read last; all of it at first. */
  private async read(signal: AbortSignal): Promise<Buffer> {
    const { namespace, configMap, labels } = this.source;
    // by a list, which the Role allows for the sake of the states
    const { items: [object] } = await this.api.get(`/api/v1/namespaces/${namespace}/configmaps`, {
      fieldSelector: `metadata.name=${configMap}`, labelSelector: labels,
    }, signal);
    if (!object) { throw new ApiError(404, 'there is no such ConfigMap'); }
    if (object.metadata.resourceVersion === this.version) { return Buffer.alloc(0); }
    const text = await unpacked(object.binaryData?.['run.log.gz']);
    const more = added(this.text, text);
    this.version = object.metadata.resourceVersion;
    this.text = text;
    return more;
  }
}

/** Whether nothing is added any more to the log of a step's Job. An engine that died has written no end of its steps. */
export function isOver(workflow: Workflow | undefined, job: string | undefined, now = Date.now()): boolean {
  const step = workflow?.steps.find(each => each.job === job);
  if (!workflow || !step) { return true; }
  if (step.state === 'SUCCESS' || step.state === 'FAILURE') { return step.ready === undefined || Date.parse(step.ready) + GRACE < now; }
  return workflow.state === 'SUCCESS' || workflow.state === 'FAILURE';
}

async function unpacked(gzipped: unknown): Promise<Buffer> {
  try {
    return await unpack(Buffer.from(String(gzipped ?? ''), 'base64'), { maxOutputLength: MOST });
  } catch (error) {
    const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw new UnreadableLog(`what the engine wrote is no log: ${tooLarge ? `unpacked it is more than ${MOST} bytes` : 'it is no gzip'}`);
  }
}

/** What of a text is new to who has read another one of it. Its beginning moves on, so the end of the one is looked for in the other. */
export function added(before: Buffer, now: Buffer): Buffer {
  const common = overlap(before, now);
  if (common === before.length || common >= LEAST_COMMON) { return now.subarray(common); }
  return now.length === 0 ? now : Buffer.concat([GAP, now]);
}

/**
 * How many bytes the end of the one and the beginning of the other have in common, by the algorithm of Knuth, Morris and Pratt: what is compared was
 * written by anybody, and takes no longer however often it repeats itself.
 */
function overlap(one: Buffer, other: Buffer): number {
  const borders = new Uint32Array(other.length);
  const next = (matched: number, byte: number) => {
    let length = matched;
    while (length > 0 && (length === other.length || other[length] !== byte)) { length = borders[length - 1]; }
    return other[length] === byte ? length + 1 : length;
  };
  for (let index = 1, matched = 0; index < other.length; index++) {
    matched = next(matched, other[index]);
    borders[index] = matched;
  }
  let matched = 0;
  for (const byte of one) { matched = next(matched, byte); }
  return matched;
}

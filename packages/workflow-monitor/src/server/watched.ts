import { setTimeout as sleep } from 'timers/promises';
import { ApiError, ClusterApi } from './cluster-api';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** How many objects a page of a list has. */
const PAGE = '500';
/** How long a watch lasts at most, in seconds; the API server sends bookmarks about once a minute. */
const WATCH = '300';
const LEAST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;

/** The objects of a kind and a label, as they are now: a list, and a watch from there on. */
export class Watched<T> {
  private objects = new Map<string, T>();
  private listed = false;
  private readonly stopping = new AbortController();

  public constructor(
    private readonly api: ClusterApi,
    private readonly location: string,
    private readonly labelSelector: string,
    private readonly keep: (object: any) => T,
    private readonly changed: () => void,
  ) {}

  public get items(): Iterable<T> {
    return this.objects.values();
  }

  /** Whether it has been told of everything once. */
  public get synced(): boolean {
    return this.listed;
  }

  /** Goes on until `stop`. What fails begins anew, more slowly each time. */
  public async run(): Promise<void> {
    let pause = LEAST_PAUSE;
    let told = '';
    while (!this.stopping.signal.aborted) {
      try {
        let version = await this.list();
        for (;;) {
          pause = LEAST_PAUSE;
          told = '';
          version = await this.watch(version);
        }
      } catch (error) {
        if (this.stopping.signal.aborted) { return; }
        const gone = error instanceof ApiError && error.status === 410;
        const message = `${this.location}: ${(error as Error).message}`;
        if (!gone && message !== told) {
          process.stderr.write(`${message}\n`);
          told = message;
        }
        await sleep(gone ? LEAST_PAUSE : pause, undefined, { signal: this.stopping.signal }).catch(() => undefined);
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
    }
  }

  public stop(): void {
    this.stopping.abort();
  }

  private async list(): Promise<string> {
    const objects = new Map<string, T>();
    let rest = '';
    for (;;) {
      const query = { labelSelector: this.labelSelector, limit: PAGE, ...rest && { continue: rest } };
      const { items, metadata } = await this.api.get(this.location, query, this.stopping.signal);
      for (const item of items) { objects.set(item.metadata.name, this.keep(item)); }
      rest = metadata.continue ?? '';
      if (rest) { continue; }
      this.objects = objects;
      this.listed = true;
      this.changed();
      return metadata.resourceVersion;
    }
  }

  private async watch(from: string): Promise<string> {
    const response = await this.api.stream(this.location, {
      labelSelector: this.labelSelector, watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: WATCH, resourceVersion: from,
    }, this.stopping.signal);
    let version = from;
    let rest = '';
    response.setEncoding('utf8');
    for await (const chunk of response) {
      const lines = (rest + (chunk as string)).split('\n');
      rest = lines.pop()!;
      for (const line of lines.filter(Boolean)) { version = this.take(JSON.parse(line)); }
    }
    return version;
  }

  private take({ type, object }: { readonly type: string; readonly object: any }): string {
    if (type === 'ERROR') { throw new ApiError(object.code ?? 0, object.message ?? 'the watch ended'); }
    if (type !== 'BOOKMARK') {
      if (type === 'DELETED') { this.objects.delete(object.metadata.name); } else { this.objects.set(object.metadata.name, this.keep(object)); }
      this.changed();
    }
    return object.metadata.resourceVersion;
  }
}

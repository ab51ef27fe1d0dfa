import { Kubernetes, KubernetesError, KubernetesObject } from './kubernetes';
import { Log } from './log';

const PAUSE = 2_000;
const SHORTEST_WATCH = 1_000;

/** The objects of one list of the API server, as they are now: listed once, then watched. A watch that breaks is begun again with a list. */
export class Watched {
  private readonly objects = new Map<string, KubernetesObject>();
  private stopWatching?: () => void;
  private timer?: NodeJS.Timeout;
  private stopped = false;
  private isKnown = false;

  /** @param path the list, with its selector */
  public constructor(
    private readonly kubernetes: Kubernetes, private readonly path: string, private readonly log: Log, private readonly changed: () => void,
  ) {}

  /** Whether it has been listed at all. */
  public get known(): boolean { return this.isKnown; }

  public get(name: string): KubernetesObject | undefined { return this.objects.get(name); }

  public all(): KubernetesObject[] { return [...this.objects.values()]; }

  public start(): void { void this.list(); }

  public stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.stopWatching?.();
  }

  private async list(): Promise<void> {
    try {
      const { metadata, items } = await this.kubernetes.get(this.path);
      this.objects.clear();
      for (const item of items) { this.objects.set(item.metadata.name, item); }
      this.isKnown = true;
      this.changed();
      this.follow(metadata.resourceVersion);
    } catch (error) {
      this.again(error as Error);
    }
  }

  private follow(from: string): void {
    if (this.stopped) { return; }
    let version = from;
    const begun = performance.now();
    this.stopWatching = this.kubernetes.watch(this.path, version, (type, object) => {
      version = object.metadata.resourceVersion;
      if (type === 'BOOKMARK') { return; }
      if (type === 'DELETED') {
        this.objects.delete(object.metadata.name);
      } else {
        this.objects.set(object.metadata.name, object);
      }
      this.changed();
    }, error => {
      // a server that ends it at once is asked again later
      const early = !error && performance.now() - begun < SHORTEST_WATCH ? new Error('the watch ended at once') : error;
      return early ? this.again(early) : this.follow(version);
    });
  }

  private again(error: Error): void {
    if (this.stopped) { return; }
    // what was seen last was too long ago: an ordinary event
    const expected = error instanceof KubernetesError && error.status === 410;
    if (!expected) { this.log.warn({ error: error.message }, 'watching failed'); }
    this.timer = setTimeout(() => void this.list(), expected ? 0 : PAUSE);
  }
}

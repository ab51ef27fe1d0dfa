import { ClusterApi } from './cluster-api';
import { LogSource, NamespaceView, reanaView, yadageView } from './namespace-view';
import { Settings } from './settings';
import { WaitingView, waitingView } from './waiting';
import { Workflow, WorkflowSummary } from '../workflow';

/** As many workflows are listed, the newest; and as many that wait. */
const MOST = 1000;

/** All workflows that are shown. */
export class Workflows {
  private readonly views: Map<string, NamespaceView[]>;
  private readonly waiting?: WaitingView;
  private readonly listeners = new Set<() => void>();

  public constructor(api: ClusterApi, { namespaces, reanaNamespaces, logs, server }: Settings) {
    const changed = () => this.listeners.forEach(listener => listener());
    this.waiting = server && waitingView(server, changed);
    this.views = new Map([...new Set([...namespaces, ...reanaNamespaces])].map(namespace => [namespace, [
      ...namespaces.includes(namespace) ? [yadageView(api, namespace, logs, changed)] : [],
      ...reanaNamespaces.includes(namespace) ? [reanaView(api, namespace, logs, changed)] : [],
      // last: of a request that has a slot the cluster knows more
      ...this.waiting && server?.namespace === namespace ? [this.waiting] : [],
    ]]));
  }

  /** Whether everything has been read once. */
  public get synced(): boolean {
    return this.all().every(({ synced }) => synced);
  }

  /** What isn't known of requests that wait; empty if all is. */
  public get problem(): string {
    return this.waiting?.problem ?? '';
  }

  public list(): WorkflowSummary[] {
    const summaries = [...this.views].flatMap(([namespace, views]) => [...new Set(views.flatMap(view => view.ids()))].map((each): WorkflowSummary => {
      const { id, kind, state, reason, registered, started, lastSeen, counts } = this.find(namespace, each)!;
      return { namespace, id, kind, state, reason, registered, started, lastSeen, counts };
    }));
    const time = ({ registered, started }: WorkflowSummary) => started ?? registered ?? '';
    summaries.sort((one, other) => time(other).localeCompare(time(one)) || one.id.localeCompare(other.id));
    // however many wait, what runs is listed
    const waits = new Set(summaries.filter(({ state }) => state === 'REGISTERED').slice(0, MOST));
    const others = new Set(summaries.filter(({ state }) => state !== 'REGISTERED').slice(0, MOST));
    return summaries.filter(summary => waits.has(summary) || others.has(summary));
  }

  public find(namespace: string, id: string): Workflow | undefined {
    return this.first(namespace, view => view.workflow(id));
  }

  public log(namespace: string, id: string, job?: string): LogSource | undefined {
    return this.first(namespace, view => view.log(id, job));
  }

  /** Calls whenever something changes; gives what ends that. */
  public onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  public async run(): Promise<void> {
    await Promise.all(this.all().map(view => view.run()));
  }

  public stop(): void {
    this.all().forEach(view => view.stop());
  }

  private all(): NamespaceView[] {
    return [...this.views.values()].flat();
  }

  private first<T>(namespace: string, ask: (view: NamespaceView) => T | undefined): T | undefined {
    for (const view of this.views.get(namespace) ?? []) {
      const answer = ask(view);
      if (answer !== undefined) { return answer; }
    }
    return undefined;
  }
}

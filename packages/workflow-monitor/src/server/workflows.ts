import { ClusterApi } from './cluster-api';
import { LogSource, NamespaceView, reanaView, yadageView } from './namespace-view';
import { Settings } from './settings';
import { Workflow, WorkflowSummary } from '../workflow';

/** As many workflows are listed, the newest. */
const MOST = 1000;

/** All workflows that are shown. */
export class Workflows {
  private readonly views: Map<string, NamespaceView[]>;
  private readonly listeners = new Set<() => void>();

  public constructor(api: ClusterApi, { namespaces, reanaNamespaces, logs }: Settings) {
    const changed = () => this.listeners.forEach(listener => listener());
    this.views = new Map([...new Set([...namespaces, ...reanaNamespaces])].map(namespace => [namespace, [
      ...namespaces.includes(namespace) ? [yadageView(api, namespace, logs, changed)] : [],
      ...reanaNamespaces.includes(namespace) ? [reanaView(api, namespace, logs, changed)] : [],
    ]]));
  }

  /** Whether everything has been read once. */
  public get synced(): boolean {
    return this.all().every(({ synced }) => synced);
  }

  public list(): WorkflowSummary[] {
    const summaries = this.all().flatMap(view => view.ids().map(id => view.workflow(id)!)).map((workflow): WorkflowSummary => {
      const { namespace, id, kind, state, reason, started, lastSeen, counts } = workflow;
      return { namespace, id, kind, state, reason, started, lastSeen, counts };
    });
    return summaries.sort((one, other) => (other.started ?? '').localeCompare(one.started ?? '') || one.id.localeCompare(other.id)).slice(0, MOST);
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

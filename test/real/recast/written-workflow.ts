import { randomUUID } from 'crypto';
import { gzipSync } from 'zlib';
import { TestbedCluster } from '../kubernetes/testbed-cluster';
import { MONITOR_IMAGE } from '../rootfs';

type Words = { readonly [word: string]: string };

/** A step, as an engine writes it. */
export interface WrittenNode {
  readonly id: string;
  readonly name: string;
  readonly stage: string;
  readonly state: 'DEFINED' | 'RUNNING' | 'SUCCESS' | 'FAILURE';
  readonly job?: string;
  readonly cluster?: string;
  readonly log?: string;
  readonly submitted?: string;
  readonly ready?: string;
  readonly message?: string;
}

export interface WrittenState {
  readonly state: 'ACTIVE' | 'SUCCESS' | 'FAILURE';
  readonly reason?: string;
  readonly stages: readonly { readonly id: string; readonly name: string; readonly scope: string; readonly state: 'pending' | 'applied' }[];
  readonly nodes: readonly WrittenNode[];
  readonly edges: readonly (readonly [string, string])[];
}

/** What the restricted level of Pod Security asks for. */
const RESTRICTED = {
  securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
  container: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
};

/** The Job of a script, whose pod has the same labels and annotations. */
export function scriptJob(name: string, namespace: string, container: string, script: string, labels: Words, more: object = {}): object {
  const { annotations = {}, ...metadata } = more as { annotations?: Words };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels, annotations, ...metadata },
    spec: {
      backoffLimit: 0,
      template: {
        metadata: { labels, annotations },
        spec: {
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: 0,
          automountServiceAccountToken: false,
          securityContext: RESTRICTED.securityContext,
          containers: [{ name: container, image: MONITOR_IMAGE, command: ['sh', '-c', script], securityContext: RESTRICTED.container }],
        },
      },
    },
  };
}

/** A workflow whose Jobs run, and of which is written what an engine would write. */
export class WrittenWorkflow {
  /** Starts its engine, which says what it is told and ends when it is told. */
  public static async start(cluster: TestbedCluster, namespace: string, id: string): Promise<WrittenWorkflow> {
    const name = `wflow-nonint-${id}`;
    const labels = { wflowid: id, component: 'wflow-engine', engine_type: 'yadage', interactive: 'false' };
    const script = 'echo "acquiring context for $0"; until [ -e /tmp/end ]; do sleep 0.2; done; exit "$(cat /tmp/end)"';
    await cluster.apply([scriptJob(name, namespace, 'worker', script, labels)]);
    const { metadata: { uid } } = await cluster.get('job', name, '--namespace', namespace);
    return new WrittenWorkflow(cluster, namespace, id, uid);
  }

  private readonly started = new Date().toISOString();

  private constructor(
    private readonly cluster: TestbedCluster, private readonly namespace: string, public readonly id: string, private readonly uid: string,
  ) {}

  /** Writes its state, as the contract has it. */
  public async write({ reason = '', ...state }: WrittenState): Promise<void> {
    const file = JSON.stringify({ wflowid: this.id, reason, started: this.started, updated: new Date().toISOString(), ...state });
    await this.cluster.apply([{
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `wflow-state-${this.id}`, namespace: this.namespace, labels: { wflowid: this.id, component: 'wflow-state' }, ownerReferences: this.owner },
      binaryData: { 'state.json.gz': gzipSync(file).toString('base64') },
    }]);
  }

  /** Starts the Job of a step; gives its name. */
  public async step(step: string, script: string): Promise<string> {
    const jobid = randomUUID();
    const labels = { component: 'wflow-job', wflowid: this.id, jobid };
    const job = scriptJob(`wflow-job-${jobid}`, this.namespace, 'payload', script, labels, {
      annotations: { 'cdk8s-hep/step': step }, ownerReferences: this.owner,
    });
    await this.cluster.apply([job]);
    return `wflow-job-${jobid}`;
  }

  /** Writes the log of a step that runs elsewhere, by the name of its Job; gives the name of the ConfigMap. */
  public async log(job: string, said: string | Buffer): Promise<string> {
    const jobid = job.replace('wflow-job-', '');
    await this.cluster.apply([{
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `wflow-log-${jobid}`, namespace: this.namespace, labels: { wflowid: this.id, jobid, component: 'wflow-log' }, ownerReferences: this.owner },
      binaryData: { 'run.log.gz': (typeof said === 'string' ? gzipSync(said) : said).toString('base64') },
    }]);
    return `wflow-log-${jobid}`;
  }

  /** Ends its engine. */
  public async end(exitCode: number): Promise<void> {
    const { items: [pod] } = await this.cluster.get('pods', '--namespace', this.namespace, '--selector', `wflowid=${this.id},component=wflow-engine`);
    await this.say('the engine ends');
    await this.cluster.exec(this.namespace, pod.metadata.name, ['sh', '-c', `echo ${exitCode} >/tmp/end`]);
  }

  /** Has its engine say something. */
  public async say(line: string): Promise<void> {
    const { items: [pod] } = await this.cluster.get('pods', '--namespace', this.namespace, '--selector', `wflowid=${this.id},component=wflow-engine`);
    await this.cluster.exec(this.namespace, pod.metadata.name, ['sh', '-c', 'echo "$0" >/proc/1/fd/1', line]);
  }

  private get owner(): object[] {
    return [{ apiVersion: 'batch/v1', kind: 'Job', name: `wflow-nonint-${this.id}`, uid: this.uid }];
  }
}

/** A scatter of two ranks and a gather: so many steps, with an edge between those that need each other. */
export function scatter(steps: number): Pick<WrittenState, 'stages' | 'nodes' | 'edges'> {
  const width = Math.floor((steps - 4) / 2);
  const node = (name: string, stage: string): WrittenNode => ({
    id: name, name, stage, state: 'SUCCESS', submitted: '2026-11-26T17:00:00Z', ready: '2026-11-26T17:03:20Z',
  });
  const first = Array.from({ length: width }, (_, index) => node(`simulate_${index}`, '/simulate'));
  const second = Array.from({ length: steps - 4 - width }, (_, index) => node(`select_${index}`, '/select'));
  const merges = [0, 1].map(index => node(`merge_${index}`, '/merge'));
  return {
    stages: ['init', 'simulate', 'select', 'merge', 'fit'].map(name => ({ id: `/${name}`, name, scope: '', state: 'applied' as const })),
    nodes: [node('init', '/init'), ...first, ...second, ...merges, node('fit', '/fit')],
    edges: [
      ...first.map(({ id }) => ['init', id] as const),
      ...second.map(({ id }, index) => [first[Math.min(index, width - 1)].id, id] as const),
      ...second.map(({ id }, index) => [id, merges[index % 2].id] as const),
      ...merges.map(({ id }) => [id, 'fit'] as const),
    ],
  };
}

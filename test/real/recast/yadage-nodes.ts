import { gunzipSync } from 'zlib';
import { TestbedCluster } from '../kubernetes/testbed-cluster';
import { until } from '../until';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** What it says of a step. */
interface WorkflowNode {
  readonly id: string;
  readonly name: string;
  readonly stage: string;
  readonly state: string;
  readonly job?: string;
  readonly message?: string;
}

/** What the engine says of its workflow. */
export interface WorkflowState {
  readonly state: string;
  readonly reason: string;
  readonly stages: readonly { readonly id: string; readonly state: string }[];
  readonly nodes: readonly WorkflowNode[];
  readonly edges: readonly (readonly [string, string])[];
}

/** Yadage's workflows in a namespace of a cluster with nodes. */
export class YadageNodes {
  constructor(private readonly cluster: TestbedCluster, private readonly namespace: string) {}

  public async list(kind: string, selector: string): Promise<any[]> {
    return (await this.cluster.get(kind, '--namespace', this.namespace, '--selector', selector)).items;
  }

  public async state(wflowid: string): Promise<WorkflowState | undefined> {
    const [map] = await this.list('configmaps', `wflowid=${wflowid},component=wflow-state`);
    return map && JSON.parse(gunzipSync(Buffer.from(map.binaryData['state.json.gz'], 'base64')).toString());
  }

  public async engine(wflowid: string): Promise<any> {
    const [job] = await this.list('jobs', `wflowid=${wflowid},component=wflow-engine`);
    return job;
  }

  public steps(wflowid: string): Promise<any[]> {
    return this.list('jobs', `wflowid=${wflowid},component=wflow-job`);
  }

  /** Waits until the engine's Job has ended, well or not, and says all that is known when it is the other way. */
  public async ended(wflowid: string, as: 'Complete' | 'Failed'): Promise<void> {
    let ended: any;
    const wait = until(`${wflowid} has ended`, async () => {
      ended = (await this.engine(wflowid))?.status.conditions?.find(({ type, status }: any) => status === 'True' && ['Complete', 'Failed'].includes(type));
      return ended !== undefined;
    });
    const failure = await wait.then(() => ended.type === as ? undefined : `${wflowid} is ${ended.type}`, (error: Error) => error.message);
    if (failure !== undefined) {
      throw new Error([failure, JSON.stringify(await this.state(wflowid)), await this.log(`job/wflow-nonint-${wflowid}`)].join('\n'));
    }
  }

  public log(of: string): Promise<string> {
    return this.cluster.run(['logs', '--namespace', this.namespace, of, '--tail=-1']).catch((error: Error) => error.message);
  }

  /** What a file on the shared volume says, read in a pod that has it. */
  public async read(pod: string, file: string): Promise<string> {
    return (await this.cluster.exec(this.namespace, pod, ['cat', file])).stdout;
  }
}

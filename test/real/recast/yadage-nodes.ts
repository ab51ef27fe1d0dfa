import { gunzipSync } from 'zlib';
import { CommandResult } from '../command';
import { TestbedCluster } from '../kubernetes/testbed-cluster';
import { Manifest } from '../manifest';
import { YADAGE_IMAGE } from '../rootfs';
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

/** Where the shared volume is in pods. */
export const MOUNT = '/srv/workerdata';

const READER = 'reader';

/** The ids of workflows that a file declares, by their names. */
export function idsOf(manifests: readonly Manifest[]): { readonly [name: string]: string } {
  const ids = manifests.filter(({ kind }) => kind === 'Job').map(({ metadata }) => (metadata as any).labels.wflowid as string);
  return Object.fromEntries(ids.map(id => [id.replace(/-[0-9a-f]{8}$/, ''), id]));
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

  /** Starts a pod that sees the shared volume. */
  public async startReader(): Promise<void> {
    await this.cluster.apply([{
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: READER, namespace: this.namespace },
      spec: {
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [{
          name: READER,
          image: `docker.io/${YADAGE_IMAGE}`,
          command: ['sleep', 'infinity'],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          volumeMounts: [{ name: 'data', mountPath: MOUNT, readOnly: true }],
        }],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'wflowworker-data' } }],
      },
    }]);
  }

  /** Runs a command in that pod. */
  public inReader(argv: string[]): Promise<CommandResult> {
    return this.cluster.exec(this.namespace, READER, argv);
  }

  /** What a file on the shared volume says. */
  public async read(file: string): Promise<string> {
    return (await this.inReader(['cat', `${MOUNT}/${file}`])).stdout;
  }

  /** Whether an engine may do something there: `get pods/log`. */
  public async engineMay(verb: string, of: string, namespace = this.namespace): Promise<boolean> {
    const [resource, subresource = ''] = of.split('/');
    const { stdout, stderr } = await this.cluster.kubectl([
      'auth', 'can-i', verb, resource, `--subresource=${subresource}`, `--as=system:serviceaccount:${this.namespace}:wflowengine`, '--namespace', namespace,
    ]);
    const said = stdout.trim();
    if (!['yes', 'no'].includes(said)) { throw new Error(`kubectl auth can-i: ${said}${stderr}`); }
    return said === 'yes';
  }
}

import { gunzipSync } from 'zlib';
import { stateName, stepLogName } from './engine-job';
import { ifStatus, Kubernetes, KubernetesError, KubernetesObject } from './kubernetes';

/** As much as a page shows of a log: the last lines, and what of them is within these bytes. */
const LINES = 3000;
const BYTES = 1024 * 1024;
const MOST_STATE = 16 * 1024 * 1024;
/** What is said of a log that is none. */
const UNREADABLE = 'what the engine wrote of this step can\'t be read';

/** What the engine writes of its workflow. */
export interface Tracked {
  readonly state?: string;
  readonly reason?: string;
  readonly [field: string]: unknown;
}

/** One message, in the form of 2018. */
export interface Message {
  readonly date: string;
  readonly msg: string;
}

/** What engines and steps say, as Kubernetes has it now. */
export class Messages {
  public constructor(private readonly kubernetes: Kubernetes, private readonly namespace: string) {}

  /** The end of the log of a pod, each line with its time; nothing if it has none yet. */
  public async log(pod: KubernetesObject): Promise<string> {
    const path = `/api/v1/namespaces/${this.namespace}/pods/${pod.metadata.name}/log?timestamps=true&tailLines=${LINES}&limitBytes=${BYTES}`;
    return this.kubernetes.text(path, BYTES).catch((error: unknown) => {
      // the pod is gone or hasn't begun, or its machine doesn't answer
      if (error instanceof KubernetesError) { return ''; }
      throw error;
    });
  }

  /** The pods of a selector of ids that the server made. */
  public async pods(selector: string): Promise<KubernetesObject[]> {
    return (await this.kubernetes.get(`/api/v1/namespaces/${this.namespace}/pods?labelSelector=${encodeURIComponent(selector)}`)).items;
  }

  /**
   * The ConfigMap in which an engine keeps what a step said that ran elsewhere, if there is one: its label `wflowid` says whose step it is. One with other
   * labels than that of such a log is none.
   */
  public async stepLog(job: string): Promise<KubernetesObject | undefined> {
    const object = await this.kubernetes.find(`/api/v1/namespaces/${this.namespace}/configmaps/${stepLogName(job)}`);
    const { component, jobid } = object?.metadata.labels ?? {};
    return component === 'wflow-log' && jobid === job ? object : undefined;
  }

  /** The state that an engine writes. What it wrote can't be trusted to be well made: an engine runs what users write. */
  public async tracked(id: string): Promise<Tracked | undefined> {
    const object = await this.kubernetes.get(`/api/v1/namespaces/${this.namespace}/configmaps/${stateName(id)}`).catch(ifStatus(404));
    const packed = object?.binaryData?.['state.json.gz'];
    if (typeof packed !== 'string') { return undefined; }
    try {
      const state = JSON.parse(gunzipSync(Buffer.from(packed, 'base64'), { maxOutputLength: MOST_STATE }).toString('utf8').replaceAll('\\u0000', '\\ufffd'));
      return typeof state === 'object' && state !== null ? state : undefined;
    } catch {
      return undefined;
    }
  }
}

/** What is in such a ConfigMap: the last lines. It was written by an engine, too. */
export function writtenLog({ binaryData }: KubernetesObject): string {
  try {
    const said = gunzipSync(Buffer.from(binaryData['run.log.gz'], 'base64'), { maxOutputLength: BYTES }).toString('utf8');
    return said.split('\n').filter(line => line).slice(-LINES).join('\n');
  } catch {
    return UNREADABLE;
  }
}

/** Lines with their times as messages. */
export function messages(log: string): Message[] {
  return log.split('\n').filter(line => line).map(line => {
    const [, date, msg] = /^(\d{4}-\d\d-\d\dT\S+) ?(.*)$/s.exec(line) ?? [undefined, '', line];
    return { date, msg };
  });
}

import { Job, Pod } from './objects';
import { linkOf, LogLinks } from './settings';
import { countsOf, Step, StepState, Workflow, WorkflowState } from '../workflow';

/** What there is of a workflow of REANA's: its Job, and the pods of its steps. REANA keeps the graph to itself. */
export interface ReanaObjects {
  readonly namespace: string;
  readonly id: string;
  readonly batch?: Job;
  readonly batchPod?: Pod;
  /** The newest pod of each Job of a step. */
  readonly stepPods: readonly Pod[];
}

const STEP_STATE: { readonly [phase: string]: StepState } = { Running: 'RUNNING', Pending: 'RUNNING', Succeeded: 'SUCCESS', Failed: 'FAILURE' };

export function reanaWorkflow({ namespace, id, batch, batchPod, stepPods }: ReanaObjects, logs: LogLinks): Workflow {
  const steps = stepPods.map((pod): Step => {
    const job = pod.job ?? pod.name;
    return {
      id: job,
      name: job,
      stage: '',
      state: STEP_STATE[pod.phase] ?? 'RUNNING',
      job,
      submitted: pod.created,
      ready: pod.finished,
      message: pod.message,
      hasLog: pod.begun,
      // as the pods' label has it, by which REANA's own logs are found too
      logsUrl: linkOf(logs.step, { wflowid: id, jobid: job }),
    };
  });
  const [state, reason]: [WorkflowState, string] = batch?.outcome === 'FAILURE' ? ['FAILURE', batchPod?.message ?? batch.reason]
    : batch?.outcome === 'SUCCESS' ? ['SUCCESS', '']
      : batchPod?.phase === 'Running' ? ['ACTIVE', ''] : ['STARTED', batchPod?.message ?? ''];
  return {
    namespace,
    id,
    kind: 'reana',
    state,
    reason,
    started: batch?.started ?? batch?.created,
    lastSeen: batch?.finished ?? latest(...stepPods.flatMap(({ created, finished }) => [created, finished]), batchPod?.started),
    counts: countsOf(steps),
    stages: [],
    steps,
    edges: [],
    hasLog: batchPod?.begun ?? false,
    logsUrl: linkOf(logs.workflow, { wflowid: id, jobid: '' }),
  };
}

/** The last of times, which ISO 8601 sorts. */
function latest(...times: (string | undefined)[]): string | undefined {
  return times.filter(time => time !== undefined).sort().pop();
}

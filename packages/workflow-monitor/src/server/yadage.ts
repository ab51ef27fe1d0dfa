import { Job, Pod, State } from './objects';
import { linkOf, LogLinks } from './settings';
import { EngineNode, STEP_JOB } from './state-file';
import { countsOf, Step, StepState, Workflow, WorkflowState } from '../workflow';

/** What there is of a workflow of this library's, in one namespace. */
export interface YadageObjects {
  readonly namespace: string;
  readonly id: string;
  readonly engine?: Job;
  readonly enginePod?: Pod;
  readonly state?: State;
  /** Jobs of steps, by name. */
  readonly jobs: ReadonlyMap<string, Job>;
  /** The newest pod of each Job, by the Job's name. */
  readonly pods: ReadonlyMap<string, Pod>;
}

export function yadageWorkflow(objects: YadageObjects, logs: LogLinks): Workflow {
  const { namespace, id, engine, enginePod, state } = objects;
  const said = state?.state;
  const steps = said ? said.nodes.map(node => stepOf(node, objects, logs)) : [...objects.jobs.values()].map(job => stepOfJob(job, objects, logs));
  const [workflowState, reason] = stateOf(objects);
  return {
    namespace,
    id,
    kind: 'yadage',
    state: workflowState,
    reason: reason || (workflowState === 'FAILURE' ? failureOf(steps) : ''),
    started: said?.started ?? engine?.started ?? engine?.created,
    lastSeen: said?.updated ?? enginePod?.finished ?? engine?.finished ?? enginePod?.started,
    counts: countsOf(steps),
    stages: said?.stages ?? [],
    steps,
    edges: said?.edges ?? [],
    hasLog: enginePod?.begun ?? false,
    logsUrl: linkOf(logs.workflow, { wflowid: id, jobid: '' }),
  };
}

/** The engine's Job knows how it ended, also of an engine that couldn't say so. */
function stateOf({ engine, enginePod, state }: YadageObjects): [WorkflowState, string] {
  const said = state?.state;
  if (engine?.outcome === 'FAILURE') { return ['FAILURE', said?.state === 'FAILURE' && said.reason ? said.reason : enginePod?.message ?? engine.reason]; }
  if (said && said.state !== 'ACTIVE') { return [said.state, said.reason]; }
  if (engine?.outcome === 'SUCCESS') { return ['SUCCESS', '']; }
  const problem = state?.problem ?? '';
  if (said || enginePod?.phase === 'Running') { return ['ACTIVE', problem]; }
  return ['STARTED', problem || (enginePod?.message ?? '')];
}

function failureOf(steps: readonly Step[]): string {
  const failed = steps.find(({ state }) => state === 'FAILURE');
  return failed ? `${failed.name}: ${failed.message ?? 'failed'}` : '';
}

function stepOf(node: EngineNode, objects: YadageObjects, logs: LogLinks): Step {
  const job = node.job === undefined ? undefined : objects.jobs.get(node.job);
  const pod = node.job === undefined ? undefined : objects.pods.get(node.job);
  const state = node.state === 'DEFINED' && job ? 'RUNNING' : node.state;
  return {
    id: node.id,
    name: node.name,
    stage: node.stage,
    state,
    job: node.job,
    cluster: node.cluster,
    submitted: node.submitted,
    ready: node.ready,
    message: node.message ?? (state === 'SUCCESS' ? undefined : pod?.message),
    hasLog: (pod?.begun ?? false) || node.log !== undefined,
    logsUrl: node.job === undefined ? undefined : stepLink(logs, objects.id, node.job),
  };
}

/** A step of which the engine has said nothing. */
function stepOfJob(job: Job, objects: YadageObjects, logs: LogLinks): Step {
  const pod = objects.pods.get(job.name);
  const state: StepState = job.outcome ?? 'RUNNING';
  return {
    id: job.name,
    name: job.step ?? job.name,
    stage: '',
    state,
    job: job.name,
    submitted: job.created,
    ready: job.finished,
    message: state === 'SUCCESS' ? undefined : pod?.message ?? (job.reason || undefined),
    hasLog: pod?.begun ?? false,
    logsUrl: stepLink(logs, objects.id, job.name),
  };
}

function stepLink(logs: LogLinks, wflowid: string, job: string): string | undefined {
  return linkOf(logs.step, { wflowid, jobid: jobIdOf(job) });
}

/** What a step's Job is called in labels. */
export function jobIdOf(job: string): string {
  return job.startsWith(STEP_JOB) ? job.slice(STEP_JOB.length) : job;
}

import { ClusterApi } from './cluster-api';
import { Job, jobOf, Pod, podOf, State, stateOf } from './objects';
import { reanaWorkflow } from './reana';
import { LogLinks } from './settings';
import { Watched } from './watched';
import { WrittenLogSource } from './written-log';
import { jobIdOf, yadageWorkflow } from './yadage';
import { Workflow } from '../workflow';

/** The log of a pod. */
export interface PodLogSource {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** A log that may be read: what the cluster has, never what a client names. */
export type LogSource = PodLogSource | WrittenLogSource;

/** The workflows of a namespace, as the cluster has them now. */
export interface NamespaceView {
  readonly synced: boolean;
  readonly ids: () => string[];
  readonly workflow: (id: string) => Workflow | undefined;
  /** The engine's log, or that of a step's Job. */
  readonly log: (id: string, job?: string) => LogSource | undefined;
  readonly run: () => Promise<unknown>;
  readonly stop: () => void;
}

/** REANA's labels. */
const BATCH = 'reana-run-batch-workflow-uuid';
const STEP = 'reana-run-job-workflow-uuid';

const jobsOf = (namespace: string) => `/apis/batch/v1/namespaces/${namespace}/jobs`;
const podsOf = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`;

interface Group {
  engine?: Job;
  enginePod?: Pod;
  state?: State;
  readonly jobs: Map<string, Job>;
  readonly pods: Map<string, Pod>;
}

interface Groups {
  readonly changed: () => void;
  readonly groups: () => Map<string, Group>;
  readonly workflow: (id: string) => Workflow | undefined;
}

/** Groups by workflow, anew only when something has changed since: many pages ask for the same. */
function grouped(build: (group: (id: string) => Group) => void, workflowOf: (id: string, group: Group) => Workflow): Groups {
  let groups: Map<string, Group> | undefined;
  const workflows = new Map<string, Workflow>();
  const made: Groups = {
    changed: () => {
      groups = undefined;
      workflows.clear();
    },
    workflow: id => {
      const group = made.groups().get(id);
      if (group && !workflows.has(id)) { workflows.set(id, workflowOf(id, group)); }
      return workflows.get(id);
    },
    groups: () => {
      if (!groups) {
        const built = new Map<string, Group>();
        build(id => {
          let group = built.get(id);
          if (!group) { built.set(id, group = { jobs: new Map(), pods: new Map() }); }
          return group;
        });
        groups = built;
      }
      return groups;
    },
  };
  return made;
}

function newer<T extends { readonly created: string }>(one: T | undefined, other: T): T {
  return one && one.created > other.created ? one : other;
}

/** Where engines of this library's are. */
export function yadageView(api: ClusterApi, namespace: string, logs: LogLinks, changed: () => void): NamespaceView {
  const tell = () => {
    index.changed();
    changed();
  };
  const selector = 'wflowid,component in (wflow-engine,wflow-job)';
  const jobs = new Watched(api, jobsOf(namespace), selector, jobOf, tell);
  const pods = new Watched(api, podsOf(namespace), selector, podOf, tell);
  const states = new Watched(api, `/api/v1/namespaces/${namespace}/configmaps`, 'wflowid,component=wflow-state', stateOf, tell);
  const index = grouped(group => {
    for (const job of jobs.items) {
      const of = group(job.labels.wflowid);
      if (job.labels.component === 'wflow-engine') { of.engine = newer(of.engine, job); } else { of.jobs.set(job.name, job); }
    }
    for (const pod of pods.items) {
      const of = group(pod.labels.wflowid);
      if (pod.labels.component === 'wflow-engine') { of.enginePod = newer(of.enginePod, pod); } else if (pod.job) { of.pods.set(pod.job, newer(of.pods.get(pod.job), pod)); }
    }
    for (const state of states.items) { group(state.id).state = state; }
  }, (id, group) => yadageWorkflow({ namespace, id, ...group }, logs));
  const watched = [jobs, pods, states];
  return {
    get synced() { return watched.every(({ synced }) => synced); },
    ids: () => [...index.groups().keys()],
    workflow: index.workflow,
    log: (id, job) => {
      const group = index.groups().get(id);
      if (job === undefined) { return source(namespace, group?.enginePod, 'worker'); }
      return source(namespace, group?.pods.get(job), 'payload') ?? writtenLog(namespace, id, job, group?.state);
    },
    run: () => Promise.all(watched.map(each => each.run())),
    stop: () => watched.forEach(each => each.stop()),
  };
}

/** Where REANA runs workflows. */
export function reanaView(api: ClusterApi, namespace: string, logs: LogLinks, changed: () => void): NamespaceView {
  const tell = () => {
    index.changed();
    changed();
  };
  const jobs = new Watched(api, jobsOf(namespace), BATCH, jobOf, tell);
  const batchPods = new Watched(api, podsOf(namespace), BATCH, podOf, tell);
  const stepPods = new Watched(api, podsOf(namespace), STEP, podOf, tell);
  const index = grouped(group => {
    for (const job of jobs.items) {
      const of = group(job.labels[BATCH]);
      of.engine = newer(of.engine, job);
    }
    for (const pod of batchPods.items) {
      const of = group(pod.labels[BATCH]);
      of.enginePod = newer(of.enginePod, pod);
    }
    for (const pod of stepPods.items) {
      const { pods } = group(pod.labels[STEP]);
      const job = pod.job ?? pod.name;
      pods.set(job, newer(pods.get(job), pod));
    }
  }, (id, { engine, enginePod, pods }) => reanaWorkflow({ namespace, id, batch: engine, batchPod: enginePod, stepPods: [...pods.values()] }, logs));
  const watched = [jobs, batchPods, stepPods];
  return {
    get synced() { return watched.every(({ synced }) => synced); },
    ids: () => [...index.groups().keys()],
    workflow: index.workflow,
    log: (id, job) => {
      const group = index.groups().get(id);
      return job === undefined ? source(namespace, group?.enginePod, 'workflow-engine') : source(namespace, group?.pods.get(job), 'job');
    },
    run: () => Promise.all(watched.map(each => each.run())),
    stop: () => watched.forEach(each => each.stop()),
  };
}

function source(namespace: string, pod: Pod | undefined, container: string): PodLogSource | undefined {
  if (!pod?.begun) { return undefined; }
  return { namespace, pod: pod.name, container: pod.containers.includes(container) ? container : pod.containers[0] };
}

function writtenLog(namespace: string, wflowid: string, job: string, state: State | undefined): WrittenLogSource | undefined {
  const log = state?.state?.nodes.find(node => node.job === job)?.log;
  return log === undefined ? undefined : { namespace, configMap: log, labels: `component=wflow-log,wflowid=${wflowid},jobid=${jobIdOf(job)}` };
}

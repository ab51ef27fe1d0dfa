import { gunzipSync } from 'zlib';
import { Stage, STEP_STATES, StepState } from '../workflow';

/** What an engine has said of its workflow. */
export interface EngineState {
  readonly state: 'ACTIVE' | 'SUCCESS' | 'FAILURE';
  readonly reason: string;
  readonly started?: string;
  readonly updated?: string;
  readonly stages: Stage[];
  readonly nodes: EngineNode[];
  readonly edges: [string, string][];
}

export interface EngineNode {
  readonly id: string;
  readonly name: string;
  readonly stage: string;
  readonly state: StepState;
  readonly job?: string;
  readonly cluster?: string;
  /** The ConfigMap with its log, of a step that ran elsewhere. */
  readonly log?: string;
  readonly submitted?: string;
  readonly ready?: string;
  readonly message?: string;
}

/** How Jobs of steps are named, and the ConfigMaps with the logs of those that ran elsewhere. */
export const STEP_JOB = 'wflow-job-';
const STEP_LOG = 'wflow-log-';
const JOB_ID = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** More than that isn't unpacked: a ConfigMap's megabyte can be a gigabyte of zeros. */
const MOST = 32 * 1024 * 1024;
const LONGEST = 1000;

/**
 * Reads `state.json.gz` of a ConfigMap. It was written by an engine that runs what users write, so nothing in it is taken for what it should be: what has
 * another form is left out.
 */
export function readState(gzipped: string): EngineState {
  const given = JSON.parse(gunzipSync(Buffer.from(gzipped, 'base64'), { maxOutputLength: MOST }).toString('utf8'));
  if (!isObject(given)) { throw new Error('it is no object'); }
  const state = oneOf(['ACTIVE', 'SUCCESS', 'FAILURE'] as const, given.state);
  if (!state) { throw new Error('it has no state'); }
  const nodes = objects(given.nodes).flatMap(node => nodeOf(node));
  const ids = new Set(nodes.map(({ id }) => id));
  return {
    state,
    reason: text(given.reason) ?? '',
    started: time(given.started),
    updated: time(given.updated),
    stages: objects(given.stages).flatMap(stage => {
      const id = text(stage.id);
      return id === undefined ? [] : [{ id, name: text(stage.name) ?? id, scope: text(stage.scope) ?? '', applied: stage.state === 'applied' }];
    }),
    nodes,
    edges: list(given.edges)
      .filter((edge): edge is [string, string] => Array.isArray(edge) && ids.has(edge[0]) && ids.has(edge[1]))
      .map(([from, to]) => [from, to]),
  };
}

function nodeOf(node: Fields): EngineNode[] {
  const id = text(node.id);
  if (id === undefined) { return []; }
  return [{
    id,
    name: text(node.name) ?? id,
    stage: text(node.stage) ?? '',
    state: oneOf(STEP_STATES, node.state) ?? 'DEFINED',
    job: text(node.job),
    cluster: text(node.cluster),
    log: logOf(node),
    submitted: time(node.submitted),
    ready: time(node.ready),
    message: text(node.message),
  }];
}

/** The name of a log follows from that of the Job: an engine doesn't choose which ConfigMap is shown. */
function logOf({ job, log }: Fields): string | undefined {
  const id = typeof job === 'string' && job.startsWith(STEP_JOB) ? job.slice(STEP_JOB.length) : '';
  return JOB_ID.test(id) && log === STEP_LOG + id ? log as string : undefined;
}

type Fields = { readonly [key: string]: unknown };

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): unknown[] => Array.isArray(value) ? value : [];
const objects = (value: unknown) => list(value).filter(isObject);
const text = (value: unknown) => typeof value === 'string' ? value.slice(0, LONGEST) : undefined;
const time = (value: unknown) =>
  typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? new Date(value).toISOString() : undefined;

function oneOf<T extends string>(known: readonly T[], value: unknown): T | undefined {
  return known.find(each => each === value);
}

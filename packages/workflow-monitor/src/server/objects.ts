import { EngineState, readState } from './state-file';

/* Of the objects that are watched only this is kept: a cluster has thousands of pods, and their text is long. */

/* eslint-disable @typescript-eslint/no-explicit-any */

type Labels = { readonly [label: string]: string };

export interface Job {
  readonly name: string;
  readonly labels: Labels;
  /** The step's name in Yadage. */
  readonly step?: string;
  readonly created: string;
  readonly started?: string;
  readonly finished?: string;
  readonly outcome?: 'SUCCESS' | 'FAILURE';
  /** Why it failed. */
  readonly reason: string;
}

export interface Pod {
  readonly name: string;
  readonly labels: Labels;
  readonly job?: string;
  readonly created: string;
  readonly started?: string;
  readonly finished?: string;
  readonly phase: string;
  readonly containers: readonly string[];
  /** Whether a container has begun, so that there is a log. */
  readonly begun: boolean;
  /** What it waits for, or how it ended, where that isn't as it should be. */
  readonly message?: string;
}

export interface State {
  readonly id: string;
  readonly created: string;
  /** Undefined if it can't be read. */
  readonly state?: EngineState;
  readonly problem?: string;
}

export function jobOf({ metadata, status }: any): Job {
  const condition = (type: string) => status?.conditions?.find((each: any) => each.type === type && each.status === 'True');
  const failed = condition('Failed');
  const complete = condition('Complete');
  return {
    name: metadata.name,
    labels: metadata.labels ?? {},
    step: metadata.annotations?.['cdk8s-hep/step'],
    created: metadata.creationTimestamp,
    started: status?.startTime,
    finished: status?.completionTime ?? failed?.lastTransitionTime,
    outcome: failed ? 'FAILURE' : complete ? 'SUCCESS' : undefined,
    reason: failed ? [failed.reason, failed.message].filter(Boolean).join(': ') : '',
  };
}

export function podOf({ metadata, spec, status }: any): Pod {
  const containers: any[] = status?.containerStatuses ?? [];
  const labels = metadata.labels ?? {};
  return {
    name: metadata.name,
    labels,
    job: labels['batch.kubernetes.io/job-name'] ?? labels['job-name'],
    created: metadata.creationTimestamp,
    started: status?.startTime,
    finished: containers.map(({ state }) => state?.terminated?.finishedAt).filter(Boolean).sort().pop(),
    phase: status?.phase ?? 'Pending',
    containers: (spec?.containers ?? []).map(({ name }: any) => name),
    begun: containers.some(({ state }) => state?.running ?? state?.terminated),
    message: messageOf(status, containers),
  };
}

/** What every container waits for when all is well. */
const USUAL = ['ContainerCreating', 'PodInitializing'];

function messageOf(status: any, containers: any[]): string | undefined {
  if (status?.reason) { return joined(status.reason, status.message); }
  for (const { state } of containers) {
    const { terminated, waiting } = state ?? {};
    if (terminated?.exitCode) { return terminated.reason === 'Error' ? `exit code ${terminated.exitCode}` : joined(terminated.reason, terminated.message); }
    if (waiting && !USUAL.includes(waiting.reason)) { return joined(waiting.reason, waiting.message); }
  }
  const scheduled = status?.conditions?.find(({ type }: any) => type === 'PodScheduled');
  return scheduled?.status === 'False' ? joined(scheduled.reason, scheduled.message) : undefined;
}

const joined = (...texts: (string | undefined)[]) => texts.filter(Boolean).join(': ').slice(0, 1000);

export function stateOf({ metadata, binaryData }: any): State {
  const id = metadata.labels?.wflowid ?? '';
  try {
    return { id, created: metadata.creationTimestamp, state: readState(binaryData?.['state.json.gz'] ?? '') };
  } catch (error) {
    return { id, created: metadata.creationTimestamp, problem: `what its engine wrote can't be read: ${(error as Error).message}`.slice(0, 300) };
  }
}

import { Duration } from 'cdk8s';
import { Variables } from './environment';
import { problem } from '../problem';

/** In which order waiting workflows start. */
export enum ReanaSchedulingPolicy {
  /** First come, first served. */
  FIFO = 'fifo',
  /** Those of users who have few running, and that need little, come first. */
  BALANCED = 'balanced',
}

/** What is looked at before another workflow starts. */
export enum ReanaReadinessCheck {
  /** Nothing. */
  NONE = '0',
  /** How many workflows run. */
  CONCURRENCY = '1',
  /** Whether its steps fit into the memory of a node. */
  MEMORY = '2',
  /** All of it. */
  ALL = '9',
}

/** How workflows are started. */
export interface ReanaScheduling {
  /**
   * The order (`REANA_WORKFLOW_SCHEDULING_POLICY`).
   *
   * @default ReanaSchedulingPolicy.FIFO
   */
  readonly policy?: ReanaSchedulingPolicy;

  /**
   * How many workflows run at a time (`REANA_MAX_CONCURRENT_BATCH_WORKFLOWS`).
   *
   * @default 30
   */
  readonly maxConcurrentWorkflows?: number;

  /**
   * What is looked at before a workflow starts (`REANA_WORKFLOW_SCHEDULING_READINESS_CHECK_LEVEL`). `MEMORY` and `ALL` ask
   * the API server about nodes: they are refused without `readsNodes`.
   *
   * @default - ReanaReadinessCheck.ALL, without `readsNodes` CONCURRENCY
   */
  readonly readinessCheck?: ReanaReadinessCheck;

  /**
   * How long a workflow that can't start waits before it is tried again, in whole seconds (`REANA_SCHEDULER_REQUEUE_SLEEP`).
   *
   * @default Duration.seconds(15)
   */
  readonly requeueAfter?: Duration;

  /**
   * How often it is tried before it fails (`REANA_SCHEDULER_REQUEUE_COUNT`).
   *
   * @default 200
   */
  readonly requeueCount?: number;
}

export function schedulingVariables(scheduling: ReanaScheduling, readsNodes: boolean): Variables {
  return {
    REANA_MAX_CONCURRENT_BATCH_WORKFLOWS: scheduling.maxConcurrentWorkflows ?? 30,
    REANA_WORKFLOW_SCHEDULING_POLICY: scheduling.policy ?? ReanaSchedulingPolicy.FIFO,
    REANA_WORKFLOW_SCHEDULING_READINESS_CHECK_LEVEL:
      scheduling.readinessCheck ?? (readsNodes ? ReanaReadinessCheck.ALL : ReanaReadinessCheck.CONCURRENCY),
    REANA_SCHEDULER_REQUEUE_SLEEP: (scheduling.requeueAfter ?? Duration.seconds(15)).toSeconds({ integral: false }),
    REANA_SCHEDULER_REQUEUE_COUNT: scheduling.requeueCount ?? 200,
  };
}

export function schedulingProblems(scheduling: ReanaScheduling, readsNodes: boolean): string[] {
  const { maxConcurrentWorkflows, readinessCheck, requeueAfter, requeueCount } = scheduling;
  const problems: string[] = [];
  for (const [property, count] of Object.entries({ maxConcurrentWorkflows, requeueCount })) {
    if (count !== undefined && !(Number.isInteger(count) && count >= 1)) {
      problems.push(problem(`scheduling.${property}`, count, 'a whole number of at least 1'));
    }
  }
  const seconds = requeueAfter?.toSeconds({ integral: false });
  if (seconds !== undefined && !(Number.isInteger(seconds) && seconds >= 1)) {
    problems.push(problem('scheduling.requeueAfter', `${seconds} s`, 'whole seconds, at least 1'));
  }
  if (!readsNodes && readinessCheck !== undefined && [ReanaReadinessCheck.MEMORY, ReanaReadinessCheck.ALL].includes(readinessCheck)) {
    problems.push(problem('scheduling.readinessCheck', readinessCheck, 'NONE or CONCURRENCY, since readsNodes is false'));
  }
  return problems;
}

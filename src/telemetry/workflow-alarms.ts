import { Duration } from 'cdk8s';
import { AlarmGroup, AlarmSeverity } from './alarm';
import { promDuration, quoted, Series } from './promql';
import { atLeast, nameProblems } from './threshold';

/**
 * When somebody is told of workflows of REANA. It exports nothing itself: the series are those of kube-state-metrics, of the pods by which
 * REANA runs a workflow (`<prefix>-run-batch-...`) and its steps (`<prefix>-run-job-...`).
 */
export interface WorkflowAlarms {
  /**
   * What the names of its pods begin with (`REANA_COMPONENT_PREFIX`).
   *
   * Refused: what no name of Kubernetes begins with.
   *
   * @default reana
   */
  readonly prefix?: string;

  /**
   * For how long a workflow's or a step's pod is pending: 20 minutes are "stuck in pending" for REANA's own report too.
   *
   * Refused: less than a minute.
   *
   * @default Duration.minutes(20)
   */
  readonly pending?: Duration;

  /**
   * For how long a workflow runs.
   *
   * Refused: less than a minute.
   *
   * @default Duration.hours(12)
   */
  readonly running?: Duration;
}

const settings = (alarms: WorkflowAlarms) => ({ prefix: 'reana', pending: Duration.minutes(20), running: Duration.hours(12), ...alarms });

/** The pods of workflows, and of their steps, as a matcher. */
export const workflowPods = (prefix: string, kinds: string): string => `pod=~${quoted(`${prefix.replace(/\./g, '\\.')}-run-${kinds}-.+`)}`;

/** The rules of workflows. */
export function workflowAlarms(alarms: WorkflowAlarms, series: Series): AlarmGroup {
  const { prefix, pending, running } = settings(alarms);
  const age = (of: string, pods: string, phase: string) => `time() - max by (federation, k8s_cluster, namespace, pod) (${series(of, pods)})`
    + ` and on (federation, k8s_cluster, namespace, pod) ${series('kube_pod_status_phase', `phase="${phase}"`, pods)} == 1`;
  const of = (text: string, least: Duration) => `(${text}) > ${least.toSeconds()}`;
  return {
    about: 'workflows',
    recordings: [],
    alarms: [
      {
        name: 'WorkflowPending',
        severity: AlarmSeverity.WARNING,
        expr: of(age('kube_pod_created', workflowPods(prefix, 'batch'), 'Pending'), pending),
        holds: Duration.minutes(5),
        summary: 'The workflow of {{ $labels.pod }} in {{ $labels.k8s_cluster }} has not begun for {{ $value | humanizeDuration }}.',
      },
      {
        name: 'WorkflowStepPending',
        severity: AlarmSeverity.WARNING,
        expr: of(age('kube_pod_created', workflowPods(prefix, 'job'), 'Pending'), pending),
        holds: Duration.minutes(5),
        summary: 'A step of a workflow, {{ $labels.pod }} in {{ $labels.k8s_cluster }}, has not begun for {{ $value | humanizeDuration }}.',
      },
      {
        name: 'WorkflowRunningTooLong',
        severity: AlarmSeverity.WARNING,
        expr: of(age('kube_pod_start_time', workflowPods(prefix, 'batch'), 'Running'), running),
        holds: Duration.minutes(5),
        summary: `The workflow of {{ $labels.pod }} in {{ $labels.k8s_cluster }} runs for {{ $value | humanizeDuration }}, more than ${promDuration(running)}.`,
      },
    ],
  };
}

/** What is wrong with them. */
export function workflowProblems(property: string, alarms: WorkflowAlarms): string[] {
  const { prefix, pending, running } = settings(alarms);
  const because = 'pods take as long to be seen';
  return [
    ...nameProblems(`${property}.prefix`, prefix),
    ...atLeast(`${property}.pending`, pending, Duration.minutes(1), because),
    ...atLeast(`${property}.running`, running, Duration.minutes(1), because),
  ];
}

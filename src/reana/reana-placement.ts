import { isLabelKey, isLabelValue, LABEL_KEY, LABEL_VALUE } from '../federation/labels';
import { problem } from '../problem';

/** On which nodes what runs, by a label of the nodes: `{ 'reana.io/system': 'runtimejobs' }`. REANA's code takes one label for each. */
export interface ReanaPlacement {
  /**
   * The server, the workflow controller, the UI and the CronJobs, and the database, broker and cache that the platform makes itself: others have a
   * `nodeSelector` of their own. Several labels may be given.
   *
   * @default - any node
   */
  readonly infrastructure?: { [label: string]: string };

  /**
   * Workflow engines (`REANA_RUNTIME_BATCH_KUBERNETES_NODE_LABEL`).
   *
   * @default - any node
   */
  readonly batch?: { [label: string]: string };

  /**
   * The steps of workflows (`REANA_RUNTIME_JOBS_KUBERNETES_NODE_LABEL`).
   *
   * @default - any node
   */
  readonly jobs?: { [label: string]: string };

  /**
   * Interactive sessions (`REANA_RUNTIME_SESSIONS_KUBERNETES_NODE_LABEL`).
   *
   * @default - as jobs
   */
  readonly sessions?: { [label: string]: string };
}

/** A label as REANA's code reads it. */
export function nodeLabel(labels?: { [label: string]: string }): string | undefined {
  const [label] = Object.entries(labels ?? {});
  return label && label.join('=');
}

export function placementProblems({ infrastructure, batch, jobs, sessions }: ReanaPlacement): string[] {
  const problems: string[] = [];
  for (const [property, labels] of Object.entries({ infrastructure, batch, jobs, sessions })) {
    for (const [label, value] of Object.entries(labels ?? {})) {
      if (!isLabelKey(label)) { problems.push(problem(`placement.${property}`, label, LABEL_KEY)); }
      if (!isLabelValue(value)) { problems.push(problem(`placement.${property}.${label}`, value, LABEL_VALUE)); }
    }
    if (labels && property !== 'infrastructure' && Object.keys(labels).length !== 1) {
      problems.push(problem(`placement.${property}`, labels, 'one label: REANA\'s code takes no more'));
    }
  }
  return problems;
}

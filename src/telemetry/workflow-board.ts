import { BoardDefinition, ofClusters } from './board';
import { workflowPods } from './workflow-alarms';

const WORKFLOW = 'batch';
const STEP = 'job';

/** Workflows of a REANA whose pods' names begin with something. */
export function workflowBoard(prefix: string): BoardDefinition {
  const pods = (kind: string, phase: string) => ofClusters('kube_pod_status_phase', workflowPods(prefix, kind), `phase="${phase}"`);
  const figure = (title: string, kind: string, phase: string) =>
    ({ title, unit: 'short', stat: true, queries: [{ expr: `sum(${pods(kind, phase)}) or vector(0)`, legend: 'pods' }] });
  const waited = (kind: string) => `max by (k8s_cluster) ((time() - ${ofClusters('kube_pod_created', workflowPods(prefix, kind))})`
    + ` * on (federation, k8s_cluster, namespace, pod) group_left () ${pods(kind, 'Pending')})`;
  const byPhase = (title: string, kind: string) => ({
    title,
    unit: 'short',
    stacked: true,
    queries: [{
      expr: `sum by (phase) (${ofClusters('kube_pod_status_phase', workflowPods(prefix, kind))}) or vector(0)`, legend: '{{phase}}',
    }],
  });
  return {
    uid: 'cdk8s-hep-workflows',
    title: 'Workflows',
    panels: [
      figure('Workflows running', WORKFLOW, 'Running'),
      figure('Workflows pending', WORKFLOW, 'Pending'),
      figure('Steps running', STEP, 'Running'),
      figure('Steps pending', STEP, 'Pending'),
      figure('Steps failed', STEP, 'Failed'),
      byPhase('Workflows', WORKFLOW),
      byPhase('Steps', STEP),
      {
        title: 'Longest wait',
        description: 'For how long the pod that waits longest is pending.',
        unit: 's',
        queries: [
          { expr: `${waited(WORKFLOW)} or vector(0)`, legend: '{{k8s_cluster}} workflows' },
          { expr: `${waited(STEP)} or vector(0)`, legend: '{{k8s_cluster}} steps' },
        ],
      },
      {
        title: 'Steps by cluster',
        unit: 'short',
        stacked: true,
        queries: [{ expr: `sum by (k8s_cluster) (${pods(STEP, 'Running')}) or vector(0)`, legend: '{{k8s_cluster}}' }],
      },
    ],
  };
}

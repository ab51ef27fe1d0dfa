import { Chart } from 'cdk8s';
import { Construct } from 'constructs';

/** The names by which the parts know each other: those of the system of 2018. */
export const RECAST = {
  server: 'wflow-server',
  serverAccount: 'wflowmanager',
  database: 'wflow-db',
  shipTarget: 'wflow-shiptarget',
  staging: 'wflow-staging',
  engineConfiguration: 'wflow-engine-conf-yadage',
} as const;

/** Where the workflow server's pods listen. */
export const SERVER_PORT = 5000;

/** What the pods of monitors are found by, in whatever namespace. */
export const MONITOR_LABELS = { 'app.kubernetes.io/name': 'workflow-monitor' };

/** What engines' pods are found by. */
export const ENGINE_LABELS = { component: 'wflow-engine' };

/** The namespace of a part, where it isn't given. */
export function namespaceOf(scope: Construct, given: string | undefined): string {
  return given ?? Chart.of(scope).namespace ?? 'recast';
}

/** The labels of a part's objects, and of these the one that selects its pods. */
export function labelsOf(part: string): { readonly labels: { [label: string]: string }; readonly selector: { [label: string]: string } } {
  const selector = { 'app.kubernetes.io/name': part };
  return { labels: { ...selector, 'app.kubernetes.io/part-of': 'recast' }, selector };
}

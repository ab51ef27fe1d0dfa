import { IReanaDatabase } from './reana-backing-services';
import { DASK_PORTS, ReanaNames, SERVICE_PORTS, SESSION_PORTS } from './reana-names';
import { ASK_NAMES } from '../workload/network-policy';

/** Pods in the namespace of the services, by what stands behind the prefix in their name. */
const INFRASTRUCTURE = [
  'server', 'scheduler', 'workflow-controller', 'job-status-consumer', 'cache', 'message-broker', 'db', 'pgbouncer', 'db-backup', 'ui', 'init',
  'system-status', 'resource-quota-update', 'retention-rules-apply', 'interactive-session-cleanup',
] as const;

/** Pods that REANA makes in the runtime namespace, and the labels that its code gives them; those of Dask have their operator's. */
const RUNTIME = {
  'run-batch': { matchLabels: { reana_workflow_mode: 'batch' } },
  'run-session': { matchLabels: { reana_workflow_mode: 'session' } },
  'run-job': { matchExpressions: [{ key: 'reana-run-job-workflow-uuid', operator: 'Exists' }] },
  'run-dask-scheduler': { matchLabels: { 'dask.org/component': 'scheduler' } },
  'run-dask-worker': { matchLabels: { 'dask.org/component': 'worker' } },
} as const;

export type ReanaPod = typeof INFRASTRUCTURE[number] | keyof typeof RUNTIME;

/** Whoever of the cluster's own connects: its ingress controller, and its operator of Dask. */
type Outsider = 'ingress' | 'dask-operator';

/** Their pods, as peers of a NetworkPolicy. Without any, everybody could be it. */
export type Outsiders = { readonly [outsider in Outsider]?: readonly object[] };

/** Who connects to whom. */
export interface ReanaEdge {
  readonly from: ReanaPod | Outsider;
  readonly to: ReanaPod;
  /** The port that the pod listens on; without, any, since the pod takes one that is free. */
  readonly port?: number;
}

const edges = (to: ReanaPod, port: number | undefined, ...from: ReanaEdge['from'][]): ReanaEdge[] => from.map(each => ({ from: each, to, port }));

const DATABASE_CLIENTS = [
  'server', 'scheduler', 'workflow-controller', 'job-status-consumer', 'init',
  'system-status', 'resource-quota-update', 'retention-rules-apply', 'interactive-session-cleanup', 'run-batch',
] as const;

/** Who connects to a database that is behind PgBouncer: it, and who dumps. */
export const BESIDE_PGBOUNCER: readonly ReanaEdge['from'][] = ['pgbouncer', 'db-backup'];

/** Every connection within REANA. What isn't here, policies close. */
export const REANA_EDGES: readonly ReanaEdge[] = [
  ...edges('server', SERVICE_PORTS.server.targetPort, 'ingress'),
  ...edges('ui', SERVICE_PORTS.ui.targetPort, 'ingress'),
  ...edges('run-session', SESSION_PORTS.targetPort, 'ingress', 'interactive-session-cleanup'),
  ...edges('workflow-controller', SERVICE_PORTS['workflow-controller'].targetPort, 'server', 'scheduler', 'interactive-session-cleanup'),
  ...edges('cache', SERVICE_PORTS.cache.targetPort, 'server'),
  ...edges('message-broker', SERVICE_PORTS['message-broker'].targetPort, 'server', 'scheduler', 'workflow-controller', 'job-status-consumer', 'run-batch'),
  ...edges('db', SERVICE_PORTS.db.targetPort, ...DATABASE_CLIENTS),
  ...edges('pgbouncer', SERVICE_PORTS.pgbouncer.targetPort, ...DATABASE_CLIENTS),
  ...edges('db', SERVICE_PORTS.db.targetPort, ...BESIDE_PGBOUNCER),
  ...edges('run-dask-scheduler', DASK_PORTS.scheduler, 'run-job', 'run-dask-worker', 'dask-operator'),
  ...edges('run-dask-scheduler', DASK_PORTS.dashboard, 'ingress', 'dask-operator'),
  // workers take what they have computed from each other, and the scheduler asks them
  ...edges('run-dask-worker', undefined, 'run-dask-scheduler', 'run-dask-worker'),
];

/** The egress rules of a pod that asks the database and nobody else, after its address. */
export function databaseAlone({ port, podLabels }: Pick<IReanaDatabase, 'port' | 'podLabels'>): object[] {
  return [{ ...podLabels && { to: [{ podSelector: { matchLabels: podLabels } }] }, ports: [{ protocol: 'TCP', port }] }, ASK_NAMES];
}

/** The selector of a pod's kind within its namespace. */
export function podSelector(names: ReanaNames, pod: ReanaPod): object {
  return pod in RUNTIME ? RUNTIME[pod as keyof typeof RUNTIME] : { matchLabels: names.selector(pod) };
}

/** A pod's kind as a peer in a NetworkPolicy, from whichever of the two namespaces. */
export function peer(names: ReanaNames, pod: ReanaPod): object {
  const namespace = pod in RUNTIME ? names.runtimeNamespace : names.namespace;
  return { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } }, podSelector: podSelector(names, pod) };
}

/**
 * The ingress rules of a NetworkPolicy: who reaches a pod.
 *
 * @param outsiders whom the cluster's own are; what one reaches that isn't known is open to everybody
 * @param admitted of the callers those that are there
 */
export function callers(names: ReanaNames, pod: ReanaPod, outsiders: Outsiders = {}, admitted?: readonly ReanaEdge['from'][]): object[] {
  const incoming = REANA_EDGES.filter(({ from, to }) => to === pod && (!admitted || admitted.includes(from)));
  return [...new Set(incoming.map(({ port }) => port))].map(port => {
    const from = incoming.filter(edge => edge.port === port)
      .map(edge => edge.from === 'ingress' || edge.from === 'dask-operator' ? outsiders[edge.from] ?? [] : [peer(names, edge.from)]);
    return { ...from.every(peers => peers.length > 0) && { from: from.flat() }, ...port !== undefined && { ports: [{ protocol: 'TCP', port }] } };
  });
}

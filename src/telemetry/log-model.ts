import { LogBuffer } from './log-buffer';
import { OpenSearchLogs } from './open-search-logs';
import { LABELLED_LOG } from '../workload/labelled-log';

/**
 * What an agent does, in nobody's configuration language: which files it reads, what it writes on the records, where it keeps them, and where
 * they go. A driver renders it.
 */
export interface LogModel {
  /** The agent's own name and namespace: what it says itself it doesn't collect. */
  readonly name: string;
  readonly namespace: string;
  /** The namespaces whose containers are collected, or all. */
  readonly namespaces?: readonly string[];
  readonly excludedNamespaces: readonly string[];
  /** Labels of pods, and the fields of records that they become. No other label leaves the cluster. */
  readonly labels: { readonly [label: string]: string };
  readonly buffer: LogBuffer;
  readonly federation?: string;
  readonly headers: { readonly [name: string]: string };
  /** How records are written, if the store is an OpenSearch; and the path before its own. */
  readonly openSearch?: OpenSearchLogs & { readonly path: string };
  /** Whether the store is reached by mutual TLS. */
  readonly tls: boolean;
  /** Whether records that the store refuses for good are put aside; unless it is stated, where the agent can. */
  readonly deadLetters?: boolean;
}

/** Container logs, as the kubelet lays them: NAMESPACE_POD_UID/CONTAINER/RESTART.log. Nobody else writes there: no job puts a link into it. */
export const CONTAINER_LOGS = '/var/log/pods';

/** The name of the agent's configuration. */
export const AGENT_CONFIG = 'agent.yaml';

/** What an agent is told by its environment, since it differs from cluster to cluster or from node to node. */
export const AGENT_VARIABLES = { cluster: 'CLUSTER_NAME', node: 'NODE_NAME' } as const;

/** The fields of a record that tell where it comes from. */
export const RECORD = {
  id: 'log.record.uid',
  cluster: 'k8s.cluster.name',
  federation: 'federation',
  namespace: 'k8s.namespace.name',
  pod: 'k8s.pod.name',
  uid: 'k8s.pod.uid',
  container: 'k8s.container.name',
  node: 'k8s.node.name',
} as const;

/** All that a record has besides its text and its time. */
export function recordFields(model: LogModel): { readonly place: readonly string[]; readonly own: readonly string[] } {
  const { id, ...places } = RECORD;
  const { fields } = LABELLED_LOG;
  return {
    place: Object.values(places),
    own: [...new Set([id, 'part', ...fields.filter(field => field !== 'id'), ...Object.values(model.labels)])],
  };
}

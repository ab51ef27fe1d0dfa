import { LogBuffer } from './log-buffer';

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
  /** Whether the store is reached by mutual TLS. */
  readonly tls: boolean;
}

/** Where an agent has what, in its container. */
export const AGENT_PATHS = {
  config: '/etc/otelcol',
  tls: '/etc/otelcol-tls',
  state: '/var/lib/otelcol',
  /** Container logs, as the kubelet lays them: NAMESPACE_POD_UID/CONTAINER/RESTART.log */
  pods: '/var/log/pods',
} as const;

/** What an agent is told by its environment, since it differs from cluster to cluster or from node to node. */
export const AGENT_VARIABLES = { cluster: 'CLUSTER_NAME', endpoint: 'LOGS_ENDPOINT', node: 'NODE_NAME' } as const;

/** The port of the kubelet's questions, and that of metrics. */
export const AGENT_PORTS = { health: 13133, metrics: 8888 } as const;

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

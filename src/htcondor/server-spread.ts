import { Construct } from 'constructs';
import { addPodDisruptionBudget } from '../workload/pod-disruption-budget';
import { spreadOver } from '../workload/pod-spread';

/** Servers of one kind, by the names of their StatefulSets. */
export type Servers = readonly string[];

/** Selects the pods of servers. */
function anyOf(servers: Servers): object {
  return {
    matchLabels: { 'app.kubernetes.io/name': 'htcondor' },
    matchExpressions: [{ key: 'app.kubernetes.io/instance', operator: 'In', values: servers }],
  };
}

/** Servers of one kind are each on a node and in a zone of their own, where there are as many. */
export function spreadSpec(servers: Servers): object {
  return servers.length < 2 ? {} : { topologySpreadConstraints: spreadOver(anyOf(servers)) };
}

/** A drain may take one of several central managers at a time. */
export function keepOneCentralManager(scope: Construct, namespace: string, centralManagers: Servers): void {
  const labels = { 'app.kubernetes.io/name': 'htcondor', 'app.kubernetes.io/component': 'central-manager' };
  addPodDisruptionBudget(scope, { name: `${scope.node.id}-central-managers`, namespace, labels }, anyOf(centralManagers), 1, 'CentralManagersBudget');
}

import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';

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
  if (servers.length < 2) { return {}; }
  return {
    topologySpreadConstraints: ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map(topologyKey => ({
      maxSkew: 1, topologyKey, whenUnsatisfiable: 'ScheduleAnyway', labelSelector: anyOf(servers),
    })),
  };
}

/** A drain may take one of several central managers at a time. */
export function keepOneCentralManager(scope: Construct, namespace: string, centralManagers: Servers): void {
  new ApiObject(scope, 'CentralManagersBudget', {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: {
      name: `${scope.node.id}-central-managers`, namespace, labels: { 'app.kubernetes.io/name': 'htcondor', 'app.kubernetes.io/component': 'central-manager' },
    },
    spec: { maxUnavailable: 1, selector: anyOf(centralManagers) },
  });
}

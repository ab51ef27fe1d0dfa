/** Equal pods are each on a node and in a zone of their own (`topologySpreadConstraints`), where there are as many. */
export function spreadOver(labelSelector: object): object[] {
  return ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map(topologyKey => ({
    maxSkew: 1, topologyKey, whenUnsatisfiable: 'ScheduleAnyway', labelSelector,
  }));
}

/** What a StatefulSet of one pod has, besides the pod and its volumes. */
export function singlePod(serviceName: string, matchLabels: object): object {
  return {
    serviceName,
    replicas: 1,
    // otherwise a pod that never became ready would have to be deleted by hand before a mended one takes its place
    podManagementPolicy: 'Parallel',
    selector: { matchLabels },
  };
}

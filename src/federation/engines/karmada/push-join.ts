import { CLUSTER_NAMESPACE, EVERYTHING, granted, systemNamespace } from './cluster-object';
import type { FederatedCluster } from '../../federated-cluster';
import { Manifest } from '../../manifest';

/**
 * What a member has that Karmada pushes to: an account that may do everything, one for requests in the name of users, to which Karmada itself
 * grants what those may, and a token of each. The member's own control plane fills the tokens in.
 */
export function pushJoin(member: FederatedCluster): Manifest[] {
  const account = `karmada-${member.node.id}`;
  return [
    systemNamespace(CLUSTER_NAMESPACE),
    ...accountWithToken(account),
    ...accountWithToken('karmada-impersonator'),
    ...granted(`karmada-controller-manager:${account}`, undefined, EVERYTHING, {
      kind: 'ServiceAccount', name: account, namespace: CLUSTER_NAMESPACE,
    }),
  ];
}

function accountWithToken(name: string): Manifest[] {
  const metadata = { name, namespace: CLUSTER_NAMESPACE };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...metadata, annotations: { 'kubernetes.io/service-account.name': name } },
      type: 'kubernetes.io/service-account-token',
    },
  ];
}

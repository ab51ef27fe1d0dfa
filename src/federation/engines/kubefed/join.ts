import type { FederatedCluster } from '../../federated-cluster';
import { Manifest } from '../../manifest';

/** The member as the control plane knows it. */
export function kubeFedCluster(member: FederatedCluster, namespace: string): Manifest {
  return {
    apiVersion: 'core.kubefed.io/v1beta1',
    kind: 'KubeFedCluster',
    metadata: { name: member.node.id, namespace },
    spec: {
      apiEndpoint: member.apiServer,
      ...member.caBundle && { caBundle: Buffer.from(member.caBundle).toString('base64') },
      secretRef: { name: member.credentials },
    },
  };
}

/**
 * What `kubefedctl join` makes in the member: an account for the control plane, which may do anything, and its token.
 *
 * Kubernetes fills the token in. `kubefedctl` also annotates the account for the admission of mounted Secrets, of which
 * Kubernetes warns since 1.32; no pod runs under the account.
 */
export function joinedMember(member: FederatedCluster, namespace: string): Manifest[] {
  const account = `${member.node.id}-${member.federation.host.node.id}`;
  const role = `kubefed-controller-manager:${account}`;
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, namespace }, automountServiceAccountToken: false },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: account, namespace, annotations: { 'kubernetes.io/service-account.name': account } },
      type: 'kubernetes.io/service-account-token',
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: role },
      rules: [
        { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
        { nonResourceURLs: ['*'], verbs: ['get'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: role },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
    },
  ];
}

import { domainOf, FEDERATION_NAME, SYSTEM_NAMESPACE } from './v1-control-plane';
import type { FederatedCluster } from '../../federated-cluster';
import { Manifest } from '../../manifest';

const RBAC = 'rbac.authorization.k8s.io';
const CLUSTER_NAME = 'federation.alpha.kubernetes.io/cluster-name';

/** The label by which a placement names members; v1 selects clusters by their labels alone. */
export const MEMBER_LABEL = 'cdk8s-hep/member';

/** What `kubefed join` made in the member. Kubernetes up to 1.23 adds the account's token. */
export function joinedMember(member: FederatedCluster, dnsZone: string): Manifest[] {
  const federation = member.federation.node.id;
  const annotations = () => ({ [FEDERATION_NAME]: federation, [CLUSTER_NAME]: member.node.id });
  const account = accountOf(member);
  const role = roleOf(member);
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM_NAMESPACE, annotations: annotations() } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, namespace: SYSTEM_NAMESPACE, annotations: annotations() } },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRole',
      metadata: { name: role, annotations: annotations() },
      rules: [
        { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
        { nonResourceURLs: ['/healthz'], verbs: ['get'] },
      ],
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: role, annotations: annotations() },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: SYSTEM_NAMESPACE }],
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kube-dns', namespace: 'kube-system', annotations: annotations() },
      data: { federations: domainOf({ federation, dnsZone }) },
    },
  ];
}

/** The member in the API of the federation. The first annotation is misspelt there. */
export function joinedCluster(member: FederatedCluster): Manifest {
  return {
    apiVersion: 'federation/v1beta1',
    kind: 'Cluster',
    metadata: {
      name: member.node.id,
      labels: { ...member.clusterLabels, [MEMBER_LABEL]: member.node.id },
      annotations: {
        'federation.kubernetes.io/servive-account-name': accountOf(member),
        'federation.kubernetes.io/cluster-role-name': roleOf(member),
      },
    },
    spec: {
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: member.apiServer }],
      secretRef: { name: member.credentials },
    },
  };
}

function accountOf(member: FederatedCluster): string {
  return `${member.node.id}-${member.federation.host.node.id}`;
}

function roleOf(member: FederatedCluster): string {
  return `federation-controller-manager:${member.federation.node.id}-${accountOf(member)}`;
}

import { JoinMode, type FederatedCluster } from '../../federated-cluster';
import { Manifest } from '../../manifest';

/** Where the Karmada API keeps the credentials and the leases of members. */
export const CLUSTER_NAMESPACE = 'karmada-cluster';

/** As Karmada marks what belongs to itself. */
const SYSTEM = { 'karmada.io/system': 'true' };

/** The name of the Secret with the token by which requests to a member are made in the name of users. */
export function impersonatorSecret(member: FederatedCluster): string {
  return `${member.credentials}-impersonator`;
}

/** A namespace of Karmada itself. */
export function systemNamespace(name: string, labels: { [key: string]: string } = {}): Manifest {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { ...SYSTEM, ...labels } } };
}

/** What the Karmada API knows of a member. */
export function clusterObject(member: FederatedCluster, id?: string): Manifest {
  const { node, clusterLabels, apiServer, credentials, provider, region, zones, joinMode } = member;
  const secret = (name: string) => ({ namespace: CLUSTER_NAMESPACE, name });
  return {
    apiVersion: 'cluster.karmada.io/v1alpha1',
    kind: 'Cluster',
    metadata: { name: node.id, ...Object.keys(clusterLabels).length > 0 && { labels: clusterLabels } },
    spec: {
      syncMode: joinMode === JoinMode.PULL ? 'Pull' : 'Push',
      ...id && { id },
      ...joinMode === JoinMode.PUSH && {
        apiEndpoint: apiServer, secretRef: secret(credentials), impersonatorSecretRef: secret(impersonatorSecret(member)),
      },
      ...provider && { provider },
      ...region && { region },
      ...zones.length > 0 && { zones },
    },
  };
}

/** A role and who has it: in one namespace, or in the whole cluster. */
export function granted(name: string, namespace: string | undefined, rules: readonly object[], subject: object): Manifest[] {
  const kind = namespace ? 'Role' : 'ClusterRole';
  const metadata = { name, ...namespace && { namespace } };
  return [
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata, rules },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
      subjects: [subject],
    },
  ];
}

/** All that can be done in a cluster: what is carried there is anything. */
export const EVERYTHING = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['get'] },
];

import { createHash } from 'crypto';
import { CLUSTER_NAMESPACE, EVERYTHING, granted, systemNamespace } from './cluster-object';
import type { FederatedCluster } from '../../federated-cluster';
import { Manifest } from '../../manifest';

const NAMESPACE = 'karmada-system';
const AGENT = 'karmada-agent';

/** Any user that owns nothing: the agent reads its kubeconfig and writes no file. */
const NOBODY = 65534;

/** Where the agent finds the Karmada API, and by what it runs. */
export interface AgentOptions {
  readonly apiServer: string;
  readonly caBundle?: string;
  readonly image: string;
}

/**
 * What a member has that pulls: the agent, which may do everything there, and signs in at the Karmada API by the certificate of its Secret.
 * The kubeconfig beside it holds no secret.
 */
export function pullJoin(member: FederatedCluster, options: AgentOptions): Manifest[] {
  const metadata = { name: AGENT, namespace: NAMESPACE };
  const kubeconfig = kubeconfigOf(options);
  return [
    systemNamespace(NAMESPACE, { 'pod-security.kubernetes.io/enforce': 'restricted' }),
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    ...granted(AGENT, undefined, EVERYTHING, { kind: 'ServiceAccount', name: AGENT, namespace: NAMESPACE }),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { kubeconfig } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { ...metadata, labels: { app: AGENT } },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: AGENT } },
        template: {
          // the agent reads its kubeconfig once
          metadata: { labels: { app: AGENT }, annotations: { 'checksum/kubeconfig': createHash('sha256').update(kubeconfig).digest('hex') } },
          spec: podSpec(member, options.image),
        },
      },
    },
  ];
}

function kubeconfigOf({ apiServer, caBundle }: AgentOptions): string {
  return `${JSON.stringify({
    'apiVersion': 'v1',
    'kind': 'Config',
    'clusters': [{
      name: 'karmada',
      cluster: { server: apiServer, ...caBundle && { 'certificate-authority-data': Buffer.from(caBundle).toString('base64') } },
    }],
    'users': [{ name: AGENT, user: { 'client-certificate': '/etc/karmada/credentials/tls.crt', 'client-key': '/etc/karmada/credentials/tls.key' } }],
    'contexts': [{ name: 'karmada', context: { cluster: 'karmada', user: AGENT } }],
    'current-context': 'karmada',
  }, undefined, 2)}\n`;
}

function podSpec(member: FederatedCluster, image: string): object {
  return {
    serviceAccountName: AGENT,
    securityContext: { runAsNonRoot: true, runAsUser: NOBODY, runAsGroup: NOBODY, fsGroup: NOBODY, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [{
      name: AGENT,
      image,
      command: ['/bin/karmada-agent'],
      args: [
        '--karmada-kubeconfig=/etc/karmada/config/kubeconfig',
        `--cluster-name=${member.node.id}`,
        // no token of the member leaves it
        '--report-secrets=None',
        `--leader-elect-resource-namespace=${CLUSTER_NAMESPACE}`,
      ],
      ports: [{ name: 'metrics', containerPort: 8080 }, { name: 'health', containerPort: 10357 }],
      livenessProbe: { httpGet: { path: '/healthz', port: 'health' }, initialDelaySeconds: 15, periodSeconds: 15, timeoutSeconds: 5 },
      readinessProbe: { httpGet: { path: '/healthz', port: 'health' } },
      resources: { requests: { cpu: '50m', memory: '256Mi' } },
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true },
      volumeMounts: [
        { name: 'config', mountPath: '/etc/karmada/config', readOnly: true },
        { name: 'credentials', mountPath: '/etc/karmada/credentials', readOnly: true },
      ],
    }],
    volumes: [
      { name: 'config', configMap: { name: AGENT } },
      { name: 'credentials', secret: { secretName: member.credentials, defaultMode: 0o440 } },
    ],
  };
}

/**
 * What the agent of a member may do in the Karmada API: report on its own cluster, read and report what is meant for it, and no more. It sees
 * the names and addresses of the other members, and of Services: its caches read all of a kind.
 */
export function agentGrants({ node: { id } }: FederatedCluster): Manifest[] {
  const name = `system:karmada:${id}:agent`;
  const works = `karmada-es-${id}`;
  const agent = { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: `system:karmada:agent:${id}` };
  return [
    systemNamespace(works),
    ...granted(name, undefined, [
      { apiGroups: ['cluster.karmada.io'], resources: ['clusters'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: ['cluster.karmada.io'], resources: ['clusters/status'], resourceNames: [id], verbs: ['update'] },
      {
        apiGroups: ['config.karmada.io'],
        resources: ['resourceinterpretercustomizations', 'resourceinterpreterwebhookconfigurations'],
        verbs: ['get', 'list', 'watch'],
      },
      { apiGroups: [''], resources: ['services'], verbs: ['list', 'watch'] },
      { apiGroups: [''], resources: ['namespaces'], resourceNames: [CLUSTER_NAMESPACE], verbs: ['get'] },
      { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
    ], agent),
    ...granted(`${name}-lease`, CLUSTER_NAMESPACE, [
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: [id, `${AGENT}-${id}`], verbs: ['get', 'update'] },
    ], agent),
    ...granted(`${name}-work`, works, [
      { apiGroups: ['work.karmada.io'], resources: ['works'], verbs: ['get', 'list', 'watch', 'create', 'update', 'delete'] },
      { apiGroups: ['work.karmada.io'], resources: ['works/status'], verbs: ['update', 'patch'] },
    ], agent),
  ];
}

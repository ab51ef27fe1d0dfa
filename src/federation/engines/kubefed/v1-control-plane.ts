import { Manifest } from '../../manifest';

/** The namespace of what `kubefed` makes, in the host and in the members. */
export const SYSTEM_NAMESPACE = 'federation-system';

/** Puts an object down to a federation, or to a member of it. */
export const FEDERATION_NAME = 'federation.alpha.kubernetes.io/federation-name';

const RBAC = 'rbac.authorization.k8s.io';
const ACCOUNT = 'federation-controller-manager';
const ROLE = `federation-system:${ACCOUNT}`;
const CREDENTIALS = 'apiserver-credentials';
const KUBECONFIG = 'controller-manager-kubeconfig';
const DNS_CONFIG = 'federation-dns-provider.conf';

/** What `kubefed init` was told. */
export interface ControlPlane {
  readonly federation: string;
  readonly image: string;
  readonly dnsProvider: string;
  readonly dnsZone: string;
  readonly dnsProviderConfig: boolean;
}

/** What `kubefed init` made in the host cluster, without the Secrets that it generated: they are mounted by name. */
export function controlPlane(options: ControlPlane): Manifest[] {
  const annotations = { [FEDERATION_NAME]: options.federation };
  const metadata = (name: string, more: object = {}) => ({
    name,
    namespace: SYSTEM_NAMESPACE,
    labels: { app: 'federated-cluster' },
    annotations: { ...annotations, ...more },
  });
  const deployment = (name: string, spec: object, more?: object): Manifest => ({
    apiVersion: 'extensions/v1beta1',
    kind: 'Deployment',
    metadata: metadata(name, more),
    spec: {
      replicas: 1,
      template: { metadata: { name, labels: { app: 'federated-cluster', module: `federation-${name}` }, annotations: { ...annotations } }, spec },
    },
  });
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM_NAMESPACE, annotations: { ...annotations } } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata('apiserver'),
      spec: {
        type: 'LoadBalancer',
        selector: { app: 'federated-cluster', module: 'federation-apiserver' },
        ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: 'https' }],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: metadata('apiserver-etcd-claim'),
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } },
    },
    deployment('apiserver', apiServer(options.image)),
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata(ACCOUNT) },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'Role',
      metadata: metadata(ROLE),
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'watch'] }],
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'RoleBinding',
      metadata: metadata(ROLE),
      roleRef: { apiGroup: RBAC, kind: 'Role', name: ROLE },
      subjects: [{ kind: 'ServiceAccount', name: ACCOUNT, namespace: SYSTEM_NAMESPACE }],
    },
    deployment('controller-manager', controllerManager(options), { federations: domainOf(options) }),
  ];
}

/** The federation and its DNS zone, as kube-dns in the members is told of them. */
export function domainOf({ federation, dnsZone }: { readonly federation: string; readonly dnsZone: string }): string {
  return `${federation}=${dnsZone.replace(/\.+$/, '')}`;
}

function apiServer(image: string): object {
  return {
    containers: [
      {
        name: 'apiserver',
        image,
        imagePullPolicy: 'IfNotPresent',
        command: [
          '/fcp',
          'federation-apiserver',
          '--bind-address=0.0.0.0',
          '--client-ca-file=/etc/federation/apiserver/ca.crt',
          '--enable-admission-plugins=NamespaceLifecycle',
          '--etcd-servers=http://localhost:2379',
          '--secure-port=8443',
          '--tls-cert-file=/etc/federation/apiserver/server.crt',
          '--tls-private-key-file=/etc/federation/apiserver/server.key',
        ],
        ports: [{ name: 'https', containerPort: 8443 }, { name: 'local', containerPort: 8080 }],
        volumeMounts: [{ name: CREDENTIALS, mountPath: '/etc/federation/apiserver', readOnly: true }],
      },
      {
        name: 'etcd',
        image: 'gcr.io/google_containers/etcd:3.1.10',
        command: ['/usr/local/bin/etcd', '--data-dir', '/var/etcd/data'],
        volumeMounts: [{ name: 'etcddata', mountPath: '/var/etcd' }],
      },
    ],
    volumes: [secretVolume(CREDENTIALS), { name: 'etcddata', persistentVolumeClaim: { claimName: 'apiserver-etcd-claim' } }],
  };
}

function controllerManager({ federation, image, dnsProvider, dnsZone, dnsProviderConfig }: ControlPlane): object {
  const directory = '/etc/federation/dns-provider';
  return {
    serviceAccountName: ACCOUNT,
    containers: [{
      name: 'controller-manager',
      image,
      imagePullPolicy: 'IfNotPresent',
      command: [
        '/fcp',
        'federation-controller-manager',
        `--dns-provider=${dnsProvider}`,
        `--federation-name=${federation}`,
        '--kubeconfig=/etc/federation/controller-manager/kubeconfig',
        '--master=https://apiserver',
        `--zone-name=${dnsZone}`,
        ...dnsProviderConfig ? [`--dns-provider-config=${directory}/${DNS_CONFIG}`] : [],
      ],
      env: [{ name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } }],
      volumeMounts: [
        { name: KUBECONFIG, mountPath: '/etc/federation/controller-manager', readOnly: true },
        ...dnsProviderConfig ? [{ name: 'config-volume', mountPath: directory, readOnly: true }] : [],
      ],
    }],
    volumes: [secretVolume(KUBECONFIG), ...dnsProviderConfig ? [{ ...secretVolume(DNS_CONFIG), name: 'config-volume' }] : []],
  };
}

function secretVolume(name: string): object {
  return { name, secret: { secretName: name } };
}

import { ApiObject, App } from 'cdk8s';
import { Construct } from 'constructs';
import { Cluster, FederatedCluster, Federation, FederationEngine, KarmadaEngine, ManifestsEngine, RequiredSecrets } from '../../src';
import { scratchDirectory } from '../scratch';

const workload = (scope: Construct, id: string, spec: object) =>
  new ApiObject(scope, id, { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: id, namespace: 'work' }, spec: { template: { spec } } });
const mounting = (...names: string[]) => ({ volumes: names.map(secretName => ({ name: secretName, secret: { secretName } })) });

/** A host with a server, and agents in two members, one of which has something of its own. */
function program(engine: FederationEngine = new ManifestsEngine()) {
  const app = new App({ outdir: scratchDirectory() });
  const host = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host, engine });
  const [meyrin] = ['meyrin', 'tsystems'].map(name => new FederatedCluster(app, name, { federation, apiServer: `https://${name}.example` }));
  workload(host, 'server', mounting('tls'));
  workload(federation, 'agent', mounting('token'));
  workload(meyrin, 'other', { ...mounting('token'), imagePullSecrets: [{ name: 'login' }] });
  return { app, host };
}

const REQUIRED = [
  { cluster: 'condor-host', secret: 'work/tls', neededBy: ['DaemonSet/server'] },
  { cluster: 'meyrin', secret: 'work/login', neededBy: ['DaemonSet/other'] },
  { cluster: 'meyrin', secret: 'work/token', neededBy: ['DaemonSet/other', 'DaemonSet/agent'] },
  { cluster: 'tsystems', secret: 'work/token', neededBy: ['DaemonSet/agent'] },
];

test('what pods need in each cluster, each Secret once', () => {
  expect(RequiredSecrets.of(program().app).secrets).toEqual(REQUIRED);
});

test('whatever carries the objects there', () => {
  expect(RequiredSecrets.of(program(new KarmadaEngine()).app).secrets).toEqual(expect.arrayContaining(REQUIRED));
});

test('what the program writes, and what is optional, nobody has to make', () => {
  const { app, host } = program();
  new ApiObject(host, 'tls', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'tls', namespace: 'work' } });
  workload(host, 'second', { volumes: [{ name: 'extra', secret: { secretName: 'extra', optional: true } }] });
  expect(RequiredSecrets.of(app).secrets).toEqual(REQUIRED.slice(1));
});

test('the certificate of an Ingress, unless cert-manager is asked for it, and the login of a volume', () => {
  const { app, host } = program();
  const ingress = (name: string, annotations: object) => new ApiObject(host, name, {
    apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name, namespace: 'work', annotations }, spec: { tls: [{ secretName: `${name}-tls` }, {}] },
  } as any);
  ingress('site', {});
  ingress('issued', { 'cert-manager.io/cluster-issuer': 'letsencrypt' });
  const login = { name: 'ceph', namespace: 'kube-system' };
  new ApiObject(host, 'share', {
    apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'share' }, spec: { csi: { nodeStageSecretRef: login, nodePublishSecretRef: login } },
  } as any);
  new ApiObject(host, 'export', { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'export' }, spec: { nfs: {} } } as any);
  expect(RequiredSecrets.of(app).secrets).toEqual([
    REQUIRED[0],
    { cluster: 'condor-host', secret: 'work/site-tls', neededBy: ['Ingress/site'] },
    { cluster: 'condor-host', secret: 'kube-system/ceph', neededBy: ['PersistentVolume/share'] },
    ...REQUIRED.slice(1),
  ]);
});

test('as a table', () => {
  expect(`${RequiredSecrets.of(program().app)}`.split('\n')).toEqual([
    'CLUSTER      SECRET      NEEDED BY',
    'condor-host  work/tls    DaemonSet/server',
    'meyrin       work/login  DaemonSet/other',
    'meyrin       work/token  DaemonSet/other, DaemonSet/agent',
    'tsystems     work/token  DaemonSet/agent',
  ]);
});

test('a wrong program is refused', () => {
  const { app, host } = program();
  host.node.addValidation({ validate: () => ['something is wrong'] });
  expect(() => RequiredSecrets.of(app)).toThrow(/something is wrong/);
});

import { ApiObject, App, JsonPatch } from 'cdk8s';
import { Construct } from 'constructs';
import { problemsOf } from './engines/small-federation';
import { Cluster, ClusterSelector, FederatedCluster, Federation, Placement } from '../../src';
import { scratchDirectory } from '../scratch';

/** A federation of three members, with a placement for two of them. */
function site() {
  const app = new App({ outdir: scratchDirectory() });
  const fed = new Federation(app, 'fed', { host: new Cluster(app, 'host'), namespace: 'work' });
  const [meyrin, tsystems, zurich] = ['meyrin', 'tsystems', 'zurich'].map(id => new FederatedCluster(app, id, { federation: fed, namespace: 'work' }));
  const cern = new Placement(fed, 'cern', { clusters: ClusterSelector.of(meyrin) });
  return { app, fed, meyrin, tsystems, zurich, cern };
}

function object(scope: Construct, id: string, apiVersion: string, kind: string, fields: object = {}): ApiObject {
  return new ApiObject(scope, id, { apiVersion, kind, ...fields } as any);
}

const secret = (scope: Construct, id: string) => object(scope, id, 'v1', 'Secret');
const configMap = (scope: Construct, id: string) => object(scope, id, 'v1', 'ConfigMap');
const pods = (spec: object) => ({ spec: { template: { spec } } });
const startd = (scope: Construct, spec: object) => object(scope, 'startd', 'apps/v1', 'DaemonSet', pods(spec));
const pulling = (name: string) => ({ imagePullSecrets: [{ name }] });

test('a pull secret outside the placement', () => {
  const { app, fed, cern } = site();
  secret(cern, 'registry');
  startd(fed, { imagePullSecrets: [{ name: 'made-by-hand' }, { name: 'registry' }] });
  expect(problemsOf(app)).toEqual([
    '[fed] fed/startd for tsystems, zurich spec.template.spec.imagePullSecrets[1].name: given "registry", '
    + 'allowed: what is there too: Secret work/registry is declared by fed/cern/registry for meyrin',
  ]);
});

const OPTIONAL = { optional: true };

test.each<[string, string, string, object, object?]>([
  ['v1', 'ServiceAccount', 'serviceAccountName', { serviceAccountName: 'x' }],
  ['v1', 'Secret', 'imagePullSecrets[0].name', pulling('x')],
  ['v1', 'ConfigMap', 'volumes[1].configMap.name', { volumes: [{ emptyDir: {} }, { configMap: { name: 'x' } }] },
    { volumes: [{ configMap: { name: 'x', ...OPTIONAL } }] }],
  ['v1', 'Secret', 'volumes[0].secret.secretName', { volumes: [{ secret: { secretName: 'x' } }] }, { volumes: [{ secret: { secretName: 'x', ...OPTIONAL } }] }],
  ['v1', 'PersistentVolumeClaim', 'volumes[0].persistentVolumeClaim.claimName', { volumes: [{ persistentVolumeClaim: { claimName: 'x' } }] }],
  ['v1', 'ConfigMap', 'volumes[0].projected.sources[1].configMap.name', { volumes: [{ projected: { sources: [{ downwardAPI: {} }, { configMap: { name: 'x' } }] } }] },
    { volumes: [{ projected: { sources: [{ configMap: { name: 'x', ...OPTIONAL } }] } }] }],
  ['v1', 'Secret', 'volumes[0].projected.sources[0].secret.name', { volumes: [{ projected: { sources: [{ secret: { name: 'x' } }] } }] },
    { volumes: [{ projected: { sources: [{ secret: { name: 'x', ...OPTIONAL } }] } }] }],
  ['v1', 'ConfigMap', 'containers[0].env[1].valueFrom.configMapKeyRef.name',
    { containers: [{ env: [{ name: 'A', value: 'x' }, { name: 'B', valueFrom: { configMapKeyRef: { name: 'x', key: 'k' } } }] }] },
    { containers: [{ env: [{ name: 'B', valueFrom: { configMapKeyRef: { name: 'x', key: 'k', ...OPTIONAL } } }] }] }],
  ['v1', 'Secret', 'initContainers[0].env[0].valueFrom.secretKeyRef.name',
    { initContainers: [{ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'x', key: 'k' } } }] }] },
    { initContainers: [{ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'x', key: 'k', ...OPTIONAL } } }] }] }],
  ['v1', 'ConfigMap', 'containers[0].envFrom[0].configMapRef.name', { containers: [{ envFrom: [{ configMapRef: { name: 'x' } }] }] },
    { containers: [{ envFrom: [{ configMapRef: { name: 'x', ...OPTIONAL } }] }] }],
  ['v1', 'Secret', 'containers[0].envFrom[0].secretRef.name', { containers: [{ envFrom: [{ secretRef: { name: 'x' } }] }] },
    { containers: [{ envFrom: [{ secretRef: { name: 'x', ...OPTIONAL } }] }] }],
  ['scheduling.k8s.io/v1', 'PriorityClass', 'priorityClassName', { priorityClassName: 'x' }],
  ['node.k8s.io/v1', 'RuntimeClass', 'runtimeClassName', { runtimeClassName: 'x' }],
])('%s %s by %s', (apiVersion, kind, path, spec, optional = {}) => {
  const report = (of: object) => {
    const { app, fed, cern } = site();
    object(cern, 'x', apiVersion, kind);
    startd(fed, of);
    return problemsOf(app);
  };
  expect(report(spec)).toEqual([expect.stringContaining(`fed/startd for tsystems, zurich spec.template.spec.${path}: given "x"`)]);
  expect(report(optional)).toEqual([]);
});

test.each<[string, string, (spec: object) => object, string]>([
  ['batch/v1', 'CronJob', spec => ({ spec: { jobTemplate: pods(spec) } }), 'spec.jobTemplate.spec.template.spec'],
  ['batch/v1', 'Job', pods, 'spec.template.spec'],
  ['apps/v1', 'Deployment', pods, 'spec.template.spec'],
  ['apps/v1', 'ReplicaSet', pods, 'spec.template.spec'],
  ['apps/v1', 'StatefulSet', pods, 'spec.template.spec'],
  ['v1', 'ReplicationController', pods, 'spec.template.spec'],
  ['v1', 'Pod', spec => ({ spec }), 'spec'],
  ['v1', 'PodTemplate', spec => ({ template: { spec } }), 'template.spec'],
])('of the pods of %s %s', (apiVersion, kind, fields, path) => {
  const { app, fed, cern } = site();
  secret(cern, 'registry');
  object(fed, 'w', apiVersion, kind, fields(pulling('registry')));
  expect(problemsOf(app)).toEqual([expect.stringContaining(`fed/w for tsystems, zurich ${path}.imagePullSecrets[0].name`)]);
});

test('of accounts, and of bindings to their roles', () => {
  const { app, fed, cern } = site();
  const rbac = 'rbac.authorization.k8s.io';
  secret(cern, 'registry');
  object(fed, 'account', 'v1', 'ServiceAccount', pulling('registry'));
  object(cern, 'reader', `${rbac}/v1`, 'Role');
  object(cern, 'viewer', `${rbac}/v1`, 'ClusterRole');
  const bound = (id: string, kind: string, role: string, name: string) =>
    object(fed, id, `${rbac}/v1`, kind, { roleRef: { apiGroup: rbac, kind: role, name }, subjects: [{ kind: 'User', name: 'x' }] });
  bound('a', 'RoleBinding', 'Role', 'reader');
  bound('b', 'RoleBinding', 'ClusterRole', 'viewer');
  bound('c', 'ClusterRoleBinding', 'ClusterRole', 'viewer');
  bound('d', 'ClusterRoleBinding', 'ClusterRole', 'cluster-admin');
  const at = ' for tsystems, zurich';
  expect(problemsOf(app).map(line => line.slice('[fed] fed/'.length, line.indexOf(': given')))).toEqual([
    `account${at} imagePullSecrets[0].name`, `a${at} roleRef.name`, `b${at} roleRef.name`, `c${at} roleRef.name`,
  ]);
});

test('what the member itself declares, or another placement, is there', () => {
  const { app, fed, cern, tsystems, zurich } = site();
  secret(cern, 'registry');
  secret(new Placement(fed, 'eth', { clusters: ClusterSelector.of(zurich) }), 'registry');
  startd(fed, pulling('registry'));
  expect(problemsOf(app)).toEqual([expect.stringContaining('declared by fed/cern/registry for meyrin, fed/eth/registry for zurich')]);
  secret(tsystems, 'registry');
  expect(problemsOf(app)).toEqual([]);
});

test('what a member itself declares may not be without it either', () => {
  const { app, cern, tsystems } = site();
  configMap(cern, 'site');
  startd(tsystems, { volumes: [{ configMap: { name: 'site' } }] });
  expect(problemsOf(app)).toEqual([expect.stringContaining('[fed] tsystems/startd for tsystems spec.template.spec.volumes[0].configMap.name: given "site"')]);
});

test('a name is of its own namespace', () => {
  const { app, fed, cern } = site();
  object(cern, 'site', 'v1', 'ConfigMap', { metadata: { namespace: 'other' } });
  startd(fed, { volumes: [{ configMap: { name: 'site' } }] });
  expect(problemsOf(app)).toEqual([]);
});

test('what counts is what a member ends up with', () => {
  const { app, fed, cern, tsystems, zurich } = site();
  secret(cern, 'registry');
  const fleet = startd(fed, pulling('registry'));
  fed.addOverride(fleet, ClusterSelector.of(tsystems), JsonPatch.replace('/spec/template/spec/imagePullSecrets/0/name', 'of-otc'));
  expect(problemsOf(app)).toEqual([expect.stringContaining('fed/startd for zurich spec.template.spec.imagePullSecrets[0].name')]);
  fed.addOverride(fleet, ClusterSelector.of(zurich), JsonPatch.remove('/spec/template/spec/imagePullSecrets'));
  expect(problemsOf(app)).toEqual([]);
});

import { ApiObject, App, Testing } from 'cdk8s';
import { configMap, problemsOf, smallFederation, written } from './small-federation';
import { Cluster, ClusterSelector, FederatedCluster, Federation, JoinMode, Placement } from '../../../src';
import { OpenClusterManagementEngine } from '../../../src/federation/engines/open-cluster-management';
import { scratchDirectory } from '../../scratch';

const KIB = 1024;

const ocm = (prune?: boolean) => new OpenClusterManagementEngine({ prune });

const config = (group: string, resource: string, updateStrategy: object, more: object = {}) =>
  ({ resourceIdentifier: { group, resource, namespace: '*', name: '*' }, updateStrategy, ...more });

const FORCED = { type: 'ServerSideApply', serverSideApply: { force: true } };
const FEEDBACK = { feedbackRules: [{ type: 'WellKnownStatus' }] };

const works = (cluster: Cluster) => Testing.synth(cluster).filter(({ kind }) => kind === 'ManifestWork');

test('the hub holds the members as a set, and a ManifestWork for each', () => {
  const { host } = smallFederation(ocm(), { joinMode: JoinMode.PUSH });
  const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const managedCluster = (name: string, labels: object) => ({
    apiVersion: 'cluster.open-cluster-management.io/v1',
    kind: 'ManagedCluster',
    metadata: { name, labels: { ...labels, 'cluster.open-cluster-management.io/clusterset': 'fed' } },
    spec: { hubAcceptsClient: true },
  });
  const manifestWork = (member: string, site: string) => ({
    apiVersion: 'work.open-cluster-management.io/v1',
    kind: 'ManifestWork',
    metadata: { name: 'fed', namespace: member },
    spec: {
      deleteOption: { propagationPolicy: 'Orphan' },
      workload: {
        manifests: [
          namespace('condor'),
          { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'startd', namespace: 'condor' }, spec: { selector: {} } },
          { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'condor' }, data: { site } },
        ],
      },
      manifestConfigs: [config('', 'namespaces', FORCED), config('apps', 'daemonsets', FORCED, FEEDBACK), config('', 'configmaps', FORCED)],
    },
  });
  expect(Testing.synth(host)).toEqual([
    namespace('fed'),
    namespace('meyrin'),
    namespace('tsystems'),
    {
      apiVersion: 'cluster.open-cluster-management.io/v1beta2',
      kind: 'ManagedClusterSet',
      metadata: { name: 'fed' },
      spec: { clusterSelector: { selectorType: 'ExclusiveClusterSetLabel' } },
    },
    {
      apiVersion: 'cluster.open-cluster-management.io/v1beta2',
      kind: 'ManagedClusterSetBinding',
      metadata: { name: 'fed', namespace: 'fed' },
      spec: { clusterSet: 'fed' },
    },
    {
      apiVersion: 'cluster.open-cluster-management.io/v1beta1',
      kind: 'Placement',
      metadata: { name: 'fed', namespace: 'fed' },
      spec: {
        clusterSets: ['fed'],
        tolerations: [
          { key: 'cluster.open-cluster-management.io/unreachable', operator: 'Exists' },
          { key: 'cluster.open-cluster-management.io/unavailable', operator: 'Exists' },
        ],
      },
    },
    managedCluster('meyrin', { tier: 'own' }),
    managedCluster('tsystems', {}),
    manifestWork('meyrin', 'none'),
    manifestWork('tsystems', 'otc'),
  ]);
});

test('a member holds the rights to what its agent is to write', () => {
  const role = (prune: boolean) => Testing.synth(smallFederation(ocm(prune)).tsystems);
  const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch'];
  expect(role(false)).toEqual([{
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'open-cluster-management:fed', labels: { 'open-cluster-management.io/aggregate-to-work': 'true' } },
    rules: [
      { apiGroups: ['apps'], resources: ['daemonsets'], verbs },
      { apiGroups: [''], resources: ['configmaps', 'namespaces'], verbs },
    ],
  }]);
  expect(role(true)[0].rules[0].verbs).toEqual([...verbs, 'delete']);
});

test('a ManifestWork holds what the member ends up with without a control plane', () => {
  const [here, there] = works(smallFederation(ocm()).host).map(({ spec }) => spec.workload.manifests);
  const { meyrin, tsystems } = smallFederation();
  expect(here).toEqual(Testing.synth(meyrin));
  expect(there).toEqual(Testing.synth(tsystems));
});

test('a paused member is left as it is', () => {
  const [paused, other] = works(smallFederation(ocm(), { paused: true }).host);
  const readOnly = { type: 'ReadOnly' };
  expect(paused.spec.manifestConfigs).toEqual([
    config('', 'namespaces', readOnly), config('apps', 'daemonsets', readOnly, FEEDBACK), config('', 'configmaps', readOnly),
  ]);
  expect(other.spec.manifestConfigs[0]).toEqual(config('', 'namespaces', FORCED));
});

test('with prune a ManifestWork owns its objects', () => {
  expect(works(smallFederation(ocm(true)).host).map(({ spec }) => spec.deleteOption)).toEqual([
    { propagationPolicy: 'Foreground' }, { propagationPolicy: 'Foreground' },
  ]);
});

test('kinds go by the names of their API: as defined, or by the rules of English', () => {
  const { fed, host } = smallFederation(ocm());
  const objects = [
    ['v1', 'Endpoints'], ['networking.k8s.io/v1', 'Ingress'], ['networking.k8s.io/v1', 'NetworkPolicy'], ['gateway.networking.k8s.io/v1', 'Gateway'],
    ['example.org/v1', 'Person'],
  ];
  objects.forEach(([apiVersion, kind]) => new ApiObject(fed, kind, { apiVersion, kind, metadata: { namespace: 'condor' } }));
  new ApiObject(fed, 'people', {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'people.example.org' },
    spec: { group: 'example.org', names: { kind: 'Person', plural: 'people' }, scope: 'Namespaced' },
  } as any);
  const configs = works(host)[0].spec.manifestConfigs;
  expect(configs.map(({ resourceIdentifier: { resource } }: any) => resource)).toEqual([
    'namespaces', 'customresourcedefinitions', 'daemonsets', 'configmaps', 'endpoints', 'ingresses', 'networkpolicies', 'gateways', 'people',
  ]);
  // OCM's agent may not patch these
  expect(configs[1]).toEqual(config('apiextensions.k8s.io', 'customresourcedefinitions', { type: 'Update' }));
});

test('members without objects have no ManifestWork', () => {
  const app = new App({ outdir: scratchDirectory() });
  const host = new Cluster(app, 'condor-host');
  const fed = new Federation(app, 'fed', { host, engine: ocm() });
  const [one, other] = ['one', 'other'].map(name => new FederatedCluster(app, name, { federation: fed }));
  configMap(new Placement(fed, 'there', { clusters: ClusterSelector.of(one) }), 'x');
  expect(works(host).map(({ metadata }) => metadata.namespace)).toEqual(['one']);
  expect(Testing.synth(other)).toEqual([]);
});

test('objects are split where OCM would refuse them together, namespaces first', () => {
  const { fed, host } = smallFederation(ocm());
  for (const id of ['a', 'b', 'c']) { configMap(fed, id, { text: 'x'.repeat(200 * KIB) }); }
  const parts = works(host).filter(({ metadata }) => metadata.namespace === 'tsystems');
  expect(parts.map(({ metadata }) => metadata.name)).toEqual(['fed', 'fed-2']);
  expect(parts.map(({ spec }) => spec.workload.manifests.map(({ metadata }: any) => metadata.name))).toEqual([
    ['condor', 'startd', 'settings', 'a', 'b'], ['c'],
  ]);
  expect(parts[1].spec.manifestConfigs).toEqual([config('', 'configmaps', FORCED)]);
});

test('the size is that of the JSON which Go writes', () => {
  const large = (text: string) => {
    const { app, fed } = smallFederation(ocm());
    configMap(fed, 'large', { text });
    return problemsOf(app);
  };
  expect(large('x'.repeat(499 * KIB))).toEqual([]);
  expect(large('<'.repeat(83 * KIB))).toEqual([]);
  expect(large('<'.repeat(84 * KIB))).toEqual([
    '[fed] ConfigMap condor/large: given "516206 bytes", allowed: 512000 bytes, which a ManifestWork holds at most',
  ]);
});

test('the hub holds a constant more for each member, and the same bytes every time', () => {
  const host = (members: number) => {
    const { app, fed } = smallFederation(ocm());
    for (let index = 0; index < members; index++) { new FederatedCluster(app, `member-${1000 + index}`, { federation: fed }); }
    return written(app)['condor-host.k8s.yaml'];
  };
  expect(host(20)).toBe(host(20));
  expect(host(20).length - host(10).length).toBe(host(10).length - host(0).length);
});

test('refuses all that it can not carry, in one report', () => {
  const labels = { 'cluster.open-cluster-management.io/clusterset': 'x' };
  const { app, fed, host, meyrin, tsystems } = smallFederation(ocm(), {}, { labels }, 'global');
  new FederatedCluster(app, 'kube-system', { federation: fed });
  new FederatedCluster(app, 'condor', { federation: fed });
  configMap(host, 'of-the-pool');
  configMap(fed, 'stray', {}, null);
  new ApiObject(fed, 'password', { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'condor' } });
  configMap(new Placement(fed, 'here', { clusters: ClusterSelector.of(meyrin) }), 'same', { a: '1' });
  configMap(new Placement(fed, 'there', { clusters: ClusterSelector.of(tsystems) }), 'same', { a: '2' });
  const name = 'a name that is no namespace of condor-host: the hub keeps a member in a namespace of its name';
  expect(problemsOf(app)).toEqual([
    'id: given "global", allowed: another name: Open Cluster Management has a set of clusters of this one',
    'global/here/same, global/there/same are all ConfigMap condor/same, and they differ: '
      + 'the engine holds an object once; declare it once, with overrides for the members that differ',
    expect.stringMatching(/^\[global\] global\/password is a Secret, and a ManifestWork would hold its content for all who may read that: /),
    'global/stray is a ConfigMap without a namespace, and Open Cluster Management has no context to take one from: '
      + 'state it on the object, or as the namespace of its chart',
    'tsystems labels: given "cluster.open-cluster-management.io/clusterset", allowed: other labels: a member is in the set of its federation',
    `kube-system id: given "kube-system", allowed: ${name}`,
    `condor id: given "condor", allowed: ${name}`,
  ].map(problem => typeof problem === 'string' ? `[global] ${problem}` : problem));
});

test('refuses prune where it would delete what is declared', () => {
  const { app, fed } = smallFederation(ocm(true), { paused: true }, { joinMode: JoinMode.PUSH });
  const clusters = ClusterSelector.of(fed.members[1]);
  const placement = new Placement(fed, 'there', { clusters });
  for (const id of ['a', 'b', 'c']) { configMap(placement, id, { text: 'x'.repeat(200 * KIB) }); }
  expect(problemsOf(app)).toEqual([
    '[fed] meyrin paused: given true, allowed: false with prune: OCM would go on deleting what is no longer declared',
    '[fed] tsystems prune: given true, allowed: false: its objects need 2 ManifestWorks, '
      + 'and one that moves from one to another would be deleted and made again',
  ]);
});

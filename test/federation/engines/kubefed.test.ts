import * as fs from 'fs';
import * as path from 'path';
import { ApiObject, App, JsonPatch, Testing } from 'cdk8s';
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s';
import { Construct } from 'constructs';
import * as fc from 'fast-check';
import { Cluster, ClusterSelector, FederatedCluster, FederatedClusterProps, Federation, JoinMode, Placement } from '../../../src';
import { KubeFedEngine, KubeFedEngineProps } from '../../../src/federation/engines/kubefed';
import { TargetTypes } from '../../../src/federation/engines/kubefed/target-type';
import { Manifest } from '../../../src/federation/manifest';
import { FederationModel } from '../../../src/federation/model';
import * as patch from '../../../src/federation/patch';
import { misread } from '../../../src/federation/written-text';
import { scratchDirectory } from '../../scratch';

const CA = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

interface Site {
  readonly app: App;
  readonly host: Cluster;
  readonly fed: Federation;
  readonly meyrin: FederatedCluster;
  readonly tsystems: FederatedCluster;
}

function site(props: KubeFedEngineProps = {}): Site {
  const app = new App({ outdir: scratchDirectory() });
  const host = new Cluster(app, 'condor-host');
  const fed = new Federation(app, 'fed', { host, engine: new KubeFedEngine(props) });
  const member = (id: string, more: Partial<FederatedClusterProps> = {}) =>
    new FederatedCluster(app, id, { federation: fed, apiServer: `https://${id}.example:6443`, ...more });
  return { app, host, fed, meyrin: member('meyrin'), tsystems: member('tsystems', { caBundle: CA, credentials: 'tsystems-token' }) };
}

function object(scope: Construct, apiVersion: string, kind: string, fields: any = {}): ApiObject {
  return new ApiObject(scope, `${kind}-${fields.metadata?.name ?? 'it'}-${scope.node.children.length}`, { apiVersion, kind, ...fields });
}

const namespace = (scope: Construct, name: string, metadata: object = {}) => object(scope, 'v1', 'Namespace', { metadata: { name, ...metadata } });

const settings = (scope: Construct, fields: any = { data: { site: 'none' } }, metadata: object = {}) =>
  object(scope, 'v1', 'ConfigMap', { ...fields, metadata: { name: 'settings', namespace: 'work', ...metadata } });

/** Kinds that are asked and not stored, those of an API server's own, and those that Kubernetes gave up. */
const NO_OBJECTS = [
  'ClusterCIDR', 'Eviction', 'ResourceClass', 'Scale', 'SelfSubjectAccessReview', 'SelfSubjectReview', 'SelfSubjectRulesReview', 'Status', 'StorageVersion',
  'SubjectAccessReview', 'LocalSubjectAccessReview', 'TokenRequest', 'TokenReview',
];

const hostObjects = ({ host }: Site): any[] => Testing.synth(host);
const ofKind = (s: Site, kind: string): any[] => hostObjects(s).filter(one => one.kind === kind);
const everywhere = { clusters: [{ name: 'meyrin' }, { name: 'tsystems' }] };

function files(app: App): { [file: string]: string } {
  app.synth();
  return Object.fromEntries(fs.readdirSync(app.outdir).sort().map(file => [file, fs.readFileSync(path.join(app.outdir, file), 'utf8')]));
}

function report(app: App): string[] {
  try { app.synth(); } catch (error) { return (error as Error).message.split('\n').map(line => line.trim()).filter(line => line.startsWith('[')); }
  return [];
}

describe('an object', () => {
  test('is one, with its members by name, and what differs in some', () => {
    const s = site();
    namespace(s.fed, 'work');
    const target = settings(s.fed, { data: { site: 'none', old: 'x' } }, { labels: { app: 'x' } });
    s.fed.addOverride(target, ClusterSelector.of(s.tsystems), JsonPatch.replace('/data/site', 'otc'), JsonPatch.remove('/data/old'),
      JsonPatch.add('/metadata/labels/cloud', 'yes'), JsonPatch.copy('/data/site', '/data/copy'));
    expect(ofKind(s, 'FederatedConfigMap')).toEqual([{
      apiVersion: 'types.kubefed.io/v1beta1',
      kind: 'FederatedConfigMap',
      metadata: { name: 'settings', namespace: 'work' },
      spec: {
        template: { apiVersion: 'v1', data: { site: 'none', old: 'x' }, metadata: { labels: { app: 'x' } } },
        placement: everywhere,
        overrides: [{
          clusterName: 'tsystems',
          clusterOverrides: [
            { op: 'replace', path: '/data/site', value: 'otc' },
            { op: 'remove', path: '/data/old' },
            { op: 'add', path: '/data/copy', value: 'otc' },
            { op: 'add', path: '/metadata/labels/cloud', value: 'yes' },
          ],
        }],
      },
    }]);
  });

  test('of a placement goes to its members', () => {
    const s = site();
    const place = new Placement(s.fed, 'p', { clusters: ClusterSelector.of(s.tsystems) });
    namespace(place, 'work');
    settings(place);
    expect(ofKind(s, 'FederatedConfigMap')[0].spec).toEqual({
      template: { apiVersion: 'v1', data: { site: 'none' } }, placement: { clusters: [{ name: 'tsystems' }] },
    });
  });

  test('without a namespace is federated by an object without one', () => {
    const s = site();
    object(s.fed, 'rbac.authorization.k8s.io/v1', 'ClusterRole', { metadata: { name: 'reader' }, rules: [] });
    expect(ofKind(s, 'FederatedClusterRole')).toEqual([{
      apiVersion: 'types.kubefed.io/v1beta1',
      kind: 'FederatedClusterRole',
      metadata: { name: 'reader' },
      spec: { template: { apiVersion: 'rbac.authorization.k8s.io/v1', rules: [] }, placement: everywhere },
    }]);
  });

  test('has its annotations and finalizers from overrides, in every member', () => {
    const s = site();
    namespace(s.fed, 'work');
    const target = settings(s.fed, {}, { annotations: { 'example.org/a': '1' }, finalizers: ['example.org/f'] });
    s.fed.addOverride(target, ClusterSelector.of(s.tsystems), JsonPatch.add('/metadata/annotations/b', '2'), JsonPatch.remove('/metadata/finalizers'));
    const { spec } = ofKind(s, 'FederatedConfigMap')[0];
    expect(spec.template).toEqual({ apiVersion: 'v1' });
    expect(spec.overrides).toEqual([
      {
        clusterName: 'meyrin',
        clusterOverrides: [
          { op: 'add', path: '/metadata/annotations', value: { 'example.org/a': '1' } },
          { op: 'add', path: '/metadata/finalizers', value: ['example.org/f'] },
        ],
      },
      { clusterName: 'tsystems', clusterOverrides: [{ op: 'add', path: '/metadata/annotations', value: { 'b': '2', 'example.org/a': '1' } }] },
    ]);
    expect(files(s.app)['condor-host.k8s.yaml']).not.toMatch(/[&*]a\d/);
  });

  test.each(['DaemonSet', 'Deployment'])('shares its annotations with the controllers of the member: a %s', kind => {
    const s = site();
    namespace(s.fed, 'work');
    const target = object(s.fed, 'apps/v1', kind, { metadata: { name: 'w', namespace: 'work', annotations: { 'example.org/a': '1' } }, spec: {} });
    s.fed.addOverride(target, ClusterSelector.of(s.tsystems), JsonPatch.remove('/metadata/annotations'));
    const { spec } = ofKind(s, `Federated${kind}`)[0];
    expect(spec.template).toEqual({ apiVersion: 'apps/v1', metadata: { annotations: {} }, spec: {} });
    expect(spec.overrides).toEqual([
      { clusterName: 'meyrin', clusterOverrides: [{ op: 'add', path: '/metadata/annotations/example.org~1a', value: '1' }] },
    ]);
  });

  test('that states no replicas leaves them to the member', () => {
    const s = site();
    namespace(s.fed, 'work');
    for (const [kind, spec] of [['Deployment', {}], ['StatefulSet', { replicas: 2 }], ['ReplicaSet', {}], ['DaemonSet', {}]] as const) {
      object(s.fed, 'apps/v1', kind, { metadata: { name: 'w', namespace: 'work' }, spec });
    }
    expect(hostObjects(s).filter(({ apiVersion }) => apiVersion === 'types.kubefed.io/v1beta1').map(({ kind, spec }) => [kind, spec.retainReplicas])).toEqual([
      ['FederatedNamespace', undefined], ['FederatedDeployment', true], ['FederatedStatefulSet', undefined], ['FederatedReplicaSet', true],
      ['FederatedDaemonSet', undefined],
    ]);
  });
});

describe('a namespace', () => {
  test('lies in the namespace of its name in the host, whose own labels stay', () => {
    const s = site();
    namespace(s.host, 'work', { labels: { team: 'batch' } });
    namespace(new Placement(s.fed, 'm', { clusters: ClusterSelector.of(s.meyrin) }), 'work', { labels: { site: 'cern' } });
    namespace(new Placement(s.fed, 't', { clusters: ClusterSelector.of(s.tsystems) }), 'work', { labels: { site: 'cern', cloud: 'otc' } });
    expect(ofKind(s, 'Namespace')).toEqual([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'work', labels: { team: 'batch' } } }]);
    expect(ofKind(s, 'FederatedNamespace')).toEqual([{
      apiVersion: 'types.kubefed.io/v1beta1',
      kind: 'FederatedNamespace',
      metadata: { name: 'work', namespace: 'work' },
      spec: {
        template: { apiVersion: 'v1', metadata: { labels: { site: 'cern', cloud: 'otc' } } },
        placement: everywhere,
        overrides: [{ clusterName: 'meyrin', clusterOverrides: [{ op: 'remove', path: '/metadata/labels/cloud' }] }],
      },
    }]);
  });

  test('of Kubernetes is opened, for the members that get objects in it', () => {
    const s = site({ namespace: 'kubefed', enabledTypes: [] });
    settings(s.fed, {}, { namespace: 'default' });
    settings(new Placement(s.fed, 'p', { clusters: ClusterSelector.of(s.tsystems) }), {}, { namespace: 'kubefed' });
    expect(ofKind(s, 'Namespace')).toEqual([]);
    expect(ofKind(s, 'FederatedNamespace')).toEqual([
      { metadata: { name: 'default', namespace: 'default' }, spec: { placement: everywhere } },
      { metadata: { name: 'kubefed', namespace: 'kubefed' }, spec: { placement: { clusters: [{ name: 'tsystems' }] } } },
    ].map(one => ({ apiVersion: 'types.kubefed.io/v1beta1', kind: 'FederatedNamespace', ...one })));
    expect(ofKind(s, 'FederatedTypeConfig').map(({ metadata }) => metadata)).toEqual([
      { name: 'namespaces', namespace: 'kubefed' }, { name: 'configmaps', namespace: 'kubefed' },
    ]);
  });
});

describe('kinds', () => {
  test('that the chart does not enable are enabled, each once', () => {
    const s = site();
    namespace(s.fed, 'work');
    settings(s.fed);
    for (const name of ['a', 'b']) { object(s.fed, 'apps/v1', 'DaemonSet', { metadata: { name, namespace: 'work' }, spec: {} }); }
    object(s.fed, 'scheduling.k8s.io/v1', 'PriorityClass', { metadata: { name: 'low' }, value: 1 });
    expect(ofKind(s, 'FederatedTypeConfig')).toEqual([
      {
        apiVersion: 'core.kubefed.io/v1beta1',
        kind: 'FederatedTypeConfig',
        metadata: { name: 'daemonsets.apps', namespace: 'kube-federation-system' },
        spec: {
          federatedType: { group: 'types.kubefed.io', kind: 'FederatedDaemonSet', pluralName: 'federateddaemonsets', scope: 'Namespaced', version: 'v1beta1' },
          propagation: 'Enabled',
          targetType: { group: 'apps', kind: 'DaemonSet', pluralName: 'daemonsets', scope: 'Namespaced', version: 'v1' },
        },
      },
      {
        apiVersion: 'core.kubefed.io/v1beta1',
        kind: 'FederatedTypeConfig',
        metadata: { name: 'priorityclasses.scheduling.k8s.io', namespace: 'kube-federation-system' },
        spec: {
          federatedType: { group: 'types.kubefed.io', kind: 'FederatedPriorityClass', pluralName: 'federatedpriorityclasses', scope: 'Cluster', version: 'v1beta1' },
          propagation: 'Enabled',
          targetType: { group: 'scheduling.k8s.io', kind: 'PriorityClass', pluralName: 'priorityclasses', scope: 'Cluster', version: 'v1' },
        },
      },
    ]);
    expect(ofKind(s, 'CustomResourceDefinition').map(({ metadata, spec }) => [metadata.name, spec.scope])).toEqual([
      ['federateddaemonsets.types.kubefed.io', 'Namespaced'], ['federatedpriorityclasses.types.kubefed.io', 'Cluster'],
    ]);
  });

  test('that the control plane has enabled are left alone; a FederatedNamespace has a namespace, a Namespace has none', () => {
    const s = site({ enabledTypes: ['configmaps'] });
    namespace(s.fed, 'work');
    settings(s.fed);
    const [config, ...others] = ofKind(s, 'FederatedTypeConfig');
    expect(others).toEqual([]);
    expect(config.spec.federatedType).toEqual({
      group: 'types.kubefed.io', kind: 'FederatedNamespace', pluralName: 'federatednamespaces', scope: 'Namespaced', version: 'v1beta1',
    });
    expect(config.spec.targetType).toEqual({ kind: 'Namespace', pluralName: 'namespaces', scope: 'Cluster', version: 'v1' });
  });

  test('of others have their names from their definition, or from the program', () => {
    const s = site({ customKinds: [{ apiGroup: 'example.org', kind: 'Fish', plural: 'fish' }, { apiGroup: 'example.org', kind: 'Sea', plural: 'seas', clusterScoped: true }] });
    namespace(s.fed, 'work');
    object(s.fed, 'apiextensions.k8s.io/v1', 'CustomResourceDefinition', {
      metadata: { name: 'oxen.farm.org' }, spec: { group: 'farm.org', scope: 'Cluster', names: { kind: 'Ox', plural: 'oxen' } },
    });
    for (const [group, kind] of [['example.org', 'Fish'], ['example.org', 'Sea'], ['farm.org', 'Ox']]) {
      object(s.fed, `${group}/v2`, kind, { metadata: { name: 'x', ...kind === 'Fish' && { namespace: 'work' } } });
    }
    expect(ofKind(s, 'FederatedTypeConfig').map(({ spec }) => spec.targetType)).toEqual([
      { group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition', pluralName: 'customresourcedefinitions', scope: 'Cluster', version: 'v1' },
      { group: 'example.org', kind: 'Fish', pluralName: 'fish', scope: 'Namespaced', version: 'v2' },
      { group: 'example.org', kind: 'Sea', pluralName: 'seas', scope: 'Cluster', version: 'v2' },
      { group: 'farm.org', kind: 'Ox', pluralName: 'oxen', scope: 'Cluster', version: 'v2' },
    ]);
    expect(['FederatedFish', 'FederatedSea', 'FederatedOx'].map(kind => ofKind(s, kind)[0].metadata)).toEqual([
      { name: 'x', namespace: 'work' }, { name: 'x' }, { name: 'x' },
    ]);
  });

  test('of Kubernetes have the names that its API servers give them', () => {
    const types = new TargetTypes({ objects: [] } as unknown as FederationModel, []);
    const kinds = Object.values(k8s).flatMap(one => 'GVK' in one ? [one.GVK as { apiVersion: string; kind: string }] : [])
      .filter(({ kind }) => !kind.endsWith('List') && !NO_OBJECTS.includes(kind));
    const named = kinds.map(({ apiVersion, kind }) => types.of({ apiVersion, kind, metadata: { name: 'x' } })!)
      .map(({ group, plural, namespaced }) => `${[plural, group].filter(Boolean).join('.')}${namespaced ? '' : ', cluster-scoped'}`);
    expect([...new Set(named)].sort()).toMatchSnapshot();
  });
});

describe('a member', () => {
  test('is known to the host by its address, its authorities and the name of a Secret', () => {
    expect(ofKind(site(), 'KubeFedCluster')).toEqual([
      {
        apiVersion: 'core.kubefed.io/v1beta1',
        kind: 'KubeFedCluster',
        metadata: { name: 'meyrin', namespace: 'kube-federation-system' },
        spec: { apiEndpoint: 'https://meyrin.example:6443', secretRef: { name: 'meyrin' } },
      },
      {
        apiVersion: 'core.kubefed.io/v1beta1',
        kind: 'KubeFedCluster',
        metadata: { name: 'tsystems', namespace: 'kube-federation-system' },
        spec: { apiEndpoint: 'https://tsystems.example:6443', caBundle: Buffer.from(CA).toString('base64'), secretRef: { name: 'tsystems-token' } },
      },
    ]);
  });

  test('has an account for the control plane, and nothing else of the federation, in its own file', () => {
    const s = site({ namespace: 'kubefed' });
    namespace(s.fed, 'work');
    settings(s.fed);
    settings(s.tsystems, {}, { name: 'own' });
    expect(Testing.synth(s.tsystems)).toMatchSnapshot();
  });
});

test('the files of a federation, whole', () => {
  const s = site();
  namespace(s.fed, 'work');
  const target = object(s.fed, 'apps/v1', 'DaemonSet', {
    metadata: { name: 'startd', namespace: 'work' },
    spec: { selector: { matchLabels: { app: 'startd' } }, template: { metadata: { labels: { app: 'startd' } }, spec: { containers: [{ name: 'startd', image: 'startd:1' }] } } },
  });
  s.fed.addOverride(target, ClusterSelector.of(s.tsystems), JsonPatch.replace('/spec/template/spec/containers/0/image', 'otc/startd:1'));
  const once = files(s.app);
  expect(Object.keys(once)).toEqual(['condor-host.k8s.yaml', 'meyrin.k8s.yaml', 'tsystems.k8s.yaml']);
  expect(once).toMatchSnapshot();
  expect(files(s.app)).toEqual(once);
});

describe('what is refused', () => {
  test.each<[string, (s: Site) => void, string[]]>([
    ['a member that pulls', ({ app, fed }) => { new FederatedCluster(app, 'far', { federation: fed, joinMode: JoinMode.PULL, apiServer: 'https://far' }); },
      ['[fed] far.joinMode: given "pull", allowed: push: KubeFed calls the API servers of its members; Karmada and Open Cluster Management let a member pull']],
    ['a member that is paused', ({ app, fed }) => { new FederatedCluster(app, 'far', { federation: fed, paused: true, apiServer: 'https://far' }); },
      ['[fed] far.paused: given true, allowed: false: KubeFed can\'t hold one member back; Karmada can']],
    ['a member without an address', ({ app, fed }) => { new FederatedCluster(app, 'far', { federation: fed }); },
      ['[fed] far.apiServer: given undefined, allowed: the address at which KubeFed calls the member: https://host or https://host:port']],
    ['a Secret', ({ fed }) => { object(fed, 'v1', 'Secret', { metadata: { name: 'key', namespace: 'default' } }); },
      ['[fed] fed/Secret-key-0 is a Secret, and a FederatedSecret would hold its content for all who may read that: create it in each member '
        + '(kubectl --context MEMBER create secret generic key ...), or declare it in the FederatedCluster, whose file brings it there']],
    ['an object that placements claim twice', s => {
      for (const [member, data] of [[s.meyrin, { a: '1' }], [s.tsystems, { a: '2' }]] as const) {
        settings(new Placement(s.fed, member.node.id, { clusters: ClusterSelector.of(member) }), { data }, { namespace: 'default' });
      }
    }, ['[fed] fed/meyrin/ConfigMap-settings-0, fed/tsystems/ConfigMap-settings-0 are all ConfigMap default/settings, and they differ: '
      + 'the engine holds an object once; declare it once, with overrides for the members that differ']],
    ['an object that states no namespace', ({ fed }) => { object(fed, 'v1', 'ConfigMap', { metadata: { name: 'x' } }); },
      ['[fed] ConfigMap x metadata.namespace: given undefined, allowed: a namespace, stated in the object or in FederationProps.namespace']],
    ['an object in a namespace that is not federated', ({ fed }) => { settings(fed); },
      ['[fed] ConfigMap work/settings: KubeFed brings objects only into namespaces that it brings too: declare Namespace work on fed for meyrin, tsystems']],
    ['an object in a namespace of fewer members', ({ app, fed, meyrin }) => {
      for (const id of ['a', 'b', 'c']) { new FederatedCluster(app, id, { federation: fed, apiServer: `https://${id}` }); }
      namespace(new Placement(fed, 'p', { clusters: ClusterSelector.of(meyrin) }), 'work');
      settings(fed);
    }, ['[fed] ConfigMap work/settings: KubeFed brings objects only into namespaces that it brings too: '
      + 'declare Namespace work on fed for tsystems, a, b and 1 more']],
    ['a namespace that KubeFed leaves alone', ({ fed }) => { namespace(fed, 'kube-public'); },
      ['[fed] Namespace kube-public: KubeFed leaves default, kube-public, kube-system, kube-federation-system alone: declare it in each FederatedCluster']],
    ['a kind of unknown plural', ({ fed }) => {
      object(fed, 'apiextensions.k8s.io/v1', 'CustomResourceDefinition', { metadata: { name: 'fish.example.org' } });
      object(fed, 'example.org/v1', 'Fish', { metadata: { name: 'x', namespace: 'default' } });
    },
    ['[fed] Fish.example.org default/x: KubeFed needs the plural name of a kind outside Kubernetes: '
        + 'declare its CustomResourceDefinition on the federation, or state it in customKinds']],
    ['a kind whose plural is that of another', ({ fed }) => {
      object(fed, 'apiextensions.k8s.io/v1', 'CustomResourceDefinition', {
        metadata: { name: 'services.serving.example.org' }, spec: { group: 'serving.example.org', names: { kind: 'Service', plural: 'services' }, scope: 'Namespaced' },
      });
      object(fed, 'serving.example.org/v1', 'Service', { metadata: { name: 'x', namespace: 'default' } });
    }, ['[fed] services.serving.example.org: KubeFed has one federatedservices, and it is that of services; Karmada can carry both']],
    ['a name that a custom resource cannot have', ({ fed }) => { object(fed, 'rbac.authorization.k8s.io/v1', 'ClusterRole', { metadata: { name: 'system:reader' } }); },
      ['[fed] ClusterRole.rbac.authorization.k8s.io system:reader metadata.name: given "system:reader", allowed: a name of a FederatedClusterRole: '
        + "a-z, 0-9, '-' and '.', at most 241 characters; Karmada takes all names of a ClusterRole"]],
    ['a name that leaves no room for its kind', ({ fed }) => { settings(fed, {}, { namespace: 'default', name: 'n'.repeat(244) }); },
      [`[fed] ConfigMap default/${'n'.repeat(244)} metadata.name: given "${'n'.repeat(116)}..., allowed: a name of a FederatedConfigMap: `
        + "a-z, 0-9, '-' and '.', at most 243 characters; Karmada takes all names of a ConfigMap"]],
    ['an object that etcd does not take with its overrides', ({ fed }) => {
      fed.addOverride(settings(fed, { data: { text: 'a'.repeat(900_000) } }, { namespace: 'default' }), ClusterSelector.all(), JsonPatch.replace('/data/text', 'b'.repeat(400_000)));
    }, ['[fed] ConfigMap default/settings: given 1700690 bytes as one FederatedConfigMap with its overrides and the status of 2 members, allowed: 1572864, '
      + "the largest request that etcd takes; KubeFed can't split an object, Karmada can split its overrides"]],
  ])('%s', (_, build, lines) => {
    const s = site();
    build(s);
    expect(report(s.app)).toEqual(lines);
  });

  test('properties of the engine', () => {
    expect(report(site({ namespace: 'Kube_Fed' }).app)).toEqual([
      '[fed] engine.namespace: given "Kube_Fed", allowed: a DNS label (a-z, 0-9, \'-\') of at most 63 characters',
    ]);
    expect(report(site({ customKinds: [{ apiGroup: 'example.org', kind: 'X', plural: 'x'.repeat(55) }] }).app)).toEqual([
      `[fed] customKinds[0].plural: given "${'x'.repeat(55)}", allowed: a DNS label of at most 54 characters`,
    ]);
  });
});

/** What KubeFed 0.10.0 makes of a federated object for a member that has none yet, but for its label. */
function brought(federated: any, type: { kind: string; namespaced: boolean }, member: string): Manifest {
  const { template, overrides = [] } = structuredClone(federated.spec);
  const { metadata: { annotations, finalizers, ...metadata } = {} as any, ...fields } = template;
  if (annotations && Object.keys(annotations).length === 0) { metadata.annotations = annotations; }
  if (type.namespaced) { metadata.namespace = federated.metadata.namespace; }
  const named = { ...fields, kind: type.kind, metadata: { ...metadata, name: federated.metadata.name } };
  const [own] = overrides.filter(({ clusterName }: any) => clusterName === member);
  const operations: any[] = own?.clusterOverrides ?? [];
  expect(new Set(operations.map(({ path: where }) => where)).size).toBe(operations.length);
  expect(operations.filter(({ path: where }) => ['/kind', '/metadata/name', '/metadata/namespace', '/metadata/generateName'].includes(where))).toEqual([]);
  return patch.apply(named, operations);
}

/** API servers take no annotations and an empty object for the same. */
function withoutEmptyAnnotations(manifest: any): any {
  const { annotations, ...metadata } = manifest.metadata;
  return { ...manifest, metadata: { ...metadata, ...annotations && Object.keys(annotations).length > 0 && { annotations } } };
}

test('a template with its overrides, as KubeFed applies them, is what each member is to have', () => {
  const key = fc.oneof(fc.constantFrom('a', 'b', 'x/y', 'x~y', '-', '0'), fc.string({ maxLength: 3 })).filter(text => text !== '__proto__');
  const { tree } = fc.letrec<{ tree: unknown }>(tie => ({
    tree: fc.oneof({ maxDepth: 3 }, fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(tie('tree')), fc.dictionary(key, tie('tree'))),
  }));
  const texts = fc.dictionary(fc.constantFrom('a', 'b', 'x.org/y', 'p~q'), fc.string(), { maxKeys: 3 });
  const content = fc.record({
    labels: texts, annotations: texts, finalizers: fc.uniqueArray(fc.constantFrom('x.org/a', 'x.org/b'), { minLength: 1 }), spec: fc.dictionary(key, tree),
  }, { requiredKeys: [] }).filter(one => misread(one, '').length === 0);
  const kind = fc.constantFrom('apps/v1 Deployment', 'apps/v1 DaemonSet', 'v1 ConfigMap', 'v1 Namespace', 'rbac.authorization.k8s.io/v1 ClusterRole');
  fc.assert(fc.property(kind, content, content, content, (text, ...[declared, ofMeyrin, ofTsystems]) => {
    const s = site();
    const [apiVersion, name] = text.split(' ');
    const namespaced = !['Namespace', 'ClusterRole'].includes(name);
    const manifest = ({ spec, ...metadata }: typeof declared): Manifest =>
      ({ apiVersion, kind: name, metadata: { ...metadata, name: 'x', ...namespaced && { namespace: 'default' } }, ...spec && { spec } });
    const source = object(s.fed, apiVersion, name, { metadata: { name: 'x' } });
    s.fed._vary(source, 'test', member => patch.difference(manifest(declared), manifest(member === s.meyrin ? ofMeyrin : ofTsystems)));
    const model = new FederationModel(s.fed, () => manifest(declared));
    expect([...model.problems, ...s.fed.engine._problems(model)]).toEqual([]);
    const [federated] = s.fed.engine._hostManifests(model).filter(one => one.kind === `Federated${name}` && one.metadata.name === 'x');
    for (const [member, wanted] of [[s.meyrin, manifest(ofMeyrin)], [s.tsystems, manifest(ofTsystems)]] as const) {
      expect(withoutEmptyAnnotations(brought(federated, { kind: name, namespaced }, member.node.id))).toEqual(withoutEmptyAnnotations(wanted));
    }
  }));
});

test('work and output grow with the members, no faster', () => {
  const differences = jest.spyOn(patch, 'difference');
  const measure = (members: number) => {
    const app = new App();
    const fed = new Federation(app, 'fed', { host: new Cluster(app, 'host'), engine: new KubeFedEngine() });
    for (let index = 0; index < members; index++) { new FederatedCluster(app, `m${100 + index}`, { federation: fed, apiServer: 'https://m' }); }
    namespace(fed, 'work');
    fed._vary(settings(fed), 'test', member => [{ op: 'replace', path: '/data/site', value: member.node.id }]);
    const model = new FederationModel(fed, one => one.toJson());
    differences.mockClear();
    const written = JSON.stringify(fed.engine._hostManifests(model)).length;
    return [written, differences.mock.calls.length];
  };
  const [one, two, three] = [100, 200, 300].map(measure);
  expect(two.map((value, index) => value - one[index])).toEqual(three.map((value, index) => value - two[index]));
  // one for each template, and one for each object that differs
  expect(three[1]).toBe(2 + 300);
  differences.mockRestore();
});

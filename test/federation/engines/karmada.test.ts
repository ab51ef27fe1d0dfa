import { ApiObject, App, Duration, JsonPatch, Size, Testing, Yaml } from 'cdk8s';
import { Construct } from 'constructs';
import { ApplyPlan, Cluster, ClusterSelector, FederatedCluster, FederatedClusterProps, Federation, FederationProps, JoinMode, Placement } from '../../../src';
import { KarmadaApiService, KarmadaDivision, KarmadaEngine, KarmadaEngineProps } from '../../../src/federation/engines/karmada';
import { Manifest } from '../../../src/federation/manifest';

const ID = '7c1b7a0e-3a1c-4a52-9c4e-0b5b2c1d9a11';
const API = { apiServer: 'https://karmada.cern.ch:5443', clusterIds: { tsystems: ID } };
const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

/** Meyrin is pushed to, tsystems pulls. */
function site(props: KarmadaEngineProps = API, federation: Partial<FederationProps> = {}) {
  const app = new App({ outdir: 'out' });
  const host = new Cluster(app, 'condor-host');
  const engine = new KarmadaEngine(props);
  const fed = new Federation(app, 'fed', { host, engine, ...federation });
  const join = (name: string, options: Partial<FederatedClusterProps>) => new FederatedCluster(app, name, { federation: fed, ...options });
  const meyrin = join('meyrin', { apiServer: 'https://meyrin.cern.ch:6443' });
  const cloud = { provider: 't-systems', region: 'eu-de', zones: ['eu-de-01'], labels: { tier: 'cloud' } };
  const tsystems = join('tsystems', { joinMode: JoinMode.PULL, ...cloud });
  return { app, host, engine, fed, join, meyrin, tsystems };
}

const on = (scope: Construct, members: FederatedCluster) => new Placement(scope, members.node.id, { clusters: ClusterSelector.of(members) });
const object = (scope: Construct, apiVersion: string, kind: string, metadata: object, fields: object = {}) =>
  new ApiObject(scope, `${kind}-${(metadata as { name: string }).name}`, { apiVersion, kind, metadata, ...fields });
const configMap = (scope: Construct, name: string, data: object = {}, namespace = 'condor') => object(scope, 'v1', 'ConfigMap', { name, namespace }, { data });
const deployment = (scope: Construct, name: string, spec: object = {}) => object(scope, 'apps/v1', 'Deployment', { name, namespace: 'condor' }, { spec });

const written = (fed: Federation): Manifest[] => Testing.synth(fed);
const named = (fed: Federation, kind: string, name: string) =>
  written(fed).find(manifest => manifest.kind === kind && manifest.metadata.name === name);
const spec = (fed: Federation, kind: string, name: string) => named(fed, kind, name)?.spec as any;

const STAY = ['not-ready', 'unreachable'].map(state => ({ key: `cluster.karmada.io/${state}`, operator: 'Exists' }));
const SKIP = { 'namespace.karmada.io/skip-auto-propagation': 'true' };

/** The problems that a program is refused for, without the path of the construct that reports them. */
function problemsOf(app: App): string[] {
  try {
    app.synth();
  } catch (error) {
    return (error as Error).message.split('\n').slice(1).map(line => line.replace(/^\s*\[[^\]]*\] /, ''));
  }
  return [];
}

describe('the file of the federation', () => {
  function program() {
    const { fed, meyrin, tsystems, ...rest } = site();
    configMap(on(fed, tsystems), 'proxy', { url: 'x' }, 'network');
    const settings = configMap(fed, 'settings', { site: 'none' });
    object(fed, 'v1', 'Namespace', { name: 'condor', labels: { team: 'batch' } });
    object(fed, 'rbac.authorization.k8s.io/v1', 'ClusterRole', { name: 'condor:node' }, { rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['get'] }] });
    fed.addOverride(settings, ClusterSelector.of(tsystems), JsonPatch.replace('/data/site', 'otc'), JsonPatch.add('/data/a~1b', ''));
    return { fed, meyrin, tsystems, ...rest };
  }

  test('holds all that one command needs, in the order in which it is applied', () => {
    const { app, fed } = program();
    expect(written(fed).map(({ kind, metadata: { namespace, name } }) => [kind, namespace, name].filter(Boolean).join(' '))).toEqual([
      'Namespace karmada-cluster',
      'Namespace network',
      'Namespace karmada-es-tsystems',
      'Namespace condor',
      'Cluster meyrin',
      'Cluster tsystems',
      'ClusterRole system:karmada:tsystems:agent',
      'ClusterRoleBinding system:karmada:tsystems:agent',
      'Role karmada-cluster system:karmada:tsystems:agent-lease',
      'RoleBinding karmada-cluster system:karmada:tsystems:agent-lease',
      'Role karmada-es-tsystems system:karmada:tsystems:agent-work',
      'RoleBinding karmada-es-tsystems system:karmada:tsystems:agent-work',
      'OverridePolicy network proxy-configmap',
      'OverridePolicy condor settings-configmap',
      'ClusterOverridePolicy condor-namespace',
      'ClusterOverridePolicy condor.node-clusterrole',
      'PropagationPolicy network proxy-configmap',
      'PropagationPolicy condor settings-configmap',
      'ClusterPropagationPolicy condor-namespace',
      'ClusterPropagationPolicy condor.node-clusterrole',
      'ConfigMap network proxy',
      'ConfigMap condor settings',
      'ClusterRole condor:node',
    ]);
    expect(ApplyPlan.of(app).steps.map(({ context, file, role }) => `${context} ${file} ${role}`)).toContain('fed out/fed.k8s.yaml federation');
    expect(ApplyPlan.of(site({ ...API, context: 'karmada' }).app).steps.map(({ context }) => context)).toContain('karmada');
  });

  test('a namespaced object, its differences and where it goes', () => {
    const { fed } = program();
    expect(named(fed, 'ConfigMap', 'settings')).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'condor' }, data: { site: 'none' } });
    expect(named(fed, 'OverridePolicy', 'settings-configmap')).toEqual({
      apiVersion: 'policy.karmada.io/v1alpha1',
      kind: 'OverridePolicy',
      metadata: { name: 'settings-configmap', namespace: 'condor' },
      spec: {
        resourceSelectors: [{ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'condor', name: 'settings' }],
        overrideRules: [{
          targetCluster: { clusterNames: ['tsystems'] },
          overriders: { plaintext: [{ path: '/data/site', operator: 'replace', value: 'otc' }, { path: '/data/a~1b', operator: 'add', value: '' }] },
        }],
      },
    });
    expect(named(fed, 'PropagationPolicy', 'settings-configmap')).toEqual({
      apiVersion: 'policy.karmada.io/v1alpha1',
      kind: 'PropagationPolicy',
      metadata: { name: 'settings-configmap', namespace: 'condor' },
      spec: {
        resourceSelectors: [{ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'condor', name: 'settings' }],
        dependentOverrides: ['settings-configmap'],
        conflictResolution: 'Overwrite',
        placement: { clusterAffinity: { clusterNames: ['meyrin', 'tsystems'] }, clusterTolerations: STAY },
      },
    });
  });

  test('an object of no namespace, and one that differs nowhere', () => {
    const { fed } = program();
    const selector = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'condor:node' };
    expect(spec(fed, 'ClusterOverridePolicy', 'condor.node-clusterrole')).toEqual({ resourceSelectors: [selector], overrideRules: [] });
    expect(spec(fed, 'ClusterPropagationPolicy', 'condor.node-clusterrole')).toMatchObject({
      resourceSelectors: [selector], dependentOverrides: ['condor.node-clusterrole'],
    });
  });

  test('a Namespace goes where it was declared to go, and as it was declared; one of nobody stays in the Karmada API', () => {
    const { fed } = program();
    expect(named(fed, 'Namespace', 'condor')!.metadata).toEqual({ name: 'condor', labels: { team: 'batch', ...SKIP } });
    expect(spec(fed, 'ClusterOverridePolicy', 'condor-namespace').overrideRules).toEqual([
      { overriders: { plaintext: [{ path: '/metadata/labels/namespace.karmada.io~1skip-auto-propagation', operator: 'remove' }] } },
    ]);
    expect(named(fed, 'Namespace', 'network')!.metadata).toEqual({ name: 'network', labels: SKIP });
    expect(written(fed).filter(({ metadata }) => metadata.name === 'network-namespace')).toEqual([]);
  });

  test('a workload without replicas is held with one, or Karmada would bring it nowhere', () => {
    const { fed, tsystems } = site();
    fed.addOverride(deployment(fed, 'web', { replicas: 0, paused: true }), ClusterSelector.of(tsystems), JsonPatch.replace('/spec/replicas', 3));
    expect(named(fed, 'Deployment', 'web')!.spec).toEqual({ replicas: 1, paused: true });
    expect(spec(fed, 'OverridePolicy', 'web-deployment').overrideRules).toEqual([
      { overriders: { plaintext: [{ path: '/spec/replicas', operator: 'replace', value: 0 }] } },
      { targetCluster: { clusterNames: ['tsystems'] }, overriders: { plaintext: [{ path: '/spec/replicas', operator: 'add', value: 3 }] } },
    ]);
  });

  test.each([
    ['as many replicas as are to complete, for Karmada counts no more', { parallelism: 3, completions: 2 }, { parallelism: 2, completions: 2 }, [
      { path: '/spec/parallelism', operator: 'replace', value: 3 },
    ]],
    ['one replica where none is to complete', { completions: 0 }, { completions: 1, parallelism: 1 }, [
      { path: '/spec/parallelism', operator: 'remove' },
      { path: '/spec/completions', operator: 'replace', value: 0 },
    ]],
    ['what it has, where that is what Karmada counts', { parallelism: 2, completions: 3 }, { parallelism: 2, completions: 3 }, []],
  ])('a Job is held with %s', (_, declared, held, restoring) => {
    const { fed } = site();
    object(fed, 'batch/v1', 'Job', { name: 'sim', namespace: 'condor' }, { spec: { suspend: true, ...declared } });
    expect(named(fed, 'Job', 'sim')!.spec).toEqual({ suspend: true, ...held });
    expect(spec(fed, 'OverridePolicy', 'sim-job').overrideRules).toEqual(restoring.length > 0 ? [{ overriders: { plaintext: restoring } }] : []);
  });

  test('members with equal differences share a rule', () => {
    const { fed, join } = site();
    join('zurich', { apiServer: 'https://zurich' });
    fed.addOverride(configMap(fed, 'settings', { a: '1' }), ClusterSelector.all(), JsonPatch.replace('/data/a', '2'));
    expect(spec(fed, 'OverridePolicy', 'settings-configmap').overrideRules.map((rule: any) => rule.targetCluster.clusterNames)).toEqual([['meyrin', 'tsystems', 'zurich']]);
  });

  test('what members share and is written anew for each stands in each rule, not as an alias of the first', () => {
    const { fed, meyrin, tsystems } = site();
    const web = deployment(fed, 'web', { template: { spec: { containers: [{ name: 'web', image: 'web:1' }] } } });
    for (const member of [meyrin, tsystems]) {
      fed.addOverride(web, ClusterSelector.of(member), JsonPatch.add('/spec/template/spec/containers/-', { name: member.node.id, image: 'log:1' }));
    }
    const rules = spec(fed, 'OverridePolicy', 'web-deployment').overrideRules;
    expect(rules.map((rule: any) => rule.overriders.plaintext[0].value[0])).toEqual([{ name: 'web', image: 'web:1' }, { name: 'web', image: 'web:1' }]);
    expect(Yaml.stringify(rules)).not.toMatch(/[&*]a\d/);
  });

  test('a paused member gets nothing new', () => {
    const { fed, join } = site();
    const zurich = join('zurich', { apiServer: 'https://zurich', paused: true });
    configMap(fed, 'settings');
    configMap(on(fed, zurich), 'own');
    object(fed, 'v1', 'Namespace', { name: 'condor' });
    const held = { dispatchingOnClusters: { clusterNames: ['zurich'] } };
    expect(spec(fed, 'PropagationPolicy', 'settings-configmap').suspension).toEqual(held);
    expect(spec(fed, 'PropagationPolicy', 'own-configmap').suspension).toEqual(held);
    expect(spec(fed, 'ClusterPropagationPolicy', 'condor-namespace').suspension).toEqual(held);
  });

  test('kinds that a CustomResourceDefinition brings: as it says, or by whether they name a namespace', () => {
    const { fed } = site();
    const versions = ['v1alpha1', 'v1', 'v1beta2'].map(name => ({ name, served: name !== 'v1', storage: name === 'v1beta2' }));
    const group = 'example.org';
    object(fed, 'apiextensions.k8s.io/v1', 'CustomResourceDefinition', { name: 'sites.example.org' },
      { spec: { group, scope: 'Cluster', names: { kind: 'Site', plural: 'sites' }, versions } });
    object(fed, 'example.org/v1beta2', 'Site', { name: 'a', namespace: 'stray' });
    object(fed, 'other.org/v1', 'Zone', { name: 'b' });
    object(fed, 'other.org/v1', 'Zone', { name: 'c', namespace: 'condor' });
    const policies = written(fed).filter(({ kind }) => kind.endsWith('PropagationPolicy')).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(policies).toEqual([
      'ClusterPropagationPolicy sites.example.org-customresourcedefinition', 'ClusterPropagationPolicy a-site', 'ClusterPropagationPolicy b-zone', 'PropagationPolicy c-zone',
    ]);
  });

  test('late members: the selection instead of names, and what restores the template for all', () => {
    const { fed, tsystems } = site(API, { lateMembers: true });
    const cloud = new Placement(fed, 'cloud', { clusters: ClusterSelector.labels({ tier: 'cloud' }).and(ClusterSelector.provider('t-systems')).and(ClusterSelector.region('eu-de')) });
    configMap(cloud, 'burst');
    configMap(fed, 'everywhere');
    configMap(on(fed, tsystems), 'own');
    const affinity = (name: string) => spec(fed, 'PropagationPolicy', `${name}-configmap`).placement.clusterAffinity;
    expect(affinity('burst')).toEqual({
      labelSelector: { matchLabels: { tier: 'cloud' } },
      fieldSelector: { matchExpressions: [{ key: 'provider', operator: 'In', values: ['t-systems'] }, { key: 'region', operator: 'In', values: ['eu-de'] }] },
    });
    expect(affinity('everywhere')).toEqual({});
    expect(affinity('own')).toEqual({ clusterNames: ['tsystems'] });
    object(fed, 'v1', 'Namespace', { name: 'condor' });
    expect(spec(fed, 'ClusterPropagationPolicy', 'condor-namespace').placement.clusterAffinity).toEqual({});
    expect(spec(fed, 'ClusterOverridePolicy', 'condor-namespace').overrideRules).toEqual([
      { overriders: { plaintext: [{ path: '/metadata/labels', operator: 'remove' }] } },
    ]);
  });
});

describe('size', () => {
  /** A federation of members that are pushed to, and a ConfigMap with a text of its own for each. */
  function big(members: number, bytes: number) {
    const app = new App();
    const fed = new Federation(app, 'fed', { host: new Cluster(app, 'host'), engine: new KarmadaEngine() });
    const joined = Array.from({ length: members }, (_, index) =>
      new FederatedCluster(app, `member-${index}`, { federation: fed, apiServer: `https://member-${index}.example.org` }));
    const settings = configMap(fed, 'settings', { a: '1' }, 'default');
    joined.forEach((member, index) => fed.addOverride(settings, ClusterSelector.of(member), JsonPatch.replace('/data/a', `${index} `.padEnd(bytes, 'x'))));
    return { app, fed };
  }

  test('differences of 1,000 members are split into policies far below what etcd takes, each for other members, and all waited for', () => {
    const { fed } = big(1000, 2000);
    const policies = written(fed).filter(({ kind }) => kind === 'OverridePolicy');
    expect(policies.map(({ metadata }) => metadata.name)).toEqual(['', '-2', '-3', '-4', '-5'].map(part => `settings-configmap${part}`));
    expect(Math.max(...policies.map(policy => JSON.stringify(policy).length))).toBeLessThan(600_000);
    const members = policies.flatMap(policy => (policy.spec as any).overrideRules.flatMap((rule: any) => rule.targetCluster.clusterNames));
    expect(members).toEqual(Array.from({ length: 1000 }, (_, index) => `member-${index}`));
    expect(spec(fed, 'PropagationPolicy', 'settings-configmap').dependentOverrides).toEqual(policies.map(({ metadata }) => metadata.name));
  });

  test('what restores the template is in the first part, which is applied first', () => {
    const { fed, join } = site();
    const namespace = object(fed, 'v1', 'Namespace', { name: 'condor' });
    for (const index of [0, 1, 2]) {
      const clusters = ClusterSelector.of(join(`zurich-${index}`, { apiServer: 'https://zurich', credentials: `zurich-${index}` }));
      fed.addOverride(namespace, clusters, JsonPatch.add('/metadata/annotations', { a: `${index} `.padEnd(240_000, 'x') }));
    }
    const policies = written(fed).filter(({ kind }) => kind === 'ClusterOverridePolicy');
    expect(policies.map(({ metadata }) => metadata.name)).toEqual(['condor-namespace', 'condor-namespace-2']);
    expect(policies.map(policy => (policy.spec as any).overrideRules.map((rule: any) => rule.targetCluster?.clusterNames))).toEqual([
      [undefined, ['zurich-0'], ['zurich-1']], [['zurich-2']],
    ]);
  });

  test('grows with the members and no faster', () => {
    const bytes = (members: number) => JSON.stringify(written(big(members, 100).fed)).length;
    const [ten, twenty, forty] = [bytes(10), bytes(20), bytes(40)];
    expect((forty - twenty) / (twenty - ten) / 2).toBeCloseTo(1, 1);
    expect(written(big(40, 100).fed)).toHaveLength(written(big(20, 100).fed).length + 20);
  });

  test('the same program gives the same objects', () => {
    expect(written(big(5, 10).fed)).toEqual(written(big(5, 10).fed));
  });

  test('a difference that Karmada could not note is refused', () => {
    const { app } = big(1, 250_000);
    expect(problemsOf(app)).toEqual(['fed/ConfigMap-settings for member-0: given "a difference of 250052 bytes", allowed: at most 250000 bytes, which Karmada notes '
      + 'in an annotation; without a control plane (ManifestsEngine) it can be carried']);
  });
});

describe('join', () => {
  test('a member that is pushed to, as Karmada knows it', () => {
    const { fed, join } = site({ ...API, clusterIds: { ...API.clusterIds, zurich: '0c1b7a0e-3a1c-4a52-9c4e-0b5b2c1d9a11' } });
    join('zurich', { apiServer: 'https://zurich:6443', credentials: 'zurich-token', provider: 'eth', region: 'ch', zones: ['a', 'b'], labels: { tier: 'one' } });
    const secret = (name: string) => ({ namespace: 'karmada-cluster', name });
    expect(named(fed, 'Cluster', 'meyrin')).toEqual({
      apiVersion: 'cluster.karmada.io/v1alpha1',
      kind: 'Cluster',
      metadata: { name: 'meyrin' },
      spec: { syncMode: 'Push', apiEndpoint: 'https://meyrin.cern.ch:6443', secretRef: secret('meyrin'), impersonatorSecretRef: secret('meyrin-impersonator') },
    });
    expect(named(fed, 'Cluster', 'zurich')).toEqual({
      apiVersion: 'cluster.karmada.io/v1alpha1',
      kind: 'Cluster',
      metadata: { name: 'zurich', labels: { tier: 'one' } },
      spec: {
        syncMode: 'Push',
        id: '0c1b7a0e-3a1c-4a52-9c4e-0b5b2c1d9a11',
        apiEndpoint: 'https://zurich:6443',
        secretRef: secret('zurich-token'),
        impersonatorSecretRef: secret('zurich-token-impersonator'),
        provider: 'eth',
        region: 'ch',
        zones: ['a', 'b'],
      },
    });
  });

  test('and what it has itself: accounts, tokens that its control plane fills in, and the rights of one', () => {
    const { fed, meyrin } = site();
    configMap(fed, 'settings');
    const account = (name: string) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: 'karmada-cluster' } });
    const token = (name: string) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: 'karmada-cluster', annotations: { 'kubernetes.io/service-account.name': name } },
      type: 'kubernetes.io/service-account-token',
    });
    const role = 'karmada-controller-manager:karmada-meyrin';
    expect(Testing.synth(meyrin)).toEqual([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'karmada-cluster', labels: { 'karmada.io/system': 'true' } } },
      account('karmada-meyrin'),
      token('karmada-meyrin'),
      account('karmada-impersonator'),
      token('karmada-impersonator'),
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name: role },
        rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }, { nonResourceURLs: ['*'], verbs: ['get'] }],
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: role },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
        subjects: [{ kind: 'ServiceAccount', name: 'karmada-meyrin', namespace: 'karmada-cluster' }],
      },
    ]);
  });

  test('a member that pulls, as Karmada knows it, and what its agent may do there', () => {
    const { fed } = site();
    expect(named(fed, 'Cluster', 'tsystems')).toEqual({
      apiVersion: 'cluster.karmada.io/v1alpha1',
      kind: 'Cluster',
      metadata: { name: 'tsystems', labels: { tier: 'cloud' } },
      spec: { syncMode: 'Pull', id: ID, provider: 't-systems', region: 'eu-de', zones: ['eu-de-01'] },
    });
    const roles = written(fed).filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');
    expect(Object.fromEntries(roles.map(({ metadata, rules }) => [metadata.name, rules]))).toEqual({
      'system:karmada:tsystems:agent': [
        { apiGroups: ['cluster.karmada.io'], resources: ['clusters'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: ['cluster.karmada.io'], resources: ['clusters/status'], resourceNames: ['tsystems'], verbs: ['update'] },
        { apiGroups: ['config.karmada.io'], resources: ['resourceinterpretercustomizations', 'resourceinterpreterwebhookconfigurations'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: [''], resources: ['services'], verbs: ['list', 'watch'] },
        { apiGroups: [''], resources: ['namespaces'], resourceNames: ['karmada-cluster'], verbs: ['get'] },
        { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
      ],
      'system:karmada:tsystems:agent-lease': [
        { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
        { apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: ['tsystems', 'karmada-agent-tsystems'], verbs: ['get', 'update'] },
      ],
      'system:karmada:tsystems:agent-work': [
        { apiGroups: ['work.karmada.io'], resources: ['works'], verbs: ['get', 'list', 'watch', 'create', 'update', 'delete'] },
        { apiGroups: ['work.karmada.io'], resources: ['works/status'], verbs: ['update', 'patch'] },
      ],
    });
    expect(named(fed, 'RoleBinding', 'system:karmada:tsystems:agent-work')).toEqual({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'system:karmada:tsystems:agent-work', namespace: 'karmada-es-tsystems' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'system:karmada:tsystems:agent-work' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'system:karmada:agent:tsystems' }],
    });
  });

  test('and its agent: hardened, with a kubeconfig that holds no secret', () => {
    const { tsystems } = site({ ...API, caBundle: PEM });
    const own: Manifest[] = Testing.synth(tsystems);
    expect(own.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'Namespace karmada-system', 'ServiceAccount karmada-agent', 'ClusterRole karmada-agent', 'ClusterRoleBinding karmada-agent', 'ConfigMap karmada-agent', 'Deployment karmada-agent',
    ]);
    expect(own[0].metadata.labels).toEqual({ 'karmada.io/system': 'true', 'pod-security.kubernetes.io/enforce': 'restricted' });
    expect(JSON.parse((own[4].data as any).kubeconfig)).toEqual({
      'apiVersion': 'v1',
      'kind': 'Config',
      'clusters': [{ name: 'karmada', cluster: { 'server': 'https://karmada.cern.ch:5443', 'certificate-authority-data': Buffer.from(PEM).toString('base64') } }],
      'users': [{ name: 'karmada-agent', user: { 'client-certificate': '/etc/karmada/credentials/tls.crt', 'client-key': '/etc/karmada/credentials/tls.key' } }],
      'contexts': [{ name: 'karmada', context: { cluster: 'karmada', user: 'karmada-agent' } }],
      'current-context': 'karmada',
    });
    const { template } = own[5].spec as any;
    expect(template.metadata.annotations['checksum/kubeconfig']).toMatch(/^[0-9a-f]{64}$/);
    expect(template.spec.securityContext).toEqual({ runAsNonRoot: true, runAsUser: 65534, runAsGroup: 65534, fsGroup: 65534, seccompProfile: { type: 'RuntimeDefault' } });
    expect(template.spec.containers).toEqual([{
      name: 'karmada-agent',
      image: 'docker.io/karmada/karmada-agent:v1.18.2',
      command: ['/bin/karmada-agent'],
      args: [
        '--karmada-kubeconfig=/etc/karmada/config/kubeconfig', '--cluster-name=tsystems', '--report-secrets=None', '--leader-elect-resource-namespace=karmada-cluster',
      ],
      ports: [{ name: 'metrics', containerPort: 8080 }, { name: 'health', containerPort: 10357 }],
      livenessProbe: { httpGet: { path: '/healthz', port: 'health' }, initialDelaySeconds: 15, periodSeconds: 15, timeoutSeconds: 5 },
      readinessProbe: { httpGet: { path: '/healthz', port: 'health' } },
      resources: { requests: { cpu: '50m', memory: '256Mi' } },
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true },
      volumeMounts: [
        { name: 'config', mountPath: '/etc/karmada/config', readOnly: true }, { name: 'credentials', mountPath: '/etc/karmada/credentials', readOnly: true },
      ],
    }]);
    expect(template.spec.volumes).toEqual([
      { name: 'config', configMap: { name: 'karmada-agent' } }, { name: 'credentials', secret: { secretName: 'tsystems', defaultMode: 288 } },
    ]);
  });

  test('the image of the agent, and the Secret it signs in by, can be stated', () => {
    const { join } = site({ ...API, clusterIds: { ...API.clusterIds, far: '0c1b7a0e-3a1c-4a52-9c4e-0b5b2c1d9a11' }, agentImage: 'registry.example.org/agent:v1' });
    const agent: any = Testing.synth(join('far', { joinMode: JoinMode.PULL, credentials: 'certificate' })).find(({ kind }) => kind === 'Deployment');
    expect(agent.spec.template.spec.containers[0].image).toBe('registry.example.org/agent:v1');
    expect(agent.spec.template.spec.volumes[1].secret.secretName).toBe('certificate');
  });

  test.each<[string, KarmadaEngineProps, Partial<FederatedClusterProps>, string]>([
    ['pull without the address of the Karmada API', { clusterIds: { tsystems: ID } }, {},
      'tsystems joinMode: given "pull", allowed: with the address of the Karmada API as the member reaches it: apiServer of the KarmadaEngine'],
    ['pull without an id', { apiServer: API.apiServer }, {},
      'tsystems joinMode: given "pull", allowed: with its id in clusterIds of the KarmadaEngine, by which its agent is known: '
      + 'kubectl --context tsystems get namespace kube-system -o jsonpath={.metadata.uid}'],
    ['push without an address', API, { apiServer: undefined },
      'zurich apiServer: given undefined, allowed: its address as the Karmada control plane reaches it, or joinMode PULL'],
    ['push with certificates that Karmada would not read', API, { caBundle: PEM },
      'zurich caBundle: given "-----BEGIN CERTIFICATE-----\\nAA...", allowed: nothing: Karmada reads it beside the token, from the key caBundle of the Secret'],
    ['a provider that is no value of a label', API, { provider: 'T Systems' },
      "zurich provider: given \"T Systems\", allowed: a label's value: A-Z, a-z, 0-9, '-', '_' and '.', at most 63 characters"],
    ['a region that is no value of a label', API, { region: '/' }, "zurich region: given \"/\", allowed: a label's value: A-Z, a-z, 0-9, '-', '_' and '.', at most 63 characters"],
    ['a zone that is no value of a label', API, { zones: ['a', 'b '] },
      "zurich zones: given \"b \", allowed: a label's value: A-Z, a-z, 0-9, '-', '_' and '.', at most 63 characters"],
    ['one Secret for two members', API, { credentials: 'meyrin' },
      'zurich credentials: given "meyrin", allowed: names of its own: meyrin has the Secret karmada-cluster/meyrin'],
    ["another member's second Secret", API, { credentials: 'meyrin-impersonator' },
      'zurich credentials: given "meyrin-impersonator", allowed: names of its own: meyrin has the Secret karmada-cluster/meyrin-impersonator'],
    ['a name too long for the second Secret', API, { credentials: 'a'.repeat(241) },
      `zurich credentials: given "${'a'.repeat(116)}..., allowed: a name of at most 240 characters: -impersonator is added`],
    ['an address of the Karmada API that is none', { ...API, apiServer: 'karmada:5443' }, {}, 'engine.apiServer: given "karmada:5443", allowed: https://host or https://host:port'],
    ['an id of nobody', { ...API, clusterIds: { ...API.clusterIds, nobody: ID.replace('7', '8') } }, {},
      'engine.clusterIds: given "nobody", allowed: names of members: meyrin, tsystems, zurich'],
    ['an id that is none', { ...API, clusterIds: { tsystems: 'tsystems' } }, {},
      'engine.clusterIds.tsystems: given "tsystems", allowed: the UID of the namespace kube-system'],
    ['one id for two members', { ...API, clusterIds: { tsystems: ID, zurich: ID } }, {},
      `engine.clusterIds.zurich: given "${ID}", allowed: an id of its own; tsystems has the same`],
  ])('refused: %s', (_, props, member, message) => {
    const { app, join } = site(props);
    join('zurich', { apiServer: 'https://zurich', ...member });
    const problems = problemsOf(app);
    expect(problems.filter(found => found === message)).toHaveLength(1);
  });
});

describe('the control plane', () => {
  test('that is there: nothing is written for the host', () => {
    expect(Testing.synth(site().host)).toEqual([]);
  });

  test('that the operator makes, by default', () => {
    expect(Testing.synth(site({ controlPlane: {}, ...API }).host)).toEqual([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'karmada-system' } },
      {
        apiVersion: 'operator.karmada.io/v1alpha1',
        kind: 'Karmada',
        metadata: { name: 'fed', namespace: 'karmada-system' },
        spec: {
          components: {
            etcd: {
              local: {
                replicas: 1,
                volumeData: {
                  volumeClaim: { metadata: { name: 'etcd-data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } } },
                },
              },
            },
            karmadaAPIServer: { replicas: 1, serviceType: 'ClusterIP', certSANs: ['karmada.cern.ch'] },
            karmadaAggregatedAPIServer: { replicas: 1 },
            karmadaControllerManager: { replicas: 1 },
            karmadaMetricsAdapter: { replicas: 1 },
            karmadaScheduler: { replicas: 1 },
            karmadaWebhook: { replicas: 1 },
            kubeControllerManager: { replicas: 1 },
          },
        },
      },
    ]);
  });

  test('that the operator makes, as stated', () => {
    const controlPlane = {
      namespace: 'fed',
      version: 'v1.18.2',
      service: KarmadaApiService.LOAD_BALANCER,
      serviceAnnotations: { 'metallb.io/loadBalancerIPs': '192.0.2.7' },
      certificateNames: ['192.0.2.7', 'karmada.cern.ch', '*.karmada.cern.ch', '2001:db8::1'],
      replicas: 2,
      etcdStorage: Size.gibibytes(20),
      storageClass: 'fast',
      featureGates: { PropagateDeps: false },
    };
    const { host, engine, fed } = site({ ...API, apiServer: 'https://[2001:db8::1]:5443', controlPlane });
    engine.divide(deployment(fed, 'web'), { failover: Duration.minutes(5) });
    const [namespace, karmada]: any[] = Testing.synth(host);
    expect(namespace.metadata.name).toBe('fed');
    expect(karmada.metadata).toEqual({ name: 'fed', namespace: 'fed' });
    const component = { imageTag: 'v1.18.2', replicas: 2 };
    expect(karmada.spec).toEqual({
      crdTarball: { httpSource: { url: 'https://github.com/karmada-io/karmada/releases/download/v1.18.2/crds.tar.gz' } },
      featureGates: { PropagateDeps: false, Failover: true },
      components: {
        etcd: {
          local: {
            replicas: 1,
            volumeData: {
              volumeClaim: {
                metadata: { name: 'etcd-data' },
                spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'fast', resources: { requests: { storage: '20Gi' } } },
              },
            },
          },
        },
        karmadaAPIServer: {
          replicas: 2,
          serviceType: 'LoadBalancer',
          serviceAnnotations: { 'metallb.io/loadBalancerIPs': '192.0.2.7' },
          certSANs: ['2001:db8::1', '192.0.2.7', 'karmada.cern.ch', '*.karmada.cern.ch'],
        },
        karmadaAggregatedAPIServer: component,
        karmadaControllerManager: { ...component, extraArgs: { 'enable-no-execute-taint-eviction': 'true' } },
        karmadaMetricsAdapter: component,
        karmadaScheduler: component,
        karmadaWebhook: { ...component, extraArgs: { 'allow-no-execute-taint-policy': 'true' } },
        kubeControllerManager: { replicas: 2 },
      },
    });
  });

  test('refused: what it can not be', () => {
    const { app, engine, fed } = site({ ...API, controlPlane: { replicas: 0, version: '1.18', featureGates: { Failover: false } } });
    engine.divide(deployment(fed, 'web'), { failover: Duration.minutes(5) });
    expect(problemsOf(app)).toEqual([
      'controlPlane.replicas: given 0, allowed: a whole number, at least 1',
      'controlPlane.version: given "1.18", allowed: a release, for instance v1.18.2',
      'controlPlane.featureGates.Failover: given false, allowed: true or nothing beside a division with failover',
    ]);
  });

  test('refused: a load balancer whose address is not in the certificate, by which the operator itself calls it', () => {
    const service = KarmadaApiService.LOAD_BALANCER;
    const app = new App();
    const federation = (id: string, certificateNames?: string[]) =>
      new Federation(app, id, { host: new Cluster(app, `host-of-${id}`), engine: new KarmadaEngine({ controlPlane: { service, certificateNames } }) });
    federation('one');
    federation('two', []);
    federation('three', ['192.0.2.7']);
    federation('four', ['https://karmada.cern.ch', '*.cern.ch', 'a.*.ch', '']);
    const name = "a DNS name, '*.' and a DNS name, or an IP address";
    const address = 'the address or host name of the load balancer, here or as apiServer of the engine: the operator calls it there';
    expect(problemsOf(app)).toEqual([
      `controlPlane.certificateNames: given undefined, allowed: ${address}`,
      `controlPlane.certificateNames: given [], allowed: ${address}`,
      `controlPlane.certificateNames: given "https://karmada.cern.ch", allowed: ${name}`,
      `controlPlane.certificateNames: given "a.*.ch", allowed: ${name}`,
      `controlPlane.certificateNames: given "", allowed: ${name}`,
    ]);
  });

  test('refused: a federation whose name is too long for the operator', () => {
    const app = new App();
    const name = 'a'.repeat(32);
    new Federation(app, name, { host: new Cluster(app, 'host'), engine: new KarmadaEngine({ controlPlane: {} }) });
    expect(problemsOf(app)).toEqual([
      `id: given "${name}", allowed: a name of at most 31 characters with a declared controlPlane: the operator makes ${name}-karmada-kube-controller-manager of it`,
    ]);
  });
});

describe('replicas', () => {
  test('are not divided by default', () => {
    const { fed } = site();
    deployment(fed, 'web', { replicas: 6 });
    expect(spec(fed, 'PropagationPolicy', 'web-deployment').placement).toEqual({ clusterAffinity: { clusterNames: ['meyrin', 'tsystems'] }, clusterTolerations: STAY });
  });

  test('in equal shares', () => {
    const { fed, engine } = site();
    engine.divide(deployment(fed, 'web', { replicas: 6 }));
    expect(spec(fed, 'PropagationPolicy', 'web-deployment').placement).toEqual({
      clusterAffinity: { clusterNames: ['meyrin', 'tsystems'] },
      clusterTolerations: STAY,
      replicaScheduling: { replicaSchedulingType: 'Divided', replicaDivisionPreference: 'Weighted' },
    });
  });

  test('by weights, leaving members that are out of reach; found inside a construct', () => {
    const { fed, engine, meyrin } = site();
    const web = new Construct(fed, 'web');
    deployment(web, 'web', { replicas: 6 });
    configMap(web, 'web');
    deployment(on(fed, meyrin), 'other');
    engine.divide(web, { weights: { meyrin: 2, tsystems: 1 }, failover: Duration.minutes(5) });
    expect(spec(fed, 'PropagationPolicy', 'web-deployment').placement).toEqual({
      clusterAffinity: { clusterNames: ['meyrin', 'tsystems'] },
      clusterTolerations: [{ key: 'cluster.karmada.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }],
      replicaScheduling: {
        replicaSchedulingType: 'Divided',
        replicaDivisionPreference: 'Weighted',
        weightPreference: {
          staticWeightList: [{ targetCluster: { clusterNames: ['meyrin'] }, weight: 2 }, { targetCluster: { clusterNames: ['tsystems'] }, weight: 1 }],
        },
      },
    });
    expect(named(fed, 'ClusterTaintPolicy', 'fed-failover')).toEqual({
      apiVersion: 'policy.karmada.io/v1alpha1',
      kind: 'ClusterTaintPolicy',
      metadata: { name: 'fed-failover' },
      spec: {
        targetClusters: { clusterNames: ['meyrin', 'tsystems'] },
        addOnConditions: [{ conditionType: 'Ready', operator: 'NotIn', statusValues: ['True'] }],
        removeOnConditions: [{ conditionType: 'Ready', operator: 'In', statusValues: ['True'] }],
        taints: [{ key: 'cluster.karmada.io/not-ready', effect: 'NoExecute' }],
      },
    });
    expect(spec(fed, 'PropagationPolicy', 'web-configmap').placement.clusterTolerations).toEqual(STAY);
  });

  test.each<[string, KarmadaDivision, object]>([
    ['no more than', { maxClusters: 1 }, { minGroups: 1, maxGroups: 1 }],
    ['no fewer than', { minClusters: 2 }, { minGroups: 2, maxGroups: 1_000_000 }],
    ['just as many as', { minClusters: 1, maxClusters: 2 }, { minGroups: 1, maxGroups: 2 }],
  ])('over %s a number of members: by the room in each, or Karmada would not heed it', (_, division, groups) => {
    const { fed, engine } = site();
    engine.divide(deployment(fed, 'web'), division);
    expect(spec(fed, 'PropagationPolicy', 'web-deployment').placement).toEqual({
      clusterAffinity: { clusterNames: ['meyrin', 'tsystems'] },
      clusterTolerations: STAY,
      spreadConstraints: [{ spreadByField: 'cluster', ...groups }],
      replicaScheduling: {
        replicaSchedulingType: 'Divided', replicaDivisionPreference: 'Weighted', weightPreference: { dynamicWeight: 'AvailableReplicas' },
      },
    });
  });

  test('and over late members: the mark is for all', () => {
    const { fed, engine } = site(API, { lateMembers: true });
    engine.divide(deployment(fed, 'web'), { minClusters: 3, failover: Duration.seconds(30) });
    expect(spec(fed, 'ClusterTaintPolicy', 'fed-failover').targetClusters).toBeUndefined();
    expect(spec(fed, 'PropagationPolicy', 'web-deployment').placement.spreadConstraints).toEqual([{ spreadByField: 'cluster', minGroups: 3, maxGroups: 1_000_000 }]);
  });

  const ONE = 'one Deployment, ReplicaSet, StatefulSet or Job of fed, declared once; other kinds have no replicas to divide';
  test.each<[string, KarmadaDivision, string[]]>([
    ['weights of strangers and none of members', { weights: { meyrin: 1, zurich: 1 } },
      ['divide[0] on fed/Deployment-web weights: given ["meyrin","zurich"], allowed: one for each member that gets it: meyrin, tsystems']],
    ['weights that are none', { weights: { meyrin: 0, tsystems: 1.5 } }, [
      'divide[0] on fed/Deployment-web weights.meyrin: given 0, allowed: a whole number from 1 to 1000',
      'divide[0] on fed/Deployment-web weights.tsystems: given 1.5, allowed: a whole number from 1 to 1000',
    ]],
    ['numbers of members beside weights', { weights: { meyrin: 1, tsystems: 1 }, minClusters: 1, maxClusters: 2 }, [
      'divide[0] on fed/Deployment-web minClusters: given 1, allowed: nothing beside weights: by these Karmada divides among all members, whatever their number',
      'divide[0] on fed/Deployment-web maxClusters: given 2, allowed: nothing beside weights: by these Karmada divides among all members, whatever their number',
    ]],
    ['more members than there are', { minClusters: 3 }, ['divide[0] on fed/Deployment-web minClusters: given 3, allowed: a whole number from 1 to 2']],
    ['fewer than the fewest', { minClusters: 2, maxClusters: 1 }, ['divide[0] on fed/Deployment-web maxClusters: given 1, allowed: a whole number from 2 to 2']],
    ['part of a second', { failover: Duration.millis(1500) }, ['divide[0] on fed/Deployment-web failover: given "1 second 500 millis", allowed: whole seconds, at least 1']],
  ])('refused: %s', (_, division, messages) => {
    const { app, fed, engine } = site();
    engine.divide(deployment(fed, 'web'), division);
    expect(problemsOf(app)).toEqual(messages);
  });

  test('refused: kinds without replicas, several workloads, another place, none to divide, overrides of them, a second division', () => {
    const { app, fed, engine, meyrin, tsystems } = site();
    const two = new Construct(fed, 'two');
    engine.divide(object(fed, 'apps/v1', 'DaemonSet', { name: 'startd', namespace: 'condor' }));
    deployment(two, 'a');
    engine.divide(two);
    engine.divide(deployment(two, 'b', { replicas: 0 }));
    engine.divide(deployment(meyrin, 'own'));
    const web = deployment(fed, 'web', { replicas: 2 });
    fed.addOverride(web, ClusterSelector.of(tsystems), JsonPatch.replace('/spec/replicas', 3));
    engine.divide(web);
    engine.divide(web);
    engine.divide(object(fed, 'batch/v1', 'Job', { name: 'sim', namespace: 'condor' }, { spec: { parallelism: 3, completions: 2 } }));
    expect(problemsOf(app)).toEqual([
      `divide[0] on fed/DaemonSet-startd: given [], allowed: ${ONE}`,
      `divide[1] on fed/two: given ["Deployment a","Deployment b"], allowed: ${ONE}`,
      'divide[2] on fed/two/Deployment-b replicas: given 0, allowed: at least 1 to divide',
      `divide[3] on meyrin/Deployment-own: given [], allowed: ${ONE}`,
      'divide[4] on fed/Deployment-web replicas: given "overrides for tsystems", allowed: no override of what is divided; give the members weights',
      'divide[5] on fed/Deployment-web: given "a second division", allowed: one division of an object',
      'divide[5] on fed/Deployment-web replicas: given "overrides for tsystems", allowed: no override of what is divided; give the members weights',
      'divide[6] on fed/Job-sim parallelism: given 3, allowed: at most its completions (2): Karmada divides no more',
    ]);
  });
});

describe('objects that are refused', () => {
  const WITHOUT = 'without a control plane (ManifestsEngine) it can be carried';
  const RESERVED = 'kube-*, karmada-system, karmada-cluster, karmada-es-*';
  const there = 'it would act on the Karmada API, which holds it';
  const passedOver = 'Karmada passes it over';
  const kinds = (kind: string, reason: string) => `${kind}, allowed: kinds that Karmada carries: ${reason}; ${WITHOUT}`;
  const takenOff = (given: string) => `${given}, allowed: nothing: Karmada takes it off; ${WITHOUT}`;
  test.each<[string, string, string, object, object, string]>([
    ['webhooks', 'admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', {}, {},
      kinds('kind: given "ValidatingWebhookConfiguration (admissionregistration.k8s.io/v1)"', there)],
    ['aggregated APIs', 'apiregistration.k8s.io/v1', 'APIService', {}, {}, kinds('kind: given "APIService (apiregistration.k8s.io/v1)"', there)],
    ['flow control', 'flowcontrol.apiserver.k8s.io/v1', 'FlowSchema', {}, {}, kinds('kind: given "FlowSchema (flowcontrol.apiserver.k8s.io/v1)"', there)],
    ['requests for certificates', 'certificates.k8s.io/v1', 'CertificateSigningRequest', {}, {},
      kinds('kind: given "CertificateSigningRequest (certificates.k8s.io/v1)"', there)],
    ['reviews of tokens', 'authentication.k8s.io/v1', 'TokenReview', {}, {}, kinds('kind: given "TokenReview (authentication.k8s.io/v1)"', passedOver)],
    ['reviews of access', 'authorization.k8s.io/v1', 'SubjectAccessReview', {}, {}, kinds('kind: given "SubjectAccessReview (authorization.k8s.io/v1)"', passedOver)],
    ['leases', 'coordination.k8s.io/v1', 'Lease', { namespace: 'a' }, {}, kinds('kind: given "Lease (coordination.k8s.io/v1)"', passedOver)],
    ['events', 'v1', 'Event', { namespace: 'a' }, {}, kinds('kind: given "Event (v1)"', passedOver)],
    ["Karmada's own kinds", 'policy.karmada.io/v1alpha1', 'PropagationPolicy', { namespace: 'a' }, {},
      "group: given \"policy.karmada.io\", allowed: a group that isn't Karmada's own"],
    ["definitions of Karmada's own kinds", 'apiextensions.k8s.io/v1', 'CustomResourceDefinition', {},
      { spec: { group: 'work.karmada.io', scope: 'Cluster', names: { kind: 'X' }, versions: [] } },
      "group: given \"work.karmada.io\", allowed: a group that isn't Karmada's own"],
    ['a version that Karmada does not see', 'autoscaling/v1', 'HorizontalPodAutoscaler', { namespace: 'a' }, {},
      'apiVersion: given "autoscaling/v1", allowed: autoscaling/v2: Karmada sees HorizontalPodAutoscaler by the version that its API prefers'],
    ['objects in reserved namespaces', 'v1', 'ConfigMap', { namespace: 'kube-system' }, {},
      `namespace: given "kube-system", allowed: a namespace whose objects Karmada carries (not ${RESERVED}); ${WITHOUT}`],
    ['reserved namespaces', 'v1', 'Namespace', { name: 'karmada-es-x' }, {},
      `name: given "karmada-es-x", allowed: a namespace that isn't reserved (${RESERVED}); ${WITHOUT}`],
    ['objects without their namespace', 'v1', 'ConfigMap', {}, {},
      'namespace: given undefined, allowed: the name of a namespace: the Karmada API holds a ConfigMap in one'],
    ['names that are no DNS names', 'rbac.authorization.k8s.io/v1', 'ClusterRole', { name: 'under_score' }, {},
      'name: given "under_score", allowed: a name that Karmada can name a ResourceBinding after: "under_score-clusterrole" must be a DNS subdomain of at most 240 characters'],
    ['names that are too long', 'v1', 'ConfigMap', { name: 'a'.repeat(231), namespace: 'a' }, {},
      `name: given "${'a'.repeat(116)}..., allowed: a name that Karmada can name a ResourceBinding after: `
      + `"${'a'.repeat(231)}-configmap" must be a DNS subdomain of at most 240 characters`],
    ['finalizers', 'v1', 'ConfigMap', { namespace: 'a', finalizers: ['example.org/keep'] }, {}, takenOff('metadata.finalizers: given ["example.org/keep"]')],
    ['owners', 'v1', 'ConfigMap', { namespace: 'a', ownerReferences: [{ uid: 'u' }] }, {}, takenOff('metadata.ownerReferences: given [{"uid":"u"}]')],
    ['a status', 'example.org/v1', 'Thing', {}, { status: { ready: true } }, takenOff('status: given {"ready":true}')],
    ['the address of a Service', 'v1', 'Service', { namespace: 'a' }, { spec: { clusterIP: '10.0.0.1' } },
      `spec.clusterIP: given "10.0.0.1", allowed: "None" or nothing: Karmada takes it off; ${WITHOUT}`],
  ])('%s', (_, apiVersion, kind, metadata, fields, message) => {
    const { app, fed } = site();
    new ApiObject(fed, 'x', { apiVersion, kind, metadata: { name: 'x', ...metadata }, ...fields });
    expect(problemsOf(app)).toEqual([`fed/x ${message}`]);
  });

  test('a Secret', () => {
    const { app, fed } = site();
    object(fed, 'v1', 'Secret', { name: 'x', namespace: 'a' });
    expect(problemsOf(app)).toEqual(['fed/Secret-x is a Secret, and a Work would hold its content for all who may read that: create it in each member '
      + '(kubectl --context MEMBER create secret generic x ...), or declare it in the FederatedCluster, whose file brings it there']);
  });

  test('but not their like', () => {
    const { app, fed } = site();
    object(fed, 'v1', 'Service', { name: 'headless', namespace: 'default' }, { spec: { clusterIP: 'None' } });
    object(fed, 'autoscaling/v2', 'HorizontalPodAutoscaler', { name: 'web', namespace: 'default' });
    object(fed, 'batch/v1', 'Job', { name: 'once', namespace: 'default', finalizers: [] }, { spec: { ttlSecondsAfterFinished: 60 }, status: {} });
    expect(problemsOf(app)).toEqual([]);
    expect(written(fed).filter(({ kind, metadata }) => kind === 'Namespace' && metadata.name === 'default')).toEqual([]);
  });

  test('an object of a version that its definition is not discovered by, and one whose override is taken off', () => {
    const { app, fed, tsystems } = site();
    object(fed, 'apiextensions.k8s.io/v1', 'CustomResourceDefinition', { name: 'sites.example.org' },
      { spec: { group: 'example.org', scope: 'Namespaced', names: { kind: 'Site', plural: 'sites' }, versions: ['v1alpha1', 'v2', 'v10beta1', 'odd'].map(name => ({ name, served: true })) } });
    const one = object(fed, 'example.org/v10beta1', 'Site', { name: 'a', namespace: 'condor' });
    fed.addOverride(one, ClusterSelector.of(tsystems), JsonPatch.add('/metadata/finalizers', ['example.org/keep']));
    expect(problemsOf(app)).toEqual([
      'fed/Site-a apiVersion: given "example.org/v10beta1", allowed: example.org/v2: Karmada sees Site by the version that its API prefers',
      `fed/Site-a metadata.finalizers: given ["example.org/keep"], allowed: nothing: Karmada takes it off; ${WITHOUT}`,
    ]);
  });

  test('two objects that Karmada would not tell apart', () => {
    const { app, fed } = site();
    object(fed, 'rbac.authorization.k8s.io/v1', 'ClusterRole', { name: 'a:b' });
    object(fed, 'rbac.authorization.k8s.io/v1', 'ClusterRole', { name: 'a.b' });
    expect(problemsOf(app)).toEqual(['fed/ClusterRole-a.b name: given "a.b", allowed: a name of its own: Karmada would name its ResourceBinding "a.b-clusterrole", '
      + 'as that of fed/ClusterRole-a:b']);
  });

  test('an object that several placements claim, each with its own content', () => {
    const { app, fed, meyrin, tsystems } = site();
    configMap(on(fed, meyrin), 'settings', { a: '1' });
    configMap(on(fed, tsystems), 'settings', { a: '2' });
    expect(problemsOf(app)).toEqual(['fed/meyrin/ConfigMap-settings, fed/tsystems/ConfigMap-settings are all ConfigMap condor/settings, and they differ: '
      + 'the engine holds an object once; declare it once, with overrides for the members that differ']);
  });
});

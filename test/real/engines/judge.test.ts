import { App } from 'cdk8s';
import { differences } from './differences';
import { Judge } from './judge';
import { Files, judgedEngines } from './judged-engines';
import { declare, Program } from './random-federations';
import { synthesized } from './synthesized';
import { Manifest } from '../../../src/federation/manifest';
import { describeGo } from '../requirements';

const object = (apiVersion: string, kind: string, name: string, namespace: string | undefined, fields: object): Manifest =>
  ({ apiVersion, kind, metadata: { name, ...namespace && { namespace } }, ...fields });

const SELECTOR = { matchLabels: { app: 'startd' } };
const startd = (image: string) => ({
  selector: SELECTOR, template: { metadata: { labels: { app: 'startd' } }, spec: { containers: [{ name: 'startd', image }] } },
});

/** A program with one of everything that an engine can get wrong. */
const PROGRAM: Program = {
  members: ['meyrin', 'tsystems'].map(name => ({ name, labels: { site: name }, pulls: false })),
  claims: [
    { selector: { by: 'all' }, manifest: object('v1', 'Namespace', 'condor', undefined, {}) },
    { selector: { by: 'names', names: ['tsystems'] }, manifest: object('v1', 'Namespace', 'otc', undefined, {}) },
    { selector: { by: 'all' }, manifest: object('apps/v1', 'DaemonSet', 'startd', 'condor', { spec: startd('execute:24') }) },
    {
      selector: { by: 'names', names: ['tsystems'] },
      manifest: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'site', namespace: 'condor', annotations: { of: 'the site' } }, data: { site: 'otc' } },
    },
  ],
  overrides: [{
    claim: 2,
    selector: { by: 'names', names: ['tsystems'] },
    operations: [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'registry.example.org/execute:24' }],
  }],
  own: [],
  late: false,
};

/** A fault, and what must be found to be wrong because of it: members and their objects. */
interface Fault {
  readonly kind: string;
  readonly of: string;
  /** What becomes of that object; without it the object goes. */
  readonly to?: (manifest: any) => Manifest;
  readonly finds: readonly string[];
}

const spec = (change: (before: any) => object) => (manifest: any): Manifest => ({ ...manifest, spec: change(manifest.spec) });

const STARTD = 'DaemonSet.apps condor/startd';
const SITE = 'ConfigMap condor/site';

const KARMADA: { readonly [what: string]: Fault } = {
  'an override rule is dropped': { kind: 'OverridePolicy', of: 'startd-daemonset', to: spec(before => ({ ...before, overrideRules: [] })), finds: [`tsystems ${STARTD}`] },
  'an override goes to all': {
    kind: 'OverridePolicy',
    of: 'startd-daemonset',
    to: spec(({ overrideRules, ...before }) => ({ ...before, overrideRules: overrideRules.map(({ overriders }: any) => ({ overriders })) })),
    finds: [`meyrin ${STARTD}`],
  },
  'an override goes to another member': {
    kind: 'OverridePolicy',
    of: 'startd-daemonset',
    to: spec(({ overrideRules: [rule], ...before }) => ({ ...before, overrideRules: [{ ...rule, targetCluster: { clusterNames: ['meyrin'] } }] })),
    finds: [`meyrin ${STARTD}`, `tsystems ${STARTD}`],
  },
  'an override is on a path that is not there': {
    kind: 'OverridePolicy',
    of: 'startd-daemonset',
    to: spec(({ overrideRules: [rule], ...before }) => ({ ...before, overrideRules: [{ ...rule, overriders: { plaintext: [{ path: '/no/where', operator: 'remove' }] } }] })),
    finds: [`tsystems ${STARTD}`],
  },
  'overrides are missing that are waited for': { kind: 'OverridePolicy', of: 'startd-daemonset', finds: [`meyrin ${STARTD}`, `tsystems ${STARTD}`] },
  'a placement is too wide': {
    kind: 'PropagationPolicy',
    of: 'site-configmap',
    to: spec(before => ({ ...before, placement: { clusterAffinity: { clusterNames: ['meyrin', 'tsystems'] } } })),
    finds: [`meyrin ${SITE}`],
  },
  'a placement is too narrow': {
    kind: 'PropagationPolicy',
    of: 'startd-daemonset',
    to: spec(before => ({ ...before, placement: { clusterAffinity: { clusterNames: ['tsystems'] } } })),
    finds: [`meyrin ${STARTD}`],
  },
  'nothing says where an object goes': { kind: 'PropagationPolicy', of: 'site-configmap', finds: [`tsystems ${SITE}`] },
  'an object is missing': { kind: 'ConfigMap', of: 'site', finds: [`tsystems ${SITE}`] },
  'a Namespace is not kept from the other members': {
    kind: 'Namespace',
    of: 'otc',
    to: manifest => ({ ...manifest, metadata: { name: 'otc', labels: { 'namespace.karmada.io/skip-auto-propagation': 'false' } } }),
    finds: ['meyrin Namespace otc'],
  },
};

const KUBEFED: { readonly [what: string]: Fault } = {
  'overrides are dropped': { kind: 'FederatedDaemonSet', of: 'startd', to: spec(({ overrides, ...before }) => before), finds: [`tsystems ${STARTD}`] },
  'an override goes to another member': {
    kind: 'FederatedDaemonSet',
    of: 'startd',
    to: spec(({ overrides: [override], ...before }) => ({ ...before, overrides: [{ ...override, clusterName: 'meyrin' }] })),
    finds: [`meyrin ${STARTD}`, `tsystems ${STARTD}`],
  },
  'a placement is too wide': {
    kind: 'FederatedConfigMap',
    of: 'site',
    to: spec(before => ({ ...before, placement: { clusters: [{ name: 'meyrin' }, { name: 'tsystems' }] } })),
    finds: [`meyrin ${SITE}`],
  },
  'a Namespace goes to the other members': {
    kind: 'FederatedNamespace', of: 'otc', to: spec(before => ({ ...before, placement: { clusterSelector: {} } })), finds: ['meyrin Namespace otc'],
  },
  'a Namespace is not federated': {
    kind: 'FederatedNamespace',
    of: 'condor',
    finds: ['meyrin Namespace condor', `meyrin ${STARTD}`, 'tsystems Namespace condor', `tsystems ${STARTD}`, `tsystems ${SITE}`],
  },
  'annotations are in a template, which KubeFed takes off': {
    kind: 'FederatedConfigMap',
    of: 'site',
    to: spec(({ template, overrides, ...before }) => ({ ...before, template: { ...template, metadata: { annotations: { of: 'the site' } } } })),
    finds: [`tsystems ${SITE}`],
  },
  'an override adds the same again on the next sync': {
    kind: 'FederatedDaemonSet',
    of: 'startd',
    to: spec(({ template, ...before }) => ({
      ...before,
      template: { ...template, metadata: { finalizers: [] } },
      overrides: [{ clusterName: 'meyrin', clusterOverrides: [{ op: 'add', path: '/metadata/finalizers/-', value: 'example.org/hold' }] }, ...before.overrides],
    })),
    finds: [`meyrin ${STARTD}`],
  },
  'a type is not enabled': { kind: 'FederatedTypeConfig', of: 'daemonsets.apps', finds: [`meyrin ${STARTD}`, `tsystems ${STARTD}`] },
};

function afflicted(files: Files, { kind, of, to }: Fault): Files {
  let hit = 0;
  const afflict = (manifest: Manifest): Manifest[] => {
    if (manifest.kind !== kind || manifest.metadata.name !== of) { return [manifest]; }
    hit++;
    return to ? [to(manifest)] : [];
  };
  const after = Object.fromEntries(Object.entries(files).map(([chart, manifests]) => [chart, manifests.flatMap(afflict)]));
  expect(hit).toBe(1);
  return after;
}

describeGo('The judges of equivalence', () => {
  let judges: { karmada: Judge; kubefed: Judge };

  beforeAll(() => { judges = { karmada: new Judge('karmada'), kubefed: new Judge('kubefed') }; });
  afterAll(() => Promise.all([judges?.karmada.close(), judges?.kubefed.close()]));

  /** What is found to be wrong: members and objects. */
  async function found(name: string, fault?: Fault): Promise<{ wrong: string[]; problems: readonly string[] }> {
    const engine = judgedEngines(judges).find(one => one.name === name)!;
    const filesOf = (judged: boolean) => {
      const app = new App();
      declare(app, PROGRAM, judged ? engine.engine(PROGRAM) : undefined, judged ? engine.joining : undefined);
      return synthesized(app);
    };
    const files = filesOf(true);
    const { held, expected, problems } = await engine.held(PROGRAM, fault ? afflicted(files, fault) : files, filesOf(false));
    return { wrong: differences(expected, held).map(difference => `${difference.member} ${difference.object}`), problems };
  }

  for (const [engine, faults] of Object.entries({ Karmada: KARMADA, KubeFed: KUBEFED })) {
    test(`${engine}: nothing is found where nothing is wrong`, async () => {
      expect(await found(engine)).toEqual({ wrong: [], problems: [] });
    });
    test.each(Object.entries(faults))(`${engine}: it is found when %s`, async (_what, fault) => {
      expect((await found(engine, fault)).wrong).toEqual(fault.finds);
    });
  }

  test('Karmada: what people write by hand is read as Karmada reads it', async () => {
    const selected = (apiVersion: string, kind: string, name: string) => [{ apiVersion, kind, name }];
    const policy = (kind: string, name: string, namespace: string | undefined, of: object) =>
      object('policy.karmada.io/v1alpha1', kind, name, namespace, { spec: of });
    const { members, problems } = await judges.karmada.ask({
      members: ['meyrin', 'tsystems'],
      documents: [
        object('cluster.karmada.io/v1alpha1', 'Cluster', 'tsystems', undefined, { spec: { syncMode: 'Push', provider: 'otc' } }),
        object('v1', 'Namespace', 'condor', undefined, {}),
        object('apps/v1', 'DaemonSet', 'startd', 'condor', { spec: startd('docker.io/htcondor/execute:24') }),
        object('v1', 'ConfigMap', 'nobodys', 'condor', { data: {} }),
        policy('PropagationPolicy', 'startd', 'condor', {
          resourceSelectors: selected('apps/v1', 'DaemonSet', 'startd'),
          placement: { clusterAffinity: { fieldSelector: { matchExpressions: [{ key: 'provider', operator: 'In', values: ['otc'] }] } } },
        }),
        policy('OverridePolicy', 'startd', 'condor', {
          resourceSelectors: selected('apps/v1', 'DaemonSet', 'startd'),
          overrideRules: [{
            targetCluster: { clusterNames: ['tsystems'] },
            overriders: {
              imageOverrider: [{ component: 'Registry', operator: 'replace', value: 'registry.example.org' }],
              labelsOverrider: [{ operator: 'add', value: { site: 'tsystems' } }],
              plaintext: [{ path: '/spec/template/metadata/labels/example.org~1site', operator: 'add', value: 'tsystems' }],
            },
          }],
        }),
      ],
    });
    expect(problems).toBeNull();
    // the Namespace goes everywhere, as Karmada has it
    expect(members.meyrin).toEqual([expect.objectContaining({ kind: 'Namespace' })]);
    expect(members.tsystems).toEqual([expect.objectContaining({ kind: 'Namespace' }), expect.objectContaining({ kind: 'DaemonSet' })]);
    expect(members.tsystems[1]).toMatchObject({
      metadata: { name: 'startd', namespace: 'condor', labels: { site: 'tsystems' } },
      spec: {
        selector: SELECTOR,
        template: {
          metadata: { labels: { 'app': 'startd', 'example.org/site': 'tsystems' } },
          spec: { containers: [{ name: 'startd', image: 'registry.example.org/htcondor/execute:24' }] },
        },
      },
    });
  });

  test('KubeFed: what people write by hand is read as KubeFed reads it', async () => {
    const type = (kind: string, plural: string, group: string, scope: string): Manifest[] => [
      object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', `federated${plural}.types.kubefed.io`, undefined, {
        spec: {
          group: 'types.kubefed.io',
          names: { kind: `Federated${kind}`, plural: `federated${plural}` },
          scope: 'Namespaced',
          versions: [{
            name: 'v1beta1', served: true, storage: true, schema: { openAPIV3Schema: { 'type': 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          }],
        },
      }),
      object('core.kubefed.io/v1beta1', 'FederatedTypeConfig', group ? `${plural}.${group}` : plural, 'kube-federation-system', {
        spec: {
          federatedType: { group: 'types.kubefed.io', version: 'v1beta1', kind: `Federated${kind}`, pluralName: `federated${plural}`, scope: 'Namespaced' },
          targetType: { group, version: 'v1', kind, pluralName: plural, scope },
          propagation: 'Enabled',
        },
      }),
    ];
    const federated = (kind: string, name: string, of: object) => object('types.kubefed.io/v1beta1', kind, name, 'condor', { spec: of });
    const cluster = (name: string, labels: object) => ({
      ...object('core.kubefed.io/v1beta1', 'KubeFedCluster', name, 'kube-federation-system', {
        spec: { apiEndpoint: `https://${name}.example.org`, secretRef: { name } },
      }),
      metadata: { name, namespace: 'kube-federation-system', labels },
    });
    const { members, problems } = await judges.kubefed.ask({
      members: ['meyrin', 'tsystems'],
      documents: [
        ...type('Namespace', 'namespaces', '', 'Cluster'), ...type('DaemonSet', 'daemonsets', 'apps', 'Namespaced'),
        cluster('meyrin', {}), cluster('tsystems', { pool: 'condor' }),
        object('v1', 'Namespace', 'condor', undefined, {}),
        federated('FederatedNamespace', 'condor', { template: { apiVersion: 'v1' }, placement: { clusters: [{ name: 'meyrin' }, { name: 'tsystems' }] } }),
        federated('FederatedDaemonSet', 'startd', {
          template: { metadata: { annotations: { lost: 'always' } }, spec: startd('execute:24') },
          placement: { clusterSelector: { matchLabels: { pool: 'condor' } } },
          overrides: [{
            clusterName: 'tsystems',
            clusterOverrides: [
              { path: '/spec/template/spec/containers/0/image', value: 'registry.example.org/execute:24' },
              { path: '/spec/template/metadata/labels/site', op: 'add', value: 'tsystems' },
            ],
          }],
        }),
      ],
    });
    expect(problems).toBeNull();
    const namespace = object('v1', 'Namespace', 'condor', undefined, {});
    expect(members).toEqual({
      meyrin: [namespace],
      tsystems: [namespace, object('apps/v1', 'DaemonSet', 'startd', 'condor', {
        spec: {
          selector: SELECTOR,
          template: { metadata: { labels: { app: 'startd', site: 'tsystems' } }, spec: { containers: [{ name: 'startd', image: 'registry.example.org/execute:24' }] } },
        },
      })],
    });
  });
});

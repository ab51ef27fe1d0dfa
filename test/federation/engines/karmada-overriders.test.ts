import * as fc from 'fast-check';
import { isHollow } from '../../../src/federation/engines/karmada/hollow';
import { Overrider, overriders } from '../../../src/federation/engines/karmada/overriders';
import { Manifest } from '../../../src/federation/manifest';
import { apply, Operation } from '../../../src/federation/patch';

/** As Karmada applies them: one JSON patch, in which a change without a value sets null. */
const applied = (manifest: Manifest, changes: Overrider[]) =>
  apply(manifest, changes.map(({ path, operator, value }) => ({ op: operator, path, ...operator !== 'remove' && { value: value ?? null } }) as Operation));

const object = (fields: object) => ({ apiVersion: 'example.org/v1', kind: 'Thing', metadata: { name: 'x' }, ...fields }) as Manifest;

/** The one key that is refused wherever it stands is left out. */
const key = fc.oneof(fc.string(), fc.constantFrom('', 'a/b', '~0', '-', '0', 'type', 'name', 'constructor')).filter(text => text !== '__proto__');
const { tree } = fc.letrec<{ tree: unknown }>(tie => ({
  tree: fc.oneof({ maxDepth: 4 }, fc.string(), fc.integer(), fc.boolean(), fc.constantFrom(null, '', 0), fc.array(tie('tree')), fc.dictionary(key, tie('tree'))),
}));
const manifest = fc.tuple(fc.dictionary(key, tree), fc.dictionary(key, fc.string())).map(([fields, labels]) =>
  ({ ...fields, apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', labels } }) as Manifest);

/** As an API server gives an object back: without what is empty. */
function stored(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) { return value; }
  if (Array.isArray(value)) { return value.map(stored); }
  return Object.fromEntries(Object.entries(value).filter(([, field]) => !isHollow(field)).map(([field, inside]) => [field, stored(inside)]));
}

/** Whether one path lies below an empty key, where Karmada finds nothing. */
const belowEmptyKey = ({ path }: Overrider) => path.split('/').slice(1, -1).includes('');

test('the changes make one object of another', () => {
  fc.assert(fc.property(manifest, manifest, (from, to) => {
    const changes = overriders(from, to);
    expect(applied(from, changes)).toEqual(to);
    expect(changes.filter(belowEmptyKey)).toEqual([]);
  }), { numRuns: 500 });
});

test('and make it of what an API server stored of it', () => {
  fc.assert(fc.property(manifest, manifest, (from, to) => {
    expect(stored(applied(stored(from) as Manifest, overriders(from, to)))).toEqual(stored(to));
  }), { numRuns: 500 });
});

test('equal objects differ by nothing, and a change of one key is one change', () => {
  const data = { 'condor_config': 'USE_SHARED_PORT = True', '50-member.conf': 'A = 1' };
  expect(overriders(object({ data }), object({ data: { ...data } }))).toEqual([]);
  expect(overriders(object({ data }), object({ data: { ...data, '50-member.conf': 'A = 2' } }))).toEqual([
    { path: '/data/50-member.conf', operator: 'replace', value: 'A = 2' },
  ]);
});

test.each([
  ['a key with a slash and a tilde', { data: { 'a/b~c': '1', 'x': '1' } }, { data: { 'a/b~c': '2', 'x': '1' } },
    [{ path: '/data/a~1b~0c', operator: 'replace', value: '2' }]],
  ['what may not be stored is added whole', { spec: { hostNetwork: false, selector: {}, volumes: [] } }, { spec: { hostNetwork: true, selector: { a: 'b' }, volumes: [1] } },
    [{ path: '/spec', operator: 'add', value: { hostNetwork: true, selector: { a: 'b' }, volumes: [1] } }]],
  ['beside what is stored, each alone', { spec: { on: 1, off: false, data: {} } }, { spec: { on: 1, off: true, data: { a: 'b' } } },
    [{ path: '/spec/off', operator: 'add', value: true }, { path: '/spec/data', operator: 'add', value: { a: 'b' } }]],
  ['what may not be stored is there before it is removed', { spec: { on: 1, off: false } }, { spec: { on: 1 } },
    [{ path: '/spec/off', operator: 'add', value: '' }, { path: '/spec/off', operator: 'remove' }]],
  ['null is a change without a value', { spec: { a: 1, b: 1 } }, { spec: { a: null, b: 1 } }, [{ path: '/spec/a', operator: 'replace' }]],
  ['lists of one length change inside', { spec: { args: ['a', 'b'] } }, { spec: { args: ['a', 'c'] } }, [{ path: '/spec/args/1', operator: 'replace', value: 'c' }]],
  ['lists of another length are written anew', { spec: { args: ['a', 'b'] } }, { spec: { args: ['a', 'c', 'b'] } },
    [{ path: '/spec/args', operator: 'replace', value: ['a', 'c', 'b'] }]],
  ['another type is written anew', { spec: { n: 1, strategy: { type: 'RollingUpdate' } } }, { spec: { n: 1, strategy: { type: 'Recreate' } } },
    [{ path: '/spec/strategy', operator: 'replace', value: { type: 'Recreate' } }]],
  ['another container is written anew', { spec: { containers: [{ name: 'a', image: 'x' }] } }, { spec: { containers: [{ name: 'b', image: 'x' }] } },
    [{ path: '/spec/containers/0', operator: 'replace', value: { name: 'b', image: 'x' } }]],
  ['labels have any key', { metadata: { name: 'x', labels: { type: 'a', tier: 'b' } } }, { metadata: { name: 'x', labels: { type: 'c', tier: 'b' } } },
    [{ path: '/metadata/labels/type', operator: 'replace', value: 'c' }]],
])('%s', (_, from, to, changes) => {
  expect(overriders(object(from), object(to))).toEqual(changes);
});

const ofKind = (apiVersion: string, kind: string, spec: object): Manifest => ({ apiVersion, kind, metadata: { name: 'x', namespace: 'y' }, spec });
const pod = (fields: object, ofPod: object = {}) => ofKind('apps/v1', 'DaemonSet', { template: { spec: { containers: [{ name: 'main', ...fields }], ...ofPod } } });
const headless = (fields: object) => ofKind('v1', 'Service', { clusterIP: 'None', ports: [{ port: 80 }], ...fields });
const derivedAnew = (path: string) => [{ path, operator: 'add', value: '' }, { path, operator: 'remove' }];
const CONTAINER = '/spec/template/spec/containers/0';

test.each([
  ['the pull policy of an image', pod({ image: 'a:1' }), pod({ image: 'a:latest' }), `${CONTAINER}/imagePullPolicy`],
  ['the pull policy of an image without a tag', pod({ image: 'a.org:5000/a@sha256:0' }), pod({ image: 'a.org:5000/a' }), `${CONTAINER}/imagePullPolicy`],
  ['the old name of the ServiceAccount', pod({}, { nodeName: 'n', serviceAccountName: 'a' }), pod({}, { nodeName: 'n' }), '/spec/template/spec/serviceAccount'],
  ['the addresses of a Service', ofKind('v1', 'Service', { type: 'ClusterIP' }), ofKind('v1', 'Service', { type: 'ClusterIP', clusterIP: 'None' }), '/spec/clusterIPs'],
  ['the address families of a Service', headless({}), headless({ selector: { app: 'a' } }), '/spec/ipFamilies'],
  ['how many families a Service has', headless({ selector: { app: 'a' } }), headless({ selector: {} }), '/spec/ipFamilyPolicy'],
  ['the port of pods', ofKind('v1', 'Service', { ports: [{ port: 80 }] }), ofKind('v1', 'Service', { ports: [{ port: 81 }] }), '/spec/ports/0/targetPort'],
  ['the types of a NetworkPolicy', ofKind('networking.k8s.io/v1', 'NetworkPolicy', { podSelector: { matchLabels: { a: 'b' } }, policyTypes: [] }),
    ofKind('networking.k8s.io/v1', 'NetworkPolicy', { podSelector: { matchLabels: { a: 'b' } }, policyTypes: [], egress: [{}] }), '/spec/policyTypes'],
  ['the completions of a Job', ofKind('batch/v1', 'Job', { suspend: true }), ofKind('batch/v1', 'Job', { suspend: true, parallelism: 3 }), '/spec/completions'],
])('an API server derives %s from what changes, and the member\'s derives it anew', (_, from, to, path) => {
  expect(overriders(from, to)).toEqual(expect.arrayContaining(derivedAnew(path)));
});

const job = (pods: object, labels?: object): Manifest =>
  ({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'x', ...labels && { labels } }, spec: { template: { metadata: { labels: pods } } } });
const ofPods = (change: object) => ({ path: '/spec/template/metadata/labels/a', ...change });
const replaced = { operator: 'replace', value: '2' };

test.each<[string, Manifest, Manifest, object[]]>([
  ['those of its pods', job({ a: '1' }), job({ a: '2' }), [{ path: '/metadata/labels/a', ...replaced }, ofPods(replaced)]],
  ['its own', job({ a: '1' }, { own: 'x' }), job({ a: '2' }, { own: 'x' }), [ofPods(replaced)]],
  ['its own in one member', job({ a: '1' }), job({ a: '1' }, { own: 'x' }),
    [{ path: '/metadata/labels', operator: 'add', value: { own: 'x' } }]],
])('a Job has the labels that its API server gave it: %s', (_, from, to, changes) => expect(overriders(from, to)).toEqual(changes));

test.each([
  ['the other field says the same', pod({ image: 'a:1' }), pod({ image: 'b:1' }), [{ path: `${CONTAINER}/image`, operator: 'replace', value: 'b:1' }]],
  ['a Service has the families of its cluster', ofKind('v1', 'Service', { ports: [{ port: 80 }] }), ofKind('v1', 'Service', { ports: [{ port: 80 }], selector: { app: 'a' } }),
    [{ path: '/spec/selector', operator: 'add', value: { app: 'a' } }]],
  ['it is stated', pod({ image: 'a:1', imagePullPolicy: 'Never' }), pod({ image: 'a', imagePullPolicy: 'Never' }), [{ path: `${CONTAINER}/image`, operator: 'replace', value: 'a' }]],
  ['another kind calls it so', ofKind('example.org/v1', 'Thing', { port: 80 }), ofKind('example.org/v1', 'Thing', { port: 81 }), [{ path: '/spec/port', operator: 'replace', value: 81 }]],
])('nothing is derived anew where %s', (_, from, to, changes) => {
  expect(overriders(from, to)).toEqual(changes);
});

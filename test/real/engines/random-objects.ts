import { Dice } from './dice';
import { Manifest } from '../../../src/federation/manifest';
import { Operation } from '../../../src/federation/patch';

type Fields = { [field: string]: unknown };

/** A part of an object where anything may be done that leaves an object an API server takes. */
export interface Place {
  /** A JSON pointer. */
  readonly path: string;
  /** What is there: a map of one level, a list, one value, or a tree of all of them. */
  readonly holds: 'map' | 'list' | 'value' | 'tree';
  /** One value of the map or of the list, or the value itself. */
  readonly value: (dice: Dice, index: number) => unknown;
  /** The keys of the map. */
  readonly keys?: readonly string[];
  /** Whether it is always there, in a map or list with something in it. */
  readonly required?: boolean;
  /** Whether others stand there as well, which stay: only what is in it comes and goes. */
  readonly shared?: boolean;
  /** What the object has to keep to. */
  readonly allows?: (manifest: Manifest) => boolean;
}

/** A kind of objects, what each of them has, and where they may differ. */
export interface RandomKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly fields: (name: string) => Fields;
  /** Labels that stay. */
  readonly labels?: (name: string) => Fields;
  readonly places: readonly Place[];
  /** What the members need to know the kind. */
  readonly definition?: Manifest;
  /** Names that not every kind may have. */
  readonly prefixes?: readonly string[];
}

const TEXTS = ['a', '', 'yes', '007', '1e3', 'null', 'a: b', 'two\nlines\n', ' "quoted" ', 'ünï', '~1/x', '{}'];
const LABEL_VALUES = ['a', '', '0', 'x-1', 'true', 'B.c_d'];
const LABEL_KEYS = ['a', 'tier', 'example.org/a', 'example.org/b.c_d'];
const DATA_KEYS = ['a', '50-site.conf', 'A_B', '.x'];
const TREE_KEYS = ['a', 'b', '', '/', '~', 'a/b~c', '~1', '0', '-', 'ключ', 'toString'];

const text = (dice: Dice) => dice.pick(TEXTS);
const labelValue = (dice: Dice) => dice.pick(LABEL_VALUES);

function tree(dice: Dice, depth: number): unknown {
  switch (dice.roll(depth > 0 ? 7 : 4)) {
    case 0: return text(dice);
    case 1: return dice.pick([0, 1, -7, 0.5, 9007199254740991]);
    case 2: return dice.once(2);
    case 3: return null;
    case 4: return dice.times(4, () => tree(dice, depth - 1));
    default: return Object.fromEntries(dice.times(4, () => [dice.pick(TREE_KEYS), tree(dice, depth - 1)]));
  }
}

const labels = (path: string): Place => ({ path, holds: 'map', keys: LABEL_KEYS, value: labelValue });
const texts = (path: string, keys: readonly string[] = LABEL_KEYS): Place => ({ path, holds: 'map', keys, value: text });
const list = (path: string, value: Place['value'], more: Partial<Place> = {}): Place => ({ path, holds: 'list', value, ...more });
const oneOf = (path: string, ...values: unknown[]): Place => ({ path, holds: 'value', value: dice => dice.pick(values) });

/** What all objects have. */
const METADATA = [labels('/metadata/labels'), texts('/metadata/annotations')];

/** What few objects have, and not every engine brings. */
const FINALIZERS = list('/metadata/finalizers', (_dice, index) => `example.org/hold-${index}`, { allows: manifest => allDistinct(manifest, '/metadata/finalizers') });

const metadataOf = (kind: RandomKind) => METADATA.map(place => ({ ...place, shared: place.path === '/metadata/labels' && kind.labels !== undefined }));

function allDistinct(manifest: Manifest, path: string): boolean {
  const items = (valueAt(manifest, path) ?? []) as unknown[];
  return new Set(items).size === items.length;
}

/** No two of a list may have the same in this field. */
const distinctIn = (path: string, field: string, least = 0) => (manifest: Manifest): boolean => {
  const items = (valueAt(manifest, path) ?? []) as Fields[];
  return items.length >= least && new Set(items.map(item => item[field])).size === items.length;
};

const named = (path: string, value: (dice: Dice) => Fields): Place =>
  list(path, (dice, index) => ({ name: `n${index}-${dice.roll(3)}`, ...value(dice) }), { allows: distinctIn(path, 'name') });

const RULE = (dice: Dice) => ({ apiGroups: dice.pick([[''], ['apps'], ['', 'batch']]), resources: ['configmaps'], verbs: dice.pick([['get'], ['get', 'list']]) });
const PEER = (dice: Dice) => ({ from: dice.times(3, () => ({ podSelector: dice.pick([{}, { matchLabels: { app: 'x' } }]) })) });

function podPlaces(template: string): Place[] {
  const container = `${template}/spec/containers/0`;
  return [
    texts(`${template}/metadata/annotations`),
    { ...labels(`${template}/metadata/labels`), shared: true },
    labels(`${template}/spec/nodeSelector`),
    { ...oneOf(`${container}/image`, 'registry.example.org/main:1', 'other.example.org/main:1', 'main', 'main:latest'), required: true },
    oneOf(`${container}/imagePullPolicy`, 'Always', 'IfNotPresent'),
    list(`${container}/ports`, (dice, index) => ({ containerPort: 8000 + 10 * index + dice.roll(10), ...dice.once(2) && { protocol: 'UDP' } }), {
      allows: distinctIn(`${container}/ports`, 'containerPort'),
    }),
    oneOf(`${container}/livenessProbe`, { exec: { command: ['true'] } }, { httpGet: { port: 8080 } }, { tcpSocket: { port: 8080 }, periodSeconds: 5 }),
    oneOf(`${template}/spec/serviceAccountName`, 'default', 'startd'),
    named(`${container}/env`, dice => ({ value: text(dice) })),
    list(`${container}/args`, text),
    oneOf(`${container}/resources`, {}, { requests: { cpu: '1' } }, { requests: { cpu: '500m', memory: '1Gi' }, limits: { memory: '1Gi' } }),
    oneOf(`${container}/securityContext`, {}, { privileged: false }, { capabilities: { drop: ['ALL'] } }),
    list(`${template}/spec/tolerations`, dice => ({ key: dice.pick(['pool', 'example.org/x']), operator: 'Exists', ...dice.once(2) && { effect: 'NoSchedule' } })),
    named(`${template}/spec/volumes`, dice => dice.pick<Fields>([{ emptyDir: {} }, { configMap: { name: 'x' } }, { hostPath: { path: '/x' } }])),
    oneOf(`${template}/spec/hostNetwork`, true, false),
    oneOf(`${template}/spec/terminationGracePeriodSeconds`, 0, 30, 3600),
    oneOf(`${template}/spec/affinity`, {}, { nodeAffinity: {} }),
  ];
}

function podTemplate(name: string, restartPolicy?: string): Fields {
  return {
    metadata: { labels: { app: name } },
    spec: { containers: [{ name: 'main', image: 'registry.example.org/main:1' }], ...restartPolicy && { restartPolicy } },
  };
}

const isIndexed = (manifest: Manifest) => valueAt(manifest, '/spec/completionMode') === 'Indexed';

const workload = (name: string) => ({ spec: { selector: { matchLabels: { app: name } }, template: podTemplate(name) } });

function definitionOf(kind: string, plural: string, scope: string): Manifest {
  const anything = { 'type': 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.example.org` },
    spec: {
      group: 'example.org',
      scope,
      names: { kind, plural, singular: kind.toLowerCase() },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec: anything } } } }],
    },
  };
}

const custom = (kind: string, plural: string, namespaced: boolean): RandomKind => ({
  apiVersion: 'example.org/v1',
  kind,
  namespaced,
  fields: () => ({}),
  places: [{ path: '/spec', holds: 'tree', value: dice => Object.fromEntries(dice.times(5, () => [dice.pick(TREE_KEYS), tree(dice, 2)])) }],
  definition: definitionOf(kind, plural, namespaced ? 'Namespaced' : 'Cluster'),
});

export const NAMESPACE: RandomKind = { apiVersion: 'v1', kind: 'Namespace', namespaced: false, fields: () => ({}), places: [] };

const RBAC = 'rbac.authorization.k8s.io';

export const KINDS: readonly RandomKind[] = [
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    namespaced: true,
    fields: () => ({}),
    places: [texts('/data', DATA_KEYS), oneOf('/immutable', false, true)],
  },
  {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    namespaced: true,
    fields: workload,
    places: [...podPlaces('/spec/template'), oneOf('/spec/updateStrategy', {}, { type: 'OnDelete' }), oneOf('/spec/minReadySeconds', 0, 5)],
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    namespaced: true,
    fields: workload,
    places: [...podPlaces('/spec/template'), oneOf('/spec/replicas', 0, 1, 3), oneOf('/spec/strategy', {}, { type: 'Recreate' })],
  },
  {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    namespaced: true,
    fields: name => ({ spec: { serviceName: name, ...workload(name).spec } }),
    places: [...podPlaces('/spec/template'), oneOf('/spec/replicas', 0, 1, 3), oneOf('/spec/podManagementPolicy', 'OrderedReady', 'Parallel')],
  },
  {
    apiVersion: 'batch/v1',
    kind: 'Job',
    namespaced: true,
    // without labels of its own a Job gets those of its pods, from the API server that takes it first
    fields: name => ({ spec: { template: podTemplate(name, 'Never') } }),
    labels: name => ({ app: name }),
    places: [
      ...podPlaces('/spec/template'), oneOf('/spec/parallelism', 0, 1, 3), oneOf('/spec/completions', 0, 1, 5), oneOf('/spec/suspend', false, true),
      { ...oneOf('/spec/completionMode', 'NonIndexed', 'Indexed'), allows: manifest => !isIndexed(manifest) || typeof valueAt(manifest, '/spec/completions') === 'number' },
      { ...oneOf('/spec/backoffLimitPerIndex', 1), allows: manifest => isIndexed(manifest) || (valueAt(manifest, '/spec/backoffLimitPerIndex') ?? null) === null },
      oneOf('/spec/podFailurePolicy', { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }] }),
    ],
  },
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    namespaced: true,
    fields: name => ({ spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template: podTemplate(name, 'Never') } } } }),
    places: [...podPlaces('/spec/jobTemplate/spec/template'), oneOf('/spec/suspend', false, true), oneOf('/spec/jobTemplate/spec/backoffLimit', 0, 3)],
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    namespaced: true,
    fields: () => ({ spec: {} }),
    places: [
      labels('/spec/selector'),
      list('/spec/ports', (dice, index) => ({ name: `p${index}${dice.roll(3)}`, port: 1000 + 10 * index + dice.roll(10), ...dice.once(2) && { targetPort: dice.pick(['http', 8080]) } }), {
        required: true,
        allows: manifest => distinctIn('/spec/ports', 'name', 1)(manifest) && distinctIn('/spec/ports', 'port')(manifest),
      }),
      oneOf('/spec/type', 'ClusterIP', 'NodePort', 'LoadBalancer'),
      oneOf('/spec/publishNotReadyAddresses', false, true),
      { ...oneOf('/spec/ports/0/port', 80, 443), required: true },
      oneOf('/spec/externalIPs', ['192.0.2.1']),
      oneOf('/spec/sessionAffinity', 'None', 'ClientIP'),
      { ...oneOf('/spec/clusterIP', 'None'), allows: manifest => !valueAt(manifest, '/spec/clusterIP') || (valueAt(manifest, '/spec/type') ?? 'ClusterIP') === 'ClusterIP' },
    ],
  },
  {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    namespaced: true,
    fields: () => ({}),
    places: [named('/imagePullSecrets', () => ({})), oneOf('/automountServiceAccountToken', false, true)],
  },
  { apiVersion: `${RBAC}/v1`, kind: 'Role', namespaced: true, fields: () => ({}), places: [list('/rules', RULE)], prefixes: ['', '', '', 'site:'] },
  {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    namespaced: true,
    fields: () => ({ roleRef: { apiGroup: RBAC, kind: 'Role', name: 'reader' } }),
    places: [list('/subjects', dice => ({ kind: 'User', apiGroup: RBAC, name: dice.pick(['alice', 'bob']) }))],
  },
  { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', namespaced: false, fields: () => ({}), places: [list('/rules', RULE)] },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    namespaced: true,
    fields: () => ({ spec: { podSelector: {} } }),
    places: [labels('/spec/podSelector/matchLabels'), list('/spec/ingress', PEER), list('/spec/egress', () => ({})), oneOf('/spec/policyTypes', ['Ingress'], ['Ingress', 'Egress'])],
  },
  {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    namespaced: false,
    fields: () => ({ value: 1000 }),
    places: [{ ...oneOf('/value', -1, 0, 1000), required: true }, oneOf('/description', '', 'jobs'), oneOf('/preemptionPolicy', 'Never', 'PreemptLowerPriority')],
  },
  custom('Widget', 'widgets', true),
  custom('Gadget', 'gadgets', false),
];

/** An object of a kind, as a federation declares it. */
export function templateOf(kind: RandomKind, dice: Dice, name: string, namespace?: string): Manifest {
  const manifest: Fields = {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    ...kind.fields(name),
    metadata: { name: `${dice.pick(kind.prefixes ?? [''])}${name}`, ...namespace && { namespace }, ...kind.labels && { labels: kind.labels(name) } },
  };
  for (const place of [...metadataOf(kind), ...kind.places, ...dice.once(200) ? [FINALIZERS] : []]) {
    if (!place.required && !dice.once(2) || place.shared) { continue; }
    const value = withoutNulls(whole(place, dice));
    // cdk8s leaves out of the metadata what is empty
    if (place.path.startsWith('/metadata') && Object.keys(value as object).length === 0) { continue; }
    put(manifest, place.path, value);
    if (place.allows && !place.allows(manifest as Manifest)) { put(manifest, place.path, undefined); }
  }
  return manifest as Manifest;
}

/** All of a place. */
function whole(place: Place, dice: Dice): unknown {
  switch (place.holds) {
    case 'map': return Object.fromEntries(dice.times(4, index => [dice.pick(place.keys!), place.value(dice, index)]));
    case 'list': return place.required ? [place.value(dice, 8), ...dice.times(4, index => place.value(dice, index))] : dice.times(6, index => place.value(dice, index));
    default: return place.value(dice, 0);
  }
}

/** cdk8s leaves nulls out of what it writes; they come by patches. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) { return value.filter(item => item !== null).map(withoutNulls); }
  if (typeof value !== 'object' || value === null) { return value; }
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null).map(([key, item]) => [key, withoutNulls(item)]));
}

/** An operation on an object, on a path that is there. */
export function operationAt(kind: RandomKind, manifest: Manifest, dice: Dice): Operation | undefined {
  const place = dice.pick(dice.once(600) ? [FINALIZERS] : dice.once(4) || kind.places.length === 0 ? metadataOf(kind) : kind.places);
  const { path } = place;
  const current = valueAt(manifest, path);
  if (current === undefined) { return { op: 'add', path, value: whole(place, dice) }; }
  if (!place.shared && (place.holds === 'value' || current === null || dice.once(5))) {
    const value = place.required || !dice.once(8) ? whole(place, dice) : null;
    switch (dice.roll(place.required ? 3 : 4)) {
      case 0: return { op: 'replace', path, value };
      case 1: return { op: 'add', path, value };
      case 2: return { op: 'test', path, value: current };
      default: return { op: 'remove', path };
    }
  }
  const containers = place.holds === 'tree' ? containersIn(path, current) : [{ path, container: current as Container }];
  const { path: at, container } = dice.pick(containers);
  const keys = place.keys ?? TREE_KEYS;
  const there = Object.keys(container).filter(key => !place.shared || keys.includes(key));
  const value = place.holds === 'tree' ? tree(dice, 2) : place.value(dice, dice.roll(9));
  const target = () => `${at}/${Array.isArray(container) ? newIndex(container, dice) : escaped(dice.pick(keys))}`;
  if (there.length === 0) { return { op: 'add', path: target(), value }; }
  const source = `${at}/${escaped(dice.pick(there))}`;
  switch (dice.roll(6)) {
    case 0: return { op: 'add', path: target(), value };
    case 1: return { op: 'remove', path: source };
    case 2: return { op: 'replace', path: source, value };
    case 3: return { op: 'move', from: source, path: target() };
    case 4: return { op: 'copy', from: source, path: target() };
    default: return { op: 'test', path: source, value: valueAt(manifest, source) };
  }
}

type Container = unknown[] | Fields;

function containersIn(path: string, value: unknown): { path: string; container: Container }[] {
  if (typeof value !== 'object' || value === null) { return []; }
  return [{ path, container: value as Container }, ...Object.entries(value).flatMap(([key, item]) => containersIn(`${path}/${escaped(key)}`, item))];
}

function newIndex(array: unknown[], dice: Dice): string {
  return dice.once(3) ? '-' : `${dice.roll(array.length + 1)}`;
}

const escaped = (key: string) => key.replace(/~/g, '~0').replace(/\//g, '~1');

const keysOf = (path: string) => path.split('/').slice(1).map(key => key.replace(/~1/g, '/').replace(/~0/g, '~'));

/** What is at a JSON pointer; nothing if nothing is. */
export function valueAt(manifest: object, path: string): unknown {
  return keysOf(path).reduce<unknown>((value, key) =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Fields)[key] : undefined, manifest);
}

function put(manifest: Fields, path: string, value: unknown): void {
  const keys = keysOf(path);
  const last = keys.pop()!;
  const holder = keys.reduce<Fields>((parent, key) => parent[key] as Fields, manifest);
  holder[last] = value;
}

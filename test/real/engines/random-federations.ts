import { ApiObject, App, JsonPatch } from 'cdk8s';
import * as fc from 'fast-check';
import { Dice } from './dice';
import { KINDS, NAMESPACE, operationAt, RandomKind, templateOf } from './random-objects';
import { Cluster, ClusterSelector, FederatedCluster, FederatedClusterProps, Federation, JoinMode, Placement } from '../../../src';
import { FederationEngine } from '../../../src/federation/engines/engine';
import { Manifest } from '../../../src/federation/manifest';
import { apply, Operation } from '../../../src/federation/patch';

/** A member, as far as selectors ask for it. */
export interface Member {
  readonly name: string;
  readonly labels: { readonly [key: string]: string };
  readonly provider?: string;
  readonly region?: string;
  readonly pulls: boolean;
}

/** A selector, as data. */
export type Selector =
  | { readonly by: 'all' }
  | { readonly by: 'names'; readonly names: readonly string[] }
  | { readonly by: 'labels'; readonly labels: { readonly [key: string]: string } }
  | { readonly by: 'provider'; readonly provider: string }
  | { readonly by: 'region'; readonly region: string }
  | { readonly by: 'not'; readonly of: Selector }
  | { readonly by: 'and' | 'or'; readonly of: readonly [Selector, Selector] };

/** One declaration of an object: in a placement, or on the federation itself. */
export interface Claim {
  readonly selector: Selector;
  readonly manifest: Manifest;
}

/** What becomes of a declared object in some members. */
export interface Override {
  /** Which claim, in the order of `Program.claims`. */
  readonly claim: number;
  readonly selector: Selector;
  readonly operations: readonly Operation[];
}

/** A program with a federation, as data: the same for every engine. */
export interface Program {
  readonly members: readonly Member[];
  readonly claims: readonly Claim[];
  readonly overrides: readonly Override[];
  /** Objects that members declare for themselves. */
  readonly own: readonly { readonly member: string; readonly manifest: Manifest }[];
  /** Whether clusters may join after the synth, where the engine knows of that. */
  readonly late: boolean;
}

const MEMBERS = ['meyrin', 'tsystems', 'n1', 'prevessin-2', 'a'];
const TEAMS = ['team-a', 'team-b'];
const LEVELS = ['restricted', 'baseline', 'privileged'];

export function selects(selector: Selector, member: Member): boolean {
  switch (selector.by) {
    case 'all': return true;
    case 'names': return selector.names.includes(member.name);
    case 'labels': return Object.entries(selector.labels).every(([key, value]) => member.labels[key] === value);
    case 'provider': return member.provider === selector.provider;
    case 'region': return member.region === selector.region;
    case 'not': return !selects(selector.of, member);
    case 'and': return selector.of.every(part => selects(part, member));
    case 'or': return selector.of.some(part => selects(part, member));
  }
}

function randomMember(rolls: readonly number[], index: number): Member {
  const dice = new Dice(rolls);
  const provider = dice.pick([undefined, 'cern', 't-systems']);
  const region = dice.pick([undefined, 'eu-ch', 'eu-de']);
  return {
    name: MEMBERS[index],
    labels: dice.pick<Member['labels']>([{}, { tier: '1' }, { tier: '2' }, { 'tier': '1', 'example.org/pool': 'condor' }]),
    ...provider && { provider },
    ...region && { region },
    pulls: dice.once(3),
  };
}

/** A selector of at least one of the members. */
function randomSelector(dice: Dice, members: readonly Member[], depth = 1): Selector {
  const names: Selector = { by: 'names', names: dice.some(members).map(({ name }) => name) };
  const { labels, provider, region } = dice.pick(members);
  const parts = (): [Selector, Selector] => [randomSelector(dice, members, depth - 1), randomSelector(dice, members, depth - 1)];
  const wanted: Selector[] = [
    { by: 'all' }, names, { by: 'labels', labels },
    ...provider ? [{ by: 'provider', provider } as const] : [], ...region ? [{ by: 'region', region } as const] : [],
    ...depth > 0 ? [{ by: 'not', of: names } as const, { by: 'and', of: parts() } as const, { by: 'or', of: parts() } as const] : [],
  ];
  const picked = dice.pick(wanted);
  return members.some(member => selects(picked, member)) ? picked : { by: 'all' };
}

/** The Namespaces of a program: everywhere, at some members, or declared twice with labels of each. */
function randomNamespace(dice: Dice, name: string, members: readonly Member[]): { claims: Claim[]; within: Selector } {
  const manifest = (labels: object): Manifest => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, ...Object.keys(labels).length > 0 && { labels } } });
  const level = () => dice.once(3) ? { 'pod-security.kubernetes.io/enforce': dice.pick(LEVELS) } : {};
  const within = dice.once(3) ? randomSelector(dice, members) : { by: 'all' } as const;
  const claims = [{ selector: within, manifest: manifest(dice.once(2) ? level() : {}) }];
  if (dice.once(3)) {
    const selector = dice.once(2) ? within : { by: 'and', of: [within, randomSelector(dice, members)] } as const;
    if (members.some(member => selects(selector, member))) { claims.push({ selector, manifest: manifest({ ...level(), team: 'second' }) }); }
  }
  return { claims, within };
}

interface Rolls {
  readonly namespaces: number[][];
  readonly objects: number[][];
  readonly overrides: number[][];
  readonly rest: number[];
}

function program(members: readonly Member[], rolled: Rolls): Program {
  const namespaces = rolled.namespaces.map((rolls, index) => randomNamespace(new Dice(rolls), TEAMS[index], members));
  const claims: Claim[] = namespaces.flatMap(namespace => namespace.claims);
  // what is declared twice, each time otherwise, is left as it is
  const kinds = namespaces.flatMap(({ claims: own }) => own.map((): RandomKind | undefined => own.length === 1 ? NAMESPACE : undefined));
  rolled.objects.forEach((rolls, index) => {
    const dice = new Dice(rolls);
    const kind = dice.pick(KINDS);
    const at = dice.roll(namespaces.length);
    const everywhere: Selector = kind.namespaced ? namespaces[at].within : { by: 'all' };
    const inside = members.filter(member => selects(everywhere, member));
    const chosen = dice.once(3) ? everywhere : randomSelector(dice, inside);
    const selector: Selector = chosen === everywhere || everywhere.by === 'all' ? chosen : { by: 'and', of: [everywhere, chosen] };
    const manifest = templateOf(kind, dice, `${kind.kind.toLowerCase()}-${index}`, kind.namespaced ? TEAMS[at] : undefined);
    const elsewhere: Selector = { by: 'and', of: [everywhere, { by: 'not', of: selector }] };
    const twice = dice.once(8) && members.some(member => selects(elsewhere, member));
    for (const place of [selector, ...twice ? [elsewhere] : []]) {
      claims.push({ selector: place, manifest });
      kinds.push(kind);
    }
  });
  for (const kind of new Set(kinds)) {
    if (kind?.definition) { claims.push({ selector: { by: 'all' }, manifest: kind.definition }); }
  }
  const rest = new Dice(rolled.rest);
  const own = rest.once(4) ? [{
    member: rest.pick(members).name,
    manifest: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'own', namespace: 'site' }, data: { of: 'the site' } },
  }] : [];
  return { members, claims, overrides: randomOverrides(rolled.overrides, members, claims, kinds), own, late: rest.once(4) };
}

/** Overrides that apply, one after the other, to what the members have by then. */
function randomOverrides(
  rolled: readonly number[][], members: readonly Member[], claims: readonly Claim[], kinds: readonly (RandomKind | undefined)[],
): Override[] {
  const states = new Map<string, Manifest>();
  const overrides: Override[] = [];
  for (const rolls of rolled) {
    const dice = new Dice(rolls);
    const claim = dice.roll(claims.length);
    const kind = kinds[claim];
    if (!kind) { continue; }
    const holders = members.filter(member => selects(claims[claim].selector, member));
    const selector = randomSelector(dice, holders, 0);
    const chosen = holders.filter(member => selects(selector, member));
    const astray = members.some(member => selects(selector, member) && !holders.includes(member));
    const scoped: Selector = astray ? { by: 'names', names: chosen.map(({ name }) => name) } : selector;
    const keyOf = ({ name }: Member) => `${claim} ${name}`;
    const stateOf = (member: Member) => states.get(keyOf(member)) ?? claims[claim].manifest;
    const operations: Operation[] = [];
    for (let attempts = 1 + dice.roll(6); attempts > 0; attempts--) {
      const next = operationAt(kind, stateOf(chosen[0]), dice);
      const results = next && chosen.map(member => applied(kind, stateOf(member), next));
      if (!next || !results || !results.every(result => result !== undefined)) { continue; }
      chosen.forEach((member, index) => states.set(keyOf(member), results[index]!));
      operations.push(next);
    }
    if (operations.length > 0) { overrides.push({ claim, selector: scoped, operations }); }
  }
  return overrides;
}

/** The object after an operation; nothing if it doesn't apply, or no API server would take what it leaves. */
function applied(kind: RandomKind, manifest: Manifest, operation: Operation): Manifest | undefined {
  try {
    const result = apply(manifest, [operation]);
    return kind.places.every(place => place.allows?.(result) ?? true) ? result : undefined;
  } catch {
    return undefined;
  }
}

const rolls = (count: number) => fc.array(fc.nat(0xffff), { minLength: count, maxLength: count });
const several = (count: number, { least, most }: { least: number; most: number }) => fc.array(rolls(count), { minLength: least, maxLength: most, size: 'max' });

const ROLLS = {
  namespaces: several(12, { least: 1, most: 2 }),
  objects: several(64, { least: 1, most: 7 }),
  overrides: several(48, { least: 0, most: 8 }),
  rest: rolls(4),
};

/** Programs with one to four members: objects of many kinds, placements and overrides. */
export const randomPrograms: fc.Arbitrary<Program> = fc.record({ members: several(4, { least: 1, most: 4 }), ...ROLLS })
  .map(({ members, ...rolled }) => program(members.map(randomMember), rolled));

/** The same with members that are there already. */
export const randomProgramsFor = (members: readonly Member[]): fc.Arbitrary<Program> => fc.record(ROLLS).map(rolled => program(members, rolled));

/** How members join: what an engine needs for it, without a word of what they get. */
export interface Joining {
  /** How the control plane reaches a member. */
  readonly reach?: (member: string) => Pick<FederatedClusterProps, 'apiServer' | 'caBundle'>;
  readonly pull?: boolean;
  readonly late?: boolean;
}

/** Declares a program, for one engine. */
export function declare(app: App, { members, claims, overrides, own, late }: Program, engine?: FederationEngine, joining: Joining = {}): Federation {
  const federation = new Federation(app, 'fed', { host: new Cluster(app, 'condor-host'), engine, ...joining.late && late && { lateMembers: true } });
  const clusters = new Map(members.map(({ name, pulls, ...known }) => [name, new FederatedCluster(app, name, {
    ...known,
    federation,
    ...joining.reach?.(name),
    ...joining.pull && pulls && { joinMode: JoinMode.PULL },
  })]));
  const selectorOf = (selector: Selector): ClusterSelector => {
    switch (selector.by) {
      case 'all': return ClusterSelector.all();
      case 'names': return ClusterSelector.of(...selector.names.map(name => clusters.get(name)!));
      case 'labels': return ClusterSelector.labels({ ...selector.labels });
      case 'provider': return ClusterSelector.provider(selector.provider);
      case 'region': return ClusterSelector.region(selector.region);
      case 'not': return selectorOf(selector.of).not();
      case 'and': return selectorOf(selector.of[0]).and(selectorOf(selector.of[1]));
      case 'or': return selectorOf(selector.of[0]).or(selectorOf(selector.of[1]));
    }
  };
  const objects = claims.map(({ selector, manifest }, index) => {
    const scope = selector.by === 'all' ? federation : new Placement(federation, `placement-${index}`, { clusters: selectorOf(selector) });
    return new ApiObject(scope, `object-${index}`, structuredClone(manifest) as any);
  });
  overrides.forEach(({ claim, selector, operations }) => federation.addOverride(objects[claim], selectorOf(selector), ...operations.map(patchOf)));
  own.forEach(({ member, manifest }, index) => new ApiObject(clusters.get(member)!, `own-${index}`, structuredClone(manifest) as any));
  return federation;
}

function patchOf(operation: Operation): JsonPatch {
  switch (operation.op) {
    case 'add': return JsonPatch.add(operation.path, operation.value);
    case 'remove': return JsonPatch.remove(operation.path);
    case 'replace': return JsonPatch.replace(operation.path, operation.value);
    case 'move': return JsonPatch.move(operation.from, operation.path);
    case 'copy': return JsonPatch.copy(operation.from, operation.path);
    case 'test': return JsonPatch.test(operation.path, operation.value);
    default: throw new Error(`${operation.op} is no operation of RFC 6902`);
  }
}

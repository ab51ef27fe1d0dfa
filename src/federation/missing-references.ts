import { ApiObject } from 'cdk8s';
import type { FederatedCluster } from './federated-cluster';
import { identity, Manifest } from './manifest';
import type { FederatedObject, FederationModel } from './model';
import { Reference, referencesOf } from './references';
import { problem } from '../problem';

/** An object that a member's own file holds. */
export interface OwnObject {
  readonly source: ApiObject;
  readonly manifest: Manifest;
}

/**
 * References by name to objects that the federation declares, and not for the member that would need them.
 *
 * What nobody declares was made by hand, as tokens are, and is no problem; neither is what is optional.
 *
 * @param own what a member's own chart declares
 */
export function missingReferences(model: FederationModel, own: (member: FederatedCluster) => readonly OwnObject[]): string[] {
  const elsewhere = partial(model);
  // what is declared, is declared for all: nobody can miss it
  if (elsewhere.size === 0) { return []; }
  const { members } = model.federation;
  const holdings = new Map(members.map(member => [member, own(member)]));
  const held = new Map(members.map(member => [member, new Set(holdings.get(member)!.map(({ manifest }) => identity(manifest)))]));
  const missing = new Map<string, Missing>();
  const look = (source: ApiObject, manifest: Manifest, member: FederatedCluster) => {
    for (const reference of referencesOf(manifest)) {
      const claims = elsewhere.get(reference.to);
      if (!claims || claims.some(claim => claim.members.has(member)) || held.get(member)!.has(reference.to)) { continue; }
      const key = JSON.stringify([source.node.path, reference.path, reference.to]);
      const known = missing.get(key);
      if (known) { known.members.push(member); } else { missing.set(key, { source, reference, claims, members: [member] }); }
    }
  };
  for (const object of model.objects) {
    for (const member of object.members) { look(object.source, model.manifestOf(object, member), member); }
  }
  holdings.forEach((objects, member) => objects.forEach(({ source, manifest }) => look(source, manifest, member)));
  return [...missing.values()].map(describe);
}

interface Missing {
  readonly source: ApiObject;
  readonly reference: Reference;
  readonly claims: readonly FederatedObject[];
  readonly members: FederatedCluster[];
}

/** What the federation declares for some members and not for others. */
function partial(model: FederationModel): Map<string, FederatedObject[]> {
  const all = model.federation.members.length;
  const claims = new Map<string, FederatedObject[]>();
  for (const object of model.objects) {
    const key = identity(object.template);
    claims.set(key, [...claims.get(key) ?? [], object]);
  }
  return new Map([...claims].filter(([, objects]) => objects.every(({ members }) => members.size < all)));
}

function describe({ source, reference, claims, members }: Missing): string {
  const declared = claims.map(claim => `${claim.source.node.path} for ${few([...claim.members])}`).join(', ');
  return problem(`${source.node.path} for ${few(members)} ${reference.path}`, reference.name,
    `what is there too: ${reference.to} is declared by ${declared}`);
}

function few(members: readonly FederatedCluster[]): string {
  const names = members.slice(0, 3).map(({ node }) => node.id);
  const more = members.length - names.length;
  return names.length === 0 ? 'nobody' : more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}

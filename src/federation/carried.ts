import { isDeepStrictEqual } from 'util';
import type { FederatedCluster } from './federated-cluster';
import type { LiveSelection } from './live-selection';
import { identity, Manifest } from './manifest';
import { merge } from './merge';
import type { FederatedObject, FederationModel } from './model';

/** An object as an engine with an API of its own holds it: once, with the differences of some members. */
export interface CarriedObject {
  /** What the federation declares. */
  readonly template: Manifest;

  /** What each member that gets the object ends up with, in the order in which the members joined. */
  readonly results: ReadonlyMap<FederatedCluster, Manifest>;

  /** Which clusters get the template that join later; nothing where none does. */
  readonly late?: LiveSelection;
}

/** The objects of a federation for an API that holds each of them once. */
export interface CarriedObjects {
  readonly objects: readonly CarriedObject[];

  /** Objects that several placements claim, each with another content. */
  readonly problems: readonly string[];
}

/**
 * Each object once: an API server holds one object of a name, wherever it goes.
 *
 * Declarations of one object in several placements become one where they agree, and Namespaces add up, as in a member's file.
 */
export function carriedObjects(model: FederationModel): CarriedObjects {
  const declared = new Map<string, FederatedObject[]>();
  for (const object of model.objects) {
    const key = identity(object.template);
    const others = declared.get(key);
    if (others) { others.push(object); } else { declared.set(key, [object]); }
  }
  const problems: string[] = [];
  const objects: CarriedObject[] = [];
  for (const [key, claims] of declared) {
    const template = merged(claims.map(claim => claim.template));
    if (template) {
      // several selections of late members are none that one policy could make
      const [{ late }] = claims;
      const agreed = claims.every(claim => isDeepStrictEqual(claim.late, late));
      objects.push({ template, results: resultsOf(model, claims), late: agreed ? late : undefined });
    } else {
      problems.push(`${claims.map(({ source }) => source.node.path).join(', ')} are all ${key}, and they differ: `
        + 'the engine holds an object once; declare it once, with overrides for the members that differ');
    }
  }
  return { objects, problems };
}

function resultsOf(model: FederationModel, claims: FederatedObject[]): Map<FederatedCluster, Manifest> {
  const results = new Map<FederatedCluster, Manifest>();
  if (claims.length === 1) {
    claims[0].members.forEach(member => results.set(member, model.manifestOf(claims[0], member)));
    return results;
  }
  for (const member of model.federation.members) {
    const here = claims.filter(claim => claim.members.has(member)).map(claim => model.manifestOf(claim, member));
    // what contradicts itself in one member is that member's problem, and reported there
    if (here.length > 0) { results.set(member, merged(here) ?? here[0]); }
  }
  return results;
}

function merged(manifests: Manifest[]): Manifest | undefined {
  return manifests.slice(1).reduce<Manifest | undefined>((one, other) =>
    one && merge(one, other), manifests[0]);
}

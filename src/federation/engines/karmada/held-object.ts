import { Overrider, overriders } from './overriders';
import { policyName } from './policy-name';
import type { CarriedObject } from '../../carried';
import type { FederatedCluster } from '../../federated-cluster';
import { apiGroup } from '../../kinds';
import { Manifest } from '../../manifest';
import { ApiResources } from '../api-resources';

/** Keeps Karmada from bringing a Namespace to every cluster. */
export const STAYS_WHERE_IT_IS = { 'namespace.karmada.io/skip-auto-propagation': 'true' };

/** Where the kinds that Karmada gives replicas to say how many. */
const REPLICAS: { readonly [kind: string]: string } = {
  'Deployment.apps': 'replicas', 'ReplicaSet.apps': 'replicas', 'StatefulSet.apps': 'replicas', 'Job.batch': 'parallelism',
};

/** The field of the spec that says how many replicas an object has; nothing for kinds that have none. */
export function replicasField({ apiVersion, kind }: Manifest): string | undefined {
  return REPLICAS[`${kind}.${apiGroup(apiVersion)}`];
}

/** How many replicas an object asks for. */
export function replicasOf(manifest: Manifest): number {
  const field = replicasField(manifest);
  return field ? (manifest.spec as { [field: string]: number } | undefined)?.[field] ?? 1 : 0;
}

/** What differs from the template, with the members that share it. */
export interface Difference {
  readonly members: FederatedCluster[];
  readonly changes: Overrider[];
}

/** An object of the federation as the Karmada API holds it, and what turns it into what each member gets. */
export interface HeldObject extends CarriedObject {
  readonly manifest: Manifest;

  /** What turns it into the template again, for all clusters. */
  readonly restoring: readonly Overrider[];

  /** What turns the template into what members get that get another. */
  readonly differences: readonly Difference[];

  /** The namespace of the object and of its policies; nothing for objects that belong to none. */
  readonly namespace?: string;

  /** The name of its policies. */
  readonly name: string;
}

export function heldObject(object: CarriedObject, resources: ApiResources): HeldObject {
  const { template } = object;
  const manifest = held(template);
  return {
    ...object,
    manifest,
    restoring: overriders(manifest, template),
    differences: differences(object),
    namespace: resources.isNamespaced(template) ? template.metadata.namespace : undefined,
    name: policyName(template),
  };
}

function differences({ template, results }: CarriedObject): Difference[] {
  const shared = new Map<string, Difference>();
  for (const [member, result] of results) {
    const changes = overriders(template, result);
    if (changes.length === 0) { continue; }
    const key = JSON.stringify(changes);
    const difference = shared.get(key);
    if (difference) { difference.members.push(member); } else { shared.set(key, { members: [member], changes }); }
  }
  return [...shared.values()];
}

/**
 * Not all that is declared would be carried as it stands: Karmada brings a Namespace to every cluster, a workload with no replicas to none, and
 * a Job with no more replicas than are to complete.
 */
function held(template: Manifest): Manifest {
  const { apiVersion, kind, metadata } = template;
  if (apiVersion === 'v1' && kind === 'Namespace') {
    return { ...template, metadata: { ...metadata, labels: { ...metadata.labels as object, ...STAYS_WHERE_IT_IS } } };
  }
  const field = replicasField(template);
  const { completions } = (template.spec ?? {}) as { completions?: number };
  const replicas = Math.max(1, Math.min(replicasOf(template), completions ?? Infinity));
  if (!field || replicas === replicasOf(template) && completions !== 0) { return template; }
  return { ...template, spec: { ...template.spec as object, [field]: replicas, ...completions === 0 && { completions: 1 } } };
}

import { dividedPlacement, KarmadaDivision } from './division';
import { HeldObject } from './held-object';
import type { CarriedObject } from '../../carried';
import { Manifest } from '../../manifest';

/**
 * A member that is out of reach stays where its objects belong: it keeps what it has, and gets the rest when it is back. Without these,
 * Karmada would leave it out, and take its objects away if it was told to evict.
 */
const STAY = ['not-ready', 'unreachable'].map(state => ({ key: `cluster.karmada.io/${state}`, operator: 'Exists' }));

/**
 * Where an object goes. Each has a policy of its own, which no other object's move touches, and which waits for the object's overrides.
 *
 * What is in a member already is taken over: it was declared, and members are as declared under every engine. Nothing follows that isn't
 * declared itself (`propagateDeps` is off by default), so it works whatever feature gates the control plane has.
 */
export function propagationPolicy(object: HeldObject, overrides: readonly Manifest[], division?: KarmadaDivision): Manifest {
  const { manifest: { apiVersion, kind, metadata: { name } }, namespace, results } = object;
  const paused = [...results.keys()].filter(member => member.paused).map(({ node }) => node.id);
  return {
    apiVersion: 'policy.karmada.io/v1alpha1',
    kind: namespace ? 'PropagationPolicy' : 'ClusterPropagationPolicy',
    metadata: { name: object.name, ...namespace && { namespace } },
    spec: {
      resourceSelectors: [{ apiVersion, kind, ...namespace && { namespace }, name }],
      dependentOverrides: overrides.map(({ metadata }) => metadata.name),
      conflictResolution: 'Overwrite',
      placement: { clusterAffinity: affinity(object), clusterTolerations: STAY, ...division && dividedPlacement(division) },
      ...paused.length > 0 && { suspension: { dispatchingOnClusters: { clusterNames: paused } } },
    },
  };
}

/** The members that were selected; with late members the selection itself, which holds for those that were there too. */
function affinity({ results, late }: CarriedObject): object {
  if (!late) { return { clusterNames: [...results.keys()].map(({ node }) => node.id) }; }
  const fields = Object.entries({ provider: late.provider, region: late.region }).filter(([, value]) => value !== undefined);
  return {
    ...Object.keys(late.labels).length > 0 && { labelSelector: { matchLabels: late.labels } },
    ...fields.length > 0 && { fieldSelector: { matchExpressions: fields.map(([key, value]) => ({ key, operator: 'In', values: [value] })) } },
  };
}

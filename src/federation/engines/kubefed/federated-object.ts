import { isNamespace } from './namespaces';
import { qualifiedName, TargetType } from './target-type';
import { FEDERATED_API, federatedKind, isScaled } from './type-config';
import type { CarriedObject } from '../../carried';
import type { FederatedCluster } from '../../federated-cluster';
import { Manifest } from '../../manifest';
import { difference } from '../../patch';

/** Kinds whose objects always carry annotations that Kubernetes itself writes in the member. */
const ANNOTATED = new Set(['daemonsets.apps', 'deployments.apps']);

/** An object as KubeFed holds it: the template, the members that get it, and what is different in some. */
export function federatedObject(type: TargetType, { template, results }: CarriedObject): Manifest {
  const { name, namespace } = template.metadata;
  const shared = sharesAnnotations(type, results);
  const stored = withMetadata(template, shared ? { annotations: {} } : {});
  const wanted = (manifest: Manifest) => withMetadata(manifest, {
    ...shared ? { annotations: manifest.metadata.annotations ?? {} } : filled(manifest, 'annotations'),
    ...filled(manifest, 'finalizers'),
  });
  const ofTemplate = difference(stored, wanted(template));
  const overrides = [...results].map(([member, result]) => ({
    clusterName: member.node.id,
    // a value that stood in two places would be written as an alias
    clusterOverrides: result === template ? structuredClone(ofTemplate) : difference(stored, wanted(result)),
  })).filter(({ clusterOverrides }) => clusterOverrides.length > 0);
  return {
    apiVersion: FEDERATED_API,
    kind: federatedKind(type),
    metadata: { name, ...type.namespaced && { namespace }, ...isNamespace(template) && { namespace: name } },
    spec: {
      template: templateOf(stored),
      placement: placementOf(results.keys()),
      ...overrides.length > 0 && { overrides },
      ...isScaled(type) && [...results.values()].every(leavesReplicas) && { retainReplicas: true },
    },
  };
}

/** Lets objects into a namespace that KubeFed itself leaves alone. */
export function openedNamespace(name: string, members: Iterable<FederatedCluster>): Manifest {
  return {
    apiVersion: FEDERATED_API,
    kind: 'FederatedNamespace',
    metadata: { name, namespace: name },
    spec: { placement: placementOf(members) },
  };
}

function placementOf(members: Iterable<FederatedCluster>): object {
  return { clusters: [...members].map(member => ({ name: member.node.id })) };
}

/**
 * KubeFed takes annotations and finalizers off the template, and before an update puts those of the member's object in their
 * place: they are brought by overrides, which come last. One that adds them all takes away what controllers of the member
 * have written. Where Kubernetes itself is among those, KubeFed and it would write for ever: there each annotation is added
 * alone, to an empty object that the template keeps.
 */
function sharesAnnotations(type: TargetType, results: CarriedObject['results']): boolean {
  return ANNOTATED.has(qualifiedName(type)) && [...results.values()].some(result => 'annotations' in filled(result, 'annotations'));
}

/** The object with these annotations and finalizers, and no others. */
function withMetadata(manifest: Manifest, fields: object): Manifest {
  const { annotations, finalizers, ...metadata } = manifest.metadata;
  return { ...manifest, metadata: { ...metadata, ...fields } };
}

/** An empty one is none. */

function filled(manifest: Manifest, field: 'annotations' | 'finalizers'): object {
  const value = manifest.metadata[field];
  return value && Object.keys(value).length > 0 ? { [field]: value } : {};
}

/** Name, namespace and kind come from the federated object and its type; without a version KubeFed writes a wrong one for the core group. */
function templateOf({ kind, metadata: { name, namespace, ...metadata }, ...manifest }: Manifest): object {
  return { ...manifest, ...Object.keys(metadata).length > 0 && { metadata } };
}

/** Whether the program leaves the count of replicas to others: what it doesn't state, KubeFed would set back to one. */
function leavesReplicas(manifest: Manifest): boolean {
  return (manifest.spec as { replicas?: number } | undefined)?.replicas === undefined;
}

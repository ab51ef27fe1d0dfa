import { isDeepStrictEqual } from 'util';
import { Manifest } from './manifest';

const POD_SECURITY = 'pod-security.kubernetes.io/';

/** From the strictest to the most permissive, as the Pod Security Standards order them. */
const POD_SECURITY_LEVELS = ['restricted', 'baseline', 'privileged'];

/**
 * Two declarations of one object in one cluster, as one; nothing if they contradict each other.
 *
 * Equal ones are one. Two teams that declare the same Namespace for pods of different Pod Security
 * levels get the level that admits both.
 */
export function merge(one: Manifest, other: Manifest): Manifest | undefined {
  if (isDeepStrictEqual(one, other)) { return one; }
  if (one.kind !== 'Namespace' || other.kind !== 'Namespace') { return undefined; }
  const labels: { [key: string]: string } = { ...labelsOf(one) };
  for (const [key, value] of Object.entries(labelsOf(other))) {
    labels[key] = key.startsWith(POD_SECURITY) && key in labels ? mostPermissive(labels[key], value) : value;
  }
  const merged = withLabels(one, labels);
  const same = isDeepStrictEqual(withoutPodSecurity(one), withoutPodSecurity(other));
  return same ? merged : undefined;
}

function labelsOf(manifest: Manifest): { [key: string]: string } {
  return (manifest.metadata.labels ?? {}) as { [key: string]: string };
}

function withLabels(manifest: Manifest, labels: { [key: string]: string }): Manifest {
  return { ...manifest, metadata: { ...manifest.metadata, labels } };
}

function withoutPodSecurity(manifest: Manifest): Manifest {
  return withLabels(manifest, Object.fromEntries(Object.entries(labelsOf(manifest)).filter(([key]) => !key.startsWith(POD_SECURITY))));
}

function mostPermissive(one: string, other: string): string {
  return POD_SECURITY_LEVELS.indexOf(one) > POD_SECURITY_LEVELS.indexOf(other) ? one : other;
}

import { isDeepStrictEqual } from 'util';
import { Manifest } from './manifest';

const POD_SECURITY = 'pod-security.kubernetes.io/';

/** From the strictest to the most permissive, as the Pod Security Standards order them. */
const POD_SECURITY_LEVELS = ['restricted', 'baseline', 'privileged'];

type Texts = { readonly [key: string]: string };

/**
 * Two declarations of one object in one cluster, as one; nothing if they contradict each other.
 *
 * Equal ones are one. Two declarations of a Namespace add up: teams share it, each with labels of its own, and
 * with pods of different Pod Security levels it gets the level that admits both.
 */
export function merge(one: Manifest, other: Manifest): Manifest | undefined {
  if (isDeepStrictEqual(one, other)) { return one; }
  if (one.kind !== 'Namespace' || one.apiVersion !== 'v1') { return undefined; }
  const labels = union(textsOf(one, 'labels'), textsOf(other, 'labels'), mostPermissive);
  const annotations = union(textsOf(one, 'annotations'), textsOf(other, 'annotations'), () => undefined);
  if (!labels || !annotations || !isDeepStrictEqual(specOf(one), specOf(other))) { return undefined; }
  return {
    ...one,
    metadata: { ...one.metadata, ...filled('annotations', annotations), ...filled('labels', labels) },
  };
}

function union(one: Texts, other: Texts, settle: (key: string, one: string, other: string) => string | undefined): Texts | undefined {
  const all: { [key: string]: string } = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const agreed = key in all && all[key] !== value ? settle(key, all[key], value) : value;
    if (agreed === undefined) { return undefined; }
    all[key] = agreed;
  }
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => a < b ? -1 : 1));
}

function mostPermissive(key: string, one: string, other: string): string | undefined {
  if (!key.startsWith(POD_SECURITY)) { return undefined; }
  return POD_SECURITY_LEVELS.indexOf(one) > POD_SECURITY_LEVELS.indexOf(other) ? one : other;
}

function textsOf(manifest: Manifest, field: 'annotations' | 'labels'): Texts {
  return (manifest.metadata[field] ?? {}) as Texts;
}

/** An empty spec is none. */
function specOf(manifest: Manifest): object {
  return (manifest.spec ?? {}) as object;
}

function filled(field: string, texts: Texts): object {
  return Object.keys(texts).length > 0 ? { [field]: texts } : {};
}

import { isDeepStrictEqual } from 'util';
import type { Held } from './judged-engines';
import { identity, Manifest } from '../../../src/federation/manifest';

/** An object that a member should hold otherwise. */
export interface Difference {
  readonly member: string;
  readonly object: string;
  readonly expected?: object;
  readonly held?: object;
}

const known = new WeakMap<Manifest, object>();

/** An object as it is compared: API servers keep no empty labels, annotations and finalizers. */
function compared(manifest: Manifest): object {
  const before = known.get(manifest);
  if (before) { return before; }
  const plain = JSON.parse(JSON.stringify(manifest)) as { metadata: { [field: string]: object | null } };
  for (const field of ['annotations', 'finalizers', 'labels']) {
    if (Object.keys(plain.metadata[field] ?? {}).length === 0) { delete plain.metadata[field]; }
  }
  known.set(manifest, plain);
  return plain;
}

/** What differs between what members should hold and what they do. */
export function differences(expected: Held, held: Held): Difference[] {
  return Object.keys({ ...expected, ...held }).flatMap(member => {
    const [wanted, got] = [expected, held].map(all => new Map((all[member] ?? []).map(manifest => [identity(manifest), compared(manifest)])));
    const twice = got.size < (held[member] ?? []).length ? [{ member, object: 'one that is brought twice' }] : [];
    const unequal = [...new Set([...wanted.keys(), ...got.keys()])].filter(key => !isDeepStrictEqual(wanted.get(key), got.get(key)));
    return [...twice, ...unequal.map(object => ({ member, object, expected: wanted.get(object), held: got.get(object) }))];
  });
}

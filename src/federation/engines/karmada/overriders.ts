import { isDeepStrictEqual } from 'util';
import { DerivedFields, derivedFields, isUnstated, withDerivedLabels } from './derived-fields';
import { isHollow } from './hollow';
import { Manifest } from '../../manifest';

/** One change of an object: `spec.overrideRules[].overriders.plaintext[]` of an OverridePolicy. Without a value, `add` and `replace` set null. */
export interface Overrider {
  readonly path: string;
  readonly operator: 'add' | 'remove' | 'replace';
  readonly value?: unknown;
}

type Fields = { readonly [field: string]: unknown };

/** Fields by which an object says what it is. */
const DISCRIMINATORS = ['kind', 'name', 'type'];

/**
 * The changes that make one object of another, wherever Karmada finds the first: as it was written, or as an API server gives it back,
 * without what is empty and with what it fills in.
 *
 * - What may have been left out is added, not replaced, and is added before it is removed: both work whether it is there or not.
 * - An object of another `type`, `kind` or `name` is written anew: what an API server filled in belongs to the old one, and some of it is
 *   forbidden beside the new (`rollingUpdate` beside `type: Recreate`).
 * - Lists of another length are written anew: no index counts on what stands before it.
 * - What an API server derived from fields that change is removed, so that the member's derives it again; the labels of a Job, which
 *   it would not derive beside Karmada's own, are changed.
 */
export function overriders(from: Manifest, to: Manifest): Overrider[] {
  return from === to || isDeepStrictEqual(from, to) ? [] : fieldChanges(...withDerivedLabels(from, to), '', derivedFields(to));
}

function fieldChanges(from: Fields, to: Fields, path: string, derived: DerivedFields): Overrider[] {
  const gone = Object.entries(from).filter(([field]) => !Object.hasOwn(to, field));
  const changed = Object.entries(to).filter(([field, value]) => !Object.hasOwn(from, field) || !isDeepStrictEqual(from[field], value));
  return [
    ...gone.flatMap(([field, value]) => removal(value, `${path}/${token(field)}`)),
    ...changed.flatMap(([field, value]) => fieldChange(Object.hasOwn(from, field) ? from[field] : undefined, value, field, path, derived)),
    ...Object.entries(derived).filter(([field, by]) => isUnstated(from[field]) && isUnstated(to[field]) && by(from) !== by(to))
      .flatMap(([field]) => removal(undefined, `${path}/${field}`)),
  ];
}

function fieldChange(from: unknown, to: unknown, field: string, path: string, derived: DerivedFields): Overrider[] {
  const at = `${path}/${token(field)}`;
  // Karmada finds nothing below an empty key
  const inside = field === '' ? undefined : changesInside(from, to, at, derived);
  return inside ?? [written(to, at, isHollow(from) ? 'add' : 'replace')];
}

/** The changes inside a value that stays; nothing where it is written anew. */
function changesInside(from: unknown, to: unknown, path: string, derived: DerivedFields): Overrider[] | undefined {
  if (isHollow(from) || isHollow(to)) { return undefined; }
  if (Array.isArray(from) && Array.isArray(to)) {
    return from.length === to.length ? from.flatMap((item, index) => itemChanges(item, to[index], `${path}/${index}`, derived)) : undefined;
  }
  return isFields(from) && isFields(to) && isSameThing(from, to, path) ? fieldChanges(from, to, path, derived) : undefined;
}

function itemChanges(from: unknown, to: unknown, path: string, derived: DerivedFields): Overrider[] {
  return isDeepStrictEqual(from, to) ? [] : changesInside(from, to, path, derived) ?? [written(to, path, 'replace')];
}

function removal(value: unknown, path: string): Overrider[] {
  const remove: Overrider = { path, operator: 'remove' };
  return isHollow(value) ? [{ path, operator: 'add', value: '' }, remove] : [remove];
}

function written(value: unknown, path: string, operator: 'add' | 'replace'): Overrider {
  // members share what is equal in them, and what stood in two rules of a policy would be written as an alias
  return value === null ? { path, operator } : { path, operator, value: structuredClone(value) };
}

/** Labels and annotations have keys of their own, which discriminate nothing. */
function isSameThing(from: Fields, to: Fields, path: string): boolean {
  return path.startsWith('/metadata') || DISCRIMINATORS.every(field => isDeepStrictEqual(from[field], to[field]));
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A key in a JSON pointer (RFC 6901). */
function token(key: string): string {
  return key.replace(/~/g, '~0').replace(/\//g, '~1');
}

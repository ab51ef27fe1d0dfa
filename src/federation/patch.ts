import { JsonPatch } from 'cdk8s';
import { applyPatch, compare, deepClone, JsonPatchError, Operation } from 'fast-json-patch';
import { Manifest } from './manifest';

export type { Operation } from 'fast-json-patch';

/** Paths that say which object this is; an override that changed them would make another object. */
const IDENTITY_PATHS = ['', '/apiVersion', '/kind', '/metadata', '/metadata/name', '/metadata/namespace', '/metadata/generateName'];

/** The operations of cdk8s patches, as RFC 6902 writes them. */
export function operations(patches: JsonPatch[]): Operation[] {
  return patches.map(patch => patch._toJson() as Operation);
}

/** Why a patch may not be used as an override, whatever object it meets. */
export function forbidden(operation: Operation): string | undefined {
  const paths = 'from' in operation && operation.op === 'move' ? [operation.path, operation.from] : [operation.path];
  const hit = operation.op === 'test' ? undefined : paths.find(path => IDENTITY_PATHS.includes(path));
  return hit === undefined ? undefined : `${operation.op} ${JSON.stringify(hit)} would make it another object`;
}

/**
 * Applies RFC 6902 operations to a copy of an object, strictly: a path that isn't there, an index
 * outside its array or a failed `test` is an error. (cdk8s' own `JsonPatch.apply` lets most of
 * these pass and changes its input.)
 */
export function apply(manifest: Manifest, ops: Operation[]): Manifest {
  try {
    return applyPatch(manifest, deepClone(ops), true, false).newDocument;
  } catch (error) {
    if (!(error instanceof JsonPatchError)) { throw error; }
    const { op, path } = (error.operation ?? {}) as Partial<Operation>;
    throw new Error(`${op} ${path}: ${error.name.toLowerCase().replace(/_/g, ' ')}`);
  }
}

/** The operations that make one object of another: `add`, `remove` and `replace` on paths that are there, and no others. */
export function difference(from: Manifest, to: Manifest): Operation[] {
  return from === to ? [] : compare(from, to);
}

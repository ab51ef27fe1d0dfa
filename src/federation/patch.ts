import { JsonPatch } from 'cdk8s';
import { applyOperation, compare, deepClone, JsonPatchError, Operation, unescapePathComponent } from 'fast-json-patch';
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
    return deepClone(ops).reduce((document: Manifest, operation: Operation) => {
      refuseInherited(document, operation);
      return applyOperation(document, operation, true, true).newDocument;
    }, deepClone(manifest));
  } catch (error) {
    if (!(error instanceof JsonPatchError)) { throw error; }
    const { op, path } = (error.operation ?? {}) as Partial<Operation>;
    throw new Error(`${op} ${path}: ${error.name.toLowerCase().replace(/_/g, ' ')}`);
  }
}

/** Every JavaScript object has a `toString` and the like, which fast-json-patch takes for keys that are there. */
function refuseInherited(document: Manifest, operation: Operation): void {
  const parent = operation.path.slice(0, operation.path.lastIndexOf('/'));
  const needed = 'from' in operation ? [operation.from, parent] : [operation.op === 'add' ? parent : operation.path];
  if (needed.some(path => inherits(document, path))) { throw new Error(`${operation.op} ${operation.path}: operation path unresolvable`); }
}

function inherits(document: Manifest, path: string): boolean {
  let value: unknown = document;
  for (const key of path.split('/').slice(1).map(unescapePathComponent)) {
    if (typeof value !== 'object' || value === null) { return false; }
    if (!Object.prototype.hasOwnProperty.call(value, key)) { return key in value; }
    value = (value as { [key: string]: unknown })[key];
  }
  return false;
}

/** The operations that make one object of another: `add`, `remove` and `replace` on paths that are there, and no others. */
export function difference(from: Manifest, to: Manifest): Operation[] {
  return from === to ? [] : compare(from, to);
}

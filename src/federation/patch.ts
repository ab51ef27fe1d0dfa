import { JsonPatch } from 'cdk8s';
import { applyOperation, compare, deepClone, JsonPatchError, Operation, unescapePathComponent } from 'fast-json-patch';
import { Manifest } from './manifest';

export type { Operation } from 'fast-json-patch';

interface Fields { [key: string]: unknown }

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
 * The object that RFC 6902 operations make of another, strictly: a path that isn't there, an index
 * outside its array or a failed `test` is an error. (cdk8s' own `JsonPatch.apply` lets most of
 * these pass and changes its input.)
 *
 * The other is not changed. What the operations don't touch is the same in both, not a copy: a thousand members with a
 * difference each cost a thousand differences, and what is equal is found to be so at once.
 */
export function apply(manifest: Manifest, ops: Operation[]): Manifest {
  try {
    return deepClone(ops).reduce((document: Manifest, operation: Operation) => {
      refuseInherited(document, operation);
      // what is moved out of a list moves all that stands behind it there
      const own = operation.op === 'move' ? deepClone(document) : copiedOnTheWay(document, operation.path);
      return applyOperation(own, operation, true, true).newDocument;
    }, manifest);
  } catch (error) {
    if (!(error instanceof JsonPatchError)) { throw error; }
    const { op, path } = (error.operation ?? {}) as Partial<Operation>;
    throw new Error(`${op} ${path}: ${error.name.toLowerCase().replace(/_/g, ' ')}`);
  }
}

/** The object with what an operation on this path changes copied. */
function copiedOnTheWay(document: Manifest, path: string): Manifest {
  const copy: Fields = { ...document };
  let container = copy;
  for (const key of path.split('/').slice(1, -1).map(unescapePathComponent)) {
    const value = Object.hasOwn(container, key) ? container[key] : undefined;
    if (typeof value !== 'object' || value === null) { break; }
    container = container[key] = (Array.isArray(value) ? [...value] : { ...value }) as Fields;
  }
  return copy as unknown as Manifest;
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

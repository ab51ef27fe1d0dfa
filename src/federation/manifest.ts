import { apiGroup } from './kinds';

/** A Kubernetes object as it is written: plain data, nothing left to resolve. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** What makes an object one object to an API server. The version of its group is not part of it. */
export function identity(manifest: Manifest): string {
  const group = apiGroup(manifest.apiVersion);
  const place = manifest.metadata.namespace ? `${manifest.metadata.namespace}/` : '';
  return `${manifest.kind}${group && `.${group}`} ${place}${manifest.metadata.name}`;
}

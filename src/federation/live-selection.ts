import { isDeepStrictEqual } from 'util';

/** A selection that a control plane can make again whenever a cluster joins: all that is stated must be so. */
export interface LiveSelection {
  readonly labels: { readonly [key: string]: string };
  readonly provider?: string;
  readonly region?: string;
}

/** Selections that contradict each other select nobody, whoever joins. */
export function both(one?: LiveSelection, other?: LiveSelection): LiveSelection | undefined {
  if (!one || !other) { return undefined; }
  const all = { ...one, ...other, labels: { ...one.labels, ...other.labels } };
  const back = { ...other, ...one, labels: { ...other.labels, ...one.labels } };
  return isDeepStrictEqual(all, back) ? all : undefined;
}

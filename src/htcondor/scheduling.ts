/** A taint of nodes that pods tolerate. */
export interface Toleration {
  /**
   * The taint's key.
   *
   * @default - every taint
   */
  readonly key?: string;

  /**
   * The taint's value.
   *
   * @default - any value
   */
  readonly value?: string;

  /**
   * The taint's effect: `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
   *
   * @default - every effect
   */
  readonly effect?: string;
}

/** On which nodes pods may run, and how urgently. */
export interface Scheduling {
  readonly nodeSelector?: { [label: string]: string };
  readonly tolerations?: Toleration[];
  readonly priorityClassName?: string;
}

/** The part of a pod's spec that is about where it runs. */
export function schedulingSpec({ nodeSelector, tolerations, priorityClassName }: Scheduling): object {
  return {
    ...(nodeSelector && { nodeSelector }),
    ...(tolerations && { tolerations: tolerations.map(({ key, value, effect }) => ({ key, operator: value === undefined ? 'Exists' : 'Equal', value, effect })) }),
    ...(priorityClassName && { priorityClassName }),
  };
}

/** Whether a node can match both selectors: it can't where they want two values of one label. */
export function overlapping(one: { [label: string]: string } = {}, other: { [label: string]: string } = {}): boolean {
  return !Object.entries(one).some(([label, value]) => label in other && other[label] !== value);
}

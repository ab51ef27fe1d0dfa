import { IConstruct } from 'constructs';
import { Fleet } from './fleet-settings';
import { overlapping } from './scheduling';

/** The fleets of a program, in their order. */
const fleetsOf = new WeakMap<IConstruct, Fleet[]>();

/** Has other fleets of the program look whether they meet this one. */
export function noteFleet(fleet: Fleet): void {
  const { root } = fleet.construct.node;
  fleetsOf.set(root, [...fleetsOf.get(root) ?? [], fleet]);
}

/** Two fleets that may meet on a node must both say how much of it they take; the former of them says so. */
export function overlapProblems(fleet: Fleet): string[] {
  const fleets = fleetsOf.get(fleet.construct.node.root)!;
  return fleets.slice(fleets.indexOf(fleet) + 1).filter(other => meet(fleet, other)).map(other =>
    `nodeSelector: the fleets ${fleet.construct.node.path} and ${other.construct.node.path} may run on the same nodes, and would both offer all of them; `
    + 'allowed: node selectors that exclude each other, or cpus and memory stated for both');
}

function meet(one: Fleet, other: Fleet): boolean {
  const stated = ({ props: { cpus, memory } }: Fleet) => cpus !== undefined && memory !== undefined;
  if (stated(one) && stated(other)) { return false; }
  return one.members.charts.some(chart => other.members.charts.includes(chart)) && overlapping(one.props.nodeSelector, other.props.nodeSelector);
}

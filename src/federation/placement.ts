import { Construct, IConstruct } from 'constructs';
import { ClusterSelector } from './cluster-selector';

const PLACEMENT_SYMBOL = Symbol.for('cdk8s-hep.Placement');

/** Properties of a `Placement`. */
export interface PlacementProps {
  /**
   * The members that get what stands inside the placement.
   *
   * A selector that selects no member is refused at synth.
   */
  readonly clusters: ClusterSelector;
}

/**
 * A part of a federation's members: what is declared inside goes to the members it selects.
 *
 * Its id stays out of the names of objects, so an object that moves from one placement to another keeps its
 * name. (The selectors of cdk8s-plus workloads hold their construct path, and change when they move.)
 *
 * Refused at synth: a placement outside a `Federation`, one inside another, one that selects nobody.
 */
export class Placement extends Construct {
  /**
   * Whether a value is a `Placement`, also one of another copy of this library.
   *
   * @param x any value
   */
  public static isPlacement(x: any): x is Placement {
    return x !== null && typeof x === 'object' && PLACEMENT_SYMBOL in x;
  }

  /**
   * The placement that a construct stands in, or nothing.
   *
   * @param construct any construct
   */
  public static tryOf(construct: IConstruct): Placement | undefined {
    return [...construct.node.scopes].reverse().find(scope => Placement.isPlacement(scope)) as Placement | undefined;
  }

  /** The members that get what stands inside. */
  public readonly clusters: ClusterSelector;

  /**
   * @param scope the `Federation`, or a construct inside it
   * @param id any id; it appears in messages, not in names
   * @param props which members
   */
  public constructor(scope: Construct, id: string, props: PlacementProps) {
    super(scope, id);
    this.clusters = props.clusters;
    Object.defineProperty(this, PLACEMENT_SYMBOL, { value: true });
  }
}

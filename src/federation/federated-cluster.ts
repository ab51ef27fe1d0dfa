import { Construct } from 'constructs';
import { Cluster, ClusterProps } from './cluster';
import type { Federation } from './federation';

/** How objects reach a member where an engine with a control plane carries them. */
export enum JoinMode {
  /** The control plane calls the member's API server. */
  PUSH = 'push',
  /** An agent in the member calls the control plane: for members that can only connect outwards. */
  PULL = 'pull',
}

/** Properties of a `FederatedCluster`. */
export interface FederatedClusterProps extends ClusterProps {
  /** The federation that the cluster joins. */
  readonly federation: Federation;

  /**
   * How objects reach the member. Engines without a control plane don't use it.
   *
   * @default JoinMode.PUSH
   */
  readonly joinMode?: JoinMode;
}

/**
 * A cluster that has joined a federation: what `kubefed join` made of it.
 *
 * What is declared inside goes to this member alone; what is declared on the federation arrives too.
 */
export class FederatedCluster extends Cluster {
  /** The federation that the cluster has joined. */
  public readonly federation: Federation;

  /** How objects reach the member. */
  public readonly joinMode: JoinMode;

  /**
   * @param scope the App
   * @param id the member's name in the federation: a DNS label of at most 48 characters
   * @param props the federation, and what is known of the cluster
   */
  public constructor(scope: Construct, id: string, props: FederatedClusterProps) {
    super(scope, id, props);
    this.federation = props.federation;
    this.joinMode = props.joinMode ?? JoinMode.PUSH;
    this.federation._join(this);
  }
}

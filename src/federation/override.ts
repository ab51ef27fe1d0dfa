import { IConstruct } from 'constructs';
import type { ClusterSelector } from './cluster-selector';
import type { FederatedCluster } from './federated-cluster';
import { Operation } from './patch';

/** A declared difference: what becomes of an object in some members. */
export interface Variation {
  /** The object, or a construct that holds exactly one or has one as its default child. */
  readonly target: IConstruct;

  /** Who asked for it, for messages. */
  readonly origin: string;

  /**
   * For which members. Without it the variation goes wherever its object goes.
   */
  readonly clusters?: ClusterSelector;

  /** The operations for one member. */
  readonly operations: (member: FederatedCluster) => Operation[];
}

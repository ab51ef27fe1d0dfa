import { Duration, Size } from 'cdk8s';
import { LossPolicy } from './loss-policy';
import { StagingServer } from './staging-server';
import { StepOptions } from './step-options';

/** Properties of `FederatedSteps`. */
export interface FederatedStepsProps {
  /** Where the steps' files move: its engine is the one whose steps these are. */
  readonly staging: StagingServer;

  /**
   * How steps run there. Nodes, claims, queues and Secrets are those of the members. Refused: `computeBackend`.
   *
   * @default - `resources`, `user`, `root`, `startTimeout`, `keep` and `labels` of the engine's steps; a `timeLimit` of a day
   */
  readonly steps?: StepOptions;

  /**
   * The namespace in the members.
   *
   * @default - the engine's
   */
  readonly namespace?: string;

  /**
   * The image of what moves a step's files, beside its container: Python from 3.9 on, as `python3`.
   *
   * @default - the engine's
   */
  readonly stagingImage?: string;

  /**
   * How much a step's files may take on its node's ephemeral storage, inputs included (`sizeLimit` of an `emptyDir`). More evicts its pod.
   *
   * @default - as much as the node allows
   */
  readonly scratchSize?: Size;

  /**
   * For how long a member may not answer before its steps are taken for lost. It is also how long an engine bears that its credential is refused.
   *
   * Refused: parts of seconds, less than 30 seconds.
   *
   * @default Duration.minutes(10)
   */
  readonly lossTimeout?: Duration;

  /**
   * What becomes of steps of a member that is lost. They are begun again at another member that the placement selects, or else in the engine's own cluster.
   *
   * @default LossPolicy.RERUN
   */
  readonly onLoss?: LossPolicy;

  /**
   * Secrets in the members with which nodes pull the images.
   *
   * @default - none
   */
  readonly imagePullSecrets?: string[];

  /**
   * Whether NetworkPolicies close the steps there to everybody who would connect to them.
   *
   * @default true
   */
  readonly networkPolicies?: boolean;
}

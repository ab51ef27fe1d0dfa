import { Duration } from 'cdk8s';
import type { ContainerResources } from 'cdk8s-plus-27';
import { StepBackend, StepOptions } from './step-options';
import { WorkflowStorage } from './workflow-storage';

/** Properties of a `YadageEngine`. */
export interface YadageEngineProps {
  /**
   * The image of engines: it has Yadage from 0.20 on (`yadage-run`), Python 3.9 or newer with the `kubernetes` client, and a shell.
   * `images/yadage` is a recipe.
   */
  readonly image: string;

  /** The volume that engines and steps share. */
  readonly storage: WorkflowStorage;

  /**
   * The namespace of engines and steps. Refused: one of another `YadageEngine` of the same cluster.
   *
   * @default - that of the chart, or `recast`
   */
  readonly namespace?: string;

  /**
   * What runs the steps.
   *
   * @default StepBackend.SHARED_STATE_KUBE
   */
  readonly backend?: StepBackend;

  /**
   * How steps run.
   *
   * @default - restricted pods of the engine's user, with 1 CPU and 2 GiB
   */
  readonly steps?: StepOptions;

  /**
   * The user and group that engines run as, and to whose group the volume is opened (`fsGroup`): from 1 on.
   *
   * @default 1000
   */
  readonly user?: number;

  /**
   * What an engine asks for, and may have. Its memory grows with the number of steps.
   *
   * @default - 100m CPU and 256 MiB requested, memory limited to 1 GiB
   */
  readonly resources?: ContainerResources;

  /**
   * How often an engine looks whether steps have ended and others can begin (`updateinterval`, in seconds).
   *
   * @default Duration.seconds(5)
   */
  readonly updateInterval?: Duration;

  /**
   * Secrets with which nodes pull the images of engines and steps.
   *
   * @default - none
   */
  readonly imagePullSecrets?: string[];

  /**
   * Labels that nodes of engines must have.
   *
   * @default - any node
   */
  readonly nodeSelector?: { [label: string]: string };

  /**
   * Where the engines of a `WorkflowServer` get their request (`WFLOW_SERVER`).
   *
   * @default - the Service `wflow-server` of this namespace
   */
  readonly workflowServerUrl?: string;

  /**
   * Whether NetworkPolicies close engines and steps to everybody who would connect to them. Whom they connect to is not limited: analyses read
   * their conditions and files from anywhere.
   *
   * @default true
   */
  readonly networkPolicies?: boolean;
}

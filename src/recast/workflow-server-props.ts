import { Duration } from 'cdk8s';
import { ContainerResources } from 'cdk8s-plus-27';
import { ShipTarget } from './ship-target';
import { IWorkflowDatabase } from './workflow-database';
import { WorkflowServerImage } from './workflow-server-image';
import { WorkflowServerIngress } from './workflow-server-ingress';

/** Properties of a `WorkflowServer`. */
export interface WorkflowServerProps {
  /** Where it keeps its requests: a `WorkflowDatabase`, or one that is already there. */
  readonly database: IWorkflowDatabase;

  /**
   * The namespace, also of engines and their steps: a Role of the server's own, and none elsewhere.
   *
   * @default - the chart's, or `recast`
   */
  readonly namespace?: string;

  /**
   * How many engines run at once; further requests wait, the oldest is next.
   *
   * Refused: less than 1, more than 10000.
   *
   * @default 10
   */
  readonly slots?: number;

  /**
   * Where engines ship results. Without one a request that asks for it is refused.
   *
   * Refused: one of another namespace.
   *
   * @default - none: results stay in the working directory
   */
  readonly shipTarget?: ShipTarget;

  /**
   * The Secret with the users' tokens: each key is a user's name, its value his token, of at least 16 characters. The server sees changes within a minute
   * or two.
   *
   * @default 'wflow-server-tokens'
   */
  readonly tokensSecret?: string;

  /**
   * The users who see and cancel the requests of all.
   *
   * Refused: what can't be a key of a Secret.
   *
   * @default - nobody: each sees his own
   */
  readonly admins?: string[];

  /**
   * Users who may list the ids, states and times of all requests that wait, and do nothing else: who asks for a `WorkflowMonitor` (`workflowServer`).
   *
   * Refused: what can't be a key of a Secret, and who is among `admins`.
   *
   * @default - nobody
   */
  readonly readers?: string[];

  /**
   * The hosts that inputs and workflows by URL may come from, by https.
   *
   * Refused: an empty list, and what isn't a DNS name.
   *
   * @default - any host with a name outside of the cluster
   */
  readonly inputHosts?: string[];

  /**
   * The ConfigMap with the Job of an engine, under the key `job_template`. A YAML text, `null` where the name and the ids go, and `{wflowid}` in the last
   * element of its first container's command.
   *
   * @default 'wflow-engine-conf-yadage'
   */
  readonly engineConfiguration?: string;

  /**
   * How many requests of one user may wait; further ones are refused (429).
   *
   * Refused: less than 1, more than a million.
   *
   * @default 1000
   */
  readonly maxWaiting?: number;

  /**
   * How long an engine may take until it runs, from the creation of its Job: an image that can't be pulled, a cluster that is full. The request fails then,
   * with the reason, and the Job is deleted.
   *
   * Refused: less than 10 seconds, more than 10 days.
   *
   * @default Duration.minutes(30)
   */
  readonly startDeadline?: Duration;

  /**
   * How long finished Jobs stay, of engines and with them of their steps, where the template says nothing of it.
   *
   * Refused: less than a minute, more than a year: the server keeps what they said first.
   *
   * @default Duration.days(1)
   */
  readonly jobRetention?: Duration;

  /**
   * How long requests are kept that have ended, with their messages.
   *
   * Refused: less than a day, more than 100 years.
   *
   * @default Duration.days(365)
   */
  readonly requestRetention?: Duration;

  /**
   * The namespace whose `Workflow` objects are requests too (`recast submit` makes them in `default`): who may create them there may run workflows.
   * Their definition is made with it.
   *
   * @default - none
   */
  readonly workflowObjects?: string;

  /**
   * The image, with the program or without.
   *
   * @default WorkflowServerImage.node()
   */
  readonly image?: WorkflowServerImage;

  /**
   * How it is reached from outside.
   *
   * @default - from within the cluster alone
   */
  readonly ingress?: WorkflowServerIngress;

  /**
   * CPU and memory of the container.
   *
   * @default - requests 100m and 128 MiB, limited to 512 MiB
   */
  readonly resources?: ContainerResources;

  /**
   * Labels that a node must have to run it.
   *
   * @default - any node
   */
  readonly nodeSelector?: { [label: string]: string };

  /**
   * Whether a NetworkPolicy lets the server call the database, the API server and name servers alone, and, with `ingress.controllerNamespace`, nobody but
   * the ingress controller, engines, and where there are `readers` monitors, call it.
   *
   * @default true
   */
  readonly networkPolicies?: boolean;

  /**
   * Names of Secrets of the type `kubernetes.io/dockerconfigjson`, for private registries.
   *
   * @default - none
   */
  readonly imagePullSecrets?: string[];
}

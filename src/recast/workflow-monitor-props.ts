import type { ContainerResources } from 'cdk8s-plus-27';
import { MonitorImage } from './monitor-image';
import { MonitorIngress } from './monitor-ingress';
import { MonitorWorkflowServer } from './monitor-workflow-server';

/** Links from the page to where logs are kept. */
export interface MonitorLogLinks {
  /**
   * The URL of a workflow's logs; `{wflowid}` is its id.
   *
   * Refused: what is no URL of the web, or has other placeholders.
   *
   * @default - no link
   */
  readonly workflow?: string;

  /**
   * The URL of a step's log; `{wflowid}` is its workflow's id, `{jobid}` its own: what follows `wflow-job-` in the Job's name, of REANA's steps the
   * whole name.
   *
   * Refused: what is no URL of the web, or has other placeholders.
   *
   * @default - no link
   */
  readonly step?: string;
}

/** Properties of a `WorkflowMonitor`. */
export interface WorkflowMonitorProps {
  /**
   * The name of its objects.
   *
   * Refused: what is no DNS label of at most 50 characters.
   *
   * @default 'wflow-monitor'
   */
  readonly name?: string;

  /**
   * Its namespace.
   *
   * @default - the chart's, or 'recast'
   */
  readonly namespace?: string;

  /**
   * The namespaces with engines of this library's: of `YadageWorkflow` and of `WorkflowServer`. In each of them the monitor may list Jobs, pods and
   * ConfigMaps, and read the logs of pods. Kubernetes' rights know no labels: that is all Jobs, pods, ConfigMaps and logs of the namespace, of which
   * it shows those of workflows. The namespaces are made by somebody else, but for the monitor's own.
   *
   * Refused: none at all, neither here nor in `reanaNamespaces`.
   *
   * @default - the monitor's own; none where `reanaNamespaces` is given
   */
  readonly workflowNamespaces?: string[];

  /**
   * The namespaces where a REANA runs its workflows. In each of them the monitor may list Jobs and pods, and read the logs of pods.
   *
   * @default - none
   */
  readonly reanaNamespaces?: string[];

  /**
   * The workflow server that is asked which requests wait for a slot: these have no object in the cluster. They are shown as REGISTERED, with how many
   * are before them.
   *
   * @default - none: a request is shown from the moment it has a slot
   */
  readonly workflowServer?: MonitorWorkflowServer;

  /**
   * What its pods run.
   *
   * @default MonitorImage.node()
   */
  readonly image?: MonitorImage;

  /**
   * How many pods there are. Each has its own copy of what the cluster says.
   *
   * Refused: less than 1.
   *
   * @default 1
   */
  readonly replicas?: number;

  /**
   * Links to where logs are kept.
   *
   * @default - none
   */
  readonly centralLogs?: MonitorLogLinks;

  /**
   * How it is reached from outside.
   *
   * @default - not at all: inside of the cluster, and by `kubectl port-forward`
   */
  readonly ingress?: MonitorIngress;

  /**
   * Whether a NetworkPolicy closes its pods but for the page, for the API server at the ports 443 and 6443, and for `workflowServer`.
   *
   * @default true
   */
  readonly networkPolicy?: boolean;

  /**
   * CPU and memory of a pod.
   *
   * @default - requests 50m and 128 MiB, limit 512 MiB
   */
  readonly resources?: ContainerResources;

  /**
   * Secrets by which nodes pull the image, in its namespace.
   *
   * @default - none
   */
  readonly imagePullSecrets?: string[];
}

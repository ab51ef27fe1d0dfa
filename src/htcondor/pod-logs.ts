import { CondorImage } from './image';
import { PATHS } from './paths';
import { POD_LOGS_SCRIPT } from './pod-logs-script';
import { problem } from '../problem';
import { LABELLED_LOG } from '../workload/labelled-log';

/** Which attributes of a job tell what its output and its events belong to, for `StartdFleetProps.podLogs` and `CondorHostProps.podLogs`. */
export interface PodLogs {
  /**
   * The job's attribute with the workflow that it belongs to: `My.ReanaWorkflowUuid = "..."` in a submit file.
   *
   * @default ReanaWorkflowUuid
   */
  readonly workflowAttribute?: string;

  /**
   * The job's attribute with the name that its workflow has for it.
   *
   * @default - GlobalJobId, such as ap1@cern.ch#12.0#1764110000
   */
  readonly jobAttribute?: string;
}

/** The file beside the daemons' logs in which an access point writes what becomes of all its jobs. */
export const EVENT_LOG = 'EventLog';

/** The attributes that tell what a job belongs to; without a name for the job it is its id. */
export function labelAttributes({ workflowAttribute = 'ReanaWorkflowUuid', jobAttribute = '' }: PodLogs): { readonly workflow: string; readonly job: string } {
  return { workflow: workflowAttribute, job: jobAttribute };
}

const ATTRIBUTE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What the container that prints has in every pod. */
function printing(image: CondorImage, podLogs: PodLogs, execute: string): object {
  const { workflow, job } = labelAttributes(podLogs);
  return {
    name: LABELLED_LOG.container,
    image: image.reference,
    ...image.pullPolicy && { imagePullPolicy: image.pullPolicy },
    command: ['python3', '-c', POD_LOGS_SCRIPT, execute, PATHS.log, EVENT_LOG, workflow, job],
    resources: { requests: { cpu: '20m', memory: '32Mi' }, limits: { memory: '128Mi' } },
  };
}

const LOG_MOUNT = { name: 'log', mountPath: PATHS.log, readOnly: true };

/** The container beside the daemons of an execution point that prints their logs and the output of jobs, each line with what it belongs to. */
export function podLogsContainer(image: CondorImage, podLogs: PodLogs, rootless: boolean): object {
  return {
    ...printing(image, podLogs, rootless ? PATHS.ownExecute : PATHS.execute),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      // a sandbox is its job's alone; nothing here can be written
      ...!rootless && { runAsUser: 0 },
      capabilities: { drop: ['ALL'], ...!rootless && { add: ['DAC_OVERRIDE'] } },
    },
    volumeMounts: [LOG_MOUNT, { name: 'execute', mountPath: PATHS.execute, readOnly: true }],
  };
}

/** The one beside those of a central manager or access point, which prints their logs and the event log. */
export function serverLogsContainer(image: CondorImage, podLogs: PodLogs): object {
  return {
    ...printing(image, podLogs, ''),
    securityContext: {
      runAsNonRoot: true, runAsUser: image.uid, runAsGroup: image.gid, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [LOG_MOUNT],
  };
}

/** A pod with such a container, if there is to be one. */
export function withPodLogs(spec: object, container: object | undefined): object {
  if (!container) { return spec; }
  const { containers } = spec as { readonly containers: object[] };
  return { ...spec, containers: [...containers, container] };
}

/** Names of attributes that are none would find nothing. */
export function podLogsProblems(podLogs: PodLogs | undefined): string[] {
  return Object.entries(podLogs ?? {}).filter(([, value]) => !ATTRIBUTE.test(value)).map(([property, value]) =>
    problem(`podLogs.${property}`, value, 'the name of a job attribute, such as ReanaWorkflowUuid'));
}

import { KubernetesObject } from './kubernetes';

/** How an engine has ended, if it has. */
export interface End {
  readonly state: 'SUCCESS' | 'FAILURE';
  readonly reason: string;
}

const holds = (job: KubernetesObject, type: string) =>
  (job.status?.conditions ?? []).find((condition: { type: string; status: string }) => condition.type === type && condition.status === 'True');

/** Whether a Job runs no pod any more, or will soon run none. */
export const isOver = (job: KubernetesObject) => ['Complete', 'Failed', 'FailureTarget', 'SuccessCriteriaMet'].some(type => holds(job, type));

/**
 * How an engine has ended, by its Job. A Job that fails says so twice: as soon as it is decided (`FailureTarget`), and when its pods are gone, which a
 * machine that is lost delays without end. The first counts: nobody starts this engine again.
 */
export function endOf(
  job: KubernetesObject, pods: readonly KubernetesObject[], tracked: { readonly state?: string; readonly reason?: string } | undefined,
): End | undefined {
  if (holds(job, 'Complete')) { return { state: 'SUCCESS', reason: '' }; }
  const failed = holds(job, 'Failed') ?? holds(job, 'FailureTarget');
  if (!failed) { return undefined; }
  const said = tracked?.state === 'FAILURE' && tracked.reason;
  return { state: 'FAILURE', reason: said || podReason(pods) || `the engine's Job failed: ${failed.message || failed.reason}` };
}

/** Why an engine's pod has ended, or why it doesn't begin. */
export function podReason(pods: readonly KubernetesObject[]): string | undefined {
  for (const { status } of pods) {
    const [{ state = {} } = {} as any] = status?.containerStatuses ?? [];
    const { terminated, waiting } = state;
    if (terminated?.reason === 'OOMKilled') { return 'the engine was killed: over its memory limit (OOMKilled)'; }
    if (status?.reason) { return `the engine's pod was ended: ${[status.reason, status.message].filter(part => part).join(': ')}`; }
    if (terminated?.signal || terminated?.exitCode > 128) { return `the engine was killed by signal ${terminated.signal || terminated.exitCode - 128}`; }
    if (terminated && terminated.exitCode !== 0) { return `the engine ended with exit code ${terminated.exitCode}${terminated.message ? `: ${terminated.message}` : ''}`; }
    if (waiting) { return `the engine's container waits: ${[waiting.reason, waiting.message].filter(part => part).join(': ')}`; }
    const unscheduled = (status?.conditions ?? []).find((condition: any) => condition.type === 'PodScheduled' && condition.status === 'False');
    if (unscheduled) { return `the engine's pod has no machine: ${unscheduled.message ?? unscheduled.reason}`; }
  }
  return undefined;
}

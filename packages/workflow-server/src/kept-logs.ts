import { atOnce } from './at-once';
import { Messages } from './messages';
import { Requests } from './requests';

/** Keeps the logs of the steps of requests that have ended, before their Jobs go. */
export async function keepStepLogs(requests: Requests, messages: Messages): Promise<void> {
  for (const id of await requests.stepsToKeep()) {
    const logs = new Map<string, string>();
    await atOnce(4, await messages.pods(`component=wflow-job,wflowid=${id}`), async pod => {
      const job = pod.metadata.labels?.jobid;
      if (job) { logs.set(job, await messages.log(pod).catch(() => '')); }
    });
    await requests.keepSteps(id, logs);
  }
}

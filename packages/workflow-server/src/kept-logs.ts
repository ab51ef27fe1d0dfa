import { atOnce } from './at-once';
import { isId } from './engines';
import { Messages, writtenLog } from './messages';
import { Requests } from './requests';

/** So many logs are looked for at most that an engine says it has written: what it says isn't to be trusted. */
const MOST_WRITTEN = 5_000;
const AT_ONCE = 4;
const STEP_JOB = 'wflow-job-';

/** Keeps the logs of the steps of requests that have ended, before their Jobs go; each as it is read, since all together may be large. */
export async function keepStepLogs(requests: Requests, messages: Messages): Promise<void> {
  for (const id of await requests.stepsToKeep()) {
    await atOnce(AT_ONCE, await messages.pods(`component=wflow-job,wflowid=${id}`), async pod => {
      const job = pod.metadata.labels?.jobid;
      if (job) { await requests.keepStep(id, job, await messages.log(pod).catch(() => '')); }
    });
    await atOnce(AT_ONCE, writtenJobs((await requests.kept(id))?.tracked), async job => {
      const written = await messages.stepLog(job);
      if (written?.metadata.labels?.wflowid === id) { await requests.keepStep(id, job, writtenLog(written)); }
    });
    await requests.keptSteps(id);
  }
}

/** The steps of which the engine said that it wrote their logs. */
export function writtenJobs(tracked: { readonly nodes?: unknown } | undefined): string[] {
  const nodes = Array.isArray(tracked?.nodes) ? tracked.nodes : [];
  const jobs = nodes.filter(node => typeof node?.log === 'string' && typeof node.job === 'string').map(({ job }) => job.slice(STEP_JOB.length));
  return [...new Set<string>(jobs.filter(isId))].slice(0, MOST_WRITTEN);
}

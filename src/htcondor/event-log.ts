import { Size } from 'cdk8s';
import { KnobSet } from './config';
import { PATHS } from './paths';
import { EVENT_LOG, labelAttributes, PodLogs } from './pod-logs';

/** It is read as it is written: what is moved away has been read. */
const LARGEST = Size.mebibytes(10);

/** Has an access point write the events of all jobs into one file, and after each what the job belongs to. */
export function setEventLog(knobs: KnobSet, podLogs: PodLogs): void {
  const { workflow, job } = labelAttributes(podLogs);
  knobs.section('The events of all jobs, for the container that prints them');
  knobs.set('EVENT_LOG', `${PATHS.log}/${EVENT_LOG}`);
  knobs.set('EVENT_LOG_MAX_SIZE', LARGEST.toKibibytes() * 1024);
  knobs.set('EVENT_LOG_FORMAT_OPTIONS', 'ISO_DATE,UTC');
  knobs.set('EVENT_LOG_JOB_AD_INFORMATION_ATTRS', ['GlobalJobId', 'Owner', workflow, ...job ? [job] : []]);
}

import { Duration, Size } from 'cdk8s';
import { KnobSet } from './config';
import { problem } from '../problem';

/** What a job gets that doesn't ask. */
export interface JobDefaults {
  /**
   * Cores (`JOB_DEFAULT_REQUESTCPUS`).
   *
   * @default 1
   */
  readonly cpus?: number;

  /**
   * Memory (`JOB_DEFAULT_REQUESTMEMORY`).
   *
   * @default Size.mebibytes(2000)
   */
  readonly memory?: Size;

  /**
   * Disk (`JOB_DEFAULT_REQUESTDISK`).
   *
   * @default Size.gibibytes(1)
   */
  readonly disk?: Size;

  /**
   * How long a job runs on without its access point (`JOB_DEFAULT_LEASE_DURATION`): an access point
   * that is away for less finds its jobs again. The other side of it: a job whose machine died without a word is
   * started elsewhere only when this time is over. Jobs may state another (`job_lease_duration`).
   *
   * @default Duration.hours(2)
   */
  readonly lease?: Duration;
}

/** Writes what a job gets that doesn't ask. HTCondor's own defaults differ from version to version. */
export function setJobDefaults(knobs: KnobSet, defaults: JobDefaults): string[] {
  const { cpus = 1, memory = Size.mebibytes(2000), disk = Size.gibibytes(1), lease = Duration.hours(2) } = defaults;
  knobs.set('JOB_DEFAULT_REQUESTCPUS', cpus);
  knobs.set('JOB_DEFAULT_REQUESTMEMORY', memory);
  knobs.set('JOB_DEFAULT_REQUESTDISK', disk.toKibibytes());
  knobs.set('JOB_DEFAULT_LEASE_DURATION', lease);
  return [
    ...(Number.isInteger(cpus) && cpus > 0 ? [] : [problem('jobDefaults.cpus', cpus, 'a whole number of cores from 1')]),
    ...(memory.toMebibytes() > 0 ? [] : [problem('jobDefaults.memory', memory.toMebibytes(), 'more than 0 MiB')]),
    // a pod needs its time to be scheduled on another node and to read its queue
    ...(lease.toSeconds() >= 600 ? [] : [problem('jobDefaults.lease', `${lease.toSeconds()} s`, 'at least 600 s: an access point must be back within it')]),
  ];
}

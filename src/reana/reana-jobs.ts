import { Duration, Size } from 'cdk8s';
import type { Cpu } from 'cdk8s-plus-27';
import { Variables } from './environment';
import { hostPathProblems, ReanaHostPath } from './reana-host-paths';
import { problem } from '../problem';
import { mebibytes } from '../workload/quantity';

/** What the steps of workflows get, and the most that users may ask for in `reana.yaml`. */
export interface ReanaJobs {
  /**
   * The CPU that a step asks its node for (`REANA_KUBERNETES_JOBS_CPU_REQUEST`).
   *
   * @default - what the runtime namespace gives to containers that say nothing
   */
  readonly cpuRequest?: Cpu;

  /**
   * The CPU that a step may use (`REANA_KUBERNETES_JOBS_CPU_LIMIT`).
   *
   * @default - no limit
   */
  readonly cpuLimit?: Cpu;

  /**
   * The memory that a step asks its node for (`REANA_KUBERNETES_JOBS_MEMORY_REQUEST`).
   *
   * @default - as memoryLimit
   */
  readonly memoryRequest?: Size;

  /**
   * The memory above which a step is killed (`REANA_KUBERNETES_JOBS_MEMORY_LIMIT`).
   *
   * @default Size.gibibytes(4)
   */
  readonly memoryLimit?: Size;

  /**
   * The most CPU that a user may ask for (`REANA_KUBERNETES_JOBS_MAX_USER_CPU_REQUEST`). Refused: less than `cpuRequest`.
   *
   * @default - no maximum
   */
  readonly maxCpuRequest?: Cpu;

  /**
   * The highest limit of CPU that a user may set (`REANA_KUBERNETES_JOBS_MAX_USER_CPU_LIMIT`). Refused: less than `cpuLimit`.
   *
   * @default - no maximum
   */
  readonly maxCpuLimit?: Cpu;

  /**
   * The most memory that a user may ask for (`REANA_KUBERNETES_JOBS_MAX_USER_MEMORY_REQUEST`). Refused: less than `memoryRequest`.
   *
   * @default - no maximum
   */
  readonly maxMemoryRequest?: Size;

  /**
   * The highest limit of memory that a user may set (`REANA_KUBERNETES_JOBS_MAX_USER_MEMORY_LIMIT`). Refused: less than `memoryLimit`.
   *
   * @default - no maximum
   */
  readonly maxMemoryLimit?: Size;

  /**
   * How long a step may run, in whole seconds (`REANA_KUBERNETES_JOBS_TIMEOUT_LIMIT`).
   *
   * @default Duration.days(7)
   */
  readonly timeout?: Duration;

  /**
   * The longest time that a user may set (`REANA_KUBERNETES_JOBS_MAX_USER_TIMEOUT_LIMIT`). Refused: less than `timeout`.
   *
   * @default Duration.days(14)
   */
  readonly maxTimeout?: Duration;

  /**
   * The lowest numeric user id that a step may run as (`REANA_KUBERNETES_JOBS_MIN_USER_UID`). Refused: 0, which is root.
   *
   * @default 100
   */
  readonly minUid?: number;

  /**
   * Directories of the nodes that every step and every worker of Dask has (`REANA_JOB_HOSTPATH_MOUNTS`). The runtime namespace admits host paths then.
   *
   * @default - none
   */
  readonly hostPaths?: ReanaHostPath[];
}

/** The variables of the server and of the workflow controller, which hands them on to job controllers. */
export function jobVariables(jobs: ReanaJobs): Variables {
  const { memoryLimit, timeout, maxTimeout, minUid } = withDefaults(jobs);
  return {
    REANA_KUBERNETES_JOBS_CPU_REQUEST: jobs.cpuRequest?.amount,
    REANA_KUBERNETES_JOBS_CPU_LIMIT: jobs.cpuLimit?.amount,
    REANA_KUBERNETES_JOBS_MEMORY_REQUEST: mebibytes(jobs.memoryRequest),
    REANA_KUBERNETES_JOBS_MEMORY_LIMIT: mebibytes(memoryLimit),
    REANA_KUBERNETES_JOBS_MAX_USER_CPU_REQUEST: jobs.maxCpuRequest?.amount,
    REANA_KUBERNETES_JOBS_MAX_USER_CPU_LIMIT: jobs.maxCpuLimit?.amount,
    REANA_KUBERNETES_JOBS_MAX_USER_MEMORY_REQUEST: mebibytes(jobs.maxMemoryRequest),
    REANA_KUBERNETES_JOBS_MAX_USER_MEMORY_LIMIT: mebibytes(jobs.maxMemoryLimit),
    REANA_KUBERNETES_JOBS_TIMEOUT_LIMIT: timeout.toSeconds({ integral: false }),
    REANA_KUBERNETES_JOBS_MAX_USER_TIMEOUT_LIMIT: maxTimeout.toSeconds({ integral: false }),
    REANA_KUBERNETES_JOBS_MIN_USER_UID: minUid,
  };
}

export function jobProblems(jobs: ReanaJobs): string[] {
  const { memoryLimit, timeout, maxTimeout, minUid } = withDefaults(jobs);
  const problems: string[] = [];
  const atMost = (property: keyof ReanaJobs, value: number | undefined, limit: keyof ReanaJobs, most: number | undefined, unit: string) => {
    if (value !== undefined && most !== undefined && value > most) {
      problems.push(problem(`jobs.${property}`, `${value}${unit}`, `at most ${limit}, which is ${most}${unit}`));
    }
  };
  const [cpuRequest, cpuLimit, maxCpuRequest, maxCpuLimit] = [jobs.cpuRequest, jobs.cpuLimit, jobs.maxCpuRequest, jobs.maxCpuLimit].map(millis);
  const [memory, memoryMost, maxMemoryRequest, maxMemoryLimit] =
    [jobs.memoryRequest, memoryLimit, jobs.maxMemoryRequest, jobs.maxMemoryLimit].map(size => size?.toMebibytes());
  atMost('cpuRequest', cpuRequest, 'cpuLimit', cpuLimit, 'm');
  atMost('cpuRequest', cpuRequest, 'maxCpuRequest', maxCpuRequest, 'm');
  atMost('cpuLimit', cpuLimit, 'maxCpuLimit', maxCpuLimit, 'm');
  atMost('memoryRequest', memory, 'memoryLimit', memoryMost, ' MiB');
  atMost('memoryRequest', memory, 'maxMemoryRequest', maxMemoryRequest, ' MiB');
  atMost('memoryLimit', memoryMost, 'maxMemoryLimit', maxMemoryLimit, ' MiB');
  atMost('timeout', timeout.toSeconds({ integral: false }), 'maxTimeout', maxTimeout.toSeconds({ integral: false }), ' s');
  for (const [property, time] of Object.entries({ timeout, maxTimeout })) {
    const seconds = time.toSeconds({ integral: false });
    if (!(Number.isInteger(seconds) && seconds >= 1)) { problems.push(problem(`jobs.${property}`, `${seconds} s`, 'whole seconds, at least 1')); }
  }
  problems.push(...hostPathProblems('jobs.hostPaths', jobs.hostPaths));
  if (!(Number.isInteger(minUid) && minUid >= 1)) { problems.push(problem('jobs.minUid', minUid, 'a numeric user id that is not root\'s')); }
  return problems;
}

function withDefaults(jobs: ReanaJobs) {
  return {
    memoryLimit: jobs.memoryLimit ?? Size.gibibytes(4),
    timeout: jobs.timeout ?? Duration.days(7),
    maxTimeout: jobs.maxTimeout ?? Duration.days(14),
    minUid: jobs.minUid ?? 100,
  };
}

/** cdk8s-plus has CPUs as text: `500m` or `2`. */
function millis(cpu?: Cpu): number | undefined {
  const amount = cpu?.amount;
  if (amount === undefined) { return undefined; }
  return amount.endsWith('m') ? Number(amount.slice(0, -1)) : Number(amount) * 1000;
}

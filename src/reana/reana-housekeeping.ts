import { Duration, Size } from 'cdk8s';
import { Variables } from './environment';
import { problem } from '../problem';

/** What users may use, and when it is counted. */
export interface ReanaQuotas {
  /**
   * Whether it is counted at all.
   *
   * @default true
   */
  readonly enabled?: boolean;

  /**
   * The CPU time that a new user has, in whole milliseconds (`REANA_DEFAULT_QUOTA_CPU_LIMIT`).
   *
   * @default - no limit
   */
  readonly cpuTime?: Duration;

  /**
   * The disk that a new user has (`REANA_DEFAULT_QUOTA_DISK_LIMIT`).
   *
   * @default - no limit
   */
  readonly disk?: Size;

  /**
   * After how many months CPU time is counted from nothing (`REANA_DEFAULT_QUOTA_CPU_PERIOD_RESET_MONTHS`).
   *
   * @default - never
   */
  readonly cpuPeriodMonths?: number;

  /**
   * What is counted at once when a workflow ends, besides at night: `cpu`, `disk` or `cpu,disk`
   * (`REANA_WORKFLOW_TERMINATION_QUOTA_UPDATE_POLICY`).
   *
   * @default - nothing
   */
  readonly countedAtTermination?: string;

  /**
   * When it is counted, as a CronJob says it, in UTC. A run is ended after 23 hours.
   *
   * @default '0 3 * * *'
   */
  readonly schedule?: string;
}

/** How long what is in workspaces is kept. */
export interface ReanaRetention {
  /**
   * The longest time, in whole days (`WORKSPACE_RETENTION_PERIOD`). Users may set less for files of theirs.
   *
   * @default - for ever
   */
  readonly period?: Duration;

  /**
   * When files are removed whose time is over, as a CronJob says it, in UTC. A run is ended after 23 hours.
   *
   * @default '0 2 * * *'
   */
  readonly schedule?: string;
}

const TERMINATION_POLICIES = ['cpu', 'disk', 'cpu,disk'];

/** Five fields; what stands in each is the API server's to judge. */
const SCHEDULE = /^(\S+\s+){4}\S+$/;

export function quotaVariables({ enabled = true, cpuTime, disk, cpuPeriodMonths, countedAtTermination }: ReanaQuotas): Variables {
  return {
    // 0 is no limit
    REANA_DEFAULT_QUOTA_CPU_LIMIT: cpuTime?.toMilliseconds() ?? 0,
    REANA_DEFAULT_QUOTA_DISK_LIMIT: disk ? disk.toMebibytes() * 1024 * 1024 : 0,
    REANA_DEFAULT_QUOTA_CPU_PERIOD_RESET_MONTHS: cpuPeriodMonths,
    ...enabled && { REANA_WORKFLOW_TERMINATION_QUOTA_UPDATE_POLICY: countedAtTermination ?? '' },
  };
}

export function retentionVariables({ period }: ReanaRetention): Variables {
  return { WORKSPACE_RETENTION_PERIOD: period ? period.toDays({ integral: false }) : 'forever' };
}

export function housekeepingProblems(quotas: ReanaQuotas = {}, retention: ReanaRetention = {}): string[] {
  const problems: string[] = [];
  const { cpuPeriodMonths: months, countedAtTermination: counted } = quotas;
  if (months !== undefined && !(Number.isInteger(months) && months >= 1)) {
    problems.push(problem('quotas.cpuPeriodMonths', months, 'whole months, at least 1'));
  }
  if (counted !== undefined && !TERMINATION_POLICIES.includes(counted)) {
    problems.push(problem('quotas.countedAtTermination', counted, TERMINATION_POLICIES.join(' or ')));
  }
  const days = retention.period?.toDays({ integral: false });
  if (days !== undefined && !(Number.isInteger(days) && days >= 1)) {
    problems.push(problem('retention.period', `${days} days`, 'whole days, at least 1'));
  }
  problems.push(...scheduleProblems('quotas.schedule', quotas.schedule), ...scheduleProblems('retention.schedule', retention.schedule));
  return problems;
}

export function scheduleProblems(property: string, schedule: string | undefined): string[] {
  return schedule === undefined || SCHEDULE.test(schedule) ? [] : [problem(property, schedule, 'the five fields of a CronJob\'s schedule, such as "0 3 * * *"')];
}

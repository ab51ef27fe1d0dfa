import { Duration } from 'cdk8s';
import { Construct } from 'constructs';
import * as fc from 'fast-check';
import type { Choices } from './option-programs';
import {
  AlarmOptions, Alarms, AlarmSeverity, AlarmsProps, Board, CondorAlarms, Dashboards, DashboardsProps, Federation, LogAlarms, MemberAlarms, Monitoring,
  TokenAlarms, WorkflowAlarms,
} from '../../../src';

const of = fc.constantFrom;

/** Some of the options. */
function optional<T extends object>(choices: Choices<T>): fc.Arbitrary<T> {
  return fc.record(choices, { requiredKeys: [] }) as unknown as fc.Arbitrary<T>;
}

const condorChoices: Choices<Omit<CondorAlarms, 'startds'>> = {
  accessPoints: of(0, 3),
  adInterval: of(Duration.minutes(1), Duration.minutes(5)),
  silence: of(Duration.minutes(30)),
  cycleAge: of(Duration.minutes(10)),
  queueStuck: of(Duration.hours(1)),
  jobIdle: of(Duration.days(1)),
  heldJobs: of(1, 1000),
  jobsHeld: of(Duration.hours(2)),
  scheddDutyCycle: of(0.8),
  configurationUnread: of(Duration.hours(1)),
  accountingAge: of(Duration.days(1)),
};
const memberChoices: Choices<MemberAlarms> = { readyNodes: of(0.5) };
const tokenChoices: Choices<TokenAlarms> = {
  mints: of([], ['mint', 'other']), lifetime: of(Duration.days(30)), interval: of(Duration.hours(8)), warning: of(Duration.days(3)),
};
const workflowChoices: Choices<WorkflowAlarms> = { prefix: of('analysis'), pending: of(Duration.hours(1)), running: of(Duration.days(3)) };
const logChoices: Choices<LogAlarms> = { agents: of('agents'), stalled: of(Duration.minutes(20)), bufferUsed: of(0.5) };
const singleChoices: Choices<AlarmOptions> = {
  holds: of(Duration.minutes(1), Duration.hours(3)), severity: of(AlarmSeverity.CRITICAL, AlarmSeverity.WARNING), enabled: fc.boolean(),
};

const alarmChoices: Choices<Omit<AlarmsProps, 'federation' | 'namespace'>> = {
  monitoring: of(Monitoring.PLAIN, Monitoring.OPERATOR),
  labels: of({ release: 'kube-prometheus-stack' }),
  interval: of(Duration.seconds(15), Duration.minutes(1)),
  runbook: of('https://ops.example/runbook'),
  members: optional(memberChoices),
  condor: optional(condorChoices),
  tokens: optional(tokenChoices),
  workflows: optional(workflowChoices),
  logs: optional(logChoices),
  options: optional(singleChoices).map(MemberNotReady => ({ MemberNotReady })),
};

const dashboardChoices: Choices<Omit<DashboardsProps, 'namespace'>> = {
  boards: of([Board.POOL], [Board.LOGS, Board.FEDERATION]),
  label: of('dashboards.example/grafana'),
  folder: of('Batch systems'),
  refresh: of(Duration.seconds(30)),
  workflowPrefix: of('analysis'),
};

/** Options of alarms and dashboards. */
export interface AlarmValues {
  readonly alarms: Omit<AlarmsProps, 'federation' | 'namespace'>;
  readonly dashboards: Omit<DashboardsProps, 'namespace'>;
}

/** A choice of them. */
export const ALARM_VALUES: fc.Arbitrary<AlarmValues> = fc.record({ alarms: optional(alarmChoices), dashboards: optional(dashboardChoices) });

/** What they choose from. */
export const ALARM_CHOICES = {
  AlarmsProps: alarmChoices,
  AlarmOptions: singleChoices,
  CondorAlarms: condorChoices,
  MemberAlarms: memberChoices,
  TokenAlarms: tokenChoices,
  WorkflowAlarms: workflowChoices,
  LogAlarms: logChoices,
  DashboardsProps: dashboardChoices,
};

/** What is set, by the names of the choices. */
export const alarmOptionsOf = ({ alarms, dashboards }: AlarmValues): { readonly [type: string]: object | undefined } => ({
  AlarmsProps: alarms,
  AlarmOptions: alarms.options?.MemberNotReady,
  CondorAlarms: alarms.condor,
  MemberAlarms: alarms.members,
  TokenAlarms: alarms.tokens,
  WorkflowAlarms: alarms.workflows,
  LogAlarms: alarms.logs,
  DashboardsProps: dashboards,
});

/** Their objects, in a namespace that is there. */
export function addAlarms(host: Construct, federation: Federation, namespace: string, { alarms, dashboards }: AlarmValues): void {
  const startds = Object.fromEntries(federation.members.map(member => [member.node.id, 7]));
  new Alarms(host, 'alarms', { federation, ...alarms, condor: alarms.condor && { ...alarms.condor, startds }, namespace });
  new Dashboards(host, 'boards', { ...dashboards, namespace });
}

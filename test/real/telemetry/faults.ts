import { Course, series, steady, told, World } from './metrics-world';

/** What goes wrong, and when somebody is told. */
export interface Fault {
  /** The series that differ for as long as it lasts. Where there is nothing for a minute, there is no such series. */
  readonly world: World;
  /** How long it takes until the alarm's condition holds, in minutes. @default 0 */
  readonly notices?: number;
  /** How long the condition must hold by default, in minutes. */
  readonly holds: number;
  /** The cluster that is told. */
  readonly cluster: string;
  readonly severity: 'critical' | 'warning';
  /** How long the alarm goes on when it is mended, in minutes. @default 0 */
  readonly lasts?: number;
  /** What is told besides, since it is wrong too. @default - nothing */
  readonly besides?: readonly string[];
}

/** When each fault begins, in minutes: after some rounds of ads. */
export const BEGINS = 60;

const HOST = 'condor-host';
const pool = (metric: string, labels = {}) => series(metric, { k8s_cluster: HOST, ...labels });
const gone: Course = () => undefined;
/** What was said before the fault. */
const frozen = (course: Course): Course => () => course(BEGINS - 1);
/** Since the fault began. */
const since = (course: Course): Course => minute => course(minute - BEGINS);

const heard = (k8s_cluster: string, machine: string) => series('htcondor_startd_last_heard_timestamp_seconds', { k8s_cluster, machine });
const ready = (k8s_cluster: string, node: string) => series('kube_node_status_condition', { k8s_cluster, node, condition: 'Ready', status: 'true' });
const agent = (metric: string) => series(metric, { k8s_cluster: 'tsystems', pod: 'log-agent-1', exporter: 'otlp_http' });
const pod = (metric: string, name: string, labels = {}) => pool(metric, { namespace: 'reana', pod: name, ...labels });
const mint = (metric: string) => pool(metric, { namespace: 'condor', cronjob: 'mint' });
/** So long ago that half an hour after the beginning of a fault tokens are valid for two more days. */
const FIVE_DAYS_AGO = (BEGINS + 30 - 5 * 1440) * 60;
/** The last ad before a fault is five minutes old when it begins. */
const LAST_AD = -5;

/** One fault for each alarm; two where there are two ways. */
export const FAULTS: { readonly [alarm: string]: readonly Fault[] } = {
  MemberTelemetryMissing: [{
    world: { [series('up', { k8s_cluster: 'tsystems', job: 'kubelet' })]: gone }, holds: 15, cluster: 'tsystems', severity: 'critical',
  }],
  MemberNotReady: [{
    world: Object.fromEntries(['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8', 'n9', 'n10'].map(node => [ready('tsystems', node), steady(0)])),
    holds: 5,
    cluster: 'tsystems',
    severity: 'critical',
  }],
  MemberNodesNotReady: [{
    world: { [ready('meyrin', 'n1')]: steady(0), [ready('meyrin', 'n2')]: steady(0) }, holds: 15, cluster: 'meyrin', severity: 'warning',
  }],
  MemberUnreachable: [{
    world: { [series('cluster_ready_state', { k8s_cluster: HOST, member_cluster: 'tsystems' })]: steady(0) }, holds: 5, cluster: 'tsystems', severity: 'critical',
  }],
  HTCondorExporterDown: [
    { world: { [pool('htcondor_up')]: steady(0) }, holds: 5, cluster: HOST, severity: 'critical' },
    { world: { [pool('htcondor_up')]: gone }, holds: 5, cluster: HOST, severity: 'critical' },
  ],
  HTCondorClusterGone: [
    { world: { [heard('tsystems', 't1')]: frozen(told()) }, notices: LAST_AD + 11, holds: 5, cluster: 'tsystems', severity: 'critical' },
    { world: { [heard('tsystems', 't1')]: gone }, holds: 5, cluster: 'tsystems', severity: 'critical' },
  ],
  HTCondorStartdMissing: [{ world: { [heard('meyrin', 'm3')]: frozen(told()) }, notices: LAST_AD + 11, holds: 20, cluster: 'meyrin', severity: 'warning' }],
  HTCondorNoNegotiationCycle: [
    {
      world: { [pool('htcondor_negotiator_last_cycle_end_timestamp_seconds', { negotiator: 'NEGOTIATOR' })]: frozen(told()) },
      notices: LAST_AD + 16,
      holds: 5,
      cluster: HOST,
      severity: 'critical',
    },
    { world: { [pool('htcondor_negotiator_last_cycle_end_timestamp_seconds', { negotiator: 'NEGOTIATOR' })]: gone }, holds: 5, cluster: HOST, severity: 'critical' },
  ],
  HTCondorScheddMissing: [
    { world: { [pool('htcondor_schedd_up', { schedd: 'ap1' })]: steady(0) }, holds: 5, cluster: HOST, severity: 'critical' },
    { world: { [pool('htcondor_schedd_up', { schedd: 'ap1' })]: gone }, holds: 5, cluster: HOST, severity: 'critical' },
  ],
  HTCondorQueueStuck: [{
    world: { [pool('htcondor_schedd_jobs_started_total', { schedd: 'ap1' })]: steady(22) },
    // the last start is told at 55, and a rate looks back ten minutes
    notices: 5,
    holds: 30,
    cluster: HOST,
    severity: 'warning',
    lasts: 5,
  }],
  HTCondorJobIdleTooLong: [{
    world: { [pool('htcondor_schedd_oldest_idle_job_age_seconds', { schedd: 'ap1' })]: since(minute => 3600 + minute * 60) },
    notices: 301,
    holds: 15,
    cluster: HOST,
    severity: 'warning',
  }],
  HTCondorJobsHeld: [{
    world: { [pool('htcondor_schedd_held_jobs', { schedd: 'ap1', hold_reason_code: '34' })]: steady(10) }, holds: 30, cluster: HOST, severity: 'warning',
  }],
  HTCondorScheddSaturated: [{
    world: { [pool('htcondor_schedd_duty_cycle_ratio', { schedd: 'ap1' })]: steady(0.99) }, holds: 15, cluster: HOST, severity: 'warning',
  }],
  HTCondorConfigurationNotRead: [{
    world: { [series('htcondor_master_config_stale', { k8s_cluster: 'tsystems', machine: 't1' })]: steady(1) }, holds: 30, cluster: 'tsystems', severity: 'warning',
  }],
  HTCondorAccountingStopped: [{
    world: { [pool('htcondor_core_seconds_read_timestamp_seconds', { schedd: 'ap1' })]: frozen(told()) },
    notices: LAST_AD + 61,
    holds: 15,
    cluster: HOST,
    severity: 'warning',
  }],
  HTCondorTokenExpiring: [{
    world: { [pool('htcondor_token_expiration_timestamp_seconds', { identity: 'exporter@cern.ch' })]: steady((BEGINS + 120 + 2 * 1440) * 60) },
    notices: 121,
    holds: 5,
    cluster: HOST,
    severity: 'critical',
  }],
  HTCondorTokensNotRenewed: [
    { world: { [mint('kube_cronjob_status_last_successful_time')]: steady(FIVE_DAYS_AGO) }, notices: 31, holds: 5, cluster: HOST, severity: 'critical' },
    {
      // made then, and never successful
      world: { [mint('kube_cronjob_status_last_successful_time')]: gone, [mint('kube_cronjob_created')]: steady(FIVE_DAYS_AGO) },
      notices: 31,
      holds: 5,
      cluster: HOST,
      severity: 'critical',
    },
  ],
  WorkflowPending: [{
    world: {
      [pod('kube_pod_created', 'reana-run-batch-2')]: steady(BEGINS * 60),
      [pod('kube_pod_status_phase', 'reana-run-batch-2', { phase: 'Pending' })]: steady(1),
    },
    notices: 21,
    holds: 5,
    cluster: HOST,
    severity: 'warning',
  }],
  WorkflowStepPending: [{
    world: {
      [pod('kube_pod_created', 'reana-run-job-7')]: steady(BEGINS * 60),
      [pod('kube_pod_status_phase', 'reana-run-job-7', { phase: 'Pending' })]: steady(1),
    },
    notices: 21,
    holds: 5,
    cluster: HOST,
    severity: 'warning',
  }],
  WorkflowRunningTooLong: [{
    world: {
      [pod('kube_pod_start_time', 'reana-run-batch-3')]: steady(BEGINS * 60),
      [pod('kube_pod_status_phase', 'reana-run-batch-3', { phase: 'Running' })]: steady(1),
    },
    notices: 721,
    holds: 5,
    cluster: HOST,
    severity: 'warning',
  }],
  LogAgentMissing: [{
    world: { [series('kube_daemonset_status_number_ready', { k8s_cluster: 'meyrin', namespace: 'logging', daemonset: 'log-agent' })]: steady(9) },
    holds: 15,
    cluster: 'meyrin',
    severity: 'warning',
  }],
  LogDeliveryStalled: [
    // a rate looks back five minutes
    { world: { [agent('otelcol_exporter_sent_log_records_total')]: steady(5900) }, notices: 4, holds: 10, cluster: 'tsystems', severity: 'critical' },
    { world: { [agent('otelcol_exporter_sent_log_records_total')]: gone }, notices: 4, holds: 10, cluster: 'tsystems', severity: 'critical', lasts: 1 },
  ],
  LogBufferFilling: [{ world: { [agent('otelcol_exporter_queue_size')]: steady(76) }, holds: 5, cluster: 'tsystems', severity: 'warning' }],
  LogRecordsDropped: [
    { world: { [agent('otelcol_exporter_send_failed_log_records_total')]: steady(3) }, holds: 0, cluster: 'tsystems', severity: 'critical', lasts: 14 },
    { world: { [agent('otelcol_exporter_enqueue_failed_log_records')]: steady(3) }, holds: 0, cluster: 'tsystems', severity: 'critical', lasts: 14 },
  ],
  LogStoreReadOnly: [{ world: { [pool('vl_storage_is_read_only', { path: '/victoria-logs' })]: steady(1) }, holds: 5, cluster: HOST, severity: 'critical' }],
};

/** What a series is at a minute of a test; nothing where there is no such series then. */
export type Course = (minute: number) => number | undefined;

/** Series by their names and labels, as `promtool` reads them. */
export interface World {
  readonly [series: string]: Course;
}

/** Always the same. */
export const steady = (value: number): Course => () => value;

/** The time, as somebody tells it who is asked every so many minutes: an ad is as old as that. */
export const told = (every = 5): Course => minute => Math.floor(minute / every) * every * 60;

const MEMBERS = ['meyrin', 'tsystems'];
const MACHINES: { readonly [member: string]: string[] } = { meyrin: ['m1', 'm2', 'm3'], tsystems: ['t1'] };
const NODES = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8', 'n9', 'n10'];

/** A series of the federation `fed`. */
export function series(metric: string, labels: { readonly [label: string]: string } = {}): string {
  return `${metric}{${Object.entries({ federation: 'fed', ...labels }).map(([label, value]) => `${label}="${value}"`).join(', ')}}`;
}

const pool = (metric: string, labels = {}) => series(metric, { k8s_cluster: 'condor-host', ...labels });

/** A day's worth of tokens: made at midnight, valid for a week. */
const midnight: Course = minute => Math.floor(minute / 1440) * 86_400;

/** A federation of two members, with a pool, workflows and logs, all of it well. Daemons advertise every five minutes, tokens are renewed every day. */
export const WELL: World = {
  ...Object.fromEntries(['condor-host', ...MEMBERS].map(cluster => [series('up', { k8s_cluster: cluster, job: 'kubelet' }), steady(1)])),
  ...Object.fromEntries(MEMBERS.flatMap(cluster => NODES.map(node =>
    [series('kube_node_status_condition', { k8s_cluster: cluster, node, condition: 'Ready', status: 'true' }), steady(1)]))),
  ...Object.fromEntries(MEMBERS.map(cluster => [series('cluster_ready_state', { k8s_cluster: 'condor-host', member_cluster: cluster }), steady(1)])),

  [pool('htcondor_up')]: steady(1),
  ...Object.fromEntries(MEMBERS.flatMap(cluster => MACHINES[cluster].flatMap(machine => [
    [series('htcondor_startd_last_heard_timestamp_seconds', { k8s_cluster: cluster, machine }), told()],
    [series('htcondor_master_config_stale', { k8s_cluster: cluster, machine }), steady(0)],
  ]))),
  [pool('htcondor_negotiator_last_cycle_end_timestamp_seconds', { negotiator: 'NEGOTIATOR' })]: told(),
  [pool('htcondor_schedd_up', { schedd: 'ap1' })]: steady(1),
  [pool('htcondor_schedd_jobs', { schedd: 'ap1', state: 'idle' })]: steady(5),
  [pool('htcondor_schedd_jobs_started_total', { schedd: 'ap1' })]: minute => Math.floor(minute / 5) * 2,
  [series('htcondor_slot_cpus', { k8s_cluster: 'meyrin', state: 'Unclaimed' })]: steady(12),
  [pool('htcondor_schedd_oldest_idle_job_age_seconds', { schedd: 'ap1' })]: steady(3600),
  // held for a reason that is nobody's intention, and by their users
  [pool('htcondor_schedd_held_jobs', { schedd: 'ap1', hold_reason_code: '34' })]: steady(9),
  [pool('htcondor_schedd_held_jobs', { schedd: 'ap1', hold_reason_code: '1' })]: steady(500),
  [pool('htcondor_schedd_duty_cycle_ratio', { schedd: 'ap1' })]: steady(0.9),
  [pool('htcondor_core_seconds_read_timestamp_seconds', { schedd: 'ap1' })]: told(),

  [pool('htcondor_token_expiration_timestamp_seconds', { identity: 'exporter@cern.ch' })]: minute => midnight(minute)! + 7 * 86_400,
  [pool('kube_cronjob_created', { namespace: 'condor', cronjob: 'mint' })]: steady(0),
  [pool('kube_cronjob_status_last_successful_time', { namespace: 'condor', cronjob: 'mint' })]: midnight,

  [pool('kube_pod_created', { namespace: 'reana', pod: 'reana-run-batch-1' })]: steady(0),
  [pool('kube_pod_start_time', { namespace: 'reana', pod: 'reana-run-batch-1' })]: steady(0),
  [pool('kube_pod_status_phase', { namespace: 'reana', pod: 'reana-run-batch-1', phase: 'Running' })]: minute => minute < 600 ? 1 : 0,
  [pool('kube_pod_status_phase', { namespace: 'reana', pod: 'reana-run-batch-1', phase: 'Pending' })]: steady(0),
  [pool('kube_pod_created', { namespace: 'reana', pod: 'reana-run-job-1' })]: steady(0),
  ...Object.fromEntries(['Running', 'Pending', 'Failed'].map(phase =>
    [pool('kube_pod_status_phase', { namespace: 'reana', pod: 'reana-run-job-1', phase }), steady(phase === 'Running' ? 1 : 0)])),
  // pods of others wait as long as they like
  [pool('kube_pod_created', { namespace: 'reana', pod: 'reana-server-1' })]: steady(0),
  [pool('kube_pod_status_phase', { namespace: 'reana', pod: 'reana-server-1', phase: 'Pending' })]: steady(1),

  ...Object.fromEntries(MEMBERS.flatMap(cluster => [
    [series('kube_daemonset_status_desired_number_scheduled', { k8s_cluster: cluster, namespace: 'logging', daemonset: 'log-agent' }), steady(10)],
    [series('kube_daemonset_status_number_ready', { k8s_cluster: cluster, namespace: 'logging', daemonset: 'log-agent' }), steady(10)],
    [series('kube_daemonset_status_number_ready', { k8s_cluster: cluster, namespace: 'elsewhere', daemonset: 'other' }), steady(0)],
  ])),
  [series('otelcol_exporter_queue_size', { k8s_cluster: 'tsystems', pod: 'log-agent-1', exporter: 'otlp_http' })]: steady(40),
  [series('otelcol_exporter_queue_capacity', { k8s_cluster: 'tsystems', pod: 'log-agent-1', exporter: 'otlp_http' })]: steady(100),
  [series('otelcol_exporter_sent_log_records_total', { k8s_cluster: 'tsystems', pod: 'log-agent-1', exporter: 'otlp_http' })]: minute => minute * 100,
  [series('otelcol_exporter_send_failed_log_records_total', { k8s_cluster: 'tsystems', pod: 'log-agent-1', exporter: 'otlp_http' })]: steady(0),
  [series('otelcol_exporter_enqueue_failed_log_records', { k8s_cluster: 'tsystems', pod: 'log-agent-1', exporter: 'otlp_http' })]: steady(0),
  [pool('vl_storage_is_read_only', { path: '/victoria-logs' })]: steady(0),

  // what only dashboards show
  ...Object.fromEntries(MEMBERS.flatMap(cluster => [
    [series('htcondor_slots', { k8s_cluster: cluster, state: 'Claimed', activity: 'Busy', slot_type: 'Dynamic' }), steady(20)],
    [series('htcondor_running_cores', { k8s_cluster: cluster, accounting_group: 'ATLAS' }), steady(20)],
    [series('htcondor_core_seconds_total', { k8s_cluster: cluster, accounting_group: 'ATLAS' }), (minute: number) => minute * 1200],
  ])),
  ...Object.fromEntries(['running', 'held'].map(state => [pool('htcondor_schedd_jobs', { schedd: 'ap1', state }), steady(9)])),
  ...Object.fromEntries(['submitted', 'completed', 'exited'].map(what =>
    [pool(`htcondor_schedd_jobs_${what}_total`, { schedd: 'ap1' }), (minute: number) => Math.floor(minute / 5) * 2])),
  [pool('htcondor_negotiator_last_cycle_duration_seconds', { negotiator: 'NEGOTIATOR' })]: steady(1),
  [pool('htcondor_negotiator_last_cycle_matches', { negotiator: 'NEGOTIATOR' })]: steady(4),
  [series('otelcol_receiver_accepted_log_records_total', { k8s_cluster: 'tsystems', pod: 'log-agent-1', receiver: 'file_log' })]: minute => minute * 100,
  [series('otelcol_receiver_refused_log_records_total', { k8s_cluster: 'tsystems', pod: 'log-agent-1', receiver: 'file_log' })]: steady(0),
  [series('otelcol_process_memory_rss_bytes', { k8s_cluster: 'tsystems', pod: 'log-agent-1' })]: steady(100_000_000),
  [pool('vl_free_disk_space_bytes', { path: '/victoria-logs' })]: steady(50_000_000_000),
  [pool('vl_data_size_bytes', { type: 'storage' })]: steady(4_000_000_000),
  [pool('vl_rows_ingested_total', { type: 'opentelemetry' })]: minute => minute * 100,
};

/** The values of a course, minute by minute: a series that ends is marked as Prometheus marks it. */
export function values(course: Course, minutes: number): string {
  const words: [string, number][] = [];
  let gone = true;
  for (let minute = 0; minute <= minutes; minute++) {
    const value = course(minute);
    const word = value === undefined ? (gone ? '_' : 'stale') : String(value);
    gone = value === undefined;
    const last = words[words.length - 1];
    if (last?.[0] === word && word !== 'stale') { last[1]++; } else { words.push([word, 0]); }
  }
  return words.map(([word, more]) => more > 0 ? `${word}x${word === '_' ? more + 1 : more}` : word).join(' ');
}

/** A metric as its exporter describes it, and as rules and dashboards ask for it. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  /** What it means, in a sentence: the HELP line. */
  readonly help: string;
  /** Its own labels, besides those of the scrape. */
  readonly labels: readonly string[];
}

/**
 * What the exporter of an HTCondor pool serves. `k8s_cluster` is the cluster of the execution point, which the end of its name says and its
 * cluster's collector vouches for; of the pool's own daemons it is the host cluster. An accounting group is one that the pool declares, as the
 * negotiator takes it: of a group that isn't declared its declared parent, and `none` for a job without any.
 */
export const CONDOR_METRICS: readonly MetricDefinition[] = [
  { name: 'htcondor_up', type: 'gauge', help: 'Whether a collector of the pool answered.', labels: [] },
  { name: 'htcondor_slots', type: 'gauge', help: 'Slots of execution points.', labels: ['k8s_cluster', 'state', 'activity', 'slot_type'] },
  {
    name: 'htcondor_slot_cpus',
    type: 'gauge',
    help: 'Cores of the slots: those of a partitionable slot that are left, and those of the dynamic slots made of it.',
    labels: ['k8s_cluster', 'state'],
  },
  {
    name: 'htcondor_startd_last_heard_timestamp_seconds',
    type: 'gauge',
    help: 'When the collector last heard of an execution point.',
    labels: ['k8s_cluster', 'machine'],
  },
  {
    name: 'htcondor_master_config_stale',
    type: 'gauge',
    help: 'Whether the configuration that a master has read is another than the program wrote: 1 until it has read it, and for as long as it can not.',
    labels: ['k8s_cluster', 'machine'],
  },
  { name: 'htcondor_schedd_up', type: 'gauge', help: 'Whether an access point answered a query of its queue.', labels: ['schedd'] },
  {
    name: 'htcondor_schedd_jobs',
    type: 'gauge',
    help: 'Jobs in the queue by state: idle, running, held, removed, completed, transferring_output, suspended.',
    labels: ['schedd', 'state'],
  },
  { name: 'htcondor_schedd_jobs_submitted_total', type: 'counter', help: 'Jobs submitted since the schedd started.', labels: ['schedd'] },
  { name: 'htcondor_schedd_jobs_started_total', type: 'counter', help: 'Job runs begun since the schedd started.', labels: ['schedd'] },
  { name: 'htcondor_schedd_jobs_completed_total', type: 'counter', help: 'Jobs that ended successfully since the schedd started.', labels: ['schedd'] },
  { name: 'htcondor_schedd_jobs_exited_total', type: 'counter', help: 'Job runs ended in whatever way since the schedd started.', labels: ['schedd'] },
  { name: 'htcondor_schedd_held_jobs', type: 'gauge', help: 'Held jobs by the HoldReasonCode of HTCondor.', labels: ['schedd', 'hold_reason_code'] },
  {
    name: 'htcondor_schedd_oldest_idle_job_age_seconds',
    type: 'gauge',
    help: 'For how long the job that has waited longest is idle; 0 where none is.',
    labels: ['schedd'],
  },
  { name: 'htcondor_schedd_duty_cycle_ratio', type: 'gauge', help: 'The part of its time in which the schedd is busy.', labels: ['schedd'] },
  { name: 'htcondor_schedd_last_heard_timestamp_seconds', type: 'gauge', help: 'When the collector last heard of an access point.', labels: ['schedd'] },
  {
    name: 'htcondor_negotiator_last_cycle_end_timestamp_seconds',
    type: 'gauge',
    help: 'When the last negotiation cycle ended. The negotiator tells once a minute.',
    labels: ['negotiator'],
  },
  { name: 'htcondor_negotiator_last_cycle_duration_seconds', type: 'gauge', help: 'How long the last negotiation cycle took.', labels: ['negotiator'] },
  { name: 'htcondor_negotiator_last_cycle_matches', type: 'gauge', help: 'Matches of the last negotiation cycle.', labels: ['negotiator'] },
  { name: 'htcondor_running_cores', type: 'gauge', help: 'Cores that running jobs have.', labels: ['accounting_group', 'k8s_cluster'] },
  {
    name: 'htcondor_core_seconds_total',
    type: 'counter',
    help: 'Cores times seconds of job runs that have ended, whatever became of them.',
    labels: ['accounting_group', 'k8s_cluster'],
  },
  {
    name: 'htcondor_core_seconds_read_timestamp_seconds',
    type: 'gauge',
    help: 'When the runs of an access point were last added to htcondor_core_seconds_total.',
    labels: ['schedd'],
  },
  {
    name: 'htcondor_token_expiration_timestamp_seconds',
    type: 'gauge',
    help: 'When a token expires that the exporter can see.',
    labels: ['identity'],
  },
  { name: 'htcondor_exporter_scrape_duration_seconds', type: 'gauge', help: 'How long the exporter took to ask the pool.', labels: [] },
];

import { BoardDefinition, ofClusters, ofFederation } from './board';

const jobs = (state: string) => `sum(${ofFederation('htcondor_schedd_jobs', `state="${state}"`)})`;

/** The HTCondor pool. What is said of machines is of the clusters that are chosen, what is said of queues and cycles of the whole. */
export const POOL_BOARD: BoardDefinition = {
  uid: 'cdk8s-hep-pool',
  title: 'HTCondor pool',
  panels: [
    { title: 'Jobs running', unit: 'short', stat: true, queries: [{ expr: jobs('running'), legend: 'jobs' }] },
    { title: 'Jobs idle', unit: 'short', stat: true, queries: [{ expr: jobs('idle'), legend: 'jobs' }] },
    { title: 'Jobs held', unit: 'short', stat: true, queries: [{ expr: jobs('held'), legend: 'jobs' }] },
    {
      title: 'Cores free',
      unit: 'short',
      stat: true,
      queries: [{ expr: `sum(${ofClusters('htcondor_slot_cpus', 'state="Unclaimed"')})`, legend: 'cores' }],
    },
    {
      title: 'Last negotiation cycle',
      description: 'How long ago it ended, as the negotiator told last.',
      unit: 's',
      stat: true,
      queries: [{ expr: `time() - max(${ofFederation('htcondor_negotiator_last_cycle_end_timestamp_seconds')})`, legend: 'ago' }],
    },
    {
      title: 'Older configuration',
      description: 'Masters that have another configuration than the program wrote.',
      unit: 'short',
      stat: true,
      queries: [{ expr: `sum(${ofClusters('htcondor_master_config_stale')})`, legend: 'masters' }],
    },
    {
      title: 'Slots by state',
      unit: 'short',
      stacked: true,
      queries: [{ expr: `sum by (k8s_cluster, state) (${ofClusters('htcondor_slots')})`, legend: '{{k8s_cluster}} {{state}}' }],
    },
    {
      title: 'Cores by state',
      unit: 'short',
      stacked: true,
      queries: [{ expr: `sum by (k8s_cluster, state) (${ofClusters('htcondor_slot_cpus')})`, legend: '{{k8s_cluster}} {{state}}' }],
    },
    {
      title: 'Jobs by state',
      unit: 'short',
      stacked: true,
      queries: [{ expr: `sum by (state) (${ofFederation('htcondor_schedd_jobs')})`, legend: '{{state}}' }],
    },
    {
      title: 'Jobs per minute',
      unit: 'short',
      queries: ['submitted', 'started', 'completed', 'exited'].map(what =>
        ({ expr: `60 * sum(rate(${ofFederation(`htcondor_schedd_jobs_${what}_total`)}[10m]))`, legend: what })),
    },
    {
      title: 'Held jobs by reason',
      description: 'By HoldReasonCode: 1 the user did it, 6 could not be started, 12 and 13 files, 34 memory.',
      unit: 'short',
      stacked: true,
      queries: [{ expr: `sum by (hold_reason_code) (${ofFederation('htcondor_schedd_held_jobs')}) or vector(0)`, legend: '{{hold_reason_code}}' }],
    },
    {
      title: 'Longest idle job',
      unit: 's',
      queries: [{ expr: `max by (schedd) (${ofFederation('htcondor_schedd_oldest_idle_job_age_seconds')})`, legend: '{{schedd}}' }],
    },
    {
      title: 'Negotiation cycles',
      unit: 's',
      queries: [{ expr: `max by (negotiator) (${ofFederation('htcondor_negotiator_last_cycle_duration_seconds')})`, legend: '{{negotiator}} took' }],
    },
    {
      title: 'Matches of a cycle',
      unit: 'short',
      queries: [{ expr: `max by (negotiator) (${ofFederation('htcondor_negotiator_last_cycle_matches')})`, legend: '{{negotiator}}' }],
    },
    {
      title: 'Busy access points',
      description: 'The part of its time in which a schedd is busy.',
      unit: 'percentunit',
      queries: [{ expr: `max by (schedd) (${ofFederation('htcondor_schedd_duty_cycle_ratio')})`, legend: '{{schedd}}' }],
    },
    {
      title: 'Oldest ad',
      description: 'How long ago the execution point that is silent for longest advertised.',
      unit: 's',
      queries: [{ expr: `time() - min by (k8s_cluster) (${ofClusters('htcondor_startd_last_heard_timestamp_seconds')})`, legend: '{{k8s_cluster}}' }],
    },
    {
      title: 'Cores by accounting group',
      unit: 'short',
      stacked: true,
      queries: [{ expr: `sum by (accounting_group) (${ofClusters('htcondor_running_cores')})`, legend: '{{accounting_group}}' }],
    },
    {
      title: 'Core-hours of the last day by accounting group',
      description: 'Of job runs that have ended.',
      unit: 'short',
      stacked: true,
      queries: [{ expr: `sum by (accounting_group) (increase(${ofClusters('htcondor_core_seconds_total')}[1d])) / 3600`, legend: '{{accounting_group}}' }],
    },
  ],
};

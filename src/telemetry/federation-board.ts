import { BoardDefinition, ofClusters, ofFederation } from './board';

const READY = ['condition="Ready"', 'status="true"'];

/** The members: whether they are there, how large they are, and what runs. */
export const FEDERATION_BOARD: BoardDefinition = {
  uid: 'cdk8s-hep-federation',
  title: 'Federation',
  panels: [
    { title: 'Clusters heard of', unit: 'short', stat: true, queries: [{ expr: `count(count by (k8s_cluster) (${ofClusters('up')}))`, legend: 'clusters' }] },
    { title: 'Nodes ready', unit: 'short', stat: true, queries: [{ expr: `sum(${ofClusters('kube_node_status_condition', ...READY)})`, legend: 'nodes' }] },
    {
      title: 'Execution points', unit: 'short', stat: true, queries: [{ expr: `sum(${ofClusters('federation:htcondor_startds:present')})`, legend: 'machines' }],
    },
    { title: 'Cores at work', unit: 'short', stat: true, queries: [{ expr: `sum(${ofClusters('htcondor_running_cores')}) or vector(0)`, legend: 'cores' }] },
    {
      title: 'Alarms', unit: 'short', stat: true, queries: [{ expr: `count(${ofFederation('ALERTS', 'alertstate="firing"')}) or vector(0)`, legend: 'alarms' }],
    },
    {
      title: 'Nodes ready by cluster',
      unit: 'short',
      queries: [{ expr: `sum by (k8s_cluster) (${ofClusters('kube_node_status_condition', ...READY)})`, legend: '{{k8s_cluster}}' }],
    },
    {
      title: 'Execution points by cluster',
      description: 'Machines that advertise in the pool, and how many the program expects.',
      unit: 'short',
      queries: [
        { expr: ofClusters('federation:htcondor_startds:present'), legend: '{{k8s_cluster}}' },
        { expr: ofClusters('federation:htcondor_startds:expected'), legend: '{{k8s_cluster}} expected' },
      ],
    },
    {
      title: 'Cores at work by cluster',
      unit: 'short',
      stacked: true,
      queries: [{ expr: `sum by (k8s_cluster) (${ofClusters('htcondor_running_cores')})`, legend: '{{k8s_cluster}}' }],
    },
    {
      title: 'Core-hours of the last day by cluster',
      description: 'Of job runs that have ended.',
      unit: 'short',
      stacked: true,
      queries: [{ expr: `sum by (k8s_cluster) (increase(${ofClusters('htcondor_core_seconds_total')}[1d])) / 3600`, legend: '{{k8s_cluster}}' }],
    },
    {
      title: 'Pods by cluster',
      unit: 'short',
      stacked: true,
      queries: [{ expr: `sum by (k8s_cluster) (${ofClusters('kube_pod_status_phase', 'phase="Running"')})`, legend: '{{k8s_cluster}}' }],
    },
    {
      title: 'Alarms by severity',
      unit: 'short',
      stacked: true,
      queries: [{ expr: `count by (severity) (${ofFederation('ALERTS', 'alertstate="firing"')}) or vector(0)`, legend: '{{severity}}' }],
    },
  ],
};

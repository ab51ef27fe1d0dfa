import { BoardDefinition, ofClusters, ofFederation } from './board';
import { collectorCounter } from './promql';

const rate = (metric: string) => `sum by (k8s_cluster) (rate(${collectorCounter(ofClusters, metric)}[5m]))`;

/** What an agent gives up: the store refused it, or the buffer took no more. */
const LOSSES = ['otelcol_exporter_send_failed_log_records', 'otelcol_exporter_enqueue_failed_log_records'];

/** The way of the logs, from files to the store. */
export const LOG_BOARD: BoardDefinition = {
  uid: 'cdk8s-hep-logs',
  title: 'Logs',
  panels: [
    { title: 'Records per second', unit: 'short', stat: true, queries: [{ expr: `sum(${rate('otelcol_exporter_sent_log_records')})`, legend: 'records' }] },
    {
      title: 'Fullest buffer',
      unit: 'percentunit',
      stat: true,
      queries: [{
        expr: `max(max by (k8s_cluster, pod, exporter) (${ofClusters('otelcol_exporter_queue_size')})`
          + ` / max by (k8s_cluster, pod, exporter) (${ofClusters('otelcol_exporter_queue_capacity')}))`,
        legend: 'used',
      }],
    },
    {
      title: 'Given up today',
      unit: 'short',
      stat: true,
      queries: [{
        // one after the other: without their names two counters of an agent are the same series
        expr: LOSSES.map(metric => `(sum(increase(${collectorCounter(ofClusters, metric)}[1d])) or vector(0))`).join(' + '),
        legend: 'records',
      }],
    },
    { title: 'Disk free', unit: 'bytes', stat: true, queries: [{ expr: `min(${ofFederation('vl_free_disk_space_bytes')})`, legend: 'free' }] },
    { title: 'Read', unit: 'cps', queries: [{ expr: rate('otelcol_receiver_accepted_log_records'), legend: '{{k8s_cluster}}' }] },
    { title: 'Delivered', unit: 'cps', queries: [{ expr: rate('otelcol_exporter_sent_log_records'), legend: '{{k8s_cluster}}' }] },
    {
      title: 'Waiting',
      description: 'What is in the buffers, in the unit in which they are limited.',
      unit: 'short',
      queries: [{ expr: `sum by (k8s_cluster) (${ofClusters('otelcol_exporter_queue_size')})`, legend: '{{k8s_cluster}}' }],
    },
    {
      title: 'Given up, and turned back',
      description: 'What agents gave up is lost. What they turned back is read again.',
      unit: 'cps',
      queries: [
        ...LOSSES.map(metric => ({ expr: `${rate(metric)} or vector(0)`, legend: `{{k8s_cluster}} given up, ${metric.includes('enqueue') ? 'buffer' : 'store'}` })),
        { expr: `${rate('otelcol_receiver_refused_log_records')} or vector(0)`, legend: '{{k8s_cluster}} turned back' },
      ],
    },
    {
      title: 'Memory of the agents',
      unit: 'bytes',
      queries: [{ expr: `max by (k8s_cluster) (${ofClusters('', '__name__=~"otelcol_process_memory_rss(_bytes)?"')})`, legend: '{{k8s_cluster}}' }],
    },
    { title: 'Stored', unit: 'bytes', queries: [{ expr: `sum by (type) (${ofFederation('vl_data_size_bytes')})`, legend: '{{type}}' }] },
    { title: 'Taken by the store', unit: 'cps', queries: [{ expr: `sum by (type) (rate(${ofFederation('vl_rows_ingested_total')}[5m]))`, legend: '{{type}}' }] },
  ],
};

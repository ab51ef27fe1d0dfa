import { Duration } from 'cdk8s';
import { AlarmGroup, AlarmSeverity } from './alarm';
import { collectorCounter, quoted, Series } from './promql';
import { atLeast, nameProblems, ratioProblems } from './threshold';

/**
 * When somebody is told of the logs' way from the members to their store. The series are those of the OpenTelemetry Collectors themselves, of
 * kube-state-metrics, and of VictoriaLogs.
 */
export interface LogAlarms {
  /**
   * The name of the agents' DaemonSet.
   *
   * Refused: what is no name of Kubernetes.
   *
   * @default log-agent
   */
  readonly agents?: string;

  /**
   * For how long records wait in an agent's queue and none is delivered.
   *
   * Refused: less than three minutes, since agents try again after at most one.
   *
   * @default Duration.minutes(10)
   */
  readonly stalled?: Duration;

  /**
   * The part of an agent's buffer that is in use, more than 0 and less than 1.
   *
   * @default 0.75
   */
  readonly bufferUsed?: number;
}

const settings = (alarms: LogAlarms) => ({ agents: 'log-agent', stalled: Duration.minutes(10), bufferUsed: 0.75, ...alarms });

/** How far back a rate looks: several scrapes. */
const WINDOW = '5m';

/** Several tries of an agent that can't deliver. */
const LEAST_STALLED = Duration.minutes(3);

/** How long a loss is told. */
const LOSS = '15m';

/** One agent: its pod where the operator says it, and otherwise the address at which it was asked. */
const PLACE = 'federation, k8s_cluster, pod, instance';
const AGENT = '{{ or $labels.pod $labels.instance }}';

/** The rules of the logs' way. */
export function logAlarms(alarms: LogAlarms, host: string, series: Series): AlarmGroup {
  const { agents, stalled, bufferUsed } = settings(alarms);
  const sum = (text: string) => `sum by (${PLACE}) (${text})`;
  const increase = (metric: string, window: string) => sum(`increase(${collectorCounter(series, metric)}[${window}])`);
  const queue = (metric: string) => `max by (${PLACE}, exporter) (${series(metric)})`;
  const lost = `${increase('otelcol_exporter_send_failed_log_records', LOSS)} > 0 or ${increase('otelcol_exporter_enqueue_failed_log_records', LOSS)} > 0`;
  const daemonSet = `daemonset=${quoted(agents)}`;
  const nodes = (metric: string) => `sum by (federation, k8s_cluster) (${series(metric, daemonSet)})`;
  return {
    about: 'logs',
    recordings: [],
    alarms: [
      {
        name: 'LogAgentMissing',
        severity: AlarmSeverity.WARNING,
        expr: `${nodes('kube_daemonset_status_desired_number_scheduled')} - ${nodes('kube_daemonset_status_number_ready')} > 0`,
        holds: Duration.minutes(15),
        summary: 'On {{ $value }} nodes of {{ $labels.k8s_cluster }} nobody reads the logs.',
      },
      {
        name: 'LogDeliveryStalled',
        severity: AlarmSeverity.CRITICAL,
        // an agent that has never delivered anything has no such counter
        expr: `${sum(series('otelcol_exporter_queue_size'))} > 0 unless ${sum(`rate(${collectorCounter(series, 'otelcol_exporter_sent_log_records')}[${WINDOW}])`)} > 0`,
        holds: stalled,
        least: { holds: LEAST_STALLED, because: 'an agent tries again after at most a minute' },
        summary: `The log agent ${AGENT} in {{ $labels.k8s_cluster }} delivers nothing, and {{ $value }} of its buffer wait.`,
      },
      {
        name: 'LogBufferFilling',
        severity: AlarmSeverity.WARNING,
        expr: `${queue('otelcol_exporter_queue_size')} / ${queue('otelcol_exporter_queue_capacity')} > ${bufferUsed}`,
        holds: Duration.minutes(5),
        summary: `The buffer of the log agent ${AGENT} in {{ $labels.k8s_cluster }} is used to {{ $value | humanizePercentage }}.`,
      },
      {
        name: 'LogRecordsDropped',
        severity: AlarmSeverity.CRITICAL,
        expr: lost,
        holds: Duration.seconds(0),
        summary: `{{ $value }} log records of ${AGENT} in {{ $labels.k8s_cluster }} were given up.`,
      },
      {
        name: 'LogStoreReadOnly',
        severity: AlarmSeverity.CRITICAL,
        expr: `max by (federation) (${series('vl_storage_is_read_only')}) == 1`,
        holds: Duration.minutes(5),
        cluster: host,
        summary: 'The log store takes nothing more: its disk is full. The agents keep records until their buffers are full too.',
      },
    ],
  };
}

/** What is wrong with them. */
export function logProblems(property: string, alarms: LogAlarms): string[] {
  const { agents, stalled, bufferUsed } = settings(alarms);
  return [
    ...nameProblems(`${property}.agents`, agents),
    ...atLeast(`${property}.stalled`, stalled, LEAST_STALLED, 'an agent tries again after at most a minute'),
    ...ratioProblems(`${property}.bufferUsed`, bufferUsed),
  ];
}

import { RECORD } from './log-model';
import { LogWriter } from './log-store-props';

/** Where a gateway has what, in its container. */
export const GATEWAY_PATHS = { config: '/etc/otelcol', certificate: '/etc/otelcol-tls', authorities: '/etc/otelcol-authorities' } as const;

/** The ports of the kubelet's questions and of metrics. */
export const GATEWAY_PORTS = { health: 13133, metrics: 8888 } as const;

/** The port of the store, which listens to its own pod alone. */
export const STORE_PORT = 9428;

/** What the records of one stream have in common; each value that a workflow or a job could bring would be a stream of its own. */
const STREAM = [RECORD.cluster, RECORD.namespace, RECORD.pod, RECORD.container];

/**
 * The OpenTelemetry Collector's configuration of a store's door: a port for each cluster, with the authority of that cluster's certificates.
 * What comes through it is that cluster's, whatever it says of itself.
 *
 * It keeps nothing: a request is answered when the store has it, and whoever sent it keeps it until then.
 */
export function otelGateway(writers: readonly LogWriter[]): object {
  const each = <T>(what: (writer: LogWriter) => [string, T]) => Object.fromEntries(writers.map(what));
  return {
    extensions: { health_check: { endpoint: `0.0.0.0:${GATEWAY_PORTS.health}` } },
    receivers: each(({ cluster, port }) => [`otlp/${cluster}`, {
      protocols: {
        http: {
          endpoint: `0.0.0.0:${port}`,
          tls: {
            cert_file: `${GATEWAY_PATHS.certificate}/tls.crt`,
            key_file: `${GATEWAY_PATHS.certificate}/tls.key`,
            client_ca_file: `${GATEWAY_PATHS.authorities}/${cluster}.crt`,
            client_ca_file_reload: true,
            min_version: '1.2',
            reload_interval: '5m',
          },
        },
      },
    }]),
    processors: {
      memory_limiter: { check_interval: '1s', limit_percentage: 80, spike_limit_percentage: 20 },
      ...each(({ cluster }) => [`resource/${cluster}`, { attributes: [{ key: RECORD.cluster, value: cluster, action: 'upsert' }] }]),
      transform: {
        error_mode: 'propagate',
        log_statements: [
          // Fluent Bit writes on the record what the Collector writes on its resource, where the cluster is put above
          `delete_key(log.attributes, "${RECORD.cluster}")`,
          // how late a record is can be asked of the store, and of nobody else
          'set(log.attributes["received"], UnixMilli(Now()))',
        ],
      },
    },
    exporters: {
      otlp_http: {
        logs_endpoint: `http://127.0.0.1:${STORE_PORT}/insert/opentelemetry/v1/logs`,
        headers: { 'VL-Stream-Fields': STREAM.join(',') },
        compression: 'none',
        timeout: '20s',
        retry_on_failure: { enabled: false },
        sending_queue: { enabled: false },
      },
    },
    service: {
      extensions: ['health_check'],
      pipelines: each(({ cluster }) => [`logs/${cluster}`, {
        receivers: [`otlp/${cluster}`], processors: ['memory_limiter', `resource/${cluster}`, 'transform'], exporters: ['otlp_http'],
      }]),
      telemetry: {
        logs: { level: 'info', encoding: 'json' },
        metrics: { readers: [{ pull: { exporter: { prometheus: { host: '0.0.0.0', port: GATEWAY_PORTS.metrics } } } }] },
      },
    },
  };
}

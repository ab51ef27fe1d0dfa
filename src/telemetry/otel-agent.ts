import type { LogDriver } from './log-driver';
import { AGENT_CONFIG, AGENT_VARIABLES, CONTAINER_LOGS, LogModel, RECORD, recordFields } from './log-model';
import { COLLECTOR_IMAGE } from './telemetry-pod';
import { problem } from '../problem';
import { LABELLED_LOG } from '../workload/labelled-log';

/** A time as Kubernetes' runtimes write it. */
const CRI_TIME = '2006-01-02T15:04:05.999999999Z07:00';
/** The longest line that is one record; the store's own bound is above it. */
const LONGEST = '200KiB';

/**
 * Without it the receiver notes a line as read before anybody has it: an agent that is killed loses up to 100 lines of each file.
 * The `container` parser has such a stage of its own, without a gate; therefore lines are taken apart by expressions here.
 */
const SYNCHRONOUS = 'stanza.synchronousLogEmitter';

/** Where it has what, in its container. */
const PATHS = { config: '/etc/otelcol', tls: '/etc/otelcol-tls', state: '/var/lib/otelcol' };

const PORTS = { health: 13133, metrics: 8888 };

/** The variable with the URL of the store. */
const ENDPOINT = 'LOGS_ENDPOINT';

/** The OpenTelemetry Collector as a node's agent. */
export const openTelemetryCollector: LogDriver = {
  image: COLLECTOR_IMAGE,
  args: [`--config=${PATHS.config}/${AGENT_CONFIG}`, `--feature-gates=${SYNCHRONOUS}`],
  paths: PATHS,
  ports: PORTS,
  metrics: { port: PORTS.metrics, path: '/metrics' },
  resources: { cpu: '50m', memory: '128Mi', limit: '512Mi' },
  rules: [{ apiGroups: [''], resources: ['pods', 'namespaces'], verbs: ['get', 'list', 'watch'] }],
  address: url => ({ [ENDPOINT]: { key: 'endpoint', value: url } }),
  configuration,
  problems: ({ deadLetters, openSearch }) => [
    ...deadLetters
      ? [problem('deadLetters', true, 'nothing with the OpenTelemetry Collector, which has no place for them; LogAgent.FLUENT_BIT has')]
      : [],
    ...openSearch
      ? [problem('agent', 'LogAgent.OPEN_TELEMETRY_COLLECTOR', 'LogAgent.FLUENT_BIT, with a store that is an OpenSearch: the Collector\'s exporter for it has no maintainer')]
      : [],
  ],
};

function configuration(model: LogModel): object {
  return {
    extensions: {
      file_storage: {
        directory: `${PATHS.state}/storage`,
        create_directory: true,
        // what is acknowledged is on the disk, also if the node goes down
        fsync: true,
        compaction: { on_rebound: true, directory: `${PATHS.state}/compaction`, cleanup_on_start: true },
      },
      health_check: { endpoint: `0.0.0.0:${PORTS.health}` },
    },
    receivers: { file_log: receiver(model) },
    processors: {
      memory_limiter: { check_interval: '1s', limit_percentage: 80, spike_limit_percentage: 20 },
      k8s_attributes: {
        filter: { node_from_env_var: AGENT_VARIABLES.node },
        wait_for_metadata: true,
        wait_for_metadata_timeout: '60s',
        pod_association: [{ sources: [{ from: 'resource_attribute', name: RECORD.uid }] }],
        extract: {
          metadata: [RECORD.node],
          labels: Object.entries(model.labels).map(([key, tag_name]) => ({ tag_name, key, from: 'pod' })),
        },
      },
      resource: {
        attributes: [
          { key: RECORD.cluster, value: `\${env:${AGENT_VARIABLES.cluster}}`, action: 'upsert' },
          ...model.federation === undefined ? [] : [{ key: RECORD.federation, value: model.federation, action: 'upsert' }],
        ],
      },
      transform: { error_mode: 'propagate', log_statements: statements(model) },
    },
    exporters: {
      otlp_http: {
        logs_endpoint: `\${env:${ENDPOINT}}`,
        compression: 'gzip',
        timeout: '30s',
        ...Object.keys(model.headers).length > 0 && { headers: model.headers },
        // the host name is verified unless it is told otherwise
        ...model.tls && {
          tls: {
            ca_file: `${PATHS.tls}/ca.crt`,
            cert_file: `${PATHS.tls}/tls.crt`,
            key_file: `${PATHS.tls}/tls.key`,
            min_version: '1.2',
            reload_interval: '5m',
          },
        },
        // an outage has no end that is known; what the store refuses for good isn't tried again
        retry_on_failure: { enabled: true, initial_interval: '1s', max_interval: '15s', max_elapsed_time: 0 },
        sending_queue: {
          enabled: true,
          storage: 'file_storage',
          sizer: 'bytes',
          queue_size: model.buffer.size.toKibibytes() * 1024,
          block_on_overflow: true,
          num_consumers: 2,
          batch: { flush_timeout: '1s', min_size: 250_000, max_size: 2_000_000 },
        },
      },
    },
    service: {
      extensions: ['file_storage', 'health_check'],
      pipelines: {
        logs: { receivers: ['file_log'], processors: ['memory_limiter', 'k8s_attributes', 'resource', 'transform'], exporters: ['otlp_http'] },
      },
      telemetry: {
        logs: { level: 'info', encoding: 'json' },
        metrics: { readers: [{ pull: { exporter: { prometheus: { host: '0.0.0.0', port: PORTS.metrics } } } }] },
      },
    },
  };
}

function receiver(model: LogModel): object {
  const of = (namespace: string, pod = '*') => `${CONTAINER_LOGS}/${namespace}_${pod}_*/*`;
  const files = (directory: string) => [
    `${directory}/*.log`,
    // what the kubelet has moved away and not yet compressed: the agent may have been down then
    `${directory}/*.log.????????-??????`,
  ];
  return {
    include: (model.namespaces ?? ['*']).flatMap(namespace => files(of(namespace))),
    exclude: [of(model.namespace, `${model.name}-*`), ...model.excludedNamespaces.map(namespace => of(namespace))].flatMap(files),
    start_at: 'beginning',
    storage: 'file_storage',
    include_file_name: false,
    include_file_path: true,
    include_file_record_offset: true,
    poll_interval: '500ms',
    max_log_size: LONGEST,
    // a line is what was written
    preserve_trailing_whitespaces: true,
    retry_on_failure: { enabled: true, initial_interval: '1s', max_interval: '15s', max_elapsed_time: 0 },
    operators: operators(),
  };
}

function operators(): object[] {
  const labelled = `resource["${RECORD.container}"] == "${LABELLED_LOG.container}"`;
  return [
    {
      type: 'regex_parser',
      regex: '^(?s)(?P<time>[^ ]+) (?P<stream>stdout|stderr) (?P<part>[FP]) ?(?P<text>.*)$',
      timestamp: { parse_from: 'attributes.time', layout_type: 'gotime', layout: CRI_TIME },
    },
    { type: 'move', from: 'attributes.text', to: 'body' },
    {
      type: 'regex_parser',
      parse_from: 'attributes["log.file.path"]',
      regex: `^${CONTAINER_LOGS}/(?P<namespace>[^_/]+)_(?P<pod>[^_/]+)_(?P<uid>[^_/]+)/(?P<container>[^/]+)/(?P<restart>[0-9]+)[.]log`,
    },
    ...(['namespace', 'pod', 'uid', 'container'] as const).map(name => ({ type: 'move', from: `attributes.${name}`, to: `resource["${RECORD[name]}"]` })),
    // what isn't such an object stays as it is
    { type: 'json_parser', if: `${labelled} && body matches "^[{]"`, parse_to: 'attributes.labelled', on_error: 'send_quiet' },
  ];
}

/** The same line has the same id whenever it is read, and in whichever file the kubelet has put it meanwhile. */
function identify(): string[] {
  const attribute = (name: string) => `log.attributes["${name}"]`;
  const resource = (name: string) => `resource.attributes["${name}"]`;
  const own = [resource(RECORD.cluster), resource(RECORD.uid), resource(RECORD.container), attribute('restart'), attribute('time'), attribute('log.file.record_offset')];
  const labelled = 'log.attributes["labelled"]';
  return [
    `set(${attribute(RECORD.id)}, Concat([${own.join(', ')}], "/"))`,
    `set(${attribute('source')}, "container")`,
    ...LABELLED_LOG.fields.filter(field => field !== 'id').map(field => `set(${attribute(field)}, ${labelled}["${field}"]) where ${labelled}["${field}"] != nil`),
    `set(${attribute(RECORD.id)}, Concat([${resource(RECORD.cluster)}, ${labelled}["id"]], "/")) where ${labelled}["id"] != nil`,
    `set(log.body, ${labelled}["${LABELLED_LOG.text}"]) where ${labelled}["${LABELLED_LOG.text}"] != nil`,
  ];
}

/** What is a pod's is written on each of its records before the pod's own labels go. */
function statements(model: LogModel): object[] {
  const list = (names: readonly string[]) => names.map(name => `"${name}"`).join(', ');
  const { place, own } = recordFields(model);
  const labelFields = [...new Set(Object.values(model.labels))];
  return [
    {
      context: 'log',
      statements: [
        ...identify(),
        // a record's own fields come before those of its pod
        ...labelFields.map(field =>
          `set(log.attributes["${field}"], resource.attributes["${field}"]) where log.attributes["${field}"] == nil and resource.attributes["${field}"] != nil`),
        `keep_keys(log.attributes, [${list(own)}])`,
      ],
    },
    { context: 'resource', statements: [`keep_keys(resource.attributes, [${list(place)}])`] },
  ];
}

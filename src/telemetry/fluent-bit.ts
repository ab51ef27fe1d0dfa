import { DOCUMENT_FIELDS } from './fluent-bit-document';
import { fluentBitRecord } from './fluent-bit-record';
import type { LogDriver } from './log-driver';
import { AGENT_CONFIG, CONTAINER_LOGS, LogModel, recordFields } from './log-model';
import { parsedUrl } from './log-sink';
import { OPEN_SEARCH_USER } from './open-search-logs';
import { LABELLED_LOG } from '../workload/labelled-log';

/** Where it has what, in its container. */
const PATHS = { config: '/etc/fluent-bit', tls: '/etc/fluent-bit-tls', state: '/var/lib/fluent-bit' };

/** Its HTTP server, for the kubelet and for Prometheus. */
const PORT = 2020;

/** The tail plugin makes dots of the slashes of a path. */
const TAG = `kube${CONTAINER_LOGS.replaceAll('/', '.')}.`;

/** A chunk takes nothing more at 2,048,000 bytes; the lines of the last read, with what they belong to, come on top of that. */
const LARGEST_CHUNK = 2_560_000;

/** Fluent Bit as a node's agent. */
export const fluentBit: LogDriver = {
  image: 'cr.fluentbit.io/fluent/fluent-bit:5.1.1',
  args: [`--config=${PATHS.config}/${AGENT_CONFIG}`],
  paths: PATHS,
  ports: { health: PORT },
  metrics: { port: PORT, path: '/api/v2/metrics/prometheus' },
  resources: { cpu: '50m', memory: '32Mi', limit: '256Mi' },
  rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
  address,
  configuration,
  problems: () => [],
};

/** Its output has no property for a whole URL. */
function address(url: string): ReturnType<LogDriver['address']> {
  const { hostname = '', port = '', protocol, pathname = '', search = '' } = parsedUrl(url) ?? {};
  return {
    LOGS_HOST: { key: 'host', value: hostname },
    LOGS_PORT: { key: 'port', value: port || (protocol === 'http:' ? '80' : '443') },
    LOGS_URI: { key: 'uri', value: `${pathname}${search}` },
  };
}

function configuration(model: LogModel): object {
  const size = model.buffer.size.toKibibytes() * 1024;
  return {
    service: {
      // a chunk is of one file and one such interval
      'flush': 5,
      'grace': 20,
      'log_level': 'info',
      'http_server': 'on',
      'http_listen': '0.0.0.0',
      'http_port': PORT,
      'storage.path': `${PATHS.state}/chunks`,
      // what is noted as read is on the disk, also if the node goes down
      'storage.sync': 'full',
      'storage.metrics': 'on',
      // reading stops at so many chunks, before the output has more than it may and drops the oldest without a word
      'storage.max_chunks_up': Math.floor(size / LARGEST_CHUNK),
      // those of before a restart count too
      'storage.backlog.mem_limit': size,
      'storage.delete_irrecoverable_chunks': 'on',
      ...model.deadLetters !== false && { 'storage.keep.rejected': 'on', 'storage.rejected.path': 'rejected' },
      // by default a try is made half an hour after the last one
      'scheduler.base': 1,
      'scheduler.cap': 15,
    },
    parsers: [
      {
        name: 'cri',
        format: 'regex',
        regex: '^(?<cri_time>[^ ]+) (?<cri_stream>stdout|stderr) (?<part>[FP]) ?(?<log>.*)$',
        time_key: 'cri_time',
        time_format: '%Y-%m-%dT%H:%M:%S.%L%z',
        time_keep: 'on',
        // an empty line is a line
        skip_empty_values: 'off',
      },
      { name: 'pod-of-tag', format: 'regex', regex: '^(?<namespace_name>[^_]+)_(?<pod_name>[^_]+)_[^_.]+[.](?<container_name>[^.]+)[.]' },
      { name: 'labelled-log', format: 'json' },
    ],
    pipeline: { inputs: [tail(model)], filters: filters(model), outputs: [output(model, size)] },
  };
}

/** Files that the kubelet has moved away aren't named: their lines would be read a second time. */
function tail(model: LogModel): object {
  const files = (namespace: string, pod = '*') => `${CONTAINER_LOGS}/${namespace}_${pod}_*/*/*.log`;
  const list = (patterns: string[]) => patterns.join(',');
  return {
    'name': 'tail',
    'alias': 'containers',
    'tag': 'kube.*',
    'path': list((model.namespaces ?? ['*']).map(namespace => files(namespace))),
    'exclude_path': list([files(model.namespace, `${model.name}-*`), ...model.excludedNamespaces.map(namespace => files(namespace))]),
    'parser': 'cri',
    // both, or a new agent begins each file again
    'db': `${PATHS.state}/containers.db`,
    'db.locking': 'true',
    'read_from_head': 'on',
    'offset_key': 'offset',
    // a pod may be gone a minute after it came, which is the default
    'refresh_interval': 2,
    // a file that was moved away is read on for so many seconds, also while reading is stopped
    'rotate_wait': 300,
    // runtimes cut lines at 16 KiB
    'buffer_chunk_size': '32K',
    'buffer_max_size': '256K',
    'skip_long_lines': 'on',
    'storage.type': 'filesystem',
    'storage.pause_on_chunks_overlimit': 'on',
  };
}

function filters(model: LogModel): object[] {
  const { place, own } = recordFields(model);
  return [
    // what isn't such an object stays as it is
    { name: 'parser', match_regex: `[.]${LABELLED_LOG.container}[.][0-9]+[.]log$`, key_name: LABELLED_LOG.text, parser: 'labelled-log', reserve_data: 'on' },
    {
      'name': 'kubernetes',
      'match': 'kube.*',
      'kube_tag_prefix': TAG,
      'regex_parser': 'pod-of-tag',
      'kube_url': 'https://kubernetes.default.svc:443',
      'tls.verify': 'on',
      'tls.verify_hostname': 'on',
      // an answer that is larger than this would be thrown away, and with it the labels; 0 is no limit
      'buffer_size': 0,
      'annotations': 'off',
    },
    { name: 'lua', match: 'kube.*', call: 'record', code: fluentBitRecord(model, TAG) },
    // whatever went wrong before: nothing else leaves the cluster
    { name: 'record_modifier', match: 'kube.*', allowlist_key: model.openSearch ? DOCUMENT_FIELDS : [LABELLED_LOG.text, ...place, ...own] },
  ];
}

/** Records by OTLP. */
function otlp({ headers }: LogModel): object {
  return {
    logs_uri: '${LOGS_URI}',
    http2: 'off',
    compress: 'gzip',
    ...Object.keys(headers).length > 0 && { header: Object.entries(headers).map(([name, value]) => `${name} ${value}`) },
    logs_body_key: `$${LABELLED_LOG.text}`,
    // the rest of the record
    logs_body_key_attributes: 'on',
  };
}

/** Records as documents of OpenSearch. */
function documents({ path, credentialsSecret }: NonNullable<LogModel['openSearch']>): object {
  const [user, password] = Object.keys(OPEN_SEARCH_USER);
  return {
    ...path !== '' && { path },
    ...credentialsSecret !== undefined && { http_user: `\${${user}}`, http_passwd: `\${${password}}` },
    index: '$index',
    // what is there already is refused as such, and isn't sent again
    id_key: 'id',
    write_operation: 'create',
    suppress_type_name: 'on',
    time_key: '@timestamp',
    time_key_nanos: 'on',
    compress: 'gzip',
    // an answer has a line for each record; one that is cut off is taken for a failure
    buffer_size: 'False',
  };
}

function output(model: LogModel, size: number): object {
  return {
    'name': model.openSearch ? 'opensearch' : 'opentelemetry',
    'alias': 'store',
    'match': 'kube.*',
    'host': '${LOGS_HOST}',
    'port': '${LOGS_PORT}',
    ...model.openSearch ? documents(model.openSearch) : otlp(model),
    // an outage has no end that is known; what the store refuses for good isn't tried again
    'retry_limit': 'no_limits',
    'storage.total_limit_size': size,
    ...model.tls && {
      'tls': 'on',
      'tls.verify': 'on',
      // off unless it is told otherwise
      'tls.verify_hostname': 'on',
      'tls.min_version': 'TLSv1.2',
      'tls.ca_file': `${PATHS.tls}/ca.crt`,
      'tls.crt_file': `${PATHS.tls}/tls.crt`,
      'tls.key_file': `${PATHS.tls}/tls.key`,
    },
  };
}

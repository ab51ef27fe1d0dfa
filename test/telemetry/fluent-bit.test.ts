import { App, Chart, Size, Testing } from 'cdk8s';
import { parse } from 'yaml';
import { Cluster, FederatedCluster, Federation, LogAgent, LogBuffer, LogCollection, LogCollectionProps, LogStore } from '../../src';
import { scratchDirectory } from '../scratch';
import { FluentBitLines } from './fluent-bit-lines';

/* eslint-disable @typescript-eslint/no-explicit-any */

const find = (chart: Chart, kind: string, name = 'log-agent'): any =>
  Testing.synth(chart).find(object => object.kind === kind && object.metadata.name === name);
const textOf = (chart: Chart): string => find(chart, 'ConfigMap').data['agent.yaml'];
const podOf = (chart: Chart): any => find(chart, 'DaemonSet').spec.template.spec;

/** Two members whose agents are Fluent Bit. */
function federation(props: Partial<LogCollectionProps> = {}) {
  const app = new App({ outdir: scratchDirectory() });
  const host = new Cluster(app, 'condor-host');
  const fed = new Federation(app, 'fed', { host });
  const [meyrin, tsystems] = ['meyrin', 'tsystems'].map(name => new FederatedCluster(app, name, { federation: fed }));
  const store = new LogStore(host, 'logs', { address: 'logs.cern.ch', writers: [{ cluster: 'meyrin', port: 4318 }, { cluster: 'tsystems', port: 4319 }] });
  new LogCollection(fed, 'log-agent', { store, agent: LogAgent.FLUENT_BIT, ...props });
  return { app, meyrin, tsystems };
}

/** A cluster of its own. */
function alone(props: Partial<LogCollectionProps> = {}) {
  const app = new App({ outdir: scratchDirectory() });
  const chart = new Chart(app, 'wigner');
  new LogCollection(chart, 'log-agent', { store: LogStore.fromAddress('https://logs.example/v1/logs'), agent: LogAgent.FLUENT_BIT, ...props });
  return { app, chart };
}

const VARIANTS: [string, string][] = [
  ['of a federation', textOf(federation().meyrin)],
  ['with the smallest buffer', textOf(alone({ buffer: LogBuffer.onNode({ size: Size.mebibytes(64) }) }).chart)],
  ['with a large one', textOf(alone({ buffer: LogBuffer.ephemeralVolume({ disk: Size.gibibytes(100) }) }).chart)],
  ['of some namespaces, without dead letters', textOf(alone({ namespaces: ['reana', 'condor'], excludedNamespaces: ['condor'], deadLetters: false }).chart)],
  ['with labels of its own', textOf(alone({ labels: { 'app.example/run': 'workflow' } }).chart)],
];

describe.each(VARIANTS)('invariants of a configuration %s', (_, text) => {
  const { service, pipeline: { inputs, outputs, filters }, parsers } = parse(text);

  test('each output: TLS of at least 1.2 with a certificate, who answers and the name are verified', () => {
    expect(outputs).toHaveLength(1);
    for (const output of outputs) {
      expect(output).toMatchObject({
        'tls': 'on',
        'tls.verify': 'on',
        'tls.verify_hostname': 'on',
        'tls.min_version': 'TLSv1.2',
        'tls.ca_file': '/etc/fluent-bit-tls/ca.crt',
        'tls.crt_file': '/etc/fluent-bit-tls/tls.crt',
        'tls.key_file': '/etc/fluent-bit-tls/tls.key',
      });
    }
  });

  test('the API server is verified, and its name', () => {
    const [kubernetes] = filters.filter(({ name }: any) => name === 'kubernetes');
    expect(kubernetes).toMatchObject({ 'kube_url': 'https://kubernetes.default.svc:443', 'tls.verify': 'on', 'tls.verify_hostname': 'on' });
  });

  test('buffers are files, limited, and stop the reading before anything is dropped', () => {
    expect(service).toMatchObject({ 'storage.path': '/var/lib/fluent-bit/chunks', 'storage.sync': 'full' });
    for (const input of inputs) { expect(input).toMatchObject({ 'storage.type': 'filesystem', 'storage.pause_on_chunks_overlimit': 'on' }); }
    const limit = outputs[0]['storage.total_limit_size'];
    expect(limit).toBeGreaterThanOrEqual(64 * 1024 ** 2);
    expect(service['storage.max_chunks_up']).toBeGreaterThan(10);
    // a chunk is closed at 2,048,000 bytes, after the append that reaches them
    expect(service['storage.max_chunks_up'] * 2_560_000).toBeLessThanOrEqual(limit);
    expect(service['storage.backlog.mem_limit']).toBe(limit);
  });

  test('an outage is tried through without end, at most a quarter of a minute between two tries', () => {
    for (const output of outputs) { expect(output.retry_limit).toBe('no_limits'); }
    expect(service).toMatchObject({ 'scheduler.base': 1, 'scheduler.cap': 15 });
  });

  test('each tail: a database of its own, the offset on each line, new files from their beginning', () => {
    expect(inputs.map(({ name }: any) => name)).toEqual(['tail']);
    for (const input of inputs) {
      expect(input).toMatchObject({ db: '/var/lib/fluent-bit/containers.db', offset_key: 'offset', read_from_head: 'on', skip_long_lines: 'on' });
      expect(input.refresh_interval).toBeLessThanOrEqual(2);
    }
    expect(new Set(inputs.map(({ db }: any) => db)).size).toBe(inputs.length);
  });

  test('nothing is read that a job can write: only what the kubelet writes', () => {
    for (const input of inputs) {
      for (const pattern of input.path.split(',')) { expect(pattern).toMatch(/^\/var\/log\/pods\/[^/]+\/\*\/\*\.log$/); }
    }
    expect(text).not.toMatch(/\/var\/lib\/kubelet|condor\/execute|io\.open/);
  });

  test('fields are an allow-list, the last step of each record', () => {
    const last = filters[filters.length - 1];
    expect(last).toMatchObject({ name: 'record_modifier', match: 'kube.*' });
    expect([...last.allowlist_key].sort()).toEqual([...new Set([
      'log', 'log.record.uid', 'k8s.cluster.name', 'federation', 'k8s.namespace.name', 'k8s.pod.name', 'k8s.pod.uid', 'k8s.container.name', 'k8s.node.name',
      'part', 'source', 'workflow', 'job', 'user', 'stream', 'daemon', ...text.includes('"component"') ? ['component'] : [],
    ])].sort());
  });

  test('what is named is there', () => {
    const named = [...inputs, ...filters].flatMap(({ parser, regex_parser }: any) => [parser, regex_parser]).filter(Boolean);
    expect(named).toHaveLength(3);
    expect(parsers.map(({ name }: any) => name).sort()).toEqual(named.sort());
  });
});

test('dead letters are kept where nothing else is said', () => {
  const rejected = { 'storage.keep.rejected': 'on', 'storage.rejected.path': 'rejected' };
  expect(parse(textOf(alone().chart)).service).toMatchObject(rejected);
  expect(parse(textOf(alone({ deadLetters: true }).chart)).service).toMatchObject(rejected);
  expect(textOf(alone({ deadLetters: false }).chart)).not.toContain('rejected');
});

test('refused: dead letters of the OpenTelemetry Collector', () => {
  const { app } = alone({ agent: LogAgent.OPEN_TELEMETRY_COLLECTOR, deadLetters: true });
  expect(() => app.synth()).toThrow('deadLetters: given true, allowed: nothing with the OpenTelemetry Collector, which has no place for them; LogAgent.FLUENT_BIT has');
});

test('agents in two members', () => {
  const { app, meyrin, tsystems } = federation();
  expect(Testing.synth(meyrin)).toMatchSnapshot();
  expect(find(meyrin, 'ConfigMap').data).toMatchObject({ cluster: 'meyrin', host: 'logs.cern.ch', port: '4318', uri: '/v1/logs' });
  expect(find(tsystems, 'ConfigMap').data).toMatchObject({ cluster: 'tsystems', host: 'logs.cern.ch', port: '4319', uri: '/v1/logs' });
  expect(textOf(tsystems)).toBe(textOf(meyrin));
  expect(() => app.synth()).not.toThrow();
});

test('an agent has no power of root, one directory to write to, and asks for single pods alone', () => {
  const { meyrin } = federation();
  const [container] = podOf(meyrin).containers;
  expect(container.securityContext).toEqual({ runAsUser: 0, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
  expect(container.volumeMounts.filter(({ readOnly }: any) => !readOnly)).toEqual([{ name: 'state', mountPath: '/var/lib/fluent-bit' }]);
  expect(podOf(meyrin).volumes.filter(({ hostPath }: any) => hostPath).map(({ hostPath }: any) => hostPath.path)).toEqual(['/var/log/pods', '/var/lib/cdk8s-hep/log-agent']);
  expect(find(meyrin, 'ClusterRole', 'logging-log-agent').rules).toEqual([{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]);
});

test('a store by its address: port, path and headers; within the cluster without TLS', () => {
  const loki = alone({ store: LogStore.fromAddress('https://loki.example/otlp/v1/logs?x=1', { headers: { 'X-Scope-OrgID': 'wigner' } }) }).chart;
  expect(find(loki, 'ConfigMap').data).toMatchObject({ host: 'loki.example', port: '443', uri: '/otlp/v1/logs?x=1' });
  expect(parse(textOf(loki)).pipeline.outputs[0].header).toEqual(['X-Scope-OrgID wigner']);
  const { app, chart } = alone({ store: LogStore.fromAddress('http://logs.monitoring.svc/insert') });
  expect(() => app.synth()).not.toThrow();
  expect(find(chart, 'ConfigMap').data).toMatchObject({ host: 'logs.monitoring.svc', port: '80' });
  expect(Object.keys(parse(textOf(chart)).pipeline.outputs[0]).filter(key => key.startsWith('tls'))).toEqual([]);
});

describe('what becomes of lines', () => {
  const UID = '7f1ad4a2-5a5c-4a0e-8b3c-0f2d6b9e1c11';
  const TIME = '2026-11-26T03:04:05.123456789Z';
  const pathOf = (pod: string, container: string) => `/var/log/pods/${pod}_${UID}/${container}/3.log`;
  const lines = async (props: Partial<LogCollectionProps> = {}) =>
    FluentBitLines.of(textOf(props.store ? alone(props).chart : federation(props).meyrin), { CLUSTER_NAME: 'meyrin', NODE_NAME: 'cern-1' });
  const labels = { 'reana-run-job-workflow-uuid': 'w1', 'job-name': 'j1', 'user-uuid': 'u1', 'secret.example/token': 'hush' };

  test('a container: where it comes from, and the labels that are listed', async () => {
    const content = `${TIME} stdout F é one\n${TIME} stderr P \n${TIME} stdout F {"workflow":"stolen"}\n`;
    const records = (await lines()).records({ path: pathOf('reana_run.job-1', 'main'), content, labels });
    const place = {
      'k8s.cluster.name': 'meyrin',
      'federation': 'fed',
      'k8s.namespace.name': 'reana',
      'k8s.pod.name': 'run.job-1',
      'k8s.pod.uid': UID,
      'k8s.container.name': 'main',
      'k8s.node.name': 'cern-1',
      'source': 'container',
      'workflow': 'w1',
      'job': 'j1',
      'user': 'u1',
    };
    const id = (offset: number) => `meyrin/${UID}/main/3/${TIME}/${offset}`;
    expect(records).toEqual([
      { ...place, 'log': 'é one', 'stream': 'stdout', 'part': 'F', 'log.record.uid': id(0) },
      { ...place, 'log': '', 'stream': 'stderr', 'part': 'P', 'log.record.uid': id(47) },
      { ...place, 'log': '{"workflow":"stolen"}', 'stream': 'stdout', 'part': 'F', 'log.record.uid': id(88) },
    ]);
  });

  test('lines that speak of others, and what they cannot say', async () => {
    const own = { id: 'x/7', source: 'htcondor-job', workflow: 'w2', job: 'j2', user: 'physicist', stream: 'stderr', log: 'text' };
    const forged = {
      ...own, 'k8s.pod.name': 'other', 'k8s.cluster.name': 'other', 'file': '/var/log/pods/a_b_c/d/0.log', 'kubernetes': 'none', 'offset': {}, 'cri_time': [], 'extra': 1,
    };
    const content = [own, forged].map(each => `${TIME} stdout F ${JSON.stringify(each)}\n`).join('') + `${TIME} stdout F [1]\n${TIME} stdout F {"log":\n`;
    const records = (await lines()).records({ path: pathOf('condor_startd-x', 'labelled-logs'), content, labels: { 'app.kubernetes.io/component': 'startd' } });
    const place = {
      'k8s.cluster.name': 'meyrin',
      'federation': 'fed',
      'k8s.namespace.name': 'condor',
      'k8s.pod.name': 'startd-x',
      'k8s.pod.uid': UID,
      'k8s.container.name': 'labelled-logs',
      'k8s.node.name': 'cern-1',
      'part': 'F',
    };
    const { id, ...fields } = own;
    const said = { ...fields, ...place, 'component': 'startd', 'log.record.uid': `meyrin/${id}` };
    const plain = { ...place, source: 'container', stream: 'stdout', component: 'startd' };
    expect(records).toEqual([
      said,
      said,
      { ...plain, 'log': '[1]', 'log.record.uid': expect.stringContaining(`meyrin/${UID}/labelled-logs/3/${TIME}/`) },
      { ...plain, 'log': '{"log":', 'log.record.uid': expect.stringContaining(`meyrin/${UID}/labelled-logs/3/${TIME}/`) },
    ]);
  });

  test('white space at the end of a line stays, as it does with the Collector', async () => {
    const [record] = (await lines()).records({ path: pathOf('reana_x', 'main'), content: `${TIME} stdout F go1.26.8, \t\n` })!;
    expect(record.log).toBe('go1.26.8, \t');
    const collector = parse(textOf(federation({ agent: LogAgent.OPEN_TELEMETRY_COLLECTOR }).meyrin));
    expect(collector.receivers.file_log.preserve_trailing_whitespaces).toBe(true);
  });

  test('the agents themselves, namespaces that are left out, and files that were moved away are not read', async () => {
    const reader = await lines({ excludedNamespaces: ['kube-system'] });
    const content = `${TIME} stdout F x\n`;
    expect(reader.records({ path: pathOf('condor_ap1', 'schedd'), content })).toHaveLength(1);
    expect(reader.records({ path: pathOf('logging_log-agent-abcde', 'agent'), content })).toBeUndefined();
    expect(reader.records({ path: pathOf('kube-system_dns', 'dns'), content })).toBeUndefined();
    expect(reader.records({ path: `${pathOf('condor_ap1', 'schedd')}.20261126-030405`, content })).toBeUndefined();
    const some = await lines({ namespaces: ['reana'] });
    expect(some.records({ path: pathOf('reana_x', 'main'), content })).toHaveLength(1);
    expect(some.records({ path: pathOf('condor_ap1', 'schedd'), content })).toBeUndefined();
  });
});

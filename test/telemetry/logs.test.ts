import * as fs from 'fs';
import { App, Chart, Duration, Size, Testing } from 'cdk8s';
import { parse } from 'yaml';
import {
  Cluster, ClusterSelector, FederatedCluster, Federation, LogBuffer, LogCollection, LogCollectionProps, LogStore, LogStoreProps, Metrics,
  Placement, ServiceExposure,
} from '../../src';
import { scratchDirectory } from '../scratch';

/* eslint-disable @typescript-eslint/no-explicit-any */

interface Options {
  readonly store?: Partial<LogStoreProps>;
  readonly collection?: Partial<LogCollectionProps>;
  readonly member?: string;
  readonly late?: boolean;
}

const WRITERS = [{ cluster: 'meyrin', port: 4318 }, { cluster: 'tsystems', port: 4319 }];

function program({ store: ofStore, collection, member = 'tsystems', late }: Options = {}) {
  const app = new App({ outdir: scratchDirectory() });
  const host = new Cluster(app, 'condor-host');
  const fed = new Federation(app, 'fed', { host, ...late && { lateMembers: late } });
  const meyrin = new FederatedCluster(app, 'meyrin', { federation: fed });
  const tsystems = new FederatedCluster(app, member, { federation: fed });
  const store = new LogStore(host, 'logs', { address: 'logs.cern.ch', writers: WRITERS, ...ofStore });
  const agents = new LogCollection(fed, 'log-agent', { store, ...collection });
  return { app, host, fed, meyrin, tsystems, store, agents };
}

type Program = ReturnType<typeof program>;

const find = (chart: Chart, kind: string, name: string): any =>
  Testing.synth(chart).find(object => object.kind === kind && object.metadata.name === name);
const agentConfig = (chart: Chart, name = 'log-agent'): string => find(chart, 'ConfigMap', name).data['agent.yaml'];
const pod = (chart: Chart): any => find(chart, 'DaemonSet', 'log-agent').spec.template.spec;

function report(p: Pick<Program, 'app'>): string {
  try {
    p.app.synth();
  } catch (error) {
    expect(fs.readdirSync(p.app.outdir)).toEqual([]);
    return (error as Error).message;
  }
  return 'accepted';
}

/** A collection in a chart of its own. */
function alone(collection: LogCollectionProps) {
  const app = new App({ outdir: scratchDirectory() });
  const chart = new Chart(app, 'wigner');
  new LogCollection(chart, 'log-agent', collection);
  return { app, chart };
}

test('a store and agents in two members', () => {
  const { host, meyrin } = program();
  expect(Testing.synth(host)).toMatchSnapshot('condor-host');
  expect(Testing.synth(meyrin)).toMatchSnapshot('meyrin');
});

test('members differ in their name and their door, and in nothing else', () => {
  const { meyrin, tsystems } = program();
  const of = (chart: Chart) => find(chart, 'ConfigMap', 'log-agent').data;
  expect(of(meyrin)).toMatchObject({ cluster: 'meyrin', endpoint: 'https://logs.cern.ch:4318/v1/logs' });
  expect(of(tsystems)).toMatchObject({ cluster: 'tsystems', endpoint: 'https://logs.cern.ch:4319/v1/logs' });
  expect(agentConfig(tsystems)).toBe(agentConfig(meyrin));
  expect(pod(tsystems)).toEqual(pod(meyrin));
});

test('agents tell of themselves at a Service of their pods, which Metrics reads', () => {
  const { app, host, fed, meyrin, agents } = program();
  const metrics = new Metrics(host, 'metrics', { federation: fed, address: 'metrics.cern.ch' });
  metrics.scrape(agents);
  expect(report({ app })).toBe('accepted');
  const { spec } = find(meyrin, 'Service', 'log-agent');
  expect(spec).toEqual({ selector: find(meyrin, 'DaemonSet', 'log-agent').spec.selector.matchLabels, clusterIP: 'None', ports: [{ name: 'metrics', port: 8888, targetPort: 8888, protocol: 'TCP' }] });
  const [job] = parse(find(meyrin, 'ConfigMap', 'metrics-agent').data['prometheus.yml']).scrape_configs;
  expect(job).toMatchObject({ job_name: 'logging/log-agent', dns_sd_configs: [{ names: ['log-agent.logging.svc'], type: 'A', port: 8888 }] });
});

test('a placement has agents in its members alone', () => {
  const app = new App({ outdir: scratchDirectory() });
  const fed = new Federation(app, 'fed', { host: new Cluster(app, 'condor-host') });
  const [meyrin, tsystems] = ['meyrin', 'tsystems'].map(name => new FederatedCluster(app, name, { federation: fed }));
  const placement = new Placement(fed, 'one', { clusters: ClusterSelector.of(meyrin) });
  new LogCollection(placement, 'log-agent', { store: LogStore.fromAddress('https://logs.example/v1/logs', { clusters: ['meyrin'] }) });
  expect(find(meyrin, 'DaemonSet', 'log-agent')).toBeDefined();
  expect(find(tsystems, 'DaemonSet', 'log-agent')).toBeUndefined();
  expect(report({ app })).toBe('accepted');
});

test('what a killed agent has read is read again: nothing is noted before it is on the disk, and no stage keeps lines in memory', () => {
  const { meyrin } = program();
  const text = agentConfig(meyrin);
  expect(pod(meyrin).containers[0].args).toContain('--feature-gates=stanza.synchronousLogEmitter');
  for (const line of ['fsync: true', 'start_at: beginning', 'storage: file_storage', 'block_on_overflow: true', 'max_elapsed_time: 0']) { expect(text).toContain(line); }
  // its parser of containers' logs has a stage of up to 100 lines in memory, as has what puts parts of lines together
  expect(text).not.toMatch(/type: (container|recombine)\b/);
});

test('an agent has no power of root, one directory to write to, and asks for pods and namespaces alone', () => {
  const { meyrin } = program();
  expect(pod(meyrin).containers[0].securityContext).toEqual({
    runAsUser: 0, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] },
  });
  expect(pod(meyrin).containers[0].volumeMounts.filter(({ readOnly }: any) => !readOnly)).toEqual([{ name: 'state', mountPath: '/var/lib/otelcol' }]);
  expect(find(meyrin, 'ClusterRole', 'logging-log-agent').rules).toEqual([{ apiGroups: [''], resources: ['pods', 'namespaces'], verbs: ['get', 'list', 'watch'] }]);
});

test('options of a collection', () => {
  const { chart, app } = alone({
    store: LogStore.fromAddress('https://loki.example/otlp/v1/logs', { headers: { 'X-Scope-OrgID': 'wigner' } }),
    certificate: { secretName: 'agent' },
    labels: { 'app.example/run': 'workflow' },
    buffer: LogBuffer.ephemeralVolume({ disk: Size.gibibytes(2), size: Size.gibibytes(1), storageClass: 'fast' }),
    namespaces: ['reana'],
    excludedNamespaces: ['kube-system'],
    namespace: 'agents',
    clusterName: 'budapest',
    image: 'registry.example/collector:1',
    nodeSelector: { 'node-role.example/batch': 'true' },
    imagePullSecrets: ['login'],
  });
  expect(report({ app })).toBe('accepted');
  expect(Testing.synth(chart)).toMatchSnapshot();
});

test('an agent that sends within its cluster needs no certificate', () => {
  const { chart, app } = alone({ store: LogStore.fromAddress('http://logs.monitoring.svc:9428/insert/opentelemetry/v1/logs') });
  expect(report({ app })).toBe('accepted');
  expect(agentConfig(chart)).not.toContain('tls');
  expect(pod(chart).volumes.map(({ name }: any) => name)).toEqual(['config', 'pods', 'state']);
});

test('buffers: where they are, and how much they take', () => {
  const volume = (buffer: LogBuffer) => pod(program({ collection: { buffer } }).meyrin).volumes.find(({ name }: any) => name === 'state');
  expect(volume(LogBuffer.onNode())).toEqual({ name: 'state', hostPath: { path: '/var/lib/cdk8s-hep/log-agent', type: 'DirectoryOrCreate' } });
  expect(volume(LogBuffer.onNode({ path: '/scratch/logs' })).hostPath.path).toBe('/scratch/logs');
  expect(volume(LogBuffer.ephemeralVolume({ disk: Size.gibibytes(1) })).ephemeral.volumeClaimTemplate.spec.resources).toEqual({ requests: { storage: '1024Mi' } });
  expect(LogBuffer.onNode().disk.toGibibytes()).toBe(4);
  expect(LogBuffer.onNode({ disk: Size.gibibytes(8) }).size.toGibibytes()).toBe(6);
  expect(agentConfig(program({ collection: { buffer: LogBuffer.onNode({ size: Size.gibibytes(1) }) } }).meyrin)).toContain(`queue_size: ${1024 ** 3}`);
});

test('options of a store', () => {
  const { host } = program({
    store: {
      certificate: { secretName: 'store' },
      retention: Duration.days(90),
      storage: Size.gibibytes(100),
      maxDiskUsage: Size.gibibytes(80),
      dailyVolume: Size.mebibytes(500),
      storageClass: 'fast',
      exposure: ServiceExposure.clusterInternal(),
      namespace: 'store',
      image: 'registry.example/vl:1',
      gatewayImage: 'registry.example/collector:1',
      imagePullSecrets: ['login'],
      writers: [{ cluster: 'meyrin', port: 4318, authority: { secretName: 'ours', key: 'authority' } }, WRITERS[1]],
    },
  });
  expect(Testing.synth(host).filter(({ kind }) => kind !== 'ConfigMap')).toMatchSnapshot();
});

test('where a cluster sends its records', () => {
  expect(program().store.endpointFor('tsystems')).toEqual({ url: 'https://logs.cern.ch:4319/v1/logs' });
  expect(program().store.endpointFor('wigner')).toBeUndefined();
  expect(LogStore.fromAddress('https://logs.example/v1/logs').endpointFor('any')).toEqual({ url: 'https://logs.example/v1/logs' });
});

describe('what is refused', () => {
  const wrong: [string, Options, string][] = [
    ['a store without TLS for a federation', { collection: { store: LogStore.fromAddress('http://logs.monitoring.svc:9428/x') } },
      'store: given "http://logs.monitoring.svc:9428/x", allowed: https, without a user in the URL: records go to another cluster'],
    ['a store that is no URL', { collection: { store: LogStore.fromAddress('logs.cern.ch') } }, 'store: given "logs.cern.ch", allowed: the URL of an OTLP receiver'],
    ['a member that the store has no door for', { store: { writers: [WRITERS[0]] } }, 'store: given "tsystems", allowed: a store with a writer for this cluster'],
    ['a buffer larger than its disk has room for', { collection: { buffer: LogBuffer.onNode({ size: Size.gibibytes(4) }) } },
      'buffer.size: given "4096 MiB", allowed: at most four fifths of its disk of 4096 MiB'],
    ['a buffer larger than its claim', { collection: { buffer: LogBuffer.ephemeralVolume({ size: Size.gibibytes(2), disk: Size.gibibytes(1) }) } },
      'buffer.size: given "2048 MiB", allowed: at most four fifths of its disk of 1024 MiB'],
    ['a buffer that one batch fills', { collection: { buffer: LogBuffer.onNode({ size: Size.mebibytes(1) }) } }, 'buffer.size: given "1 MiB", allowed: at least 64 MiB'],
    ['a buffer at no path', { collection: { buffer: LogBuffer.onNode({ path: 'scratch' }) } }, 'buffer.path: given "scratch"'],
    ['a field that records do not have', { collection: { labels: { 'job-name': 'step' } } },
      'labels.job-name: given "step", allowed: a field of a record: workflow, job, user, component'],
    ['a label that none can have', { collection: { labels: { 'a/b/c': 'job' } } }, 'labels: given "a/b/c", allowed: names of pod labels'],
    ['no namespace', { collection: { namespaces: [] } }, 'namespaces: given []'],
    ['a namespace that is none', { collection: { excludedNamespaces: ['Kube_System'] } }, 'excludedNamespaces: given "Kube_System"'],
    ['a name of its own in a federation', { collection: { clusterName: 'cern' } }, 'clusterName: given "cern", allowed: nothing in a federation'],
    ['members that no program knows', { late: true }, 'scope: given "fed", allowed: a federation without lateMembers'],
    ['a retention below a day', { store: { retention: Duration.hours(12) } }, 'retention: given "0.5 days", allowed: whole days, from 1 to 36500'],
    ['a retention that the disk cannot hold', { store: { retention: Duration.days(30), storage: Size.gibibytes(20), dailyVolume: Size.gibibytes(1) } },
      'retention: given "30 days", allowed: what maxDiskUsage can keep: 18432 MiB hold 18 days of 1024 MiB'],
    ['records that fill the disk', { store: { storage: Size.gibibytes(10), maxDiskUsage: Size.gibibytes(10) } },
      'maxDiskUsage: given "10240 MiB", allowed: at most nine tenths of the storage of 10240 MiB'],
    ['records that have no room', { store: { maxDiskUsage: Size.mebibytes(10) } }, 'maxDiskUsage: given "10 MiB", allowed: at least 100 MiB'],
    ['nobody who writes', { store: { writers: [] } }, 'writers: given [], allowed: at least one cluster'],
    ['a cluster name that records cannot be found by', { store: { writers: [...WRITERS, { cluster: 'CERN_Meyrin', port: 4400 }] } },
      'writers: given "CERN_Meyrin", allowed: a DNS label of at most 63 characters'],
    ['a cluster twice', { store: { writers: [...WRITERS, { cluster: 'meyrin', port: 4400 }] } }, 'writers: given "meyrin", allowed: each cluster once'],
    ['a port twice', { store: { writers: [WRITERS[0], { cluster: 'tsystems', port: 4318 }] } }, 'writers.tsystems.port: given 4318, allowed: another port for each cluster'],
    ['a port of the store itself', { store: { writers: [WRITERS[0], { cluster: 'tsystems', port: 9428 }] } }, 'writers.tsystems.port: given 9428'],
    ['a port that is no NodePort', { store: { exposure: ServiceExposure.nodePort() } }, 'writers.meyrin.port: given 4318, allowed: a port from 30000 to 32767'],
    ['an address that is no name', { store: { address: 'https://logs' } }, 'address: given "https://logs"'],
  ];
  test.each(wrong)('%s', (_, options, message) => {
    expect(report(program(options))).toContain(message);
  });

  const wrongAlone: [string, Partial<LogCollectionProps>, string][] = [
    ['a store elsewhere without TLS', { store: LogStore.fromAddress('http://logs.cern.ch/v1/logs') },
      'store: given "http://logs.cern.ch/v1/logs", allowed: https, without a user in the URL, or http to a Service of this cluster'],
    ['a password in an address', { store: LogStore.fromAddress('https://me:secret@logs.cern.ch/v1/logs') }, 'allowed: https, without a user in the URL'],
    ['a name of the cluster that records cannot be found by', { clusterName: 'Wigner.1' }, 'clusterName: given "Wigner.1", allowed: a DNS label of at most 63 characters'],
  ];
  test.each(wrongAlone)('%s', (_, options, message) => {
    expect(report(alone({ store: LogStore.fromAddress('https://logs.example/v1/logs'), ...options }))).toContain(message);
  });

  test('a store in a federation', () => {
    const { app, fed } = program();
    new LogStore(fed, 'second', { address: 'logs.cern.ch', writers: WRITERS });
    expect(report({ app })).toContain('scope: given "fed/second", allowed: a cluster or a chart: there is one store');
  });
});

import { App, Chart, Testing } from 'cdk8s';
import { parse } from 'yaml';
import { Cluster, FederatedCluster, Federation, FirewallRules, ILogSink, LogAgent, LogCollection, LogCollectionProps, LogStore, RequiredSecrets } from '../../src';
import { scratchDirectory } from '../scratch';
import { FluentBitLines } from './fluent-bit-lines';

/* eslint-disable @typescript-eslint/no-explicit-any */

const URL = 'https://opensearch.cern.ch:9200';

function federation(store: ILogSink, props: Partial<LogCollectionProps> = {}) {
  const app = new App({ outdir: scratchDirectory() });
  const fed = new Federation(app, 'fed', { host: new Cluster(app, 'condor-host') });
  const tsystems = new FederatedCluster(app, 'tsystems', { federation: fed });
  new LogCollection(fed, 'log-agent', { store, agent: LogAgent.FLUENT_BIT, ...props });
  return { app, tsystems };
}

const find = (chart: Chart, kind: string): any => Testing.synth(chart).find(object => object.kind === kind && object.metadata.name === 'log-agent');
const textOf = (store: ILogSink): string => find(federation(store).tsystems, 'ConfigMap').data['agent.yaml'];
const outputOf = (store: ILogSink): any => parse(textOf(store)).pipeline.outputs[0];
const problemsOf = (store: ILogSink, props?: Partial<LogCollectionProps>): string => {
  try {
    federation(store, props).app.synth();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

test('records go to OpenSearch over verified TLS, each as one document however often it is sent', () => {
  const { tsystems } = federation(LogStore.openSearch(URL));
  expect(find(tsystems, 'ConfigMap').data).toMatchObject({ cluster: 'tsystems', host: 'opensearch.cern.ch', port: '9200' });
  const output = outputOf(LogStore.openSearch(URL));
  expect(output).toEqual({
    'name': 'opensearch',
    'alias': 'store',
    'match': 'kube.*',
    'host': '${LOGS_HOST}',
    'port': '${LOGS_PORT}',
    'compress': 'gzip',
    'index': '$index',
    'id_key': 'id',
    'write_operation': 'create',
    'suppress_type_name': 'on',
    'time_key': '@timestamp',
    'time_key_nanos': 'on',
    'buffer_size': 'False',
    'retry_limit': 'no_limits',
    'storage.total_limit_size': expect.any(Number),
    'tls': 'on',
    'tls.verify': 'on',
    'tls.verify_hostname': 'on',
    'tls.min_version': 'TLSv1.2',
    'tls.ca_file': '/etc/fluent-bit-tls/ca.crt',
    'tls.crt_file': '/etc/fluent-bit-tls/tls.crt',
    'tls.key_file': '/etc/fluent-bit-tls/tls.key',
  });
});

test('the path of a proxy, and a user whose password is in no configuration', () => {
  const { app, tsystems } = federation(LogStore.openSearch(`${URL}/logs/`, { credentialsSecret: 'opensearch-writer' }));
  const { http_user, http_passwd, path } = parse(find(tsystems, 'ConfigMap').data['agent.yaml']).pipeline.outputs[0];
  expect({ http_user, http_passwd, path }).toEqual({ http_user: '${LOGS_USER}', http_passwd: '${LOGS_PASSWORD}', path: '/logs' });
  const { env } = find(tsystems, 'DaemonSet').spec.template.spec.containers[0];
  expect(env).toEqual(expect.arrayContaining([
    { name: 'LOGS_USER', valueFrom: { secretKeyRef: { name: 'opensearch-writer', key: 'username' } } },
    { name: 'LOGS_PASSWORD', valueFrom: { secretKeyRef: { name: 'opensearch-writer', key: 'password' } } },
  ]));
  expect(RequiredSecrets.of(app).secrets).toContainEqual({ cluster: 'tsystems', secret: 'logging/opensearch-writer', neededBy: ['DaemonSet/log-agent'] });
  expect(FirewallRules.of(app).rules).toContainEqual(expect.objectContaining({ from: 'tsystems', address: 'opensearch.cern.ch', port: 9200 }));
});

describe('documents', () => {
  const UID = '7f1ad4a2-5a5c-4a0e-8b3c-0f2d6b9e1c11';
  const TIME = '2026-11-26T03:04:05.123456789Z';
  const documents = async (pod: string, container: string, lines: string[], labels: { [label: string]: string }, store = LogStore.openSearch(URL)) =>
    (await FluentBitLines.of(textOf(store), { CLUSTER_NAME: 'tsystems', NODE_NAME: 'otc-1' })).records({
      path: `/var/log/pods/${pod}_${UID}/${container}/0.log`, content: lines.map(line => `${TIME} stdout F ${line}\n`).join(''), labels,
    })!;
  const indices = async (...line: Parameters<typeof documents>) => (await documents(...line)).map(({ index }) => index);

  test('of a step of REANA: what its code asks for', async () => {
    const labels = { 'reana-run-job-workflow-uuid': 'w1', 'job-name': 'reana-run-job-1', 'user-uuid': 'u1', 'app.kubernetes.io/name': 'x', 'app': 'y' };
    expect(await documents('reana_reana-run-job-1-abcde', 'job', ['hello'], labels)).toEqual([{
      index: 'fluentbit-job_log',
      id: `tsystems/${UID}/job/0/${TIME}/0`,
      log: 'hello',
      cluster: 'tsystems',
      federation: 'fed',
      node: 'otc-1',
      source: 'container',
      stream: 'stdout',
      part: 'F',
      workflow: 'w1',
      job: 'reana-run-job-1',
      user: 'u1',
      kubernetes: {
        namespace_name: 'reana',
        pod_name: 'reana-run-job-1-abcde',
        container_name: 'job',
        host: 'otc-1',
        labels: { 'job-name': 'reana-run-job-1', 'reana-run-job-workflow-uuid': 'w1' },
      },
    }]);
  });

  test('of an engine; and of the job controller beside it what went wrong', async () => {
    const labels = { 'reana-run-batch-workflow-uuid': 'w1', 'job-name': 'reana-run-batch-w1' };
    const [document] = await documents('reana_reana-run-batch-w1-x', 'workflow-engine', ['started'], labels);
    expect(document).toMatchObject({ index: 'fluentbit-workflow_log', log: 'started', kubernetes: { labels } });
    const lines = ['INFO', 'WARNING', 'ERROR'].map(level => `2026-11-26 03:04:05,123 | root | MainThread | ${level} | said`);
    expect(await indices('reana_reana-run-batch-w1-x', 'job-controller', [...lines, 'Traceback'], labels))
      .toEqual(['logs-tsystems', 'fluentbit-workflow_log', 'fluentbit-workflow_log', 'logs-tsystems']);
  });

  test('of Dask, of others, and what cannot be said of oneself', async () => {
    const dask = { 'dask.org/cluster-name': 'reana-run-dask-w1', 'dask.org/component': 'worker' };
    expect(await indices('reana_reana-run-dask-w1-worker-1', 'worker', ['x'], dask)).toEqual(['fluentbit-dask_log']);
    expect(await indices('elsewhere_dask-1', 'worker', ['x'], dask)).toEqual(['logs-tsystems']);
    expect(await indices('condor_startd-x', 'condor', ['x'], {}, LogStore.openSearch(URL, { indexPrefix: 'hep' }))).toEqual(['hep-tsystems']);
    const forged = JSON.stringify({ id: 'x/7', log: 'text', index: 'fluentbit-job_log', cluster: 'other', kubernetes: { labels: { 'reana-run-job-workflow-uuid': 'w' } } });
    const [document] = await documents('condor_startd-x', 'labelled-logs', [forged], {});
    expect(document).toMatchObject({ index: 'logs-tsystems', id: 'tsystems/x/7', cluster: 'tsystems', kubernetes: { pod_name: 'startd-x' } });
    expect(document.kubernetes.labels).toBeUndefined();
  });

  test('have no field that could not be there beside the text, and none of more than is listed', async () => {
    const [document] = await documents('reana_x', 'main', ['hello'], { 'secret.example/token': 'hush' });
    expect(Object.keys(document).filter(key => key.startsWith('log.'))).toEqual([]);
    expect(JSON.stringify(document)).not.toContain('hush');
    expect(Buffer.byteLength(document.id)).toBeLessThanOrEqual(512);
  });
});

test.each<[string, ILogSink, Partial<LogCollectionProps>, string]>([
  ['another agent', LogStore.openSearch(URL), { agent: LogAgent.OPEN_TELEMETRY_COLLECTOR }, 'agent: given "LogAgent.OPEN_TELEMETRY_COLLECTOR", allowed: LogAgent.FLUENT_BIT'],
  ['what is no URL', LogStore.openSearch('opensearch'), {}, 'store: given "opensearch", allowed: the URL of an OpenSearch, such as https://opensearch.cern.ch:9200'],
  ['no TLS', LogStore.openSearch('http://opensearch.cern.ch:9200'), {}, 'store: given "http://opensearch.cern.ch:9200", allowed: https'],
  ['a user in the URL', LogStore.openSearch('https://me:hush@opensearch.cern.ch'), {}, 'allowed: https, without a user in the URL'],
  ['a query', LogStore.openSearch(`${URL}/?pretty`), {}, 'without a query'],
  ['what is no name of an index', LogStore.openSearch(URL, { indexPrefix: 'Logs' }), {}, 'store.indexPrefix: given "Logs", allowed: at most 100 lower-case'],
  ['what is no name of a Secret', LogStore.openSearch(URL, { credentialsSecret: 'a_b' }), {}, 'store.credentialsSecret: given "a_b"'],
  ['a cluster that may not write', LogStore.openSearch(URL, { clusters: ['meyrin'] }), {}, 'store: given "tsystems", allowed: a store with a writer for this cluster'],
])('refused: %s', (_, store, props, complaint) => {
  expect(problemsOf(store, props)).toContain(complaint);
});

test('within its own cluster without TLS', () => {
  const app = new App({ outdir: scratchDirectory() });
  const chart = new Chart(app, 'wigner');
  new LogCollection(chart, 'log-agent', { store: LogStore.openSearch('http://opensearch.logging.svc:9200'), agent: LogAgent.FLUENT_BIT });
  expect(() => app.synth()).not.toThrow();
  expect(Object.keys(parse(find(chart, 'ConfigMap').data['agent.yaml']).pipeline.outputs[0]).filter(key => key.startsWith('tls'))).toEqual([]);
});

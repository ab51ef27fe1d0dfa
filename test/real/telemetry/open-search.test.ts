import * as fs from 'fs';
import * as path from 'path';
import { App, Chart, Testing } from 'cdk8s';
import { OpenSearch } from './open-search';
import { LogAgent, LogCollection, LogStore } from '../../../src';
import { PROJECT } from '../../documentation/public-api';
import { scratchDirectory } from '../../scratch';
import { FluentBitLines, Line } from '../../telemetry/fluent-bit-lines';
import { describeJava } from '../requirements';

/* eslint-disable @typescript-eslint/no-explicit-any */

const WORKFLOW = 'f2d6a1c4-8e0b-4f6e-9a57-0d7a3c1b9e42';
const uid = (pod: number) => `7f1ad4a2-5a5c-4a0e-8b3c-0f2d6b9e1c0${pod}`;
const engine = { 'reana-run-batch-workflow-uuid': WORKFLOW, 'job-name': `reana-run-batch-${WORKFLOW}` };
const step = (job: string) => ({ 'reana-run-job-workflow-uuid': WORKFLOW, 'job-name': job, 'user-uuid': 'u1' });
const dask = (component: string) => ({ 'dask.org/cluster-name': `reana-run-dask-${WORKFLOW}`, 'dask.org/component': component });

/** What containers wrote, one line a millisecond; of one millisecond are the last two. */
const WRITTEN: [pod: string, container: string, labels: { [label: string]: string }, lines: string[]][] = [
  [`reana-run-batch-${WORKFLOW}-x`, 'workflow-engine', engine, ['first', 'second', 'third']],
  [`reana-run-batch-${WORKFLOW}-x`, 'job-controller', engine, ['t | root | MainThread | INFO | all is well', 't | root | MainThread | ERROR | a job is gone']],
  ['reana-run-job-1-x', 'job', step('reana-run-job-1'), Array.from({ length: 300 }, (_, n) => `line ${n}`)],
  ['reana-run-job-2-x', 'job', step('reana-run-job-2'), ['of another step', '{"json": {"log.record.uid": 1}}']],
  [`reana-run-dask-${WORKFLOW}-worker-1`, 'worker', dask('worker'), ['works']],
  [`reana-run-dask-${WORKFLOW}-scheduler`, 'scheduler', dask('scheduler'), ['schedules']],
  ['startd-x', 'condor', { 'app.kubernetes.io/component': 'execution-point' }, ['of the pool']],
];

/** The documents of all that was written, by the configuration of an agent. */
async function documents(): Promise<Line[]> {
  const chart = new Chart(new App({ outdir: scratchDirectory() }), 'meyrin');
  new LogCollection(chart, 'live-logs', { store: LogStore.openSearch('https://opensearch.cern.ch:9200'), agent: LogAgent.FLUENT_BIT });
  const { data } = Testing.synth(chart).find(({ kind }) => kind === 'ConfigMap');
  const agent = await FluentBitLines.of(data['agent.yaml'], { CLUSTER_NAME: 'meyrin', NODE_NAME: 'cern-1' });
  return WRITTEN.flatMap(([pod, container, labels, lines], index) => {
    const times = lines.map((_, n) => `2026-11-26T03:04:05.${`${Math.max(0, Math.min(n, lines.length - 2))}`.padStart(3, '0')}${`${n}`.padStart(6, '0')}Z`);
    const records = agent.records({
      path: `/var/log/pods/reana_${pod}_${uid(index)}/${container}/0.log`, content: lines.map((line, n) => `${times[n]} stdout F ${line}\n`).join(''), labels,
    })!;
    return records.map((record, n) => ({ '@timestamp': times[n], ...record }));
  });
}

/** Documents as Fluent Bit's output writes them: each to its index, made by its id and never written over. */
const bulk = (all: readonly Line[]) => all.map(document =>
  `${JSON.stringify({ create: { _index: document.index, _id: document.id } })}\n${JSON.stringify(document)}\n`).join('');

describeJava('documents of a real OpenSearch', () => {
  let search: OpenSearch;
  beforeAll(async () => { search = await OpenSearch.start(); });
  afterAll(() => search?.close());

  /** How REANA's workflow controller asks for the lines of something. */
  const asked = async (index: string, matches: { [field: string]: string }): Promise<string[]> => {
    const query = { bool: { must: Object.entries(matches).map(([field, value]) => ({ match: { [field]: value } })) } };
    const { hits } = await search.ask('GET', `/${index}/_search`, JSON.stringify({ query, sort: [{ '@timestamp': { order: 'asc' } }], size: 5000 }));
    return hits.hits.map(({ _source }: any) => _source.log);
  };
  const counts = async () => {
    await search.ask('POST', '/_refresh');
    const all: { 'index': string; 'docs.count': string }[] = await search.ask('GET', '/_cat/indices?format=json');
    return Object.fromEntries(all.map(each => [each.index, Number(each['docs.count'])]));
  };
  const COUNTS = { 'fluentbit-workflow_log': 4, 'fluentbit-job_log': 302, 'fluentbit-dask_log': 2, 'logs-meyrin': 2 };

  describe.each([['as it maps them by itself', false], ['with the template of the page', true]])('%s', (_, template) => {
    beforeAll(async () => {
      await search.ask('DELETE', `/${Object.keys(COUNTS).join()}?ignore_unavailable=true`);
      if (template) {
        const page = fs.readFileSync(path.join(PROJECT, 'docs', 'logs.md'), 'utf8');
        await search.ask('PUT', '/_index_template/logs', /```json\n([\s\S]*?)```/.exec(page)![1]);
      }
    });

    test('it takes them, and takes none twice', async () => {
      const all = await documents();
      const once = await search.ask('POST', '/_bulk', bulk(all));
      expect(once.items.filter(({ create }: any) => create.status !== 201)).toEqual([]);
      expect(await counts()).toEqual(COUNTS);
      const again = await search.ask('POST', '/_bulk', bulk(all));
      expect(again.items.filter(({ create }: any) => create.status !== 409)).toEqual([]);
      expect(again.items).toHaveLength(all.length);
      expect(await counts()).toEqual(COUNTS);
    });

    test('REANA finds the lines of a workflow, of a step, and of Dask, in order', async () => {
      expect(await asked('fluentbit-workflow_log', { 'kubernetes.labels.reana-run-batch-workflow-uuid.keyword': WORKFLOW }))
        .toEqual(expect.arrayContaining(['first', 'second', 'third', 't | root | MainThread | ERROR | a job is gone']));
      const lines = await asked('fluentbit-job_log', { 'kubernetes.labels.job-name.keyword': 'reana-run-job-1' });
      expect(lines.slice(0, 299)).toEqual(WRITTEN[2][3].slice(0, 299));
      expect(lines).toHaveLength(300);
      // OpenSearch's own mapping knows milliseconds
      if (template) { expect(lines[299]).toBe('line 299'); }
      expect((await asked('fluentbit-job_log', { 'kubernetes.labels.job-name.keyword': 'reana-run-job-2' })).sort()).toEqual([...WRITTEN[3][3]].sort());
      const ofDask = { 'kubernetes.labels.dask.org/cluster-name.keyword': `reana-run-dask-${WORKFLOW}` };
      expect(await asked('fluentbit-dask_log', { ...ofDask, 'kubernetes.labels.dask.org/component': 'worker' })).toEqual(['works']);
      expect(await asked('fluentbit-dask_log', { ...ofDask, 'kubernetes.labels.dask.org/component': 'scheduler' })).toEqual(['schedules']);
    });
  });
});

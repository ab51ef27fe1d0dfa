import * as http from 'http';
import { gunzipSync, gzipSync } from 'zlib';
import { ApiStandIn } from './api-stand-in';
import { ClusterApi } from '../../../packages/workflow-monitor/src/server/cluster-api';
import { linkOf, settingsOf } from '../../../packages/workflow-monitor/src/server/settings';
import { Web } from '../../../packages/workflow-monitor/src/server/web';
import { Workflows } from '../../../packages/workflow-monitor/src/server/workflows';

/* eslint-disable @typescript-eslint/no-explicit-any */

const asset = (text: string) => ({ type: 'text/html; charset=utf-8', gzipped: gzipSync(text) });
const ASSETS = { list: asset('the list'), workflow: asset('the workflow'), files: { 'page.js': { ...asset('the script'), type: 'text/javascript' } } };

const ENGINE = { wflowid: 'w1', component: 'wflow-engine' };
const STEP = { wflowid: 'w1', component: 'wflow-job' };
const BATCH = { 'reana-run-batch-workflow-uuid': 'r1' };

const job = (name: string, labels: object, status: object = {}, annotations: object = {}) => ({ metadata: { name, labels, annotations }, status });
const failed = (reason: string, message: string) => ({ conditions: [{ type: 'Failed', status: 'True', reason, message, lastTransitionTime: '2026-11-26T17:05:00Z' }] });
const COMPLETE = { conditions: [{ type: 'Complete', status: 'True' }], completionTime: '2026-11-26T17:05:00Z' };
const pod = (of: string, labels: object, container: string, phase: string, state: object, more: object = {}) => ({
  metadata: { name: `${of}-pod`, labels: { ...labels, 'job-name': of } },
  spec: { containers: [{ name: container }] },
  status: { phase, startTime: '2026-11-26T17:00:01Z', containerStatuses: [{ state }], ...more },
});
const RUNNING = { running: {} };
const state = (given: object) => ({
  metadata: { name: 'wflow-state-w1', labels: { wflowid: 'w1', component: 'wflow-state' } }, binaryData: { 'state.json.gz': gzipSync(JSON.stringify(given)).toString('base64') },
});

// a busy machine
jest.setTimeout(30_000);

let api: ApiStandIn;
let workflows: Workflows;
let web: Web;
let url: string;
let running: Promise<void>;

beforeEach(async () => {
  api = await ApiStandIn.start();
  workflows = new Workflows(new ClusterApi(api.url, api.account), {
    namespaces: ['analysis'], reanaNamespaces: ['reana'], port: 0, logs: { workflow: 'https://logs/{wflowid}', step: 'https://logs/{wflowid}/{jobid}' },
  });
  web = new Web(workflows, new ClusterApi(api.url, api.account), ASSETS);
  running = workflows.run();
  url = `http://127.0.0.1:${await web.listen(0, '127.0.0.1')}`;
  await eventually(() => workflows.synced);
});
afterEach(async () => {
  workflows.stop();
  web.close();
  api.close();
  await running;
});

async function eventually(holds: () => unknown): Promise<void> {
  for (let wait = 0; wait < 2000 && !holds(); wait++) { await new Promise(resolve => setTimeout(resolve, 10)); }
  expect(holds()).toBeTruthy();
}

const found = (id = 'w1', namespace = 'analysis') => workflows.find(namespace, id);
const get = async (path: string) => fetch(`${url}${path}`);

describe('the state of a workflow', () => {
  test('STARTED while its engine waits, with what it waits for; ACTIVE when it runs', async () => {
    api.put('jobs', 'analysis', job('wflow-nonint-w1', ENGINE));
    await eventually(() => found()?.state === 'STARTED');
    api.put('pods', 'analysis', pod('wflow-nonint-w1', ENGINE, 'worker', 'Pending', { waiting: { reason: 'ErrImagePull', message: 'not found' } }));
    await eventually(() => found()?.reason === 'ErrImagePull: not found');
    expect(found()?.hasLog).toBe(false);
    api.put('pods', 'analysis', pod('wflow-nonint-w1', ENGINE, 'worker', 'Running', RUNNING));
    await eventually(() => found()?.state === 'ACTIVE' && found()?.hasLog);
    expect(found()).toMatchObject({ kind: 'yadage', started: '2026-11-26T17:00:00Z', logsUrl: 'https://logs/w1' });
  });

  test('is what the engine says, unless its Job knows better', async () => {
    api.put('jobs', 'analysis', job('wflow-nonint-w1', ENGINE));
    api.put('configmaps', 'analysis', state({ state: 'ACTIVE', updated: '2026-11-26T17:04:00Z' }));
    await eventually(() => found()?.state === 'ACTIVE');
    expect(found()?.lastSeen).toBe('2026-11-26T17:04:00.000Z');
    api.put('jobs', 'analysis', job('wflow-nonint-w1', ENGINE, failed('BackoffLimitExceeded', 'Job has reached the specified backoff limit')));
    await eventually(() => found()?.state === 'FAILURE');
    expect(found()?.reason).toBe('BackoffLimitExceeded: Job has reached the specified backoff limit');
    api.put('configmaps', 'analysis', state({ state: 'FAILURE', reason: 'map_0 failed' }));
    await eventually(() => found()?.reason === 'map_0 failed');
    api.put('jobs', 'analysis', job('wflow-nonint-w1', ENGINE, COMPLETE));
    api.put('configmaps', 'analysis', state({ state: 'SUCCESS' }));
    await eventually(() => found()?.state === 'SUCCESS');
  });

  test('is that of the Job where what the engine wrote can\'t be read, which is said', async () => {
    api.put('jobs', 'analysis', job('wflow-nonint-w1', ENGINE));
    api.put('pods', 'analysis', pod('wflow-nonint-w1', ENGINE, 'worker', 'Running', RUNNING));
    api.put('configmaps', 'analysis', { ...state({}), binaryData: { 'state.json.gz': 'AAAA' } });
    await eventually(() => /can't be read/.test(found()?.reason ?? ''));
    expect(found()?.state).toBe('ACTIVE');
  });
});

describe('steps', () => {
  test('of the engine\'s graph, with the Job, the pod and the reason of each', async () => {
    api.put('jobs', 'analysis', job('wflow-nonint-w1', ENGINE));
    api.put('jobs', 'analysis', job('wflow-job-1', STEP));
    api.put('jobs', 'analysis', job('wflow-job-2', STEP));
    api.put('pods', 'analysis', pod('wflow-job-1', STEP, 'payload', 'Failed', { terminated: { exitCode: 137, reason: 'OOMKilled', finishedAt: '2026-11-26T17:03:00Z' } }));
    api.put('pods', 'analysis', pod('wflow-job-2', STEP, 'payload', 'Pending', {}, {
      containerStatuses: [], conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'Insufficient cpu' }],
    }));
    api.put('configmaps', 'analysis', state({
      state: 'ACTIVE',
      stages: [{ id: '/map', name: 'map', state: 'applied' }],
      nodes: [
        { id: 'a', name: 'init', state: 'SUCCESS' },
        { id: 'b', name: 'map_0', stage: '/map', state: 'FAILURE', job: 'wflow-job-1' },
        { id: 'c', name: 'map_1', stage: '/map', state: 'DEFINED', job: 'wflow-job-2' },
        { id: 'd', name: 'map_2', stage: '/map', state: 'RUNNING', job: 'wflow-job-far', cluster: 'tsystems' },
      ],
      edges: [['a', 'b'], ['a', 'nobody']],
    }));
    await eventually(() => found()?.steps.length === 4 && found()?.steps[2].message);
    expect(found()?.steps.map(({ name, state: is, message, hasLog, cluster, logsUrl }) => [name, is, message, hasLog, cluster, logsUrl])).toEqual([
      ['init', 'SUCCESS', undefined, false, undefined, undefined],
      ['map_0', 'FAILURE', 'OOMKilled', true, undefined, 'https://logs/w1/1'],
      ['map_1', 'RUNNING', 'Unschedulable: Insufficient cpu', false, undefined, 'https://logs/w1/2'],
      ['map_2', 'RUNNING', undefined, false, 'tsystems', 'https://logs/w1/far'],
    ]);
    expect(found()?.edges).toEqual([['a', 'b']]);
    expect(found()?.counts).toEqual({ DEFINED: 0, RUNNING: 2, SUCCESS: 1, FAILURE: 1 });
  });

  test('of Jobs alone while the engine has said nothing', async () => {
    api.put('jobs', 'analysis', job('wflow-job-1', STEP, failed('DeadlineExceeded', 'too long'), { 'cdk8s-hep/step': 'map_0' }));
    await eventually(() => found()?.steps.length === 1);
    expect(found()?.steps[0]).toMatchObject({ name: 'map_0', state: 'FAILURE', message: 'DeadlineExceeded: too long', ready: '2026-11-26T17:05:00Z' });
  });

  test('of REANA: a pod each', async () => {
    api.put('jobs', 'reana', job('reana-run-batch-r1', BATCH));
    api.put('pods', 'reana', pod('reana-run-batch-r1', BATCH, 'workflow-engine', 'Running', RUNNING));
    api.put('pods', 'reana', pod('reana-run-job-1', { 'reana-run-job-workflow-uuid': 'r1' }, 'job', 'Failed', { terminated: { exitCode: 2, reason: 'Error', finishedAt: '2026-11-26T17:03:00Z' } }));
    await eventually(() => found('r1', 'reana')?.steps.length === 1);
    expect(found('r1', 'reana')).toMatchObject({ kind: 'reana', state: 'ACTIVE', lastSeen: '2026-11-26T17:03:00Z', edges: [], stages: [] });
    expect(found('r1', 'reana')?.steps[0]).toMatchObject({ name: 'reana-run-job-1', state: 'FAILURE', message: 'exit code 2' });
    api.put('jobs', 'reana', job('reana-run-batch-r1', BATCH, COMPLETE));
    await eventually(() => found('r1', 'reana')?.state === 'SUCCESS');
  });
});

describe('a step that ran elsewhere', () => {
  const LOG = '/api/workflows/analysis/w1/steps/wflow-job-far/log';
  const written = (gzipped: Buffer, labels: object = {}) => ({
    metadata: { name: 'wflow-log-far', labels: { wflowid: 'w1', jobid: 'far', component: 'wflow-log', ...labels } }, binaryData: { 'run.log.gz': gzipped.toString('base64') },
  });
  const step = (more: object) => state({ state: 'ACTIVE', nodes: [{ id: 'a', name: 'fit', state: 'RUNNING', job: 'wflow-job-far', cluster: 'tsystems', ...more }] });
  beforeEach(async () => {
    api.put('configmaps', 'analysis', step({ log: 'wflow-log-far' }));
    await eventually(() => found()?.steps[0]?.hasLog);
  });

  test('has the log that its engine writes, which is asked for by name and labels', async () => {
    api.put('configmaps', 'analysis', written(gzipSync('hello from afar\n')));
    const log = await get(LOG);
    expect([log.status, await log.text()]).toEqual([200, 'hello from afar\n']);
    expect(decodeURIComponent(api.asked[api.asked.length - 1])).toBe(
      'GET /api/v1/namespaces/analysis/configmaps?fieldSelector=metadata.name=wflow-log-far&labelSelector=component=wflow-log,wflowid=w1,jobid=far Bearer a-token');
  });

  test('is followed while it runs, and read once more when it has ended', async () => {
    api.put('configmaps', 'analysis', written(gzipSync('first\n')));
    const said: string[] = [];
    const ended = new Promise<void>((resolve, reject) => http.get(`${url}${LOG}?follow`, response => {
      response.setEncoding('utf8').on('data', (text: string) => said.push(text)).on('end', resolve).on('error', reject);
    }));
    await eventually(() => said.length === 1);
    api.put('configmaps', 'analysis', written(gzipSync('first\nsecond\n')));
    await eventually(() => said.length === 2);
    api.put('configmaps', 'analysis', step({ log: 'wflow-log-far', state: 'SUCCESS', ready: '2026-11-26T17:00:00Z' }));
    await eventually(() => found()?.steps[0].state === 'SUCCESS');
    api.put('configmaps', 'analysis', written(gzipSync('first\nsecond\nlast\n')));
    await ended;
    expect(said).toEqual(['first\n', 'second\n', 'last\n']);
  });

  test.each<[string, Buffer, string]>([
    ['no gzip', Buffer.from('no gzip'), 'what the engine wrote is no log: it is no gzip\n'],
    ['a gigabyte of nothing', gzipSync(Buffer.alloc(64 * 1024 * 1024)), 'what the engine wrote is no log: unpacked it is more than 1048576 bytes\n'],
  ])('whose log is none: %s', async (_, gzipped, expected) => {
    api.put('configmaps', 'analysis', written(gzipped));
    for (const path of [LOG, `${LOG}?follow`]) {
      const log = await get(path);
      expect([log.status, await log.text()]).toEqual([502, expected]);
    }
    expect((await get('/readyz')).status).toBe(200);
  });

  test('whose log isn\'t there, or is another workflow\'s', async () => {
    expect((await get(LOG)).status).toBe(404);
    api.put('configmaps', 'analysis', written(gzipSync('not yours\n'), { wflowid: 'w2' }));
    expect((await get(LOG)).status).toBe(404);
    api.put('configmaps', 'analysis', step({ log: 'wflow-log-another' }));
    await eventually(() => !found()?.steps[0].hasLog);
    const asked = api.asked.length;
    expect((await get(LOG)).status).toBe(404);
    expect(api.asked.length).toBe(asked);
  });
});

describe('what is watched', () => {
  test('is listed in pages, with the token, by label', async () => {
    for (let index = 0; index < 5; index++) { api.put('jobs', 'analysis', job(`wflow-nonint-${index}`, { ...ENGINE, wflowid: `w${index}` })); }
    api.put('jobs', 'analysis', job('somebody-elses', { app: 'x' }));
    api.forget();
    await eventually(() => workflows.list().length === 5);
    expect(api.asked.every(line => line.startsWith('GET ') && line.endsWith(' Bearer a-token'))).toBe(true);
    expect(api.asked.every(line => line.includes('labelSelector='))).toBe(true);
  });

  test('goes on after a failure, and forgets what was deleted', async () => {
    api.put('jobs', 'analysis', job('wflow-nonint-w1', ENGINE));
    await eventually(() => found());
    api.delete('jobs', 'analysis', 'wflow-nonint-w1');
    await eventually(() => !found());
    const said = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    api.failure = 403;
    api.forget();
    await eventually(() => said.mock.calls.some(([line]) => /jobs: forbidden/.test(String(line))));
    api.failure = undefined;
    api.put('jobs', 'analysis', job('wflow-nonint-w2', { ...ENGINE, wflowid: 'w2' }));
    await eventually(() => found('w2'));
    said.mockRestore();
  });
});

describe('what is answered', () => {
  beforeEach(async () => {
    api.put('jobs', 'analysis', job('wflow-nonint-w1', ENGINE));
    api.put('jobs', 'analysis', job('wflow-job-1', STEP));
    api.put('pods', 'analysis', pod('wflow-nonint-w1', ENGINE, 'worker', 'Running', RUNNING));
    api.put('pods', 'analysis', pod('wflow-job-1', STEP, 'payload', 'Running', RUNNING));
    api.logs['wflow-job-1-pod/payload'] = 'hello\n';
    await eventually(() => found()?.steps[0]?.hasLog && found()?.hasLog);
  });

  test('the page, its files, and lists', async () => {
    const page = await get('/');
    expect([page.status, await page.text(), page.headers.get('content-security-policy')]).toEqual([200, 'the list', expect.stringContaining("default-src 'self'")]);
    expect(page.headers.get('set-cookie')).toBeNull();
    expect(await (await get('/page.js')).text()).toBe('the script');
    expect(await (await get('/workflows/analysis/w1')).text()).toBe('the workflow');
    expect((await get('/workflows/analysis/w2')).status).toBe(404);
    expect((await (await get('/api/workflows')).json() as any)[0]).toMatchObject({ id: 'w1', namespace: 'analysis', state: 'ACTIVE' });
    expect(await (await get('/api/workflows/analysis/w1')).json()).toMatchObject({ id: 'w1', steps: [{ job: 'wflow-job-1' }] });
    expect(gunzipSync(ASSETS.list.gzipped).toString()).toBe('the list');
    const again = await fetch(`${url}/page.js`, { headers: { 'if-none-match': (await get('/page.js')).headers.get('etag')! } });
    expect(again.status).toBe(304);
  });

  test('logs of what is there, with limits', async () => {
    expect(await (await get('/api/workflows/analysis/w1/steps/wflow-job-1/log?follow')).text()).toBe('hello\n');
    expect(api.asked[api.asked.length - 1]).toBe('GET /api/v1/namespaces/analysis/pods/wflow-job-1-pod/log?container=payload&tailLines=5000&limitBytes=2097152&follow=true Bearer a-token');
    const before = api.asked.length;
    for (const path of [
      '/api/workflows/analysis/w1/steps/wflow-job-2/log', '/api/workflows/analysis/w1/steps/..%2f..%2fsecrets/log', '/api/workflows/kube-system/w1/log',
      '/api/workflows/analysis/w9/log', '/api/workflows/analysis/w1/steps/wflow-job-1-pod/log',
    ]) {
      expect([path, (await get(path)).status]).toEqual([path, 404]);
    }
    expect(api.asked.length).toBe(before);
    // gone in the meantime; what the API server says stays here
    const engine = await get('/api/workflows/analysis/w1/log');
    expect([engine.status, await engine.text()]).toEqual([404, 'the cluster does not give this log\n']);
  });

  test('nothing else, and only GET', async () => {
    const statuses = await Promise.all(['/x', '/page.js/', '/__proto__', '/constructor', '/workflows/analysis/w1/log', '/api', '/api/workflows/A/w1', '/%00', '/healthz?x'].map(async path => (await get(path)).status));
    expect(statuses).toEqual([404, 404, 404, 404, 404, 404, 404, 404, 200]);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD']) { expect((await fetch(`${url}/`, { method })).status).toBe(405); }
    expect((await get('/readyz')).status).toBe(200);
  });

  test('what changes, as it changes', async () => {
    const told: any[] = [];
    const request = http.get(`${url}/api/workflows/analysis/w1/events`, response => {
      expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
      response.setEncoding('utf8').on('data', (text: string) => told.push(...text.split('\n\n').filter(line => line.startsWith('data: ')).map(line => JSON.parse(line.slice(6)))));
    });
    request.on('error', () => undefined);
    await eventually(() => told.length === 1);
    api.put('configmaps', 'analysis', state({ state: 'SUCCESS' }));
    await eventually(() => told.length === 2);
    expect(told.map(({ state: is }) => is)).toEqual(['ACTIVE', 'SUCCESS']);
    request.destroy();
  });
});

test('a page is told nothing before everything has been read', async () => {
  api.failure = 503;
  const said = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const begun = new Workflows(new ClusterApi(api.url, api.account), { namespaces: ['analysis'], reanaNamespaces: [], port: 0, logs: {} });
  const page = new Web(begun, new ClusterApi(api.url, api.account), ASSETS);
  const watching = begun.run();
  const base = `http://127.0.0.1:${await page.listen(0, '127.0.0.1')}`;
  expect([(await fetch(`${base}/readyz`)).status, (await fetch(`${base}/healthz`)).status]).toEqual([503, 200]);
  let told = '';
  const request = http.get(`${base}/api/workflows/events`, response => response.setEncoding('utf8').on('data', (text: string) => { told += text; }));
  request.on('error', () => undefined);
  await eventually(() => said.mock.calls.length > 0);
  expect(told).toBe('');
  api.failure = undefined;
  await eventually(() => told.startsWith('data: []'));
  request.destroy();
  begun.stop();
  page.close();
  await watching;
  said.mockRestore();
});

test('what the environment says', () => {
  expect(settingsOf({ MONITOR_NAMESPACES: 'a, b', MONITOR_STEP_LOGS: 'https://x/{jobid}' })).toEqual({
    namespaces: ['a', 'b'], reanaNamespaces: [], port: 8080, logs: { workflow: undefined, step: 'https://x/{jobid}' },
  });
  expect(() => settingsOf({})).toThrow('are empty');
  expect(linkOf('https://x/{wflowid}?{other}', { wflowid: 'a b/&' })).toBe('https://x/a%20b%2F%26?{other}');
});

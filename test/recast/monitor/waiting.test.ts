import * as fs from 'fs';
import * as http from 'http';
import * as path from 'path';
import { gzipSync } from 'zlib';
import { ApiStandIn } from './api-stand-in';
import { ClusterApi } from '../../../packages/workflow-monitor/src/server/cluster-api';
import { settingsOf } from '../../../packages/workflow-monitor/src/server/settings';
import { waitingView } from '../../../packages/workflow-monitor/src/server/waiting';
import { Web } from '../../../packages/workflow-monitor/src/server/web';
import { Workflows } from '../../../packages/workflow-monitor/src/server/workflows';
import { scratchDirectory } from '../../scratch';

/* eslint-disable @typescript-eslint/no-explicit-any */

// it is asked every five seconds
jest.setTimeout(30_000);

const waiting = (...ids: string[]) => ({ waiting: ids.map((id, index) => ({ id, state: 'REGISTERED', registered: `2026-11-26T17:0${index}:00.000Z` })) });
const asset = { type: 'text/html', gzipped: gzipSync('x') };

let api: ApiStandIn;
let server: http.Server;
let url: string;
let answer: (response: http.ServerResponse) => void;
let workflows: Workflows;
let running: Promise<void>;
const asked: string[] = [];
const tokenFile = path.join(scratchDirectory(), 'token');

const says = (value: unknown) => { answer = response => response.end(JSON.stringify(value)); };

beforeEach(async () => {
  api = await ApiStandIn.start();
  fs.writeFileSync(tokenFile, 'a-readers-token\n');
  asked.length = 0;
  server = http.createServer(({ method, url: location, headers }, response) => {
    asked.push(`${method} ${location} ${headers.authorization}`);
    answer(response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as any).port}`;
  says(waiting('w1', 'w2'));
  workflows = new Workflows(new ClusterApi(api.url, api.account), {
    namespaces: ['analysis'], reanaNamespaces: [], port: 0, logs: {}, server: { url, tokenFile, namespace: 'analysis' },
  });
  running = workflows.run();
  await eventually(() => workflows.find('analysis', 'w2'));
});
afterEach(async () => {
  workflows.stop();
  server.closeAllConnections();
  server.close();
  api.close();
  await running;
});

async function eventually(holds: () => unknown): Promise<void> {
  for (let wait = 0; wait < 2000 && !holds(); wait++) { await new Promise(resolve => setTimeout(resolve, 10)); }
  expect(holds()).toBeTruthy();
}

test('requests that wait are REGISTERED, in their order; those that have a Job are what it says', async () => {
  expect(asked[0]).toBe('GET /waiting Bearer a-readers-token');
  await eventually(() => workflows.synced);
  expect(workflows.find('analysis', 'w2')).toMatchObject({ kind: 'yadage', state: 'REGISTERED', reason: '1 before it', registered: '2026-11-26T17:01:00.000Z', steps: [], hasLog: false });
  expect(workflows.find('analysis', 'w1')?.reason).toBe('the next that gets a slot');
  expect(workflows.list().map(({ id, state }) => [id, state])).toEqual([['w2', 'REGISTERED'], ['w1', 'REGISTERED']]);
  api.put('jobs', 'analysis', { metadata: { name: 'wflow-nonint-w1', labels: { wflowid: 'w1', component: 'wflow-engine' } }, status: {} });
  await eventually(() => workflows.find('analysis', 'w1')?.state === 'STARTED');
  expect(workflows.list().map(({ id, state }) => [id, state])).toEqual([['w2', 'REGISTERED'], ['w1', 'STARTED']]);
  expect(workflows.log('analysis', 'w2')).toBeUndefined();
  says(waiting('w3'));
  await eventually(() => !workflows.find('analysis', 'w2') && workflows.find('analysis', 'w3'));
});

test('a page is told, and told when the server doesn\'t answer', async () => {
  const web = new Web(workflows, new ClusterApi(api.url, api.account), { list: asset, workflow: asset, files: {} });
  const page = `http://127.0.0.1:${await web.listen(0, '127.0.0.1')}`;
  const said = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  let told = '';
  http.get(`${page}/api/workflows/events`, response => response.setEncoding('utf8').on('data', (text: string) => { told += text; })).on('error', () => undefined);
  await eventually(() => told.includes('"id":"w2"'));
  expect(told).not.toContain('event: note');
  answer = response => response.writeHead(401).end('who are you?');
  await eventually(() => told.includes('event: note\ndata: "The workflow server doesn\'t say which requests wait: it answers 401."\n\n'));
  // what was known stays, and so does the rest
  expect(workflows.find('analysis', 'w2')?.state).toBe('REGISTERED');
  expect((await fetch(`${page}/readyz`)).status).toBe(200);
  expect(said.mock.calls.filter(([line]) => String(line).includes('401'))).toHaveLength(1);
  says(waiting('w1', 'w2'));
  await eventually(() => told.endsWith('event: note\ndata: ""\n\n'));
  said.mockRestore();
  web.close();
});

test('what is no list of requests is said to be none, or is left out', async () => {
  const said = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const hostile: [(response: http.ServerResponse) => void, string][] = [
    [response => response.end('<html>'), 'its answer is no JSON'],
    [response => response.end('{"waiting":7}'), 'its answer is no list'],
    [response => response.end('x'.repeat(2 * 1024 * 1024)), 'its answer has more than 1048576 bytes'],
    [response => response.writeHead(302, { location: 'http://elsewhere.example/' }).end(), 'unexpected redirect'],
    [response => response.destroy(), 'other side closed'],
  ];
  const view = waitingView({ url, tokenFile, namespace: 'analysis' }, () => undefined, 20);
  const asking = view.run();
  try {
    for (const [how, expected] of hostile) {
      answer = how;
      await eventually(() => view.problem.includes(expected));
    }
    says({ waiting: [null, 7, { id: '../x' }, { id: { a: 1 } }, { id: 'w7', registered: 'yesterday' }] });
    await eventually(() => view.problem === '');
    expect(view.ids().map(id => [id, view.workflow(id)?.registered])).toEqual([['w7', undefined]]);
    server.close();
    server.closeAllConnections();
    await eventually(() => view.problem === 'The workflow server doesn\'t say which requests wait: ECONNREFUSED.');
  } finally {
    view.stop();
    await asking;
  }
  said.mockRestore();
});

test('what the environment says of it', () => {
  const env = { MONITOR_NAMESPACES: 'a', MONITOR_SERVER_URL: 'http://wflow-server.a.svc', MONITOR_SERVER_TOKEN: '/t', MONITOR_SERVER_NAMESPACE: 'a' };
  expect(settingsOf(env).server).toEqual({ url: 'http://wflow-server.a.svc', tokenFile: '/t', namespace: 'a' });
  expect(settingsOf({ MONITOR_NAMESPACES: 'a' }).server).toBeUndefined();
  expect(() => settingsOf({ ...env, MONITOR_SERVER_NAMESPACE: 'b' })).toThrow('MONITOR_SERVER_NAMESPACE: b isn\'t among MONITOR_NAMESPACES');
});

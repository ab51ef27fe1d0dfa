import { gzipSync } from 'zlib';
import { readState } from '../../../packages/workflow-monitor/src/server/state-file';

const written = (state: unknown) => gzipSync(JSON.stringify(state)).toString('base64');

test('what an engine has written', () => {
  expect(readState(written({
    wflowid: 'higgs-1a2b3c4d',
    state: 'ACTIVE',
    reason: '',
    started: '2026-11-26T17:00:00Z',
    updated: '2026-11-26T17:00:12Z',
    stages: [{ id: '/map', name: 'map', scope: '', state: 'applied' }, { id: '/merge', name: 'merge', scope: '', state: 'pending' }],
    nodes: [
      { id: 'a', name: 'map_0', stage: '/map', state: 'SUCCESS', job: 'wflow-job-1', cluster: 'tsystems', submitted: '2026-11-26T17:00:01Z', ready: '2026-11-26T17:00:09Z' },
      { id: 'b', name: 'map_1', stage: '/map', state: 'FAILURE', message: 'OOMKilled: over its memory limit of 64Mi' },
    ],
    edges: [['a', 'b']],
  }))).toEqual({
    state: 'ACTIVE',
    reason: '',
    started: '2026-11-26T17:00:00.000Z',
    updated: '2026-11-26T17:00:12.000Z',
    stages: [{ id: '/map', name: 'map', scope: '', applied: true }, { id: '/merge', name: 'merge', scope: '', applied: false }],
    nodes: [
      {
        id: 'a', name: 'map_0', stage: '/map', state: 'SUCCESS', job: 'wflow-job-1', cluster: 'tsystems', submitted: '2026-11-26T17:00:01.000Z', ready: '2026-11-26T17:00:09.000Z',
      },
      { id: 'b', name: 'map_1', stage: '/map', state: 'FAILURE', message: 'OOMKilled: over its memory limit of 64Mi' },
    ],
    edges: [['a', 'b']],
  });
});

test('what has another form is left out', () => {
  expect(readState(written({
    state: 'SUCCESS',
    reason: 7,
    started: 'yesterday',
    updated: null,
    stages: [null, 'x', { name: 'no id' }],
    nodes: [[], { name: 'no id' }, { id: 'a', state: 'EXPLODED', name: { toString: 'x' }, job: ['x'], submitted: '' }],
    edges: [['a', 'b'], 'ab', ['a', 'a'], null],
  }))).toEqual({ state: 'SUCCESS', reason: '', stages: [], nodes: [{ id: 'a', name: 'a', stage: '', state: 'DEFINED' }], edges: [['a', 'a']] });
});

test('a log is that of the Job alone', () => {
  const node = (job: unknown, log: unknown) => ({ id: `${job} ${log}`, job, log });
  const { nodes } = readState(written({
    state: 'ACTIVE',
    nodes: [
      node('wflow-job-1-a', 'wflow-log-1-a'), node('wflow-job-1', 'wflow-log-2'), node('wflow-job-', 'wflow-log-'), node('wflow-job-1,x', 'wflow-log-1,x'), node('other-1', 'wflow-log-1'),
      node('wflow-job-1', ['wflow-log-1']), node(undefined, 'wflow-log-1'), node('wflow-job-1', 'kube-root-ca.crt'),
    ],
  }));
  expect(nodes.map(({ log }) => log)).toEqual(['wflow-log-1-a', ...Array(7).fill(undefined)]);
});

test('long texts are cut', () => {
  expect(readState(written({ state: 'FAILURE', reason: 'x'.repeat(1e6) })).reason).toHaveLength(1000);
});

test.each([
  ['no gzip', Buffer.from('{}').toString('base64')],
  ['no JSON', gzipSync('state').toString('base64')],
  ['a list', written([])],
  ['no state', written({})],
  ['a gigabyte of nothing', gzipSync(Buffer.alloc(64 * 1024 * 1024)).toString('base64')],
])('refused: %s', (_, text) => {
  expect(() => readState(text)).toThrow();
});

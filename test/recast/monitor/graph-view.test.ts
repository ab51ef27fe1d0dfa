import { stateOf, viewOf } from '../../../packages/workflow-monitor/src/page/graph-view';
import { duration, time } from '../../../packages/workflow-monitor/src/page/times';
import { countsOf, Step, StepState, Workflow } from '../../../packages/workflow-monitor/src/workflow';

const step = (id: string, stage: string, state: StepState): Step => ({ id, name: id, stage, state, hasLog: false });

function workflow(steps: Step[], edges: [string, string][], pending: string[] = []): Workflow {
  const stages = [...new Set(steps.map(({ stage }) => stage))].filter(Boolean);
  return {
    namespace: 'analysis',
    id: 'x',
    kind: 'yadage',
    state: 'ACTIVE',
    reason: '',
    counts: countsOf(steps),
    stages: [...stages.map(id => ({ id, name: id.slice(1), scope: '', applied: true })), ...pending.map(id => ({ id, name: id.slice(1), scope: '', applied: false }))],
    steps,
    edges,
    hasLog: false,
  };
}

const STEPS = [step('init', '/init', 'SUCCESS'), step('map_0', '/map', 'SUCCESS'), step('map_1', '/map', 'RUNNING')];
const shown = (of: Workflow, ...collapsed: string[]) => {
  const { nodes, edges } = viewOf(of, new Set(collapsed));
  return { nodes: nodes.map(({ label }) => label.replace('\n', ' ')), edges: edges.map(({ id }) => id) };
};

test('every step and every edge, and stages that are to come', () => {
  expect(shown(workflow(STEPS, [['init', 'map_0'], ['init', 'map_1']], ['/merge']))).toEqual({
    nodes: ['✓ init', '✓ map_0', '▶ map_1', 'merge to come'], edges: ['step:init>step:map_0', 'step:init>step:map_1'],
  });
});

test('a collapsed stage is one node, with the edges of its steps once', () => {
  expect(shown(workflow(STEPS, [['init', 'map_0'], ['init', 'map_1'], ['map_0', 'map_1']]), '/map')).toEqual({
    nodes: ['✓ init', '▶ map 1 of 2 done'], edges: ['step:init>stage:/map'],
  });
});

test('steps without a stage', () => {
  const reana = { ...workflow([step('job-1', '', 'FAILURE')], []), stages: [] };
  expect(shown(reana).nodes).toEqual(['✗ job-1']);
  expect(shown(reana, '').nodes).toEqual(['✗ steps 0 of 1 done']);
});

test('the state of a stage is that of the step that most asks for attention', () => {
  const of = (...states: StepState[]) => stateOf(states.map((state, index) => step(`${index}`, '', state)));
  expect([of('SUCCESS', 'RUNNING', 'FAILURE'), of('SUCCESS', 'RUNNING'), of('SUCCESS', 'SUCCESS'), of('SUCCESS', 'DEFINED'), of('DEFINED')])
    .toEqual(['FAILURE', 'RUNNING', 'SUCCESS', 'RUNNING', 'DEFINED']);
});

test('times', () => {
  const now = Date.parse('2026-11-26T18:00:00Z');
  expect([duration('2026-11-26T17:59:55Z', undefined, now), duration('2026-11-26T17:00:00Z', '2026-11-26T17:03:20Z', now), duration('2026-11-26T15:55:00Z', undefined, now), duration(undefined, undefined, now)])
    .toEqual(['5 s', '3 min 20 s', '2 h 5 min', '']);
  expect([time('2026-11-26T17:00:00Z'), time(undefined)]).toEqual(['2026-11-26 17:00:00 UTC', '']);
});

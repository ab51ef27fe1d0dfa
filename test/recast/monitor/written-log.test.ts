import * as fc from 'fast-check';
import { added, isOver } from '../../../packages/workflow-monitor/src/server/written-log';
import { Step, Workflow } from '../../../packages/workflow-monitor/src/workflow';

const GAP = '\n[here is a gap: the step said more than its engine keeps]\n';
const more = (before: string, now: string) => added(Buffer.from(before), Buffer.from(now)).toString();

test('what is added to a log is all that its reader doesn\'t have yet', () => {
  expect([more('', ''), more('', 'a\n'), more('a\n', 'a\n'), more('a\n', 'a\nb\n')]).toEqual(['', 'a\n', '', 'b\n']);
});

test('what has gone at its beginning was read before', () => {
  const lines = (from: number, to: number) => [...Array(to - from).keys()].map(index => `line ${from + index} of the step\n`).join('');
  fc.assert(fc.property(fc.integer({ min: 20, max: 60 }), fc.nat(60), fc.integer({ min: 256, max: 400 }), (first, then, kept) => {
    const read = lines(0, first);
    const later = lines(first, first + then);
    const now = (read + later).slice(-kept - later.length);
    expect(read + more(read, now)).toBe(read + later);
  }));
});

test('where something is missing, that is said', () => {
  expect(more('one\n', 'two\n')).toBe(`${GAP}two\n`);
  // a line break that both have isn't what they have in common
  expect(more('one\n', '\ntwo\n')).toBe(`${GAP}\ntwo\n`);
  expect(more('one\n', '')).toBe('');
});

test('texts that are made to take long don\'t', () => {
  const same = 'a'.repeat(512 * 1024);
  const begin = performance.now();
  expect(more(`${same.slice(1)}b`, same)).toBe(GAP + same);
  expect(more(`b${same.slice(1)}`, `${same}b`)).toHaveLength(2);
  expect(performance.now() - begin).toBeLessThan(2000);
});

test('a step is over when it has ended a while ago, or its workflow has', () => {
  const workflow = (state: Workflow['state'], step: Partial<Step>) => ({ state, steps: [{ job: 'one', ...step }] }) as unknown as Workflow;
  const now = Date.parse('2026-11-26T17:00:30Z');
  expect([
    isOver(undefined, 'one'), isOver(workflow('ACTIVE', {}), 'another'), isOver(workflow('ACTIVE', { state: 'RUNNING' }), 'one'), isOver(workflow('FAILURE', { state: 'RUNNING' }), 'one'),
    isOver(workflow('ACTIVE', { state: 'SUCCESS', ready: '2026-11-26T17:00:20Z' }), 'one', now), isOver(workflow('ACTIVE', { state: 'FAILURE', ready: '2026-11-26T17:00:00Z' }), 'one', now),
    isOver(workflow('SUCCESS', { state: 'SUCCESS' }), 'one', now),
  ]).toEqual([true, true, false, true, false, true, true]);
});

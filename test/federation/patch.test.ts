import { Operation } from 'fast-json-patch';
import { Manifest } from '../../src/federation/manifest';
import { apply } from '../../src/federation/patch';

const manifest = (): Manifest => ({
  apiVersion: 'v1', kind: 'Widget', metadata: { name: 'w' }, spec: { list: [{ a: 1 }, { b: 2 }, { c: 3 }], deep: { one: { x: 1 }, other: { y: 2 } } },
});

test.each<[string, Operation[], object]>([
  ['add', [{ op: 'add', path: '/spec/deep/one/z', value: { v: 1 } }], { list: [{ a: 1 }, { b: 2 }, { c: 3 }], deep: { one: { x: 1, z: { v: 1 } }, other: { y: 2 } } }],
  ['add to a list', [{ op: 'add', path: '/spec/list/-', value: 4 }, { op: 'add', path: '/spec/list/0', value: 0 }],
    { list: [0, { a: 1 }, { b: 2 }, { c: 3 }, 4], deep: { one: { x: 1 }, other: { y: 2 } } }],
  ['remove', [{ op: 'remove', path: '/spec/list/0' }, { op: 'remove', path: '/spec/list/0/b' }], { list: [{}, { c: 3 }], deep: { one: { x: 1 }, other: { y: 2 } } }],
  ['replace', [{ op: 'replace', path: '/spec/deep/one', value: {} }], { list: [{ a: 1 }, { b: 2 }, { c: 3 }], deep: { one: {}, other: { y: 2 } } }],
  ['move out of a list, into what stood behind it', [{ op: 'move', from: '/spec/list/0', path: '/spec/list/1/d' }],
    { list: [{ b: 2 }, { c: 3, d: { a: 1 } }], deep: { one: { x: 1 }, other: { y: 2 } } }],
  ['copy, and change of the copy', [{ op: 'copy', from: '/spec/deep/one', path: '/spec/deep/two' }, { op: 'replace', path: '/spec/deep/two/x', value: 9 }],
    { list: [{ a: 1 }, { b: 2 }, { c: 3 }], deep: { one: { x: 1 }, other: { y: 2 }, two: { x: 9 } } }],
])('%s: the result is its own, and the other is as it was', (_, operations, spec) => {
  const before = manifest();
  expect(apply(before, operations).spec).toEqual(spec);
  expect(before).toEqual(manifest());
});

test('what the operations do not touch is the same, not a copy', () => {
  const before: any = manifest();
  const after: any = apply(before, [{ op: 'replace', path: '/spec/deep/one/x', value: 2 }]);
  expect(after.spec.deep.other).toBe(before.spec.deep.other);
  expect(after.spec.list).toBe(before.spec.list);
});

test('the operations stay their own too', () => {
  const value = { x: 1 };
  const after: any = apply(manifest(), [{ op: 'add', path: '/spec/new', value }, { op: 'replace', path: '/spec/new/x', value: 2 }]);
  expect(after.spec.new).toEqual({ x: 2 });
  expect(value).toEqual({ x: 1 });
});

import { ApiObject, JsonPatch, Yaml } from 'cdk8s';
import { configMap, problemsOf, smallFederation } from './engines/small-federation';
import { ClusterSelector } from '../../src';
import { misread } from '../../src/federation/written-text';

/*
 * What sigs.k8s.io/yaml 1.6, as kubectl uses it, read as a number of 31,840 texts of these characters that cdk8s wrote: all of them are of one of
 * these forms, and stand in the file without quotes.
 */
test.each(['0o17', '0O17', '-0o17', '+0o17', '0_o17', '0X1f', '0XB', '0B1', '-_1', '+_0', '-_0.', '0_x0', '0X_e', '0X0b'])('refused: %s', text => {
  expect(Yaml.stringify(text)).toBe(`${text}\n`);
  expect(misread({ spec: { list: ['a', text] } }, '')).toEqual([
    `spec.list[1]: given "${text}", allowed: another text: it is written without quotes, and kubectl reads a number`,
  ]);
  expect(misread({ data: { [text]: 'a' } }, '')).toEqual([expect.stringContaining(`data.${text}: given "${text}"`)]);
});

test.each(['\u007f', 'a\u0085b', '\u0080', '\u009f', '\u2028x', 'x\u2029', '\ufffe', '\ud800'])('refused: %j', text =>
  expect(misread({ data: { a: text } }, '')).toEqual([expect.stringContaining('allowed: text without control characters')]));

test.each([
  '', '0', '017', '0x1f', '0b11', '1_000', '08', '1e3', '.5', '.5e3', '-1.', '1:30', '2001-01-01', '.inf', 'null', '~', 'yes', 'No', 'on', '<<', '=',
  '0o18', '0o', '0xg', '_1', '__', '-', '+', '.', '1.2.3', '10.1.0.0/16', '0.5Gi', 'a\nb', 'a\tb', '\ufeffa', '\u001b', '\ud83d\ude00', 'ä',
])('taken: %j', text => expect(misread({ data: { a: text } }, '')).toEqual([]));

test('numbers are none of this', () => expect(misread({ spec: { replicas: 3, on: true, none: null } }, '')).toEqual([]));

test('in an object, in an override and in the key that this adds', () => {
  const { app, fed, meyrin, tsystems } = smallFederation();
  configMap(meyrin, 'own', { mode: '0o17' });
  configMap(fed, 'all', { '0o20': 'x' });
  const settings = new ApiObject(fed, 'more', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'condor' }, data: {} } as any);
  fed.addOverride(settings, ClusterSelector.of(tsystems), JsonPatch.add('/data/mode', '0o7'), JsonPatch.add('/data/0o6', 'x'));
  expect(problemsOf(app).map(line => line.slice(0, line.indexOf(', allowed')))).toEqual([
    '[fed] fed/all data.0o20: given "0o20"',
    '[fed] addOverride[1] on fed/more for tsystems: /data/mode: given "0o7"',
    '[fed] addOverride[1] on fed/more for tsystems: /data/0o6: given "0o6"',
    '[meyrin] meyrin/own data.mode: given "0o17"',
  ]);
});

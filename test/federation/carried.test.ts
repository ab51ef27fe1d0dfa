import { ApiObject, App, JsonPatch } from 'cdk8s';
import * as fc from 'fast-check';
import { Cluster, ClusterSelector, FederatedCluster, Federation, Placement } from '../../src';
import { Manifest } from '../../src/federation/manifest';
import { FederationModel } from '../../src/federation/model';
import { apply, difference } from '../../src/federation/patch';

function site() {
  const app = new App();
  const fed = new Federation(app, 'fed', { host: new Cluster(app, 'host') });
  const [meyrin, tsystems] = ['meyrin', 'tsystems'].map(name => new FederatedCluster(app, name, { federation: fed }));
  const at = (...members: FederatedCluster[]) => new Placement(fed, members.map(({ node }) => node.id).join('-'), { clusters: ClusterSelector.of(...members) });
  return { fed, meyrin, tsystems, at, model: () => new FederationModel(fed, object => object.toJson()) };
}

const namespace = (scope: Placement, labels: { [key: string]: string }) =>
  new ApiObject(scope, 'namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'condor', labels } });

test('an object is held once, with what each member ends up with', () => {
  const { fed, meyrin, tsystems, model } = site();
  const settings = new ApiObject(fed, 'settings', { apiVersion: 'v1', kind: 'ConfigMap', data: { site: 'none' } } as any);
  fed.addOverride(settings, ClusterSelector.of(tsystems), JsonPatch.replace('/data/site', 'otc'));
  const [{ template, results }] = model().carried;
  expect(template.data).toEqual({ site: 'none' });
  expect([...results].map(([member, { data }]) => [member, data])).toEqual([[meyrin, { site: 'none' }], [tsystems, { site: 'otc' }]]);
});

test('which members come later is what selectors of labels, providers and regions say', () => {
  const live = (selector: ClusterSelector) => selector._live;
  const cloud = ClusterSelector.provider('t-systems');
  expect(live(ClusterSelector.all())).toEqual({ labels: {} });
  expect(live(cloud.and(ClusterSelector.region('eu-de')).and(ClusterSelector.labels({ tier: 'cloud' }))))
    .toEqual({ labels: { tier: 'cloud' }, provider: 't-systems', region: 'eu-de' });
  for (const none of [cloud.not(), cloud.or(cloud), cloud.and(ClusterSelector.provider('cern')), ClusterSelector.of(), cloud.and(ClusterSelector.of())]) {
    expect(live(none)).toBeUndefined();
  }
});

test('a placement may select nobody yet where members may come later', () => {
  const app = new App();
  const fed = new Federation(app, 'fed', { host: new Cluster(app, 'host'), lateMembers: true });
  for (const [id, clusters] of Object.entries({ cloud: ClusterSelector.provider('otc'), nobody: ClusterSelector.of() })) {
    new ApiObject(new Placement(fed, id, { clusters }), `${id}-settings`, { apiVersion: 'v1', kind: 'ConfigMap' });
  }
  const model = new FederationModel(fed, object => object.toJson());
  expect(model.problems).toEqual([expect.stringContaining('fed/nobody clusters: given "members "')]);
  expect(model.carried.map(({ late, results }) => [late, results.size])).toEqual([[{ labels: {}, provider: 'otc' }, 0], [undefined, 0]]);
});

test('a Namespace that two placements declare is one, and each member has what it was given', () => {
  const { meyrin, tsystems, at, model } = site();
  namespace(at(meyrin), { team: 'batch' });
  namespace(at(tsystems), { cloud: 'otc' });
  const { carried, carriedProblems } = model();
  expect(carriedProblems).toEqual([]);
  expect(carried).toHaveLength(1);
  expect(carried[0].template.metadata.labels).toEqual({ cloud: 'otc', team: 'batch' });
  expect([...carried[0].results.values()].map(({ metadata }) => metadata.labels)).toEqual([{ team: 'batch' }, { cloud: 'otc' }]);
});

test('placements that claim one object, each with its own content, are a problem', () => {
  const { meyrin, tsystems, at, model } = site();
  for (const [member, data] of [[meyrin, { a: '1' }], [tsystems, { a: '2' }]] as const) {
    new ApiObject(at(member), 'settings', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'work' }, data } as any);
  }
  const { carried, carriedProblems } = model();
  expect(carried).toEqual([]);
  expect(carriedProblems).toEqual([expect.stringContaining('fed/meyrin/settings, fed/tsystems/settings are all ConfigMap work/settings, and they differ')]);
});

test('the difference of two objects makes one of the other', () => {
  // the one key that is refused wherever it stands
  const key = fc.string().filter(text => text !== '__proto__');
  const { tree } = fc.letrec<{ tree: unknown }>(tie => ({
    tree: fc.oneof({ maxDepth: 4 }, fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(tie('tree')), fc.dictionary(key, tie('tree'))),
  }));
  const manifest = fc.dictionary(key, tree).map(fields => ({ ...fields, apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } }) as Manifest);
  fc.assert(fc.property(manifest, manifest, (from, to) => {
    const operations = difference(from, to);
    expect(operations.every(({ op }) => ['add', 'remove', 'replace'].includes(op))).toBe(true);
    expect(apply(from, operations)).toEqual(to);
  }));
});

import * as fs from 'fs';
import * as path from 'path';
import { ApiObject, App, Chart, JsonPatch, Lazy, Testing, YamlOutputType } from 'cdk8s';
import * as kplus from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { parseAllDocuments } from 'yaml';
import { Cluster, ClusterSelector, FederatedCluster, Federation, JoinMode, Placement } from '../../src';
import { scratchDirectory } from '../scratch';

function configMap(scope: Construct, id: string, data: { [key: string]: string } = { a: '1' }, name?: string): ApiObject {
  return new ApiObject(scope, id, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...(name && { name }), namespace: 'work' }, data } as any);
}

interface Site {
  readonly app: App;
  readonly host: Cluster;
  readonly fed: Federation;
  readonly meyrin: FederatedCluster;
  readonly tsystems: FederatedCluster;
}

function site(app = new App({ outdir: scratchDirectory() })): Site {
  const host = new Cluster(app, 'condor-host', { provider: 'cern' });
  const fed = new Federation(app, 'fed', { host });
  const meyrin = new FederatedCluster(app, 'meyrin', { federation: fed, provider: 'cern', labels: { tier: 'own' } });
  const tsystems = new FederatedCluster(app, 'tsystems', {
    federation: fed, provider: 't-systems', region: 'eu-de', joinMode: JoinMode.PULL, labels: { tier: 'cloud' },
  });
  return { app, host, fed, meyrin, tsystems };
}

function written(app: App): { [file: string]: string } {
  app.synth();
  return Object.fromEntries(fs.readdirSync(app.outdir).sort().map(file => [file, fs.readFileSync(path.join(app.outdir, file), 'utf8')]));
}

const named = (objects: any[]) => objects.map(object => `${object.kind}/${object.metadata.name}`);

describe('the scope says where it runs', () => {
  test('cluster, federation, placement and member', () => {
    const { app, host, fed, meyrin, tsystems } = site();
    configMap(host, 'of-host');
    configMap(fed, 'of-all');
    configMap(new Placement(fed, 'burst', { clusters: ClusterSelector.provider('t-systems') }), 'of-cloud');
    configMap(meyrin, 'of-meyrin');
    const chart = new Chart(app, 'elsewhere');
    configMap(chart, 'cm', {}, 'plain');

    expect(named(Testing.synth(host))).toEqual(['ConfigMap/of-host']);
    expect(named(Testing.synth(meyrin))).toEqual(['ConfigMap/of-meyrin', 'ConfigMap/of-all']);
    expect(named(Testing.synth(tsystems))).toEqual(['ConfigMap/of-all', 'ConfigMap/of-cloud']);
    expect(Testing.synth(fed)).toEqual([]);
    expect(Object.keys(written(app))).toEqual(['condor-host.k8s.yaml', 'elsewhere.k8s.yaml', 'meyrin.k8s.yaml', 'tsystems.k8s.yaml']);
  });

  test('a chart alone gives what App.synth writes', () => {
    const { app, host, fed, tsystems } = site();
    const first = configMap(fed, 'z-first');
    configMap(fed, 'a-second').addDependency(first);
    fed.addOverride(first, ClusterSelector.of(tsystems), JsonPatch.replace('/data/a', '2'));
    const files = written(app);
    for (const chart of app.charts.filter(candidate => `${candidate.node.id}.k8s.yaml` in files && candidate !== host)) {
      const alone = Testing.synth(chart);
      expect(new Set(alone.map(object => JSON.stringify(object))))
        .toEqual(new Set(parseAllDocuments(files[`${chart.node.id}.k8s.yaml`]).map(document => JSON.stringify(document.toJS()))));
    }
  });

  test('selectors', () => {
    const { fed, meyrin, tsystems } = site();
    const selected = (selector: ClusterSelector) => fed.members.filter(member => selector.selects(member));
    expect(selected(ClusterSelector.all())).toEqual([meyrin, tsystems]);
    expect(selected(ClusterSelector.of(tsystems))).toEqual([tsystems]);
    expect(selected(ClusterSelector.labels({ tier: 'own' }))).toEqual([meyrin]);
    expect(selected(ClusterSelector.labels({ tier: 'own', other: 'x' }))).toEqual([]);
    expect(selected(ClusterSelector.region('eu-de'))).toEqual([tsystems]);
    expect(selected(ClusterSelector.provider('cern').not())).toEqual([tsystems]);
    expect(selected(ClusterSelector.provider('cern').or(ClusterSelector.region('eu-de')))).toEqual([meyrin, tsystems]);
    expect(selected(ClusterSelector.provider('cern').and(ClusterSelector.region('eu-de')))).toEqual([]);
  });

  test('cdk8s-plus workloads have the same name and selector in every member', () => {
    const { fed, meyrin, tsystems } = site();
    const placement = new Placement(fed, 'web', { clusters: ClusterSelector.all() });
    new kplus.Deployment(placement, 'front', { containers: [{ image: 'front:1', portNumber: 80 }] }).exposeViaService();
    expect(Testing.synth(meyrin)).toEqual(Testing.synth(tsystems));
    expect(named(Testing.synth(meyrin))).toEqual(['Deployment/front', 'Service/front-service']);
  });

  test('the same program gives the same bytes, and may be changed and synthesized again', () => {
    const { app, fed } = site();
    configMap(fed, 'settings');
    const once = written(app);
    expect(written(app)).toEqual(once);
    configMap(fed, 'more');
    expect(written(app)['tsystems.k8s.yaml']).toContain('name: more');
  });

  test('a namespace of the cluster stays off kinds that have none', () => {
    const app = new App();
    const cluster = new Cluster(app, 'c', { namespace: 'work' });
    new ApiObject(cluster, 'role', { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' });
    new ApiObject(cluster, 'account', { apiVersion: 'v1', kind: 'ServiceAccount' });
    const [role, account] = Testing.synth(cluster);
    expect(role.metadata).toEqual({ name: 'role' });
    expect(account.metadata).toEqual({ name: 'account', namespace: 'work' });
  });
});

describe('overrides', () => {
  test('are per member, in order, and change nobody else', () => {
    const { fed, meyrin, tsystems } = site();
    const target = configMap(fed, 'settings', { site: 'none' });
    fed.addOverride(target, ClusterSelector.of(tsystems), JsonPatch.replace('/data/site', 'otc'), JsonPatch.add('/data/zone', 'a'));
    fed.addOverride(target, ClusterSelector.of(tsystems), JsonPatch.test('/data/site', 'otc'), JsonPatch.move('/data/zone', '/data/z'));
    expect(Testing.synth(meyrin)[0].data).toEqual({ site: 'none' });
    expect(Testing.synth(tsystems)[0].data).toEqual({ site: 'otc', z: 'a' });
  });

  test('may call a key like what every JavaScript object has', () => {
    const { fed, meyrin } = site();
    const target = configMap(fed, 'settings', {});
    fed.addOverride(target, ClusterSelector.of(meyrin), JsonPatch.add('/data/toString', 'a'), JsonPatch.move('/data/toString', '/data/valueOf'));
    expect(Testing.synth(meyrin)[0].data).toEqual({ valueOf: 'a' });
  });

  test.each([
    ['a path that is not there', JsonPatch.replace('/data/absent', 'x'), 'replace /data/absent: operation path unresolvable'],
    ['a removal of what is not there', JsonPatch.remove('/data/absent'), 'remove /data/absent: operation path unresolvable'],
    ['a path that every JavaScript object has', JsonPatch.replace('/data/toString', 'x'), 'replace /data/toString: operation path unresolvable'],
    ['a move of what every JavaScript object has', JsonPatch.move('/data/constructor', '/data/b'), 'move /data/b: operation path unresolvable'],
    ['a place below what every JavaScript object has', JsonPatch.add('/data/valueOf/x', 'y'), 'add /data/valueOf/x: operation path unresolvable'],
    ['a parent that is not there', JsonPatch.add('/spec/a', 'x'), 'add /spec/a: operation path cannot add'],
    ['a failed test', JsonPatch.test('/data/a', '2'), 'test operation failed'],
    ['another name', JsonPatch.replace('/metadata/name', 'x'), 'would make it another object'],
    ['another namespace', JsonPatch.add('/metadata/namespace', 'x'), 'would make it another object'],
    ['another kind', JsonPatch.replace('/kind', 'Secret'), 'would make it another object'],
  ])('refuse %s', (_, patch, message) => {
    const { app, fed, tsystems } = site();
    fed.addOverride(configMap(fed, 'settings'), ClusterSelector.of(tsystems), patch);
    expect(() => app.synth()).toThrow(message);
    expect(fs.readdirSync(app.outdir)).toEqual([]);
  });

  test('refuse a Secret, a target elsewhere, a target of many objects, a member that does not get it, nobody', () => {
    const { app, fed, meyrin, tsystems } = site();
    const patch = JsonPatch.add('/data/x', 'y');
    fed.addOverride(new ApiObject(fed, 'secret', { apiVersion: 'v1', kind: 'Secret' }), ClusterSelector.all(), patch);
    fed.addOverride(configMap(meyrin, 'own'), ClusterSelector.all(), patch);
    const many = new Construct(fed, 'many');
    configMap(many, 'one');
    configMap(many, 'two');
    fed.addOverride(many, ClusterSelector.all(), patch);
    const placed = configMap(new Placement(fed, 'p', { clusters: ClusterSelector.of(meyrin) }), 'placed');
    fed.addOverride(placed, ClusterSelector.of(tsystems), patch);
    fed.addOverride(placed, ClusterSelector.region('nowhere'), patch);
    let report = '';
    try { app.synth(); } catch (error) { report = (error as Error).message; }
    for (const expected of [
      'addOverride[0] on fed/secret: given "a Secret"',
      'addOverride[1].target: given "meyrin/own", allowed: an object that is declared on fed',
      'addOverride[2].target: given "fed/many", allowed: one object; it holds fed/many/one, fed/many/two',
      'addOverride[3] on fed/p/placed clusters: given "tsystems", allowed: members that get the object: meyrin',
      'addOverride[4] on fed/p/placed clusters: given "region nowhere"',
    ]) { expect(report).toContain(expected); }
  });
});

describe('what is refused', () => {
  const report = (build: (s: Site) => void, app?: App): string => {
    const s = site(app);
    build(s);
    try { s.app.synth(); } catch (error) { return (error as Error).message; }
    return 'accepted';
  };

  test.each<[string, (s: Site) => void, string]>([
    ['two objects of one name that differ', ({ fed, meyrin }) => { configMap(fed, 'x', { a: '1' }); configMap(meyrin, 'x', { a: '2' }); },
      '[meyrin] two objects are ConfigMap work/x in cluster meyrin, and they differ'],
    ['a placement that selects nobody', ({ fed }) => { configMap(new Placement(fed, 'p', { clusters: ClusterSelector.region('mars') }), 'x'); },
      'clusters: given "region mars", allowed: a selector of at least one member of: meyrin, tsystems'],
    ['a placement in a placement', ({ fed }) => {
      const outer = new Placement(fed, 'p', { clusters: ClusterSelector.all() });
      configMap(new Placement(outer, 'q', { clusters: ClusterSelector.all() }), 'x');
    }, 'placements are not nested'],
    ['a cluster name that is no DNS label', ({ app }) => { new Cluster(app, 'T_Systems'); }, '[T_Systems] id: given "T_Systems", allowed: a DNS label'],
    ['a cluster name that is too long', ({ app }) => { new Cluster(app, 'c'.repeat(49)); }, 'at most 48 characters'],
    ['one context twice', ({ app }) => { new Cluster(app, 'other', { context: 'meyrin' }); }, 'context: given "meyrin", allowed: a context of its own; meyrin has the same'],
    ['an API server by an unsafe address', ({ app, fed }) => { new FederatedCluster(app, 'far', { federation: fed, apiServer: 'http://far:80' }); },
      '[far] apiServer: given "http://far:80", allowed: https://host or https://host:port'],
    ['a key among the certificates', ({ app, fed }) => { new FederatedCluster(app, 'far', { federation: fed, caBundle: '-----BEGIN PRIVATE KEY-----\nAAAA\n' }); },
      '[far] caBundle: given'],
    ['credentials that are no name', ({ app, fed }) => { new FederatedCluster(app, 'far', { federation: fed, credentials: 'A token' }); },
      '[far] credentials: given "A token", allowed: the name of a Secret'],
    ['a label whose key is none', ({ app }) => { new Cluster(app, 'far', { labels: { 'a b': 'c' } }); },
      "[far] labels: given \"a b\", allowed: a label's key, for instance tier or example.org/tier: at most 63 characters after a DNS name and a slash, or alone"],
    ['a label whose value is none', ({ app, fed }) => { new FederatedCluster(app, 'far', { federation: fed, labels: { tier: 'b c' } }); },
      "[far] labels.tier: given \"b c\", allowed: a label's value: A-Z, a-z, 0-9, '-', '_' and '.', at most 63 characters"],
    ['an empty context', ({ app }) => { new Cluster(app, 'other', { context: ' ' }); }, 'context: given " "'],
    ['a chart inside a cluster', ({ meyrin }) => { new Chart(meyrin, 'inner'); }, '[meyrin] charts inside: given "meyrin/inner"'],
    ['a cluster inside a chart', ({ app }) => { new Cluster(new Chart(app, 'outer'), 'c'); }, '[outer/c] scope: given "outer", allowed: the App itself'],
    ['a dependency between charts', ({ meyrin, tsystems }) => { meyrin.addDependency(tsystems); }, '[meyrin] dependency: given "meyrin -> tsystems"'],
    ['a host that is a member', ({ app, meyrin }) => { const fed2 = new Federation(app, 'fed2', { host: meyrin }); (fed2 as any)._join(meyrin); },
      '[fed2] host: given "meyrin"'],
  ])('%s', (_, build, message) => expect(report(build)).toContain(message));

  test('late members with an engine that copies', () => {
    const app = new App({ outdir: scratchDirectory() });
    new Federation(app, 'fed', { host: new Cluster(app, 'host'), lateMembers: true });
    expect(() => app.synth()).toThrow('[fed] lateMembers: given true, allowed: false with an engine that copies objects at synth; KarmadaEngine takes late members');
  });

  test('a federation of objects without members', () => {
    const app = new App({ outdir: scratchDirectory() });
    configMap(new Federation(app, 'fed', { host: new Cluster(app, 'host') }), 'x');
    expect(() => app.synth()).toThrow('[fed] members: given []');
  });

  test('output types that mix the clusters', () => {
    const app = new App({ yamlOutputType: YamlOutputType.FILE_PER_APP, outdir: scratchDirectory() });
    expect(report(() => {}, app)).toContain('App.yamlOutputType: given "FILE_PER_APP", allowed: FILE_PER_CHART');
  });

  test('an object that cannot be rendered, with the other problems', () => {
    const text = report(({ app, fed, meyrin }) => {
      new Cluster(app, 'Bad');
      const broken = { produce: () => { throw new Error('no such thing'); } };
      configMap(meyrin, 'a', { x: Lazy.any(broken) });
      configMap(fed, 'b', { x: Lazy.any(broken) });
    });
    for (const line of ['[Bad]', "[meyrin] Failed serializing construct at path 'meyrin/a'", "[fed] Failed serializing construct at path 'fed/b'"]) {
      expect(text).toContain(line);
    }
  });

  test('all problems in one report', () => {
    const text = report(({ app, fed }) => { new Cluster(app, 'Bad'); configMap(new Placement(fed, 'p', { clusters: ClusterSelector.region('mars') }), 'x'); });
    expect(text).toContain('[Bad]');
    expect(text).toContain('[fed]');
  });
});

test('two declarations of a Namespace merge to the Pod Security level that admits both', () => {
  const { fed, meyrin } = site();
  const namespace = (scope: Construct, id: string, level: string, extra = {}) => new ApiObject(scope, id, {
    apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'condor', labels: { 'pod-security.kubernetes.io/enforce': level, ...extra } },
  });
  namespace(fed, 'a', 'restricted');
  namespace(meyrin, 'b', 'privileged');
  const objects = Testing.synth(meyrin);
  expect(objects).toHaveLength(1);
  expect(objects[0].metadata.labels).toEqual({ 'pod-security.kubernetes.io/enforce': 'privileged' });
  namespace(meyrin, 'c', 'baseline', { team: 'x' });
  expect(Testing.synth(meyrin)[0].metadata.labels).toEqual({ 'pod-security.kubernetes.io/enforce': 'privileged', 'team': 'x' });
  new kplus.Namespace(meyrin, 'd', { metadata: { name: 'condor', annotations: { owner: 'batch' } } });
  expect(Testing.synth(meyrin)[0].metadata.annotations).toEqual({ owner: 'batch' });
  namespace(meyrin, 'e', 'baseline', { team: 'y' });
  expect(() => Testing.synth(meyrin)).toThrow('two objects are Namespace condor');
});

import { ApiObject, App, Chart, Testing } from 'cdk8s';
import { ApplyPlan, Cluster, ClusterSelector, FederatedCluster, Federation, FluxEngine, JoinMode, KarmadaEngine, ManifestsEngine, Placement } from '../../src';

function program() {
  const app = new App({ outdir: 'out' });
  const member = { provider: 't-systems', region: 'eu-de', zones: ['a', 'b'], labels: { tier: 'cloud' }, joinMode: JoinMode.PULL };
  const lone = new Cluster(app, 'lone');
  const host = new Cluster(app, 'condor-host', { context: 'admin@cern', namespace: 'work' });
  const fed = new Federation(app, 'fed', { host, namespace: 'batch', engine: new ManifestsEngine() });
  const tsystems = new FederatedCluster(app, 'tsystems', { federation: fed, ...member, context: "it's far" });
  new FederatedCluster(app, 'meyrin', { federation: fed });
  new ApiObject(fed, 'settings', { apiVersion: 'v1', kind: 'ConfigMap' });
  new ApiObject(host, 'keys', { apiVersion: 'v1', kind: 'ConfigMap' });
  return { app, host, lone, fed, tsystems };
}

const applied = { paused: false, delivered: false };

test('the plan: hosts first, then in the order of the program', () => {
  const plan = ApplyPlan.of(program().app);
  expect(plan.steps).toEqual([
    { context: 'admin@cern', file: 'out/condor-host.k8s.yaml', objects: 1, role: 'host', ...applied },
    { context: 'lone', file: 'out/lone.k8s.yaml', objects: 0, role: 'cluster', ...applied },
    { context: "it's far", file: 'out/tsystems.k8s.yaml', objects: 1, role: 'member', ...applied },
    { context: 'meyrin', file: 'out/meyrin.k8s.yaml', objects: 1, role: 'member', ...applied },
  ]);
});

test('the commands: one for each cluster that gets something, as a shell reads them', () => {
  expect(ApplyPlan.of(program().app).commands).toEqual([
    'kubectl --context admin@cern apply --server-side -f out/condor-host.k8s.yaml',
    "kubectl --context 'it'\\''s far' apply --server-side -f out/tsystems.k8s.yaml",
    'kubectl --context meyrin apply --server-side -f out/meyrin.k8s.yaml',
  ]);
});

test('a paused member keeps its file, and has no command', () => {
  const { app, fed } = program();
  new FederatedCluster(app, 'held-back', { federation: fed, paused: true });
  const plan = ApplyPlan.of(app);
  expect(plan.steps.filter(({ paused }) => paused)).toEqual([{ context: 'held-back', file: 'out/held-back.k8s.yaml', objects: 1, role: 'member', paused: true, delivered: false }]);
  expect(plan.commands.join()).not.toContain('held-back');
  expect(plan.toString()).toMatch(/held-back +member +out\/held-back\.k8s\.yaml +1 objects, paused/);
});

test('what the engine brings from a repository has no command', () => {
  const app = new App({ outdir: 'out' });
  const engine = new FluxEngine({ repoUrl: 'https://git.example.org/condor.git', path: 'out' });
  const fed = new Federation(app, 'fed', { host: new Cluster(app, 'condor-host'), engine });
  new ApiObject(fed, 'settings', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'condor' } });
  new FederatedCluster(app, 'meyrin', { federation: fed });
  new FederatedCluster(app, 'tsystems', { federation: fed, joinMode: JoinMode.PULL });
  const plan = ApplyPlan.of(app);
  expect(plan.steps.map(({ context, delivered }) => [context, delivered])).toEqual([['condor-host', false], ['meyrin', true], ['tsystems', false]]);
  expect(plan.commands.map(command => command.split(' ')[2])).toEqual(['condor-host', 'tsystems']);
  expect(plan.toString()).toMatch(/meyrin +member +out\/meyrin\.k8s\.yaml +1 objects, brought by the engine\n/);
});

test('the plan of a control plane with an API of its own: its file comes last, to its own context', () => {
  const app = new App({ outdir: 'out' });
  const fed = new Federation(app, 'fed', { host: new Cluster(app, 'condor-host'), engine: new KarmadaEngine({ context: 'karmada' }) });
  new FederatedCluster(app, 'meyrin', { federation: fed, apiServer: 'https://meyrin:6443' });
  const { steps, commands } = ApplyPlan.of(app);
  expect(steps.map(({ context, role }) => [context, role])).toEqual([['condor-host', 'host'], ['meyrin', 'member'], ['karmada', 'federation']]);
  expect(commands[commands.length - 1]).toBe('kubectl --context karmada apply --server-side -f out/fed.k8s.yaml');
});

test('the plan as text', () => {
  const lines = ApplyPlan.of(program().app).toString().split('\n');
  expect(lines[0]).toBe('4 clusters:');
  expect(lines[1]).toMatch(/^ +admin@cern +host +out\/condor-host\.k8s\.yaml +1 objects$/);
  expect(lines.slice(-4, -3)).toEqual(['Apply them with:']);
});

test('what clusters, federations and placements say of themselves', () => {
  const { app, host, fed, tsystems } = program();
  const placement = new Placement(fed, 'burst', { clusters: ClusterSelector.region('eu-de') });
  const inside = new ApiObject(placement, 'inside', { apiVersion: 'v1', kind: 'ConfigMap' });
  const elsewhere = new ApiObject(new Chart(app, 'chart'), 'x', { apiVersion: 'v1', kind: 'ConfigMap' });
  expect(tsystems).toMatchObject({
    federation: fed, joinMode: JoinMode.PULL, provider: 't-systems', region: 'eu-de', zones: ['a', 'b'], clusterLabels: { tier: 'cloud' }, context: "it's far",
  });
  expect([fed.host, fed.members[0], placement.clusters.description]).toEqual([host, tsystems, 'region eu-de']);
  expect(fed.engine).toBeInstanceOf(ManifestsEngine);
  expect(fed.members[1]).toMatchObject({ joinMode: JoinMode.PUSH, context: 'meyrin', zones: [], clusterLabels: {} });
  expect([host, tsystems, fed, placement, null].map(value => Cluster.isCluster(value))).toEqual([true, true, false, false, false]);
  expect([host, fed, null].map(value => Federation.isFederation(value))).toEqual([false, true, false]);
  expect([fed, placement, null].map(value => Placement.isPlacement(value))).toEqual([false, true, false]);
  expect([Federation.tryOf(inside), Placement.tryOf(inside), Cluster.tryOf(inside)]).toEqual([fed, placement, undefined]);
  expect([Federation.tryOf(elsewhere), Placement.tryOf(elsewhere), Cluster.tryOf(elsewhere)]).toEqual([undefined, undefined, undefined]);
  expect(Cluster.tryOf(tsystems)).toBe(tsystems);
});

test('the namespace of a federation and of a cluster', () => {
  const { host, tsystems } = program();
  expect(Testing.synth(tsystems)[0].metadata).toEqual({ name: 'settings', namespace: 'batch' });
  expect(Testing.synth(host)[0].metadata).toEqual({ name: 'keys', namespace: 'work' });
});

import * as fs from 'fs';
import * as path from 'path';
import { ApiObject, App, JsonPatch } from 'cdk8s';
import { Construct } from 'constructs';
import { ApplyPlan, Cluster, ClusterSelector, FederatedCluster, Federation, JoinMode, Placement } from '../../../src';
import { KubeFedV1Engine, KubeFedV1EngineProps } from '../../../src/federation/engines/kubefed';
import { scratchDirectory } from '../../scratch';

interface Site {
  readonly app: App;
  readonly fed: Federation;
  readonly meyrin: FederatedCluster;
  readonly tsystems: FederatedCluster;
}

function site(props: KubeFedV1EngineProps = { dnsProvider: 'coredns', dnsZone: 'fed.cern.ch.' }): Site {
  const app = new App({ outdir: scratchDirectory() });
  const fed = new Federation(app, 'fed', { host: new Cluster(app, 'condor-host'), engine: new KubeFedV1Engine(props) });
  const member = (id: string, labels = {}) => new FederatedCluster(app, id, { federation: fed, apiServer: `https://${id}.example:6443`, labels });
  return { app, fed, meyrin: member('meyrin'), tsystems: member('tsystems', { tier: 'cloud' }) };
}

function object(scope: Construct, apiVersion: string, kind: string, name: string, fields: any = {}): ApiObject {
  return new ApiObject(scope, `${kind}-${name}`, { apiVersion, kind, ...fields, metadata: { name, ...kind !== 'Namespace' && { namespace: 'condor' }, ...fields.metadata } });
}

const POD = { metadata: { labels: { app: 'startd' } }, spec: { containers: [{ name: 'startd', image: 'startd:1', command: ['condor_startd', '-f'] }] } };

/** The talk's DaemonSet. */
const startd = (scope: Construct, spec: object = {}) =>
  object(scope, 'apps/v1', 'DaemonSet', 'startd', { spec: { selector: { matchLabels: { app: 'startd' } }, template: POD, ...spec } });

function files(app: App): { [file: string]: string } {
  app.synth();
  return Object.fromEntries(fs.readdirSync(app.outdir).sort().map(file => [file, fs.readFileSync(path.join(app.outdir, file), 'utf8')]));
}

function report(app: App): string[] {
  try { app.synth(); } catch (error) { return (error as Error).message.split('\n').map(line => line.trim()).filter(line => line.startsWith('[')); }
  return [];
}

test("what the talk's kubefed init and kubefed join made, and its DaemonSet", () => {
  const { app, fed } = site();
  object(fed, 'v1', 'Namespace', 'condor');
  startd(fed);
  const once = files(app);
  expect(Object.keys(once)).toEqual(['condor-host.k8s.yaml', 'fed.k8s.yaml', 'meyrin.k8s.yaml', 'tsystems.k8s.yaml']);
  expect(once).toMatchSnapshot();
  expect(files(app)).toEqual(once);
  for (const text of Object.values(once)) {
    expect(text).not.toMatch(/[&*]a\d/);
    expect(text).not.toContain('kind: Secret\n');
  }
});

test('the federation has an API of its own, whose context is named after it', () => {
  const { app, fed } = site();
  object(fed, 'v1', 'Namespace', 'condor');
  expect(ApplyPlan.of(app).steps.map(({ context, role, objects }) => [context, role, objects])).toEqual([
    ['condor-host', 'host', 8], ['meyrin', 'member', 5], ['tsystems', 'member', 5], ['fed', 'federation', 3],
  ]);
});

test('the image, and a DNS provider with a configuration or without a zone', () => {
  const [apiServer, manager] = ['apiserver', 'controller-manager'].map(name => site({ dnsProvider: 'google-clouddns', dnsProviderConfig: true, image: 'fcp:1' })
    .fed.engine._hostManifests({ federation: { node: { id: 'fed' } } } as any)
    .find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name) as any);
  expect(apiServer.spec.template.spec.containers[0].image).toBe('fcp:1');
  expect(manager.metadata.annotations).toEqual({ 'federation.alpha.kubernetes.io/federation-name': 'fed', 'federations': 'fed=' });
  const { containers: [container], volumes } = manager.spec.template.spec;
  expect(container.image).toBe('fcp:1');
  expect(container.command).toEqual(expect.arrayContaining([
    '--dns-provider=google-clouddns', '--zone-name=', '--dns-provider-config=/etc/federation/dns-provider/federation-dns-provider.conf',
  ]));
  expect(container.volumeMounts[1]).toEqual({ name: 'config-volume', mountPath: '/etc/federation/dns-provider', readOnly: true });
  expect(volumes[1]).toEqual({ name: 'config-volume', secret: { secretName: 'federation-dns-provider.conf' } });
});

describe('an object', () => {
  const carried = ({ fed }: Site, kind: string): any => fed.toJson().find(one => one.kind === kind);

  test('of a placement selects its members by the label of their Clusters', () => {
    const s = site();
    const place = new Placement(s.fed, 'p', { clusters: ClusterSelector.of(s.tsystems) });
    object(place, 'v1', 'Namespace', 'condor', { metadata: { annotations: { a: '1' } } });
    expect(carried(s, 'Namespace').metadata.annotations).toEqual({
      'a': '1',
      'federation.alpha.kubernetes.io/cluster-selector': '[{"key":"cdk8s-hep/member","operator":"in","values":["tsystems"]}]',
    });
    expect(s.fed.toJson().filter(({ kind }) => kind === 'Cluster').map(({ metadata }) => metadata.labels)).toEqual([
      { 'cdk8s-hep/member': 'meyrin' }, { 'cdk8s-hep/member': 'tsystems', 'tier': 'cloud' },
    ]);
  });

  test('of every member has no selector', () => {
    const s = site();
    object(s.fed, 'v1', 'Namespace', 'condor');
    expect(carried(s, 'Namespace')).toEqual({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'condor' } });
  });

  test('that is a DaemonSet is updated as in apps/v1, unless it says otherwise', () => {
    const strategies = [{}, { updateStrategy: { type: 'OnDelete' } }].map(spec => {
      const s = site();
      object(s.fed, 'v1', 'Namespace', 'condor');
      startd(s.fed, spec);
      const { apiVersion, spec: { updateStrategy } } = carried(s, 'DaemonSet');
      return [apiVersion, updateStrategy];
    });
    expect(strategies).toEqual([['extensions/v1beta1', { type: 'RollingUpdate' }], ['extensions/v1beta1', { type: 'OnDelete' }]]);
  });

  test('that is a Secret stays one', () => {
    const s = site();
    object(s.fed, 'v1', 'Namespace', 'condor');
    object(s.fed, 'v1', 'Secret', 'token');
    expect(carried(s, 'Secret')).toEqual({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'token', namespace: 'condor' } });
  });
});

describe('what is refused', () => {
  const others = 'KubeFed v2, Karmada and Open Cluster Management';
  const kinds = 'ConfigMap (v1), DaemonSet (apps/v1, extensions/v1beta1), Namespace (v1), Secret (v1), Service (v1)';

  test.each<[string, (s: Site) => void, string[]]>([
    ['an override', ({ fed, tsystems }) => {
      object(fed, 'v1', 'Namespace', 'condor');
      fed.addOverride(object(fed, 'v1', 'ConfigMap', 'x', { data: {} }), ClusterSelector.of(tsystems), JsonPatch.add('/data/a', 'b'));
    }, [`[fed] ConfigMap condor/x differs in tsystems: KubeFed v1 has no overrides; ${others} can bring them`]],
    ['overrides for many', ({ app, fed }) => {
      for (const id of ['a', 'b']) { new FederatedCluster(app, id, { federation: fed, apiServer: `https://${id}` }); }
      object(fed, 'v1', 'Namespace', 'condor');
      fed.addOverride(object(fed, 'v1', 'ConfigMap', 'x', { data: {} }), ClusterSelector.all(), JsonPatch.add('/data/a', 'b'));
    }, [`[fed] ConfigMap condor/x differs in meyrin, tsystems, a and 1 more: KubeFed v1 has no overrides; ${others} can bring them`]],
    ['a kind that it deals out', ({ fed }) => {
      object(fed, 'v1', 'Namespace', 'condor');
      object(fed, 'apps/v1', 'Deployment', 'x');
    }, [`[fed] Deployment.apps condor/x: KubeFed v1 deals replicas out to its members instead of giving each its own; ${others} can`]],
    ['a kind that it does not know', ({ fed }) => {
      object(fed, 'v1', 'Namespace', 'condor');
      object(fed, 'v1', 'ServiceAccount', 'x');
    }, [`[fed] ServiceAccount condor/x apiVersion and kind: given "v1 ServiceAccount", allowed: ${kinds}; ${others} carry others`]],
    ['a version that it does not know', ({ fed }) => {
      object(fed, 'v1', 'Namespace', 'condor');
      object(fed, 'serving.example.org/v1', 'Service', 'x');
    }, [`[fed] Service.serving.example.org condor/x apiVersion and kind: given "serving.example.org/v1 Service", allowed: ${kinds}; ${others} carry others`]],
    ['an object in a namespace that is not federated', ({ fed }) => { startd(fed); },
      ['[fed] DaemonSet.apps condor/startd: KubeFed brings objects only into namespaces that it brings too: declare Namespace condor on fed for meyrin, tsystems']],
    ['an object that placements claim twice', ({ fed, meyrin, tsystems }) => {
      object(fed, 'v1', 'Namespace', 'condor');
      for (const member of [meyrin, tsystems]) {
        object(new Placement(fed, member.node.id, { clusters: ClusterSelector.of(member) }), 'v1', 'ConfigMap', 'x', { data: { of: member.node.id } });
      }
    }, ['[fed] fed/meyrin/ConfigMap-x, fed/tsystems/ConfigMap-x are all ConfigMap condor/x, and they differ: '
      + 'the engine holds an object once; declare it once, with overrides for the members that differ']],
    ['members that pull, are paused and have no address', ({ app, fed }) => { new FederatedCluster(app, 'far', { federation: fed, joinMode: JoinMode.PULL, paused: true }); }, [
      '[fed] far.joinMode: given "pull", allowed: push: KubeFed calls the API servers of its members; Karmada and Open Cluster Management let a member pull',
      "[fed] far.paused: given true, allowed: false: KubeFed can't hold one member back; Karmada can",
      '[fed] far.apiServer: given undefined, allowed: the address at which KubeFed calls the member: https://host or https://host:port',
    ]],
  ])('%s', (_, build, lines) => {
    const s = site();
    build(s);
    expect(report(s.app)).toEqual(lines);
  });

  test('an init without a DNS provider', () => {
    expect(report(site({ dnsProvider: '' }).app)).toEqual(['[fed] engine.dnsProvider: given "", allowed: the name of a DNS provider, as kubefed init insists on']);
  });
});

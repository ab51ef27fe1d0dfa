import { ApiObject } from 'cdk8s';
import { asDeclared } from './as-declared';
import { Change, federatedFleet, Members, NOTICES } from './federated-fleet';
import { NodelessCluster } from './nodeless-cluster';
import { NodelessFederation } from './nodeless-federation';
import { conditionsOf, Klusterlet, OpenClusterManagement } from './open-cluster-management-control-plane';
import { Federation, ManifestsEngine, OpenClusterManagementEngine } from '../../../src';
import { MAX_WORK_BYTES, workBytes } from '../../../src/federation/engines/open-cluster-management/manifest-work';
import { identity } from '../../../src/federation/manifest';
import { Manifest, parseManifests } from '../manifest';
import { describeClusters } from '../requirements';
import { until } from '../until';

/* eslint-disable @typescript-eslint/no-explicit-any */

const NOTES = /(^|\.)open-cluster-management\.io\//;

const MEMBERS: Members = { meyrin: {}, tsystems: {} };

/** What is in the federation besides the fleet: a kind that an administrator of a namespace may not write. */
const quotaOf = (pods: string) => (federation: Federation) => {
  new ApiObject(federation, 'quota', {
    apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'quota', namespace: NOTICES }, spec: { hard: { pods } },
  });
};

/** What the hub says of each member, and of its ManifestWork, when all has arrived. */
const ARRIVED = 'HubAcceptedManagedCluster, ManagedClusterConditionAvailable, ManagedClusterConditionClockSynced, ManagedClusterJoined; '
  + 'Applied, Available';

describeClusters('Open Cluster Management', () => {
  let clusters: NodelessFederation;
  let host: NodelessCluster;
  let meyrin: NodelessCluster;
  let tsystems: NodelessCluster;
  let ocm: OpenClusterManagement;
  const klusterlets = new Map<NodelessCluster, Klusterlet>();
  /** What the hub said of the members before their certificates were approved. */
  let waiting: { readonly [type: string]: string }[];
  /** What the agents said until all had arrived. */
  const joining = new Map<NodelessCluster, string>();
  /** What the hub said of the objects at T-Systems before its file was applied. */
  let withoutRole: string[];

  // as docs/engines/open-cluster-management.md says
  beforeAll(async () => {
    clusters = await NodelessFederation.start('condor-host', 'meyrin', 'tsystems');
    host = clusters.host;
    [meyrin, tsystems] = clusters.members;
    ocm = await OpenClusterManagement.init(host);
    process.stdout.write(`Open Cluster Management ${ocm.version} on Kubernetes ${await host.version()}\n`);
    await applyHost();
    const files = filesOf(new OpenClusterManagementEngine());
    expect(await meyrin.apply(files.meyrin)).toMatchObject({ status: 0, stderr: '' });
    for (const member of clusters.members) {
      klusterlets.set(member, await ocm.join(member));
      await until(`${member.name} asks for a certificate`, async () => (await ocm.requests(member.name)).length > 0);
    }
    waiting = await Promise.all(clusters.members.map(async ({ name }) => conditionsOf(await host.get('managedcluster', name))));
    for (const member of clusters.members) { await ocm.accept(member.name); }
    await until('all is tried at T-Systems', async () => conditionsOf(await workOf(tsystems)).Applied === 'False AppliedManifestWorkFailed');
    withoutRole = failures(await workOf(tsystems));
    expect(await tsystems.apply(files.tsystems)).toMatchObject({ status: 0, stderr: '' });
    await arrival();
    klusterlets.forEach(({ agent }, member) => joining.set(member, agent.log));
  });
  afterAll(() => clusters?.close());

  const filesOf = (engine: OpenClusterManagementEngine | ManifestsEngine, change: Change = {}, members = MEMBERS) =>
    clusters.filesOf(federatedFleet(engine, members, { more: quotaOf('10'), ...change }));

  /** Applies the host's file; OCM's webhooks judge it. */
  async function applyHost(change: Change = {}, { prune = false, members = MEMBERS } = {}): Promise<void> {
    const file = filesOf(new OpenClusterManagementEngine({ prune }), change, members)['condor-host'];
    expect(await host.apply(file)).toMatchObject({ status: 0, stderr: '' });
  }

  const workOf = (member: NodelessCluster) => host.get('manifestwork', 'fed', '--namespace', member.name);

  /** What could not be applied, and why. */
  const failures = ({ status }: any): string[] => status.resourceStatus.manifests.flatMap(({ conditions }: any) =>
    conditions.filter((condition: any) => condition.type === 'Applied' && condition.status !== 'True').map(({ message }: any) => message));

  /** Whether a ManifestWork is applied as it is now. */
  const current = ({ metadata, status }: any) =>
    status?.conditions?.every(({ observedGeneration }: any) => observedGeneration === metadata.generation) ?? false;

  async function states(): Promise<string[]> {
    const named = (conditions: object) => Object.entries(conditions).filter(([, state]) => state.startsWith('True')).map(([type]) => type).sort().join(', ');
    return Promise.all(clusters.members.map(async member => {
      const work = await workOf(member);
      const cluster = conditionsOf(await host.get('managedcluster', member.name));
      return `${named(cluster)}; ${current(work) ? named(conditionsOf(work)) : 'not seen yet'}`;
    }));
  }

  async function arrival(): Promise<void> {
    await until('all has arrived', async () => {
      const now = await states();
      if (now.some(state => state !== ARRIVED)) { throw new Error(now.join('\n')); }
      return true;
    });
  }

  /** All that OCM has brought to a member. */
  async function brought(member: NodelessCluster): Promise<Manifest[]> {
    const { items } = await member.get('appliedmanifestworks');
    const resources = items.flatMap(({ status }: any) => status.appliedResources);
    return Promise.all(resources.map(({ group, resource, name, namespace }: any) =>
      member.get(group ? `${resource}.${group}` : resource, name, ...namespace ? ['--namespace', namespace] : [])));
  }

  /** Whether each member holds what it would hold without a control plane. */
  async function expectHeld(change: Change = {}): Promise<void> {
    const expected = filesOf(new ManifestsEngine(), change);
    for (const member of clusters.members) {
      const manifests = new Map(parseManifests(expected[member.name]).map(manifest => [identity(manifest), manifest]));
      const held = await brought(member);
      expect(held.map(manifest => identity(manifest)).sort()).toEqual([...manifests.keys()].sort());
      for (const object of held) {
        // what the API server would make of the other engine's object, in its place
        expect(asDeclared(object, NOTES)).toEqual(asDeclared(await member.inPlace(manifests.get(identity(object))!), NOTES));
      }
    }
  }

  const datacenter = async (member: NodelessCluster) =>
    Object.values<string>((await member.get('configmap', 'startd', '--namespace', 'condor')).data).map(text => /^Datacenter *= "(.*)"$/m.exec(text)?.[1]).join('');

  const notice = (member: NodelessCluster) => member.get('configmap', 'notice', '--namespace', NOTICES);

  test('a member that is declared as accepted still waits until its certificate is approved', async () => {
    const accepted = ['True HubClusterAdminAccepted', undefined];
    expect(waiting.map(({ HubAcceptedManagedCluster, ManagedClusterJoined }) => [HubAcceptedManagedCluster, ManagedClusterJoined]))
      .toEqual([accepted, accepted]);
    expect(await states()).toEqual([ARRIVED, ARRIVED]);
  });

  /** The members that the Placement selects. */
  async function selected(): Promise<string[]> {
    const { items } = await host.get('placementdecisions', '--namespace', 'fed', '--selector', 'cluster.open-cluster-management.io/placement=fed');
    return items.flatMap(({ status }: any) => status.decisions.map(({ clusterName }: any) => clusterName)).sort();
  }

  test('the Placement selects both members', async () => {
    expect(await selected()).toEqual(['meyrin', 'tsystems']);
  });

  test('the hub takes a ManifestWork as big as the engine makes one, and refuses a byte more', async () => {
    const manifest = (text: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'big', namespace: NOTICES }, data: { text } });
    // characters that Go writes in six bytes each
    const special = '<>&\u2028\u2029';
    const filling = 'x'.repeat(MAX_WORK_BYTES - workBytes(manifest(special)));
    const tried = (text: string) => host.kubectl(['apply', '--server-side', '--dry-run=server', '-f', '-'], {
      input: JSON.stringify({
        apiVersion: 'work.open-cluster-management.io/v1',
        kind: 'ManifestWork',
        metadata: { name: 'big', namespace: 'meyrin' },
        spec: { workload: { manifests: [manifest(text)] } },
      }),
    });
    expect(await tried(`${special}${filling}`)).toMatchObject({ status: 0, stderr: '' });
    const { status, stderr } = await tried(`${special}${filling}x`);
    expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining('the size of manifests is 512001 bytes which exceeds the 512000 limit') });
  });

  test('without the ClusterRole of its file a member refuses what an administrator of a namespace may not write', () => {
    expect(withoutRole).toEqual(['Failed to apply manifest: resourcequotas "quota" is forbidden: '
      + 'User "system:serviceaccount:open-cluster-management-agent:klusterlet-work-sa" cannot patch resource "resourcequotas" '
      + 'in API group "" in the namespace "notices"']);
  });

  test('each member holds what it would hold without a control plane', () => expectHeld());

  test('overrides are in one member alone', async () => {
    expect([await datacenter(meyrin), await datacenter(tsystems)]).toEqual(['meyrin', 'otc-eu-de']);
    expect(await notice(meyrin)).toMatchObject({ data: { notice: 'open' }, metadata: { annotations: { 'example.org/by': 'batch' } } });
    expect(await notice(tsystems)).toMatchObject({
      data: { notice: 'closed' }, metadata: { annotations: { 'example.org/by': 'batch', 'example.org/site': 'otc' } },
    });
  });

  test('the status of what runs comes back', async () => {
    const feedback = async (name: string) => (await workOf(tsystems)).status.resourceStatus.manifests
      .filter(({ resourceMeta }: any) => resourceMeta.name === name && resourceMeta.group === 'apps')
      .flatMap(({ statusFeedback }: any) => statusFeedback.values ?? [])
      .map(({ name: value, fieldValue }: any) => `${value} ${fieldValue.integer}`);
    // there are no nodes
    expect(await feedback('startd')).toEqual(['NumberReady 0', 'DesiredNumberScheduled 0']);
    expect(await feedback('board')).toEqual(['Replicas 1']);
    const [pod] = (await tsystems.get('pods', '--namespace', NOTICES)).items;
    await tsystems.run(['patch', 'pod', pod.metadata.name, '--namespace', NOTICES, '--subresource', 'status', '--patch',
      JSON.stringify({ status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } })]);
    await until('the hub knows that the pod is ready', async () => (await feedback('board')).includes('ReadyReplicas 1'));
  });

  /** The names and contents of what OCM has brought, without what changes by itself. */
  const contents = async (member: NodelessCluster) => new Map((await brought(member)).map(({ status: _, metadata, ...object }: any) =>
    [identity({ ...object, metadata }), JSON.stringify({ ...object, metadata: { ...metadata, resourceVersion: undefined } })]));

  test('a changed override arrives, and nothing else changes', async () => {
    const change = { datacenter: 'otc-eu-nl' };
    const [here, there] = await Promise.all(clusters.members.map(contents));
    await applyHost(change);
    await until('the change has arrived', async () => await datacenter(tsystems) === 'otc-eu-nl');
    await arrival();
    await expectHeld(change);
    expect(await contents(meyrin)).toEqual(here);
    const changed = [...await contents(tsystems)].filter(([name, content]) => there.get(name) !== content).map(([name]) => name);
    expect(changed).toEqual([identity(await tsystems.get('configmap', 'startd', '--namespace', 'condor'))]);
  });

  /** Has the agent look at once, which it does by itself within six minutes. */
  const look = (member: NodelessCluster, what: string) =>
    host.run(['label', 'manifestwork', 'fed', '--namespace', member.name, '--overwrite', `example.org/look=${what}`]);

  const pods = async (member: NodelessCluster) => (await member.get('resourcequota', 'quota', '--namespace', NOTICES)).spec.hard.pods;

  const byHand = (member: NodelessCluster) =>
    member.run(['patch', 'configmap', 'notice', '--namespace', NOTICES, '--type', 'merge', '--patch', '{"data":{"notice":"by hand"}}']);

  test('what somebody changes or deletes in a member is set back', async () => {
    await applyHost();
    await arrival();
    await byHand(tsystems);
    await tsystems.run(['delete', 'resourcequota', 'quota', '--namespace', NOTICES]);
    await look(tsystems, 'set-back');
    await until('it is set back', async () => (await notice(tsystems)).data.notice === 'closed' && await pods(tsystems) === '10');
    await expectHeld();
  });

  test('a paused member is left as it is, and the other is not', async () => {
    const change = { more: quotaOf('20') };
    await applyHost(change, { members: { ...MEMBERS, tsystems: { paused: true } } });
    await until('the change has arrived', async () => await pods(meyrin) === '20');
    await byHand(tsystems);
    await look(tsystems, 'paused');
    await arrival();
    await new Promise(resolve => setTimeout(resolve, 5_000));
    expect([await pods(tsystems), (await notice(tsystems)).data.notice]).toEqual(['10', 'by hand']);
    await applyHost(change);
    await until('the member is as declared again', async () => await pods(tsystems) === '20' && (await notice(tsystems)).data.notice === 'closed');
    await expectHeld(change);
  });

  const carried = async (member: NodelessCluster) => (await brought(member)).map(({ metadata }) => metadata.name);

  const uids = (objects: any[]) => Object.fromEntries(objects.map(object => [identity(object), object.metadata.uid]));

  test('what is no longer declared stays in the members, and so does everything when a ManifestWork is deleted', async () => {
    const before = await Promise.all(clusters.members.map(notice));
    await applyHost({ notice: false });
    await until('nobody carries it', async () => (await Promise.all(clusters.members.map(carried))).every(names => !names.includes('notice')));
    await arrival();
    expect(uids(await Promise.all(clusters.members.map(notice)))).toEqual(uids(before));
    const all = uids(await brought(meyrin));
    await host.run(['delete', 'manifestwork', 'fed', '--namespace', 'meyrin', '--timeout=600s']);
    await until('nothing is carried', async () => (await meyrin.get('appliedmanifestworks')).items.length === 0);
    await applyHost();
    await arrival();
    expect(uids(await brought(meyrin))).toEqual({ ...all, ...uids(before.slice(0, 1)) });
  });

  test('with prune what is no longer declared goes, and what a ManifestWork has brought goes with it', async () => {
    const files = filesOf(new OpenClusterManagementEngine({ prune: true }));
    for (const member of clusters.members) { expect(await member.apply(files[member.name])).toMatchObject({ status: 0, stderr: '' }); }
    await applyHost({}, { prune: true });
    await arrival();
    await expectHeld();
    await applyHost({ notice: false, more: undefined }, { prune: true });
    const gone = async (member: NodelessCluster, ...object: string[]) =>
      (await member.kubectl(['get', ...object])).stderr.startsWith('Error from server (NotFound)');
    await until('they are gone', async () => (await Promise.all(clusters.members.flatMap(member =>
      ['configmap/notice', 'resourcequota/quota'].map(object => gone(member, object, '--namespace', NOTICES))))).every(one => one));
    await host.run(['delete', 'manifestwork', 'fed', '--namespace', 'meyrin', '--timeout=600s']);
    await until('all is gone', async () => await gone(meyrin, 'namespace', 'condor') && await gone(meyrin, 'namespace', NOTICES));
    await applyHost();
    await arrival();
    await expectHeld();
  });

  test('a member whose agent has stopped is reported, and loses nothing; what it has missed arrives later', async () => {
    const { agent } = klusterlets.get(tsystems)!;
    await agent.process.kill('SIGTERM');
    const before = await contents(tsystems);
    // by default it takes five leases of a minute
    const lease = (seconds: number) => host.run(['patch', 'managedcluster', 'tsystems', '--type', 'merge', '--patch',
      JSON.stringify({ spec: { leaseDurationSeconds: seconds } })]);
    await lease(1);
    const cluster = () => host.get('managedcluster', 'tsystems');
    await until('the hub misses it', async () => conditionsOf(await cluster()).ManagedClusterConditionAvailable === 'Unknown ManagedClusterLeaseUpdateStopped');
    await until('it is tainted', async () => (await cluster()).spec.taints?.some(({ key }: any) => key === 'cluster.open-cluster-management.io/unreachable'));
    await applyHost({ datacenter: 'otc-eu-nl' });
    expect(await selected()).toEqual(['meyrin', 'tsystems']);
    expect(await contents(tsystems)).toEqual(before);
    await lease(60);
    agent.process.start();
    await until('it catches up', async () => await datacenter(tsystems) === 'otc-eu-nl');
    await arrival();
    await expectHeld({ datacenter: 'otc-eu-nl' });
  });

  test('all programs have run, and the agents were forbidden nothing since the files of their members were applied', () => {
    const all = [...ocm.pods, ...[...klusterlets.values()].flatMap(({ agent, operator }) => [agent, operator])];
    expect(all.filter(({ process }) => !process.running)).toEqual([]);
    const said = [...klusterlets].flatMap(([member, { agent }]) => agent.log.slice(joining.get(member)!.length).split('\n'));
    expect(said.filter(line => line.includes('forbidden'))).toEqual([]);
  });

  // as docs/engines/open-cluster-management.md says
  test('a member that leaves keeps what it has', async () => {
    const before = uids(await brought(tsystems));
    await host.run(['delete', 'manifestwork', 'fed', '--namespace', 'tsystems', '--timeout=600s']);
    await host.run(['delete', 'managedcluster', 'tsystems', '--timeout=600s']);
    expect((await tsystems.get('appliedmanifestworks')).items).toEqual([]);
    const file = filesOf(new ManifestsEngine()).tsystems;
    expect(uids(JSON.parse(await tsystems.run(['get', '-o', 'json', '-f', '-'], { input: file })).items)).toEqual(before);
  });
});

import { asDeclared } from './as-declared';
import { Change, federatedFleet, Members } from './federated-fleet';
import { KUBEFED_NAMESPACE, KubeFedControllers } from './kubefed-control-plane';
import { NodelessCluster } from './nodeless-cluster';
import { NodelessFederation } from './nodeless-federation';
import { KubeFedEngine, ManifestsEngine } from '../../../src';
import { identity } from '../../../src/federation/manifest';
import { Manifest, parseManifests } from '../manifest';
import { describeClusters } from '../requirements';
import { until } from '../until';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** What KubeFed puts on all that it brings. */
const MANAGED = 'kubefed.io/managed';

const NOTES = /^kubefed\.io\//;

/** What the control plane says when every object is in its members. */
const ARRIVED = [
  'KubeFedCluster meyrin: Ready',
  'KubeFedCluster tsystems: Ready',
  'FederatedConfigMap startd: meyrin OK, tsystems OK',
  'FederatedConfigMap notice: meyrin OK, tsystems OK',
  'FederatedDaemonSet startd: meyrin OK, tsystems OK',
  'FederatedDeployment board: tsystems OK',
  'FederatedNamespace condor: meyrin OK, tsystems OK',
  'FederatedNamespace notices: meyrin OK, tsystems OK',
  'FederatedServiceAccount startd: meyrin OK, tsystems OK',
];

describeClusters('KubeFed', () => {
  let clusters: NodelessFederation;
  let host: NodelessCluster;
  let kubefed: KubeFedControllers;
  let found: Members;
  const firstApplies: { readonly status: number; readonly stderr: string }[] = [];
  /** What the controllers said while the members joined. */
  let joining: string;

  // as docs/engines/kubefed.md says
  beforeAll(async () => {
    clusters = await NodelessFederation.start('condor-host', 'meyrin', 'tsystems');
    host = clusters.host;
    kubefed = await KubeFedControllers.start(host);
    process.stdout.write(`KubeFed ${kubefed.version} on Kubernetes ${await host.version()}\n`);
    const [meyrin, tsystems] = await Promise.all(clusters.members.map(authorities));
    found = { meyrin, tsystems };
    const files = clusters.filesOf(federatedFleet(new KubeFedEngine(), found));
    for (const member of clusters.members) {
      expect(await member.apply(files[member.name])).toMatchObject({ status: 0, stderr: '' });
      await kubefed.admit(member);
    }
    firstApplies.push(await host.apply(files['condor-host']), await host.apply(files['condor-host']));
    await arrival();
    joining = kubefed.log;
  });
  afterAll(() => clusters?.close());

  async function authorities(member: NodelessCluster): Promise<Members['meyrin']> {
    let caBundle = '';
    await until(`${member.name} names its authorities`, async () => {
      caBundle = await member.run(['--namespace', 'kube-system', 'get', 'configmap', 'kube-root-ca.crt', '--output', 'jsonpath={.data.ca\\.crt}']);
      return true;
    });
    return { apiServer: member.apiServer, caBundle };
  }

  async function arrival(): Promise<void> {
    await until('all has arrived', async () => {
      const now = await states();
      if (now.some(state => !ARRIVED.includes(state))) { throw new Error(now.join('\n')); }
      return now.length === ARRIVED.length;
    });
  }

  /** What the control plane says of its members, and of each object for each member. */
  async function states(): Promise<string[]> {
    const joined = (await host.get('kubefedclusters', '--namespace', KUBEFED_NAMESPACE)).items.map(({ kind, metadata, status }: any) =>
      `${kind} ${metadata.name}: ${status?.conditions?.filter((condition: any) => condition.status === 'True').map(({ type }: any) => type).join(', ')}`);
    const objects = (await federated()).map(({ kind, metadata, spec, status }) => {
      const said = status?.observedGeneration === metadata.generation ? status.clusters ?? [] : [];
      // a member that has the object has no status
      const ofMember = (name: string) => said.filter((cluster: any) => cluster.name === name).map((cluster: any) => cluster.status ?? 'OK')[0];
      return `${kind} ${metadata.name}: ${spec.placement.clusters.map(({ name }: any) => `${name} ${ofMember(name)}`).join(', ')}`;
    });
    return [...joined, ...objects];
  }

  const federatedKinds = async () => (await host.run(['api-resources', '--api-group', 'types.kubefed.io', '--output', 'name'])).trim().split('\n');

  const federated = async (): Promise<any[]> => (await host.get((await federatedKinds()).join(','), '--all-namespaces')).items;

  /** All that KubeFed has brought to a member. */
  async function brought(member: NodelessCluster): Promise<Manifest[]> {
    const kinds = (await member.run(['api-resources', '--verbs=list', '--output', 'name'])).trim().split('\n').filter(kind => kind !== 'componentstatuses');
    return (await member.get(kinds.join(','), '--all-namespaces', '--selector', `${MANAGED}=true`)).items;
  }

  /** Whether each member holds what it would hold without a control plane. */
  async function expectHeld(change: Change = {}): Promise<void> {
    const expected = clusters.filesOf(federatedFleet(new ManifestsEngine(), found, change));
    for (const member of clusters.members) {
      const manifests = new Map(parseManifests(expected[member.name]).map(manifest => [identity(manifest), manifest]));
      const held = await brought(member);
      expect(held.map(manifest => identity(manifest)).sort()).toEqual([...manifests.keys()].sort());
      for (const object of held) {
        // what the API server would make of the other engine's object, in its place
        const meant = await member.inPlace(manifests.get(identity(object))!);
        expect(asDeclared(object, NOTES)).toEqual(asDeclared(meant, NOTES));
      }
    }
  }

  const datacenter = async (member: NodelessCluster) =>
    Object.values<string>((await member.get('configmap', 'startd', '--namespace', 'condor')).data).map(text => /^Datacenter *= "(.*)"$/m.exec(text)?.[1]).join('');

  test('the host takes its file at the second time, when it knows the new kind', () => {
    expect(firstApplies.map(({ status }) => status)).toEqual([1, 0]);
    expect(firstApplies[0].stderr).toBe('error: resource mapping not found for name: "startd" namespace: "condor" from "STDIN": '
      + 'no matches for kind "FederatedDaemonSet" in version "types.kubefed.io/v1beta1"\nensure CRDs are installed first\n');
  });

  test('the members are ready, and every object is in its members', async () => {
    expect((await states()).sort()).toEqual([...ARRIVED].sort());
  });

  test('each member holds what it would hold without a control plane', () => expectHeld());

  test('overrides are in one member alone', async () => {
    const [meyrin, tsystems] = clusters.members;
    expect([await datacenter(meyrin), await datacenter(tsystems)]).toEqual(['meyrin', 'otc-eu-de']);
    const notice = (member: NodelessCluster) => member.get('configmap', 'notice', '--namespace', 'notices');
    expect(await notice(meyrin)).toMatchObject({ data: { notice: 'open' }, metadata: { annotations: { 'example.org/by': 'batch' } } });
    expect(await notice(tsystems)).toMatchObject({
      data: { notice: 'closed' }, metadata: { annotations: { 'example.org/by': 'batch', 'example.org/site': 'otc' } },
    });
    expect((await tsystems.get('deployment', 'board', '--namespace', 'notices')).metadata.finalizers).toEqual(['example.org/read']);
  });

  test('nobody writes anything when all is in place', async () => {
    const versions = async () => (await Promise.all([federated(), ...clusters.members.map(brought)])).map(objects =>
      Object.fromEntries(objects.map((object: any) => [identity(object), object.metadata.resourceVersion])));
    const before = await versions();
    expect(before.map(objects => Object.keys(objects).length)).toEqual([7, 6, 7]);
    await new Promise(resolve => setTimeout(resolve, 20_000));
    expect(await versions()).toEqual(before);
  });

  test('a changed override arrives, and nothing else changes', async () => {
    const change = { datacenter: 'otc-eu-nl' };
    const [meyrin, tsystems] = clusters.members;
    const before = await brought(meyrin);
    expect(await host.apply(clusters.filesOf(federatedFleet(new KubeFedEngine(), found, change))['condor-host'])).toMatchObject({ status: 0, stderr: '' });
    await until('the change has arrived', async () => await datacenter(tsystems) === 'otc-eu-nl');
    await arrival();
    await expectHeld(change);
    expect(await brought(meyrin)).toEqual(before);
  });

  test('what is removed from the host is removed from the members', async () => {
    await host.run(['delete', 'federatedconfigmap', 'notice', '--namespace', 'notices', '--timeout=600s']);
    for (const member of clusters.members) {
      const { status, stderr } = await member.kubectl(['get', 'configmap', 'notice', '--namespace', 'notices']);
      expect({ status, stderr }).toEqual({ status: 1, stderr: 'Error from server (NotFound): configmaps "notice" not found\n' });
    }
  });

  // as docs/engines/kubefed.md says, for who leaves
  test('what KubeFed is told to let go of stays in the members, and is taken over in place', async () => {
    const generations = (objects: any[]) =>
      Object.fromEntries(objects.map(object => [identity(object), [object.metadata.uid, object.metadata.generation]]));
    const before = (await Promise.all(clusters.members.map(brought))).map(generations);
    expect(before.map(objects => Object.keys(objects).length)).toEqual([5, 6]);
    const kinds = await federatedKinds();
    await host.run(['annotate', kinds.join(','), '--all', '--all-namespaces', 'kubefed.io/orphan=true']);
    const others = kinds.filter(kind => !kind.startsWith('federatednamespaces.')).join(',');
    await host.run(['delete', others, '--all', '--all-namespaces', '--timeout=600s']);
    expect((await host.get(others, '--all-namespaces')).items).toEqual([]);
    await host.run(['delete', 'federatednamespaces', '--all', '--all-namespaces', '--timeout=600s']);
    await until('nothing is managed', async () => (await Promise.all(clusters.members.map(brought))).flat().length === 0);
    await host.run(['--namespace', KUBEFED_NAMESPACE, 'delete', 'kubefedclusters', '--all', '--timeout=600s']);

    const files = clusters.filesOf(federatedFleet(new ManifestsEngine(), found, { datacenter: 'otc-eu-nl' }));
    for (const [index, member] of clusters.members.entries()) {
      await member.run(['delete', 'namespace', KUBEFED_NAMESPACE, '--timeout=600s']);
      await member.run(['delete', 'clusterrole,clusterrolebinding', `kubefed-controller-manager:${member.name}-condor-host`]);
      const input = files[member.name];
      expect(await member.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input })).toMatchObject({ status: 0, stderr: '' });
      expect(generations(JSON.parse(await member.run(['get', '-o', 'json', '-f', '-'], { input })).items)).toMatchObject(before[index]);
    }
  });

  test('the controllers have run all the time, and were forbidden nothing', () => {
    expect(kubefed.running).toBe(true);
    const errors = (log: string) => log.split('\n').filter(line => /^[EF]\d{4} |forbidden/.test(line)
      // two that write at once are no error: the later one tries again
      && !line.includes('please apply your changes to the latest version'));
    // a member that has just joined is not ready before it has been asked
    expect(errors(joining).filter(line => !/the following clusters were not ready: /.test(line))).toEqual([]);
    expect(errors(kubefed.log.slice(joining.length))).toEqual([]);
  });
});

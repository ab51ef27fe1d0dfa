import { KarmadaControlPlane } from './karmada-control-plane';
import { Files, filesOf, handOver, KarmadaPool } from './karmada-pool';
import { clusterIdentity, expectedFiles, federatedFleet, Found, lateMember } from './karmada-programs';
import { loneControlPlane } from './lone-control-plane';
import { karmadaAgentImage } from '../kubernetes/images';
import { Testbed } from '../kubernetes/testbed';
import { Manifest, parseManifests } from '../manifest';
import { describeClusters } from '../requirements';
import { expectTalkMachines, talkJob } from '../talk';
import { until } from '../until';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** What replicas that move away from lost members take on the control plane: a gate and two flags that are off by default. */
const EVICTING = {
  'controller-manager': { 'feature-gates': 'Failover=true', 'enable-no-execute-taint-eviction': true },
  'webhook': { 'allow-no-execute-taint-policy': true },
};

describeClusters('Karmada', () => {
  let testbed: Testbed;
  let karmada: KarmadaControlPlane;
  let found: Found;
  let pool: KarmadaPool;
  let expected: Files;

  beforeAll(async () => {
    testbed = await Testbed.open({
      'condor-host': { cidr: '10.1.0.0/16', nodes: ['host-1'] },
      'meyrin': { cidr: '10.2.0.0/16', nodes: ['b7s12p8241'] },
      'tsystems': { cidr: '10.3.0.0/16', nat: true, nodes: ['otc-1'] },
    });
    const [meyrin, tsystems] = ['meyrin', 'tsystems'].map(name => testbed.cluster(name));
    // nobody outside can dial the API server of the member that pulls
    await tsystems.site.forward('kube-apiserver', []);
    const agent = karmadaAgentImage();
    await tsystems.node('otc-1').take(agent);
    karmada = await KarmadaControlPlane.start(testbed, testbed.cluster('condor-host').site, { flags: EVICTING });
    found = {
      apiServers: { meyrin: meyrin.publicServer },
      karmada: {
        apiServer: karmada.publicServer,
        caBundle: karmada.caBundle,
        clusterIds: { tsystems: (await tsystems.get('namespace', 'kube-system')).metadata.uid },
        agentImage: agent.name,
      },
    };
    expected = filesOf(testbed, expectedFiles(found));
    pool = await KarmadaPool.bring(testbed, karmada, filesOf(testbed, federatedFleet(found)));
    await until('the members are ready', async () => await karmada.condition('meyrin') === 'True' && await karmada.condition('tsystems') === 'True');
    await divideAgain('at-first');
    await pool.whole();
  }, 900_000);
  afterAll(() => testbed?.close());

  /** The program again, with a change. */
  const change = async (changed: Parameters<typeof federatedFleet>[1]) => karmada.apply(filesOf(testbed, federatedFleet(found, changed)).fed);

  /** Has the replicas divided among the members that are ready now: Karmada leaves them where they are. */
  const divideAgain = async (name: string) => {
    await karmada.apply([{
      apiVersion: 'apps.karmada.io/v1alpha1',
      kind: 'WorkloadRebalancer',
      metadata: { name },
      spec: { workloads: [{ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'web', name: 'web' }] },
    }]);
    await until('two replicas are ready in each member', async () => (await replicas('meyrin')) === 2 && (await replicas('tsystems')) === 2);
  };

  const replicas = async (member: string) => (await testbed.cluster(member).get('deployment', 'web', '--namespace', 'web')).status.readyReplicas;

  const notice = async (member: string) => (await testbed.cluster(member).get('configmap', 'notice', '--namespace', 'web')).data.notice;

  test('both members are ready: the one that is pushed to, and the one that pulls from behind NAT', async () => {
    expect(await Promise.all(pool.members.map(member => karmada.condition(member)))).toEqual(['True', 'True']);
    expect((await karmada.get('clusters')).items.map(({ metadata, spec }: any) => [metadata.name, spec.syncMode])).toEqual([['meyrin', 'Push'], ['tsystems', 'Pull']]);
  });

  test('each member holds what it would hold without a control plane', async () => {
    for (const member of pool.members) {
      const cluster = testbed.cluster(member);
      const manifests = parseManifests(expected[member]);
      expect(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort()).toEqual([
        'ConfigMap notice', 'ConfigMap startd', 'DaemonSet startd', 'Deployment web', 'Namespace condor', 'Namespace web', 'ServiceAccount startd',
      ]);
      for (const manifest of manifests) {
        const { kind, metadata: { name, namespace } } = manifest;
        const held = await cluster.get(kind, name, ...namespace ? ['--namespace', namespace] : []);
        // what the API server would make of the other engine's object, in its place
        const meant = JSON.parse(await cluster.run(['replace', '--dry-run=server', '-o', 'json', '-f', '-'], { input: JSON.stringify(manifest) }));
        if (kind === 'Deployment') { meant.spec.replicas = 2; }
        expect(declared(held)).toEqual(declared(meant));
      }
    }
  });

  test('the status of the fleet comes back as one', async () => {
    await until('both pods of the fleet are counted', async () => {
      const { status } = await karmada.get('daemonset', 'startd', '--namespace', 'condor');
      return status.desiredNumberScheduled === 2 && status.numberReady === 2 && status.numberUnavailable === undefined;
    });
    const { status } = await karmada.get('resourcebinding', 'startd-daemonset', '--namespace', 'condor');
    expect(status.aggregatedStatus.map(({ clusterName, applied, health }: any) => ({ clusterName, applied, health }))).toEqual([
      { clusterName: 'meyrin', applied: true, health: 'Healthy' }, { clusterName: 'tsystems', applied: true, health: 'Healthy' },
    ]);
  });

  test("the machines are in the pool with their members' attributes, and the talk's job runs at T-Systems", async () => {
    await expectTalkMachines(pool);
    const id = await pool.submitHere(talkJob({
      command: 'grep ""^AcctGroup "" $_CONDOR_JOB_AD; grep ""^Name "" $_CONDOR_MACHINE_AD', requirements: 'regexp("[.]tsystems$", TARGET.Name)',
    }));
    await pool.left(id, 120);
    const [outcome] = await pool.outcomes(id);
    expect(outcome).toMatchObject({ NumJobStarts: 1, ExitCode: 0, terminated: 1, LastRemoteHost: 'slot1_1@otc-1@startd.tsystems' });
    expect(await pool.asUser(['cat', `out.${id}`])).toBe('AcctGroup = "ATLAS"\nName = "slot1_1@otc-1@startd.tsystems"\n');
  });

  test('a pause holds one site back, and lets it go', async () => {
    await change({ paused: true, notice: 'closed' });
    await until('meyrin has the change', async () => await notice('meyrin') === 'closed', 30);
    await until('the change waits for T-Systems', async () => (await karmada.get('works', '--namespace', 'karmada-es-tsystems')).items
      .some(({ spec: { suspendDispatching, workload: { manifests: [{ data }] } } }: any) => suspendDispatching && data?.notice === 'closed'));
    await new Promise(resolve => setTimeout(resolve, 3000));
    expect(await notice('tsystems')).toBe('open');
    await change({ notice: 'closed' });
    await until('T-Systems has the change', async () => await notice('tsystems') === 'closed', 30);
  });

  test('a cluster that nothing selects gets nothing, and the fleet when it is labelled, without any file', async () => {
    const { controlPlane, publicServer } = await loneControlPlane(testbed, await testbed.network.site('wigner', { cidr: '10.4.0.0/16' }), 'wigner', 250);
    const ask = async (...args: string[]) => {
      const { status, stdout, stderr } = await controlPlane.kubectl(args);
      if (status !== 0) { throw new Error(stderr); }
      return JSON.parse(stdout);
    };
    const put = async (input: string) => expect((await controlPlane.kubectl(['apply', '--server-side', '-f', '-'], { input })).stderr).toBe('');
    const files = filesOf(testbed, lateMember('wigner', publicServer, found));
    await put(files.wigner);
    await karmada.apply(files.fed);
    await until('the tokens are there', async () => {
      await handOver(karmada, 'wigner', async account => (await ask('get', 'secret', account, '--namespace', 'karmada-cluster', '-o', 'json')).data);
      return true;
    });
    await until('the cluster is ready', async () => await karmada.condition('wigner') === 'True');
    const namespaces = async () => (await ask('get', 'namespaces', '-o', 'json')).items.map(({ metadata }: any) => metadata.name);
    expect(await namespaces()).toEqual(['default', 'karmada-cluster', 'kube-node-lease', 'kube-public', 'kube-system']);
    expect((await karmada.get('works', '--namespace', 'karmada-es-wigner')).items.map(({ spec }: any) => spec.workload.manifests[0].metadata.name))
      .toEqual(['karmada-impersonator', 'karmada-impersonator']);

    await put(filesOf(testbed, clusterIdentity('wigner')).wigner);
    await karmada.run(['label', 'cluster', 'wigner', 'pool=condor']);
    const fleet = () => ask('get', 'daemonset', 'startd', '--namespace', 'condor', '-o', 'json');
    await until('the fleet is there', async () => (await fleet()).metadata.name === 'startd');
    expect(await namespaces()).toEqual(['condor', 'default', 'karmada-cluster', 'kube-node-lease', 'kube-public', 'kube-system']);
    // as it is declared: its pods ask the cluster for its name
    const [{ env }] = (await fleet()).spec.template.spec.containers;
    expect(env).toContainEqual({ name: 'K8S_CLUSTER_NAME', valueFrom: { configMapKeyRef: { name: 'cluster-identity', key: 'name' } } });
  });

  test('a member that stops is reported, and loses nothing; replicas that are divided run elsewhere', async () => {
    const meyrin = testbed.cluster('meyrin');
    const pods = async () => (await pool.pods('meyrin')).map(({ metadata, status }: any) => [metadata.uid, status.containerStatuses[0].restartCount]);
    const works = async () => (await karmada.get('works', '--namespace', 'karmada-es-meyrin')).items
      .filter(({ spec }: any) => spec.workload.manifests[0].kind !== 'Deployment')
      .map(({ metadata }: any) => [metadata.name, metadata.uid, metadata.deletionTimestamp]);
    const before = { pods: await pods(), works: await works() };
    const id = await pool.submitHere(talkJob({ command: 'sleep 20', requirements: 'regexp("[.]meyrin$", TARGET.Name)' }));
    await until('the job runs', async () => (await pool.jobs(id))[0].JobStatus === 2);

    await meyrin.controlPlane.kill('kube-apiserver');
    await until('meyrin is reported', async () => await karmada.condition('meyrin') === 'False', 60);
    await until('all replicas run at T-Systems', async () => await replicas('tsystems') === 4, 60);
    await pool.left(id, 60);
    expect(await pool.outcomes(id)).toMatchObject([{ NumJobStarts: 1, ExitCode: 0, terminated: 1 }]);
    expect(await works()).toEqual(before.works);

    await meyrin.controlPlane.restart('kube-apiserver');
    await until('meyrin is back', async () => await karmada.condition('meyrin') === 'True', 60);
    await until('meyrin runs no replica any more', async () =>
      (await meyrin.kubectl(['get', 'deployment', 'web', '--namespace', 'web'])).stderr.includes('NotFound'), 60);
    expect({ pods: await pods(), works: await works() }).toEqual(before);
    // until then Karmada may go on counting what it last heard of there
    await until('the declared count is reported', async () => (await karmada.get('deployment', 'web', '--namespace', 'web')).status.readyReplicas === 4);
    await divideAgain('at-last');
    expect({ pods: await pods(), works: await works() }).toEqual(before);
  });

  test('a member retires: its job runs to the end, no other begins, and nothing of it is left', async () => {
    const tsystems = testbed.cluster('tsystems');
    const others = await pool.restarts('meyrin');
    const there = 'regexp("[.]tsystems$", TARGET.Name)';
    const id = await pool.submitHere(talkJob({ command: 'sleep 20', requirements: there }));
    await until('the job runs', async () => (await pool.jobs(id))[0].JobStatus === 2);
    await change({ notice: 'closed', tsystems: 'retired' });
    await until('T-Systems is told', async () =>
      /^START +  = False$/m.test((await tsystems.get('configmap', 'startd', '--namespace', 'condor')).data['50-member.conf']));
    const pod = (await pool.executionPoint('tsystems', 'otc-1')).metadata.name;
    // a kubelet brings what has changed within its minute, or when the pod changes
    await tsystems.run(['annotate', 'pod', pod, '--namespace', 'condor', 'example.org/told=true']);
    await until('the execution point can read it', async () => (await pool.exec('tsystems', pod, ['condor_config_val', 'START'])).stdout.trim() === 'False');
    expect((await pool.exec('tsystems', pod, ['condor_reconfig', '-daemon', 'startd'])).status).toBe(0);
    const late = await pool.submitHere(talkJob({ requirements: there }));
    await pool.left(id, 60);
    expect(await pool.outcomes(id)).toMatchObject([{ NumJobStarts: 1, ExitCode: 0, terminated: 1 }]);
    // its access point tries it on the claim that it has, once, and gives the claim up
    await until('the other job waits', async () => (await pool.jobs(late))[0].JobStatus === 1);
    expect(await pool.jobs(late)).toMatchObject([{ NumJobStarts: 0 }]);

    await change({ notice: 'closed', tsystems: 'gone' });
    await karmada.run(['delete', 'cluster', 'tsystems', '--timeout=60s']);
    await until('the namespaces are gone', async () => (await tsystems.get('namespaces')).items
      .every(({ metadata }: any) => !['condor', 'web'].includes(metadata.name)));
    await until('all replicas run at CERN', async () => await replicas('meyrin') === 4);
    expect(await pool.restarts('meyrin')).toEqual(others);
  });
});

/** An object without what clusters and Karmada note on it. */
function declared({ status: _, metadata, ...object }: Manifest): object {
  const ours = (entries: object = {}) => Object.fromEntries(Object.entries(entries).filter(([key]) => !/(^|\.)karmada\.io\/|^deployment\.kubernetes\.io\//.test(key)));
  const { name, namespace, labels, annotations } = metadata;
  return { ...object, metadata: { name, namespace, labels: ours(labels), annotations: ours(annotations) } };
}

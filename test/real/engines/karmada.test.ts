import { Duration } from 'cdk8s';
import { asDeclared } from './as-declared';
import { KarmadaControlPlane } from './karmada-control-plane';
import { Files, filesOf, KarmadaPool } from './karmada-pool';
import { expectedFiles, federatedFleet, Found, LATE_MEMBER, lateMember } from './karmada-programs';
import { karmadaAgentImage } from '../kubernetes/images';
import { Testbed } from '../kubernetes/testbed';
import { parseManifests } from '../manifest';
import { describeClusters } from '../requirements';
import { expectTalkMachines, talkJob } from '../talk';
import { until } from '../until';

/* eslint-disable @typescript-eslint/no-explicit-any */

const NOTES = /(^|\.)karmada\.io\//;

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
      [LATE_MEMBER]: { cidr: '10.4.0.0/16', nodes: ['wn-1'] },
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
  });
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

  const replicas = async (member: string, workload = 'web') =>
    (await testbed.cluster(member).get('deployment', workload, '--namespace', 'web')).status.readyReplicas;

  /** Whether Karmada has scheduled a workload, and what it says of it. */
  const scheduled = async (workload: string) => (await karmada.get('resourcebinding', `${workload}-deployment`, '--namespace', 'web')).status.conditions
    .find(({ type }: any) => type === 'Scheduled');

  const notice = async (member: string) => (await testbed.cluster(member).get('configmap', 'notice', '--namespace', 'web')).data.notice;

  /** The pool's pods in a member, and how often they were started again. */
  const pods = async (member: string) => (await pool.pods(member))
    .map(({ metadata, status }: any) => [metadata.uid, status.containerStatuses[0].restartCount]);

  /** What Karmada means a member to have, but for what it moves to others. */
  const works = async (member: string) => (await karmada.get('works', '--namespace', `karmada-es-${member}`)).items
    .filter(({ spec }: any) => spec.workload.manifests[0].kind !== 'Deployment')
    .map(({ metadata }: any) => [metadata.name, metadata.uid, metadata.deletionTimestamp]);

  /** Submits a job that sleeps in a member, and waits until it does. */
  const sleepIn = async (member: string, seconds: number) => {
    const id = await pool.submitHere(talkJob({ command: `sleep ${seconds}`, requirements: within(member) }));
    await until('the job runs', async () => (await pool.jobs(id))[0].JobStatus === 2);
    return id;
  };

  /** Runs the talk's job in a member, which says where it was. */
  const saysWhereItIs = async (member: string, slot: string) => {
    const id = await pool.submitHere(talkJob({
      command: 'grep ""^AcctGroup "" $_CONDOR_JOB_AD; grep ""^Name "" $_CONDOR_MACHINE_AD', requirements: within(member),
    }));
    await pool.left(id);
    expect(await pool.outcomes(id)).toMatchObject([{ NumJobStarts: 1, ExitCode: 0, terminated: 1, LastRemoteHost: slot }]);
    expect(await pool.asUser(['cat', `out.${id}`])).toBe(`AcctGroup = "ATLAS"\nName = "${slot}"\n`);
  };

  const within = (member: string) => `regexp("[.]${member}$", TARGET.Name)`;

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
        expect(asDeclared(held, NOTES)).toEqual(asDeclared(meant, NOTES));
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
    await saysWhereItIs('tsystems', 'slot1_1@otc-1@startd.tsystems');
  });

  test('a pause holds one site back, and lets it go', async () => {
    await change({ paused: true });
    // as the engine's page has it: Karmada reads policies and objects apart, so a change may overtake a pause that is applied with it
    for (const binding of ['resourcebinding', 'clusterresourcebinding']) {
      await karmada.run(['wait', 'works', '--namespace', 'karmada-es-tsystems', '--selector', `${binding}.karmada.io/permanent-id`,
        '--for', 'jsonpath={.spec.suspendDispatching}=true', '--timeout=600s']);
    }
    await change({ paused: true, notice: 'closed' });
    await until('meyrin has the change', async () => await notice('meyrin') === 'closed');
    await until('the change waits for T-Systems', async () => (await karmada.get('works', '--namespace', 'karmada-es-tsystems')).items
      .some(({ spec: { suspendDispatching, workload: { manifests: [{ data }] } } }: any) => suspendDispatching && data?.notice === 'closed'));
    await new Promise(resolve => setTimeout(resolve, 3000));
    expect(await notice('tsystems')).toBe('open');
    await change({ notice: 'closed' });
    await until('T-Systems has the change', async () => await notice('tsystems') === 'closed');
  });

  test('a cluster that nothing selects gets nothing, and the fleet when it is labelled, without any file: its machine runs a job', async () => {
    const late = testbed.cluster(LATE_MEMBER);
    const files = filesOf(testbed, lateMember(late.publicServer, found));
    await late.apply(files[LATE_MEMBER]);
    await karmada.apply(files.fed);
    await pool.prepare(LATE_MEMBER);
    await until('the cluster is ready', async () => await karmada.condition(LATE_MEMBER) === 'True');
    const held = async () => (await late.get('namespaces,serviceaccounts,configmaps,secrets,daemonsets,deployments', '--all-namespaces')).items
      .filter(({ metadata }: any) => !/^(kube-.*|karmada-cluster|default)$/.test(metadata.namespace ?? metadata.name) && !/^(default|kube-root-ca.crt)$/.test(metadata.name))
      .map(({ kind, metadata }: any) => `${kind} ${metadata.name}`).sort();
    const own = ['ConfigMap cluster-identity', 'Namespace condor', 'Secret startd-token'];
    expect(await held()).toEqual(own);
    expect((await karmada.get('works', '--namespace', `karmada-es-${LATE_MEMBER}`)).items.map(({ spec }: any) => spec.workload.manifests[0].metadata.name))
      .toEqual(['karmada-impersonator', 'karmada-impersonator']);

    await karmada.run(['label', 'cluster', LATE_MEMBER, 'pool=condor']);
    await pool.whole([LATE_MEMBER]);
    expect(await held()).toEqual([...own, 'ConfigMap startd', 'DaemonSet startd', 'ServiceAccount startd'].sort());
    // as it is declared, by the name that the cluster itself gave
    expect(await pool.ad('-const', `PartitionableSlot && regexp("[.]${LATE_MEMBER}$", Name)`)).toMatchObject({
      Name: `slot1@wn-1@startd.${LATE_MEMBER}`, CERNEnvironment: 'production', TotalCpus: 8, TotalMemory: 22500,
    });
    await saysWhereItIs(LATE_MEMBER, `slot1_1@wn-1@startd.${LATE_MEMBER}`);
  });

  test('replicas are divided by weights, and over no more members than stated', async () => {
    await change({ notice: 'closed', divided: { weighted: { weights: { meyrin: 2, tsystems: 1 } }, together: { maxClusters: 1 } } });
    await until('two replicas are at CERN and one at T-Systems', async () => await replicas('meyrin', 'weighted') === 2 && await replicas('tsystems', 'weighted') === 1);
    const together = async () => (await Promise.all(pool.members.map(member => testbed.cluster(member).get('deployments', '--namespace', 'web'))))
      .flatMap(({ items }) => items).filter(({ metadata }) => metadata.name === 'together').map(({ status }) => status.readyReplicas);
    await until('one member runs all of the other', async () => (await together()).includes(3));
    expect(await together()).toEqual([3]);
  });

  test('a member that pulls is cut off: that is reported, nothing of it is destroyed, and it follows again when it is back', async () => {
    const { site } = testbed.cluster('tsystems');
    const before = { pods: await pods('tsystems'), works: await works('tsystems') };
    const id = await sleepIn('tsystems', 60);

    await site.cut();
    await change({ notice: 'cut off' });
    await until('T-Systems is reported', async () => await karmada.condition('tsystems') === 'Unknown');
    await until('all replicas run at CERN', async () => await replicas('meyrin') === 4);
    await change({ notice: 'cut off', divided: { apart: { minClusters: 2, failover: Duration.seconds(1) } } });
    await until('too few members are left for a workload that wants two', async () => (await scheduled('apart'))?.status === 'False');
    expect((await scheduled('apart')).message).toContain('less than spreadConstraint.MinGroups');
    expect([await notice('meyrin'), await notice('tsystems')]).toEqual(['cut off', 'closed']);
    expect([await replicas('tsystems'), await replicas('tsystems', 'weighted')]).toEqual([2, 1]);
    expect({ pods: await pods('tsystems'), works: await works('tsystems') }).toEqual(before);

    await site.mend();
    await until('T-Systems is back', async () => await karmada.condition('tsystems') === 'True');
    await until('T-Systems has the change', async () => await notice('tsystems') === 'cut off');
    await until('both members run the workload', async () => await replicas('meyrin', 'apart') + await replicas('tsystems', 'apart') === 3);
    // what waits on a connection that is dead tries again once in a minute, and waits for an answer each time
    await pool.left(id);
    expect(await pool.outcomes(id)).toMatchObject([{ NumJobStarts: 1, ExitCode: 0, executed: 1, terminated: 1 }]);
    expect({ pods: await pods('tsystems'), works: await works('tsystems') }).toEqual(before);
    expect(await replicas('tsystems', 'weighted')).toBe(1);
    // no member may leave that it can't do without
    await karmada.run(['delete', 'deployment', 'apart', '--namespace', 'web']);
  });

  test('a member that stops is reported, and loses nothing; replicas that are divided run elsewhere', async () => {
    const meyrin = testbed.cluster('meyrin');
    const before = { pods: await pods('meyrin'), works: await works('meyrin') };
    const id = await sleepIn('meyrin', 20);

    await meyrin.controlPlane.kill('kube-apiserver');
    await until('meyrin is reported', async () => await karmada.condition('meyrin') === 'False');
    await until('all replicas run at T-Systems', async () => await replicas('tsystems') === 4);
    await pool.left(id);
    expect(await pool.outcomes(id)).toMatchObject([{ NumJobStarts: 1, ExitCode: 0, terminated: 1 }]);
    expect(await works('meyrin')).toEqual(before.works);

    await meyrin.controlPlane.restart('kube-apiserver');
    await until('meyrin is back', async () => await karmada.condition('meyrin') === 'True');
    await until('meyrin runs no replica any more', async () =>
      (await meyrin.kubectl(['get', 'deployment', 'web', '--namespace', 'web'])).stderr.includes('NotFound'));
    expect({ pods: await pods('meyrin'), works: await works('meyrin') }).toEqual(before);
    // a workload without failover stays, and is counted where it was
    expect(await replicas('meyrin', 'weighted')).toBe(2);
    // until then Karmada may go on counting what it last heard of there
    await until('the declared count is reported', async () => (await karmada.get('deployment', 'web', '--namespace', 'web')).status.readyReplicas === 4);
    await divideAgain('at-last');
    expect({ pods: await pods('meyrin'), works: await works('meyrin') }).toEqual(before);
  });

  test('a member retires: its job runs to the end, no other begins, and nothing of it is left', async () => {
    const tsystems = testbed.cluster('tsystems');
    const others = await pool.restarts('meyrin');
    const id = await sleepIn('tsystems', 20);
    await change({ notice: 'closed', tsystems: 'retired' });
    await until('T-Systems is told', async () =>
      /^START +  = False$/m.test((await tsystems.get('configmap', 'startd', '--namespace', 'condor')).data['50-member.conf']));
    const pod = (await pool.executionPoint('tsystems', 'otc-1')).metadata.name;
    // a kubelet brings what has changed within its minute, or when the pod changes
    await tsystems.run(['annotate', 'pod', pod, '--namespace', 'condor', 'example.org/told=true']);
    await until('the execution point can read it', async () => (await pool.exec('tsystems', pod, ['condor_config_val', 'START'])).stdout.trim() === 'False');
    expect((await pool.exec('tsystems', pod, ['condor_reconfig', '-daemon', 'startd'])).status).toBe(0);
    const late = await pool.submitHere(talkJob({ requirements: within('tsystems') }));
    await pool.left(id);
    expect(await pool.outcomes(id)).toMatchObject([{ NumJobStarts: 1, ExitCode: 0, terminated: 1 }]);
    // its access point tries it on the claim that it has, once, and gives the claim up
    await until('the other job waits', async () => (await pool.jobs(late))[0].JobStatus === 1);
    expect(await pool.jobs(late)).toMatchObject([{ NumJobStarts: 0 }]);

    await change({ notice: 'closed', tsystems: 'gone' });
    await karmada.run(['delete', 'cluster', 'tsystems', '--timeout=600s']);
    await until('the namespaces are gone', async () => (await tsystems.get('namespaces')).items
      .every(({ metadata }: any) => !['condor', 'web'].includes(metadata.name)));
    await until('all replicas run at CERN', async () => await replicas('meyrin') === 4);
    expect(await pool.restarts('meyrin')).toEqual(others);
  });
});

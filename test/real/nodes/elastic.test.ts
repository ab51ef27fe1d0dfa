import { counted, fleet } from './counting';
import { atTsystemsFirst, ElasticPool, elasticProgram, MOST, sleepers, THRESHOLD } from './elastic-pool';
import { looks, startKeda } from './keda';
import { Testbed } from '../kubernetes/testbed';
import { TestbedCluster } from '../kubernetes/testbed-cluster';
import { describeClusters } from '../requirements';

/* eslint-disable @typescript-eslint/no-explicit-any */

const NAMESPACE = 'condor';

describeClusters('execution points that come with demand', () => {
  let testbed: Testbed;
  let pool: ElasticPool;
  let tsystems: TestbedCluster;
  /** Jobs that are submitted, by their clusters. */
  const submitted: string[] = [];
  /** One that runs first and longer than the others, and at T-Systems alone. */
  let long: string;

  beforeAll(async () => {
    testbed = await Testbed.open({
      'condor-host': { cidr: '10.1.0.0/16', nodes: ['host-1'] },
      'meyrin': { cidr: '10.2.0.0/16', nodes: ['node-1'] },
      'tsystems': { cidr: '10.3.0.0/16', nat: true, nodes: ['otc-1'] },
    });
    tsystems = testbed.cluster('tsystems');
    await startKeda(tsystems);
    pool = await ElasticPool.start(testbed, elasticProgram) as ElasticPool;
    await pool.whole(['meyrin']);
  });
  afterAll(() => testbed?.close());

  const jobs = () => pool.kedaJobs('tsystems');
  const points = () => pool.pods('tsystems', '--selector', 'app.kubernetes.io/component=execution-point');
  const atTsystems = async () => (await pool.machines()).filter(name => name.endsWith('@burst.tsystems'));

  const explained = (what: string, condition: () => Promise<boolean>) => pool.explained('tsystems', what, condition);

  describe('what is counted', () => {
    const [near, cloud] = [fleet('burst.near', { most: 2 }), fleet('burst.cloud', { cost: 8, threshold: 3 })];

    test('jobs are for the cheapest member, as many as it may have machines, and the others for the next one', async () => {
      expect(await counted(pool, [near, cloud], [{ count: 8 }])).toEqual([[2, 8, 0], [0, 0, 0]]);
      expect(await counted(pool, [near, cloud], [{ count: 17 }])).toEqual([[2, 17, 0], [3, 9, 0]]);
    });

    test('below the threshold none come, and those that are there go on', async () => {
      expect(await counted(pool, [near, cloud], [{ count: 10 }])).toEqual([[2, 10, 0], [0, 2, 0]]);
      const there = [{ RemoteHost: 'slot1_1@pod@burst.cloud', CpusProvisioned: 1, MemoryProvisioned: 128 }];
      expect(await counted(pool, [cloud], [{ count: 2 }], there)).toEqual([[1, 2, 1]]);
    });

    test('a busy machine is filled before another comes; what is big finds no place between small ones', async () => {
      const on = (pod: string) => ({ RemoteHost: `slot1_1@${pod}@burst.cloud`, CpusProvisioned: 1, MemoryProvisioned: 128 });
      expect(await counted(pool, [cloud], [{ count: 6 }], [on('a'), on('b')])).toEqual([[2, 6, 2]]);
      expect(await counted(pool, [cloud], [{ count: 3, cpus: 4 }], [on('a'), on('b')])).toEqual([[5, 3, 2]]);
      expect(await counted(pool, [cloud], [{ count: 4, memory: 4000 }])).toEqual([[2, 4, 0]]);
    });

    test('what is free on a machine that takes no new job is no place', async () => {
      const there = [{ RemoteHost: 'slot1_1@pod@burst.cloud', CpusProvisioned: 1, MemoryProvisioned: 128 }];
      expect(await counted(pool, [cloud], [{ count: 3 }], there)).toEqual([[1, 3, 1]]);
      expect(await counted(pool, [cloud], [{ count: 3 }], there, { old: ['pod@burst.cloud'] })).toEqual([[2, 3, 1]]);
    });

    test('what a budget is not enough for is for the next member', async () => {
      expect(await counted(pool, [near, cloud], [{ count: 17 }], [], { affordable: { 'burst.near': 1 } })).toEqual([[1, 17, 0], [4, 13, 0]]);
      const there = [{ RemoteHost: 'slot1_1@pod@burst.near', CpusProvisioned: 4, MemoryProvisioned: 512 }];
      expect(await counted(pool, [near, cloud], [{ count: 4 }], there, { affordable: { 'burst.near': 0 } })).toEqual([[1, 4, 1], [1, 4, 0]]);
    });

    test('a job that is new, that does not match or that is not let in, or that fits no machine, brings none', async () => {
      expect(await counted(pool, [cloud], [{ count: 5, age: 100 }])).toEqual([[0, 0, 0]]);
      expect(await counted(pool, [cloud], [{ count: 5, requirements: 'TARGET.HasUnicorns' }])).toEqual([[0, 0, 0]]);
      expect(await counted(pool, [near, cloud], [{ count: 5, requirements: 'regexp("[.]cloud$", TARGET.Name) && Fleet == "burst.cloud"' }])).toEqual([[0, 0, 0], [2, 5, 0]]);
      expect(await counted(pool, [cloud], [{ count: 5, cpus: 8 }])).toEqual([[0, 0, 0]]);
    });
  });

  test('without demand there is none', async () => {
    await explained('KEDA finds the ScaledJob ready, and nothing to do', async () => {
      const { status } = await tsystems.get('scaledjob', 'burst', '--namespace', NAMESPACE);
      const condition = (type: string) => status?.conditions?.find((each: any) => each.type === type)?.status;
      return condition('Ready') === 'True' && condition('Active') === 'False';
    });
    expect(await pool.demand()).toEqual({ wanted: 0, busy: 0, waiting: 0 });
    expect(await jobs()).toEqual([]);
  });

  test('fewer waiting jobs than the threshold bring none', async () => {
    // one of them runs at Meyrin
    submitted.push(await pool.submitHere(sleepers(THRESHOLD, 45)));
    const waiting = { wanted: 0, busy: 0, waiting: THRESHOLD - 1 };
    await explained('the others are counted', async () => JSON.stringify(await pool.demand()) === JSON.stringify(waiting));
    const before = await looks(tsystems);
    await explained('KEDA has looked again', async () => await looks(tsystems) >= before + 3);
    expect(await jobs()).toEqual([]);
  });

  test('more bring execution points at T-Systems, and at T-Systems alone, up to the cap', async () => {
    submitted.push(await pool.submitHere(sleepers(6, 30)));
    long = await pool.submitHere(atTsystemsFirst(sleepers(1, 60)));
    submitted.push(long);
    await explained('as many machines as there may be are in the pool', async () => (await atTsystems()).length === MOST);
    expect((await testbed.cluster('meyrin').get('pods', '--namespace', NAMESPACE)).items.map(({ metadata }: any) => metadata.ownerReferences[0].kind)).toEqual(['DaemonSet']);
    const ad = await pool.ad('-const', 'PartitionableSlot && regexp("@burst[.]tsystems$", Name)', '-limit', '1');
    expect(ad).toMatchObject({ TotalCpus: 1, Datacenter: 'otc-eu-de', ExecutionPointCost: 5 });
    const [pod] = await points();
    expect(pod.metadata.annotations).toMatchObject({ 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false', 'karpenter.sh/do-not-disrupt': 'true' });
  });

  test('a change of the fleet leaves those that run alone', async () => {
    const running = (pods: any[]) => pods.filter(({ status }) => status.phase === 'Running').map(({ metadata }) => metadata.uid).sort();
    await explained('the long job runs', async () => (await pool.jobs(long)).some(({ JobStatus }) => JobStatus === 2));
    const [{ RemoteHost }] = await pool.jobs(long);
    const name = /@(.*)@burst/.exec(RemoteHost!)![1];
    const { metadata: { uid } } = await pool.pod('tsystems', name);
    await tsystems.run(['patch', 'scaledjob', 'burst', '--namespace', NAMESPACE, '--type=json', '--patch', JSON.stringify([
      { op: 'add', path: '/spec/jobTargetRef/template/metadata/annotations/changed', value: 'true' },
    ])]);
    const before = await looks(tsystems);
    await explained('KEDA has looked again', async () => await looks(tsystems) >= before + 3);
    expect(running(await points())).toContain(uid);
  });

  test('they leave when the queue has drained, and no job was lost', async () => {
    for (const id of submitted) { await pool.left(id); }
    const outcomes = (await Promise.all(submitted.map(id => pool.outcomes(id)))).flat();
    const well = { NumJobStarts: 1, ExitCode: 0, executed: 1, terminated: 1 };
    expect(outcomes).toEqual(outcomes.map(({ LastRemoteHost }) => ({ LastRemoteHost, ...well })));
    expect(outcomes).toHaveLength(THRESHOLD + 6 + 1);
    const at = (machines: string) => outcomes.filter(({ LastRemoteHost }) => LastRemoteHost.endsWith(machines)).length;
    expect(at('@startd.meyrin') + at('@burst.tsystems')).toBe(outcomes.length);
    expect(at('@burst.tsystems')).toBeGreaterThanOrEqual(2);

    await explained('all execution points have left', async () => (await jobs()).every(({ status }) => status.succeeded === 1));
    await explained('nothing is wanted', async () => (await pool.demand())?.wanted === 0);
    const all = await jobs();
    expect(all.every(({ status }) => (status.failed ?? 0) === 0)).toBe(true);
    // a Job that begins when another ends doesn't count beside it
    const times = all.map(({ metadata, status }) => [Date.parse(metadata.creationTimestamp), Date.parse(status.completionTime)]);
    const atOnce = times.map(([began]) => times.filter(([start, end]) => start <= began && began < end).length);
    process.stdout.write(`elastic: ${all.length} execution points, ${Math.max(...atOnce)} at once, for ${at('@burst.tsystems')} of ${outcomes.length} jobs\n`);
    expect(Math.max(...atOnce)).toBe(MOST);
    // all say good-bye by ending well
    expect((await points()).map(({ status }) => status.phase)).toEqual(all.map(() => 'Succeeded'));
  });
});

import { at, expectEnded, firstAt, on, running, say, SHORT_LEASE, sleeper } from './sleepers';
import { example } from '../examples';
import { Testbed } from '../kubernetes/testbed';
import { NODE_PORT_POOL, nodePortPool } from '../nodes/node-port-pool';
import { signal } from '../nodes/processes';
import { TestbedPool } from '../nodes/testbed-pool';
import { withoutAnalyses } from '../nodes/without-analyses';
import { describeClusters } from '../requirements';
import { until } from '../until';

/** How long the link to T-Systems is cut, in seconds: longer than any timer that is shipped but the lease of jobs. */
const CUT = 20 * 60;
/** The daemons on a node whose death is the jobs' own. */
const EXECUTE_SIDE = ['condor_starter', 'condor_startd'];

const HOST = 'condor-host';
const [FIRST, SECOND] = ['b7s12p8241', 'b7s12p8242'];

describeClusters('faults on real nodes', () => {
  let testbed: Testbed;
  let pool: TestbedPool;
  let other: TestbedPool;

  /** Jobs that are under way while faults happen, by what is said of them. */
  const jobs: { [what: string]: string } = {};
  let cutAt: number;

  beforeAll(async () => {
    testbed = await Testbed.open({
      'condor-host': { cidr: '10.1.0.0/16', nodes: ['host-1'] },
      'meyrin': { cidr: '10.2.0.0/16', nodes: [FIRST, SECOND] },
      'tsystems': { cidr: '10.3.0.0/16', nat: true, nodes: ['otc-1'] },
    });
    pool = await TestbedPool.start(testbed, withoutAnalyses(outdir => example('cern-tsystems', outdir)));
    other = await TestbedPool.start(testbed, nodePortPool(['meyrin']), NODE_PORT_POOL);
    await Promise.all([pool.whole(), other.whole()]);
  });
  afterAll(() => testbed?.close());

  /** Waits until a node's machine is known and a new job is done there, and says how long that took. */
  async function wholeAgain(what: string, since: number, node = FIRST): Promise<void> {
    await until(`${node} is in the pool`, async () => (await pool.machines()).includes(`slot1@${node}@startd.meyrin`));
    let id = '';
    await until('a new job is taken', async () => {
      id = await pool.submitHere(sleeper(1, 1, on(node)));
      return true;
    });
    await pool.left(id);
    const [{ terminated, ExitCode }] = await pool.outcomes(id);
    expect({ terminated, ExitCode }).toEqual({ terminated: 1, ExitCode: 0 });
    say(`${what}: whole again, a new job included, after ${Math.round((Date.now() - since) / 1000)} s`);
  }

  /** The jobs at the first node go on where they are. */
  async function undisturbed(): Promise<void> {
    const steady = await pool.jobs(jobs.steady);
    expect(steady.map(({ JobStatus }) => JobStatus)).toEqual(Array(4).fill(2));
    expect(steady.every(({ RemoteHost }) => RemoteHost?.includes(`@${FIRST}@`))).toBe(true);
  }

  test('jobs run at both sites', async () => {
    jobs.steady = await pool.submitHere(sleeper(CUT + 300, 4, on(FIRST)));
    jobs.cutOff = await pool.submitHere(sleeper(CUT + 60, 4, at('tsystems')));
    jobs.pastLease = await pool.submitHere(sleeper(120 + SHORT_LEASE, 1, firstAt('tsystems'), SHORT_LEASE));
    await Promise.all([running(pool, jobs.steady, 4), running(pool, jobs.cutOff, 4), running(pool, jobs.pastLease, 1)]);
    jobs.priorities = await pool.priorityFactors();
  });

  test('the link to T-Systems is cut, both ways, and its connections are forgotten', async () => {
    await testbed.cluster('tsystems').site.cut();
    cutAt = Date.now();
    // what hangs is found out by the kubelet's probes meanwhile
    signal((await other.pod(HOST, 'condor-cm-0')).metadata.uid, 'condor_collector', 'SIGSTOP');
    signal((await other.pod(HOST, 'condor-ap1-0')).metadata.uid, 'condor_schedd', 'SIGSTOP');
    signal((await other.executionPoint('meyrin', FIRST)).metadata.uid, 'condor_startd', 'SIGSTOP');
    signal((await pool.executionPoint('meyrin', SECOND)).metadata.uid, 'condor_startd', 'SIGSTOP');
  });

  const daemons: [string, string][] = [
    ['condor-cm-0', 'condor_collector'], ['condor-cm-0', 'condor_negotiator'], ['condor-cm-0', 'condor_shared_port'], ['condor-cm-0', 'condor_master'],
    ['condor-ap1-0', 'condor_schedd'], ['condor-ap1-0', 'condor_shared_port'], ['condor-ap1-0', 'condor_master'],
  ];

  test.each(daemons)('kill -9 in %s: %s', async (pod, daemon) => {
    const since = Date.now();
    signal((await pool.pod(HOST, pod)).metadata.uid, daemon, 'SIGKILL');
    await wholeAgain(`kill -9 in ${pod}: ${daemon}`, since);
    await undisturbed();
  });

  test.each(['condor-cm-0', 'condor-ap1-0'])('deletion of %s', async pod => {
    const since = Date.now();
    await testbed.cluster(HOST).run(['delete', 'pod', pod, '--namespace', pool.namespace]);
    await until('its successor is ready', () => pool.ready(HOST, pod));
    await wholeAgain(`deletion of ${pod}`, since);
    await undisturbed();
    expect(await pool.priorityFactors()).toEqual(jobs.priorities);
  });

  test('probes fail when what they watch hangs, and the kubelet starts it again', async () => {
    const hung: [TestbedPool, string, string][] = [
      [other, HOST, 'condor-cm-0'], [other, HOST, 'condor-ap1-0'],
      [other, 'meyrin', (await other.executionPoint('meyrin', FIRST)).metadata.name],
      [pool, 'meyrin', (await pool.executionPoint('meyrin', SECOND)).metadata.name],
    ];
    const restarts = async ([of, cluster, pod]: [TestbedPool, string, string]) => (await of.restarts(cluster))[pod];
    for (const [of, cluster, pod] of hung) {
      await until(`${cluster}/${pod} is not ready`, async () => !await of.ready(cluster, pod) || await restarts([of, cluster, pod]) > 0);
    }
    for (const each of hung) { await until(`${each[1]}/${each[2]} is started again`, async () => await restarts(each) > 0); }
    for (const [of, cluster, pod] of hung) { await until(`${cluster}/${pod} is ready`, () => of.ready(cluster, pod)); }
    say(`hung daemons: all started again within ${Math.round((Date.now() - cutAt) / 1000)} s`);
    await undisturbed();
  });

  test('kubelets are started again', async () => {
    const before = await Promise.all([HOST, 'meyrin'].map(cluster => pool.restarts(cluster)));
    const since = Date.now();
    for (const cluster of [HOST, 'meyrin']) {
      for (const node of testbed.cluster(cluster).nodes) { await node.restart('kubelet'); }
    }
    await wholeAgain('kubelets started again', since);
    await undisturbed();
    expect(await Promise.all([HOST, 'meyrin'].map(cluster => pool.restarts(cluster)))).toEqual(before);
  });

  test.each(EXECUTE_SIDE)('kill -9 on a node: %s', async daemon => {
    jobs[daemon] = await pool.submitHere(sleeper(60, 2, on(SECOND), SHORT_LEASE));
    await running(pool, jobs[daemon], 2);
    const since = Date.now();
    signal((await pool.executionPoint('meyrin', SECOND)).metadata.uid, daemon, 'SIGKILL');
    await wholeAgain(`kill -9 on a node: ${daemon}`, since, SECOND);
    await undisturbed();
  });

  test('a node is drained: its jobs end, then its pod goes and stays away', async () => {
    const id = await pool.submitHere(sleeper(60, 2, on(SECOND)));
    await running(pool, id, 2);
    const { metadata: { name } } = await pool.executionPoint('meyrin', SECOND);
    const since = Date.now();
    const meyrin = testbed.cluster('meyrin');
    await meyrin.run(['taint', 'nodes', SECOND, 'maintenance=drain:NoExecute']);
    await until('the pod has gone', async () => !(await pool.pods('meyrin')).some(({ metadata }) => metadata.name === name));
    say(`a node drained: its pod has gone after ${Math.round((Date.now() - since) / 1000)} s`);
    expect(await expectEnded(pool, 'a node drained', id, 2)).toEqual([1, 1]);
    expect((await pool.pods('meyrin')).map(({ spec }) => spec.nodeName)).toEqual([FIRST]);
    await meyrin.run(['taint', 'nodes', SECOND, 'maintenance-']);
    await wholeAgain('a node drained', Date.now(), SECOND);
    await undisturbed();
  });

  test('after 20 minutes the link is mended: jobs go on where they were, and no probe has started anything again', async () => {
    await until('the link was cut long enough', async () => Date.now() - cutAt > CUT * 1000, CUT);
    expect(Object.values(await pool.restarts('tsystems'))).toEqual([0]);
    await testbed.cluster('tsystems').site.mend();
    const since = Date.now();
    await pool.whole(['meyrin', 'tsystems']);
    say(`a cut of ${CUT / 60} minutes: whole again after ${Math.round((Date.now() - since) / 1000)} s`);
    expect(await expectEnded(pool, `a cut of ${CUT / 60} minutes`, jobs.cutOff, 4, 900)).toEqual([1, 1, 1, 1]);
    // HTCondor gives a claim up at the end of its lease, on both sides, and starts the job again; as where the execute side has died
    await expectEnded(pool, 'a cut past the lease', jobs.pastLease, 1, 900);
    for (const daemon of EXECUTE_SIDE) { await expectEnded(pool, `kill -9 on a node: ${daemon}`, jobs[daemon], 2); }
    expect(await expectEnded(pool, 'all faults at the host', jobs.steady, 4)).toEqual([1, 1, 1, 1]);
    expect(await pool.priorityFactors()).toEqual(jobs.priorities);
  });
});

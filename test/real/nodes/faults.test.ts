import { NODE_PORT_POOL, nodePortPool } from './node-port-pool';
import { signal } from './processes';
import { TestbedPool } from './testbed-pool';
import { example } from '../examples';
import { Testbed } from '../kubernetes/testbed';
import { describeClusters } from '../requirements';
import { until } from '../until';

/** How long the link to T-Systems is cut, in seconds: longer than any timer that is shipped but the lease of jobs. */
const CUT = 20 * 60;
/** The lease of the job that is cut off for longer than that, in seconds. */
const SHORT_LEASE = 300;

/** The daemons on a node whose death is the jobs' own. */
const EXECUTE_SIDE = ['condor_starter', 'condor_startd'];

const HOST = 'condor-host';
const [FIRST, SECOND] = ['b7s12p8241', 'b7s12p8242'];

/** A job that sleeps, writes a line, and says in its log what becomes of it. */
function sleeper(seconds: number, count: number, requirements: string, more = ''): string {
  return `
executable = /bin/sh
arguments = "-c 'sleep ${seconds}; echo done $(Process)'"
transfer_executable = false
should_transfer_files = YES
output = out.$(Cluster).$(Process)
error = err.$(Cluster).$(Process)
log = log.$(Cluster)
request_cpus = 1
request_memory = 100
request_disk = 1
requirements = ${requirements}
${more}
queue ${count}
`;
}

const on = (node: string) => `regexp("@${node}@", TARGET.Name)`;
const at = (member: string) => `regexp("[.]${member}$", TARGET.Name)`;

/** T-Systems is where such a job is first; where it is started again does not matter. Its claim is soon given up. */
const FIRST_AT_TSYSTEMS = `${at('tsystems')} || time() - MY.QDate > ${SHORT_LEASE}`;
const SOON_GIVEN_UP = `job_lease_duration = ${SHORT_LEASE}`;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

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
    pool = await TestbedPool.start(testbed, outdir => example('cern-tsystems', outdir));
    other = await TestbedPool.start(testbed, nodePortPool(['meyrin']), NODE_PORT_POOL);
    await Promise.all([pool.whole(), other.whole()]);
  }, 900_000);
  afterAll(() => testbed?.close());

  /** Waits until jobs run, and their log says so: the news may still be on the way when the queue knows it. */
  async function running(id: string, count: number): Promise<void> {
    await until(`${count} jobs of ${id} run`, async () => ((await pool.asUser(['cat', `log.${id}`])).match(/^001 /gm) ?? []).length === count, 240);
  }

  /** Every job has ended once, well, and its output is there; gives how often each has begun to run. */
  async function ended(what: string, id: string, count: number, seconds: number): Promise<number[]> {
    await pool.left(id, seconds);
    const outcomes = await pool.outcomes(id);
    const executed = outcomes.map(job => job.executed);
    say(`${what}: executed ${executed.join(' ')}, NumJobStarts ${outcomes.map(({ NumJobStarts }) => NumJobStarts).join(' ')}`);
    expect(outcomes.map(({ ExitCode, terminated }) => ({ ExitCode, terminated }))).toEqual(Array(count).fill({ ExitCode: 0, terminated: 1 }));
    const outputs = await Promise.all(outcomes.map((_, process) => pool.asUser(['cat', `out.${id}.${process}`])));
    expect(outputs).toEqual(outcomes.map((_, process) => `done ${process}\n`));
    return executed;
  }

  /** Waits until a node's machine is known and a new job is done there, and says how long that took. */
  async function wholeAgain(what: string, since: number, node = FIRST): Promise<void> {
    await until(`${node} is in the pool`, async () => (await pool.machines()).includes(`slot1@${node}@startd.meyrin`), 300);
    let id = '';
    await until('a new job is taken', async () => {
      id = await pool.submitHere(sleeper(1, 1, on(node)));
      return true;
    }, 300);
    await pool.left(id, 300);
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
    jobs.pastLease = await pool.submitHere(sleeper(120 + SHORT_LEASE, 1, FIRST_AT_TSYSTEMS, SOON_GIVEN_UP));
    await Promise.all([running(jobs.steady, 4), running(jobs.cutOff, 4), running(jobs.pastLease, 1)]);
    jobs.priorities = await pool.priorityFactors();
  }, 400_000);

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
  }, 700_000);

  test.each(['condor-cm-0', 'condor-ap1-0'])('deletion of %s', async pod => {
    const since = Date.now();
    await testbed.cluster(HOST).run(['delete', 'pod', pod, '--namespace', pool.namespace], { timeout: 180 });
    await until('its successor is ready', () => pool.ready(HOST, pod), 180);
    await wholeAgain(`deletion of ${pod}`, since);
    await undisturbed();
    expect(await pool.priorityFactors()).toEqual(jobs.priorities);
  }, 700_000);

  test('probes fail when what they watch hangs, and the kubelet starts it again', async () => {
    const hung: [TestbedPool, string, string][] = [
      [other, HOST, 'condor-cm-0'], [other, HOST, 'condor-ap1-0'],
      [other, 'meyrin', (await other.executionPoint('meyrin', FIRST)).metadata.name],
      [pool, 'meyrin', (await pool.executionPoint('meyrin', SECOND)).metadata.name],
    ];
    const restarts = async ([of, cluster, pod]: [TestbedPool, string, string]) => (await of.restarts(cluster))[pod];
    for (const [of, cluster, pod] of hung) {
      await until(`${cluster}/${pod} is not ready`, async () => !await of.ready(cluster, pod) || await restarts([of, cluster, pod]) > 0, 180);
    }
    for (const each of hung) { await until(`${each[1]}/${each[2]} is started again`, async () => await restarts(each) > 0, 600); }
    for (const [of, cluster, pod] of hung) { await until(`${cluster}/${pod} is ready`, () => of.ready(cluster, pod), 120); }
    say(`hung daemons: all started again within ${Math.round((Date.now() - cutAt) / 1000)} s`);
    await undisturbed();
  }, 1000_000);

  test('kubelets are started again', async () => {
    const before = await Promise.all([HOST, 'meyrin'].map(cluster => pool.restarts(cluster)));
    const since = Date.now();
    for (const cluster of [HOST, 'meyrin']) {
      for (const node of testbed.cluster(cluster).nodes) { await node.restart('kubelet'); }
    }
    await wholeAgain('kubelets started again', since);
    await undisturbed();
    expect(await Promise.all([HOST, 'meyrin'].map(cluster => pool.restarts(cluster)))).toEqual(before);
  }, 700_000);

  test.each(EXECUTE_SIDE)('kill -9 on a node: %s', async daemon => {
    jobs[daemon] = await pool.submitHere(sleeper(60, 2, on(SECOND), SOON_GIVEN_UP));
    await running(jobs[daemon], 2);
    const since = Date.now();
    signal((await pool.executionPoint('meyrin', SECOND)).metadata.uid, daemon, 'SIGKILL');
    await wholeAgain(`kill -9 on a node: ${daemon}`, since, SECOND);
    await undisturbed();
  }, 900_000);

  test('a node is drained: its jobs end, then its pod goes and stays away', async () => {
    const id = await pool.submitHere(sleeper(60, 2, on(SECOND)));
    await running(id, 2);
    const { metadata: { name } } = await pool.executionPoint('meyrin', SECOND);
    const since = Date.now();
    const meyrin = testbed.cluster('meyrin');
    await meyrin.run(['taint', 'nodes', SECOND, 'maintenance=drain:NoExecute']);
    await until('the pod has gone', async () => !(await pool.pods('meyrin')).some(({ metadata }) => metadata.name === name), 300);
    say(`a node drained: its pod has gone after ${Math.round((Date.now() - since) / 1000)} s`);
    expect(await ended('a node drained', id, 2, 60)).toEqual([1, 1]);
    expect((await pool.pods('meyrin')).map(({ spec }) => spec.nodeName)).toEqual([FIRST]);
    await meyrin.run(['taint', 'nodes', SECOND, 'maintenance-']);
    await wholeAgain('a node drained', Date.now(), SECOND);
    await undisturbed();
  }, 900_000);

  test('after 20 minutes the link is mended: jobs go on where they were, and no probe has started anything again', async () => {
    await until('the link was cut long enough', async () => Date.now() - cutAt > CUT * 1000, CUT);
    expect(Object.values(await pool.restarts('tsystems'))).toEqual([0]);
    await testbed.cluster('tsystems').site.mend();
    const since = Date.now();
    await pool.whole(['meyrin', 'tsystems'], 600);
    say(`a cut of ${CUT / 60} minutes: whole again after ${Math.round((Date.now() - since) / 1000)} s`);
    expect(await ended(`a cut of ${CUT / 60} minutes`, jobs.cutOff, 4, 900)).toEqual([1, 1, 1, 1]);
    // HTCondor gives a claim up at the end of its lease, on both sides, and starts the job again; as where the execute side has died
    await ended('a cut past the lease', jobs.pastLease, 1, 900);
    for (const daemon of EXECUTE_SIDE) { await ended(`kill -9 on a node: ${daemon}`, jobs[daemon], 2, 600); }
    expect(await ended('all faults at the host', jobs.steady, 4, 600)).toEqual([1, 1, 1, 1]);
    expect(await pool.priorityFactors()).toEqual(jobs.priorities);
  }, 3600_000);

  test('a rolling update of the fleet, member by member', async () => {
    const ids: { [member: string]: string } = { meyrin: await pool.submitHere(sleeper(40, 2, on(FIRST))), tsystems: await pool.submitHere(sleeper(150, 2, at('tsystems'))) };
    await Promise.all(Object.values(ids).map(id => running(id, 2)));
    for (const member of pool.members) {
      const cluster = testbed.cluster(member);
      const since = Date.now();
      await cluster.apply(pool.files[member].replace(/HasMPI( +)= True/, 'HasMPI$1= False'));
      const before = (await pool.pods(member)).map(({ metadata }) => metadata.uid);
      await cluster.run(['delete', 'pods', '--namespace', pool.namespace, '--selector', 'app.kubernetes.io/instance=startd'], { timeout: 300 });
      await until('new pods are ready', async () => {
        const now = await pool.pods(member);
        const ready = await Promise.all(now.map(({ metadata }) => pool.ready(member, metadata.name)));
        return now.length === before.length && now.every(({ metadata }) => !before.includes(metadata.uid)) && ready.every(each => each);
      }, 300);
      await until('machines say so', async () =>
        (await pool.status('-const', `PartitionableSlot && ${at(member).replace('TARGET.', '')}`, '-af', 'HasMPI')).split('\n').filter(line => line).every(line => line === 'false'), 180);
      say(`a rolling update of ${member}: ${Math.round((Date.now() - since) / 1000)} s`);
      expect(await ended(`a rolling update of ${member}`, ids[member], 2, 120)).toEqual([1, 1]);
    }
  }, 1200_000);

  test('the whole T-Systems cluster is gone for good: its jobs run at CERN', async () => {
    const id = await pool.submitHere(sleeper(30, 2, FIRST_AT_TSYSTEMS, SOON_GIVEN_UP));
    await running(id, 2);
    const since = Date.now();
    const tsystems = testbed.cluster('tsystems');
    await tsystems.site.cut();
    tsystems.nodes.forEach(node => node.crash());
    await until('its machines are forgotten', async () => (await pool.machines()).every(name => !name.endsWith('.tsystems')), 900);
    say(`a cluster gone: its machines are forgotten after ${Math.round((Date.now() - since) / 1000)} s`);
    await ended('a cluster gone', id, 2, 1500);
    say(`a cluster gone: its jobs are done elsewhere after ${Math.round((Date.now() - since) / 1000)} s`);
    expect((await pool.outcomes(id)).every(({ LastRemoteHost }) => /\.meyrin$/.test(LastRemoteHost))).toBe(true);
  }, 2400_000);
});

import { atTsystemsFirst, BUDGET, ElasticPool, HEARD, IDLE, LIFETIME, MOST, rankedProgram, sleepers } from './elastic-pool';
import { looks, startKeda } from './keda';
import { Testbed } from '../kubernetes/testbed';
import { describeClusters } from '../requirements';

/* eslint-disable @typescript-eslint/no-explicit-any */

const NEAR = 'meyrin';
const CLOUD = 'tsystems';
const STATE = '/var/spool/condor/elastic-core-hours.json';
const OF_ONE = (LIFETIME.toSeconds() + IDLE.toSeconds()) / 3600;

/** How long after a container's start its startd may tell that it has started, on a machine that is busy. */
const COMING = 90;

describeClusters('two members whose execution points come with demand, the dearer one with a budget', () => {
  let testbed: Testbed;
  let pool: ElasticPool;
  /** Jobs that are submitted and will run, by their clusters. */
  const submitted: string[] = [];
  /** One that goes on when its machine takes no more. */
  let long: string;
  /** When each machine began, by its own clock. */
  const began = new Map<string, number>();

  beforeAll(async () => {
    testbed = await Testbed.open({
      'condor-host': { cidr: '10.1.0.0/16', nodes: ['host-1'] },
      'meyrin': { cidr: '10.2.0.0/16', nodes: ['node-1'] },
      'tsystems': { cidr: '10.3.0.0/16', nat: true, nodes: ['otc-1'] },
    });
    for (const member of [NEAR, CLOUD]) { await startKeda(testbed.cluster(member)); }
    pool = await ElasticPool.start(testbed, rankedProgram) as ElasticPool;
  });
  afterAll(() => testbed?.close());

  /** Machines that are there now. */
  async function at(member: string): Promise<string[]> {
    const lines = (await pool.status('-const', 'PartitionableSlot', '-af', 'Machine', 'Name', 'DaemonStartTime')).split('\n').filter(line => line);
    for (const [, name, start] of lines.map(line => line.split(' '))) { began.set(name.replace(/^[^@]*@/, ''), Number(start)); }
    return lines.map(line => line.split(' ')[1]).filter(name => name.endsWith(`@burst.${member}`));
  }

  async function kedaHasLookedAgain(member: string): Promise<void> {
    const before = await looks(testbed.cluster(member));
    await pool.explained(member, 'KEDA has looked again', async () => await looks(testbed.cluster(member)) >= before + 3);
  }

  test('what one machine can do is done near, and the cloud has none', async () => {
    submitted.push(await pool.submitHere(sleepers(1, 45)));
    await pool.explained(NEAR, 'the job runs at the near member', async () => (await pool.jobs(submitted[0])).some(({ RemoteHost }) => RemoteHost?.endsWith('@burst.meyrin')));
    await at(NEAR);
    await kedaHasLookedAgain(CLOUD);
    expect(await pool.kedaJobs(CLOUD)).toEqual([]);
    expect(await pool.demand(CLOUD)).toMatchObject({ wanted: 0 });
    expect(await pool.spent(CLOUD)).toEqual({ used: 0, affordable: Math.floor(BUDGET / OF_ONE) });
    expect(await pool.spent(NEAR)).toEqual({});
  });

  test('what is too much for it is for the cloud, when the near member has all that it may have', async () => {
    long = await pool.submitHere(atTsystemsFirst(sleepers(1, LIFETIME.toSeconds() + 60)));
    submitted.push(long, await pool.submitHere(sleepers(20, 15)));
    await pool.explained(CLOUD, 'the cloud has machines', async () => (await at(CLOUD)).length === MOST);
    expect((await pool.demand(NEAR))?.wanted).toBe(1);
    expect((await pool.kedaJobs(NEAR)).filter(({ status }) => !status.succeeded).length).toBeLessThanOrEqual(1);
    await pool.explained(CLOUD, 'the long job runs', async () => (await pool.jobs(long)).some(({ JobStatus }) => JobStatus === 2));
  });

  test('when the budget is used none comes, though jobs wait, and what runs goes on', async () => {
    await pool.explained(CLOUD, 'what is left is not enough for another machine', async () => {
      await at(CLOUD);
      await at(NEAR);
      return (await pool.spent(CLOUD))?.affordable === 0;
    });
    await kedaHasLookedAgain(CLOUD);
    // a machine that is young, or on its way, would take one of the jobs below
    await pool.explained(CLOUD, 'its machines take no more, and none is on its way', async () => {
      const there = await at(CLOUD);
      const old = there.filter(name => Date.now() / 1000 - began.get(name.replace(/^[^@]*@/, ''))! > LIFETIME.toSeconds() + HEARD.toSeconds());
      return old.length === there.length && (await pool.kedaJobs(CLOUD)).filter(({ status }) => !status.succeeded).length === there.length;
    });
    const before = await pool.kedaJobs(CLOUD);
    const waiting = await pool.submitHere(atTsystemsFirst(sleepers(3, 1)));
    await pool.explained(CLOUD, 'they wait', async () => (await pool.demand(CLOUD))?.waiting === 3);
    await kedaHasLookedAgain(CLOUD);
    expect((await pool.kedaJobs(CLOUD)).map(({ metadata }) => metadata.name)).toEqual(before.map(({ metadata }) => metadata.name));

    for (const id of submitted) { await pool.left(id, 900); await at(NEAR); }
    expect((await pool.jobs(waiting)).map(({ JobStatus }) => JobStatus)).toEqual([1, 1, 1]);
    expect(await pool.demand(CLOUD)).toMatchObject({ wanted: 0, waiting: 3 });
    await pool.asUser(['condor_rm', waiting]);

    const outcomes = (await Promise.all(submitted.map(id => pool.outcomes(id)))).flat();
    expect(outcomes).toEqual(outcomes.map(({ LastRemoteHost }) => ({ LastRemoteHost, NumJobStarts: 1, ExitCode: 0, executed: 1, terminated: 1 })));
    expect(outcomes).toHaveLength(22);
    const places = (member: string) => outcomes.filter(({ LastRemoteHost }) => LastRemoteHost.endsWith(`@burst.${member}`)).length;
    process.stdout.write(`elastic: ${places(NEAR)} jobs near, ${places(CLOUD)} in the cloud, ${(await pool.spent(CLOUD))!.used.toFixed(4)} of ${BUDGET} core-hours used\n`);
    expect(places(CLOUD)).toBeGreaterThanOrEqual(2);
    expect(places(NEAR)).toBeGreaterThanOrEqual(2);
  });

  test('a machine takes no job after its lifetime, and does to the end what it has', async () => {
    const history: any[] = JSON.parse(await pool.asUser(['condor_history', '-json', '-constraint', 'JobStatus == 4',
      '-attributes', 'ClusterId,LastRemoteHost,JobCurrentStartDate,CompletionDate']));
    const ages = history.map(job => ({ ...job, born: began.get(job.LastRemoteHost.replace(/^[^@]*@/, ''))! }));
    expect(ages.map(({ born }) => born).filter(born => born === undefined)).toEqual([]);
    // what was matched in its last moment is started a moment later
    expect(Math.max(...ages.map(({ JobCurrentStartDate, born }) => JobCurrentStartDate - born))).toBeLessThanOrEqual(LIFETIME.toSeconds() + 15);
    const [last] = ages.filter(({ ClusterId }) => ClusterId === Number(long));
    expect(last.CompletionDate - last.born).toBeGreaterThan(LIFETIME.toSeconds());
  });

  test('what is used is what Kubernetes says that the machines were there for', async () => {
    await pool.explained(CLOUD, 'all have left', async () => (await pool.kedaJobs(CLOUD)).every(({ status }) => status.succeeded === 1));
    const pods = await pool.pods(CLOUD, '--selector', 'app.kubernetes.io/component=execution-point');
    const seconds = pods.map(({ status }) => status.containerStatuses.find(({ name }: any) => name === 'condor').state.terminated)
      .reduce((sum, { startedAt, finishedAt }) => sum + (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000, 0);
    const used = (await pool.spent(CLOUD))!.used * 3600;
    process.stdout.write(`elastic: ${used.toFixed(0)} core-seconds counted, ${seconds.toFixed(0)} by the containers of ${pods.length} machines\n`);
    expect(used).toBeLessThanOrEqual(seconds + pods.length);
    expect(used).toBeGreaterThanOrEqual(seconds - pods.length * (HEARD.toSeconds() + COMING));
  });

  test('it is known to the next central manager, and HTCondor does not clean it up', async () => {
    const { used } = (await pool.spent(CLOUD))!;
    const spool = async () => (await pool.exec('condor-host', 'condor-cm-0', ['sh', '-c', `touch -d '2 days ago' ${STATE} /var/spool/condor/stray; condor_preen -r >&2; ls /var/spool/condor`])).stdout.split('\n');
    const files = await spool();
    expect(files).toContain('elastic-core-hours.json');
    expect(files).not.toContain('stray');

    const { host } = pool;
    const { metadata: { uid } } = await pool.pod('condor-host', 'condor-cm-0');
    await host.run(['delete', 'pod', 'condor-cm-0', '--namespace', pool.namespace, '--wait=false']);
    await pool.explained(CLOUD, 'the next one counts', async () => {
      const pod = await pool.pod('condor-host', 'condor-cm-0').catch(() => undefined);
      return pod !== undefined && pod.metadata.uid !== uid && await pool.ready('condor-host', 'condor-cm-0') && await pool.spent(CLOUD).catch(() => undefined) !== undefined;
    });
    expect(await pool.spent(CLOUD)).toEqual({ used, affordable: 0 });
  });
});

import type { CondorTools } from './condor-tools';
import { CONNECTION_TIMEOUT, CORES, highlyAvailablePool, NEGOTIATOR_INTERVAL, PLACES, REPLICATION_INTERVAL } from './highly-available-pool';
import { parseManifests } from './manifest';
import type { Pod } from './pod';
import { Pool } from './pool';
import { describeReal } from './requirements';
import { until } from './until';

const HOST = 'condor-host';

/** The mark: twelve timeouts for each central manager, and two cycles of the negotiator. */
const RESUMED = 12 * 2 * CONNECTION_TIMEOUT.toSeconds() + 2 * NEGOTIATOR_INTERVAL.toSeconds();

/** The steps of HAD, once in which time each is heard of. */
const HAD_INTERVAL = 2 * (2 * 2 * CONNECTION_TIMEOUT.toSeconds() + 1);

/** What every collector knows. */
const ALL = [
  ...Array.from({ length: CORES }, (_, index) => `Machine slot${index + 1}@otc-1@startd.tsystems`),
  'Negotiator negotiator@cern.ch', 'Scheduler ap1@cern.ch', 'Scheduler ap2@cern.ch',
].sort();

const pause = (seconds: number) => new Promise(resolve => setTimeout(resolve, seconds * 1000));

describeReal('a pool of two central managers and two access points', () => {
  let pool: Pool;
  let desks: CondorTools[];

  const runs = (pod: Pod, program: string) => pod.container().processes().some(process => process.program === program);
  /** The central managers that negotiate. */
  const active = () => pool.centralManagers.filter(pod => runs(pod, 'condor_negotiator'));
  const standby = () => pool.centralManagers.filter(pod => !active().includes(pod));
  const namesOf = (pods: Pod[]) => pods.map(({ name }) => name);

  const ask = async (pod: Pod, ...argv: string[]) => {
    const { status, stdout, stderr } = await pod.exec(undefined, argv, { timeout: 60 });
    if (status !== 0) { throw new Error(`${argv.join(' ')} at ${pod.name}: ${stderr}`); }
    return stdout.trim();
  };
  const addressOf = (pod: Pod) => `${pod.name.replace(/^condor-|-0$/g, '')}.cern.ch`;
  /** What the collector of a central manager knows. */
  const known = (pod: Pod, ...args: string[]) => ask(pod, 'condor_status', '-pool', addressOf(pod), ...args);
  const everything = async (pod: Pod) => (await known(pod, '-any', '-const', 'MyType == "Scheduler" || MyType == "Machine" || MyType == "Negotiator"', '-af', 'MyType', 'Name')).split('\n').sort();

  /** The accountant's numbers by user. */
  const numbers = (text: string) => new Map(text.trim().split('\n').map(line => line.split(' ')).map(([name, number]) => [name, Number(number)]));

  const sleepers = (user: string | undefined, count: number, seconds: number) => `
executable = /bin/sleep
arguments = ${seconds}
transfer_executable = false
should_transfer_files = YES
log = events.$(Cluster)
request_cpus = 1
request_memory = 100
request_disk = 1
${user ? `accounting_group = ${user}\naccounting_group_user = submitter` : ''}
queue ${count}
`;
  /** Submits in the submitter's home, where the jobs' events are written. */
  const submit = async (desk: CondorTools, description: string) =>
    /^(\d+)\./.exec(await desk.asUser(['sh', '-c', 'cat >job.sub && condor_submit -terse job.sub'], description))![1];
  const running = async (desk: CondorTools, id: string) => (await desk.jobs(id)).filter(({ JobStatus }) => JobStatus === 2).length;
  const done = (desk: CondorTools, id: string, seconds: number) => until(`jobs of ${id} have left the queue`, async () => (await desk.jobs(id)).length === 0, seconds);
  /** How often a job was begun, and how often it ended. */
  const events = async (desk: CondorTools, id: string) => {
    const log = await desk.asUser(['cat', `events.${id}`]);
    return { begun: log.match(/^001 \(/gm)?.length, ended: log.match(/^005 \(/gm)?.length, evicted: log.match(/^004 \(/gm)?.length ?? 0 };
  };

  beforeAll(async () => {
    pool = await Pool.start(highlyAvailablePool, PLACES);
    desks = ['ap1', 'ap2'].map(name => pool.at(name));
    await until('one of them negotiates', async () => active().length === 1, 6 * HAD_INTERVAL);
  });
  afterAll(() => pool?.close());

  test('one negotiates; both collectors know everything once', async () => {
    for (const pod of pool.centralManagers) { await until(`the collector of ${pod.name} knows everything`, async () => (await everything(pod)).join() === ALL.join()); }
    const seen = async () => /.*Public ads include \d+ submitter, (\d+) startd/s.exec(await ask(active()[0], 'cat', '/var/log/condor/NegotiatorLog'))?.[1];
    await until('the negotiator sees each slot once', async () => await seen() === `${CORES}`);
    expect(namesOf(active())).toHaveLength(1);
  });

  /** The central managers that drain machines; what all collectors know of them; and how often they have looked at the machines. */
  const defragmentation = async () => {
    const at = pool.centralManagers.filter(pod => runs(pod, 'condor_defrag'));
    const ads = await Promise.all(pool.centralManagers.map(pod => known(pod, '-any', '-const', 'MyType == "Defrag"', '-af', 'Name')));
    const looked = await Promise.all(at.map(async pod => (await ask(pod, 'cat', '/var/log/condor/DefragLog')).split('machines to drain').length - 1));
    return { at: namesOf(at), ads, looked };
  };

  test('one drains machines, and both collectors know it once', async () => {
    await until('it has looked at them', async () => (await defragmentation()).looked.some(count => count > 0));
    expect((await defragmentation()).at).toEqual(['condor-cm1-0']);
    // a collector that wasn't there at its start hears of it with its next update, after five minutes
    await until('both collectors know it', async () => (await defragmentation()).ads.join() === 'defrag@cern.ch,defrag@cern.ch');
  });

  test('HTCondor knows every knob', async () => {
    const [pod] = pool.centralManagers;
    const names = (dump: string) => dump.split('\n').map(line => /^([\w.]+) +=/.exec(line)?.[1].toUpperCase()).filter(name => name !== undefined);
    const dumps = [['-dump', '-default'], ...['master', 'collector', 'had', 'replication'].map(daemon => [`-${daemon}`, '-dump', '-used'])];
    const knobs = new Set<string>();
    for (const args of dumps) { names((await pod.exec(undefined, ['condor_config_val', ...args], { timeout: 60 })).stdout).forEach(name => knobs.add(name)); }
    const { data } = parseManifests(pool.files[HOST]).find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === pod.workload.metadata.name)!;
    const section = (data.condor_config as string).split('\n\n').find(text => text.startsWith('# High availability'))!;
    const written = names(section);
    expect(written.length).toBeGreaterThan(10);
    expect(written.filter(name => !knobs.has(name) && !knobs.has(name.replace(/^[A-Z]+\./, '')))).toEqual([]);
    expect(knobs.has('DEAD_COLLECTOR_MAX_AVOIDANCE_TIME')).toBe(true);
  });

  test('users of two access points share the machines', async () => {
    const [negotiator] = active();
    // it sees both queues at the same time
    expect(negotiator.kill('SIGSTOP', 'condor_negotiator')).toBe(1);
    const ids = await Promise.all(desks.map((desk, index) => submit(desk, sleepers(['one', 'other'][index], CORES, 15))));
    try {
      await until('both queues are known', async () => (await known(negotiator, '-submitters', '-af', 'IdleJobs')).split('\n').join() === `${CORES},${CORES}`);
    } finally {
      negotiator.kill('SIGCONT', 'condor_negotiator');
    }
    const shares = () => Promise.all(desks.map((desk, index) => running(desk, ids[index])));
    await until('all cores are in use', async () => (await shares()).reduce((sum, share) => sum + share) === CORES);
    expect(await shares()).toEqual([CORES / 2, CORES / 2]);
    for (const [index, desk] of desks.entries()) { await done(desk, ids[index], 120); }
  });

  describe('kill -9 of the active central manager', () => {
    let lost: Pod;
    let long: string[];
    let before: Map<string, number>;

    test('another one negotiates in time, with the accounting, and running jobs do not notice', async () => {
      long = await Promise.all(desks.map((desk, index) => submit(desk, sleepers(['one', 'other'][index], 3, RESUMED + 80))));
      for (const [index, desk] of desks.entries()) { await until('they run', async () => await running(desk, long[index]) === 3); }

      [lost] = active();
      const [next] = standby();
      await ask(lost, 'condor_userprio', '-setaccum', 'one.submitter@cern.ch', '1000000');
      await ask(lost, 'condor_userprio', '-setfactor', 'other.submitter@cern.ch', '77');
      await until('it is copied', async () => /other\.submitter@cern\.ch PriorityFactor 77/.test(await ask(next, 'grep', '-a', 'PriorityFactor', '/var/spool/condor/Accountantnew.log')),
        3 * REPLICATION_INTERVAL.toSeconds());
      before = numbers(await pool.usage());
      expect(before.get('one.submitter@cern.ch')).toBeGreaterThan(999_999);
      expect(before.get('other.submitter@cern.ch')).toBeGreaterThan(0);

      await pool.clusters[HOST].delete(lost, { grace: 0 });
      const killed = Date.now();
      expect(namesOf(active())).toEqual([]);
      // it takes a new claim, and nobody but a negotiator gives one
      const id = await submit(desks[1], sleepers(undefined, 1, 1));
      await done(desks[1], id, 2 * RESUMED);
      const [job] = JSON.parse(await desks[1].asUser(['condor_history', id, '-json', '-attributes', 'JobStartDate,NumJobStarts']));
      const resumed = job.JobStartDate - killed / 1000;
      process.stdout.write(`negotiation resumed after ${resumed.toFixed(0)} s; the mark is 12 x 2 x ${CONNECTION_TIMEOUT.toSeconds()} s + 2 x ${NEGOTIATOR_INTERVAL.toSeconds()} s = ${RESUMED} s\n`);
      expect(resumed).toBeLessThanOrEqual(RESUMED);
      expect(namesOf(active())).toEqual([next.name]);

      const after = numbers(await pool.usage());
      for (const [user, usage] of before) {
        expect({ user, kept: after.get(user)! >= usage - CORES * REPLICATION_INTERVAL.toSeconds() }).toEqual({ user, kept: true });
      }
      expect(numbers(await pool.priorityFactors()).get('other.submitter@cern.ch')).toBe(77);
      // draining moves to nobody
      expect((await defragmentation()).at).toEqual(['condor-cm1-0'].filter(name => name !== lost.name));
      for (const [index, desk] of desks.entries()) {
        expect(await running(desk, long[index])).toBe(3);
        // what runs counts for its user again
        expect((await pool.priorityUse())).toContain(`${['one', 'other'][index]}.submitter@cern.ch 3`);
      }
    });

    test('it comes back and waits; when the other one fails it takes over, and at no time two negotiate', async () => {
      const [other] = pool.centralManagers;
      expect(namesOf(active())).toEqual([other.name]);
      let most = 0;
      const watch = setInterval(() => { most = Math.max(most, active().length); }, 500);
      try {
        const back = await pool.clusters[HOST].startPod(lost.workload, lost.name, lost.node);
        const started = Date.now();
        await until('it knows everything', async () => (await everything(back)).join() === ALL.join());
        // in this time it would have taken over
        await pause(Math.max(0, 3.5 * HAD_INTERVAL - (Date.now() - started) / 1000));
        expect(namesOf(active())).toEqual([other.name]);
        const usage = numbers(await pool.usage());

        expect(other.kill('SIGKILL', 'condor_had')).toBe(1);
        await until('the one that was back negotiates', async () => active().includes(back), RESUMED + HAD_INTERVAL);
        await until('it says so', async () => (await known(other, '-negotiator', '-af', 'Machine')).startsWith(back.name));
        const now = numbers(await pool.usage());
        for (const [user, used] of usage) {
          expect({ user, kept: now.get(user)! >= used - CORES * REPLICATION_INTERVAL.toSeconds() }).toEqual({ user, kept: true });
        }
        expect(now.get('one.submitter@cern.ch')).toBeGreaterThan(1_000_000 - CORES * REPLICATION_INTERVAL.toSeconds());
        expect(numbers(await pool.priorityFactors()).get('other.submitter@cern.ch')).toBe(77);
      } finally {
        clearInterval(watch);
      }
      expect(namesOf(active())).toEqual([lost.name]);
      expect(most).toBe(1);
      expect((await defragmentation()).at).toEqual(['condor-cm1-0']);
    });

    test('no job was lost, and each ran once', async () => {
      for (const [index, desk] of desks.entries()) {
        await done(desk, long[index], RESUMED + 80);
        expect(await events(desk, long[index])).toEqual({ begun: 3, ended: 3, evicted: 0 });
      }
    });
  });
});

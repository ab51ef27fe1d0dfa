import { cyclesSince } from './fair-share-pool';
import { Pool } from './pool';
import { Life, lives, machines, PLACES, preemptionPool, preemptions, RETIREMENT, Sleepers, submitSleepers, VACATE } from './preemption-pool';
import { describeReal } from './requirements';
import { PATIENCE, until } from './until';

const here = (machine: string, jobs: Omit<Sleepers, 'name' | 'machine'>): Sleepers => ({ name: machine, machine, ...jobs });

/** Who runs, and fills his machine. */
const FIRST: Sleepers[] = [
  // one user's jobs: only the machine can prefer one of them
  here('plain', { user: 'alice', count: 2 }),
  here('rank', { user: 'alice', count: 2 }),
  here('rank-equal', { user: 'alice', count: 2, gold: true }),
  here('rank-whole', { user: 'alice', count: 4 }),
  here('rank-patient', { user: 'alice', count: 2 }),
  // and machines that prefer none
  here('plain-equal', { user: 'better', count: 2 }),
  here('prio', { user: 'worse', count: 2 }),
  here('prio-worse', { user: 'better', count: 2 }),
  here('prio-whole', { user: 'worse', count: 4 }),
  here('prio-patient', { user: 'worse', count: 2 }),
  // nobody comes here: the machine lets go by itself
  here('policy', { user: 'alice' }),
  { ...here('policy', { user: 'alice', trespass: true }), name: 'policy-trespass' },
  here('policy-killed', { user: 'alice', trespass: true }),
  here('policy-patient', { user: 'alice', trespass: true }),
  { ...here('policy-patient', { user: 'alice', trespass: true, seconds: RETIREMENT - VACATE - 20 }), name: 'policy-patient-short' },
];

/** Who comes then. */
const THEN: Sleepers[] = [
  ...['plain', 'rank', 'rank-equal', 'rank-patient'].map(machine => here(machine, { user: 'alice', gold: true })),
  here('rank-whole', { user: 'alice', gold: true, cpus: 4 }),
  ...['plain-equal', 'prio', 'prio-patient'].map(machine => here(machine, { user: 'better' })),
  here('prio-worse', { user: 'worse' }),
  here('prio-whole', { user: 'better', cpus: 4 }),
].map(jobs => ({ ...jobs, name: `${jobs.name}-then` }));

for (const [title, together] of [['slot by slot', false], ['of several slots together', true]] as const) {
  describeReal(`preemption ${title}`, () => {
    let pool: Pool;
    let came: number;
    const names = machines(together);
    const submit = (sleepers: Sleepers[]) => submitSleepers(pool, sleepers.filter(({ machine }) => names.includes(machine)));

    const of = (all: { readonly [log: string]: Life }, name: string): Life[] => Object.entries(all).filter(([log]) => log.replace(/\.\d$/, '') === name).map(([, life]) => life);
    const preempted = async () => {
      const all = await lives(pool);
      return (name: string) => of(all, name).filter(({ left }) => left.length > 0).length;
    };

    const startLog = async (machine: string): Promise<string> => {
      const point = pool.clusters.tsystems.pods.find(pod => pod.workload.metadata.name === machine)!;
      return (await point.exec(undefined, ['sh', '-c', 'cat /var/log/condor/StartLog.old /var/log/condor/StartLog 2>/dev/null || true'])).stdout;
    };

    beforeAll(async () => {
      pool = await Pool.start(preemptionPool(together), PLACES);
      await until('all machines are in the pool', async () => (await pool.machines()).length === names.length);
      for (const [user, priority] of [['better', 1], ['alice', 50], ['worse', 5000]] as const) { await pool.setPriority(`${user}@cern.ch`, priority); }
      await submit(FIRST);
      await until('the machines are full', async () => Object.values(await lives(pool)).every(({ began }) => began.length > 0));
      await submit(THEN);
      came = Date.now() / 1000;
    });
    afterAll(() => pool?.close());

    test('each reason preempts, and nothing else does', async () => {
      const wanted = { 'rank': 1, 'prio': 1, 'rank-whole': together ? 4 : 0, 'prio-whole': together ? 4 : 0 };
      await until('those are preempted that should be', async () => {
        const count = await preempted();
        return Object.entries(wanted).every(([name, number]) => count(name) === number) && (together || (count('policy-trespass') > 0 && count('policy-killed') > 0));
      }, PATIENCE, 2000);
      await until('three cycles have passed', async () => await cyclesSince(pool, came) >= 3, PATIENCE, 2000);
      const count = await preempted();
      const jobs = [...Object.keys(wanted), 'plain', 'rank-equal', 'plain-equal', 'prio-worse', 'policy', ...THEN.map(({ name }) => name)];
      expect(Object.fromEntries(jobs.map(name => [name, count(name)]))).toEqual({ ...Object.fromEntries(jobs.map(name => [name, 0])), ...wanted });
    });

    // several slots that are taken together are not counted
    if (!together) {
      test('each machine tells for which better job it let another go', async () => {
        const told = async () => Object.fromEntries((await pool.status('-startd', '-af', 'Reason', 'JobRankPreemptions', 'JobUserPrioPreemptions')).trim().split('\n')
          .map(line => line.split(' ')).filter(([machine]) => !machine.endsWith('-patient')).map(([machine, rank, priority]) => [machine, { rank, priority }]));
        const none = { rank: '0', priority: '0' };
        const impatient = names.filter(name => !name.endsWith('-patient'));
        const wanted = { ...Object.fromEntries(impatient.map(name => [name, none])), rank: { ...none, rank: '1' }, prio: { ...none, priority: '1' } };
        await until('they have said it', async () => JSON.stringify(Object.entries(await told()).sort()) === JSON.stringify(Object.entries(wanted).sort()), PATIENCE, 2000);
        expect(await told()).toEqual(wanted);
      });

      test('a job that must leave is told, or killed, as the machine wants it', async () => {
        const entered = async (machine: string) => {
          const log = await startLog(machine);
          return { vacating: /Preempting\/Vacating/.test(log), killing: /Preempting\/Killing/.test(log) };
        };
        expect(await entered('policy')).toEqual({ vacating: true, killing: false });
        expect(await entered('policy-killed')).toEqual({ vacating: false, killing: true });
      });
    }

    test('a job inside its retirement time is not preempted, for no reason', async () => {
      const patient = names.filter(name => name.endsWith('-patient'));
      expect(patient.length).toBeGreaterThan(1);
      await until('their time is over', async () => {
        const count = await preempted();
        return patient.every(name => count(name) > 0);
      }, RETIREMENT + 120, 2000);
      for (const name of patient) {
        // as the machine counts them: a job's log says that it began when its shadow has heard of it
        const [first] = preemptions(await startLog(name));
        // a second for the log, which has none of their parts; HTCondor leaves the time to vacate inside the retirement
        expect(first).toBeGreaterThanOrEqual(RETIREMENT - VACATE - 1);
      }
      // one that ends in time ends in peace
      expect(of(await lives(pool), 'policy-patient-short')).toEqual(together ? [] : [expect.objectContaining({ left: [], ended: true })]);
    });
  });
}

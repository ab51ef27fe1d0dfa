import { cyclesSince } from './fair-share-pool';
import { Pool } from './pool';
import { Life, lives, NAMES, PLACES, preemptionPool, RETIREMENT, Sleepers, submitSleepers, UPDATE, VACATE } from './preemption-pool';
import { describeReal } from './requirements';
import { until } from './until';

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

    const of = (all: { readonly [log: string]: Life }, name: string): Life[] => Object.entries(all).filter(([log]) => log.replace(/\.\d$/, '') === name).map(([, life]) => life);
    const evictions = async () => {
      const all = await lives(pool);
      return (name: string) => of(all, name).reduce((sum, { evicted }) => sum + evicted.length, 0);
    };

    beforeAll(async () => {
      pool = await Pool.start(preemptionPool(together), PLACES);
      await until('all machines are in the pool', async () => (await pool.machines()).length === NAMES.length, 150);
      for (const [user, priority] of [['better', 1], ['alice', 50], ['worse', 5000]] as const) { await pool.setPriority(`${user}@cern.ch`, priority); }
      await submitSleepers(pool, FIRST);
      await until('the machines are full', async () => Object.values(await lives(pool)).every(({ began }) => began.length > 0), 150);
      await submitSleepers(pool, THEN);
      came = Date.now() / 1000;
    });
    afterAll(() => pool?.close());

    test('each reason preempts, and nothing else does', async () => {
      const wanted = { 'rank': 1, 'prio': 1, 'rank-whole': together ? 4 : 0, 'prio-whole': together ? 4 : 0 };
      await until('those are preempted that should be', async () => {
        const count = await evictions();
        return Object.entries(wanted).every(([name, number]) => count(name) === number) && count('policy-trespass') > 0 && count('policy-killed') > 0;
      }, 120);
      await until('three cycles have passed', async () => await cyclesSince(pool, came) >= 3);
      const count = await evictions();
      const names = [...Object.keys(wanted), 'plain', 'rank-equal', 'plain-equal', 'prio-worse', 'policy', ...THEN.map(({ name }) => name)];
      expect(Object.fromEntries(names.map(name => [name, count(name)]))).toEqual({ ...Object.fromEntries(names.map(name => [name, 0])), ...wanted });
      process.stdout.write((await pool.status('-startd', '-l')).split('\n').filter(line => /reempt|^Name|^Reason/i.test(line)).join('\n') + '\n');
      process.stdout.write((await pool.asUser(['condor_q', '-allusers', '-af', 'JobStatus', 'Requirements', 'VacateReason', 'VacateReasonCode', 'NumJobStarts'])));
    }, 300_000);
  });
}

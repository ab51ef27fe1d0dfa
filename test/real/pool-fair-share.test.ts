import { Duration } from 'cdk8s';
import { ATLAS, atEachCycle, CORES, cyclesSince, fair, fairInside, fairSharePool, PAUSE, PLACES, running, shown, submitSleepers } from './fair-share-pool';
import { Pool } from './pool';
import { describeReal } from './requirements';
import { until } from './until';

/** Jobs are this long, in seconds. */
const SLEEP = { shortest: 30, longest: 480 };

/** How often an access point says how many jobs wait (`SCHEDD_INTERVAL`), in seconds; a user who submits makes it say so at once. */
const TOLD = 60;

describeReal('a pool of 100 cores, 60 for ATLAS and 40 for CMS', () => {
  let pool: Pool;
  /** How long it took to start a job on each core, in seconds: so long it may take again, on this machine. */
  let filling: number;

  const now = () => Date.now() / 1000;
  const told = (what: string) => process.stdout.write(`${what}\n`);

  beforeAll(async () => {
    // each job is matched by itself: a slot that was given to a group is not kept for its next job
    pool = await Pool.start(fairSharePool({}, { claimWorklife: Duration.seconds(0) }), PLACES);
    await until('all machines are in the pool', async () => (await pool.machines()).length === CORES);
  });
  afterAll(() => pool?.close());

  test('all queues full: running cores are within 5 points of 60 to 40, and inside ATLAS of 45 to 15, for 20 cycles', async () => {
    const begin = await submitSleepers(pool, { groups: [...ATLAS, 'CMS'], count: 200, ...SLEEP });
    await until('the pool is full', async () => {
      const { ATLAS: atlas, CMS } = await running(pool);
      return atlas + CMS >= 0.95 * CORES;
    }, 300, PAUSE);
    filling = now() - begin;
    const seen = await atEachCycle(pool, 20, () => running(pool));
    told(`full after ${Math.round(filling)} s; ${shown(seen)}`);
    expect(seen.filter(cores => !fair(cores) || !fairInside(cores))).toEqual([]);
    // and it is a full pool that is shared, though jobs come and go
    expect(Math.min(...seen.map(({ ATLAS: atlas, CMS }) => atlas + CMS))).toBeGreaterThanOrEqual(0.7 * CORES);
  });

  test('CMS is idle: ATLAS takes what it leaves, 2 cycles after it is known', async () => {
    await pool.asUser(['condor_rm', '-const', 'AcctGroup == "CMS"']);
    const idle = now();
    await until('ATLAS has the pool', async () => (await running(pool)).ATLAS >= 0.85 * CORES, 300, PAUSE);
    told(`ATLAS has the pool after ${Math.round(now() - idle)} s`);
    expect(await cyclesSince(pool, idle + TOLD + filling)).toBeLessThanOrEqual(2);
  });

  test('CMS is back: it has its share within the longest job and 2 cycles', async () => {
    const back = await submitSleepers(pool, { groups: ['CMS'], count: 300, ...SLEEP });
    await until('CMS has its share', async () => fair(await running(pool)), SLEEP.longest + 300, PAUSE);
    const seen = now();
    const walls = await pool.asUser(['condor_history', '-const', 'AcctGroup != "CMS" && JobStatus == 4', '-af', 'RemoteWallClockTime']);
    const longest = Math.max(...walls.trim().split('\n').map(Number));
    told(`CMS has its share after ${Math.round(seen - back)} s; the longest job took ${longest} s`);
    expect(longest).toBeGreaterThanOrEqual(SLEEP.shortest);
    expect(await cyclesSince(pool, back + longest)).toBeLessThanOrEqual(2);
  });
});

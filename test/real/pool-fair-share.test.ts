import { Duration } from 'cdk8s';
import { atEachCycle, CORES, cyclesSince, fair, fairSharePool, PLACES, running, submitSleepers } from './fair-share-pool';
import { Pool } from './pool';
import { describeReal } from './requirements';
import { until } from './until';

/** Jobs are this long, in seconds. */
const SLEEP = { shortest: 60, longest: 120 };

/** How often an access point says how many jobs wait (`SCHEDD_INTERVAL`), in seconds; a user who submits makes it say so at once. */
const TOLD = 60;

describeReal('a pool of 100 cores, 60 for ATLAS and 40 for CMS', () => {
  let pool: Pool;

  beforeAll(async () => {
    // each job is matched by itself: a slot that was given to a group is not kept for its next job
    pool = await Pool.start(fairSharePool({}, { claimWorklife: Duration.seconds(0) }), PLACES);
    await until('all machines are in the pool', async () => (await pool.machines()).length === CORES);
  });
  afterAll(() => pool?.close());

  test('both queues full: running cores are within 5 points of 60 to 40 for 20 cycles', async () => {
    await submitSleepers(pool, { groups: ['ATLAS', 'CMS'], count: 400, ...SLEEP });
    await until('the pool is full', async () => {
      const { ATLAS, CMS } = await running(pool);
      return ATLAS + CMS >= 0.95 * CORES;
    }, 150);
    const seen = await atEachCycle(pool, 20, () => running(pool));
    expect(seen.filter(cores => !fair(cores))).toEqual([]);
    // and it is a full pool that is shared, though jobs come and go
    expect(Math.min(...seen.map(({ ATLAS, CMS }) => ATLAS + CMS))).toBeGreaterThanOrEqual(0.75 * CORES);
    process.stdout.write(`cores of ATLAS and CMS, cycle by cycle: ${seen.map(({ ATLAS, CMS }) => `${ATLAS}/${CMS}`).join(' ')}\n`);
    process.stdout.write((await pool.centralManager.exec(undefined, ['condor_userprio', '-allusers', '-quotas'])).stdout);
    process.stdout.write((await pool.centralManager.exec(undefined, ['condor_userprio', '-allusers', '-l'])).stdout);
  }, 400_000);

  test('CMS is idle: ATLAS takes what it leaves, 2 cycles after it is known', async () => {
    await pool.asUser(['condor_rm', '-const', 'AcctGroup == "CMS"']);
    const idle = Date.now() / 1000;
    await until('ATLAS has the whole pool', async () => (await running(pool)).ATLAS >= 0.95 * CORES, 180);
    const late = await cyclesSince(pool, idle + TOLD);
    process.stdout.write(`ATLAS has the pool after ${Math.round(Date.now() / 1000 - idle)} s\n`);
    expect(late).toBeLessThanOrEqual(2);
  }, 300_000);

  test('CMS is back: it has its share within the longest job and 2 cycles', async () => {
    const back = await submitSleepers(pool, { groups: ['CMS'], count: 400, ...SLEEP });
    await until('CMS has its share', async () => fair(await running(pool)), SLEEP.longest + 120);
    const seen = Date.now() / 1000;
    const walls = await pool.asUser(['condor_history', '-const', 'AcctGroup == "ATLAS" && JobStatus == 4', '-af', 'RemoteWallClockTime']);
    const longest = Math.max(...walls.trim().split('\n').map(Number));
    process.stdout.write(`CMS has its share after ${Math.round(seen - back)} s; the longest job took ${longest} s\n`);
    expect(longest).toBeGreaterThanOrEqual(SLEEP.shortest);
    expect(await cyclesSince(pool, back + longest)).toBeLessThanOrEqual(2);
  }, 400_000);
});

import { Duration } from 'cdk8s';
import { ATLAS, atEachCycle, CORES, cyclesSince, fair, fairSharePool, PAUSE, PLACES, running, shown, submitSleepers } from './fair-share-pool';
import { Pool } from './pool';
import { describeReal } from './requirements';
import { until } from './until';
import { UserPriorityPreemption } from '../../src';

/** In seconds. */
const RETIREMENT = 40;
const VACATE = 5;
const KILLING = 5;

describeReal('a pool of 100 cores in which a group takes its quota back', () => {
  let pool: Pool;

  beforeAll(async () => {
    pool = await Pool.start(fairSharePool(
      // longer than a job may take to leave
      { preemption: { userPriority: UserPriorityPreemption.betweenGroups() }, negotiatorInterval: Duration.seconds(20) },
      { maxJobRetirement: Duration.seconds(RETIREMENT), maxVacate: Duration.seconds(VACATE), killingTimeout: Duration.seconds(KILLING) },
    ), PLACES);
    await until('all machines are in the pool', async () => (await pool.machines()).length === CORES);
  });
  afterAll(() => pool?.close());

  test('CMS is back: it has its share within retirement, time to vacate and 2 cycles, and takes no more', async () => {
    await submitSleepers(pool, { groups: ATLAS, count: 100, shortest: 900, longest: 900 });
    await until('ATLAS has the whole pool', async () => (await running(pool)).ATLAS === CORES, 300, PAUSE);
    const back = await submitSleepers(pool, { groups: ['CMS'], count: 200, shortest: 900, longest: 900 });
    await until('CMS has its share', async () => fair(await running(pool)), RETIREMENT + VACATE + 300, PAUSE);
    const seen = Date.now() / 1000;
    process.stdout.write(`CMS has its share after ${Math.round(seen - back)} s\n`);
    expect(await cyclesSince(pool, back + RETIREMENT + VACATE)).toBeLessThanOrEqual(2);

    // each job that left had had its retirement time but for the time to vacate, and there were as many as CMS lacked
    const left = await pool.asUser(['condor_q', '-const', 'AcctGroup != "CMS" && JobStatus == 1 && RemoteWallClockTime > 0', '-af', 'RemoteWallClockTime']);
    const ran = left.trim().split('\n').map(Number);
    expect(ran.filter(seconds => seconds < RETIREMENT - VACATE)).toEqual([]);
    expect(Math.abs(ran.length - 0.4 * CORES)).toBeLessThanOrEqual(0.05 * CORES);

    // and nobody is preempted any more
    const then = await atEachCycle(pool, 4, () => running(pool));
    process.stdout.write(shown(then));
    expect(then.filter(cores => !fair(cores))).toEqual([]);
  });
});

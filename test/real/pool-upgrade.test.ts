import { apply, dayTwoPool, doneOnce, followed, PLACES, running, State, work } from './day-two-pool';
import { Pool } from './pool';
import { describeReal } from './requirements';
import { condorVersion, IMAGE_NAME, NEXT_IMAGE } from './rootfs';
import { PATIENCE, until } from './until';
import { CondorImage, CondorVersion } from '../../src';

const HOST = 'condor-host';

describeReal('an upgrade of HTCondor', () => {
  let pool: Pool;
  let next: CondorImage;

  /** The version that each master says, by its machine. */
  const versions = async () => Object.fromEntries((await pool.status('-master', '-af', 'Name', 'split(CondorVersion)[1]')).trim().split('\n').map(line => {
    const [name, version] = line.split(' ');
    return [name.replace(/^.*@startd\.|^condor-|-0\..*$/g, ''), version];
  }));
  const usageOf = async () => Number(/submitter@cern\.ch (\S+)/.exec(await pool.usage())?.[1] ?? 0);

  async function expectVersions(expected: { readonly [machine: string]: CondorImage }): Promise<void> {
    const wanted = Object.fromEntries(Object.entries(expected).map(([machine, { version }]) => [machine, version.toString()]));
    await until(`versions are ${JSON.stringify(wanted)}`, async () => {
      const seen = await versions();
      return Object.entries(wanted).every(([machine, version]) => seen[machine] === version);
    }, PATIENCE, 2000);
    process.stdout.write(`HTCondor: ${Object.entries(await versions()).map(([machine, version]) => `${machine} ${version}`).sort().join(', ')}\n`);
  }

  /** Applies what a member is to have, and has its pod leave: its jobs end before. */
  async function replace(member: string, state: State): Promise<void> {
    expect(await apply(pool, state, member)).toEqual([]);
    expect(await pool.clusters[member].delete(pool.executionPoint(member))).toBe(true);
    await pool.clusters[member].start('startd');
  }

  const old = CondorImage.debian();

  beforeAll(async () => {
    const version = condorVersion(NEXT_IMAGE);
    next = new CondorImage({ reference: NEXT_IMAGE, version: CondorVersion.of(version), slotUserPattern: 'slot1_%d', slotUsers: 64 });
    expect(condorVersion(IMAGE_NAME)).toBe(old.version.toString());
    expect(next.version.compareTo(CondorVersion.V25_0)).toBeGreaterThan(0);
    pool = await Pool.start(dayTwoPool(), PLACES);
    await until('the machines are in the pool', async () => (await pool.machines()).length === 2);
    await doneOnce(pool, await work(pool, 'meyrin', 5), 'meyrin');
    await expectVersions({ cm: old, ap1: old, meyrin: old, tsystems: old });
  });
  afterAll(() => pool?.close());

  test('the host first, while jobs run at both: none is lost, and queue and accounting are kept', async () => {
    const [here, there] = [await work(pool, 'meyrin', 60), await work(pool, 'tsystems', 60)];
    const idle = await work(pool, 'nowhere', 1);
    await Promise.all([here, there].map(id => running(pool, id)));
    await until('usage is written', async () => await usageOf() > 0);
    const usage = await usageOf();
    expect(await apply(pool, { host: next }, HOST)).toEqual(['condor-cm-0', 'condor-ap1-0']);
    await expectVersions({ cm: next, ap1: next, meyrin: old, tsystems: old });
    await doneOnce(pool, here, 'meyrin');
    await doneOnce(pool, there, 'tsystems');
    expect((await pool.jobs(idle)).map(({ JobStatus }) => JobStatus)).toEqual([1]);
    expect(await usageOf()).toBeGreaterThanOrEqual(usage);
    for (const member of ['meyrin', 'tsystems']) { await doneOnce(pool, await work(pool, member, 1), member); }
  });

  test('then one member: its jobs end, and the others are left alone', async () => {
    const [here, there] = [await work(pool, 'meyrin', 20), await work(pool, 'tsystems', 20)];
    await Promise.all([here, there].map(id => running(pool, id)));
    await replace('tsystems', { host: next, tsystems: next });
    await expectVersions({ cm: next, ap1: next, meyrin: old, tsystems: next });
    await doneOnce(pool, here, 'meyrin');
    await doneOnce(pool, there, 'tsystems');
    await doneOnce(pool, await work(pool, 'tsystems', 1), 'tsystems');
  });

  test('then the rest', async () => {
    const here = await work(pool, 'meyrin', 20);
    await running(pool, here);
    const state = { host: next, fleet: next };
    await replace('meyrin', state);
    // the member that was first is as all are now: nothing there changes
    expect(await apply(pool, state, 'tsystems', HOST)).toEqual([]);
    await expectVersions({ cm: next, ap1: next, meyrin: next, tsystems: next });
    await doneOnce(pool, here, 'meyrin');
    await followed(pool);
    await doneOnce(pool, await work(pool, 'meyrin', 1), 'meyrin');
  });
});

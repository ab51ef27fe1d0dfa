import { BUDGET, elasticBudgetPool, OF_ONE, PLACES } from './elastic-budget-pool';
import type { Pod } from './pod';
import { Pool } from './pool';
import { describeReal } from './requirements';
import { until } from './until';

const STATE = '/var/spool/condor/elastic-core-hours.json';
const FRESH = 'MyType == "Demand" && time() - LastHeardFrom < ClassAdLifetime';

describeReal('the budget of an elastic fleet, with two central managers', () => {
  let pool: Pool;
  let one: Pod;
  let other: Pod;

  const run = async (pod: Pod, ...argv: string[]) => {
    const { status, stdout, stderr } = await pod.exec(undefined, argv, { timeout: 60 });
    if (status !== 0) { throw new Error(`${argv.join(' ')} at ${pod.name}: ${stderr}`); }
    return stdout.trim();
  };
  /** What a central manager says of the fleet, nothing if what it has said is too old, as a member's pod sees it. */
  const said = async (pod: Pod) => {
    const address = `${pod.name.replace(/^condor-|-0$/g, '')}.cern.ch`;
    const [ad] = JSON.parse(await run(pod, 'condor_status', '-pool', address, '-any', '-const', FRESH, '-json') || '[]');
    return ad && { used: ad.CoreHoursUsed, counted: ad.CoreHoursCounted, affordable: ad.ExecutionPointsAffordable, period: ad.BudgetPeriod };
  };
  const write = (pod: Pod, text: string) => run(pod, 'sh', '-c', `printf %s '${text}' >${STATE}.by-hand
    chown --reference=${STATE} ${STATE}.by-hand && mv ${STATE}.by-hand ${STATE}`);
  const counts = async (pod: Pod) => Number(await run(pod, 'sh', '-c', 'grep -c "burst.cloud: " /var/log/condor/DemandLog'));

  beforeAll(async () => {
    pool = await Pool.start(elasticBudgetPool, PLACES);
    [one, other] = pool.centralManagers;
    await until('both count', async () => await said(one) !== undefined && await said(other) !== undefined);
  });
  afterAll(() => pool?.close());

  test('nothing is used, and it is enough for so many', async () => {
    for (const pod of [one, other]) { expect(await said(pod)).toMatchObject({ used: 0, counted: 0, affordable: BUDGET / OF_ONE }); }
  });

  test('what one of them has counted the other heeds, and does not count itself', async () => {
    const { period } = await said(one);
    const past = (BUDGET - 2 * OF_ONE - 1) * 3600;
    await write(one, JSON.stringify({ 'burst.cloud': { period, past, machines: {}, elsewhere: 0 } }));
    const used = past / 3600;
    await until('the one that has counted it says so', async () => (await said(one))?.counted === used);
    await until('the other one has heard', async () => (await said(other))?.used === used);
    expect(await said(other)).toEqual({ used, counted: 0, affordable: 2, period });
    // and it does not come back as its own
    const before = await counts(one);
    await until('they have counted again', async () => await counts(one) >= before + 3);
    expect(await said(one)).toEqual({ used, counted: used, affordable: 2, period });
    expect(await said(other)).toEqual({ used, counted: 0, affordable: 2, period });
  });

  test('one that does not answer is not waited for, and what it has said holds', async () => {
    const told = await said(other);
    expect(one.kill('SIGSTOP', 'condor_shared_port')).toBe(1);
    try {
      const before = await counts(other);
      await until('the other one goes on', async () => await counts(other) >= before + 3);
      expect(await said(other)).toEqual(told);
    } finally {
      one.kill('SIGCONT', 'condor_shared_port');
    }
  });

  test('what can\'t be read stops the count, until it can', async () => {
    await write(other, '{"burst.cloud": {');
    await until('it says no number', async () => await said(other) === undefined);
    expect(await run(other, 'tail', '-n', '1', '/var/log/condor/DemandLog')).toMatch(/not counted: .*JSONDecodeError/);
    expect(await said(one)).toMatchObject({ affordable: 2 });
    await run(other, 'rm', STATE);
    await until('it counts again', async () => (await said(other))?.counted === 0);
  });
});

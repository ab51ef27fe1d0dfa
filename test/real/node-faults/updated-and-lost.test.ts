import { at, expectEnded, firstAt, on, running, say, SHORT_LEASE, sleeper } from './sleepers';
import { example } from '../examples';
import { Testbed } from '../kubernetes/testbed';
import { TestbedPool } from '../nodes/testbed-pool';
import { withoutAnalyses } from '../nodes/without-analyses';
import { describeClusters } from '../requirements';
import { until } from '../until';

const NODE = 'b7s12p8241';

describeClusters('members updated, and lost', () => {
  let testbed: Testbed;
  let pool: TestbedPool;

  beforeAll(async () => {
    testbed = await Testbed.open({
      'condor-host': { cidr: '10.1.0.0/16', nodes: ['host-1'] },
      'meyrin': { cidr: '10.2.0.0/16', nodes: [NODE] },
      'tsystems': { cidr: '10.3.0.0/16', nat: true, nodes: ['otc-1'] },
    });
    pool = await TestbedPool.start(testbed, withoutAnalyses(outdir => example('cern-tsystems', outdir)));
    await pool.whole();
  });
  afterAll(() => testbed?.close());

  test('a rolling update of the fleet, member by member', async () => {
    const ids: { [member: string]: string } = { meyrin: await pool.submitHere(sleeper(40, 2, on(NODE))), tsystems: await pool.submitHere(sleeper(150, 2, at('tsystems'))) };
    await Promise.all(Object.values(ids).map(id => running(pool, id, 2)));
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
      });
      await until('machines say so', async () =>
        (await pool.status('-const', `PartitionableSlot && ${at(member).replace('TARGET.', '')}`, '-af', 'HasMPI')).split('\n').filter(line => line).every(line => line === 'false'), 180);
      say(`a rolling update of ${member}: ${Math.round((Date.now() - since) / 1000)} s`);
      expect(await expectEnded(pool, `a rolling update of ${member}`, ids[member], 2)).toEqual([1, 1]);
    }
  });

  test('the whole T-Systems cluster is gone for good: its jobs run at CERN', async () => {
    const id = await pool.submitHere(sleeper(30, 2, firstAt('tsystems'), SHORT_LEASE));
    await running(pool, id, 2);
    const since = Date.now();
    const tsystems = testbed.cluster('tsystems');
    await tsystems.site.cut();
    tsystems.nodes.forEach(node => node.crash());
    await until('its machines are forgotten', async () => (await pool.machines()).every(name => !name.endsWith('.tsystems')), 900);
    say(`a cluster gone: its machines are forgotten after ${Math.round((Date.now() - since) / 1000)} s`);
    await expectEnded(pool, 'a cluster gone', id, 2, 1500);
    say(`a cluster gone: its jobs are done elsewhere after ${Math.round((Date.now() - since) / 1000)} s`);
    expect((await pool.outcomes(id)).every(({ LastRemoteHost }) => /\.meyrin$/.test(LastRemoteHost))).toBe(true);
  });
});

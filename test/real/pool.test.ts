import { example } from './examples';
import { Pool } from './pool';
import { describeReal } from './requirements';
import { expectTalkMachines, talkJob } from './talk';
import { until } from './until';

const NODE_OF_8_CORES = { allocatable: { cpu: '7910m', memory: '23000Mi' } };

describeReal("the talk's deployment", () => {
  let pool: Pool;

  beforeAll(async () => {
    pool = await Pool.start(outdir => example('cern-tsystems', outdir), {
      'condor-host': { cidr: '10.1.0.0/16', nodes: { 'host-1': NODE_OF_8_CORES } },
      'meyrin': { cidr: '10.2.0.0/16', nodes: { b7s12p8241: NODE_OF_8_CORES } },
      'tsystems': { cidr: '10.3.0.0/16', nodes: { 'otc-1': NODE_OF_8_CORES } },
    }, { workloads: ['condor-cm', 'condor-ap1', 'startd'] });
    await until('both machines are in the pool', async () => (await pool.machines()).length === 2);
  });
  afterAll(() => pool?.close());

  test('the machine ad, attribute by attribute', async () => {
    await expectTalkMachines(pool);
  });

  test("the talk's job runs, two pinned jobs run where they are pinned, and their output comes back", async () => {
    const submit = (requirements?: string) => pool.submit(talkJob({ command: 'cat job.sub $_CONDOR_MACHINE_AD', requirements, inputs: ['job.sub'] }));
    const anywhere = await submit();
    const own = await submit('Datacenter == "meyrin"');
    const cloud = await submit('Datacenter == "otc-eu-de"');
    const nowhere = await submit('Datacenter == "nowhere"');
    await until('the jobs are matched', async () => {
      const ad = JSON.parse(await pool.asUser(['condor_q', anywhere, '-json']))[0];
      return ad.AcctGroup === 'ATLAS' && ad.JobPrio === 0 && ad.RequestCpus === 2 && ad.RequestMemory === 4260;
    });
    for (const cluster of [anywhere, own, cloud]) { await pool.finished(cluster); }
    expect(await pool.output(anywhere, `out.${anywhere}`)).toContain('CERNEnvironment = "production"');
    expect(await pool.output(own, `out.${own}`)).toContain('Datacenter = "meyrin"');
    const there = await pool.output(cloud, `out.${cloud}`);
    expect(there).toContain('Datacenter = "otc-eu-de"');
    expect(there).toContain('request_memory = 4260');
    expect(await pool.jobs(nowhere)).toEqual([{ ProcId: 0, JobStatus: 1, NumJobStarts: 0, RemoteHost: null }]);
  });
});

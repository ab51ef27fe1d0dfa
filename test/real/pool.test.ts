import { example } from './examples';
import { Pool } from './pool';
import { describeReal } from './requirements';
import { until } from './until';

const NODE_OF_8_CORES = { allocatable: { cpu: '7910m', memory: '23000Mi' } };

describeReal("the talk's deployment", () => {
  let pool: Pool;

  beforeAll(async () => {
    pool = await Pool.start(outdir => example('cern-tsystems', outdir), {
      'condor-host': { cidr: '10.1.0.0/16', nodes: { 'host-1': NODE_OF_8_CORES } },
      'meyrin': { cidr: '10.2.0.0/16', nodes: { b7s12p8241: NODE_OF_8_CORES } },
      'tsystems': { cidr: '10.3.0.0/16', nodes: { 'otc-1': NODE_OF_8_CORES } },
    });
    await until('both machines are in the pool', async () => (await pool.machines()).length === 2);
  });
  afterAll(() => pool?.close());

  test('the machine ad, attribute by attribute', async () => {
    const [meyrin, tsystems] = await Promise.all(['meyrin', 'otc-eu-de'].map(site => pool.ad('-const', `PartitionableSlot && Datacenter == "${site}"`)));
    const common = { CERNEnvironment: 'production', HasMPI: true, TotalCpus: 8, TotalMemory: 22500, State: 'Unclaimed' };
    expect(meyrin).toMatchObject({ ...common, Datacenter: 'meyrin', Name: 'slot1@b7s12p8241@startd.meyrin' });
    expect(tsystems).toMatchObject({ ...common, Datacenter: 'otc-eu-de', Name: 'slot1@otc-1@startd.tsystems' });
  });

  test("the talk's job runs, two pinned jobs run where they are pinned, and their output comes back", async () => {
    const job = (requirements: string) => `
executable = /bin/sh
arguments = "-c 'cat input; grep -E ""^(Datacenter|CERNEnvironment) "" $_CONDOR_MACHINE_AD'"
transfer_executable = false
should_transfer_files = YES
transfer_input_files = job.sub
output = out.$(Cluster)
error = err.$(Cluster)
log = log.$(Cluster)
accounting_group = ATLAS
accounting_group_user = submitter
priority = 0
request_cpus = 2
request_memory = 4260
request_disk = 1
${requirements}
queue
`;
    const anywhere = await pool.submit(job('').replace('cat input', 'cat job.sub'));
    const own = await pool.submit(job('requirements = Datacenter == "meyrin"').replace('cat input', 'cat job.sub'));
    const cloud = await pool.submit(job('requirements = Datacenter == "otc-eu-de"').replace('cat input', 'cat job.sub'));
    const nowhere = await pool.submit(job('requirements = Datacenter == "nowhere"').replace('cat input', 'cat job.sub'));
    await until('the jobs are matched', async () => {
      const ad = JSON.parse(await pool.asUser(['condor_q', anywhere, '-json']))[0];
      return ad.AcctGroup === 'ATLAS' && ad.JobPrio === 0 && ad.RequestCpus === 2 && ad.RequestMemory === 4260;
    });
    for (const cluster of [anywhere, own, cloud]) { await pool.finished(cluster, 180); }
    expect(await pool.output(anywhere, `out.${anywhere}`)).toContain('CERNEnvironment = "production"');
    expect(await pool.output(own, `out.${own}`)).toContain('Datacenter = "meyrin"');
    const there = await pool.output(cloud, `out.${cloud}`);
    expect(there).toContain('Datacenter = "otc-eu-de"');
    expect(there).toContain('request_memory = 4260');
    expect(await pool.jobs(nowhere)).toEqual([{ ProcId: 0, JobStatus: 1, NumJobStarts: 0, RemoteHost: null }]);
  });
});

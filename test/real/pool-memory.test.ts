import { App, Duration, Size } from 'cdk8s';
import { Pool } from './pool';
import { describeReal } from './requirements';
import { until } from './until';
import { Cluster, CondorHost, CondorImage, FederatedCluster, Federation, MemoryExceeded, StartdFleet } from '../../src';

const PLACES = {
  'condor-host': { cidr: '10.1.0.0/16', nodes: { 'host-1': { allocatable: { cpu: '8', memory: '23000Mi' } } } },
  'tsystems': { cidr: '10.3.0.0/16', nat: true, nodes: { 'otc-1': { allocatable: { cpu: '8', memory: '23000Mi' } } } },
};

/** Jobs may go on for hours before they leave: one that uses too much memory has no such right. */
function program(outdir: string): void {
  const app = new App({ outdir });
  const host = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host });
  new FederatedCluster(app, 'tsystems', { federation });
  const pool = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch',
    centralManagers: [{ address: 'condor.cern.ch' }],
    accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
    image: CondorImage.debian(),
    negotiatorInterval: Duration.seconds(5),
    extraConfig: { NEGOTIATOR_MIN_INTERVAL: 1, NEGOTIATOR_CYCLE_DELAY: 1 },
  });
  new StartdFleet(federation, 'startd', {
    pool,
    memoryExceeded: MemoryExceeded.HOLD,
    maxJobRetirement: Duration.hours(4),
    cpus: 4,
    memory: Size.mebibytes(2000),
    updateInterval: Duration.seconds(10),
  });
  app.synth();
}

describeReal('memory', () => {
  let pool: Pool;

  beforeAll(async () => {
    pool = await Pool.start(program, PLACES);
    await until('the machine is in the pool', async () => (await pool.machines()).length === 1);
  });
  afterAll(() => pool?.close());

  /** A job that asks for 100 MiB, for which its slot has 128, and takes so many. */
  const takes = (mebibytes: number) => pool.submit(`
executable = /usr/bin/python3
transfer_executable = false
arguments = "-c 'x = bytearray(${mebibytes} << 20); import time; time.sleep(120)'"
should_transfer_files = YES
request_memory = 100
request_disk = 1024
queue
`);

  test('a job that uses more than its slot has is held at once, with the reason, and no other job is touched', async () => {
    const modest = await takes(60);
    const greedy = await takes(400);
    // it is held while its input is brought, too
    const reason = () => pool.asUser(['condor_q', greedy, '-af:t', 'HoldReasonCode', 'HoldReasonSubCode', 'HoldReason']);
    await until('it is held by the machine', async () => (await reason()).startsWith('21\t'));
    const said = await reason();
    expect(said).toMatch(/^21\t102\t.*the job used [4-9]\d\d MiB of memory, and its slot has 128 MiB: ask for more \(request_memory\)$/m);
    await pool.finished(modest);
    expect((await pool.asUser(['condor_q', modest, '-af', 'JobStatus', 'ExitCode', 'NumJobStarts'])).trim()).toBe('4 0 1');
  });
});

import { Duration, Size } from 'cdk8s';
import { places } from './places';
import { Pool } from './pool';
import { quickPool, SMALL } from './quick-pool';
import { describeReal } from './requirements';
import { until } from './until';
import { MemoryExceeded, StartdFleet } from '../../src';

/** Jobs may go on for hours before they leave: one that uses too much memory has no such right. */
function program(outdir: string): void {
  const { app, federation, pool } = quickPool(outdir, { tsystems: {} });
  new StartdFleet(federation, 'startd', {
    pool,
    ...SMALL,
    cpus: 4,
    memory: Size.mebibytes(2000),
    memoryExceeded: MemoryExceeded.HOLD,
    maxJobRetirement: Duration.hours(4),
  });
  app.synth();
}

describeReal('memory', () => {
  let pool: Pool;

  beforeAll(async () => {
    pool = await Pool.start(program, places(['tsystems']));
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

import { Duration, Size } from 'cdk8s';
import { places } from './places';
import { Pool } from './pool';
import { quickPool, SMALL } from './quick-pool';
import { describeReal } from './requirements';
import { until } from './until';
import { ClusterSelector, MemoryExceeded, Placement, StartdFleet } from '../../src';

/**
 * Two fleets, whose pods see what jobs share by a capability and by running as the same user. Jobs may go on for hours before they leave: one
 * that uses too much memory has no such right.
 */
function program(outdir: string): void {
  const { app, federation, pool, members } = quickPool(outdir, { tsystems: {}, meyrin: {} });
  for (const [name, cluster, rights] of [
    ['capable', members.tsystems, { memoryExceeded: MemoryExceeded.HOLD }], ['rootless', members.meyrin, { rootless: true, acceptJobsReadToken: true }],
  ] as const) {
    new StartdFleet(new Placement(federation, `${name}-clusters`, { clusters: ClusterSelector.of(cluster) }), name, {
      pool,
      ...SMALL,
      ...rights,
      cpus: 4,
      memory: Size.mebibytes(2000),
      maxJobRetirement: Duration.hours(4),
      attributes: { Fleet: name },
    });
  }
  app.synth();
}

const FLEETS = ['capable', 'rootless'];

describeReal('memory', () => {
  let pool: Pool;
  const jobs: { [fleet: string]: { readonly greedy: string; readonly others: string[]; readonly forked: string } } = {};

  beforeAll(async () => {
    pool = await Pool.start(program, places(['tsystems', 'meyrin']));
    await until('both machines are in the pool', async () => (await pool.machines()).length === 2);
    for (const fleet of FLEETS) {
      const [modest, greedy] = [await takes(fleet, 60), await takes(fleet, 400)];
      // nine processes, of which each sees the same 60 MiB
      const forked = await runs(fleet, 'import os; x = bytearray(60 << 20); [os.fork() and os.fork() for _ in range(2)]');
      jobs[fleet] = { greedy, forked, others: [modest, forked] };
    }
  });
  afterAll(() => pool?.close());

  /** A job that asks for 100 MiB, for which its slot has 128, and runs a program of Python for two minutes. */
  const runs = (fleet: string, script: string) => pool.submit(`
executable = /usr/bin/python3
transfer_executable = false
arguments = "-c '${script}; import time; time.sleep(120)'"
should_transfer_files = YES
request_memory = 100
request_disk = 1024
requirements = Fleet == "${fleet}"
queue
`);
  const takes = (fleet: string, mebibytes: number) => runs(fleet, `x = bytearray(${mebibytes} << 20)`);

  test.each(FLEETS)('in a %s pod a job that uses more than its slot has is held at once, with the reason, and no other job is touched', async fleet => {
    const { greedy, others, forked } = jobs[fleet];
    // it is held while its input is brought, too
    const reason = () => pool.asUser(['condor_q', greedy, '-af:t', 'HoldReasonCode', 'HoldReasonSubCode', 'HoldReason']);
    await until('it is held by the machine', async () => (await reason()).startsWith('21\t'));
    const said = await reason();
    expect(said).toMatch(/^21\t102\t.*the job used [4-9]\d\d MiB of memory, and its slot has 128 MiB: ask for more \(request_memory\)$/m);
    for (const other of others) {
      await pool.finished(other);
      expect((await pool.asUser(['condor_q', other, '-af', 'JobStatus', 'ExitCode', 'NumJobStarts'])).trim()).toBe('4 0 1');
    }
    // the sum of what is resident is more than the slot has: it is what HTCondor goes by otherwise
    expect(Number(await pool.asUser(['condor_q', forked, '-af', 'MemoryUsage']))).toBeGreaterThan(128);
  });
});

import { Duration, Size } from 'cdk8s';
import { places } from './places';
import { Pool } from './pool';
import { quickPool, SMALL } from './quick-pool';
import { describeReal } from './requirements';
import { until } from './until';
import { ClusterSelector, MemoryExceeded, Placement, StartdFleet } from '../../src';

/**
 * Two fleets, whose pods see what jobs share by a capability and by running as the same user, and one that leaves it to the kernel. Jobs may go
 * on for hours before they leave: one that uses too much memory has no such right.
 */
function program(outdir: string): void {
  const { app, federation, pool, members } = quickPool(outdir, { tsystems: {}, meyrin: {} });
  for (const [name, cluster, rights] of [
    ['capable', members.tsystems, { memoryExceeded: MemoryExceeded.HOLD }],
    ['rootless', members.meyrin, { rootless: true, acceptJobsReadToken: true }],
    ['privileged', members.tsystems, { privileged: true }],
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

/** Those of HTCondor's own policy. */
const FLEETS = ['capable', 'rootless'];

describeReal('memory', () => {
  let pool: Pool;
  const jobs: { [fleet: string]: { readonly greedy: string; readonly others: string[]; readonly forked: string } } = {};

  beforeAll(async () => {
    pool = await Pool.start(program, places(['tsystems', 'meyrin']));
    await until('all machines are in the pool', async () => (await pool.machines()).length === 3);
    for (const fleet of FLEETS) {
      const [modest, greedy] = [await takes(fleet, 60), await takes(fleet, 400)];
      // nine processes, of which each sees the same 60 MiB
      const forked = await runs(fleet, 'import os; x = bytearray(60 << 20); [os.fork() and os.fork() for _ in range(2)]');
      jobs[fleet] = { greedy, forked, others: [modest, forked] };
    }
  });
  afterAll(() => pool?.close());

  /** A job that asks for 100 MiB, for which its slot has 128. */
  const submit = (fleet: string, executable: string, argument: string, cpus = 1) => pool.submit(`
executable = ${executable}
transfer_executable = false
arguments = "-c '${argument}'"
should_transfer_files = YES
request_cpus = ${cpus}
request_memory = 100
request_disk = 1024
requirements = Fleet == "${fleet}"
output = out
queue
`);
  /** One that runs a program of Python, for two minutes. */
  const runs = (fleet: string, script: string, seconds = 120) => submit(fleet, '/usr/bin/python3', `${script}; import time; time.sleep(${seconds})`);
  const takes = (fleet: string, mebibytes: number, seconds?: number) => runs(fleet, `x = bytearray(${mebibytes} << 20)`, seconds);
  const held = (job: string) => pool.asUser(['condor_q', job, '-af:t', 'HoldReasonCode', 'HoldReasonSubCode', 'HoldReason']);
  const ended = async (job: string) => (await pool.asUser(['condor_q', job, '-af', 'JobStatus', 'ExitCode', 'NumJobStarts'])).trim();
  const inPod = async (fleet: string, command: string) =>
    (await pool.clusters.tsystems.pods.find(({ workload }) => workload.metadata.name === fleet)!.exec(undefined, ['sh', '-c', command])).stdout.trim();
  /** systemd, which runs most nodes, has these two controllers of cgroup v1 in one hierarchy of this name. This machine may have them apart. */
  const joinControllers = (hierarchy: 'cpu' | 'cpuacct') =>
    inPod('privileged', `cd /sys/fs/cgroup && [ ! -e ${hierarchy} ] || { [ -e cpu,cpuacct ] && [ ! -L cpu,cpuacct ]; } || ln -sfn ${hierarchy} cpu,cpuacct`);

  test.each(FLEETS)('in a %s pod a job that uses more than its slot has is held at once, with the reason, and no other job is touched', async fleet => {
    const { greedy, others, forked } = jobs[fleet];
    // it is held while its input is brought, too
    await until('it is held by the machine', async () => (await held(greedy)).startsWith('21\t'));
    expect(await held(greedy)).toMatch(/^21\t102\t.*the job used [4-9]\d\d MiB of memory, and its slot has 128 MiB: ask for more \(request_memory\)$/m);
    for (const other of others) {
      await pool.finished(other);
      expect(await ended(other)).toBe('4 0 1');
    }
    // the sum of what is resident is more than the slot has: it is what HTCondor goes by otherwise
    expect(Number(await pool.asUser(['condor_q', forked, '-af', 'MemoryUsage']))).toBeGreaterThan(128);
  });

  test('a privileged machine has the kernel end it, at the limit of its slot, and no other job is touched', async () => {
    await joinControllers('cpuacct');
    const modest = await takes('privileged', 60, 90);
    await until('it runs in a group of its own', async () => /^CgroupEnforced = true$/m.test(await pool.status('-l', '-const', 'DynamicSlot && Fleet == "privileged"')));
    const greedy = await takes('privileged', 400);
    await until('it is held by the machine', async () => (await held(greedy)).startsWith('34\t'));
    expect(await held(greedy)).toMatch(/Job has gone over cgroup memory limit of 128 megabytes\. Peak usage: 1[23]\d megabytes\./);
    await pool.finished(modest);
    expect(await ended(modest)).toBe('4 0 1');
  });

  test('it gives its jobs shares of the cores, and directories of their own for what they leave', async () => {
    await joinControllers('cpu');
    const job = await submit('privileged', '/bin/sh', 'for d in /tmp /var/tmp /dev/shm; do echo its >$d/left && cat $d/left; done; sleep 86404', 2);
    await until('the job has left something everywhere', async () => (await inPod('privileged', 'cat /var/lib/condor/execute/dir_*/_condor_stdout')) === 'its\nits\nits');
    expect(await inPod('privileged', 'find /sys/fs/cgroup/ -path "*/htcondor/*_slot1_*" \\( -name cpu.shares -o -name cpu.weight \\) -exec cat {} +')).toBe('200');
    expect(await inPod('privileged', 'find /tmp /var/tmp /dev/shm -name left')).toBe('');
    await pool.asUser(['condor_rm', job]);
    // a starter tries once to remove the group: one whose last process takes a moment to end stays, empty, for the slot's next job
    await until('nothing of it runs, nor in its group', async () =>
      (await inPod('privileged', 'pgrep -f "sleep 8640[4]"; find /sys/fs/cgroup/ -path "*/htcondor/*_slot1_*" -name cgroup.procs -exec cat {} +')) === '');
  });

  test('a machine that is not can have none', async () => {
    expect(await inPod('capable', 'cat /var/log/condor/StarterLog.slot1_1')).toMatch(/ Cgroup .* is not writeable, cannot use cgroups/);
    expect(await inPod('capable', 'find /sys/fs/cgroup/ -path "*htcondor*"')).toBe('');
  });
});

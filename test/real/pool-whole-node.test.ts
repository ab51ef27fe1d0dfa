import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { Duration, Size } from 'cdk8s';
import { followed } from './day-two-pool';
import { parseManifests } from './manifest';
import { places, SITES } from './places';
import { Pool } from './pool';
import { lives } from './preemption-pool';
import { quickPool, SMALL } from './quick-pool';
import { describeReal } from './requirements';
import { PATIENCE, until } from './until';
import { ClassAdExpression, ClusterSelector, DrainSchedule, Placement, StartdFleet } from '../../src';

const node = (kind: string) => ({ allocatable: { cpu: '8', memory: '8000Mi' }, labels: { kind } });

const PLACES = {
  ...places([], node('host')),
  meyrin: { ...SITES.meyrin, nodes: { 'node-1': node('cpu') } },
  tsystems: { ...SITES.tsystems, nodes: { 'node-1': node('cpu'), 'node-2': node('gpu') } },
};

/** What jobs ask for, and how long each of them takes. */
interface Jobs {
  /** @default 1 */
  readonly cpus?: number;
  /** @default - they don't ask */
  readonly gpus?: number;
  readonly seconds: number[];
  /** What a job does when it is told to stop, in a shell. @default - it stops */
  readonly told?: string;
}

/** In seconds. */
const RETIREMENT = 900;

/** Two members with a machine of two cores each; those of one of them are drained. Also a machine with two GPUs, as far as HTCondor knows. */
function program(outdir: string, schedule?: DrainSchedule): void {
  const { app, federation, members, pool } = quickPool(outdir, { meyrin: {}, tsystems: {} }, {
    // the machine with GPUs has no job, and doesn't count
    defragmentation: {
      machinesPerHour: 360, clusters: ['tsystems'], requirements: ClassAdExpression.attribute('TotalGPUs').greaterThan(0).isnt(true), schedule,
    },
    extraConfig: {},
  });
  const machines = { pool, ...SMALL, memory: Size.mebibytes(2000) };
  new StartdFleet(federation, 'startd', {
    ...machines, nodeSelector: { kind: 'cpu' }, maxJobRetirement: Duration.seconds(RETIREMENT), maxVacate: Duration.seconds(10),
  });
  new StartdFleet(new Placement(federation, 'gpus', { clusters: ClusterSelector.of(members.tsystems) }), 'gpu', {
    ...machines,
    nodeSelector: { kind: 'gpu' },
    gpus: 2,
    gpuJobsOnly: true,
    // there is none here: HTCondor's own discovery makes two up
    extraConfig: { GPU_DISCOVERY_EXTRA: '-extra -simulate:4,2' },
  });
  app.synth();
}

describeReal('machines as a whole', () => {
  let pool: Pool;
  beforeAll(async () => {
    pool = await Pool.start(outdir => program(outdir), PLACES);
    await until('all machines are in the pool', async () => (await pool.machines()).length === 3);
    for (const [user, priority] of [['whole', 1], ['small', 5000]] as const) { await pool.setPriority(`${user}@cern.ch`, priority); }
  });
  afterAll(() => pool?.close());

  /** Jobs at one of the machines, each with an event log of its own: `<name>.0`, `<name>.1`, ... */
  const submit = async (name: string, machine: string, user: string, { cpus = 1, gpus, seconds, told }: Jobs) => {
    const text = `executable = /bin/sh
transfer_executable = false
should_transfer_files = YES
request_memory = 100
request_disk = 1
request_cpus = ${cpus}
${gpus === undefined ? '' : `request_gpus = ${gpus}`}
accounting_group_user = ${user}
requirements = regexp("@${machine.replace('.', '[.]')}$", Name)
arguments = "-c 'echo $CUDA_VISIBLE_DEVICES; ${told === undefined ? 'sleep $(seconds)' : `trap ""${told}"" TERM; sleep $(seconds) & wait`}'"
output = ${name}.out.$(Process)
log = ${name}.$(Process)
queue seconds in (${seconds.join(' ')})
`;
    return (await pool.asUser(['sh', '-c', 'cat >job.sub && condor_submit -terse job.sub'], text)).split('.')[0];
  };
  const states = async (job: string) => (await pool.jobs(job)).map(({ JobStatus }) => JobStatus);
  const life = async (log: string) => (await lives(pool))[log];

  test('a whole-node job starts on a fragmented machine that is drained, and on no other', async () => {
    await submit('small-meyrin', 'startd.meyrin', 'small', { seconds: [1800, 1800] });
    // a slot that was given goes on with the next small job, for longer than this takes
    await submit('small-tsystems', 'startd.tsystems', 'small', { seconds: Array(10).fill(60) });
    await until('both machines are full of small jobs', async () => {
      const claimed = (await pool.status('-const', 'DynamicSlot && Activity == "Busy"', '-af', 'Name')).split('\n');
      return ['meyrin', 'tsystems'].every(member => claimed.filter(name => name.endsWith(`startd.${member}`)).length === 2);
    });
    const elsewhere = await submit('whole-meyrin', 'startd.meyrin', 'whole', { cpus: 2, seconds: [1] });
    const drained = await submit('whole-tsystems', 'startd.tsystems', 'whole', { cpus: 2, seconds: [1] });
    await until('the job has had a whole machine', async () => (await states(drained)).length === 0, PATIENCE, 2000);
    expect((await life('whole-tsystems.0')).began).toHaveLength(1);
    expect(await pool.jobs(elsewhere)).toEqual([expect.objectContaining({ JobStatus: 1, NumJobStarts: 0 })]);
    // who drains leaves a machine alone that has given another reason
    const { stdout } = await pool.centralManager.exec(undefined, ['grep', 'Initiating graceful draining of', '/var/log/condor/DefragLog']);
    expect(stdout).toContain('slot1@node-1@startd.tsystems');
    expect(stdout).not.toContain('meyrin');
  });

  test('small jobs go on to their end while their machine drains', async () => {
    const all = Object.entries(await lives(pool)).filter(([log]) => log.startsWith('small-'));
    expect(all.filter(([, { ended }]) => ended).length).toBeGreaterThanOrEqual(2);
    expect(all.filter(([, { left }]) => left.length > 0)).toEqual([]);
    await pool.asUser(['condor_rm', '-const', 'AcctGroupUser == "small"']);
  });

  /** Has machines drained by another schedule, and no small jobs on those that are. */
  const drainBy = async (schedule: DrainSchedule) => {
    const files = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-schedule-'));
    try {
      program(files, schedule);
      await pool.clusters['condor-host'].apply(parseManifests(fs.readFileSync(path.join(files, 'condor-host.k8s.yaml'), 'utf8')));
    } finally {
      fs.rmSync(files, { recursive: true });
    }
    await followed(pool);
    await until('the former jobs have left', async () => (await pool.status('-const', 'DynamicSlot && regexp("@startd[.]tsystems$", Name)', '-af', 'Name')).trim() === '');
  };
  const drained = () => pool.clusters.tsystems.pods.find(({ workload }) => workload.metadata.name === 'startd')!;
  /** How many jobs there have ended so. */
  const ended = async (how: string) =>
    (await drained().exec(undefined, ['sh', '-c', 'cat /var/log/condor/StarterLog.slot1_*'])).stdout.split(`, ${how}\n`).length - 1;
  /** When they are told to stop: they save their work, and say so. */
  const SAVED = 'status=5';
  const saving = { told: 'sleep 3; exit 5', seconds: [1800] };
  const initiated = async (schedule: DrainSchedule) =>
    (await pool.centralManager.exec(undefined, ['grep', `Initiating ${schedule} draining of slot1@node-1@startd.tsystems`, '/var/log/condor/DefragLog'])).status === 0;

  test('where draining is quick, jobs are told to stop at once, and may save their work', async () => {
    await drainBy(DrainSchedule.QUICK);
    // one that was drained gracefully lets them go on ever after
    await pool.clusters.tsystems.replace(drained());
    const jobs = await submit('quick', 'startd.tsystems', 'small', saving);
    await pool.untilJobs(jobs, 'it has saved its work', async () => await ended(SAVED) > 0);
    await until('it has had to leave', async () => (await life('quick.0'))?.left.length > 0);
    await pool.asUser(['condor_rm', jobs]);
    expect(await initiated(DrainSchedule.QUICK)).toBe(true);
  });

  test('where it is fast, jobs are killed at once, whatever they have', async () => {
    await drainBy(DrainSchedule.FAST);
    const before = { saved: await ended(SAVED), killed: await ended('signal=9') };
    const jobs = await submit('fast', 'startd.tsystems', 'small', { ...saving, seconds: [1800, 1800] });
    await pool.untilJobs(jobs, 'both have been killed', async () => await ended('signal=9') >= before.killed + 2);
    await until('both have had to leave', async () => (await Promise.all([0, 1].map(each => life(`fast.${each}`)))).every(each => each?.left.length > 0));
    expect(await ended(SAVED)).toBe(before.saved);
    await pool.asUser(['condor_rm', jobs]);
    expect(await initiated(DrainSchedule.FAST)).toBe(true);
  });

  test('each job has its own GPU, and jobs that ask for none stay away', async () => {
    const ad = await pool.ad('-const', 'PartitionableSlot && TotalGPUs > 0');
    expect(ad).toMatchObject({ TotalGPUs: 2, TotalCpus: 2 });
    const none = await submit('gpu-none', 'gpu.tsystems', 'whole', { seconds: [1] });
    const long = await submit('gpu-long', 'gpu.tsystems', 'small', { gpus: 1, seconds: [600, 600] });
    await until('two jobs run', async () => (await states(long)).every(status => status === 2));
    const devices = (ad.AssignedGPUs as string).split(',').sort();
    expect(new Set(devices).size).toBe(2);
    const machine = pool.clusters.tsystems.pods.find(({ workload }) => workload.metadata.name === 'gpu')!;
    const printed = async () => (await machine.exec(undefined, ['sh', '-c', 'cat /var/lib/condor/execute/dir_*/_condor_stdout'])).stdout.trim().split('\n').sort();
    await until('both have printed what they see', async () => (await printed()).length === devices.length);
    expect(await printed()).toEqual(devices);
    expect(await states(none)).toEqual([1]);
    // the machine is free again, and still none comes without a GPU
    await pool.asUser(['condor_rm', long]);
    const last = await submit('gpu-last', 'gpu.tsystems', 'small', { gpus: 2, seconds: [1] });
    await until('a job has had both', async () => (await states(last)).length === 0);
    expect((await pool.asUser(['cat', 'gpu-last.out.0'])).trim().split(',').sort()).toEqual(devices);
    expect(await pool.jobs(none)).toEqual([expect.objectContaining({ JobStatus: 1, NumJobStarts: 0 })]);
  });
});

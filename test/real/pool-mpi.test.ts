import * as fs from 'fs';
import * as path from 'path';
import { Size } from 'cdk8s';
import { places, SITES } from './places';
import { Pool } from './pool';
import { quickPool, SMALL } from './quick-pool';
import { describeReal } from './requirements';
import { MPI_IMAGE } from './rootfs';
import { PATIENCE, until } from './until';
import { CondorImage, StartdFleet } from '../../src';

const EXAMPLE = path.join(__dirname, '..', '..', 'examples', 'mpi');
const MEMBERS = ['meyrin', 'tsystems'] as const;
const NODES = ['node-1', 'node-2'] as const;

const node = (kind: string) => ({ allocatable: { cpu: '8', memory: '8000Mi' }, labels: { kind } });
const nodes = { 'node-1': node('mpi'), 'node-2': node('mpi') };

const PLACES = {
  ...places([], node('host')),
  meyrin: { ...SITES.meyrin, nodes: { ...nodes, 'node-3': node('plain'), 'node-4': node('only') } },
  tsystems: { ...SITES.tsystems, nodes },
};

/** Two members with two machines each that have MPI; in one of them also a machine without it, and one that is for parallel jobs alone. */
function program(outdir: string): void {
  const { app, federation, pool } = quickPool(outdir, { meyrin: {}, tsystems: {} }, { extraConfig: {} });
  const machines = { pool, ...SMALL, memory: Size.mebibytes(2000) };
  new StartdFleet(federation, 'mpi', {
    ...machines,
    image: CondorImage.debian(MPI_IMAGE),
    attributes: { HasMPI: true },
    parallelUniverse: { accessPoint: 'ap1' },
    nodeSelector: { kind: 'mpi' },
  });
  // HTCondor says of itself that it has it, everywhere
  new StartdFleet(federation, 'plain', { ...machines, attributes: { HasMPI: false }, nodeSelector: { kind: 'plain' } });
  new StartdFleet(federation, 'only', {
    ...machines, attributes: { HasMPI: false }, parallelUniverse: { accessPoint: 'ap1', onlyParallel: true }, nodeSelector: { kind: 'only' },
  });
  app.synth();
}

describeReal('parallel jobs', () => {
  let pool: Pool;
  beforeAll(async () => {
    pool = await Pool.start(program, PLACES);
    await until('all machines are in the pool', async () => (await pool.machines()).length === 6);
  });
  afterAll(() => pool?.close());

  const put = async (file: string) => pool.asUser(['sh', '-c', `cat >${file} && chmod +x ${file}`], fs.readFileSync(path.join(EXAMPLE, file), 'utf8'));
  const submit = async (text: string) => (await pool.asUser(['sh', '-c', 'cat >job.sub && condor_submit -terse job.sub'], text)).split('.')[0];
  const running = async (job: string) => (await pool.jobs(job)).every(({ JobStatus }) => JobStatus === 2);
  /** Waits until a job has left the queue; one that stays is told with what its nodes and the queue said. */
  const left = (job: string) => until('the job has left', async () => (await pool.jobs(job)).length === 0).catch(async error => {
    const said = await pool.asUser(['sh', '-c', 'tail -n 20 hello.*; exit 0']);
    const { stdout } = await pool.accessPoint.exec(undefined, ['sh', '-c', 'tail -n 40 /var/log/condor/SchedLog']);
    throw new Error(`${error.message}\n${JSON.stringify(await pool.jobs(job))}\n${said}\n${stdout}`);
  });
  const read = (file: string) => pool.asUser(['cat', file]);
  const sleeper = (machine: string, seconds = 900, universe = 'vanilla') => submit(`universe = ${universe}
executable = /bin/sleep
arguments = ${seconds}
transfer_executable = false
should_transfer_files = YES
request_cpus = 2
request_memory = 100
request_disk = 1
requirements = regexp("@${machine.replace('.', '[.]')}$", Name)
${universe === 'parallel' ? 'machine_count = 1' : ''}
queue
`);
  /** What mpirun has printed: the hosts of the ranks, and the sum of their numbers. */
  const said = async () => {
    const [, ranks, hosts, total] = /^(\d+) ranks on (.*), in all (\d+)$/m.exec(await read('hello.out.0'))!;
    return { ranks: Number(ranks), hosts: hosts.split(' ').sort(), total: Number(total) };
  };
  const hostsOf = async (member: string) => Object.fromEntries(
    (await pool.status('-const', `PartitionableSlot && HasMPI && ParallelSchedulingGroup == "${member}"`, '-af', 'Name', 'Machine')).trim().split('\n')
      .map(line => line.split(' ')).map(([name, machine]) => [name.split('@')[1], machine]));

  test('a machine says that it has MPI where it has it, and in which group it is', async () => {
    const told = Object.fromEntries((await pool.status('-const', 'PartitionableSlot', '-af', 'Name', 'HasMPI', 'ParallelSchedulingGroup', 'DedicatedScheduler'))
      .trim().split('\n').map(line => line.split(' ')).map(([name, ...rest]) => [name, rest]));
    const mpi = (member: string) => ['true', member, 'DedicatedScheduler@ap1@cern.ch'];
    expect(told).toEqual({
      ...Object.fromEntries(MEMBERS.flatMap(member => NODES.map(each => [`slot1@${each}@mpi.${member}`, mpi(member)]))),
      'slot1@node-3@plain.meyrin': ['false', 'undefined', 'undefined'],
      'slot1@node-4@only.meyrin': ['false', 'meyrin', 'DedicatedScheduler@ap1@cern.ch'],
    });
    for (const member of MEMBERS) {
      for (const pod of pool.clusters[member].pods) {
        const has = (await pod.exec(undefined, ['sh', '-c', 'command -v mpirun'])).status === 0;
        expect({ fleet: pod.workload.metadata.name, has }).toEqual({ fleet: pod.workload.metadata.name, has: pod.workload.metadata.name === 'mpi' });
      }
    }
  });

  test('mpirun of two ranks runs on two machines of one member', async () => {
    for (const file of ['run-mpi', 'hello.py', 'hello.sub']) { await put(file); }
    const job = await submit(fs.readFileSync(path.join(EXAMPLE, 'hello.sub'), 'utf8'));
    await left(job);
    const members = await Promise.all(MEMBERS.map(hostsOf));
    const { ranks, hosts, total } = await said();
    expect({ ranks, total }).toEqual({ ranks: 2, total: 3 });
    expect(members.map(each => Object.values(each).sort())).toContainEqual(hosts);
  });

  test('one free machine in each of two members is not enough, two in one are', async () => {
    // the slots of the job before are given back first
    await until('nothing is claimed', async () => (await pool.status('-const', 'State == "Claimed" && time() - LastHeardFrom < 20', '-af', 'Name')).trim() === '', PATIENCE, 2000);
    const sleepers = { meyrin: await sleeper('node-1@mpi.meyrin'), tsystems: await sleeper('node-1@mpi.tsystems') };
    await until('both members have one machine left', async () => await running(sleepers.meyrin) && await running(sleepers.tsystems));
    await pool.asUser(['sh', '-c', 'rm -f hello.out.* hello.err.* hello.log']);
    const job = await submit(fs.readFileSync(path.join(EXAMPLE, 'hello.sub'), 'utf8'));
    const asked = async () => {
      const { stdout } = await pool.accessPoint.exec(undefined, ['sh', '-c', 'cat /var/log/condor/SchedLog*']);
      return Object.fromEntries(MEMBERS.map(member => [member, stdout.split(`idle or unclaimed machines in group ${member} `).length - 1]));
    };
    const before = await asked();
    await until('both members have been looked at', async () => {
      const now = await asked();
      return MEMBERS.every(member => now[member] >= before[member] + 2);
    }, PATIENCE, 2000);
    expect((await pool.jobs(job)).map(({ JobStatus, NumJobStarts }) => ({ JobStatus, NumJobStarts }))).toEqual([{ JobStatus: 1, NumJobStarts: 0 }]);
    expect(await pool.jobs(sleepers.meyrin)).toEqual([expect.objectContaining({ JobStatus: 2, RemoteHost: 'slot1_1@node-1@mpi.meyrin' })]);
    await pool.asUser(['condor_rm', sleepers.tsystems]);
    await left(job);
    expect((await said()).hosts).toEqual(Object.values(await hostsOf('tsystems')).sort());
  });

  test('a machine for parallel jobs alone takes one, and no other', async () => {
    const other = await sleeper('node-4@only.meyrin', 1);
    const parallel = await sleeper('node-4@only.meyrin', 1, 'parallel');
    await left(parallel);
    const ran = await pool.asUser(['condor_history', parallel, '-af', 'NumJobStarts', 'ExitCode', 'RemoteHosts', 'LastRemoteHost']);
    expect(ran).toMatch(/^1 0 .*@node-4@only\.meyrin/);
    // the machine was free before and is again, and the first was looked at
    const [{ JobStatus, NumJobStarts }] = await pool.jobs(other);
    expect({ JobStatus, NumJobStarts }).toEqual({ JobStatus: 1, NumJobStarts: 0 });
    expect(Number(await pool.asUser(['condor_q', other, '-af', 'LastRejMatchTime']))).toBeGreaterThan(0);
    await pool.asUser(['condor_rm', other]);
  });
});

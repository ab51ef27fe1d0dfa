import { Chart, Testing } from 'cdk8s';
import {
  ClassAdExpression, ClusterSelector, Cluster, CondorHost, CondorHostProps, CondorImage, CondorPool, DrainSchedule, FederatedCluster, Federation,
  Placement, StartdFleet, StartdFleetProps, StartdMemberOptions,
} from '../../src';

interface Program {
  readonly host?: Partial<CondorHostProps>;
  readonly fleet?: Partial<StartdFleetProps>;
  readonly member?: StartdMemberOptions;
}

/** A pool with a fleet in one of two members. */
function synthesize({ host = {}, fleet = {}, member = {} }: Program) {
  const app = Testing.app();
  const cluster = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host: cluster });
  const [cloud] = ['cloud', 'other'].map(id => new FederatedCluster(app, id, { federation }));
  const pool = new CondorHost(cluster, 'condor', {
    trustDomain: 'cern.ch',
    centralManagers: [{ address: 'condor.cern.ch' }],
    accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }, { name: 'ap2', address: 'ap2.cern.ch' }],
    image: CondorImage.debian(),
    ...host,
  });
  new StartdFleet(new Placement(federation, 'in-the-cloud', { clusters: ClusterSelector.of(cloud) }), 'startd', { pool, cpus: 8, ...fleet }).on(cloud, member);
  const objects = Testing.synth(cluster);
  const config = (name: string): string => objects.find(({ kind, metadata }: any) => kind === 'ConfigMap' && metadata.name === name).data.condor_config;
  const files: { [file: string]: string } = Testing.synth(cloud).find(({ kind }: any) => kind === 'ConfigMap').data;
  return { objects, config, fleet: files.condor_config, member: files['50-member.conf'] };
}

const knob = (text: string, name: string) => new RegExp(`^${name.replace('.', '\\.')} +=(?: (.*))?$`, 'm').exec(text)?.[1];
const section = (text: string, title: string) => text.split('\n\n').find(part => part.startsWith(`# ${title}`))?.trimEnd();

/** What is reported, line by line. */
function problems(program: Program): string[] {
  try {
    synthesize(program);
    return [];
  } catch (error) {
    return (error as Error).message.split('\n').slice(1).map(line => line.replace(/^ *\[[^\]]*\] /, ''));
  }
}

describe('defragmentation', () => {
  const written = (host: Partial<CondorHostProps>) => synthesize({ host }).config('condor-cm');

  test('the section of the central manager', () => {
    expect(section(written({ defragmentation: { machinesPerHour: 10 } }), 'Defragmentation')).toMatchSnapshot();
  });

  test('one machine in each time, however the hour is divided', () => {
    for (const machinesPerHour of [1, 7, 11, 60, 359, 360]) {
      const text = written({ defragmentation: { machinesPerHour } });
      const interval = Number(knob(text, 'DEFRAG_INTERVAL'));
      // HTCondor's own arithmetic: what begins in an interval, and what is made up for in the first one of an hour and of a day
      const machines = Number(knob(text, 'DEFRAG_DRAINING_MACHINES_PER_HOUR'));
      const rate = machines / 3600 * interval;
      const perInterval = Math.floor(rate + 0.00001);
      const perHour = (rate - perInterval) / interval * 3600;
      const perDay = (perHour - Math.floor(perHour + 0.00001)) * 24;
      const more = { perHour: Math.floor(perHour + 0.00001), perDay: Math.floor(perDay + 0.5) };
      expect({ machinesPerHour, perInterval, ...more }).toEqual({ machinesPerHour, perInterval: 1, perHour: 0, perDay: 0 });
      expect(interval).toBeLessThanOrEqual(3600);
      expect(machines).toBeLessThanOrEqual(machinesPerHour);
    }
  });

  test('which machines, how they are chosen, and how jobs leave', () => {
    const text = written({
      executionClusters: ['meyrin'],
      defragmentation: {
        machinesPerHour: 6,
        maxConcurrentDraining: 3,
        maxWholeMachines: 4,
        wholeMachine: ClassAdExpression.parse('Cpus >= 32'),
        clusters: ['cloud', 'meyrin'],
        requirements: ClassAdExpression.parse('TotalCpus >= 32'),
        rank: ClassAdExpression.parse('-TotalCpus'),
        schedule: DrainSchedule.QUICK,
      },
    });
    expect(['MAX_CONCURRENT_DRAINING', 'MAX_WHOLE_MACHINES', 'WHOLE_MACHINE_EXPR', 'CANCEL_REQUIREMENTS', 'REQUIREMENTS', 'RANK', 'DRAINING_SCHEDULE']
      .map(name => knob(text, `DEFRAG_${name}`))).toEqual([
      '3', '4',
      '((PartitionableSlot && regexp("[.](cloud|meyrin)$", Name)) && (TotalCpus >= 32)) && (Cpus >= 32)', 'PartitionableSlot && (Cpus >= 32)',
      '(PartitionableSlot && regexp("[.](cloud|meyrin)$", Name)) && (TotalCpus >= 32)',
      'ifThenElse(isUndefined(_condor_PrivRemoteAdminCapability), -1000000000000, -TotalCpus)', 'quick',
    ]);
  });

  test('only the first of several central managers drains, and may call machines', () => {
    const { config, objects } = synthesize({
      host: { centralManagers: [{ name: 'cm1', address: 'cm1.cern.ch' }, { name: 'cm2', address: 'cm2.cern.ch' }], defragmentation: { machinesPerHour: 1 } },
    });
    expect(knob(config('condor-cm1'), 'DAEMON_LIST')).toContain(', DEFRAG, ');
    expect(config('condor-cm2')).not.toContain('DEFRAG');
    const calls = (name: string) => JSON.stringify(objects.find(({ kind, metadata }: any) => kind === 'NetworkPolicy' && metadata.name === name).spec.egress);
    expect(calls('condor-cm1')).toContain('execution-point');
    expect(calls('condor-cm2')).not.toContain('execution-point');
  });

  test('without a word nobody drains', () => {
    expect(written({})).not.toContain('DEFRAG');
  });

  test('what is refused', () => {
    for (const machinesPerHour of [0, 0.5, 361, NaN]) {
      expect(problems({ host: { defragmentation: { machinesPerHour } } })).toEqual([expect.stringContaining('defragmentation.machinesPerHour')]);
    }
    expect(problems({ host: { defragmentation: { machinesPerHour: 1, maxConcurrentDraining: 0, maxWholeMachines: 1.5, clusters: ['cloud', 'elsewhere'] } } })).toEqual([
      'defragmentation.maxConcurrentDraining: given 0, allowed: a whole number from 1',
      'defragmentation.maxWholeMachines: given 1.5, allowed: a whole number from 1',
      'defragmentation.clusters: given "elsewhere", allowed: clusters of the pool\'s execution points: cloud',
    ]);
    expect(problems({ host: { defragmentation: { machinesPerHour: 1, clusters: [] } } })).toEqual([expect.stringContaining('at least one cluster')]);
    expect(problems({ host: { defragmentation: { machinesPerHour: 1 }, extraConfig: { DEFRAG_INTERVAL: 5 } } })).toEqual([expect.stringContaining('extraConfig.DEFRAG_INTERVAL')]);
    expect(problems({ host: { defragmentation: { machinesPerHour: 1, rank: ClassAdExpression.parse('a +') } } })).toEqual([expect.stringContaining('defragmentation.rank')]);
  });
});

describe('parallel jobs', () => {
  const PARALLEL = { parallelUniverse: { accessPoint: 'ap1' } };
  const scheduler = '(TARGET.Scheduler =?= "DedicatedScheduler@ap1@cern.ch")';
  const unused = '(!(((MY.State =?= "Claimed") && (MY.Activity =?= "Idle")) && ((time() - MY.EnteredCurrentActivity) > 220)))';

  test('machines know their access point and their cluster', () => {
    const { fleet, member } = synthesize({ fleet: PARALLEL });
    expect(knob(fleet, 'DedicatedScheduler')).toBe('"DedicatedScheduler@ap1@cern.ch"');
    expect(knob(fleet, 'STARTD_ATTRS')).toMatch(/ DedicatedScheduler ParallelSchedulingGroup$/);
    expect(knob(member, 'ParallelSchedulingGroup')).toBe('"cloud"');
  });

  test('in a chart, of a pool that stands elsewhere', () => {
    const app = Testing.app();
    const pool = CondorPool.fromAttributes({ collectors: ['cm.example.org'], trustDomain: 'example.org' });
    const chart = new Chart(app, 'site');
    new StartdFleet(chart, 'startd', { pool, parallelUniverse: { accessPoint: 'ap1@elsewhere.org' } });
    const { condor_config: fleet, '50-member.conf': member } = Testing.synth(chart).find(({ kind }: any) => kind === 'ConfigMap').data;
    expect(knob(fleet, 'DedicatedScheduler')).toBe('"DedicatedScheduler@ap1@elsewhere.org"');
    expect(knob(member, 'ParallelSchedulingGroup')).toBe('"site"');
  });

  test('no machine is taken from a job that needs all of its machines, and what nobody uses is free again', () => {
    const { fleet } = synthesize({ fleet: PARALLEL });
    expect(['START', 'RANK', 'PREEMPT'].map(name => knob(fleet, name))).toEqual([
      `True && ${unused}`, `ifThenElse(${scheduler.slice(1, -1)}, 1000000, 0) + 0`, `(!${scheduler}) && False`,
    ]);
  });

  test('machines for parallel jobs alone, in a member with a policy of its own', () => {
    const { fleet, member } = synthesize({
      fleet: { parallelUniverse: { accessPoint: 'ap1', onlyParallel: true }, start: ClassAdExpression.parse('Owner == "alice"') },
      member: { rank: ClassAdExpression.target('JobPrio'), start: ClassAdExpression.boolean(false) },
    });
    expect(knob(fleet, 'START')).toBe(`(${scheduler} && (Owner == "alice")) && ${unused}`);
    expect(['START', 'RANK', 'PREEMPT'].map(name => knob(member, name)))
      .toEqual([`(${scheduler} && False) && ${unused}`, `ifThenElse(${scheduler.slice(1, -1)}, 1000000, 0) + TARGET.JobPrio`, undefined]);
  });

  test('the access point keeps a job in one cluster, lets all its machines speak to it, and no other access point does so', () => {
    const { config } = synthesize({ fleet: PARALLEL });
    expect(section(config('condor-ap1'), 'Parallel jobs')).toMatchSnapshot();
    expect(config('condor-ap2')).not.toMatch(/JOB_TRANSFORM|SHADOW\./);
    const declared = synthesize({ host: { accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch', parallelUniverse: true }] } });
    expect(section(declared.config('condor-ap1'), 'Parallel jobs')).toBe(section(config('condor-ap1'), 'Parallel jobs'));
    const plain = synthesize({ fleet: PARALLEL, host: { accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch', parallelUniverse: false }] } });
    expect(section(plain.config('condor-ap1'), 'Parallel jobs')).toBeUndefined();
  });

  test('what is refused', () => {
    expect(problems({ fleet: { parallelUniverse: { accessPoint: 'ap3' } } })).toEqual(['parallelUniverse.accessPoint: given "ap3", allowed: access points of the pool: ap1, ap2']);
    expect(problems({ fleet: { parallelUniverse: { accessPoint: 'a "b' } } })).toEqual([expect.stringContaining('the name of an access point')]);
    expect(problems({ fleet: { ...PARALLEL, attributes: { ParallelSchedulingGroup: 'x' } } })).toEqual([expect.stringContaining('attributes.ParallelSchedulingGroup')]);
    expect(problems({ fleet: { ...PARALLEL, attributes: { DedicatedScheduler: 'x' } } })).toEqual([expect.stringContaining('attributes.DedicatedScheduler')]);
  });
});

describe('GPUs', () => {
  test('machines take jobs that ask for a GPU, and no others', () => {
    const { fleet, member } = synthesize({
      fleet: { gpus: 2, gpuJobsOnly: true, start: ClassAdExpression.parse('Owner == "alice"') }, member: { start: ClassAdExpression.boolean(false) },
    });
    expect(knob(fleet, 'START')).toBe('((TARGET.RequestGPUs > 0) =?= True) && (Owner == "alice")');
    expect(knob(member, 'START')).toBe('((TARGET.RequestGPUs > 0) =?= True) && False');
    expect(knob(synthesize({ fleet: { gpus: 2 } }).fleet, 'START')).toBe('True');
  });

  test('refuses to take only such jobs without a GPU', () => {
    expect(problems({ fleet: { gpuJobsOnly: true } })).toEqual(['gpuJobsOnly: given true, allowed: only with gpus']);
  });
});

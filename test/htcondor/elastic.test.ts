import { execFileSync } from 'child_process';
import * as fs from 'fs';
import * as path from 'path';
import { ApiObject, App, Chart, Duration, JsonPatch, Size, Testing } from 'cdk8s';
import {
  ClassAdExpression, CloudMetadata, Cluster, CondorHost, CondorHostProps, CondorImage, CondorPool, CoreHourBudget,
  ElasticMemberOptions, ElasticStartdFleet, ElasticStartdFleetProps, FederatedCluster, Federation, FileSystem, JoinMode, PoolPreflight, RunMode,
  StartdFleet, StartdMemberOptions, TokenMint,
} from '../../src';
import { scratchDirectory } from '../scratch';

/* eslint-disable @typescript-eslint/no-explicit-any */

interface Parts {
  readonly app: App;
  readonly host: Cluster;
  readonly pool: CondorHost;
  readonly fleet: ElasticStartdFleet;
  readonly near: FederatedCluster;
}

interface Program {
  readonly host?: Partial<CondorHostProps>;
  readonly fleet?: Partial<ElasticStartdFleetProps>;
  readonly scale?: ElasticMemberOptions;
  readonly on?: StartdMemberOptions;
  readonly also?: (parts: Parts) => void;
}

/** A pool with an elastic fleet in two members. */
function synthesize({ host = {}, fleet = {}, scale, on, also }: Program = {}) {
  const app = Testing.app();
  const cluster = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host: cluster });
  const cloud = new FederatedCluster(app, 'cloud', { federation });
  const near = new FederatedCluster(app, 'near', { federation, joinMode: JoinMode.PUSH, apiServer: 'https://near.example' });
  const pool = new CondorHost(cluster, 'condor', {
    trustDomain: 'cern.ch',
    centralManagers: [{ address: 'condor.cern.ch' }],
    accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
    image: CondorImage.debian(),
    ...host,
  });
  const burst = new ElasticStartdFleet(federation, 'burst', { pool, cpus: 8, memory: Size.gibibytes(16), maxExecutionPoints: 20, ...fleet });
  if (scale) { burst.scale(cloud, scale); }
  if (on) { burst.on(cloud, on); }
  also?.({ app, host: cluster, pool, fleet: burst, near });
  const objects = { host: Testing.synth(cluster), near: Testing.synth(near), cloud: Testing.synth(cloud) };
  const find = (where: keyof typeof objects, kind: string, name: string) =>
    objects[where].find((each: any) => each.kind === kind && each.metadata.name === name);
  const manager = find('host', 'ConfigMap', 'condor-cm').data;
  return { find, manager, orders: JSON.parse(manager['demand.json'] ?? '{}'), scaledJob: (where: 'near' | 'cloud') => find(where, 'ScaledJob', 'burst').spec };
}

const knobs = (text: string, ...names: string[]) => names.map(name => new RegExp(`^${name} += ?(.*)$`, 'm').exec(text)?.[1]);

/** What is reported, line by line. */
function problems(program: Program): string[] {
  try {
    synthesize(program);
    return [];
  } catch (error) {
    return (error as Error).message.split('\n').slice(1).map(line => line.replace(/^ *\[[^\]]*\] /, ''));
  }
}

describe('the ScaledJob', () => {
  test('adds Jobs, each with one pod that is not tried again, and deletes none', () => {
    const { jobTargetRef: { template, ...job }, triggers, ...spec } = synthesize().scaledJob('near');
    expect(spec).toEqual({
      pollingInterval: 30,
      maxReplicaCount: 20,
      successfulJobsHistoryLimit: 5,
      failedJobsHistoryLimit: 5,
      rollout: { strategy: 'gradual' },
      scalingStrategy: { strategy: 'default' },
    });
    expect(job).toEqual({ parallelism: 1, completions: 1, backoffLimit: 0, ttlSecondsAfterFinished: 3600 });
    expect(template.spec).toMatchObject({ restartPolicy: 'Never', terminationGracePeriodSeconds: 750 });
    expect(template.metadata.annotations).toMatchObject({ 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false', 'karpenter.sh/do-not-disrupt': 'true' });
    expect(triggers).toEqual([{
      type: 'metrics-api', metadata: { url: 'http://burst-demand.condor.svc:8080/', format: 'json', valueLocation: 'wanted', targetValue: '1' },
    }]);
  });

  test('is asked as often, and may have as many, as is said; in a member too', () => {
    const { scaledJob } = synthesize({ fleet: { pollingInterval: Duration.minutes(1), maxExecutionPoints: 3 }, scale: { maxExecutionPoints: 50 } });
    expect([scaledJob('near').pollingInterval, scaledJob('near').maxReplicaCount, scaledJob('cloud').maxReplicaCount]).toEqual([60, 3, 50]);
  });

  test('a member with other cores asks its nodes for another part of them', () => {
    const { scaledJob } = synthesize({ on: { cpus: 4 } });
    const cpu = (where: 'near' | 'cloud') => scaledJob(where).jobTargetRef.template.spec.containers[0].resources.requests.cpu;
    expect([cpu('near'), cpu('cloud')]).toEqual(['6000m', '3000m']);
  });

  test('can be patched, and a preflight goes where its pods go', () => {
    const { find, scaledJob } = synthesize({
      also: ({ fleet, near }) => {
        fleet.scaledJob.addJsonPatch(JsonPatch.add('/spec/jobTargetRef/template/spec/hostAliases', [{ ip: '192.0.2.1', hostnames: ['condor.cern.ch'] }]));
        new PoolPreflight(near, 'preflight', { fleet });
      },
    });
    expect(scaledJob('cloud').jobTargetRef.template.spec.hostAliases).toHaveLength(1);
    expect(find('near', 'ConfigMap', 'preflight')).toBeDefined();
  });
});

describe('an execution point', () => {
  test('leaves when it is idle, has a name of its own, and says what it costs', () => {
    const { find } = synthesize({ fleet: { idleShutdown: Duration.minutes(3), cost: 2 }, scale: { cost: 7 } });
    const files = (where: 'near' | 'cloud') => find(where, 'ConfigMap', 'burst').data;
    expect(knobs(files('near').condor_config, 'STARTD_NOCLAIM_SHUTDOWN', 'DAEMON_LIST')).toEqual(['180', 'MASTER, CONFIG_WATCH, STARTD']);
    expect(knobs(files('near')['50-member.conf'], 'STARTD_NAME', 'ExecutionPointCost')).toEqual(['$ENV(K8S_POD_NAME)@burst.near', '2']);
    expect(knobs(files('cloud')['50-member.conf'], 'STARTD_NAME', 'ExecutionPointCost')).toEqual(['$ENV(K8S_POD_NAME)@burst.cloud', '7']);
    const [{ env }] = find('near', 'ScaledJob', 'burst').spec.jobTargetRef.template.spec.containers;
    expect(env).toContainEqual({ name: 'K8S_POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } });
  });

  test('takes jobs for its lifetime, by default for a day, whatever a member lets in', () => {
    const start = (program: Program, where: 'near' | 'cloud', file: string) => knobs(synthesize(program).find(where, 'ConfigMap', 'burst').data[file], 'START')[0];
    expect(start({}, 'near', 'condor_config')).toMatch(/^\(?time\(\) - ExecutionPointBegan < 86400\)? && /);
    const lifetime = { lifetime: Duration.hours(6) };
    expect(start({ fleet: lifetime }, 'near', 'condor_config')).toMatch(/time\(\) - ExecutionPointBegan < 21600/);
    const { condor_config: text } = synthesize().find('near', 'ConfigMap', 'burst').data;
    expect(knobs(text, 'STARTD_CRON_JOBLIST', 'STARTD_CRON_BEGAN_EXECUTABLE', 'STARTD_CRON_BEGAN_ARGS', 'STARTD_CRON_BEGAN_MODE', 'STARTD_CRON_AUTOPUBLISH'))
      .toEqual(['$(STARTD_CRON_JOBLIST) BEGAN', '/bin/date', '+ExecutionPointBegan=%s', 'OneShot', 'If_Changed']);
    const own = start({ fleet: lifetime, on: { start: ClassAdExpression.target('Short').is(true) } }, 'cloud', '50-member.conf');
    expect(own).toMatch(/time\(\) - ExecutionPointBegan < 21600.*TARGET.Short =\?= True/);
  });

  test('knows when it began also where it looks for file systems', () => {
    const { data } = synthesize({ fleet: { fileSystems: [FileSystem.hostPath('data', '/srv/data')] } }).find('near', 'ConfigMap', 'burst');
    const lists = data.condor_config.split('\n').filter((line: string) => /^STARTD_CRON_(JOBLIST|AUTOPUBLISH)/.test(line)).map((line: string) => line.replace(/ +/g, ' '));
    expect(lists).toEqual(['STARTD_CRON_JOBLIST = FILE_SYSTEMS', 'STARTD_CRON_AUTOPUBLISH = If_Changed', 'STARTD_CRON_JOBLIST = $(STARTD_CRON_JOBLIST) BEGAN']);
  });

  test('by default after ten minutes, at the cost of 1', () => {
    const { data } = synthesize().find('near', 'ConfigMap', 'burst');
    expect([...knobs(data.condor_config, 'STARTD_NOCLAIM_SHUTDOWN'), ...knobs(data['50-member.conf'], 'ExecutionPointCost')]).toEqual(['600', '1']);
  });
});

describe('the demand', () => {
  test('is counted by the central manager, which ranks machines by their cost', () => {
    const { manager } = synthesize();
    expect(knobs(manager.condor_config, 'DAEMON_LIST', 'DEMAND', 'DEMAND_ARGS', 'NEGOTIATOR_PRE_JOB_RANK')).toEqual([
      'MASTER, CONFIG_WATCH, COLLECTOR, NEGOTIATOR, MEMBER_CLOUD_COLLECTOR, MEMBER_NEAR_COLLECTOR, DEMAND', '/usr/bin/python3',
      '/etc/condor-pool/demand-count.py /etc/condor-pool/demand.json 9618',
      '$(NEGOTIATOR_PRE_JOB_RANK) + 1000000000 * (RemoteOwner =?= undefined) - 100000000 * (ExecutionPointCost ?: 0)',
    ]);
  });

  test('a pool without elastic fleets has nothing of it', () => {
    const app = Testing.app();
    const host = new Cluster(app, 'condor-host');
    const pool = new CondorHost(host, 'condor', {
      trustDomain: 'cern.ch', centralManagers: [{ address: 'condor.cern.ch' }], accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
    });
    new StartdFleet(host, 'startd', { pool });
    const { data } = Testing.synth(host).find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'condor-cm');
    expect(Object.keys(data)).toEqual(['condor_config', 'watch']);
    expect(data.condor_config).not.toMatch(/DEMAND|PRE_JOB_RANK/);
  });

  test('what is counted for: the cheapest member first, each as its options say', () => {
    const { orders } = synthesize({
      fleet: { threshold: 2, cost: 5 }, scale: { cost: 3, threshold: 100, patience: Duration.minutes(30), maxExecutionPoints: 50 }, on: { cpus: 4 },
    });
    expect(orders).toMatchObject({ interval: 15, lifetime: 60 });
    expect(orders.fleets.map(({ machine, ...order }: any) => order)).toEqual([
      { name: 'burst.cloud', cluster: 'cloud', cpus: 4, memory: 16384, most: 50, threshold: 100, patience: 1800, cost: 3, lifetime: 86400 },
      { name: 'burst.near', cluster: 'near', cpus: 8, memory: 16384, most: 20, threshold: 2, patience: 180, cost: 5, lifetime: 86400 },
    ]);
  });

  test('by default one job that the negotiator has passed over twice is enough', () => {
    const { orders } = synthesize({ host: { negotiatorInterval: Duration.minutes(5) } });
    expect(orders.fleets[0]).toMatchObject({ threshold: 1, patience: 660, cost: 1 });
  });

  test('the machine that jobs are matched with is the one that the program describes', () => {
    const { orders } = synthesize({
      fleet: { attributes: { Datacenter: 'meyrin', HasMPI: true }, start: ClassAdExpression.target('AcctGroup').is('ATLAS') }, on: { attributes: { Datacenter: 'otc' } },
    });
    expect(orders.fleets[0].machine.split('\n')).toEqual(expect.arrayContaining([
      'Arch = "X86_64"', 'Cpus = 8', 'Memory = 16384', 'Datacenter = "otc"', 'HasMPI = True', 'Name = "slot1@new@burst.cloud"', 'ExecutionPointCost = 1',
      'Start = TARGET.AcctGroup =?= "ATLAS"', 'Requirements = Start',
    ]));
  });

  test('is not counted for a member that is revoked', () => {
    expect(synthesize({ also: ({ pool }) => pool.revoke('near') }).orders.fleets.map(({ name }: any) => name)).toEqual(['burst.cloud']);
  });

  test('is asked for by a pod with the token, and by KEDA alone of that pod', () => {
    const { find } = synthesize({ fleet: { kedaNamespace: 'autoscaling', token: { secretName: 'machines' } } });
    const { spec } = find('near', 'Deployment', 'burst-demand').spec.template;
    expect(spec.containers[0]).toMatchObject({
      command: ['/usr/bin/python3', '/etc/condor-pool/demand-answer.py', '8080', '15'],
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    });
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true });
    expect(spec.volumes).toContainEqual(expect.objectContaining({ secret: expect.objectContaining({ secretName: 'machines' }) }));
    expect(find('near', 'NetworkPolicy', 'burst-demand').spec).toMatchObject({
      ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'autoscaling' } } }], ports: [{ port: 8080 }] }],
      egress: [{ ports: [{ port: 53 }, { port: 53 }] }, { ports: [{ port: 9618 }] }],
    });
    expect(find('near', 'Service', 'burst-demand').spec.ports).toEqual([expect.objectContaining({ port: 8080 })]);
    const without = { networkPolicy: false, cloudMetadata: CloudMetadata.OPEN };
    expect(synthesize({ fleet: without }).find('near', 'NetworkPolicy', 'burst-demand')).toBeUndefined();
  });

  test('a mint makes the token so that it may be asked for', () => {
    const { find } = synthesize({
      host: { memberSigningKeys: true }, also: ({ host, pool, fleet, near }) => new TokenMint(host, 'tokens', { pool }).deliver(fleet, near),
    });
    expect(find('host', 'ConfigMap', 'tokens').data.orders).toContain('startd-near@cern.ch ADVERTISE_STARTD,ADVERTISE_MASTER,READ ');
  });

  test('in a chart of its own there is one place', () => {
    const app = Testing.app();
    const host = new Cluster(app, 'condor-host');
    const pool = new CondorHost(host, 'condor', {
      trustDomain: 'cern.ch', centralManagers: [{ address: 'condor.cern.ch' }], accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
    });
    new ElasticStartdFleet(new Chart(app, 'cloud'), 'burst', { pool, cpus: 1, memory: Size.gibibytes(2), maxExecutionPoints: 1 });
    const { data } = Testing.synth(host).find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'condor-cm');
    expect(JSON.parse(data['demand.json']).fleets.map(({ name }: any) => name)).toEqual(['burst.cloud']);
  });
});

describe('the budget', () => {
  const short = { lifetime: Duration.minutes(50), idleShutdown: Duration.minutes(10) };

  test('of a fleet is each member\'s, if a member has none of its own', () => {
    const { orders } = synthesize({
      fleet: { ...short, budget: CoreHourBudget.perMonth(5000) }, scale: { budget: CoreHourBudget.perDay(100) }, on: { cpus: 4 },
    });
    expect(orders.fleets.map(({ name, budget }: any) => [name, budget])).toEqual([
      ['burst.cloud', { period: 'day', coreHours: 100, ofOneMachine: 4 }], ['burst.near', { period: 'month', coreHours: 5000, ofOneMachine: 8 }],
    ]);
    expect(synthesize({ scale: { budget: CoreHourBudget.perYear(1e6) } }).orders.fleets.map(({ budget }: any) => budget?.period)).toEqual(['year', undefined]);
  });

  test('is kept where HTCondor does not clean up', () => {
    expect(knobs(synthesize().manager.condor_config, 'VALID_SPOOL_FILES')).toEqual(['elastic-core-hours.json, elastic-core-hours.json.new']);
  });

  describe('what is added up', () => {
    const [DAY, NOV] = [86400, Date.UTC(2026, 10, 1) / 1000];

    /** What the program makes of a series of looks at the machines: [name, began, last heard of, cores]. In core-hours, after each look. */
    function added(kind: string, looks: [number, [string, number, number, number][]][], known: object = {}): { hours: number[]; known: any } {
      const place = path.join(scratchDirectory(), 'core_hours.py');
      fs.writeFileSync(place, synthesize().manager['core_hours.py']);
      const program = [
        'import json, sys', `sys.path.insert(0, ${JSON.stringify(path.dirname(place))})`, 'sys.dont_write_bytecode = True', 'import core_hours',
        'kind, looks, known = json.load(sys.stdin)', 'hours = []',
        'for now, machines in looks:',
        // what is kept goes through the file each time
        `    core_hours.save(${JSON.stringify(`${place}.json`)}, core_hours.add(known, kind, machines, now))`,
        `    known = core_hours.load(${JSON.stringify(`${place}.json`)})`,
        '    hours.append(core_hours.core_hours(known))',
        'print(json.dumps({"hours": hours, "known": known}))',
      ].join('\n');
      return JSON.parse(execFileSync('python3', ['-c', program], { input: JSON.stringify([kind, looks, known]), encoding: 'utf8' }));
    }

    test('is a machine\'s cores from its start until it was last heard of, though nobody looked meanwhile', () => {
      const began = NOV + DAY;
      const { hours } = added('month', [
        [began + 600, [['a', began, began + 600, 8]]],
        [began + 7200, [['a', began, began + 7190, 8], ['b', began + 3590, began + 7190, 4]]],
        [began + 9000, []],
      ]);
      expect(hours).toEqual([8 * 600 / 3600, 8 * 7190 / 3600 + 4, 8 * 7190 / 3600 + 4]);
    });

    test('is not counted twice of a machine that was forgotten, and not again after a day', () => {
      const began = NOV + DAY;
      const { hours, known } = added('month', [
        [began + 3600, [['a', began, began + 3600, 1]]], [began + 3700, []], [began + 7200, [['a', began, began + 7200, 1]]], [began + 7200 + 2 * DAY, []],
      ]);
      expect(hours).toEqual([1, 1, 2, 2]);
      expect(known).toEqual({ period: '2026-11', past: 7200, machines: {}, elsewhere: 0 });
    });

    test('begins anew with the period, in UTC, with machines that go on counted from its beginning', () => {
      const december = Date.UTC(2026, 11, 1) / 1000;
      const looks = (end: number): [number, [string, number, number, number][]][] => [
        [end - 10, [['a', end - 3600, end - 10, 2], ['b', end - 3600, end - 10, 2]]],
        [end, [['a', end - 3600, end - 10, 2], ['b', end - 3600, end - 10, 2]]],
        [end + 1800, [['a', end - 3600, end + 1800, 2]]],
      ];
      expect(added('month', looks(december)).hours).toEqual([4 * 3590 / 3600, 0, 1]);
      expect(added('day', looks(december)).known.period).toBe('2026-12-01');
      expect(added('year', looks(december)).hours).toEqual([4 * 3590 / 3600, 4 * 3590 / 3600, 2 * 5400 / 3600 + 2 * 3590 / 3600]);
      expect(added('year', looks(Date.UTC(2027, 0, 1) / 1000)).known.period).toBe('2027');
    });

    test('is at least what another central manager has counted, which is not added to it', () => {
      const program = [
        'import json, sys', 'exec(sys.stdin.read())', 'known = add({}, "year", [("a", 1790000000, 1790003600, 8)], 1790003600)', 'known = heard(heard(known, 10), 3)',
        'print(json.dumps([core_hours(known), used(known), used(add(known, "year", [], 1790003700)), used(add(known, "year", [], 1800000000))]))',
      ];
      expect(JSON.parse(execFileSync('python3', ['-c', program.join('\n')], { input: synthesize().manager['core_hours.py'], encoding: 'utf8' }))).toEqual([8, 10, 10, 0]);
    });

    test('is enough for so many machines as could all live out their lifetime', () => {
      const program = [
        'import json, sys', 'exec(sys.stdin.read())', 'b = {"coreHours": 100, "ofOneMachine": 8}',
        'print(json.dumps([affordable(b, used) for used in (0, 4, 5, 92, 93, 300)]))',
      ];
      expect(JSON.parse(execFileSync('python3', ['-c', program.join('\n')], { input: synthesize().manager['core_hours.py'], encoding: 'utf8' }))).toEqual([12, 12, 11, 1, 0, 0]);
    });

    test('that cannot be read is an error: nothing known is not nothing used', () => {
      const program = 'import sys\nexec(sys.stdin.read())\nload(sys.argv[1])';
      const place = path.join(scratchDirectory(), 'broken.json');
      fs.writeFileSync(place, '{"burst');
      expect(() => execFileSync('python3', ['-c', program, place], { input: synthesize().manager['core_hours.py'], stdio: 'pipe' })).toThrow(/JSONDecodeError/);
    });
  });
});

describe('refused', () => {
  test.each<[string, Program, RegExp]>([
    ['no cores', { fleet: { cpus: undefined } }, /^cpus: given undefined, allowed: stated/],
    ['no memory', { fleet: { memory: undefined } }, /^memory: given undefined, allowed: stated/],
    ['no execution point', { fleet: { maxExecutionPoints: 0 } }, /^maxExecutionPoints: given 0, allowed: a whole number from 1/],
    ['a part of a job', { fleet: { threshold: 0.5 } }, /^threshold: given 0.5/],
    ['a cost that outweighs all', { fleet: { cost: 10 } }, /^cost: given 10, allowed: a whole number from 0 to 9/],
    ['for a member a bad cap', { scale: { maxExecutionPoints: -1 } }, /^scale\(cloud\).maxExecutionPoints: given -1/],
    ['slots', { fleet: { slots: [{ share: 1 }] } }, /^slots: given /],
    ['GPUs', { fleet: { gpus: 1 } }, /^gpus: given 1/],
    ['parallel jobs', { fleet: { parallelUniverse: { accessPoint: 'ap1' } } }, /^parallelUniverse: given "ap1", allowed: none/],
    ['a bare startd', { fleet: { runMode: RunMode.CONDOR_STARTD } }, /^runMode: given "condor_startd", allowed: condor_master/],
    ['no root', { fleet: { rootless: true, acceptJobsReadToken: true } }, /^rootless: given true, allowed: false/],
    ['one that leaves at once', { fleet: { idleShutdown: Duration.seconds(5) } }, /^idleShutdown: given "5 s", allowed: at least 10 s/],
    ['one that takes jobs for no time', { fleet: { lifetime: Duration.seconds(30) } }, /^lifetime: given "30 s", allowed: at least 60 s/],
    ['a budget of nothing', { fleet: { budget: CoreHourBudget.perMonth(0) } }, /^budget: given 0, allowed: core-hours, at least 193.334, what one machine may use in its lifetime/],
    ['a budget without a number', { fleet: { budget: CoreHourBudget.perDay(NaN) } }, /^budget: given "NaN", allowed: core-hours, at least /],
    ['a budget that is too small for one machine of the biggest member', { fleet: { budget: CoreHourBudget.perMonth(200) }, on: { cpus: 16 } }, /^budget: given 200, allowed: core-hours, at least 386.667/],
    ['for a member too small a budget', { scale: { budget: CoreHourBudget.perDay(100) } }, /^scale\(cloud\).budget: given 100, allowed: core-hours, at least 193.334/],
    ['KEDA that floods', { fleet: { pollingInterval: Duration.seconds(1) } }, /^pollingInterval: given "1 s", allowed: at least 5 s/],
    ['a pool of elsewhere', { fleet: { pool: CondorPool.fromAttributes({ collectors: ['condor.cern.ch'], trustDomain: 'cern.ch' }) } }, /^pool: given "condor.cern.ch:9618", allowed: a CondorHost/],
    ['a member that it does not reach', { also: ({ app, fleet }) => fleet.scale(other(app), { cost: 1 }) }, /^scale: given "elsewhere", allowed: members that the fleet reaches: cloud, near/],
    ['another ranking of the user', { host: { extraConfig: { NEGOTIATOR_PRE_JOB_RANK: 1 } } }, /^extraConfig.NEGOTIATOR_PRE_JOB_RANK/],
    ...['HorizontalPodAutoscaler', 'ScaledObject'].map((kind): [string, Program, RegExp] => [
      `a ${kind} of the fleet`, {
        also: ({ near }) => new ApiObject(near, 'scaler', { apiVersion: 'v1', kind, metadata: { name: 'scaler' }, spec: { scaleTargetRef: { kind: 'ScaledJob', name: 'burst' } } }),
      }, new RegExp(`^${kind} near/scaler scales burst too`),
    ]),
  ])('%s', (_, program, expected) => {
    expect(problems(program)).toContainEqual(expect.stringMatching(expected));
  });

  function other(app: App): FederatedCluster {
    const host = new Cluster(app, 'other-host');
    return new FederatedCluster(app, 'elsewhere', { federation: new Federation(app, 'other', { host }) });
  }
});

describe('the programs', () => {
  test.each(['demand-count.py', 'core_hours.py', 'demand-answer.py'])('%s is Python', file => {
    const { find, manager } = synthesize();
    const text = manager[file] ?? find('near', 'ConfigMap', 'burst').data[file];
    const place = path.join(scratchDirectory(), file);
    fs.writeFileSync(place, text);
    execFileSync('python3', ['-c', 'import ast, sys; ast.parse(open(sys.argv[1]).read())', place]);
  });
});

import { execFileSync } from 'child_process';
import * as fs from 'fs';
import * as path from 'path';
import { ApiObject, App, Chart, Duration, JsonPatch, Size, Testing } from 'cdk8s';
import {
  ClassAdExpression, CloudMetadata, Cluster, CondorHost, CondorHostProps, CondorImage, CondorPool, ElasticMemberOptions, ElasticStartdFleet,
  ElasticStartdFleetProps, FederatedCluster, Federation, JoinMode, PoolPreflight, RunMode, StartdFleet, StartdMemberOptions, TokenMint,
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
      { name: 'burst.cloud', cluster: 'cloud', cpus: 4, memory: 16384, most: 50, threshold: 100, patience: 1800, cost: 3 },
      { name: 'burst.near', cluster: 'near', cpus: 8, memory: 16384, most: 20, threshold: 2, patience: 180, cost: 5 },
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
  test.each(['demand-count.py', 'demand-answer.py'])('%s is Python', file => {
    const { find, manager } = synthesize();
    const text = manager[file] ?? find('near', 'ConfigMap', 'burst').data[file];
    const place = path.join(scratchDirectory(), file);
    fs.writeFileSync(place, text);
    execFileSync('python3', ['-c', 'import ast, sys; ast.parse(open(sys.argv[1]).read())', place]);
  });
});

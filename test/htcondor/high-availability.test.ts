import { App, Chart, Duration, Testing } from 'cdk8s';
import * as fc from 'fast-check';
import {
  CentralManagerOptions, Cluster, CondorHost, CondorHostProps, CondorImage, CondorPool, FederatedCluster, Federation, PoolPreflight,
  ServiceExposure, StartdFleet,
} from '../../src';
import { scratchDirectory } from '../scratch';

const HOST: CondorHostProps = {
  trustDomain: 'cern.ch',
  centralManagers: [{ name: 'cm1', address: 'cm1.cern.ch' }, { name: 'cm2', address: 'cm2.cern.ch', port: 9700 }],
  accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }, { name: 'ap2', address: 'ap2.cern.ch' }],
  image: CondorImage.debian(),
};

const find = (objects: any[], kind: string, name?: string) =>
  objects.find(object => object.kind === kind && (name === undefined || object.metadata.name === name));
const knob = (text: string, name: string) => new RegExp(`^${name.replace('.', '\\.')} +=(?: (.*))?$`, 'm').exec(text)?.[1];

function host(props: Partial<CondorHostProps> = {}) {
  const cluster = new Cluster(Testing.app(), 'condor-host');
  const condor = new CondorHost(cluster, 'condor', { ...HOST, ...props });
  const objects = Testing.synth(cluster);
  return { condor, objects, configuration: (name: string): string => find(objects, 'ConfigMap', `condor-${name}`).data.condor_config };
}

function report(props: Partial<CondorHostProps>): string {
  const app = new App({ outdir: scratchDirectory() });
  new CondorHost(new Cluster(app, 'condor-host'), 'condor', { ...HOST, ...props });
  try {
    app.synth();
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
}

const section = (text: string) => text.split('\n\n').find(part => part.startsWith('# High availability'));

describe('several central managers', () => {
  test('the section of their configuration', () => {
    expect(section(host().configuration('cm1'))).toMatchSnapshot();
  });

  test('the lists are the same on all, and nobody else has them', () => {
    const { configuration } = host();
    expect(section(configuration('cm2'))).toBe(section(configuration('cm1')));
    for (const text of [configuration('ap1'), host({ centralManagers: [{ address: 'condor.cern.ch' }] }).configuration('cm')]) {
      expect(text).not.toMatch(/HAD|REPLICATION|NEGOTIATOR_NAME/);
    }
    expect(knob(configuration('cm1'), 'DAEMON_LIST')).toBe('MASTER, CONFIG_WATCH, COLLECTOR, NEGOTIATOR, HAD, REPLICATION');
    expect(knob(host({ centralManagers: [{ address: 'condor.cern.ch' }] }).configuration('cm'), 'DAEMON_LIST')).toBe('MASTER, CONFIG_WATCH, COLLECTOR, NEGOTIATOR');
  });

  test('any number of them, each in all lists in the order in which it is given', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/), { minLength: 2, maxLength: 5 }), names => {
      const centralManagers = names.map((name, index) => ({ name: `m-${name}`, address: `${name}.cern.ch`, port: 9618 + index }));
      const { condor, configuration } = host({ centralManagers });
      const addresses = centralManagers.map(({ address, port }) => `${address}:${port}`);
      expect(condor.collectors).toEqual(addresses);
      for (const { name, address, port } of centralManagers) {
        const text = configuration(name);
        expect([knob(text, 'HAD_LIST'), knob(text, 'REPLICATION_LIST')]).toEqual([addresses.join(', '), addresses.join(', ')]);
        // its own collector first
        expect(knob(text, 'COLLECTOR_HOST')).toBe([`$ENV(K8S_POD_IP):${port}`, ...addresses.filter(each => each !== `${address}:${port}`)].join(', '));
      }
      expect(knob(configuration('ap1'), 'COLLECTOR_HOST')).toBe(addresses.join(', '));
    }), { numRuns: 20 });
  });

  test('how long they wait, and how often the accounting is copied', () => {
    const knobs = (props: Partial<CondorHostProps>) => ['HAD_CONNECTION_TIMEOUT', 'REPLICATION_INTERVAL'].map(name => knob(host(props).configuration('cm2'), name));
    expect(knobs({})).toEqual(['5', '60']);
    expect(knobs({ highAvailability: { connectionTimeout: Duration.seconds(2), replicationInterval: Duration.minutes(5) } })).toEqual(['2', '300']);
  });

  test('machines advertise to all of them, access points do, and none is avoided for long', () => {
    const app = Testing.app();
    const cluster = new Cluster(app, 'condor-host');
    const fed = new Federation(app, 'fed', { host: cluster });
    const site = new FederatedCluster(app, 'site', { federation: fed });
    const fleet = new StartdFleet(fed, 'startd', { pool: new CondorHost(cluster, 'condor', HOST) });
    new PoolPreflight(fed, 'preflight', { fleet });
    const objects = Testing.synth(site);
    const { condor_config: shared, '50-member.conf': own } = find(objects, 'ConfigMap', 'startd').data;
    expect(knob(own, 'COLLECTOR_HOST')).toBe('cm1.cern.ch:9618?sock=collector-site, cm2.cern.ch:9700?sock=collector-site');
    expect(knob(shared, 'CCB_ADDRESS')).toBe('$(COLLECTOR_HOST)');
    const avoided = 'DEAD_COLLECTOR_MAX_AVOIDANCE_TIME';
    const { configuration } = host();
    expect([shared, configuration('cm1'), configuration('ap1')].map(text => knob(text, avoided))).toEqual(['300', '300', '300']);
    expect(find(objects, 'ConfigMap', 'preflight').data.addresses).toBe([
      'cm1.cern.ch:9618 cm1.cern.ch 9618 a central manager', 'cm2.cern.ch:9700 cm2.cern.ch 9700 a central manager',
      'ap1.cern.ch:9618 ap1.cern.ch 9618 an access point', 'ap2.cern.ch:9618 ap2.cern.ch 9618 an access point', '',
    ].join('\n'));
    // so it is with a pool that stands elsewhere
    const chart = new Chart(Testing.app(), 'elsewhere');
    new StartdFleet(chart, 'startd', { pool: CondorPool.fromAttributes({ collectors: ['a.example.org', 'b.example.org'], trustDomain: 'example.org' }) });
    expect(knob(find(Testing.synth(chart), 'ConfigMap').data.condor_config, avoided)).toBe('300');
  });

  test('each may call the others', () => {
    const { objects } = host();
    for (const name of ['condor-cm1', 'condor-cm2']) {
      const ports = find(objects, 'NetworkPolicy', name).spec.egress[1].ports.map(({ port }: { port: number }) => port).sort();
      expect(ports).toEqual([9618, 9700]);
    }
  });

  test('servers of a kind keep away from each other, but only if they can', () => {
    const { objects } = host();
    const constraints = (name: string) => find(objects, 'StatefulSet', `condor-${name}`).spec.template.spec.topologySpreadConstraints;
    const selector = (...names: string[]) => ({
      matchLabels: { 'app.kubernetes.io/name': 'htcondor' }, matchExpressions: [{ key: 'app.kubernetes.io/instance', operator: 'In', values: names }],
    });
    for (const [names, pair] of [[['cm1', 'cm2'], selector('condor-cm1', 'condor-cm2')], [['ap1', 'ap2'], selector('condor-ap1', 'condor-ap2')]] as const) {
      for (const name of names) {
        expect(constraints(name)).toEqual(['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map(topologyKey => ({
          maxSkew: 1, topologyKey, whenUnsatisfiable: 'ScheduleAnyway', labelSelector: pair,
        })));
      }
    }
    const lone = find(host({ centralManagers: [{ address: 'a.b' }], accessPoints: [{ name: 'ap1', address: 'c.d' }] }).objects, 'StatefulSet');
    expect(lone.spec.template.spec.topologySpreadConstraints).toBeUndefined();
  });

  test('a drain takes one at a time, and none that must stay', () => {
    const budgets = (...evictable: (boolean | undefined)[]) => host({
      centralManagers: evictable.map((each, index) => ({ name: `cm${index}`, address: `cm${index}.cern.ch`, evictable: each })),
    }).objects.filter(({ kind }) => kind === 'PodDisruptionBudget').map(({ metadata, spec }) => [metadata.name, spec.maxUnavailable]);
    expect(budgets(undefined, undefined)).toEqual([['condor-central-managers', 1]]);
    expect(budgets(true, false)).toEqual([['condor-cm1', 0]]);
    expect(budgets(undefined)).toEqual([]);
    const [budget] = host().objects.filter(({ kind }) => kind === 'PodDisruptionBudget');
    const pods = host().objects.filter(({ kind }) => kind === 'StatefulSet').map(({ spec }) => spec.template.metadata.labels);
    const { matchLabels, matchExpressions: [{ key, values }] } = budget.spec.selector;
    const wanted = Object.entries(matchLabels);
    const selected = pods.filter(labels => values.includes(labels[key]) && wanted.every(([label, value]) => labels[label] === value));
    expect(selected.map(labels => labels['app.kubernetes.io/instance'])).toEqual(['condor-cm1', 'condor-cm2']);
  });

  test('one that is not reached from outside is enough for the pool not to be', () => {
    const hidden: CentralManagerOptions = { name: 'cm2', address: 'cm2.cern.ch', exposure: ServiceExposure.clusterInternal() };
    expect(host().condor.reachableFromOutside).toBe(true);
    expect(host({ centralManagers: [HOST.centralManagers[0], hidden] }).condor.reachableFromOutside).toBe(false);
  });

  test.each<[string, Partial<CondorHostProps>, string]>([
    ['several without names', { centralManagers: [{ address: 'a.b' }, { name: 'cm2', address: 'c.d' }] },
      '[condor-host/condor] centralManagers[0].name: given undefined, allowed: a name for each, where there is more than one'],
    ['two of one name', { centralManagers: [{ name: 'cm', address: 'a.b' }, { name: 'cm', address: 'c.d' }] }, 'name cm is given to both'],
    ['two of one address', { centralManagers: [{ name: 'a', address: 'a.b' }, { name: 'b', address: 'a.b' }] }, 'address a.b:9618 is given to both'],
    ['options for one', { centralManagers: [{ address: 'a.b' }], highAvailability: {} }, 'highAvailability: given {}, allowed: only with more than one central manager'],
    ['a timeout that is too short', { highAvailability: { connectionTimeout: Duration.seconds(1) } },
      'highAvailability.connectionTimeout: given "1 s", allowed: whole seconds from 2 to 60'],
    ['a timeout that is too long', { highAvailability: { connectionTimeout: Duration.minutes(2) } }, 'highAvailability.connectionTimeout: given "120 s"'],
    ['a part of a second', { highAvailability: { connectionTimeout: Duration.millis(2500) } }, 'highAvailability.connectionTimeout: given "2.5 s"'],
    ['copies without a pause', { highAvailability: { replicationInterval: Duration.seconds(1) } },
      'highAvailability.replicationInterval: given "1 s", allowed: whole seconds from 5 on'],
    ['flocking', { extraConfig: { flock_to: 'cm.example.org' } }, 'extraConfig.flock_to: given "cm.example.org", allowed: flocking only with one central manager'],
    ['flocking of the schedd', { extraConfig: { 'SCHEDD.FLOCK_TO': 'cm.example.org' } }, 'extraConfig.SCHEDD.FLOCK_TO: given'],
    ['a knob of its own', { extraConfig: { MASTER_HAD_BACKOFF_CONSTANT: 360 } }, 'extraConfig.MASTER_HAD_BACKOFF_CONSTANT'],
  ])('refuses %s', (_, props, message) => {
    expect(report(props)).toContain(message);
  });

  test('one may flock', () => {
    expect(report({ centralManagers: [{ address: 'a.b' }], extraConfig: { FLOCK_TO: 'cm.example.org' } })).toBe('accepted');
  });
});

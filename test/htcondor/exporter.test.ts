import { App, Chart, Duration, Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-27';
import {
  AccountingGroup, Cluster, CondorExporter, CondorExporterProps, CondorHost, CondorImage, FederatedCluster, Federation, KarmadaEngine, RunMode,
  StartdFleet, StartdFleetProps,
} from '../../src';
import { CONDOR_METRICS } from '../../src/telemetry/condor-metrics';
import { scratchDirectory } from '../scratch';
import { objectOf, report } from '../synth';

interface Options {
  readonly id?: string;
  readonly exporter?: Partial<CondorExporterProps>;
  readonly fleet?: Partial<StartdFleetProps>;
  readonly lateMembers?: boolean;
}

function program({ id = 'exporter', exporter: ofExporter, fleet, lateMembers }: Options = {}) {
  const app = new App({ outdir: scratchDirectory() });
  const host = new Cluster(app, 'condor-host');
  const fed = new Federation(app, 'fed', { host, ...lateMembers && { lateMembers, engine: new KarmadaEngine() } });
  const meyrin = new FederatedCluster(app, 'meyrin', { federation: fed, apiServer: 'https://meyrin.example' });
  const tsystems = new FederatedCluster(app, 'tsystems', { federation: fed, apiServer: 'https://tsystems.example' });
  const pool = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch',
    centralManagers: [{ address: 'condor.cern.ch' }],
    accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch', port: 9700 }],
    accountingGroups: [AccountingGroup.share('ATLAS', 0.6), AccountingGroup.share('ATLAS.production', 0.5)],
    image: CondorImage.debian(),
  });
  const startd = new StartdFleet(fed, 'startd', { pool, cpus: 8, ...fleet });
  startd.on(tsystems, { cpus: 4 });
  const exporter = new CondorExporter(host, id, { pool, ...ofExporter });
  return { app, host, fed, meyrin, tsystems, pool, exporter };
}

type Program = ReturnType<typeof program>;

const own = (p: Program, kind: string) => objectOf(p.host, kind, 'exporter');
const pod = (p: Program) => own(p, 'StatefulSet').spec.template;
const poolFile = (p: Program) => JSON.parse(own(p, 'ConfigMap').data['pool.json']);
const digestIn = (text: string) => /^ConfigDigest = "(\w{16})"$/m.exec(text)![1];

describe('CondorExporter', () => {
  test('one pod beside the pool, without root, with a token and no key', () => {
    const { spec } = pod(program());
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 64 });
    expect(spec.automountServiceAccountToken).toBe(false);
    expect(spec.containers[0].securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
    expect(spec.volumes.filter((volume: any) => volume.secret).map((volume: any) => volume.secret)).toEqual([
      { secretName: 'exporter-token', defaultMode: 0o440, items: [{ key: 'token', path: 'token' }] },
    ]);
    expect(spec.containers[0].command.slice(3, 6)).toEqual(['9118', '30', '/var/spool/condor']);
    // a token that is renewed is copied again
    expect(spec.containers[1].name).toBe('credentials');
    expect(own(program(), 'StatefulSet').spec).toMatchObject({ replicas: 1, volumeClaimTemplates: [{ spec: { resources: { requests: { storage: '64Mi' } } } }] });
  });

  test('it is a target, by Service, port and path, and says so to who looks for annotations', () => {
    const p = program();
    expect(p.exporter).toMatchObject({
      namespace: 'condor', metricsService: 'exporter', metricsPort: 9118, metricsPath: '/metrics', severalPods: false, namesClusters: true,
    });
    const service = own(p, 'Service');
    expect(service.metadata.labels).toEqual(p.exporter.podLabels);
    expect(service.spec).toEqual({ selector: p.exporter.podLabels, clusterIP: 'None', ports: [{ name: 'metrics', port: 9118, targetPort: 9118, protocol: 'TCP' }] });
    expect(pod(p).metadata.annotations).toMatchObject({ 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9118', 'prometheus.io/path': '/metrics' });
  });

  test('it knows the groups, the clusters, and which configuration each machine is to have', () => {
    const p = program();
    const known = poolFile(p);
    expect(known).toMatchObject({ host: 'condor-host', clusters: ['meyrin', 'tsystems'], groups: ['ATLAS', 'ATLAS.production'] });
    expect(known.digests).toEqual({
      'condor-cm': digestIn(objectOf(p.host, 'ConfigMap', 'condor-cm').data.condor_config),
      'condor-ap1': digestIn(objectOf(p.host, 'ConfigMap', 'condor-ap1').data.condor_config),
      'startd.meyrin': digestIn(objectOf(p.meyrin, 'ConfigMap', 'startd').data['50-member.conf']),
      'startd.tsystems': digestIn(objectOf(p.tsystems, 'ConfigMap', 'startd').data['50-member.conf']),
    });
    expect(new Set(Object.values(known.digests)).size).toBe(4);
  });

  test('without a master nobody says what was read, and of late members all have the same', () => {
    expect(Object.keys(poolFile(program({ fleet: { runMode: RunMode.CONDOR_STARTD } })).digests)).toEqual(['condor-cm', 'condor-ap1']);
    expect(Object.keys(poolFile(program({ lateMembers: true })).digests)).toContain('startd');
  });

  test('what the program knows of the pool changes without a new pod', () => {
    const annotation = (p: Program) => pod(p).metadata.annotations['cdk8s-hep/config-digest'];
    const [one, other] = [program(), program({ fleet: { cpus: 16 } })];
    expect(poolFile(one)).not.toEqual(poolFile(other));
    expect(annotation(one)).toBe(annotation(other));
  });

  test('access points keep records of runs where there is an exporter, and how many', () => {
    const configuration = (p: Program) => objectOf(p.host, 'ConfigMap', 'condor-ap1').data.condor_config as string;
    expect(configuration(program())).toMatch(/^JOB_EPOCH_HISTORY +=.*epoch_history$/m);
    expect(configuration(program())).toMatch(/^MAX_EPOCH_HISTORY_LOG +=\s*52428800$/m);
    expect(configuration(program({ exporter: { runHistory: Size.mebibytes(8) } }))).toMatch(/^MAX_EPOCH_HISTORY_LOG +=\s*2097152$/m);
  });

  test('the token, how often, on what, and how much', () => {
    const { spec } = own(program({
      exporter: {
        token: { secretName: 'tokens.metrics', key: 'jwt' },
        interval: Duration.minutes(1),
        storageClass: 'fast',
        resources: { cpu: { request: Cpu.millis(100) }, memory: { limit: Size.gibibytes(1) } },
      },
    }), 'StatefulSet');
    expect(spec.template.spec.volumes.find((volume: any) => volume.secret).secret).toMatchObject({ secretName: 'tokens.metrics', items: [{ key: 'jwt', path: 'token' }] });
    expect(spec.template.spec.containers[0].command[4]).toBe('60');
    expect(spec.template.spec.containers[0].resources).toEqual({ requests: { cpu: '100m' }, limits: { memory: '1024Mi' } });
    expect(spec.volumeClaimTemplates[0].spec.storageClassName).toBe('fast');
  });

  test('Prometheus asks it, and it asks name servers and the pool; nothing else', () => {
    expect(own(program({ exporter: { monitoringNamespace: 'watch' } }), 'NetworkPolicy').spec).toMatchObject({
      ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'watch' } } }], ports: [{ port: 9118 }] }],
      egress: [{ ports: [{ port: 53 }, { port: 53 }] }, { ports: [{ port: 9618 }, { port: 9700 }] }],
    });
    expect(own(program({ exporter: { networkPolicy: false } }), 'NetworkPolicy')).toBeUndefined();
  });

  test.each<[string, Options, string]>([
    ['an id that is none', { id: 'Exporter_1' }, 'id: given "Exporter_1", allowed: a DNS label of at most 40 characters'],
    ['a short interval', { exporter: { interval: Duration.seconds(5) } }, 'interval: given "5 s", allowed: whole seconds, at least 10'],
    ['a part of a second', { exporter: { interval: Duration.millis(10_500) } }, 'interval: given "10.5 s", allowed: whole seconds, at least 10'],
    ['records of next to nothing', { exporter: { runHistory: Size.mebibytes(1) } }, 'runHistory: given "1 MiB", allowed: at least 4 MiB'],
    ['a namespace that is none', { exporter: { monitoringNamespace: 'Watch!' } }, 'monitoringNamespace: given "Watch!", allowed: the name of a namespace: a DNS label'],
  ])('refused is %s', (_, options, message) => {
    expect(report(program(options))).toContain(message);
  });

  test('refused is a pool in another chart', () => {
    const p = program();
    new CondorExporter(new Chart(p.app, 'elsewhere'), 'other', { pool: p.pool });
    expect(report(p)).toContain("pool: given \"condor-host/condor\", allowed: a pool in the exporter's own chart, elsewhere");
  });

  test('the metrics have good names, and counters are called so', () => {
    expect(new Set(CONDOR_METRICS.map(({ name }) => name)).size).toBe(CONDOR_METRICS.length);
    for (const { name, type, help, labels } of CONDOR_METRICS) {
      expect(name).toMatch(/^htcondor_[a-z_]+$/);
      expect([name, type]).toEqual([name, name.endsWith('_total') ? 'counter' : 'gauge']);
      expect(help).toMatch(/^[A-Z].*\.$/);
      expect(labels.filter(label => !/^[a-z0-9_]+$/.test(label))).toEqual([]);
    }
  });
});

import { App, Chart, Duration, Size, Testing } from 'cdk8s';
import {
  AccountingGroup, ClassAdExpression, Cluster, CondorHost, CondorHostProps, CondorImage, CondorVersion, FederatedCluster, Federation, PoolBackup,
  PoolBackupProps, RunMode, StartdFleet, StartdFleetProps, StartdMemberOptions,
} from '../../src';
import { scratchDirectory } from '../scratch';
import { objectOf, report } from '../synth';

interface Options {
  readonly host?: Partial<CondorHostProps>;
  readonly fleet?: Partial<StartdFleetProps>;
  readonly member?: StartdMemberOptions;
  readonly backup?: Partial<PoolBackupProps>;
  readonly backupId?: string;
  readonly revoked?: boolean;
}

function program({ host: ofHost, fleet: ofFleet, member = {}, backup, backupId = 'backup', revoked = false }: Options = {}) {
  const app = new App({ outdir: scratchDirectory() });
  const host = new Cluster(app, 'condor-host');
  const fed = new Federation(app, 'fed', { host });
  const meyrin = new FederatedCluster(app, 'meyrin', { federation: fed });
  const tsystems = new FederatedCluster(app, 'tsystems', { federation: fed });
  const pool = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch',
    centralManagers: [{ address: 'condor.cern.ch' }],
    accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
    image: CondorImage.debian(),
    ...ofHost,
  });
  new StartdFleet(fed, 'startd', { pool, ...ofFleet }).on(tsystems, member);
  if (revoked) { pool.revoke('tsystems'); }
  new PoolBackup(host, backupId, { pool, ...backup });
  return { app, host, meyrin, tsystems, pool };
}

type Program = ReturnType<typeof program>;

const template = (p: Program, server: string) => objectOf(p.host, 'StatefulSet', server).spec.template;
const daemonSet = (chart: Chart) => objectOf(chart, 'DaemonSet', 'startd').spec.template;
const files = (chart: Chart, name = 'startd') => objectOf(chart, 'ConfigMap', name).data as { [file: string]: string };
const digestOf = (data: { [file: string]: string }) => /^ConfigDigest = "(\w{16})"$/m.exec(Object.values(data).join('\n'))?.[1];

describe('a changed configuration', () => {
  const live: [string, Partial<CondorHostProps>][] = [
    ['quotas', { accountingGroups: [AccountingGroup.share('ATLAS', 0.5)] }],
    ["the negotiator's interval", { negotiatorInterval: Duration.minutes(2) }],
    ['priorities', { priorityHalfLife: Duration.hours(2), defaultPriorityFactor: 10 }],
    ['a new cluster', { executionClusters: ['wigner'] }],
    ['administrators', { administrators: ['ops@cern.ch'] }],
    ['what jobs get', { jobDefaults: { cpus: 2 } }],
    ['jobs at an access point', { accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch', maxJobsRunning: 7 }] }],
  ];
  test.each(live)('is read without a new pod: %s', (_, host) => {
    const [before, after] = [program(), program({ host })];
    for (const server of ['condor-cm', 'condor-ap1']) { expect(template(after, server)).toEqual(template(before, server)); }
    const changed = ['condor-cm', 'condor-ap1'].filter(server => digestOf(files(after.host, server)) !== digestOf(files(before.host, server)));
    expect(changed).not.toEqual([]);
  });

  const fixed: [string, Options][] = [
    ['a knob that is not known to be live', { host: { extraConfig: { COLLECTOR_MAX_FILE_DESCRIPTORS: 20000 } } }],
    ['several slots taken together', { host: { preemption: { partitionableSlots: true } } }],
    ['another address', { host: { centralManagers: [{ address: 'cm.cern.ch' }] } }],
    ['a member that is put out of the pool', { revoked: true }],
  ];
  test.each(fixed)('takes a new pod: %s', (_, options) => {
    expect(template(program(options), 'condor-cm')).not.toEqual(template(program(), 'condor-cm'));
  });

  test('is watched by a daemon of the master, which has noted what it began with', () => {
    const p = program();
    for (const [chart, name, spec] of [[p.host, 'condor-cm', template(p, 'condor-cm').spec], [p.tsystems, 'startd', daemonSet(p.tsystems).spec]] as const) {
      const data = files(chart, name);
      expect(data.condor_config).toMatch(/^DAEMON_LIST += MASTER, CONFIG_WATCH, /m);
      expect(data.condor_config).toMatch(/^CONFIG_WATCH_ARGS = \/etc\/condor-pool\/watch$/m);
      expect(data.watch).toContain('kill -HUP $PPID');
      expect(spec.initContainers[0].command[2]).toMatch(/\ncat \/etc\/condor-pool\/\* \| cksum >\/run\/condor\/config-seen$/);
      expect(spec.initContainers[0].volumeMounts).toContainEqual({ name: 'config', mountPath: '/etc/condor-pool', readOnly: true });
    }
  });

  test('nobody watches it where there is no master', () => {
    const p = program({ fleet: { runMode: RunMode.CONDOR_STARTD } });
    expect(Object.keys(files(p.tsystems))).toEqual(['condor_config', 'slot-user-cleanup', '50-member.conf']);
    expect(Object.values(files(p.tsystems)).join('\n')).not.toMatch(/CONFIG_WATCH|ConfigDigest/);
    expect(JSON.stringify(daemonSet(p.tsystems).spec.initContainers)).not.toContain('config-seen');
  });

  test('of a fleet: what is policy leaves the template alone, what takes a restart is counted in it, and each member has its own digest', () => {
    const before = program();
    const policy = program({
      fleet: { start: ClassAdExpression.parse('true'), rank: ClassAdExpression.integer(2), attributes: { Rack: 7 }, claimWorklife: Duration.minutes(5) },
      member: { start: ClassAdExpression.boolean(false) },
    });
    expect(daemonSet(policy.tsystems)).toEqual(daemonSet(before.tsystems));
    expect(digestOf(files(policy.meyrin))).not.toBe(digestOf(files(before.meyrin)));
    expect(digestOf(files(policy.meyrin))).not.toBe(digestOf(files(policy.tsystems)));
    const slots = program({ fleet: { slots: [{ share: 0.5, count: 2 }] } });
    expect(daemonSet(slots.tsystems)).not.toEqual(daemonSet(before.tsystems));
    expect(daemonSet(slots.tsystems).spec).toEqual(daemonSet(before.tsystems).spec);
  });
});

describe('another image in one member', () => {
  const next = new CondorImage({
    reference: 'registry.example/htcondor:25.0', version: CondorVersion.V25_0, releaseDirectory: '/opt/condor', uid: 99, slotUserPattern: 'job%d', slotUsers: 8,
  });

  test('has its pods, and a configuration that is written for it; the others are left alone', () => {
    const [before, p] = [{}, { image: next, cpus: 2 }].map(member => program({ member, fleet: { cpus: 4 } }));
    expect(daemonSet(p.tsystems).spec.containers[0]).toMatchObject({
      image: 'registry.example/htcondor:25.0', command: ['/opt/condor/sbin/condor_master', '-f'], resources: { requests: { cpu: '1500m' } },
    });
    expect(daemonSet(p.tsystems).spec.initContainers[0].command[2]).toContain('-o 99 -g 99');
    expect(files(p.tsystems).condor_config).toMatch(/^RELEASE_DIR += \/opt\/condor$/m);
    expect(files(p.tsystems).condor_config).not.toContain('slot1_1');
    expect(daemonSet(p.meyrin).spec.containers[0].image).toBe(CondorImage.debian().reference);
    expect(files(p.meyrin)).toEqual(files(before.meyrin));
  });

  test('is what all have when the fleet has it: nothing there changes then', () => {
    const [first, all] = [program({ member: { image: next } }), program({ fleet: { image: next } })];
    expect(daemonSet(all.tsystems)).toEqual(daemonSet(first.tsystems));
    expect(files(all.tsystems)).toEqual(files(first.tsystems));
  });

  test('is refused where it is none', () => {
    const given = new CondorImage({ reference: 'no image', version: CondorVersion.V25_0 });
    expect(report(program({ member: { image: given } }))).toMatch(/on\(tsystems\)\.image\.reference: given "no image", allowed: an image reference/);
    expect(report(program({ member: { image: given } }))).toMatch(/on\(tsystems\)\.image\.slotUsers: given 0, allowed: users for the jobs/);
  });
});

describe('PoolBackup', () => {
  const job = (p: Program, name: string) => objectOf(p.host, 'CronJob', name).spec.jobTemplate.spec;

  test('each server has a claim, a CronJob beside it that reads its volume, and one that restores and never runs by itself', () => {
    const p = program({ host: { centralManagers: [{ name: 'cm1', address: 'a.cern.ch' }, { name: 'cm2', address: 'b.cern.ch' }] } });
    for (const server of ['condor-cm1', 'condor-cm2', 'condor-ap1']) {
      expect(objectOf(p.host, 'PersistentVolumeClaim', `backup-${server}`).spec).toEqual({ accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20480Mi' } } });
      const { spec } = job(p, `backup-${server}`).template;
      expect(spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector.matchLabels['app.kubernetes.io/instance']).toBe(server);
      expect(spec.containers[0].volumeMounts).toEqual([{ name: 'spool', mountPath: '/var/spool/condor', readOnly: true }, { name: 'backup', mountPath: '/backup' }]);
      expect(spec.volumes).toEqual([
        { name: 'spool', persistentVolumeClaim: { claimName: `spool-${server}-0` } }, { name: 'backup', persistentVolumeClaim: { claimName: `backup-${server}` } },
      ]);
      const restore = objectOf(p.host, 'CronJob', `backup-${server}-restore`).spec;
      expect(restore.suspend).toBe(true);
      expect(restore.jobTemplate.spec.template.spec.affinity).toBeUndefined();
      expect(restore.jobTemplate.spec.template.spec.containers[0].volumeMounts[0]).toEqual({ name: 'spool', mountPath: '/var/spool/condor' });
    }
  });

  test('how often, how many, how large, and on what', () => {
    const p = program({ backup: { interval: Duration.days(1), keep: 3, size: Size.gibibytes(5), storageClass: 'nfs' } });
    expect(objectOf(p.host, 'CronJob', 'backup-condor-ap1').spec.schedule).toMatch(/^\d+ \d+ \* \* \*$/);
    expect(job(p, 'backup-condor-ap1').activeDeadlineSeconds).toBe(24 * 3600);
    expect(job(p, 'backup-condor-ap1').template.spec.containers[0].command[2]).toContain('head -n -3');
    expect(objectOf(p.host, 'PersistentVolumeClaim', 'backup-condor-ap1').spec).toMatchObject({ storageClassName: 'nfs', resources: { requests: { storage: '5120Mi' } } });
  });

  test('one claim for all, if there is one', () => {
    const p = program({ backup: { claimName: 'tape' } });
    expect(Testing.synth(p.host).filter(({ kind }) => kind === 'PersistentVolumeClaim')).toEqual([]);
    expect(job(p, 'backup-condor-cm').template.spec.volumes[1]).toEqual({ name: 'backup', persistentVolumeClaim: { claimName: 'tape' } });
    expect(job(p, 'backup-condor-cm').template.spec.containers[0].command[2]).toContain('/backup/condor-cm');
  });

  const refused: [string, Options, RegExp][] = [
    ['an interval that no schedule can say', { backup: { interval: Duration.minutes(7) } }, /interval: given "420 s"/],
    ['to keep none', { backup: { keep: 0 } }, /keep: given 0/],
    ['a claim that holds nothing', { backup: { size: Size.mebibytes(1) } }, /size: given "1 MiB", allowed: "?at least 64 MiB/],
    ['a size of a claim that is there', { backup: { claimName: 'tape', size: Size.gibibytes(1) } }, /size: given "1024 MiB", allowed: only without claimName/],
    ['a StorageClass of a claim that is there', { backup: { claimName: 'tape', storageClass: 'nfs' } }, /storageClass: given "nfs", allowed: only without claimName/],
    ['a claim that is none', { backup: { claimName: 'No Claim' } }, /claimName: given "No Claim"/],
    ['an id that is none', { backupId: 'Backup' }, /id: given "Backup"/],
    ['a name that is too long', { backupId: 'a2345678901234567890', host: { accessPoints: [{ name: 'x2345678901234567890', address: 'ap1.cern.ch' }] } }, /at most 52 characters/],
  ];
  test.each(refused)('refused is %s', (_, options, message) => {
    expect(report(program(options))).toMatch(message);
  });

  test('refused is a pool in another chart', () => {
    const { app, pool } = program();
    new PoolBackup(new Cluster(app, 'elsewhere'), 'backup', { pool });
    expect(() => app.synth()).toThrow(/pool: given "condor-host\/condor", allowed: a pool in the backup's own chart, elsewhere/);
  });
});

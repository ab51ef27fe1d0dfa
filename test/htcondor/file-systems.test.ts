import { spawnSync } from 'child_process';
import * as fs from 'fs';
import * as path from 'path';
import { ApiObject, Chart, Size, Testing } from 'cdk8s';
import {
  Cluster, ClusterSelector, CondorHost, CondorImage, CondorPool, ExecuteDirectory, FederatedCluster, Federation, FileSystem, Placement, StartdFleet,
  StartdFleetProps, StartdMemberOptions,
} from '../../src';
import { scratchDirectory } from '../scratch';

const find = (objects: any[], kind: string) => objects.find(object => object.kind === kind);

const knob = (text: string, name: string) => new RegExp(`^${name} += ?(.*)$`, 'm').exec(text)?.[1];

function fleet(props: Partial<StartdFleetProps>) {
  const chart = new Chart(Testing.app(), 'site');
  const pool = CondorPool.fromAttributes({ collectors: ['cm.example.org'], trustDomain: 'example.org', image: CondorImage.debian() });
  new StartdFleet(chart, 'workers', { pool, ...props });
  const objects = Testing.synth(chart);
  return { objects, files: find(objects, 'ConfigMap').data, pod: find(objects, 'DaemonSet').spec.template.spec };
}

const level = (objects: any[]) => find(objects, 'Namespace').metadata.labels['pod-security.kubernetes.io/enforce'];

/** What App.synth() would say of a fleet in two members, `meyrin` and `tsystems`. */
function federated(
  props: Partial<StartdFleetProps>, onTsystems: StartdMemberOptions = {}, more?: (federation: Federation, tsystems: FederatedCluster) => void,
) {
  const app = Testing.app();
  const host = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host });
  const [, tsystems] = ['meyrin', 'tsystems'].map(name => new FederatedCluster(app, name, { federation }));
  const pool = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch', centralManagers: [{ address: 'condor.cern.ch' }], accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }], image: CondorImage.debian(),
  });
  new StartdFleet(federation, 'startd', { pool, ...props }).on(tsystems, onTsystems);
  more?.(federation, tsystems);
  return { app, federation };
}

describe('file systems', () => {
  test('CVMFS of the node: mounts that come later are seen, jobs only read, and each repository has its attribute', () => {
    const { objects, files, pod } = fleet({ fileSystems: [FileSystem.cvmfs(['atlas.cern.ch', 'sft-nightlies.cern.ch'])] });
    expect(pod.volumes).toContainEqual({ name: 'fs-cvmfs', hostPath: { path: '/cvmfs', type: 'DirectoryOrCreate' } });
    expect(pod.containers[0].volumeMounts).toContainEqual({ name: 'fs-cvmfs', mountPath: '/cvmfs', readOnly: true, mountPropagation: 'HostToContainer' });
    // nobody else has it: the container that prepares the volumes would change its owner
    expect(JSON.stringify(pod.initContainers)).not.toContain('fs-cvmfs');
    expect(files['file-systems'].split('\n').slice(-4)).toEqual([
      'told HasCVMFS holds /cvmfs/atlas.cern.ch /cvmfs/sft-nightlies.cern.ch',
      'told HAS_CVMFS_atlas_cern_ch holds /cvmfs/atlas.cern.ch',
      'told HAS_CVMFS_sft_nightlies_cern_ch holds /cvmfs/sft-nightlies.cern.ch',
      '',
    ]);
    expect(knob(files.condor_config, 'STARTD_CRON_JOBLIST')).toBe('FILE_SYSTEMS');
    expect(knob(files.condor_config, 'STARTD_CRON_FILE_SYSTEMS_ARGS')).toBe('/etc/condor-pool/file-systems');
    expect(level(objects)).toBe('privileged');
  });

  test('CVMFS of its CSI driver: the claim is declared beside the fleet, or was before', () => {
    const { objects, pod } = fleet({ fileSystems: [FileSystem.cvmfs(['cms.cern.ch'], { storageClass: 'cvmfs' })] });
    expect(find(objects, 'PersistentVolumeClaim')).toMatchObject({
      metadata: { name: 'workers-cvmfs', namespace: 'condor' }, spec: { accessModes: ['ReadOnlyMany'], storageClassName: 'cvmfs' },
    });
    expect(pod.volumes).toContainEqual({ name: 'fs-cvmfs', persistentVolumeClaim: { claimName: 'workers-cvmfs' } });
    expect(pod.containers[0].volumeMounts).toContainEqual({ name: 'fs-cvmfs', mountPath: '/cvmfs', readOnly: true, mountPropagation: 'HostToContainer' });
    expect(level(objects)).toBe('baseline');

    const before = fleet({ fileSystems: [FileSystem.cvmfs(['cms.cern.ch'], { claimName: 'cvmfs' })] });
    expect(before.pod.volumes).toContainEqual({ name: 'fs-cvmfs', persistentVolumeClaim: { claimName: 'cvmfs' } });
    expect(find(before.objects, 'PersistentVolumeClaim')).toBeUndefined();
    const elsewhere = fleet({ fileSystems: [FileSystem.cvmfs(['cms.cern.ch'], { hostPath: '/var/lib/cvmfs-k8s' })] });
    expect(elsewhere.pod.volumes).toContainEqual({ name: 'fs-cvmfs', hostPath: { path: '/var/lib/cvmfs-k8s', type: 'DirectoryOrCreate' } });
  });

  test('a directory of the node and a claim: where they are mounted, what is looked for, and who may write', () => {
    const eos = FileSystem.hostPath('EOS', '/var/eos', { mountPath: '/eos', readOnly: false, contains: ['lhcb', "it's here"] });
    const { pod, files } = fleet({ fileSystems: [eos, FileSystem.hostPath('Data', '/data'), FileSystem.claim('Ceph_FS', 'shared', '/shared')] });
    expect(pod.volumes.slice(-3)).toEqual([
      { name: 'fs-eos', hostPath: { path: '/var/eos', type: 'DirectoryOrCreate' } },
      { name: 'fs-data', hostPath: { path: '/data', type: 'DirectoryOrCreate' } },
      { name: 'fs-ceph-fs', persistentVolumeClaim: { claimName: 'shared' } },
    ]);
    expect(pod.containers[0].volumeMounts.slice(-3).map(({ mountPath, readOnly }: any) => [mountPath, readOnly])).toEqual([['/eos', false], ['/data', true], ['/shared', true]]);
    expect(files['file-systems'].split('\n').slice(-4, -1)).toEqual([
      "told HasEOS holds /eos/lhcb '/eos/it'\\''s here'", 'told HasData holds /data', 'told HasCeph_FS answers /shared',
    ]);
    expect([eos.name, eos.mountPath, eos.onHost, eos.attributes]).toEqual(['EOS', '/eos', true, ['HasEOS']]);
  });

  test('what looks for them: directories that hold something, files, and claims that can be read', () => {
    const root = scratchDirectory();
    const { files } = fleet({
      fileSystems: [
        FileSystem.hostPath('Full', '/full'), FileSystem.hostPath('Empty', '/empty'), FileSystem.hostPath('Absent', '/absent'),
        FileSystem.hostPath('Odd', '/odd', { contains: ["it's $HOME; \"here\"", 'file'] }), FileSystem.hostPath('Half', '/half', { contains: ['file', 'no'] }),
        FileSystem.claim('New', 'new', '/empty-claim'), FileSystem.claim('Gone', 'gone', '/gone'),
        FileSystem.claim('Started', 'started', '/new', { contains: ['ready'] }),
      ],
    });
    ['full/x', 'empty', "odd/it's $HOME; \"here\"/x", 'half', 'empty-claim', 'new'].forEach(each => fs.mkdirSync(path.join(root, each), { recursive: true }));
    ['odd/file', 'half/file'].forEach(each => fs.writeFileSync(path.join(root, each), ''));
    // the same paths in a directory of our own
    const script = files['file-systems'].replace(/^told .*$/gm, (line: string) => line.replace(/([ '])\//g, `$1${root}/`));
    const { stdout, stderr } = spawnSync('/bin/sh', ['-s'], { input: script, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual([
      'HasFull = True', 'HasEmpty = False', 'HasAbsent = False', 'HasOdd = True', 'HasHalf = False', 'HasNew = True', 'HasGone = False', 'HasStarted = False',
    ]);
  });

  test('a fleet without any has nothing of it', () => {
    const { pod, files } = fleet({});
    expect(files['file-systems']).toBeUndefined();
    expect(files.condor_config).not.toContain('STARTD_CRON');
    expect(JSON.stringify(pod)).not.toContain('fs-');
  });

  test.each<[string, Partial<StartdFleetProps>, string]>([
    ['CVMFS without repositories', { fileSystems: [FileSystem.cvmfs([])] }, 'fileSystems[CVMFS].repositories: given [], allowed: at least one'],
    ['a repository that is none', { fileSystems: [FileSystem.cvmfs(['atlas'])] }, 'fileSystems[CVMFS].repositories: given "atlas", allowed: names of repositories'],
    ['CVMFS from two places', { fileSystems: [FileSystem.cvmfs(['a.ch'], { claimName: 'a', storageClass: 'b' })] }, 'fileSystems[CVMFS].options: given ["claimName","storageClass"], allowed: one of'],
    ['a relative path', { fileSystems: [FileSystem.hostPath('EOS', 'eos')] }, "fileSystems[EOS].path: given \"eos\", allowed: an absolute path without '..'"],
    ['a path that climbs', { fileSystems: [FileSystem.hostPath('EOS', '/eos/../etc')] }, 'fileSystems[EOS].path: given "/eos/../etc"'],
    ["HTCondor's own directories", { fileSystems: [FileSystem.hostPath('Log', '/log', { mountPath: '/var/log/condor' })] }, 'fileSystems[Log].mountPath: given "/var/log/condor"'],
    ['the root', { fileSystems: [FileSystem.hostPath('All', '/')] }, 'fileSystems[All].mountPath: given "/"'],
    ['a path to look for that climbs', { fileSystems: [FileSystem.hostPath('EOS', '/eos', { contains: ['../etc'] })] }, 'fileSystems[EOS].contains: given "../etc"'],
    ['a name that is none', { fileSystems: [FileSystem.hostPath('my data', '/data')] }, 'fileSystems[my data].name: given "my data"'],
    ["an attribute of HTCondor's", { fileSystems: [FileSystem.hostPath('Java', '/java')] }, 'fileSystems[Java].name: given "Java"'],
    ['a claim that is none', { fileSystems: [FileSystem.claim('Ceph', 'My Claim', '/ceph')] }, 'fileSystems[Ceph].claimName: given "My Claim"'],
    ['a class that is none', { fileSystems: [FileSystem.cvmfs(['a.ch'], { storageClass: 'A' })] }, 'fileSystems[CVMFS].storageClass: given "A"'],
    ['two at one place', { fileSystems: [FileSystem.hostPath('A', '/a'), FileSystem.claim('B', 'b', '/a')] }, 'fileSystems[B].mountPath: given "/a"'],
    ['two of one name', { fileSystems: [FileSystem.hostPath('EOS', '/a'), FileSystem.claim('eos', 'b', '/b')] }, 'fileSystems[eos].name: given "eos"'],
    ['an attribute that is given too', { fileSystems: [FileSystem.hostPath('EOS', '/eos')], attributes: { haseos: true } }, 'attributes.haseos: given "haseos"'],
    ['knobs that look for them', { fileSystems: [FileSystem.hostPath('EOS', '/eos')], extraConfig: { STARTD_CRON_JOBLIST: 'MINE' } }, 'extraConfig.STARTD_CRON_JOBLIST'],
    ['a volume for sandboxes that is too small', { executeDirectory: ExecuteDirectory.ephemeralVolume(Size.mebibytes(5)) }, 'executeDirectory: given "5 MiB"'],
    ['a class of it that is none', { executeDirectory: ExecuteDirectory.ephemeralVolume(Size.gibibytes(5), 'Fast disks') }, 'executeDirectory: given "Fast disks"'],
  ])('refuses %s', (_, props, message) => {
    expect(() => federated(props).app.synth()).toThrow(message);
  });

  test('refuses an attribute of a member that a file system sets', () => {
    expect(() => federated({ fileSystems: [FileSystem.hostPath('EOS', '/eos')] }, { attributes: { HasEOS: true } }).app.synth())
      .toThrow('on(tsystems).attributes.HasEOS: given "HasEOS", allowed: attributes that no file system sets: EOS does');
  });

  test('refuses a claim that is declared for other members', () => {
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'shared', namespace: 'condor' } };
    const fileSystems = [FileSystem.claim('Ceph', 'shared', '/ceph')];
    const { app } = federated({ fileSystems }, {}, (federation, tsystems) =>
      new ApiObject(new Placement(federation, 'some', { clusters: ClusterSelector.of(tsystems) }), 'shared', claim));
    expect(() => app.synth()).toThrow(/startd.* for meyrin .*claimName: given "shared", allowed: what is there too/);
    expect(() => federated({ fileSystems }, {}, federation => new ApiObject(federation, 'shared', claim)).app.synth()).not.toThrow();
  });

  test('sandboxes on a volume of a StorageClass', () => {
    const { pod, objects } = fleet({ executeDirectory: ExecuteDirectory.ephemeralVolume(Size.gibibytes(100), 'fast') });
    expect(pod.volumes).toContainEqual({
      name: 'execute',
      ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'fast', resources: { requests: { storage: '102400Mi' } } } } },
    });
    expect(level(objects)).toBe('baseline');
  });
});

describe('the HTTP proxy of a site', () => {
  const variable = (pod: any) => pod.containers[0].env.find(({ name }: any) => name === 'http_proxy');
  const synthesized = ({ app }: { app: any }) => Object.fromEntries(app.charts.map((chart: any) => [chart.node.id, chart.toJson()]));

  test('is in the configuration for jobs, and a key of it for plugins, in each member its own', () => {
    const { meyrin, tsystems } = synthesized(federated({ httpProxy: 'http://squid.cern.ch:3128' }, { httpProxy: 'http://10.3.0.200:3128' }));
    for (const [objects, proxy] of [[meyrin, 'http://squid.cern.ch:3128'], [tsystems, 'http://10.3.0.200:3128']]) {
      const { data } = find(objects, 'ConfigMap');
      expect(data.http_proxy).toBe(proxy);
      expect(knob(data['50-member.conf'], 'STARTER_JOB_ENVIRONMENT')).toBe(`"http_proxy=${proxy} HTTP_PROXY=${proxy}"`);
      expect(variable(find(objects, 'DaemonSet').spec.template.spec).valueFrom.configMapKeyRef).toEqual({ name: 'startd', key: 'http_proxy', optional: true });
    }
    expect(find(meyrin, 'DaemonSet').spec.template).toEqual(find(tsystems, 'DaemonSet').spec.template);
  });

  test('of one member alone leaves the others without', () => {
    const { meyrin, tsystems } = synthesized(federated({}, { httpProxy: 'http://10.3.0.200:3128' }));
    expect(find(tsystems, 'ConfigMap').data.http_proxy).toBe('http://10.3.0.200:3128');
    expect(find(meyrin, 'ConfigMap').data.http_proxy).toBeUndefined();
    expect(find(meyrin, 'ConfigMap').data['50-member.conf']).not.toContain('http_proxy');
  });

  test('none leaves no trace', () => {
    const { pod, files } = fleet({});
    expect(variable(pod)).toBeUndefined();
    expect(JSON.stringify(files)).not.toContain('http_proxy');
  });

  test.each(['squid.cern.ch:3128', 'https://squid.cern.ch:3128', 'http://squid.cern.ch', 'http://squid.cern.ch:99999', 'http://squid.cern.ch:3128/x', 'http://a b:3128'])(
    'refuses %s', url => {
      expect(() => federated({ httpProxy: url }).app.synth()).toThrow(`httpProxy: given ${JSON.stringify(url)}, allowed: http://host:port`);
      expect(() => federated({}, { httpProxy: url }).app.synth()).toThrow(`on(tsystems).httpProxy: given ${JSON.stringify(url)}`);
    });

  test('refuses one with a password, and does not repeat it', () => {
    const message = (() => { try { federated({ httpProxy: 'http://me:secret@squid.cern.ch:3128' }).app.synth(); } catch (error) { return (error as Error).message; } return ''; })();
    expect(message).toContain('httpProxy: given "http://***@squid.cern.ch:3128"');
    expect(message).not.toContain('secret');
  });
});

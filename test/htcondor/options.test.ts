import { App, Chart, Duration, Size, Testing } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-27';
import {
  ClassAdExpression, CloudMetadata, Cluster, CondorHost, CondorHostProps, CondorImage, CondorImageProps, CondorPool, CondorVersion, ExecuteDirectory,
  FederatedCluster, Federation, RunMode, ServiceExposure, StartdFleet, StartdFleetProps, StartdLiveness,
} from '../../src';

/* What each option becomes in the objects; what it does in a pool is shown by the suite against the real one. */

const HOST: CondorHostProps = {
  trustDomain: 'cern.ch',
  centralManagers: [{ address: 'condor.cern.ch' }],
  accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
  image: CondorImage.debian(),
};

const find = (objects: any[], kind: string, name?: string) =>
  objects.find(object => object.kind === kind && (name === undefined || object.metadata.name === name));

/** The value of a knob in the text of a configuration. */
const knob = (text: string, name: string) => new RegExp(`^${name.replace('.', '\\.')} += ?(.*)$`, 'm').exec(text)?.[1];

function host(props: Partial<CondorHostProps>): { objects: any[]; configuration: (name: string) => string; pod: (name: string) => any } {
  const cluster = new Cluster(Testing.app(), 'condor-host');
  new CondorHost(cluster, 'condor', { ...HOST, ...props });
  const objects = Testing.synth(cluster);
  return {
    objects,
    configuration: name => find(objects, 'ConfigMap', name).data.condor_config,
    pod: name => find(objects, 'StatefulSet', name).spec.template.spec,
  };
}

function fleet(props: Partial<StartdFleetProps>): { objects: any[]; configuration: string; own: string; pod: any } {
  const chart = new Chart(Testing.app(), 'site');
  const pool = CondorPool.fromAttributes({ collectors: ['cm.example.org'], trustDomain: 'example.org', image: CondorImage.debian() });
  new StartdFleet(chart, 'workers', { pool, ...props });
  const objects = Testing.synth(chart);
  const { data } = find(objects, 'ConfigMap');
  return { objects, configuration: data.condor_config, own: data['50-member.conf'], pod: find(objects, 'DaemonSet').spec.template.spec };
}

describe('CondorHost', () => {
  test('storage of central manager and access point', () => {
    const { objects } = host({
      centralManagers: [{ name: 'manager', address: 'condor.cern.ch', spoolSize: Size.gibibytes(3), storageClass: 'fast' }],
      accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch', spoolSize: Size.gibibytes(50), storageClass: 'slow' }],
    });
    const claim = (name: string) => find(objects, 'StatefulSet', name).spec.volumeClaimTemplates[0].spec;
    expect(claim('condor-manager')).toMatchObject({ storageClassName: 'fast', resources: { requests: { storage: '3072Mi' } } });
    expect(claim('condor-ap1')).toMatchObject({ storageClassName: 'slow', resources: { requests: { storage: '51200Mi' } } });
  });

  test('resources, and whether a drain may evict', () => {
    const resources = { cpu: { request: Cpu.units(2), limit: Cpu.units(4) }, memory: { request: Size.gibibytes(4) } };
    const { objects, pod } = host({
      centralManagers: [{ address: 'condor.cern.ch', resources, evictable: false }], accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch', resources }],
    });
    for (const name of ['condor-cm', 'condor-ap1']) {
      expect(pod(name).containers[0].resources).toEqual({ requests: { cpu: '2', memory: '4096Mi' }, limits: { cpu: '4' } });
    }
    expect(find(objects, 'PodDisruptionBudget', 'condor-cm').spec.maxUnavailable).toBe(0);
    expect(find(objects, 'PodDisruptionBudget', 'condor-ap1')).toBeUndefined();
  });

  test('how many jobs an access point runs', () => {
    const { configuration } = host({ accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch', maxJobsRunning: 77 }] });
    expect(knob(configuration('condor-ap1'), 'MAX_JOBS_RUNNING')).toBe('77');
  });

  test('domains, intervals and priorities', () => {
    const { configuration } = host({
      uidDomain: 'users.cern.ch', negotiatorInterval: Duration.seconds(20), priorityHalfLife: Duration.hours(2), defaultPriorityFactor: 5,
    });
    const text = configuration('condor-cm');
    expect(['TRUST_DOMAIN', 'UID_DOMAIN', 'NEGOTIATOR_INTERVAL', 'PRIORITY_HALFLIFE', 'DEFAULT_PRIO_FACTOR'].map(name => knob(text, name)))
      .toEqual(['cern.ch', 'users.cern.ch', '20', '7200', '5']);
    expect(knob(configuration('condor-ap1'), 'SCHEDD_NAME')).toBe('ap1@users.cern.ch');
  });

  test('the signing key is a Secret by name', () => {
    const { pod, objects } = host({ signingKey: { secretName: 'keys', key: 'pool-2026' } });
    const secrets = ['condor-cm', 'condor-ap1'].map(name => pod(name).volumes.find((volume: any) => volume.secret).secret);
    for (const secret of secrets) { expect(secret).toMatchObject({ secretName: 'keys', items: [{ key: 'pool-2026', path: 'POOL' }] }); }
    expect(find(objects, 'Secret')).toBeUndefined();
  });

  test('what a job gets that does not ask', () => {
    const { configuration } = host({ jobDefaults: { cpus: 2, memory: Size.gibibytes(4), disk: Size.mebibytes(10), lease: Duration.hours(1) } });
    const text = configuration('condor-ap1');
    expect(['CPUS', 'MEMORY', 'DISK'].map(name => knob(text, `JOB_DEFAULT_REQUEST${name}`))).toEqual(['2', '4096', '10240']);
    expect(knob(text, 'JOB_DEFAULT_LEASE_DURATION')).toBe('3600');
  });

  test('administrators, and clusters besides those of the fleets', () => {
    const { configuration } = host({ administrators: ['eve@cern.ch'], executionClusters: ['far-away'] });
    expect(knob(configuration('condor-cm'), 'ALLOW_ADMINISTRATOR')).toMatch(/, eve@cern\.ch$/);
    expect(configuration('condor-cm')).toContain('startd-far-away@cern.ch');
  });

  test('pull secrets, knobs of the user, and no NetworkPolicies', () => {
    const { objects, configuration, pod } = host({
      imagePullSecrets: ['registry'], networkPolicies: false, namespace: 'batch', extraConfig: { SCHEDD_DEBUG: 'D_FULLDEBUG', SOME_LIMIT: 5 },
    });
    expect(find(objects, 'NetworkPolicy')).toBeUndefined();
    expect(pod('condor-ap1').imagePullSecrets).toEqual([{ name: 'registry' }]);
    for (const name of ['condor-cm', 'condor-ap1']) { expect(knob(configuration(name), 'SOME_LIMIT')).toBe('5'); }
    expect(find(objects, 'Namespace').metadata.name).toBe('batch');
  });

  test('what others may know of it', () => {
    const cluster = new Cluster(Testing.app(), 'condor-host');
    const condor = new CondorHost(cluster, 'condor', { ...HOST, namespace: 'batch' });
    expect(condor).toMatchObject({ collectors: ['condor.cern.ch:9618'], trustDomain: 'cern.ch', uidDomain: 'cern.ch', namespace: 'batch', reachableFromOutside: true });
    expect(condor.image.reference).toBe(CondorImage.debian().reference);
    expect(condor.collectorsOf('t-systems')).toEqual(['condor.cern.ch:9618?sock=collector-t-systems']);
    expect([condor, cluster, null, 'x'].map(value => CondorHost.isCondorHost(value))).toEqual([true, false, false, false]);
    const hidden = new CondorHost(new Cluster(Testing.app(), 'other'), 'condor', {
      ...HOST, centralManagers: [{ address: 'condor.cern.ch', exposure: ServiceExposure.clusterInternal() }],
    });
    expect(hidden.reachableFromOutside).toBe(false);
  });

  test('a Service of the cluster alone', () => {
    const exposure = ServiceExposure.clusterInternal();
    const { objects } = host({ centralManagers: [{ address: 'condor.cern.ch', exposure }] });
    expect(find(objects, 'Service', 'condor-cm').spec.type).toBe('ClusterIP');
    const all = [exposure, ServiceExposure.nodePort(), ServiceExposure.loadBalancer()];
    expect(all.map(({ serviceType }) => serviceType)).toEqual(['ClusterIP', 'NodePort', 'LoadBalancer']);
    expect(all.map(({ reachableFromOutside }) => reachableFromOutside)).toEqual([false, true, true]);
  });
});

describe('StartdFleet', () => {
  test('slots', () => {
    const { configuration } = fleet({ slots: [{ share: 0.5 }, { share: 0.125, count: 4, partitionable: false }] });
    expect(['SLOT_TYPE_1', 'SLOT_TYPE_1_PARTITIONABLE', 'NUM_SLOTS_TYPE_1', 'SLOT_TYPE_2', 'SLOT_TYPE_2_PARTITIONABLE', 'NUM_SLOTS_TYPE_2']
      .map(name => knob(configuration, name))).toEqual(['50%', 'True', '1', '12.5%', 'False', '4']);
  });

  test('policies', () => {
    const { configuration } = fleet({
      start: ClassAdExpression.target('AcctGroup').is('ATLAS'), rank: ClassAdExpression.target('JobPrio'), preempt: ClassAdExpression.my('CpuBusy'),
    });
    expect(['START', 'RANK', 'PREEMPT'].map(name => knob(configuration, name))).toEqual([
      // as many jobs as the image has users for them
      '(TARGET.AcctGroup =?= "ATLAS") && ((NumDynamicSlots ?: 0) < 64)', 'TARGET.JobPrio', 'MY.CpuBusy',
    ]);
  });

  test('drain, heartbeat and disk', () => {
    const { configuration, pod } = fleet({
      maxJobRetirement: Duration.minutes(30),
      maxVacate: Duration.minutes(2),
      killingTimeout: Duration.seconds(15),
      terminationGracePeriod: Duration.hours(2),
      heartbeat: Duration.minutes(1),
      reservedDisk: Size.gibibytes(7),
    });
    expect(['MAXJOBRETIREMENTTIME', 'MachineMaxVacateTime', 'KILLING_TIMEOUT', 'CCB_HEARTBEAT_INTERVAL', 'RESERVED_DISK'].map(name => knob(configuration, name)))
      .toEqual(['1800', '120', '15', '60', '7168']);
    expect(pod.terminationGracePeriodSeconds).toBe(7200);
  });

  test('the ports that it listens on', () => {
    const ports = (props: object) => ['IN_LOWPORT', 'IN_HIGHPORT'].map(name => knob(fleet(props).configuration, name));
    expect(ports({})).toEqual([undefined, undefined]);
    expect(ports({ hostNetwork: true })).toEqual(['9700', '9899']);
    expect(ports({ lowPort: 20000, highPort: 20100 })).toEqual(['20000', '20100']);
    expect(() => fleet({ lowPort: 80, highPort: 9999 })).toThrow('lowPort: given 80');
    expect(() => fleet({ lowPort: 9000, highPort: 8000 })).toThrow('lowPort: given 9000');
    expect(() => fleet({ lowPort: 9000, highPort: 70000 })).toThrow('highPort: given 70000');
    expect(() => fleet({ lowPort: 9000, highPort: 9011, cpus: 8 })).toThrow('highPort: given 9011, allowed: at least 9012');
  });

  test('how often a machine advertises itself', () => {
    const { configuration } = fleet({ updateInterval: Duration.minutes(1) });
    expect(['UPDATE_INTERVAL', 'MASTER_UPDATE_INTERVAL', 'ClassAdLifetime'].map(name => knob(configuration, name))).toEqual(['60', '60', '190']);
    expect(() => fleet({ updateInterval: Duration.seconds(1) })).toThrow('updateInterval: given "1 s"');
  });

  test("the talk's liveness", () => {
    const { pod } = fleet({ runMode: RunMode.CONDOR_STARTD, liveness: StartdLiveness.CONDOR_WHO });
    expect(pod.containers[0].livenessProbe.exec.command).toEqual(['condor_who']);
    // what hangs doesn't get the time of its jobs
    expect(pod.containers[0].livenessProbe.terminationGracePeriodSeconds).toBe(60);
    expect(fleet({}).pod.containers[0].livenessProbe.exec.command.join(' ')).toContain('condor_ping');
  });

  test('what a member does otherwise', () => {
    const app = Testing.app();
    const fed = new Federation(app, 'fed', { host: new Cluster(app, 'condor-host') });
    const [own, cloud] = ['own', 'cloud'].map(id => new FederatedCluster(app, id, { federation: fed }));
    const pool = CondorPool.fromAttributes({ collectors: ['cm.example.org'], trustDomain: 'example.org', image: CondorImage.debian() });
    new StartdFleet(fed, 'workers', { pool }).on(cloud, {
      rank: ClassAdExpression.target('JobPrio'), preempt: ClassAdExpression.boolean(true), cpus: 4, memory: Size.gibibytes(8),
    });
    const text = (member: FederatedCluster) => find(Testing.synth(member), 'ConfigMap').data['50-member.conf'];
    const names = ['RANK', 'PREEMPT', 'NUM_CPUS', 'MEMORY'];
    expect(names.map(name => knob(text(cloud), name))).toEqual(['TARGET.JobPrio', 'True', '4', '8192']);
    expect(names.map(name => knob(text(own), name))).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('memory for HTCondor itself, and GPUs by another name', () => {
    const { configuration, pod } = fleet({ memoryOverhead: Size.gibibytes(1), gpus: 1, gpuResource: 'amd.com/gpu' });
    expect(knob(configuration, 'MEMORY')).toMatch(/ - 1024$/);
    expect(pod.containers[0].resources.limits).toEqual({ 'amd.com/gpu': 1 });
  });

  test('the name of the cluster, of the namespace, and knobs of the user', () => {
    const { objects, own, configuration } = fleet({ clusterName: 'elsewhere', namespace: 'batch', extraConfig: { STARTD_DEBUG: 'D_FULLDEBUG' } });
    expect(knob(own, 'STARTD_NAME')).toMatch(/@workers\.elsewhere$/);
    expect(knob(own, 'PRIVATE_NETWORK_NAME')).toBe('elsewhere');
    expect(find(objects, 'DaemonSet').metadata.namespace).toBe('batch');
    expect(knob(configuration, 'STARTD_DEBUG')).toBe('D_FULLDEBUG');
  });

  test('a NetworkPolicy unless it is not wanted', () => {
    const [policy] = fleet({}).objects.filter(({ kind }) => kind === 'NetworkPolicy');
    expect(policy.spec.policyTypes).toEqual(['Ingress', 'Egress']);
    expect(JSON.stringify(policy.spec.egress)).toContain('169.254.169.254/32');
    expect(find(fleet({ networkPolicy: false, cloudMetadata: CloudMetadata.OPEN }).objects, 'NetworkPolicy')).toBeUndefined();
    expect(find(fleet({ networkPolicy: true, hostNetwork: true }).objects, 'NetworkPolicy')).toBeDefined();
  });

  test('a sandbox of limited size', () => {
    const { pod } = fleet({ executeDirectory: ExecuteDirectory.emptyDir(Size.gibibytes(5)) });
    expect(pod.volumes).toContainEqual({ name: 'execute', emptyDir: { sizeLimit: '5120Mi' } });
    expect([ExecuteDirectory.emptyDir(), ExecuteDirectory.hostPath('/data')].map(({ onHost }) => onHost)).toEqual([false, true]);
  });

  test('its image and namespace, and those of a pool that stands elsewhere', () => {
    const pool = CondorPool.fromAttributes({ collectors: ['cm.example.org'], trustDomain: 'example.org', uidDomain: 'users.example.org', image: CondorImage.debian('mine:1') });
    const workers = new StartdFleet(new Chart(new App(), 'site', { namespace: 'batch' }), 'workers', { pool });
    expect([workers.image.reference, workers.namespace]).toEqual(['mine:1', 'batch']);
    expect(pool).toMatchObject({ collectors: ['cm.example.org:9618'], trustDomain: 'example.org', uidDomain: 'users.example.org', reachableFromOutside: true });
    expect(pool.collectorsOf('site')).toEqual(['cm.example.org:9618']);
    expect(fleet({ image: CondorImage.debian('other:2') }).pod.containers[0].image).toBe('other:2');
    expect(CondorPool.fromAttributes({ collectors: ['cm.condor.svc'], trustDomain: 'example.org' })).toMatchObject({ reachableFromOutside: false, uidDomain: 'example.org' });
  });
});

describe('CondorImage', () => {
  const props: CondorImageProps = {
    reference: 'registry.example/condor:1',
    version: CondorVersion.of('24.0.17'),
    uid: 500,
    gid: 501,
    releaseDirectory: '/opt/condor',
    libDirectory: '/opt/condor/lib64',
    slotUserPattern: 'job%d',
    slotUsers: 2,
    pullPolicy: 'Always',
    iproute: true,
  };

  test('says where things are, and who runs what', () => {
    const image = new CondorImage(props);
    const { pod, configuration } = fleet({ image });
    const [container] = pod.containers;
    expect(container).toMatchObject({ image: 'registry.example/condor:1', imagePullPolicy: 'Always', command: ['/opt/condor/sbin/condor_master', '-f'] });
    expect(pod.initContainers[0].command.join(' ')).toContain('-o 500 -g 501');
    expect(['RELEASE_DIR', 'LIB', 'SLOT1_1_USER', 'SLOT1_2_USER', 'DEDICATED_EXECUTE_ACCOUNT_REGEXP'].map(name => knob(configuration, name)))
      .toEqual(['/opt/condor', '/opt/condor/lib64', 'job1', 'job2', '^job[0-9]+$']);
    const { slotUserPattern, slotUsers, ...same } = props;
    expect(image).toMatchObject({ ...same, slotUsers: ['job1', 'job2'] });
    expect(host({ image }).pod('condor-cm').securityContext).toMatchObject({ runAsUser: 500, runAsGroup: 501 });
  });

  test('has defaults', () => {
    const image = new CondorImage({ reference: 'condor:1', version: CondorVersion.V25_0 });
    expect(image).toMatchObject({ uid: 64, gid: 64, releaseDirectory: '/usr', libDirectory: '/usr/lib/condor', slotUsers: [], pullPolicy: undefined, iproute: false });
  });

  test("those of the project's recipe and of the HTCondor project", () => {
    expect(CondorImage.debian('mine:1')).toMatchObject({ reference: 'mine:1', version: CondorVersion.V23_9 });
    expect(CondorImage.official('cm', '25.0-el9')).toMatchObject({ reference: 'htcondor/cm:25.0-el9', version: CondorVersion.V25_0 });
    expect(CondorImage.debian().slotUsers).toHaveLength(64);
  });
});

import * as fs from 'fs';
import { ApiObject, App, Chart, Duration, JsonPatch, Size, Testing } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-27';
import {
  AccountingGroup, ClassAdExpression, Cluster, ClusterSelector, CondorHost, CondorHostProps, CondorImage, CondorPool, ExecuteDirectory,
  FederatedCluster, Federation, ManifestsEngine, Placement, RunMode, ServiceExposure, StartdFleet, StartdFleetProps, StartdLiveness,
  StartdMemberOptions,
} from '../../src';
import { scratchDirectory } from '../scratch';

const HOST: CondorHostProps = {
  trustDomain: 'cern.ch',
  centralManagers: [{ address: 'condor.cern.ch' }],
  accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
  image: CondorImage.debian(),
};

/** Stands for an engine that takes late members; what it would carry to the others is in their files. */
class LateEngine extends ManifestsEngine {
  public get _admitsLateMembers(): boolean { return true; }
}

interface Program {
  readonly app: App;
  readonly host: Cluster;
  readonly fed: Federation;
  readonly meyrin: FederatedCluster;
  readonly tsystems: FederatedCluster;
}

function program(): Program {
  const app = new App({ outdir: scratchDirectory() });
  const host = new Cluster(app, 'condor-host');
  const fed = new Federation(app, 'fed', { host });
  return {
    app,
    host,
    fed,
    meyrin: new FederatedCluster(app, 'meyrin', { federation: fed }),
    tsystems: new FederatedCluster(app, 'tsystems', { federation: fed }),
  };
}

const find = (objects: any[], kind: string, name?: string) =>
  objects.find(object => object.kind === kind && (name === undefined || object.metadata.name === name));
const daemonSet = (chart: Chart) => find(Testing.synth(chart), 'DaemonSet').spec.template.spec;
const configuration = (chart: Chart) => find(Testing.synth(chart), 'ConfigMap').data;

/** The report of a synth, line by line; nothing may have been written. */
function report(build: (p: Program) => void): string {
  const p = program();
  build(p);
  try {
    p.app.synth();
  } catch (error) {
    expect(fs.readdirSync(p.app.outdir)).toEqual([]);
    return (error as Error).message;
  }
  return 'accepted';
}

describe('CondorHost', () => {
  test('in a cluster', () => {
    const { host } = program();
    new CondorHost(host, 'condor', {
      ...HOST,
      accountingGroups: [AccountingGroup.share('ATLAS', 0.6), AccountingGroup.share('CMS', 0.4, { acceptSurplus: true })],
      accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch', evictable: false }],
    });
    expect(Testing.synth(host)).toMatchSnapshot();
  });

  test('in anybody\'s chart', () => {
    const chart = new Chart(Testing.app(), 'batch', { namespace: 'batch' });
    new CondorHost(chart, 'pool', HOST);
    const objects = Testing.synth(chart);
    expect(objects[0]).toMatchObject({ kind: 'Namespace', metadata: { name: 'batch' } });
    for (const object of objects.slice(1)) { expect(object.metadata.namespace).toBe('batch'); }
    expect(find(objects, 'ConfigMap', 'pool-ap1').data.condor_config).toMatch(/^PRIVATE_NETWORK_NAME += batch\.pool$/m);
  });

  test('as NodePorts: one port inside and outside', () => {
    const { host } = program();
    new CondorHost(host, 'condor', {
      ...HOST,
      centralManagers: [{ address: '192.0.2.1', port: 30618, exposure: ServiceExposure.nodePort() }],
      accessPoints: [{ name: 'ap1', address: '192.0.2.1', port: 30619, exposure: ServiceExposure.nodePort() }],
    });
    const objects = Testing.synth(host);
    for (const [name, port] of [['condor-cm', 30618], ['condor-ap1', 30619]] as const) {
      expect(find(objects, 'Service', name).spec.ports).toEqual([{ name: 'condor', protocol: 'TCP', port, targetPort: port, nodePort: port }]);
      expect(find(objects, 'ConfigMap', name).data.condor_config).toMatch(new RegExp(`^SHARED_PORT_PORT += ${port}$`, 'm'));
      expect(find(objects, 'NetworkPolicy', name).spec.ingress).toEqual([{ ports: [{ protocol: 'TCP', port }] }]);
    }
  });

  test('as a load balancer with source ranges and the provider\'s annotations', () => {
    const { host } = program();
    const exposure = ServiceExposure.loadBalancer({ sourceRanges: ['192.0.2.0/24', '2001:db8::/32'], annotations: { a: 'b' }, loadBalancerClass: 'x/y' });
    new CondorHost(host, 'condor', { ...HOST, centralManagers: [{ address: 'condor.cern.ch', exposure }] });
    const service = find(Testing.synth(host), 'Service', 'condor-cm');
    expect(service.metadata.annotations).toEqual({ a: 'b' });
    expect(service.spec).toMatchObject({ type: 'LoadBalancer', loadBalancerSourceRanges: ['192.0.2.0/24', '2001:db8::/32'], loadBalancerClass: 'x/y' });
  });

  test('only root capabilities that the schedd needs, and none for the central manager', () => {
    const { host } = program();
    new CondorHost(host, 'condor', HOST);
    const pod = (name: string) => find(Testing.synth(host), 'StatefulSet', name).spec.template.spec;
    expect(pod('condor-cm').securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 64 });
    expect(pod('condor-cm').containers[0].securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
    expect(pod('condor-ap1').containers[0].securityContext.capabilities.drop).toEqual(['ALL']);
    for (const name of ['condor-cm', 'condor-ap1']) { expect(pod(name).automountServiceAccountToken).toBe(false); }
  });

  test('a cluster that the program gets after a synth has its collector in the next', () => {
    const { app, host, fed } = program();
    const pool = new CondorHost(host, 'condor', HOST);
    new StartdFleet(fed, 'startd', { pool });
    const written = () => Object.values<string>(configuration(host)).join();
    expect(written()).not.toContain('MEMBER_ZURICH_COLLECTOR');
    new FederatedCluster(app, 'zurich', { federation: fed });
    expect(written()).toContain('MEMBER_ZURICH_COLLECTOR');
  });

  test('a change of the configuration changes the pod', () => {
    const digest = (props: Partial<CondorHostProps>) => {
      const { host } = program();
      new CondorHost(host, 'condor', { ...HOST, ...props });
      return find(Testing.synth(host), 'StatefulSet', 'condor-cm').spec.template.metadata.annotations['cdk8s-hep/config-digest'];
    };
    expect(digest({ extraConfig: { COLLECTOR_MAX_FILE_DESCRIPTORS: 20000 } })).not.toEqual(digest({}));
    expect(digest({})).toEqual(digest({}));
  });

  test.each<[string, Partial<CondorHostProps>, string]>([
    ['a trust domain that is none', { trustDomain: 'cern ch' }, '[condor-host/condor] trustDomain: given "cern ch", allowed: a domain name'],
    ['a trust domain with a macro', { trustDomain: '$(HOSTNAME)' }, 'trustDomain: given "$(HOSTNAME)"'],
    ['no central manager', { centralManagers: [] }, 'centralManagers: given [], allowed: at least one'],
    ['no access point', { accessPoints: [] }, 'accessPoints: given [], allowed: at least one'],
    ['two access points of one name', { accessPoints: [{ name: 'a', address: 'a.b' }, { name: 'a', address: 'c.d' }] }, 'name a is given to both'],
    ['one address twice', { accessPoints: [{ name: 'a', address: 'condor.cern.ch' }] }, 'address condor.cern.ch:9618 is given to both cm and a'],
    ['an address with a port', { accessPoints: [{ name: 'a', address: 'a.b:9618' }] }, 'accessPoints[0].address: given "a.b:9618", allowed: a host name or an IP address, without a port'],
    ['a port out of range', { accessPoints: [{ name: 'a', address: 'a.b', port: 80 }] }, 'accessPoints[0].port: given 80, allowed: a port from 1024 to 65535'],
    ['a NodePort out of range', { accessPoints: [{ name: 'a', address: 'a.b', exposure: ServiceExposure.nodePort() }] },
      'accessPoints[0].port: given 9618, allowed: a port from 30000 to 32767'],
    ['one node port twice', {
      centralManagers: [{ address: 'a.b', port: 30618, exposure: ServiceExposure.nodePort() }],
      accessPoints: [{ name: 'a', address: 'c.d', port: 30618, exposure: ServiceExposure.nodePort() }],
    }, 'node port 30618 is given to both cm and a'],
    ['a source range without a mask', { centralManagers: [{ address: 'a.b', exposure: ServiceExposure.loadBalancer({ sourceRanges: ['192.0.2.1'] }) }] },
      'centralManagers[0].exposure.sourceRanges: given "192.0.2.1"'],
    ['shares over 1', { accountingGroups: [AccountingGroup.share('A', 0.7), AccountingGroup.share('B', 0.4)] }, 'accountingGroups'],
    ['a group twice', { accountingGroups: [AccountingGroup.share('A', 0.1), AccountingGroup.share('a', 0.1)] }, 'accountingGroups[1]'],
    ['a group without its parent', { accountingGroups: [AccountingGroup.share('A.b', 0.1)] }, 'accountingGroups[0]'],
    ['a wildcard administrator', { administrators: ['*'] }, 'administrators: given "*"'],
    ['an interval that is too short', { negotiatorInterval: Duration.seconds(1) }, 'negotiatorInterval: given "1 s", allowed: at least 5 s'],
    ['a lease that is too short', { jobDefaults: { lease: Duration.seconds(5) } }, 'jobDefaults.lease: given "5 s"'],
    ['a knob that the construct owns', { extraConfig: { SHARED_PORT_PORT: 1 } }, 'extraConfig.SHARED_PORT_PORT'],
    ['a knob twice', { extraConfig: { SCHEDD_DEBUG: 'D_FULLDEBUG', schedd_debug: 'D_ALL' } }, 'extraConfig.schedd_debug'],
    ['a statement as a knob', { extraConfig: { 'use security': 'x' } }, 'extraConfig.use security'],
    ['a knob of two lines', { extraConfig: { SCHEDD_DEBUG: 'a\nALLOW_WRITE = *' } }, 'extraConfig.SCHEDD_DEBUG'],
    ['an image reference that is none', { image: CondorImage.debian('a b') }, 'image.reference: given "a b"'],
  ])('refuses %s', (_, props, message) => {
    expect(report(({ host }) => { new CondorHost(host, 'condor', { ...HOST, ...props }); })).toContain(message);
  });

  test('reports all problems of a program at once', () => {
    const text = report(({ host }) => {
      new CondorHost(host, 'condor', { ...HOST, trustDomain: '', accessPoints: [], administrators: ['*'], extraConfig: { DAEMON_LIST: 'X' } });
    });
    for (const property of ['trustDomain:', 'accessPoints:', 'administrators:', 'extraConfig.DAEMON_LIST']) { expect(text).toContain(property); }
  });
});

describe('StartdFleet', () => {
  const fleet = (p: Program, props: Partial<StartdFleetProps> = {}, id = 'startd') =>
    new StartdFleet(p.fed, id, { pool: new CondorHost(p.host, `condor-${id}`, HOST), ...props });

  test('in a federation: one template, each member with its own name', () => {
    const p = program();
    const startd = fleet(p, { attributes: { Datacenter: 'meyrin', HasMPI: true }, cpus: 8, memory: Size.mebibytes(22500) });
    startd.on(p.tsystems, { attributes: { Datacenter: 'otc-eu-de' }, start: ClassAdExpression.target('AcctGroup').is('ATLAS') });
    expect(Testing.synth(p.tsystems)).toMatchSnapshot();
    const [own, cloud] = [configuration(p.meyrin), configuration(p.tsystems)];
    expect(own.condor_config).toEqual(cloud.condor_config);
    expect(daemonSet(p.meyrin)).toEqual(daemonSet(p.tsystems));
    expect(cloud['50-member.conf']).toMatchSnapshot();
    expect(own['50-member.conf']).toMatchSnapshot();
  });

  test('a member that retires takes no new job, and nobody else does so', () => {
    const { host, fed, meyrin, tsystems } = program();
    const startd = new StartdFleet(fed, 'startd', { pool: new CondorHost(host, 'condor', HOST) });
    startd.on(tsystems, { attributes: { Datacenter: 'otc' } });
    const before = configuration(tsystems);
    startd.retire(tsystems);
    expect(configuration(tsystems)['50-member.conf']).toMatch(/\nSTART += False\n/);
    const withoutDigest = (text: string) => text.replace(/^ConfigDigest = .*$/m, '');
    expect(withoutDigest(configuration(tsystems)['50-member.conf'].replace(/START += False\n/, ''))).toBe(withoutDigest(before['50-member.conf']));
    expect(configuration(meyrin)['50-member.conf']).not.toContain('START ');
    expect(Testing.synth(tsystems).filter(({ kind }) => kind === 'DaemonSet')).toEqual(Testing.synth(meyrin).filter(({ kind }) => kind === 'DaemonSet'));
  });

  test('in a federation of late members: they say their name themselves, the others are told', () => {
    const app = new App({ outdir: scratchDirectory() });
    const host = new Cluster(app, 'condor-host');
    const fed = new Federation(app, 'fed', { host, engine: new LateEngine(), lateMembers: true });
    const meyrin = new FederatedCluster(app, 'meyrin', { federation: fed });
    const startd = new StartdFleet(fed, 'startd', { pool: new CondorHost(host, 'condor', { ...HOST, executionClusters: ['meyrin', 'otc-nl'] }) });
    startd.on(meyrin, { attributes: { Datacenter: 'meyrin' } });
    const late = startd.daemonSet.toJson().spec.template.spec.containers[0].env;
    expect(late.pop()).toEqual({ name: 'K8S_CLUSTER_NAME', valueFrom: { configMapKeyRef: { name: 'cluster-identity', key: 'name' } } });
    expect(daemonSet(meyrin).containers[0].env).toEqual(late);
    expect(configuration(meyrin)['50-member.conf']).toContain('STARTD_NAME          = $ENV(K8S_NODE_NAME)@startd.meyrin\n');
    const template = startd.node.findAll().filter(ApiObject.isApiObject).find(({ kind }) => kind === 'ConfigMap')!.toJson();
    expect(template.data['50-member.conf']).toMatchSnapshot();
  });

  test('in a chart: an ordinary DaemonSet of a pool that stands elsewhere', () => {
    const chart = new Chart(Testing.app(), 'site');
    new StartdFleet(chart, 'workers', { pool: CondorPool.fromAttributes({ collectors: ['cm.example.org', 'cm2.example.org:9620'], trustDomain: 'example.org' }) });
    const data = configuration(chart);
    expect(data['50-member.conf']).toMatch(/^COLLECTOR_HOST += cm\.example\.org:9618, cm2\.example\.org:9620$/m);
    expect(data['50-member.conf']).toContain('workers.site');
  });

  test('the talk\'s startd: bare, privileged, on the node\'s network', () => {
    const p = program();
    fleet(p, { runMode: RunMode.CONDOR_STARTD, hostNetwork: true, privileged: true });
    const pod = daemonSet(p.tsystems);
    expect(pod).toMatchObject({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' });
    expect(pod.containers[0].command).toEqual(['/usr/sbin/condor_startd', '-f']);
    expect(pod.containers[0].securityContext.privileged).toBe(true);
    expect(configuration(p.tsystems).condor_config).toMatch(/^USE_SHARED_PORT += False$/m);
    const objects = Testing.synth(p.tsystems);
    expect(find(objects, 'NetworkPolicy')).toBeUndefined();
    expect(find(objects, 'Namespace').metadata.labels['pod-security.kubernetes.io/enforce']).toBe('privileged');
  });

  test('neither privileged nor on the node\'s network unless asked', () => {
    const p = program();
    fleet(p);
    const pod = daemonSet(p.tsystems);
    expect(pod.hostNetwork).toBeUndefined();
    expect(pod.containers[0].securityContext).toMatchObject({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
    expect(find(Testing.synth(p.tsystems), 'Namespace').metadata.labels['pod-security.kubernetes.io/enforce']).toBe('baseline');
  });

  test('pods are replaced only when somebody deletes them', () => {
    const p = program();
    fleet(p);
    expect(find(Testing.synth(p.tsystems), 'DaemonSet').spec.updateStrategy).toEqual({ type: 'OnDelete' });
    expect(Object.keys(find(Testing.synth(p.tsystems), 'DaemonSet').spec.template.metadata.annotations)).toEqual(['cdk8s-hep/config-digest']);
  });

  test('offers the limit, or what the node can allocate, unless it is stated', () => {
    const p = program();
    fleet(p, { resources: { cpu: { limit: Cpu.units(4) }, memory: { limit: Size.gibibytes(8) } } });
    const { condor_config: text } = configuration(p.tsystems);
    expect(text).toMatch(/^NUM_CPUS += \$ENV\(K8S_CPU_LIMIT\)$/m);
    expect(text).toMatch(/^MEMORY += \$ENV\(K8S_MEMORY_LIMIT_MIB\) - 512$/m);
    expect(daemonSet(p.tsystems).containers[0].resources).toEqual({ limits: { cpu: '4', memory: '8192Mi' }, requests: { cpu: '4000m', memory: '8192Mi' } });
  });

  test('a pod of a whole node still fits the node', () => {
    const p = program();
    const startd = fleet(p, { cpus: 8, memory: Size.mebibytes(22500) });
    startd.on(p.tsystems, { cpus: 4 });
    expect(daemonSet(p.meyrin).containers[0].resources.requests).toEqual({ cpu: '6000m', memory: '18000Mi' });
    expect(daemonSet(p.tsystems).containers[0].resources.requests).toEqual({ cpu: '3000m', memory: '18000Mi' });
  });

  test('GPUs', () => {
    const p = program();
    fleet(p, { gpus: 2 });
    expect(daemonSet(p.tsystems).containers[0].resources.limits).toEqual({ 'nvidia.com/gpu': 2 });
    expect(configuration(p.tsystems).condor_config).toContain('use FEATURE:GPUs');
  });

  test('the grace period covers retirement, vacating and killing', () => {
    const p = program();
    fleet(p, { maxJobRetirement: Duration.hours(1), maxVacate: Duration.minutes(5), killingTimeout: Duration.seconds(20) });
    expect(daemonSet(p.tsystems).terminationGracePeriodSeconds).toBe(3600 + 300 + 20 + 120);
  });

  test('nodes, tolerations, priority, pull secrets and a directory of the node', () => {
    const p = program();
    fleet(p, {
      nodeSelector: { pool: 'condor' },
      tolerations: [{ key: 'batch', effect: 'NoSchedule' }, { key: 'a', value: 'b' }],
      priorityClassName: 'low',
      imagePullSecrets: ['registry'],
      executeDirectory: ExecuteDirectory.hostPath('/data/condor'),
      token: { secretName: 'cloud', key: 'jwt' },
    });
    const pod = daemonSet(p.tsystems);
    expect(pod).toMatchObject({
      nodeSelector: { pool: 'condor' },
      tolerations: [{ key: 'batch', operator: 'Exists', effect: 'NoSchedule' }, { key: 'a', operator: 'Equal', value: 'b' }],
      priorityClassName: 'low',
      imagePullSecrets: [{ name: 'registry' }],
    });
    expect(pod.volumes).toContainEqual({ name: 'execute', hostPath: { path: '/data/condor', type: 'DirectoryOrCreate' } });
    expect(pod.volumes).toContainEqual({ name: 'token', secret: { secretName: 'cloud', defaultMode: 0o400, items: [{ key: 'jwt', path: 'token' }] } });
  });

  test('without root, if the team accepts what that means', () => {
    const p = program();
    fleet(p, { rootless: true, acceptJobsReadToken: true });
    expect(daemonSet(p.tsystems).securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 64, fsGroup: 64 });
    expect(find(Testing.synth(p.tsystems), 'Namespace').metadata.labels['pod-security.kubernetes.io/enforce']).toBe('restricted');
  });

  test('in a placement it reaches the members that are selected', () => {
    const p = program();
    const burst = new Placement(p.fed, 'burst', { clusters: ClusterSelector.of(p.tsystems) });
    new StartdFleet(burst, 'cloud', { pool: new CondorHost(p.host, 'condor', HOST) });
    expect(Testing.synth(p.meyrin)).toEqual([]);
    expect(find(Testing.synth(p.tsystems), 'DaemonSet').metadata.name).toBe('cloud');
  });

  test('an override of the fleet is one of its DaemonSet', () => {
    const p = program();
    const startd = fleet(p);
    p.fed.addOverride(startd, ClusterSelector.of(p.tsystems), ...['containers', 'initContainers'].map(containers =>
      JsonPatch.replace(`/spec/template/spec/${containers}/0/image`, 'mirror.example/htcondor:1')));
    expect(startd.daemonSet.kind).toBe('DaemonSet');
    expect(daemonSet(p.tsystems).containers[0].image).toBe('mirror.example/htcondor:1');
    expect(daemonSet(p.meyrin).containers[0].image).toBe('cdk8s-hep/htcondor:23.9.6-trixie');
  });

  test('one wrong property is one problem, in the pool that has it', () => {
    const text = report(({ fed, host }) => {
      new StartdFleet(fed, 'startd', { pool: new CondorHost(host, 'condor', { ...HOST, trustDomain: 'cern ch', uidDomain: 'cern.ch' }) });
    });
    expect(text.split('\n')).toHaveLength(2);
  });

  const inside = { ...HOST, centralManagers: [{ address: 'condor-cm.condor.svc' }] };
  const hidden = { ...HOST, accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch', exposure: ServiceExposure.clusterInternal() }] };
  test.each<[string, Partial<StartdFleetProps>, string]>([
    ['a bad attribute name', { attributes: { 'Data-center': 'x' } }, 'attributes.Data-center'],
    ['a reserved attribute name', { attributes: { TRUE: 1 } }, 'attributes.TRUE'],
    ['an attribute that the startd publishes', { attributes: { TotalCpus: 8 } }, 'attributes.TotalCpus'],
    ['an attribute that is a knob', { attributes: { SPOOL: 'x' } }, 'attributes.SPOOL'],
    ['an attribute twice', { attributes: { Site: 'x', SITE: 'y' } }, 'attributes.SITE'],
    ['an attribute of two lines', { attributes: { Site: 'a\nSTART = True' } }, 'attributes.Site'],
    ['an expression that is none', { start: ClassAdExpression.parse('(TARGET.a') }, 'start'],
    ['no cores', { cpus: 0 }, 'cpus: given 0, allowed: a whole number of cores from 1'],
    ['a part of a core', { cpus: 1.5 }, 'cpus: given 1.5'],
    ['negative cores', { cpus: -8 }, 'cpus: given -8'],
    ['no memory', { memory: Size.mebibytes(0) }, 'memory: given "0 MiB"'],
    ['more cores than the limit', { cpus: 8, resources: { cpu: { limit: Cpu.units(4) } } }, "cpus: given 8, allowed: at most the container's limit"],
    ['more memory than the limit', { memory: Size.gibibytes(8), resources: { memory: { limit: Size.gibibytes(8) } } }, 'memory: given "8192 MiB"'],
    ['a grace period shorter than the retirement', { maxJobRetirement: Duration.hours(24), terminationGracePeriod: Duration.hours(1) },
      'terminationGracePeriod: given "3600 s", allowed: at least 87150 s'],
    ['slots over the machine', { slots: [{ share: 0.7 }, { share: 0.4 }] }, 'slots: given 1.1'],
    ['a rootless fleet whose jobs read the token', { rootless: true }, 'rootless: given true, allowed: only with acceptJobsReadToken'],
    ['a relative execute directory', { executeDirectory: ExecuteDirectory.hostPath('data') }, 'executeDirectory: given "data"'],
    ['a knob of the members', { extraConfig: { STARTD_NAME: 'x' } }, 'extraConfig.STARTD_NAME'],
    ['a cluster name of its own in a federation', { clusterName: 'x' }, 'clusterName: given "x"'],
    ['condor_who beside a master', { liveness: StartdLiveness.CONDOR_WHO }, 'liveness: given "condor_who"'],
    ['a heartbeat that floods', { heartbeat: Duration.seconds(1) }, 'heartbeat: given "1 s"'],
  ])('refuses %s', (_, props, message) => {
    expect(report(p => { fleet(p, props); })).toContain(message);
  });

  test.each([
    ['whose address only resolves inside its cluster', inside],
    ['whose access point is not exposed', hidden],
  ])('refuses a pool in another cluster %s', (_, props) => {
    expect(report(({ fed, host }) => { new StartdFleet(fed, 'startd', { pool: new CondorHost(host, 'condor', props) }); }))
      .toContain('[fed/startd] pool: given');
    expect(report(({ host }) => { new StartdFleet(host, 'startd', { pool: new CondorHost(host, 'condor', props) }); })).toBe('accepted');
  });

  test.each<[string, StartdMemberOptions, string]>([
    ['a bad attribute', { attributes: { 'x y': 1 } }, 'on(tsystems).attributes.x y'],
    ['no cores', { cpus: 0 }, 'on(tsystems).cpus: given 0'],
  ])('refuses for a member %s', (_, options, message) => {
    expect(report(p => { fleet(p).on(p.tsystems, options); })).toContain(message);
  });

  test('refuses options for a member that it does not reach', () => {
    expect(report(p => {
      const burst = new Placement(p.fed, 'burst', { clusters: ClusterSelector.of(p.tsystems) });
      new StartdFleet(burst, 'cloud', { pool: new CondorHost(p.host, 'condor', HOST) }).on(p.meyrin, { cpus: 1 });
    })).toContain('on: given "meyrin", allowed: members that the fleet reaches: tsystems');
  });

  test('refuses two fleets that offer one node twice', () => {
    const both = (one: Partial<StartdFleetProps>, other: Partial<StartdFleetProps>) => report(p => { fleet(p, one, 'a'); fleet(p, other, 'b'); });
    expect(both({}, {})).toContain('the fleets fed/a and fed/b may run on the same nodes');
    expect(both({ nodeSelector: { kind: 'cpu' } }, { nodeSelector: { kind: 'gpu' } })).toBe('accepted');
    const half = { cpus: 4, memory: Size.gibibytes(8) };
    expect(both(half, half)).toBe('accepted');
  });
});

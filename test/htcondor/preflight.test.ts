import { spawnSync } from 'child_process';
import { App, Chart, Duration, JsonPatch, Testing } from 'cdk8s';
import {
  Cluster, ClusterSelector, CondorHost, CondorHostProps, CondorImage, CondorPool, FederatedCluster, Federation, FederationEngine, ManifestsEngine,
  Placement, ServiceExposure, StartdFleet, StartdFleetProps,
} from '../../src';
import { PoolPreflight, PoolPreflightProps } from '../../src/htcondor/preflight';
import { scratchDirectory } from '../scratch';
import { objectOf, report } from '../synth';

const HOST: CondorHostProps = {
  trustDomain: 'cern.ch',
  centralManagers: [{ address: 'condor.cern.ch' }],
  accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }, { name: 'ap2', address: '192.0.2.7', port: 9700 }],
  image: CondorImage.debian(),
};

interface Program {
  readonly app: App;
  readonly host: Cluster;
  readonly fed: Federation;
  readonly meyrin: FederatedCluster;
  readonly tsystems: FederatedCluster;
}

function program(engine?: FederationEngine): Program {
  const app = new App({ outdir: scratchDirectory() });
  const host = new Cluster(app, 'condor-host');
  const fed = new Federation(app, 'fed', { host, engine, lateMembers: engine?._admitsLateMembers });
  return {
    app,
    host,
    fed,
    meyrin: new FederatedCluster(app, 'meyrin', { federation: fed }),
    tsystems: new FederatedCluster(app, 'tsystems', { federation: fed }),
  };
}

const fleet = (p: Program, props: Partial<StartdFleetProps> = {}) =>
  new StartdFleet(p.fed, 'startd', { pool: new CondorHost(p.host, 'condor', HOST), ...props });

/** A program with a fleet and its preflight, in two members. */
function preflight(props: Partial<PoolPreflightProps> = {}, ofFleet: Partial<StartdFleetProps> = {}): Program & { preflight: PoolPreflight } {
  const p = program();
  return { ...p, preflight: new PoolPreflight(p.fed, 'preflight', { fleet: fleet(p, ofFleet), ...props }) };
}

const find = (chart: Chart, kind: string, name: RegExp = /^preflight/) => objectOf(chart, kind, name);
const jobOf = (chart: Chart) => find(chart, 'Job');
const podOf = (chart: Chart) => jobOf(chart).spec.template.spec;
const filesOf = (chart: Chart) => find(chart, 'ConfigMap').data;

/** What a synth complains of once a program has more in it. */
function reportOf(build: (p: Program) => void): string {
  const p = program();
  build(p);
  return report(p);
}

describe('PoolPreflight', () => {
  test('in a federation: a Job in each member', () => {
    const { meyrin, tsystems } = preflight();
    const labels = { 'app.kubernetes.io/name': 'htcondor', 'app.kubernetes.io/instance': 'preflight', 'app.kubernetes.io/component': 'preflight' };
    const job = jobOf(tsystems);
    expect(job).toEqual({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: expect.stringMatching(/^preflight-[0-9a-f]{8}$/), namespace: 'condor', labels },
      spec: {
        backoffLimit: 0,
        activeDeadlineSeconds: 600 + 3 * (5 * (2 * 3 + 2 * 4) + 3),
        ttlSecondsAfterFinished: 86400,
        template: {
          metadata: { labels, annotations: { 'cdk8s-hep/config-digest': expect.stringMatching(/^[0-9a-f]{8}$/) } },
          spec: {
            restartPolicy: 'Never',
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            dnsConfig: { options: [{ name: 'ndots', value: '1' }, { name: 'timeout', value: '1' }, { name: 'attempts', value: '2' }] },
            securityContext: { runAsNonRoot: true, runAsUser: 64, runAsGroup: 64, fsGroup: 64, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [{
              name: 'preflight',
              image: 'cdk8s-hep/htcondor:23.9.6-trixie',
              command: ['/bin/bash', '/etc/condor-pool/preflight'],
              env: [
                { name: 'CONDOR_CONFIG', value: '/etc/condor-pool/condor_config' },
                { name: 'MAX_CLOCK_SKEW', value: '60' },
                { name: 'TIMEOUT', value: '5' },
                { name: 'NAMESPACE', value: 'condor' },
                { name: 'TOKEN_SECRET', value: 'startd-token' },
                { name: 'TOKEN_KEY', value: 'token' },
                { name: 'MESSAGE', value: '/dev/termination-log' },
                { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
              ],
              securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
              resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '128Mi' } },
              terminationMessagePath: '/dev/termination-log',
              volumeMounts: [
                { name: 'config', mountPath: '/etc/condor-pool', readOnly: true },
                { name: 'token', mountPath: '/secrets/token', readOnly: true },
                { name: 'tmp', mountPath: '/tmp' },
              ],
            }],
            volumes: [
              { name: 'config', configMap: { name: 'preflight' } },
              { name: 'token', secret: { secretName: 'startd-token', optional: true, defaultMode: 0o440, items: [{ key: 'token', path: 'token' }] } },
              { name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
            ],
          },
        },
      },
    });
    expect(jobOf(meyrin)).toEqual(job);
    expect(find(tsystems, 'NetworkPolicy').spec).not.toHaveProperty('ingress');
    expect(find(tsystems, 'NetworkPolicy')).toMatchObject({
      metadata: { name: 'preflight', namespace: 'condor' },
      spec: {
        podSelector: { matchLabels: { 'app.kubernetes.io/name': 'htcondor', 'app.kubernetes.io/instance': 'preflight' } },
        policyTypes: ['Ingress', 'Egress'],
        egress: find(tsystems, 'NetworkPolicy', /^startd$/).spec.egress,
      },
    });
  });

  test('what it checks: the addresses of all servers, with their ports, and the name of each member', () => {
    const { meyrin, tsystems } = preflight();
    const { condor_config: configuration, ...files } = filesOf(tsystems);
    expect(files).toEqual({
      addresses: [
        'condor.cern.ch:9618 condor.cern.ch 9618 the central manager',
        'ap1.cern.ch:9618 ap1.cern.ch 9618 an access point',
        '192.0.2.7:9700 192.0.2.7 9700 an access point',
        '',
      ].join('\n'),
      cluster: 'tsystems',
      preflight: expect.stringMatching(/^#!\/bin\/bash\n/),
    });
    expect(configuration).toMatch(/^COLLECTOR_HOST += condor\.cern\.ch:9618\?sock=\S*\$ENV\(K8S_CLUSTER_NAME\)$/m);
    expect(configuration).toMatch(/^PREFLIGHT_IDENTITY += startd-\$ENV\(K8S_CLUSTER_NAME\)@cern\.ch$/m);
    expect(configuration).toMatch(/^SEC_DEFAULT_AUTHENTICATION += REQUIRED$/m);
    expect(filesOf(meyrin)).toEqual({ ...filesOf(tsystems), cluster: 'meyrin' });
  });

  test('the script is Bash, and no value of a program is in it', () => {
    const { tsystems } = preflight({ accessPoints: ['ap9.cern.ch'] });
    const { preflight: script } = filesOf(tsystems);
    expect(spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    expect(script).not.toMatch(/cern|tsystems/);
  });

  test('runs where the fleet runs, with its token, image and patches, and never privileged', () => {
    const p = program();
    const { tsystems } = p;
    const startd = fleet(p, {
      hostNetwork: true,
      privileged: true,
      nodeSelector: { pool: 'condor' },
      tolerations: [{ key: 'batch' }],
      imagePullSecrets: ['registry'],
      priorityClassName: 'high',
      token: { secretName: 'cloud', key: 'jwt' },
      image: CondorImage.debian('registry.example/htcondor:1'),
      namespace: 'batch',
    });
    new PoolPreflight(p.fed, 'preflight', { fleet: startd });
    startd.daemonSet.addJsonPatch(JsonPatch.add('/spec/template/spec/hostAliases', [{ ip: '192.0.2.1', hostnames: ['condor.cern.ch'] }]));
    const pod = podOf(tsystems);
    expect(pod).toMatchObject({
      hostNetwork: true,
      dnsPolicy: 'ClusterFirstWithHostNet',
      nodeSelector: { pool: 'condor' },
      tolerations: [{ key: 'batch', operator: 'Exists' }],
      imagePullSecrets: [{ name: 'registry' }],
      hostAliases: [{ ip: '192.0.2.1', hostnames: ['condor.cern.ch'] }],
    });
    expect(pod.priorityClassName).toBeUndefined();
    const [{ image, securityContext }] = pod.containers;
    expect(image).toBe('registry.example/htcondor:1');
    expect(securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
    expect(pod.volumes[1].secret).toMatchObject({ secretName: 'cloud', items: [{ key: 'jwt', path: 'token' }] });
    expect(jobOf(tsystems).metadata.namespace).toBe('batch');
    expect(find(tsystems, 'NetworkPolicy')).toBeUndefined();
  });

  test.each([['without root', { rootless: true, acceptJobsReadToken: true }], ['with root', {}]])('finds the token of a fleet %s', (_, ofFleet) => {
    const { tsystems } = preflight({}, ofFleet);
    expect(podOf(tsystems).volumes[1].secret).toMatchObject({ secretName: 'startd-token', items: [{ key: 'token', path: 'token' }] });
  });

  describe('the name of the Job', () => {
    type Change = (p: ReturnType<typeof preflight>) => void;
    const nameAfter = (props: Partial<PoolPreflightProps> = {}, ofFleet: Partial<StartdFleetProps> = {}, change?: Change) => {
      const p = preflight(props, ofFleet);
      change?.(p);
      return jobOf(p.tsystems).metadata.name;
    };
    const image = CondorImage.debian('registry.example/htcondor:1');
    const patch = JsonPatch.replace('/spec/backoffLimit', 1);

    test('stays while what it runs stays', () => {
      expect(nameAfter()).toBe(nameAfter());
      expect(nameAfter({ maxClockSkew: Duration.seconds(60) }, { attributes: { HasMPI: true } })).toBe(nameAfter());
    });

    test.each<[string, () => string]>([
      ['what is demanded', () => nameAfter({ maxClockSkew: Duration.seconds(10) })],
      ['an address', () => nameAfter({ accessPoints: ['ap9.cern.ch'] })],
      ['the image', () => nameAfter({}, { image })],
      ['the nodes', () => nameAfter({}, { nodeSelector: { pool: 'condor' } })],
      ['a patch of the Job', () => nameAfter({}, {}, ({ preflight: { job } }) => job.addJsonPatch(patch))],
      ['an override for a member', () => nameAfter({}, {}, p => p.fed.addOverride(p.preflight, ClusterSelector.of(p.tsystems), patch))],
      ['an override of the Job', () => nameAfter({}, {}, p => p.fed.addOverride(p.preflight.job, ClusterSelector.of(p.tsystems), patch))],
    ])('is another with %s', (_, name) => {
      expect(name()).toMatch(/^preflight-[0-9a-f]{8}$/);
      expect(name()).not.toBe(nameAfter());
    });

    test('is another when an override moves to another member', () => {
      const overridden = (member: 'meyrin' | 'tsystems') =>
        nameAfter({}, {}, p => p.fed.addOverride(p.preflight, ClusterSelector.of(p[member]), patch));
      expect(overridden('meyrin')).not.toBe(overridden('tsystems'));
    });
  });

  test('in a placement, and on a member that the fleet does not reach: the pool gets a collector for it', () => {
    const p = program();
    const own = new Placement(p.fed, 'own', { clusters: ClusterSelector.of(p.meyrin) });
    const startd = new StartdFleet(own, 'startd', { pool: new CondorHost(p.host, 'condor', HOST) });
    const daemons = () => /^DAEMON_LIST += (.*)$/m.exec(find(p.host, 'ConfigMap', /^condor-cm$/).data.condor_config)![1];
    new PoolPreflight(own, 'preflight', { fleet: startd });
    expect(jobOf(p.tsystems)).toBeUndefined();
    expect(daemons()).not.toContain('MEMBER_TSYSTEMS_COLLECTOR');
    new PoolPreflight(p.tsystems, 'preflight', { fleet: startd });
    expect(daemons()).toContain('MEMBER_TSYSTEMS_COLLECTOR');
    expect(filesOf(p.tsystems).cluster).toBe('tsystems');
    expect(filesOf(p.meyrin).cluster).toBe('meyrin');
    expect(jobOf(p.tsystems)).toEqual(jobOf(p.meyrin));
    expect(find(p.tsystems, 'Namespace', /^condor$/).metadata.labels['pod-security.kubernetes.io/enforce']).toBe('restricted');
  });

  test('in a chart: a pool that stands elsewhere', () => {
    const chart = new Chart(Testing.app(), 'site');
    const pool = CondorPool.fromAttributes({ collectors: ['cm.example.org', '[2001:db8::1]:9620'], trustDomain: 'example.org' });
    const startd = new StartdFleet(chart, 'workers', { pool, clusterName: 'desy' });
    new PoolPreflight(chart, 'preflight', { fleet: startd, accessPoints: ['ap.example.org'] });
    expect(filesOf(chart)).toMatchObject({
      cluster: 'desy',
      addresses: [
        'cm.example.org:9618 cm.example.org 9618 a central manager',
        '[2001:db8::1]:9620 2001:db8::1 9620 a central manager',
        'ap.example.org:9618 ap.example.org 9618 an access point',
        '',
      ].join('\n'),
    });
    expect(filesOf(chart).condor_config).toMatch(/^COLLECTOR_HOST += cm\.example\.org:9618, \[2001:db8::1\]:9620$/m);
  });

  test('a cluster that joins later is asked for its name', () => {
    class Late extends ManifestsEngine {
      public get _admitsLateMembers(): boolean { return true; }
    }
    const p = program(new Late());
    new PoolPreflight(p.fed, 'preflight', { fleet: fleet(p) });
    expect(podOf(p.tsystems).containers[0].env).toContainEqual(
      { name: 'K8S_CLUSTER_NAME', valueFrom: { configMapKeyRef: { name: 'cluster-identity', key: 'name', optional: true } } });
    expect(filesOf(p.tsystems).cluster).toBe('tsystems');
  });

  test.each<[string, Partial<PoolPreflightProps>, string]>([
    ['a timeout of nothing', { timeout: Duration.seconds(0) }, '[fed/preflight] timeout: given "0 s", allowed: whole seconds from 1 to 60 s'],
    ['a timeout that is too long', { timeout: Duration.minutes(2) }, 'timeout: given "120 s", allowed: whole seconds from 1 to 60 s'],
    ['a part of a second', { timeout: Duration.millis(1500) }, 'timeout: given "1.5 s", allowed: whole seconds from 1 to 60 s'],
    ['clocks that may be anything', { maxClockSkew: Duration.hours(2) }, 'maxClockSkew: given "7200 s", allowed: whole seconds from 1 to 3600 s'],
    ['clocks that must be equal', { maxClockSkew: Duration.seconds(0) }, 'maxClockSkew: given "0 s", allowed: whole seconds from 1 to 3600 s'],
    ['a Job that nobody can read', { ttlAfterFinished: Duration.seconds(0) }, 'ttlAfterFinished: given "0 s", allowed: whole seconds from 60 s on'],
    ['an address that is a command', { accessPoints: ['$(reboot).cern.ch'] },
      'accessPoints: given "$(reboot).cern.ch:9618", allowed: host or host:port, with a host name or an IP address (IPv6 as [address]:port)'],
    ['an address of two lines', { accessPoints: ['a.b\nc.d 22'] }, 'accessPoints: given "a.b\\nc.d 22:9618", allowed: host or host:port'],
    ['a port that is none', { accessPoints: ['a.b:70000'] }, 'accessPoints: given "a.b:70000", allowed: host or host:port'],
  ])('refuses %s', (_, props, message) => {
    expect(reportOf(p => { new PoolPreflight(p.fed, 'preflight', { fleet: fleet(p), ...props }); })).toContain(message);
  });

  test('refuses a name that is no DNS label', () => {
    expect(reportOf(p => { new PoolPreflight(p.fed, 'pre_flight', { fleet: fleet(p) }); }))
      .toContain('[fed/pre_flight] id: given "pre_flight", allowed: a DNS label of at most 40 characters');
  });

  test('refuses a pool that is not reachable from outside, on a member too', () => {
    const exposure = ServiceExposure.clusterInternal();
    const message = 'fleet: given "condor.cern.ch:9618", allowed: a fleet of a pool whose central managers and access points have addresses '
      + 'that other clusters resolve, and an exposure that lets them in';
    const inside = (p: Program) => new CondorHost(p.host, 'condor', { ...HOST, centralManagers: [{ address: 'condor.cern.ch', exposure }] });
    expect(reportOf(p => {
      new PoolPreflight(p.fed, 'preflight', { fleet: new StartdFleet(p.fed, 'startd', { pool: inside(p) }) });
    })).toContain(`[fed/preflight] ${message}`);
    expect(reportOf(p => {
      new PoolPreflight(p.tsystems, 'preflight', { fleet: new StartdFleet(p.host, 'startd', { pool: inside(p) }) });
    })).toContain(`[tsystems/preflight] ${message}`);
    expect(reportOf(p => {
      new PoolPreflight(p.host, 'preflight', { fleet: new StartdFleet(p.host, 'startd', { pool: inside(p) }) });
    })).toBe('accepted');
  });
});

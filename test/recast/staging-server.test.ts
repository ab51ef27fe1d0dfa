import { spawnSync } from 'child_process';
import { App, Chart, Size, Testing } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-27';
import {
  Cluster, Federation, FirewallRules, RequiredSecrets, ServiceExposure, StagingServer, StagingServerProps, StepBackend, WorkflowStorage, YadageEngine,
  YadageEngineProps,
} from '../../src';
import { scratchDirectory } from '../scratch';
import { objectOf, report } from '../synth';

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

function program(props: Partial<StagingServerProps> = {}, ofEngine: Partial<YadageEngineProps> = {}) {
  const app = new App({ outdir: scratchDirectory() });
  const chart = new Chart(app, 'cern');
  const engine = new YadageEngine(chart, 'engine', { image: 'registry.example/yadage:1', storage: WorkflowStorage.newClaim(), ...ofEngine });
  const staging = new StagingServer(chart, 'staging', { engine, address: 'staging.cern.ch', ...props });
  return { app, chart, engine, staging };
}

const podOf = (chart: Chart) => objectOf(chart, 'Deployment', 'wflow-staging').spec.template.spec;
const mountsOf = (chart: Chart) => {
  const { initContainers: [prepare], containers: [nginx] } = podOf(chart);
  return [prepare, nginx].map(({ volumeMounts: [{ subPath, mountPath }] }) => [mountPath, subPath]);
};

describe('the staging server', () => {
  test('all of its objects, and nothing else', () => {
    expect(Testing.synth(program().chart).filter(({ metadata: { name } }) => name === 'wflow-staging')).toMatchSnapshot();
    const { app, chart, engine } = program();
    const without = new Chart(app, 'without');
    new YadageEngine(without, 'engine', engine._props);
    expect(Testing.synth(chart).filter(({ metadata: { name } }) => name !== 'wflow-staging')).toEqual(Testing.synth(without));
  });

  test('the same program gives the same bytes', () => {
    expect(JSON.stringify(Testing.synth(program().chart))).toBe(JSON.stringify(Testing.synth(program().chart)));
  });

  test('it takes what it is given', () => {
    const { chart, engine, staging } = program({
      port: 31443,
      exposure: ServiceExposure.nodePort(),
      tlsSecretName: 'staging-certificate',
      caBundle: PEM,
      image: 'registry.example/staging:1',
      resources: { cpu: { request: Cpu.millis(300) }, memory: { request: Size.mebibytes(256), limit: Size.gibibytes(1) } },
      replicas: 1,
      nodeSelector: { pool: 'services' },
      networkPolicies: false,
      imagePullSecrets: ['login'],
    }, { namespace: 'analysis', user: 2000 });
    expect(objectOf(chart, 'Service', 'wflow-staging')).toMatchObject({
      metadata: { namespace: 'analysis' }, spec: { type: 'NodePort', ports: [{ name: 'https', port: 31443, targetPort: 8443, nodePort: 31443 }] },
    });
    const { spec } = objectOf(chart, 'Deployment', 'wflow-staging');
    expect(spec.replicas).toBe(1);
    expect(spec.template.spec).toMatchObject({ nodeSelector: { pool: 'services' }, imagePullSecrets: [{ name: 'login' }], securityContext: { runAsUser: 2000, fsGroup: 2000 } });
    for (const container of [...spec.template.spec.initContainers, ...spec.template.spec.containers]) {
      expect(container).toMatchObject({ image: 'registry.example/staging:1', resources: { requests: { cpu: '300m', memory: '256Mi' }, limits: { memory: '1024Mi' } } });
    }
    expect(spec.template.spec.volumes).toContainEqual({ name: 'certificate', secret: { secretName: 'staging-certificate', defaultMode: 0o440 } });
    for (const kind of ['NetworkPolicy', 'PodDisruptionBudget']) { expect(objectOf(chart, kind, 'wflow-staging')).toBeUndefined(); }
    expect([staging.address, staging.port, staging.url, staging.caBundle, staging.namespace, staging.deployment.name]).toEqual(
      ['staging.cern.ch', 31443, 'https://staging.cern.ch:31443', PEM, 'analysis', 'wflow-staging']);
    expect(staging.engine).toBe(engine);
  });

  test.each<[string, Partial<StagingServerProps>, string, string | undefined]>([
    ['a name', {}, 'https://staging.cern.ch:8443', 'staging.cern.ch'],
    ['the port of HTTPS', { port: 443 }, 'https://staging.cern.ch', 'staging.cern.ch'],
    ['an IPv4 address', { address: '192.0.2.1' }, 'https://192.0.2.1:8443', undefined],
    ['an IPv6 address', { address: '2001:db8::1', port: 9443 }, 'https://[2001:db8::1]:9443', undefined],
    ['a name, with its provider\'s settings', { exposure: ServiceExposure.loadBalancer({ annotations: { a: 'b' }, sourceRanges: ['192.0.2.0/24'] }) }, 'https://staging.cern.ch:8443',
      'staging.cern.ch'],
  ])('at %s', (_, props, url, hostname) => {
    const { chart, staging } = program(props);
    expect(staging.url).toBe(url);
    const { metadata: { annotations }, spec: { ports: [port] } } = objectOf(chart, 'Service', 'wflow-staging');
    expect(annotations?.['external-dns.alpha.kubernetes.io/hostname']).toBe(hostname);
    expect(port).toEqual({ name: 'https', protocol: 'TCP', port: staging.port, targetPort: 8443 });
    expect(report({ app: staging.node.root as App })).toBe('accepted');
  });

  test('it sees one directory of the engines\' volume, wherever that is', () => {
    expect(mountsOf(program().chart)).toEqual([['/volume', undefined], ['/staging', '.staging']]);
    expect(mountsOf(program({}, { storage: WorkflowStorage.claim('shared', 'data/recast') }).chart)).toEqual([['/volume', 'data/recast'], ['/staging', 'data/recast/.staging']]);
    const { chart } = program({}, { storage: WorkflowStorage.hostPath('/data/recast') });
    expect(mountsOf(chart)).toEqual([['/volume', undefined], ['/staging', '.staging']]);
    expect(podOf(chart).volumes[0]).toEqual({ name: 'data', hostPath: { path: '/data/recast', type: 'Directory' } });
    expect(objectOf(chart, 'Namespace', 'recast').metadata.labels['pod-security.kubernetes.io/enforce']).toBe('privileged');
    expect(objectOf(program().chart, 'Namespace', 'recast').metadata.labels['pod-security.kubernetes.io/enforce']).toBe('restricted');
  });

  test('what prepares the directory is well made', () => {
    const [, , script] = podOf(program().chart).initContainers[0].command;
    expect(spawnSync('sh', ['-n'], { input: script }).status).toBe(0);
  });

  test('its Secret is among those that are required, its image and its callers among what firewalls let pass', () => {
    const app = new App({ outdir: scratchDirectory() });
    const cluster = new Cluster(app, 'cern');
    const engine = new YadageEngine(cluster, 'engine', { image: 'registry.example/yadage:1', storage: WorkflowStorage.newClaim() });
    const staging = new StagingServer(cluster, 'staging', { engine, address: 'staging.cern.ch' });
    expect(RequiredSecrets.of(app).secrets).toEqual([{ cluster: 'cern', secret: 'recast/wflow-staging-tls', neededBy: ['Deployment/wflow-staging'] }]);
    const rules = () => FirewallRules.of(app).rules.map(({ from, to, address, port }) => [from, to, address, port]);
    expect(rules()).toEqual([['cern', undefined, 'registry.example', 443], ['cern', undefined, 'registry-1.docker.io', 443]]);
    staging._serves(() => ['tsystems', 'cern']);
    expect(rules()).toContainEqual(['tsystems', 'cern', 'staging.cern.ch', 8443]);
    expect(rules()).toHaveLength(3);
  });
});

describe('refused', () => {
  test.each<[string, Partial<StagingServerProps>, string[]]>([
    ['all at once', {
      address: 'https://staging.cern.ch',
      port: 0,
      tlsSecretName: 'A',
      caBundle: 'none',
      image: '?',
      replicas: 0,
      imagePullSecrets: ['B'],
      exposure: ServiceExposure.clusterInternal(),
    }, ['address: given', 'port: given 0', 'tlsSecretName: given "A"', 'caBundle: given "none"', 'image: given "?"', 'replicas: given 0', 'imagePullSecrets: given "B"',
      'exposure: given "ClusterIP"']],
    ['an address with a port', { address: 'staging.cern.ch:8443' }, ['address: given "staging.cern.ch:8443", allowed: a host name or an IP address, without a port']],
    ['a Service\'s name', { address: 'wflow-staging.recast.svc' }, ['address: given "wflow-staging.recast.svc", allowed: a host name or an IP address that other clusters reach']],
    ['this machine', { address: '127.0.0.1' }, ['address: given "127.0.0.1"']],
    ['a name without a domain', { address: 'staging' }, ['address: given "staging"']],
    ['a part of a port, and of a pod', { port: 8443.5, replicas: 1.5 }, ['port: given 8443.5', 'replicas: given 1.5']],
    ['a port that no node has', { exposure: ServiceExposure.nodePort() }, ['port: given 8443, allowed: a port from 30000 to 32767']],
    ['networks that are none', { exposure: ServiceExposure.loadBalancer({ sourceRanges: ['cern'] }) }, ['exposure.sourceRanges: given "cern"']],
  ])('%s', (_, props, problems) => {
    const said = report(program(props));
    for (const problem of problems) { expect(said).toContain(problem); }
  });

  test('an engine whose steps run nowhere else', () => {
    expect(report(program({}, { backend: StepBackend.KUBE_DIRECT_JOB, steps: { root: true } }))).toContain('engine: given "kubedirectjob", allowed: one with StepBackend.SHARED_STATE_KUBE');
  });

  test('an engine of another chart, and a place in a federation', () => {
    const { app, engine } = program();
    const host = new Cluster(app, 'host');
    new StagingServer(host, 'staging', { engine, address: 'staging.cern.ch' });
    const federation = new Federation(app, 'fed', { host });
    new StagingServer(federation, 'staging', { engine, address: 'staging.cern.ch' });
    const said = report({ app });
    expect(said).toContain('engine: given "cern/engine", allowed: one of the same chart, host');
    expect(said).toContain('scope: given "fed/staging"');
  });
});

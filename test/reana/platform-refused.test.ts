import { App, Duration, Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-27';
import { Options, platform, report } from './platform-program';
import {
  Cluster, FederatedCluster, Federation, ReanaCache, ReanaComputeBackend, ReanaDatabase, ReanaMessageBroker, ReanaPlatform, ReanaReadinessCheck,
  ReanaStorage,
} from '../../src';
import { scratchDirectory } from '../scratch';

describe('what is refused', () => {
  test.each<[string, Options, string]>([
    ['a prefix that is too long', { prefix: 'reana-at-cern-1' }, 'prefix: given "reana-at-cern-1"'],
    ['a host name that is none', { hostname: 'https://reana.cern.ch' }, 'hostname: given "https://reana.cern.ch"'],
    ['a port that is none', { hostPort: 0 }, 'hostPort: given 0'],
    ['a namespace that is none', { namespace: 'Reana' }, 'namespace: given "Reana"'],
    ['a runtime namespace that is none', { runtimeNamespace: 'a.b', storage: ReanaStorage.existingClaim() }, 'runtimeNamespace: given "a.b"'],
    ['a claim of one namespace for two', { runtimeNamespace: 'analyses' }, 'runtimeNamespace: given "analyses"'],
    ['root\'s group for the volume', { fsGroup: { gid: 0 } }, 'fsGroup.gid: given 0'],
    ['a workspace in the volume', { workspacePaths: [{ hostPath: '/mnt/var/reana/x' }] }, 'workspacePaths[0].mountPath: given "/mnt/var/reana/x"'],
    ['a place for workspaces that begins as another', { workspacePaths: [{ hostPath: '/a' }, { hostPath: '/ab' }] }, 'workspacePaths[1].mountPath: given "/ab"'],
    ['a place for workspaces twice', { workspacePaths: [{ hostPath: '/a' }, { hostPath: '/a', mountPath: '/b' }] }, 'workspacePaths[1].hostPath: given "/a"'],
    ['a place around the volume', { workspacePaths: [{ hostPath: '/var' }] }, 'workspacePaths[0].mountPath: given "/var"'],
    ['a directory that is none', { jobs: { hostPaths: [{ hostPath: 'data' }] } }, 'jobs.hostPaths[0].hostPath: given "data"'],
    ['two directories at one place', { jobs: { hostPaths: [{ hostPath: '/a' }, { hostPath: '/b', mountPath: '/a' }] } }, 'jobs.hostPaths[1].mountPath: given "/a"'],
    ['a colon in a path', { workspacePaths: [{ hostPath: '/a:/b' }] }, 'workspacePaths[0].hostPath: given "/a:/b"'],
    ['several servers without shared storage', { storage: ReanaStorage.hostPath(), server: { replicas: 2 } }, 'server.replicas: given 2'],
    ['several controllers without shared storage', { storage: ReanaStorage.hostPath(), workflowController: { replicas: 2 } }, 'workflowController.replicas: given 2'],
    ['no server', { server: { replicas: 0 } }, 'server.replicas: given 0'],
    ['no process', { server: { processes: 0 } }, 'server.processes: given 0'],
    ['half a thread', { workflowController: { threads: 0.5 } }, 'workflowController.threads: given 0.5'],
    ['an unknown compute backend', { computeBackends: ['slurm' as ReanaComputeBackend] }, 'computeBackends: given "slurm", allowed: kubernetes, htcondorcern'],
    ['no compute backend', { computeBackends: [] }, 'computeBackends: given []'],
    ['an image without a tag', { images: { yadage: 'reanahub/reana-workflow-engine-yadage' } }, 'images.yadage: given'],
    ['memory above its maximum', { jobs: { memoryLimit: Size.gibibytes(8), maxMemoryLimit: Size.gibibytes(4) } }, 'jobs.memoryLimit: given "8192 MiB", allowed: at most maxMemoryLimit, which is 4096 MiB'],
    ['a request above its limit', { jobs: { cpuRequest: Cpu.units(2), cpuLimit: Cpu.millis(500) } }, 'jobs.cpuRequest: given "2000m"'],
    ['a timeout above its maximum', { jobs: { timeout: Duration.days(30) } }, 'jobs.timeout: given'],
    ['half a second', { jobs: { timeout: Duration.millis(500) } }, 'jobs.timeout: given "0.5 s"'],
    ['no pause', { scheduling: { requeueAfter: Duration.millis(1500) } }, 'scheduling.requeueAfter: given "1.5 s"'],
    ['steps that are root', { jobs: { minUid: 0 } }, 'jobs.minUid: given 0'],
    ['a session that is not vetted', { vettedImages: ['python:3.12'] }, 'sessions.jupyterImages: given "quay.io/jupyter/scipy-notebook:notebook-7.2.2"'],
    ['any session beside vetted images', { vettedImages: ['a:1'], sessions: { jupyterImages: [{ name: 'a', image: 'a:1' }], customImages: true } }, 'sessions.customImages: given true'],
    ['nothing that is vetted', { vettedImages: [] }, 'vettedImages: given []'],
    ['no session image', { sessions: { jupyterImages: [] } }, 'sessions.jupyterImages: given []'],
    ['half a day of inactivity', { sessions: { maxInactivity: Duration.hours(12) } }, 'sessions.maxInactivity: given "0.5 days"'],
    ['a clean-up of sessions that are not found', { prefix: 'recast', sessions: { maxInactivity: Duration.days(1) } }, 'sessions.maxInactivity: given "1 day"'],
    ['Dask under another prefix', { prefix: 'recast', dask: {} }, 'dask: given {}'],
    ['more workers than at most', { dask: { workers: 30 } }, 'dask.workers: given 30'],
    ['a longest time below the usual one', { specValidation: { maxTimeout: Duration.seconds(30) } }, 'specValidation.maxTimeout: given "30 s", allowed: at least timeout, which is 60 s'],
    ['half a second for specifications', { specValidation: { timeout: Duration.millis(500) } }, 'specValidation.timeout: given "0.5 s"'],
    ['no room for specifications', { specValidation: { ephemeralStorageLimit: Size.mebibytes(64) } }, 'specValidation.ephemeralStorageLimit: given "64Mi"'],
    ['specifications without a file', { specValidation: { maxFiles: 0 } }, 'specValidation.maxFiles: given 0'],
    ['a network that is none', { specValidation: { blockedNetworks: ['10.0.0.0'] } }, 'specValidation.blockedNetworks: given "10.0.0.0"'],
    ['a name server by its name', { specValidation: { nameServers: ['dns.cern.ch'] } }, 'specValidation.nameServers: given "dns.cern.ch"'],
    ['an OpenSearch by its URL', { openSearch: { host: 'https://os.cern.ch' } }, 'openSearch.host: given "https://os.cern.ch"'],
    ['a port of OpenSearch that is none', { openSearch: { host: 'os', port: 0 } }, 'openSearch.port: given 0'],
    ['an authority for nothing', { openSearch: { host: 'os', tls: false, caCertificate: { secretName: 'ca' } } }, 'openSearch.caCertificate: given {"secretName":"ca"}'],
    ['a path with a question', { openSearch: { host: 'os', urlPrefix: '/os?pretty' } }, 'openSearch.urlPrefix: given "/os?pretty"'],
    ['an operator of Dask nowhere', { dask: { operatorNamespace: 'a.b' } }, 'dask.operatorNamespace: given "a.b"'],
    ['no workflow at a time', { scheduling: { maxConcurrentWorkflows: 0 } }, 'scheduling.maxConcurrentWorkflows: given 0'],
    ['a check of nodes that are not listed', { readsNodes: false, scheduling: { readinessCheck: ReanaReadinessCheck.ALL } }, 'scheduling.readinessCheck: given "9"'],
    ['two labels for one kind of node', { placement: { jobs: { a: 'b', c: 'd' } } }, 'placement.jobs: given {"a":"b","c":"d"}'],
    ['a label that is none', { placement: { infrastructure: { a: 'b/c' } } }, 'placement.infrastructure.a: given "b/c"'],
    ['no month', { quotas: { cpuPeriodMonths: 0 } }, 'quotas.cpuPeriodMonths: given 0'],
    ['something else to count', { quotas: { countedAtTermination: 'memory' } }, 'quotas.countedAtTermination: given "memory"'],
    ['a schedule that is none', { quotas: { schedule: 'daily' } }, 'quotas.schedule: given "daily"'],
    ['half a day of retention', { retention: { period: Duration.hours(12) } }, 'retention.period: given "0.5 days"'],
    ['mail to nobody', { notifications: { receiver: 'admins', sender: 'reana@cern.ch', smtpServer: 'smtp.cern.ch' } }, 'notifications.receiver: given "admins"'],
    ['no mail server', { notifications: { receiver: 'a@b', sender: 'a@b', smtpServer: 'smtp:25', smtpPort: 70000 } }, 'notifications.smtpPort: given 70000'],
    ['tokens for everybody', { login: { automaticTokens: true } }, 'login.automaticTokens: given true'],
    ['login of nobody', { login: { localUsers: false } }, 'login.localUsers: given false'],
    ['passwords in the clear', { login: { keycloak: { name: 'k', title: 'K', baseUrl: 'http://k', realmUrl: 'https://k/realms/r' } } }, 'login.keycloak.baseUrl: given "http://k"'],
    ['no KDC', { kerberos: { realm: 'CERN.CH', kdcs: [] } }, 'kerberos.kdcs: given []'],
    ['a realm that is none', { kerberos: { realm: 'CERN CH', kdcs: ['a'] } }, 'kerberos.realm: given "CERN CH"'],
    ['one queue for engines and steps', { kueue: { batchClusterQueue: 'q', jobClusterQueue: 'q' } }, 'kueue.jobClusterQueue: given "q"'],
    ['a quota that would stop the services', { runtimeLimits: { pods: 10 } }, 'runtimeLimits: given "cpu, memory or pods"'],
    ['a Secret that is none', { managementSecret: 'Git Lab' }, 'managementSecret: given "Git Lab"'],
    ['an ingress controller nowhere', { ingress: { controllerNamespace: 'a.b' } }, 'ingress.controllerNamespace: given "a.b"'],
    ['an IngressClass that is none', { ingress: { className: 'Traefik!' } }, 'ingress.className: given "Traefik!"'],
    ['a variable that other objects hang on', { environments: { server: { REANA_COMPONENT_PREFIX: 'x' } } }, 'environments.server.REANA_COMPONENT_PREFIX'],
    ['a secret in a variable', { environments: { server: { REANA_TOKEN_MANAGEMENT_SECRET: 'x' } } }, 'environments.server.REANA_TOKEN_MANAGEMENT_SECRET'],
    ['a variable that is none', { environments: { cwl: { 'a-b': 'x' } } }, 'environments.cwl.a-b: given "a-b"'],
  ])('%s', (_, props, message) => {
    expect(report(props)).toContain(message);
  });

  test('an image is pinned by a tag, a digest or both', () => {
    const digest = `@sha256:${'0'.repeat(64)}`;
    const wrong = ['reana', 'registry.example:5000/reana', 'registry.example/reana@sha256:0', `reana:${digest}`, 'reana:'];
    const right = ['reana:0.95', `reana${digest}`, `docker.io/reanahub/reana:v0.95${digest}`, 'registry.example:5000/reana:0.95', `registry.example:5000/reana${digest}`];
    const refused = (server: string) => platform({ images: { server } }).reana.node.validate().length > 0;
    expect([wrong.filter(refused), right.filter(refused)]).toEqual([wrong, []]);
  });

  test('all problems in one report, each with its construct', () => {
    const message = report({ prefix: 'a-very-long-prefix', hostname: '-' });
    expect(message).toMatch(/\[site\/reana\] prefix:/);
    expect(message).toMatch(/\[site\/reana\] hostname:/);
  });

  test('services that were told to be of another REANA', () => {
    const { chart } = platform({ namespace: 'analysis' });
    const database = new ReanaDatabase(chart, 'database');
    const cache = new ReanaCache(chart, 'cache', { namespace: 'analyses', prefix: 'recast' });
    const messageBroker = new ReanaMessageBroker(chart, 'broker', { namespace: 'analyses' });
    const storage = ReanaStorage.existingClaim();
    const { reana } = platform({ namespace: 'analyses', runtimeNamespace: 'workflows', storage, database, cache, messageBroker });
    const mine = 'allowed: one that was told the platform\'s: prefix reana, namespace analyses, runtimeNamespace workflows';
    expect(reana.node.validate()).toEqual([
      `database: given "prefix reana, namespace reana, runtimeNamespace reana", ${mine}`,
      `messageBroker: given "prefix reana, namespace analyses, runtimeNamespace analyses", ${mine}`,
      `cache: given "prefix recast, namespace analyses, runtimeNamespace analyses", ${mine}`,
    ]);
    const told = { namespace: 'analyses', runtimeNamespace: 'workflows' };
    expect(platform({ ...told, storage, cache: new ReanaCache(chart, 'told', told) }).reana.node.validate()).toEqual([]);
  });

  test('a namespace that another platform has', () => {
    expect(report({}, chart => new ReanaPlatform(chart, 'recast', { hostname: 'recast.cern.ch', prefix: 'recast' })))
      .toContain('[site/recast] namespace: given "reana, reana", allowed: namespaces that site/reana doesn\'t have');
    expect(report({}, chart => new ReanaPlatform(chart, 'recast', { hostname: 'recast.cern.ch', prefix: 'recast', namespace: 'recast' }))).toBe('accepted');
  });

  test('a place in a federation', () => {
    const app = new App({ outdir: scratchDirectory() });
    const host = new Cluster(app, 'condor-host');
    const federation = new Federation(app, 'fed', { host });
    new FederatedCluster(app, 'tsystems', { federation });
    new ReanaPlatform(federation, 'reana', { hostname: 'reana.cern.ch' });
    expect(() => app.synth()).toThrow('[fed/reana] scope: given "fed/reana", allowed: a cluster or a chart');
  });
});

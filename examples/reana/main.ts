import { App, Duration, Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-27';
import {
  ApplyPlan, Cluster, ReanaDatabase, ReanaDatabaseBackup, ReanaPlatform, ReanaSchedulingPolicy, ReanaStorage, RequiredSecrets,
} from 'cdk8s-hep';

// A site's REANA, in a cluster without any federation: services in one namespace, workflows in another, workspaces on a CephFS share.
const app = new App();
const cluster = new Cluster(app, 'reana', { provider: 'cern', region: 'meyrin' });
const runtimeNamespace = 'reana-workflows';

// Each running workflow holds a connection: PgBouncer lets hundreds of them share a few.
const database = new ReanaDatabase(cluster, 'database', {
  runtimeNamespace,
  storage: Size.gibibytes(100),
  storageClass: 'ceph-rbd',
  pgBouncer: {},
  nodeSelector: { 'reana.io/system': 'infrastructuredb' },
});
new ReanaDatabaseBackup(cluster, 'backup', { database, interval: Duration.hours(6), keep: 28, storageClass: 'cephfs' });

new ReanaPlatform(cluster, 'reana', {
  hostname: 'reana.cern.ch',
  runtimeNamespace,
  database,
  storage: ReanaStorage.csi({
    driver: 'cephfs.manila.csi.openstack.org',
    volumeHandle: 'reana-workspaces',
    attributes: { shareID: '5b0f3c1e-7d0a-4b53-9d43-0c1a2f6f8e11', shareAccessID: 'c2c1c0de-54a4-4a39-8f0e-6b7f5a9d3e20' },
    nodeSecret: 'kube-system/os-trustee',
    size: Size.tebibytes(20),
  }),
  ingress: {
    className: 'nginx',
    clusterIssuer: 'letsencrypt',
    controllerNamespace: 'ingress-nginx',
    // users upload files of any size
    annotations: { 'nginx.ingress.kubernetes.io/proxy-body-size': '0' },
  },
  login: { cernSecret: 'reana-cern-sso-secrets' },
  administrator: { email: 'reana-admins@cern.ch' },
  site: { clientEnvironment: '/afs/cern.ch/user/r/reana/public/reana/bin/activate' },
  notifications: { receiver: 'reana-admins@cern.ch', sender: 'reana@cern.ch', smtpServer: 'smtp.cern.ch' },

  // What users get, and the most that they may ask for.
  jobs: {
    cpuRequest: Cpu.millis(500),
    memoryLimit: Size.gibibytes(4),
    maxMemoryLimit: Size.gibibytes(16),
    timeout: Duration.days(1),
    maxTimeout: Duration.days(7),
  },
  scheduling: { policy: ReanaSchedulingPolicy.BALANCED, maxConcurrentWorkflows: 200 },
  runtimeLimits: { cpu: Cpu.units(800), memory: Size.tebibytes(3), pods: 2000 },
  quotas: { cpuTime: Duration.hours(10_000), disk: Size.gibibytes(500), cpuPeriodMonths: 1 },
  retention: { period: Duration.days(365) },
  sessions: { maxInactivity: Duration.days(7) },

  // What workflows find in their pods.
  kerberos: { realm: 'CERN.CH', kdcs: ['cerndc.cern.ch'] },
  cvmfs: true,

  placement: {
    infrastructure: { 'reana.io/system': 'infrastructure' },
    batch: { 'reana.io/system': 'runtimebatch' },
    jobs: { 'reana.io/system': 'runtimejobs' },
    sessions: { 'reana.io/system': 'runtimesessions' },
  },
});

app.synth();
process.stdout.write(`${ApplyPlan.of(app)}

These Secrets must be there first; docs/reana.md says what is in each:
${RequiredSecrets.of(app)}
`);

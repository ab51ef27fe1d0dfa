import { App, Duration, Size } from 'cdk8s';
import {
  AccountingGroup, Alarms, ApplyPlan, Cluster, CondorExporter, CondorHost, CondorImage, Dashboards, FederatedCluster, FederatedSteps, Federation,
  FirewallRules, LogBuffer, LogCollection, LogStore, Metrics, PrometheusImage, ReanaMessageBroker, ReanaPlatform, ReanaStorage, RequiredSecrets,
  RunMode, ScrapeTarget, StagingServer, StartdFleet, StartdLiveness, WorkflowDatabase, WorkflowMonitor, WorkflowServer, WorkflowStorage, YadageEngine,
} from 'cdk8s-hep';

// CERN's batch pool, spanning CERN's own capacity and a public cloud, and REANA and RECAST beside it.
const app = new App();

const host = new Cluster(app, 'condor-host', { provider: 'cern', region: 'meyrin' });
const fed = new Federation(app, 'fed', { host }); // kubefed init
const meyrin = new FederatedCluster(app, 'meyrin', { federation: fed, provider: 'cern', region: 'meyrin' });
const tsystems = new FederatedCluster(app, 'tsystems', { // kubefed join
  federation: fed, provider: 't-systems', region: 'eu-de', apiServer: 'https://tsystems.example:6443',
});

const condor = new CondorHost(host, 'condor', {
  trustDomain: 'cern.ch',
  centralManagers: [{ address: 'condor.cern.ch' }],
  accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
  accountingGroups: [AccountingGroup.share('ATLAS', 0.6), AccountingGroup.share('CMS', 0.4)],
  image: CondorImage.debian(),
  podLogs: {}, // what becomes of each job, and what the daemons write, is collected
});

// One startd on every node of every member, as the talk runs it.
const startd = new StartdFleet(fed, 'startd', {
  pool: condor,
  runMode: RunMode.CONDOR_STARTD,
  liveness: StartdLiveness.CONDOR_WHO,
  hostNetwork: true,
  privileged: true,
  cpus: 8,
  memory: Size.mebibytes(22500),
  attributes: { CERNEnvironment: 'production', HasMPI: true },
  maxJobRetirement: Duration.hours(24),
  podLogs: {}, // and what jobs write
});
startd.on(meyrin, { attributes: { Datacenter: 'meyrin' } });
startd.on(tsystems, { attributes: { Datacenter: 'otc-eu-de' } });

// Analyses: REANA in the host, its workflows in a namespace of their own; examples/reana has more of what it can.
const runtimeNamespace = 'reana-workflows';
const broker = new ReanaMessageBroker(host, 'broker', { runtimeNamespace });
new ReanaPlatform(host, 'reana', {
  hostname: 'reana.cern.ch',
  runtimeNamespace,
  messageBroker: broker,
  storage: ReanaStorage.nfs('nfs.cern.ch', '/reana', Size.tebibytes(1)),
  ingress: { className: 'nginx', clusterIssuer: 'letsencrypt', controllerNamespace: 'ingress-nginx' },
});

// And RECAST beside it: a server that takes requests, Yadage's engine, and the page of all workflows, REANA's too; examples/recast has more of what they can.
const recast = { namespace: 'recast' };
const engine = new YadageEngine(host, 'yadage', { ...recast, image: 'cdk8s-hep/yadage:bookworm', storage: WorkflowStorage.newClaim({ storageClass: 'cephfs' }) });
new WorkflowServer(host, 'recast', { ...recast, database: new WorkflowDatabase(host, 'recast-database', recast) });
new WorkflowMonitor(host, 'monitor', { ...recast, workflowNamespaces: [recast.namespace], reanaNamespaces: [runtimeNamespace] });
// Steps that say `compute_backend: tsystems` run there. No volume spans the clusters: their files move over HTTPS.
const staging = new StagingServer(host, 'staging', { engine, address: 'staging.cern.ch' });
new FederatedSteps(tsystems, 'tsystems', { staging });

// Logs: an agent on every node of every cluster, and one store, in which each cluster has a door of its own.
const store = new LogStore(host, 'logs', {
  address: 'logs.cern.ch',
  writers: [{ cluster: 'meyrin', port: 4318 }, { cluster: 'tsystems', port: 4319 }, { cluster: 'condor-host', port: 4320 }],
  retention: Duration.days(90),
  storage: Size.gibibytes(500),
  dailyVolume: Size.gibibytes(4),
});
const collection = { store, buffer: LogBuffer.onNode({ disk: Size.gibibytes(8) }) };
const agents = new LogCollection(fed, 'log-agent', collection);
const hostAgents = new LogCollection(host, 'log-agent', collection); // the host is no member

// Metrics: a Prometheus in the host, to which one in each member writes what is there; for more than a year, since core-hours are billed.
const metrics = new Metrics(host, 'metrics', {
  federation: fed,
  address: 'metrics.cern.ch',
  retention: Duration.days(400),
  storageSize: Size.gibibytes(200),
  rules: ['alarms'],
  alertmanagers: ['alertmanager.monitoring.svc:9093'],
  image: PrometheusImage.debian('cdk8s-hep/htcondor:23.9.6-trixie-prometheus'),
});
const state = { namespace: 'kube-system', metricsService: 'kube-state-metrics', metricsPort: 8080 };
for (const target of [
  new CondorExporter(host, 'exporter', { pool: condor }), agents, hostAgents, broker.metrics,
  new ScrapeTarget(host, 'state', state), new ScrapeTarget(fed, 'state', state),
]) { metrics.scrape(target); }

// Who is told when, and what is looked at then.
new Alarms(host, 'alarms', { federation: fed, condor: { jobIdle: Duration.hours(12) }, tokens: {}, workflows: {}, logs: {} });
new Dashboards(host, 'boards');

app.synth();
process.stdout.write(`${ApplyPlan.of(app)}

These Secrets must be there; README.md makes those of the pool, docs/reana.md those of REANA, docs/workflow-server.md those of RECAST,
examples/cern-tsystems/telemetry-secrets the others:
${RequiredSecrets.of(app)}

Firewalls on the way must let pass:
${FirewallRules.of(app)}
`);

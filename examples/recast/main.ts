import * as path from 'path';
import { App, Duration, Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-27';
import {
  ApplyPlan, Cluster, MonitorSignIn, RequiredSecrets, ShipTarget, WorkflowDatabase, WorkflowMonitor, WorkflowServer, WorkflowSpec, WorkflowStorage,
  YadageEngine, YadageWorkflow,
} from 'cdk8s-hep';

// RECAST at a site: a server that takes requests, the engine that runs them and what the site itself declares, and the page that shows all of it.
const app = new App();
const cluster = new Cluster(app, 'recast', { provider: 'cern', region: 'meyrin' });
const namespace = 'recast';

// Engines and steps share one volume; a step is a pod of its own, with CVMFS for those that want it.
const engine = new YadageEngine(cluster, 'engine', {
  namespace,
  image: 'registry.cern.ch/recast/yadage:0.21.2',
  storage: WorkflowStorage.newClaim({ storageClass: 'cephfs', size: Size.tebibytes(5) }),
  steps: {
    resources: { cpu: { request: Cpu.units(1) }, memory: { request: Size.gibibytes(2), limit: Size.gibibytes(2) } },
    timeLimit: Duration.days(1),
    queueName: 'recast',
    cvmfsClaims: { 'atlas.cern.ch': 'cvmfs-atlas', 'sft.cern.ch': 'cvmfs-sft' },
  },
});

// Twenty engines at once, for whoever has a token; results that are asked for go to the ship target.
new WorkflowServer(cluster, 'server', {
  namespace,
  slots: 20,
  admins: ['operator'],
  readers: ['monitor'],
  database: new WorkflowDatabase(cluster, 'database', { namespace, storageClass: 'ceph-rbd' }),
  shipTarget: new ShipTarget(cluster, 'ship-target', { namespace, image: 'registry.cern.ch/recast/shiptarget:trixie', storageClass: 'cephfs' }),
  inputHosts: ['zenodo.org', 'www.hepdata.net', 'cernbox.cern.ch'],
  ingress: { hostname: 'recast.cern.ch', className: 'nginx', clusterIssuer: 'letsencrypt', controllerNamespace: 'ingress-nginx' },
});

// Requests that wait for a slot are the server's alone: the page asks it, with a token that is good for nothing else.
new WorkflowMonitor(cluster, 'monitor', {
  namespace,
  workflowServer: { token: { secretName: 'wflow-server-tokens', key: 'monitor' } },
  centralLogs: {
    workflow: 'https://logs.cern.ch/select/vmui/#/?query=wflowid:{wflowid}',
    step: 'https://logs.cern.ch/select/vmui/#/?query=jobid:{jobid}',
  },
  ingress: {
    hostname: 'recast-monitor.cern.ch',
    className: 'nginx',
    clusterIssuer: 'letsencrypt',
    controllerNamespace: 'ingress-nginx',
    signIn: MonitorSignIn.nginx('http://oauth2-proxy.auth.svc.cluster.local/oauth2/auth', 'https://auth.cern.ch/oauth2/start?rd=https://$host$escaped_request_uri'),
  },
});

// What the site runs itself: once, for as long as this stays as it is.
new YadageWorkflow(cluster, 'resonances', {
  engine,
  spec: WorkflowSpec.directory(path.join(__dirname, 'workflow')),
  parameters: { masses: [1000, 1500, 2000], events: 50_000 },
  timeLimit: Duration.days(3),
});

app.synth();
process.stdout.write(`${ApplyPlan.of(app)}

These Secrets must be there first; docs/workflow-server.md says what is in each:
${RequiredSecrets.of(app)}
`);

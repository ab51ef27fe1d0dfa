// Constructs and synthesizes a program of a number of members, once, in a process of its own.
const fs = require('fs');
const path = require('path');
const { ApiObject, App, Chart, Size } = require('cdk8s');
const {
  ArgoCdEngine, Cluster, CondorHost, FederatedCluster, Federation, FluxEngine, JoinMode, KarmadaEngine, KubeFedEngine, KubeFedV1Engine,
  OpenClusterManagementEngine, StartdFleet,
} = require('cdk8s-hep');

const [, , workload, members, outdir, carrier = 'manifests'] = process.argv;
const OWN_OBJECTS = 12;

const REPOSITORY = { repoUrl: 'https://git.example.org/condor.git', path: 'dist' };
const PUSHED = { apiServer: 'https://site.example.org:6443' };

const indexes = () => Array.from({ length: Number(members) }, (_, index) => index);
const idOf = index => `site-${index}`;
const uidOf = index => `00000000-0000-0000-0000-${index.toString(16).padStart(12, '0')}`;

// an engine for each, and what it must know of a member; where members may be pushed to or pull, every second one pulls
const mixed = index => index % 2 === 0 ? PUSHED : { joinMode: JoinMode.PULL };
const carriers = {
  'manifests': { engine: () => undefined, member: () => ({}) },
  'argo-cd': { engine: () => new ArgoCdEngine(REPOSITORY), member: mixed },
  'flux': { engine: () => new FluxEngine(REPOSITORY), member: mixed },
  'karmada': {
    engine: () => new KarmadaEngine({
      apiServer: 'https://karmada.example.org:5443', clusterIds: Object.fromEntries(indexes().map(index => [idOf(index), uidOf(index)])),
    }),
    member: mixed,
  },
  'open-cluster-management': { engine: () => new OpenClusterManagementEngine(), member: () => ({}) },
  'kubefed': { engine: () => new KubeFedEngine(), member: () => PUSHED },
  'kubefed-v1': { engine: () => new KubeFedV1Engine({ dnsProvider: 'coredns' }), member: () => PUSHED },
};

function federation(app) {
  const { engine, member } = carriers[carrier];
  const host = new Cluster(app, 'condor-host');
  const fed = new Federation(app, 'fed', { host, engine: engine() });
  return { host, fed, clusters: indexes().map(index => new FederatedCluster(app, idOf(index), { federation: fed, ...member(index) })) };
}

function ownObjects(chart) {
  for (let index = 0; index < OWN_OBJECTS; index++) {
    const name = `web-${index}`;
    new ApiObject(chart, name, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, labels: { app: name } },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: { containers: [{ name, image: `registry.example/${name}:1`, env: [{ name: 'SITE', value: chart.node.id }], ports: [{ containerPort: 8080 }] }] },
        },
      },
    });
  }
}

const programs = {
  // one fleet on all members, a difference on each
  fleet(app) {
    const { host, fed, clusters } = federation(app);
    const pool = new CondorHost(host, 'condor', {
      trustDomain: 'cern.ch', centralManagers: [{ address: 'condor.cern.ch' }], accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
    });
    const startd = new StartdFleet(fed, 'startd', { pool, cpus: 8, memory: Size.mebibytes(22500), attributes: { Datacenter: 'meyrin' } });
    clusters.forEach(cluster => startd.on(cluster, { attributes: { Datacenter: cluster.node.id } }));
  },
  // a DaemonSet that is the same in all members
  same(app) {
    const { fed } = federation(app);
    const metadata = { name: 'startd', namespace: 'condor' };
    const labels = { app: 'startd' };
    new ApiObject(fed, 'Namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'condor' } });
    new ApiObject(fed, 'ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { condor_config: 'DAEMON_LIST = MASTER, STARTD\n' } });
    new ApiObject(fed, 'DaemonSet', {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata,
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'condor', image: 'registry.example/condor:1' }] } } },
    });
  },
  // every member has constructs of its own
  own(app) {
    federation(app).clusters.forEach(ownObjects);
  },
  // the same without this library
  charts(app) {
    indexes().map(index => new Chart(app, idOf(index))).forEach(ownObjects);
  },
};

fs.rmSync(outdir, { recursive: true, force: true });
const started = process.hrtime.bigint();
const app = new App({ outdir });
programs[workload](app);
app.synth();
const ms = Number(process.hrtime.bigint() - started) / 1e6;
const objects = fs.readdirSync(outdir).reduce((sum, file) => {
  const text = fs.readFileSync(path.join(outdir, file), 'utf8');
  return sum + (text ? text.split('\n---\n').length : 0);
}, 0);
process.stdout.write(JSON.stringify({ ms, megabytes: process.resourceUsage().maxRSS / 1024, objects }));

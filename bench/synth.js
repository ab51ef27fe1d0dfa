// Constructs and synthesizes a program of a number of members, once, in a process of its own.
const fs = require('fs');
const path = require('path');
const { ApiObject, App, Chart, Size } = require('cdk8s');
const { Cluster, CondorHost, FederatedCluster, Federation, StartdFleet } = require('cdk8s-hep');

const [, , workload, members, outdir] = process.argv;
const OWN_OBJECTS = 12;

function federation(app) {
  const host = new Cluster(app, 'condor-host');
  const fed = new Federation(app, 'fed', { host });
  return { host, fed, clusters: Array.from({ length: Number(members) }, (_, index) => new FederatedCluster(app, `site-${index}`, { federation: fed })) };
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
  // every member has constructs of its own
  own(app) {
    federation(app).clusters.forEach(ownObjects);
  },
  // the same without this library
  charts(app) {
    Array.from({ length: Number(members) }, (_, index) => new Chart(app, `site-${index}`)).forEach(ownObjects);
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

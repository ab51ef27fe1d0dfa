import { App, Chart, JsonPatch, Size } from 'cdk8s';
import { AccountingGroup, Cluster, ClusterSelector, CondorHost, FederatedCluster, Federation, Placement, StartdFleet } from 'cdk8s-hep';
import { Cpu, Deployment } from 'cdk8s-plus-27';
import { ScratchSpace } from './scratch-space';

/** Everything that our laboratory runs: a batch pool at home and in a cloud, and a portal beside it. */
export function gridSite(app: App) {
  const lab = new Cluster(app, 'lab', { provider: 'lab' });
  const grid = new Federation(app, 'grid', { host: lab });
  const cellar = new FederatedCluster(app, 'cellar', { federation: grid, provider: 'lab' });
  const cloud = new FederatedCluster(app, 'cloud', { federation: grid, provider: 't-systems', region: 'eu-de', context: 'admin@otc' });

  const pool = new CondorHost(lab, 'pool', {
    trustDomain: 'lab.example',
    centralManagers: [{ address: 'condor.lab.example' }],
    accessPoints: [{ name: 'ap1', address: 'ap1.lab.example' }],
    accountingGroups: [AccountingGroup.share('physics', 0.7), AccountingGroup.share('students', 0.3)],
  });
  const workers = new StartdFleet(grid, 'workers', {
    pool,
    cpus: 8,
    memory: Size.gibibytes(32),
    attributes: { Site: 'cellar', HasScratch: true },
  });
  workers.on(cloud, { attributes: { Site: 'otc-eu-de', HasScratch: false } });

  // a workload of cdk8s-plus in every member, with less of it in one
  const metadata = { namespace: workers.namespace };
  const proxy = new Deployment(grid, 'web-proxy', {
    metadata,
    replicas: 2,
    containers: [{ image: 'registry.lab.example/squid:6.13', portNumber: 3128, resources: { cpu: { request: Cpu.millis(500) } } }],
  });
  proxy.exposeViaService();
  grid.addOverride(proxy, ClusterSelector.of(cloud), JsonPatch.replace('/spec/replicas', 1));

  // and one in some members only
  const outside = new Placement(grid, 'outside', { clusters: ClusterSelector.provider('lab').not() });
  new Deployment(outside, 'stage-in', { metadata, containers: [{ image: 'registry.lab.example/stage-in:1.4' }] });

  // a construct of our own in one member
  new ScratchSpace(cellar, 'scratch', { namespace: workers.namespace, storage: Size.tebibytes(2) });

  // an ordinary chart beside all that: it knows nothing of federations
  const portal = new Chart(app, 'portal', { namespace: 'portal' });
  new Deployment(portal, 'web', {
    containers: [{ image: 'registry.lab.example/portal:2.1', portNumber: 8080, envVariables: { POOL: { value: pool.collectors.join() } } }],
  }).exposeViaIngress('/');

  return { lab, cellar, cloud, portal };
}

import { App, Duration, Size } from 'cdk8s';
import { PROMETHEUS_IMAGE } from './rootfs';
import {
  AccountingGroup, Cluster, CondorExporter, CondorHost, CondorImage, FederatedCluster, Federation, Metrics, PrometheusImage, StartdFleet,
} from '../../src';

const NODE = { allocatable: { cpu: '8', memory: '8000Mi' } };

/** Where its clusters stand. */
export const PLACES = {
  'condor-host': { cidr: '10.1.0.0/16', nodes: { 'host-1': NODE } },
  'meyrin': { cidr: '10.2.0.0/16', nodes: { 'mey-1': NODE } },
  'tsystems': { cidr: '10.3.0.0/16', nat: true, nodes: { 'otc-1': NODE } },
};

/** The name of the host's Prometheus. */
export const ADDRESS = 'metrics.cern.ch';

/** How often the exporter asks, and how often it is asked, in seconds. */
export const INTERVAL = 10;

/** A pool of two groups in two members, and what tells of it. Another change is another configuration of the execution points. */
export function metricsPool(outdir: string, change = 0): void {
  const app = new App({ outdir });
  const host = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host });
  const members = ['meyrin', 'tsystems'].map(name => new FederatedCluster(app, name, { federation }));
  const pool = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch',
    centralManagers: [{ address: 'condor.cern.ch' }],
    accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
    accountingGroups: [
      AccountingGroup.share('ATLAS', 0.4, { acceptSurplus: true }),
      AccountingGroup.share('ATLAS.production', 0.5, { acceptSurplus: true }),
      AccountingGroup.share('CMS', 0.6, { acceptSurplus: true }),
    ],
    image: CondorImage.debian(),
    negotiatorInterval: Duration.seconds(5),
  });
  const startd = new StartdFleet(federation, 'startd', { pool, cpus: 4, memory: Size.mebibytes(4000), updateInterval: Duration.seconds(10) });
  for (const member of members) { startd.on(member, { attributes: { Datacenter: member.node.id, Change: change } }); }
  const exporter = new CondorExporter(host, 'exporter', { pool, interval: Duration.seconds(INTERVAL) });
  new Metrics(host, 'metrics', {
    federation, address: ADDRESS, image: PrometheusImage.debian(PROMETHEUS_IMAGE), scrapeInterval: Duration.seconds(INTERVAL),
  }).scrape(exporter);
  app.synth();
}

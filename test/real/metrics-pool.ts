import { Duration, Size } from 'cdk8s';
import { places } from './places';
import { quickPool, SMALL } from './quick-pool';
import { PROMETHEUS_IMAGE } from './rootfs';
import { AccountingGroup, CondorExporter, Metrics, PrometheusImage, StartdFleet } from '../../src';

/** Where its clusters stand. */
export const PLACES = places(['meyrin', 'tsystems'], { allocatable: { cpu: '8', memory: '8000Mi' } });

/** The name of the host's Prometheus. */
export const ADDRESS = 'metrics.cern.ch';

/** How often the exporter asks, and how often it is asked, in seconds. */
export const INTERVAL = 10;

/** A pool of two groups in two members, and what tells of it. Another change is another configuration of the execution points. */
export function metricsPool(outdir: string, change = 0): void {
  const { app, host, federation, members, pool } = quickPool(outdir, { meyrin: {}, tsystems: {} }, {
    accountingGroups: [
      AccountingGroup.share('ATLAS', 0.4, { acceptSurplus: true }),
      AccountingGroup.share('ATLAS.production', 0.5, { acceptSurplus: true }),
      AccountingGroup.share('CMS', 0.6, { acceptSurplus: true }),
    ],
  });
  const startd = new StartdFleet(federation, 'startd', { pool, ...SMALL, cpus: 4, memory: Size.mebibytes(4000) });
  for (const member of Object.values(members)) { startd.on(member, { attributes: { Datacenter: member.node.id, Change: change } }); }
  const exporter = new CondorExporter(host, 'exporter', { pool, interval: Duration.seconds(INTERVAL) });
  new Metrics(host, 'metrics', {
    federation, address: ADDRESS, image: PrometheusImage.debian(PROMETHEUS_IMAGE), scrapeInterval: Duration.seconds(INTERVAL),
  }).scrape(exporter);
  app.synth();
}

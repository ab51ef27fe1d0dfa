import { App, Duration, Size } from 'cdk8s';
import { PROMETHEUS_IMAGE } from './rootfs';
import {
  Alarms, AlarmsProps, Cluster, CondorExporter, CondorHost, CondorImage, Dashboards, FederatedCluster, Federation, Metrics, PrometheusImage,
  StartdFleet,
} from '../../src';

const NODE = { allocatable: { cpu: '8', memory: '8000Mi' } };

/** Where its clusters stand. */
export const PLACES = {
  'condor-host': { cidr: '10.1.0.0/16', nodes: { 'host-1': NODE } },
  'meyrin': { cidr: '10.2.0.0/16', nodes: { 'mey-1': NODE, 'mey-2': NODE } },
  'tsystems': { cidr: '10.3.0.0/16', nat: true, nodes: { 'otc-1': NODE } },
};

/** The name of the host's Prometheus. */
export const ADDRESS = 'metrics.cern.ch';

const soon = { holds: Duration.seconds(20) };

/** Sooner than anybody wants to be told, by the properties that everybody has. */
export const THRESHOLDS: Omit<AlarmsProps, 'federation'> = {
  interval: Duration.seconds(10),
  condor: {
    startds: { meyrin: 2, tsystems: 1 },
    // as often as daemons of a CondorHost advertise
    adInterval: Duration.minutes(1),
    silence: Duration.seconds(121),
    cycleAge: Duration.seconds(61),
    queueStuck: Duration.minutes(2),
    jobIdle: Duration.minutes(1),
    heldJobs: 2,
    jobsHeld: Duration.minutes(1),
    configurationUnread: Duration.minutes(1),
    accountingAge: Duration.minutes(1),
  },
  tokens: { lifetime: Duration.hours(3), interval: Duration.minutes(10), warning: Duration.hours(1) },
  options: {
    HTCondorExporterDown: soon,
    HTCondorClusterGone: soon,
    HTCondorStartdMissing: soon,
    HTCondorNoNegotiationCycle: soon,
    HTCondorScheddMissing: soon,
    HTCondorJobIdleTooLong: soon,
    HTCondorAccountingStopped: soon,
    HTCondorTokenExpiring: soon,
    MemberTelemetryMissing: soon,
  },
};

/** A pool of three machines in two members, its metrics, alarms and dashboards. Another change is another configuration of the machines. */
export function alarmPool(outdir: string, change = 0): void {
  const app = new App({ outdir });
  const host = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host });
  const members = ['meyrin', 'tsystems'].map(name => new FederatedCluster(app, name, { federation }));
  const pool = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch',
    centralManagers: [{ address: 'condor.cern.ch' }],
    accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
    image: CondorImage.debian(),
    negotiatorInterval: Duration.seconds(5),
  });
  const startd = new StartdFleet(federation, 'startd', { pool, cpus: 4, memory: Size.mebibytes(4000), updateInterval: Duration.seconds(10) });
  for (const member of members) { startd.on(member, { attributes: { Change: change } }); }
  const exporter = new CondorExporter(host, 'exporter', { pool, interval: Duration.seconds(10) });
  new Metrics(host, 'metrics', {
    federation, address: ADDRESS, image: PrometheusImage.debian(PROMETHEUS_IMAGE), scrapeInterval: Duration.seconds(10), rules: ['alarms'],
  }).scrape(exporter);
  new Alarms(host, 'alarms', { federation, ...THRESHOLDS });
  new Dashboards(host, 'boards');
  app.synth();
}

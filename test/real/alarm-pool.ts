import { Duration } from 'cdk8s';
import { places } from './places';
import type { Place } from './pool';
import { CYCLES_SOON, quickPool, SMALL } from './quick-pool';
import { PROMETHEUS_IMAGE } from './rootfs';
import { Alarms, AlarmsProps, CondorExporter, Dashboards, Metrics, PrometheusImage, StartdFleet } from '../../src';

const NODE = { allocatable: { cpu: '8', memory: '8000Mi' } };
const ONE_EACH = places(['meyrin', 'tsystems'], NODE);

/** Where its clusters stand: Meyrin has a second machine. */
export const PLACES: { readonly [cluster: string]: Place } = {
  ...ONE_EACH, meyrin: { ...ONE_EACH.meyrin, nodes: { 'node-1': NODE, 'node-2': NODE } },
};

/** The name of the host's Prometheus. */
export const ADDRESS = 'metrics.cern.ch';

/** Longer than one question that a busy machine answers late. */
const soon = { holds: Duration.minutes(1) };

/** Sooner than anybody wants to be told, by the properties that everybody has. */
export const THRESHOLDS: Omit<AlarmsProps, 'federation'> = {
  interval: Duration.seconds(10),
  condor: {
    startds: { meyrin: 2, tsystems: 1 },
    // as often as daemons of a CondorHost advertise
    adInterval: Duration.minutes(1),
    silence: Duration.seconds(150),
    cycleAge: Duration.seconds(150),
    queueStuck: Duration.minutes(2),
    jobIdle: Duration.minutes(1),
    heldJobs: 2,
    jobsHeld: Duration.minutes(1),
    scheddDutyCycle: 0.25,
    configurationUnread: Duration.minutes(1),
    accountingAge: Duration.minutes(2),
  },
  tokens: { lifetime: Duration.hours(3), interval: Duration.minutes(10), warning: Duration.hours(1) },
  options: {
    HTCondorExporterDown: soon,
    HTCondorClusterGone: soon,
    HTCondorStartdMissing: soon,
    HTCondorNoNegotiationCycle: soon,
    HTCondorScheddMissing: soon,
    // an access point tells of it in two ads, a minute apart
    HTCondorScheddSaturated: { holds: Duration.seconds(30) },
    HTCondorJobIdleTooLong: soon,
    HTCondorAccountingStopped: soon,
    HTCondorTokenExpiring: soon,
    MemberTelemetryMissing: soon,
  },
};

/** HTCondor's `Recent...` is of two minutes instead of twenty. */
const TELL_OF_MINUTES = { STATISTICS_WINDOW_SECONDS: 120, STATISTICS_WINDOW_QUANTUM: 20 };

/** A pool of three machines in two members, its metrics, alarms and dashboards. Another change is another configuration of the machines. */
export function alarmPool(outdir: string, change = 0): void {
  const { app, host, federation, members, pool } = quickPool(outdir, { meyrin: {}, tsystems: {} }, {
    extraConfig: { ...CYCLES_SOON, ...TELL_OF_MINUTES },
  });
  const startd = new StartdFleet(federation, 'startd', { pool, ...SMALL });
  for (const member of Object.values(members)) { startd.on(member, { attributes: { Change: change } }); }
  const exporter = new CondorExporter(host, 'exporter', { pool, interval: Duration.seconds(10) });
  new Metrics(host, 'metrics', {
    federation, address: ADDRESS, image: PrometheusImage.debian(PROMETHEUS_IMAGE), scrapeInterval: Duration.seconds(10), rules: ['alarms'],
  }).scrape(exporter);
  new Alarms(host, 'alarms', { federation, ...THRESHOLDS });
  new Dashboards(host, 'boards');
  app.synth();
}

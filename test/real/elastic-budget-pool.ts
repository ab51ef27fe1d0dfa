import * as fs from 'fs';
import * as path from 'path';
import { App, Chart, Duration, Size } from 'cdk8s';
import { Cluster, CondorHost, CondorImage, CoreHourBudget, ElasticStartdFleet } from '../../src';

/** What a fleet may use in a year, and what one machine of it may, in core-hours. */
export const BUDGET = 1000;
export const OF_ONE = 25;

/** A pool with two central managers, and a fleet elsewhere that has no machine yet. */
export function elasticBudgetPool(outdir: string): void {
  const app = new App({ outdir });
  const host = new Cluster(app, 'condor-host');
  const pool = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch',
    centralManagers: [{ name: 'cm1', address: 'cm1.cern.ch' }, { name: 'cm2', address: 'cm2.cern.ch' }],
    accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
    image: CondorImage.debian(),
  });
  new ElasticStartdFleet(new Chart(app, 'cloud'), 'burst', {
    pool,
    cpus: 1,
    memory: Size.gibibytes(2),
    maxExecutionPoints: 100,
    lifetime: Duration.hours(24),
    idleShutdown: Duration.hours(OF_ONE - 24),
    budget: CoreHourBudget.perYear(BUDGET),
  });
  app.synth();
  // nothing runs there
  fs.rmSync(path.join(outdir, 'cloud.k8s.yaml'));
}

export const PLACES = { 'condor-host': { cidr: '10.1.0.0/16', nodes: { 'host-1': { allocatable: { cpu: '12', memory: '23000Mi' } } } } };

import { Size } from 'cdk8s';
import { places } from './places';
import { CYCLES_SOON, quickPool } from './quick-pool';
import { ClusterSelector, Placement, RunMode, StartdFleet } from '../../src';

/**
 * A pool of both run modes in four members: one that is reached, three that can only connect outwards, two of
 * which have equal addresses and equally named nodes. One offers what its node has, the others what is stated.
 * It is matched often, so that a test needn't wait.
 */
export function federatedPool(outdir: string): void {
  const { app, federation, members, pool } = quickPool(outdir, { meyrin: {}, tsystems: {}, left: {}, right: {} }, {
    extraConfig: { ...CYCLES_SOON, SHADOW_QUEUE_UPDATE_INTERVAL: 5 },
  });
  const { meyrin, tsystems, left, right } = members;

  const own = new Placement(federation, 'own', { clusters: ClusterSelector.of(meyrin) });
  new StartdFleet(own, 'bare', { pool, runMode: RunMode.CONDOR_STARTD, attributes: { Datacenter: 'meyrin' } });

  const cloud = new Placement(federation, 'cloud', { clusters: ClusterSelector.of(tsystems, left, right) });
  const fleet = new StartdFleet(cloud, 'startd', { pool, cpus: 8, memory: Size.mebibytes(8000), attributes: { Datacenter: 'cloud' } });
  fleet.on(left, { cpus: 6 });
  fleet.on(right, { cpus: 6 });
  app.synth();
}

const NODE_OF_8_CORES = { allocatable: { cpu: '7910m', memory: '23000Mi' } };

/** Where its clusters stand. */
export const PLACES = {
  ...places(['meyrin', 'tsystems'], NODE_OF_8_CORES),
  left: { cidr: '10.9.0.0/16', nat: true, nodes: { 'node-1': NODE_OF_8_CORES } },
  right: { cidr: '10.9.0.0/16', nat: true, nodes: { 'node-1': NODE_OF_8_CORES } },
};

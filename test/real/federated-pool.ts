import { App, Duration, Size } from 'cdk8s';
import {
  Cluster, ClusterSelector, CondorHost, CondorImage, FederatedCluster, Federation, Placement, RunMode, StartdFleet,
} from '../../src';

/**
 * A pool of both run modes in four members: one that is reached, three that can only connect outwards, two of
 * which have equal addresses and equally named nodes. One offers what its node has, the others what is stated.
 * It is matched often, so that a test needn't wait.
 */
export function federatedPool(outdir: string): void {
  const app = new App({ outdir });
  const host = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host });
  const member = (name: string) => new FederatedCluster(app, name, { federation });
  const meyrin = member('meyrin');
  const [tsystems, left, right] = ['tsystems', 'left', 'right'].map(member);

  const pool = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch',
    centralManagers: [{ address: 'condor.cern.ch' }],
    accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
    image: CondorImage.debian(),
    negotiatorInterval: Duration.seconds(5),
    extraConfig: { NEGOTIATOR_MIN_INTERVAL: 1, NEGOTIATOR_CYCLE_DELAY: 1, SHADOW_QUEUE_UPDATE_INTERVAL: 5 },
  });

  const own = new Placement(federation, 'own', { clusters: ClusterSelector.of(meyrin) });
  new StartdFleet(own, 'bare', { pool, runMode: RunMode.CONDOR_STARTD, attributes: { Datacenter: 'meyrin' } });

  const cloud = new Placement(federation, 'cloud', { clusters: ClusterSelector.of(tsystems, left, right) });
  const fleet = new StartdFleet(cloud, 'startd', { pool, cpus: 8, memory: Size.mebibytes(8000), attributes: { Datacenter: 'cloud' } });
  fleet.on(left, { cpus: 6 });
  fleet.on(right, { cpus: 6 });
  app.synth();
}

const NODE = { allocatable: { cpu: '7910m', memory: '23000Mi' } };

/** Where its clusters stand. */
export const PLACES = {
  'condor-host': { cidr: '10.1.0.0/16', nodes: { 'host-1': NODE } },
  'meyrin': { cidr: '10.2.0.0/16', nodes: { 'node-1': NODE } },
  'tsystems': { cidr: '10.3.0.0/16', nat: true, nodes: { 'otc-1': NODE } },
  'left': { cidr: '10.9.0.0/16', nat: true, nodes: { 'node-1': NODE } },
  'right': { cidr: '10.9.0.0/16', nat: true, nodes: { 'node-1': NODE } },
};

import { App, Duration, Size } from 'cdk8s';
import { Cluster, CondorHost, CondorImage, FederatedCluster, Federation, StartdFleet } from '../../src';

/** How long a central manager waits for another one to answer. The default is 5 seconds; a test needn't wait so long. */
export const CONNECTION_TIMEOUT = Duration.seconds(3);

export const NEGOTIATOR_INTERVAL = Duration.seconds(20);

export const REPLICATION_INTERVAL = Duration.seconds(20);

export const CORES = 10;

/** A pool with two central managers and two access points, and a member that can only connect outwards. */
export function highlyAvailablePool(outdir: string): void {
  const app = new App({ outdir });
  const host = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host });
  new FederatedCluster(app, 'tsystems', { federation });

  const pool = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch',
    centralManagers: [{ name: 'cm1', address: 'cm1.cern.ch' }, { name: 'cm2', address: 'cm2.cern.ch' }],
    accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }, { name: 'ap2', address: 'ap2.cern.ch' }],
    image: CondorImage.debian(),
    negotiatorInterval: NEGOTIATOR_INTERVAL,
    highAvailability: { connectionTimeout: CONNECTION_TIMEOUT, replicationInterval: REPLICATION_INTERVAL },
    extraConfig: { NEGOTIATOR_MIN_INTERVAL: 1, NEGOTIATOR_CYCLE_DELAY: 1 },
  });
  // slots of one core: an access point gives all that is left of a divided one to its own next jobs
  new StartdFleet(federation, 'startd', {
    pool, cpus: CORES, memory: Size.mebibytes(8000), slots: [{ share: 1 / CORES, count: CORES, partitionable: false }],
  });
  app.synth();
}

const NODE = { allocatable: { cpu: '12', memory: '23000Mi' } };

/** Where its clusters stand. */
export const PLACES = {
  'condor-host': { cidr: '10.1.0.0/16', nodes: { 'host-1': NODE, 'host-2': NODE } },
  'tsystems': { cidr: '10.3.0.0/16', nat: true, nodes: { 'otc-1': NODE } },
};

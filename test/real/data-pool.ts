import { App, Duration, Size } from 'cdk8s';
import { Cluster, CondorHost, CondorImage, FederatedCluster, Federation, StartdFleet } from '../../src';

/** Who serves files at the host, and T-Systems' own cache. */
export const DATA_SERVER = { name: 'data.cern.ch', last: 200, port: 8080 };
export const CACHE = { address: '10.3.0.200', last: 200, port: 3128 };

const NODE = { allocatable: { cpu: '8', memory: '23000Mi' } };

/** Where its clusters stand. */
export const PLACES = {
  'condor-host': { cidr: '10.1.0.0/16', nodes: { 'host-1': NODE } },
  'tsystems': { cidr: '10.3.0.0/16', nat: true, nodes: { 'otc-1': NODE } },
};

/** A pool whose machines at T-Systems have a cache beside them. */
export function dataPool(outdir: string): void {
  const app = new App({ outdir });
  const host = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host });
  const tsystems = new FederatedCluster(app, 'tsystems', { federation });
  const pool = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch',
    centralManagers: [{ address: 'condor.cern.ch' }],
    accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
    image: CondorImage.debian(),
    negotiatorInterval: Duration.seconds(5),
    extraConfig: { NEGOTIATOR_MIN_INTERVAL: 1, NEGOTIATOR_CYCLE_DELAY: 1 },
  });
  const startd = new StartdFleet(federation, 'startd', { pool, cpus: 2, memory: Size.mebibytes(2000), updateInterval: Duration.seconds(10) });
  startd.on(tsystems, { httpProxy: `http://${CACHE.address}:${CACHE.port}` });
  app.synth();
}

import { App, Duration, Size } from 'cdk8s';
import { Cluster, CondorHost, CondorHostProps, CondorImage, FederatedCluster, FederatedClusterProps, Federation } from '../../src';

/** A new cycle begins as soon as there is something to match. */
export const CYCLES_SOON = { NEGOTIATOR_MIN_INTERVAL: 1, NEGOTIATOR_CYCLE_DELAY: 1 };

/** Cycles are told as they end, and remembered. */
export const CYCLES_TOLD = { NEGOTIATOR_UPDATE_AFTER_CYCLE: true, NEGOTIATION_CYCLE_STATS_LENGTH: 100 };

/** A machine of two cores, of which the pool hears often. */
export const SMALL = { cpus: 2, memory: Size.mebibytes(1000), updateInterval: Duration.seconds(10) };

/** A pool to which a program adds its fleets. */
export interface QuickPool<M extends string> {
  readonly app: App;
  readonly host: Cluster;
  readonly federation: Federation;
  readonly members: { readonly [name in M]: FederatedCluster };
  readonly pool: CondorHost;
}

/**
 * A program with a host, members, and a pool of one central manager and one access point. It is matched often, so that a test needn't wait.
 *
 * @param members what each of them is besides
 * @param props what the pool is besides, or otherwise
 */
export function quickPool<M extends string>(
  outdir: string, members: { readonly [name in M]: Omit<FederatedClusterProps, 'federation'> }, props: Partial<CondorHostProps> = {},
): QuickPool<M> {
  const app = new App({ outdir });
  const host = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host });
  const joined = Object.entries<Omit<FederatedClusterProps, 'federation'>>(members)
    .map(([name, member]) => [name, new FederatedCluster(app, name, { federation, ...member })]);
  const pool = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch',
    centralManagers: [{ address: 'condor.cern.ch' }],
    accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
    image: CondorImage.debian(),
    negotiatorInterval: Duration.seconds(5),
    extraConfig: CYCLES_SOON,
    ...props,
  });
  return { app, host, federation, members: Object.fromEntries(joined), pool };
}

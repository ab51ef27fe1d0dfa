import { Chart } from 'cdk8s';
import { CondorHost } from './condor-host';
import { httpProxyAddress } from './http-proxy';
import { hostAndPort } from './pool';
import type { PoolPreflight } from './preflight';
import type { StartdFleet } from './startd-fleet';
import type { TokenMint } from './token-mint';
import type { FirewallRule } from '../workload/firewall-rules';

const COLLECTOR = 'machines advertise themselves, and hold a connection open over which they are called';
const ACCESS_POINT = 'jobs are claimed, and fetch and bring back their files';

const rule = (from: string, to: string | undefined, address: string, reason: string): FirewallRule => {
  const { host, port } = hostAndPort(address);
  return { from, ...to !== undefined && { to }, address: host, protocol: 'TCP', port: Number(port), reason };
};

/** Whatever joins the pool, of this program or of another. Nobody calls it: that is what the connection broker is for. */
export function poolConnections(pool: CondorHost): FirewallRule[] {
  const host = Chart.of(pool).node.id;
  return pool._executionClusters.names.flatMap(cluster => [
    ...pool.collectors.map(address => rule(cluster, host, address, COLLECTOR)),
    ...pool.accessPoints.map(address => rule(cluster, host, address, ACCESS_POINT)),
  ]);
}

/** A fleet's own; those to a pool of the program are told by the pool, which knows who is revoked. */
export function fleetConnections(fleet: StartdFleet): FirewallRule[] {
  const { pool } = fleet._props;
  return fleet._clusters.flatMap(cluster => {
    const proxy = httpProxyAddress(fleet._httpProxyOf(cluster) ?? '');
    return [
      ...CondorHost.isCondorHost(pool) ? [] : pool.collectors.map(address => rule(cluster, undefined, address, COLLECTOR)),
      ...proxy ? [rule(cluster, undefined, `${proxy.host}:${proxy.port}`, 'jobs fetch what is at http:// by the proxy')] : [],
    ];
  });
}

/** A preflight knows the access points of a pool that stands elsewhere. */
export function preflightConnections(preflight: PoolPreflight): FirewallRule[] {
  if (CondorHost.isCondorHost(preflight._pool)) { return []; }
  return preflight._clusters.flatMap(cluster => preflight._accessPoints.map(address => rule(cluster, undefined, address, ACCESS_POINT)));
}

/** The ways of tokens. */
export function mintConnections(mint: TokenMint): FirewallRule[] {
  const host = Chart.of(mint).node.id;
  return mint._connections.map(({ member, apiServer, pulls }) => pulls
    ? rule(member, host, apiServer, 'the cluster fetches its tokens')
    : rule(host, member, apiServer, "the cluster's tokens are written"));
}

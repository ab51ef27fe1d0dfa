import { Chart } from 'cdk8s';
import { IConstruct } from 'constructs';
import { CondorHost } from './condor-host';
import { httpProxyAddress } from './http-proxy';
import { CondorImage } from './image';
import { hostAndPort } from './pool';
import { PoolPreflight } from './preflight';
import { StartdFleet } from './startd-fleet';
import { TokenMint } from './token-mint';

/** A connection that the firewalls on its way must let pass, from whoever opens it to whoever answers. */
export interface FirewallRule {
  /** The cluster whose nodes, or pods, open the connection. */
  readonly from: string;

  /**
   * The cluster that answers.
   *
   * @default - none of the program
   */
  readonly to?: string;

  /** The host name or IP address that is dialled. */
  readonly address: string;

  /** The transport, `TCP`. */
  readonly protocol: string;

  /** The port that is dialled. */
  readonly port: number;

  /** What for. */
  readonly reason: string;
}

/**
 * The connections between the clusters of a program, and from them to what the program names elsewhere. With these and the answers to them
 * a pool forms and runs jobs; everything else can be closed.
 *
 * What stays inside a cluster is not among them, nor what the program can't know: name servers, NTP, where nodes' file systems come
 * from, who applies the files, users elsewhere, and the control plane of a federation.
 */
export class FirewallRules {
  /**
   * The rules of a program.
   *
   * @param app the App, or any part of it
   */
  public static of(app: IConstruct): FirewallRules {
    const constructs = app.node.findAll();
    const pools = constructs.filter((each): each is CondorHost => CondorHost.isCondorHost(each));
    const fleets = constructs.filter((each): each is StartdFleet => each instanceof StartdFleet);
    const rules = [
      ...pools.flatMap(ofPool),
      ...fleets.flatMap(ofFleet),
      ...constructs.filter((each): each is PoolPreflight => each instanceof PoolPreflight).flatMap(ofPreflight),
      ...constructs.filter((each): each is TokenMint => each instanceof TokenMint).flatMap(ofMint),
      ...pools.flatMap(pool => ofImage(pool.image, [Chart.of(pool).node.id])),
      ...fleets.flatMap(fleet => ofImage(fleet.image, fleet._clusters)),
    ];
    const first = new Map<string, FirewallRule>();
    for (const rule of rules.filter(({ from, to }) => from !== to)) {
      const key = [rule.from, rule.address, rule.protocol, rule.port].join(' ');
      if (!first.has(key)) { first.set(key, rule); }
    }
    return new FirewallRules([...first.values()]);
  }

  /** The rules, the same connection once. */
  public readonly rules: FirewallRule[];

  private constructor(rules: FirewallRule[]) {
    this.rules = rules;
  }

  /** The rules as a table, one line for each. */
  public toString(): string {
    const lines = [
      ['FROM', 'TO', 'ADDRESS', 'PROTOCOL', 'PORT', 'WHY'],
      ...this.rules.map(({ from, to = '-', address, protocol, port, reason }) => [from, to, address, protocol, `${port}`, reason]),
    ];
    const widths = lines[0].map((_, column) => Math.max(...lines.map(line => line[column].length)));
    return lines.map(line => line.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd()).join('\n');
  }
}

const COLLECTOR = 'machines advertise themselves, and hold a connection open over which they are called';
const ACCESS_POINT = 'jobs are claimed, and fetch and bring back their files';
const TCP = 'TCP';

const rule = (from: string, to: string | undefined, address: string, reason: string): FirewallRule => {
  const { host, port } = hostAndPort(address);
  return { from, ...to !== undefined && { to }, address: host, protocol: TCP, port: Number(port), reason };
};

/** Whatever joins the pool, of this program or of another. Nobody calls it: that is what the connection broker is for. */
function ofPool(pool: CondorHost): FirewallRule[] {
  const host = Chart.of(pool).node.id;
  return pool._executionClusters.names.flatMap(cluster => [
    ...pool.collectors.map(address => rule(cluster, host, address, COLLECTOR)),
    ...pool.accessPoints.map(address => rule(cluster, host, address, ACCESS_POINT)),
  ]);
}

function ofFleet(fleet: StartdFleet): FirewallRule[] {
  const { pool } = fleet._props;
  return fleet._clusters.flatMap(cluster => {
    const proxy = httpProxyAddress(fleet._httpProxyOf(cluster) ?? '');
    return [
      // those of a pool of the program are told by the pool, which knows who is revoked
      ...CondorHost.isCondorHost(pool) ? [] : pool.collectors.map(address => rule(cluster, undefined, address, COLLECTOR)),
      ...proxy ? [rule(cluster, undefined, `${proxy.host}:${proxy.port}`, 'jobs fetch what is at http:// by the proxy')] : [],
    ];
  });
}

/** A preflight knows the access points of a pool that stands elsewhere. */
function ofPreflight(preflight: PoolPreflight): FirewallRule[] {
  const pool = preflight._pool;
  if (CondorHost.isCondorHost(pool)) { return []; }
  return preflight._clusters.flatMap(cluster => preflight._accessPoints.map(address => rule(cluster, undefined, address, ACCESS_POINT)));
}

function ofMint(mint: TokenMint): FirewallRule[] {
  const host = Chart.of(mint).node.id;
  return mint._connections.map(({ member, apiServer, pulls }) => pulls
    ? rule(member, host, apiServer, 'the cluster fetches its tokens')
    : rule(host, member, apiServer, "the cluster's tokens are written"));
}

function ofImage(image: CondorImage, clusters: readonly string[]): FirewallRule[] {
  return clusters.map(cluster => rule(cluster, undefined, registryOf(image.reference), 'nodes pull the image'));
}

/** Where a container runtime asks for an image: what is before the first slash, if it looks like a host. */
function registryOf(reference: string): string {
  const [first, ...rest] = reference.split('/');
  if (rest.length === 0 || !/[.:]|^localhost$/.test(first)) { return 'registry-1.docker.io:443'; }
  return first.includes(':') ? first : `${first}:443`;
}

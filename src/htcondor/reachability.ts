import { Construct } from 'constructs';
import { CondorHost } from './condor-host';
import { CondorImage } from './image';
import { ICondorPool } from './pool';
import { Cluster } from '../federation/cluster';
import { Federation } from '../federation/federation';
import { problem } from '../problem';

/** Whether something stands in another cluster than its pool, as far as the program says. */
export function isRemote(construct: Construct, pool: ICondorPool): boolean {
  if (Federation.tryOf(construct)) { return true; }
  const cluster = Cluster.tryOf(construct);
  return cluster !== undefined && !(Construct.isConstruct(pool) && Cluster.tryOf(pool) === cluster);
}

/**
 * Why machines of another cluster can't be in a pool. They need no way in themselves; where the access points have none either, HTCondor
 * must join the two.
 */
export function reachabilityProblems(property: 'pool' | 'fleet', pool: ICondorPool, image: CondorImage): string[] {
  const closed = CondorHost.isCondorHost(pool) ? pool._privateAccessPoints : [];
  const tooOld = [pool.image, image].filter(({ version }) => !version._joinsPrivateNetworks).map(({ version }) => version.toString());
  if (pool.reachableFromOutside) {
    return closed.length === 0 || tooOld.length === 0 ? [] : [problem(property, closed.join(', '), bothPrivate(tooOld))];
  }
  return [problem(property, pool.collectors.join(', '),
    `${property === 'fleet' ? 'a fleet of a pool' : 'a pool'} whose central managers and access points have addresses that other clusters resolve, `
    + 'and an exposure that lets them in'
    + (closed.length > 0 ? `; or, of the access points ${closed.join(', ')}, ${bothPrivate(tooOld)}` : ''))];
}

function bothPrivate(tooOld: readonly string[]): string {
  const found = tooOld.length > 0 ? `, not ${[...new Set(tooOld)].join(' and ')}` : '';
  return `HTCondor 25.13 or later in all images${found}: before, its connection broker joins no two sides that both let nobody in`;
}

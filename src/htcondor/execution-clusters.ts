import { Duration } from 'cdk8s';
import { DemandOrder } from './demand-scripts';
import { isDnsLabel } from '../federation/names';
import { problem } from '../problem';

/** What of a pool's clusters its central managers are told. */
export interface ClustersInPool {
  readonly names: readonly string[];
  readonly revoked: readonly string[];
  /** How old a cluster's token may be, where they are renewed. */
  readonly tokenLifetimes: ReadonlyMap<string, Duration>;
  /** Whether it is counted how many machines the queue could use. */
  readonly elastic: boolean;
}

/** The clusters of a pool's execution points: what the program's fleets, and what stands beside them, say of them. Most is known at synth only. */
export class ExecutionClusters {
  private readonly fleets: (() => string[])[] = [];

  private readonly fleetDigests: (() => { [machines: string]: string })[] = [];

  private readonly elasticFleets: (() => DemandOrder[])[] = [];

  private readonly parallelAccessPoints = new Set<string>();

  private readonly revoked = new Set<string>();

  private readonly tokenLifetimes = new Map<string, Duration>();

  /**
   * @param named clusters that are in the pool besides, with fleets of other programs
   */
  public constructor(private readonly named: readonly string[] = []) {}

  /**
   * Lets the execution points of a fleet in; which clusters they are in is known at synth.
   *
   * @param digests which configuration they have, by what the names of its machines end with
   */
  public admit(clusters: () => string[], digests: () => { [machines: string]: string } = () => ({})): void {
    this.fleets.push(clusters);
    this.fleetDigests.push(digests);
  }

  /** Which configurations machines have, by what their names end with. */
  public get digests(): { [machines: string]: string } {
    return Object.assign({}, ...this.fleetDigests.map(digests => digests()));
  }

  /** Counts for an elastic fleet how many execution points its members could use. */
  public count(orders: () => DemandOrder[]): void {
    this.elasticFleets.push(orders);
  }

  /** Says that machines of the program take an access point's parallel jobs. */
  public serveParallelJobs(accessPoint: string): void {
    this.parallelAccessPoints.add(accessPoint);
  }

  /** Says that a cluster's tokens are renewed: its collector takes none that are older. */
  public limitTokens(cluster: string, lifetime: Duration): void {
    this.tokenLifetimes.set(cluster, lifetime);
  }

  public revoke(cluster: string): void {
    this.revoked.add(cluster);
  }

  public isRevoked(cluster: string): boolean {
    return this.revoked.has(cluster);
  }

  public servesParallelJobs(accessPoint: string): boolean {
    return this.parallelAccessPoints.has(accessPoint);
  }

  /** The clusters of execution points: those of the fleets, and those that are named. */
  public get all(): string[] {
    return [...new Set([...this.fleets.flatMap(clusters => clusters()), ...this.named])];
  }

  /** Those whose execution points join. */
  public get names(): string[] {
    return this.all.filter(cluster => !this.revoked.has(cluster));
  }

  public get inPool(): ClustersInPool {
    return {
      names: this.names,
      revoked: [...this.revoked].sort(),
      tokenLifetimes: new Map(this.tokenLifetimes),
      elastic: this.elasticFleets.length > 0,
    };
  }

  /** What is counted for, in the order in which it is filled: the cheapest first. */
  public get demand(): DemandOrder[] {
    const names = new Set(this.names);
    return this.elasticFleets.flatMap(orders => orders()).filter(({ cluster }) => names.has(cluster)).sort((one, other) => one.cost - other.cost);
  }

  /** What is wrong with the names. */
  public problems(): string[] {
    return [
      ...this.named.filter(cluster => !isDnsLabel(cluster)).map(cluster => problem('executionClusters', cluster, 'names of clusters: DNS labels')),
      ...[...this.revoked].filter(cluster => !this.all.includes(cluster))
        .map(cluster => problem('revoke', cluster, `clusters of the pool's execution points: ${this.all.join(', ') || 'none'}`)),
    ];
  }
}

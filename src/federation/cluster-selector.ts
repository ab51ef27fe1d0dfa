import type { FederatedCluster } from './federated-cluster';
import { both, LiveSelection } from './live-selection';

/**
 * Selects members of a federation: all of them, by name, by label, by provider or by region.
 *
 * The selection is made at synth, when all members are known. In a federation with `lateMembers` those by label, provider
 * and region, and of all, are made again for each cluster that joins later.
 */
export class ClusterSelector {
  /** Every member of the federation. */
  public static all(): ClusterSelector {
    return new ClusterSelector('all members', () => true, { labels: {} });
  }

  /**
   * These members and no others.
   *
   * @param clusters members of the federation; a cluster of another one selects nothing
   */
  public static of(...clusters: FederatedCluster[]): ClusterSelector {
    return new ClusterSelector(`members ${clusters.map(cluster => cluster.node.id).join(', ')}`, member => clusters.includes(member));
  }

  /**
   * Members that carry all of these labels, with equal values.
   *
   * @param labels as in `FederatedClusterProps.labels`
   */
  public static labels(labels: { [key: string]: string }): ClusterSelector {
    const wanted = Object.entries(labels);
    return new ClusterSelector(`labels ${wanted.map(([key, value]) => `${key}=${value}`).join(', ')}`,
      member => wanted.every(([key, value]) => member.clusterLabels[key] === value), { labels });
  }

  /**
   * Members of one provider.
   *
   * @param provider as in `FederatedClusterProps.provider`, for instance `t-systems`
   */
  public static provider(provider: string): ClusterSelector {
    return new ClusterSelector(`provider ${provider}`, member => member.provider === provider, { labels: {}, provider });
  }

  /**
   * Members of one region.
   *
   * @param region as in `FederatedClusterProps.region`, for instance `eu-de`
   */
  public static region(region: string): ClusterSelector {
    return new ClusterSelector(`region ${region}`, member => member.region === region, { labels: {}, region });
  }

  /** What is selected, for messages. */
  public readonly description: string;

  /**
   * What the selector means for clusters that are not known yet; nothing where it means those that it names.
   *
   * @internal
   */
  public readonly _live?: LiveSelection;

  private readonly predicate: (member: FederatedCluster) => boolean;

  private constructor(description: string, predicate: (member: FederatedCluster) => boolean, live?: LiveSelection) {
    this.description = description;
    this.predicate = predicate;
    this._live = live;
  }

  /**
   * Members that both selectors select.
   *
   * @param other the second selector
   */
  public and(other: ClusterSelector): ClusterSelector {
    return new ClusterSelector(`(${this.description}) and (${other.description})`, member => this.selects(member) && other.selects(member), both(this._live, other._live));
  }

  /**
   * Members that at least one of the selectors selects.
   *
   * @param other the second selector
   */
  public or(other: ClusterSelector): ClusterSelector {
    return new ClusterSelector(`(${this.description}) or (${other.description})`, member => this.selects(member) || other.selects(member));
  }

  /** Members that this selector doesn't select. */
  public not(): ClusterSelector {
    return new ClusterSelector(`not (${this.description})`, member => !this.selects(member));
  }

  /**
   * Whether a member is selected.
   *
   * @param member a member of the federation
   */
  public selects(member: FederatedCluster): boolean {
    return this.predicate(member);
  }
}

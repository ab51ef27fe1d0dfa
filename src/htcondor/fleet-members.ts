import { Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { StartdMemberOptions } from './startd-fleet-props';
import { FederatedCluster } from '../federation/federated-cluster';
import { Federation } from '../federation/federation';
import { Placement } from '../federation/placement';

/** Where a fleet stands, and what its members do otherwise. */
export class FleetMembers {
  private readonly options = new Map<FederatedCluster, StartdMemberOptions>();

  /**
   * @param fleet the fleet
   * @param ownName what it calls its cluster where it doesn't stand in a federation
   */
  public constructor(private readonly fleet: Construct, private readonly ownName?: string) {}

  /** Says what is different in a member; a second time adds to the first. */
  public set(member: FederatedCluster, options: StartdMemberOptions): void {
    const before = this.options.get(member);
    this.options.set(member, { ...before, ...options, attributes: { ...before?.attributes, ...options.attributes } });
  }

  /** What is different in a member. */
  public optionsOf(member: FederatedCluster | undefined): StartdMemberOptions {
    return (member && this.options.get(member)) ?? {};
  }

  /** The members of which something was said, whether the fleet reaches them or not. */
  public get given(): readonly (readonly [FederatedCluster, StartdMemberOptions])[] {
    return [...this.options];
  }

  public get federated(): boolean {
    return Federation.tryOf(this.fleet) !== undefined;
  }

  /** Whether clusters may join that the program doesn't name. */
  public get late(): boolean {
    return Federation.tryOf(this.fleet)?.lateMembers ?? false;
  }

  /** The members that the fleet reaches; none where it doesn't stand in a federation. */
  public get reached(): FederatedCluster[] {
    const selector = Placement.tryOf(this.fleet)?.clusters;
    return (Federation.tryOf(this.fleet)?.members ?? []).filter(member => selector?.selects(member) ?? true);
  }

  /** The charts that its objects go to. */
  public get charts(): Chart[] {
    return this.federated ? this.reached : [Chart.of(this.fleet)];
  }

  /** The names of the clusters that the fleet reaches. */
  public get clusters(): string[] {
    return this.federated ? this.reached.map(({ node }) => node.id) : [this.clusterName];
  }

  /** The name of the only cluster of a fleet that doesn't stand in a federation. */
  public get clusterName(): string {
    return this.ownName ?? Chart.of(this.fleet).node.id;
  }
}

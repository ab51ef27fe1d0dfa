import type { FederatedCluster } from '../federated-cluster';
import { Manifest } from '../manifest';
import type { FederationModel } from '../model';

/**
 * What carries the objects of a federation to its members.
 *
 * An engine turns the model (objects, the members each goes to, what each member ends up with) into
 * the objects of three places: the members, the host cluster, and the federation's own API. Under every
 * engine a member ends up with the same objects.
 */
export abstract class FederationEngine {
  /**
   * Whether members get their objects by the engine's own API, and not by the file that is applied to them.
   *
   * @internal
   */
  public get _carries(): boolean {
    return false;
  }

  /**
   * Whether clusters that join after the synth can receive objects.
   *
   * @internal
   */
  public get _admitsLateMembers(): boolean {
    return false;
  }

  /**
   * Whether the engine takes a member's file to it.
   *
   * @internal
   */
  public _delivers(_member: FederatedCluster): boolean {
    return false;
  }

  /**
   * Why the engine can't carry this federation.
   *
   * @internal
   */
  public abstract _problems(model: FederationModel): string[];

  /**
   * What a member's file holds of the federation.
   *
   * @internal
   */
  public abstract _memberManifests(model: FederationModel, member: FederatedCluster): Manifest[];

  /**
   * What the host cluster's file holds of the federation.
   *
   * @internal
   */
  public abstract _hostManifests(model: FederationModel): Manifest[];

  /**
   * The kubeconfig context of the API that the federation's own file is applied to.
   *
   * @param federation the federation's name
   * @internal
   */
  public _context(federation: string): string {
    return federation;
  }

  /**
   * What the federation's own file holds. Without any, no such file is written.
   *
   * @internal
   */
  public abstract _federationManifests(model: FederationModel): Manifest[];
}

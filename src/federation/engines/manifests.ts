import { FederationEngine } from './engine';
import type { FederatedCluster } from '../federated-cluster';
import { Manifest } from '../manifest';
import type { FederationModel } from '../model';

/**
 * No control plane: one complete file per cluster, to be applied to that cluster.
 *
 * It needs nothing, holds no credentials, and is what the other engines are measured against.
 */
export class ManifestsEngine extends FederationEngine {
  /** @internal */
  public _problems(_model: FederationModel): string[] {
    return [];
  }

  /** @internal */
  public _memberManifests(model: FederationModel, member: FederatedCluster): Manifest[] {
    return model.objects.filter(object => object.members.has(member)).map(object => model.manifestOf(object, member));
  }

  /** @internal */
  public _hostManifests(_model: FederationModel): Manifest[] {
    return [];
  }

  /** @internal */
  public _federationManifests(_model: FederationModel): Manifest[] {
    return [];
  }
}

import { App } from 'cdk8s';
import { Cluster } from './cluster';
import { identity, Manifest } from './manifest';
import { referencesOf } from './references';
import { asTable } from '../table';

/** A Secret that a cluster must have, and that the program doesn't write. */
export interface RequiredSecret {
  /** The cluster. */
  readonly cluster: string;

  /** The namespace and the name, as `namespace/name`. */
  readonly secret: string;

  /** The objects that need it, or whose pods do, as `Kind/name`. */
  readonly neededBy: string[];
}

/**
 * The Secrets that somebody makes beside a program, since it writes none: keys, tokens, certificates, logins of registries. Pods wait until those that
 * they need are there. An Ingress needs that of its certificate, unless it asks cert-manager for one.
 *
 * What is optional isn't among them, nor what pods don't mount but read from the API.
 */
export class RequiredSecrets {
  /**
   * The Secrets of a program, by what each cluster ends up with, whatever carries it there.
   *
   * @param app the App, with all its clusters; a wrong program is refused as in `App.synth()`
   */
  public static of(app: App): RequiredSecrets {
    return new RequiredSecrets(app.node.children.filter(Cluster.isCluster).flatMap(cluster => requiredIn(cluster.node.id, cluster._holds())));
  }

  /** The Secrets, cluster by cluster. */
  public readonly secrets: RequiredSecret[];

  private constructor(secrets: RequiredSecret[]) {
    this.secrets = secrets;
  }

  /** The Secrets as a table, one line for each. */
  public toString(): string {
    return asTable([['CLUSTER', 'SECRET', 'NEEDED BY'], ...this.secrets.map(({ cluster, secret, neededBy }) => [cluster, secret, neededBy.join(', ')])]);
  }
}

function requiredIn(cluster: string, manifests: readonly Manifest[]): RequiredSecret[] {
  const held = new Set(manifests.map(identity));
  const needed = new Map<string, Set<string>>();
  for (const manifest of manifests) {
    for (const { to } of referencesOf(manifest)) {
      if (!to.startsWith(SECRET) || held.has(to)) { continue; }
      const secret = to.slice(SECRET.length);
      needed.set(secret, (needed.get(secret) ?? new Set()).add(`${manifest.kind}/${manifest.metadata.name}`));
    }
  }
  return [...needed].map(([secret, by]) => ({ cluster, secret, neededBy: [...by] }));
}

/** How the identity of a Secret begins. */
const SECRET = 'Secret ';

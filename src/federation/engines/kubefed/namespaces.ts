import type { CarriedObject } from '../../carried';
import type { FederatedCluster } from '../../federated-cluster';
import { identity, Manifest } from '../../manifest';
import type { FederationModel } from '../../model';

/**
 * Objects whose namespace the federation doesn't bring to all of their members. KubeFed removes such objects, or never creates
 * them: a namespace has to be federated as well, and is then KubeFed's, labels included.
 *
 * @param open namespaces that need not be declared
 */
export function undeclaredNamespaces(model: FederationModel, objects: readonly CarriedObject[], open: ReadonlySet<string>): string[] {
  const declared = new Map(model.carried.filter(({ template }) => isNamespace(template))
    .map(({ template, results }) => [template.metadata.name, results]));
  return objects.flatMap(({ template, results }) => {
    const { namespace } = template.metadata;
    if (!namespace || open.has(namespace)) { return []; }
    const without = [...results.keys()].filter(member => !declared.get(namespace)?.has(member));
    return without.length === 0 ? [] : [`${identity(template)}: KubeFed brings objects only into namespaces that it brings too: `
      + `declare Namespace ${namespace} on ${model.federation.node.path} for ${few(without)}`];
  });
}

export function isNamespace({ apiVersion, kind }: Manifest): boolean {
  return apiVersion === 'v1' && kind === 'Namespace';
}

function few(members: FederatedCluster[]): string {
  const names = members.slice(0, 3).map(({ node }) => node.id);
  return members.length > names.length ? `${names.join(', ')} and ${members.length - names.length} more` : names.join(', ');
}

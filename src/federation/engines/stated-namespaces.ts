import { ApiObject } from 'cdk8s';
import { ApiResources } from './api-resources';
import type { FederatedCluster } from '../federated-cluster';
import type { FederationModel } from '../model';

/**
 * Objects that leave their namespace to a kubeconfig context, where there is none.
 *
 * @param files members whose own objects are carried as well
 */
export function withoutNamespace(model: FederationModel, engine: string, files: FederatedCluster[] = []): string[] {
  const resources = ApiResources.of(model);
  const objects = [
    ...model.objects.filter(({ template }) => !template.metadata.namespace).map(({ source }) => source),
    ...files.flatMap(member => member.node.findAll().filter(ApiObject.isApiObject)),
  ];
  const lacking = objects.filter(({ apiVersion, kind, metadata }) => !metadata.namespace && resources.hasNamespaces({ apiVersion, kind }));
  return lacking.map(({ node, kind }) =>
    `${node.path} is a ${kind} without a namespace, and ${engine} has no context to take one from: `
    + 'state it on the object, or as the namespace of its chart');
}

import type { FederationModel } from '../model';

/**
 * Why an engine that holds objects in an API of its own can't carry a federation, whichever engine it is: objects that are claimed
 * twice, and Secrets, whose content would lie open in a kind that is none.
 *
 * @param holder what would hold a Secret's content, for instance `a ManifestWork`
 */
export function carryingProblems(model: FederationModel, holder: string): string[] {
  const secrets = model.objects.filter(({ template }) => template.apiVersion === 'v1' && template.kind === 'Secret');
  return [...model.carriedProblems, ...secrets.map(({ source, template }) =>
    `${source.node.path} is a Secret, and ${holder} would hold its content for all who may read that: create it in each member `
    + `(kubectl --context MEMBER create secret generic ${template.metadata.name} ...), or declare it in the FederatedCluster, whose file brings it there`)];
}

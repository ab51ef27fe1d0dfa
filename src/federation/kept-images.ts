import type { FederatedObject, FederationModel } from './model';
import { Container, PodSpec, podSpecOf } from './pod-spec';
import { problem } from '../problem';

/**
 * Overrides of an image that leave init containers with the one that it was: the member would still pull it, and its pods
 * wait for ever where it can't. Other images are not meant, and may stay.
 */
export function keptImages(model: FederationModel): string[] {
  return model.objects.flatMap(object => {
    const template = podSpecOf(object.template);
    return template?.spec.initContainers ? [...model.differencesOf(object)].flatMap(([{ node }, manifest]) => {
      const result = podSpecOf(manifest);
      return result && result.spec !== template.spec ? kept(template.spec, result.spec, `${where(object)} for ${node.id} ${template.path}`) : [];
    }) : [];
  });
}

function kept(template: PodSpec, result: PodSpec, at: string): string[] {
  return (result.containers ?? []).flatMap(({ name, image }, index) => {
    const before = named(template.containers, name)?.image;
    return before === undefined || image === before ? [] : (result.initContainers ?? []).flatMap((init, initIndex) =>
      init.image === before && named(template.initContainers, init.name)?.image === before ? [problem(`${at}.containers[${index}].image`, image,
        `another image only where ${at.slice(at.lastIndexOf(' ') + 1)}.initContainers[${initIndex}].image gets another as well: `
        + `it was the same, and would still be ${JSON.stringify(before)}`)] : []);
  });
}

function named(containers: readonly Container[] | undefined, name: string | undefined): Container | undefined {
  return containers?.find(container => container.name === name);
}

function where({ source }: FederatedObject): string {
  return source.node.path;
}

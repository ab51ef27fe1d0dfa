import { Manifest } from '../../manifest';
import { ApiResources } from '../api-resources';

/** The version by which Karmada sees objects of a kind: the one that its API prefers. Nothing where that is not known to be another. */
export function discoveredVersion({ apiVersion, kind }: Manifest, resources: ApiResources): string | undefined {
  if (apiVersion === 'autoscaling/v1' && kind === 'HorizontalPodAutoscaler') { return 'autoscaling/v2'; }
  const definition = resources.definitionOf({ apiVersion, kind });
  const [first] = (definition?.versions ?? []).filter(({ served }) => served).map(({ name }) => name).sort(byPriority);
  return first && `${definition!.group}/${first}`;
}

/** As Kubernetes orders versions: v2, v1, v1beta2, v1beta1, v1alpha1. */
function byPriority(one: string, other: string): number {
  const [a, b] = [rank(one), rank(other)];
  const first = a.findIndex((value, index) => value !== b[index]);
  return first < 0 ? 0 : b[first] - a[first];
}

function rank(version: string): number[] {
  const [, major, stage, minor] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? [];
  return [major ? ['alpha', 'beta', undefined].indexOf(stage) : -1, Number(major ?? 0), Number(minor ?? 0)];
}

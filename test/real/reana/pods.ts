import { environment, Sources } from '../environment';
import { Manifest } from '../manifest';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** What Secrets and ConfigMaps hold, by `namespace/name`. */
export type Contents = { readonly [name: string]: { readonly [key: string]: string } };

/** A container as it stands in a file, and the variables that a kubelet would give it. */
export interface SynthesizedContainer {
  /** `Kind/name/container`. */
  readonly where: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly podSpec: any;
  readonly spec: any;
  readonly variables: { readonly [name: string]: string };
}

/** The template of the pods that an object makes; undefined if it makes none. */
export function podTemplate(manifest: Manifest): any {
  switch (manifest.kind) {
    case 'CronJob': return manifest.spec.jobTemplate.spec.template;
    case 'DaemonSet':
    case 'Deployment':
    case 'Job':
    case 'StatefulSet': return manifest.spec.template;
    default: return undefined;
  }
}

/** All containers of a file, in a site where there are these Secrets. A variable of a Secret that isn't there is an error, as at a kubelet. */
export function containersOf(manifests: readonly Manifest[], secrets: Contents): SynthesizedContainer[] {
  return manifests.flatMap(manifest => {
    const spec = podTemplate(manifest)?.spec;
    if (!spec) { return []; }
    const namespace = manifest.metadata.namespace!;
    const bytes = (content?: { readonly [key: string]: string }) =>
      content && Object.fromEntries(Object.entries(content).map(([key, value]) => [key, Buffer.from(value)]));
    const sources: Sources = {
      configMap: name => bytes(manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name && metadata.namespace === namespace)?.data),
      secret: name => bytes(secrets[`${namespace}/${name}`]),
    };
    const facts = {
      name: 'pod',
      namespace,
      uid: '',
      labels: {},
      annotations: {},
      nodeName: 'node',
      serviceAccountName: spec.serviceAccountName ?? 'default',
      podIP: '10.0.0.1',
      hostIP: '10.0.0.2',
      allocatable: { cpu: '8', memory: '16Gi' },
    };
    return [...spec.initContainers ?? [], ...spec.containers].map(container => ({
      where: `${manifest.kind}/${manifest.metadata.name}/${container.name}`,
      namespace,
      serviceAccount: facts.serviceAccountName,
      podSpec: spec,
      spec: container,
      variables: Object.fromEntries(environment(container, facts, sources, new Map())),
    }));
  });
}

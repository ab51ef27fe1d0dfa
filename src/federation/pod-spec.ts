import { apiGroup } from './kinds';
import { Manifest } from './manifest';

/** Where kinds that make pods say what is in them. */
const TEMPLATE = ['spec', 'template', 'spec'];
const PATHS: { readonly [kind: string]: readonly string[] } = {
  'CronJob.batch': ['spec', 'jobTemplate', ...TEMPLATE],
  'DaemonSet.apps': TEMPLATE,
  'Deployment.apps': TEMPLATE,
  'Job.batch': TEMPLATE,
  'Pod.': ['spec'],
  'PodTemplate.': ['template', 'spec'],
  'ReplicaSet.apps': TEMPLATE,
  'ReplicationController.': TEMPLATE,
  'ScaledJob.keda.sh': ['spec', 'jobTargetRef', ...TEMPLATE.slice(1)],
  'StatefulSet.apps': TEMPLATE,
};

/** What a pod is made of, as far as it matters here; all that an object is made of may be missing or wrong. */
export interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly [field: string]: any;
}

export interface Container {
  readonly name?: string;
  readonly image?: string;
  readonly [field: string]: any;
}

/** What the pods of an object are made of, and where it says so; nothing for kinds that make none. */
export function podSpecOf(manifest: Manifest): { readonly spec: PodSpec; readonly path: string } | undefined {
  const path = PATHS[`${manifest.kind}.${apiGroup(manifest.apiVersion)}`];
  const spec = path?.reduce<unknown>((value, field) => (value as { [field: string]: unknown } | undefined)?.[field], manifest);
  return spec ? { spec, path: path.join('.') } : undefined;
}

import { Manifest } from '../../../src/federation/manifest';

/** What API servers allot, to each object anew. */
const ALLOTTED = new Set(['clusterIP', 'clusterIPs', 'healthCheckNodePort', 'nodePort']);

/** How often the template of a Deployment or a DaemonSet has changed. */
const COUNTED = new Set(['deployment.kubernetes.io/revision', 'deprecated.daemonset.template.generation']);

/** An object as an API server gives it, without what the server allots and what an engine notes on it: what is left was declared, or follows from it. */
export function asDeclared({ status: _, metadata, ...object }: Manifest, notes: RegExp): Manifest {
  const { name, namespace, labels = {}, annotations = {}, finalizers = [], ownerReferences = [], uid } = metadata as any;
  const ours = (entries: object) => Object.fromEntries(Object.entries(entries).filter(([key]) => !notes.test(key) && !COUNTED.has(key)));
  const owners = ownerReferences.filter(({ apiVersion }: any) => !notes.test(apiVersion));
  const own = { labels: ours(labels), annotations: ours(annotations), finalizers, ownerReferences: owners };
  return { ...withoutAllotted(object, uid), metadata: { name, ...namespace && { namespace }, ...own } } as Manifest;
}

function withoutAllotted<T extends { kind: string }>(object: T, uid: string): T {
  if (object.kind !== 'Service' && object.kind !== 'Job') { return object; }
  return JSON.parse(JSON.stringify(object), (key, value) => {
    if (ALLOTTED.has(key) && String(value) !== 'None') { return 'allotted'; }
    return value === uid ? 'its own' : value;
  });
}

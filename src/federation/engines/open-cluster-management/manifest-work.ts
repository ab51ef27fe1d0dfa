import { apiGroup } from '../../kinds';
import { Manifest } from '../../manifest';
import { ApiResources } from '../api-resources';

/** What OCM's webhook lets through (`ManifestValidator`), over all manifests of a ManifestWork, in bytes of JSON. */
export const MAX_WORK_BYTES = 500 * 1024;

/** Kinds whose status OCM knows how to summarize (`DefaultWellKnownStatusRule`). */
const WELL_KNOWN_STATUS = new Set(['v1/Pod', 'apps/v1/DaemonSet', 'apps/v1/Deployment', 'batch/v1/Job']);

/** The framing of one manifest, which the webhook counts too: a tag, and its size in three bytes at most. */
const FRAMING = 4;

const measured = new WeakMap<Manifest, number>();

/** How a member's agent treats what a ManifestWork brings. */
export interface WorkOptions {
  /** Whether the agent deletes what the ManifestWork no longer holds. */
  readonly prune: boolean;
  /** Whether the agent leaves the objects as they are. */
  readonly paused: boolean;
}

/** What a manifest counts for in a ManifestWork, at most: Go writes `<`, `>`, `&` and two separators of Unicode in six bytes each. */
export function workBytes(manifest: Manifest): number {
  let bytes = measured.get(manifest);
  if (bytes === undefined) {
    const json = JSON.stringify(manifest);
    // the separators have three bytes already
    bytes = Buffer.byteLength(json) + 5 * (json.match(/[<>&]/g)?.length ?? 0) + 3 * (json.match(/[\u2028\u2029]/g)?.length ?? 0) + FRAMING;
    measured.set(manifest, bytes);
  }
  return bytes;
}

/** The objects of a member in as few parts as OCM takes, what others can't be created without first. */
export function workParts(manifests: Manifest[]): Manifest[][] {
  const first = ({ kind }: Manifest) => kind === 'Namespace' || kind === 'CustomResourceDefinition';
  const parts: Manifest[][] = [];
  let bytes = Infinity;
  for (const manifest of [...manifests.filter(first), ...manifests.filter(one => !first(one))]) {
    bytes += workBytes(manifest);
    if (bytes > MAX_WORK_BYTES) {
      parts.push([]);
      bytes = workBytes(manifest);
    }
    parts[parts.length - 1].push(manifest);
  }
  return parts;
}

/** Objects for one member, as its agent fetches them from the hub. */
export function manifestWork(name: string, member: string, manifests: Manifest[], resources: ApiResources, options: WorkOptions): Manifest {
  return {
    apiVersion: 'work.open-cluster-management.io/v1',
    kind: 'ManifestWork',
    metadata: { name, namespace: member },
    spec: {
      // an object that the ManifestWork owns goes with it: with the ManagedCluster, or a namespace on the hub
      deleteOption: { propagationPolicy: options.prune ? 'Foreground' : 'Orphan' },
      workload: { manifests },
      manifestConfigs: manifestConfigs(manifests, resources, options.paused),
    },
  };
}

function manifestConfigs(manifests: Manifest[], resources: ApiResources, paused: boolean): object[] {
  const configs = new Map<string, object>();
  for (const manifest of manifests) {
    const type = `${manifest.apiVersion}/${manifest.kind}`;
    if (configs.has(type)) { continue; }
    configs.set(type, {
      resourceIdentifier: { group: apiGroup(manifest.apiVersion), resource: resources.nameOf(manifest), namespace: '*', name: '*' },
      updateStrategy: updateStrategy(manifest, paused),
      ...WELL_KNOWN_STATUS.has(type) && { feedbackRules: [{ type: 'WellKnownStatus' }] },
    });
  }
  return [...configs.values()];
}

function updateStrategy({ kind }: Manifest, paused: boolean): object {
  if (paused) { return { type: 'ReadOnly' }; }
  // the agent may update a CustomResourceDefinition, and not patch it
  return kind === 'CustomResourceDefinition' ? { type: 'Update' } : { type: 'ServerSideApply', serverSideApply: { force: true } };
}

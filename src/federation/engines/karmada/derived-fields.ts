import { apiGroup } from '../../kinds';
import { Manifest } from '../../manifest';

type Fields = { readonly [field: string]: any };

/** Fields that an API server fills in where nobody states them, each with what it takes from the fields beside it. */
export interface DerivedFields {
  readonly [field: string]: (beside: Fields) => unknown;
}

const POD: DerivedFields = {
  imagePullPolicy: ({ image }) => image && isLatest(image),
  serviceAccount: ({ serviceAccountName }) => isUnstated(serviceAccountName),
};

const BY_KIND: { readonly [kind: string]: DerivedFields } = {
  'CronJob.batch': POD,
  'DaemonSet.apps': POD,
  'Deployment.apps': POD,
  'Job.batch': {
    ...POD,
    backoffLimit: ({ backoffLimitPerIndex }) => isUnstated(backoffLimitPerIndex),
    completions: ({ parallelism }) => isUnstated(parallelism),
    parallelism: ({ completions }) => isUnstated(completions),
    podReplacementPolicy: ({ podFailurePolicy }) => isUnstated(podFailurePolicy),
  },
  'NetworkPolicy.networking.k8s.io': { policyTypes: ({ egress }) => isUnstated(egress) },
  'Pod.': POD,
  'ReplicaSet.apps': POD,
  'Service.': {
    clusterIPs: ({ clusterIP }) => clusterIP,
    externalTrafficPolicy: ({ externalIPs }) => isUnstated(externalIPs),
    ipFamilies: isOfAllFamilies,
    ipFamilyPolicy: isOfAllFamilies,
    targetPort: ({ port }) => port,
  },
  'StatefulSet.apps': POD,
};

/**
 * What API servers derive in objects of a kind (`SetDefaults_...` of Kubernetes, and what it allots to Services); what they always fill in alike
 * is not among it.
 */
export function derivedFields({ apiVersion, kind }: Manifest): DerivedFields {
  return BY_KIND[`${kind}.${apiGroup(apiVersion)}`] ?? {};
}

/**
 * Two forms of a Job with the labels that an API server gives it where neither states any: those of its pods, as they are when it first takes
 * the Job. They stay when the pods' labels change, also in the member, where Karmada's own labels stand beside them.
 */
export function withDerivedLabels(...forms: [Manifest, Manifest]): [Manifest, Manifest] {
  const [{ apiVersion, kind }] = forms;
  const derived = kind === 'Job' && apiGroup(apiVersion) === 'batch' && forms.every(({ metadata: { labels } }) => Object.keys(labels ?? {}).length === 0);
  return derived ? forms.map(labelledAsPods) as [Manifest, Manifest] : forms;
}

function labelledAsPods(manifest: Manifest): Manifest {
  const labels = (manifest.spec as Fields | undefined)?.template?.metadata?.labels;
  return labels ? { ...manifest, metadata: { ...manifest.metadata, labels } } : manifest;
}

/** Whether a Service is of IPv4 and IPv6, even in a cluster of one: it has no address, and nothing says which pods it is of. */
function isOfAllFamilies({ clusterIP, selector }: Fields): boolean {
  return clusterIP === 'None' && Object.keys(selector ?? {}).length === 0;
}

/** Whether an API server fills a field in that has this value. */
export function isUnstated(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

/** Whether an image is the newest of its name: by its tag, or without tag and digest. */
function isLatest(image: string): boolean {
  const [name, digest] = image.split('@');
  const [, tag] = /:([^/:]+)$/.exec(name) ?? [];
  return tag === undefined ? digest === undefined : tag === 'latest';
}

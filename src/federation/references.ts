import { apiGroup } from './kinds';
import { identity, Manifest } from './manifest';
import { Container, PodSpec, podSpecOf } from './pod-spec';

/** A place in an object that names another one. */
export interface Reference {
  readonly path: string;
  readonly name: string;
  /** The other's identity. */
  readonly to: string;
}

/** What an object names, before it is known in which namespace. */
interface Named {
  readonly path: string;
  readonly name: string;
  readonly apiVersion: string;
  readonly kind: string;
  /** @default - that of the object */
  readonly namespace?: string;
}

/** Kinds that belong to no namespace, and are named by pods and by bindings of roles. */
const EVERYWHERE = new Set(['ClusterRole', 'PriorityClass', 'RuntimeClass']);

const inPods = new WeakMap<PodSpec, readonly Named[]>();

/** By these annotations cert-manager is asked for an Ingress's certificate. */
const ISSUERS = ['cert-manager.io/cluster-issuer', 'cert-manager.io/issuer'];

/**
 * The objects that an object can't do without: pods don't start without what they mount, read or run as, nor pull an image
 * without its Secret; a role that isn't there grants nothing, a certificate protects nothing, and a volume that needs a login isn't
 * mounted. What is optional is not among them.
 */
export function referencesOf(manifest: Manifest): Reference[] {
  const named = [...ofPods(manifest), ...ofAccount(manifest), ...ofBinding(manifest), ...ofIngress(manifest), ...ofPersistentVolume(manifest)];
  return named.map(({ path, name, apiVersion, kind, namespace = manifest.metadata.namespace }) => ({
    path, name, to: identity({ apiVersion, kind, metadata: { name, ...!EVERYWHERE.has(kind) && { namespace } } }),
  }));
}

function ofPods(manifest: Manifest): Named[] {
  const pods = podSpecOf(manifest);
  if (!pods) { return []; }
  // members share what is equal in them
  const named = inPods.get(pods.spec) ?? ofPod(pods.spec);
  inPods.set(pods.spec, named);
  return named.map(reference => ({ ...reference, path: `${pods.path}.${reference.path}` }));
}

function ofAccount(manifest: Manifest): Named[] {
  return manifest.kind === 'ServiceAccount' && manifest.apiVersion === 'v1' ? pullSecrets(manifest.imagePullSecrets as PodSpec['imagePullSecrets']) : [];
}

function ofBinding({ apiVersion, kind, roleRef }: Manifest): Named[] {
  const group = 'rbac.authorization.k8s.io';
  if (apiGroup(apiVersion) !== group || !['ClusterRoleBinding', 'RoleBinding'].includes(kind)) { return []; }
  const { kind: role, name } = (roleRef ?? {}) as { kind?: string; name?: string };
  return role && name ? [{ path: 'roleRef.name', name, apiVersion: `${group}/v1`, kind: role }] : [];
}

function ofIngress({ apiVersion, kind, metadata: { annotations }, spec }: Manifest): Named[] {
  if (kind !== 'Ingress' || apiGroup(apiVersion) !== 'networking.k8s.io' || ISSUERS.some(issuer => issuer in ((annotations ?? {}) as object))) { return []; }
  return each((spec as any)?.tls, 'spec.tls', ({ secretName }: any, at) => one(`${at}.secretName`, secretName, 'Secret'));
}

function ofPersistentVolume({ apiVersion, kind, spec }: Manifest): Named[] {
  if (kind !== 'PersistentVolume' || apiVersion !== 'v1') { return []; }
  const { csi = {} } = (spec ?? {}) as any;
  return ['nodeStageSecretRef', 'nodePublishSecretRef'].flatMap(field =>
    one(`spec.csi.${field}.name`, csi[field]?.name, 'Secret').map(reference => ({ ...reference, namespace: csi[field].namespace })));
}

function ofPod(spec: PodSpec): Named[] {
  const { priorityClassName, runtimeClassName, serviceAccountName, volumes } = spec;
  return [
    ...one('serviceAccountName', serviceAccountName, 'ServiceAccount'),
    ...one('priorityClassName', priorityClassName, 'PriorityClass', 'scheduling.k8s.io/v1'),
    ...one('runtimeClassName', runtimeClassName, 'RuntimeClass', 'node.k8s.io/v1'),
    ...pullSecrets(spec.imagePullSecrets),
    ...each(volumes, 'volumes', ofVolume),
    ...each(spec.initContainers, 'initContainers', ofContainer),
    ...each(spec.containers, 'containers', ofContainer),
  ];
}

function ofVolume({ configMap, persistentVolumeClaim, projected, secret }: any, at: string): Named[] {
  return [
    ...needed(`${at}.configMap.name`, configMap?.name, 'ConfigMap', configMap),
    ...needed(`${at}.secret.secretName`, secret?.secretName, 'Secret', secret),
    ...one(`${at}.persistentVolumeClaim.claimName`, persistentVolumeClaim?.claimName, 'PersistentVolumeClaim'),
    ...each(projected?.sources, `${at}.projected.sources`, (source: any, where) => [
      ...needed(`${where}.configMap.name`, source.configMap?.name, 'ConfigMap', source.configMap),
      ...needed(`${where}.secret.name`, source.secret?.name, 'Secret', source.secret),
    ]),
  ];
}

function ofContainer({ env, envFrom }: Container, at: string): Named[] {
  return [
    ...each(env, `${at}.env`, ({ valueFrom }: any, where) => [
      ...needed(`${where}.valueFrom.configMapKeyRef.name`, valueFrom?.configMapKeyRef?.name, 'ConfigMap', valueFrom?.configMapKeyRef),
      ...needed(`${where}.valueFrom.secretKeyRef.name`, valueFrom?.secretKeyRef?.name, 'Secret', valueFrom?.secretKeyRef),
    ]),
    ...each(envFrom, `${at}.envFrom`, ({ configMapRef, secretRef }: any, where) => [
      ...needed(`${where}.configMapRef.name`, configMapRef?.name, 'ConfigMap', configMapRef),
      ...needed(`${where}.secretRef.name`, secretRef?.name, 'Secret', secretRef),
    ]),
  ];
}

function pullSecrets(secrets: readonly { readonly name?: string }[] | undefined): Named[] {
  return each(secrets, 'imagePullSecrets', ({ name }, at) => one(`${at}.name`, name, 'Secret'));
}

function needed(path: string, name: string | undefined, kind: string, reference: { readonly optional?: boolean } | undefined): Named[] {
  return reference?.optional ? [] : one(path, name, kind);
}

function one(path: string, name: string | undefined, kind: string, apiVersion = 'v1'): Named[] {
  return name ? [{ path, name, apiVersion, kind }] : [];
}

function each<T>(list: readonly T[] | undefined, at: string, read: (item: T, at: string) => Named[]): Named[] {
  return Array.isArray(list) ? list.flatMap((item, index) => read(item ?? {}, `${at}[${index}]`)) : [];
}

import { qualifiedName, TargetType } from './target-type';
import { Manifest } from '../../manifest';

/** The API of federated objects, which the control plane's roles are written for. */
const GROUP = 'types.kubefed.io';
const VERSION = 'v1beta1';

export const FEDERATED_API = `${GROUP}/${VERSION}`;

/** Kinds with a count of replicas that an autoscaler of the member may set, and KubeFed then leaves alone. */
const SCALED = new Set(['deployments.apps', 'replicasets.apps', 'replicationcontrollers', 'statefulsets.apps']);

export function isScaled(type: TargetType): boolean {
  return SCALED.has(qualifiedName(type));
}

export function federatedKind({ kind }: TargetType): string {
  return `Federated${kind}`;
}

/** A FederatedNamespace lies in the namespace that it stands for; the others are scoped as their targets. */
function scopes({ group, kind, namespaced }: TargetType) {
  const scope = namespaced ? 'Namespaced' : 'Cluster';
  return { target: scope, federated: kind === 'Namespace' && group === '' ? 'Namespaced' : scope };
}

/** What `kubefedctl enable` makes: the control plane federates the type, in the objects of the federated type. */
export function typeConfigOf(type: TargetType, namespace: string): Manifest {
  const scope = scopes(type);
  return {
    apiVersion: 'core.kubefed.io/v1beta1',
    kind: 'FederatedTypeConfig',
    metadata: { name: qualifiedName(type), namespace },
    spec: {
      federatedType: {
        group: GROUP,
        kind: federatedKind(type),
        pluralName: `federated${type.plural}`,
        scope: scope.federated,
        version: VERSION,
      },
      propagation: 'Enabled',
      targetType: {
        ...type.group && { group: type.group },
        kind: type.kind,
        pluralName: type.plural,
        scope: scope.target,
        version: type.version,
      },
    },
  };
}

/** The federated type itself, in the shape that `kubefedctl enable` gives it. */
export function federatedTypeOf(type: TargetType): Manifest {
  const plural = `federated${type.plural}`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      names: { kind: federatedKind(type), plural },
      scope: scopes(type).federated,
      versions: [{
        name: VERSION,
        schema: {
          openAPIV3Schema: object({
            apiVersion: { type: 'string' },
            kind: { type: 'string' },
            metadata: { type: 'object' },
            spec: specOf(type),
            status: statusSchema(),
          }, 'spec'),
        },
        served: true,
        storage: true,
        subresources: { status: {} },
      }],
    },
  };
}

function specOf(type: TargetType): object {
  const override = object({
    op: { type: 'string', pattern: '^(add|remove|replace)?$' },
    path: { type: 'string' },
    value: { 'x-kubernetes-preserve-unknown-fields': true },
  }, 'path');
  const expression = object({ key: { type: 'string' }, operator: { type: 'string' }, values: list({ type: 'string' }) }, 'key', 'operator');
  return object({
    overrides: list(object({ clusterName: { type: 'string' }, clusterOverrides: list(override) })),
    placement: object({
      clusterSelector: object({
        matchExpressions: list(expression),
        matchLabels: { type: 'object', additionalProperties: { type: 'string' } },
      }),
      clusters: list(object({ name: { type: 'string' } }, 'name')),
    }),
    ...isScaled(type) && { retainReplicas: { type: 'boolean' } },
    template: anything(),
  });
}

function statusSchema(): object {
  const time = () => ({ type: 'string', format: 'date-time' });
  return object({
    clusters: list(object({ name: { type: 'string' }, remoteStatus: anything(), status: { type: 'string' } }, 'name')),
    conditions: list(object({
      lastTransitionTime: time(),
      lastUpdateTime: time(),
      reason: { type: 'string' },
      status: { type: 'string' },
      type: { type: 'string' },
    }, 'type', 'status')),
    observedGeneration: { type: 'integer', format: 'int64' },
  });
}

function object(properties: object, ...required: string[]): object {
  return { type: 'object', properties, ...required.length > 0 && { required } };
}

function list(items: object): object {
  return { type: 'array', items };
}

function anything(): object {
  return { 'type': 'object', 'x-kubernetes-preserve-unknown-fields': true };
}

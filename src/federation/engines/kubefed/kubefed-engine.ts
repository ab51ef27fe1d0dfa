import { problem } from '../../../problem';
import type { CarriedObject } from '../../carried';
import type { FederatedCluster } from '../../federated-cluster';
import { identity, Manifest } from '../../manifest';
import type { FederationModel } from '../../model';
import { carryingProblems } from '../carrying';
import { FederationEngine } from '../engine';
import { federatedObject, openedNamespace } from './federated-object';
import { joinedMember, kubeFedCluster } from './join';
import { isNamespace, undeclaredNamespaces } from './namespaces';
import { memberProblems } from './reachable-members';
import { KubeFedKind, qualifiedName, TargetType, TargetTypes } from './target-type';
import { federatedTypeOf, typeConfigOf } from './type-config';

/** The largest request that etcd takes as it is delivered (`--max-request-bytes`); an API server stores an object in one. */
const MAX_OBJECT_BYTES = 1.5 * 1024 * 1024;

/** What KubeFed writes of one member into the status of an object, at most: its name and a word. */
const STATUS_BYTES = 120;

/** The longest name of an object (RFC 1123). */
const MAX_NAME_LENGTH = 253;

const NAMESPACES: TargetType = { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };

const OBJECT_NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** Properties of a `KubeFedEngine`. */
export interface KubeFedEngineProps {
  /**
   * The namespace of the control plane, in the host and in the members: a DNS label.
   *
   * @default kube-federation-system
   */
  readonly namespace?: string;

  /**
   * The types that the control plane has enabled already, each as `plural` or `plural.group`, for instance `daemonsets.apps`.
   * For the other kinds of the program the host's file enables them, as `kubefedctl enable` does: a FederatedTypeConfig and
   * the CustomResourceDefinition of the federated type.
   *
   * @default - `KubeFedEngine.CHART_TYPES`
   */
  readonly enabledTypes?: string[];

  /**
   * Kinds outside Kubernetes whose CustomResourceDefinitions are not declared on the federation. Without one of the two a kind
   * is refused: KubeFed must be told its plural name.
   *
   * @default - none
   */
  readonly customKinds?: KubeFedKind[];
}

/**
 * KubeFed v2 (`core.kubefed.io/v1beta1`, 0.10.0), for those who have it: a control plane in the host that calls the API
 * servers of its members. It is archived since 2023; new federations have better engines.
 *
 * Each object of the federation becomes a `Federated<Kind>` in the host's file, with its members by name in `spec.placement`
 * and what differs in `spec.overrides`. A member is a KubeFedCluster in the host, and an account for the control plane in its
 * own file. `FederatedClusterProps.apiServer` becomes `spec.apiEndpoint`, `caBundle` the bundle of the same name (without it the
 * authorities of KubeFed's image are trusted), and `credentials` names the Secret in the control plane's namespace whose `token`
 * is that of the account.
 *
 * Refused at synth: members that pull or are paused, members without `apiServer`, Secrets, objects in namespaces that the
 * federation doesn't declare for the same members, the namespaces of Kubernetes and of KubeFed itself, kinds of unknown plural,
 * names that a custom resource can't have, and objects that are larger with their overrides than etcd takes.
 */
export class KubeFedEngine extends FederationEngine {
  /** The types that the chart of KubeFed enables. */
  public static readonly CHART_TYPES: string[] = [
    'clusterroles.rbac.authorization.k8s.io', 'configmaps', 'deployments.apps', 'ingresses.networking.k8s.io', 'jobs.batch',
    'namespaces', 'replicasets.apps', 'secrets', 'serviceaccounts', 'services',
  ];

  private readonly namespace: string;

  private readonly enabled: ReadonlySet<string>;

  private readonly customKinds: readonly KubeFedKind[];

  /** The objects of a federation and their types, which are asked for to be checked and again to be written. */
  private readonly typed = new WeakMap<readonly CarriedObject[], TypedObject[]>();

  /** Namespaces that exist in every member and that KubeFed leaves alone; it still carries objects into them. */
  private readonly systemNamespaces: ReadonlySet<string>;

  /**
   * @param props where the control plane is, and what it knows already
   */
  public constructor(props: KubeFedEngineProps = {}) {
    super();
    this.namespace = props.namespace ?? 'kube-federation-system';
    this.enabled = new Set(props.enabledTypes ?? KubeFedEngine.CHART_TYPES);
    this.customKinds = props.customKinds ?? [];
    this.systemNamespaces = new Set(['default', 'kube-public', 'kube-system', this.namespace]);
  }

  /** @internal */
  public get _carries(): boolean {
    return true;
  }

  /** @internal */
  public _problems(model: FederationModel): string[] {
    const types = new TargetTypes(model, this.customKinds);
    const typed = this.typedObjects(model, types);
    return [
      ...isDnsLabel(this.namespace) ? [] : [problem('engine.namespace', this.namespace, "a DNS label (a-z, 0-9, '-') of at most 63 characters")],
      ...carryingProblems(model, 'a FederatedSecret'),
      ...memberProblems(model),
      ...types.problems,
      ...model.carried.filter(({ template }) => !types.of(template)).map(({ template }) =>
        `${identity(template)}: KubeFed needs the plural name of a kind outside Kubernetes: `
        + 'declare its CustomResourceDefinition on the federation, or state it in customKinds'),
      ...this.clashes(distinct(typed)),
      ...typed.flatMap(object => this.objectProblems(object)),
      ...undeclaredNamespaces(model, namespacedOf(typed), this.systemNamespaces),
    ];
  }

  /** @internal */
  public _memberManifests(_model: FederationModel, member: FederatedCluster): Manifest[] {
    return joinedMember(member, this.namespace);
  }

  /** @internal */
  public _hostManifests(model: FederationModel): Manifest[] {
    const typed = this.typedObjects(model, new TargetTypes(model, this.customKinds));
    const opened = this.openedNamespaces(typed);
    const types = distinct(typed, ...opened.length > 0 ? [NAMESPACES] : []).filter(type => !this.enabled.has(qualifiedName(type)));
    return [
      // a FederatedNamespace lies in the namespace that it stands for
      ...typed.filter(({ object }) => isNamespace(object.template)).map(({ object: { template } }) =>
        ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: template.metadata.name } })),
      ...types.map(federatedTypeOf),
      ...types.map(type => typeConfigOf(type, this.namespace)),
      ...model.federation.members.map(member => kubeFedCluster(member, this.namespace)),
      ...opened,
      ...typed.map(({ federated }) => federated),
    ];
  }

  /** @internal */
  public _federationManifests(_model: FederationModel): Manifest[] {
    return [];
  }

  /** The objects whose type is known; those of other types are refused. */
  private typedObjects({ carried }: FederationModel, types: TargetTypes): TypedObject[] {
    const typed = this.typed.get(carried) ?? carried.flatMap(object => {
      const type = types.of(object.template);
      return type ? [{ type, object, federated: federatedObject(type, object) }] : [];
    });
    this.typed.set(carried, typed);
    return typed;
  }

  private openedNamespaces(typed: TypedObject[]): Manifest[] {
    const members = new Map<string, Set<FederatedCluster>>();
    for (const { template, results } of namespacedOf(typed)) {
      const { namespace } = template.metadata;
      if (!namespace || !this.systemNamespaces.has(namespace)) { continue; }
      const all = members.get(namespace) ?? new Set();
      [...results.keys()].forEach(member => all.add(member));
      members.set(namespace, all);
    }
    return [...members].map(([namespace, all]) => openedNamespace(namespace, all));
  }

  /** Types of one plural name, which KubeFed would federate as one. */
  private clashes(types: TargetType[]): string[] {
    const all = [...new Set([...this.enabled, ...types.map(qualifiedName)])];
    return types.flatMap(type => {
      const other = all.find(name => name !== qualifiedName(type) && name.split('.')[0] === type.plural);
      return other === undefined ? [] : [`${qualifiedName(type)}: KubeFed has one federated${type.plural}, and it is that of ${other}; Karmada can carry both`];
    });
  }

  private objectProblems({ type, object: { template, results }, federated }: TypedObject): string[] {
    const { name, namespace } = template.metadata;
    const key = identity(template);
    // KubeFed keeps the versions of what it has written in an object named after kind and name
    const longest = MAX_NAME_LENGTH - type.kind.length - 1;
    const problems: string[] = [];
    if (type.namespaced && !namespace) {
      problems.push(problem(`${key} metadata.namespace`, namespace, 'a namespace, stated in the object or in FederationProps.namespace'));
    }
    if (isNamespace(template) && this.systemNamespaces.has(name)) {
      problems.push(`${key}: KubeFed leaves ${[...this.systemNamespaces].join(', ')} alone: declare it in each FederatedCluster`);
    }
    if (!OBJECT_NAME.test(name) || name.length > longest) {
      problems.push(problem(`${key} metadata.name`, name, `a name of a Federated${type.kind}: a-z, 0-9, '-' and '.', at most ${longest} characters; `
        + `Karmada takes all names of a ${type.kind}`));
    }
    const bytes = Buffer.byteLength(JSON.stringify(federated)) + results.size * STATUS_BYTES;
    if (bytes > MAX_OBJECT_BYTES) {
      problems.push(`${key}: given ${bytes} bytes as one Federated${type.kind} with its overrides and the status of ${results.size} members, `
        + `allowed: ${MAX_OBJECT_BYTES}, the largest request that etcd takes; KubeFed can't split an object, Karmada can split its overrides`);
    }
    return problems;
  }
}

interface TypedObject {
  readonly type: TargetType;
  readonly object: CarriedObject;
  readonly federated: Manifest;
}

function namespacedOf(typed: TypedObject[]): CarriedObject[] {
  return typed.filter(({ type }) => type.namespaced).map(({ object }) => object);
}

/** Each type once, in the version in which it comes first. */
function distinct(typed: TypedObject[], ...others: TargetType[]): TargetType[] {
  const types = new Map<string, TargetType>();
  for (const type of [...others, ...typed.map(one => one.type)]) {
    if (!types.has(qualifiedName(type))) { types.set(qualifiedName(type), type); }
  }
  return [...types.values()];
}

function isDnsLabel(name: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name);
}

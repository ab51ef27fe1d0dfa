import { problem } from '../../../problem';
import { apiGroup } from '../../kinds';
import { Manifest } from '../../manifest';
import type { FederationModel } from '../../model';
import { ApiResources } from '../api-resources';

/** A kind outside Kubernetes, as its CustomResourceDefinition names it. */
export interface KubeFedKind {
  /** The API group, for instance `example.org`: `spec.group` of the CustomResourceDefinition. */
  readonly apiGroup: string;

  /** The kind, for instance `Widget`: `spec.names.kind`. */
  readonly kind: string;

  /**
   * The plural name, for instance `widgets`: `spec.names.plural`, a DNS label.
   *
   * Refused: more than 54 characters, since `federated` is put in front of it.
   */
  readonly plural: string;

  /**
   * Whether objects of the kind belong to no namespace: `spec.scope: Cluster`.
   *
   * @default false
   */
  readonly clusterScoped?: boolean;
}

/** A kind as API servers serve it. */
export interface TargetType {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** What KubeFed puts in front of a plural name must leave a DNS label (validation of FederatedTypeConfig). */
const MAX_PLURAL_LENGTH = 63 - 'federated'.length;

/** The name by which API servers and KubeFed know a type: `daemonsets.apps`, or `configmaps` for the core group. */
export function qualifiedName({ group, plural }: { readonly group: string; readonly plural: string }): string {
  return group ? `${plural}.${group}` : plural;
}

/** The kinds of a program: those of Kubernetes, those whose definition the federation carries, and those that are stated. */
export class TargetTypes {
  public readonly problems: string[] = [];

  private readonly resources: ApiResources;

  private readonly stated: ReadonlyMap<string, KubeFedKind>;

  public constructor(model: FederationModel, stated: readonly KubeFedKind[]) {
    this.resources = ApiResources.of(model);
    this.stated = new Map(stated.map(kind => [`${kind.kind}.${kind.apiGroup}`, kind]));
    stated.forEach(({ plural }, index) => {
      if (!/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(plural) || plural.length > MAX_PLURAL_LENGTH) {
        this.problems.push(problem(`customKinds[${index}].plural`, plural, `a DNS label of at most ${MAX_PLURAL_LENGTH} characters`));
      }
    });
  }

  /** The type of an object; nothing where its plural name is not known. */
  public of(manifest: Manifest): TargetType | undefined {
    const { apiVersion, kind } = manifest;
    const group = apiGroup(apiVersion);
    const type = { group, version: apiVersion.slice(apiVersion.indexOf('/') + 1), kind };
    const stated = this.stated.get(`${kind}.${group}`);
    if (stated) { return { ...type, plural: stated.plural, namespaced: !stated.clusterScoped }; }
    return this.resources.knows(manifest)
      ? { ...type, plural: this.resources.nameOf(manifest), namespaced: this.resources.hasNamespaces(manifest) }
      : undefined;
  }
}

import { apiGroup, isClusterScoped, isOfKubernetes, pluralOf } from '../kinds';
import { Manifest } from '../manifest';
import type { FederationModel } from '../model';

/** What a CustomResourceDefinition says of its kind. */
export interface Definition {
  readonly group: string;
  readonly scope: string;
  readonly names: { readonly kind: string; readonly plural: string };
  readonly versions: readonly { readonly name: string; readonly served: boolean }[];
}

/** What of a kind tells it from others of all groups and versions. */
type Typed = Pick<Manifest, 'apiVersion' | 'kind'>;

const known = new WeakMap<FederationModel, ApiResources>();

/** What `kubectl api-resources` would say of the kinds of a federation: those of Kubernetes, and those that the federation defines. */
export class ApiResources {
  public static of(model: FederationModel): ApiResources {
    const resources = known.get(model) ?? new ApiResources(model);
    known.set(model, resources);
    return resources;
  }

  private readonly defined = new Map<string, Definition>();

  private constructor(model: FederationModel) {
    for (const { template: { apiVersion, kind, spec } } of model.objects) {
      if (kind !== 'CustomResourceDefinition' || apiGroup(apiVersion) !== 'apiextensions.k8s.io') { continue; }
      const { group, names } = (spec ?? {}) as Partial<Definition>;
      // one without names is nobody's: API servers refuse it
      if (group && names?.kind && names.plural) { this.defined.set(`${names.kind}.${group}`, spec as Definition); }
    }
  }

  /** The definition that the federation carries of a kind. */
  public definitionOf({ apiVersion, kind }: Typed): Definition | undefined {
    return this.defined.get(`${kind}.${apiGroup(apiVersion)}`);
  }

  /** Whether the program says what the kind is called, and whether it has namespaces. */
  public knows(object: Typed): boolean {
    return isOfKubernetes(object.apiVersion) || this.definitionOf(object) !== undefined;
  }

  /** The name of the kind in an API's paths; of a kind that the program doesn't know, what it is likely to be. */
  public nameOf(object: Typed): string {
    return this.definitionOf(object)?.names.plural ?? pluralOf(object.kind);
  }

  /** Whether the kind has namespaces, as far as is known. */
  public hasNamespaces(object: Typed): boolean {
    const definition = this.definitionOf(object);
    return definition ? definition.scope === 'Namespaced' : isOfKubernetes(object.apiVersion) && !isClusterScoped(object.apiVersion, object.kind);
  }

  /** Whether an object belongs to a namespace: of kinds that the program doesn't know, those do that name one. */
  public isNamespaced(object: Manifest): boolean {
    return this.knows(object) ? this.hasNamespaces(object) : object.metadata.namespace !== undefined;
  }
}

import { ApiObject, Chart, DependencyGraph } from 'cdk8s';
import { IConstruct } from 'constructs';
import { CarriedObject, carriedObjects, CarriedObjects } from './carried';
import { ClusterSelector } from './cluster-selector';
import type { FederatedCluster } from './federated-cluster';
import type { Federation } from './federation';
import type { LiveSelection } from './live-selection';
import { Manifest } from './manifest';
import { Variation } from './override';
import { apply, forbidden, Operation } from './patch';
import { Placement } from './placement';
import { misread } from './written-text';
import { problem } from '../problem';

/** One object of the federation: its template and where it goes. */
export interface FederatedObject {
  readonly source: ApiObject;
  readonly template: Manifest;
  readonly members: ReadonlySet<FederatedCluster>;
  /** Which clusters get it that join later; nothing where none does. */
  readonly late?: LiveSelection;
}

/**
 * What a federation means, without a word of any engine: objects, the members each goes to, and
 * the object that each member ends up with.
 *
 * Built once for a synth; building it finds the problems, so that reading it can't fail.
 */
export class FederationModel {
  public objects: readonly FederatedObject[];

  public readonly problems: string[] = [];

  /** The objects that differ from their template, by member. */
  private readonly varied = new Map<FederatedObject, Map<FederatedCluster, Manifest>>();

  private lastCarried?: CarriedObjects;

  public constructor(public readonly federation: Federation, render: (object: ApiObject) => Manifest) {
    this.objects = this.place(render);
    const bySource = new Map(this.objects.map(object => [object.source, object]));
    for (const variation of federation._variations) {
      const object = this.targetOf(variation, bySource);
      if (object) { this.vary(object, variation); }
    }
  }

  /** The object as a member gets it. */
  public manifestOf(object: FederatedObject, member: FederatedCluster): Manifest {
    return this.varied.get(object)?.get(member) ?? object.template;
  }

  /** What members get that get something else than the template. */
  public differencesOf(object: FederatedObject): Iterable<[FederatedCluster, Manifest]> {
    return this.varied.get(object) ?? [];
  }

  /** The objects for an API that holds each of them once; files hold them as often as there are members. */
  public get carried(): readonly CarriedObject[] {
    return this.carriedOnce.objects;
  }

  /** Why the objects can't each be held once. */
  public get carriedProblems(): readonly string[] {
    return this.carriedOnce.problems;
  }

  /** Puts the objects in the order of their dependencies, which cdk8s works out after it has validated. */
  public orderByDependencies(): void {
    const order = new Map(new DependencyGraph(this.federation.node).topology().map((construct, index) => [construct, index]));
    this.objects = [...this.objects].sort((one, other) => order.get(one.source)! - order.get(other.source)!);
    this.lastCarried = undefined;
  }

  private get carriedOnce(): CarriedObjects {
    this.lastCarried ??= carriedObjects(this);
    return this.lastCarried;
  }

  private place(render: (object: ApiObject) => Manifest): FederatedObject[] {
    const all = new Set(this.federation.members);
    const placed = new Map<Placement, ReadonlySet<FederatedCluster>>();
    for (const construct of this.federation.node.findAll()) {
      if (Placement.isPlacement(construct)) { placed.set(construct, this.select(construct, all)); }
    }
    const sources = this.federation.node.findAll().filter(construct =>
      ApiObject.isApiObject(construct) && Chart.of(construct) === this.federation) as ApiObject[];
    if (sources.length > 0 && all.size === 0 && !this.federation.lateMembers) {
      this.problems.push(problem('members', [], 'at least one FederatedCluster; without members nothing runs anywhere'));
    }
    return sources.map(source => {
      const placement = Placement.tryOf(source);
      const late = this.late(placement?.clusters ?? ClusterSelector.all());
      return { source, template: render(source), members: placement ? placed.get(placement)! : all, late };
    });
  }

  private select(placement: Placement, all: ReadonlySet<FederatedCluster>): ReadonlySet<FederatedCluster> {
    if (placement.node.scopes.some(scope => scope !== placement && Placement.isPlacement(scope))) {
      this.problems.push(problem(`${placement.node.path} scope`, placement.node.scope?.node.path, 'a Federation; placements are not nested'));
    }
    const selected = new Set([...all].filter(member => placement.clusters.selects(member)));
    if (selected.size === 0 && !this.late(placement.clusters)) {
      const names = [...all].map(member => member.node.id).join(', ') || 'none';
      this.problems.push(problem(`${placement.node.path} clusters`, placement.clusters.description, `a selector of at least one member of: ${names}`));
    }
    return selected;
  }

  private late(selector: ClusterSelector): LiveSelection | undefined {
    return this.federation.lateMembers ? selector._live : undefined;
  }

  private targetOf(variation: Variation, objects: Map<ApiObject, FederatedObject>): FederatedObject | undefined {
    const found = variation.target.node.findAll().map(construct => objects.get(construct as ApiObject)).filter(object => object !== undefined);
    if (found.length === 1) { return found[0]; }
    const own = defaultObject(variation.target);
    const object = own && objects.get(own);
    if (!object) {
      this.problems.push(problem(`${variation.origin}.target`, variation.target.node.path, found.length === 0
        ? `an object that is declared on ${this.federation.node.path}`
        : `one object; it holds ${found.map(candidate => candidate.source.node.path).join(', ')}`));
    }
    return object;
  }

  private vary(object: FederatedObject, variation: Variation): void {
    const where = `${variation.origin} on ${object.source.node.path}`;
    const members = this.federation.members.filter(member => variation.clusters?.selects(member) ?? object.members.has(member));
    if (variation.clusters && members.length === 0) {
      this.problems.push(problem(`${where} clusters`, variation.clusters.description, 'a selector of at least one member'));
    }
    if (object.template.kind === 'Secret' && members.length > 0) {
      this.problems.push(problem(where, 'a Secret', 'objects that are no Secrets; each member has its own Secret, by name'));
      return;
    }
    for (const member of members) {
      if (!object.members.has(member)) {
        this.problems.push(problem(`${where} clusters`, member.node.id,
          `members that get the object: ${[...object.members].map(({ node }) => node.id).join(', ')}`));
        continue;
      }
      this.varyFor(member, object, variation, where);
    }
  }

  private varyFor(member: FederatedCluster, object: FederatedObject, variation: Variation, where: string): void {
    const operations = variation.operations(member);
    const wrong = operations.map(forbidden).filter(reason => reason !== undefined);
    if (wrong.length > 0) {
      this.problems.push(`${where} for ${member.node.id}: ${wrong.join('; ')}`);
      return;
    }
    if (operations.length === 0) { return; }
    this.problems.push(...operations.flatMap(written).map(reason => `${where} for ${member.node.id}: ${reason}`));
    try {
      const byMember = this.varied.get(object) ?? new Map<FederatedCluster, Manifest>();
      byMember.set(member, apply(this.manifestOf(object, member), operations));
      this.varied.set(object, byMember);
    } catch (error) {
      this.problems.push(`${where} for ${member.node.id}: ${(error as Error).message}`);
    }
  }
}

/** What an operation writes that would not be read as it is: its value, and the key that this gets. */
function written({ path, ...operation }: Operation): string[] {
  return 'value' in operation ? [...misread(path.slice(path.lastIndexOf('/') + 1), path), ...misread(operation.value, path)] : [];
}

function defaultObject(construct: IConstruct): ApiObject | undefined {
  try {
    return ApiObject.of(construct);
  } catch {
    return undefined;
  }
}

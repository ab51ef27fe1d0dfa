import { ApiObject, App, Chart, JsonPatch } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { chartProblems } from './chart-rules';
import type { Cluster } from './cluster';
import { ClusterSelector } from './cluster-selector';
import { FederationEngine } from './engines/engine';
import { ManifestsEngine } from './engines/manifests';
import type { FederatedCluster } from './federated-cluster';
import { isDnsLabel, objectName } from './names';
import { Variation } from './override';
import { Operation, operations } from './patch';
import { Rendering } from './rendering';
import { problem } from '../problem';

const FEDERATION_SYMBOL = Symbol.for('cdk8s-hep.Federation');

/** Properties of a `Federation`. */
export interface FederationProps {
  /**
   * The cluster that holds the control plane. It is no member: nothing that is declared on the
   * federation runs there.
   */
  readonly host: Cluster;

  /**
   * What carries the objects to the members.
   *
   * @default - no control plane: one complete file per cluster
   */
  readonly engine?: FederationEngine;

  /**
   * Whether clusters that join the federation's control plane after the synth, or get their labels then, receive what is
   * declared on the federation and in placements by label, provider or region. A late member gets objects as they are declared,
   * without overrides; what is its own it has from a `ClusterIdentity`. Placements that select nobody yet are allowed then.
   *
   * Refused with engines that copy objects at synth, for the members that are known then.
   *
   * @default false
   */
  readonly lateMembers?: boolean;

  /**
   * The namespace of objects that don't state their own. It stays off kinds that have none.
   *
   * @default - objects state their own
   */
  readonly namespace?: string;
}

/**
 * A federation of clusters: what `kubefed init` made.
 *
 * What is declared inside goes to every member, what is declared in a `Placement` inside it to the
 * members that the placement selects. Any construct can be declared here, cdk8s-plus workloads included.
 *
 * Refused at synth: a federation without members that has objects, a chart inside it, a federation
 * that doesn't hang on the App itself, a host that is a member, an override that doesn't apply.
 */
export class Federation extends Chart {
  /**
   * Whether a value is a `Federation`, also one of another copy of this library.
   *
   * @param x any value
   */
  public static isFederation(x: any): x is Federation {
    return x !== null && typeof x === 'object' && FEDERATION_SYMBOL in x;
  }

  /**
   * The federation that a construct stands in, or nothing where it stands in another kind of chart.
   *
   * @param construct any construct
   */
  public static tryOf(construct: IConstruct): Federation | undefined {
    return construct.node.scopes.find(scope => Federation.isFederation(scope)) as Federation | undefined;
  }

  /** The cluster that holds the control plane. */
  public readonly host: Cluster;

  /** What carries the objects to the members. */
  public readonly engine: FederationEngine;

  /** Whether clusters that join after the synth receive what selects them. */
  public readonly lateMembers: boolean;

  private readonly joined: FederatedCluster[] = [];

  private readonly declaredVariations: Variation[] = [];

  private overrides = 0;

  /**
   * @param scope the App
   * @param id the federation's name: a DNS label
   * @param props the host cluster
   */
  public constructor(scope: Construct, id: string, props: FederationProps) {
    super(scope, id, { namespace: props.namespace });
    Object.defineProperty(this, FEDERATION_SYMBOL, { value: true });
    this.host = props.host;
    this.engine = props.engine ?? new ManifestsEngine();
    this.lateMembers = props.lateMembers ?? false;
    Rendering.install(App.of(this));
    this.node.addValidation({ validate: () => this.problems() });
  }

  /** The clusters that have joined, in the order in which they did. */
  public get members(): FederatedCluster[] {
    return [...this.joined];
  }

  /**
   * Changes an object for some members.
   *
   * The patches are applied at synth, strictly, to the object as the federation declares it and after
   * the overrides that were added before. Refused at synth: a target that isn't declared on this
   * federation, or holds several objects of which none is its default child, members that don't get the object, a path that isn't
   * there, a failed `test`, and patches that would make it another object (its kind, name or namespace).
   * Secrets are not overridden: each member has its own, by name.
   *
   * @param target the object, or a construct that holds exactly one or has one as its default child
   * @param clusters for which members
   * @param patches RFC 6902 operations
   */
  public addOverride(target: IConstruct, clusters: ClusterSelector, ...patches: JsonPatch[]): void {
    this.declaredVariations.push({
      target,
      origin: `addOverride[${this.overrides++}]`,
      clusters,
      operations: () => operations(patches),
    });
  }

  /**
   * The name of an object that doesn't state its own: the path below the federation, without a hash.
   *
   * @param object an object of this federation
   */
  public generateObjectName(object: ApiObject): string {
    return objectName(object);
  }

  /** The objects of the federation's own API: none without a control plane. */
  public toJson(): any[] {
    return Rendering.during(App.of(this), () => super.toJson(), rendering => rendering.federationManifests(this));
  }

  /**
   * Changes an object for each member that gets it, by what the member is.
   *
   * @internal
   */
  public _vary(target: IConstruct, origin: string, produce: (member: FederatedCluster) => Operation[]): void {
    this.declaredVariations.push({ target, origin, operations: produce });
  }

  /** @internal */
  public _join(member: FederatedCluster): void {
    this.joined.push(member);
  }

  /** @internal */
  public get _variations(): readonly Variation[] {
    return this.declaredVariations;
  }

  private problems(): string[] {
    const problems = chartProblems(this);
    if (!isDnsLabel(this.node.id)) {
      problems.push(problem('id', this.node.id, "a DNS label (a-z, 0-9, '-') of at most 63 characters"));
    }
    if (this.joined.some(member => member as Cluster === this.host)) {
      problems.push(problem('host', this.host.node.id, 'a cluster that is no member: it holds the control plane and the keys'));
    }
    if (this.lateMembers && !this.engine._admitsLateMembers) {
      problems.push(problem('lateMembers', true, 'false with an engine that copies objects at synth; KarmadaEngine takes late members'));
    }
    return [...problems, ...Rendering.of(this).federationProblems(this)];
  }
}

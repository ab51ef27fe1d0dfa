import { ApiObject, App, Chart } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { chartProblems } from './chart-rules';
import { isLabelKey, isLabelValue, LABEL_KEY, LABEL_VALUE } from './labels';
import { Manifest } from './manifest';
import { isDnsLabel, objectName } from './names';
import { Rendering } from './rendering';
import { problem } from '../problem';

const CLUSTER_SYMBOL = Symbol.for('cdk8s-hep.Cluster');

/** The longest name of a cluster: it becomes part of host names, of names of objects and of labels. */
const MAX_NAME_LENGTH = 48;

/** Properties of a `Cluster`. */
export interface ClusterProps {
  /**
   * The kubeconfig context by which people and tools reach the cluster.
   *
   * @default - the id
   */
  readonly context?: string;

  /**
   * Who runs the cluster, for instance `cern` or `t-systems`. Placements select by it.
   *
   * @default - not stated
   */
  readonly provider?: string;

  /**
   * Where the cluster is, in the provider's words, for instance `eu-de`. Placements select by it.
   *
   * @default - not stated
   */
  readonly region?: string;

  /**
   * The availability zones that the cluster's nodes are in.
   *
   * @default - not stated
   */
  readonly zones?: string[];

  /**
   * Labels of the cluster itself, for placements to select by. They are not put on objects; engines with an object for each member
   * put them on that. Refused: keys and values that Kubernetes does not take as labels.
   *
   * @default - none
   */
  readonly labels?: { [key: string]: string };

  /**
   * The namespace of objects that don't state their own. It stays off kinds that have none.
   *
   * @default - objects state their own, or get the one of the context
   */
  readonly namespace?: string;
}

/**
 * A Kubernetes cluster: a chart bound to one kubeconfig context.
 *
 * What is declared inside ends up in that cluster, and in its file, which is named after the id.
 *
 * Refused at synth: an id that is no DNS label or longer than 48 characters, a cluster that doesn't
 * hang on the App itself, charts inside it, dependencies on other charts, two objects of one name.
 */
export class Cluster extends Chart {
  /**
   * The oldest Kubernetes whose API server takes everything that this library writes, without a warning.
   * `npx projen test:real -- api` shows it.
   */
  public static readonly minKubernetes = '1.27';

  /**
   * Whether a value is a `Cluster`, also one of another copy of this library.
   *
   * @param x any value
   */
  public static isCluster(x: any): x is Cluster {
    return x !== null && typeof x === 'object' && CLUSTER_SYMBOL in x;
  }

  /**
   * The cluster that a construct stands in, or nothing where it stands in another kind of chart.
   *
   * @param construct any construct
   */
  public static tryOf(construct: IConstruct): Cluster | undefined {
    return construct.node.scopes.find(scope => Cluster.isCluster(scope)) as Cluster | undefined;
  }

  /** The kubeconfig context of the cluster. */
  public readonly context: string;

  /** Who runs the cluster. */
  public readonly provider?: string;

  /** Where the cluster is. */
  public readonly region?: string;

  /** The availability zones of the cluster's nodes. */
  public readonly zones: string[];

  /** Labels of the cluster itself, which placements select by. */
  public readonly clusterLabels: { [key: string]: string };

  /**
   * @param scope the App
   * @param id the cluster's name: a DNS label of at most 48 characters
   * @param props what is known of the cluster
   */
  public constructor(scope: Construct, id: string, props: ClusterProps = {}) {
    super(scope, id, { namespace: props.namespace });
    Object.defineProperty(this, CLUSTER_SYMBOL, { value: true });
    this.context = props.context ?? id;
    this.provider = props.provider;
    this.region = props.region;
    this.zones = props.zones ?? [];
    this.clusterLabels = { ...props.labels };
    Rendering.install(App.of(this));
    this.node.addValidation({ validate: () => this.problems() });
  }

  /**
   * The name of an object that doesn't state its own: the path below the cluster, without a hash.
   *
   * @param object an object of this cluster
   */
  public generateObjectName(object: ApiObject): string {
    return objectName(object);
  }

  /** The objects of this cluster, those that the federation brings included. */
  public toJson(): any[] {
    return Rendering.during(App.of(this), () => super.toJson(), rendering => rendering.clusterManifests(this));
  }

  /**
   * The objects that this cluster ends up with, whatever carries them there.
   *
   * @internal
   */
  public _holds(): Manifest[] {
    return Rendering.during(App.of(this), () => super.toJson(), rendering => rendering.heldBy(this));
  }

  private problems(): string[] {
    const problems = chartProblems(this);
    if (!isDnsLabel(this.node.id, MAX_NAME_LENGTH)) {
      problems.push(problem('id', this.node.id, `a DNS label (a-z, 0-9, '-') of at most ${MAX_NAME_LENGTH} characters`));
    }
    if (!this.context.trim()) {
      problems.push(problem('context', this.context, 'the name of a kubeconfig context'));
    }
    for (const [key, value] of Object.entries(this.clusterLabels)) {
      if (!isLabelKey(key)) { problems.push(problem('labels', key, LABEL_KEY)); }
      if (!isLabelValue(value)) { problems.push(problem(`labels.${key}`, value, LABEL_VALUE)); }
    }
    const first = Rendering.of(this).firstOf(this.context, App.of(this));
    if (first && first !== this) {
      problems.push(problem('context', this.context, `a context of its own; ${first.node.path} has the same`));
    }
    return [...problems, ...Rendering.of(this).clusterProblems(this)];
  }
}

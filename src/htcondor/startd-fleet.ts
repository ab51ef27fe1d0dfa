import { ApiObject, Chart, Lazy } from 'cdk8s';
import { Construct } from 'constructs';
import { ClassAdExpression } from './classad';
import { egressPeers } from './cloud-metadata';
import { CondorHost } from './condor-host';
import { fleetConnections } from './connections';
import { declareClaims } from './file-system-claims';
import { FleetFiles } from './fleet-files';
import { FleetMembers } from './fleet-members';
import { noteFleet } from './fleet-overlap';
import { fleetPodSecurity, fleetPodSpec, memberPodOperations } from './fleet-pod';
import { Elasticity, Fleet, fleetSettings } from './fleet-settings';
import { CondorImage } from './image';
import { PATHS } from './paths';
import { Credential } from './pod-credentials';
import { fleetProblems } from './startd-fleet-problems';
import { StartdFleetProps, StartdMemberOptions } from './startd-fleet-props';
import { FederatedCluster } from '../federation/federated-cluster';
import { Federation } from '../federation/federation';
import { Operation } from '../federation/patch';
import { WorkloadNamespace } from '../workload/namespace';
import { addNetworkPolicy } from '../workload/network-policy';
import { SecretReference } from '../workload/secret-reference';
import { declareTraffic } from '../workload/traffic';

/**
 * What the workload of a fleet is made of.
 *
 * @internal
 */
export interface WorkloadParts {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels: { [label: string]: string } };
  readonly selector: { [label: string]: string };
  /** The template of its pods. */
  readonly template: object;
}

/**
 * Execution points of an HTCondor pool: one startd on each node that it selects, as a DaemonSet.
 *
 * In a chart it is an ordinary DaemonSet; on a `Federation` it spans the members, and each member tells
 * the truth about itself. Machines are named `<node>@<id>.<cluster>`, so that equal node names in two
 * clusters are two machines, and the pool lets a cluster's token advertise that cluster's machines only.
 *
 * A change of the configuration or the pods never kills jobs by itself: pods are replaced when they are
 * deleted (`OnDelete`). A changed configuration is read again as soon as Kubernetes has brought it to the pods; in
 * `RunMode.CONDOR_STARTD` on `condor_reconfig -startd`.
 */
export class StartdFleet extends Construct {
  /** The image. */
  public readonly image: CondorImage;

  /** The namespace of the fleet. */
  public readonly namespace: string;

  /** The DaemonSet, for patches and overrides of what the properties don't reach. Of an `ElasticStartdFleet` it is the ScaledJob. */
  public readonly daemonSet: ApiObject;

  /**
   * What the fleet was told, for what stands beside it.
   *
   * @internal
   */
  public readonly _props: StartdFleetProps;

  private readonly fleet: Fleet;

  private readonly files: FleetFiles;

  /**
   * @param scope a federation or a placement in it, a cluster, or any chart
   * @param id the fleet's name: it starts the names of its objects, and is part of its machines' names
   * @param props the pool, and what the machines offer
   */
  public constructor(scope: Construct, id: string, props: StartdFleetProps) {
    super(scope, id);
    this._props = props;
    this.fleet = { construct: this, props, members: new FleetMembers(this, props.clusterName), elasticity: this._elasticity };
    this.files = new FleetFiles(this.fleet);
    noteFleet(this.fleet);
    const settings = fleetSettings(this.fleet);
    this.image = settings.image;
    this.namespace = props.namespace ?? Chart.of(this).namespace ?? 'condor';
    WorkloadNamespace.of(this, this.namespace).admit(this, fleetPodSecurity(this.fleet));

    const selector = { 'app.kubernetes.io/name': 'htcondor', 'app.kubernetes.io/instance': id };
    const labels = { ...selector, 'app.kubernetes.io/component': 'execution-point' };
    const metadata = { name: id, namespace: this.namespace, labels };
    new ApiObject(this, 'ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false });
    const data = Lazy.any({ produce: () => ({ ...this.files.shared, ...this._files() }) });
    const configMap = new ApiObject(this, 'ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
    const template = {
      metadata: { labels, annotations: Lazy.any({ produce: () => ({ ...this.files.annotations(), ...this._podAnnotations() }) }) },
      spec: Lazy.any({ produce: () => this.podSpec() }),
    };
    this.daemonSet = this._workload({ metadata, selector, template });
    if (settings.networkPolicy) {
      addNetworkPolicy(this, metadata, selector, {
        // what calls from elsewhere comes through the connection broker, on connections that the pod has opened
        ingress: [{ from: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'htcondor' } } }] }],
        egress: [{ to: egressPeers(settings.cloudMetadata) }],
      });
    }
    declareClaims(this, this.namespace, labels, settings.fileSystems);
    this.joinPool();

    const federation = Federation.tryOf(this);
    federation?._vary(configMap, `${id}.on`, member => this.files.operations(member));
    // what an override of the fleet changes
    this.node.defaultChild = this.daemonSet;
    federation?._vary(this.daemonSet, `${id}.on`, member => this.podOperations(member));
    declareTraffic(this, {
      connections: () => fleetConnections(this), images: () => [{ reference: this.image.reference, clusters: this._clusters }],
    });
    this.node.addValidation({ validate: () => fleetProblems(this.fleet) });
  }

  /**
   * What a member's execution points do otherwise. It is data in the member's configuration: the pods of
   * other members, and running jobs, are left alone.
   *
   * Refused at synth: a cluster that the fleet doesn't reach, and all that the fleet's own properties refuse.
   *
   * @param member a member of the federation that the fleet stands in
   * @param options what is different there; a second call adds to the first
   */
  public on(member: FederatedCluster, options: StartdMemberOptions): void {
    this.fleet.members.set(member, options);
    this.files.forget();
  }

  /**
   * Lets a member run out before it leaves: its machines take no new job (`START` is `False`), and running jobs go on to their end.
   * They hear of it in a minute or two. When `condor_status -claimed` shows none of its slots, the member can be taken out of the program.
   *
   * @param member a member of the federation that the fleet stands in
   */
  public retire(member: FederatedCluster): void {
    this.on(member, { start: ClassAdExpression.boolean(false) });
  }

  /**
   * What its pods are, with patches.
   *
   * @internal
   */
  public get _podSpec(): any {
    const { spec } = this.daemonSet.toJson();
    return (spec.jobTargetRef ?? spec).template.spec;
  }

  /**
   * The Secret of each member that holds the token.
   *
   * @internal
   */
  public get _token(): Required<SecretReference> {
    const { secretName = `${this.node.id}-token`, key = 'token' } = this._props.token ?? {};
    return { secretName, key };
  }

  /**
   * The members that the fleet reaches; none where it doesn't stand in a federation.
   *
   * @internal
   */
  public get _members(): FederatedCluster[] {
    return this.fleet.members.reached;
  }

  /**
   * The names of the clusters that the fleet reaches.
   *
   * @internal
   */
  public get _clusters(): string[] {
    return this.fleet.members.clusters;
  }

  /**
   * What a machine offers, in a member if there is one.
   *
   * @internal
   */
  public _offer(member?: FederatedCluster): StartdMemberOptions {
    const { cpus, memory, start, attributes } = this._props;
    const own = this.fleet.members.optionsOf(member);
    return {
      cpus: own.cpus ?? cpus, memory: own.memory ?? memory, start: own.start ?? start, attributes: { ...attributes, ...own.attributes },
    };
  }

  /**
   * The HTTP proxy of a cluster's machines.
   *
   * @internal
   */
  public _httpProxyOf(cluster: string): string | undefined {
    const [, options] = this.fleet.members.given.find(([member]) => member.node.id === cluster) ?? [];
    return options?.httpProxy ?? this._props.httpProxy;
  }

  /**
   * How machines come and leave, where they do.
   *
   * @internal
   */
  public get _elasticity(): Elasticity | undefined {
    return undefined;
  }

  /**
   * What makes the pods.
   *
   * @internal
   */
  protected _workload({ metadata, selector, template }: WorkloadParts): ApiObject {
    return new ApiObject(this, 'DaemonSet', {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata,
      spec: {
        selector: { matchLabels: selector },
        updateStrategy: { type: 'OnDelete' },
        template,
      },
    });
  }

  /**
   * Annotations of its pods besides the digest of the configuration.
   *
   * @internal
   */
  protected _podAnnotations(): { [name: string]: string } {
    return {};
  }

  /**
   * What its pods are besides.
   *
   * @internal
   */
  protected _podFields(): object {
    return {};
  }

  /**
   * Where the workload has the template of its pods.
   *
   * @internal
   */
  protected _podTemplatePath(): string {
    return '/spec/template';
  }

  /**
   * Files beside the configuration.
   *
   * @internal
   */
  protected _files(): { [file: string]: string } {
    return {};
  }

  /** @internal */
  protected get _credential(): Credential {
    return { volume: 'token', secret: this._token, defaultKey: 'token', file: 'token', directory: PATHS.tokens };
  }

  /** Tells the pool of the program which clusters it gets machines from, and whose jobs they take. */
  private joinPool(): void {
    const { pool, parallelUniverse } = this._props;
    if (!CondorHost.isCondorHost(pool)) { return; }
    pool._executionClusters.admit(() => this._clusters, () => this.files.digests);
    if (parallelUniverse) { pool._executionClusters.serveParallelJobs(parallelUniverse.accessPoint); }
  }

  private podSpec(options?: StartdMemberOptions): object {
    return { ...fleetPodSpec(this.fleet, this._credential, options), ...this._podFields() };
  }

  private podOperations(member: FederatedCluster): Operation[] {
    return memberPodOperations(this.fleet, {
      template: this._podTemplatePath(),
      options: this.fleet.members.optionsOf(member),
      spec: options => this.podSpec(options),
      annotations: options => this.files.annotations(options),
    });
  }
}

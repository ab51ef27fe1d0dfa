import { ApiObject, Chart, Duration } from 'cdk8s';
import { Construct } from 'constructs';
import { stepSettings } from './backend-options';
import { ENGINE_ACCOUNT } from './engine-job';
import { FederatedStepsProps } from './federated-steps-props';
import { LossPolicy } from './loss-policy';
import { StepBackend, StepOptions, stepProblems } from './step-options';
import { SHARED_MOUNT, STAGING_DIRECTORY } from './workflow-storage';
import { YadageEngine } from './yadage-engine';
import { isApiServer } from '../federation/api-server';
import { FederatedCluster } from '../federation/federated-cluster';
import { Federation } from '../federation/federation';
import { isDnsLabel, isDnsSubdomain } from '../federation/names';
import { Placement } from '../federation/placement';
import { problem } from '../problem';
import { IMAGE, isImage } from '../workload/image-reference';
import { PodSecurityLevel, WorkloadNamespace } from '../workload/namespace';
import { addNetworkPolicy } from '../workload/network-policy';
import { quantity } from '../workload/quantity';
import { declareTraffic } from '../workload/traffic';

/** What an engine does in a member. */
const RULES = [
  { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create', 'list', 'delete'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
];

/** In seconds. */
const SHORTEST_LOSS = 30;

/** What holds for steps wherever they run, and so also where nothing is said of them. */
const COMMON: readonly (keyof StepOptions)[] = ['resources', 'user', 'root', 'startTimeout', 'keep', 'labels'];

/**
 * Steps in members of a federation, without a volume that they share with the engine: those that a placement selects, by where this stands. Steps go there
 * whose specification says the id of this as `compute_backend`, in the `resources` of their environment.
 *
 * An engine makes a step's Job by the member's API server, as the ServiceAccount `wflowengine` there, whose token is in the host's Secret
 * `wflow-engine-credentials`, key `<id>.<member>`. It may create, list and delete Jobs, list pods and get their logs, in that namespace. The step's files
 * move over HTTPS, between its pod and the staging server.
 */
export class FederatedSteps extends Construct {
  /** The namespace in the members. */
  public readonly namespace: string;

  private readonly engine: YadageEngine;

  /**
   * @param scope the federation, a placement in it, or a member
   * @param id what specifications call it
   * @param props where files move, and how steps run
   */
  public constructor(scope: Construct, id: string, private readonly props: FederatedStepsProps) {
    super(scope, id);
    this.engine = props.staging.engine;
    this.namespace = props.namespace ?? this.engine.namespace;
    const { namespace } = this;
    this.node.addValidation({ validate: () => this.problems() });
    this.engine._addComputeBackend(this, () => this.settings());
    props.staging._serves(() => this.members.map(({ node }) => node.id));
    WorkloadNamespace.of(this, namespace).admit(this, this.steps.root ? PodSecurityLevel.BASELINE : PodSecurityLevel.RESTRICTED);
    const metadata = { name: ENGINE_ACCOUNT, namespace };
    new ApiObject(this, 'ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false });
    new ApiObject(this, 'Role', { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules: RULES });
    new ApiObject(this, 'RoleBinding', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: ENGINE_ACCOUNT },
      subjects: [{ kind: 'ServiceAccount', name: ENGINE_ACCOUNT, namespace }],
    });
    if (props.networkPolicies ?? true) {
      addNetworkPolicy(this, { name: 'wflow-job', namespace }, { component: 'wflow-job' }, { ingress: [] });
    }
    declareTraffic(this, {
      images: () => [{ reference: this.image, clusters: this.members.map(({ node }) => node.id) }],
      // what is no address is a problem of the synth
      connections: () => this.members.filter(({ apiServer = '' }) => isApiServer(apiServer)).map(({ node, apiServer }) => {
        const { hostname, port } = new URL(apiServer!);
        return {
          from: Chart.of(this.engine).node.id, to: node.id, address: hostname, protocol: 'TCP', port: Number(port || 443), reason: 'steps are started, and asked for',
        };
      }),
    });
  }

  /** The members that steps go to. */
  private get members(): FederatedCluster[] {
    const selector = Placement.tryOf(this)?.clusters;
    const federation = Federation.tryOf(this);
    if (!federation) {
      const own = Chart.of(this);
      return 'federation' in own ? [own as FederatedCluster] : [];
    }
    return federation.members.filter(member => selector?.selects(member) ?? true);
  }

  private get steps(): StepOptions {
    const common = this.engine._props.steps ?? {};
    const given = Object.fromEntries(COMMON.filter(name => common[name] !== undefined).map(name => [name, common[name]]));
    return { timeLimit: Duration.days(1), ...given, ...this.props.steps };
  }

  private get image(): string { return this.props.stagingImage ?? this.engine._props.image; }

  private get lossTimeout(): number { return this.props.lossTimeout?.toSeconds({ integral: false }) ?? 600; }

  /** What engines are told. */
  private settings(): object {
    const { staging, scratchSize, onLoss, imagePullSecrets = [] } = this.props;
    return {
      type: 'cluster',
      members: Object.fromEntries(this.members.map(({ node, apiServer, caBundle }) =>
        [node.id, { server: apiServer, ...caBundle !== undefined && { authorities: caBundle } }])),
      options: stepSettings({ namespace: this.namespace, steps: this.steps, user: this.engine._user, imagePullSecrets }),
      image: this.image,
      staging: { url: staging.url, ...staging.caBundle !== undefined && { authorities: staging.caBundle }, directory: `${SHARED_MOUNT}/${STAGING_DIRECTORY}` },
      ...scratchSize && { scratch_size: quantity(scratchSize) },
      loss_timeout_seconds: this.lossTimeout,
      on_loss: onLoss ?? LossPolicy.RERUN,
    };
  }

  private problems(): string[] {
    const { props, namespace, members } = this;
    const problems = stepProblems(StepBackend.SHARED_STATE_KUBE, { ...this.steps, computeBackend: undefined }, []);
    if (members.length === 0 && !Federation.tryOf(this)) {
      problems.push(problem('scope', this.node.path, 'a Federation, a Placement in it, or a FederatedCluster'));
    }
    for (const member of members.filter(({ apiServer }) => apiServer === undefined)) {
      problems.push(problem('scope', member.node.id, 'members with an apiServer, since engines start steps there; steps reach others through HTCondor, with CondorSteps'));
    }
    if (props.steps?.computeBackend !== undefined) { problems.push(problem('steps.computeBackend', props.steps.computeBackend, 'nothing: this is one')); }
    if (!isDnsLabel(namespace)) { problems.push(problem('namespace', namespace, 'a DNS label of at most 63 characters')); }
    if (!isImage(this.image)) { problems.push(problem('stagingImage', this.image, IMAGE)); }
    if (!Number.isInteger(this.lossTimeout) || this.lossTimeout < SHORTEST_LOSS) {
      problems.push(problem('lossTimeout', `${this.lossTimeout} s`, `whole seconds, from ${SHORTEST_LOSS} on`));
    }
    for (const name of (props.imagePullSecrets ?? []).filter(each => !isDnsSubdomain(each))) { problems.push(problem('imagePullSecrets', name, 'the name of a Secret')); }
    return problems;
  }
}

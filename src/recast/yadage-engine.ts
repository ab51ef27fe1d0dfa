import { ApiObject, Chart, Lazy } from 'cdk8s';
import { Construct } from 'constructs';
import { backendOptions } from './backend-options';
import { ENGINE_ACCOUNT, ENGINE_CONFIGURATION, ENGINE_MODULES, engineJobTemplate, SHARED_WITH_STEPS, WORKFLOW_ID } from './engine-job';
import { pythonModule } from './python-module';
import { HERE, StepBackend, stepProblems } from './step-options';
import { YadageEngineProps } from './yadage-engine-props';
import { isDnsLabel } from '../federation/names';
import { problem } from '../problem';
import { PodSecurityLevel, WorkloadNamespace } from '../workload/namespace';
import { addNetworkPolicy } from '../workload/network-policy';
import { declareTraffic } from '../workload/traffic';

/** The user and group of engines. */
const USER = 1000;

/** What engines must be allowed for each backend, in their namespace. */
const RIGHTS: { readonly [backend in StepBackend]: readonly object[] } = {
  [StepBackend.SHARED_STATE_KUBE]: [
    { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create', 'list'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
    { apiGroups: [''], resources: ['configmaps'], verbs: ['create', 'patch'] },
  ],
  [StepBackend.KUBE_DIRECT_JOB]: [
    { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create', 'delete', 'get'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['deletecollection', 'list'] },
    { apiGroups: [''], resources: ['configmaps'], verbs: ['create', 'delete', 'patch'] },
  ],
};

/**
 * What Yadage's engines need in a namespace: a volume that they share with the steps, the ServiceAccount `wflowengine` and its Role, and the ConfigMap
 * `wflow-engine-conf-yadage`: its `backendopts` say how steps run, its `job_template` what an engine of a `WorkflowServer` is. A `YadageWorkflow` is run by it.
 *
 * An engine makes a Job of each step. With the default backend it may create and list Jobs, list pods, and create and change ConfigMaps, in its namespace
 * alone; no step gets a token.
 */
export class YadageEngine extends Construct {
  /** The namespace of engines and steps. */
  public readonly namespace: string;

  /** @internal */
  public readonly _props: YadageEngineProps;

  private readonly computeBackends = new Map<string, () => object>();

  /**
   * @param scope the host cluster's chart, or something in it
   * @param id the construct's id
   * @param props the image, the volume, and how steps run
   */
  public constructor(scope: Construct, id: string, props: YadageEngineProps) {
    super(scope, id);
    this._props = props;
    this.namespace = props.namespace ?? Chart.of(this).namespace ?? 'recast';
    const { namespace } = this;
    this.node.addValidation({ validate: () => this.problems() });
    WorkloadNamespace.of(this, namespace).admit(this, this.level());
    props.storage._declare(this, namespace);
    new ApiObject(this, 'ServiceAccount', {
      apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: ENGINE_ACCOUNT, namespace }, automountServiceAccountToken: false,
    });
    new ApiObject(this, 'Role', {
      apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: ENGINE_ACCOUNT, namespace }, rules: RIGHTS[this._backend],
    });
    new ApiObject(this, 'RoleBinding', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: ENGINE_ACCOUNT, namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: ENGINE_ACCOUNT },
      subjects: [{ kind: 'ServiceAccount', name: ENGINE_ACCOUNT, namespace }],
    });
    new ApiObject(this, 'Configuration', {
      apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: ENGINE_CONFIGURATION, namespace }, data: { backendopts: Lazy.any({ produce: () => this.backendOptions() }), job_template: this.jobTemplate() },
    });
    for (const [name, module] of Object.entries(ENGINE_MODULES)) {
      new ApiObject(this, module, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: pythonModule(module) });
    }
    if (props.networkPolicies ?? true) {
      for (const component of ['wflow-engine', 'wflow-job']) {
        addNetworkPolicy(this.scoped(component), { name: component, namespace }, { component }, { ingress: [] });
      }
    }
    declareTraffic(this, { images: () => [{ reference: props.image, clusters: [Chart.of(this).node.id] }] });
  }

  /** @internal */
  public get _backend(): StepBackend {
    return this._props.backend ?? StepBackend.SHARED_STATE_KUBE;
  }

  /**
   * In seconds.
   *
   * @internal
   */
  public get _updateInterval(): number {
    return this._props.updateInterval?.toSeconds({ integral: false }) ?? 5;
  }

  /** @internal */
  public get _user(): number {
    return this._props.user ?? USER;
  }

  /** The text of `/yadageconfig/backendopts`: the options of the backend, in YAML. */
  public backendOptions(): string {
    const { storage, steps = {}, imagePullSecrets = [] } = this._props;
    const computeBackends = Object.fromEntries([...this.computeBackends].map(([name, settings]) => [name, settings()]));
    return backendOptions({ backend: this._backend, namespace: this.namespace, storage, steps, user: this._user, imagePullSecrets, computeBackends });
  }

  /**
   * Has steps run elsewhere that say so, by a construct of this id.
   *
   * @param backend the construct
   * @param settings what engines are told of it, in `backendopts`
   * @internal
   */
  public _addComputeBackend(backend: Construct, settings: () => object): void {
    const { id } = backend.node;
    const taken = id === HERE || this.computeBackends.has(id);
    if (!taken) { this.computeBackends.set(id, settings); }
    backend.node.addValidation({ validate: () => this.computeBackendProblems(id, taken) });
  }

  private computeBackendProblems(id: string, taken: boolean): string[] {
    const problems: string[] = [];
    if (taken) { problems.push(problem('id', id, `an id that no other compute backend of the engine has, and not ${HERE}`)); }
    if (!isDnsLabel(id)) { problems.push(problem('id', id, 'a DNS label of at most 63 characters')); }
    if (this._backend !== StepBackend.SHARED_STATE_KUBE) {
      problems.push(problem('engine', this.node.path, 'an engine with StepBackend.SHARED_STATE_KUBE: the other one runs all steps in its own cluster'));
    }
    return problems;
  }

  /** What an engine of the workflow server is, but for its request. */
  private jobTemplate(): string {
    const { storage, image, resources, imagePullSecrets, nodeSelector, workflowServerUrl } = this._props;
    return engineJobTemplate({
      storage,
      image,
      resources,
      imagePullSecrets,
      nodeSelector,
      user: this._user,
      command: ['sh', '-c', `${SHARED_WITH_STEPS} && exec python3 -m wflowbackend.process setupFromURL generic_onsuccess cleanup --config-from-server ${WORKFLOW_ID}`],
      environment: [
        { name: 'WFLOW_SERVER', value: workflowServerUrl ?? `http://wflow-server.${this.namespace}.svc` },
        { name: 'WFLOW_BACKEND', value: this._backend },
        { name: 'WFLOW_YADAGEUPDATE', value: String(this._updateInterval) },
      ],
    });
  }

  private scoped(id: string): Construct {
    return new Construct(this, id);
  }

  private level(): PodSecurityLevel {
    const { storage, steps } = this._props;
    if (storage._source.hostPath) { return PodSecurityLevel.PRIVILEGED; }
    return steps?.root ? PodSecurityLevel.BASELINE : PodSecurityLevel.RESTRICTED;
  }

  private problems(): string[] {
    const { _props: props, namespace } = this;
    const problems = [...props.storage._problems(), ...stepProblems(this._backend, props.steps ?? {}, [...this.computeBackends.keys()])];
    if (!isDnsLabel(namespace)) { problems.push(problem('namespace', namespace, 'a DNS label of at most 63 characters')); }
    if (!/^\S+$/.test(props.image)) { problems.push(problem('image', props.image, 'a reference of an image')); }
    if (!Number.isInteger(this._user) || this._user < 1) { problems.push(problem('user', props.user, 'a user id from 1 on')); }
    if (this._updateInterval < 1) { problems.push(problem('updateInterval', `${this._updateInterval} s`, 'at least a second')); }
    const { workflowServerUrl: url } = props;
    if (url !== undefined && !(URL.canParse(url) && /^https?:/.test(url))) { problems.push(problem('workflowServerUrl', url, 'an address http://... or https://...')); }
    if (this._backend === StepBackend.KUBE_DIRECT_JOB && props.storage._subPath !== undefined) {
      problems.push(problem('storage.subPath', props.storage._subPath, 'none with StepBackend.KUBE_DIRECT_JOB, which takes the whole volume'));
    }
    return problems;
  }
}

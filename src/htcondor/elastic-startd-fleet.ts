import { ApiObject, Duration, Lazy } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { ClassAdExpression } from './classad';
import { CondorHost } from './condor-host';
import { budgetProblems } from './core-hour-budget';
import { daemonPodSpec } from './daemon-pod';
import { DEMAND_ANSWER_FILE, DEMAND_ANSWER_SCRIPT, DEMAND_INTERVAL, DEMAND_PORT, DemandOrder } from './demand-scripts';
import { ElasticMemberOptions, ElasticStartdFleetProps } from './elastic-startd-fleet-props';
import { Elasticity } from './fleet-settings';
import { COST_ATTRIBUTE, expectedMachineAd, MOST_COST } from './job-demand';
import { PATHS } from './paths';
import { RunMode } from './run-mode';
import { StartdFleet, WorkloadParts } from './startd-fleet';
import { FederatedCluster } from '../federation/federated-cluster';
import { Federation } from '../federation/federation';
import { Operation } from '../federation/patch';
import { problem } from '../problem';
import { addNetworkPolicy, ASK_NAMES } from '../workload/network-policy';

/** How long finished Jobs can be looked at, and how many, before Kubernetes and KEDA remove them. */
const KEPT = { seconds: 3600, jobs: 5 };

/** What node autoscalers are told of a pod that may run jobs. */
const STAYS = { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false', 'karpenter.sh/do-not-disrupt': 'true' };

/** How a fleet grows in a member, defaults filled in. */
type Scale = Required<Omit<ElasticMemberOptions, 'budget'>> & Pick<ElasticMemberOptions, 'budget'>;

/** What scales others, and would kill running jobs. */
const SCALERS = ['HorizontalPodAutoscaler', 'ScaledObject'];

/**
 * Execution points that come with demand and leave when they are idle: Jobs of a KEDA `ScaledJob` in each member, beside the DaemonSets of
 * `StartdFleet`s. Each is a machine of its own, named `<pod>@<id>.<cluster>`.
 *
 * The pool's central managers count how many machines of the fleet the queue could use: those that run jobs, and those for the jobs
 * that wait and that match. A pod in the member asks the member's own collector for that number, with the fleet's token, and KEDA asks the pod.
 * KEDA only adds Jobs; an execution point without a claim leaves by itself (`STARTD_NOCLAIM_SHUTDOWN`), and no running job is ever killed
 * to have fewer.
 *
 * The fleet's token must also allow to `READ`: it does so in the member's own collector, and nowhere else. The members must have KEDA, and the
 * image of pool and fleet Python with HTCondor's bindings (`htcondor2`).
 */
export class ElasticStartdFleet extends StartdFleet {
  /** The ScaledJob, for patches and overrides of what the properties don't reach. */
  public readonly scaledJob: ApiObject;

  private readonly elastic: ElasticStartdFleetProps;

  private readonly scales = new Map<FederatedCluster, ElasticMemberOptions>();

  /**
   * @param scope a federation or a placement in it, a cluster, or any chart
   * @param id the fleet's name: it starts the names of its objects, and is part of its machines' names
   * @param props the pool, what the machines offer, and how many there may be
   */
  public constructor(scope: Construct, id: string, props: ElasticStartdFleetProps) {
    super(scope, id, props);
    this.elastic = props;
    this.scaledJob = this.daemonSet;
    this.addAnswer();
    Federation.tryOf(this)?._vary(this.scaledJob, `${id}.scale`, member => this.scaleOperations(member));
    if (CondorHost.isCondorHost(props.pool)) { props.pool._executionClusters.count(() => this.orders()); }
    this.node.addValidation({ validate: () => this.elasticProblems() });
  }

  /**
   * How the fleet grows in a member, where it is not as in the others.
   *
   * Refused at synth: a cluster that the fleet doesn't reach, and all that the fleet's own properties refuse.
   *
   * @param member a member of the federation that the fleet stands in
   * @param options what is different there; a second call adds to the first
   */
  public scale(member: FederatedCluster, options: ElasticMemberOptions): void {
    this.scales.set(member, { ...this.scales.get(member), ...options });
  }

  /** @internal */
  public get _elasticity(): Elasticity {
    const { cost } = this.elasticProps;
    return {
      lifetime: this.lifetime,
      idleShutdown: this.idleShutdown,
      costOf: cluster => {
        const member = Federation.tryOf(this)?.members.find(({ node }) => node.id === cluster);
        return (member && this.scales?.get(member)?.cost) ?? cost ?? 1;
      },
    };
  }

  /** @internal */
  protected _podAnnotations(): { [name: string]: string } {
    return STAYS;
  }

  /** @internal */
  protected _podFields(): object {
    return { restartPolicy: 'Never' };
  }

  /** @internal */
  protected _podTemplatePath(): string {
    return '/spec/jobTargetRef/template';
  }

  /** @internal */
  protected _files(): { [file: string]: string } {
    return { [DEMAND_ANSWER_FILE]: DEMAND_ANSWER_SCRIPT };
  }

  /** @internal */
  protected _workload({ metadata, template }: WorkloadParts): ApiObject {
    const { maxExecutionPoints, pollingInterval } = this.elasticProps;
    return new ApiObject(this, 'ScaledJob', {
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledJob',
      metadata,
      spec: {
        pollingInterval: (pollingInterval ?? Duration.seconds(30)).toSeconds(),
        maxReplicaCount: maxExecutionPoints,
        successfulJobsHistoryLimit: KEPT.jobs,
        failedJobsHistoryLimit: KEPT.jobs,
        // a change is for those that come: KEDA would delete the others, with their jobs
        rollout: { strategy: 'gradual' },
        // as many as are wanted, less all that have not ended: those that are coming are not asked for again
        scalingStrategy: { strategy: 'default' },
        triggers: [{
          type: 'metrics-api',
          metadata: { url: `http://${this.answerName}.${metadata.namespace}.svc:${DEMAND_PORT}/`, format: 'json', valueLocation: 'wanted', targetValue: '1' },
        }],
        jobTargetRef: {
          parallelism: 1,
          completions: 1,
          // whether there shall be another is for the queue to say, in which the jobs of one that failed are again
          backoffLimit: 0,
          ttlSecondsAfterFinished: KEPT.seconds,
          template,
        },
      },
    });
  }

  /** The base class makes the workload before there are properties of this one. */
  private get elasticProps(): ElasticStartdFleetProps {
    return this._props as ElasticStartdFleetProps;
  }

  private get answerName(): string {
    return `${this.node.id}-demand`;
  }

  private get lifetime(): Duration {
    return this.elasticProps.lifetime ?? Duration.days(1);
  }

  private get idleShutdown(): Duration {
    return this.elasticProps.idleShutdown ?? Duration.minutes(10);
  }

  /** What a machine of so many cores may use while it takes jobs and then finds that there is none, in core-hours. */
  private coreHoursOfOne(cpus: number): number {
    return cpus * (this.lifetime.toSeconds() + this.idleShutdown.toSeconds()) / 3600;
  }

  private get patience(): Duration {
    const { pool } = this.elasticProps;
    const interval = CondorHost.isCondorHost(pool) ? pool._negotiation.interval.toSeconds() : 60;
    return this.elasticProps.patience ?? Duration.seconds(2 * interval + 60);
  }

  private scaleOf(member?: FederatedCluster): Scale {
    const { maxExecutionPoints, threshold, cost, budget } = this.elastic;
    return { maxExecutionPoints, threshold: threshold ?? 1, patience: this.patience, cost: cost ?? 1, budget, ...member && this.scales.get(member) };
  }

  private scaleOperations(member: FederatedCluster): Operation[] {
    const most = this.scales.get(member)?.maxExecutionPoints;
    return most === undefined ? [] : [{ op: 'replace', path: '/spec/maxReplicaCount', value: most }];
  }

  /** What the central managers count. */
  private orders(): DemandOrder[] {
    const places: [string, FederatedCluster?][] = Federation.tryOf(this)
      ? this._members.map(member => [member.node.id, member]) : this._clusters.map(cluster => [cluster]);
    return places.map(([cluster, member]) => {
      const { cpus = 1, memory, attributes, start } = this._offer(member);
      const { maxExecutionPoints, threshold, patience, cost, budget } = this.scaleOf(member);
      const machine = {
        name: `${this.node.id}.${cluster}`,
        cpus,
        memory: memory?.toMebibytes() ?? 0,
        start: start ?? ClassAdExpression.boolean(true),
        attributes: { ...attributes, [COST_ATTRIBUTE]: cost },
      };
      return {
        name: machine.name,
        cluster,
        cpus,
        memory: machine.memory,
        most: maxExecutionPoints,
        threshold,
        patience: patience.toSeconds(),
        cost,
        lifetime: this.lifetime.toSeconds(),
        ...budget && { budget: { period: budget._period, coreHours: budget.coreHours, ofOneMachine: this.coreHoursOfOne(cpus) } },
        machine: expectedMachineAd(machine),
      };
    });
  }

  /** The pod that KEDA asks, and the way to it. */
  private addAnswer(): void {
    const { namespace, answerName: name, image } = this;
    const selector = { 'app.kubernetes.io/name': 'htcondor', 'app.kubernetes.io/instance': name };
    const labels = { ...selector, 'app.kubernetes.io/component': 'demand' };
    const metadata = { name, namespace, labels };
    const probe = { tcpSocket: { port: DEMAND_PORT } };
    const scope = new Construct(this, 'Demand');
    new ApiObject(scope, 'Deployment', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: 1,
        selector: { matchLabels: selector },
        template: {
          metadata: { labels },
          spec: Lazy.any({
            produce: () => daemonPodSpec({
              image,
              command: ['/usr/bin/python3', `${PATHS.config}/${DEMAND_ANSWER_FILE}`, `${DEMAND_PORT}`, `${DEMAND_INTERVAL}`],
              configMap: this.node.id,
              watchesConfiguration: false,
              credentials: [this._credential],
              renewCredentials: true,
              directories: [],
              // not being root, it is a user to HTCondor, who has tokens at home
              environment: [{ name: '_CONDOR_SEC_TOKEN_DIRECTORY', value: PATHS.tokens }],
              probes: { liveness: { ...probe, periodSeconds: 60, failureThreshold: 5 }, readiness: { ...probe, periodSeconds: 5 } },
              resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } },
              serviceAccount: this.node.id,
              terminationGracePeriodSeconds: 5,
              imagePullSecrets: this.elastic.imagePullSecrets,
            }),
          }),
        },
      },
    });
    new ApiObject(scope, 'Service', {
      apiVersion: 'v1', kind: 'Service', metadata, spec: { selector, ports: [{ name: 'demand', port: DEMAND_PORT, targetPort: DEMAND_PORT, protocol: 'TCP' }] },
    });
    if (this.elastic.networkPolicy === false) { return; }
    const collectors = this.elastic.pool.collectors.map(address => Number(/:(\d+)$/.exec(address)?.[1]));
    addNetworkPolicy(scope, metadata, selector, {
      ingress: [{
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': this.elastic.kedaNamespace ?? 'keda' } } }],
        ports: [{ protocol: 'TCP', port: DEMAND_PORT }],
      }],
      egress: [ASK_NAMES, { ports: [...new Set(collectors)].map(port => ({ protocol: 'TCP', port })) }],
    });
  }

  /** Each budget where it is stated: the fleet's for the biggest machine of those that it is of. */
  private budgetsProblems(): string[] {
    const members = this._members.map(member => (
      { name: member.node.id, cpus: this._offer(member).cpus ?? 1, own: this.scales.get(member)?.budget }));
    const most = Math.max(...members.filter(({ own }) => !own).map(({ cpus }) => cpus), ...members.length === 0 ? [this.elastic.cpus ?? 1] : []);
    const ofFleet = this.elastic.budget && budgetProblems('budget', this.elastic.budget, this.coreHoursOfOne(Math.max(most, 1)));
    const ofMembers = members.flatMap(({ name, cpus, own }) => own ? budgetProblems(`scale(${name}).budget`, own, this.coreHoursOfOne(cpus)) : []);
    return [...ofFleet ?? [], ...ofMembers];
  }

  private elasticProblems(): string[] {
    const { elastic } = this;
    const problems: string[] = [];
    if (!CondorHost.isCondorHost(elastic.pool)) {
      problems.push(problem('pool', elastic.pool.collectors.join(', '), 'a CondorHost of this program, whose central managers count for the fleet'));
    }
    if (elastic.cpus === undefined) { problems.push(problem('cpus', undefined, 'stated: what jobs could run is counted before there is a machine')); }
    if (elastic.memory === undefined) { problems.push(problem('memory', undefined, 'stated: what jobs could run is counted before there is a machine')); }
    if (elastic.slots) { problems.push(problem('slots', elastic.slots, 'none: jobs take what they ask for from the whole machine')); }
    if (elastic.gpus) { problems.push(problem('gpus', elastic.gpus, '0: GPUs are not counted')); }
    if (elastic.parallelUniverse) { problems.push(problem('parallelUniverse', elastic.parallelUniverse.accessPoint, 'none: parallel jobs are not counted')); }
    if (elastic.runMode === RunMode.CONDOR_STARTD) { problems.push(problem('runMode', elastic.runMode, `${RunMode.CONDOR_MASTER}, which ends when its startd has left`)); }
    if (elastic.rootless) { problems.push(problem('rootless', true, 'false: the container that renews the token would outlive the execution point')); }
    if (elastic.podLogs) { problems.push(problem('podLogs', elastic.podLogs, 'none: the container that prints would outlive the execution point')); }
    if (Federation.tryOf(this)?.lateMembers) { problems.push(problem('lateMembers', true, 'false with an elastic fleet, which is counted for in members that the program knows')); }
    if (this.idleShutdown.toSeconds() < 10) { problems.push(problem('idleShutdown', `${this.idleShutdown.toSeconds()} s`, 'at least 10 s')); }
    if (this.lifetime.toSeconds() < 60) { problems.push(problem('lifetime', `${this.lifetime.toSeconds()} s`, 'at least 60 s')); }
    if ((elastic.pollingInterval?.toSeconds() ?? 30) < 5) { problems.push(problem('pollingInterval', `${elastic.pollingInterval!.toSeconds()} s`, 'at least 5 s')); }
    problems.push(...scaleProblems('', elastic), ...this.budgetsProblems());
    const members = new Set(this._members);
    for (const [member, options] of this.scales) {
      if (members.has(member)) {
        problems.push(...scaleProblems(`scale(${member.node.id}).`, options));
      } else {
        problems.push(problem('scale', member.node.id, `members that the fleet reaches: ${[...members].map(({ node }) => node.id).join(', ') || 'none'}`));
      }
    }
    return [...problems, ...scalersOf(this.node.root, this.node.id)];
  }
}

function scaleProblems(prefix: string, { maxExecutionPoints, threshold, cost }: ElasticMemberOptions): string[] {
  const problems: string[] = [];
  const whole = (property: string, given: number | undefined, least: number, most = Infinity, allowed = `a whole number from ${least}`) => {
    if (given !== undefined && !(Number.isInteger(given) && given >= least && given <= most)) { problems.push(problem(`${prefix}${property}`, given, allowed)); }
  };
  whole('maxExecutionPoints', maxExecutionPoints, 1);
  whole('threshold', threshold, 1);
  whole('cost', cost, 0, MOST_COST, `a whole number from 0 to ${MOST_COST}`);
  return problems;
}

/** What else of the program would scale the fleet. */
function scalersOf(root: IConstruct, name: string): string[] {
  return root.node.findAll().filter(ApiObject.isApiObject).filter(({ kind }) => SCALERS.includes(kind)).flatMap(scaler => {
    const target = scaler.toJson().spec?.scaleTargetRef ?? {};
    return target.name === name && target.kind === 'ScaledJob'
      ? [`${scaler.kind} ${scaler.node.path} scales ${name} too, and would kill running jobs to have fewer; allowed: the fleet's own ScaledJob alone`] : [];
  });
}

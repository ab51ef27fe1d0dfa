import { ApiObject, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { IReanaCache, IReanaDatabase, IReanaMessageBroker } from './reana-backing-services';
import { ReanaCache } from './reana-cache';
import { addCronJobs } from './reana-cron-jobs';
import { ReanaDatabase } from './reana-database';
import { databaseAlone } from './reana-edges';
import { imagesOf } from './reana-images';
import { addIngress } from './reana-ingress';
import { ReanaInitialization } from './reana-initialization';
import { ReanaMessageBroker } from './reana-message-broker';
import { DEFAULT_PREFIX, ReanaNames } from './reana-names';
import { outsidersOf } from './reana-outsiders';
import { platformProblems } from './reana-platform-problems';
import { ReanaPlatformProps } from './reana-platform-props';
import { PROGRAM_CONTAINER_SECURITY, programPodSecurity, programVolumes } from './reana-pod';
import { addRoles } from './reana-roles';
import { addRuntime } from './reana-runtime';
import { addScheduler, addServer, serverEnvironment } from './reana-server';
import { ReanaSettings } from './reana-settings';
import { ReanaStorage } from './reana-storage';
import { declarePlatformTraffic } from './reana-traffic';
import { ReanaUi } from './reana-ui';
import { addJobStatusConsumer, addWorkflowController } from './reana-workflow-controller';
import { Federation } from '../federation/federation';
import { problem } from '../problem';
import { PodSecurityLevel, WorkloadNamespace } from '../workload/namespace';

/**
 * REANA, complete: users describe their analyses in `reana.yaml`, and each step runs as a Job.
 *
 * It stands in any chart, or on a cluster of a federation. Nothing secret is written: Secrets are named, and somebody makes them (docs/reana.md lists them).
 *
 * Refused at synth: what stands in the description of each property, a place in a federation, and a namespace that another platform of the chart has.
 */
export class ReanaPlatform extends Construct {
  /** The namespace of REANA's services. */
  public readonly namespace: string;

  /** The namespace where workflows, their steps and sessions run. */
  public readonly runtimeNamespace: string;

  /** What the names of all objects begin with. */
  public readonly prefix: string;

  /** Where records are kept. */
  public readonly database: IReanaDatabase;

  /** What carries messages. */
  public readonly messageBroker: IReanaMessageBroker;

  /** Where sessions of web users are kept. */
  public readonly cache: IReanaCache;

  /** The Deployment of the server, for patches of what the properties don't reach. */
  public readonly server: ApiObject;

  /** The Deployment of the scheduler, for patches of what the properties don't reach. */
  public readonly scheduler: ApiObject;

  /** The Deployment of the workflow controller, for patches of what the properties don't reach. */
  public readonly workflowController: ApiObject;

  /** The Deployment of the consumer of job statuses, for patches of what the properties don't reach. */
  public readonly jobStatusConsumer: ApiObject;

  private readonly settings: ReanaSettings;

  /**
   * @param scope a cluster, or any chart
   * @param id the id: it is in no name
   * @param props its host name, and what differs from the defaults
   */
  public constructor(scope: Construct, id: string, props: ReanaPlatformProps) {
    super(scope, id);
    const names = new ReanaNames(props.prefix ?? DEFAULT_PREFIX, props.namespace ?? Chart.of(this).namespace ?? 'reana', props.runtimeNamespace);
    const { prefix, namespace, runtimeNamespace } = names;
    const { imagePullSecrets, networkPolicies, placement } = props;
    const service = { prefix, namespace, runtimeNamespace, imagePullSecrets, networkPolicies, nodeSelector: placement?.infrastructure };
    this.namespace = namespace;
    this.runtimeNamespace = runtimeNamespace;
    this.prefix = prefix;
    this.database = props.database ?? new ReanaDatabase(this, 'database', service);
    this.messageBroker = props.messageBroker ?? new ReanaMessageBroker(this, 'message-broker', service);
    this.cache = props.cache ?? new ReanaCache(this, 'cache', service);
    this.settings = {
      names,
      images: imagesOf(props.images),
      storage: props.storage ?? ReanaStorage.storageClass(),
      database: this.database,
      messageBroker: this.messageBroker,
      cache: this.cache,
      administrator: props.administrator ?? { email: `admin@${props.hostname}` },
      readsNodes: props.readsNodes ?? true,
      props,
    };
    const { settings } = this;
    this.admit();
    settings.storage._declare(this, names);
    addRoles(this, names, { dask: props.dask, readsNodes: settings.readsNodes, imagePullSecrets: imagePullSecrets ?? [] });
    this.initialize();
    this.server = addServer(new Construct(this, 'server'), settings);
    this.scheduler = addScheduler(new Construct(this, 'scheduler'), settings);
    this.workflowController = addWorkflowController(new Construct(this, 'workflow-controller'), settings);
    this.jobStatusConsumer = addJobStatusConsumer(new Construct(this, 'job-status-consumer'), settings);
    addCronJobs(new Construct(this, 'cron-jobs'), settings);
    addRuntime(new Construct(this, 'runtime'), settings);
    if (!props.withoutUi) {
      new ReanaUi(this, 'ui', {
        names,
        options: props.ui ?? {},
        imagePullSecrets,
        networkPolicies,
        nodeSelector: placement?.infrastructure,
        outsiders: outsidersOf(props),
      });
    }
    addIngress(this, names, props.hostname, !props.withoutUi, props.ingress ?? {});
    declarePlatformTraffic(this, settings);
    this.node.addValidation({ validate: () => [...platformProblems(settings), ...this.placeProblems()] });
  }

  /** Both namespaces, with the Pod Security level of what is in them: directories of nodes are for privileged ones. The code of REANA runs job controllers and sessions as root. */
  private admit(): void {
    const { names, storage, props } = this.settings;
    const everywhere = !storage.shared || props.workspacePaths?.length;
    const inWorkflows = everywhere || props.eos || props.jobs?.hostPaths?.length;
    WorkloadNamespace.of(this, names.namespace).admit(this, everywhere ? PodSecurityLevel.PRIVILEGED : PodSecurityLevel.RESTRICTED);
    WorkloadNamespace.of(this, names.runtimeNamespace).admit(this, inWorkflows ? PodSecurityLevel.PRIVILEGED : PodSecurityLevel.BASELINE);
  }

  private initialize(): void {
    const { settings } = this;
    new ReanaInitialization(this, 'initialization', {
      names: settings.names,
      administrator: settings.administrator,
      image: settings.images.server,
      environment: serverEnvironment(settings),
      ...programVolumes(settings),
      pod: programPodSecurity(settings),
      containerSecurity: PROGRAM_CONTAINER_SECURITY,
      egress: databaseAlone(settings.database),
      networkPolicies: settings.props.networkPolicies,
    });
  }

  private placeProblems(): string[] {
    const problems: string[] = [];
    if (Federation.tryOf(this)) { problems.push(problem('scope', this.node.path, 'a cluster or a chart: there is one platform')); }
    const mine = [this.namespace, this.runtimeNamespace];
    for (const other of Chart.of(this).node.findAll()) {
      // the second of the two says so
      if (other === this) { break; }
      if (other instanceof ReanaPlatform && [other.namespace, other.runtimeNamespace].some(namespace => mine.includes(namespace))) {
        problems.push(problem('namespace', mine.join(', '), `namespaces that ${other.node.path} doesn't have: ConfigMaps and policies of both would meet there`));
      }
    }
    return problems;
  }
}

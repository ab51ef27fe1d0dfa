import { ApiObject, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { checkCredentials, credentialEnvironment, CREDENTIALS } from './credentials';
import { MetricsTarget } from './metrics-target';
import { IReanaMessageBroker, ReanaCredentials } from './reana-backing-services';
import { ReanaNames, SERVICE_PORTS } from './reana-names';
import { ReanaServiceProps } from './reana-service-props';
import { namesOf, serviceProblems, StatefulService } from './stateful-service';
import { problem } from '../problem';
import { containerResources } from '../workload/container-resources';
import { CONFIGURATION, RUN } from '../workload/postgres-scripts';
import { IScrapeTarget } from '../workload/scrape-target';
import { SecretReference } from '../workload/secret-reference';

/** Properties of a `ReanaMessageBroker`. */
export interface ReanaMessageBrokerProps extends ReanaServiceProps {
  /**
   * RabbitMQ, 3.10 or newer, whose user 999 is `rabbitmq`. The management plugin isn't needed.
   *
   * @default 'docker.io/library/rabbitmq:4.3.6'
   */
  readonly image?: string;
}

/** A RabbitMQ that is already there. */
export interface ExternalReanaMessageBroker {
  /** The DNS name or address. */
  readonly host: string;

  /**
   * The TCP port of AMQP.
   *
   * @default - 5672
   */
  readonly port?: number;

  /**
   * The whole URL, user, password and virtual host included (`RABBIT_MQ`): `amqp://USER:PASSWORD@HOST:PORT//`. REANA has no other way to name a broker
   * that is elsewhere. Key `RABBIT_MQ` unless stated. The user must be allowed to configure, write and read in its virtual host, and from RabbitMQ 4.3 on
   * the broker must permit `transient_nonexcl_queues`.
   */
  readonly url: SecretReference;

  /**
   * The labels of its pods, where it is in the namespace of REANA's services.
   *
   * @default - it is elsewhere
   */
  readonly podLabels?: { [label: string]: string };
}

/**
 * What carries messages between REANA's components: a stock RabbitMQ, as a StatefulSet of one pod.
 *
 * At each start it gets one user, REANA's, with all rights in the virtual host `/` and none to administer, and the password that the Secret has then.
 * `workflow-submission` outlives a restart, with its messages. `jobs-status` doesn't: REANA's code declares it as not durable, and declares it again.
 */
export class ReanaMessageBroker extends Construct implements IReanaMessageBroker {
  /**
   * A broker that is already there. Nothing is made for it.
   *
   * @param broker where it is
   */
  public static external(broker: ExternalReanaMessageBroker): IReanaMessageBroker {
    // the URL is used instead
    const credentials = { secretName: broker.url.secretName };
    return { ...broker, url: { ...broker.url, key: broker.url.key ?? 'RABBIT_MQ' }, port: broker.port ?? SERVICE_PORTS['message-broker'].port, credentials };
  }

  public readonly host: string;
  public readonly port: number = SERVICE_PORTS['message-broker'].port;
  public readonly credentials: ReanaCredentials;
  public readonly url?: SecretReference;
  public readonly podLabels?: { [label: string]: string };

  /** The namespace. */
  public readonly namespace: string;

  /** Its metrics (`rabbitmq_prometheus`), port 15692: `metrics.scrape(broker.metrics)`. */
  public readonly metrics: IScrapeTarget;

  /** The StatefulSet, for patches of what the properties don't reach. */
  public readonly statefulSet: ApiObject;

  /** @internal */
  public readonly _names: ReanaNames;

  private readonly props: ReanaMessageBrokerProps;

  /**
   * @param scope the cluster of REANA's services, or any chart
   * @param id any id
   * @param props its size, and whose it is
   */
  public constructor(scope: Construct, id: string, props: ReanaMessageBrokerProps = {}) {
    super(scope, id);
    this.props = props;
    this._names = namesOf(this, props);
    const { _names: names } = this;
    this.namespace = names.namespace;
    this.host = names.host('message-broker');
    this.podLabels = names.selector('message-broker');
    this.credentials = props.credentials ?? { secretName: names.messageBrokerSecret };
    const open = { tcpSocket: { port: 'service' }, timeoutSeconds: 5 };
    const service = new StatefulService(this, 'Server', {
      names,
      component: 'message-broker',
      props,
      image: this.image,
      files: { 'rabbitmq.conf': configuration(this.memory), 'enabled_plugins': '[rabbitmq_prometheus].\n', 'start.sh': START },
      environment: [...credentialEnvironment(this.credentials, CREDENTIALS.messageBroker), ...ENVIRONMENT],
      command: ['/bin/sh', `${CONFIGURATION}/start.sh`],
      probes: {
        // it listens when queues and users are there
        startupProbe: { ...open, periodSeconds: 5, failureThreshold: 120 },
        livenessProbe: { exec: { command: ['rabbitmq-diagnostics', '-q', 'ping'] }, periodSeconds: 60, timeoutSeconds: 30, failureThreshold: 3 },
        readinessProbe: { ...open, periodSeconds: 10, failureThreshold: 3 },
      },
      resources: containerResources(props.resources, { cpu: '200m', memory: '512Mi', limit: `${DEFAULT_LIMIT.toMebibytes()}Mi` }),
      port: SERVICE_PORTS['message-broker'].targetPort,
      metricsPort: METRICS_PORT,
      data: { path: '/var/lib/rabbitmq', size: this.storage },
      terminationGracePeriodSeconds: 120,
    });
    this.statefulSet = service.statefulSet;
    this.node.defaultChild = service.statefulSet;
    this.metrics = new MetricsTarget(this, 'Metrics', names.namespace, names.component('message-broker'), names.labels('message-broker'), METRICS_PORT);
    this.node.addValidation({ validate: () => this.problems() });
  }

  private get image(): string { return this.props.image ?? 'docker.io/library/rabbitmq:4.3.6'; }

  private get storage(): Size { return this.props.storage ?? Size.gibibytes(4); }

  private get memory(): Size { return this.props.resources ? this.props.resources.memory?.limit ?? Size.mebibytes(512) : DEFAULT_LIMIT; }

  private problems(): string[] {
    const problems = serviceProblems(this, this._names, this.props, this.credentials, this.image, this.storage);
    if (this.memory.toMebibytes() < 256) {
      problems.push(problem('resources.memory.limit', `${this.memory.toMebibytes()} MiB`, 'at least 256 MiB: an empty RabbitMQ takes 150'));
    }
    return problems;
  }
}

const METRICS_PORT = 15692;

const DEFAULT_LIMIT = Size.gibibytes(1);

const ENVIRONMENT = Object.entries({
  // queues are the node's: its name must outlive the pod, and needs no name server
  RABBITMQ_NODENAME: 'rabbit@localhost',
  RABBITMQ_CONFIG_FILE: `${RUN}/rabbitmq`,
  // nothing in the image adds to it
  RABBITMQ_CONFIG_FILES: `${RUN}/conf.d`,
  RABBITMQ_ENABLED_PLUGINS_FILE: `${CONFIGURATION}/enabled_plugins`,
  RABBITMQ_LOGS: '-',
  // older ones open a log of upgrades all the same
  RABBITMQ_LOG_BASE: '/tmp',
  // what nodes of a cluster and command line tools talk over is for this pod alone
  ERL_EPMD_ADDRESS: '127.0.0.1',
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
  // Erlang's cookie is in the home, and must be readable by its owner alone, which a volume with an fsGroup makes impossible
  HOME: RUN,
}).map(([name, value]) => ({ name, value }));

function configuration(memory: Size): string {
  return [
    `listeners.tcp.default = ${SERVICE_PORTS['message-broker'].targetPort}`,
    `prometheus.tcp.port = ${METRICS_PORT}`,
    `load_definitions = ${RUN}/definitions.json`,
    'log.file = false',
    'log.console = true',
    'log.console.level = info',
    // what the container may have, not the node
    `total_memory_available_override_value = ${memory.toMebibytes() * 1024 * 1024}`,
    'vm_memory_high_watermark.relative = 0.6',
    // publishers wait before the volume is full
    'disk_free_limit.absolute = 256MB',
    '',
  ].join('\n');
}

/** RabbitMQ knows by heart what it may be called with: older ones don't take the permission that newer ones ask for. */
const TRANSIENT_QUEUES = 'deprecated_features.permit.transient_nonexcl_queues = true';

const { user: USER, password: PASSWORD } = CREDENTIALS.messageBroker;

const START = [
  '#!/bin/sh',
  'set -eu',
  checkCredentials(CREDENTIALS.messageBroker),
  'umask 077',
  `mkdir -p ${RUN}/conf.d`,
  `cp ${CONFIGURATION}/rabbitmq.conf ${RUN}/rabbitmq.conf`,
  // the queue jobs-status is such a queue
  'case $(rabbitmqctl version) in',
  '  3.[0-9].* | 3.1[01].*) ;;',
  `  *) echo '${TRANSIENT_QUEUES}' >>${RUN}/rabbitmq.conf ;;`,
  'esac',
  `cat >${RUN}/definitions.json <<END`,
  '{',
  '  "vhosts": [{ "name": "/" }],',
  `  "users": [{ "name": "$${USER}", "password": "$${PASSWORD}", "tags": "" }],`,
  `  "permissions": [{ "user": "$${USER}", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*" }]`,
  '}',
  'END',
  // Erlang makes a table of as many files as it may open: gigabytes, where that is unlimited
  'ulimit -n 65536 2>/dev/null || true',
  'exec rabbitmq-server',
  '',
].join('\n');

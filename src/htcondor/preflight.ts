import { ApiObject, Chart, Duration, Lazy } from 'cdk8s';
import { Construct } from 'constructs';
import { CondorHost } from './condor-host';
import { KnobSet, Macro } from './config';
import { preflightConnections } from './connections';
import { CLUSTER_NAME_VARIABLE, PATHS, ROOT_CONFIG_FILE } from './paths';
import { hostAndPort, ICondorPool } from './pool';
import { poolKnobs } from './pool-config';
import { executionPointIdentity, requireAuthentication } from './pool-security';
import { IDENTITY_KNOB, PATIENCE, PAUSE, PREFLIGHT_SCRIPT, SECRET_DIRECTORY, TOKEN_DIRECTORY, TRIES } from './preflight-script';
import { isRemote, reachabilityProblems } from './reachability';
import { StartdFleet } from './startd-fleet';
import { StartdFleetProps } from './startd-fleet-props';
import { Federation } from '../federation/federation';
import { isDnsLabel } from '../federation/names';
import { Placement } from '../federation/placement';
import { problem } from '../problem';
import { addressProblems } from '../workload/address';
import { CLUSTER_IDENTITY } from '../workload/cluster-identity';
import { digest, NamedByContent } from '../workload/named-by-content';
import { PodSecurityLevel, WorkloadNamespace } from '../workload/namespace';
import { addNetworkPolicy } from '../workload/network-policy';
import { declareTraffic } from '../workload/traffic';

const SCRIPT_FILE = 'preflight';
const CLUSTER_FILE = 'cluster';
const TERMINATION_MESSAGE = '/dev/termination-log';

/** What of a pod decides where it runs and whom it reaches. The preflight's is the fleet's own. */
const PLACE = [
  'affinity', 'dnsConfig', 'dnsPolicy', 'hostAliases', 'hostNetwork', 'imagePullSecrets', 'nodeSelector', 'runtimeClassName', 'tolerations',
];

/** How long a node may take to be found for the pod, and the image to be pulled. */
const START = Duration.minutes(10);

/** Properties of a `PoolPreflight`. */
export interface PoolPreflightProps {
  /**
   * The fleet whose machines are to join. The preflight's pod has the fleet's image, token, nodes and network, as
   * they stand in the fleet's DaemonSet; overrides of the DaemonSet for single members don't reach it.
   *
   * Refused: for a preflight in another cluster than the pool's, a pool whose addresses only resolve inside its own.
   */
  readonly fleet: StartdFleet;

  /**
   * Addresses of access points that are dialled, `host` or `host:port`; the port is 9618 unless stated. Jobs fetch
   * their input there, and machines need no token for it.
   *
   * Refused: what is no host name or IP address, a port that is none.
   *
   * @default - those of a `CondorHost`; none of a pool that stands elsewhere
   */
  readonly accessPoints?: string[];

  /**
   * How far the clocks of the cluster and of the collectors may be apart, from one second to one hour.
   *
   * Refused: less, more, a part of a second.
   *
   * @default Duration.minutes(1)
   */
  readonly maxClockSkew?: Duration;

  /**
   * How long a name server or an address may take to answer, from one second to one minute. A collector has four
   * times as long to judge the token. The whole is tried three times.
   *
   * Refused: less, more, a part of a second.
   *
   * @default Duration.seconds(5)
   */
  readonly timeout?: Duration;

  /**
   * How long the Job is kept to be read (`ttlSecondsAfterFinished`), at least a minute. When it is gone, the next apply of
   * the file runs it again; what applies the file by itself runs it again after each such time.
   *
   * Refused: less, a part of a second.
   *
   * @default Duration.days(1)
   */
  readonly ttlAfterFinished?: Duration;
}

/**
 * Says before a cluster's machines join the pool whether they could: a Job in each cluster looks up the pool's names, dials
 * its addresses at the advertised ports, shows a collector the token, and compares the clocks. It says what is
 * wrong in its log and in its pod's termination message, and fails then.
 *
 * It reaches the clusters that its own scope says, which needn't be the fleet's: on a member it tells about that member
 * before the fleet is placed there. Either way the pool gets a collector for each of these clusters.
 *
 * A Job can't be changed: its name ends with a digest of what it runs, so that a changed program makes a new one. It runs
 * once, without root, and changes nothing in the pool.
 */
export class PoolPreflight extends Construct {
  /** The Job, for patches and overrides of what the properties don't reach. */
  public readonly job: ApiObject;

  /** The namespace of the Job: the fleet's. */
  public readonly namespace: string;

  private readonly props: PoolPreflightProps;

  private readonly fleet: StartdFleetProps;

  /**
   * @param scope a federation or a placement in it, a cluster, or any chart
   * @param id the name: it starts the names of its objects
   * @param props the fleet, and what is demanded
   */
  public constructor(scope: Construct, id: string, props: PoolPreflightProps) {
    super(scope, id);
    this.props = props;
    this.fleet = props.fleet._props;
    this.namespace = props.fleet.namespace;
    WorkloadNamespace.of(this, this.namespace).admit(this, this.fleet.hostNetwork ? PodSecurityLevel.PRIVILEGED : PodSecurityLevel.RESTRICTED);

    const selector = { 'app.kubernetes.io/name': 'htcondor', 'app.kubernetes.io/instance': id };
    const labels = { ...selector, 'app.kubernetes.io/component': 'preflight' };
    const metadata = { name: id, namespace: this.namespace, labels };
    const data = Lazy.any({ produce: () => this.files() });
    const configMap = new ApiObject(this, 'ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
    this.job = new NamedByContent(this, 'Job', {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata,
      spec: {
        backoffLimit: 0,
        activeDeadlineSeconds: Lazy.any({ produce: () => this.deadline() }),
        ttlSecondsAfterFinished: Lazy.any({ produce: () => seconds(props.ttlAfterFinished ?? Duration.days(1)) }),
        template: {
          metadata: { labels, annotations: Lazy.any({ produce: () => ({ 'cdk8s-hep/config-digest': digest(this.sharedFiles()) }) }) },
          spec: Lazy.any({ produce: () => this.podSpec() }),
        },
      },
    });
    this.node.defaultChild = this.job;
    this.followNetworkPolicy(metadata, selector);

    if (CondorHost.isCondorHost(this._pool)) { this._pool._executionClusters.admit(() => this._clusters); }
    Federation.tryOf(this)?._vary(configMap, `${id}.member`, member => [{ op: 'add', path: `/data/${CLUSTER_FILE}`, value: member.node.id }]);
    declareTraffic(this, { connections: () => preflightConnections(this) });
    this.node.addValidation({ validate: () => this.problems() });
  }

  /**
   * The pool that the machines are to join.
   *
   * @internal
   */
  public get _pool(): ICondorPool {
    return this.fleet.pool;
  }

  /** The addresses that are dialled, and what is there. */
  private get addresses(): Address[] {
    return [
      ...this._pool.collectors.map((text, _, all) => addressOf('pool.collectors', text, all.length > 1 ? 'a central manager' : 'the central manager')),
      ...this._accessPoints.map(text => addressOf('accessPoints', text, 'an access point')),
    ];
  }

  /**
   * The access points that are dialled, `host:port`.
   *
   * @internal
   */
  public get _accessPoints(): string[] {
    return this.props.accessPoints?.map(withPort) ?? accessPointsOf(this._pool);
  }

  /**
   * The names of the clusters that the preflight reaches.
   *
   * @internal
   */
  public get _clusters(): string[] {
    const federation = Federation.tryOf(this);
    if (!federation) { return [this.clusterName()]; }
    const selector = Placement.tryOf(this)?.clusters;
    return federation.members.filter(member => selector?.selects(member) ?? true).map(({ node }) => node.id);
  }

  private clusterName(): string {
    const chart = Chart.of(this);
    return (chart === Chart.of(this.props.fleet) ? this.fleet.clusterName : undefined) ?? chart.node.id;
  }

  /** In a federation the name is added for each member that is known. */
  private files(): { [file: string]: string } {
    return { ...this.sharedFiles(), ...Federation.tryOf(this) ? {} : { [CLUSTER_FILE]: this.clusterName() } };
  }

  private sharedFiles(): { [file: string]: string } {
    return {
      [ROOT_CONFIG_FILE]: this.knobs().draft(),
      [SCRIPT_FILE]: PREFLIGHT_SCRIPT,
      addresses: this.addresses.map(({ address, host, port, what }) => `${address} ${host} ${port} ${what}\n`).join(''),
    };
  }

  /** As much of the fleet's configuration as a tool needs that speaks to the collector. */
  private knobs(): KnobSet {
    const cluster = `$ENV(${CLUSTER_NAME_VARIABLE})`;
    const knobs = poolKnobs(this._pool, this.props.fleet.image, new Macro(this._pool.collectorsOf(cluster).join(', ')));
    requireAuthentication(knobs);
    knobs.set('SEC_TOKEN_DIRECTORY', TOKEN_DIRECTORY);
    knobs.set(IDENTITY_KNOB, new Macro(executionPointIdentity(cluster, this._pool.trustDomain)));
    return knobs;
  }

  /** A late member's pods ask the cluster for its name. */
  private lateEnvironment(): object[] {
    const { configMap: name, key } = CLUSTER_IDENTITY;
    const late = Federation.tryOf(this)?.lateMembers;
    return late ? [{ name: CLUSTER_NAME_VARIABLE, valueFrom: { configMapKeyRef: { name, key, optional: true } } }] : [];
  }

  private podSpec(): object {
    const { uid, gid } = this.props.fleet.image;
    const machine = this.props.fleet._podSpec;
    const [{ image, imagePullPolicy }] = machine.containers;
    const { secretName, items: [{ key }] } = machine.volumes.find(({ secret }: any) => secret?.items?.[0]?.path === 'token').secret;
    const variables = {
      CONDOR_CONFIG: `${PATHS.config}/${ROOT_CONFIG_FILE}`,
      MAX_CLOCK_SKEW: `${seconds(this.maxClockSkew)}`,
      TIMEOUT: `${seconds(this.timeout)}`,
      NAMESPACE: this.namespace,
      TOKEN_SECRET: secretName,
      TOKEN_KEY: key,
      MESSAGE: TERMINATION_MESSAGE,
    };
    return {
      ...Object.fromEntries(PLACE.filter(field => machine[field] !== undefined).map(field => [field, machine[field]])),
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: uid, runAsGroup: gid, fsGroup: gid, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{
        name: 'preflight',
        image,
        imagePullPolicy,
        command: ['/bin/bash', `${PATHS.config}/${SCRIPT_FILE}`],
        env: [
          ...Object.entries(variables).map(([name, value]) => ({ name, value })),
          { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
          ...this.lateEnvironment(),
        ],
        securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
        resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '128Mi' } },
        terminationMessagePath: TERMINATION_MESSAGE,
        volumeMounts: [
          { name: 'config', mountPath: PATHS.config, readOnly: true },
          { name: 'token', mountPath: SECRET_DIRECTORY, readOnly: true },
          { name: 'tmp', mountPath: '/tmp' },
        ],
      }],
      volumes: [
        { name: 'config', configMap: { name: this.node.id } },
        // a pod without its Secret would wait for it forever, and say nothing
        { name: 'token', secret: { secretName, optional: true, defaultMode: 0o440, items: [{ key, path: 'token' }] } },
        { name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
      ],
    };
  }

  /** Until when a pod that never starts, or hangs, is waited for. */
  private deadline(): number {
    const longest = seconds(this.timeout) * (2 * this.addresses.length + 2 * PATIENCE * this._pool.collectors.length);
    return seconds(START) + TRIES * (longest + PAUSE);
  }

  private get timeout(): Duration {
    return this.props.timeout ?? Duration.seconds(5);
  }

  private get maxClockSkew(): Duration {
    return this.props.maxClockSkew ?? Duration.minutes(1);
  }

  /** What the fleet's NetworkPolicy lets its pods call, it lets the preflight call; nobody calls the preflight. */
  private followNetworkPolicy(metadata: object, selector: object): void {
    const policy = this.props.fleet.node.tryFindChild('NetworkPolicy') as ApiObject | undefined;
    if (!policy) { return; }
    addNetworkPolicy(this, metadata, selector, { ingress: [], egress: Lazy.any({ produce: () => policy.toJson().spec.egress }) });
  }

  private problems(): string[] {
    const problems = [
      ...durationProblems('maxClockSkew', this.maxClockSkew, 1, 3600),
      ...durationProblems('timeout', this.timeout, 1, 60),
      ...durationProblems('ttlAfterFinished', this.props.ttlAfterFinished ?? Duration.days(1), 60),
      ...this.addresses.flatMap(({ problems: ofAddress }) => ofAddress),
    ];
    if (!isDnsLabel(this.node.id, 40)) { problems.push(problem('id', this.node.id, 'a DNS label of at most 40 characters')); }
    if (isRemote(this, this._pool)) { problems.push(...reachabilityProblems('fleet', this._pool, this.props.fleet.image)); }
    return problems;
  }
}

/** An address as the script needs it. */
interface Address {
  readonly address: string;
  readonly host: string;
  readonly port: string;
  readonly what: string;
  readonly problems: string[];
}

function addressOf(property: string, text: string, what: string): Address {
  const address = text.replace(/\?.*$/, '');
  const { host, port } = hostAndPort(address);
  const fits = addressProblems(property, host).length === 0 && Number(port) >= 1 && Number(port) <= 65535;
  const allowed = 'host or host:port, with a host name or an IP address (IPv6 as [address]:port)';
  return { address, host, port, what, problems: fits ? [] : [problem(property, text, allowed)] };
}

const withPort = (text: string): string => /:\d+$/.test(text) ? text : `${text}:9618`;

/** The access points that the program knows of. */
function accessPointsOf(pool: ICondorPool): string[] {
  return CondorHost.isCondorHost(pool) ? pool.accessPoints : [];
}

function durationProblems(property: string, duration: Duration, least: number, most = Infinity): string[] {
  const given = duration.toSeconds({ integral: false });
  const allowed = most === Infinity ? `from ${least} s on` : `from ${least} to ${most} s`;
  return Number.isInteger(given) && given >= least && given <= most ? [] : [problem(property, `${given} s`, `whole seconds ${allowed}`)];
}

/** What isn't whole is refused, and can't be written. */
function seconds(duration: Duration): number {
  return Math.ceil(duration.toSeconds({ integral: false }));
}

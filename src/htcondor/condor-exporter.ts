import { ApiObject, Chart, Duration, Lazy, Size } from 'cdk8s';
import type { ContainerResources } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { millicores, resourceRequirements } from './capacity';
import { CondorHost } from './condor-host';
import { Macro } from './config';
import { CONFIG_DIGEST, daemonPodSpec } from './daemon-pod';
import { EXPORTER_FILE, EXPORTER_METRICS_FILE, EXPORTER_POOL_FILE, EXPORTER_SCRIPT } from './exporter-script';
import { digestOf } from './live-configuration';
import { PATHS, POD_IP_VARIABLE, ROOT_CONFIG_FILE } from './paths';
import { poolKnobs } from './pool-config';
import { requireAuthentication } from './pool-security';
import { isDnsLabel } from '../federation/names';
import { problem } from '../problem';
import { CONDOR_METRICS } from '../telemetry/condor-metrics';
import { addNetworkPolicy, ASK_NAMES } from '../workload/network-policy';
import { IScrapeTarget } from '../workload/scrape-target';
import { SecretReference } from '../workload/secret-reference';
import { singlePod } from '../workload/single-pod';

/** Properties of a `CondorExporter`. */
export interface CondorExporterProps {
  /**
   * The pool that it tells of.
   *
   * Refused: a pool in another chart.
   */
  readonly pool: CondorHost;

  /**
   * The token with which it asks, in a Secret of the pool's namespace; the key is `token` unless stated. It needs `READ` and nothing else: what
   * `TokenMint.addRole` makes with `TokenAuthorization.READ`, or `condor_token_create -authz READ`. A token that is renewed is taken at once.
   *
   * @default - `{ secretName: '<id>-token' }`
   */
  readonly token?: SecretReference;

  /**
   * How often the pool is asked, in whole seconds, at least 10. Each time the collector tells of its machines and each access point of its
   * queue, a few attributes of each.
   *
   * Refused: less, a part of a second.
   *
   * @default Duration.seconds(30)
   */
  readonly interval?: Duration;

  /**
   * How much each access point keeps in its spool of the runs of jobs that have ended, about 5 KiB each (`JOB_EPOCH_HISTORY`, in four files of
   * `MAX_EPOCH_HISTORY_LOG`). An exporter that was away for longer than this lasts counts too few core-seconds.
   *
   * Refused: less than 4 MiB.
   *
   * @default Size.mebibytes(200)
   */
  readonly runHistory?: Size;

  /**
   * The StorageClass of the volume of 64 MiB, on which the sum of core-seconds outlives the pod.
   *
   * @default - the cluster's default one
   */
  readonly storageClass?: string;

  /**
   * The namespace from which Prometheus may ask, where `networkPolicy` is on.
   *
   * @default monitoring
   */
  readonly monitoringNamespace?: string;

  /**
   * Whether a NetworkPolicy closes the pod to all but DNS, the pool, and Prometheus.
   *
   * @default true
   */
  readonly networkPolicy?: boolean;

  /**
   * Requests and limits. A queue of 100,000 jobs takes about 300 MiB while it is read.
   *
   * @default - requests of 20m and 64 MiB, a limit of 512 MiB
   */
  readonly resources?: ContainerResources;
}

const PORT = 9118;

/**
 * Tells Prometheus of a pool, which HTCondor itself does not: slots and machines, queues, negotiation cycles, whose configuration is not as the
 * program says, when its token expires, and the core-seconds of accounting groups in each cluster. `docs/metrics.md` lists all of it.
 *
 * One pod beside the pool, at port 9118, path `/metrics`, without root and with a token that reads. It does not see what it need not: no key, no token
 * of another.
 *
 * Core-seconds are counted when a run of a job ends, from the record that the access point keeps of it: cores that the slot had, times the
 * seconds from its start to its end, whatever became of the job. No second counts twice, also when the exporter, an access point or a
 * shadow is killed and comes back. They differ from HTCondor's own `CumulativeSlotTime` by a second or two a run, since a schedd hears of its end
 * a little later than the shadow writes it down, and by the time in which a running job had no shadow, which HTCondor leaves out. What nobody has a
 * record of is not counted: a run whose shadow was killed and that no other one was reconnected to.
 */
export class CondorExporter extends Construct implements IScrapeTarget {
  public readonly namespace: string;

  public readonly metricsService: string;

  public readonly podLabels: { [label: string]: string };

  public readonly metricsPort: number = PORT;

  public readonly metricsPath: string = '/metrics';

  public readonly severalPods: boolean = false;

  public readonly namesClusters: boolean = true;

  private readonly props: CondorExporterProps;

  /**
   * @param scope the cluster that the pool stands in
   * @param id the name of its objects
   * @param props the pool, and the token
   */
  public constructor(scope: Construct, id: string, props: CondorExporterProps) {
    super(scope, id);
    this.props = props;
    this.namespace = props.pool.namespace;
    this.metricsService = id;
    this.podLabels = { 'app.kubernetes.io/name': 'htcondor', 'app.kubernetes.io/instance': id, 'app.kubernetes.io/component': 'exporter' };
    props.pool._keepRuns(this.runHistory);
    const metadata = { name: id, namespace: this.namespace, labels: this.podLabels };
    new ApiObject(this, 'ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false });
    new ApiObject(this, 'ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: Lazy.any({ produce: () => this.files() }) });
    new ApiObject(this, 'Service', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: this.podLabels, clusterIP: 'None', ports: [{ name: 'metrics', port: PORT, targetPort: PORT, protocol: 'TCP' }] },
    });
    this.addPod(metadata);
    if (props.networkPolicy ?? true) {
      addNetworkPolicy(this, metadata, this.podLabels, {
        ingress: [{
          from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': props.monitoringNamespace ?? 'monitoring' } } }],
          ports: [{ protocol: 'TCP', port: PORT }],
        }],
        egress: [ASK_NAMES, { ports: props.pool._ports.map(port => ({ protocol: 'TCP', port })) }],
      });
    }
    this.node.addValidation({ validate: () => this.problems() });
  }

  private get interval(): Duration { return this.props.interval ?? Duration.seconds(30); }

  private get runHistory(): Size { return this.props.runHistory ?? Size.mebibytes(200); }

  /** By which a Prometheus finds it that looks for such pods. */
  private get annotations(): { [name: string]: string } {
    return { 'prometheus.io/scrape': 'true', 'prometheus.io/port': `${PORT}`, 'prometheus.io/path': this.metricsPath };
  }

  /** A StatefulSet, which never has two pods: the sum is one's. */
  private addPod(metadata: { readonly name: string; readonly namespace: string; readonly labels: { [label: string]: string } }): void {
    const { pool, token, resources, storageClass } = this.props;
    const { secretName = `${this.node.id}-token`, key = 'token' } = token ?? {};
    const file = (name: string) => `${PATHS.config}/${name}`;
    const probe = { httpGet: { path: this.metricsPath, port: PORT }, timeoutSeconds: 5 };
    new ApiObject(this, 'StatefulSet', {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata,
      spec: {
        ...singlePod(metadata.name, this.podLabels),
        template: {
          metadata: {
            labels: this.podLabels, annotations: Lazy.any({ produce: () => ({ [CONFIG_DIGEST]: digestOf(this.fixed()), ...this.annotations }) }),
          },
          spec: Lazy.any({
            produce: () => daemonPodSpec({
              image: pool.image,
              command: [
                '/usr/bin/python3', '-u', file(EXPORTER_FILE), `${PORT}`, `${this.interval.toSeconds({ integral: false })}`, PATHS.spool,
                file(EXPORTER_METRICS_FILE), file(EXPORTER_POOL_FILE),
              ],
              configMap: metadata.name,
              watchesConfiguration: false,
              credentials: [{ volume: 'token', secret: { secretName, key }, defaultKey: 'token', file: 'token', directory: PATHS.tokens }],
              renewCredentials: true,
              directories: [{ volume: 'spool', path: PATHS.spool }],
              // not being root, it is a user to HTCondor, who has tokens at home
              environment: [{ name: '_CONDOR_SEC_TOKEN_DIRECTORY', value: PATHS.tokens }],
              // it answers with an error when it has not been able to ask for a while: what hangs is started again
              probes: {
                startup: { ...probe, periodSeconds: 5, failureThreshold: 60 },
                liveness: { ...probe, periodSeconds: 60, failureThreshold: 5 },
                readiness: { ...probe, periodSeconds: 10 },
              },
              resources: resourceRequirements(resources ?? {
                cpu: { request: millicores(20) }, memory: { request: Size.mebibytes(64), limit: Size.mebibytes(512) },
              }),
              serviceAccount: metadata.name,
              terminationGracePeriodSeconds: 10,
              imagePullSecrets: pool._imagePullSecrets,
            }),
          }),
        },
        volumeClaimTemplates: [{
          metadata: { name: 'spool', labels: this.podLabels },
          spec: { accessModes: ['ReadWriteOnce'], storageClassName: storageClass, resources: { requests: { storage: '64Mi' } } },
        }],
      },
    });
  }

  private files(): { [file: string]: string } {
    return {
      [ROOT_CONFIG_FILE]: this.configuration(),
      [EXPORTER_FILE]: EXPORTER_SCRIPT,
      [EXPORTER_METRICS_FILE]: `${JSON.stringify(CONDOR_METRICS, undefined, 2)}\n`,
      [EXPORTER_POOL_FILE]: `${JSON.stringify(this.props.pool._exported, undefined, 2)}\n`,
    };
  }

  /** What it reads when it starts; what the program knows of the pool it reads each time. */
  private fixed(): string[] {
    return [this.configuration(), EXPORTER_SCRIPT, JSON.stringify(CONDOR_METRICS)];
  }

  private configuration(): string {
    const { pool } = this.props;
    const knobs = poolKnobs(pool, pool.image, pool.collectors);
    requireAuthentication(knobs);
    knobs.section('It stands beside the pool, and calls its daemons by the addresses of their pods');
    knobs.set('PRIVATE_NETWORK_NAME', pool._privateNetwork);
    knobs.set('PRIVATE_NETWORK_INTERFACE', new Macro(`$ENV(${POD_IP_VARIABLE})`));
    return knobs.draft();
  }

  private problems(): string[] {
    const { pool, monitoringNamespace = 'monitoring' } = this.props;
    const seconds = this.interval.toSeconds({ integral: false });
    const problems: string[] = [];
    if (!isDnsLabel(this.node.id, 40)) { problems.push(problem('id', this.node.id, 'a DNS label of at most 40 characters')); }
    if (Chart.of(pool) !== Chart.of(this)) { problems.push(problem('pool', pool.node.path, `a pool in the exporter's own chart, ${Chart.of(this).node.path}`)); }
    if (!(Number.isInteger(seconds) && seconds >= 10)) { problems.push(problem('interval', `${seconds} s`, 'whole seconds, at least 10')); }
    if (this.runHistory.toMebibytes() < 4) { problems.push(problem('runHistory', `${this.runHistory.toMebibytes()} MiB`, 'at least 4 MiB')); }
    if (!isDnsLabel(monitoringNamespace)) { problems.push(problem('monitoringNamespace', monitoringNamespace, 'the name of a namespace: a DNS label')); }
    return problems;
  }
}

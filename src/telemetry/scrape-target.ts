import { Construct } from 'constructs';
import { isDnsLabel } from '../federation/names';
import { problem } from '../problem';
import { IScrapeTarget } from '../workload/scrape-target';

/** Properties of a `ScrapeTarget`. */
export interface ScrapeTargetProps {
  /** The namespace of the pods and their Service. */
  readonly namespace: string;

  /** The name of the Service. */
  readonly metricsService: string;

  /**
   * The labels of the Service, by which the operator's `ServiceMonitor` selects it, and those of the pods.
   *
   * @default - `app.kubernetes.io/name` is the Service's name
   */
  readonly podLabels?: { [label: string]: string };

  /** The TCP port at which the pods answer by HTTP, and the Service's. In the Service it is called `metrics` where the operator reads it. */
  readonly metricsPort: number;

  /**
   * The path of the URL.
   *
   * @default /metrics
   */
  readonly metricsPath?: string;

  /**
   * Whether there are several pods, each with metrics of its own: those of a DaemonSet, for instance. The Service is headless then.
   *
   * @default false
   */
  readonly severalPods?: boolean;

  /**
   * Whether its metrics have a label `k8s_cluster` of their own, which stays.
   *
   * @default false
   */
  readonly namesClusters?: boolean;
}

/**
 * Pods of somebody else that serve metrics: kube-state-metrics, the control plane of a federation engine, agents. It makes no object: it says
 * where they are, and its scope in which clusters.
 */
export class ScrapeTarget extends Construct implements IScrapeTarget {
  public readonly namespace: string;
  public readonly metricsService: string;
  public readonly podLabels: { [label: string]: string };
  public readonly metricsPort: number;
  public readonly metricsPath: string;
  public readonly severalPods: boolean;
  public readonly namesClusters: boolean;

  /**
   * @param scope a federation, a member of it, or the host cluster: where the pods are
   * @param id any name
   * @param props their Service
   */
  public constructor(scope: Construct, id: string, props: ScrapeTargetProps) {
    super(scope, id);
    this.namespace = props.namespace;
    this.metricsService = props.metricsService;
    this.podLabels = props.podLabels ?? { 'app.kubernetes.io/name': props.metricsService };
    this.metricsPort = props.metricsPort;
    this.metricsPath = props.metricsPath ?? '/metrics';
    this.severalPods = props.severalPods ?? false;
    this.namesClusters = props.namesClusters ?? false;
    this.node.addValidation({ validate: () => this.problems() });
  }

  private problems(): string[] {
    const problems: string[] = [];
    for (const [property, name] of [['namespace', this.namespace], ['metricsService', this.metricsService]]) {
      if (!isDnsLabel(name)) { problems.push(problem(property, name, 'a DNS label of at most 63 characters')); }
    }
    if (!(Number.isInteger(this.metricsPort) && this.metricsPort >= 1 && this.metricsPort <= 65535)) {
      problems.push(problem('metricsPort', this.metricsPort, 'a port from 1 to 65535'));
    }
    if (!/^\/[\w./-]*$/.test(this.metricsPath)) { problems.push(problem('metricsPath', this.metricsPath, 'a path that begins with "/"')); }
    return problems;
  }
}

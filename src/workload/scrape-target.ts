import { IConstruct } from 'constructs';

/** Pods that serve metrics behind a Service, as what reads these needs to know them. Its scope says in which clusters they are. */
export interface IScrapeTarget extends IConstruct {
  /** The namespace of the pods and their Service. */
  readonly namespace: string;

  /** The name of the Service. */
  readonly metricsService: string;

  /** The labels that the pods and their Service have. */
  readonly podLabels: { [label: string]: string };

  /** The TCP port at which they answer by HTTP. The Service has the same; it is called `metrics` there. */
  readonly metricsPort: number;

  /** The path of the URL. */
  readonly metricsPath: string;

  /** Whether there are several pods, each with metrics of its own. Their Service is headless then. */
  readonly severalPods: boolean;

  /** Whether its metrics say themselves which cluster they are of, in a label `k8s_cluster`. */
  readonly namesClusters: boolean;
}

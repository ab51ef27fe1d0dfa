import { Construct } from 'constructs';
import { IScrapeTarget } from '../workload/scrape-target';

/** A service of REANA that serves metrics itself, as what reads them knows it. */
export class MetricsTarget extends Construct implements IScrapeTarget {
  public readonly metricsPath = '/metrics';
  public readonly severalPods = false;
  public readonly namesClusters = false;

  public constructor(
    scope: Construct,
    id: string,
    public readonly namespace: string,
    public readonly metricsService: string,
    public readonly podLabels: { [label: string]: string },
    public readonly metricsPort: number,
  ) {
    super(scope, id);
  }
}

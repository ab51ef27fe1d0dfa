import { Duration, Size } from 'cdk8s';
import { TestbedPool } from './testbed-pool';
import { ClusterSelector, ElasticStartdFleet, Placement, StartdFleet } from '../../../src';
import { quickPool } from '../quick-pool';
import { until } from '../until';

/** How many execution points there may be at T-Systems, and from how many waiting jobs on they come. */
export const MOST = 2;
export const THRESHOLD = 4;

/** A pool of one core at Meyrin, and of more at T-Systems when there is much to do. */
export function elasticProgram(outdir: string): void {
  const { app, federation, pool } = quickPool(outdir, { meyrin: { provider: 'cern' }, tsystems: { provider: 't-systems' } });
  const size = { pool, cpus: 1, memory: Size.mebibytes(500) };
  new StartdFleet(new Placement(federation, 'own', { clusters: ClusterSelector.provider('cern') }), 'startd', size);
  new ElasticStartdFleet(new Placement(federation, 'cloud', { clusters: ClusterSelector.provider('t-systems') }), 'burst', {
    ...size,
    attributes: { Datacenter: 'otc-eu-de' },
    maxExecutionPoints: MOST,
    threshold: THRESHOLD,
    patience: Duration.seconds(5),
    // longer than a loaded machine may take to match the next job
    idleShutdown: Duration.seconds(60),
    pollingInterval: Duration.seconds(5),
    cost: 5,
  });
  app.synth();
}

/** What the pool says that a fleet needs. */
export interface Demand {
  readonly wanted: number;
  readonly busy: number;
  readonly waiting: number;
}

/** The pool, whose members have KEDA where the program has an elastic fleet. */
export class ElasticPool extends TestbedPool {
  /** What the central manager has counted last. */
  public async demand(): Promise<Demand | undefined> {
    const [ad] = JSON.parse(await this.status('-any', '-const', 'MyType == "Demand"', '-json') || '[]');
    return ad && { wanted: ad.ExecutionPointsWanted, busy: ad.ExecutionPointsBusy, waiting: ad.JobsWaiting };
  }

  protected async admit(member: string, fleets: readonly string[]): Promise<void> {
    await super.admit(member, fleets);
    for (const { metadata } of this.manifests(member).filter(({ kind }) => kind === 'ScaledJob')) {
      const input = await this.token(`startd-${member}@cern.ch`, 'ADVERTISE_STARTD', 'ADVERTISE_MASTER', 'READ');
      const cluster = this.testbed.cluster(member);
      await cluster.run(['create', 'secret', 'generic', `${metadata.name}-token`, '--namespace', this.namespace, '--from-file=token=/dev/stdin'], { input });
      await until(`${member}: the demand of ${metadata.name} is asked for`, async () =>
        (await cluster.get('deployment', `${metadata.name}-demand`, '--namespace', this.namespace)).status.readyReplicas === 1, 240);
    }
  }
}

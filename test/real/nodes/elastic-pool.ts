import { Duration, Size } from 'cdk8s';
import { kedaLog } from './keda';
import { TestbedPool } from './testbed-pool';
import { ClusterSelector, CoreHourBudget, ElasticStartdFleet, Placement, StartdFleet } from '../../../src';
import { quickPool } from '../quick-pool';
import { until } from '../until';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** How many execution points there may be at T-Systems, and from how many waiting jobs on they come. */
export const MOST = 2;
export const THRESHOLD = 4;

/** For how long a machine of the ranked fleet takes jobs, and how long after it has none it leaves. */
export const LIFETIME = Duration.seconds(120);
export const IDLE = Duration.seconds(30);

/** How often its machines are heard of. */
export const HEARD = Duration.seconds(10);

/** What the ranked fleet may use at T-Systems, in core-hours: enough for two machines, and not for a third. */
export const BUDGET = 0.1;

function program(outdir: string) {
  const { app, federation, pool, members: { tsystems } } = quickPool(outdir, { meyrin: { provider: 'cern' }, tsystems: { provider: 't-systems' } });
  return { app, federation, tsystems, size: { pool, cpus: 1, memory: Size.mebibytes(500) } };
}

/** A pool of one core at Meyrin, and of more at T-Systems when there is much to do. */
export function elasticProgram(outdir: string): void {
  const { app, federation, size } = program(outdir);
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

/** A pool that has machines only when there is something to do: one at Meyrin, and what is too much for it at T-Systems, where there is a budget. */
export function rankedProgram(outdir: string): void {
  const { app, federation, tsystems, size } = program(outdir);
  const burst = new ElasticStartdFleet(federation, 'burst', {
    ...size,
    maxExecutionPoints: 1,
    patience: Duration.seconds(5),
    lifetime: LIFETIME,
    idleShutdown: IDLE,
    updateInterval: HEARD,
    pollingInterval: Duration.seconds(5),
  });
  burst.on(tsystems, { attributes: { Datacenter: 'otc-eu-de' } });
  // a year, so that no run of this sees its end, or nearly none
  burst.scale(tsystems, { cost: 8, maxExecutionPoints: MOST, budget: CoreHourBudget.perYear(BUDGET) });
  app.synth();
}

/** Jobs that run on any machine of the pool, and those that run at T-Systems alone. */
export const sleepers = (count: number, seconds: number) => ['executable = /bin/sleep', 'transfer_executable = false', 'should_transfer_files = YES',
  `arguments = ${seconds}`, 'request_cpus = 1', 'request_memory = 100', 'request_disk = 1', 'log = log.$(Cluster)', `queue ${count}`, ''].join('\n');
export const atTsystemsFirst = (jobs: string) => jobs.replace('queue', 'requirements = Datacenter =?= "otc-eu-de"\npriority = 10\nqueue');

/** What the pool says that a fleet needs. */
export interface Demand {
  readonly wanted: number;
  readonly busy: number;
  readonly waiting: number;
}

/** What it says of the fleet's budget. */
export interface Spent {
  readonly used: number;
  readonly affordable: number;
}

/** The pool, whose members have KEDA where the program has an elastic fleet. */
export class ElasticPool extends TestbedPool {
  /** What the central manager has counted last for a member. */
  public async demand(member = 'tsystems'): Promise<Demand | undefined> {
    const ad = await this.demandAd(member);
    return ad && { wanted: ad.ExecutionPointsWanted, busy: ad.ExecutionPointsBusy, waiting: ad.JobsWaiting };
  }

  /** What of a member's budget is used. */
  public async spent(member: string): Promise<Spent | undefined> {
    const ad = await this.demandAd(member);
    return ad && { used: ad.CoreHoursUsed, affordable: ad.ExecutionPointsAffordable };
  }

  /** The Jobs that KEDA has made in a member. */
  public async kedaJobs(member: string): Promise<any[]> {
    return (await this.testbed.cluster(member).get('jobs', '--namespace', this.namespace)).items;
  }

  /** Waits, and shows everything that decides when it did not happen. */
  public async explained(member: string, what: string, condition: () => Promise<boolean>): Promise<void> {
    const cluster = this.testbed.cluster(member);
    try {
      await until(what, condition);
    } catch (error) {
      const said = await Promise.all([
        this.exec('condor-host', 'condor-cm-0', ['tail', '-n', '6', '/var/log/condor/DemandLog']).then(({ stdout }) => stdout),
        cluster.run(['logs', '--namespace', this.namespace, 'deployment/burst-demand', '--container', 'condor', '--tail=6']),
        cluster.run(['get', 'scaledjobs,jobs,pods,events', '--namespace', this.namespace]),
        kedaLog(cluster).then(log => log.split('\n').slice(-10).join('\n')),
      ].map(each => each.catch((failure: Error) => failure.message)));
      throw new Error([(error as Error).message, ...said].join('\n'));
    }
  }

  private async demandAd(member: string): Promise<any> {
    const [ad] = JSON.parse(await this.status('-any', '-const', `MyType == "Demand" && Name == "burst.${member}"`, '-json') || '[]');
    return ad;
  }

  protected async admit(member: string, fleets: readonly string[]): Promise<void> {
    await super.admit(member, fleets);
    for (const { metadata } of this.manifests(member).filter(({ kind }) => kind === 'ScaledJob')) {
      const input = await this.token(`startd-${member}@cern.ch`, 'ADVERTISE_STARTD', 'ADVERTISE_MASTER', 'READ');
      const cluster = this.testbed.cluster(member);
      await cluster.run(['create', 'secret', 'generic', `${metadata.name}-token`, '--namespace', this.namespace, '--from-file=token=/dev/stdin'], { input });
      await until(`${member}: the demand of ${metadata.name} is asked for`, async () =>
        (await cluster.get('deployment', `${metadata.name}-demand`, '--namespace', this.namespace)).status.readyReplicas === 1);
    }
  }
}

import { CommandResult } from './command';
import { PATIENCE, until } from './until';

/** A job, and what became of it. */
export interface Job {
  readonly JobStatus: number;
  readonly NumJobStarts: number;
  readonly RemoteHost: string | null;
  readonly ProcId: number;
}

/** How a command is run in a pod. */
export interface ShellOptions {
  /** The name of an account of the image. @default the container's user */
  readonly user?: string;
  readonly cwd?: string;
  readonly input?: string;
  /** Seconds after which it is given up. */
  readonly timeout?: number;
}

/** The submitter's home on the access point. */
const DESK = '/home/submitter';

/** HTCondor's own programs as people use them: at the central manager, and at the access point. */
export abstract class CondorTools {
  /** A token as a site makes it: in the central manager, with HTCondor's own program. */
  public async token(identity: string, ...authorizations: string[]): Promise<string> {
    const made = await this.manager([
      'condor_token_create', '-key', 'POOL', '-identity', identity, ...authorizations.flatMap(each => ['-authz', each]),
    ]);
    return made.trim();
  }

  /** A question to the collector, in the central manager's pod. */
  public async status(...args: string[]): Promise<string> {
    return this.manager(['condor_status', ...args]);
  }

  /** One ad of the collector, as an object. */
  public async ad(...args: string[]): Promise<{ readonly [attribute: string]: unknown }> {
    const ads = JSON.parse(await this.status('-json', ...args) || '[]');
    if (ads.length !== 1) { throw new Error(`${ads.length} ads for condor_status ${args.join(' ')}`); }
    return ads[0];
  }

  /** The names of the machines' partitionable slots. */
  public async machines(): Promise<string[]> {
    return (await this.status('-const', 'PartitionableSlot', '-af', 'Name')).split('\n').filter(name => name).sort();
  }

  /** Submits with spooled files, as a user does who isn't on the access point; gives the cluster's id. */
  public async submit(description: string, files: { readonly [name: string]: string } = {}): Promise<string> {
    for (const [name, text] of Object.entries(files)) { await this.asUser(['sh', '-c', `cat >'${name}'`], text); }
    const said = await this.asUser(['sh', '-c', 'cat >job.sub && condor_submit -spool -terse job.sub'], description);
    return /^(\d+)\./.exec(said)![1];
  }

  public async jobs(cluster: string): Promise<Job[]> {
    const said = await this.desk(['condor_q', cluster, '-json', '-attributes', 'ProcId,JobStatus,NumJobStarts,RemoteHost']);
    return JSON.parse(said || '[]').map((job: Job) => ({ ProcId: job.ProcId, JobStatus: job.JobStatus, NumJobStarts: job.NumJobStarts ?? 0, RemoteHost: job.RemoteHost ?? null }));
  }

  /** Waits for something that becomes of a cluster's jobs. Where it doesn't, it tells what the daemons say of them. */
  public async untilJobs(cluster: string, what: string, holds: () => Promise<boolean>, seconds = PATIENCE): Promise<void> {
    try {
      await until(what, holds, seconds);
    } catch (error) {
      const why = await this.atAccessPoint(['sh', '-c', `condor_q ${cluster} -better-analyze; tail -n 40 /var/log/condor/SchedLog`], { timeout: 60 });
      const matches = await this.atCentralManager(['sh', '-c', 'cd /var/log/condor; tail -n 40 NegotiatorLog; ! test -e DefragLog || tail -n 40 DefragLog']);
      throw new Error(`${(error as Error).message}\n${why.stdout}${why.stderr}${matches.stdout}`);
    }
  }

  /** Waits until all jobs of a cluster are done. */
  public async finished(cluster: string, seconds = PATIENCE): Promise<void> {
    await this.untilJobs(cluster, `jobs of ${cluster} are done`, async () => (await this.jobs(cluster)).every(({ JobStatus }) => JobStatus === 4), seconds);
  }

  /** Brings a job's output back, and gives a file of it. */
  public async output(cluster: string, file: string): Promise<string> {
    await this.asUser(['condor_transfer_data', cluster]);
    return this.asUser(['cat', file]);
  }

  public async asUser(argv: string[], input?: string): Promise<string> {
    return this.desk(argv, { user: 'submitter', cwd: DESK, input });
  }

  /** What the accountant knows of users: their usage in core-seconds. */
  public async usage(): Promise<string> {
    return this.manager(['condor_userprio', '-allusers', '-af', 'Name', 'WeightedAccumulatedUsage']);
  }

  /** Users and the cores that count as theirs now. */
  public async priorityUse(): Promise<string> {
    return this.manager(['condor_userprio', '-allusers', '-af', 'Name', 'WeightedResourcesUsed']);
  }

  /** Users and the factors of their priorities. */
  public async priorityFactors(): Promise<string> {
    return this.manager(['condor_userprio', '-allusers', '-af', 'Name', 'PriorityFactor']);
  }

  /** Gives a user a priority: less is better. */
  public async setPriority(user: string, priority: number): Promise<void> {
    await this.manager(['condor_userprio', '-setprio', user, `${priority}`]);
  }

  /** Runs a command in the central manager's pod. */
  protected abstract atCentralManager(argv: string[], options?: ShellOptions): Promise<CommandResult>;

  /** Runs a command in the access point's pod. */
  protected abstract atAccessPoint(argv: string[], options?: ShellOptions): Promise<CommandResult>;

  private async manager(argv: string[]): Promise<string> {
    return written(argv, await this.atCentralManager(argv, { timeout: 60 }));
  }

  private async desk(argv: string[], options: ShellOptions = {}): Promise<string> {
    return written(argv, await this.atAccessPoint(argv, { timeout: 60, ...options }));
  }
}

/** What a command wrote that must succeed. */
function written(argv: string[], result: CommandResult): string {
  if (result.status !== 0) { throw new Error(`${argv.join(' ')}: ${result.status}\n${result.stderr}${result.stdout}`); }
  return result.stdout;
}

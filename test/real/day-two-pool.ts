import { Duration, Size } from 'cdk8s';
import { Job } from './condor-tools';
import { places } from './places';
import { Pool } from './pool';
import { quickPool } from './quick-pool';
import { filesOf } from './synthesized';
import { PATIENCE, until } from './until';
import { AccountingGroup, ClassAdExpression, CondorImage, PoolBackup, StartdFleet } from '../../src';

/** Where its clusters stand. */
export const PLACES = places(['meyrin', 'tsystems']);

/** What operators change of it. */
export interface State {
  /** The share of ATLAS; CMS has the rest. @default 0.6 */
  readonly atlas?: number;
  /** Of the negotiator, in seconds. @default 5 */
  readonly interval?: number;
  /** Whether T-Systems takes no more jobs. @default false */
  readonly closed?: boolean;
  /** Another cluster whose machines may join. @default - none */
  readonly another?: string;
  /** What a machine is divided into. @default 1 */
  readonly slots?: number;
  /** The image of the host. @default - Debian trixie's */
  readonly host?: CondorImage;
  /** The image of execution points at T-Systems. @default - Debian trixie's */
  readonly tsystems?: CondorImage;
  /** The image of all execution points. @default - Debian trixie's */
  readonly fleet?: CondorImage;
}

/** A pool of two members whose queue and accounting are backed up. A job may go on for ten minutes when its machine has to stop. */
export function dayTwoPool(state: State = {}): (outdir: string) => void {
  const { atlas = 0.6, interval = 5, closed = false, another, slots = 1, host: image = CondorImage.debian(), fleet = CondorImage.debian() } = state;
  return outdir => {
    const { app, host, federation, members, pool } = quickPool(outdir, { meyrin: {}, tsystems: {} }, {
      image,
      accountingGroups: [AccountingGroup.share('ATLAS', atlas), AccountingGroup.share('CMS', 1 - atlas)],
      negotiatorInterval: Duration.seconds(interval),
      executionClusters: another ? [another] : [],
      // what is not a group's may have all; usage is written soon
      extraConfig: { NEGOTIATOR_MIN_INTERVAL: 1, SHADOW_QUEUE_UPDATE_INTERVAL: 5 },
    });
    new PoolBackup(host, 'backup', { pool });
    const startd = new StartdFleet(federation, 'startd', {
      pool,
      image: fleet,
      cpus: 8,
      memory: Size.mebibytes(8000),
      slots: [{ share: 1 / slots, count: slots }],
      maxJobRetirement: Duration.minutes(10),
      maxVacate: Duration.seconds(30),
    });
    if (closed) { startd.on(members.tsystems, { start: ClassAdExpression.boolean(false) }); }
    if (state.tsystems) { startd.on(members.tsystems, { image: state.tsystems }); }
    app.synth();
  };
}

/** Applies files of a program; says which pods that has replaced. */
export async function apply(pool: Pool, state: State, ...clusters: string[]): Promise<string[]> {
  const files = filesOf(dayTwoPool(state));
  const replaced: string[] = [];
  for (const cluster of clusters) { replaced.push(...await pool.clusters[cluster].apply(files[cluster])); }
  return replaced;
}

/** The digest of the configuration that each master has read, and the one that each ConfigMap has, both sorted. */
export async function digests(pool: Pool): Promise<{ read: string[]; applied: string[] }> {
  const read = (await pool.status('-master', '-af', 'ConfigDigest')).trim().split('\n').sort();
  const applied = Object.values(pool.clusters).flatMap(({ manifests }) => manifests).filter(({ kind }) => kind === 'ConfigMap')
    .map(({ data }) => /^ConfigDigest = "(\w+)"$/m.exec(Object.values(data).join('\n'))![1]).sort();
  return { read, applied };
}

/** Waits until every master has read what was applied. */
export async function followed(pool: Pool): Promise<void> {
  await until('every pod has read its configuration', async () => {
    const { read, applied } = await digests(pool);
    return JSON.stringify(read) === JSON.stringify(applied);
  }, PATIENCE, 1000);
}

/** Jobs that show a file that came with them after some seconds, at a member; without a group. */
export async function work(pool: Pool, member: string, seconds: number, count = 1): Promise<string> {
  return pool.submit(`
executable = /bin/sh
arguments = "-c 'sleep ${seconds}; cat given'"
transfer_executable = false
should_transfer_files = YES
transfer_input_files = given
output = out.$(Cluster).$(Process)
log = log.$(Cluster)
request_cpus = 1
request_memory = 100
request_disk = 1
requirements = regexp("[.]${member}$", TARGET.Name)
queue ${count}
`, { given: `given to ${member}\n` });
}

/** Waits until all jobs of a cluster run, and their starts are written down. */
export async function running(pool: Pool, cluster: string): Promise<Job[]> {
  let jobs: Job[] = [];
  await until(`jobs of ${cluster} run`, async () => (jobs = await pool.jobs(cluster)).every(({ JobStatus, NumJobStarts }) => JobStatus === 2 && NumJobStarts === 1));
  return jobs;
}

/** Waits until all jobs of a cluster are done, each at its first try, with what it was given. */
export async function doneOnce(pool: Pool, cluster: string, member: string, seconds = 300): Promise<void> {
  await pool.finished(cluster, seconds);
  const starts = (await pool.jobs(cluster)).map(({ NumJobStarts }) => NumJobStarts);
  if (starts.some(count => count !== 1)) { throw new Error(`jobs of ${cluster} were started ${starts} times`); }
  const output = await pool.output(cluster, `out.${cluster}.0`);
  if (output !== `given to ${member}\n`) { throw new Error(`job ${cluster} wrote ${output}`); }
}

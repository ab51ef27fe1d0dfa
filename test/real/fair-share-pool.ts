import { Duration, Size } from 'cdk8s';
import { CondorTools } from './condor-tools';
import { places, SITES } from './places';
import { CYCLES_TOLD, quickPool } from './quick-pool';
import { until } from './until';
import { AccountingGroup, CondorHostProps, StartdFleet, StartdFleetProps } from '../../src';

/** Cores of the pool, in four machines. */
export const CORES = 100;

const NODES = ['otc-1', 'otc-2', 'otc-3', 'otc-4'];
const EACH = CORES / NODES.length;
const NODE = { allocatable: { cpu: `${EACH}`, memory: '8000Mi' } };

/** Where its clusters stand. */
export const PLACES = {
  ...places([], NODE),
  tsystems: { ...SITES.tsystems, nodes: Object.fromEntries(NODES.map(node => [node, NODE])) },
};

/** The groups of ATLAS that have jobs. */
export const ATLAS = ['ATLAS.production', 'ATLAS.analysis'];

/** A pool of 100 cores that ATLAS and CMS share, 60 to 40, each with what the other leaves; so do the groups of ATLAS, 45 to 15. */
export function fairSharePool(host: Partial<CondorHostProps>, fleet: Partial<StartdFleetProps>): (outdir: string) => void {
  return outdir => {
    const { app, federation, pool } = quickPool(outdir, { tsystems: {} }, {
      accountingGroups: [
        AccountingGroup.share('ATLAS', 0.6, { acceptSurplus: true }),
        AccountingGroup.share('ATLAS.production', 0.75, { acceptSurplus: true }),
        AccountingGroup.share('ATLAS.analysis', 0.25, { acceptSurplus: true }),
        AccountingGroup.share('CMS', 0.4, { acceptSurplus: true }),
      ],
      extraConfig: CYCLES_TOLD,
      ...host,
    });
    // a match is of a partitionable slot as a whole: of four with 25 cores each no two groups can have 60 and 40
    const slots = [{ share: 1 / EACH, count: EACH }];
    new StartdFleet(federation, 'startd', {
      pool, cpus: EACH, memory: Size.mebibytes(4000), slots, updateInterval: Duration.seconds(10), ...fleet,
    });
    app.synth();
  };
}

/** Jobs of one core that sleep, each for another time. */
export interface Sleepers {
  readonly groups: string[];
  /** How many of each group. */
  readonly count: number;
  /** In seconds. */
  readonly shortest: number;
  readonly longest: number;
}

/** Submits them, all groups' at once; gives the time, in seconds since 1970. */
export async function submitSleepers(pool: CondorTools, { groups, count, shortest, longest }: Sleepers): Promise<number> {
  const said = await pool.asUser(['sh', '-c', 'cat >sleepers.sub && condor_submit -terse sleepers.sub'], `
executable = /bin/sleep
arguments = $RANDOM_INTEGER(${shortest}, ${longest})
transfer_executable = false
should_transfer_files = YES
request_cpus = 1
request_memory = 100
request_disk = 1
accounting_group = $(group)
queue ${count} group in (${groups.join(', ')})
`);
  const cluster = /^(\d+)\./.exec(said)![1];
  return Number((await pool.asUser(['condor_q', cluster, '-limit', '1', '-af', 'QDate'])).trim());
}

/** Cores of each group, as the access point says that their jobs run; those of ATLAS in all, too. */
export interface Running { readonly ATLAS: number; readonly production: number; readonly analysis: number; readonly CMS: number }

export async function running(pool: CondorTools): Promise<Running> {
  const said = await pool.asUser(['condor_q', '-allusers', '-const', 'JobStatus == 2', '-af', 'AcctGroup', 'RequestCpus']);
  const of = (group: string) => said.split('\n').map(line => line.split(' ')).filter(([name]) => name === group).reduce((sum, [, cpus]) => sum + Number(cpus), 0);
  const [production, analysis] = ATLAS.map(of);
  return { ATLAS: production + analysis, production, analysis, CMS: of('CMS') };
}

/** Whether running cores are within 5 points of 60 to 40. */
export function fair({ ATLAS: atlas, CMS: cms }: Running): boolean {
  return Math.abs(100 * atlas / (atlas + cms) - 60) <= 5;
}

/** Whether those of ATLAS' groups are within 5 points of 45 and 15. */
export function fairInside({ ATLAS: atlas, production, CMS: cms }: Running): boolean {
  return Math.abs(100 * production / (atlas + cms) - 45) <= 5;
}

/** A line of numbers for who reads the output. */
export function shown(seen: Running[]): string {
  return `cores of production/analysis/CMS, cycle by cycle: ${seen.map(({ production, analysis, CMS: cms }) => `${production}/${analysis}/${cms}`).join(' ')}\n`;
}

/** How long is waited before a pool is asked again, in milliseconds: each question takes of the cores that its jobs start on. */
export const PAUSE = 2000;

/** When cycles of the negotiator began, of those that it remembers, in seconds since 1970. */
async function cycles(pool: CondorTools): Promise<number[]> {
  const ad = await pool.ad('-negotiator');
  return Object.entries(ad).filter(([name]) => /^LastNegotiationCycleTime\d+$/.test(name)).map(([, time]) => time as number);
}

/** How many cycles began after a time. */
export async function cyclesSince(pool: CondorTools, time: number): Promise<number> {
  return (await cycles(pool)).filter(begin => begin > time).length;
}

/** What is seen when a cycle has ended, for so many of them. */
export async function atEachCycle<T>(pool: CondorTools, count: number, look: () => Promise<T>): Promise<T[]> {
  const seen: T[] = [];
  let last = Math.max(...await cycles(pool));
  while (seen.length < count) {
    let latest = last;
    await until('another cycle has ended', async () => (latest = Math.max(...await cycles(pool))) > last, 90, PAUSE);
    last = latest;
    seen.push(await look());
  }
  return seen;
}

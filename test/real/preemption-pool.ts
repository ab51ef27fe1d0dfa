import { Duration } from 'cdk8s';
import type { CondorTools } from './condor-tools';
import { places } from './places';
import { CYCLES_TOLD, quickPool, SMALL } from './quick-pool';
import { ClassAdExpression, RunMode, StartdFleet, StartdFleetProps, UserPriorityPreemption } from '../../src';

/** In seconds. */
export const RETIREMENT = 45;
export const VACATE = 3;
export const UPDATE = 10;

const GOLD_FIRST = ClassAdExpression.target('Gold').is(true).ifThenElse(1, 0);
/** Not before its log can tell that it began. */
const TRESPASS = ClassAdExpression.target('Trespass').is(true)
  .and(ClassAdExpression.call('time', []).minus(ClassAdExpression.my('EnteredCurrentActivity')).greaterThan(10));
const PATIENT = { maxJobRetirement: Duration.seconds(RETIREMENT) };

/** Machines of the pool: each with a reason to preempt, or with none; its jobs fill it. */
const MACHINES: { readonly [name: string]: Partial<StartdFleetProps> } = {
  'plain': {},
  'plain-equal': {},
  'prio': {},
  'prio-worse': {},
  'prio-whole': { cpus: 4 },
  'prio-patient': PATIENT,
  'rank': { rank: GOLD_FIRST },
  'rank-equal': { rank: GOLD_FIRST },
  'rank-whole': { rank: GOLD_FIRST, cpus: 4 },
  'rank-patient': { ...PATIENT, rank: GOLD_FIRST },
  'policy': { preempt: TRESPASS },
  'policy-killed': { preempt: TRESPASS, wantVacate: ClassAdExpression.boolean(false) },
  'policy-patient': { ...PATIENT, preempt: TRESPASS },
};

/** The machines' names. Their own policy is the same whether slots are taken together or not. */
export function machines(partitionableSlots: boolean): string[] {
  return Object.keys(MACHINES).filter(name => !(partitionableSlots && name.startsWith('policy')));
}

/** Where its clusters stand. */
export const PLACES = places(['tsystems'], { allocatable: { cpu: '64', memory: '64000Mi' } });

/** A pool in which users take from users who are worse, one slot or several of them, and machines prefer gold. */
export function preemptionPool(partitionableSlots: boolean): (outdir: string) => void {
  return outdir => {
    const { app, federation, pool } = quickPool(outdir, { tsystems: {} }, {
      preemption: { userPriority: UserPriorityPreemption.betweenUsers(), partitionableSlots },
      // longer than a job may take to leave
      negotiatorInterval: Duration.seconds(8),
      extraConfig: CYCLES_TOLD,
    });
    for (const name of machines(partitionableSlots)) {
      new StartdFleet(federation, name, {
        pool,
        ...SMALL,
        // as few daemons as will do, since there are so many machines
        runMode: RunMode.CONDOR_STARTD,
        maxVacate: Duration.seconds(VACATE),
        killingTimeout: Duration.seconds(3),
        updateInterval: Duration.seconds(UPDATE),
        attributes: { Reason: name },
        ...MACHINES[name],
      });
    }
    app.synth();
  };
}

/** Jobs that sleep on one of the machines, each with an event log of its own: `<name>.0`, `<name>.1`, ... */
export interface Sleepers {
  readonly name: string;
  readonly machine: string;
  readonly user: string;
  /** What is on their ads besides. @default - nothing */
  readonly gold?: boolean;
  readonly trespass?: boolean;
  /** @default 1 */
  readonly cpus?: number;
  /** @default 1 */
  readonly count?: number;
  /** In seconds. @default 900 */
  readonly seconds?: number;
}

/** Submits them, all at once. */
export async function submitSleepers(pool: CondorTools, sleepers: Sleepers[]): Promise<void> {
  const common = 'executable = /bin/sleep\ntransfer_executable = false\nshould_transfer_files = YES\nrequest_memory = 100\nrequest_disk = 1\n';
  const blocks = sleepers.map(({ name, machine, user, gold = false, trespass = false, cpus = 1, count = 1, seconds = 900 }) => `
arguments = ${seconds}
accounting_group_user = ${user}
request_cpus = ${cpus}
requirements = Reason == "${machine}"
My.Gold = ${gold}
My.Trespass = ${trespass}
log = ${name}.$(Step)
queue ${count}
`);
  await pool.asUser(['sh', '-c', 'cat >sleepers.sub && condor_submit -terse sleepers.sub'], common + blocks.join(''));
}

/**
 * What happened to a job, by its event log: when it began to run, when it had to leave, and whether it came to its end; in seconds since 1970.
 * Whose slot is taken together with others may find the connection cut before it is told: HTCondor kills it without more ado.
 */
export interface Life { readonly began: number[]; readonly left: number[]; readonly ended: boolean }

/** The lives of the jobs of all logs in the submitter's home, by the logs' names. */
export async function lives(pool: CondorTools): Promise<{ readonly [log: string]: Life }> {
  const said = await pool.asUser(['sh', '-c', 'for log in *.[0-9]; do echo "== $log"; cat "$log"; done']);
  return Object.fromEntries(said.split(/^== /m).slice(1).map(part => {
    const [log, ...lines] = part.split('\n');
    const at = (event: string) => lines.map(line => new RegExp(`^${event} \\([\\d.]+\\) (\\d{4}-\\d\\d-\\d\\d) (\\d\\d:\\d\\d:\\d\\d)`).exec(line))
      .filter(match => match !== null).map(match => Date.parse(`${match![1]}T${match![2]}Z`) / 1000);
    return [log, { began: at('001'), left: at('(?:004|007|022)'), ended: at('005').length > 0 }];
  }));
}

/**
 * After how many seconds of running each job that was made to leave was, as a machine's StartLog says it: its slot was busy, and then its retirement was
 * over, or it had none. One that ends while it retires leaves by itself.
 */
export function preemptions(startLog: string): number[] {
  const busy = new Map<string, number>();
  return startLog.split('\n').flatMap(line => {
    const [, date, slot, change] = /^(\d\S+ \S+) (\S+): (?:State change|Changing (?:state and )?activity): (.*)$/.exec(line) ?? [];
    if (change === 'Idle -> Busy') { busy.set(slot, Date.parse(`${date}Z`)); }
    return change === 'claim retirement ended/expired' || change?.startsWith('Claimed/Busy -> Preempting/') ? [(Date.parse(`${date}Z`) - busy.get(slot)!) / 1000] : [];
  });
}

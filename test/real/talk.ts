import { CondorTools } from './condor-tools';

/** A job as in the talk, and where it may run. */
export interface TalkJob {
  /** What a shell runs at the machine. @default - shows what the machine's ad says */
  readonly command?: string;
  /** @default - any machine */
  readonly requirements?: string;
  /** @default 2 */
  readonly cpus?: number;
  /** In MiB. @default 4260 */
  readonly memory?: number;
  /** Files that go with it, in the submitter's home. @default - none */
  readonly inputs?: string[];
}

/** The talk's job: AcctGroup="ATLAS", JobPrio=0, RequestCpus=2, RequestMemory=4260. */
export function talkJob({ command, requirements = 'true', cpus = 2, memory = 4260, inputs = [] }: TalkJob = {}): string {
  return `
executable = /bin/sh
arguments = "-c '${command ?? 'grep -E ""^(Name|Datacenter|CERNEnvironment|HasMPI|TotalCpus|TotalMemory) "" $_CONDOR_MACHINE_AD'}'"
transfer_executable = false
should_transfer_files = YES
transfer_input_files = ${inputs.join(', ')}
output = out.$(Cluster)
error = err.$(Cluster)
log = log.$(Cluster)
accounting_group = ATLAS
accounting_group_user = submitter
priority = 0
request_cpus = ${cpus}
request_memory = ${memory}
request_disk = 1
requirements = ${requirements}
queue
`;
}

/** The machine ads of the main example, attribute by attribute: CERN's as in the talk, T-Systems' with its own truth. */
export async function expectTalkMachines(pool: CondorTools): Promise<void> {
  const [meyrin, tsystems] = await Promise.all(['meyrin', 'otc-eu-de'].map(site => pool.ad('-const', `PartitionableSlot && Datacenter == "${site}"`)));
  const common = { CERNEnvironment: 'production', HasMPI: true, TotalCpus: 8, TotalMemory: 22500, State: 'Unclaimed' };
  expect(meyrin).toMatchObject({ ...common, Datacenter: 'meyrin', Name: 'slot1@b7s12p8241@startd.meyrin' });
  expect(tsystems).toMatchObject({ ...common, Datacenter: 'otc-eu-de', Name: 'slot1@otc-1@startd.tsystems' });
}

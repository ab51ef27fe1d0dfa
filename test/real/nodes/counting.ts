import { TestbedPool } from './testbed-pool';
import { ClassAdExpression } from '../../../src';
import { DemandOrder } from '../../../src/htcondor/demand-scripts';
import { expectedMachineAd } from '../../../src/htcondor/job-demand';

/** Equal jobs that are idle. */
export interface IdleJobs {
  readonly count: number;
  /** @default 1 */
  readonly cpus?: number;
  /** In MiB. @default 100 */
  readonly memory?: number;
  /** For how many seconds. @default 1000 */
  readonly age?: number;
  /** @default - any machine */
  readonly requirements?: string;
}

/** A job that runs, with all that it has of its machine. */
export interface RunningJob {
  readonly RemoteHost: string;
  readonly CpusProvisioned: number;
  readonly MemoryProvisioned: number;
}

/** What is known beside the queue. */
export interface Known {
  /** Machines that take no new job. @default - none */
  readonly old?: string[];
  /** How many machines a fleet's budget is enough for. @default - there is none */
  readonly affordable?: { readonly [fleet: string]: number };
}

/** A fleet of machines of 4 cores and 8 GiB. */
export function fleet(name: string, options: Partial<DemandOrder> = {}): DemandOrder {
  const size = { cpus: 4, memory: 8192 };
  return {
    name,
    cluster: name.split('.')[1],
    ...size,
    most: 10,
    threshold: 1,
    patience: 120,
    cost: 1,
    lifetime: 86400,
    machine: expectedMachineAd({ name, ...size, start: ClassAdExpression.parse('TARGET.Banned =!= true'), attributes: { Fleet: name } }),
    ...options,
  };
}

/** Loads what counts in the central manager, and has it count other queues than that of the pool. */
const PROGRAM = `
import importlib.util, json, sys
sys.path.insert(0, "/etc/condor-pool")
import classad2
loaded = importlib.util.spec_from_file_location("demand", "/etc/condor-pool/demand-count.py")
demand = importlib.util.module_from_spec(loaded)
loaded.loader.exec_module(demand)
given = json.load(sys.stdin)
groups = [{"ad": classad2.parseOne(job["ad"]), "cpus": job["cpus"], "memory": demand.quantized(job["memory"]), "since": [10000 - job["age"]] * job["count"]}
          for job in given["idle"]]
running = [classad2.ClassAd(job) for job in given["running"]]
print(json.dumps([demand.fill(order, classad2.parseOne(order["machine"]), groups, running, 10000, given["old"], given["affordable"].get(order["name"]))
                  for order in given["fleets"]]))
`;

/** What the pool's own program counts, with HTCondor's own ClassAds: for each fleet the machines wanted, jobs that wait, and machines that are busy. */
export async function counted(
  pool: TestbedPool, fleets: DemandOrder[], idle: IdleJobs[], running: RunningJob[] = [], { old = [], affordable = {} }: Known = {},
): Promise<number[][]> {
  const jobs = idle.map(({ count, cpus = 1, memory = 100, age = 1000, requirements = 'true' }) => ({
    count,
    cpus,
    memory,
    age,
    ad: [
      'MyType = "Job"', `RequestCpus = ${cpus}`, `RequestMemory = ${memory}`, 'RequestDisk = 1024',
      `Requirements = (TARGET.Arch == "X86_64") && (TARGET.OpSys == "LINUX") && (TARGET.Disk >= RequestDisk) && (TARGET.Memory >= RequestMemory) && TARGET.HasFileTransfer && (${requirements})`,
    ].join('\n'),
  }));
  const { status, stdout, stderr } = await pool.exec('condor-host', 'condor-cm-0', ['python3', '-c', PROGRAM], { input: JSON.stringify({ fleets, idle: jobs, running, old, affordable }) });
  if (status !== 0) { throw new Error(stderr); }
  return JSON.parse(stdout);
}

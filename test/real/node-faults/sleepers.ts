import { TestbedPool } from '../nodes/testbed-pool';
import { PATIENCE, until } from '../until';

/** A lease that is soon over, in seconds: at its end HTCondor gives up a claim that it can't reach. */
export const SHORT_LEASE = 300;

/** A requirement of jobs: this node. */
export const on = (node: string) => `regexp("@${node}@", TARGET.Name)`;

/** A requirement of jobs: this member. */
export const at = (member: string) => `regexp("[.]${member}$", TARGET.Name)`;

/** A requirement of jobs: this member at first; where one is started again, after a lease, does not matter. */
export const firstAt = (member: string) => `${at(member)} || time() - MY.QDate > ${SHORT_LEASE}`;

/**
 * Jobs that sleep, write a line, and say in their log what becomes of them.
 *
 * @param seconds that each sleeps
 * @param lease in seconds; as the access point has it, by default
 */
export function sleeper(seconds: number, count: number, requirements: string, lease?: number): string {
  return `
executable = /bin/sh
arguments = "-c 'sleep ${seconds}; echo done $(Process)'"
transfer_executable = false
should_transfer_files = YES
output = out.$(Cluster).$(Process)
error = err.$(Cluster).$(Process)
log = log.$(Cluster)
request_cpus = 1
request_memory = 100
request_disk = 1
requirements = ${requirements}
${lease === undefined ? '' : `job_lease_duration = ${lease}`}
queue ${count}
`;
}

/** Writes a line for the reader of the run. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Waits until jobs run, and their log says so: the news may still be on the way when the queue knows it. */
export async function running(pool: TestbedPool, id: string, count: number): Promise<void> {
  await until(`${count} jobs of ${id} run`, async () => ((await pool.asUser(['cat', `log.${id}`])).match(/^001 /gm) ?? []).length === count);
}

/** Every job ends once, well, and its output is there; gives how often each has begun to run. */
export async function expectEnded(pool: TestbedPool, what: string, id: string, count: number, seconds = PATIENCE): Promise<number[]> {
  await pool.left(id, seconds);
  const outcomes = await pool.outcomes(id);
  const executed = outcomes.map(job => job.executed);
  say(`${what}: executed ${executed.join(' ')}, NumJobStarts ${outcomes.map(({ NumJobStarts }) => NumJobStarts).join(' ')}`);
  expect(outcomes.map(({ ExitCode, terminated }) => ({ ExitCode, terminated }))).toEqual(Array(count).fill({ ExitCode: 0, terminated: 1 }));
  const outputs = await Promise.all(outcomes.map((_, process) => pool.asUser(['cat', `out.${id}.${process}`])));
  expect(outputs).toEqual(outcomes.map((_, process) => `done ${process}\n`));
  return executed;
}

import { execFileSync } from 'child_process';
import * as path from 'path';
import { EXAMPLE } from './places';
import { Testbed } from './testbed';
import { lastingTestbed, progress, reportFailure } from './up';
import { TestbedPool } from '../nodes/testbed-pool';

// The command testbed:demo: the clusters, the main example on them, and the talk's job at T-Systems.

const ROOT = path.join(__dirname, '../../..');

const JOB = `
executable            = /bin/sh
arguments             = "-c 'echo I ran on $(hostname), and this is its ad:; grep -E ""^(Name|Datacenter|CERNEnvironment|HasMPI|TotalCpus|TotalMemory) "" $_CONDOR_MACHINE_AD'"
transfer_executable   = false
should_transfer_files = yes
output                = out.$(Cluster)
log                   = log.$(Cluster)
accounting_group      = ATLAS
accounting_group_user = submitter
priority              = 0
request_cpus          = 2
request_memory        = 4260
request_disk          = 1
requirements          = Datacenter == "otc-eu-de"
queue
`;

/** Runs the main example as its reader does. */
function example(outdir: string): void {
  execFileSync(process.execPath, [
    require.resolve('ts-node/dist/bin'), '--transpile-only', '--project', 'examples/tsconfig.json', 'examples/cern-tsystems/main.ts',
  ], { cwd: ROOT, env: { ...process.env, CDK8S_OUTDIR: outdir } });
}

async function demo(testbed: Testbed): Promise<void> {
  progress(`the example goes to ${Object.keys(EXAMPLE).join(', ')}: its files, the signing key, the names, the tokens`);
  const pool = await TestbedPool.start(testbed, example);
  await pool.whole();
  process.stdout.write(`\n$ condor_status\n${await pool.status()}`);
  progress("the talk's job is submitted at the host, for T-Systems");
  const id = await pool.submitHere(JOB);
  await pool.left(id, 300);
  process.stdout.write(`\n$ condor_history\n${await pool.asUser(['condor_history', id])}`);
  process.stdout.write(`\n$ cat out.${id}\n${await pool.asUser(['cat', `out.${id}`])}`);
}

lastingTestbed().then(async testbed => {
  await demo(testbed);
  process.stdout.write(`\nThe pool runs on until testbed:down. To look at it:\n\n  export KUBECONFIG=${testbed.kubeconfig}\n`);
  process.exit(0);
}).catch(reportFailure);

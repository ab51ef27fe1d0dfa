import { execFileSync } from 'child_process';
import * as path from 'path';
import { EXAMPLE } from './places';
import { Testbed } from './testbed';
import { lastingTestbed, progress, reportFailure } from './up';
import { ExamplePool } from '../nodes/example-pool';
import { withoutAnalyses } from '../nodes/without-analyses';
import { talkJob } from '../talk';

// The command testbed:demo: the clusters, the main example on them, and the talk's job at T-Systems.

const ROOT = path.join(__dirname, '../../..');

/** Runs the main example as its reader does. */
function example(outdir: string): void {
  execFileSync(process.execPath, [
    require.resolve('ts-node/dist/bin'), '--transpile-only', '--project', 'examples/tsconfig.json', 'examples/cern-tsystems/main.ts',
  ], { cwd: ROOT, env: { ...process.env, CDK8S_OUTDIR: outdir } });
}

async function demo(testbed: Testbed): Promise<void> {
  progress(`the example goes to ${Object.keys(EXAMPLE).join(', ')}: its files, the signing key, the names, the tokens; without REANA, whose images a site has`);
  const pool = await ExamplePool.start(testbed, withoutAnalyses(example)) as ExamplePool;
  await pool.whole();
  process.stdout.write(`\n$ condor_status\n${await pool.status()}`);
  progress('its logs, metrics and alarms: certificates, the token of the exporter, and until all of it is ready');
  await pool.startTelemetry();
  pool.forget();
  progress("the talk's job is submitted at the host, for T-Systems");
  const id = await pool.submitHere(talkJob({ requirements: 'Datacenter == "otc-eu-de"' }));
  await pool.left(id);
  process.stdout.write(`\n$ condor_history\n${await pool.asUser(['condor_history', id])}`);
  process.stdout.write(`\n$ cat out.${id}\n${await pool.asUser(['cat', `out.${id}`])}`);
}

lastingTestbed().then(async testbed => {
  await demo(testbed);
  process.stdout.write(`\nThe pool runs on until testbed:down. To look at it, for its logs as docs/logs.md says:\n\n  export KUBECONFIG=${testbed.kubeconfig}\n`);
  process.exit(0);
}).catch(reportFailure);

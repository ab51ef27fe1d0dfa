import { toolset } from './binaries';
import { EXAMPLE, LASTING } from './places';
import { Testbed } from './testbed';
import { missingForClusters } from '../requirements';

// The command testbed:up: starts the clusters of the main example, which then run until testbed:down.

const start = Date.now();

/** Says what is going on, and when. */
export function progress(line: string): void {
  process.stderr.write(`[${((Date.now() - start) / 1000).toFixed(0).padStart(4)} s] ${line}\n`);
}

/** Says why it did not work, and ends. */
export function reportFailure(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}

/** The clusters of the main example, which outlive this process. */
export async function lastingTestbed(): Promise<Testbed> {
  const missing = missingForClusters();
  if (missing.length) {
    throw new Error(`this machine lacks ${missing.join(', ')}; test/real/setup installs what can be installed`);
  }
  progress('the first time, programs and images are made: that takes a while');
  return Testbed.open(EXAMPLE, { lasting: LASTING, progress });
}

if (require.main === module) {
  lastingTestbed().then(testbed => {
    const kubectl = toolset('kubernetes-newest').path('kubectl');
    process.stdout.write(`
The clusters are up, and nothing is applied: ${testbed.clusters.map(({ name }) => name).join(', ')}.

  export KUBECONFIG=${testbed.kubeconfig}
  ${kubectl} --context ${testbed.clusters[0].name} get nodes

They run until testbed:down; testbed:up again starts them afresh.
`);
    process.exit(0);
  }).catch(reportFailure);
}

import { JUDGES, judgeProgram } from './engines/judge';
import { toolset, TOOLSETS } from './kubernetes/binaries';
import { allImages } from './kubernetes/images';
import { missingForClusters, missingRequirements } from './requirements';
import { APPTAINER_IMAGE, imageRootfs, MONITOR_IMAGE, MPI_IMAGE, NEXT_IMAGE, PROMETHEUS_IMAGE, REANA_IMAGE, STAGING_IMAGE, YADAGE_IMAGE } from './rootfs';

/** The folders whose suites run on clusters. */
const ON_CLUSTERS = ['api', 'kubernetes', 'nodes', 'node-faults', 'engines', 'telemetry', 'reana/roles', 'reana/edges', 'recast'];

/** Suites that need an image of their own, and which. */
const OWN_IMAGES: { readonly [suite: string]: string | readonly string[] } = {
  'test/real/nodes/nodes.test.ts': PROMETHEUS_IMAGE,
  'test/real/pool-metrics.test.ts': PROMETHEUS_IMAGE,
  'test/real/pool-mpi.test.ts': MPI_IMAGE,
  'test/real/pool-alarms.test.ts': PROMETHEUS_IMAGE,
  'test/real/pool-containers.test.ts': APPTAINER_IMAGE,
  'test/real/pool-metadata.test.ts': APPTAINER_IMAGE,
  'test/real/pool-private.test.ts': NEXT_IMAGE,
  'test/real/pool-upgrade.test.ts': NEXT_IMAGE,
  'test/real/recast/condor-steps.test.ts': [YADAGE_IMAGE, APPTAINER_IMAGE],
  'test/real/recast/database.test.ts': REANA_IMAGE,
  'test/real/reana/configuration.test.ts': REANA_IMAGE,
  'test/real/reana/edges.test.ts': REANA_IMAGE,
  'test/real/reana/initialization.test.ts': REANA_IMAGE,
  'test/real/reana/services.test.ts': REANA_IMAGE,
  'test/real/recast/sharedstatekube.test.ts': YADAGE_IMAGE,
  'test/real/recast/yadage.test.ts': YADAGE_IMAGE,
  'test/real/recast/monitor.test.ts': MONITOR_IMAGE,
  'test/real/recast/federated-steps.test.ts': STAGING_IMAGE,
  'test/real/recast/staging-server.test.ts': STAGING_IMAGE,
};

/** What Jest tells of a run, as far as it matters here. */
interface Run {
  readonly nonFlagArgs: readonly string[];
}

/** Builds what clusters are made of before any suite begins: no suite's time is spent on it, and no two build the same. */
export default function buildFirst({ nonFlagArgs }: Run): void {
  const images = Object.entries(OWN_IMAGES).filter(([suite]) => nonFlagArgs.length === 0 || nonFlagArgs.some(pattern => suite.includes(pattern)));
  if (images.length > 0 && missingRequirements().length === 0) { images.flatMap(([, image]) => image).forEach(image => imageRootfs(image)); }
  const wanted = nonFlagArgs.length === 0 || nonFlagArgs.some(pattern => ON_CLUSTERS.some(folder => `test/real/${folder}/`.includes(pattern) || pattern.includes(folder)));
  if (!wanted || missingForClusters().length > 0) { return; }
  const start = Date.now();
  TOOLSETS.forEach(name => toolset(name));
  allImages();
  JUDGES.forEach(name => judgeProgram(name));
  process.stdout.write(`programs and images: ${((Date.now() - start) / 60_000).toFixed(1)} minutes\n`);
}

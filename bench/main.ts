/**
 * Measures what the library costs over what nobody can avoid: turning the same plain objects into YAML with
 * cdk8s' own `Yaml` and writing them. Every measurement is a process of its own; of several, the fastest
 * counts, since a shared machine only ever adds.
 *
 * Fails if 1,000 members cost more than LIMIT times that, under whatever engine and by the objects that this one writes, if the
 * growth isn't linear, or if loading the library takes more than LOAD_LIMIT times loading cdk8s-plus-27.
 */
import { spawnSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';

const LIMIT = 1.6;
const LOAD_LIMIT = 1.3;
const SIZES = [2, 10, 100, 1000];

/** Of the engines the least is measured that says how they grow. */
const ENGINE_SIZES = [100, 1000];
const ENGINE_TURNS = 3;

/** What is above the limit is measured so many times as often: a shared machine may have added each time. */
const PATIENT = 4;

interface Program {
  readonly workload: string;
  readonly label: string;
  readonly engine?: string;
}

/** Under each engine the fleet, with a difference in each member; KubeFed v1 has no differences. */
const ENGINES: readonly Program[] = [
  ...['argo-cd', 'flux', 'karmada', 'open-cluster-management', 'kubefed'].map(engine => ({ workload: 'fleet', label: `${engine}, `, engine })),
  { workload: 'same', label: 'kubefed-v1, a DaemonSet without differences, ', engine: 'kubefed-v1' },
];

/** From 100 to 1,000 members the time may grow by this order: 1 is linear, 2 quadratic. */
const GROWTH_LIMIT = 1.15;

interface Measurement {
  readonly ms: number;
  readonly megabytes: number;
  readonly objects: number;
}

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-bench-'));
const failures: string[] = [];

function measure(script: string, ...args: string[]): Measurement {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(__dirname, script), ...args], { encoding: 'utf8' });
  if (status !== 0) { throw new Error(`${script} ${args.join(' ')} failed:\n${stderr}`); }
  return JSON.parse(stdout);
}

function fastest(measurements: Measurement[]): Measurement {
  return measurements.reduce((best, one) => one.ms < best.ms ? one : best);
}

/** The library and the limit in turn, so that both see the same machine. */
function compare({ workload, engine = 'manifests' }: Program, members: number, turns: number): { library: Measurement; limit: Measurement } {
  const outdir = path.join(scratch, `${workload}-${engine}-${members}`);
  const library: Measurement[] = [];
  const limit: Measurement[] = [];
  for (let turn = 0; turn < turns || (members === 1000 && turn < PATIENT * turns && fastest(library).ms > LIMIT * fastest(limit).ms); turn++) {
    library.push(measure('synth.js', workload, `${members}`, outdir, engine));
    limit.push(measure('limit.js', outdir));
  }
  fs.rmSync(outdir, { recursive: true });
  return { library: fastest(library), limit: fastest(limit) };
}

function run(program: Program, sizes: readonly number[], turnsOf: (members: number) => number): void {
  const { label } = program;
  const times: { [members: number]: number } = {};
  for (const members of sizes) {
    const { library, limit } = compare(program, members, turnsOf(members));
    const ratio = library.ms / limit.ms;
    times[members] = library.ms;
    if (members === 1000 && ratio > LIMIT) { failures.push(`${label}${members} members: ${ratio.toFixed(2)}x is above ${LIMIT}x`); }
    process.stdout.write(`${label}${members} members: ${library.objects} objects, ${library.ms.toFixed(0)} ms and ${library.megabytes.toFixed(0)} MB, `
      + `limit ${limit.ms.toFixed(0)} ms and ${limit.megabytes.toFixed(0)} MB, ${ratio.toFixed(2)}x\n`);
  }
  const growth = Math.log10(times[1000] / times[100]);
  process.stdout.write(`${label}growth from 100 to 1000 members: order ${growth.toFixed(2)} (1 is linear)\n`);
  if (growth > GROWTH_LIMIT) { failures.push(`${label}growth is of order ${growth.toFixed(2)}, above ${GROWTH_LIMIT}`); }
}

/** How much longer loading one module takes than loading another, in turn as above. */
function loadRatio(module: string, other: string): number {
  const turns = Array.from({ length: 15 }, () => [module, other].map(each => measure('load.js', each).ms));
  const [own, theirs] = [0, 1].map(index => Math.min(...turns.map(times => times[index])));
  return own / theirs;
}

const turns = (members: number) => members >= 1000 ? 5 : 7;
run({ workload: 'fleet', label: '' }, SIZES, turns);
run({ workload: 'own', label: 'own objects, ' }, SIZES, turns);
ENGINES.forEach(program => run(program, ENGINE_SIZES, () => ENGINE_TURNS));

const naive = measure('synth.js', 'charts', '100', path.join(scratch, 'charts'));
const bound = measure('limit.js', path.join(scratch, 'charts'));
process.stdout.write(`plain charts, 100 members: ${naive.objects} objects, ${naive.ms.toFixed(0)} ms, limit ${bound.ms.toFixed(0)} ms, ${(naive.ms / bound.ms).toFixed(2)}x\n`);

const loading = loadRatio('cdk8s-hep', 'cdk8s-plus-27');
process.stdout.write(`loading the library: ${loading.toFixed(2)}x of loading cdk8s-plus-27\n`);
if (loading > LOAD_LIMIT) { failures.push(`loading takes ${loading.toFixed(2)}x, above ${LOAD_LIMIT}x`); }

fs.rmSync(scratch, { recursive: true });
if (failures.length > 0) {
  process.stderr.write(`${failures.join('\n')}\n`);
  process.exit(1);
}

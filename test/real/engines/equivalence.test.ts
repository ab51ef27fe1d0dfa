import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { App } from 'cdk8s';
import * as fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { differences } from './differences';
import { Judge } from './judge';
import { Files, JudgedEngine, judgedEngines } from './judged-engines';
import { declare, Program, randomPrograms } from './random-federations';
import { synthesized } from './synthesized';
import { describeGo } from '../requirements';

const CASES = Number(process.env.CDK8S_HEP_CASES ?? 10_000);
const SEED = Number(process.env.CDK8S_HEP_SEED ?? 20_190_116);
const BATCH = 250;

/** So many questions are in the judges' hands while the next cases are synthesized. */
const UNDER_WAY = 500;

describeGo('What members hold is equal under every engine', () => {
  const outdir = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-equivalence-'));
  let judges: { karmada: Judge; kubefed: Judge };
  let engines: JudgedEngine[];

  beforeAll(() => {
    judges = { karmada: new Judge('karmada'), kubefed: new Judge('kubefed') };
    engines = judgedEngines(judges);
    engines.forEach(({ name }) => byEngine.set(name, { judged: 0, refused: 0, objects: 0 }));
  });

  afterAll(async () => {
    await Promise.all([judges?.karmada.close(), judges?.kubefed.close()]);
    fs.rmSync(outdir, { recursive: true, force: true });
  });

  function appOf(program: Program, engine?: JudgedEngine): App {
    const app = new App({ outdir });
    declare(app, program, engine?.engine(program), engine?.joining);
    return app;
  }

  const filesOf = (program: Program, engine?: JudgedEngine) => synthesized(appOf(program, engine));

  const counts = { cases: 0, members: 0, objects: 0, overrides: 0, operations: 0 };
  const byEngine = new Map<string, { judged: number; refused: number; objects: number }>();

  function count(program: Program): void {
    counts.cases++;
    counts.members += program.members.length;
    counts.objects += program.claims.length;
    counts.overrides += program.overrides.length;
    counts.operations += program.overrides.reduce((sum, { operations }) => sum + operations.length, 0);
  }

  /** What is wrong with what an engine makes of a program. */
  async function judged(engine: JudgedEngine, program: Program, without: Files): Promise<unknown[]> {
    const counted = byEngine.get(engine.name)!;
    const mustRefuse = engine.refuses?.(program, without) ?? false;
    let files: Files;
    try {
      files = filesOf(program, engine);
    } catch (error) {
      counted.refused++;
      return mustRefuse ? [] : [(error as Error).message];
    }
    if (mustRefuse) { return ['it must refuse what it does not carry']; }
    const expected = Object.fromEntries(program.members.map(({ name }) => [name, without[name]]));
    const said = await engine.held(program, files, expected);
    counted.judged++;
    counted.objects += Object.values(said.held).reduce((sum, { length }) => sum + length, 0);
    return [...said.problems, ...differences(said.expected, said.held)];
  }

  /** The simplest program with which an engine fails as with this one. */
  async function simplest(engine: JudgedEngine, seed: number, index: number): Promise<string> {
    const { counterexample } = await fc.check(
      fc.asyncProperty(randomPrograms, async program => (await judged(engine, program, filesOf(program))).length === 0),
      { seed, path: `${index}`, interruptAfterTimeLimit: 60_000 },
    );
    const program = counterexample?.[0];
    return `${engine.name}, seed ${seed}, case ${index}:\n${JSON.stringify({ program, wrong: program && await judged(engine, program, filesOf(program)) }, undefined, 1)}`;
  }

  test(`${CASES} random programs`, async () => {
    const failed = new Map<JudgedEngine, { seed: number; index: number }>();
    const start = Date.now();
    const underWay: Promise<void>[] = [];
    const judgedByAll = () => Math.min(...[...byEngine.values()].map(counted => counted.judged));
    for (let seed = SEED; judgedByAll() < CASES && failed.size === 0; seed++) {
      for (const [index, program] of fc.sample(randomPrograms, { seed, numRuns: Math.min(BATCH, CASES - judgedByAll()) }).entries()) {
        const without = filesOf(program);
        count(program);
        for (const engine of engines) {
          underWay.push(judged(engine, program, without).then(wrong => {
            if (wrong.length > 0 && !failed.has(engine)) { failed.set(engine, { seed, index }); }
          }));
        }
        while (underWay.length > UNDER_WAY) { await underWay.shift(); }
      }
      // the last cases decide whether there are enough
      if (judgedByAll() + BATCH > CASES) { await Promise.all(underWay); }
    }
    await Promise.all(underWay);
    process.stdout.write(`seed ${SEED}: ${JSON.stringify(counts)}, ${((Date.now() - start) / 1000).toFixed(0)} s\n`
      + [...byEngine].map(([name, counted]) => `  ${name}: ${JSON.stringify(counted)}\n`).join(''));
    const reports: string[] = [];
    for (const [engine, { seed, index }] of failed) { reports.push(await simplest(engine, seed, index)); }
    expect(reports.join('\n\n')).toBe('');
  });

  test('what is judged is what is written', () => {
    const programs = fc.sample(randomPrograms, { seed: SEED, numRuns: 30 });
    for (const [program, engine] of programs.flatMap(one => [undefined, ...engines].map(by => [one, by] as const))) {
      if (engine?.refuses?.(program, filesOf(program))) { continue; }
      fs.rmSync(outdir, { recursive: true });
      appOf(program, engine).synth();
      const written = Object.fromEntries(fs.readdirSync(outdir).map(file => [path.basename(file, '.k8s.yaml'),
        parseAllDocuments(fs.readFileSync(path.join(outdir, file), 'utf8')).map(document => document.toJSON())]));
      const { fed, ...judgedFiles } = JSON.parse(JSON.stringify(filesOf(program, engine)));
      // without objects of its own a federation has no file
      expect(written).toEqual({ ...judgedFiles, ...fed?.length > 0 && { fed } });
    }
  });
});

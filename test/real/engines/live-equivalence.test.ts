import { LiveEngineName, LiveEngines } from './live-engines';
import { LiveTrial } from './live-trial';
import { describeClusters } from '../requirements';

const PROGRAMS = Number(process.env.CDK8S_HEP_LIVE_PROGRAMS ?? 200);
const SEED = Number(process.env.CDK8S_HEP_SEED ?? 20_190_116);

const say = (line: string) => process.stdout.write(`${line}\n`);

// equivalence.test.ts asks the packages of the engines about fifty times as many; here their controllers run
describeClusters('What members hold is equal under live engines', () => {
  let live: LiveEngines;

  beforeAll(async () => { live = await LiveEngines.start(); });
  afterAll(() => live?.close());

  describe.each<LiveEngineName>(['Karmada', 'KubeFed'])('%s', name => {
    let trial: LiveTrial;

    test(`${PROGRAMS} random programs`, async () => {
      const engine = live.engine(name);
      trial = new LiveTrial(live, engine);
      for (let seed = SEED; trial.programs.length < PROGRAMS; seed++) { await trial.draw(seed); }
      const { programs, objects, drawn, refusals } = trial;
      say(`${engine.name}, seed ${SEED}: ${programs.length} programs, ${objects} objects in ${live.members.length} members; ${JSON.stringify(drawn)}`);
      refusals.forEach((times, cause) => say(`  ${times} times ${cause}`));
      await trial.arrival();
      // Karmada keeps three objects for each, and one more for every member
    });

    test('overrides that come and go', async () => {
      const { files, objects, unchanged, refused } = await trial.change();
      say(`  ${files.length} programs change ${objects.length} objects; ${unchanged} stay as they are, ${refused} can't be changed in place`);
      // what members have not yet is noticed, and nothing else
      const noticed = (await trial.differences()).map(({ member, object }) => `${member}: ${object}`);
      expect(noticed.filter(object => !objects.includes(object))).toEqual([]);
      expect(noticed.length).toBeGreaterThan(objects.length / 2);
      await trial.apply(files);
      await trial.arrival();
    });
  });
});

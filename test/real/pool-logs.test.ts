import { places } from './places';
import { Pod } from './pod';
import { Pool } from './pool';
import { quickPool, SMALL } from './quick-pool';
import { describeReal } from './requirements';
import { until } from './until';
import { StartdFleet } from '../../src';
import { LABELLED_LOG } from '../../src/workload/labelled-log';

const WORKFLOW = 'f2d6a1c4-8e0b-4f6e-9a57-0d7a3c1b9e42';

function program(outdir: string): void {
  const { app, federation, pool } = quickPool(outdir, { meyrin: {} }, { podLogs: { jobAttribute: 'Step' } });
  new StartdFleet(federation, 'startd', { pool, ...SMALL });
  app.synth();
}

/** A line as the container prints it. */
interface Line { readonly id: string; readonly source: string; readonly log: string; readonly [field: string]: string }

describeReal('logs of central managers and access points', () => {
  let pool: Pool;
  let job: string;

  beforeAll(async () => {
    pool = await Pool.start(program, places(['meyrin']));
    job = await pool.submit(`executable = /bin/true\nrequest_memory = 50\nrequest_disk = 1\nMy.ReanaWorkflowUuid = "${WORKFLOW}"\nMy.Step = "fit"\nqueue 2\n`);
    await pool.finished(job);
  });
  afterAll(() => pool?.close());

  const lines = (pod: Pod): Line[] => pod.container(LABELLED_LOG.container).log.split('\n').filter(line => line).map(line => JSON.parse(line));
  const events = () => lines(pool.accessPoint).filter(({ source }) => source === 'htcondor-event');

  test('each event of a job is one record, with the workflow, job and user that it belongs to', async () => {
    const found = () => events().filter(({ log }) => log.includes(` (${job.padStart(3, '0')}.`));
    await until('the jobs have ended', async () => found().filter(({ log }) => log.startsWith('005 ')).length === 2);
    for (const [event, text] of [['000', 'Job submitted from host'], ['001', 'Job executing on host'], ['005', 'Job terminated']]) {
      const records = found().filter(({ log }) => log.startsWith(`${event} `));
      expect(records).toHaveLength(2);
      for (const record of records) {
        expect(record).toMatchObject({ source: 'htcondor-event', workflow: WORKFLOW, job: 'fit', log: expect.stringContaining(text) });
        expect(record.user).toMatch(/^[a-z]/);
        expect(record).not.toHaveProperty('daemon');
      }
    }
    // what the end of a job says is many lines
    expect(found().find(({ log }) => log.startsWith('005 '))!.log).toContain('return value 0');
    // what tells what an event belongs to, and the header of the file, are no events
    expect(events().filter(({ log }) => /^028 |Global JobLog:/.test(log))).toEqual([]);
    const ids = events().map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('the daemons by their names', async () => {
    const daemons = (pod: Pod) => [...new Set(lines(pod).filter(({ source }) => source === 'htcondor-daemon').map(({ daemon }) => daemon))].sort();
    await until('they have written', async () => daemons(pool.centralManager).includes('negotiator') && daemons(pool.accessPoint).includes('shadow'));
    expect(daemons(pool.centralManager)).toEqual(expect.arrayContaining(['collector', 'master', 'negotiator', 'sharedport']));
    expect(daemons(pool.accessPoint)).toEqual(expect.arrayContaining(['master', 'sched', 'shadow', 'sharedport']));
    // events are told once, and not as lines of a daemon
    expect(daemons(pool.accessPoint)).not.toContain('event');
    expect(lines(pool.accessPoint).some(({ daemon, log }) => daemon === 'sched' && /condor_schedd .*STARTING UP/.test(log))).toBe(true);
  });
});

import { missingVariables, ReanaClient } from './client';

/* REANA's own images, at a site that has applied what is synthesized: `npx projen test:real -- reana --images`. */

/** What the step of each workflow says, and writes. */
const LINE = 'the step says: this file was uploaded';

/** Where each engine leaves what the step writes. */
const WRITTEN = { serial: 'said.txt', cwl: 'outputs/said.txt', yadage: 'step/said.txt', snakemake: 'said.txt' };

/** A step that was a Job of the cluster. */
const step = (status: string) => expect.objectContaining({
  status,
  logs: expect.stringContaining(LINE),
  compute_backend: 'Kubernetes',
  backend_job_id: expect.stringContaining('-run-job-'),
});

const missing = missingVariables();
if (missing.length > 0) {
  test("REANA's images", () => {
    throw new Error(`these suites ask a site's REANA: set ${missing.join(' and ')}, as for reana-client`);
  });
} else {
  describe("REANA's images", () => {
    let client: ReanaClient;
    beforeAll(() => { client = new ReanaClient(); });
    afterEach(() => client.deleteAll());

    test('the server answers, and knows whose token it is', async () => {
      expect(await client.command('ping')).toContain('Connected');
    });

    test.each(Object.entries(WRITTEN))('%s: a workflow comes to its end, with the log of its step and what that wrote', async (engine, file) => {
      const workflow = await client.start(`${engine}.yaml`);
      await client.ends(workflow, 'finished');
      expect(await client.steps(workflow)).toContainEqual(step('finished'));
      expect(await client.files(workflow)).toContain(file);
      expect(await client.outputs(workflow)).toBe(`${LINE}\n`);
    });

    test('a step that fails makes its workflow fail, and its log is kept', async () => {
      const workflow = await client.start('failing.yaml');
      await client.ends(workflow, 'failed');
      expect(await client.steps(workflow)).toContainEqual(step('failed'));
    });
  });
}

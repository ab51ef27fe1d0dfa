import { App, Chart, Testing } from 'cdk8s';
import { migrate } from '../../../packages/workflow-server/src/migrations';
import { WorkflowDatabase } from '../../../src';
import { Cluster } from '../cluster';
import { Lab } from '../lab';
import { Manifest } from '../manifest';
import { Pod } from '../pod';
import { describeReal } from '../requirements';
import { REANA_IMAGE } from '../rootfs';
import { until } from '../until';

/** A password that shell, psql and URLs would read otherwise. */
const PASSWORD = 'it\'s a "$(secret)" \\ %2F;';

describeReal('the workflow server\'s database', () => {
  let lab: Lab;
  let cluster: Cluster;
  let database: Pod;
  let manifest: Manifest;

  beforeAll(async () => {
    lab = await Lab.open();
    const site = await lab.site('cern', { cidr: '10.1.0.0/16' });
    await site.node('node-1', { allocatable: { cpu: '32', memory: '64000Mi' } });
    const chart = new Chart(new App(), 'recast');
    // an image with a PostgreSQL of Debian's
    new WorkflowDatabase(chart, 'database', { image: REANA_IMAGE });
    const manifests = Testing.synth(chart) as Manifest[];
    manifest = manifests.find(({ kind }) => kind === 'StatefulSet')!;
    cluster = await lab.cluster('recast', site, manifests, { secrets: { 'recast/wflow-db': { user: 'wflow', password: PASSWORD } } }).open();
    database = await start();
  });
  afterAll(() => lab?.close());

  async function start(): Promise<Pod> {
    const pod = await cluster.startPod(manifest, 'wflow-db-0');
    await until('the database is ready', async () => {
      if (!pod.container().running) { throw new Error(pod.container().log); }
      return (await pod.probe('readiness')).status === 0;
    });
    return pod;
  }

  const psql = (sql: string, user: string, name: string, password: string) => database.exec(undefined, [
    '/usr/lib/postgresql/15/bin/psql', '--host=127.0.0.1', `--username=${user}`, '--no-psqlrc', '--tuples-only', '--no-align', '--command', sql, name,
  ], { env: { PGPASSWORD: password }, timeout: 60 });

  test('the Secret\'s user owns it, nobody else gets in, and a restart loses nothing', async () => {
    expect(await psql('SELECT current_user, usesuper FROM pg_user WHERE usename = current_user', 'wflow', 'wflow', PASSWORD)).toMatchObject({ status: 0, stdout: 'wflow|f\n' });
    expect((await psql('SELECT 1', 'wflow', 'wflow', 'wrong')).stderr).toContain('password authentication failed');
    expect((await psql('SELECT 1', 'postgres', 'wflow', '')).stderr).toContain('pg_hba.conf');
    expect((await psql('SELECT 1', 'wflow', 'postgres', PASSWORD)).stderr).toContain('permission denied for database');
    expect((await psql('CREATE TABLE kept AS SELECT 42 AS answer', 'wflow', 'wflow', PASSWORD)).status).toBe(0);
    expect(await cluster.delete(database)).toBe(true);
    database = await start();
    expect(await psql('SELECT answer FROM kept', 'wflow', 'wflow', PASSWORD)).toMatchObject({ status: 0, stdout: '42\n' });
    expect((await database.probe('liveness')).status).toBe(0);
  });

  test('its owner may make the server\'s tables', async () => {
    const said: string[] = [];
    const client = {
      query: async (sql: string) => {
        said.push(sql);
        return { rows: [{ version: 0 }] };
      },
      release: () => undefined,
    };
    await migrate({ connect: async () => client } as never);
    const statements = said.filter(sql => /^(CREATE|\s*--)/.test(sql)).join(';\n');
    expect(await psql(statements, 'wflow', 'wflow', PASSWORD)).toMatchObject({ status: 0 });
    expect(await psql('SELECT count(*) FROM request', 'wflow', 'wflow', PASSWORD)).toMatchObject({ status: 0, stdout: '0\n' });
  });
});

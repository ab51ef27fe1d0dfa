import * as fs from 'fs';
import * as path from 'path';
import { Pod } from '../pod';
import { describeReal } from '../requirements';
import { PATIENCE, until } from '../until';
import { podTemplate } from './pods';
import { ReanaLab } from './reana-lab';

/* eslint-disable @typescript-eslint/no-explicit-any */

const STAND_IN = fs.readFileSync(path.join(__dirname, 'flask-stand-in.py'), 'utf8');

/** A revision of two years before that of the image. */
const OLDER = 'eb5309f3d8ee';

describeReal('the initialisation of REANA', () => {
  let lab: ReanaLab;
  let database: Pod;
  /** Where a test asks the database, with REANA's own programs. */
  let server: Pod;

  beforeAll(async () => {
    lab = await ReanaLab.open();
    lab.cluster.setConfigMap('reana/stand-in', { flask: STAND_IN });
    database = await lab.start(lab.object('StatefulSet', 'reana-db'));
    server = await lab.idle('reana-server');
  });
  afterAll(() => lab?.close());

  /** What a command wrote that must succeed. */
  async function written(...argv: string[]): Promise<string> {
    const { status, stdout, stderr } = await server.exec(undefined, argv, { timeout: 300 });
    if (status !== 0) { throw new Error(`${argv.join(' ')}: ${status}: ${stderr}`); }
    return stdout.trim();
  }

  /** Asks within the database's own pod, as its superuser. */
  async function psql(sql: string): Promise<string> {
    const argv = ['/usr/lib/postgresql/15/bin/psql', '--host=/run/service', '--username=postgres', '--no-psqlrc', '--quiet', '--tuples-only', '--no-align',
      '--set=ON_ERROR_STOP=1', '--command', sql, 'reana'];
    const { status, stdout, stderr } = await database.exec(undefined, argv, { timeout: 300 });
    if (status !== 0) { throw new Error(`${sql}: ${status}: ${stderr}`); }
    return stdout.trim();
  }

  /** The rows that a query finds, each as a line. */
  const rows = async (sql: string) => (await psql(sql)).split('\n').filter(line => line);

  /** The synthesized Job, as a pod; `flask`, which the image of REANA's server alone has, is a stand-in. */
  function job(): any {
    const manifest = lab.cluster.manifests.find(({ kind }) => kind === 'Job')!;
    const { metadata, spec } = structuredClone(podTemplate(manifest));
    const [container] = spec.containers;
    container.env.push({ name: 'PATH', value: '/stand-in:/usr/local/bin:/usr/bin:/bin' });
    container.volumeMounts.push({ name: 'stand-in', mountPath: '/stand-in' });
    spec.volumes.push({ name: 'stand-in', configMap: { name: 'stand-in', defaultMode: 0o755 } });
    return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'reana-init', namespace: manifest.metadata.namespace }, spec };
  }

  async function initialize(): Promise<{ readonly status: number; readonly log: string }> {
    const pod = await lab.cluster.startPod(job());
    const status = await pod.container().exited;
    const { log } = pod.container();
    await lab.cluster.delete(pod, { grace: 0 });
    return { status, log };
  }

  /** Runs it until it says something, and kills it at once. */
  async function killedAt(moment: string): Promise<void> {
    const pod = await lab.cluster.startPod(job());
    await until(moment, async () => pod.container().log.includes(moment), PATIENCE, 10);
    await lab.cluster.delete(pod, { grace: 0 });
  }

  /** What is asked of a database that is ready: tables and columns, revision, resources, and who has which token. */
  async function state() {
    const columns = await rows(`
      SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = '__reana' ORDER BY 1, 2`);
    const indexes = await rows('SELECT tablename, indexname FROM pg_indexes WHERE schemaname = \'__reana\' ORDER BY 1, 2');
    const [revision] = await rows('SELECT version_num FROM __reana.alembic_version');
    const resources = await rows('SELECT name FROM __reana.resource ORDER BY 1');
    const tokens = await rows('SELECT status FROM __reana.user_token ORDER BY created');
    return { columns, indexes, revision, resources, tokens };
  }

  /** The token as REANA's own models read it: it is encrypted with the site's key. */
  const token = () => written('python3', '-c', `
from reana_db.database import Session
from reana_db.models import User
print(Session.query(User).filter_by(id_='00000000-0000-0000-0000-000000000000').one().access_token)`);

  let first: Awaited<ReturnType<typeof state>>;

  test('the first installation makes tables, their revision, resources, and the administrator with the token of the Secret', async () => {
    const { status, log } = await initialize();
    expect({ status, log }).toEqual({ status: 0, log: expect.stringContaining('first installation') });
    first = await state();
    expect(first.columns.length).toBeGreaterThan(100);
    expect(first.resources).toEqual(['processing time', 'shared storage']);
    expect(await written('reana-db', 'alembic', 'current')).toContain(`${first.revision} (head)`);
    expect(await token()).toBe(lab.secrets.administrator.token);
    for (const secret of [lab.secrets.administrator.token, lab.secrets.administrator.password, lab.secrets.database.password]) {
      expect(log).not.toContain(secret);
    }
  });

  test('again, it changes nothing', async () => {
    const { status, log } = await initialize();
    expect({ status, log }).toEqual({ status: 0, log: expect.stringContaining('there is a database of revision') });
    expect(await state()).toEqual(first);
    expect(await token()).toBe(lab.secrets.administrator.token);
  });

  test('from an older schema it upgrades, and keeps what is there', async () => {
    await psql(`INSERT INTO __reana.user_ (id_, email, full_name, created, updated)
      VALUES ('11111111-1111-1111-1111-111111111111', 'user@example.org', 'A user', now(), now())`);
    await written('reana-db', 'alembic', 'downgrade', OLDER);
    const older = await state();
    expect(older.revision).toBe(OLDER);
    expect(older.columns.length).toBeLessThan(first.columns.length);
    const { status, log } = await initialize();
    expect({ status, log }).toEqual({ status: 0, log: expect.stringContaining(OLDER) });
    expect(await state()).toMatchObject({ revision: first.revision, resources: first.resources, tokens: first.tokens });
    expect((await state()).columns).toEqual(first.columns);
    expect(await rows('SELECT email FROM __reana.user_ ORDER BY email')).toEqual(['admin@reana.example.org', 'user@example.org']);
  });

  test('another token in the Secret is the administrator\'s, and the old one is revoked', async () => {
    const other = 'another-token-of-the-administrator';
    lab.cluster.setSecret('reana/reana-admin-access-token', { ADMIN_ACCESS_TOKEN: other });
    expect((await initialize()).status).toBe(0);
    expect(await token()).toBe(other);
    expect((await state()).tokens).toEqual([...first.tokens.map(() => 'revoked'), 'active']);
    lab.cluster.setSecret('reana/reana-admin-access-token', { ADMIN_ACCESS_TOKEN: lab.secrets.administrator.token });
  });

  test('tables of which nobody knows the revision are left as they are', async () => {
    await psql('DELETE FROM __reana.alembic_version');
    const { status, log } = await initialize();
    expect({ status, log }).toEqual({ status: 1, log: expect.stringContaining('nothing says of which revision they are') });
    await psql(`INSERT INTO __reana.alembic_version VALUES ('${first.revision}')`);
  });

  test.each([
    'running reana-db alembic init', 'running reana-db init', 'running reana-db quota', 'making the administrator',
  ])('killed at "%s", the next run completes it', async moment => {
    await psql('DROP SCHEMA IF EXISTS __reana CASCADE');
    await killedAt(moment);
    expect(await initialize()).toMatchObject({ status: 0 });
    const { tokens, ...rest } = await state();
    const { tokens: _, ...wanted } = first;
    expect(rest).toEqual(wanted);
    expect(tokens.filter(status => status === 'active')).toHaveLength(1);
    expect(await token()).toBe(lab.secrets.administrator.token);
  });

  test('killed within an upgrade, the next run completes it', async () => {
    await written('reana-db', 'alembic', 'downgrade', OLDER);
    await killedAt('running reana-db alembic upgrade');
    expect(await initialize()).toMatchObject({ status: 0 });
    expect(await state()).toMatchObject({ revision: first.revision, resources: first.resources });
  });

  test('two at a time take turns, and one that comes before the database waits for it', async () => {
    await psql('DROP SCHEMA __reana CASCADE');
    await lab.cluster.delete(database);
    const pods = await Promise.all([1, 2].map(() => lab.cluster.startPod(job())));
    await until('both wait', async () => pods.every(pod => pod.container().log.includes('waiting for the database')));
    database = await lab.start(database.workload);
    expect(await Promise.all(pods.map(pod => pod.container().exited))).toEqual([0, 0]);
    const logs = pods.map(pod => pod.container().log);
    for (const pod of pods) { await lab.cluster.delete(pod, { grace: 0 }); }
    expect(logs.filter(log => log.includes('first installation'))).toHaveLength(1);
    expect((await state()).tokens.filter(status => status === 'active')).toHaveLength(1);
  });
});

import * as fs from 'fs';
import * as path from 'path';
import { CommandResult } from '../command';
import { Pod } from '../pod';
import { describeReal } from '../requirements';
import { PATIENCE, until } from '../until';
import { WEB_SERVERS, withApplication } from './application-stand-in';
import { ReanaLab } from './reana-lab';

const PUBLISH = fs.readFileSync(path.join(__dirname, 'publish.py'), 'utf8');
const CONSUME = fs.readFileSync(path.join(__dirname, 'consume.py'), 'utf8');
const QUERY = `
import sys
from sqlalchemy import text
from reana_db.database import engine
with engine.begin() as connection:
    result = connection.execute(text(sys.argv[1]))
    print(*(result.one() if result.returns_rows else []))
`;

// Connects so many times, and asks by each in turn; all stay open meanwhile. Says how many connections the database has.
const CROWD = `
import sys
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool
from reana_db.config import SQLALCHEMY_DATABASE_URI
engine = create_engine(SQLALCHEMY_DATABASE_URI, poolclass=NullPool)
connections = []
for _ in range(int(sys.argv[1])):
    connection = engine.connect()
    connections.append(connection)
    with connection.begin():
        servers = connection.execute(text('SELECT count(*) FROM pg_stat_activity WHERE usename = current_user')).scalar()
print(f'{len(connections)} clients, {servers} connection')
`;

describeReal('the services that REANA stands on', () => {
  let lab: ReanaLab;
  let bouncing: ReanaLab;
  beforeAll(async () => {
    lab = await ReanaLab.open();
    bouncing = await ReanaLab.open({}, { pgBouncer: true });
  });
  afterAll(async () => {
    await lab?.close();
    await bouncing?.close();
  });

  const python = (pod: Pod, script: string, args: string[], env: { readonly [name: string]: string } = {}): Promise<CommandResult> =>
    pod.exec(undefined, ['python3', '-c', script, ...args], { env, timeout: 300 });

  /** What a script wrote, that must succeed. */
  async function written(result: Promise<CommandResult>): Promise<string> {
    const { status, stdout, stderr } = await result;
    if (status !== 0) { throw new Error(`${status}: ${stderr}`); }
    return stdout.trim();
  }

  test('PostgreSQL: REANA\'s libraries are its database\'s owner, nobody else gets in, and a restart loses nothing', async () => {
    let database = await lab.start(lab.object('StatefulSet', 'reana-db'));
    const server = await lab.idle('reana-server');
    const query = (sql: string, env = {}) => python(server, QUERY, [sql], env);
    expect(await written(query('SELECT current_user, current_database(), usesuper FROM pg_user WHERE usename = current_user'))).toBe('reana-db reana False');
    expect((await query('SELECT 1', { REANA_DB_PASSWORD: 'wrong' })).stderr).toContain('password authentication failed');
    expect((await query('SELECT 1', { REANA_DB_USERNAME: 'postgres', REANA_DB_PASSWORD: '' })).stderr).toMatch(/pg_hba\.conf rejects|no pg_hba\.conf entry/);
    expect((await query('SELECT 1', { REANA_DB_NAME: 'postgres' })).stderr).toContain('permission denied for database "postgres"');
    await written(query('CREATE TABLE kept AS SELECT 42 AS answer'));
    const { successor, bySelf } = await lab.replace(database);
    database = successor;
    expect(bySelf).toBe(true);
    expect(await written(query('SELECT answer FROM kept'))).toBe('42');
    // a new password in the Secret is the owner's once the pod begins anew
    const password = 'another-one.of~letters_1';
    lab.cluster.setSecret('reana/reana-db-secrets', { ...lab.secrets.database, password });
    database = (await lab.replace(database)).successor;
    expect(await written(query('SELECT answer FROM kept', { REANA_DB_PASSWORD: password }))).toBe('42');
    expect((await query('SELECT 1')).stderr).toContain('password authentication failed');
    lab.cluster.setSecret('reana/reana-db-secrets', lab.secrets.database);
    expect((await database.probe('liveness')).status).toBe(0);
    await lab.cluster.delete(server);
    await lab.cluster.delete(database);
  });

  test('PgBouncer: REANA\'s libraries go through it, strangers don\'t, and more clients than the database has connections are served', async () => {
    const database = await bouncing.start(bouncing.object('StatefulSet', 'reana-db'));
    const pooler = await bouncing.start(bouncing.object('Deployment', 'reana-pgbouncer'));
    const server = await bouncing.idle('reana-server');
    const query = (sql: string, env = {}) => python(server, QUERY, [sql], env);
    expect(await written(query('SELECT current_user, current_database()'))).toBe('reana-db reana');
    for (const env of [{ REANA_DB_PASSWORD: 'wrong' }, { REANA_DB_USERNAME: 'postgres', REANA_DB_PASSWORD: '' }, { REANA_DB_NAME: 'postgres' }]) {
      const { status, stderr } = await query('SELECT 1', env);
      expect([status, stderr]).toEqual([1, expect.stringMatching(/SASL authentication failed|password authentication failed|no such database|no password supplied/)]);
    }
    // who asks one after the other shares a connection
    expect(await written(python(server, CROWD, ['400']))).toBe('400 clients, 1 connection');
    expect((await pooler.probe('liveness')).status).toBe(0);
    for (const pod of [server, pooler, database]) { await bouncing.cluster.delete(pod); }
  });

  test('RabbitMQ: REANA\'s publishers and consumers find their queues, others are refused, and submissions outlive a restart', async () => {
    const broker = await lab.start(lab.object('StatefulSet', 'reana-message-broker'));
    const [server, scheduler, consumer] = await Promise.all(['reana-server', 'reana-scheduler', 'reana-job-status-consumer'].map(name => lab.idle(name)));
    await written(python(server, PUBLISH, ['ordinary', '0']));
    await written(python(server, PUBLISH, ['urgent', '50']));
    const status = JSON.parse(await written(python(consumer, CONSUME, ['jobs-status'])));
    expect(status).toMatchObject({ workflow_uuid: 'ordinary', status: 1 });
    const { user } = lab.secrets.messageBroker;
    for (const [name, password] of [[user, 'wrong'], ['guest', 'guest']]) {
      const refused = await python(server, PUBLISH, ['stranger', '0'], { RABBIT_MQ_USER: name, RABBIT_MQ_PASS: password });
      expect(refused.status).not.toBe(0);
      expect(refused.stderr).toContain('ACCESS_REFUSED');
    }
    const { successor, bySelf } = await lab.replace(broker);
    expect(bySelf).toBe(true);
    const submission = async () => JSON.parse(await written(python(scheduler, CONSUME, ['workflow-submission'])));
    expect(await submission()).toMatchObject({ workflow_id_or_name: 'urgent', priority: 50 });
    expect(await submission()).toMatchObject({ workflow_id_or_name: 'ordinary', priority: 0 });
    // and the status that nobody had asked for is gone, with its queue, which is declared again
    await written(python(server, PUBLISH, ['later', '0']));
    expect(JSON.parse(await written(python(consumer, CONSUME, ['jobs-status'])))).toMatchObject({ workflow_uuid: 'later' });
    expect((await successor.probe('liveness')).status).toBe(0);
    for (const pod of [server, scheduler, consumer, successor]) { await lab.cluster.delete(pod); }
  });

  test('Redis: the named user alone gets in, may not administer, and sessions outlive a restart', async () => {
    const cache = await lab.start(lab.object('StatefulSet', 'reana-cache'));
    const server = await lab.idle('reana-server');
    const { user, password } = lab.secrets.cache;
    // as the server makes its URL
    const redis = (url: string, ...words: string[]) => server.exec(undefined, ['redis-cli', '--no-auth-warning', '-u', url, ...words], { timeout: 60 });
    const url = `redis://${user}:${password}@reana-cache.reana:6379/1`;
    expect(await written(redis(url, 'SET', 'session', 'kept'))).toBe('OK');
    expect((await redis('redis://reana-cache.reana:6379/1', 'GET', 'session')).stdout).toContain('NOAUTH');
    const wrong = await redis(`redis://${user}:wrong@reana-cache.reana:6379/1`, 'GET', 'session');
    expect(wrong.stdout + wrong.stderr).toMatch(/WRONGPASS|NOAUTH/);
    const administers = await redis(url, 'CONFIG', 'GET', '*');
    expect(administers.stdout + administers.stderr).toContain('NOPERM');
    const { successor, bySelf } = await lab.replace(cache);
    expect(bySelf).toBe(true);
    expect(await written(redis(url, 'GET', 'session'))).toBe('kept');
    expect((await successor.probe('liveness')).status).toBe(0);
    await lab.cluster.delete(server);
    await lab.cluster.delete(successor);
  });

  test('nginx: the pages come with the headers that protect them, and any path of theirs is a page', async () => {
    const ui = await lab.start(lab.object('Deployment', 'reana-ui'));
    const [{ targetPort: port }] = lab.object('Service', 'reana-ui').spec.ports;
    const page = await written(lab.get(ui, port, '/'));
    expect(await written(lab.get(ui, port, '/workflows/1234'))).toContain(page.split('\r\n\r\n')[1]);
    for (const asked of ['/', '/workflows/1234', '/no.js', '/../../etc/passwd']) {
      const answer = await written(lab.get(ui, port, asked, '--path-as-is'));
      expect(answer).not.toContain('root:x:0');
      for (const header of [
        /^Content-Security-Policy: .*default-src 'self'/m, /^Strict-Transport-Security: max-age=\d{7,}/m, /^X-Content-Type-Options: nosniff/m,
        /^X-Frame-Options: SAMEORIGIN/m, /^Referrer-Policy: /m, /^Permissions-Policy: /m, /^Cross-Origin-Opener-Policy: same-origin/m,
        /^Cross-Origin-Resource-Policy: same-origin/m, /^Server: nginx\r?$/m,
      ]) { expect([asked, answer]).toEqual([asked, expect.stringMatching(header)]); }
    }
    expect((await ui.probe('liveness')).status).toBe(0);
    expect(await lab.cluster.delete(ui)).toBe(true);
  });

  test.each(WEB_SERVERS)('uWSGI: it serves %s as its settings say, answers the probes, and ends at SIGTERM once it has answered', async name => {
    const { deployment, configMap, data } = withApplication(lab.object('Deployment', name));
    lab.cluster.setConfigMap(`reana/${configMap}`, data);
    const { spec } = deployment.spec.template;
    const pod = await lab.start(deployment);
    expect((await pod.probe('liveness')).status).toBe(0);
    const { preStop } = spec.containers[0].lifecycle;
    // it is asked before it is told to end, and has its answer ready afterwards
    const seconds = Number(preStop.exec.command[1]) + 4;
    const answer = lab.get(pod, 5000, `/?${seconds}`, '--header', 'Host: reana.example.org', '--header', 'X-Forwarded-Proto: https');
    await until('it is asked', async () => pod.container().log.includes(`asked for ${seconds} s`), PATIENCE, 50);
    const bySelf = await lab.cluster.delete(pod);
    expect(await written(answer)).toMatch(/^HTTP\/1\.1 200 OK[^]*pong$/);
    expect(bySelf).toBe(true);
  });
});

import * as fs from 'fs';
import { Pool } from 'pg';
import { api } from './api';
import { configuration } from './configuration';
import { template } from './engine-job';
import { Engines } from './engines';
import { keepStepLogs } from './kept-logs';
import { inCluster, Kubernetes } from './kubernetes';
import { Log } from './log';
import { Messages } from './messages';
import { migrate } from './migrations';
import { Periodic } from './periodic';
import { Requests } from './requests';
import { Users } from './users';
import { WorkflowObjects } from './workflow-objects';

const HOUR = 3600_000;
/** Kubelets wait longer than this before they kill. */
const GRACE = 20_000;

/** A line of JSON for each thing that happens. */
const write = (level: string) => (fields: object, message: string) => {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, ...fields, msg: message })}\n`);
};
const log: Log = { info: write('info'), warn: write('warn'), error: write('error') };

async function main(): Promise<void> {
  const settings = configuration(process.env);
  template(settings.jobTemplate);
  // where PostgreSQL is, and as whom it is asked, is said by the variables that libpq knows
  const pool = new Pool({
    max: 20,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    statement_timeout: 10_000,
    query_timeout: 12_000,
    application_name: 'wflow-server',
    ...settings.databaseAuthority && { ssl: { ca: fs.readFileSync(settings.databaseAuthority, 'utf8'), rejectUnauthorized: true } },
  });
  // a connection that breaks while nobody uses it: the pool makes another one
  pool.on('error', error => log.warn({ error: error.message }, 'a connection to the database broke'));
  await patiently('the database', () => migrate(pool));

  const requests = new Requests(pool);
  const kubernetes = new Kubernetes(inCluster(process.env));
  const messages = new Messages(kubernetes, settings.namespace);
  const engines = new Engines(requests, kubernetes, messages, settings, log);
  const cancel = async (id: string, reason: string) => {
    const ended = await requests.end(id, 'FAILURE', reason, await saidSoFar(id));
    // what fails here is taken up by the next round
    if (ended) { await engines.remove(id).catch((error: Error) => log.warn({ request: id, error: error.message }, 'an engine could not be removed yet')); }
    engines.soon();
    return ended;
  };
  const saidSoFar = async (id: string) => {
    const [pod] = engines.podsOf(id);
    const tracked = pod && await messages.tracked(id).catch(() => undefined);
    const said = pod ? await messages.log(pod).catch(() => '') : '';
    return { ...said !== '' && { log: said }, ...tracked && { tracked } };
  };
  const changed = () => engines.soon();
  const cancelled = async (id: string, reason: string) => { await cancel(id, reason); };
  const objects = settings.workflows === undefined ? undefined
    : new WorkflowObjects(requests, kubernetes, settings.workflows, settings.allowed, cancelled, changed, log);
  const loops = [
    new Periodic('keeping the logs of steps', 5_000, () => keepStepLogs(requests, messages), log),
    new Periodic('forgetting old requests', HOUR, async () => { await requests.forget(settings.keptDays); }, log),
    ...objects ? [new Periodic('looking at Workflow objects', 1_000, () => objects.round(), log)] : [],
  ];

  const app = api({
    requests,
    messages,
    cancel,
    users: new Users(settings.tokens, settings.admins, settings.readers),
    allowed: settings.allowed,
    mostWaiting: settings.mostWaiting,
    podsOf: id => engines.podsOf(id),
    changed: () => engines.soon(),
    log,
  });
  engines.start();
  objects?.start();
  loops.forEach(loop => loop.start());
  await app.listen({ port: settings.port, host: '::' });

  const stop = async (signal: string) => {
    log.info({ signal }, 'the server ends');
    setTimeout(() => process.exit(1), GRACE).unref();
    await app.close();
    objects?.stop();
    await Promise.all([engines.stop(), ...loops.map(loop => loop.stop())]);
    await pool.end();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT']) { process.once(signal, () => void stop(signal)); }
}

/** Tries until it works: a database that starts later than its server is no reason to end. */
async function patiently(what: string, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= 60) { throw error; }
      log.warn({ error: (error as Error).message }, `${what} isn't there yet`);
      await new Promise(resolve => setTimeout(resolve, 2_000));
    }
  }
}

main().catch((error: Error) => {
  log.error({ error: error.message }, 'the server could not start');
  process.exit(1);
});

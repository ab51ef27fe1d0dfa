import { Pool, PoolClient } from 'pg';
import { Context } from './context';
import { State } from './states';

/** Who starts engines holds the lock of this number, so that two servers never count the same free slot. */
const SLOTS_LOCK = 0x77666c73;

/** A request whose engine has a slot. */
export interface LiveRequest {
  readonly id: string;
  readonly state: State;
  readonly jobUid?: string;
  readonly delivered: boolean;
  readonly secondsSinceStart: number;
}

/** A request as its owner sees it. */
export interface Seen {
  readonly id: string;
  readonly owner: string;
  readonly state: State;
  readonly reason: string;
  readonly context: Context;
}

/** A request that waits for a slot, without whose it is and what it says. */
export interface Waiting {
  readonly id: string;
  readonly state: State;
  readonly registered: Date;
}

/** A request that was made of an object, and what the object's status doesn't say of it yet. */
export interface Told {
  readonly id: string;
  readonly name: string;
  readonly uid: string;
  readonly state: State;
  readonly reason: string;
}

const live = 'state IN (\'STARTED\', \'ACTIVE\')';

/** The requests, as PostgreSQL keeps them. Every change of a state says from which: two who change the same one don't both succeed. */
export class Requests {
  public constructor(private readonly pool: Pool) {}

  /** Adds a request, unless so many of its owner wait already. */
  public async register(id: string, owner: string, context: Context, mostWaiting: number): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `INSERT INTO request (id, owner, context) SELECT $1, $2, $3
       WHERE (SELECT count(*) FROM request WHERE owner = $2 AND state = 'REGISTERED') < $4`, [id, owner, context, mostWaiting]);
    return rowCount === 1;
  }

  /** Adds the request of an object, which is made once however often it is seen; one that is refused ends at once. */
  public async registerObject(
    id: string, owner: string, context: Context, object: { readonly uid: string; readonly name: string }, refused?: string,
  ): Promise<void> {
    await this.pool.query(
      `INSERT INTO request (id, owner, context, object_uid, object_name, state, reason, ended)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (object_uid) DO NOTHING`,
      [id, owner, context, object.uid, object.name, refused === undefined ? 'REGISTERED' : 'FAILURE', refused ?? '', refused === undefined ? null : new Date()]);
  }

  /** Gives the oldest request that waits a slot, if there is one, and says for whom a Job is to be made. */
  public claim(slots: number, tokenHash: Buffer): Promise<string | undefined> {
    return this.transaction(async client => {
      await client.query('SELECT pg_advisory_xact_lock($1)', [SLOTS_LOCK]);
      const { rows: [{ taken }] } = await client.query(`SELECT count(*)::int AS taken FROM request WHERE ${live}`);
      if (taken >= slots) { return undefined; }
      const { rows: [next] } = await client.query(
        'SELECT id FROM request WHERE state = \'REGISTERED\' ORDER BY registered, id LIMIT 1 FOR UPDATE SKIP LOCKED');
      if (!next) { return undefined; }
      await client.query('UPDATE request SET state = \'STARTED\', started = now(), token_hashes = token_hashes || $2::bytea WHERE id = $1', [next.id, tokenHash]);
      return next.id;
    });
  }

  /** Adds a token of a request's engine, when its Secret has to be made again. */
  public async addToken(id: string, tokenHash: Buffer): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `UPDATE request SET token_hashes = token_hashes || $2::bytea WHERE id = $1 AND ${live} AND cardinality(token_hashes) < 1000`, [id, tokenHash]);
    return rowCount === 1;
  }

  /** Keeps which Job is a request's. False if it is live no more, or another one's. */
  public async hasJob(id: string, jobUid: string): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `UPDATE request SET job_uid = $2 WHERE id = $1 AND ${live} AND (job_uid IS NULL OR job_uid = $2)`, [id, jobUid]);
    return rowCount === 1;
  }

  public async delivered(id: string): Promise<void> {
    await this.pool.query('UPDATE request SET delivered = true WHERE id = $1', [id]);
  }

  /** Puts a request back that no Job could be made for, at its old place. */
  public async putBack(id: string, reason: string): Promise<void> {
    await this.pool.query(
      'UPDATE request SET state = \'REGISTERED\', started = NULL, reason = $2 WHERE id = $1 AND state = \'STARTED\' AND job_uid IS NULL', [id, reason]);
  }

  public async active(id: string): Promise<void> {
    await this.pool.query('UPDATE request SET state = \'ACTIVE\', active = now(), reason = \'\' WHERE id = $1 AND state = \'STARTED\'', [id]);
  }

  /** Ends a request, from whatever state it is in, with what is kept of it. False if it has ended before. The token for its inputs is forgotten. */
  public async end(
    id: string, state: 'SUCCESS' | 'FAILURE', reason: string, kept: { readonly log?: string; readonly tracked?: object } = {},
  ): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `UPDATE request SET state = $2, reason = $3, ended = now(), log = coalesce($4, log), tracked = coalesce($5, tracked), context = context - 'inputAuth'
       WHERE id = $1 AND state NOT IN ('SUCCESS', 'FAILURE')`,
      [id, state, stored(reason).slice(0, 2000), kept.log === undefined ? null : stored(kept.log), kept.tracked ?? null]);
    return rowCount === 1;
  }

  public async live(): Promise<LiveRequest[]> {
    const { rows } = await this.pool.query(
      `SELECT id, state, job_uid, delivered, extract(epoch FROM now() - started)::float AS seconds
       FROM request WHERE ${live} ORDER BY started, id`);
    return rows.map(({ id, state, job_uid: jobUid, delivered, seconds }) =>
      ({ id, state, jobUid: jobUid ?? undefined, delivered, secondsSinceStart: seconds }));
  }

  /** Which of these requests are live, or wait: an engine of any other has no business. */
  public async notEnded(ids: readonly string[]): Promise<Set<string>> {
    const { rows } = await this.pool.query('SELECT id FROM request WHERE id = ANY($1::uuid[]) AND state NOT IN (\'SUCCESS\', \'FAILURE\')', [ids]);
    return new Set(rows.map(({ id }) => id));
  }

  /** Of these requests those that somebody may see, by their ids: his own, or all. */
  public async seen(ids: readonly string[], owner: string | undefined): Promise<Map<string, Seen>> {
    const { rows } = await this.pool.query(
      'SELECT id, owner, state, reason, context FROM request WHERE id = ANY($1::uuid[]) AND ($2::text IS NULL OR owner = $2)', [ids, owner ?? null]);
    return new Map(rows.map(row => [row.id, row]));
  }

  /** The context of a request whose engine has this token, while it runs. */
  public async contextFor(id: string, tokenHash: Buffer): Promise<Context | undefined> {
    const { rows: [row] } = await this.pool.query(`SELECT context FROM request WHERE id = $1 AND ${live} AND $2::bytea = ANY(token_hashes)`, [id, tokenHash]);
    return row?.context;
  }

  public async isEngine(tokenHash: Buffer): Promise<boolean> {
    const { rowCount } = await this.pool.query(`SELECT 1 FROM request WHERE ${live} AND $1::bytea = ANY(token_hashes)`, [tokenHash]);
    return rowCount! > 0;
  }

  /** The newest requests that somebody may see. */
  public async list(owner: string | undefined, most: number): Promise<string[]> {
    const { rows } = await this.pool.query(
      'SELECT id FROM request WHERE $1::text IS NULL OR owner = $1 ORDER BY registered DESC, id LIMIT $2', [owner ?? null, most]);
    return rows.map(({ id }) => id);
  }

  /** The requests of all that wait, in the order in which they get slots. */
  public async waiting(most: number): Promise<Waiting[]> {
    const { rows } = await this.pool.query('SELECT id, state, registered FROM request WHERE state = \'REGISTERED\' ORDER BY registered, id LIMIT $1', [most]);
    return rows;
  }

  /** What was kept of a request when it ended. */
  public async kept(id: string): Promise<{ readonly log: string; readonly tracked?: object } | undefined> {
    const { rows: [row] } = await this.pool.query('SELECT log, tracked FROM request WHERE id = $1', [id]);
    return row && { log: row.log ?? '', ...row.tracked && { tracked: row.tracked } };
  }

  /** The log of a step of an ended request, if somebody may see it. */
  public async stepLog(job: string, owner: string | undefined): Promise<string | undefined> {
    const { rows: [row] } = await this.pool.query(
      'SELECT s.log FROM step_log s JOIN request r ON r.id = s.request WHERE s.job = $1 AND ($2::text IS NULL OR r.owner = $2)', [job, owner ?? null]);
    return row?.log;
  }

  /** Requests that have ended and whose steps' logs aren't kept yet. */
  public async stepsToKeep(): Promise<string[]> {
    const { rows } = await this.pool.query(
      'SELECT id FROM request WHERE state IN (\'SUCCESS\', \'FAILURE\') AND NOT steps_kept AND job_uid IS NOT NULL ORDER BY ended LIMIT 10');
    return rows.map(({ id }) => id);
  }

  /** Keeps the log of a step, once. */
  public async keepStep(id: string, job: string, log: string): Promise<void> {
    await this.pool.query('INSERT INTO step_log (request, job, log) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [id, job, stored(log)]);
  }

  /** All logs of steps that there were are kept. */
  public async keptSteps(id: string): Promise<void> {
    await this.pool.query('UPDATE request SET steps_kept = true WHERE id = $1', [id]);
  }

  /** The requests of objects whose status says something else. */
  public async toTell(): Promise<Told[]> {
    const { rows } = await this.pool.query(
      `SELECT id, object_name AS name, object_uid AS uid, state, reason FROM request
       WHERE object_uid IS NOT NULL AND object_told IS DISTINCT FROM state ORDER BY registered LIMIT 100`);
    return rows;
  }

  public async told(id: string, state: State): Promise<void> {
    await this.pool.query('UPDATE request SET object_told = $2 WHERE id = $1', [id, state]);
  }

  /** The requests of objects that aren't among these any more, and have not ended. */
  public async withoutObject(uids: readonly string[]): Promise<string[]> {
    const { rows } = await this.pool.query(
      'SELECT id FROM request WHERE object_uid IS NOT NULL AND state NOT IN (\'SUCCESS\', \'FAILURE\') AND object_uid <> ALL($1::uuid[])', [uids]);
    return rows.map(({ id }) => id);
  }

  /** Forgets what ended so many days ago. */
  public async forget(days: number): Promise<number> {
    const { rowCount } = await this.pool.query('DELETE FROM request WHERE ended < now() - $1::int * interval \'1 day\'', [days]);
    return rowCount ?? 0;
  }

  public async ping(): Promise<void> {
    await this.pool.query('SELECT 1');
  }

  private async transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      broken = await client.query('ROLLBACK').then(() => undefined, (reason: Error) => reason);
      throw error;
    } finally {
      // a connection that can't even roll back is closed
      client.release(broken);
    }
  }
}

/** PostgreSQL keeps no U+0000, which a program may well write into its log. */
function stored(text: string): string {
  return text.replace(/\0/g, '\ufffd');
}

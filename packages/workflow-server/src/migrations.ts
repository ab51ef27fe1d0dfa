import { Pool } from 'pg';

/** What made the tables, in order. An entry is never changed once it was released: what comes later is a further one. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE request (
     id uuid PRIMARY KEY,
     owner text NOT NULL,
     state text NOT NULL DEFAULT 'REGISTERED' CHECK (state IN ('REGISTERED', 'STARTED', 'ACTIVE', 'SUCCESS', 'FAILURE')),
     reason text NOT NULL DEFAULT '',
     context jsonb NOT NULL,
     -- SHA-256 of the tokens that were made for its engine: one of them is in its Secret
     token_hashes bytea[] NOT NULL DEFAULT '{}',
     job_uid uuid,
     -- the engine's Secret is there
     delivered boolean NOT NULL DEFAULT false,
     registered timestamptz NOT NULL DEFAULT now(),
     started timestamptz,
     active timestamptz,
     ended timestamptz,
     -- what outlives its Jobs
     log text,
     tracked jsonb,
     steps_kept boolean NOT NULL DEFAULT false,
     -- the object that it was made of
     object_uid uuid UNIQUE,
     object_name text,
     object_told text
   );
   CREATE INDEX request_waiting ON request (registered, id) WHERE state = 'REGISTERED';
   CREATE INDEX request_live ON request (id) WHERE state IN ('STARTED', 'ACTIVE');
   CREATE INDEX request_of ON request (owner, registered);
   CREATE TABLE step_log (
     request uuid NOT NULL REFERENCES request ON DELETE CASCADE,
     job text NOT NULL,
     log text NOT NULL,
     PRIMARY KEY (job, request)
   );`,
];

/** Any number: who migrates holds the lock of it, and others wait. */
const LOCK = 0x77666c6f;

/** Brings the tables to what this program knows. Those of a newer program are left as they are, and refused. */
export async function migrate(pool: Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    await client.query('CREATE TABLE IF NOT EXISTS migration (version integer PRIMARY KEY, made timestamptz NOT NULL DEFAULT now())');
    const { rows: [{ version }] } = await client.query('SELECT coalesce(max(version), 0) AS version FROM migration');
    if (version > MIGRATIONS.length) { throw new Error(`the database is of version ${version}, this program knows ${MIGRATIONS.length}`); }
    for (const [index, migration] of MIGRATIONS.entries()) {
      if (index < version) { continue; }
      await client.query(migration);
      await client.query('INSERT INTO migration (version) VALUES ($1)', [index + 1]);
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

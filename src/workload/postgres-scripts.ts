/** Where a service's files are mounted. */
export const CONFIGURATION = '/configuration';

/** Where a service writes what must not outlive its pod: a directory in memory. */
export const RUN = '/run/service';

/** PostgreSQL's current major version. */
export const POSTGRES_IMAGE = 'docker.io/library/postgres:18.4';

/** Where the volume of PostgreSQL is mounted, and its directory in it: a volume may have a lost+found. */
export const POSTGRES_VOLUME = '/var/lib/postgresql';
const DATA = `${POSTGRES_VOLUME}/data`;

/** Debian has PostgreSQL's programs in a directory of its version; the official image has that in its PATH. */
const PROGRAMS = 'PATH=$PATH:$(echo /usr/lib/postgresql/*/bin)';

/** PostgreSQL's own configuration, complete in itself: nothing in the volume or the image adds to it. */
export function postgresConfiguration(maxConnections: number, sharedBuffersMebibytes: number): string {
  return [
    "listen_addresses = '*'",
    'port = 5432',
    `unix_socket_directories = '${RUN}'`,
    `hba_file = '${CONFIGURATION}/pg_hba.conf'`,
    `max_connections = ${maxConnections}`,
    `shared_buffers = ${sharedBuffersMebibytes}MB`,
    "password_encryption = 'scram-sha-256'",
    "timezone = 'UTC'",
    "log_timezone = 'UTC'",
    // the kubelet keeps what comes on the standard error
    'logging_collector = off',
    "log_line_prefix = '%m [%p] %u@%d '",
    '',
  ].join('\n');
}

/** Who may connect: the superuser from within the pod alone, as the user that the pod is; anybody else with a password. */
export const POSTGRES_ACCESS = [
  'local all postgres peer',
  'host  all postgres all reject',
  'local all all scram-sha-256',
  'host  all all all scram-sha-256',
  '',
].join('\n');

/** The owner of a database, as the pod is told who it is. */
export interface PostgresOwner {
  /** The variables with its name and its password. */
  readonly user: string;
  readonly password: string;
  /** Shell that ends the container if they can't be used. */
  readonly check: string;
  /** Whose they are, for messages. */
  readonly whose: string;
}

/**
 * Makes the database and its owner, or finds them; the owner has the password of the Secret afterwards. The owner isn't superuser.
 *
 * What initdb left that was interrupted is thrown away: the directory gets its name when it is complete.
 */
export function preparePostgres(databaseName: string, { user, password, check, whose }: PostgresOwner): string {
  return [
    '#!/bin/sh',
    'set -eu',
    check,
    `if [ "$${user}" = postgres ]; then echo "${user} is postgres, the superuser: ${whose} must be another" >&2; exit 64; fi`,
    PROGRAMS,
    `data=${DATA}`,
    'if [ ! -d "$data" ]; then',
    '  rm -rf "$data.new"',
    '  initdb --pgdata="$data.new" --username=postgres --encoding=UTF8 --locale=C.UTF-8 --auth=reject --data-checksums',
    '  sync',
    '  mv "$data.new" "$data"',
    'fi',
    // a volume with an fsGroup may have made it the group's
    'chmod 700 "$data"',
    'mine=$(postgres --version | sed "s/[^0-9]*\\([0-9]*\\).*/\\1/")',
    'its=$(cat "$data/PG_VERSION")',
    'if [ "$mine" != "$its" ]; then',
    '  echo "the volume holds data of PostgreSQL $its, and this is PostgreSQL $mine: dump with the old image and restore with the new one" >&2',
    '  exit 64',
    'fi',
    // nobody else can reach it yet
    `pg_ctl --pgdata="$data" --wait --timeout=3600 -o "-c config_file=${CONFIGURATION}/postgresql.conf -c listen_addresses=" start`,
    `psql --host=${RUN} --username=postgres --dbname=postgres --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \\`,
    `  --set=owner="$${user}" --set=password="$${password}" --set=database=${databaseName} <<'SQL'`,
    "SELECT format('CREATE ROLE %I LOGIN', :'owner') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'owner') \\gexec",
    'ALTER ROLE :"owner" LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :\'password\';',
    "SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'owner') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \\gexec",
    'ALTER DATABASE :"database" OWNER TO :"owner";',
    // nor is anybody but the superuser let into PostgreSQL's own databases
    'REVOKE CONNECT ON DATABASE :"database", postgres, template1 FROM PUBLIC;',
    'SQL',
    'pg_ctl --pgdata="$data" --wait --mode=fast stop',
    '',
  ].join('\n');
}

/** Starts it for good, as the container's own process. */
export const START_POSTGRES = [
  '#!/bin/sh',
  'set -eu',
  PROGRAMS,
  `exec postgres -D ${DATA} -c config_file=${CONFIGURATION}/postgresql.conf`,
  '',
].join('\n');

/** PostgreSQL takes a TERM for the wish to wait until all clients have left; an INT sends them away. */
export const STOP_POSTGRES = 'kill -INT 1';

/** Whether it takes connections. One that recovers from a crash isn't dead. */
export const ASK_POSTGRES = {
  ready: `${PROGRAMS} && pg_isready --quiet --host=${RUN} --timeout=5`,
  alive: `${PROGRAMS} && { pg_isready --quiet --host=${RUN} --timeout=15; [ $? -le 1 ]; }`,
};

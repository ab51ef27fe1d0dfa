import { ApiObject, Size } from 'cdk8s';
import { ContainerResources } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { credentialEnvironment, CREDENTIALS } from './credentials';
import { preparePostgres } from './database-scripts';
import { PgBouncer, pgBouncerProblems, ReanaPgBouncerOptions } from './pgbouncer';
import { IReanaDatabase, ReanaCredentials } from './reana-backing-services';
import { BESIDE_PGBOUNCER } from './reana-edges';
import { ReanaNames, SERVICE_PORTS } from './reana-names';
import { ReanaServiceProps } from './reana-service-props';
import { namesOf, serviceProblems, StatefulService } from './stateful-service';
import { problem } from '../problem';
import { containerResources } from '../workload/container-resources';
import {
  ASK_POSTGRES, CONFIGURATION, POSTGRES_ACCESS, POSTGRES_IMAGE, POSTGRES_VOLUME, postgresConfiguration, START_POSTGRES, STOP_POSTGRES,
} from '../workload/postgres-scripts';
import { SecretReference } from '../workload/secret-reference';

/** Properties of a `ReanaDatabase`. */
export interface ReanaDatabaseProps extends ReanaServiceProps {
  /**
   * PostgreSQL, 13 or newer. The image must know its user 999 by a name, `postgres`, as the official ones of Debian do. Data of another major version
   * is refused when the pod starts, and stays as it is.
   *
   * @default 'docker.io/library/postgres:18.4'
   */
  readonly image?: string;

  /**
   * The database's name (`REANA_DB_NAME`).
   *
   * Refused: what isn't lower-case letters, digits and underscores, at most 63, and `postgres` and templates.
   *
   * @default 'reana'
   */
  readonly databaseName?: string;

  /**
   * How many clients it serves at once (`max_connections`). Each running workflow has one connection, and each process of the server and the workflow
   * controller some.
   *
   * Refused: less than 20, more than 5000.
   *
   * @default 300
   */
  readonly maxConnections?: number;

  /**
   * A PgBouncer before it, through which REANA connects: many workflows share few connections.
   *
   * @default - none
   */
  readonly pgBouncer?: ReanaPgBouncerOptions;
}

/** A PostgreSQL that is already there. */
export interface ExternalReanaDatabase {
  /** The DNS name or address of PostgreSQL, or of a pooler before it (`REANA_DB_HOST`). */
  readonly host: string;

  /**
   * Its TCP port (`REANA_DB_PORT`). Policies let the initialisation, dumps and CronJobs out to this port alone: it must be that of `uri`, where there is one.
   *
   * @default 5432
   */
  readonly port?: number;

  /**
   * The database's name (`REANA_DB_NAME`). It must be there, and be owned by the user.
   *
   * @default 'reana'
   */
  readonly databaseName?: string;

  /**
   * The database's owner (`REANA_DB_USERNAME`, `REANA_DB_PASSWORD`).
   *
   * @default - the Secret `reana-db-secrets`, keys `user` and `password`
   */
  readonly credentials?: ReanaCredentials;

  /**
   * A whole URI (`REANA_SQLALCHEMY_DATABASE_URI`), for TLS: `postgresql+psycopg2://USER:PASSWORD@HOST:PORT/NAME?sslmode=verify-full&sslrootcert=system`.
   * The workflow controller hands it to the job controllers. The rest must say the same: policies and backups go by it.
   *
   * @default - made of the rest, with libpq's default of `sslmode=prefer`
   */
  readonly uri?: SecretReference;

  /**
   * The labels of its pods, where it is in the namespace of REANA's services.
   *
   * @default - it is elsewhere
   */
  readonly podLabels?: { [label: string]: string };
}

/**
 * Where REANA keeps what it knows: PostgreSQL, as a StatefulSet of one pod.
 *
 * The pod's first container makes the database and its owner, or gives the owner the password that the Secret has now. The owner isn't the superuser,
 * whom nobody reaches from outside of the pod. Tables are made by the platform's initialisation.
 */
export class ReanaDatabase extends Construct implements IReanaDatabase {
  /**
   * A database that is already there. Nothing is made for it.
   *
   * @param database where it is, and as whom REANA connects
   */
  public static external(database: ExternalReanaDatabase): IReanaDatabase {
    return {
      ...database,
      port: database.port ?? SERVICE_PORTS.db.port,
      databaseName: database.databaseName ?? DATABASE_NAME,
      credentials: database.credentials ?? { secretName: 'reana-db-secrets' },
    };
  }

  public readonly host: string;
  public readonly port: number;
  public readonly databaseName: string;
  public readonly credentials: ReanaCredentials;
  public readonly uri?: SecretReference;
  public readonly podLabels?: { [label: string]: string };

  /** The namespace. */
  public readonly namespace: string;

  /** The StatefulSet of PostgreSQL, for patches of what the properties don't reach. */
  public readonly statefulSet: ApiObject;

  /** @internal */
  public readonly _names: ReanaNames;

  private readonly props: ReanaDatabaseProps;

  /**
   * @param scope the cluster of REANA's services, or any chart
   * @param id any id
   * @param props its size, and whose it is
   */
  public constructor(scope: Construct, id: string, props: ReanaDatabaseProps = {}) {
    super(scope, id);
    this.props = props;
    this._names = namesOf(this, props);
    const { _names: names } = this;
    const { databaseName = DATABASE_NAME, credentials = { secretName: names.databaseSecret }, pgBouncer } = props;
    const way = pgBouncer ? 'pgbouncer' : 'db';
    this.namespace = names.namespace;
    this.host = names.host(way);
    this.port = SERVICE_PORTS[way].port;
    this.podLabels = names.selector(way);
    this.databaseName = databaseName;
    this.credentials = credentials;
    const probe = (question: string) => ({ exec: { command: ['/bin/sh', '-c', question] } });
    const service = new StatefulService(this, 'Server', {
      names,
      component: 'db',
      props,
      image: this.image,
      files: {
        'postgresql.conf': postgresConfiguration(this.maxConnections, sharedBuffers(props.resources)),
        'pg_hba.conf': POSTGRES_ACCESS,
        'prepare.sh': preparePostgres(databaseName),
        'start.sh': START_POSTGRES,
      },
      environment: credentialEnvironment(credentials, CREDENTIALS.database),
      prepare: ['/bin/sh', `${CONFIGURATION}/prepare.sh`],
      command: ['/bin/sh', `${CONFIGURATION}/start.sh`],
      probes: {
        // a recovery takes what it takes
        startupProbe: { ...probe(ASK_POSTGRES.ready), periodSeconds: 5, timeoutSeconds: 10, failureThreshold: 720 },
        livenessProbe: { ...probe(ASK_POSTGRES.alive), periodSeconds: 30, timeoutSeconds: 20, failureThreshold: 6 },
        readinessProbe: { ...probe(ASK_POSTGRES.ready), periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 3 },
      },
      lifecycle: { preStop: { exec: { command: ['/bin/sh', '-c', STOP_POSTGRES] } } },
      resources: containerResources(props.resources, { cpu: '250m', memory: '1Gi', limit: `${DEFAULT_LIMIT.toMebibytes()}Mi` }),
      port: SERVICE_PORTS.db.targetPort,
      ...pgBouncer && { admitted: BESIDE_PGBOUNCER },
      data: { path: POSTGRES_VOLUME, size: this.storage },
      // parallel queries share memory there, of which a container has 64 MiB otherwise
      memory: { '/dev/shm': Size.mebibytes(256) },
      terminationGracePeriodSeconds: 120,
    });
    this.statefulSet = service.statefulSet;
    this.node.defaultChild = service.statefulSet;
    if (pgBouncer) { new PgBouncer(this, 'PgBouncer', { names, databaseName, credentials, options: pgBouncer, service: props }); }
    this.node.addValidation({ validate: () => this.problems() });
  }

  /**
   * Where PostgreSQL itself listens, whatever is before it.
   *
   * @internal
   */
  public get _server(): Pick<IReanaDatabase, 'host' | 'port' | 'podLabels'> {
    return { host: this._names.host('db'), port: SERVICE_PORTS.db.port, podLabels: this._names.selector('db') };
  }

  private get image(): string { return this.props.image ?? POSTGRES_IMAGE; }

  private get storage(): Size { return this.props.storage ?? Size.gibibytes(20); }

  private get maxConnections(): number { return this.props.maxConnections ?? 300; }

  private problems(): string[] {
    const { props, databaseName, maxConnections } = this;
    const problems = serviceProblems(this, this._names, props, this.credentials, this.image, this.storage);
    if (!/^[a-z_][a-z0-9_]{0,62}$/.test(databaseName) || /^(postgres|template[01])$/.test(databaseName)) {
      problems.push(problem('databaseName', databaseName, 'lower-case letters, digits and underscores, at most 63, and none of PostgreSQL\'s own'));
    }
    if (!(Number.isInteger(maxConnections) && maxConnections >= 20 && maxConnections <= 5000)) {
      problems.push(problem('maxConnections', maxConnections, 'a whole number from 20 to 5000'));
    }
    if (props.pgBouncer) { problems.push(...pgBouncerProblems(props.pgBouncer, maxConnections)); }
    return problems;
  }
}

const DATABASE_NAME = 'reana';

const DEFAULT_LIMIT = Size.gibibytes(2);

/** A quarter of the memory, as PostgreSQL's manual has it. */
function sharedBuffers(resources: ContainerResources | undefined): number {
  return Math.max(16, Math.floor((resources ? resources.memory?.limit ?? Size.mebibytes(512) : DEFAULT_LIMIT).toMebibytes() / 4));
}

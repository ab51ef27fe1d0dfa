import { SecretReference } from '../workload/secret-reference';

/**
 * Who somebody is at a service, in a Secret that somebody else creates, in the namespace of REANA's services.
 *
 * REANA puts both into URLs as they are: user and password have to be of letters, digits, `-`, `_`, `.` and `~` alone.
 */
export interface ReanaCredentials {
  /** The name of the Secret. */
  readonly secretName: string;

  /**
   * The key of the user's name.
   *
   * @default 'user'
   */
  readonly userKey?: string;

  /**
   * The key of the password.
   *
   * @default 'password'
   */
  readonly passwordKey?: string;
}

/** Where REANA keeps what it knows of users, workflows and jobs: a PostgreSQL database. */
export interface IReanaDatabase {
  /** The DNS name or address that clients connect to (`REANA_DB_HOST`): PostgreSQL's, or PgBouncer's before it. */
  readonly host: string;

  /** The TCP port (`REANA_DB_PORT`). */
  readonly port: number;

  /** The name of the database (`REANA_DB_NAME`). */
  readonly databaseName: string;

  /** The database's owner (`REANA_DB_USERNAME`, `REANA_DB_PASSWORD`). */
  readonly credentials: ReanaCredentials;

  /**
   * A whole URI (`REANA_SQLALCHEMY_DATABASE_URI`), which is used instead of the rest: the way to `sslmode` and other options of the connection.
   *
   * @default - made of the rest
   */
  readonly uri?: SecretReference;

  /**
   * The labels of the pods that listen at `port`, in the namespace of REANA's services.
   *
   * @default - it is outside of the cluster
   */
  readonly podLabels?: { [label: string]: string };
}

/** What carries messages between REANA's components: RabbitMQ. */
export interface IReanaMessageBroker {
  /** The DNS name or address that clients connect to. REANA itself asks for `<prefix>-message-broker.<namespace>` unless there is a `url`. */
  readonly host: string;

  /** The TCP port of AMQP. REANA itself asks for 5672 unless there is a `url`. */
  readonly port: number;

  /** Who REANA is (`RABBIT_MQ_USER`, `RABBIT_MQ_PASS`). */
  readonly credentials: ReanaCredentials;

  /**
   * A whole AMQP URL (`RABBIT_MQ`), which is used instead of the rest.
   *
   * @default - made of the rest
   */
  readonly url?: SecretReference;

  /**
   * The labels of the pods that listen at `port`, in the namespace of REANA's services.
   *
   * @default - it is outside of the cluster
   */
  readonly podLabels?: { [label: string]: string };
}

/** Where REANA keeps the sessions of its web users: Redis. */
export interface IReanaCache {
  /** The DNS name or address that clients connect to. REANA itself asks for `<prefix>-cache.<namespace>` unless there is a `url`. */
  readonly host: string;

  /** The TCP port. REANA itself asks for 6379 unless there is a `url`. */
  readonly port: number;

  /** Who REANA is (`REANA_CACHE_USER`, `REANA_CACHE_PASSWORD`). */
  readonly credentials: ReanaCredentials;

  /**
   * A whole URL of Redis, with the number of the database (`INVENIO_ACCOUNTS_SESSION_REDIS_URL`), which is used instead of the rest.
   *
   * @default - made of the rest
   */
  readonly url?: SecretReference;

  /**
   * The labels of the pods that listen at `port`, in the namespace of REANA's services.
   *
   * @default - it is outside of the cluster
   */
  readonly podLabels?: { [label: string]: string };
}

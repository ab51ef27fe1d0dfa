import { ApiObject, Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { credentialEnvironment, CREDENTIALS } from './credentials';
import { IReanaDatabase } from './reana-backing-services';
import { ReanaDatabase } from './reana-database';
import { databaseAlone } from './reana-edges';
import { ReanaNames } from './reana-names';
import { ReanaIdentity } from './reana-service-props';
import { declareImages } from './reana-traffic';
import { identityProblems, namesOf } from './stateful-service';
import { isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';
import { cronSchedule, isSchedulable, SCHEDULABLE } from '../workload/cron-schedule';
import { filesDigest, HARDENED_CONTAINER, hardenedPod, pullSecrets, SERVICE_USER } from '../workload/hardened-pod';
import { IMAGE, isImage } from '../workload/image-reference';
import { digest } from '../workload/named-by-content';
import { PodSecurityLevel, WorkloadNamespace } from '../workload/namespace';
import { addNetworkPolicy } from '../workload/network-policy';
import { CONFIGURATION, POSTGRES_IMAGE } from '../workload/postgres-scripts';
import { quantity } from '../workload/quantity';

/** Properties of a `ReanaDatabaseBackup`. */
export interface ReanaDatabaseBackupProps extends ReanaIdentity {
  /** The database: a `ReanaDatabase`, or one from elsewhere. Refused: a `ReanaDatabase` of another prefix or namespace, which lets in nobody from here. */
  readonly database: IReanaDatabase;

  /**
   * An image with PostgreSQL's `pg_dump` and `pg_restore`, of the database's major version or a newer one.
   *
   * @default 'docker.io/library/postgres:18.4'
   */
  readonly image?: string;

  /**
   * How often a dump is made (the CronJob's `schedule`, in UTC). What happens after the last dump is not in it.
   *
   * Refused: what no schedule can say. It can say a part of an hour that has whole minutes, from 5 on, a part of a day that has whole
   * hours, a day, and a week.
   *
   * @default Duration.days(1)
   */
  readonly interval?: Duration;

  /**
   * How many dumps are kept. An older one is deleted when the next is complete.
   *
   * Refused: less than one, a part of one.
   *
   * @default 14
   */
  readonly keep?: number;

  /**
   * A claim that is there, for the dumps.
   *
   * @default - a claim `<prefix>-db-backup` is made
   */
  readonly claimName?: string;

  /**
   * The size of the claim. Dumps are compressed.
   *
   * Refused: together with `claimName`; less than 1 GiB.
   *
   * @default Size.gibibytes(20)
   */
  readonly size?: Size;

  /**
   * The StorageClass of the claim: another storage system than the database's own, or both are lost together.
   *
   * Refused: together with `claimName`.
   *
   * @default - the cluster's default one
   */
  readonly storageClass?: string;

  /**
   * Names of Secrets of the type `kubernetes.io/dockerconfigjson`, for private registries.
   *
   * @default - none
   */
  readonly imagePullSecrets?: string[];
}

const BACKUP = '/backup';

const URI = 'REANA_SQLALCHEMY_DATABASE_URI';

/** How long a restore may take. */
const RESTORE_DEADLINE = Duration.hours(12);

/**
 * Dumps of REANA's database (`pg_dump`), each of one moment, made while it goes on.
 *
 * The CronJob `<prefix>-db-backup` makes them. `<prefix>-db-restore` never runs by itself: `kubectl create job --from=cronjob/<prefix>-db-restore NAME`
 * puts the newest dump back, in one transaction, while REANA is in maintenance; what was there before is dumped first. Workspaces are not in it, and
 * neither is `REANA_SECRET_KEY`, without which the tokens and secrets in a dump can't be read.
 */
export class ReanaDatabaseBackup extends Construct {
  /** The namespace. */
  public readonly namespace: string;

  private readonly props: ReanaDatabaseBackupProps;
  private readonly names: ReanaNames;

  /**
   * @param scope the cluster of REANA's services
   * @param id any id
   * @param props the database, how often, and where to
   */
  public constructor(scope: Construct, id: string, props: ReanaDatabaseBackupProps) {
    super(scope, id);
    this.props = props;
    this.names = namesOf(this, props);
    this.namespace = this.names.namespace;
    const { names, claim } = this;
    const metadata = this.metadata(names.component('db-backup'));
    WorkloadNamespace.of(this, this.namespace).admit(this, PodSecurityLevel.RESTRICTED);
    new ApiObject(this, 'ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false });
    const files = { 'backup.sh': backupScript(props.keep ?? 14), 'restore.sh': RESTORE };
    new ApiObject(this, 'ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: files });
    addNetworkPolicy(this, metadata, names.selector('db-backup'), { ingress: [], egress: databaseAlone(this.server) });
    if (props.claimName === undefined) {
      new ApiObject(this, 'Claim', {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: this.metadata(claim),
        spec: {
          accessModes: ['ReadWriteOnce'],
          ...props.storageClass !== undefined && { storageClassName: props.storageClass },
          resources: { requests: { storage: quantity(this.size) } },
        },
      });
    }
    const seconds = Math.round(this.interval.toSeconds({ integral: false }));
    const common = { timeZone: 'Etc/UTC', concurrencyPolicy: 'Forbid', successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 1 };
    new ApiObject(this, 'Backup', {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata,
      spec: {
        schedule: isSchedulable(this.interval) ? cronSchedule(this.interval, parseInt(digest(this.node.path), 16) % (7 * 24 * 60)) : '',
        ...common,
        startingDeadlineSeconds: seconds,
        jobTemplate: this.job('backup.sh', seconds, files),
      },
    });
    new ApiObject(this, 'Restore', {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: this.metadata(names.component('db-restore')),
      // a CronJob must have a schedule, also one that never runs by itself
      spec: { schedule: '0 0 1 1 *', ...common, suspend: true, jobTemplate: this.job('restore.sh', RESTORE_DEADLINE.toSeconds(), files) },
    });
    declareImages(this, props.image ?? POSTGRES_IMAGE);
    this.node.addValidation({ validate: () => this.problems() });
  }

  private get interval(): Duration { return this.props.interval ?? Duration.days(1); }

  private get size(): Size { return this.props.size ?? Size.gibibytes(20); }

  private get claim(): string { return this.props.claimName ?? this.names.component('db-backup'); }

  /** A dump is one long transaction, which a pooler has no use for. */
  private get server(): Pick<IReanaDatabase, 'host' | 'port' | 'podLabels'> {
    const { database } = this.props;
    return database instanceof ReanaDatabase ? database._server : database;
  }

  private metadata(name: string) {
    return { name, namespace: this.names.namespace, labels: this.names.labels('db-backup') };
  }

  private job(script: string, deadline: number, files: { [file: string]: string }): object {
    const { database, image = POSTGRES_IMAGE, imagePullSecrets } = this.props;
    const { host, port } = this.server;
    const name = this.names.component('db-backup');
    const { uri } = database;
    const credentials = uri
      ? [{ name: URI, valueFrom: { secretKeyRef: { name: uri.secretName, key: uri.key ?? URI } } }]
      : credentialEnvironment(database.credentials, CREDENTIALS.database);
    return {
      spec: {
        backoffLimit: 2,
        activeDeadlineSeconds: deadline,
        template: {
          metadata: { labels: this.names.labels('db-backup'), annotations: filesDigest(files) },
          spec: {
            serviceAccountName: name,
            ...hardenedPod(SERVICE_USER),
            ...pullSecrets(imagePullSecrets),
            restartPolicy: 'Never',
            containers: [{
              name: 'backup',
              image,
              command: ['/bin/sh', `${CONFIGURATION}/${script}`],
              env: [
                { name: 'REANA_DB_HOST', value: host }, { name: 'REANA_DB_PORT', value: `${port}` }, { name: 'REANA_DB_NAME', value: database.databaseName },
                ...credentials,
              ],
              securityContext: HARDENED_CONTAINER,
              resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '512Mi' } },
              volumeMounts: [
                { name: 'configuration', mountPath: CONFIGURATION, readOnly: true }, { name: 'backup', mountPath: BACKUP }, { name: 'tmp', mountPath: '/tmp' },
              ],
            }],
            volumes: [
              { name: 'configuration', configMap: { name } }, { name: 'backup', persistentVolumeClaim: { claimName: this.claim } },
              { name: 'tmp', emptyDir: {} },
            ],
          },
        },
      },
    };
  }

  private problems(): string[] {
    const { database, image, interval, keep, claimName, size, storageClass } = this.props;
    const problems = identityProblems(this.names);
    if (database instanceof ReanaDatabase && database._server.host !== this.names.host('db')) {
      problems.push(problem('database', database._server.host, `that of this prefix and namespace, ${this.names.host('db')}: no other lets the dumps\' pods in`));
    }
    if (image !== undefined && !isImage(image)) { problems.push(problem('image', image, IMAGE)); }
    if (interval && !isSchedulable(interval)) { problems.push(problem('interval', `${interval.toSeconds({ integral: false })} s`, SCHEDULABLE)); }
    if (keep !== undefined && !(Number.isInteger(keep) && keep >= 1)) { problems.push(problem('keep', keep, 'a whole number from 1')); }
    if (size && size.toMebibytes() < 1024) { problems.push(problem('size', `${size.toMebibytes()} MiB`, 'at least 1024 MiB')); }
    if (claimName !== undefined) {
      if (size) { problems.push(problem('size', `${size.toMebibytes()} MiB`, 'only without claimName')); }
      if (storageClass !== undefined) { problems.push(problem('storageClass', storageClass, 'only without claimName')); }
      if (!isDnsSubdomain(claimName)) { problems.push(problem('claimName', claimName, 'the name of a PersistentVolumeClaim')); }
    }
    return problems;
  }
}

/** libpq's way to the database: a URI of SQLAlchemy without its driver, or variables. */
const CONNECT = [
  '#!/bin/sh',
  'set -eu',
  'umask 077',
  'PATH=$PATH:$(echo /usr/lib/postgresql/*/bin)',
  `if [ -n "\${${URI}:-}" ]; then`,
  `  database=$(printf %s "$${URI}" | sed "s#^postgresql+[a-z0-9]*://#postgresql://#")`,
  'else',
  '  database=$REANA_DB_NAME',
  '  export PGHOST="$REANA_DB_HOST" PGPORT="$REANA_DB_PORT" PGUSER="$REANA_DB_USERNAME" PGPASSWORD="$REANA_DB_PASSWORD"',
  'fi',
  'now=$(date -u +%Y-%m-%dT%H.%M.%SZ)',
  `cd ${BACKUP}`,
  // $1 the file: it has its name when it is complete and can be read
  'dump() {',
  '  pg_dump --dbname="$database" --format=custom --no-owner --no-privileges --file="$1.part"',
  '  pg_restore --list "$1.part" >/dev/null',
  '  sync "$1.part"',
  '  mv "$1.part" "$1"',
  '}',
];

function backupScript(keep: number): string {
  return [
    ...CONNECT,
    // what a run left that was ended
    'rm -f -- *.part',
    'dump "$now.dump"',
    // their names are in the order of their times
    `ls | grep '^2.*Z[.]dump$' | sort | head -n -${keep} | while read -r old; do rm -- "$old"; done`,
    'ls -l "$now.dump"',
    '',
  ].join('\n');
}

const RESTORE = [
  ...CONNECT,
  // which one: a line in the file RESTORE, or the newest
  "wanted=$(cat RESTORE 2>/dev/null || ls | grep '^2.*Z[.]dump$' | sort | tail -n 1)",
  'test -f "$wanted" || { echo "there is no dump $wanted" >&2; ls >&2; exit 1; }',
  'pg_restore --list "$wanted" >/dev/null',
  'dump "before-restore-$now.dump"',
  'pg_restore --no-owner --no-privileges --file=restore.sql.part "$wanted"',
  // tables that the dump doesn't know would be in the way of an upgrade
  'psql --dbname="$database" --no-psqlrc --quiet --output=/dev/null --set=ON_ERROR_STOP=1 --single-transaction \\',
  "  --command='DROP OWNED BY CURRENT_USER' --file=restore.sql.part",
  'rm restore.sql.part',
  'echo "restored $wanted; what was there before is in before-restore-$now.dump"',
  '',
].join('\n');

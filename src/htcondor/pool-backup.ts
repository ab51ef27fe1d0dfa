import { ApiObject, Chart, Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { CondorHost } from './condor-host';
import { PATHS } from './paths';
import { isDnsLabel } from '../federation/names';
import { problem } from '../problem';
import { cronSchedule, isSchedulable, SCHEDULABLE } from '../workload/cron-schedule';
import { digest } from '../workload/named-by-content';
import { addNetworkPolicy } from '../workload/network-policy';

/** Properties of a `PoolBackup`. */
export interface PoolBackupProps {
  /**
   * The pool whose queues and accounting are kept.
   *
   * Refused: a pool in another chart.
   */
  readonly pool: CondorHost;

  /**
   * How often a copy is made (the CronJob's `schedule`, in UTC). What happens after the last copy is not in it.
   *
   * Refused: what no schedule can say. It can say a part of an hour that has whole minutes, from 5 on, a part of a day that has whole
   * hours, a day, and a week.
   *
   * @default Duration.hours(1)
   */
  readonly interval?: Duration;

  /**
   * How many copies of each server are kept, at least one. An older one is deleted when the next is complete.
   *
   * Refused: less than one, a part of one.
   *
   * @default 24
   */
  readonly keep?: number;

  /**
   * The claim that all copies are kept in, each server's in a directory of its name. Where servers run on different nodes it must be
   * one that several nodes mount (`ReadWriteMany`).
   *
   * @default - a claim for each server, `<id>-<server>`
   */
  readonly claimName?: string;

  /**
   * The size of each server's claim. A copy is as large as what it is of, spooled files of jobs included.
   *
   * Refused: together with `claimName`; less than 64 MiB.
   *
   * @default Size.gibibytes(20)
   */
  readonly size?: Size;

  /**
   * The StorageClass of the claims: another storage system than the pool's own, or both are lost together.
   *
   * Refused: together with `claimName`.
   *
   * @default - the cluster's default one
   */
  readonly storageClass?: string;
}

/** How long a restore may take. */
const DEADLINE = Duration.hours(6);

const BACKUP = '/backup';

/** Logs of transactions: what they end with may be half-written, which HTCondor's daemons are prepared for. */
const LOGS = 'job_queue.log Accountantnew.log';

/** Where daemons of the moment are reached, and locks: nobody's past. */
const PASSING = "--exclude='./.*_address*' --exclude='./*.lock' --exclude=./lost+found";

/**
 * $1 the file. The logs come first: what they say is spooled was there before they were read. tar says 1 when a file changed or
 * went while it was read.
 */
const COPY = `copy() {
  cd ${PATHS.spool}
  first=
  for log in ${LOGS}; do [ ! -e $log ] || first="$first ./$log"; done
  rm -f "$1.part"
  tar --create --file "$1.part" --files-from /dev/null --numeric-owner $first || [ $? -eq 1 ]
  tar --append --file "$1.part" --numeric-owner ${LOGS.split(' ').map(log => `--exclude=./${log}`).join(' ')} ${PASSING} . || [ $? -eq 1 ]
  sync "$1.part"
  mv "$1.part" "$1"
}`;

const NOW = 'now=$(date -u +%Y-%m-%dT%H.%M.%SZ)';

const backupScript = (directory: string, keep: number): string => [
  COPY,
  NOW,
  `mkdir -p ${directory}`,
  // what a run left that was ended
  `rm -f ${directory}/*.part`,
  `copy ${directory}/$now.tar`,
  // their names are in the order of their times
  `cd ${directory}`,
  `ls | grep '^2.*Z[.]tar$' | sort | head -n -${keep} | while read -r old; do rm -- "$old"; done`,
  'ls -l "$now.tar"',
].join('\n');

const restoreScript = (directory: string): string => [
  COPY,
  NOW,
  `cd ${directory}`,
  "wanted=${1:-$(ls | grep '^2.*Z[.]tar$' | sort | tail -n 1)}",
  'test -f "$wanted" || { echo "there is no copy $wanted" >&2; ls >&2; exit 1; }',
  'tar --list --file "$wanted" >/dev/null',
  `copy ${directory}/before-restore-$now.tar`,
  `find ${PATHS.spool} -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf {} +`,
  `cd ${directory}`,
  `tar --extract --file "$wanted" --directory ${PATHS.spool} --numeric-owner --same-owner --preserve-permissions`,
  'echo "restored $wanted; what was there before is in before-restore-$now.tar"',
].join('\n');

/**
 * Copies what a pool must not lose: the job queue and the spooled files of each access point, with the jobs' history, and the accounting of each
 * central manager; all that is in `SPOOL`. Users' homes are not in it.
 *
 * For each server there is a CronJob `<id>-<server>`, which runs beside the server and reads its volume while it goes on, and a CronJob
 * `<id>-<server>-restore` that never runs by itself: `kubectl create job --from=cronjob/...` puts the newest copy back while the server is
 * scaled to zero. What it replaces is kept.
 */
export class PoolBackup extends Construct {
  /** The namespace: the pool's. */
  public readonly namespace: string;

  private readonly props: PoolBackupProps;

  /**
   * @param scope the cluster that the pool stands in
   * @param id the name: it starts the names of its objects
   * @param props the pool, how often, and where to
   */
  public constructor(scope: Construct, id: string, props: PoolBackupProps) {
    super(scope, id);
    this.props = props;
    this.namespace = props.pool.namespace;
    new ApiObject(this, 'ServiceAccount', {
      apiVersion: 'v1', kind: 'ServiceAccount', metadata: this.metadata(id), automountServiceAccountToken: false,
    });
    for (const server of props.pool._serverNames) { this.addServer(server); }
    addNetworkPolicy(this, this.metadata(id), this.metadata(id).labels, { ingress: [], egress: [] });
    this.node.addValidation({ validate: () => this.problems() });
  }

  private get interval(): Duration { return this.props.interval ?? Duration.hours(1); }

  private metadata(name: string) {
    return {
      name,
      namespace: this.namespace,
      labels: { 'app.kubernetes.io/name': 'htcondor', 'app.kubernetes.io/instance': this.node.id, 'app.kubernetes.io/component': 'backup' },
    };
  }

  private addServer(server: string): void {
    const { claimName, keep = 24, size = Size.gibibytes(20), storageClass } = this.props;
    const name = `${this.node.id}-${server}`;
    const scope = new Construct(this, server);
    if (claimName === undefined) {
      new ApiObject(scope, 'Claim', {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: this.metadata(name),
        spec: { accessModes: ['ReadWriteOnce'], storageClassName: storageClass, resources: { requests: { storage: `${size.toMebibytes()}Mi` } } },
      });
    }
    const directory = `${BACKUP}/${server}`;
    const seconds = Math.round(this.interval.toSeconds({ integral: false }));
    const common = { timeZone: 'Etc/UTC', concurrencyPolicy: 'Forbid', successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 1 };
    new ApiObject(scope, 'Backup', {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: this.metadata(name),
      spec: {
        schedule: isSchedulable(this.interval) ? cronSchedule(this.interval, parseInt(digest(scope.node.path), 16) % (7 * 24 * 60)) : '',
        ...common,
        startingDeadlineSeconds: seconds,
        jobTemplate: this.job(server, seconds, backupScript(directory, keep), true),
      },
    });
    new ApiObject(scope, 'Restore', {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: this.metadata(`${name}-restore`),
      // a CronJob must have a schedule, also one that never runs by itself
      spec: { schedule: '0 0 1 1 *', ...common, suspend: true, jobTemplate: this.job(server, DEADLINE.toSeconds(), restoreScript(directory), false) },
    });
  }

  private job(server: string, deadline: number, script: string, beside: boolean): object {
    const { pool, claimName = `${this.node.id}-${server}` } = this.props;
    const { image } = pool;
    return {
      spec: {
        backoffLimit: 0,
        activeDeadlineSeconds: deadline,
        template: {
          metadata: { labels: this.metadata(this.node.id).labels },
          spec: {
            serviceAccountName: this.node.id,
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            restartPolicy: 'Never',
            ...(pool._imagePullSecrets?.length && { imagePullSecrets: pool._imagePullSecrets.map(name => ({ name })) }),
            // the server's volume is its node's
            ...(beside && {
              affinity: {
                podAffinity: {
                  requiredDuringSchedulingIgnoredDuringExecution: [{
                    topologyKey: 'kubernetes.io/hostname',
                    labelSelector: { matchLabels: { 'app.kubernetes.io/name': 'htcondor', 'app.kubernetes.io/instance': server } },
                  }],
                },
              },
            }),
            securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
            containers: [{
              name: 'backup',
              image: image.reference,
              ...(image.pullPolicy && { imagePullPolicy: image.pullPolicy }),
              command: ['/bin/sh', '-euc', script, 'sh'],
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                runAsUser: 0,
                // spooled files are their users'
                capabilities: { drop: ['ALL'], add: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'] },
              },
              resources: { requests: { cpu: '50m', memory: '64Mi' } },
              volumeMounts: [
                { name: 'spool', mountPath: PATHS.spool, ...(beside && { readOnly: true }) },
                { name: 'backup', mountPath: BACKUP },
              ],
            }],
            volumes: [
              { name: 'spool', persistentVolumeClaim: { claimName: `spool-${server}-0` } },
              { name: 'backup', persistentVolumeClaim: { claimName } },
            ],
          },
        },
      },
    };
  }

  private problems(): string[] {
    const { pool, claimName, keep, size, storageClass } = this.props;
    const problems: string[] = [];
    if (!isDnsLabel(this.node.id, 20)) { problems.push(problem('id', this.node.id, 'a DNS label of at most 20 characters')); }
    if (Chart.of(pool) !== Chart.of(this)) { problems.push(problem('pool', pool.node.path, `a pool in the backup's own chart, ${Chart.of(this).node.path}`)); }
    // Kubernetes adds 11 characters to the name of a CronJob
    const longest = pool._serverNames.map(server => `${this.node.id}-${server}-restore`).find(name => name.length > 52);
    if (longest) { problems.push(problem('id', longest, 'a name so short that <id>-<server>-restore has at most 52 characters')); }
    if (!isSchedulable(this.interval)) { problems.push(problem('interval', `${this.interval.toSeconds({ integral: false })} s`, SCHEDULABLE)); }
    if (keep !== undefined && !(Number.isInteger(keep) && keep >= 1)) { problems.push(problem('keep', keep, 'a whole number from 1')); }
    if (size && size.toMebibytes() < 64) { problems.push(problem('size', `${size.toMebibytes()} MiB`, 'at least 64 MiB')); }
    if (claimName !== undefined) {
      if (size) { problems.push(problem('size', `${size.toMebibytes()} MiB`, 'only without claimName')); }
      if (storageClass !== undefined) { problems.push(problem('storageClass', storageClass, 'only without claimName')); }
      if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(claimName)) { problems.push(problem('claimName', claimName, 'the name of a PersistentVolumeClaim')); }
    }
    return problems;
  }
}

import { Duration } from 'cdk8s';
import { AccessPointOptions } from './access-point';
import { KnobSet, Macro } from './config';
import { setEventLog } from './event-log';
import { CondorImage } from './image';
import { GROUPS_FILE, groupsFile, setJobAdmission } from './job-admission';
import { setJobDefaults } from './job-defaults';
import { CONFIG_WATCH } from './live-configuration';
import { setDedicatedScheduler } from './parallel-universe';
import { admitParallelNodes } from './pool-security';
import { PoolUser } from './pool-user';
import { setRunHistory } from './run-history';
import { SCITOKENS_FILE, sciTokensFile, usesSciTokens } from './sci-tokens';
import { HostSettings, isReachable, serverKnobs, SOON } from './server-config';
import { ACCOUNTS_FILE, accountsFile } from './user-accounts';
import { setUserLimits } from './user-limits';

/** How often a connection to the connection broker is tried: sooner than firewalls forget it. */
const BROKER_HEARTBEAT = Duration.minutes(2);

/** Whether other clusters reach an access point by the central manager's connection broker, as they reach machines. */
export function isBrokered({ version }: CondorImage, options: AccessPointOptions): boolean {
  return version._joinsPrivateNetworks && !isReachable(options);
}

/** What an access point is told: the schedd, and what it does with jobs before they are in the queue. */
export function accessPointKnobs(host: HostSettings, options: AccessPointOptions): KnobSet {
  const { pool, props, negotiation, executionClusters } = host;
  const { users, userLimits = {} } = props;
  const knobs = serverKnobs(host, options, pool.collectors, users?.map(({ name }) => name));
  if (isBrokered(pool.image, options)) {
    // a member's token is good at the member's own collector, so that is where its machines ask for the access point
    const brokers = [...pool.collectors, ...executionClusters.names.flatMap(cluster => pool.collectorsOf(cluster))];
    knobs.set('CCB_ADDRESS', new Macro(brokers.join(', ')));
    knobs.set('CCB_HEARTBEAT_INTERVAL', BROKER_HEARTBEAT);
  }
  knobs.section('Access point');
  knobs.set('DAEMON_LIST', ['MASTER', CONFIG_WATCH, 'SCHEDD']);
  // with an '@' it is taken as it is: the name outlives the pod
  knobs.set('SCHEDD_NAME', `${options.name}@${pool.uidDomain}`);
  knobs.set('FILESYSTEM_DOMAIN', `${options.name}.${pool.uidDomain}`);
  knobs.set('MAX_JOBS_RUNNING', options.maxJobsRunning ?? 2000);
  // after a central manager or a link was away, it is known again and finds its jobs again this soon
  knobs.set('SCHEDD_INTERVAL', SOON);
  knobs.set('RECONNECT_BACKOFF_CEILING', SOON);
  if (options.maxJobsQueued !== undefined) { knobs.set('MAX_JOBS_SUBMITTED', options.maxJobsQueued); }
  const runHistory = host.runHistory();
  if (runHistory) { setRunHistory(knobs, runHistory); }
  if (props.podLogs) { setEventLog(knobs, props.podLogs); }
  knobs.report(...setJobDefaults(knobs, props.jobDefaults ?? {}));
  if (options.parallelUniverse ?? executionClusters.servesParallelJobs(options.name)) {
    setDedicatedScheduler(knobs, { uidDomain: pool.uidDomain, negotiatorInterval: negotiation.interval });
    admitParallelNodes(knobs, pool);
  }
  setUserLimits(knobs, userLimits);
  setJobAdmission(knobs, users, userLimits);
  knobs.extra('extraConfig', props.extraConfig ?? {});
  return knobs;
}

/** What an access point is told of its users, beside its configuration. */
export function userFiles(users: readonly PoolUser[] | undefined): { [file: string]: string } {
  return users ? {
    [ACCOUNTS_FILE]: accountsFile(users), [GROUPS_FILE]: groupsFile(users), ...usesSciTokens(users) && { [SCITOKENS_FILE]: sciTokensFile(users) },
  } : {};
}

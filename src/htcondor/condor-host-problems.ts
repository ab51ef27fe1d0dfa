import { Duration } from 'cdk8s';
import { AccessPointOptions } from './access-point';
import { defragmentationProblems } from './defragmentation';
import { highAvailabilityProblems } from './high-availability';
import { podLogsProblems } from './pod-logs';
import { domainProblems, portProblems } from './pool';
import { userProblems } from './pool-user';
import { sciTokenProblems } from './sci-tokens';
import { HostSettings, SERVER_PORT, ServerOptions } from './server-config';
import { userLimitProblems } from './user-limits';
import { isDnsLabel } from '../federation/names';
import { problem } from '../problem';
import { addressProblems } from '../workload/address';

/** What is wrong with a pool, besides what is wrong with its configurations. */
export function hostProblems({ name, pool, props, centralManagers, executionClusters }: HostSettings): string[] {
  const problems = [
    ...domainProblems('trustDomain', pool.trustDomain),
    ...domainProblems('uidDomain', pool.uidDomain),
    ...pool.image._problems(),
  ];
  if (!isDnsLabel(name, 40)) { problems.push(problem('id', name, 'a DNS label of at most 40 characters')); }
  if (props.centralManagers.length === 0) { problems.push(problem('centralManagers', [], 'at least one')); }
  problems.push(...highAvailabilityProblems(props.centralManagers, props.highAvailability, props.extraConfig ?? {}));
  if (props.accessPoints.length === 0) { problems.push(problem('accessPoints', [], 'at least one')); }
  if (props.defragmentation) { problems.push(...defragmentationProblems(props.defragmentation, executionClusters.all)); }
  problems.push(...serverProblems('centralManagers', centralManagers), ...serverProblems('accessPoints', props.accessPoints));
  problems.push(...sharedClaims([...centralManagers, ...props.accessPoints]));
  problems.push(...executionClusters.problems());
  problems.push(...podLogsProblems(props.podLogs));
  problems.push(...durationProblems('negotiatorInterval', props.negotiatorInterval, 5));
  problems.push(...durationProblems('priorityHalfLife', props.priorityHalfLife, 1));
  if ((props.defaultPriorityFactor ?? 1) < 1) { problems.push(problem('defaultPriorityFactor', props.defaultPriorityFactor, 'a number from 1')); }
  for (const administrator of props.administrators ?? []) {
    if (!/^[^\s,@*]+@[^\s,@*]+$/.test(administrator)) { problems.push(problem('administrators', administrator, 'identities, user@domain, without wildcards')); }
  }
  // the shadow of a job that was submitted with a token of another domain may not write its queue entry
  if (props.users && pool.uidDomain !== pool.trustDomain) { problems.push(problem('uidDomain', pool.uidDomain, `with users the trustDomain, ${pool.trustDomain}`)); }
  if (props.users?.length === 0) { problems.push(problem('users', [], 'at least one')); }
  const users = props.users ?? [];
  problems.push(...userProblems('users', users, (props.accountingGroups ?? []).map(group => group.name), pool.image.uid));
  problems.push(...sciTokenProblems('users', users));
  problems.push(...userLimitProblems('userLimits', props.userLimits ?? {}, users));
  return problems;
}

function serverProblems(property: string, servers: readonly AccessPointOptions[]): string[] {
  return servers.flatMap((server, index) => {
    const where = `${property}[${index}]`;
    const port = server.port ?? SERVER_PORT;
    const problems = [
      ...addressProblems(`${where}.address`, server.address),
      ...portProblems(`${where}.port`, port),
      ...(server.exposure?._problems(where, port) ?? []),
    ];
    if (!isDnsLabel(server.name, 20)) { problems.push(problem(`${where}.name`, server.name, 'a DNS label of at most 20 characters')); }
    for (const [size, given] of [['spoolSize', server.spoolSize], ['homeSize', server.homeSize]] as const) {
      if (given && given.toMebibytes() < 64) { problems.push(problem(`${where}.${size}`, `${given.toMebibytes()} MiB`, 'at least 64 MiB')); }
    }
    for (const [jobs, given] of [['maxJobsRunning', server.maxJobsRunning], ['maxJobsQueued', server.maxJobsQueued]] as const) {
      if (given !== undefined && !(Number.isInteger(given) && given >= 1)) { problems.push(problem(`${where}.${jobs}`, given, 'a whole number from 1')); }
    }
    return problems;
  });
}

/** Two servers can share neither a name nor, where it is one node's, a port. */
function sharedClaims(servers: readonly ServerOptions[]): string[] {
  const problems: string[] = [];
  const seen = new Map<string, string>();
  for (const { name, address, port = SERVER_PORT, exposure } of servers) {
    const claims = [`name ${name}`, `address ${address}:${port}`, ...(exposure?.serviceType === 'NodePort' ? [`node port ${port}`] : [])];
    for (const claim of claims) {
      if (seen.has(claim)) {
        problems.push(`centralManagers and accessPoints: ${claim} is given to both ${seen.get(claim)} and ${name}; each has its own`);
      }
      seen.set(claim, name);
    }
  }
  return problems;
}

function durationProblems(property: string, duration: Duration | undefined, seconds: number): string[] {
  return duration === undefined || duration.toSeconds() >= seconds ? [] : [problem(property, `${duration.toSeconds()} s`, `at least ${seconds} s`)];
}

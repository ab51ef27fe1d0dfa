import { capacityProblems } from './capacity';
import { cloudMetadataProblems } from './cloud-metadata';
import { CondorHost } from './condor-host';
import { isGiven } from './config';
import { containerProblems } from './container-jobs';
import { fileSystemClashes, fileSystemProblems } from './file-system';
import { fleetKnobs, memberKnobs } from './fleet-config';
import { overlapProblems } from './fleet-overlap';
import { Fleet, fleetSettings } from './fleet-settings';
import { httpProxyProblems } from './http-proxy';
import { jobControlGroupProblems } from './job-control-groups';
import { drainProblems } from './negotiator-preemption';
import { parallelUniverseProblems } from './parallel-universe';
import { podLogsProblems } from './pod-logs';
import { StartdLiveness } from './probes';
import { isRemote, reachabilityProblems } from './reachability';
import { RunMode } from './run-mode';
import { slotUserProblems } from './slot-users';
import { StartdMemberOptions } from './startd-fleet-props';
import { startdPolicyProblems } from './startd-policy';
import { FederatedCluster } from '../federation/federated-cluster';
import { isDnsLabel } from '../federation/names';
import { problem } from '../problem';

/** What is wrong with a fleet. */
export function fleetProblems(fleet: Fleet): string[] {
  const own = [...nameProblems(fleet), ...podProblems(fleet), ...machineProblems(fleet)];
  const ofFleet = [...own, ...knobProblems(fleet, own.length > 0)];
  const { given, reached } = fleet.members;
  const members = new Set(reached);
  const ofMembers = given.flatMap(([member, options]) => members.has(member) ? memberProblems(fleet, member, options, ofFleet)
    : [problem('on', member.node.id, `members that the fleet reaches: ${reached.map(({ node }) => node.id).join(', ') || 'none'}`)]);
  return [...new Set([...ofFleet, ...ofMembers, ...overlapProblems(fleet)])];
}

function nameProblems({ construct, props, members }: Fleet): string[] {
  const problems: string[] = [];
  const { id } = construct.node;
  if (!isDnsLabel(id, 40)) { problems.push(problem('id', id, 'a DNS label of at most 40 characters')); }
  if (!members.federated && !isDnsLabel(members.clusterName)) {
    problems.push(problem('clusterName', members.clusterName, 'a DNS label of at most 63 characters'));
  }
  if (members.federated && props.clusterName !== undefined) {
    problems.push(problem('clusterName', props.clusterName, 'nothing in a federation, where each member has its own name'));
  }
  return problems;
}

/** What of its pods doesn't fit together, or would let jobs have what is not theirs. */
function podProblems(fleet: Fleet): string[] {
  const { props, members } = fleet;
  const settings = fleetSettings(fleet);
  const problems: string[] = [];
  if (props.rootless && !props.acceptJobsReadToken) {
    problems.push(problem('rootless', true, 'only with acceptJobsReadToken: jobs run as HTCondor\'s own user and can read the token'));
  }
  if (props.liveness === StartdLiveness.CONDOR_WHO && settings.runMode === RunMode.CONDOR_MASTER) {
    problems.push(problem('liveness', props.liveness, `${StartdLiveness.STARTD_ANSWERS} with runMode ${RunMode.CONDOR_MASTER}: condor_who hangs there `
      + 'when the link to the collector is down, and the kubelet would kill the node\'s jobs'));
  }
  problems.push(...slotUserProblems(settings, props.acceptJobsShareUser ?? false));
  if (props.rootless && props.privileged) { problems.push(problem('rootless', true, 'only without privileged')); }
  problems.push(...cloudMetadataProblems(props, settings, [settings.image, ...members.given.flatMap(([, { image }]) => image ?? [])]));
  return problems;
}

/** What of a machine can't be, or not in this pool. */
function machineProblems(fleet: Fleet): string[] {
  const { construct, props } = fleet;
  const settings = fleetSettings(fleet);
  const problems: string[] = [];
  if (isRemote(construct, props.pool)) { problems.push(...reachabilityProblems('pool', props.pool, settings.image)); }
  problems.push(...settings.image._problems(), ...(props.executeDirectory?._problems() ?? []));
  if (props.containers) { problems.push(...containerProblems(props.containers, props.privileged ?? false)); }
  problems.push(...jobControlGroupProblems(props.jobControlGroups, props.privileged ?? false));
  problems.push(...capacityProblems('', { ...settings, resources: props.resources ?? {} }));
  problems.push(...fileSystemProblems(settings.fileSystems), ...fileSystemClashes('attributes', props.attributes, settings.fileSystems));
  problems.push(...httpProxyProblems('httpProxy', props.httpProxy), ...podLogsProblems(props.podLogs));
  if (props.gpuJobsOnly && !props.gpus) { problems.push(problem('gpuJobsOnly', true, 'only with gpus')); }
  const pool = hostOf(fleet);
  if (props.parallelUniverse) { problems.push(...parallelUniverseProblems(props.parallelUniverse, pool?._accessPointNames)); }
  problems.push(...startdPolicyProblems('', props, settings.policy, pool?._negotiation.preemption));
  if (pool) { problems.push(...drainProblems(pool._negotiation, settings.drain)); }
  return problems;
}

/**
 * What is wrong with a knob follows from what is wrong with a property here or in the pool, unless nothing is.
 *
 * @param explained whether something is wrong with a property here
 */
function knobProblems(fleet: Fleet, explained: boolean): string[] {
  const { members } = fleet;
  const settings = fleetSettings(fleet);
  const causes = [...fleetKnobs(settings).causes(), ...members.federated ? [] : memberKnobs(settings, members.clusterName, {}).causes()];
  const follows = causes.length > 0 && (explained || (hostOf(fleet)?._problems() ?? []).length > 0);
  return follows ? causes.filter(isGiven) : causes;
}

/** @param ofFleet what is wrong with the fleet, and is not said again */
function memberProblems(fleet: Fleet, member: FederatedCluster, options: StartdMemberOptions, ofFleet: readonly string[]): string[] {
  const { props } = fleet;
  const { id } = member.node;
  const settings = fleetSettings(fleet, options.image);
  const problems: string[] = [];
  if (options.cpus !== undefined || options.memory !== undefined) {
    problems.push(...capacityProblems(`on(${id}).`, {
      ...settings,
      cpus: options.cpus,
      memory: options.memory,
      gpus: undefined,
      resources: options.memory ? props.resources ?? {} : { cpu: props.resources?.cpu },
    }));
  }
  problems.push(...httpProxyProblems(`on(${id}).httpProxy`, options.httpProxy));
  problems.push(...fileSystemClashes(`on(${id}).attributes`, options.attributes, settings.fileSystems));
  problems.push(...startdPolicyProblems(`on(${id}).`, options, { ...settings.policy, ...options }, hostOf(fleet)?._negotiation.preemption));
  problems.push(...memberKnobs(settings, id, options).causes().filter(isGiven));
  if (options.image) {
    const ofImage = [
      ...options.image._problems(),
      ...fleetKnobs(settings).causes().filter(isGiven),
      ...slotUserProblems(settings, props.acceptJobsShareUser ?? false),
    ];
    problems.push(...ofImage.filter(each => !ofFleet.includes(each)).map(each => `on(${id}).${each}`));
  }
  return problems;
}

/** The pool, if the program has it. */
function hostOf({ props: { pool } }: Fleet): CondorHost | undefined {
  return CondorHost.isCondorHost(pool) ? pool : undefined;
}

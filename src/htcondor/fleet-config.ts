import { setCapacity } from './capacity';
import { ClassAdExpression } from './classad';
import { KnobSet, Macro } from './config';
import { setContainerJobs } from './container-jobs';
import { setDrain } from './drain';
import { setFileSystems } from './file-system';
import { FleetSettings } from './fleet-settings';
import { setHttpProxy } from './http-proxy';
import { setJobControlGroups } from './job-control-groups';
import { COST_ATTRIBUTE } from './job-demand';
import { retirementWith, setMemoryExceeded, withMemoryExceeded } from './job-memory';
import { CONFIG_WATCH, watchConfiguration } from './live-configuration';
import { setBegan, startWhileYoung } from './machine-age';
import { setMachineAttributes } from './machine-attributes';
import { DEDICATED_SCHEDULER, dedicatedScheduler, PARALLEL_SCHEDULING_GROUP, parallelPolicy } from './parallel-universe';
import { CLUSTER_NAME_VARIABLE, MEMBER_CONFIG_FILE, NODE_NAME_VARIABLE, PATHS, POD_IP_VARIABLE, POD_NAME_VARIABLE } from './paths';
import { poolKnobs } from './pool-config';
import { admitNeighbours, requireAuthentication } from './pool-security';
import { RunMode } from './run-mode';
import { setSlotTypes } from './slot-type';
import { setSlotUsers, startWithSlotUser } from './slot-users';
import { StartdMemberOptions } from './startd-fleet-props';
import { setStartdPolicy, StartdPolicy } from './startd-policy';
import { problem } from '../problem';

/** Master, shared port, startd, and two to spare while one of them is replaced. */
const DAEMON_PORTS = 5;

/** What is written elsewhere: in the file of each member, and in the pods' environment. */
const OF_ELSEWHERE = [
  'COLLECTOR_HOST', 'STARTD_NAME', 'MASTER_NAME', 'NETWORK_HOSTNAME', 'PRIVATE_NETWORK_NAME', 'FILESYSTEM_DOMAIN', 'STARTER_JOB_HOOK_KEYWORD',
];

/** What all execution points of a fleet are told. */
export function fleetKnobs(settings: FleetSettings): KnobSet {
  const { image, pool } = settings;
  const knobs = poolKnobs(pool, image, undefined, settings.rootless ? { execute: PATHS.ownExecute } : {});
  knobs.set('LOCAL_CONFIG_FILE', `${PATHS.config}/${MEMBER_CONFIG_FILE}`);
  knobs.set('REQUIRE_LOCAL_CONFIG_FILE', true);

  knobs.section('How it is reached: connections go out only, and the connection broker hands them over');
  const master = settings.runMode === RunMode.CONDOR_MASTER;
  if (master) {
    knobs.set('DAEMON_LIST', ['MASTER', CONFIG_WATCH, 'STARTD']);
    knobs.set('USE_SHARED_PORT', true);
    // a free one: the node's network may be shared with other daemons
    knobs.set('SHARED_PORT_PORT', 0);
  } else {
    // nobody runs condor_shared_port beside a startd without a master
    knobs.set('USE_SHARED_PORT', false);
  }
  knobs.set('CCB_ADDRESS', new Macro('$(COLLECTOR_HOST)'));
  knobs.set('CCB_HEARTBEAT_INTERVAL', settings.heartbeat);
  knobs.set('PRIVATE_NETWORK_INTERFACE', new Macro(`$ENV(${POD_IP_VARIABLE})`));
  setPorts(knobs, settings);
  requireAuthentication(knobs);
  // without root it is a user to HTCondor, who has tokens at home
  if (settings.rootless) { knobs.set('SEC_TOKEN_DIRECTORY', PATHS.tokens); }
  admitNeighbours(knobs, pool);

  knobs.section('Execution point');
  setCapacity(knobs, settings);
  knobs.set('RESERVED_DISK', settings.reservedDisk);
  knobs.report(...setSlotTypes(knobs, settings.slots));
  if (settings.gpus > 0) { knobs.use('FEATURE', 'GPUs'); }
  setStartdPolicy(knobs, policyOf(settings, settings.policy));
  // its master leaves with it
  if (settings.elasticity) { knobs.set('STARTD_NOCLAIM_SHUTDOWN', settings.elasticity.idleShutdown); }
  knobs.set('CLAIM_WORKLIFE', settings.claimWorklife, 'claimWorklife');
  knobs.report(...setDrain(knobs, settings.drain, retirementWith(settings.drain, settings.memoryExceeded)));
  if (settings.heartbeat.toSeconds() < 30) { knobs.report(problem('heartbeat', `${settings.heartbeat.toSeconds()} s`, 'at least 30 s')); }
  setSlotUsers(knobs, settings);
  setUpdates(knobs, settings);
  setFileSystems(knobs, settings.fileSystems);
  if (settings.elasticity) { setBegan(knobs); }
  setMemoryExceeded(knobs, settings.memoryExceeded);
  if (settings.jobControlGroups !== undefined) { setJobControlGroups(knobs, settings.jobControlGroups); }
  if (master) { watchConfiguration(knobs, 'ClassAdLifetime'); }
  if (settings.containers) { setContainerJobs(knobs, settings.containers); }
  knobs.extra('extraConfig', settings.extraConfig, OF_ELSEWHERE);
  return knobs;
}

/** What execution points are told in a cluster whose name no program knows: it says so itself, in an environment variable. */
export function lateMemberKnobs(settings: FleetSettings): KnobSet {
  const knobs = new KnobSet(settings.image.version);
  knobs.section('A cluster that joined later');
  setIdentity(knobs, settings, `$ENV(${CLUSTER_NAME_VARIABLE})`);
  setHttpProxy(knobs, settings.httpProxy);
  return knobs;
}

/** What the execution points of one cluster are told besides: who they are, and what they do otherwise. */
export function memberKnobs(settings: FleetSettings, cluster: string, options: StartdMemberOptions): KnobSet {
  const knobs = new KnobSet(settings.image.version);
  knobs.section(`Cluster ${cluster}`);
  setIdentity(knobs, settings, cluster);
  if (options.cpus !== undefined) { knobs.set('NUM_CPUS', options.cpus); }
  if (options.memory !== undefined) { knobs.set('MEMORY', options.memory); }
  setStartdPolicy(knobs, policyOf(settings, options));
  setHttpProxy(knobs, options.httpProxy ?? settings.httpProxy);
  const cost = settings.elasticity && { [COST_ATTRIBUTE]: settings.elasticity.costOf(cluster) };
  if (options.attributes ?? cost) { knobs.report(...setMachineAttributes(knobs, `on(${cluster}).attributes`, options.attributes, cost)); }
  return knobs;
}

/** @param cluster its name, or where HTCondor finds it */
function setIdentity(knobs: KnobSet, { name: fleet, pool, parallelUniverse, elasticity }: FleetSettings, cluster: string): void {
  // named after the node, since the pod's name is another after each restart; the cluster makes it one of a kind. What comes and leaves
  // may meet another of its fleet on a node
  const name = new Macro(`$ENV(${elasticity ? POD_NAME_VARIABLE : NODE_NAME_VARIABLE})@${fleet}.${cluster}`);
  knobs.set('STARTD_NAME', name);
  knobs.set('MASTER_NAME', name);
  knobs.set('COLLECTOR_HOST', new Macro(pool.collectorsOf(cluster).join(', ')));
  knobs.set('PRIVATE_NETWORK_NAME', new Macro(cluster));
  knobs.set('FILESYSTEM_DOMAIN', new Macro(`${fleet}.${cluster}`));
  if (parallelUniverse) { knobs.set(PARALLEL_SCHEDULING_GROUP, new Macro(`"${cluster}"`)); }
}

/** What a fleet or a member wants of jobs, and what follows from what the machines are for. */
function policyOf(settings: FleetSettings, { start, rank, preempt, wantVacate, kill }: StartdPolicy): StartdPolicy {
  const { gpuJobsOnly, parallelUniverse, pool, negotiatorInterval } = settings;
  const asksForGpu = ClassAdExpression.target('RequestGPUs').greaterThan(0).is(true);
  const policy = { start: gpuJobsOnly && start ? asksForGpu.and(start) : start, rank, preempt, wantVacate, kill };
  const wanted = parallelUniverse ? parallelPolicy(policy, parallelUniverse, { uidDomain: pool.uidDomain, negotiatorInterval }) : policy;
  const young = settings.elasticity && wanted.start ? { ...wanted, start: startWhileYoung(wanted.start, settings.elasticity.lifetime) } : wanted;
  const started = young.start ? { ...young, start: startWithSlotUser(young.start, settings, settings.mostCpus) } : young;
  return withMemoryExceeded(started, settings.memoryExceeded);
}

/** The ports that are listened on, where somebody has to know them. */
function setPorts(knobs: KnobSet, { lowPort, highPort, cpus = 0 }: FleetSettings): void {
  if (lowPort === undefined && highPort === undefined) { return; }
  const low = lowPort ?? 1024;
  const high = highPort ?? 65535;
  if (!(Number.isInteger(low) && low >= 1024 && low <= high)) { knobs.report(problem('lowPort', low, 'a port from 1024, up to highPort')); }
  if (!(Number.isInteger(high) && high <= 65535)) { knobs.report(problem('highPort', high, 'a port up to 65535')); }
  const wanted = DAEMON_PORTS + cpus;
  if (high - low + 1 < wanted) { knobs.report(problem('highPort', high, `at least ${low + wanted - 1}: one port for each of ${DAEMON_PORTS} daemons and ${cpus} jobs`)); }
  knobs.set('IN_LOWPORT', low);
  knobs.set('IN_HIGHPORT', high);
}

/**
 * Nobody hears an execution point say good-bye (see pool-security.ts): what it says must be forgotten soon,
 * and therefore said often.
 */
function setUpdates(knobs: KnobSet, { updateInterval, attributes, parallelUniverse, pool }: FleetSettings): void {
  const seconds = updateInterval.toSeconds();
  if (seconds < 10) { knobs.report(problem('updateInterval', `${seconds} s`, 'at least 10 s')); }
  knobs.set('UPDATE_INTERVAL', seconds);
  knobs.set('MASTER_UPDATE_INTERVAL', seconds);
  knobs.report(...setMachineAttributes(knobs, 'attributes', attributes, {
    ClassAdLifetime: 3 * seconds + 10,
    ...parallelUniverse && { [DEDICATED_SCHEDULER]: ClassAdExpression.string(dedicatedScheduler(parallelUniverse, pool.uidDomain)) },
  }, parallelUniverse ? [PARALLEL_SCHEDULING_GROUP] : []));
}

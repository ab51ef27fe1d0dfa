import { Duration, Size } from 'cdk8s';
import { AccessPointOptions } from './access-point';
import { CentralManagerOptions } from './central-manager';
import { CondorHostProps } from './condor-host-props';
import { KnobSet, Macro } from './config';
import { ExecutionClusters } from './execution-clusters';
import { isLive, watchConfiguration, withDigest } from './live-configuration';
import { Negotiation } from './negotiator-preemption';
import { POD_IP_VARIABLE } from './paths';
import { ICondorPool } from './pool';
import { poolKnobs } from './pool-config';
import { admitUsers, requireAuthentication } from './pool-security';
import { admitSciTokens, usesSciTokens } from './sci-tokens';
import { onlyInside } from '../workload/address';
import { ServiceExposure } from '../workload/service-exposure';

/** What central managers and access points are alike in. */
export type ServerOptions = CentralManagerOptions & Pick<AccessPointOptions, 'name'>;

/** A pool as the configurations of its servers, its central managers and access points, need to know it. */
export interface HostSettings {
  readonly name: string;
  /** What the pods of its cluster have in common (`PRIVATE_NETWORK_NAME`). */
  readonly network: string;
  readonly pool: ICondorPool;
  readonly props: CondorHostProps;
  /** The central managers, each with a name. */
  readonly centralManagers: readonly ServerOptions[];
  readonly negotiation: Negotiation;
  readonly executionClusters: ExecutionClusters;
  /** How large an access point's records of each run of a job may become, where something counts them; known at synth only. */
  readonly runHistory: () => Size | undefined;
}

/** The configuration of a server's daemons. */
export interface ServerConfiguration {
  readonly text: string;
  /** What of it, or of what else the daemons know, takes a new pod to change. */
  readonly fixed: readonly string[];
}

/** The port of a server that states none. */
export const SERVER_PORT = 9618;

/** How soon a server says again that it is there, and tries again what failed. */
export const SOON = Duration.minutes(1);

export const POD_IP = new Macro(`$ENV(${POD_IP_VARIABLE})`);

/** Whether other clusters reach a server at its address. */
export function isReachable({ address, exposure }: ServerOptions): boolean {
  return !onlyInside(address) && (exposure ?? ServiceExposure.loadBalancer()).reachableFromOutside;
}

/** What central managers and access points are told alike: how they are reached, whom they hear, and how often they are heard of. */
export function serverKnobs(
  { pool, props, network }: HostSettings, { address, port = SERVER_PORT }: ServerOptions,
  collectors: readonly string[] | Macro, submitters?: readonly string[],
): KnobSet {
  const knobs = poolKnobs(pool, pool.image, collectors);
  knobs.section('How it is reached');
  knobs.set('USE_SHARED_PORT', true);
  knobs.set('SHARED_PORT_PORT', port);
  knobs.set('TCP_FORWARDING_HOST', address);
  // daemons of this cluster call each other by pod address, not by way of the load balancer
  knobs.set('PRIVATE_NETWORK_NAME', network);
  knobs.set('PRIVATE_NETWORK_INTERFACE', POD_IP);
  requireAuthentication(knobs);
  admitUsers(knobs, pool, props.administrators ?? [], submitters);
  watchConfiguration(knobs);
  if (usesSciTokens(props.users)) { admitSciTokens(knobs, address); }
  knobs.section('How often it is heard of');
  knobs.set('MASTER_UPDATE_INTERVAL', SOON);
  return knobs;
}

/** The text, and what of it and of what else there is takes a new pod to change. */
export function serverConfiguration(knobs: KnobSet, others: readonly string[] = []): ServerConfiguration {
  return { text: withDigest(knobs.draft()), fixed: [...knobs.lines(knob => !isLive(knob)), ...others] };
}

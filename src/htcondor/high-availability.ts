import { Duration } from 'cdk8s';
import { KnobSet, Macro } from './config';
import { problem } from '../problem';

/** How several central managers stand in for each other. */
export interface HighAvailabilityOptions {
  /**
   * How long a central manager waits for another one to answer (`HAD_CONNECTION_TIMEOUT`), from 2 to 60 seconds. When the active one is
   * gone, a standby takes over after 12 of these times for each central manager, and 6 seconds, at the latest: two minutes for two of
   * them. In a shorter time one that is only busy, or slow to look up names, may be taken for gone.
   *
   * Refused: less, more, a part of a second.
   *
   * @default Duration.seconds(5)
   */
  readonly connectionTimeout?: Duration;

  /**
   * How often the accounting is copied from the active central manager to the others (`REPLICATION_INTERVAL`), at least 5 seconds. So
   * much of users' usage is forgotten when another one takes over.
   *
   * Refused: less, a part of a second.
   *
   * @default Duration.minutes(1)
   */
  readonly replicationInterval?: Duration;
}

/** How often daemons say that they are there: before what they said is forgotten. */
const SOON = Duration.minutes(1);

/** In what time HAD is back after its end. */
const BACK = Duration.seconds(9);

/** What the daemons of high availability add to a central manager's. */
export const HIGH_AVAILABILITY_DAEMONS = ['HAD', 'REPLICATION'];

const connectionTimeout = (options: HighAvailabilityOptions): Duration => options.connectionTimeout ?? Duration.seconds(5);
const replicationInterval = (options: HighAvailabilityOptions): Duration => options.replicationInterval ?? Duration.minutes(1);

/**
 * One of the central managers negotiates, and the others wait for it to fall silent. The lists are the same on all of them: each finds itself in
 * them by the address that it advertises, and its place is its rank in an election.
 *
 * @param addresses of all central managers, `host:port`
 * @param name of the negotiator, wherever it runs
 */
export function setHighAvailability(knobs: KnobSet, addresses: readonly string[], name: string, options: HighAvailabilityOptions): void {
  knobs.section('High availability: one of the central managers negotiates');
  knobs.set('HAD_LIST', new Macro(addresses.join(', ')));
  knobs.set('HAD_USE_SHARED_PORT', true);
  knobs.set('HAD_CONNECTION_TIMEOUT', connectionTimeout(options));
  knobs.set('HAD_UPDATE_INTERVAL', SOON);
  knobs.set('MASTER_NEGOTIATOR_CONTROLLER', 'HAD');
  // while HAD is away its master starts the negotiator again by itself: HAD is back before a standby makes it two. The other daemon and
  // it end where a name doesn't resolve, and try again
  knobs.set('MASTER_HAD_BACKOFF_CONSTANT', BACK);
  for (const daemon of HIGH_AVAILABILITY_DAEMONS) { knobs.set(`MASTER_${daemon}_BACKOFF_CEILING`, SOON); }
  // one that comes back waits: to take over would cost the accounting since the last copy, and for a while two would negotiate
  knobs.set('HAD_USE_PRIMARY', false);
  // this is also how a daemon finds a collector to ask: any of them, or the first one. The negotiator asks the one beside it, since
  // one that has just begun doesn't know all machines yet, and claims on those that it doesn't know would count for nobody
  knobs.set('NEGOTIATOR.HAD_USE_PRIMARY', true);
  // so that collectors know one negotiator, the last that they have heard of
  knobs.set('NEGOTIATOR_NAME', name);
  knobs.set('HAD_USE_REPLICATION', true);
  knobs.set('REPLICATION_LIST', new Macro(addresses.join(', ')));
  knobs.set('REPLICATION_USE_SHARED_PORT', true);
  knobs.set('REPLICATION_INTERVAL', replicationInterval(options));
  knobs.set('REPLICATION_UPDATE_INTERVAL', SOON);
}

/** What is wrong with the options, and with what else can't be where there are several central managers. */
export function highAvailabilityProblems(
  centralManagers: readonly { readonly name?: string }[],
  options: HighAvailabilityOptions | undefined,
  extraConfig: { readonly [knob: string]: unknown },
): string[] {
  if (centralManagers.length < 2) {
    return options ? [problem('highAvailability', options, 'only with more than one central manager')] : [];
  }
  const problems = centralManagers.flatMap(({ name }, index) =>
    name === undefined ? [problem(`centralManagers[${index}].name`, name, 'a name for each, where there is more than one')] : []);
  for (const [knob, value] of Object.entries(extraConfig)) {
    if (/^([a-z]+\.)?flock_(to|from)$/i.test(knob)) { problems.push(problem(`extraConfig.${knob}`, value, 'flocking only with one central manager')); }
  }
  const durations: [string, Duration, number, number][] = [
    ['connectionTimeout', connectionTimeout(options ?? {}), 2, 60],
    ['replicationInterval', replicationInterval(options ?? {}), 5, Infinity],
  ];
  for (const [property, duration, least, most] of durations) {
    const given = duration.toSeconds({ integral: false });
    if (!Number.isInteger(given) || given < least || given > most) {
      problems.push(problem(`highAvailability.${property}`, `${given} s`, `whole seconds from ${least} ${most === Infinity ? 'on' : `to ${most}`}`));
    }
  }
  return problems;
}

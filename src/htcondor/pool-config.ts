import { Duration } from 'cdk8s';
import { KnobSet, Macro } from './config';
import { CondorImage } from './image';
import { PATHS } from './paths';
import { ICondorPool } from './pool';

const TEN_MEGABYTES = 10_000_000;

/** How long a collector that is silent is left alone: whoever waits for its answer does nothing else for 20 seconds. */
const AVOIDANCE = Duration.minutes(5);

/**
 * What every daemon of a pool is told, whatever its role: where things are, which pool it is, and
 * what a container can't do.
 */
export function poolKnobs(
  pool: ICondorPool, image: CondorImage, collectors?: readonly string[] | Macro, { execute = PATHS.execute }: { readonly execute?: string } = {},
): KnobSet {
  const knobs = new KnobSet(image.version);
  knobs.section('Where things are');
  knobs.set('RELEASE_DIR', image.releaseDirectory);
  knobs.set('BIN', new Macro('$(RELEASE_DIR)/bin'));
  knobs.set('SBIN', new Macro('$(RELEASE_DIR)/sbin'));
  knobs.set('LIBEXEC', new Macro('$(RELEASE_DIR)/libexec/condor'));
  knobs.set('SHARE', new Macro('$(RELEASE_DIR)/share/condor'));
  knobs.set('LIB', image.libDirectory);
  knobs.set('LOCAL_DIR', '/var');
  knobs.set('ETC', '/etc/condor');
  knobs.set('LOG', PATHS.log);
  knobs.set('RUN', PATHS.run);
  knobs.set('LOCK', PATHS.lock);
  knobs.set('SPOOL', PATHS.spool);
  knobs.set('EXECUTE', execute);
  knobs.set('LOCAL_CONFIG_DIR', '');
  knobs.set('MAX_DEFAULT_LOG', TEN_MEGABYTES);

  knobs.section('Which pool');
  knobs.set('CONDOR_HOST', pool.collectors.map(hostOf));
  if (collectors) { knobs.set('COLLECTOR_HOST', collectors); }
  // one that didn't answer would hear nothing for an hour: back again, it wouldn't know machines and jobs when it has to take over
  if (pool.collectors.length > 1) { knobs.set('DEAD_COLLECTOR_MAX_AVOIDANCE_TIME', AVOIDANCE); }
  knobs.set('UID_DOMAIN', pool.uidDomain);
  knobs.set('TRUST_DOMAIN', pool.trustDomain);

  knobs.section('Nothing is sent by UDP: a port for it would be one more to guard');
  knobs.set('WANT_UDP_COMMAND_SOCKET', false);

  knobs.section('In a container');
  // the keyring and the kernel are the node's
  knobs.set('DISCARD_SESSION_KEYRING_ON_STARTUP', false);
  knobs.set('ENABLE_KERNEL_TUNING', false);
  return knobs;
}

function hostOf(address: string): string {
  return address.replace(/:\d+$/, '');
}

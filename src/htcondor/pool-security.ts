import { KnobSet, Macro } from './config';
import { PATHS } from './paths';

/** What the identity of a cluster's execution points begins with; the cluster's name follows. */
export const EXECUTION_POINT_IDENTITY = 'startd-';

/** A daemon that holds the signing key shows a token that it makes itself; this is who it is then. */
const KEY_HOLDER = 'condor@password';

/** What a machine is called by those who have a claim on one of its slots. */
const MACHINE_OF_A_CLAIM = 'execute-side@matchsession';

/** The domains of a pool. */
interface Domains {
  readonly trustDomain: string;
  readonly uidDomain: string;
}

/** The identity in the token of a cluster's execution points. */
export function executionPointIdentity(cluster: string, trustDomain: string): string {
  return `${EXECUTION_POINT_IDENTITY}${cluster}@${trustDomain}`;
}

/** Nobody is heard who hasn't shown who he is, and nothing goes over the network in the clear. */
export function requireAuthentication(knobs: KnobSet): void {
  knobs.section('Who may do what');
  // READ and CLIENT have defaults of their own, which ask for less
  for (const context of ['DEFAULT', 'READ', 'CLIENT']) {
    for (const property of ['AUTHENTICATION', 'ENCRYPTION', 'INTEGRITY']) { knobs.set(`SEC_${context}_${property}`, 'REQUIRED'); }
  }
  // FS proves a user of the same pod, IDTOKENS anybody else
  knobs.set('SEC_DEFAULT_AUTHENTICATION_METHODS', ['FS', 'IDTOKENS']);
  knobs.set('SEC_PASSWORD_DIRECTORY', PATHS.keys);
  knobs.set('SEC_TOKEN_POOL_SIGNING_KEY_FILE', `${PATHS.keys}/POOL`);
  knobs.set('SEC_TOKEN_SYSTEM_DIRECTORY', PATHS.tokens);
  // a claim is its own proof: schedd and startd need no token of each other's
  knobs.set('SEC_ENABLE_MATCH_PASSWORD_AUTHENTICATION', true);
}

/** Whoever shows a token of the pool. */
function usersOf({ trustDomain, uidDomain }: Domains): string[] {
  return [KEY_HOLDER, ...new Set([`*@${trustDomain}`, `*@${uidDomain}`])];
}

/**
 * Central managers and access points: whoever shows a token reads, the daemons of this cluster do the rest.
 *
 * @param submitters names of the only users who write, that is submit; everybody who reads if not given
 */
export function admitUsers(
  knobs: KnobSet, { trustDomain, uidDomain }: Domains, administrators: readonly string[], submitters?: readonly string[],
): void {
  const daemons = [KEY_HOLDER, `condor@${trustDomain}`];
  const users = usersOf({ trustDomain, uidDomain });
  knobs.set('ALLOW_READ', users);
  const writers = submitters && [...daemons, ...submitters.map(name => `${name}@${trustDomain}`)];
  knobs.set('ALLOW_WRITE', writers ?? users);
  // an execution point's token is no user's: neither queue nor history is its business
  for (const permission of ['READ', 'WRITE']) { knobs.set(`DENY_${permission}`, [`${EXECUTION_POINT_IDENTITY}*@${trustDomain}`]); }
  knobs.set('ALLOW_DAEMON', daemons);
  knobs.set('ALLOW_NEGOTIATOR', daemons);
  knobs.set('ALLOW_ADMINISTRATOR', [...new Set([...daemons, `condor@${uidDomain}`, `root@${uidDomain}`, ...administrators])]);
  knobs.set('ALLOW_ADVERTISE_STARTD', daemons);
  knobs.set('ALLOW_ADVERTISE_SCHEDD', daemons);
  knobs.set('ALLOW_ADVERTISE_MASTER', daemons);
}

/**
 * An access point of parallel jobs: HTCondor admits the machine of a job's first node to its shadow, and by its address, so that those of the
 * others could bring no files. Who can say this name has a claim of the shadow's job.
 */
export function admitParallelNodes(knobs: KnobSet, { trustDomain, uidDomain }: Domains): void {
  knobs.set('SHADOW.ALLOW_WRITE', [...usersOf({ trustDomain, uidDomain }), MACHINE_OF_A_CLAIM]);
}

/** Execution points: asked by whoever holds a claim, and by the daemons and tools beside them; by nobody else. */
export function admitNeighbours(knobs: KnobSet, { trustDomain, uidDomain }: Domains): void {
  const neighbours = [...new Set([`condor@${trustDomain}`, `condor@${uidDomain}`, `root@${uidDomain}`])];
  for (const permission of ['READ', 'WRITE', 'DAEMON', 'ADMINISTRATOR']) { knobs.set(`ALLOW_${permission}`, neighbours); }
}

/** The name of the collector of a cluster, as a knob and as a socket. */
function collectorOf(cluster: string): { daemon: string; socket: string } {
  // a DNS label has no underscore, and the end is no other knob's: neither two clusters nor a cluster and a knob can meet here
  return { daemon: `MEMBER_${cluster.replace(/-/g, '_').toUpperCase()}_COLLECTOR`, socket: `collector-${cluster}` };
}

/** The daemon of the central manager that is a cluster's collector. */
export function collectorDaemon(cluster: string): string {
  return collectorOf(cluster).daemon;
}

/** The address at which a cluster's execution points advertise, by the address of the central manager. */
export function collectorAddress(centralManager: string, cluster: string): string {
  return `${centralManager}?sock=${collectorOf(cluster).socket}`;
}

/**
 * A collector for each cluster of execution points, which passes their ads on to the pool's.
 *
 * One collector for all can't keep them apart: whoever may advertise a machine may invalidate any other, and
 * may advertise any name by way of UPDATE_STARTD_AD_WITH_ACK, for which the collector believes the identity
 * that the ad claims. So each cluster's token is good for its own collector only, and that one takes no names
 * but the cluster's, whoever sends them. Invalidations are passed on unseen: nobody hears them.
 */
export function separateClusters(knobs: KnobSet, clusters: readonly string[], port: number, ownAddress: Macro, { trustDomain }: Domains): void {
  knobs.set('IGNORE_INVALIDATE', true);
  if (clusters.length === 0) { return; }
  knobs.section('A collector for each cluster: its token is good for its own machines only');
  knobs.set('UPDATE_VIEW_COLLECTOR_WITH_TCP', true);
  for (const cluster of clusters) {
    const { daemon, socket } = collectorOf(cluster);
    const own = [executionPointIdentity(cluster, trustDomain)];
    knobs.set(daemon, new Macro('$(COLLECTOR)'));
    knobs.set(`${daemon}_ARGS`, `-sock ${socket}`);
    knobs.set(`${daemon}.COLLECTOR_NAME`, cluster);
    knobs.set(`${daemon}.COLLECTOR_LOG`, new Macro(`$(LOG)/CollectorLog.${cluster}`));
    knobs.set(`${daemon}.COLLECTOR_ADDRESS_FILE`, new Macro(`$(LOG)/.collector_address.${cluster}`));
    knobs.set(`${daemon}.COLLECTOR_SUPER_ADDRESS_FILE`, new Macro(`$(LOG)/.collector_address.${cluster}.super`));
    knobs.set(`${daemon}.CCB_RECONNECT_FILE`, new Macro(`$(SPOOL)/${cluster}.ccb_reconnect`));
    knobs.set(`${daemon}.CONDOR_VIEW_HOST`, new Macro(`${ownAddress.text}:${port}`));
    // the startd's own ad says that its type is StartD
    knobs.set(`${daemon}.CONDOR_VIEW_CLASSAD_TYPES`, ['Machine', 'StartD', 'DaemonMaster']);
    knobs.set(`${daemon}.COLLECTOR_FORWARD_FILTERING`, false);
    knobs.set(`${daemon}.ALLOW_ADVERTISE_STARTD`, own);
    knobs.set(`${daemon}.ALLOW_ADVERTISE_MASTER`, own);
    knobs.set(`${daemon}.ALLOW_ADVERTISE_SCHEDD`, '');
    knobs.set(`${daemon}.DENY_READ`, '');
    knobs.set(`${daemon}.COLLECTOR_REQUIREMENTS`, namesOf(cluster));
  }
}

/** The name must be written out, since an expression could be another name later, and end in the cluster's. */
function namesOf(cluster: string): Macro {
  const suffix = `.${cluster}`;
  return new Macro(`evalInEachContext(unparse(Name), {TARGET})[0] =?= strcat("\\"", Name, "\\"") && substr(Name, -${suffix.length}) =?= "${suffix}"`);
}

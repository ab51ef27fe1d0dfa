import { Duration, Lazy } from 'cdk8s';
import { KnobSet, Macro } from './config';
import { PATHS } from './paths';
import { Keyring } from './pod-credentials';
import { collectorDaemon, EXECUTION_POINT_IDENTITY } from './pool-security';
import { SecretReference } from '../workload/secret-reference';

/** The Secret in the host cluster that holds the signing key of a member. */
export function memberKey(pool: string, cluster: string): Required<SecretReference> {
  return { secretName: `${pool}-signing-key-${cluster}`, key: 'key' };
}

/**
 * The members' signing keys in the central manager, each in a directory of its own. A key that isn't there yet keeps its member
 * out, and nobody else.
 */
export function memberKeyring(pool: string, clusters: () => string[]): Keyring {
  return { volume: 'member-keys', directory: PATHS.memberKeys, sources: Lazy.any({ produce: () => memberKeySources(pool, clusters()) }) };
}

/** The members' keys as files of one volume, named as the tokens name them (`kid`). */
export function memberKeySources(pool: string, clusters: readonly string[], directory = ''): object[] {
  return clusters.map(cluster => {
    const { secretName, key } = memberKey(pool, cluster);
    return { secret: { name: secretName, optional: true, items: [{ key, path: `${directory}${cluster}` }] } };
  });
}

/**
 * A member's collector knows the member's key besides the pool's, and no other daemon does: what that key has signed is worth something
 * there alone.
 *
 * The pool's key has to stay: access points show it that they may ask for a connection to a machine. HTCondor's expression of what is
 * revoked sees a token's claims, and not who signed it; so what is left of tokens that were made by hand goes by their age.
 */
export function trustMemberKey(knobs: KnobSet, cluster: string, lifetime?: Duration): void {
  const daemon = collectorDaemon(cluster);
  knobs.set(`${daemon}.SEC_PASSWORD_DIRECTORY`, `${PATHS.memberKeys}/${cluster}`);
  if (!lifetime) { return; }
  const { length } = EXECUTION_POINT_IDENTITY;
  knobs.set(`${daemon}.SEC_TOKEN_REVOCATION_EXPR`,
    new Macro(`substr(sub, 0, ${length}) =?= "${EXECUTION_POINT_IDENTITY}" && !(time() - iat <= ${lifetime.toSeconds()})`));
}

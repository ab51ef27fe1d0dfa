import { createHmac, hkdfSync } from 'crypto';

/** With what HTCondor disguises keys on disk; it signs with what it reads there, undisguised (simple_scramble). */
const DISGUISE = Buffer.from('deadbeef', 'hex');

/**
 * A token as a member's key signs it, with any claims: `condor_token_create` makes none that is old.
 *
 * @param key what the key's Secret holds
 * @param kid the key's name
 */
export function signedToken(key: string, kid: string, claims: object): string {
  const undisguised = Buffer.from(key).map((byte, index) => byte ^ DISGUISE[index % DISGUISE.length]); // eslint-disable-line no-bitwise
  const signer = Buffer.from(hkdfSync('sha256', undisguised, 'htcondor', 'master jwt', 32));
  const text = [{ alg: 'HS256', kid }, claims].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${createHmac('sha256', signer).update(text).digest('base64url')}`;
}

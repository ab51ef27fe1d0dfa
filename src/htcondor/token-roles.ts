import { EXECUTION_POINT_IDENTITY } from './pool-security';
import { isDnsLabel, isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';
import { isSecretKey, SecretReference, SECRET_KEY } from '../workload/secret-reference';

/** What a token allows (`-authz`). It never allows more than its identity may. */
export enum TokenAuthorization {
  /** To ask: `condor_status`, `condor_q`. */
  READ = 'READ',
  /** To submit and change one's own jobs. */
  WRITE = 'WRITE',
  /** To administer the pool, for one of its `administrators`. */
  ADMINISTRATOR = 'ADMINISTRATOR',
}

/** Options of `TokenMint.addRole`. */
export interface TokenRoleOptions {
  /**
   * Whom the pool takes the bearer for, `user@<trustDomain>`.
   *
   * Refused: another domain, wildcards, and what the pool's own daemons are called: `condor@...`, `startd-...`.
   */
  readonly identity: string;

  /** What the token allows, at least one. */
  readonly authorizations: TokenAuthorization[];

  /**
   * The namespace of the host in which the token is used. It must be there, of this program or another; the mint's account gets a Role in it.
   *
   * Refused: what is no DNS label.
   *
   * @default - that of the mint
   */
  readonly namespace?: string;

  /**
   * The Secret that the token is kept in, and the key, for whoever expects it under names of its own, as `CondorSteps` does. It must be there; its other
   * keys are left as they are.
   *
   * Refused: what is no name of a Secret or of a key, and a key that the mint writes already.
   *
   * @default - a Secret `<id of the mint>.<name of the role>`, key `token`
   */
  readonly secret?: SecretReference;
}

/** Somebody who gets a token, and where it is kept. */
export interface TokenRole {
  readonly name: string;
  readonly identity: string;
  readonly authorizations: TokenAuthorization[];
  readonly namespace: string;
  readonly secretName: string;
  readonly key: string;
}

/** What is kept by default under names that are the mint's. */
export function tokenRole(mint: string, mintNamespace: string, name: string, options: TokenRoleOptions): TokenRole {
  const { identity, authorizations, namespace = mintNamespace, secret } = options;
  const { secretName = `${mint}.${name}`, key = 'token' } = secret ?? {};
  return { name, identity, authorizations, namespace, secretName, key };
}

/** A key in a Secret, in one word. */
export const keptAs = (namespace: string, secretName: string, key: string): string => `${namespace}/${secretName}/${key}`;

/**
 * What is wrong with roles.
 *
 * @param trustDomain whose users they may be
 * @param members whose names are taken
 * @param kept what else is kept where, as `keptAs` says it
 */
export function tokenRoleProblems(roles: readonly TokenRole[], trustDomain: string, members: string[], kept: string[]): string[] {
  const [names, places] = [new Set(members), new Set(kept)];
  return roles.flatMap(({ name, identity, authorizations, namespace, secretName, key }) => {
    const property = `addRole(${name})`;
    const problems: string[] = [];
    if (!isDnsLabel(name) || names.has(name)) { problems.push(problem(property, name, 'a DNS label, other than those of members and other roles')); }
    names.add(name);
    const [user, domain, ...rest] = identity.split('@');
    if (!/^[\w.-]+$/.test(user) || domain !== trustDomain || rest.length > 0 || user === 'condor' || user.startsWith(EXECUTION_POINT_IDENTITY)) {
      problems.push(problem(`${property}.identity`, identity, `a user of ${trustDomain}, user@${trustDomain}, who is no daemon of the pool`));
    }
    if (authorizations.length === 0) { problems.push(problem(`${property}.authorizations`, authorizations, 'at least one')); }
    if (!isDnsLabel(namespace)) { problems.push(problem(`${property}.namespace`, namespace, 'a DNS label of at most 63 characters')); }
    if (!isDnsSubdomain(secretName)) { problems.push(problem(`${property}.secret.secretName`, secretName, 'the name of a Secret')); }
    if (!isSecretKey(key)) { problems.push(problem(`${property}.secret.key`, key, SECRET_KEY)); }
    const place = keptAs(namespace, secretName, key);
    if (places.has(place)) { problems.push(problem(`${property}.secret`, place, 'a key of a Secret that holds nothing else of the mint')); }
    places.add(place);
    return problems;
  });
}

import { KnobSet } from './config';
import { PATHS } from './paths';
import { Credential } from './pod-credentials';
import { PoolUser } from './pool-user';
import { problem } from '../problem';

/** Which user an issuer's subject is, as a map of HTCondor's: method, issuer and subject, user. */
export const SCITOKENS_FILE = 'scitokens.map';

const CERTIFICATE = 'tls.crt';
const CERTIFICATE_KEY = 'tls.key';

/** The issuers that users come from, and who they are there. */
function subjects(users: readonly PoolUser[]): { readonly issuer: string; readonly subject: string; readonly name: string }[] {
  return users.flatMap(({ name, tokenSubjects = {} }) => Object.entries(tokenSubjects).map(([issuer, subject]) => ({ issuer, subject, name })));
}

/** Whether users show tokens of others than the pool. */
export function usesSciTokens(users: readonly PoolUser[] = []): boolean {
  return subjects(users).length > 0;
}

export function sciTokensFile(users: readonly PoolUser[]): string {
  return subjects(users).map(({ issuer, subject, name }) => `SCITOKENS ${issuer},${subject} ${name}\n`).join('');
}

/** The ports at which the issuers' keys are asked for. */
export function issuerPorts(users: readonly PoolUser[] = []): number[] {
  return [...new Set(subjects(users).map(({ issuer }) => Number(addressOf(issuer)?.port || 443)))];
}

/**
 * Lets users in by the tokens of their issuers; daemons go on to show those of the pool.
 *
 * @param address by what a server is called, as its certificate says: otherwise a daemon that is found through the collector is looked for by its pod's name
 */
export function admitSciTokens(knobs: KnobSet, address: string): void {
  knobs.section('Tokens of other issuers');
  for (const permission of ['READ', 'WRITE']) { knobs.set(`SEC_${permission}_AUTHENTICATION_METHODS`, ['FS', 'IDTOKENS', 'SCITOKENS']); }
  knobs.set('HOST_ALIAS', address);
  knobs.set('CERTIFICATE_MAPFILE', `${PATHS.config}/${SCITOKENS_FILE}`);
  // otherwise a subject is an expression that others match whose beginning or end it is
  knobs.set('CERTIFICATE_MAPFILE_ASSUME_HASH_KEYS', true);
  // a token is shown to whoever proves by a certificate that he may see it
  knobs.set('AUTH_SSL_SERVER_CERTFILE', `${PATHS.certificate}/${CERTIFICATE}`);
  knobs.set('AUTH_SSL_SERVER_KEYFILE', `${PATHS.certificateKey}/${CERTIFICATE_KEY}`);
}

/** A server's certificate and its key, as a Secret of the type `kubernetes.io/tls` has them. */
export function serverCertificate(server: string): Credential[] {
  const secretName = `${server}-tls`;
  return [
    { volume: 'certificate', secret: { secretName, key: CERTIFICATE }, defaultKey: CERTIFICATE, file: CERTIFICATE, directory: PATHS.certificate },
    { volume: 'certificate-key', secret: { secretName, key: CERTIFICATE_KEY }, defaultKey: CERTIFICATE_KEY, file: CERTIFICATE_KEY, directory: PATHS.certificateKey },
  ];
}

/** What is wrong with the issuers and the subjects. */
export function sciTokenProblems(property: string, users: readonly PoolUser[]): string[] {
  const problems: string[] = [];
  const seen = new Map<string, string>();
  users.forEach(({ name, tokenSubjects = {} }, index) => Object.entries(tokenSubjects).forEach(([issuer, subject]) => {
    const where = `${property}[${index}].tokenSubjects`;
    const address = addressOf(issuer);
    if (address?.protocol !== 'https:' || address.search || address.hash || address.username || /[\s,"\\]/.test(issuer)) {
      problems.push(problem(where, issuer, 'issuers as their tokens name them (iss): an https address'));
    } else if (!/^[\w.@:+=|-]+$/.test(subject)) {
      problems.push(problem(`${where}.${issuer}`, subject, 'a subject (sub): letters, digits and . _ @ : + = | -'));
    } else if (seen.has(`${issuer},${subject}`)) {
      problems.push(problem(`${where}.${issuer}`, subject, `a subject that ${seen.get(`${issuer},${subject}`)} does not have`));
    }
    seen.set(`${issuer},${subject}`, name);
  }));
  return problems;
}

function addressOf(issuer: string): URL | undefined {
  try {
    return new URL(issuer);
  } catch {
    return undefined;
  }
}

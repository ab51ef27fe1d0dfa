import { ReanaCredentials } from './reana-backing-services';
import { isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';
import { isSecretKey, SECRET_KEY } from '../workload/secret-reference';

/** The two variables that a pod has its credentials in. */
export interface CredentialVariables {
  readonly user: string;
  readonly password: string;
}

/** How REANA's own code calls them. */
export const CREDENTIALS = {
  database: { user: 'REANA_DB_USERNAME', password: 'REANA_DB_PASSWORD' },
  messageBroker: { user: 'RABBIT_MQ_USER', password: 'RABBIT_MQ_PASS' },
  cache: { user: 'REANA_CACHE_USER', password: 'REANA_CACHE_PASSWORD' },
} as const;

/** A container's environment that holds them. */
export function credentialEnvironment({ secretName, userKey = 'user', passwordKey = 'password' }: ReanaCredentials, variables: CredentialVariables): object[] {
  const from = (key: string) => ({ secretKeyRef: { name: secretName, key } });
  return [{ name: variables.user, valueFrom: from(userKey) }, { name: variables.password, valueFrom: from(passwordKey) }];
}

/**
 * Shell that ends a container whose credentials REANA couldn't use, and says which and why; never what they are. Nothing that is synthesized knows them.
 *
 * REANA puts user and password into URLs as they are, and what comes after takes them into ACLs, JSON and lists without a quote.
 */
export function checkCredentials({ user, password }: CredentialVariables): string {
  return [
    'LC_ALL=C',
    'export LC_ALL',
    `for name in ${user} ${password}; do`,
    '  eval "value=\\${$name:-}"',
    '  case $value in',
    "    '') echo \"$name is empty: the Secret that it comes from must hold it\" >&2; exit 64 ;;",
    "    *[!A-Za-z0-9._~-]*) echo \"$name has a character other than letters, digits, '-', '_', '.' and '~': REANA puts it into URLs as it is\" >&2; exit 64 ;;",
    '  esac',
    'done',
  ].join('\n');
}

/** What names no Secret or no key of one. */
export function credentialProblems(property: string, credentials: ReanaCredentials): string[] {
  const problems: string[] = [];
  if (!isDnsSubdomain(credentials.secretName)) { problems.push(problem(`${property}.secretName`, credentials.secretName, 'the name of a Secret')); }
  for (const key of ['userKey', 'passwordKey'] as const) {
    if (credentials[key] !== undefined && !isSecretKey(credentials[key]!)) { problems.push(problem(`${property}.${key}`, credentials[key], SECRET_KEY)); }
  }
  return problems;
}

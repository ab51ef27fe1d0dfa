import { problem } from '../problem';

/** Kerberos for workflows that ask for it: what is in `krb5.conf` of their pods. Tickets are made of keytabs that users give to REANA as secrets. */
export interface ReanaKerberos {
  /** The default realm, for instance `CERN.CH`. */
  readonly realm: string;

  /** The names of the realm's key distribution centres. */
  readonly kdcs: string[];

  /**
   * The DNS domain of the realm's machines.
   *
   * @default - the realm in small letters
   */
  readonly domain?: string;

  /**
   * The realm's administration server, where passwords are changed.
   *
   * @default - the first of the KDCs
   */
  readonly adminServer?: string;
}

/** The text of `krb5.conf`. Weak ciphers stay off; the cache is where REANA's containers share it. */
export function krb5Conf({ realm, kdcs, domain, adminServer }: ReanaKerberos): string {
  const zone = domain ?? realm.toLowerCase();
  const admin = adminServer ?? kdcs[0];
  return [
    '[libdefaults]',
    `  default_realm = ${realm}`,
    '  ticket_lifetime = 25h',
    '  renew_lifetime = 120h',
    '  forwardable = true',
    '  proxiable = true',
    '  default_ccache_name = /krb5_cache/krb5_%{uid}',
    '',
    '[realms]',
    `  ${realm} = {`,
    `    default_domain = ${zone}`,
    ...kdcs.map(kdc => `    kdc = ${kdc}`),
    `    admin_server = ${admin}`,
    `    kpasswd_server = ${admin}`,
    '  }',
    '',
    '[domain_realm]',
    `  .${zone} = ${realm}`,
    `  ${zone} = ${realm}`,
    '',
  ].join('\n');
}

export function kerberosProblems({ realm, kdcs, domain, adminServer }: ReanaKerberos): string[] {
  const problems: string[] = [];
  const named = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/;
  if (!named.test(realm)) { problems.push(problem('kerberos.realm', realm, 'a realm, such as CERN.CH')); }
  if (kdcs.length === 0) { problems.push(problem('kerberos.kdcs', [], 'at least one key distribution centre')); }
  for (const name of [...kdcs, domain, adminServer]) {
    if (name !== undefined && !named.test(name)) { problems.push(problem('kerberos', name, 'DNS names')); }
  }
  return problems;
}

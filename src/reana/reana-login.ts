import { environment, EnvironmentVariable, secretVariable } from './environment';
import { ReanaNames } from './reana-names';
import { ReanaNotifications } from './reana-notifications';
import { problem } from '../problem';
import { SecretReference } from '../workload/secret-reference';

/** A Keycloak realm that users log in with. */
export interface ReanaKeycloak {
  /** The provider's name, under which its Secret has what REANA is there. */
  readonly name: string;

  /** How it is called in the UI. */
  readonly title: string;

  /** Keycloak's URL, for instance `https://keycloak.example`. */
  readonly baseUrl: string;

  /** The realm's issuer, for instance `https://keycloak.example/realms/reana`. */
  readonly realmUrl: string;

  /**
   * Where tokens are asked for.
   *
   * @default - `protocol/openid-connect/token` below realmUrl
   */
  readonly accessTokenUrl?: string;

  /**
   * Where users are sent to log in.
   *
   * @default - `protocol/openid-connect/auth` below realmUrl
   */
  readonly authorizeUrl?: string;

  /**
   * Where it is asked who a user is.
   *
   * @default - `protocol/openid-connect/userinfo` below realmUrl
   */
  readonly userinfoUrl?: string;
}

/** Who may log in, and how. */
export interface ReanaLogin {
  /**
   * Whether users can have a password at REANA itself. Refused: false without another way.
   *
   * @default - only where there is no other way
   */
  readonly localUsers?: boolean;

  /**
   * Whether the UI has no form to sign up.
   *
   * @default false
   */
  readonly hideSignup?: boolean;

  /**
   * Whether local users must confirm their address by mail before they can log in (`REANA_USER_EMAIL_CONFIRMATION`).
   *
   * @default - with `notifications`: without them REANA sends no mail, and nobody could
   */
  readonly emailConfirmation?: boolean;

  /**
   * Whether whoever logs in gets an access token without being asked (`REANA_ACCESS_TOKEN_ISSUANCE_POLICY`). Refused where nobody but REANA itself
   * knows users: everybody could sign up and compute.
   *
   * @default false
   */
  readonly automaticTokens?: boolean;

  /**
   * The Keycloak realm that users log in with (`LOGIN_PROVIDERS_CONFIGS`). REANA knows one.
   *
   * @default - none
   */
  readonly keycloak?: ReanaKeycloak;

  /**
   * Who REANA is at Keycloak (`LOGIN_PROVIDERS_SECRETS`), as JSON: by the provider's name `{"consumer_key": ..., "consumer_secret": ...}`.
   *
   * @default - key `PROVIDER_SECRETS` of `<prefix>-login-provider-secrets`
   */
  readonly keycloakSecret?: SecretReference;

  /**
   * The Secret with REANA's registration at CERN's single sign-on, under the keys `CERN_CONSUMER_KEY` and `CERN_CONSUMER_SECRET`.
   *
   * @default - no login of CERN
   */
  readonly cernSecret?: string;

  /**
   * The Secret with REANA's registration at EOSC, under the keys `EOSC_CONSUMER_KEY` and `EOSC_CONSUMER_SECRET`.
   *
   * @default - no login of EOSC
   */
  readonly eoscSecret?: string;
}

/** What any program needs that loads the server's settings: one of the pair without the other is an error there. */
export function providerVariables(names: ReanaNames, { keycloak, keycloakSecret }: ReanaLogin): EnvironmentVariable[] {
  return keycloak ? [
    ...environment({ LOGIN_PROVIDERS_CONFIGS: providerConfigs({ keycloak }) }),
    secretVariable('LOGIN_PROVIDERS_SECRETS', {
      secretName: keycloakSecret?.secretName ?? names.loginProviderSecret, key: keycloakSecret?.key ?? 'PROVIDER_SECRETS',
    }),
  ] : [];
}

/** Whether local users are sent a mail that they have to answer. */
export function confirmsAddresses({ emailConfirmation }: ReanaLogin, notifications?: ReanaNotifications): boolean {
  return emailConfirmation ?? notifications !== undefined;
}

/** What the API needs besides. */
export function loginVariables(login: ReanaLogin, notifications?: ReanaNotifications): EnvironmentVariable[] {
  const { cernSecret, eoscSecret } = login;
  return [
    ...environment({
      REANA_USER_EMAIL_CONFIRMATION: confirmsAddresses(login, notifications), REANA_ACCESS_TOKEN_ISSUANCE_POLICY: tokenPolicy(login),
    }),
    ...registration('CERN', cernSecret),
    ...registration('EOSC', eoscSecret),
  ];
}

export function tokenPolicy({ automaticTokens }: ReanaLogin): string {
  return automaticTokens ? 'auto' : 'manual';
}

/** The provider as the server and the UI take it. */
export function providerConfigs({ keycloak }: ReanaLogin): object[] {
  if (!keycloak) { return []; }
  const { name, title, baseUrl, realmUrl, authorizeUrl, accessTokenUrl, userinfoUrl } = keycloak;
  const endpoint = (path: string) => `${realmUrl}/protocol/openid-connect/${path}`;
  return [{
    name,
    type: 'keycloak',
    config: {
      title,
      base_url: baseUrl,
      realm_url: realmUrl,
      auth_url: authorizeUrl ?? endpoint('auth'),
      token_url: accessTokenUrl ?? endpoint('token'),
      userinfo_url: userinfoUrl ?? endpoint('userinfo'),
    },
  }];
}

export function allowsLocalUsers(login: ReanaLogin): boolean {
  return login.localUsers ?? !knownElsewhere(login);
}

export function loginProblems(login: ReanaLogin): string[] {
  const problems: string[] = [];
  const ways = 'without keycloak, cernSecret or eoscSecret';
  if (login.automaticTokens && !knownElsewhere(login)) {
    problems.push(problem('login.automaticTokens', true, `false, ${ways}: everybody could sign up and compute`));
  }
  if (login.localUsers === false && !knownElsewhere(login)) { problems.push(problem('login.localUsers', false, `true, ${ways}: nobody could log in`)); }
  if (login.keycloak) {
    const { name, title, ...urls } = login.keycloak;
    for (const [property, url] of Object.entries(urls)) {
      if (!/^https:\/\/[^\s/]+(\/\S*)?$/.test(url)) { problems.push(problem(`login.keycloak.${property}`, url, 'a URL that begins with https://')); }
    }
  }
  return problems;
}

/** Whether somebody else says who users are. */
function knownElsewhere({ keycloak, cernSecret, eoscSecret }: ReanaLogin): boolean {
  return [keycloak, cernSecret, eoscSecret].some(way => way !== undefined);
}

function registration(provider: string, secretName: string | undefined): EnvironmentVariable[] {
  return secretName === undefined ? [] : [
    secretVariable(`${provider}_CONSUMER_KEY`, { secretName }), secretVariable(`${provider}_CONSUMER_SECRET`, { secretName }),
  ];
}

import { Yaml } from 'cdk8s';

/** An analysis that the UI offers to newcomers. */
export interface ReanaLauncherExample {
  /** Its name. */
  readonly name: string;

  /** What it does. */
  readonly description: string;

  /** Where its files are: a Git repository. */
  readonly url: string;

  /** A picture. */
  readonly imageUrl: string;

  /** The file of the specification in it. */
  readonly specification: string;
}

/** What the site says of itself, in the UI and at `/api/config` (`ui-config.yaml`). */
export interface ReanaSite {
  /**
   * What stands above every page.
   *
   * @default - nothing
   */
  readonly announcement?: string;

  /**
   * The documentation's URL.
   *
   * @default 'https://docs.reana.io'
   */
  readonly docsUrl?: string;

  /**
   * The forum's URL.
   *
   * @default 'https://forum.reana.io'
   */
  readonly forumUrl?: string;

  /**
   * The chat's URL.
   *
   * @default - none
   */
  readonly chatUrl?: string;

  /**
   * The privacy notice's URL.
   *
   * @default - none
   */
  readonly privacyNoticeUrl?: string;

  /**
   * The Python environment with `reana-client` that users activate.
   *
   * @default - none
   */
  readonly clientEnvironment?: string;

  /**
   * Whom users write to.
   *
   * @default - `receiver` of the notifications
   */
  readonly adminEmail?: string;

  /**
   * How often the UI asks for news, in seconds.
   *
   * @default 15
   */
  readonly pollingSeconds?: number;

  /**
   * The largest file that the UI shows, in bytes.
   *
   * @default 5242880
   */
  readonly filePreviewSizeLimit?: number;

  /**
   * Analyses that the UI offers to newcomers.
   *
   * @default - none
   */
  readonly launcherExamples?: ReanaLauncherExample[];
}

/** What other properties of the platform say of the site. */
interface SiteFacts {
  readonly cernSso: boolean;
  readonly eoscSso: boolean;
  readonly loginProviders: object[];
  readonly hideSignup: boolean;
  readonly localUsers: boolean;
  readonly userConfirmation: boolean;
  readonly tokenPolicy: string;
  readonly adminEmail?: string;
  readonly maxInactivity?: number;
  readonly quotas: boolean;
  readonly sessionEnvironments: object;
}

/** The file `ui-config.yaml`. What isn't there is null: the UI tests for that. */
export function siteConfig(site: ReanaSite, facts: SiteFacts): string {
  return Yaml.stringify({
    announcement: site.announcement ?? null,
    polling_secs: site.pollingSeconds ?? 15,
    docs_url: site.docsUrl ?? 'https://docs.reana.io',
    client_pyvenv: site.clientEnvironment ?? null,
    forum_url: site.forumUrl ?? 'https://forum.reana.io',
    chat_url: site.chatUrl ?? null,
    privacy_notice_url: site.privacyNoticeUrl ?? null,
    cern_sso: facts.cernSso,
    eosc_sso: facts.eoscSso,
    login_provider_config: facts.loginProviders,
    hide_signup: facts.hideSignup,
    admin_email: site.adminEmail ?? facts.adminEmail ?? null,
    maximum_interactive_session_inactivity_period: facts.maxInactivity ?? null,
    local_users: facts.localUsers,
    user_confirmation: facts.userConfirmation,
    access_token_issuance_policy: facts.tokenPolicy,
    quota_enabled: facts.quotas,
    file_preview_size_limit: site.filePreviewSizeLimit ?? 5242880,
    launcher_examples: (site.launcherExamples ?? []).map(({ imageUrl, ...example }) => ({ ...example, image_url: imageUrl })),
    interactive_sessions: { environments: facts.sessionEnvironments },
  });
}

import { environment, EnvironmentVariable, secretVariable } from './environment';
import { scheduleProblems } from './reana-housekeeping';
import { ReanaNames } from './reana-names';
import { isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';

/** Mail to users and to those who run REANA. */
export interface ReanaNotifications {
  /** Who gets the report, and whom users write to (`REANA_EMAIL_RECEIVER`). */
  readonly receiver: string;

  /** Whom mail is from (`REANA_EMAIL_SENDER`). */
  readonly sender: string;

  /** The name of the SMTP server (`REANA_EMAIL_SMTP_SERVER`). */
  readonly smtpServer: string;

  /**
   * Its port (`REANA_EMAIL_SMTP_PORT`).
   *
   * @default 587
   */
  readonly smtpPort?: number;

  /**
   * Whether the connection is TLS from its beginning (`REANA_EMAIL_SMTP_SSL`). Otherwise it becomes so (`REANA_EMAIL_SMTP_STARTTLS`).
   *
   * @default false
   */
  readonly smtpSsl?: boolean;

  /**
   * The Secret with who REANA is at the server, under the keys `REANA_EMAIL_LOGIN` and `REANA_EMAIL_PASSWORD`.
   *
   * @default '<prefix>-mail-notification-sender-password'
   */
  readonly credentialsSecret?: string;

  /**
   * When the report of the system's status is sent, as a CronJob says it, in UTC. A run is ended after 23 hours.
   *
   * @default '0 0 * * *'
   */
  readonly reportSchedule?: string;
}

export function notificationVariables(names: ReanaNames, notifications?: ReanaNotifications): EnvironmentVariable[] {
  if (!notifications) { return environment({ REANA_NOTIFICATIONS_ENABLED: false }); }
  const secretName = notifications.credentialsSecret ?? names.mailSecret;
  const ssl = notifications.smtpSsl ?? false;
  return [
    ...environment({
      REANA_NOTIFICATIONS_ENABLED: true,
      REANA_EMAIL_RECEIVER: notifications.receiver,
      REANA_EMAIL_SENDER: notifications.sender,
      REANA_EMAIL_SMTP_SERVER: notifications.smtpServer,
      REANA_EMAIL_SMTP_PORT: notifications.smtpPort ?? 587,
      REANA_EMAIL_SMTP_SSL: ssl,
      REANA_EMAIL_SMTP_STARTTLS: !ssl,
    }),
    secretVariable('REANA_EMAIL_LOGIN', { secretName }),
    secretVariable('REANA_EMAIL_PASSWORD', { secretName }),
  ];
}

export function notificationProblems({ receiver, sender, smtpServer, smtpPort, reportSchedule }: ReanaNotifications): string[] {
  const problems = scheduleProblems('notifications.reportSchedule', reportSchedule);
  for (const [property, address] of Object.entries({ receiver, sender })) {
    if (!/^[^\s@]+@[^\s@]+$/.test(address)) { problems.push(problem(`notifications.${property}`, address, 'an address, such as reana@cern.ch')); }
  }
  if (!isDnsSubdomain(smtpServer)) { problems.push(problem('notifications.smtpServer', smtpServer, 'a DNS name')); }
  if (smtpPort !== undefined && !(Number.isInteger(smtpPort) && smtpPort >= 1 && smtpPort <= 65535)) {
    problems.push(problem('notifications.smtpPort', smtpPort, 'a port from 1 to 65535'));
  }
  return problems;
}

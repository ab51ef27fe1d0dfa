import { Duration } from 'cdk8s';
import { AlarmGroup, AlarmSeverity } from './alarm';
import { quoted, Series } from './promql';
import { countProblems, longerThan, nameProblems } from './threshold';

/** When somebody is told that tokens of the pool expire. The series are those of the pool's exporter and of kube-state-metrics. */
export interface TokenAlarms {
  /**
   * The names of the CronJobs that make tokens and bring them to members: the ids of `TokenMint`s.
   *
   * Refused: what is no name of Kubernetes.
   *
   * @default - none; tokens that the exporter sees are looked at alone
   */
  readonly mints?: string[];

  /**
   * For how long a token is valid: `lifetime` of the `TokenMint`.
   *
   * @default Duration.days(7)
   */
  readonly lifetime?: Duration;

  /**
   * How often tokens are renewed: `interval` of the `TokenMint`.
   *
   * @default Duration.days(1)
   */
  readonly interval?: Duration;

  /**
   * How long before tokens expire somebody is told.
   *
   * Refused: what `lifetime` less `interval` isn't longer than, since tokens that are renewed in time are as old as `interval`.
   *
   * @default Duration.days(2)
   */
  readonly warning?: Duration;
}

const settings = (alarms: TokenAlarms) => ({
  mints: [], lifetime: Duration.days(7), interval: Duration.days(1), warning: Duration.days(2), ...alarms,
});

/** The rules of tokens. */
export function tokenAlarms(alarms: TokenAlarms, host: string, series: Series): AlarmGroup {
  const { mints, lifetime, warning } = settings(alarms);
  const place = 'federation, k8s_cluster, namespace, cronjob';
  const cronJobs = `cronjob=~${quoted(mints.map(name => name.replace(/\./g, '\\.')).join('|'))}`;
  // one that never succeeded has no such time; its tokens are older
  const renewed = ['kube_cronjob_status_last_successful_time', 'kube_cronjob_created'].map(metric => `max by (${place}) (${series(metric, cronJobs)})`).join(' or ');
  return {
    about: 'tokens',
    recordings: [],
    alarms: [
      {
        name: 'HTCondorTokenExpiring',
        severity: AlarmSeverity.CRITICAL,
        expr: `min by (federation, identity) (${series('htcondor_token_expiration_timestamp_seconds')}) - time() < ${warning.toSeconds()}`,
        holds: Duration.minutes(5),
        cluster: host,
        summary: 'The token of {{ $labels.identity }} expires in {{ $value | humanizeDuration }}.',
      },
      ...mints.length === 0 ? [] : [{
        name: 'HTCondorTokensNotRenewed',
        severity: AlarmSeverity.CRITICAL,
        expr: `${lifetime.toSeconds()} - (time() - (${renewed})) < ${warning.toSeconds()}`,
        holds: Duration.minutes(5),
        summary: 'The tokens of {{ $labels.cronjob }} in {{ $labels.k8s_cluster }} have not been renewed and expire in {{ $value | humanizeDuration }}: machines leave the pool then.',
      }],
    ],
  };
}

/** What is wrong with them. */
export function tokenProblems(property: string, alarms: TokenAlarms): string[] {
  const { mints, lifetime, interval, warning } = settings(alarms);
  return [
    ...mints.flatMap((mint, index) => nameProblems(`${property}.mints[${index}]`, mint)),
    ...countProblems(`${property}.warning`, warning.toSeconds(), 60),
    ...longerThan(`${property}.lifetime`, lifetime, Duration.seconds(interval.toSeconds() + warning.toSeconds()), 'tokens that are renewed in time are as old as interval, and warning is told before they expire'),
  ];
}

import { Duration } from 'cdk8s';
import { AlarmGroup, AlarmSeverity } from './alarm';
import { promDuration, Series } from './promql';
import { atLeast, countProblems, longerThan, ratioProblems } from './threshold';
import { problem } from '../problem';

/** When somebody is told of an HTCondor pool. The series are those of its exporter. */
export interface CondorAlarms {
  /**
   * How many execution points each member has, by its name: machines, not slots. One that elastic fleets alone fill has 0.
   *
   * Refused: what is no member, less than 0, a part of one.
   *
   * @default - at least one in each member
   */
  readonly startds?: { [member: string]: number };

  /**
   * How many access points the pool has, at least 0.
   *
   * @default 1
   */
  readonly accessPoints?: number;

  /**
   * How long the pool's daemons wait before they advertise again: the longest of `UPDATE_INTERVAL`, `MASTER_UPDATE_INTERVAL`, `SCHEDD_INTERVAL` and
   * `NEGOTIATOR_UPDATE_INTERVAL`. What the collector says of one that is well is as old as this; no threshold may be shorter. HTCondor's own is five
   * minutes; daemons of a `CondorHost` advertise every minute, those of a fleet as often as its `updateInterval` says.
   *
   * @default Duration.minutes(5)
   */
  readonly adInterval?: Duration;

  /**
   * How old an execution point's ad is when its machine counts as missing. It need not wait for the collector to forget the ad
   * (`CLASSAD_LIFETIME`, 15 minutes).
   *
   * Refused: not longer than two `adInterval`, since one ad that is lost makes no machine missing.
   *
   * @default Duration.minutes(11)
   */
  readonly silence?: Duration;

  /**
   * How long ago the last negotiation cycle ended (`LastNegotiationCycleEnd0`).
   *
   * Refused: not longer than two `adInterval`: the cycle that an ad tells of was over before it, and one ad that is lost stops no negotiator.
   *
   * @default Duration.minutes(15)
   */
  readonly cycleAge?: Duration;

  /**
   * For how long jobs are idle, cores are free, and none starts.
   *
   * Refused: less than two `adInterval`.
   *
   * @default Duration.minutes(30)
   */
  readonly queueStuck?: Duration;

  /**
   * For how long a job is idle.
   *
   * Refused: less than a minute.
   *
   * @default Duration.hours(6)
   */
  readonly jobIdle?: Duration;

  /**
   * How many jobs of an access point are held for one reason, from 1; those that users hold themselves or whose input is on its way aren't counted.
   *
   * @default 10
   */
  readonly heldJobs?: number;

  /**
   * For how long they are held.
   *
   * Refused: less than a minute.
   *
   * @default Duration.minutes(30)
   */
  readonly jobsHeld?: Duration;

  /**
   * The part of its time in which a schedd is busy (`RecentDaemonCoreDutyCycle`), more than 0 and less than 1. Above it, it answers late.
   *
   * @default 0.95
   */
  readonly scheddDutyCycle?: number;

  /**
   * For how long a master hasn't read the configuration that the program wrote.
   *
   * Refused: less than `adInterval`; a kubelet takes a minute or two besides.
   *
   * @default Duration.minutes(30)
   */
  readonly configurationUnread?: Duration;

  /**
   * How long ago the usage of an access point was last added up.
   *
   * Refused: less than a minute.
   *
   * @default Duration.hours(1)
   */
  readonly accountingAge?: Duration;
}

/** Leaves out jobs that nobody need look after, by their HoldReasonCode: held by the user, submitted on hold, input that is being spooled. */
const NOT_ON_PURPOSE = 'hold_reason_code!~"1|15|16"';

const ONE_CAUSE = 'and on (federation) max by (federation)';

const settings = (alarms: CondorAlarms) => ({
  accessPoints: 1,
  adInterval: Duration.minutes(5),
  silence: Duration.minutes(11),
  cycleAge: Duration.minutes(15),
  queueStuck: Duration.minutes(30),
  jobIdle: Duration.hours(6),
  heldJobs: 10,
  jobsHeld: Duration.minutes(30),
  scheddDutyCycle: 0.95,
  configurationUnread: Duration.minutes(30),
  accountingAge: Duration.hours(1),
  ...alarms,
});

const twice = (duration: Duration) => Duration.millis(2 * duration.toMilliseconds());

/** The rules of a pool whose daemons are in a cluster. */
export function condorAlarms(alarms: CondorAlarms, federation: string, members: readonly string[], host: string, series: Series): AlarmGroup {
  const { adInterval, silence, cycleAge, queueStuck, configurationUnread } = settings(alarms);
  const { accessPoints, jobIdle, heldJobs, jobsHeld, scheddDutyCycle, accountingAge } = settings(alarms);
  const up = `${ONE_CAUSE} (${series('htcondor_up')}) == 1`;
  const present = series('federation:htcondor_startds:present');
  const expected = series('federation:htcondor_startds:expected');
  const cycleEnd = series('htcondor_negotiator_last_cycle_end_timestamp_seconds');
  const told = promDuration(twice(adInterval));
  return {
    about: 'htcondor',
    recordings: [
      ...members.map(member => ({
        record: 'federation:htcondor_startds:expected',
        expr: `vector(${alarms.startds?.[member] ?? 1})`,
        labels: { federation, k8s_cluster: member },
      })),
      {
        record: 'federation:htcondor_startds:present',
        expr: `count by (federation, k8s_cluster) (time() - max by (federation, k8s_cluster, machine) (${series('htcondor_startd_last_heard_timestamp_seconds')})`
          + ` < ${silence.toSeconds()}) or on (federation, k8s_cluster) 0 * ${expected}`,
      },
    ],
    alarms: [
      {
        name: 'HTCondorExporterDown',
        severity: AlarmSeverity.CRITICAL,
        expr: `max by (federation) (${series('htcondor_up')}) == 0 or absent(${series('htcondor_up')})`,
        holds: Duration.minutes(5),
        cluster: host,
        summary: 'Nothing is known of the pool: its exporter is gone, or no collector answers it.',
      },
      {
        name: 'HTCondorClusterGone',
        severity: AlarmSeverity.CRITICAL,
        expr: `${present} == 0 and on (federation, k8s_cluster) ${expected} > 0 ${up}`,
        holds: Duration.minutes(5),
        summary: 'No execution point of {{ $labels.k8s_cluster }} is in the pool.',
      },
      {
        name: 'HTCondorStartdMissing',
        severity: AlarmSeverity.WARNING,
        expr: `${expected} - on (federation, k8s_cluster) ${present} > 0 ${up}`,
        holds: Duration.minutes(20),
        summary: '{{ $value }} execution points of {{ $labels.k8s_cluster }} are not in the pool.',
      },
      {
        name: 'HTCondorNoNegotiationCycle',
        severity: AlarmSeverity.CRITICAL,
        expr: `time() - max by (federation) (${cycleEnd}) > ${cycleAge.toSeconds()} or absent(${cycleEnd}) ${up}`,
        holds: Duration.minutes(5),
        cluster: host,
        summary: 'The negotiator has matched no jobs with machines for too long: idle jobs stay idle.',
      },
      {
        name: 'HTCondorScheddMissing',
        severity: AlarmSeverity.CRITICAL,
        expr: `${accessPoints} - (count by (federation) (${series('htcondor_schedd_up')} == 1) or 0 * max by (federation) (${series('htcondor_up')})) > 0 ${up}`,
        holds: Duration.minutes(5),
        cluster: host,
        summary: '{{ $value }} access points of the pool do not answer.',
      },
      {
        name: 'HTCondorQueueStuck',
        severity: AlarmSeverity.WARNING,
        expr: `sum by (federation, schedd) (${series('htcondor_schedd_jobs', 'state="idle"')}) > 0`
          + ` and on (federation, schedd) sum by (federation, schedd) (rate(${series('htcondor_schedd_jobs_started_total')}[${told}])) == 0`
          + ` and on (federation) sum by (federation) (${series('htcondor_slot_cpus', 'state="Unclaimed"')}) > 0`,
        holds: queueStuck,
        cluster: host,
        summary: '{{ $value }} jobs of {{ $labels.schedd }} are idle and none starts, although cores are free.',
        least: { holds: twice(adInterval), because: 'an access point tells only every adInterval that jobs have started' },
      },
      {
        name: 'HTCondorJobIdleTooLong',
        severity: AlarmSeverity.WARNING,
        expr: `max by (federation, schedd) (${series('htcondor_schedd_oldest_idle_job_age_seconds')}) > ${jobIdle.toSeconds()}`,
        holds: Duration.minutes(15),
        cluster: host,
        summary: 'A job of {{ $labels.schedd }} is idle for {{ $value | humanizeDuration }}.',
      },
      {
        name: 'HTCondorJobsHeld',
        severity: AlarmSeverity.WARNING,
        expr: `sum by (federation, schedd, hold_reason_code) (${series('htcondor_schedd_held_jobs', NOT_ON_PURPOSE)}) >= ${heldJobs}`,
        holds: jobsHeld,
        cluster: host,
        summary: '{{ $value }} jobs of {{ $labels.schedd }} are held, with the reason {{ $labels.hold_reason_code }}.',
      },
      {
        name: 'HTCondorScheddSaturated',
        severity: AlarmSeverity.WARNING,
        expr: `max by (federation, schedd) (${series('htcondor_schedd_duty_cycle_ratio')}) > ${scheddDutyCycle}`,
        holds: Duration.minutes(15),
        cluster: host,
        summary: '{{ $labels.schedd }} is busy {{ $value | humanizePercentage }} of its time: it starts and answers late.',
      },
      {
        name: 'HTCondorConfigurationNotRead',
        severity: AlarmSeverity.WARNING,
        expr: `max by (federation, k8s_cluster, machine) (${series('htcondor_master_config_stale')}) > 0`,
        holds: configurationUnread,
        summary: '{{ $labels.machine }} in {{ $labels.k8s_cluster }} goes on with an older configuration: it can not read what was applied, or has not got it.',
        least: { holds: adInterval, because: 'a master tells only every adInterval which configuration it has read' },
      },
      {
        name: 'HTCondorAccountingStopped',
        severity: AlarmSeverity.WARNING,
        expr: `time() - max by (federation, schedd) (${series('htcondor_core_seconds_read_timestamp_seconds')}) > ${accountingAge.toSeconds()}`,
        holds: Duration.minutes(15),
        cluster: host,
        summary: 'The usage of {{ $labels.schedd }} is not added up: core-hours by accounting group and cluster are too low.',
      },
    ],
  };
}

/** What is wrong with them. */
export function condorProblems(property: string, alarms: CondorAlarms, members: readonly string[]): string[] {
  const { adInterval, silence, cycleAge, queueStuck, configurationUnread } = settings(alarms);
  const { accessPoints, jobIdle, heldJobs, jobsHeld, scheddDutyCycle, accountingAge } = settings(alarms);
  const minute = Duration.minutes(1);
  const stale = (what: string) => `what the collector says of ${what} that is well is as old as adInterval, ${promDuration(adInterval)}`;
  return [
    ...Object.entries(alarms.startds ?? {}).flatMap(([member, count]) => [
      ...members.includes(member) ? [] : [problem(`${property}.startds`, member, `members of the federation: ${members.join(', ')}`)],
      ...countProblems(`${property}.startds.${member}`, count, 0),
    ]),
    ...countProblems(`${property}.accessPoints`, accessPoints, 0),
    ...atLeast(`${property}.adInterval`, adInterval, Duration.seconds(1), 'no daemon advertises more often'),
    ...longerThan(`${property}.silence`, silence, twice(adInterval), `${stale('an execution point')}, and one ad may be lost`),
    ...longerThan(`${property}.cycleAge`, cycleAge, twice(adInterval), `${stale('a negotiator')}, and one ad may be lost`),
    ...atLeast(`${property}.queueStuck`, queueStuck, twice(adInterval), `${stale('an access point')}, and a start shows in the difference of two`),
    ...atLeast(`${property}.jobIdle`, jobIdle, minute, 'jobs wait for a negotiation cycle'),
    ...countProblems(`${property}.heldJobs`, heldJobs, 1),
    ...atLeast(`${property}.jobsHeld`, jobsHeld, minute, 'the exporter is asked once in a while'),
    ...ratioProblems(`${property}.scheddDutyCycle`, scheddDutyCycle),
    ...atLeast(`${property}.configurationUnread`, configurationUnread, adInterval, stale('a master')),
    ...atLeast(`${property}.accountingAge`, accountingAge, minute, 'the exporter is asked once in a while'),
  ];
}

import { ApiObject, Duration, Lazy, Yaml } from 'cdk8s';
import { Construct } from 'constructs';
import { Alarm, AlarmGroup, AlarmSeverity } from './alarm';
import { CondorAlarms, condorAlarms, condorProblems } from './condor-alarms';
import { LogAlarms, logAlarms, logProblems } from './log-alarms';
import { MemberAlarms, memberAlarms, memberProblems } from './member-alarms';
import { Monitoring } from './monitoring';
import { promDuration, seriesOf } from './promql';
import { atLeast } from './threshold';
import { TokenAlarms, tokenAlarms, tokenProblems } from './token-alarms';
import { WorkflowAlarms, workflowAlarms, workflowProblems } from './workflow-alarms';
import { KarmadaEngine } from '../federation/engines/karmada';
import { Federation } from '../federation/federation';
import { isDnsLabel } from '../federation/names';
import { problem } from '../problem';

const RUNBOOK = 'https://github.com/cdk8s-hep/cdk8s-hep/blob/main/docs/runbook.md';

/** What one alarm is, where it isn't what it is for everybody. */
export interface AlarmOptions {
  /**
   * How long its condition must hold before it fires (`for`).
   *
   * Refused: less than the interval in which rules are evaluated, unless it is none; less than what its series are behind.
   *
   * @default - the alarm's own; docs/runbook.md says it
   */
  readonly holds?: Duration;

  /**
   * How soon somebody has to look (the label `severity`).
   *
   * @default - the alarm's own
   */
  readonly severity?: AlarmSeverity;

  /**
   * Whether there is such an alarm.
   *
   * @default true
   */
  readonly enabled?: boolean;
}

/** Properties of `Alarms`. */
export interface AlarmsProps {
  /** The federation, whose members and engine decide what is expected. Series have its id as their label `federation`. */
  readonly federation: Federation;

  /**
   * The namespace of the object, which must be there: that of Prometheus.
   *
   * @default monitoring
   */
  readonly namespace?: string;

  /**
   * Who reads it: `PLAIN` is a ConfigMap with the file `<id>.rules.yaml`, which a Prometheus of its own has in its `rule_files`, `OPERATOR` a
   * `PrometheusRule`, whose kind the cluster must know.
   *
   * @default Monitoring.PLAIN
   */
  readonly monitoring?: Monitoring;

  /**
   * Labels of the object, by which a Prometheus of the operator selects its rules (`ruleSelector`), for instance `release`.
   *
   * @default - none
   */
  readonly labels?: { [label: string]: string };

  /**
   * How often the rules are evaluated, from one second.
   *
   * @default Duration.seconds(30)
   */
  readonly interval?: Duration;

  /**
   * The page that says what to do, without the alarm's section: `runbook_url` of an alarm is this, `#` and its name in lower case.
   *
   * Refused: what is no address of http or https.
   *
   * @default - docs/runbook.md of this library
   */
  readonly runbook?: string;

  /**
   * The members of the federation.
   *
   * @default - with the default thresholds
   */
  readonly members?: MemberAlarms;

  /**
   * The HTCondor pool.
   *
   * @default - no such alarms
   */
  readonly condor?: CondorAlarms;

  /**
   * The pool's tokens.
   *
   * @default - no such alarms
   */
  readonly tokens?: TokenAlarms;

  /**
   * Workflows of REANA.
   *
   * @default - no such alarms
   */
  readonly workflows?: WorkflowAlarms;

  /**
   * The way of the logs.
   *
   * @default - no such alarms
   */
  readonly logs?: LogAlarms;

  /**
   * What single alarms are, by their names.
   *
   * Refused: a name that none of these alarms has.
   *
   * @default - each its own
   */
  readonly options?: { [alarm: string]: AlarmOptions };
}

/**
 * Tells when the federation, its pool, its workflows or its logs are not well: rules for the Prometheus that has the series of all
 * members, the host's. What is expected is what the program declares.
 *
 * Each alarm has the labels `severity`, `federation` and `k8s_cluster`, a summary, and the address of its section in the runbook.
 *
 * Refused at synth: a federation or a placement as its scope; a threshold that is shorter than what it looks at is behind, with the reason.
 */
export class Alarms extends Construct {
  private readonly props: AlarmsProps;

  /**
   * @param scope the cluster whose Prometheus has the series of all members: the host
   * @param id the name of the object: a DNS label
   * @param props the federation, and the thresholds
   */
  public constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.props = props;
    const operator = props.monitoring === Monitoring.OPERATOR;
    // members may join after this
    const file = Lazy.any({ produce: () => this.file() });
    const text = Lazy.any({ produce: () => Yaml.stringify(this.file()) });
    new ApiObject(this, 'Rules', {
      ...operator ? { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule' } : { apiVersion: 'v1', kind: 'ConfigMap' },
      metadata: {
        name: id,
        namespace: props.namespace ?? 'monitoring',
        labels: { 'app.kubernetes.io/name': 'alarms', 'app.kubernetes.io/instance': id, ...props.labels },
      },
      ...operator ? { spec: file } : { data: { [`${id}.rules.yaml`]: text } },
    });
    this.node.addValidation({ validate: () => this.problems() });
  }

  /** The names of the alarms, in the order of the file. */
  public get names(): string[] {
    return this.groups().flatMap(({ alarms }) => alarms.map(({ name }) => name));
  }

  private get members(): string[] {
    return this.props.federation.members.map(member => member.node.id);
  }

  private get interval(): Duration { return this.props.interval ?? Duration.seconds(30); }

  /** What there can be. */
  private declared(): AlarmGroup[] {
    const { federation, members = {}, condor, tokens, workflows, logs } = this.props;
    const { node: { id }, host } = federation;
    const series = seriesOf(id);
    const groups = [memberAlarms(members, id, this.members, federation.engine instanceof KarmadaEngine, series)];
    if (condor) { groups.push(condorAlarms(condor, id, this.members, host.node.id, series)); }
    if (tokens) { groups.push(tokenAlarms(tokens, host.node.id, series)); }
    if (workflows) { groups.push(workflowAlarms(workflows, series)); }
    if (logs) { groups.push(logAlarms(logs, host.node.id, series)); }
    return groups;
  }

  private groups(): AlarmGroup[] {
    const { options = {} } = this.props;
    return this.declared().map(group => ({ ...group, alarms: group.alarms.filter(({ name }) => options[name]?.enabled ?? true) }));
  }

  /** What Prometheus reads: `groups` of a rule file, and `spec` of a PrometheusRule. */
  private file(): object {
    const federation = this.props.federation.node.id;
    return {
      groups: this.groups().map(({ about, recordings, alarms }) => ({
        name: `${federation}-${about}`,
        interval: promDuration(this.interval),
        rules: [
          ...recordings.map(({ record, expr, labels }) => ({ record, expr, ...labels && { labels: { ...labels } } })),
          ...alarms.map(alarm => this.rule(alarm)),
        ],
      })),
    };
  }

  private rule(alarm: Alarm): object {
    const { holds = alarm.holds, severity = alarm.severity } = this.props.options?.[alarm.name] ?? {};
    return {
      alert: alarm.name,
      expr: alarm.expr,
      ...holds.toMilliseconds() > 0 && { for: promDuration(holds) },
      labels: { severity, federation: this.props.federation.node.id, ...alarm.cluster && { k8s_cluster: alarm.cluster } },
      annotations: { summary: alarm.summary, runbook_url: `${this.props.runbook ?? RUNBOOK}#${alarm.name.toLowerCase()}` },
    };
  }

  private problems(): string[] {
    const { members = {}, condor, tokens, workflows, logs, options = {}, runbook = RUNBOOK, namespace = 'monitoring' } = this.props;
    const problems = [
      ...memberProblems('members', members),
      ...condor ? condorProblems('condor', condor, this.members) : [],
      ...tokens ? tokenProblems('tokens', tokens) : [],
      ...workflows ? workflowProblems('workflows', workflows) : [],
      ...logs ? logProblems('logs', logs) : [],
      ...atLeast('interval', this.interval, Duration.seconds(1), 'rules are evaluated at most once a second'),
    ];
    if (!/^https?:\/\/[^\s#"]+$/.test(runbook)) {
      problems.push(problem('runbook', runbook, 'an address of http or https, without a fragment'));
    }
    if (Federation.tryOf(this)) { problems.push(problem('scope', this.node.path, 'the host cluster: a member has the series of itself alone')); }
    if (!isDnsLabel(this.node.id)) { problems.push(problem('id', this.node.id, "a DNS label (a-z, 0-9, '-') of at most 63 characters")); }
    if (!isDnsLabel(namespace)) { problems.push(problem('namespace', namespace, "a DNS label (a-z, 0-9, '-') of at most 63 characters")); }
    const all = this.declared().flatMap(({ alarms }) => alarms);
    for (const [name, { holds }] of Object.entries(options)) {
      const alarm = all.find(each => each.name === name);
      if (!alarm) {
        problems.push(problem('options', name, all.map(each => each.name).join(', ')));
      } else if (holds) {
        const { holds: least, because } = alarm.least ?? { holds: this.interval, because: 'rules are evaluated as often' };
        problems.push(...holds.toMilliseconds() === 0 && !alarm.least ? [] : atLeast(`options.${name}.holds`, holds, least, because));
      }
    }
    return problems;
  }
}

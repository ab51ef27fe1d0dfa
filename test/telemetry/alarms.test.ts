import * as fs from 'fs';
import * as path from 'path';
import { App, Duration, Testing } from 'cdk8s';
import { parse } from 'yaml';
import {
  Alarms, AlarmSeverity, AlarmsProps, Cluster, FederatedCluster, Federation, FederationEngine, KarmadaEngine, ManifestsEngine, Monitoring,
} from '../../src';
import { CONDOR_METRICS } from '../../src/telemetry/condor-metrics';
import { PROJECT } from '../documentation/public-api';

const EVERYTHING: Omit<AlarmsProps, 'federation'> = { monitoring: Monitoring.OPERATOR, condor: {}, tokens: { mints: ['mint'] }, workflows: {}, logs: {} };

function program(props: Omit<AlarmsProps, 'federation'> = {}, engine: FederationEngine = new ManifestsEngine()) {
  const app = new App();
  const host = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host, engine });
  const alarms = new Alarms(host, 'alarms', { federation, monitoring: Monitoring.OPERATOR, ...props });
  for (const member of ['meyrin', 'tsystems']) { new FederatedCluster(app, member, { federation, apiServer: `https://${member}.example` }); }
  return { alarms, object: Testing.synth(host).find(({ kind }) => ['PrometheusRule', 'ConfigMap'].includes(kind)), host };
}

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly [label: string]: string };
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
}
const rulesOf = (spec: { groups: { rules: Rule[] }[] }) => spec.groups.flatMap(({ rules }) => rules);
const rules = (props?: Omit<AlarmsProps, 'federation'>, engine?: FederationEngine) => rulesOf(program(props, engine).object.spec);
const rule = (name: string, props?: Omit<AlarmsProps, 'federation'>) => rules(props ?? EVERYTHING).find(({ alert }) => alert === name)!;

/** What is reported, line by line. */
function problems(props: Omit<AlarmsProps, 'federation'>): string[] {
  try {
    program(props);
    return [];
  } catch (error) {
    return (error as Error).message.split('\n').slice(1).map(line => line.replace(/^ *\[[^\]]*\] /, ''));
  }
}

describe('Alarms', () => {
  test('with everything on, as they are written', () => {
    const { object } = program(EVERYTHING, new KarmadaEngine());
    expect(object).toMatchSnapshot();
  });

  test('what is expected is what the program declares, members that join later too', () => {
    const expected = (props: Omit<AlarmsProps, 'federation'>) => rules(props).filter(({ record }) => record === 'federation:htcondor_startds:expected')
      .map(({ labels, expr }) => [labels.k8s_cluster, expr]);
    expect(expected({ condor: {} })).toEqual([['meyrin', 'vector(1)'], ['tsystems', 'vector(1)']]);
    expect(expected({ condor: { startds: { tsystems: 40, meyrin: 0 } } })).toEqual([['meyrin', 'vector(0)'], ['tsystems', 'vector(40)']]);
  });

  test('what nobody asks about raises none; Karmada is watched where it carries', () => {
    const names = (props: Omit<AlarmsProps, 'federation'>, engine?: FederationEngine) => program(props, engine).alarms.names;
    expect(names({})).toEqual(['MemberTelemetryMissing', 'MemberNotReady', 'MemberNodesNotReady']);
    expect(names({}, new KarmadaEngine())).toContain('MemberUnreachable');
    expect(names({ logs: {} }).filter(name => !names({}).includes(name)))
      .toEqual(['LogAgentMissing', 'LogDeliveryStalled', 'LogBufferFilling', 'LogRecordsDropped', 'LogStoreReadOnly']);
    expect(names({ tokens: {} })).not.toContain('HTCondorTokensNotRenewed');
  });

  test('without the operator the same rules are a file in a ConfigMap', () => {
    const { object } = program({ ...EVERYTHING, monitoring: undefined });
    expect(object).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'alarms', namespace: 'monitoring' } });
    expect(Object.keys(object.data)).toEqual(['alarms.rules.yaml']);
    expect(parse(object.data['alarms.rules.yaml'])).toEqual(program(EVERYTHING).object.spec);
  });

  test('where it is, by which labels it is found, how often it is evaluated', () => {
    const { object } = program({ namespace: 'prometheus', labels: { release: 'kube-prometheus-stack' }, interval: Duration.minutes(1) });
    expect(object).toMatchObject({ metadata: { namespace: 'prometheus', labels: { release: 'kube-prometheus-stack' } } });
    expect(object.spec.groups.map(({ interval }: { interval: string }) => interval)).toEqual(['1m']);
  });

  test('each says how soon, where, what, and what to do', () => {
    const alarms = rules({ ...EVERYTHING, runbook: 'https://ops.example/runbook' }, new KarmadaEngine()).filter(({ alert }) => alert);
    for (const { alert, labels, annotations, expr } of alarms) {
      expect(['critical', 'warning']).toContain(labels.severity);
      expect(labels.federation).toBe('fed');
      // the series say which cluster, unless the alarm does
      expect([alert, labels.k8s_cluster !== undefined || /k8s_cluster/.test(expr)]).toEqual([alert, true]);
      expect(annotations.summary.length).toBeGreaterThan(10);
      expect(annotations.runbook_url).toBe(`https://ops.example/runbook#${alert!.toLowerCase()}`);
    }
  });

  test('the runbook has a section for each, with how soon and after how long, and for nothing else', () => {
    const text = fs.readFileSync(path.join(PROJECT, 'docs', 'runbook.md'), 'utf8');
    const sections = [...text.matchAll(/^## (\w+)\n\n\*(\w+), (after (\w+)|at once)\*\n\n([^]*?)(?=\n##? |\n*$(?![^]))/gm)];
    const alarms = rules(EVERYTHING, new KarmadaEngine()).filter(({ alert }) => alert);
    const told = sections.map(([, name, severity, , holds]) => [name, severity, holds]);
    expect(told.sort()).toEqual(alarms.map(each => [each.alert, each.labels.severity, each.for]).sort());
    for (const [, name, , , , body] of sections) {
      expect([name, ['Means', 'Look', 'Do'].filter(word => !body.includes(`**${word}:**`))]).toEqual([name, []]);
    }
    expect([...text.matchAll(/^## (\w+)$/gm)]).toHaveLength(sections.length);
  });

  test('they ask for metrics that the exporter of the pool has', () => {
    const asked = new Set(rules(EVERYTHING).flatMap(({ expr }) => expr.match(/(?<![:\w])htcondor_\w+/g) ?? []).filter(name => !name.includes('startds')));
    const known = CONDOR_METRICS.map(({ name }) => name);
    expect([...asked].filter(name => !known.includes(name))).toEqual([]);
    expect(asked.size).toBeGreaterThan(10);
  });

  test('thresholds', () => {
    const condor = {
      accessPoints: 2,
      adInterval: Duration.seconds(20),
      silence: Duration.seconds(50),
      cycleAge: Duration.seconds(90),
      queueStuck: Duration.minutes(2),
      jobIdle: Duration.minutes(1),
      heldJobs: 3,
      jobsHeld: Duration.minutes(2),
      scheddDutyCycle: 0.5,
      configurationUnread: Duration.minutes(4),
      accountingAge: Duration.minutes(7),
    };
    const of = (name: string) => rule(name, { condor });
    expect(rules({ condor }).find(({ record }) => record === 'federation:htcondor_startds:present')!.expr).toContain('< 50)');
    expect(of('HTCondorNoNegotiationCycle').expr).toContain('> 90 ');
    expect(of('HTCondorScheddMissing').expr).toMatch(/^2 - /);
    expect(of('HTCondorQueueStuck')).toMatchObject({ for: '2m', expr: expect.stringContaining('[40s]') });
    expect(of('HTCondorJobIdleTooLong').expr).toMatch(/> 60$/);
    expect(of('HTCondorJobsHeld')).toMatchObject({ for: '2m', expr: expect.stringMatching(/>= 3$/) });
    expect(of('HTCondorScheddSaturated').expr).toMatch(/> 0\.5$/);
    expect(of('HTCondorConfigurationNotRead').for).toBe('4m');
    expect(of('HTCondorAccountingStopped').expr).toMatch(/> 420$/);
    expect(rule('MemberNodesNotReady', { members: { readyNodes: 0.5 } }).expr).toMatch(/< 0\.5$/);
    expect(rule('WorkflowPending', { workflows: { pending: Duration.minutes(3) } }).expr).toMatch(/> 180$/);
    expect(rule('WorkflowRunningTooLong', { workflows: { prefix: 'r.1', running: Duration.days(2) } }).expr).toMatch(/pod=~"r\\\\\.1-run-batch-\.\+".*> 172800$/);
    const logs = { agents: 'agents', stalled: Duration.minutes(3), bufferUsed: 0.5 };
    expect(rule('LogAgentMissing', { logs }).expr).toContain('daemonset="agents"');
    expect(rule('LogDeliveryStalled', { logs }).for).toBe('3m');
    expect(rule('LogBufferFilling', { logs }).expr).toMatch(/> 0\.5$/);
    const tokens = { mints: ['mint', 'other.mint'], lifetime: Duration.days(3), interval: Duration.hours(1), warning: Duration.days(1) };
    expect(rule('HTCondorTokenExpiring', { tokens }).expr).toMatch(/< 86400$/);
    expect(rule('HTCondorTokensNotRenewed', { tokens }).expr).toMatch(/^259200 - .*cronjob=~"mint\|other\\\\\.mint".* < 86400$/);
  });

  test('single alarms: how long, how soon, and not at all', () => {
    const options = {
      HTCondorStartdMissing: { holds: Duration.hours(1), severity: AlarmSeverity.CRITICAL },
      HTCondorQueueStuck: { enabled: false },
      HTCondorExporterDown: { holds: Duration.seconds(0) },
    };
    expect(rule('HTCondorStartdMissing', { condor: {}, options })).toMatchObject({ for: '1h', labels: { severity: 'critical' } });
    expect(rule('HTCondorExporterDown', { condor: {}, options }).for).toBeUndefined();
    const { alarms } = program({ condor: {}, options });
    expect(alarms.names).not.toContain('HTCondorQueueStuck');
  });

  test('a threshold that is shorter than what it looks at is behind is refused, with the reason', () => {
    const behind = /what the collector says of .* that is well is as old as adInterval, 5m/;
    expect(problems({ condor: { silence: Duration.minutes(10) } })).toEqual([expect.stringMatching(behind)]);
    expect(problems({ condor: { silence: Duration.minutes(10) } })[0]).toContain('condor.silence: given "10m", allowed: more than 10m');
    expect(problems({ condor: { cycleAge: Duration.minutes(10) } })).toEqual([expect.stringMatching(behind)]);
    expect(problems({ condor: { queueStuck: Duration.minutes(9) } })).toEqual([expect.stringMatching(behind)]);
    expect(problems({ condor: { configurationUnread: Duration.minutes(4) } })).toEqual([expect.stringMatching(behind)]);
    expect(problems({ condor: { adInterval: Duration.minutes(1), silence: Duration.minutes(3), cycleAge: Duration.minutes(3) } })).toEqual([]);
    const soon = { HTCondorQueueStuck: { holds: Duration.minutes(1) }, HTCondorConfigurationNotRead: { holds: Duration.seconds(0) } };
    expect(problems({ condor: {}, options: soon })).toEqual([
      expect.stringContaining('options.HTCondorQueueStuck.holds: given "1m", allowed: at least 10m'),
      expect.stringContaining('options.HTCondorConfigurationNotRead.holds: given "0ms", allowed: at least 5m'),
    ]);
    expect(problems({ options: { MemberNotReady: { holds: Duration.seconds(10) } } })).toEqual([expect.stringContaining('at least 30s: rules are evaluated as often')]);
    expect(problems({ tokens: { lifetime: Duration.days(3), warning: Duration.days(2) } })).toEqual([expect.stringContaining('tokens.lifetime: given "3d", allowed: more than 3d')]);
    expect(problems({ logs: { stalled: Duration.minutes(1) } })).toEqual([expect.stringContaining('logs.stalled: given "1m", allowed: at least 3m')]);
  });

  test.each<[string, Omit<AlarmsProps, 'federation'>, string]>([
    ['a member that is none', { condor: { startds: { wigner: 1 } } }, 'condor.startds: given "wigner", allowed: members of the federation: meyrin, tsystems'],
    ['a part of a machine', { condor: { startds: { meyrin: 1.5 } } }, 'condor.startds.meyrin: given 1.5'],
    ['less than no access point', { condor: { accessPoints: -1 } }, 'condor.accessPoints: given -1'],
    ['ads all the time', { condor: { adInterval: Duration.millis(1) } }, 'condor.adInterval: given "1ms"'],
    ['no held job', { condor: { heldJobs: 0 } }, 'condor.heldJobs: given 0'],
    ['jobs that are idle for a second', { condor: { jobIdle: Duration.seconds(1) } }, 'condor.jobIdle: given "1s"'],
    ['jobs that are held for a second', { condor: { jobsHeld: Duration.seconds(1) } }, 'condor.jobsHeld: given "1s"'],
    ['accounting of the last second', { condor: { accountingAge: Duration.seconds(1) } }, 'condor.accountingAge: given "1s"'],
    ['a schedd that is more than busy', { condor: { scheddDutyCycle: 1.5 } }, 'condor.scheddDutyCycle: given 1.5'],
    ['all nodes', { members: { readyNodes: 1 } }, 'members.readyNodes: given 1'],
    ['an empty buffer', { logs: { bufferUsed: 0 } }, 'logs.bufferUsed: given 0'],
    ['a name of no DaemonSet', { logs: { agents: 'log agent"' } }, 'logs.agents: given "log agent\\""'],
    ['a name of no CronJob', { tokens: { mints: ['a', 'B'] } }, 'tokens.mints[1]: given "B"'],
    ['no warning', { tokens: { warning: Duration.seconds(1) } }, 'tokens.warning: given 1'],
    ['a prefix of no name', { workflows: { prefix: '.*' } }, 'workflows.prefix: given ".*"'],
    ['a workflow that waits for a second', { workflows: { pending: Duration.seconds(1) } }, 'workflows.pending: given "1s"'],
    ['a workflow that runs for a second', { workflows: { running: Duration.seconds(1) } }, 'workflows.running: given "1s"'],
    ['rules all the time', { interval: Duration.millis(100) }, 'interval: given "100ms"'],
    ['a runbook that is no page', { runbook: 'see the wiki' }, 'runbook: given "see the wiki"'],
    ['a namespace that is none', { namespace: 'Monitoring' }, 'namespace: given "Monitoring"'],
    ['an alarm that there is not', { options: { HTCondorQueueStuck: { enabled: false } } }, 'options: given "HTCondorQueueStuck", allowed: MemberTelemetryMissing, '],
  ])('refuses %s', (_, props, told) => {
    expect(problems(props)).toContainEqual(expect.stringContaining(told));
  });

  test('refuses to be in the members', () => {
    const app = new App();
    const federation = new Federation(app, 'fed', { host: new Cluster(app, 'condor-host') });
    const member = new FederatedCluster(app, 'meyrin', { federation });
    new Alarms(federation, 'alarms', { federation });
    expect(() => Testing.synth(member)).toThrow('scope: given "fed/alarms", allowed: the host cluster');
  });

  test('refuses a name that is none', () => {
    const app = new App();
    const host = new Cluster(app, 'condor-host');
    const federation = new Federation(app, 'fed', { host });
    new Alarms(host, 'The.Alarms', { federation });
    expect(() => Testing.synth(host)).toThrow('id: given "The.Alarms"');
  });
});

import { spawnSync } from 'child_process';
import * as fs from 'fs';
import * as path from 'path';
import { App, Duration } from 'cdk8s';
import { stringify } from 'yaml';
import { BEGINS, Fault, FAULTS } from './faults';
import { Course, series, values, WELL, World } from './metrics-world';
import { Alarms, AlarmsProps, Cluster, FederatedCluster, Federation, FederationEngine, KarmadaEngine, ManifestsEngine, Monitoring } from '../../../src';
import { scratchDirectory } from '../../scratch';
import { parseManifests } from '../manifest';
import { prometheusProgram } from '../prometheus';
import { describeReal } from '../requirements';

/** Everything that there can be, at what it is by default. */
const ALL = {
  condor: { startds: { meyrin: 3 } }, tokens: { mints: ['mint'] }, workflows: {}, logs: {},
};

/** The files that a program writes, and the names of its alarms. */
function synthesized(engine: FederationEngine, props: Omit<AlarmsProps, 'federation'>) {
  const outdir = scratchDirectory();
  const app = new App({ outdir });
  const host = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host, engine });
  for (const member of ['meyrin', 'tsystems']) { new FederatedCluster(app, member, { federation, apiServer: `https://${member}.example` }); }
  const { names } = new Alarms(host, 'alarms', { federation, ...props });
  app.synth();
  const objects = parseManifests(fs.readFileSync(path.join(outdir, 'condor-host.k8s.yaml'), 'utf8'));
  return { names, objects };
}

/** The file that Prometheus reads, of the operator's object or of the ConfigMap. */
function ruleFile(engine: FederationEngine, props: Omit<AlarmsProps, 'federation'>): string {
  const { objects } = synthesized(engine, props);
  const rule = objects.find(({ kind }) => kind === 'PrometheusRule');
  return rule ? stringify(rule.spec) : objects.find(({ kind }) => kind === 'ConfigMap')!.data['alarms.rules.yaml'];
}

function promtool(...argv: string[]) {
  const { status, stdout, stderr } = spawnSync(prometheusProgram('promtool'), argv, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return { status, output: `${stdout}${stderr}` };
}

/** What is well but for a fault, from when it begins until it is mended. */
function withFault({ world }: Fault, mended: number): World {
  const during = (fault: Course, well?: Course): Course => minute => minute >= BEGINS && minute < mended ? fault(minute) : well?.(minute);
  return { ...WELL, ...Object.fromEntries(Object.entries(world).map(([name, course]) => [name, during(course, WELL[name])])) };
}

const FIRING = 'count by (alertname, severity, federation, k8s_cluster) (ALERTS{alertstate="firing"})';

/** What fires at a minute is this and nothing else. */
const firing = (minute: number, alarms: readonly string[]) => ({
  expr: FIRING, eval_time: `${minute}m`, exp_samples: alarms.map(labels => ({ labels: `{${labels}}`, value: 1 })),
});

/** An alarm by a fault: nothing until it has held, then the alarm alone, and nothing when it is mended. */
function unitTest(alarm: string, fault: Fault): object {
  const { notices = 0, holds, lasts = 0, cluster, severity } = fault;
  const fires = BEGINS + notices + holds;
  const mended = fires + 10;
  const minutes = mended + lasts + 20;
  const expected = [`alertname="${alarm}", federation="fed", k8s_cluster="${cluster}", severity="${severity}"`];
  return {
    name: alarm,
    interval: '1m',
    input_series: Object.entries(withFault(fault, mended)).map(([name, course]) => ({ series: name, values: values(course, minutes) })),
    promql_expr_test: [
      firing(BEGINS - 1, []), firing(fires - 1, []),
      firing(fires, expected), firing(mended - 1, expected),
      firing(mended + lasts + 1, []), firing(minutes, []),
    ],
  };
}

describeReal('rules', () => {
  let directory: string;
  const write = (name: string, text: string) => {
    const file = path.join(directory, name);
    fs.writeFileSync(file, text);
    return file;
  };
  beforeAll(() => { directory = scratchDirectory(); });

  const engines: [string, FederationEngine][] = [['no control plane', new ManifestsEngine()], ['Karmada', new KarmadaEngine()]];
  const cases = engines.flatMap(([title, engine]) => [Monitoring.OPERATOR, Monitoring.PLAIN].map(monitoring => [title, monitoring, engine] as const));

  test.each(cases)('promtool takes every rule: %s, %s', (title, monitoring, engine) => {
    const file = write(`${title.replace(/ /g, '-')}-${monitoring}.yaml`, ruleFile(engine, { ...ALL, monitoring }));
    const { status, output } = promtool('check', 'rules', '--lint=all', '--lint-fatal', file);
    expect(output).toMatch(/SUCCESS: \d+ rules found/);
    expect(status).toBe(0);
  });

  test('and sees what is wrong with one', () => {
    expect(promtool('check', 'rules', write('wrong.yaml', 'groups: [{name: g, rules: [{alert: A, expr: "sum by ("}]}]\n')).status).not.toBe(0);
  });

  test('there is a fault for every alarm', () => {
    const { names } = synthesized(new KarmadaEngine(), ALL);
    expect(Object.keys(FAULTS).sort()).toEqual([...names].sort());
  });

  test('nothing fires for a day and more in which all is well', () => {
    write('rules.yaml', ruleFile(new KarmadaEngine(), { ...ALL, monitoring: Monitoring.PLAIN }));
    const minutes = 1440 + 120;
    const quiet = {
      interval: '1m',
      input_series: Object.entries(WELL).map(([name, course]) => ({ series: name, values: values(course, minutes) })),
      promql_expr_test: [{ expr: 'count_over_time(ALERTS{alertstate="firing"}[26h])', eval_time: `${minutes}m`, exp_samples: [] }],
    };
    const { status, output } = promtool('test', 'rules', write('quiet.yaml', stringify({ rule_files: ['rules.yaml'], evaluation_interval: '1m', tests: [quiet] })));
    expect(output).toMatch(/SUCCESS/);
    expect(status).toBe(0);
  });

  test.each(Object.entries(FAULTS))('%s: quiet until it has held for as long as shipped, alone, and quiet when it is mended', (alarm, faults) => {
    write('rules.yaml', ruleFile(new KarmadaEngine(), { ...ALL, monitoring: Monitoring.PLAIN }));
    const tests = faults.map(fault => unitTest(alarm, fault));
    const { status, output } = promtool('test', 'rules', write(`${alarm}.yaml`, stringify({ rule_files: ['rules.yaml'], evaluation_interval: '1m', tests })));
    expect(output).toMatch(/SUCCESS/);
    expect(status).toBe(0);
  });

  test('of two agents that are known by their addresses alone, the one is told that delivers nothing', () => {
    write('rules.yaml', ruleFile(new KarmadaEngine(), { ...ALL, monitoring: Monitoring.PLAIN }));
    const [stuck, well] = ['10.3.1.5:8888', '10.3.2.5:8888'];
    const of = (instance: string, metric: string) => series(metric, { k8s_cluster: 'tsystems', instance });
    const agents = {
      interval: '1m',
      input_series: [
        ...[stuck, well].map(instance => ({ series: of(instance, 'otelcol_exporter_queue_size'), values: '5x30' })),
        { series: of(well, 'otelcol_exporter_sent_log_records_total'), values: '0+5x30' },
      ],
      promql_expr_test: [{
        expr: 'count by (instance) (ALERTS{alertname="LogDeliveryStalled", alertstate="firing"})', eval_time: '30m', exp_samples: [{ labels: `{instance="${stuck}"}`, value: 1 }],
      }],
    };
    const { output } = promtool('test', 'rules', write('agents.yaml', stringify({ rule_files: ['rules.yaml'], evaluation_interval: '1m', tests: [agents] })));
    expect(output).toMatch(/SUCCESS/);
  });

  test('a threshold that is changed is what fires: the quiet case of a day fires then', () => {
    write('rules.yaml', ruleFile(new KarmadaEngine(), {
      ...ALL,
      monitoring: Monitoring.PLAIN,
      condor: { ...ALL.condor, jobIdle: Duration.minutes(30) },
      options: { HTCondorJobIdleTooLong: { holds: Duration.minutes(2) } },
    }));
    const changed = {
      interval: '1m',
      input_series: Object.entries(WELL).map(([name, course]) => ({ series: name, values: values(course, 10) })),
      promql_expr_test: [firing(1, []), firing(2, ['alertname="HTCondorJobIdleTooLong", federation="fed", k8s_cluster="condor-host", severity="warning"'])],
    };
    const { output } = promtool('test', 'rules', write('changed.yaml', stringify({ rule_files: ['rules.yaml'], evaluation_interval: '1m', tests: [changed] })));
    expect(output).toMatch(/SUCCESS/);
  });
});

import { spawnSync } from 'child_process';
import * as fs from 'fs';
import * as path from 'path';
import { App } from 'cdk8s';
import { stringify } from 'yaml';
import { values, WELL } from './metrics-world';
import { Alarms, Cluster, Dashboards, FederatedCluster, Federation, Monitoring } from '../../../src';
import { scratchDirectory } from '../../scratch';
import { boardQueries, PanelQuery } from '../../telemetry/board-queries';
import { parseManifests } from '../manifest';
import { prometheusProgram } from '../prometheus';
import { describeReal } from '../requirements';

/** Long enough for every rate. */
const MINUTES = 30;

/** A query without what it shows where there is nothing; alarms are nothing where all is well. */
const strict = (expr: string) => expr.includes('ALERTS') ? expr : expr.replace(/ or vector\(0\)/g, '');

describeReal('dashboards', () => {
  let directory: string;
  let queries: PanelQuery[];
  const write = (name: string, text: string) => {
    const file = path.join(directory, name);
    fs.writeFileSync(file, text);
    return file;
  };
  const promtool = (...argv: string[]) => {
    const { status, stdout, stderr } = spawnSync(prometheusProgram('promtool'), argv, { encoding: 'utf8' });
    return { status, output: `${stdout}${stderr}` };
  };

  beforeAll(() => {
    directory = scratchDirectory();
    const app = new App({ outdir: directory });
    const host = new Cluster(app, 'condor-host');
    const federation = new Federation(app, 'fed', { host });
    for (const member of ['meyrin', 'tsystems']) { new FederatedCluster(app, member, { federation }); }
    new Alarms(host, 'alarms', { federation, condor: {}, monitoring: Monitoring.PLAIN });
    new Dashboards(host, 'boards');
    app.synth();
    const objects = parseManifests(fs.readFileSync(path.join(directory, 'condor-host.k8s.yaml'), 'utf8'));
    queries = boardQueries(objects);
    write('rules.yaml', objects.find(({ metadata }) => metadata.name === 'alarms')!.data['alarms.rules.yaml']);
  });

  test('Prometheus parses every query', () => {
    expect(queries.length).toBeGreaterThan(40);
    const rules = queries.map(({ expr }, index) => ({ record: `query:${index}`, expr }));
    const { status, output } = promtool('check', 'rules', write('queries.yaml', stringify({ groups: [{ name: 'queries', rules }] })));
    expect(output).toContain(`SUCCESS: ${queries.length} rules found`);
    expect(status).toBe(0);
  });

  test('every query returns data where all exporters are', () => {
    const asks = {
      interval: '1m',
      input_series: Object.entries(WELL).map(([name, course]) => ({ series: name, values: values(course, MINUTES) })),
      promql_expr_test: queries.map(({ expr }) => ({
        expr: `count(${strict(expr)}) > bool 0`, eval_time: `${MINUTES}m`, exp_samples: [{ labels: '{}', value: 1 }],
      })),
    };
    const { status, output } = promtool('test', 'rules', write('data.yaml', stringify({ rule_files: ['rules.yaml'], evaluation_interval: '1m', tests: [asks] })));
    expect(output).toMatch(/SUCCESS/);
    expect(status).toBe(0);
  });
});

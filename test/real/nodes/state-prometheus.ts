import * as fs from 'fs';
import * as path from 'path';
import { stringify } from 'yaml';
import type { Sample } from '../host-prometheus';
import { toolset } from '../kubernetes/binaries';
import { Component } from '../kubernetes/component';
import { ControlGroup } from '../kubernetes/control-group';
import { commandLine } from '../kubernetes/control-plane';
import { Testbed } from '../kubernetes/testbed';
import { prometheusProgram } from '../prometheus';

const STATE = '127.0.0.1:8080';
const PROMETHEUS = '127.0.0.1:9090';
const EVERY = '5s';

/** A cluster's kube-state-metrics, and a Prometheus that has its series and a program's rules: processes beside the cluster's API server. */
export class StatePrometheus {
  /**
   * Starts them; Prometheus answers then.
   *
   * @param cluster the name of the cluster
   * @param federation the id of the federation that the series are of
   * @param rules a file of rules, as a program writes it
   */
  public static async start(testbed: Testbed, cluster: string, federation: string, rules: string): Promise<StatePrometheus> {
    const { machine, kubeconfig } = testbed.cluster(cluster).controlPlane;
    const directory = path.join(path.dirname(kubeconfig), 'prometheus');
    const surroundings = { network: machine.path, group: new ControlGroup(`/${testbed.prefix}/${cluster}`).below('prometheus'), logs: path.join(directory, 'logs') };
    fs.mkdirSync(directory);
    const files = { configuration: path.join(directory, 'prometheus.yml'), rules: path.join(directory, 'alarms.rules.yaml') };
    fs.writeFileSync(files.rules, rules);
    fs.writeFileSync(files.configuration, stringify({
      global: { scrape_interval: EVERY },
      rule_files: [files.rules],
      // as a Metrics of the program labels what it scrapes
      scrape_configs: [{ job_name: 'state', static_configs: [{ targets: [STATE], labels: { federation, k8s_cluster: cluster } }] }],
    }));
    const [host, port] = STATE.split(':');
    new Component('kube-state-metrics', commandLine(toolset('kube-state-metrics').path('kube-state-metrics'), {
      kubeconfig, host, port, 'telemetry-host': host, 'telemetry-port': 8081, 'resources': 'cronjobs,daemonsets,nodes,pods',
    }), surroundings).start();
    const prometheus = new Component('prometheus', commandLine(prometheusProgram('prometheus'), {
      'config.file': files.configuration, 'storage.tsdb.path': path.join(directory, 'data'), 'web.listen-address': PROMETHEUS,
    }), surroundings).start();
    const started = new StatePrometheus(testbed, cluster);
    await prometheus.until('ready', async () => (await started.get('/-/ready')).status === 0);
    return started;
  }

  private constructor(private readonly testbed: Testbed, private readonly cluster: string) {}

  /** The answer to a query. */
  public async ask(query: string): Promise<Sample[]> {
    const { status, stdout, stderr } = await this.get('/api/v1/query', '--get', '--data-urlencode', `query=${query}`);
    if (status !== 0) { throw new Error(`${query}: ${stdout}${stderr}`); }
    return JSON.parse(stdout).data.result.map(({ metric, value: [, number] }: { metric: Sample['labels']; value: [number, string] }) =>
      ({ labels: metric, value: Number(number) }));
  }

  private get(file: string, ...options: string[]) {
    const { machine } = this.testbed.cluster(this.cluster).controlPlane;
    return machine.attempt(['curl', '--silent', '--show-error', '--fail-with-body', '--max-time', '20', ...options, `http://${PROMETHEUS}${file}`], { timeout: 30 });
  }
}

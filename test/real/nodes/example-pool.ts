/* eslint-disable @typescript-eslint/no-explicit-any */

import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { TestbedPool } from './testbed-pool';
import { run } from '../command';
import { toolset } from '../kubernetes/binaries';
import { collectorImage, prometheusImage, victoriaLogsImage } from '../kubernetes/images';

const ROOT = path.join(__dirname, '../../..');

/** What a Prometheus says of a rule. */
export interface Rule {
  readonly name: string;
  readonly health: string;
}

/** The main example, with its logs, metrics and alarms where somebody makes the Secrets for them; without these their pods wait. */
export class ExamplePool extends TestbedPool {
  /** The certificate of somebody who may ask, his key, and whom he believes. */
  public readonly reader = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-reader-'));

  /** Makes the Secrets as the example says, and waits until all that it has is ready. */
  public async startTelemetry(): Promise<void> {
    const { testbed, host } = this;
    const images = [collectorImage(), prometheusImage()];
    await Promise.all(testbed.clusters.flatMap(({ nodes }) => nodes).map(async node => {
      for (const image of images) { await node.take(image); }
    }));
    for (const node of host.nodes) { await node.take(victoriaLogsImage()); }
    await run(this.atDesk([path.join(ROOT, 'examples/cern-tsystems/telemetry-secrets')]));
    const { data } = await host.get('secret', 'reader-tls', '--namespace', 'monitoring');
    for (const [file, content] of Object.entries(data)) { fs.writeFileSync(path.join(this.reader, file), Buffer.from(content as string, 'base64')); }
    for (const cluster of Object.keys(this.files)) {
      for (const { kind, metadata } of this.manifests(cluster).filter(manifest => ['Deployment', 'StatefulSet'].includes(manifest.kind))) {
        await testbed.cluster(cluster).run(['rollout', 'status', '--timeout=600s', '--namespace', metadata.namespace!, `${kind.toLowerCase()}/${metadata.name}`], { timeout: 610 });
      }
    }
    for (const cluster of Object.keys(this.files)) { await this.agentsReady(cluster, 'log-agent'); }
  }

  /** Waits until each node of a cluster has a log agent that is ready. */
  public async agentsReady(cluster: string, name: string): Promise<void> {
    await this.testbed.cluster(cluster).run(['rollout', 'status', '--timeout=600s', '--namespace', 'logging', `daemonset/${name}`], { timeout: 610 });
  }

  /** The clusters of a metric's series, as the host's Prometheus has them. */
  public async clustersOf(metric: string): Promise<string[]> {
    const { result } = await this.ask('query', '--get', '--data-urlencode', `query=count by (k8s_cluster) (${metric})`);
    return (result as { metric: { k8s_cluster: string } }[]).map(({ metric: { k8s_cluster: cluster } }) => cluster).sort();
  }

  /** The rules that it has. */
  public async rules(): Promise<Rule[]> {
    const { groups } = await this.ask('rules');
    return (groups as { rules: Rule[] }[]).flatMap(({ rules }) => rules);
  }

  /** Runs commands of a page, as they are there, as somebody at the clusters' administrator's desk. Gives what they print. */
  public async commands(page: string, section: string): Promise<string> {
    const text = fs.readFileSync(path.join(ROOT, 'docs', page), 'utf8').split(`\n## ${section}\n`)[1];
    const commands = /^```console\n([^]*?)\n```$/m.exec(text)![1].split('\n').map(line => line.replace(/^\$ /, ''));
    return run(this.atDesk(['bash', '-ec', `cd "$1"; trap 'kill $(jobs -p)' EXIT\n${commands.join('\n')}`, 'bash', this.reader]), { timeout: 120 });
  }

  public forget(): void {
    fs.rmSync(this.reader, { recursive: true });
  }

  /** A command with kubectl and the contexts of all clusters. */
  private atDesk(argv: string[]): string[] {
    return ['env', `KUBECONFIG=${this.testbed.kubeconfig}`, `PATH=${toolset('kubernetes-newest').directory}:${process.env.PATH}`, ...argv];
  }

  /** Asks the host's Prometheus, from outside of its cluster. */
  private async ask(what: string, ...options: string[]): Promise<any> {
    const [file, node] = [(name: string) => path.join(this.reader, name), this.testbed.cluster('tsystems').nodes[0]];
    return JSON.parse(await node.run([
      'curl', '--silent', '--show-error', '--fail-with-body', '--max-time', '20', '--cacert', file('ca.crt'), '--cert', file('tls.crt'), '--key', file('tls.key'),
      ...options, `https://metrics.cern.ch:9090/api/v1/${what}`,
    ])).data;
  }
}

import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { App, Duration, Size } from 'cdk8s';
import { parseAllDocuments } from 'yaml';
import { Cluster, CondorHost, CondorImage, FederatedCluster, Federation, LogAgent, LogBuffer, LogCollection, LogStore, StartdFleet } from '../../../src';
import { Authority, KeyPair } from '../kubernetes/certificates';
import { collectorImage, victoriaLogsImage } from '../kubernetes/images';
import { TestbedCluster } from '../kubernetes/testbed-cluster';
import { TestbedPool } from '../nodes/testbed-pool';
import { until } from '../until';

export const LOGGING = 'logging';
/** The members, and their doors. */
export const WRITERS = [{ cluster: 'meyrin', port: 4318 }, { cluster: 'tsystems', port: 4319 }];

/** A pool over two members, whose logs are kept in the host cluster. */
export function logProgram(outdir: string, agent = LogAgent.OPEN_TELEMETRY_COLLECTOR): void {
  const app = new App({ outdir });
  const host = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host });
  WRITERS.forEach(({ cluster }) => new FederatedCluster(app, cluster, { federation }));
  const pool = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch',
    centralManagers: [{ address: 'condor.cern.ch' }],
    accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
    image: CondorImage.debian(),
    negotiatorInterval: Duration.seconds(5),
    extraConfig: { NEGOTIATOR_MIN_INTERVAL: 1, NEGOTIATOR_CYCLE_DELAY: 1 },
  });
  new StartdFleet(federation, 'startd', { pool, cpus: 4, memory: Size.mebibytes(2000), podLogs: {} });
  const store = new LogStore(host, 'logs', { address: 'logs.cern.ch', writers: WRITERS, storage: Size.gibibytes(2), retention: Duration.days(7) });
  new LogCollection(federation, 'log-agent', { store, agent, buffer: LogBuffer.onNode({ disk: Size.mebibytes(512) }) });
  app.synth();
}

/** The configuration that its agents had if they were Fluent Bit. */
export function fluentBitConfiguration(): string {
  const outdir = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-logs-'));
  try {
    logProgram(outdir, LogAgent.FLUENT_BIT);
    const objects = parseAllDocuments(fs.readFileSync(path.join(outdir, 'meyrin.k8s.yaml'), 'utf8')).map(document => document.toJS());
    return objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'log-agent').data['agent.yaml'];
  } finally {
    fs.rmSync(outdir, { recursive: true });
  }
}

/** The pool of that program, with certificates: an authority for the store, and one for each member. */
export class LogPool extends TestbedPool {
  private readonly directory = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-logs-'));
  private storeAuthority!: Authority;
  /** The certificate of each member's agents. */
  public readonly agents: { [member: string]: KeyPair } = {};

  /** Who vouches for the store. */
  public get authority(): string {
    return this.storeAuthority.certificate;
  }

  /** Removes the keys. */
  public forget(): void {
    fs.rmSync(this.directory, { recursive: true });
  }

  /** Waits until the store takes records. */
  public async storeIsReady(): Promise<void> {
    await this.host.run(['rollout', 'status', '--timeout=600s', '--namespace', LOGGING, 'statefulset/logs']);
  }

  protected async startHost(): Promise<void> {
    const { host } = this;
    const nodes = this.testbed.clusters.flatMap(cluster => cluster.nodes);
    await Promise.all([...host.nodes.map(node => node.take(victoriaLogsImage())), ...nodes.map(node => node.take(collectorImage()))]);
    this.storeAuthority = await Authority.make(this.directory, 'store');
    const server = await this.storeAuthority.issue('logs', { user: 'logs', names: ['logs.cern.ch', `logs-query.${LOGGING}.svc`] });
    await super.startHost();
    await secret(host, 'logs-tls', { 'tls.crt': server.certificate, 'tls.key': server.key });
    for (const member of this.members) {
      const authority = await Authority.make(path.join(this.directory, member), member);
      this.agents[member] = await authority.issue('agent', { user: `log-agent-${member}` });
      await secret(host, `logs-writer-${member}`, { 'ca.crt': authority.certificate });
    }
    await this.storeIsReady();
  }

  protected async admit(member: string): Promise<void> {
    const cluster = this.testbed.cluster(member);
    const { certificate, key } = this.agents[member];
    await secret(cluster, 'log-agent-tls', { 'tls.crt': certificate, 'tls.key': key, 'ca.crt': this.authority });
    await super.admit(member, ['startd']);
    await until(`${member}: the agents are ready`, async () => {
      const { status } = await cluster.get('daemonset', 'log-agent', '--namespace', LOGGING);
      return status.desiredNumberScheduled > 0 && status.numberReady === status.desiredNumberScheduled;
    });
  }
}

function secret(cluster: TestbedCluster, name: string, files: { readonly [key: string]: string }): Promise<string> {
  return cluster.run(['create', 'secret', 'generic', name, '--namespace', LOGGING, ...Object.entries(files).map(([key, file]) => `--from-file=${key}=${file}`)]);
}

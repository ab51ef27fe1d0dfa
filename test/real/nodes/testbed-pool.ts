import { randomBytes } from 'crypto';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { CommandResult } from '../command';
import { CondorTools, ShellOptions } from '../condor-tools';
import { Testbed } from '../kubernetes/testbed';
import { TestbedCluster } from '../kubernetes/testbed-cluster';
import { Manifest, parseManifests } from '../manifest';
import { PATIENCE, until } from '../until';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** What became of a job that was submitted at the access point itself. */
export interface Outcome {
  readonly NumJobStarts: number;
  readonly ExitCode: number;
  /** The slot that it ran in last. */
  readonly LastRemoteHost: string;
  /** How often its log says that it has begun to run (JobExecute). The queue's own count may lack what a killed schedd had not written. */
  readonly executed: number;
  /** How often its log says that it has ended (JobTerminated). */
  readonly terminated: number;
}

/** What the pool of a program is called, where it isn't as in the example. */
export interface PoolNames {
  /** @default condor */
  readonly namespace?: string;
  /** The world's names of its servers, by their Services. @default - as in the example */
  readonly addresses?: { readonly [service: string]: string };
}

/** The cluster that holds the pool's servers and its key. */
const HOST = 'condor-host';
const EXAMPLE_ADDRESSES = { 'condor-cm': 'condor.cern.ch', 'condor-ap1': 'ap1.cern.ch' };

/** A pool on the clusters of a testbed, brought there by the commands of the README. */
export class TestbedPool extends CondorTools {
  /** Synthesizes a program, and follows the README until every machine is in the pool. */
  public static async start(testbed: Testbed, program: (outdir: string) => void, names: PoolNames = {}): Promise<TestbedPool> {
    const outdir = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-testbed-'));
    try {
      program(outdir);
      const files = Object.fromEntries(fs.readdirSync(outdir).map(file => [file.replace(/\.k8s\.yaml$/, ''), fs.readFileSync(path.join(outdir, file), 'utf8')]));
      // a pool of a subclass is one of that class
      const pool = new this(testbed, files, names);
      await pool.startHost();
      await Promise.all(pool.members.map(member => pool.startMember(member)));
      return pool;
    } finally {
      fs.rmSync(outdir, { recursive: true });
    }
  }

  public readonly namespace: string;

  protected constructor(
    protected readonly testbed: Testbed, public readonly files: { readonly [cluster: string]: string }, private readonly names: PoolNames,
  ) {
    super();
    this.namespace = names.namespace ?? 'condor';
  }

  /** The clusters whose machines are in the pool. */
  public get members(): string[] {
    return Object.keys(this.files).filter(cluster => cluster !== HOST);
  }

  public get host(): TestbedCluster {
    return this.testbed.cluster(HOST);
  }

  /** The objects of a cluster's file. */
  public manifests(cluster: string): Manifest[] {
    return parseManifests(this.files[cluster]);
  }

  /** The pool's pods in a cluster, as its API server has them. */
  public async pods(cluster: string, ...selector: string[]): Promise<any[]> {
    return (await this.testbed.cluster(cluster).get('pods', '--namespace', this.namespace, ...selector)).items;
  }

  /** The execution point on a node. */
  public async executionPoint(cluster: string, node: string): Promise<any> {
    const pods = (await this.pods(cluster, '--selector', 'app.kubernetes.io/component=execution-point'))
      .filter(({ spec, metadata }) => spec.nodeName === node && !metadata.deletionTimestamp);
    if (pods.length !== 1) { throw new Error(`${cluster}: ${pods.length} execution points on ${node}`); }
    return pods[0];
  }

  /** How often the containers of a cluster's pods have been started again, by pod. */
  public async restarts(cluster: string): Promise<{ [pod: string]: number }> {
    return Object.fromEntries((await this.pods(cluster)).map(({ metadata, status }) => [
      metadata.name, status.containerStatuses?.[0]?.restartCount,
    ]));
  }

  /** Runs a command in one of the pool's pods. */
  public exec(cluster: string, pod: string, argv: string[], options: ShellOptions = {}): Promise<CommandResult> {
    const { user, cwd, ...rest } = options;
    const home = cwd ?? '/';
    const command = user === undefined ? argv : [
      'setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', 'env', `HOME=/home/${user}`, 'sh', '-c', `cd '${home}' && exec "$@"`, 'sh', ...argv,
    ];
    return this.testbed.cluster(cluster).exec(this.namespace, pod, command, { container: 'condor', timeout: 60, ...rest });
  }

  /** A pod of the pool, by its name. */
  public async pod(cluster: string, name: string): Promise<any> {
    return this.testbed.cluster(cluster).get('pod', name, '--namespace', this.namespace);
  }

  /** Whether the kubelet finds a pod ready. */
  public async ready(cluster: string, name: string): Promise<boolean> {
    return (await this.pod(cluster, name)).status.conditions?.some(({ type, status }: any) => type === 'Ready' && status === 'True') ?? false;
  }

  /** Waits until the machines of these members, and no others, are in the pool. */
  public async whole(members: readonly string[] = this.members, seconds = PATIENCE): Promise<void> {
    const wanted = members.reduce((sum, member) => sum + this.testbed.cluster(member).nodes.length, 0);
    let present: string[] = [];
    const there = until(`the machines of ${members.join(' and ')} are in the pool`, async () => {
      present = (await this.machines()).filter(name => members.some(member => name.endsWith(`.${member}`)));
      return present.length === wanted;
    }, seconds);
    await there.catch(async error => { throw new Error(`${error.message}; there are ${present.join(', ')}\n${await this.complaints(members)}`); });
  }

  /** What the machines of members have said last. */
  private async complaints(members: readonly string[]): Promise<string> {
    const said = await Promise.all(members.map(async member => Promise.all((await this.pods(member, '--selector', 'app.kubernetes.io/component=execution-point'))
      .map(async ({ metadata: { name } }) => `${member}/${name}:\n${(await this.exec(member, name, ['sh', '-c', 'tail -n 20 /var/log/condor/*Log'])).stdout}`))));
    return said.flat().join('\n');
  }

  /** Submits at the access point, in the submitter's home; outputs come back by themselves. Gives the cluster's id. */
  public async submitHere(description: string): Promise<string> {
    const said = await this.asUser(['sh', '-c', 'cat >job.sub && condor_submit -terse job.sub'], description);
    return /^(\d+)\./.exec(said)![1];
  }

  /** Waits until all jobs of a cluster have left the queue. */
  public async left(id: string, seconds = PATIENCE): Promise<void> {
    await until(`jobs of ${id} have left the queue`, async () => (await this.jobs(id)).length === 0, seconds);
  }

  /** What became of the jobs of a cluster that have left the queue; they write their log to `log.<cluster>`. */
  public async outcomes(id: string): Promise<Outcome[]> {
    const history = JSON.parse(await this.asUser(['condor_history', id, '-json', '-attributes', 'ProcId,NumJobStarts,ExitCode,LastRemoteHost']) || '[]');
    const log = await this.asUser(['cat', `log.${id}`]);
    const events = (type: string, process: number) => log.split('\n').filter(line => line.startsWith(`${type} (${id.padStart(3, '0')}.${`${process}`.padStart(3, '0')}.`)).length;
    return history.map(({ ProcId, ...job }: { ProcId: number } & Outcome) => ({ ...job, executed: events('001', ProcId), terminated: events('005', ProcId) }));
  }

  protected atCentralManager(argv: string[], options?: ShellOptions): Promise<CommandResult> {
    return this.exec(HOST, 'condor-cm-0', argv, options);
  }

  protected atAccessPoint(argv: string[], options?: ShellOptions): Promise<CommandResult> {
    return this.exec(HOST, 'condor-ap1-0', argv, options);
  }

  protected async startHost(): Promise<void> {
    const { host, namespace } = this;
    await host.apply(this.files[HOST]);
    const key = randomBytes(64).toString('base64');
    await host.run(['create', 'secret', 'generic', 'condor-signing-key', '--namespace', namespace, '--from-file=POOL=/dev/stdin'], { input: key });
    for (const [service, name] of Object.entries(this.names.addresses ?? EXAMPLE_ADDRESSES)) {
      const { spec } = await host.get('service', service, '--namespace', namespace);
      // through a NodePort the pool is reached at a node
      this.testbed.names.set(name, spec.type === 'LoadBalancer' ? await host.balancerAddress(namespace, service) : host.nodes[0].address);
    }
    for (const server of ['condor-cm', 'condor-ap1']) {
      await host.run(['rollout', 'status', '--timeout=600s', '--namespace', namespace, `statefulset/${server}`]);
    }
  }

  private async startMember(member: string): Promise<void> {
    await this.testbed.cluster(member).apply(this.files[member]);
    await this.admit(member, this.manifests(member).filter(({ kind, metadata }) => kind === 'DaemonSet' && metadata.namespace === this.namespace).map(({ metadata }) => metadata.name));
  }

  /** Gives a member's fleets the token by which they come into the pool, and waits until their pods are ready. */
  protected async admit(member: string, fleets: readonly string[]): Promise<void> {
    const cluster = this.testbed.cluster(member);
    for (const fleet of fleets) {
      await this.giveToken(member, fleet);
      await until(`${member}: the pods of ${fleet} are ready`, async () => {
        const { status } = await cluster.get('daemonset', fleet, '--namespace', this.namespace);
        return status.desiredNumberScheduled > 0 && status.numberReady === status.desiredNumberScheduled;
      });
    }
  }

  /** Puts the token of a fleet's machines into a member, where their pods look for it. */
  protected async giveToken(member: string, fleet: string): Promise<void> {
    const input = await this.token(`startd-${member}@cern.ch`, 'ADVERTISE_STARTD', 'ADVERTISE_MASTER');
    await this.testbed.cluster(member).run(['create', 'secret', 'generic', `${fleet}-token`, '--namespace', this.namespace, '--from-file=token=/dev/stdin'], { input });
  }
}

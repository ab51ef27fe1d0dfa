import { ReanaPlatformProps } from '../../../src';
import { Cluster } from '../cluster';
import { CommandResult } from '../command';
import { Lab } from '../lab';
import { Manifest } from '../manifest';
import { Pod } from '../pod';
import { Site } from '../site';
import { until } from '../until';
import { AroundDatabase, REANA, siteSecrets, synthesizeReana } from './reana-program';

/* eslint-disable @typescript-eslint/no-explicit-any */

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'];

/** A REANA's file in a laboratory, of which as much is started as a suite wants. */
export class ReanaLab {
  /** Opens a laboratory with the Services and Secrets, and no pod. */
  public static async open(props: Partial<ReanaPlatformProps> = {}, around: AroundDatabase = {}): Promise<ReanaLab> {
    const lab = await Lab.open();
    try {
      const site = await lab.site('cern', { cidr: '10.1.0.0/16' });
      await site.node('node-1', { allocatable: { cpu: '32', memory: '64000Mi' } });
      const secrets = siteSecrets(REANA);
      const cluster = lab.cluster('reana', site, synthesizeReana(REANA, props, around), { secrets: secrets.contents });
      return new ReanaLab(lab, site, await cluster.open(), secrets);
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  private constructor(
    private readonly lab: Lab,
    private readonly site: Site,
    public readonly cluster: Cluster,
    public readonly secrets: ReturnType<typeof siteSecrets>,
  ) {}

  /** An object of the file, that is in the namespace of the services. */
  public object(kind: string, name: string): Manifest {
    const found = this.cluster.manifests.find(({ kind: its, metadata }) =>
      its === kind && metadata.name === name && metadata.namespace === REANA.namespace);
    if (!found) { throw new Error(`the file has no ${kind} ${name}`); }
    return found;
  }

  /** Starts a pod of a StatefulSet or a Deployment, and waits until the kubelet would call it ready. */
  public async start(manifest: Manifest): Promise<Pod> {
    const pod = await this.cluster.startPod(manifest, manifest.kind === 'StatefulSet' ? `${manifest.metadata.name}-0` : undefined);
    await this.ready(pod);
    return pod;
  }

  /** Puts a pod's successor in its place, and waits until it is ready. Says whether the old one went by itself. */
  public async replace(pod: Pod): Promise<{ readonly successor: Pod; readonly bySelf: boolean }> {
    const bySelf = await this.cluster.delete(pod);
    return { successor: await this.start(pod.workload), bySelf };
  }

  /** A pod with the environment, the user and the volumes of a Deployment's, in which a test runs its own commands. */
  public async idle(deployment: string): Promise<Pod> {
    const manifest = structuredClone(this.object('Deployment', deployment)) as any;
    const { metadata, spec: { template } } = manifest;
    metadata.name = `${deployment}-idle`;
    template.metadata.labels = { app: metadata.name };
    template.spec.containers.forEach((container: any) => {
      PROBES.forEach(probe => delete container[probe]);
      container.command = ['sleep', 'infinity'];
      delete container.args;
    });
    template.spec.terminationGracePeriodSeconds = 1;
    return this.cluster.startPod(manifest);
  }

  /** Asks by HTTP from the node; the answer has its headers. */
  public get(pod: Pod, port: number, path: string, ...options: string[]): Promise<CommandResult> {
    return this.site.nodes[0].machine.attempt(['curl', '--silent', '--show-error', '--include', ...options, `http://${pod.address}:${port}${path}`]);
  }

  public async close(): Promise<void> {
    await this.lab.close();
  }

  private async ready(pod: Pod): Promise<void> {
    await until(`${pod.name} is ready`, async () => {
      if (!pod.container().running) { throw new Error(`it ended with ${pod.container().status}:\n${pod.container().log}`); }
      const { status, stdout, stderr } = await pod.probe('readiness');
      if (status !== 0) { throw new Error(`${stdout}${stderr}\n${pod.container().log.slice(-2000)}`); }
      return true;
    });
  }
}

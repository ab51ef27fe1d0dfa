import * as fs from 'fs';
import * as path from 'path';
import { NodelessCluster } from './nodeless-cluster';
import { Toolset } from '../kubernetes/binaries';
import { Component } from '../kubernetes/component';
import { API_PORT } from '../kubernetes/control-plane';
import { Machine } from '../machine';
import { until } from '../until';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** Where a pod's ServiceAccount is. */
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The pod of a Deployment where there is no node: its program is a process on a machine of its own, with the pod's own command,
 * environment, ServiceAccount and volumes; its root is a folder with these and the program. What a kubelet would say of it is said.
 */
export class ProcessPod {
  /** Starts it; it is ready then, unless it can't be before something else happens. */
  public static async start(cluster: NodelessCluster, programs: Toolset, namespace: string, deployment: string, ready = true): Promise<ProcessPod> {
    const pod = await podOf(cluster, namespace, deployment);
    const root = path.join(cluster.directory, 'pods', deployment);
    const [container] = pod.spec.containers;
    provide(root, container.args[0], programs);
    await mountAccount(cluster, root, pod);
    for (const { name, mountPath } of container.volumeMounts) {
      const { secret } = pod.spec.volumes.find((volume: any) => volume.name === name);
      const files = secret ? (await cluster.get('secret', secret.secretName, '--namespace', namespace)).data : {};
      write(root, mountPath, Object.fromEntries(Object.entries<string>(files).map(([key, data]) => [key, Buffer.from(data, 'base64')])));
    }
    const { machine, address } = await cluster.nextServer();
    const [server] = /[\d.]+/.exec(cluster.apiServer)!;
    const process = new Component(deployment, ['chroot', root, ...container.args], {
      network: machine.path, group: cluster.group, logs: path.join(cluster.directory, 'logs'),
    }, { env: { KUBERNETES_SERVICE_HOST: server, KUBERNETES_SERVICE_PORT: `${API_PORT}`, POD_NAME: pod.metadata.name } });
    const started = new ProcessPod(cluster, pod, machine, address, process.start());
    if (ready) { await started.ready(); }
    return started;
  }

  private constructor(
    private readonly cluster: NodelessCluster,
    private readonly pod: any,
    private readonly machine: Machine,
    private readonly address: string,
    public readonly process: Component,
  ) {}

  /** All that it has said. */
  public get log(): string {
    return fs.readFileSync(this.process.log, 'utf8');
  }

  /** Waits until it is, and says so in its cluster, where Services find it then. */
  public async ready(): Promise<void> {
    const { name, namespace, labels } = this.pod.metadata;
    const { scheme, path: file, port } = this.pod.spec.containers[0].readinessProbe.httpGet;
    const probe = ['curl', '--silent', '--fail', '--insecure', `${scheme.toLowerCase()}://127.0.0.1:${port}${file}`];
    await this.process.until('ready', async () => (await this.machine.attempt(probe, { timeout: 3 })).status === 0);
    await this.cluster.run(['patch', 'pod', name, '--namespace', namespace, '--subresource', 'status', '--patch', JSON.stringify({
      status: { phase: 'Running', podIPs: [{ ip: this.address }], podIP: this.address, conditions: [{ type: 'Ready', status: 'True' }] },
    })]);
    const services = (await this.cluster.get('services', '--namespace', namespace)).items
      .filter(({ spec }: any) => spec.selector && Object.entries(spec.selector).every(([key, value]) => labels[key] === value));
    for (const service of services) {
      await this.cluster.run(['apply', '--server-side', '-f', '-'], { input: JSON.stringify(this.endpoints(service)) });
    }
  }

  /** Where a Service finds the pod: Kubernetes' own controller passes over pods without a node. */
  private endpoints({ metadata: { name, namespace }, spec }: any): object {
    return {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [this.address], conditions: { ready: true } }],
      ports: spec.ports.map((port: any) => ({ name: port.name, port: port.targetPort })),
    };
  }
}

/** The pod that the Deployment's controllers have made. */
async function podOf(cluster: NodelessCluster, namespace: string, deployment: string): Promise<any> {
  const { spec } = await cluster.get('deployment', deployment, '--namespace', namespace);
  const selector = Object.entries(spec.selector.matchLabels).map(([key, value]) => `${key}=${value}`).join(',');
  let pods: any[] = [];
  await until(`${cluster.name} has a pod of ${deployment}`, async () => {
    pods = (await cluster.get('pods', '--namespace', namespace, '--selector', selector)).items;
    return pods.length > 0;
  });
  return pods[0];
}

/** The program of an image, at its path in a root that holds nothing else. */
function provide(root: string, program: string, programs: Toolset): void {
  fs.mkdirSync(path.join(root, 'tmp'), { recursive: true });
  const source = programs.path(path.basename(program));
  try {
    fs.linkSync(source, path.join(root, program));
  } catch {
    // another file system
    fs.copyFileSync(source, path.join(root, program));
  }
}

async function mountAccount(cluster: NodelessCluster, root: string, { metadata: { namespace }, spec }: any): Promise<void> {
  const token = await cluster.run(['create', 'token', spec.serviceAccountName, '--namespace', namespace, '--duration', '24h']);
  write(root, ACCOUNT, { 'token': token.trim(), 'namespace': namespace, 'ca.crt': fs.readFileSync(cluster.controlPlane.authority.certificate) });
}

function write(root: string, directory: string, files: { readonly [name: string]: string | Buffer }): void {
  const folder = path.join(root, directory);
  fs.mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) { fs.writeFileSync(path.join(folder, name), content); }
}

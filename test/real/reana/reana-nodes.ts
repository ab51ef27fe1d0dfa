import { Manifest } from '../manifest';
import { withApplication, WEB_SERVERS } from './application-stand-in';
import { podTemplate } from './pods';
import { AroundDatabase, REANA, siteSecrets, synthesizeReana } from './reana-program';
import { ReanaPlatformProps } from '../../../src';
import { reanaImage } from '../kubernetes/images';
import { TestbedCluster } from '../kubernetes/testbed-cluster';
import { REANA_IMAGE } from '../rootfs';
import { until } from '../until';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** The workloads whose programs Debian has; of the others REANA's own images have them. */
const PROGRAMS = ['db', 'pgbouncer', 'message-broker', 'cache', 'ui'].map(name => `${REANA.prefix}-${name}`);

const IDLE = ['sleep', 'infinity'];

/** A pod that somebody else would start, and where its program listens. */
export interface OtherPod {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: { readonly [label: string]: string };
  readonly ports?: readonly number[];
}

/** The pods of a REANA on the nodes of a testbed. */
export class ReanaNodes {
  /** Applies a REANA's file with its Secrets, and waits until every pod is ready. Programs that REANA's own images alone have do nothing. */
  public static async start(
    cluster: TestbedCluster, others: readonly OtherPod[], props: Partial<ReanaPlatformProps>, around: AroundDatabase,
  ): Promise<ReanaNodes> {
    for (const node of cluster.nodes) { await node.take(reanaImage()); }
    const manifests = synthesizeReana(REANA, props, around).flatMap(runnable);
    const isNamespace = ({ kind }: Manifest) => kind === 'Namespace';
    const declared = manifests.filter(isNamespace);
    const there = new Set(['default', ...declared.map(({ metadata: { name } }) => name)]);
    const missing = new Set(others.map(({ namespace }) => namespace).filter(name => !there.has(name)));
    await cluster.apply([...declared, ...[...missing].map(name => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))]);
    await cluster.apply(Object.entries(siteSecrets(REANA).contents).map(([place, stringData]) => {
      const [namespace, name] = place.split('/');
      return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData };
    }));
    await cluster.apply([REANA.namespace, REANA.runtimeNamespace].map(workspaces));
    await cluster.apply([...manifests.filter(manifest => !isNamespace(manifest)), ...others.map(otherPod)]);
    for (const { kind, metadata: { name, namespace } } of manifests.filter(({ kind: its }) => its === 'Deployment' || its === 'StatefulSet')) {
      await cluster.run(['rollout', 'status', '--timeout=600s', '--namespace', namespace!, `${kind.toLowerCase()}/${name}`], { timeout: 610 });
    }
    const nodes = new ReanaNodes(cluster);
    await until('every pod is ready', async () => (await nodes.pods()).every(({ status }) =>
      status.conditions?.some(({ type, status: is }: any) => type === 'Ready' && is === 'True')));
    return nodes;
  }

  private constructor(private readonly cluster: TestbedCluster) {}

  /** All pods of the cluster but Kubernetes' own. */
  public async pods(): Promise<any[]> {
    const { items } = await this.cluster.get('pods', '--all-namespaces', '--field-selector', 'metadata.namespace!=kube-system');
    return items;
  }

  public async services(): Promise<any[]> {
    return (await this.cluster.get('services', '--namespace', REANA.namespace)).items;
  }

  /** The lines that a Python program prints in a pod. */
  public async python({ metadata: { namespace, name } }: any, program: string, ...args: string[]): Promise<string[]> {
    const { status, stdout, stderr } = await this.cluster.exec(namespace, name, ['python3', '-c', program, ...args], { timeout: 120 });
    if (status !== 0) { throw new Error(`${name}: ${stderr}`); }
    return stdout.split('\n').filter(line => line);
  }
}

/** An object as it is applied: uWSGI has a stand-in for its application, and what would end, or needs REANA's own image, is a pod that does nothing. */
function runnable(manifest: Manifest): Manifest[] {
  const template = podTemplate(manifest);
  const { name, namespace } = manifest.metadata;
  if (!template || PROGRAMS.includes(name)) { return [manifest]; }
  if (WEB_SERVERS.includes(name)) {
    const { deployment, configMap, data } = withApplication(manifest);
    return [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: configMap, namespace }, data }, deployment];
  }
  const { metadata, spec } = structuredClone(template);
  for (const container of spec.containers) {
    for (const field of ['args', 'lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe']) { delete container[field]; }
    container.command = IDLE;
  }
  return [{ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name, namespace }, spec: { ...spec, terminationGracePeriodSeconds: 0 } }];
}

/** The claim that a site makes, in each of the two namespaces; here they are two volumes. */
function workspaces(namespace: string): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: `${REANA.prefix}-shared-persistent-volume`, namespace },
    spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
  };
}

/** Listens on ports, as a program does that isn't there. */
const LISTEN = `
import socket, sys, time
servers = [socket.create_server(('', int(port))) for port in sys.argv[1:]]
time.sleep(1e6)
`;

function otherPod({ name, namespace, labels = {}, ports = [] }: OtherPod): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsUser: 1000, runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{
        name: 'other',
        image: REANA_IMAGE,
        command: ports.length === 0 ? IDLE : ['python3', '-c', LISTEN, ...ports.map(String)],
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        resources: { requests: { cpu: '1m', memory: '16Mi' }, limits: { memory: '128Mi' } },
      }],
    },
  };
}

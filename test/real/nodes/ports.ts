import { TestbedPool } from './testbed-pool';
import { Testbed } from '../kubernetes/testbed';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** One pod, and the ports that somebody can open a connection to. */
export interface OpenPorts {
  readonly cluster: string;
  readonly pod: string;
  /** Where its daemons listen. */
  readonly listening: number[];
  /** Where its cluster's own pods get through: at the pod, its Services and its node. */
  readonly inside: number[];
  /** Where pods of another cluster get through. */
  readonly outside: number[];
  /** The ports that are for everybody: those of its Services, without headless ones, and the range of a pod on the node's network. */
  readonly declared: number[];
}

/** A pod that dials, where no policy is about it. */
const DIALER = 'dialer';
const IMAGE = 'cdk8s-hep/htcondor:23.9.6-trixie';

/** Puts a pod into every cluster that can dial. */
export async function placeDialers(testbed: Testbed): Promise<void> {
  await Promise.all(testbed.clusters.map(async cluster => {
    await cluster.apply([{
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: DIALER, namespace: 'default' },
      spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'condor', image: IMAGE, command: ['sleep', 'infinity'] }] },
    }]);
    await cluster.run(['wait', '--for=condition=Ready', '--timeout=600s', `pod/${DIALER}`]);
  }));
}

/** What a command in a cluster's dialer prints. */
export async function atDialer(testbed: Testbed, cluster: string, command: string): Promise<string> {
  return (await testbed.cluster(cluster).exec('default', DIALER, ['bash', '-c', command])).stdout;
}

/** Dials from a cluster's dialer, all at once, and gives the ports that answered at any of the addresses. */
async function answering(testbed: Testbed, from: string, targets: readonly { address: string; port: number }[]): Promise<number[]> {
  const script = targets.map(({ address, port }) => `(timeout 5 bash -c 'exec 3<>/dev/tcp/${address}/${port}' 2>/dev/null && echo ${port}) &`);
  const said = await atDialer(testbed, from, [...script, 'wait'].join('\n'));
  return sorted(said.split('\n').filter(line => line).map(Number));
}

function sorted(ports: readonly number[]): number[] {
  return [...new Set(ports)].sort((one, other) => one - other);
}

/** The range in which a pod on the node's network listens, as its configuration says. */
function range(pool: TestbedPool, cluster: string, fleet: string): { low: number; high: number } {
  const config = pool.manifests(cluster).find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === fleet)!.data.condor_config as string;
  const [low, high] = ['IN_LOWPORT', 'IN_HIGHPORT'].map(knob => Number(new RegExp(`^${knob} += (\\d+)$`, 'm').exec(config)?.[1]));
  return { low, high };
}

/** Every pod of a pool times every port that it listens on, from its own cluster and from another. */
export async function openPorts(testbed: Testbed, pool: TestbedPool, outsider: string): Promise<OpenPorts[]> {
  const found: OpenPorts[] = [];
  for (const cluster of [...pool.members, pool.host.name]) {
    const services = (await testbed.cluster(cluster).get('services', '--namespace', pool.namespace)).items as any[];
    for (const { metadata, spec, status } of await pool.pods(cluster)) {
      const { stdout } = await pool.exec(cluster, metadata.name, ['ss', '-Hltunp']);
      // on the node's network there are the node's own daemons too: they have no name in here
      const lines = stdout.split('\n').filter(line => line && (!spec.hostNetwork || line.includes('users:((')));
      const listening = sorted(lines.map(line => line.split(/\s+/)[4]).filter(address => !address.startsWith('127.')).map(address => Number(address.replace(/^.*:/, ''))));
      const own = services.filter(service => service.spec.clusterIP !== 'None' && Object.entries(service.spec.selector ?? {}).every(([key, value]) => metadata.labels[key] === value));
      const named = sorted(own.flatMap(service => service.spec.ports.flatMap(({ port, nodePort }: any) => nodePort ? [port, nodePort] : [port])));
      const ports = sorted([...listening, ...named]);
      const addresses = ([] as string[]).concat(
        status.podIP, status.hostIP,
        own.flatMap(service => [service.spec.clusterIP, ...(service.status.loadBalancer?.ingress ?? []).map(({ ip }: any) => ip)]).filter(address => address && address !== 'None'),
      );
      const targets = [...new Set(addresses)].flatMap(address => ports.map(port => ({ address, port })));
      const fleet = metadata.labels['app.kubernetes.io/instance'];
      const { low, high } = spec.hostNetwork ? range(pool, cluster, fleet) : { low: 1, high: 0 };
      found.push({
        cluster,
        pod: metadata.name,
        listening,
        inside: await answering(testbed, cluster, targets),
        outside: await answering(testbed, outsider === cluster ? pool.host.name : outsider, targets),
        declared: sorted([...named, ...listening.filter(port => port >= low && port <= high)]),
      });
    }
  }
  return found;
}

/** One line for each pod. */
export function table(pods: readonly OpenPorts[]): string {
  return pods.map(({ cluster, pod, ...ports }) =>
    `${`${cluster}/${pod}`.padEnd(30)} ${Object.entries(ports).map(([what, numbers]) => `${what} ${(numbers as number[]).join(',') || 'none'}`).join('  ')}\n`).join('');
}

import { execFileSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { CommandResult } from '../command';
import { describeClusters } from '../requirements';
import { until } from '../until';
import { toolset } from './binaries';
import { condorImage } from './images';
import { Testbed } from './testbed';
import { TestbedCluster } from './testbed-cluster';

/* eslint-disable @typescript-eslint/no-explicit-any */

const PORT = 9618;
const NODE_PORT = 30618;
const IMAGE = condorImage().name;

// A server that says where it is and who asks, and a client, in the one language that the image has.
const SERVER = `
import socket
listener = socket.create_server(('', ${PORT}))
while True:
  peer, address = listener.accept()
  peer.sendall(f'{socket.gethostname()} {address[0]}'.encode())
  peer.close()
`;
const CLIENT = `
import socket, sys
print(socket.create_connection((sys.argv[1], int(sys.argv[2])), 3).recv(100).decode())
`;

const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'try' } };

function pod(name: string, spec: object, container: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'try', labels: { app: name } },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: IMAGE, command: ['python3', '-u', '-c', SERVER], ...container }],
      ...spec,
    },
  };
}

const idle = (name: string, spec: object = {}) => pod(name, spec, { command: ['sleep', 'infinity'] });

const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'echo', namespace: 'try', annotations: { 'external-dns.alpha.kubernetes.io/hostname': 'echo.cern.ch' } },
  spec: {
    type: 'LoadBalancer',
    externalTrafficPolicy: 'Local',
    selector: { app: 'echo' },
    ports: [{ port: PORT, nodePort: NODE_PORT }],
  },
};

describeClusters('the testbed', () => {
  let testbed: Testbed;
  let meyrin: TestbedCluster;
  let tsystems: TestbedCluster;

  beforeAll(async () => {
    testbed = await Testbed.open({
      meyrin: { cidr: '10.2.0.0/16', nodes: ['node-1'] },
      tsystems: { cidr: '10.3.0.0/16', nat: true, nodes: ['otc-1', 'otc-2'] },
    });
    meyrin = testbed.cluster('meyrin');
    tsystems = testbed.cluster('tsystems');
    await meyrin.apply([NAMESPACE, pod('echo', {}), SERVICE, idle('client'), idle('stranger'), idle('host', { hostNetwork: true })]);
    await tsystems.apply([NAMESPACE, idle('client', { nodeName: 'otc-2' })]);
    await Promise.all([meyrin, tsystems].map(cluster =>
      cluster.run(['wait', '--for=condition=Ready', '--timeout=600s', '--namespace', 'try', 'pod', '--all'])));
  });

  afterAll(async () => {
    await testbed?.close();
  });

  function dial(cluster: TestbedCluster, from: string, name: string, port = PORT): Promise<CommandResult> {
    return cluster.exec('try', from, ['python3', '-c', CLIENT, name, String(port)], { timeout: 20 });
  }

  test('nodes are ready, and as large as they claim', async () => {
    for (const cluster of testbed.clusters) {
      const { items } = await cluster.get('nodes');
      expect(items.map((node: any) => node.metadata.name)).toEqual(cluster.nodes.map(({ name }) => name));
      for (const { status } of items) {
        expect(status.conditions.find(({ type }: any) => type === 'Ready').status).toBe('True');
        expect(status.capacity).toMatchObject({ cpu: '8', memory: '23Gi' });
      }
    }
  });

  test('one kubeconfig leads from this machine to all of them', () => {
    const kubectl = (context: string) => execFileSync(toolset('kubernetes-newest').path('kubectl'), [
      '--kubeconfig', testbed.kubeconfig, '--context', context, 'get', 'nodes', '-o', 'name',
    ], { encoding: 'utf8' });
    expect(kubectl('meyrin').trim().split('\n')).toEqual(['node/node-1']);
    expect(kubectl('tsystems').trim().split('\n')).toEqual(['node/otc-1', 'node/otc-2']);
  });

  test('a pod resolves and reaches a Service of its cluster, and is seen with its own address', async () => {
    const { podIP } = (await meyrin.get('pod', 'client', '-n', 'try')).status;
    expect((await dial(meyrin, 'client', 'echo')).stdout.trim()).toBe(`echo ${podIP}`);
    expect((await dial(meyrin, 'client', 'echo.try.svc.cluster.local')).stdout.trim()).toBe(`echo ${podIP}`);
  });

  test('a pod behind NAT resolves and reaches a public address, and is seen with its gateway\'s', async () => {
    expect(await meyrin.balancerAddress('try', 'echo')).toBe('10.200.1.1');
    await until('the address answers', async () => (await dial(tsystems, 'client', 'echo.cern.ch')).status === 0);
    expect((await dial(tsystems, 'client', 'echo.cern.ch')).stdout.trim()).toBe(`echo ${tsystems.site.outside}`);
  });

  test('a name of the world is known in every cluster', async () => {
    testbed.names.set('condor.cern.ch', '10.200.1.77');
    const resolve = (cluster: TestbedCluster) => cluster.exec('try', 'client', ['getent', 'ahostsv4', 'condor.cern.ch']);
    for (const cluster of testbed.clusters) {
      await until('the name is known', async () => (await resolve(cluster)).stdout.startsWith('10.200.1.77'));
    }
    expect((await meyrin.exec('try', 'client', ['getent', 'ahostsv4', 'nobody.cern.ch'])).status).toBe(2);
  });

  test('source ranges are enforced at a public address', async () => {
    const ranges = (cidrs: string[]) => meyrin.run(['patch', 'service', 'echo', '-n', 'try', '--patch', JSON.stringify({ spec: { loadBalancerSourceRanges: cidrs } })]);
    await ranges(['192.0.2.0/24']);
    await until('others are kept out', async () => (await dial(tsystems, 'client', 'echo.cern.ch')).status !== 0);
    await ranges([`${tsystems.site.outside}/32`]);
    await until('it is let in', async () => (await dial(tsystems, 'client', 'echo.cern.ch')).status === 0);
  });

  test('a pod in the node\'s network has the node\'s name and address, and dials a NodePort of the other cluster', async () => {
    expect((await meyrin.exec('try', 'host', ['hostname'])).stdout.trim()).toBe('node-1');
    expect((await meyrin.get('pod', 'host', '-n', 'try')).status.podIP).toBe('10.2.0.1');
    expect((await dial(tsystems, 'client', '10.2.0.1', NODE_PORT)).stdout).toContain('echo');
  });

  test('a NetworkPolicy keeps out whom it does not name', async () => {
    expect((await dial(meyrin, 'stranger', 'echo')).status).toBe(0);
    await meyrin.apply([{
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'echo', namespace: 'try' },
      spec: { podSelector: { matchLabels: { app: 'echo' } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'client' } } }] }] },
    }]);
    await until('the stranger is kept out', async () => (await dial(meyrin, 'stranger', 'echo')).status !== 0);
    expect((await dial(meyrin, 'client', 'echo')).status).toBe(0);
    await meyrin.run(['delete', 'networkpolicy', 'echo', '-n', 'try']);
    await until('the stranger is let in', async () => (await dial(meyrin, 'stranger', 'echo')).status === 0);
  });

  test('a volume keeps its content when its pod moves to another node, and is writable for the pod\'s group', async () => {
    const writer = (name: string, node: string, command: string) => pod(name, {
      nodeName: node,
      restartPolicy: 'Never',
      securityContext: { runAsUser: 64, fsGroup: 64 },
      volumes: [{ name: 'kept', persistentVolumeClaim: { claimName: 'kept' } }],
    }, { command: ['sh', '-ec', command], volumeMounts: [{ name: 'kept', mountPath: '/kept' }] });
    const done = (name: string) => tsystems.run(['wait', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=600s', '-n', 'try', `pod/${name}`]);
    await tsystems.apply([{
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'kept', namespace: 'try' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    }, writer('first', 'otc-1', 'stat -c %g /kept; echo was-here >/kept/file')]);
    await done('first');
    expect(await tsystems.run(['logs', '-n', 'try', 'first'])).toBe('64\n');
    await tsystems.apply([writer('second', 'otc-2', 'cat /kept/file')]);
    await done('second');
    expect(await tsystems.run(['logs', '-n', 'try', 'second'])).toBe('was-here\n');
    await tsystems.run(['delete', '-n', 'try', 'pod/first', 'pod/second', 'pvc/kept']);
    await until('the volume is gone', async () => (await tsystems.get('pv')).items.length === 0);
  });

  test('a cut link stops what passed it, not the administrator, and a mended one lets it pass again', async () => {
    await meyrin.site.cut();
    expect((await dial(tsystems, 'client', '10.200.1.1')).status).not.toBe(0);
    expect((await meyrin.kubectl(['get', '--raw', '/readyz'])).status).toBe(0);
    await meyrin.site.mend();
    await until('it passes', async () => (await dial(tsystems, 'client', '10.200.1.1')).status === 0);
  });

  test('pods outlive their kubelet and their runtime, which find them when they come back', async () => {
    const node = meyrin.node('node-1');
    const state = async () => (await meyrin.get('pod', 'echo', '-n', 'try')).status.containerStatuses[0];
    const before = await state();
    await node.kill('kubelet');
    expect((await dial(tsystems, 'client', 'echo.cern.ch')).status).toBe(0);
    await node.restart('containerd');
    await node.restart('kubelet');
    await until('the kubelet knows its pods', async () => (await dial(meyrin, 'client', 'echo')).status === 0);
    expect(await state()).toMatchObject({ containerID: before.containerID, restartCount: 0 });
  });

  test('the address follows the only pod to another node', async () => {
    const follow = (node: string) => tsystems.apply([pod('echo', { nodeName: node }), SERVICE]);
    await follow('otc-1');
    const address = await tsystems.balancerAddress('try', 'echo');
    await until('it answers', async () => (await dial(meyrin, 'client', address)).status === 0);
    await tsystems.run(['delete', 'pod', 'echo', '-n', 'try', '--force']);
    await follow('otc-2');
    await until('it answers from there', async () => (await dial(meyrin, 'client', address)).status === 0);
  });

  test('close() leaves nothing', async () => {
    const { prefix } = testbed;
    expect(traces(prefix)).not.toEqual([]);
    await testbed.close();
    expect(traces(prefix)).toEqual([]);
  });
});

/** Whatever on this machine has the prefix: processes by command and control group, namespaces, mounts in any namespace, groups, files. */
function traces(prefix: string): string[] {
  const read = (file: string) => {
    try {
      return fs.readFileSync(file, 'utf8');
    } catch {
      return '';
    }
  };
  const processes = fs.readdirSync('/proc').filter(name => /^\d+$/.test(name) && Number(name) !== process.pid);
  return [
    ...processes.filter(pid => ['cmdline', 'cgroup', 'mountinfo'].some(file => read(`/proc/${pid}/${file}`).includes(prefix))).map(pid => `process ${pid}`),
    ...fs.readdirSync('/run/netns').filter(name => name.startsWith(prefix)),
    ...execFileSync('find', ['/sys/fs/cgroup', '-type', 'd', '-name', `*${prefix}*`], { encoding: 'utf8' }).split('\n').filter(Boolean),
    ...read('/proc/self/mountinfo').split('\n').filter(line => line.includes(prefix)),
    ...fs.readdirSync(path.join(os.tmpdir(), 'cdk8s-hep-labs')).filter(name => name === prefix),
  ];
}

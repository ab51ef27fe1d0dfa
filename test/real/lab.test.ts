import { execFileSync } from 'child_process';
import { randomBytes } from 'crypto';
import * as fs from 'fs';
import { Cluster } from './cluster';
import { Lab } from './lab';
import { parseManifests } from './manifest';
import { describeReal } from './requirements';
import { runInImage } from './rootfs';
import { Site } from './site';
import { until } from './until';

// A server that says who it is and who asks, in the one language the image has.
const SERVER = `
import os, socket
listener = socket.create_server(('', 9618))
while True:
  peer, address = listener.accept()
  peer.sendall(f'{socket.gethostname()} {os.getpid()} {address[0]}\\n'.encode())
  peer.close()
`;

const HOST = `
apiVersion: v1
kind: Service
metadata:
  name: echo
  namespace: lab
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector: { app: echo }
  ports: [{ port: 9618, targetPort: echo, nodePort: 30618 }]
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: server
  namespace: lab
data:
  server.py: ${JSON.stringify(SERVER)}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: echo
  namespace: lab
spec:
  serviceName: echo
  replicas: 1
  selector: { matchLabels: { app: echo } }
  template:
    metadata:
      labels: { app: echo }
    spec:
      terminationGracePeriodSeconds: 1
      securityContext: { runAsUser: 64, runAsNonRoot: true, fsGroup: 64, seccompProfile: { type: RuntimeDefault } }
      initContainers:
        - name: first
          image: cdk8s-hep/htcondor:test
          command: [sh, -ec, 'echo "$(WHERE) started" >>/kept/starts; id -u >/scratch/uid']
          env: [{ name: WHERE, valueFrom: { fieldRef: { fieldPath: spec.nodeName } } }]
          volumeMounts: [{ name: kept, mountPath: /kept }, { name: scratch, mountPath: /scratch }]
      containers:
        - name: echo
          image: cdk8s-hep/htcondor:test
          command: [python3]
          args: [-u, /etc/server/$(SCRIPT)]
          env:
            - { name: SCRIPT, value: server.py }
            - { name: CPUS, valueFrom: { resourceFieldRef: { resource: limits.cpu } } }
            - { name: MEMORY, valueFrom: { resourceFieldRef: { resource: limits.memory, divisor: 1Mi } } }
            - { name: NEITHER, value: '$$(SCRIPT) $(UNKNOWN)' }
          ports: [{ name: echo, containerPort: 9618 }]
          resources: { limits: { cpu: 1500m } }
          securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
          livenessProbe: { exec: { command: [sleep, '5'] } }
          readinessProbe: { tcpSocket: { port: echo } }
          startupProbe: { exec: { command: [cat, /nothing] } }
          volumeMounts:
            - { name: server, mountPath: /etc/server }
            - { name: key, mountPath: /etc/key }
            - { name: kept, mountPath: /kept }
            - { name: scratch, mountPath: /scratch, subPath: below }
      volumes:
        - { name: server, configMap: { name: server } }
        - { name: key, secret: { secretName: key, defaultMode: 0400 } }
        - { name: scratch, emptyDir: { medium: Memory } }
  volumeClaimTemplates:
    - metadata: { name: kept }
`;

const MEMBER = `
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: client
spec:
  selector: { matchLabels: { app: client } }
  template:
    metadata:
      labels: { app: client }
    spec:
      hostNetwork: true
      automountServiceAccountToken: false
      nodeSelector: { pool: yes-please }
      containers:
        - name: client
          image: cdk8s-hep/htcondor:test
          command: [sleep, infinity]
          resources: { requests: { cpu: 7900m } }
          securityContext: { privileged: true }
`;

/** What there is of this machine that a laboratory could leave behind. Others come and go meanwhile. */
function traces(prefix: string): { [kind: string]: string[] } {
  const lines = (command: string, ...args: string[]) =>
    execFileSync(command, args, { encoding: 'utf8' }).split('\n').filter(line => line.includes(prefix)).sort();
  return {
    namespaces: lines('ip', 'netns', 'list'),
    mounts: lines('cat', '/proc/self/mountinfo'),
    groups: lines('find', '/sys/fs/cgroup', '-type', 'd', '-name', `${prefix}*`),
    rules: lines('iptables-save'),
    processes: lines('ps', '-eo', 'args').filter(line => line.includes('runc') || line.includes('sweep')),
  };
}

describeReal('the image', () => {
  test('the image runs a command on the files it is given, and forgets them', () => {
    const args = ['sh', '-c', 'cat - /etc/condor/config.d/x; echo $A; touch /y; id condor'];
    const run = runInImage(args, { input: 'in\n', files: { '/etc/condor/config.d/x': 'file\n' }, env: { A: 'b' } });
    expect(run).toEqual({ status: 0, stdout: 'in\nfile\nb\nuid=64(condor) gid=64(condor) groups=64(condor)\n', stderr: '' });
    expect(runInImage(['ls', '/y', '/etc/condor/config.d/x']).status).toBe(2);
  });
});

describeReal('the laboratory', () => {
  let lab: Lab;
  let host: Site;
  let natted: Site[];
  let cluster: Cluster;
  let clients: Cluster[];
  const key = randomBytes(8).toString('hex');

  beforeAll(async () => {
    lab = await Lab.open();
    host = await lab.site('host', { cidr: '10.1.0.0/16' });
    await host.node('host-1', { allocatable: { cpu: '4', memory: '1000Mi' } });
    natted = [];
    clients = [];
    cluster = await lab.cluster('host', host, parseManifests(HOST), {
      secrets: { 'lab/key': { key } }, publicNames: { 'lab/echo': 'echo.example.org' },
    }).start();
    for (const name of ['left', 'right']) {
      const site = await lab.site(name, { cidr: '10.9.0.0/16', nat: true });
      await site.node('node-1', { labels: { pool: 'yes-please' } });
      await site.node('node-2');
      natted.push(site);
      clients.push(await lab.cluster(name, site, parseManifests(MEMBER)).start());
    }
  });

  afterAll(async () => {
    const { namespaces, mounts, groups, processes } = traces(lab.prefix);
    expect([namespaces, mounts, groups, processes].map(({ length }) => length > 0)).toEqual([true, true, true, true]);
    await lab.close();
    expect(traces(lab.prefix)).toEqual({ namespaces: [], mounts: [], groups: [], rules: [], processes: [] });
  });

  const ask = (from: Cluster, address = 'echo.example.org', port = 9618) => from.pods[0].exec(undefined, ['python3', '-c', `
import socket
print(socket.create_connection(('${address}', ${port}), 2).recv(99).decode().strip())`]);

  test('a pod has what its template says', async () => {
    const pod = cluster.pod('echo-0');
    const run = await pod.exec('echo', ['sh', '-c', `echo $CPUS $MEMORY "$NEITHER"; cat /kept/starts; ls /scratch; id; hostname
      cat /etc/key/key; echo; readlink /etc/key/key; stat -Lc '%a %u %g' /etc/key/key; touch /x; grep -E 'CapEff|NoNewPrivs' /proc/1/status
      cat /var/run/secrets/kubernetes.io/serviceaccount/token; tr '\\0' ' ' </proc/1/cmdline`]);
    expect(run.stdout.split('\n')).toEqual([
      '2 1000 $(SCRIPT) $(UNKNOWN)', 'host-1 started', expect.stringMatching('^uid=64.*groups=64'), 'echo-0',
      key, '..data/key', '440 0 64', 'CapEff:\t0000000000000000', 'NoNewPrivs:\t1',
      'fake-token-of-lab-defaultpython3 -u /etc/server/server.py ',
    ]);
    expect(run.stderr).toMatch(/touch.*Read-only file system/);
  });

  test('probes are asked as the kubelet asks them', async () => {
    const pod = cluster.pod('echo');
    // one that gets no core in its second has no answer
    await until('it is ready', async () => (await pod.probe('readiness')).status === 0);
    await until('its startup probe fails', async () => (await pod.probe('startup')).status === 1);
    expect(await pod.probe('liveness')).toMatchObject({ timedOut: true });
    expect(pod.container().processes().map(process => process.program)).toEqual(['python3']);
    pod.kill('SIGSTOP', 'python3');
    pod.kill('SIGCONT', 'python3');
  });

  test('a fleet runs where its selector says, and a pod that does not fit stays pending', async () => {
    expect(clients[0].pods.map(pod => [pod.node.name, pod.address, pod.hostname])).toEqual([['node-1', '10.9.0.1', 'node-1']]);
    await expect(clients[0].startPod(clients[0].manifests[0])).rejects.toThrow(/stays pending: insufficient cpu/);
  });

  test('equal private addresses are two sites, seen by the addresses of their gateways', async () => {
    const [left, right] = await Promise.all(clients.map(client => ask(client)));
    expect(left.stdout).toBe(`echo-0 1 ${natted[0].outside}\n`);
    expect(right.stdout).toBe(`echo-0 1 ${natted[1].outside}\n`);
    // Nothing gets in, and a node's address is nobody's outside.
    expect((await host.nodes[0].dial('10.9.0.1', 22, 1)).status).not.toBe(0);
  });

  test('a node port leads to the pod', async () => {
    expect((await ask(clients[0], host.nodes[0].address, 30618)).stdout).toMatch(/^echo-0 1 /);
  });

  test('a cut is felt and mended', async () => {
    await natted[0].cut();
    expect((await ask(clients[0])).stderr).toMatch(/timed out|timeout/);
    expect((await ask(clients[1])).status).toBe(0);
    await natted[0].mend();
    expect((await ask(clients[0])).status).toBe(0);
  });

  test('names can die', async () => {
    lab.network.names.die();
    expect(await clients[0].pods[0].exec(undefined, ['getent', 'hosts', 'echo.example.org'], { timeout: 2 })).toMatchObject({ timedOut: true });
    lab.network.names.revive();
    expect((await ask(clients[0])).status).toBe(0);
  });

  test('a changed Secret appears in a running pod', async () => {
    cluster.setSecret('lab/key', { key: 'new' });
    expect((await cluster.pod('echo').exec(undefined, ['cat', '/etc/key/key'])).stdout).toBe('new');
  });

  test('a Service follows a new pod, which has the old claim', async () => {
    const former = cluster.pod('echo-0');
    const address = former.address;
    await cluster.delete(former);
    expect((await ask(clients[0])).stderr).toMatch(/refused/);
    const pod = await cluster.startPod(former.workload, 'echo-0');
    expect(pod.address).not.toBe(address);
    expect((await ask(clients[0])).stdout).toMatch(/^echo-0 1 /);
    expect(fs.readFileSync(`${cluster.claim('lab', 'kept-echo-0')}/starts`, 'utf8')).toBe('host-1 started\nhost-1 started\n');
  });

  test('what it cannot do is refused by name', async () => {
    const refused = (change: object) => lab.cluster('other', host, [{
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'odd' },
      spec: { containers: [{ name: 'a', image: 'cdk8s-hep/htcondor:test', command: ['true'] }], ...change },
    }]).start();
    await expect(refused({ hostPID: true })).rejects.toThrow(/odd.hostPID: the laboratory cannot do true/);
    await expect(refused({ newField: 1 })).rejects.toThrow(/cannot do newField: 1/);
    await expect(refused({ containers: [{ name: 'a', image: 'busybox', command: ['true'] }] })).rejects.toThrow(/not busybox/);
    await expect(refused({ securityContext: { runAsNonRoot: true } })).rejects.toThrow(/runAsNonRoot/);
  });
});

/* eslint-disable @typescript-eslint/no-explicit-any */

import { isDeepStrictEqual } from 'util';
import { Duration } from 'cdk8s';
import { OtherPod, ReanaNodes } from './reana-nodes';
import { Testbed } from '../kubernetes/testbed';
import { describeClusters } from '../requirements';
import { until } from '../until';

const RUNTIME = 'reana-workflows';

/** Pods that REANA's code makes, with the labels that it gives them and the ports that it has them listen on; and who else there is. */
const OTHERS: OtherPod[] = [
  { name: 'run-batch', namespace: RUNTIME, labels: { 'reana_workflow_mode': 'batch', 'reana-run-batch-workflow-uuid': 'one' }, ports: [5000] },
  { name: 'run-session', namespace: RUNTIME, labels: { 'reana_workflow_mode': 'session', 'reana-run-session-workflow-uuid': 'one' }, ports: [8888] },
  { name: 'run-job', namespace: RUNTIME, labels: { 'reana-run-job-workflow-uuid': 'one' }, ports: [8000] },
  { name: 'run-job-other', namespace: RUNTIME, labels: { 'reana-run-job-workflow-uuid': 'two' }, ports: [8000] },
  { name: 'run-dask-scheduler', namespace: RUNTIME, labels: { 'dask.org/component': 'scheduler' }, ports: [8786, 8787] },
  { name: 'run-dask-worker', namespace: RUNTIME, labels: { 'dask.org/component': 'worker' }, ports: [40000] },
  { name: 'run-dask-worker-other', namespace: RUNTIME, labels: { 'dask.org/component': 'worker' }, ports: [40000] },
  { name: 'ingress', namespace: 'ingress-nginx' },
  { name: 'dask-operator', namespace: 'dask-operator' },
  // without a label that anybody knows, where workflows run, and elsewhere
  { name: 'stranger-within', namespace: RUNTIME },
  { name: 'stranger', namespace: 'default' },
];

/** Who asks the database, by PgBouncer where there is one. */
const DATABASE_CLIENTS = [
  'init', 'interactive-session-cleanup', 'job-status-consumer', 'resource-quota-update', 'retention-rules-apply', 'run-batch', 'scheduler', 'server', 'system-status',
  'workflow-controller',
];

/** Everybody but those that call nobody, or the database alone. */
const CALLERS = [
  'dask-operator', 'ingress', 'interactive-session-cleanup', 'job-status-consumer', 'run-batch', 'run-dask-scheduler', 'run-dask-worker',
  'run-dask-worker-other', 'run-job', 'run-job-other', 'run-session', 'scheduler', 'server', 'stranger', 'stranger-within', 'system-status', 'workflow-controller',
];

/** Who reaches what, of all that listens: docs/reana.md says why. */
const DECLARED: { readonly [target: string]: readonly string[] } = {
  'server 5000': ['ingress'],
  'workflow-controller 5000': ['interactive-session-cleanup', 'scheduler', 'server'],
  'ui 8080': ['ingress'],
  'cache 6379': ['server'],
  'message-broker 5672': ['job-status-consumer', 'run-batch', 'scheduler', 'server', 'workflow-controller'],
  // metrics, for whoever reads them
  'message-broker 15692': CALLERS,
  'db 5432': ['db-backup', 'pgbouncer'],
  'pgbouncer 6432': DATABASE_CLIENTS,
  'run-batch 5000': [],
  'run-job 8000': [],
  'run-job-other 8000': [],
  'run-session 8888': ['ingress', 'interactive-session-cleanup'],
  'run-dask-scheduler 8786': ['dask-operator', 'run-dask-worker', 'run-dask-worker-other', 'run-job', 'run-job-other'],
  'run-dask-scheduler 8787': ['dask-operator', 'ingress'],
  'run-dask-worker 40000': ['run-dask-scheduler', 'run-dask-worker-other'],
  'run-dask-worker-other 40000': ['run-dask-scheduler', 'run-dask-worker'],
};

/** Prints the ports on which somebody listens, for others than his own pod. */
const LISTENING = `
for file in ('/proc/net/tcp', '/proc/net/tcp6'):
    for line in open(file).readlines()[1:]:
        _, local, _, state = line.split()[:4]
        address, port = local.split(':')
        if state == '0A' and address not in ('0100007F', '00000000000000000000000001000000'):
            print(int(port, 16))
`;

/** Connects to all addresses at once, and prints those that answer within seconds. */
const DIAL = `
import asyncio, sys
async def dial(target):
    address, port = target.split(':')
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(address, int(port)), 5)
        writer.close()
        print(target)
    except (OSError, asyncio.TimeoutError):
        pass
async def main():
    await asyncio.gather(*map(dial, sys.argv[1:]))
asyncio.run(main())
`;

describeClusters('REANA on nodes', () => {
  let testbed: Testbed;
  let reana: ReanaNodes;

  beforeAll(async () => {
    testbed = await Testbed.open({ reana: { cidr: '10.1.0.0/16', nodes: ['node-1'] } });
    reana = await ReanaNodes.start(testbed.cluster('reana'), OTHERS, {
      ingress: { controllerNamespace: 'ingress-nginx' },
      dask: { operatorNamespace: 'dask-operator' },
      sessions: { maxInactivity: Duration.days(7) },
      notifications: { receiver: 'admins@example.org', sender: 'reana@example.org', smtpServer: 'smtp.example.org' },
    }, { pgBouncer: true, backup: true });
  });
  afterAll(() => testbed?.close());

  /** A pod by what it is: of several that are equal, each. */
  const nameOf = ({ metadata: { name, labels } }: any): string => labels?.['app.kubernetes.io/name'] ?? name;

  test('every pod times every port, from all others and from outside: what is open is what is declared', async () => {
    const pods = await reana.pods();
    const services = await reana.services();
    /** What is listened on, by the addresses at which it might be reached. */
    const targets = new Map<string, string>();
    for (const pod of pods) {
      const ports = new Set((await reana.python(pod, LISTENING)).map(Number));
      const { labels = {} } = pod.metadata;
      const own = services.filter(({ spec }) => Object.entries(spec.selector ?? {}).every(([label, value]) => labels[label] === value));
      for (const port of ports) {
        const target = `${nameOf(pod)} ${port}`;
        targets.set(`${pod.status.podIP}:${port}`, target);
        for (const { spec: { clusterIP, ports: its } } of own) {
          its.filter(({ targetPort }: any) => targetPort === port).forEach((of: any) => targets.set(`${clusterIP}:${of.port}`, target));
        }
      }
    }
    /** By what is listened on, who reaches it: at each of its addresses, from each of its pods; with a question mark who does so here and there. */
    const open = async () => {
      const found: { [target: string]: { [source: string]: boolean[] } } = Object.fromEntries([...targets.values()].map(target => [target, {}]));
      await Promise.all(pods.map(async pod => {
        const source = nameOf(pod);
        // a pod reaches itself
        const others = [...targets].filter(([_, target]) => !target.startsWith(`${source} `));
        const reached = new Set(await reana.python(pod, DIAL, ...others.map(([address]) => address)));
        for (const [address, target] of others) { (found[target][source] ??= []).push(reached.has(address)); }
      }));
      return Object.fromEntries(Object.entries(found).map(([target, sources]) => [
        target, Object.entries(sources).filter(([_, all]) => all.includes(true)).map(([source, all]) => all.includes(false) ? `${source}?` : source).sort(),
      ]));
    };
    // policies are in force a moment after the pods
    let found: { [target: string]: string[] } = {};
    await until('it is', async () => isDeepStrictEqual(found = await open(), DECLARED), 120).catch(() => undefined);
    for (const [target, sources] of Object.entries(found)) { process.stdout.write(`${target.padEnd(26)} ${sources.join(' ') || 'nobody'}\n`); }
    expect(found).toEqual(DECLARED);
    const { stdout } = await testbed.network.router.attempt(['python3', '-c', DIAL, ...targets.keys()], { timeout: 60 });
    expect(stdout).toBe('');
  });
});

/* eslint-disable @typescript-eslint/no-explicit-any */

import { App, Size, Testing } from 'cdk8s';
import { ExamplePool } from './example-pool';
import { asking, CREDENTIALS, METADATA, placeMetadataService } from './metadata-service';
import { NODE_PORT_POOL, nodePortPool } from './node-port-pool';
import { atDialer, openPorts, placeDialers, table } from './ports';
import { TestbedPool } from './testbed-pool';
import { withoutAnalyses } from './without-analyses';
import { Cluster, LogBuffer, LogCollection, LogStore } from '../../../src';
import { example } from '../examples';
import { Testbed } from '../kubernetes/testbed';
import { describeClusters } from '../requirements';
import { expectTalkMachines, talkJob } from '../talk';
import { LogReader } from '../telemetry/log-reader';
import { PATIENCE, until } from '../until';

/** The workflow of docs/logs.md. */
const WORKFLOW = 'f2d6a1c4-8e0b-4f6e-9a57-0d7a3c1b9e42';

describeClusters('real nodes', () => {
  let testbed: Testbed;
  let pool: ExamplePool;
  let other: TestbedPool;

  beforeAll(async () => {
    testbed = await Testbed.open({
      'condor-host': { cidr: '10.1.0.0/16', nodes: ['host-1'] },
      'meyrin': { cidr: '10.2.0.0/16', nodes: ['b7s12p8241'] },
      'tsystems': { cidr: '10.3.0.0/16', nat: true, nodes: ['otc-1'] },
    });
    pool = await ExamplePool.start(testbed, withoutAnalyses(outdir => example('cern-tsystems', outdir))) as ExamplePool;
    other = await TestbedPool.start(testbed, nodePortPool(['meyrin', 'tsystems']), NODE_PORT_POOL);
    await placeDialers(testbed);
    await pool.startTelemetry();
    await Promise.all([pool.whole(), other.whole()]);
  });
  afterAll(async () => {
    pool?.forget();
    await testbed?.close();
  });

  test('the machine ad of the example, attribute by attribute', async () => {
    await expectTalkMachines(pool);
  });

  test("the DaemonSet's pods run as in the talk: on the node's network, privileged, one on each node", async () => {
    for (const member of pool.members) {
      const pods = await pool.pods(member);
      expect(pods.map(({ spec }) => spec.nodeName)).toEqual(testbed.cluster(member).nodes.map(({ name }) => name));
      for (const { metadata, spec, status } of pods) {
        expect(spec.containers[0]).toMatchObject({ command: ['/usr/sbin/condor_startd', '-f'], securityContext: { privileged: true } });
        expect(status.podIP).toBe(status.hostIP);
        expect((await pool.exec(member, metadata.name, ['hostname'])).stdout.trim()).toBe(spec.nodeName);
      }
    }
  });

  describe.each([['load balancers', () => pool], ['NodePorts', () => other]])('through %s', (_, chosen) => {
    test("the talk's job, submitted at the host, runs at T-Systems, and its output comes back", async () => {
      const size = chosen() === pool ? {} : { cpus: 1, memory: 500 };
      const id = await chosen().submitHere(talkJob({
        command: 'grep ""^AcctGroup "" $_CONDOR_JOB_AD; grep ""^Name "" $_CONDOR_MACHINE_AD', requirements: 'regexp("[.]tsystems$", TARGET.Name)', ...size,
      }));
      await chosen().left(id);
      const [outcome] = await chosen().outcomes(id);
      expect(outcome).toMatchObject({ NumJobStarts: 1, ExitCode: 0, terminated: 1 });
      expect(outcome.LastRemoteHost).toBe('slot1_1@otc-1@startd.tsystems');
      expect(await chosen().asUser(['cat', `out.${id}`])).toBe('AcctGroup = "ATLAS"\nName = "slot1_1@otc-1@startd.tsystems"\n');
    });

    test('every pod times every port, from inside and from outside: what is open is what is declared', async () => {
      const pods = await openPorts(testbed, chosen(), 'meyrin');
      process.stdout.write(table(pods));
      for (const { cluster, pod, inside, outside, declared } of pods) {
        expect({ cluster, pod, inside }).toEqual({ cluster, pod, inside: declared });
        // nothing comes in behind NAT, and nobody knows the addresses of pods
        const reached = cluster === 'tsystems' ? [] : declared;
        expect({ cluster, pod, outside }).toEqual({ cluster, pod, outside: reached });
      }
    });
  });

  test("a job on a network of its pod's own does not reach a cloud's metadata service, which others do", async () => {
    const elsewhere = await placeMetadataService(testbed, 'meyrin');
    const answers = (said: string) => said.includes(CREDENTIALS);
    // where no policy is about it
    expect(answers(await atDialer(testbed, 'meyrin', asking(METADATA)))).toBe(true);
    const job = async (address: string) => other.submitHere(`
executable = ask
arguments = ${address}
should_transfer_files = YES
requirements = regexp("[.]meyrin$", TARGET.Name)
request_cpus = 1
request_memory = 100
request_disk = 1024
output = out.$(Cluster)
log = log.$(Cluster)
queue
`);
    await other.asUser(['sh', '-c', 'cat >ask && chmod 755 ask'], `#!/bin/bash\n${asking('$1')}\necho asked\n`);
    const said: { [address: string]: string } = {};
    for (const address of [METADATA, elsewhere]) {
      const id = await job(address);
      await other.left(id);
      said[address] = await other.asUser(['cat', `out.${id}`]);
    }
    expect(said[METADATA]).toBe('asked\n');
    expect(answers(said[elsewhere])).toBe(true);
  });

  describe("the example's logs and metrics", () => {
    let reader: LogReader;
    beforeAll(async () => { reader = await LogReader.start(pool.host, `${pool.reader}/ca.crt`); });

    test('what a job writes at T-Systems, and what the host notes of it, is found as docs/logs.md says, with where it was written and by which job', async () => {
      const job = talkJob({ command: 'echo marked; sleep 10', requirements: 'Datacenter == "otc-eu-de"' });
      const id = await pool.submitHere(job.replace(/^queue$/m, `My.ReanaWorkflowUuid = "${WORKFLOW}"\nqueue`));
      await until('the line is found', async () => await reader.count('_msg:="marked"') > 0, PATIENCE, 2000);
      const [record] = await reader.ask('_msg:="marked" | limit 1');
      expect(record).toMatchObject({ 'k8s.cluster.name': 'tsystems', 'federation': 'fed', 'source': 'htcondor-job' });
      expect(record.job).toMatch(new RegExp(`^ap1@cern\\.ch#${id}\\.0#`));
      await until('the host tells of its begin', async () => await reader.count(`workflow:="${WORKFLOW}" source:="htcondor-event" _msg:~"^001 "`) > 0, PATIENCE, 2000);
      const said = await pool.commands('logs.md', 'The minute');
      // the tunnel tells of itself too
      const found = said.split('\n').filter(line => line.startsWith('{')).map(line => JSON.parse(line));
      expect(found).toEqual(found.map(() => expect.objectContaining({ _time: expect.any(String), job: record.job })));
      const from = (cluster: string) => found.filter(line => line['k8s.cluster.name'] === cluster).map(({ _msg }) => _msg);
      expect(from('tsystems')).toEqual(['marked']);
      expect(from('condor-host')).toEqual(expect.arrayContaining([expect.stringMatching(/^000 .*Job submitted/), expect.stringMatching(/^001 .*Job executing/)]));
      expect(found.length).toBe(1 + from('condor-host').length);
      await pool.left(id);
    });

    test('each cluster writes its metrics to the host, and the pool is told of', async () => {
      for (const [metric, clusters] of Object.entries({
        otelcol_exporter_queue_size: ['condor-host', ...pool.members], htcondor_startd_last_heard_timestamp_seconds: pool.members,
      })) {
        await until(metric, async () => (await pool.clustersOf(metric)).join() === clusters.join(), PATIENCE, 2000);
      }
      expect(await pool.clustersOf('htcondor_up == 1')).toEqual(['condor-host']);
    });

    test('every alarm of the file is a rule that the host evaluates', async () => {
      const file = pool.manifests('condor-host').find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'alarms')!.data['alarms.rules.yaml'] as string;
      const alarms = [...file.matchAll(/alert: (\w+)/g)].map(([, name]) => name);
      expect(alarms.length).toBeGreaterThan(15);
      await until('they are evaluated', async () => {
        const well = new Set((await pool.rules()).filter(({ health }) => health === 'ok').map(({ name }) => name));
        return alarms.every(name => well.has(name));
      }, PATIENCE, 2000);
    });

    test('an agent of a program of its own sends to a store by its address, and waits on a volume of its pod', async () => {
      const meyrin = new Cluster(new App(), 'meyrin');
      new LogCollection(meyrin, 'second', {
        store: LogStore.fromAddress('https://logs.cern.ch:4318/v1/logs'),
        certificate: { secretName: 'log-agent-tls' },
        buffer: LogBuffer.ephemeralVolume({ disk: Size.mebibytes(512) }),
      });
      const cluster = testbed.cluster('meyrin');
      await cluster.apply(Testing.synth(meyrin));
      await pool.agentsReady('meyrin', 'second');
      const { items } = await cluster.get('persistentvolumeclaims', '--namespace', 'logging');
      expect(items.map(({ metadata, status }: any) => [metadata.name, status.phase])).toEqual([[expect.stringMatching(/^second-\w+-state$/), 'Bound']]);
      // it reads from the beginning what the first has read: the same ids again
      const seen = async () => (await reader.ask('"k8s.cluster.name":="meyrin" source:="htcondor-daemon" | stats count() lines, count_uniq("log.record.uid") ids'))[0];
      await until('lines are there twice', async () => {
        const { lines, ids } = await seen();
        return Number(ids) > 0 && Number(lines) > Number(ids);
      }, PATIENCE, 2000);
    });
  });

  test('no probe has started a container again', async () => {
    for (const each of [pool, other]) {
      for (const cluster of [...each.members, 'condor-host']) {
        const restarts = await each.restarts(cluster);
        expect(Object.keys(restarts).length).toBeGreaterThan(0);
        expect(Object.values(restarts).every(count => count === 0)).toBe(true);
      }
    }
  });
});

import { asking, CREDENTIALS, METADATA, placeMetadataService } from './metadata-service';
import { NODE_PORT_POOL, nodePortPool } from './node-port-pool';
import { atDialer, openPorts, placeDialers, table } from './ports';
import { TestbedPool } from './testbed-pool';
import { example } from '../examples';
import { Testbed } from '../kubernetes/testbed';
import { describeClusters } from '../requirements';
import { expectTalkMachines, talkJob } from '../talk';

describeClusters('real nodes', () => {
  let testbed: Testbed;
  let pool: TestbedPool;
  let other: TestbedPool;

  beforeAll(async () => {
    testbed = await Testbed.open({
      'condor-host': { cidr: '10.1.0.0/16', nodes: ['host-1'] },
      'meyrin': { cidr: '10.2.0.0/16', nodes: ['b7s12p8241'] },
      'tsystems': { cidr: '10.3.0.0/16', nat: true, nodes: ['otc-1'] },
    });
    pool = await TestbedPool.start(testbed, outdir => example('cern-tsystems', outdir));
    other = await TestbedPool.start(testbed, nodePortPool(['meyrin', 'tsystems']), NODE_PORT_POOL);
    await placeDialers(testbed);
    await Promise.all([pool.whole(), other.whole()]);
  });
  afterAll(() => testbed?.close());

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

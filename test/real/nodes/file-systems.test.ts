import { fileSystemPool, ON_NODE, PROFILE } from './file-system-pool';
import { TestbedPool } from './testbed-pool';
import { TestbedNode } from '../kubernetes/node';
import { Testbed } from '../kubernetes/testbed';
import { describeClusters } from '../requirements';
import { PATIENCE, until } from '../until';

const FILE = '/cvmfs/atlas.cern.ch/hello';
/** What the first job writes where others see it, as soon as it runs. */
const STARTED = '/shared/started';

/** A job of one core that runs a shell, and brings back what it wrote. */
const shellJob = (script: string, requirements: string) => `
executable = /bin/sh
transfer_executable = false
arguments = "-c '${script}'"
requirements = ${requirements}
should_transfer_files = YES
request_cpus = 1
request_memory = 100
request_disk = 1024
output = out.$(Cluster)
log = log.$(Cluster)
queue
`;

describeClusters('file systems on real nodes', () => {
  let testbed: Testbed;
  let pool: TestbedPool;
  let early: string;
  let waiting: string;

  beforeAll(async () => {
    testbed = await Testbed.open({
      'condor-host': { cidr: '10.1.0.0/16', nodes: ['host-1'] },
      'tsystems': { cidr: '10.3.0.0/16', nat: true, nodes: ['otc-1', 'otc-2'] },
    });
    const profile = `/var/lib/kubelet/seccomp/${PROFILE.path}`;
    for (const each of testbed.cluster('tsystems').nodes) { await each.run(['sh', '-c', `mkdir -p $(dirname ${profile}) && echo '${PROFILE.text}' >${profile}`]); }
    pool = await TestbedPool.start(testbed, fileSystemPool);
    await until('the machines of both fleets are in the pool', async () => (await pool.machines()).length === 4);
  });
  afterAll(() => testbed?.close());

  const node = (name: string): TestbedNode => testbed.cluster('tsystems').node(name);
  const on = (name: string, fleet = 'startd') => `regexp("^slot1@${name}@${fleet}[.]", TARGET.Name)`;
  const pods = (fleet = 'startd') => pool.pods('tsystems', '--selector', `app.kubernetes.io/instance=${fleet}`);
  const ran = async (id: string) => {
    await pool.left(id);
    const [{ ExitCode, LastRemoteHost }] = await pool.outcomes(id);
    return { code: ExitCode, node: LastRemoteHost.split('@')[1], said: await pool.asUser(['cat', `out.${id}`]) };
  };

  /** Waits until the machines say so of themselves. */
  const tell = async (wanted: { [node: string]: { [attribute: string]: string } }, fleet = 'startd') => {
    const attributes = Object.keys(Object.values(wanted)[0]);
    await until(`machines tell ${JSON.stringify(wanted)}`, async () => {
      const said = await pool.status('-const', `PartitionableSlot && regexp("@${fleet}[.]", Name)`, '-af', 'Machine', 'Name', ...attributes);
      const found = Object.fromEntries(said.trim().split('\n').map(line => {
        const [, name, ...values] = line.split(' ');
        return [name.split('@')[1], Object.fromEntries(attributes.map((attribute, index) => [attribute, values[index]]))];
      }));
      if (JSON.stringify(Object.entries(found).sort()) !== JSON.stringify(Object.entries(wanted).sort())) { throw new Error(JSON.stringify(found)); }
      return true;
    }, PATIENCE, 2000);
  };

  test('each machine tells which it has: an empty directory of the node is none, a claim that is mounted is one', async () => {
    const bare = { HasCVMFS: 'false', HAS_CVMFS_atlas_cern_ch: 'false', HAS_CVMFS_sft_cern_ch: 'false', HasEOS: 'false', HasShared: 'true' };
    await tell({ 'otc-1': bare, 'otc-2': bare });
  });

  test("a file system that the node mounts under /cvmfs after the pod's start is read by a job that runs already", async () => {
    early = await pool.submitHere(shellJob(`touch ${STARTED}; until cat ${FILE}; do sleep 1; done`, on('otc-1')));
    waiting = await pool.submitHere(shellJob(`cat ${FILE}`, 'HasCVMFS'));
    const [machine] = await pods();
    await until('the first runs', async () => (await pool.exec('tsystems', machine.metadata.name, ['test', '-e', STARTED])).status === 0);
    // as an automounter does: its own file system first, then one for each repository that somebody looks at
    await node('otc-1').run(['mount', '-t', 'tmpfs', 'automounter', ON_NODE.cvmfs]);
    for (const repository of ['atlas.cern.ch', 'sft.cern.ch']) {
      const directory = `${ON_NODE.cvmfs}/${repository}`;
      await node('otc-1').run(['sh', '-c', `mkdir ${directory} && mount -t tmpfs ${repository} ${directory} && echo "hello from ${repository}" >${directory}/hello`]);
    }
    expect(await ran(early)).toEqual({ code: 0, node: 'otc-1', said: 'hello from atlas.cern.ch\n' });
    // the pod is the one that was there before
    expect(await pool.restarts('tsystems')).toEqual(Object.fromEntries((await pool.pods('tsystems')).map(({ metadata }) => [metadata.name, 0])));
  });

  test('the machine tells of it, and a job that requires it, and has waited, runs there and nowhere else', async () => {
    const has = { HasCVMFS: 'true', HAS_CVMFS_atlas_cern_ch: 'true', HAS_CVMFS_sft_cern_ch: 'true' };
    await tell({ 'otc-1': has, 'otc-2': { HasCVMFS: 'false', HAS_CVMFS_atlas_cern_ch: 'false', HAS_CVMFS_sft_cern_ch: 'false' } });
    expect(await ran(waiting)).toEqual({ code: 0, node: 'otc-1', said: 'hello from atlas.cern.ch\n' });
  });

  test('a repository that goes is told of too, and the others stay', async () => {
    await node('otc-1').run(['umount', '--lazy', `${ON_NODE.cvmfs}/sft.cern.ch`]);
    await tell({
      'otc-1': { HasCVMFS: 'false', HAS_CVMFS_atlas_cern_ch: 'true', HAS_CVMFS_sft_cern_ch: 'false' },
      'otc-2': { HasCVMFS: 'false', HAS_CVMFS_atlas_cern_ch: 'false', HAS_CVMFS_sft_cern_ch: 'false' },
    });
  });

  test('what a job writes into a shared claim, one of another node reads; into what is there to be read none writes', async () => {
    const at = (name: string) => `HasShared && ${on(name)}`;
    const write = await ran(await pool.submitHere(shellJob(
      'echo shared >/shared/note; for place in /cvmfs /eos; do touch $place/x 2>&1 | grep -o Read-only.file.system; done; true', at('otc-2'))));
    expect(write).toEqual({ code: 0, node: 'otc-2', said: 'Read-only file system\nRead-only file system\n' });
    expect(await ran(await pool.submitHere(shellJob('cat /shared/note', at('otc-1'))))).toEqual({ code: 0, node: 'otc-1', said: 'shared\n' });
  });

  test('sandboxes are on a volume of the chosen class, one for each pod', async () => {
    const cluster = testbed.cluster('tsystems');
    for (const { metadata } of await pods()) {
      const { spec, status } = await cluster.get('persistentvolumeclaim', `${metadata.name}-execute`, '--namespace', pool.namespace);
      expect({ storageClass: spec.storageClassName, phase: status.phase }).toEqual({ storageClass: 'volumes', phase: 'Bound' });
      const { stdout } = await pool.exec('tsystems', metadata.name, ['grep', ' /var/lib/condor/execute ', '/proc/self/mountinfo']);
      expect(stdout).toContain(spec.volumeName);
    }
  });

  test("CVMFS of a storage class: the fleet's claim is bound, its pods mount it, and a repository that comes later is read by a job", async () => {
    const bare = { HasCVMFS: 'false', HAS_CVMFS_cms_cern_ch: 'false' };
    await tell({ 'otc-1': bare, 'otc-2': bare }, 'driver');
    const { spec, status } = await testbed.cluster('tsystems').get('persistentvolumeclaim', 'driver-cvmfs', '--namespace', pool.namespace);
    expect(status).toMatchObject({ phase: 'Bound', accessModes: ['ReadOnlyMany'] });
    const volume = await testbed.cluster('tsystems').get('persistentvolume', spec.volumeName);
    // the driver's part, which none plays here
    const repository = `${volume.spec.local.path}/cms.cern.ch`;
    await node('otc-2').run(['sh', '-c', `mkdir ${repository} && mount -t tmpfs cms.cern.ch ${repository} && echo "hello from cms.cern.ch" >${repository}/hello`]);
    await tell({ 'otc-1': bare, 'otc-2': { HasCVMFS: 'true', HAS_CVMFS_cms_cern_ch: 'true' } }, 'driver');
    const job = await pool.submitHere(shellJob('cat /cvmfs/cms.cern.ch/hello; touch /cvmfs/x 2>&1 | grep -o Read-only.file.system; true', 'HAS_CVMFS_cms_cern_ch'));
    expect(await ran(job)).toEqual({ code: 0, node: 'otc-2', said: 'hello from cms.cern.ch\nRead-only file system\n' });
    expect(await pool.restarts('tsystems')).toEqual(Object.fromEntries((await pool.pods('tsystems')).map(({ metadata }) => [metadata.name, 0])));
  });

  test('jobs of a fleet with a seccomp profile of its nodes run under it, and may make user namespaces, which others may not', async () => {
    const look = 'unshare --user --map-root-user id -u; setarch --addr-no-randomize true 2>&1 | grep -o not.supported; grep -c ^Seccomp:.2 /proc/self/status; true';
    const under = async (fleet: string) => (await ran(await pool.submitHere(shellJob(look, on('otc-1', fleet))))).said;
    expect(await under('driver')).toBe('0\nnot supported\n1\n');
    expect(await under('startd')).toBe('1\n');
  });
});

import { jobImages, jobImagesArchive, JOB_SIF } from './job-images';
import { Component } from './kubernetes/component';
import { ControlGroup } from './kubernetes/control-group';
import type { Machine } from './machine';
import { FLEET_NAMES, IPV4, IPV6, metadataPool, PLACES } from './metadata-pool';
import { Pool } from './pool';
import { describeReal } from './requirements';
import type { Site } from './site';
import { until } from './until';

/** What the service gives to whoever asks. */
const CREDENTIALS = 'credentials of the node';

const SERVICE = `require('http').createServer((_request, response) => response.end('${CREDENTIALS}')).listen(80, '::')`;

/** Asks the service, with one of the programs that an image may have. */
const ASK = `#!/bin/sh
for address in "$@"; do
  if command -v curl >/dev/null; then curl -sS -m 10 "http://$address/"; else timeout 10 wget -q -O - "http://$address/"; fi && echo || echo closed
done
`;

describeReal('the metadata service of a cloud', () => {
  let pool: Pool;
  let site: Site;
  const node = (name: string) => site.nodes.find(each => each.name === name)!.machine;

  const submit = async (name: string, fleet: string, addresses: string[], image?: string) => {
    await pool.asUser(['sh', '-c', 'cat >job.sub && condor_submit -terse job.sub'], `
${image === undefined ? '' : `universe = container\ncontainer_image = ${image}`}
executable = ask
arguments = ${addresses.join(' ')}
should_transfer_files = YES
output = ${name}.out
error = ${name}.err
requirements = Fleet == "${fleet}"
batch_name = ${name}
request_memory = 100
request_disk = 30000
leave_in_queue = true
queue
`);
  };
  const answers = async (name: string): Promise<string[]> => {
    await until(`the job ${name} is done`, async () => (await pool.asUser(['condor_q', '-af', 'JobStatus', '-const', `JobBatchName == "${name}"`])).trim() === '4');
    return (await pool.asUser(['cat', `${name}.out`])).trim().split('\n');
  };

  /** The way to the service for IPv6, which the laboratory's networks don't have. */
  const giveIPv6 = async (machine: Machine, index: number) => {
    await site.gateway.ip('-6', 'addr', 'add', `fd00:${index}::1/64`, 'dev', `n${index}`, 'nodad');
    await machine.ip('-6', 'addr', 'add', `fd00:${index}::2/64`, 'dev', 'eth0', 'nodad');
    await machine.ip('-6', 'route', 'add', `${IPV6}/128`, 'via', `fd00:${index}::1`);
  };

  beforeAll(async () => {
    jobImages();
    pool = await Pool.start(metadataPool, PLACES);
    site = pool.sites.tsystems;
    await site.gateway.ip('addr', 'add', `${IPV4}/32`, 'dev', 'lo');
    await site.gateway.ip('-6', 'addr', 'add', `${IPV6}/128`, 'dev', 'lo', 'nodad');
    for (const [index, { machine }] of site.nodes.entries()) { await giveIPv6(machine, index + 1); }
    const service = new Component('metadata', [process.execPath, '-e', SERVICE], {
      network: site.gateway.path, group: new ControlGroup(`/${pool.lab.prefix}/metadata`), logs: pool.lab.state,
    }).start();
    await service.until('answering', async () => await asked(node('otc-open'), IPV4) === CREDENTIALS);
    await until('all machines are in the pool', async () => (await pool.machines()).length === FLEET_NAMES.length);
    await pool.asUser(['sh', '-c', 'base64 -d | tar -xz'], jobImagesArchive());
    await pool.asUser(['sh', '-c', 'cat >ask && chmod 755 ask'], ASK);
    for (const fleet of FLEET_NAMES) { await submit(fleet, fleet, [IPV4, ...fleet.startsWith('node') ? [`[${IPV6}]`, `[::ffff:${IPV4}]`] : []]); }
    for (const fleet of ['node-closed', 'node-open']) { await submit(`${fleet}-contained`, fleet, [IPV4], JOB_SIF); }
  });
  afterAll(() => pool?.close());

  test('jobs reach it where nothing is in the way', async () => {
    expect(await answers('pod-open')).toEqual([CREDENTIALS]);
    expect(await answers('node-open')).toEqual([CREDENTIALS, CREDENTIALS, CREDENTIALS]);
    expect(await answers('node-open-contained')).toEqual([CREDENTIALS]);
  });

  test('on the node\'s network they do not, by no address, in no container, and the node itself does', async () => {
    expect(await answers('node-closed')).toEqual(['closed', 'closed', 'closed']);
    expect(await answers('node-closed-contained')).toEqual(['closed']);
    for (const address of [IPV4, `[${IPV6}]`]) { expect(await asked(node('otc-closed'), address)).toBe(CREDENTIALS); }
  });

  test('on a network of the pod\'s own they do not either, with root and without', async () => {
    expect(await answers('pod-closed')).toEqual(['closed']);
    expect(await answers('pod-closed-rootless')).toEqual(['closed']);
  });

  test('rules that are there already stay, and another pod of the node makes no more of them', async () => {
    const rules = async () => (await Promise.all(['-4', '-6'].map(family => node('otc-closed').ip(family, 'rule', 'list')))).join('').split('\n').filter(rule => rule.includes('uidrange'));
    const before = await rules();
    expect(before).toHaveLength(2);
    const { tsystems } = pool.clusters;
    await tsystems.delete(tsystems.pods.find(({ workload }) => workload.metadata.name === 'node-closed')!, { grace: 0 });
    expect(await rules()).toEqual(before);
    await tsystems.startPod(tsystems.manifests.find(({ kind, metadata }) => kind === 'DaemonSet' && metadata.name === 'node-closed')!, undefined,
      site.nodes.find(({ name }) => name === 'otc-closed'));
    expect(await rules()).toEqual(before);
  });
});

/** What the service answers to somebody on a machine. */
async function asked(machine: Machine, address: string): Promise<string> {
  return (await machine.attempt(['bash', '-c', `exec 3<>/dev/tcp/${address.replace(/[[\]]/g, '')}/80; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`], { timeout: 10 })).stdout.split('\r\n').pop()!;
}

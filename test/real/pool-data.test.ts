import { CACHE, DATA_SERVER, dataPool, PLACES } from './data-pool';
import { Pool } from './pool';
import { describeReal } from './requirements';
import { until } from './until';
import { WebServer } from './web-servers';

const GIGABYTE = 1_000_000_000;

/** What a job read, and what came over the line to its site meanwhile. */
interface Read { readonly output: string; readonly bytes: number }

describeReal('data', () => {
  let pool: Pool;
  let served: string;

  beforeAll(async () => {
    pool = await Pool.start(dataPool, PLACES);
    const { lab, sites } = pool;
    const origin = await sites['condor-host'].server(DATA_SERVER.last);
    const server = await WebServer.files(lab, origin.machine, origin.address, DATA_SERVER.port);
    served = server.put('events.root', GIGABYTE);
    lab.network.names.set(DATA_SERVER.name, origin.address);
    const { machine } = await sites.tsystems.server(CACHE.last);
    await WebServer.cache(lab, machine, CACHE.address, CACHE.port, sites.tsystems.cidr, { [DATA_SERVER.name]: origin.address });
    await until('the machine is in the pool', async () => (await pool.machines()).length === 1);
  });
  afterAll(() => pool?.close());

  /** What T-Systems has received from the world. */
  const received = async (): Promise<number> => {
    const [link] = JSON.parse(await pool.sites.tsystems.gateway.ip('-s', '-j', 'link', 'show', 'wan0'));
    return link.stats64.rx.bytes;
  };

  const read = async (input: string): Promise<Read> => {
    const before = await received();
    const said = await pool.asUser(['sh', '-c', 'cat >job.sub && condor_submit -terse job.sub'], `
executable = /bin/sh
transfer_executable = false
arguments = "-c 'sha256sum events.root; echo $http_proxy $HTTP_PROXY'"
transfer_input_files = ${input}
should_transfer_files = YES
request_memory = 100
request_disk = 2G
output = out.$(Cluster)
log = log.$(Cluster)
queue
`);
    const id = /^(\d+)\./.exec(said)![1];
    await until(`${input} has been read`, async () => (await pool.jobs(id)).length === 0);
    return { output: await pool.asUser(['cat', `out.${id}`]), bytes: await received() - before };
  };

  test('a gigabyte by URL comes over the line once: the second job reads it from the cache of its site', async () => {
    const url = `http://${DATA_SERVER.name}:${DATA_SERVER.port}/events.root`;
    const proxy = `http://${CACHE.address}:${CACHE.port}`;
    const [first, second] = [await read(url), await read(url)];
    process.stdout.write(`by URL, bytes on the line: ${first.bytes}, then ${second.bytes}\n`);
    expect([first.output, second.output]).toEqual(Array(2).fill(`${served}  events.root\n${proxy} ${proxy}\n`));
    expect(first.bytes).toBeGreaterThan(GIGABYTE);
    expect(second.bytes).toBeLessThan(GIGABYTE / 10);
  });

  test("HTCondor's own transfer brings it over the line each time", async () => {
    const sum = (await pool.asUser(['sh', '-ec', `head -c ${GIGABYTE} /dev/urandom >events.root; sha256sum events.root`])).split(' ')[0];
    const [first, second] = [await read('events.root'), await read('events.root')];
    process.stdout.write(`by HTCondor, bytes on the line: ${first.bytes}, then ${second.bytes}\n`);
    for (const { output, bytes } of [first, second]) {
      expect(output).toContain(`${sum}  events.root\n`);
      expect(bytes).toBeGreaterThan(GIGABYTE);
    }
  });
});

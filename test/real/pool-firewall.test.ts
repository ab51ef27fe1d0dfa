import { App } from 'cdk8s';
import { places } from './places';
import { Pool } from './pool';
import { quickPool, SMALL } from './quick-pool';
import { describeReal } from './requirements';
import { PATIENCE, until } from './until';
import { FirewallRule, FirewallRules, StartdFleet } from '../../src';

const MEMBERS = ['meyrin', 'tsystems'];

/** A member that is reached, and one that can only connect outwards; each server has a port of its own, so that no rule does for another. */
function program(outdir: string): App {
  const { app, federation, pool } = quickPool(outdir, { meyrin: {}, tsystems: {} }, { accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch', port: 9700 }] });
  new StartdFleet(federation, 'startd', { pool, ...SMALL });
  return app;
}

describeReal('firewall rules', () => {
  let pool: Pool;
  let rules: FirewallRule[];

  beforeAll(async () => {
    pool = await Pool.start(outdir => {
      const app = program(outdir);
      app.synth();
      // what nodes pull was here before
      rules = FirewallRules.of(app).rules.filter(({ to }) => to !== undefined);
    }, places(['meyrin', 'tsystems']));
  });
  afterAll(() => pool?.close());

  const matching = ({ from, address, protocol, port }: FirewallRule) => {
    const { nat, outside, nodeCidr } = pool.sites[from];
    return `-s ${nat ? outside : nodeCidr} -d ${pool.lab.network.names.get(address)} -p ${protocol.toLowerCase()} --dport ${port}`;
  };

  /** One after the other: they write the same files. */
  const inTurn = async <T, R>(items: readonly T[], each: (item: T) => Promise<R>): Promise<R[]> => {
    const results: R[] = [];
    for (const item of items) { results.push(await each(item)); }
    return results;
  };

  /** Lets through between the sites what these rules say, and nothing else; connections that were open before begin anew. */
  const letThrough = async (open: FirewallRule[]) => {
    const { router } = pool.lab.network;
    await router.rules({
      nat: [],
      filter: [
        '-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
        ...rules.map(each => `-A FORWARD ${matching(each)} -j ${open.includes(each) ? 'ACCEPT' : 'DROP'}`),
        '-A FORWARD -j DROP',
      ],
    });
    await router.forgetConnections();
  };

  /** How many packets a rule has met. */
  const met = async (which: FirewallRule): Promise<number> => {
    const lines = (await pool.lab.network.router.run(['iptables', '-L', 'FORWARD', '-n', '-v', '-x'])).trim().split('\n');
    return Number(lines[3 + rules.indexOf(which)].trim().split(/\s+/)[0]);
  };

  const rule = (from: string, address: string): FirewallRule => rules.find(each => each.from === from && each.address === address)!;

  /** A new pod for a member's machine, which knows nobody. */
  const startAgain = async (member: string): Promise<string> => {
    const point = pool.executionPoint(member);
    return (await pool.clusters[member].replace(point, { grace: 0 })).address;
  };

  /** The addresses at which machines of a member say that they are. */
  const machines = async (member: string): Promise<string[]> =>
    (await pool.status('-const', `PartitionableSlot && regexp("[.]${member}$", Name)`, '-af', 'MyAddress')).split('\n').filter(line => line);
  const isAt = (address: string) => (said: string): boolean => said.includes(`<${address}:`);
  const joins = (member: string, address: string) =>
    until(`the machine of ${member} is in the pool`, async () => (await machines(member)).some(isAt(address)));

  const submit = (member: string) => pool.submit(`
executable = /bin/echo
transfer_executable = false
arguments = "hello from ${member}"
requirements = regexp("[.]${member}$", TARGET.Name)
should_transfer_files = YES
output = out
request_memory = 100
request_disk = 1024
queue
`);

  test('are four: from each member to the central manager, and to the access point', () => {
    expect(rules.map(({ from, to, address, port }) => [from, to, address, port])).toEqual(MEMBERS.flatMap(member => [
      [member, 'condor-host', 'condor.cern.ch', 9618], [member, 'condor-host', 'ap1.cern.ch', 9700],
    ]));
  });

  test('suffice: with everything else closed machines join, and jobs run and bring back their output', async () => {
    await letThrough(rules);
    for (const member of MEMBERS) {
      await joins(member, await startAgain(member));
      const id = await submit(member);
      await pool.finished(id);
      expect(await pool.output(id, 'out')).toBe(`hello from ${member}\n`);
    }
    await Promise.all(rules.map(async each => expect([each, await met(each) > 0]).toEqual([each, true])));
  });

  test.each(MEMBERS)('are all needed: without its way to the central manager the machine of %s does not join', async member => {
    const removed = rule(member, 'condor.cern.ch');
    await letThrough(rules.filter(each => each !== removed));
    const address = await startAgain(member);
    // two daemons, each of which has tried several times
    await until('it has knocked', async () => await met(removed) >= 8, PATIENCE, 1000);
    expect((await machines(member)).filter(isAt(address))).toEqual([]);
    await letThrough(rules);
    await joins(member, address);
  });

  test('are all needed: without its way to the access point no job starts at a member', async () => {
    const removed = MEMBERS.map(member => rule(member, 'ap1.cern.ch'));
    await letThrough(rules.filter(each => !removed.includes(each)));
    const ids = await inTurn(MEMBERS, submit);
    await until('it has been called', async () => (await Promise.all(removed.map(met))).every(count => count >= 4), PATIENCE, 1000);
    expect(await inTurn(ids, id => pool.jobs(id))).toEqual(MEMBERS.map(() => [expect.objectContaining({ JobStatus: 1, NumJobStarts: 0 })]));
    await letThrough(rules);
    // HTCondor gives up a claim that nobody answered after two minutes
    for (const [index, id] of ids.entries()) {
      await pool.finished(id);
      expect(await pool.output(id, 'out')).toBe(`hello from ${MEMBERS[index]}\n`);
    }
  });
});

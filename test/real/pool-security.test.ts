import { federatedPool, PLACES } from './federated-pool';
import type { Pod } from './pod';
import { foreignToken, Pool, refused } from './pool';
import { describeReal } from './requirements';
import { until } from './until';

const TOP = 'condor.cern.ch:9618';
const collectorOf = (member: string) => `${TOP}?sock=collector-${member}`;

describeReal('who may do what in the pool', () => {
  let pool: Pool;
  let outside: Pod;

  beforeAll(async () => {
    pool = await Pool.start(federatedPool, PLACES, { tokens: { right: foreignToken('startd-right@cern.ch') } });
    outside = pool.executionPoint('tsystems');
    await until('the machines with good tokens are in the pool', async () => (await pool.machines()).length === 3);
  });
  afterAll(() => pool?.close());

  /** Runs a tool outside the host cluster, as somebody with this token, or with none. */
  async function from(token: string | undefined, argv: string[], ad = '') {
    const directory = '/tmp/tokens';
    const script = [
      `rm -rf ${directory}; mkdir -m 700 ${directory}; umask 077`,
      `[ -z "$TOKEN" ] || echo "$TOKEN" >${directory}/token`,
      'unset TOKEN; cat >/tmp/ad; exec "$@"',
    ].join('\n');
    return outside.exec(undefined, ['sh', '-c', script, 'sh', ...argv], {
      input: ad,
      env: { TOKEN: token ?? '', _CONDOR_SEC_TOKEN_SYSTEM_DIRECTORY: directory, _CONDOR_SEC_TOKEN_DIRECTORY: directory },
      timeout: 60,
    });
  }

  const questions: [string, string[]][] = [
    ['condor_status', ['condor_status', '-pool', TOP]],
    ['condor_status of a member', ['condor_status', '-pool', collectorOf('meyrin')]],
    ['condor_status -schedd', ['condor_status', '-schedd', '-pool', TOP]],
    ['condor_q', ['condor_q', '-all', '-pool', TOP, '-name', 'ap1@cern.ch']],
  ];

  test.each(questions)('nobody asks without a token: %s', async (_, argv) => {
    const somebody = await pool.token('somebody@cern.ch', 'READ');
    expect(await from(somebody, argv)).toMatchObject({ status: 0 });
    for (const token of [undefined, foreignToken('somebody@cern.ch')]) {
      const result = await from(token, argv);
      expect(result.stdout.trim()).toBe('');
      expect({ said: result.stderr, refused: refused(result) }).toEqual({ said: result.stderr, refused: true });
    }
  });

  test.each(questions.filter(([name]) => name !== 'condor_status of a member'))("a member's token asks nothing of the pool: %s", async (_, argv) => {
    const own = await pool.token('startd-tsystems@cern.ch', 'ADVERTISE_STARTD', 'ADVERTISE_MASTER');
    for (const token of [own, await pool.token('startd-tsystems@cern.ch')]) {
      const result = await from(token, argv);
      expect({ out: result.stdout.trim(), failed: result.status !== 0 }).toEqual({ out: '', failed: true });
    }
  });

  test('a StartD with a token of another key stays out, as does one with none, and gets in when it has its own', async () => {
    const machine = 'slot1@node-1@startd.right';
    expect(await pool.machines()).not.toContain(machine);
    const log = (await pool.centralManager.exec(undefined, ['cat', '/var/log/condor/CollectorLog.right'])).stdout;
    expect(log).toMatch(/AUTHENTICATE|DC_AUTHENTICATE/);
    pool.clusters.right.setSecret('condor/startd-token', { token: '' });
    await pool.clusters.right.replace(pool.executionPoint('right'));
    await new Promise(resolve => setTimeout(resolve, 15_000));
    expect(await pool.machines()).not.toContain(machine);
    pool.clusters.right.setSecret('condor/startd-token', { token: await pool.token('startd-right@cern.ch', 'ADVERTISE_STARTD', 'ADVERTISE_MASTER') });
    // daemons keep what they have read of the tokens; a new pod reads it anew, and registers with the connection broker
    await pool.clusters.right.replace(pool.executionPoint('right'));
    await until('the machine is in the pool', async () => (await pool.machines()).includes(machine));
  });

  describe("a member's token is good for its own machines only", () => {
    const slot = 'slot1@node-1@bare.meyrin';
    const ad = (name: string, address: string, type: string) => [
      `MyType = "${type}"`, `Name = ${name}`, 'Machine = "evil"', `MyAddress = "${address}"`, `StartdIpAddr = "${address}"`, `MasterIpAddr = "${address}"`,
      'Cpus = 1', 'Memory = 1', 'Disk = 1', 'State = "Unclaimed"', 'Activity = "Idle"', 'Start = true', 'Requirements = true', 'SlotID = 1',
      'Forged = true', 'AuthenticatedIdentity = "startd-meyrin@cern.ch"', 'AuthenticationMethod = "IDTOKENS"', '',
    ].join('\n');
    const address = async (type: string[], name: string) => (await pool.status(...type, '-const', `Name == "${name}"`, '-af', 'MyAddress')).trim();
    const commands = ['UPDATE_STARTD_AD', 'UPDATE_STARTD_AD_WITH_ACK', 'MERGE_STARTD_AD', 'UPDATE_MASTER_AD', 'INVALIDATE_STARTD_ADS', 'INVALIDATE_MASTER_ADS', 'UPDATE_AD_GENERIC'];

    test('its own ad is taken', async () => {
      const own = await pool.token('startd-tsystems@cern.ch', 'ADVERTISE_STARTD', 'ADVERTISE_MASTER');
      for (const [name, type, command] of [['slot9@spare@startd.tsystems', 'Machine', 'UPDATE_STARTD_AD'], ['spare@startd.tsystems', 'DaemonMaster', 'UPDATE_MASTER_AD']]) {
        await from(own, ['condor_advertise', '-tcp', '-pool', collectorOf('tsystems'), command, '/tmp/ad'], ad(`"${name}"`, '<192.0.2.1:9618>', type));
        const query = type === 'Machine' ? [] : ['-master'];
        await until(`${name} is in the pool`, async () => (await pool.status(...query, '-const', `Name == "${name}"`, '-af', 'Forged')).trim() === 'true');
      }
    });

    test.each(commands)("and another member's is not touched by %s, at any collector", async command => {
      const own = await pool.token('startd-tsystems@cern.ch', 'ADVERTISE_STARTD', 'ADVERTISE_MASTER');
      const master = command.includes('MASTER');
      const victims = master ? ['condor-ap1-0.condor-ap1.condor.svc.cluster.local', 'node-1@startd.left'] : [slot, 'slot1@node-1@startd.left', 'node-1@bare.meyrin'];
      const type = master ? ['-master'] : ['-any'];
      const before = await pool.status('-any', '-const', 'MyType != "Accounting"', '-af', 'MyType', 'Name', 'MyAddress');
      for (const victim of victims) {
        const where = await address(type, victim) || '<192.0.2.1:9618>';
        const kind = master ? 'DaemonMaster' : victim.startsWith('slot') ? 'Machine' : 'StartD';
        const names = [`"${victim}"`, `ifThenElse(MyType is undefined, "x.tsystems", "${victim}")`, `ifThenElse(time() % 2 == 0, "x@startd.tsystems", "${victim}")`];
        for (const collector of [collectorOf('tsystems'), collectorOf('meyrin'), collectorOf('left'), TOP]) {
          const texts = command.startsWith('INVALIDATE')
            ? [`MyType = "Query"\nTargetType = "${kind}"\nName = "${victim}"\nMyAddress = "${where}"\nRequirements = true\n`, `MyType = "Query"\nTargetType = "${kind}"\nRequirements = true\n`]
            : names.map(name => ad(name, where, kind));
          for (const text of texts) { await from(own, ['condor_advertise', '-tcp', '-pool', collector, command, '/tmp/ad'], text); }
        }
      }
      await new Promise(resolve => setTimeout(resolve, 2000));
      expect((await pool.status('-any', '-const', 'Forged =?= true && !regexp("[.]tsystems$", Name)', '-af', 'Name')).trim()).toBe('');
      const after = await pool.status('-any', '-const', 'MyType != "Accounting"', '-af', 'MyType', 'Name', 'MyAddress');
      const lost = before.split('\n').filter(line => !/tsystems/.test(line) && !after.includes(line));
      expect(lost).toEqual([]);
    });
  });

  test('a job finds no token, key or account token', async () => {
    // the same search as root finds them: it is a search that can succeed
    const search = 'for f in $(find / -xdev -type f -size -64k 2>/dev/null) /etc/condor/tokens.d/* /etc/condor/passwords.d/* /proc/[0-9]*/environ '
      + '/var/run/secrets/kubernetes.io/serviceaccount/* $(find /tmp /run /var/log/condor /var/lib/condor -type f 2>/dev/null); do '
      + 'tr "\\0" "\\n" <$f 2>/dev/null | grep -qE "eyJ[A-Za-z0-9_-]{10,}[.]" && echo "FOUND $f"; done; ls /etc/condor/passwords.d 2>/dev/null; echo searched by $(id -u)';
    const asRoot = await outside.exec(undefined, ['sh', '-c', search], { timeout: 120 });
    expect(asRoot.stdout).toMatch(/FOUND \/etc\/condor\/tokens.d\/token\n(.*\n)*searched by 0/);
    for (const site of ['meyrin', 'cloud']) {
      const id = await pool.submit(`
executable = /bin/sh
transfer_executable = false
arguments = search.sh
should_transfer_files = YES
transfer_input_files = search.sh
output = found.$(Cluster)
error = err.$(Cluster)
request_cpus = 1
request_memory = 100
request_disk = 1
requirements = Datacenter == "${site}"
queue
`, { 'search.sh': search });
      await pool.finished(id);
      const found = await pool.output(id, `found.${id}`);
      expect(found).toMatch(/^searched by 64\d\d\n$/);
    }
  });
});

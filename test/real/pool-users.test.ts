import { generateKeyPairSync } from 'crypto';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { parseManifests } from './manifest';
import { Pool } from './pool';
import { describeReal } from './requirements';
import { TokenIssuer } from './token-issuer';
import { PATIENCE, until } from './until';
import { ALL_QUEUED, AUTHORITIES, CORES, LICENCES, Outsider, PLACES, QUEUED, RUNNING, SLOT_USERS, SUBMITTED, USERS, usersPool } from './users-pool';

const EXAMPLE = path.join(__dirname, '..', '..', 'examples', 'submit-from-outside', 'submit.py');

/** What tools say to who may not submit, or not even ask. */
const NOT_ADMITTED = /PERMISSION DENIED|AUTHENTICATE|not authorized|Failed to connect|Can't find address/i;

/** Jobs with this line never start. */
const NOWHERE = 'requirements = false';
/** On machines that have enough users. */
const ROOMY = 'requirements = Crowded == false';

describeReal('users of a pool', () => {
  let pool: Pool;
  let issuer: TokenIssuer;
  let alice: Outsider;
  let bob: Outsider;
  let carol: Outsider;

  /** Attributes of jobs, one job a line, as the access point has them. */
  const ads = async (constraint: string, ...attributes: string[]): Promise<string[]> => {
    const { status, stdout, stderr } = await pool.accessPoint.exec(undefined, ['condor_q', '-allusers', '-constraint', constraint, '-af', ...attributes], { timeout: 60 });
    if (status !== 0) { throw new Error(stderr); }
    return stdout.trim().split('\n').filter(line => line !== '');
  };
  const running = async (cluster: string) => (await ads(`ClusterId == ${cluster} && JobStatus == 2`, 'ProcId')).length;
  const done = (cluster: string) => until(`${cluster} is done`, async () => (await ads(`ClusterId == ${cluster} && JobStatus != 4`, 'ProcId')).length === 0);
  /** Processes of a machine that run a command which is nobody else's. */
  const processes = async (fleet: string, mark: string): Promise<{ pid: string; uid: string }[]> => {
    const point = pool.clusters.tsystems.pods.find(({ workload }) => workload.metadata.name === fleet)!;
    const { stdout } = await point.exec(undefined, ['ps', '-eo', 'pid=,uid=,args=']);
    return stdout.split('\n').filter(line => line.includes(mark)).map(line => line.trim().split(/ +/)).map(([pid, uid]) => ({ pid, uid }));
  };

  beforeAll(async () => {
    issuer = await TokenIssuer.make('issuer.cern.ch');
    pool = await Pool.start(outdir => usersPool(USERS, outdir), PLACES, {
      secrets: {
        'condor/condor-cm-tls': await issuer.certify('condor.cern.ch'),
        'condor/condor-ap1-tls': await issuer.certify('ap1.cern.ch'),
        [`condor/${AUTHORITIES}`]: { 'ca.crt': issuer.certificate },
      },
    });
    pool.lab.network.names.set('issuer.cern.ch', await issuer.serve(pool.sites['condor-host']));
    await until('the machines are in the pool', async () => (await pool.machines()).length === 2);
    [alice, bob, carol] = [await Outsider.of(pool, 'alice'), await Outsider.of(pool, 'bob'), await Outsider.of(pool, 'carol-ann')];
    await until('the access point is known', async () => (await alice.run(['condor_status', '-schedd', '-af', 'Name'])).stdout.trim() === 'ap1@cern.ch');
  });
  afterAll(async () => {
    issuer?.close();
    await pool?.close();
  });

  test('the example runs jobs from outside, with a token and the name of the central manager', async () => {
    await alice.sh('cat >submit.py', fs.readFileSync(EXAMPLE, 'utf8'));
    const said = await alice.sh('python3 submit.py ap1@cern.ch 2 ATLAS.production -- /usr/bin/id -u');
    const [, cluster] = /^cluster (\d+)$/m.exec(said)!;
    const outputs = (await alice.sh(`cat out.${cluster}.0 out.${cluster}.1`)).trim().split('\n');
    expect(outputs).toEqual([expect.stringMatching(/^64\d\d$/), expect.stringMatching(/^64\d\d$/)]);
    // fetched and removed
    expect(await ads(`ClusterId == ${cluster}`, 'JobStatus')).toEqual([]);
    const refused = await alice.run(['python3', 'submit.py', 'ap1@cern.ch', '1', 'CMS', '--', '/usr/bin/id']);
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toMatch(/alice may not charge the accounting group CMS/);
  });

  test('a token of another issuer is its subject\'s', async () => {
    const elsewhere = await Outsider.of(pool, 'elsewhere');
    const shows = (token: string) => elsewhere.takes(token, issuer.certificate);
    await elsewhere.sh('mkdir -p .condor/tokens.d');
    await shows(issuer.token('0a1b-alice@cern.ch'));
    const cluster = await elsewhere.submitted('id -u', 1);
    expect(await ads(`ClusterId == ${cluster}`, 'Owner', 'User', 'AccountingGroup', 'AuthTokenIssuer')).toEqual([`alice alice@cern.ch ATLAS.alice ${issuer.address}`]);
    await done(cluster);
    // the same user's, by whatever token; it comes to where the job was submitted
    await alice.jobs('condor_transfer_data', cluster);
    expect(await elsewhere.sh(`cat out.${cluster}.0`)).toMatch(/^64\d\d\n$/);

    const forged = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const others = {
      'what his begins with': issuer.token('0a1b-alice@cern.ch.example'),
      'what his matches': issuer.token('0a1b-alice@cernXch'),
      'a name of the pool': issuer.token('alice'),
      'a forged one': issuer.token('0a1b-alice@cern.ch', { key: forged }),
    };
    for (const [whose, token] of Object.entries(others)) {
      await elsewhere.sh('mkdir -p .condor/tokens.d');
      await shows(token);
      const { status, stderr } = await elsewhere.submit('id', 1);
      expect({ whose, failed: status !== 0, stderr }).toEqual({ whose, failed: true, stderr: expect.stringMatching(NOT_ADMITTED) });
    }
  });

  test('a job is its user\'s at the access point, and its slot\'s user\'s where it runs', async () => {
    const mine = [alice, bob, carol];
    const clusters = await Promise.all(mine.map(user => user.submitted('id -u; id -G; umask', 1)));
    for (const cluster of clusters) { await done(cluster); }
    for (const [index, { name, uid }] of USERS.slice(0, mine.length).entries()) {
      expect(await ads(`ClusterId == ${clusters[index]}`, 'Owner', 'User')).toEqual([`${name} ${name}@cern.ch`]);
      const spool = await pool.accessPoint.exec(undefined, ['sh', '-c', `stat -c '%u %a' /var/spool/condor/*/*/cluster${clusters[index]}.proc0.subproc0; stat -c '%u %g %a' /home/${name}`]);
      expect(spool.stdout).toBe(`${uid} 700\n${uid} ${uid} 700\n`);
      await mine[index].jobs('condor_transfer_data', clusters[index]);
      expect(await mine[index].sh(`cat out.${clusters[index]}.0`)).toMatch(/^(64\d\d)\n\1\n/);
    }
  });

  test('who is no user, or shows a token of the execution points, submits nothing', async () => {
    // daemon has an account in the image, and mallory none
    for (const name of ['mallory', 'daemon', 'submitter', 'startd-tsystems']) {
      const { status, stderr } = await (await Outsider.of(pool, name)).submit('id', 1);
      expect({ name, failed: status !== 0, stderr }).toEqual({ name, failed: true, stderr: expect.stringMatching(NOT_ADMITTED) });
    }
    expect(await ads('!member(Owner, {"alice", "bob", "carol-ann", "erin"})', 'Owner')).toEqual([]);
  });

  describe('of two users on one machine', () => {
    let hers: string;
    /** Her job's process. */
    let victim: { pid: string; uid: string };

    beforeAll(async () => {
      hers = await alice.submitted('umask 077; echo $(date +%s)-hers >secret; SECRET=hers sleep 86401', 1, ROOMY);
      const sleeping = async () => (await processes('startd', 'sleep 86401')).filter(({ uid }) => uid !== '0');
      await until('her job sleeps', async () => (await sleeping()).length > 0);
      // the shell, and what it waits for
      [victim] = (await sleeping()).reverse();
    });

    test('neither reads, signals nor traces what the other runs', async () => {
      const attack = [
        `kill -9 ${victim.pid} && echo KILLED`, `kill -0 -1 2>/dev/null; cat /proc/${victim.pid}/environ && echo READ-ENVIRONMENT`, `ls /proc/${victim.pid}/cwd/ && echo READ-DIRECTORY`,
        'cat /var/lib/condor/execute/*/secret && echo READ-FILE', `cat /proc/${victim.pid}/mem && echo READ-MEMORY`, 'echo tried as $(id -u)',
      ].join('; ');
      const his = await bob.submitted(attack, 1, ROOMY);
      await done(his);
      await bob.jobs('condor_transfer_data', his);
      const tried = await bob.sh(`cat out.${his}.0`);
      expect(tried).toMatch(/^tried as 64\d\d\n$/);
      expect(tried).not.toContain(`as ${victim.uid}\n`);
      // the same by her user succeeds: it is an attack that can
      const point = pool.clusters.tsystems.pods.find(({ workload }) => workload.metadata.name === 'startd')!;
      const own = await point.exec(undefined, ['sh', '-c', `cat /proc/${victim.pid}/environ | tr '\\0' '\\n'; cat /proc/${victim.pid}/cwd/secret`], { user: `slot1_${Number(victim.uid) - 6400}` });
      expect(own.stdout).toMatch(/^SECRET=hers$/m);
      expect(own.stdout).toMatch(/^\d+-hers$/m);
      expect(await running(hers)).toBe(1);
    });

    test('neither removes, holds, changes or fetches the other\'s job', async () => {
      for (const [tool, ...args] of [['condor_rm', hers], ['condor_hold', hers], ['condor_vacate_job', hers], ['condor_qedit', hers, 'Arguments', '"1"'], ['condor_qedit', hers, 'Owner', '"bob"']]) {
        const { status, stdout, stderr } = await bob.jobs(tool, ...args);
        expect({ tool, args, failed: status !== 0, said: stdout + stderr }).toEqual({ tool, args, failed: true, said: expect.stringMatching(/denied|failed|not allowed|couldn't/i) });
      }
      expect(await ads(`ClusterId == ${hers}`, 'JobStatus', 'Owner')).toEqual(['2 alice']);
      expect(await processes('startd', 'sleep 86401')).toContainEqual(victim);
      const output = await alice.submitted('echo mine alone', 1);
      await done(output);
      // it would come to where the job was submitted
      await bob.jobs('condor_transfer_data', output);
      expect((await alice.run(['cat', `out.${output}.0`])).status).not.toBe(0);
      await alice.jobs('condor_transfer_data', output);
      expect(await alice.sh(`cat out.${output}.0`)).toBe('mine alone\n');
      expect((await alice.jobs('condor_rm', hers)).status).toBe(0);
      await until('her job is gone', async () => (await ads(`ClusterId == ${hers}`, 'JobStatus')).length === 0);
    });
  });

  test('the next job of a slot finds nothing of the former one\'s', async () => {
    const leave = 'umask 077; echo hers >/tmp/hers; echo hers >/dev/shm/hers; mkdir -p /tmp/d/e; touch /tmp/d/e/f; (setsid sleep 86402 &) ; ls /tmp/hers';
    const see = 'for f in /tmp/hers /dev/shm/hers /tmp/d; do [ ! -e $f ] || echo $f is there; done; id -u';
    const hers = await alice.submitted(leave, 1, ROOMY);
    await done(hers);
    await alice.jobs('condor_transfer_data', hers);
    expect(await alice.sh(`cat out.${hers}.0`)).toBe('/tmp/hers\n');
    await until('nothing that it began runs on', async () => (await processes('startd', 'sleep 86402')).length === 0);
    const slotOf = async (cluster: string) => (await ads(`ClusterId == ${cluster}`, 'LastRemoteHost'))[0];
    let his = '';
    // it gets the next slot as long as hers is being taken down
    await until('his job has the slot that hers had', async () => {
      his = await bob.submitted(see, 1, ROOMY);
      await done(his);
      return await slotOf(his) === await slotOf(hers);
    });
    await bob.jobs('condor_transfer_data', his);
    expect(await bob.sh(`cat out.${his}.0`)).toBe(`${6400 + Number(/^slot1_(\d+)@/.exec(await slotOf(hers))![1])}\n`);
  });

  test('a machine takes no more jobs than it has users for', async () => {
    const many = async (user: Outsider) => user.submitted('id -u; sleep 86403', RUNNING, 'requirements = Crowded');
    const clusters = await Promise.all([alice, bob].map(many));
    const all = async () => (await Promise.all(clusters.map(running))).reduce((sum, each) => sum + each, 0);
    await until('its users all have a job', async () => await all() === SLOT_USERS);
    const cycles = async () => Number((await pool.centralManager.exec(undefined, ['sh', '-c', 'cat /var/log/condor/NegotiatorLog* | grep -c "Finished Negotiation Cycle"'])).stdout);
    const before = await cycles();
    await until('two more cycles have passed', async () => await cycles() >= before + 2);
    expect(2 * RUNNING).toBeGreaterThan(SLOT_USERS);
    expect(CORES).toBeGreaterThanOrEqual(2 * RUNNING);
    expect(await all()).toBe(SLOT_USERS);
    const uids = (await processes('crowded', 'sleep 86403')).map(({ uid }) => Number(uid)).filter(uid => uid !== 0);
    expect([...new Set(uids)].sort()).toEqual(Array.from({ length: SLOT_USERS }, (_, index) => 6401 + index));
    await Promise.all([alice.jobs('condor_rm', clusters[0]), bob.jobs('condor_rm', clusters[1])]);
  });

  describe('accounting groups', () => {
    const charged = (cluster: string) => ads(`ClusterId == ${cluster}`, 'AcctGroup', 'AcctGroupUser', 'AccountingGroup');

    test('a user charges his own groups, the first one unless he says so, and himself', async () => {
      expect(await charged(await alice.submitted('id', 1, NOWHERE))).toEqual(['ATLAS alice ATLAS.alice']);
      expect(await charged(await alice.submitted('id', 1, NOWHERE, 'accounting_group = atlas.Production'))).toEqual(['ATLAS.production alice ATLAS.production.alice']);
      expect(await charged(await alice.submitted('id', 1, NOWHERE, 'accounting_group = ATLAS', 'accounting_group_user = bob'))).toEqual(['ATLAS alice ATLAS.alice']);
      expect(await charged(await bob.submitted('id', 1, NOWHERE, '+AccountingGroup = "ATLAS.alice"'))).toEqual(['CMS bob CMS.bob']);
      expect(await charged(await carol.submitted('id', 1, NOWHERE, 'accounting_group_user = bob'))).toEqual(['carol-ann carol-ann']);
    });

    test.each([
      ['another\'s', () => alice, 'CMS'],
      ['one below his own', () => bob, 'CMS.production'],
      ['one above', () => bob, 'ATLAS'],
      ['any, who has none', () => carol, 'ATLAS'],
      ['one that isn\'t there', () => alice, 'LHCb'],
    ])('not %s', async (_, user, group) => {
      const { status, stderr } = await user().submit('id', 1, NOWHERE, `accounting_group = ${group}`);
      expect({ failed: status !== 0, stderr }).toEqual({ failed: true, stderr: expect.stringContaining(`may not charge the accounting group ${group}`) });
    });

    test('nor later', async () => {
      const id = await alice.submitted('id', 1, NOWHERE);
      for (const [attribute, value] of [['AcctGroup', '"CMS"'], ['AccountingGroup', '"CMS.alice"'], ['AcctGroupUser', '"bob"'], ['ConcurrencyLimits', '""']]) {
        const { status } = await alice.jobs('condor_qedit', id, attribute, value);
        expect({ attribute, failed: status !== 0 }).toEqual({ attribute, failed: true });
      }
      expect(await charged(id)).toEqual(['ATLAS alice ATLAS.alice']);
    });

    test('nor in a job factory, at the access point itself', async () => {
      const factory = (group: string) => pool.accessPoint.exec(undefined, [
        'setpriv', '--reuid=20001', '--regid=20001', '--clear-groups', 'sh', '-c', 'cd /home/alice && cat >job.sub && condor_submit -terse job.sub',
      ], { input: `executable = /bin/true\n${NOWHERE}\nmax_materialize = 1\naccounting_group = ${group}\naccounting_group_user = bob\nqueue 2\n`, timeout: 60 });
      const refused = await factory('CMS');
      expect({ failed: refused.status !== 0, stderr: refused.stderr }).toEqual({ failed: true, stderr: expect.stringContaining('may not charge') });
      const [, cluster] = /^(\d+)\./.exec((await factory('ATLAS.production')).stdout)!;
      await until('it has made a job', async () => (await charged(cluster)).length === 1);
      expect(await charged(cluster)).toEqual(['ATLAS.production alice ATLAS.production.alice']);
      expect(await ads(`ClusterId == ${cluster}`, 'User')).toEqual(['alice@cern.ch']);
    });

    test('the negotiator charges them', async () => {
      const cluster = await alice.submitted('sleep 86404', 1, ROOMY, 'accounting_group = ATLAS.production');
      await until('it runs', async () => await running(cluster) === 1);
      await until('it counts', async () => /^ATLAS\.production\.alice@cern\.ch 1(\.0+)?$/m.test(await pool.priorityUse()));
      await alice.jobs('condor_rm', cluster);
    });
  });

  describe('limits', () => {
    const empty = async (user: Outsider) => {
      const name = user === alice ? 'alice' : user === bob ? 'bob' : 'carol-ann';
      await user.jobs('condor_rm', name);
      await until(`${name} has no jobs`, async () => (await ads(`Owner == "${name}"`, 'ClusterId')).length === 0);
    };

    test('of one submission and of the queue', async () => {
      const erin = await Outsider.of(pool, 'erin');
      const refused = async (count: number) => {
        const { status, stderr, stdout } = await erin.submit('id', count, NOWHERE);
        return status === 0 ? stdout : stderr;
      };
      expect(await refused(SUBMITTED + 1)).toMatch(/MAX_JOBS_PER_SUBMISSION/);
      expect(await refused(SUBMITTED)).toMatch(/^\d+\.0 - \d+\.9$/m);
      expect(await refused(QUEUED - SUBMITTED + 1)).toMatch(/MAX_JOBS_PER_OWNER/);
      expect(await refused(QUEUED - SUBMITTED)).toMatch(/^\d+\.0 - \d+\.1$/m);
      expect(await refused(1)).toMatch(/MAX_JOBS_PER_OWNER/);
      expect((await ads('Owner == "erin"', 'ProcId')).length).toBe(QUEUED);
      // nobody else's
      await carol.submitted('id', 1, NOWHERE);
      expect((await erin.jobs('condor_rm', 'erin')).status).toBe(0);
    });

    test('of jobs in the access point\'s own pod, for each user', async () => {
      const here = async (uid: number, name: string, count: number) => {
        const { stdout, stderr } = await pool.accessPoint.exec(undefined, [
          'setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', 'sh', '-c', `cd /home/${name} && cat >job.sub && condor_submit -terse job.sub`,
        ], { input: `universe = scheduler\nexecutable = /bin/sleep\narguments = 86408\nqueue ${count}\n`, timeout: 60 });
        const [, id] = /^(\d+)\./m.exec(stdout) ?? [];
        if (!id) { throw new Error(stderr); }
        return id;
      };
      const statuses = (id: string) => ads(`ClusterId == ${id}`, 'JobStatus');
      const hers = await here(20001, 'alice', 2);
      await until('one of hers runs', async () => (await running(hers)) === 1);
      // the schedd has gone through its queue again when his runs, and left her other one
      const his = await here(20002, 'bob', 1);
      await until('his runs beside it', async () => (await running(his)) === 1);
      expect((await statuses(hers)).sort()).toEqual(['1', '2']);
      const [first] = await ads(`ClusterId == ${hers} && JobStatus == 2`, 'ProcId');
      expect((await alice.jobs('condor_rm', `${hers}.${first}`)).status).toBe(0);
      await until('her other one runs, now that the first is gone', async () => (await statuses(hers)).join() === '2');
      await Promise.all([alice, bob].map(empty));
    });

    test('of the queue, for all together', async () => {
      await Promise.all([alice, bob, carol].map(empty));
      const erin = await Outsider.of(pool, 'erin');
      for (const user of [alice, bob, carol]) {
        await user.submitted('id', SUBMITTED, NOWHERE);
        await user.submitted('id', QUEUED - SUBMITTED, NOWHERE);
      }
      expect(await ads('true', 'ProcId')).toHaveLength(ALL_QUEUED);
      const { status, stderr } = await erin.submit('id', 1, NOWHERE);
      expect({ failed: status !== 0, stderr }).toEqual({ failed: true, stderr: expect.stringMatching(/MAX_JOBS_SUBMITTED/) });
      await empty(carol);
      await until('there is room again', async () => (await erin.submit('id', 1, NOWHERE)).status === 0);
      expect((await erin.jobs('condor_rm', 'erin')).status).toBe(0);
      await Promise.all([alice, bob].map(empty));
    });

    test('of running jobs, for each user; and of a licence, for all', async () => {
      await Promise.all([alice, bob, carol].map(empty));
      const [hers, his] = await Promise.all([alice, carol].map(user => user.submitted('sleep 86405', RUNNING + 1, ROOMY)));
      await until('each runs as many as he may', async () => await running(hers) === RUNNING && await running(his) === RUNNING);
      // a user's own limit is no other's to fill
      for (const limits of ['concurrency_limits = user.alice:100', '+ConcurrencyLimits = "licence User.alice:100"', 'concurrency_limits = user.bob:0']) {
        const { status, stderr } = await bob.submit('id', 1, ROOMY, limits);
        expect({ limits, failed: status !== 0, stderr }).toEqual({ limits, failed: true, stderr: expect.stringContaining('the pool\'s own') });
      }
      const evasive = await bob.submitted('id', 1, NOWHERE, 'concurrency_limits_expr = error');
      expect(await ads(`ClusterId == ${evasive}`, 'ConcurrencyLimits')).toEqual(['user.bob']);
      expect([await running(hers), await running(his)]).toEqual([RUNNING, RUNNING]);
      await Promise.all([alice, carol].map(empty));

      const licensed = await bob.submitted('sleep 86406', RUNNING, ROOMY, 'concurrency_limits = licence');
      await until('the licences are used', async () => await running(licensed) === LICENCES);
      expect(await ads(`ClusterId == ${licensed} && ProcId == 0`, 'ConcurrencyLimits')).toEqual(['licence,user.bob']);
      const rejected = () => ads(`ClusterId == ${licensed} && JobStatus == 1`, 'LastRejMatchReason');
      await until('the third is told why it waits', async () => (await rejected()).some(reason => /concurrency limit licence/i.test(reason)));
      expect(await running(licensed)).toBe(LICENCES);
      await empty(bob);
    });
  });

  test('who comes into the list submits, who leaves it does not, and running jobs go on', async () => {
    const hers = await alice.submitted('sleep 86407', 1, ROOMY);
    await until('her job runs', async () => await running(hers) === 1 && (await processes('startd', 'sleep 86407')).length > 0);
    const [sleeping] = await processes('startd', 'sleep 86407');
    const dave = await Outsider.of(pool, 'dave');
    expect((await dave.submit('id', 1)).status).not.toBe(0);

    const outdir = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-users-'));
    usersPool([...USERS.filter(({ name }) => name !== 'bob'), { name: 'dave', uid: 20004, accountingGroups: ['CMS'] }], outdir);
    const changed = parseManifests(fs.readFileSync(path.join(outdir, 'condor-host.k8s.yaml'), 'utf8'));
    fs.rmSync(outdir, { recursive: true });
    expect(await pool.clusters['condor-host'].apply(changed)).toEqual(['condor-ap1-0']);

    let his = '';
    await until('the new one submits', async () => {
      his = await dave.submitted('id -u', 1, ROOMY);
      return true;
    }, PATIENCE, 2000);
    await done(his);
    expect(await ads(`ClusterId == ${his}`, 'Owner', 'AcctGroup')).toEqual(['dave CMS']);
    const refused = await bob.submit('id', 1);
    expect({ failed: refused.status !== 0, stderr: refused.stderr }).toEqual({ failed: true, stderr: expect.stringMatching(NOT_ADMITTED) });
    await until('her job is known again', async () => await running(hers) === 1);
    expect(await processes('startd', 'sleep 86407')).toContainEqual(sleeping);
  });
});

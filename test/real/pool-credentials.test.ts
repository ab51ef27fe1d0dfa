import { randomBytes } from 'crypto';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { Duration, Size } from 'cdk8s';
import { Manifest, parseManifests } from './manifest';
import { places } from './places';
import type { Pod } from './pod';
import { Pool, refused } from './pool';
import { CYCLES_SOON, quickPool } from './quick-pool';
import { describeReal } from './requirements';
import { signedToken } from './signed-token';
import { until } from './until';
import { ClusterSelector, Placement, StartdFleet, TokenMint } from '../../src';

const NODE = { allocatable: { cpu: '7910m', memory: '23000Mi' } };

const PLACES = {
  ...places(['meyrin', 'tsystems'], NODE),
  left: { cidr: '10.9.0.0/16', nat: true, nodes: { 'node-1': NODE } },
};

const MEMBERS = ['meyrin', 'tsystems', 'left'];

/** Seconds that a token lives here, and after which the next one is made. */
const LIFETIME = 90;
const INTERVAL = 20;

/** What the mint says of its tokens: none is taken that is older. */
const OLDEST = Duration.hours(2);

const UPDATE_INTERVAL = 30;
/** Within one ad update plus an ad's lifetime: what fleets advertise with by default, `3 * UPDATE_INTERVAL + 10`. */
const OUT = UPDATE_INTERVAL + 3 * UPDATE_INTERVAL + 10;

/** Three members with keys of their own. The rootless fleet's pods have copies of the token, the others' the Secret itself. */
function program(...revoked: string[]): (outdir: string) => void {
  return outdir => {
    const reached = (name: string) => ({ apiServer: `https://${name}.cern.ch` });
    const members = { meyrin: reached('meyrin'), tsystems: reached('tsystems'), left: reached('left') };
    const { app, host, federation, members: { meyrin, tsystems, left }, pool } = quickPool(outdir, members, {
      memberSigningKeys: true,
      // sessions end sooner than tokens: whoever begins something shows the token that he has then
      extraConfig: { ...CYCLES_SOON, SHADOW_QUEUE_UPDATE_INTERVAL: 5, SEC_DEFAULT_SESSION_DURATION: INTERVAL },
    });
    const own = new Placement(federation, 'own', { clusters: ClusterSelector.of(meyrin) });
    const cloud = new Placement(federation, 'cloud', { clusters: ClusterSelector.of(tsystems, left) });
    const size = { pool, cpus: 8, memory: Size.mebibytes(8000) };
    const rootless = new StartdFleet(own, 'rootless', { ...size, rootless: true, acceptJobsReadToken: true });
    const startd = new StartdFleet(cloud, 'startd', size);
    const mint = new TokenMint(host, 'tokens', { pool, lifetime: OLDEST, interval: Duration.hours(1) });
    mint.deliver(rootless, meyrin);
    [tsystems, left].forEach(member => mint.deliver(startd, member));
    revoked.forEach(member => pool.revoke(member));
    app.synth();
    // the laboratory has no API server that a mint could write to
    for (const file of fs.readdirSync(outdir).map(name => path.join(outdir, name))) {
      const objects = fs.readFileSync(file, 'utf8').split(/^---\n/m);
      fs.writeFileSync(file, objects.filter(text => !/^kind: (Cron)?Job$/m.test(text)).join('---\n'));
    }
  };
}

/** The host's file of a program. */
function hostFile(write: (outdir: string) => void): Manifest[] {
  const outdir = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-credentials-'));
  try {
    write(outdir);
    return parseManifests(fs.readFileSync(path.join(outdir, 'condor-host.k8s.yaml'), 'utf8'));
  } finally {
    fs.rmSync(outdir, { recursive: true });
  }
}

const newKey = () => randomBytes(64).toString('base64');
const keySecret = (member: string) => `condor/condor-signing-key-${member}`;
const collectorOf = (member: string) => `condor.cern.ch:9618?sock=collector-${member}`;

describeReal('credentials of members', () => {
  const keys: { [member: string]: string } = Object.fromEntries(MEMBERS.map(member => [member, newKey()]));
  const machines: { [member: string]: string } = {
    meyrin: 'slot1@node-1@rootless.meyrin', tsystems: 'slot1@otc-1@startd.tsystems', left: 'slot1@node-1@startd.left',
  };
  let pool: Pool;
  /** When the tokens were made that the pool has started with. */
  const made: { [member: string]: number } = {};

  /** What the mint runs for a member, in the central manager. */
  async function mint(in_: Pool, member: string, lifetime = LIFETIME): Promise<string> {
    const argv = ['condor_token_create', '-key', member, '-identity', `startd-${member}@cern.ch`, '-authz', 'ADVERTISE_STARTD', '-authz', 'ADVERTISE_MASTER', '-lifetime', `${lifetime}`];
    const result = await in_.centralManager.exec(undefined, argv, { env: { _CONDOR_SEC_PASSWORD_DIRECTORY: `/etc/condor/member-keys.d/${member}` }, timeout: 60 });
    expect({ status: result.status, said: result.stderr }).toEqual({ status: 0, said: '' });
    return result.stdout.trim();
  }

  async function renew(member: string, lifetime?: number): Promise<void> {
    const fleet = member === 'meyrin' ? 'rootless' : 'startd';
    pool.clusters[member].setSecret(`condor/${fleet}-token`, { token: await mint(pool, member, lifetime) });
  }

  const age = (member: string) => (Date.now() - made[member]) / 1000;

  const isIn = async (member: string) => (await pool.machines()).includes(machines[member]);

  const sleepers = (member: string, seconds: number, count = 1) => `
executable = /bin/sleep
arguments = ${seconds}
transfer_executable = false
should_transfer_files = YES
request_cpus = 1
request_memory = 100
request_disk = 1
requirements = regexp("[.]${member}$", TARGET.Name)
queue ${count}
`;

  /** How the jobs stand: how often each was started, and whether it is done. */
  const stand = async (id: string) => (await pool.jobs(id)).map(({ JobStatus, NumJobStarts }) => ({ JobStatus, NumJobStarts }));
  const once = (count: number, JobStatus: number) => Array(count).fill({ JobStatus, NumJobStarts: 1 });

  /** When the pod's daemons and the pool's schedd were started: whoever was replaced says another time. */
  async function startTimes(): Promise<string> {
    const started = (daemon: string) => ['sh', '-c', `for pid in $(pgrep -x ${daemon}); do cut -d ' ' -f 1,22 /proc/$pid/stat; done`];
    const schedd = (await pool.accessPoint.exec(undefined, started('condor_schedd'))).stdout;
    const startds = await Promise.all(['meyrin', 'left'].map(async member => (await pool.executionPoint(member).exec(undefined, started('condor_startd'))).stdout));
    expect([schedd, ...startds].every(text => /^\d+ \d+\n$/.test(text))).toBe(true);
    return [schedd, ...startds].join();
  }

  /** Shows a collector a token, from a member, and asks whether it lets machines in. */
  async function ping(where: Pod, collector: string, token: string, authorization = 'ADVERTISE_STARTD') {
    const directory = '/tmp/shown';
    const script = `rm -rf ${directory}; mkdir -m 700 ${directory}; umask 077; cat >${directory}/token; exec condor_ping -pool '${collector}' -type collector -verbose ${authorization}`;
    return where.exec(undefined, ['sh', '-c', script], {
      input: token, env: { _CONDOR_SEC_TOKEN_SYSTEM_DIRECTORY: directory, _CONDOR_SEC_TOKEN_DIRECTORY: directory }, timeout: 60,
    });
  }

  beforeAll(async () => {
    const first = (member: string) => async (started: Pool) => {
      made[member] = Date.now();
      return mint(started, member);
    };
    pool = await Pool.start(program(), PLACES, {
      secrets: Object.fromEntries(MEMBERS.map(member => [keySecret(member), { key: keys[member] }])),
      tokens: Object.fromEntries(MEMBERS.map(member => [member, first(member)])),
    });
    await until('all machines are in the pool', async () => (await pool.machines()).length === 3);
  });
  afterAll(() => pool?.close());

  test("a member's token is worth something at the member's own collector, if the member's key has signed it, and not too long ago", async () => {
    const where = pool.executionPoint('left');
    const claims = (iat: number) => ({ iat, iss: 'cern.ch', jti: randomBytes(16).toString('hex'), sub: 'startd-tsystems@cern.ch' });
    const now = Math.floor(Date.now() / 1000);
    const good = signedToken(keys.tsystems, 'tsystems', claims(now));
    expect(await ping(where, collectorOf('tsystems'), good)).toMatchObject({ status: 0 });
    for (const [collector, token] of [
      [collectorOf('meyrin'), good],
      ['condor.cern.ch:9618', good],
      [collectorOf('tsystems'), signedToken(keys.meyrin, 'meyrin', claims(now))],
      [collectorOf('tsystems'), signedToken(keys.meyrin, 'tsystems', claims(now))],
      [collectorOf('tsystems'), signedToken(keys.tsystems, 'tsystems', claims(now - OLDEST.toSeconds() - 60))],
    ]) {
      const result = await ping(where, collector, token);
      expect({ collector, said: result.stdout + result.stderr, refused: refused(result) }).toMatchObject({ collector, refused: true });
    }
    // who joins by hand, before there is a mint
    const byHand = await pool.token('startd-tsystems@cern.ch', 'ADVERTISE_STARTD', 'ADVERTISE_MASTER');
    expect(await ping(where, collectorOf('tsystems'), byHand)).toMatchObject({ status: 0 });
  });

  test('the access point has no key of a member', async () => {
    const search = 'cd /etc/condor; find passwords.d member-keys.d ! -type d 2>/dev/null | grep -v "/[.]"';
    const keysOf = async (pod: Pod) => (await pod.exec(undefined, ['sh', '-c', search])).stdout.trim().split('\n').sort();
    expect(await keysOf(pool.accessPoint)).toEqual(['passwords.d/POOL']);
    expect(await keysOf(pool.centralManager)).toEqual(['member-keys.d/left/left', 'member-keys.d/meyrin/meyrin', 'member-keys.d/tsystems/tsystems', 'passwords.d/POOL']);
  });

  test('tokens are renewed under load: the first is over long before the end, no job is lost or started twice, and nothing is restarted', async () => {
    const before = await startTimes();
    const ids: [string, string, number][] = [];
    const submit = async (member: string, seconds: number, count: number) => {
      ids.push([await pool.submit(sleepers(member, seconds, count)), member, count]);
    };
    for (const member of ['meyrin', 'tsystems']) { await submit(member, LIFETIME, 1); }
    const end = Math.max(...Object.values(made)) + (LIFETIME + INTERVAL) * 1000;
    let rotations = 0;
    while (Date.now() < end) {
      for (const member of ['meyrin', 'tsystems']) {
        await renew(member);
        await submit(member, 2, 2);
      }
      rotations++;
      await new Promise(resolve => setTimeout(resolve, INTERVAL * 1000 - 4000));
    }
    process.stdout.write(`${rotations} rotations in ${Math.round(age('meyrin'))} s, tokens of ${LIFETIME} s, ${ids.length} submissions\n`);
    expect(rotations).toBeGreaterThanOrEqual(3);
    for (const [id, member, count] of ids) {
      await pool.finished(id);
      expect({ member, jobs: await stand(id) }).toEqual({ member, jobs: once(count, 4) });
    }
    expect(await startTimes()).toEqual(before);
  });

  test('a token that is over lets nobody in: after a new central manager, who has renewed is back, and who has not is out', async () => {
    expect(age('left')).toBeGreaterThan(LIFETIME);
    for (const member of ['meyrin', 'tsystems']) { await renew(member); }
    await new Promise(resolve => setTimeout(resolve, 15_000));
    // whoever is connected isn't asked again
    expect(await isIn('left')).toBe(true);
    await pool.clusters['condor-host'].replace(pool.centralManager);
    await until('who has renewed is back', async () => await isIn('meyrin') && await isIn('tsystems'), OUT);
    await until('who has not was refused', async () =>
      /required authentication of .* failed/.test((await pool.centralManager.exec(undefined, ['cat', '/var/log/condor/CollectorLog.left'])).stdout), OUT);
    expect(await isIn('left')).toBe(false);
    await renew('left');
    await until('the other is back with a new token, and has not been restarted', () => isIn('left'), OUT);
  });

  test('a member that is revoked by one line is out within an ad update and an ad lifetime, and the others run on', async () => {
    const before = await startTimes();
    const long: { [member: string]: string } = {};
    for (const member of ['meyrin', 'left']) { long[member] = await pool.submit(sleepers(member, 45, 3)); }
    await until('jobs run', async () => (await Promise.all(Object.values(long).map(stand))).flat().every(({ JobStatus }) => JobStatus === 2));
    for (const member of MEMBERS) { await renew(member, 3600); }
    const valid = await mint(pool, 'tsystems', 3600);
    await new Promise(resolve => setTimeout(resolve, 15_000));

    const start = Date.now();
    expect(await pool.clusters['condor-host'].apply(hostFile(program('tsystems')))).toEqual(['condor-cm-0']);
    await until('the member is out', async () => !await isIn('tsystems'), OUT);
    const out = (Date.now() - start) / 1000;
    await until('the others are in', async () => await isIn('meyrin') && await isIn('left'), OUT);
    const others = (Date.now() - start) / 1000;
    process.stdout.write(`revoked: out after ${out.toFixed(1)} s (bound ${OUT} s); the others' ads are whole again after ${others.toFixed(1)} s\n`);
    expect(out).toBeLessThan(OUT);
    expect(others).toBeLessThan(OUT);
    for (const member of ['meyrin', 'left']) {
      const later = await pool.submit(sleepers(member, 1));
      await pool.finished(later);
      await pool.finished(long[member]);
      expect({ member, jobs: await stand(long[member]) }).toEqual({ member, jobs: once(3, 4) });
    }
    expect(await startTimes()).toEqual(before);
    // and it stays out, with a token that is still valid
    expect(await isIn('tsystems')).toBe(false);
    for (const collector of ['tsystems', 'meyrin', 'left'].map(collectorOf).concat('condor.cern.ch:9618')) {
      expect((await ping(pool.executionPoint('tsystems'), collector, valid)).status).not.toBe(0);
    }

    // it comes back with another key: what the former has signed stays worthless
    pool.clusters['condor-host'].setSecret(keySecret('tsystems'), { key: newKey() });
    expect(await pool.clusters['condor-host'].apply(hostFile(program()))).toEqual(['condor-cm-0']);
    await until('the central manager is back', async () => (await pool.machines()).length >= 2, OUT);
    const shown = () => ping(pool.executionPoint('tsystems'), collectorOf('tsystems'), valid);
    // each member has a collector of its own, and this one may be the last to start
    await until("the member's collector judges", async () => {
      const result = await shown();
      return result.status === 0 || refused(result);
    }, OUT);
    const judged = await shown();
    expect({ said: judged.stdout + judged.stderr, refused: refused(judged) }).toMatchObject({ refused: true });
    await renew('tsystems', 3600);
    await until('it is back', () => isIn('tsystems'), OUT);
  });
});

import * as fs from 'fs';
import * as path from 'path';
import { Duration } from 'cdk8s';
import type { Cluster } from './cluster';
import { Manifest, parseManifests } from './manifest';
import { places } from './places';
import { foreignToken, Pool } from './pool';
import { quickPool } from './quick-pool';
import { describeReal } from './requirements';
import { until } from './until';
import { StartdFleet } from '../../src';
import { PoolPreflight } from '../../src/htcondor/preflight';

const TOP = 'condor.cern.ch:9618';

/** The Jobs of a member's file, by the name they begin with. The laboratory has no controller for them: it runs their pods. */
let jobs: Manifest[];

function program(outdir: string): void {
  const { app, federation, pool } = quickPool(outdir, { tsystems: {} });
  const fleet = new StartdFleet(federation, 'startd', { pool });
  const timeout = Duration.seconds(2);
  new PoolPreflight(federation, 'preflight', { fleet, timeout });
  new PoolPreflight(federation, 'elsewhere', { fleet, timeout, accessPoints: ['ap9.cern.ch', 'ap1.cern.ch:9700', 'ap1.cern.ch'] });
  app.synth();
  for (const file of fs.readdirSync(outdir).map(name => path.join(outdir, name))) {
    const objects = fs.readFileSync(file, 'utf8').split(/^---\n/m);
    const isJob = (text: string) => /^kind: Job$/m.test(text);
    if (path.basename(file) === 'tsystems.k8s.yaml') { jobs = parseManifests(objects.filter(isJob).join('---\n')); }
    fs.writeFileSync(file, objects.filter(text => !isJob(text)).join('---\n'));
  }
}

/** How a preflight ended, and what it says. */
interface Verdict {
  readonly status: number;
  readonly lines: string[];
  /** What `kubectl describe pod` shows. */
  readonly message: string[];
}

describeReal('a preflight', () => {
  let pool: Pool;
  let member: Cluster;
  let runs = 0;

  beforeAll(async () => {
    pool = await Pool.start(program, places(['tsystems']));
    member = pool.clusters.tsystems;
    await until('all daemons are in the pool', async () => {
      const types = (await ads()).map(ad => ad.split(' ')[0]).join();
      if (types !== 'Collector,Collector,DaemonMaster,DaemonMaster,DaemonMaster,Machine,Negotiator,Scheduler,StartD') { throw new Error(types); }
      return true;
    });
  });
  afterAll(() => pool?.close());

  /** What daemons say of themselves: what they are, who, and where. */
  const ads = async () =>
    (await pool.status('-any', '-const', 'MyType != "Accounting"', '-af', 'MyType', 'Name', 'MyAddress')).trim().split('\n').sort();

  const goodToken = () => pool.token('startd-tsystems@cern.ch', 'ADVERTISE_STARTD', 'ADVERTISE_MASTER');

  /** Runs the pod of a Job to its end, with a file for its last words as the kubelet gives it one. */
  async function preflight(token: string | undefined, { name = 'preflight', change = (_: any) => {} } = {}): Promise<Verdict> {
    if (token !== undefined) { member.setSecret('condor/startd-token', { token }); }
    const template = structuredClone(jobs.find(job => job.metadata.name.startsWith(`${name}-`))!.spec.template);
    const [container] = template.spec.containers;
    const messages = `/messages/${runs++}`;
    const file = member.hostPath(pool.sites.tsystems.nodes[0], messages);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, '');
    fs.chmodSync(file, 0o666);
    if (token === undefined) { template.spec.volumes.find((volume: any) => volume.secret).secret.secretName = 'nowhere'; }
    template.spec.volumes.push({ name: 'message', hostPath: { path: messages, type: 'File' } });
    container.volumeMounts.push({ name: 'message', mountPath: container.terminationMessagePath });
    change(template.spec);
    const metadata = { ...template.metadata, name, namespace: 'condor' };
    const pod = await member.startPod({ ...template, apiVersion: 'v1', kind: 'Pod', metadata }, name);
    const status = await pod.container().exited;
    const { log } = pod.container();
    await member.delete(pod, { grace: 0 });
    const message = fs.readFileSync(file, 'utf8');
    for (const text of [log, message]) { expect(text).not.toMatch(/eyJ|jti/); }
    const lines = (text: string) => text.split('\n').filter(line => line);
    return { status, lines: lines(log), message: lines(message) };
  }

  const NAMES = ['ok     DNS: ap1.cern.ch is 10.200.1.2', 'ok     DNS: condor.cern.ch is 10.200.1.1'];
  const ADDRESSES = [`ok     TCP: ${TOP}, the central manager, answers`, 'ok     TCP: ap1.cern.ch:9618, an access point, answers'];
  const READY = 'ready: machines of tsystems can join, as seen from the node otc-1';
  const NOT_READY = "not ready: machines of tsystems can't join or stay, as seen from the node otc-1";
  const UNTOLD = `skip   clock: ${TOP} tells its time only to whom it lets in`;

  const failed = (...lines: string[]): Verdict => ({
    status: 1, lines: [...lines, NOT_READY], message: [NOT_READY, ...lines.filter(line => line.startsWith('wrong'))],
  });

  test('is content with a member whose machines can join', async () => {
    expect(await preflight(await goodToken())).toEqual({
      status: 0,
      lines: [
        ...NAMES, ...ADDRESSES,
        `ok     token: ${TOP} takes machines of tsystems from startd-tsystems@cern.ch, for good`,
        `ok     clock: at most 1 s from that of ${TOP}`,
        READY,
      ],
      message: [READY],
    });
  });

  test('changes nothing in the pool', async () => {
    const before = await ads();
    expect((await preflight(await goodToken())).status).toBe(0);
    expect(await ads()).toEqual(before);
  });

  test('says which name does not resolve, and which port is closed', async () => {
    const { status, lines, message } = await preflight(await goodToken(), { name: 'elsewhere' });
    expect({ status, wrong: message.slice(1) }).toEqual({
      status: 1,
      wrong: [
        'wrong  DNS: ap9.cern.ch does not resolve in this cluster: is the name right, and known to the cluster\'s name server?',
        'wrong  TCP: ap1.cern.ch:9700, an access point, refuses: does it run, and at this port?',
      ],
    });
    expect(lines).toContain('skip   TCP: ap9.cern.ch:9618, an access point: the name does not resolve');
    expect(lines.filter(line => line.startsWith('ok')).length).toBe(6);
  });

  test('says that the link is cut', async () => {
    await pool.sites.tsystems.cut();
    const silent = (address: string, what: string) =>
      `wrong  TCP: ${address}, ${what}, does not answer within 2 s: is the address right, and open in the firewalls on the way?`;
    try {
      expect(await preflight(await goodToken())).toEqual(failed(
        ...NAMES, silent(TOP, 'the central manager'), silent('ap1.cern.ch:9618', 'an access point'),
        `skip   token and clock: only ${TOP} can judge them, and it is not reached`,
      ));
    } finally {
      await pool.sites.tsystems.mend();
    }
  });

  test('looks again where the network is there a moment later', async () => {
    const token = await goodToken();
    await pool.sites.tsystems.cut();
    const verdict = preflight(token);
    await new Promise(resolve => setTimeout(resolve, 3000));
    await pool.sites.tsystems.mend();
    expect((await verdict).message).toEqual([READY]);
  });

  test('says that the name server does not answer', async () => {
    const { names } = pool.lab.network;
    names.die();
    try {
      const { message } = await preflight(await goodToken());
      expect(message.slice(1)).toEqual(['ap1.cern.ch', 'condor.cern.ch'].map(name =>
        `wrong  DNS: no name server answers for ${name} within 2 s: is there a way from here to the cluster's name server?`));
    } finally {
      names.revive();
    }
  });

  describe('says of a token', () => {
    const made = async (options: string[], env = {}) => (await pool.centralManager.exec(
      undefined, ['condor_token_create', '-key', 'POOL', '-identity', 'startd-tsystems@cern.ch', ...options], { env })).stdout;

    const says = async (token: string | undefined, problem: string) =>
      expect(await preflight(token)).toEqual(failed(...NAMES, ...ADDRESSES, `wrong  token: ${problem}`, UNTOLD));

    test('that it is missing', async () => {
      // as long as the fleet's pods run, theirs can't go
      await says(undefined, 'the Secret startd-token in the namespace condor has nothing in the key token, or is missing: create it in this cluster');
    });

    test('that it is none', async () => {
      await says('changeme', 'the key token of the Secret startd-token holds no token: it must hold what condor_token_create prints');
    });

    test('that it is for another pool', async () => {
      await says(await made([], { _CONDOR_TRUST_DOMAIN: 'desy.de' }), 'it is for another pool: desy.de issued it, and this pool is cern.ch');
    });

    test('that another key has signed it', async () => {
      await says(foreignToken('startd-tsystems@cern.ch'),
        `${TOP} does not accept it: it is signed with another key than the pool's, or revoked, or expired by the clock there`);
    });

    test("that it is for another member's machines", async () => {
      await says(await pool.token('startd-meyrin@cern.ch', 'ADVERTISE_STARTD', 'ADVERTISE_MASTER'),
        `it is not for tsystems: it is startd-meyrin@cern.ch, and ${TOP} wants startd-tsystems@cern.ch`);
    });

    test('that it does not allow enough', async () => {
      await says(await pool.token('startd-tsystems@cern.ch', 'ADVERTISE_STARTD'),
        'it does not allow ADVERTISE_MASTER: make one with -authz ADVERTISE_STARTD -authz ADVERTISE_MASTER');
    });

    test('that it has expired', async () => {
      const token = await made(['-lifetime', '1']);
      await new Promise(resolve => setTimeout(resolve, 2000));
      const { exp } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
      await says(token, `it expired at ${new Date(exp * 1000).toISOString().replace('T', ' ').replace('.000Z', ' UTC')}: make a new one`);
    });
  });

  describe('in a cluster', () => {
    const known = () => member.manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'preflight')!.data;

    /** Whether the program names the cluster, and whether the cluster knows its own name. */
    async function named(byProgram: string | undefined, itself?: string): Promise<Verdict> {
      const { cluster: _, ...data } = known();
      member.setConfigMap('condor/preflight', byProgram === undefined ? data : { ...data, cluster: byProgram });
      try {
        return await preflight(await goodToken(), { change: spec => spec.containers[0].env.push({ name: 'K8S_CLUSTER_NAME', value: itself ?? '' }) });
      } finally {
        member.setConfigMap('condor/preflight', known());
      }
    }

    test('that the pool does not know, says so', async () => {
      const { status, message } = await named('desy');
      expect({ status, message }).toEqual({
        status: 1,
        message: [
          NOT_READY.replace('tsystems', 'desy'),
          `wrong  token: ${TOP} has no collector for desy: does the host cluster run what the same program says?`,
        ],
      });
    });

    test('that joined later, knows its name or says that it has none', async () => {
      expect((await named(undefined, 'tsystems')).message).toEqual([READY]);
      expect((await named(undefined)).message).toEqual([
        NOT_READY.replace('tsystems', 'this cluster'),
        'wrong  cluster: it has no name: the key name of the ConfigMap cluster-identity in the namespace condor must hold it',
      ]);
    });
  });

  // There is one clock of the day on this machine: the preflight reads its own from a `date` that is off, the collector's is real.
  test.each([[240, 'ahead of'], [-240, 'behind']])("says that the pod's clock, as its date gives it, is off by %d s", async (offset, side) => {
    const date = `#!/bin/sh\n[ "$*" = +%s ] || exec /usr/bin/date "$@"\necho $(($(/usr/bin/date +%s) + ${offset}))\n`;
    member.setConfigMap('condor/clock', { date });
    const change = (spec: any) => {
      spec.volumes.push({ name: 'clock', configMap: { name: 'clock', defaultMode: 0o755 } });
      spec.containers[0].volumeMounts.push({ name: 'clock', mountPath: '/clock' });
      spec.containers[0].env.push({ name: 'PATH', value: '/clock:/usr/bin:/bin' });
    };
    const { status, message } = await preflight(await goodToken(), { change });
    expect(status).toBe(1);
    expect(message.slice(1).map(line => line.replace(/2(39|40|41) s/, '240 s'))).toEqual([
      `wrong  clock: 240 s ${side} that of ${TOP}, and at most 60 s will do: does NTP set the clocks of this cluster's nodes?`,
    ]);
  });
});

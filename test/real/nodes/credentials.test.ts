import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { MintedPool, mintedProgram, TOLD_AFTER, USED_IN } from './minted-pool';
import { StatePrometheus } from './state-prometheus';
import { Testbed } from '../kubernetes/testbed';
import { describeClusters } from '../requirements';
import { until } from '../until';

/* eslint-disable @typescript-eslint/no-explicit-any */

const NAMESPACE = 'condor';

/** Within one ad update plus an ad's lifetime: what fleets advertise with by default. */
const OUT = 30 + 3 * 30 + 10;

describeClusters('tokens on real nodes', () => {
  let testbed: Testbed;
  let pool: MintedPool;

  beforeAll(async () => {
    testbed = await Testbed.open({
      'condor-host': { cidr: '10.1.0.0/16', nodes: ['host-1'] },
      'meyrin': { cidr: '10.2.0.0/16', nodes: ['node-1'] },
      'tsystems': { cidr: '10.3.0.0/16', nat: true, nodes: ['otc-1'] },
    });
    pool = await MintedPool.start(testbed, mintedProgram(testbed)) as MintedPool;
  });
  afterAll(() => testbed?.close());

  const secret = async (cluster: string, name: string) =>
    Buffer.from((await testbed.cluster(cluster).get('secret', name, '--namespace', NAMESPACE)).data?.token ?? '', 'base64').toString();
  const claims = (token: string) => token.split('.').slice(0, 2).map(part => JSON.parse(Buffer.from(part, 'base64url').toString()));

  /** What the Jobs of a cluster's tokens have said, none of which is a token. */
  async function logs(cluster: string): Promise<string> {
    const said = await testbed.cluster(cluster).run(['logs', '--namespace', NAMESPACE, '--selector', 'app.kubernetes.io/component=tokens', '--tail=-1']);
    expect(said).not.toMatch(/eyJ|Bearer/);
    return said;
  }

  /** Runs the CronJob now. */
  async function run(cluster: string, name: string): Promise<void> {
    await testbed.cluster(cluster).run(['create', 'job', name, '--from=cronjob/tokens', '--namespace', NAMESPACE]);
    await testbed.cluster(cluster).run(['wait', '--for=condition=Complete', '--timeout=600s', `job/${name}`, '--namespace', NAMESPACE]);
  }

  test('what the Jobs of the files make lets the machines of both members in', async () => {
    try {
      await pool.whole();
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${await logs('condor-host')}${await logs('tsystems')}`);
    }
    expect(await logs('condor-host')).toMatch(/^ok {5}meyrin: the token of startd until \d{4}-.* UTC$/m);
    expect(await logs('tsystems')).toMatch(/^ok {5}the token of startd$/m);
    for (const member of ['meyrin', 'tsystems']) {
      const [header, payload] = claims(await secret(member, 'startd-token'));
      expect(header).toMatchObject({ kid: member });
      expect(payload).toMatchObject({ iss: 'cern.ch', sub: `startd-${member}@cern.ch`, scope: 'condor:/ADVERTISE_STARTD condor:/ADVERTISE_MASTER' });
      expect(payload.exp - payload.iat).toBe(7200);
    }
    const [header, payload] = claims(await secret('condor-host', 'tokens.monitoring'));
    expect([header.kid, payload.sub, payload.scope]).toEqual(['POOL', 'monitoring@cern.ch', 'condor:/READ']);
  });

  test("a role's token comes into the Secret of another namespace, and leaves what else is in it", async () => {
    const { data } = await testbed.cluster('condor-host').get('secret', 'wflow-engine-credentials', '--namespace', USED_IN);
    const [batch, other] = [data.batch, data['cloud.tsystems']].map(each => Buffer.from(each, 'base64').toString());
    const [header, payload] = claims(batch);
    expect([header.kid, payload.sub, payload.scope, other]).toEqual(['POOL', 'recast@cern.ch', 'condor:/READ condor:/WRITE', 'kept']);
    const rights = await testbed.cluster('condor-host').kubectl([
      'auth', 'can-i', '--list', '--namespace', USED_IN, '--as', `system:serviceaccount:${NAMESPACE}:tokens`,
    ]);
    expect(rights.stdout.split('\n').filter(line => line.includes('secrets'))).toEqual([expect.stringMatching(/^secrets +\[\] +\[wflow-engine-credentials\] +\[patch\]$/)]);
  });

  test.each([
    ['meyrin', 'tokens', 'startd-token', ['patch']],
    ['tsystems', 'tokens', 'startd-token', ['patch']],
    ['condor-host', 'tokens.tsystems', 'tokens.tsystems.startd', ['get']],
    ['condor-host', 'tokens', 'tokens.tsystems.startd', ['patch']],
  ])('in %s the account %s has a right to the one Secret %s, and none to others', async (cluster, account, name, allowed) => {
    const may = async (verb: string, what: string) => (await testbed.cluster(cluster).kubectl([
      'auth', 'can-i', verb, what, '--namespace', NAMESPACE, '--as', `system:serviceaccount:${NAMESPACE}:${account}`,
    ])).stdout.trim();
    for (const verb of ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete']) {
      expect({ verb, may: await may(verb, `secrets/${name}`) }).toEqual({ verb, may: allowed.includes(verb) ? 'yes' : 'no' });
      expect({ verb, may: await may(verb, 'secrets/condor-signing-key') }).toEqual({ verb, may: 'no' });
      expect({ verb, may: await may(verb, 'pods') }).toEqual({ verb, may: 'no' });
    }
  });

  test('the CronJobs renew them, and running pods have the new ones', async () => {
    const before: { [member: string]: string } = { meyrin: await secret('meyrin', 'startd-token'), tsystems: await secret('tsystems', 'startd-token') };
    const restarts = await Promise.all(['meyrin', 'tsystems'].map(member => pool.restarts(member)));
    await run('condor-host', 'again');
    await run('tsystems', 'again');
    for (const [member, node] of [['meyrin', 'node-1'], ['tsystems', 'otc-1']]) {
      const token = await secret(member, 'startd-token');
      expect(token).not.toBe(before[member]);
      const { metadata } = await pool.executionPoint(member, node);
      await until(`${member}: the pod has it`, async () =>
        (await pool.exec(member, metadata.name, ['cat', '/etc/condor/tokens.d/token'])).stdout.trim() === token.trim());
      expect((await pool.restarts(member))[metadata.name]).toBe(restarts[['meyrin', 'tsystems'].indexOf(member)][metadata.name]);
    }
  });

  test('somebody is told of tokens that are not renewed, until they are', async () => {
    const objects = pool.manifests('condor-host');
    const prometheus = await StatePrometheus.start(testbed, 'tsystems', 'fed', objects.find(({ metadata }) => metadata.name === 'alarms')!.data['alarms.rules.yaml']);
    const firing = async () => (await prometheus.ask('ALERTS{alertname="HTCondorTokensNotRenewed", alertstate="firing"}')).map(({ labels }) => labels);
    const suspend = (suspended: boolean) => testbed.cluster('tsystems').run(['patch', 'cronjob', 'tokens', '--namespace', NAMESPACE, '--patch', JSON.stringify({ spec: { suspend: suspended } })]);
    // somebody thought that nobody needs it
    await suspend(true);
    await run('tsystems', 'before');
    const renewed = Date.now();
    await until('nothing fires', async () => (await firing()).length === 0 && (await prometheus.ask('kube_cronjob_status_last_successful_time')).length === 1);
    const early = (Date.now() - renewed) / 1000;
    await until('it fires', async () => (await firing()).length > 0);
    const after = (Date.now() - renewed) / 1000;
    expect(await firing()).toEqual([expect.objectContaining({ federation: 'fed', k8s_cluster: 'tsystems', namespace: NAMESPACE, cronjob: 'tokens', severity: 'critical' })]);
    expect(early).toBeLessThan(TOLD_AFTER.toSeconds());
    expect(after).toBeGreaterThan(TOLD_AFTER.toSeconds());
    await suspend(false);
    await run('tsystems', 'after');
    await until('it fires no longer', async () => (await firing()).length === 0);
    process.stdout.write(`HTCondorTokensNotRenewed: fires ${after.toFixed(0)} s after the last renewal (threshold ${TOLD_AFTER.toSeconds()} s), and not after the next\n`);

    // the other series that alarms and dashboards take from kube-state-metrics are there as they are named
    const named = [...new Set(JSON.stringify(objects).match(/\bkube_[a-z_]+/g))].sort();
    expect(named.length).toBeGreaterThan(6);
    for (const name of named) { expect({ name, series: (await prometheus.ask(`count(${name})`)).length }).toEqual({ name, series: 1 }); }
    for (const selected of ['kube_node_status_condition{condition="Ready", status="true", node="otc-1"}', 'kube_pod_status_phase{namespace="condor", pod=~"startd-.*", phase="Running"}']) {
      expect({ selected, values: (await prometheus.ask(selected)).map(({ value }) => value) }).toEqual({ selected, values: [1] });
    }
    expect(await prometheus.ask('kube_daemonset_status_number_ready{namespace="condor", daemonset="startd"}')).toMatchObject([{ value: 1 }]);
  });

  test('a member that is revoked is out within an ad update and an ad lifetime, and gets no new token', async () => {
    const outdir = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-revoked-'));
    mintedProgram(testbed, 'meyrin')(outdir);
    const text = fs.readFileSync(path.join(outdir, 'condor-host.k8s.yaml'), 'utf8');
    fs.rmSync(outdir, { recursive: true });
    const accessPoint = await pool.pod('condor-host', 'condor-ap1-0');
    const id = await pool.submitHere(['executable = /bin/sleep', 'transfer_executable = false', 'arguments = 100', 'request_cpus = 1', 'request_memory = 100',
      'should_transfer_files = YES', 'log = log.$(Cluster)', 'requirements = regexp("[.]tsystems$", TARGET.Name)', 'queue', ''].join('\n'));
    await until('the job runs', async () => (await pool.jobs(id)).every(({ JobStatus }) => JobStatus === 2));
    const token = await secret('meyrin', 'startd-token');

    const start = Date.now();
    await pool.host.apply(text);
    await until('it is out', async () => {
      const machines = await pool.machines();
      return !machines.some(name => name.endsWith('.meyrin')) && machines.some(name => name.endsWith('.tsystems'));
    }, OUT);
    process.stdout.write(`revoked: out, and the other member in, after ${((Date.now() - start) / 1000).toFixed(1)} s (bound ${OUT} s)\n`);
    await run('condor-host', 'without-meyrin');
    expect(await secret('meyrin', 'startd-token')).toBe(token);
    await pool.left(id);
    expect(await pool.outcomes(id)).toMatchObject([{ NumJobStarts: 1, ExitCode: 0, executed: 1, terminated: 1 }]);
    expect((await pool.machines()).filter(name => name.endsWith('.meyrin'))).toEqual([]);
    expect((await pool.pod('condor-host', 'condor-ap1-0')).metadata.uid).toBe(accessPoint.metadata.uid);
  });
});

import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { ADDRESS, alarmPool, PLACES, THRESHOLDS } from './alarm-pool';
import { Authority } from './kubernetes/certificates';
import { Manifest, parseManifests } from './manifest';
import type { Pod } from './pod';
import { Pool, signedBy } from './pool';
import { describeReal } from './requirements';
import { PATIENCE, until } from './until';
import { boardQueries } from '../telemetry/board-queries';

const HOST = 'condor-host';
const MEMBERS = ['meyrin', 'tsystems'];

/** How long an alarm may take, in seconds: its threshold, the ads, the exporter, Prometheus, and a machine that does other things too. */

const told = (line: string) => process.stdout.write(`${line}\n`);

/** The files of the program after a change, by cluster. */
function changed(change: number): { [cluster: string]: Manifest[] } {
  const outdir = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-alarms-'));
  try {
    alarmPool(outdir, change);
    return Object.fromEntries(fs.readdirSync(outdir).map(file => [file.replace('.k8s.yaml', ''), parseManifests(fs.readFileSync(path.join(outdir, file), 'utf8'))]));
  } finally {
    fs.rmSync(outdir, { recursive: true });
  }
}

describeReal('alarms of a pool', () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-certificates-'));
  let authority: Authority;
  let pool: Pool;

  const secret = async (name: string) => {
    const { certificate, key } = await authority.issue(name, { user: name, names: [name] });
    const read = (file: string) => fs.readFileSync(file, 'utf8');
    return { 'tls.crt': read(certificate), 'tls.key': read(key), 'ca.crt': read(authority.certificate) };
  };
  const exporterToken = (seconds: number) => ({ token: signedBy(pool.signingKey, 'metrics@cern.ch', '-authz', 'READ', '-lifetime', `${seconds}`) });

  /** What the host's Prometheus answers. */
  const ask = async (query: string): Promise<{ metric: { [label: string]: string }; value: [number, string] }[]> => {
    const address = pool.clusters[HOST].service('metrics').publicAddress!;
    const { certificate, key } = await authority.issue('operator', { user: 'operator' });
    const { status, stdout, stderr } = await pool.sites[HOST].nodes[0].machine.attempt([
      'curl', '--silent', '--show-error', '--fail-with-body', '--max-time', '20', '--resolve', `${ADDRESS}:9090:${address}`, '--cacert', authority.certificate,
      '--cert', certificate, '--key', key, '--get', '--data-urlencode', `query=${query}`, `https://${ADDRESS}:9090/api/v1/query`,
    ], { timeout: 30 });
    if (status !== 0) { throw new Error(`${query}: ${stdout}${stderr}`); }
    return JSON.parse(stdout).data.result;
  };
  const firing = async () => (await ask('ALERTS{alertstate="firing"}')).map(({ metric: { alertname, k8s_cluster } }) => `${alertname} ${k8s_cluster}`).sort();

  /** Waits for alarms, each told when it comes. */
  const fires = async (...alarms: string[]) => {
    const [begin, seen] = [Date.now(), new Map<string, number>()];
    await until(`these fire: ${alarms.join(', ')}`, async () => {
      for (const alarm of await firing()) { if (!seen.has(alarm)) { seen.set(alarm, (Date.now() - begin) / 1000); } }
      return alarms.every(alarm => seen.has(alarm));
    }, PATIENCE, 3000);
    for (const alarm of alarms) { told(`${alarm}: fires after ${seen.get(alarm)!.toFixed(0)} s`); }
  };
  const clears = async () => {
    const begin = Date.now();
    try {
      await until('nothing fires', async () => (await firing()).length === 0, PATIENCE, 3000);
    } catch (error) {
      throw new Error(`${(error as Error).message}; still ${(await firing()).join(', ')}`);
    }
    told(`nothing fires ${((Date.now() - begin) / 1000).toFixed(0)} s after all is mended`);
  };

  /** A pod of a StatefulSet of the host that was there before. */
  const startAgain = async (name: string) => {
    const statefulSet = pool.clusters[HOST].manifests.find(({ kind, metadata }) => kind === 'StatefulSet' && metadata.name === name)!;
    await pool.clusters[HOST].startPod(statefulSet, `${name}-0`);
  };
  const stopProgram = (pod: Pod, signal: NodeJS.Signals, program: string) => expect(pod.kill(signal, program)).toBeGreaterThan(0);
  const submit = (lines: string) => pool.submit(`executable = /bin/true\ntransfer_executable = false\nrequest_cpus = 1\nrequest_memory = 50\nrequest_disk = 1\n${lines}\n`);

  beforeAll(async () => {
    authority = await Authority.make(directory, 'authority');
    const server = await secret(ADDRESS);
    pool = await Pool.start(alarmPool, PLACES, {
      secrets: ({ signingKey }) => ({
        'condor/exporter-token': { token: signedBy(signingKey, 'metrics@cern.ch', '-authz', 'READ', '-lifetime', '10800') }, 'monitoring/metrics-tls': server,
      }),
      memberSecrets: Object.fromEntries(await Promise.all(MEMBERS.map(async member =>
        [member, { 'monitoring/metrics-agent-tls': await secret(member) }] as const))),
    });
    await until('the machines are in the pool', async () => (await pool.machines()).length === 3);
    await until('all of it is known', async () => (await ask('count(federation:htcondor_startds:present) == 2 and sum(federation:htcondor_startds:present) == 3')).length === 1
      && (await ask('count(up{job="prometheus-agent"} == 1) == 2')).length === 1, PATIENCE);
    told(`thresholds: ${JSON.stringify(THRESHOLDS, (_, value) => typeof value?.toSeconds === 'function' ? `${value.toSeconds()}s` : value)}`);
  });
  afterAll(async () => {
    await pool?.close();
    fs.rmSync(directory, { recursive: true, force: true });
  });

  test('nothing fires while all is well', async () => {
    await clears();
    expect((await ask('count(htcondor_up == 1)')).length).toBe(1);
  });

  test('each fires when its fault is made, and no longer when it is mended', async () => {
    const host = pool.clusters[HOST];
    const held = await submit('on_exit_hold = true\nqueue 2');
    await until('they are held', async () => (await pool.jobs(held)).every(({ JobStatus }) => JobStatus === 5));
    const idle = await submit('requirements = Machine == "nowhere"\nqueue 3');

    // a configuration that can't be read, while the program has another one
    const files = changed(1);
    const broken = files.meyrin.map(each => each.kind === 'ConfigMap' && each.metadata.name === 'startd'
      ? { ...each, data: { ...each.data, '50-member.conf': `${each.data['50-member.conf']}\nif nothing ends this\n` } } : each);
    await pool.clusters.meyrin.apply(broken);
    await host.apply(files[HOST]);
    host.setSecret('condor/exporter-token', exporterToken(1800));
    await fires(
      'HTCondorConfigurationNotRead meyrin', `HTCondorJobIdleTooLong ${HOST}`, `HTCondorJobsHeld ${HOST}`, `HTCondorQueueStuck ${HOST}`, `HTCondorTokenExpiring ${HOST}`,
    );

    await pool.asUser(['condor_rm', held, idle]);
    await pool.clusters.meyrin.apply(files.meyrin);
    await pool.clusters.tsystems.apply(files.tsystems);
    host.setSecret('condor/exporter-token', exporterToken(10800));
    await clears();
  });

  test('machines that are gone, a member that is cut off, and a negotiator that hangs', async () => {
    const machine = pool.executionPoint('meyrin', 'mey-2');
    const { node, workload } = machine;
    await pool.clusters.meyrin.delete(machine, { grace: 0 });
    await pool.sites.tsystems.cut();
    stopProgram(pool.centralManager, 'SIGSTOP', 'condor_negotiator');
    await fires('HTCondorStartdMissing meyrin', 'HTCondorClusterGone tsystems', 'HTCondorStartdMissing tsystems', 'MemberTelemetryMissing tsystems', `HTCondorNoNegotiationCycle ${HOST}`);
    // one cause is told once
    expect((await firing()).filter(alarm => /ExporterDown|ScheddMissing/.test(alarm))).toEqual([]);

    stopProgram(pool.centralManager, 'SIGCONT', 'condor_negotiator');
    await pool.sites.tsystems.mend();
    await pool.clusters.meyrin.startPod(workload, undefined, node);
    await clears();
  });

  test('an access point that is gone', async () => {
    await pool.clusters[HOST].delete(pool.accessPoint);
    await fires(`HTCondorScheddMissing ${HOST}`, `HTCondorAccountingStopped ${HOST}`);
    await startAgain('condor-ap1');
    await clears();
  });

  test('an exporter that is gone', async () => {
    await pool.clusters[HOST].delete(pool.clusters[HOST].pod('exporter-0'));
    await fires(`HTCondorExporterDown ${HOST}`);
    expect((await firing()).filter(alarm => !/ExporterDown/.test(alarm))).toEqual([]);
    await startAgain('exporter');
    await clears();
  });

  test('every query of a dashboard about HTCondor returns data', async () => {
    await submit('on_exit_hold = true\nqueue 1');
    const queries = boardQueries(parseManifests(pool.files[HOST])).filter(({ expr }) => /htcondor_/.test(expr));
    expect(queries.length).toBeGreaterThan(25);
    // what is put in where there is nothing is no data
    for (const { board, panel, expr } of queries) {
      await until(`${board}, ${panel}: ${expr}`, async () => (await ask(expr.replace(/ or vector\(0\)/g, ''))).length > 0, PATIENCE, 3000);
    }
    told(`${queries.length} queries of dashboards return data`);
  });
});

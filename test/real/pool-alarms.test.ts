import { ADDRESS, alarmPool, PLACES, THRESHOLDS } from './alarm-pool';
import { HostPrometheus, MetricsCertificates } from './host-prometheus';
import { parseManifests } from './manifest';
import type { Pod } from './pod';
import { Pool, signedBy } from './pool';
import { describeReal } from './requirements';
import { filesOf, unreadable } from './synthesized';
import { PATIENCE, until } from './until';
import { boardQueries } from '../telemetry/board-queries';

const HOST = 'condor-host';
const MEMBERS = ['meyrin', 'tsystems'];

/** How long a schedd hangs, in seconds: more than the part of its two minutes that it may be busy. */
const HANGS = 45;

const told = (line: string) => process.stdout.write(`${line}\n`);
const pause = (seconds: number) => new Promise(resolve => setTimeout(resolve, seconds * 1000));

describeReal('alarms of a pool', () => {
  let certificates: MetricsCertificates;
  let pool: Pool;
  let prometheus: HostPrometheus;

  const exporterToken = (key: string, seconds: number) => ({ token: signedBy(key, 'metrics@cern.ch', '-authz', 'READ', '-lifetime', `${seconds}`) });
  const ask = (query: string) => prometheus.ask(query);
  const firing = async (query = 'ALERTS{alertstate="firing"}') =>
    [...new Set((await ask(query)).map(({ labels: { alertname, k8s_cluster } }) => `${alertname} ${k8s_cluster}`))].sort();

  /** Waits for alarms, each told when it comes. */
  const fires = async (...alarms: string[]) => {
    const [begin, seen] = [Date.now(), new Map<string, number>()];
    try {
      await until('all of them fire', async () => {
        for (const alarm of await firing()) { if (!seen.has(alarm)) { seen.set(alarm, (Date.now() - begin) / 1000); } }
        return alarms.every(alarm => seen.has(alarm));
      }, PATIENCE, 3000);
    } catch (error) {
      throw new Error(`${(error as Error).message}; not ${alarms.filter(alarm => !seen.has(alarm)).join(', ')}`);
    }
    for (const alarm of alarms) { told(`${alarm}: fires after ${seen.get(alarm)!.toFixed(0)} s`); }
  };
  const quiet = async () => {
    try {
      await until('nothing fires', async () => (await firing()).length === 0, PATIENCE, 3000);
    } catch (error) {
      throw new Error(`${(error as Error).message}; still ${(await firing()).join(', ')}`);
    }
  };

  /** What mends the faults of a test. */
  const remedies: (() => Promise<unknown>)[] = [];
  const mend = async () => { while (remedies.length > 0) { await remedies.pop()!(); } };
  const clears = async () => {
    await mend();
    const begin = Date.now();
    await quiet();
    told(`nothing fires ${((Date.now() - begin) / 1000).toFixed(0)} s after all is mended`);
  };

  /** Ends a pod of a StatefulSet of the host. */
  const lose = async (pod: Pod) => {
    const cluster = pool.clusters[HOST];
    await cluster.delete(pod);
    remedies.push(() => cluster.startPod(pod.workload, pod.name, pod.node));
  };
  const submit = (lines: string) => pool.submit(`executable = /bin/true\ntransfer_executable = false\nrequest_cpus = 1\nrequest_memory = 50\nrequest_disk = 1\n${lines}\n`);
  /** Jobs that are held once they have run. Until their files are there they are held, too, and a job that begins later may find a machine that a test broke. */
  const submitToHold = async (count: number) => {
    const jobs = await submit(`on_exit_hold = true\nqueue ${count}`);
    await until('they are held', async () => (await pool.jobs(jobs)).every(({ JobStatus, NumJobStarts }) => JobStatus === 5 && NumJobStarts > 0));
    remedies.push(() => pool.asUser(['condor_rm', jobs]));
  };

  beforeAll(async () => {
    certificates = await MetricsCertificates.make();
    const server = await certificates.secret(ADDRESS);
    pool = await Pool.start(alarmPool, PLACES, {
      secrets: ({ signingKey }) => ({ 'condor/exporter-token': exporterToken(signingKey, 10800), 'monitoring/metrics-tls': server }),
      memberSecrets: Object.fromEntries(await Promise.all(MEMBERS.map(async member =>
        [member, { 'monitoring/metrics-agent-tls': await certificates.secret(member) }] as const))),
    });
    prometheus = new HostPrometheus(pool, certificates, ADDRESS);
    await until('the machines are in the pool', async () => (await pool.machines()).length === 3);
    await until('all of it is known', async () => (await ask('count(federation:htcondor_startds:present) == 2 and sum(federation:htcondor_startds:present) == 3')).length === 1
      && (await ask('count(up{job="prometheus-agent"} == 1) == 2')).length === 1);
    told(`thresholds: ${JSON.stringify(THRESHOLDS, (_, value) => typeof value?.toSeconds === 'function' ? `${value.toSeconds()}s` : value)}`);
  });
  // a test that fails leaves nothing to the next
  beforeEach(quiet);
  afterEach(mend);
  afterAll(async () => {
    await pool?.close();
    certificates?.remove();
  });

  test('nothing fires while all is well', async () => {
    // as long as ads are old at most, and an alarm holds
    await pause(120);
    expect(await firing('last_over_time(ALERTS{alertstate="firing"}[110s])')).toEqual([]);
    expect((await ask('count(htcondor_up == 1)')).length).toBe(1);
  });

  test('each fires when its fault is made, and no longer when it is mended', async () => {
    const host = pool.clusters[HOST];
    await submitToHold(2);
    const idle = await submit('requirements = Machine == "nowhere"\nqueue 3');
    remedies.push(() => pool.asUser(['condor_rm', idle]));

    // a configuration that can't be read, while the program has another one
    const files = filesOf(outdir => alarmPool(outdir, 1));
    remedies.push(async () => {
      for (const member of MEMBERS) { await pool.clusters[member].apply(files[member]); }
    });
    await pool.clusters.meyrin.apply(unreadable(files.meyrin));
    await host.apply(files[HOST]);
    remedies.push(async () => host.setSecret('condor/exporter-token', exporterToken(pool.signingKey, 10800)));
    host.setSecret('condor/exporter-token', exporterToken(pool.signingKey, 1800));
    await fires(
      'HTCondorConfigurationNotRead meyrin', `HTCondorJobIdleTooLong ${HOST}`, `HTCondorJobsHeld ${HOST}`, `HTCondorQueueStuck ${HOST}`, `HTCondorTokenExpiring ${HOST}`,
    );
    await clears();
  });

  test("a schedd that hangs in a user's files", async () => {
    const job = /^(\d+)\./.exec(await pool.asUser(['sh', '-c', 'cat >hung.sub && condor_submit -terse hung.sub'],
      'executable = /bin/true\ntransfer_executable = false\nhold = true\nlog = hung.log\nrequirements = Machine == "nowhere"\nqueue\n'))![1];
    remedies.push(() => pool.asUser(['condor_rm', job]));
    // who writes to it waits for somebody who reads, as on a file system whose server is gone
    await pool.asUser(['sh', '-c', 'rm hung.log && mkfifo hung.log']);
    remedies.push(() => pool.asUser(['timeout', '50', 'sh', '-c', 'exec 3<hung.log; rm hung.log; cat <&3']));
    // the event of its release is what the schedd writes
    const released = pool.asUser(['condor_release', job]).catch((error: Error) => told(error.message));
    await pause(HANGS);
    // it tells of it when it is well again
    await mend();
    await released;
    await fires(`HTCondorScheddSaturated ${HOST}`);
    await clears();
  });

  test('machines that are gone, a member that is cut off, and a negotiator that hangs', async () => {
    const machine = pool.executionPoint('meyrin', 'node-2');
    const { node, workload } = machine;
    await pool.clusters.meyrin.delete(machine, { grace: 0 });
    remedies.push(() => pool.clusters.meyrin.startPod(workload, undefined, node));
    await pool.sites.tsystems.cut();
    remedies.push(() => pool.sites.tsystems.mend());
    const negotiator = (signal: NodeJS.Signals) => expect(pool.centralManager.kill(signal, 'condor_negotiator')).toBeGreaterThan(0);
    negotiator('SIGSTOP');
    remedies.push(async () => negotiator('SIGCONT'));
    await fires('HTCondorStartdMissing meyrin', 'HTCondorClusterGone tsystems', 'HTCondorStartdMissing tsystems', 'MemberTelemetryMissing tsystems', `HTCondorNoNegotiationCycle ${HOST}`);
    // one cause is told once
    expect((await firing()).filter(alarm => /ExporterDown|ScheddMissing/.test(alarm))).toEqual([]);
    await clears();
  });

  test('an access point that is gone', async () => {
    await lose(pool.accessPoint);
    await fires(`HTCondorScheddMissing ${HOST}`, `HTCondorAccountingStopped ${HOST}`);
    await clears();
  });

  test('an exporter that is gone', async () => {
    await lose(pool.clusters[HOST].pod('exporter-0'));
    await fires(`HTCondorExporterDown ${HOST}`);
    expect(await firing()).toEqual([`HTCondorExporterDown ${HOST}`]);
    await clears();
  });

  test('every query of a dashboard about HTCondor returns data', async () => {
    // one is not enough to be told of
    await submitToHold(1);
    const queries = boardQueries(parseManifests(pool.files[HOST])).filter(({ expr }) => /htcondor_/.test(expr));
    expect(queries.length).toBeGreaterThan(25);
    // what is put in where there is nothing is no data
    for (const { board, panel, expr } of queries) {
      await until(`${board}, ${panel}: ${expr}`, async () => (await ask(expr.replace(/ or vector\(0\)/g, ''))).length > 0, PATIENCE, 3000);
    }
    told(`${queries.length} queries of dashboards return data`);
  });
});

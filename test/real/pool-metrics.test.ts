import { HostPrometheus, MetricsCertificates, Sample } from './host-prometheus';
import { parseManifests } from './manifest';
import { ADDRESS, INTERVAL, metricsPool, PLACES } from './metrics-pool';
import { Pool, signedBy } from './pool';
import { describeReal } from './requirements';
import { PROMETHEUS_IMAGE, runInImage } from './rootfs';
import { filesOf, unreadable } from './synthesized';
import { until } from './until';
import { EXPORTER_SCRIPT } from '../../src/htcondor/exporter-script';
import { CONDOR_METRICS } from '../../src/telemetry/condor-metrics';

const GROUPS = ['ATLAS.production', 'CMS'];
const MEMBERS = ['meyrin', 'tsystems'];
const CORES = 2;

/** How far the exporter may be from HTCondor, in seconds a run: a second or two, and on a busy machine a schedd that hears late of a run's end. */
const BOUND = 5;

/** One value of the exporter's page. */
interface PageSample extends Sample { readonly name: string }

/** What is on a page. */
function samplesOf(text: string): PageSample[] {
  return text.split('\n').filter(line => line && !line.startsWith('#')).map(line => {
    const [, name, , labels = '', value] = /^(\w+)(\{(.*)\})? (\S+)$/.exec(line)!;
    return { name, labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, given]) => [label, given])), value: Number(value) };
  });
}

/** Has a ledger of the exporter read records of runs, again and again, and says what it has; the ads are HTCondor's own. */
const LEDGER = `
import importlib.util, json, sys
sys.argv = ["exporter", "9118", "30", "/tmp", "/metrics.json", "/pool.json"]
spec = importlib.util.spec_from_file_location("exporter", "/exporter.py")
exporter = importlib.util.module_from_spec(spec)
spec.loader.exec_module(exporter)
import classad2
pool, steps = json.load(open("/pool.json")), json.load(open("/steps.json"))
with open("/tmp/core-seconds.json", "w") as file:
    json.dump({"since": 1000, "totals": {}, "schedds": {}}, file)
class Schedd:
    def jobEpochHistory(self, projection, since):
        return [classad2.ClassAd(run) for run in self.runs]
schedd, seen = Schedd(), []
for step in steps:
    # as after a crash: what was not kept is forgotten
    ledger = exporter.Ledger("/tmp/core-seconds.json")
    schedd.runs = step["runs"]
    ledger.read("ap1", schedd, set(step["queued"]), pool)
    if step["kept"]:
        ledger.save()
    seen.append(ledger.data["totals"])
print(json.dumps(seen))
`;

describeReal('the sum of core-seconds', () => {
  const SLOT = { RemoteHost: 'slot1_1@n@startd.meyrin', CpusProvisioned: 2, AcctGroup: 'CMS' };
  const run = (id: number, begin: number, end: number, fields: object = {}) =>
    ({ ...{ ClusterId: id, ProcId: 0, JobCurrentStartDate: begin, EpochWriteDate: end }, ...SLOT, ...fields });

  test('no second of a job counts twice, whatever is read again, and none is lost by a crash', () => {
    const [first, continued, later] = [run(1, 2000, 2100), run(1, 2000, 2130), run(1, 9000, 9050)];
    const [parallel, nobodys] = [run(3, 9000, 9010, { CurrentHosts: 3 }), run(4, 9000, 9001, { AcctGroup: 'none.of.these' })];
    const steps = [
      // a crash before it is kept, and the same again
      { runs: [first], queued: ['1.0'], kept: false },
      { runs: [first], queued: ['1.0'], kept: true },
      { runs: [first], queued: ['1.0'], kept: true },
      // a record of the same run from another shadow, much later, while the job is in the queue
      { runs: [run(2, 8000, 8010, { RemoteHost: 'slot1@n@startd.tsystems', AcctGroup: 'atlas.Production.nobody' })], queued: ['1.0'], kept: true },
      { runs: [continued], queued: ['1.0'], kept: true },
      // another run of the same job, a parallel one, one of nobody's group, one of the access point itself, and one from before there was an
      // exporter
      { runs: [continued, later, parallel, nobodys, run(5, 9000, 9100, { RemoteHost: 'local' }), run(6, 900, 990)], queued: [], kept: true },
    ];
    const { status, stdout, stderr } = runInImage(['python3', '/check.py'], {
      files: {
        '/check.py': LEDGER,
        '/exporter.py': EXPORTER_SCRIPT,
        '/metrics.json': JSON.stringify(CONDOR_METRICS),
        '/steps.json': JSON.stringify(steps),
        '/pool.json': JSON.stringify({ host: 'h', clusters: [], groups: ['ATLAS', 'ATLAS.production', 'CMS'], digests: {} }),
      },
    });
    expect([status, stderr]).toEqual([0, '']);
    const atlas = { 'ATLAS.production': { tsystems: 20 } };
    expect(JSON.parse(stdout)).toEqual([
      { CMS: { meyrin: 200 } }, { CMS: { meyrin: 200 } }, { CMS: { meyrin: 200 } },
      { CMS: { meyrin: 200 }, ...atlas }, { CMS: { meyrin: 260 }, ...atlas },
      { CMS: { meyrin: 260 + 100 + 60 }, ...atlas, none: { meyrin: 2 } },
    ]);
  });
});

describeReal('metrics of a pool', () => {
  let pool: Pool;
  let certificates: MetricsCertificates;
  let asked: HostPrometheus;
  const prometheus = () => pool.clusters['condor-host'].pod('metrics-0');
  const curl = (cluster: string, query: string, ...options: string[]) => asked.curl(cluster, query, ...options);
  const ask = (query: string) => asked.ask(query);
  const exporter = () => pool.clusters['condor-host'].pod('exporter-0');
  const page = async () => {
    const { status, stdout, stderr } = await exporter().node.get(`http://${exporter().address}:9118/metrics`, 20);
    if (status !== 0) { throw new Error(stderr); }
    return stdout;
  };
  /** The values of a metric that have these labels. */
  const values = async (name: string, labels: Sample['labels'] = {}) => samplesOf(await page())
    .filter(sample => sample.name === name && Object.entries(labels).every(([label, given]) => sample.labels[label] === given))
    .map(sample => sample.value);
  const value = async (name: string, labels?: Sample['labels']) => {
    const found = await values(name, labels);
    if (found.length !== 1) { throw new Error(`${found.length} values of ${name} ${JSON.stringify(labels)}`); }
    return found[0];
  };
  /** Submits jobs of a group at a member. */
  const submit = async (group: string, member: string, seconds: number, count: number): Promise<string> => pool.submit(`
executable = /bin/sleep
arguments = ${seconds}
transfer_executable = false
request_cpus = ${CORES}
request_memory = 50
request_disk = 1
requirements = Datacenter == "${member}"
accounting_group = ${group}
queue ${count}
`);
  const told = (line: string) => process.stdout.write(`${line}\n`);
  const coreSeconds = async () => Object.fromEntries((await Promise.all(GROUPS.flatMap(group => MEMBERS.map(async member => [
    `${group} at ${member}`, await value('htcondor_core_seconds_total', { accounting_group: group, k8s_cluster: member }),
  ] as const)))));

  beforeAll(async () => {
    certificates = await MetricsCertificates.make();
    const server = await certificates.secret(ADDRESS);
    pool = await Pool.start(metricsPool, PLACES, {
      secrets: ({ signingKey }) => ({
        'condor/exporter-token': { token: signedBy(signingKey, 'metrics@cern.ch', '-authz', 'READ', '-lifetime', '3600') }, 'monitoring/metrics-tls': server,
      }),
      memberSecrets: Object.fromEntries(await Promise.all(MEMBERS.map(async member => [member, { 'monitoring/metrics-agent-tls': await certificates.secret(member) }] as const))),
    });
    asked = new HostPrometheus(pool, certificates, ADDRESS);
    await until('the machines are in the pool', async () => (await pool.machines()).length === 2);
    await until('the exporter knows them', async () => (await values('htcondor_startd_last_heard_timestamp_seconds')).length === 2);
  });
  afterAll(async () => {
    await pool?.close();
    certificates?.remove();
  });

  test('the exporter is content with itself, by each of its probes', async () => {
    for (const kind of ['startup', 'liveness', 'readiness'] as const) { expect(await exporter().probe(kind)).toMatchObject({ status: 0 }); }
    expect(exporter().container().processes().map(({ uid }) => uid).filter(uid => uid === 0)).toEqual([]);
  });

  test('its token reads, and does nothing else', async () => {
    const ping = async (...options: string[]) => (await exporter().exec(undefined, ['condor_ping', ...options, 'READ', 'WRITE', 'DAEMON', 'ADMINISTRATOR', 'ADVERTISE_STARTD'], { timeout: 60 })).stdout;
    for (const daemon of [['-type', 'collector'], ['-type', 'schedd', '-name', 'ap1@cern.ch']]) {
      const said = await ping(...daemon);
      expect(said).toMatch(/^READ command using .* succeeded as metrics@cern.ch/m);
      for (const permission of ['WRITE', 'DAEMON', 'ADMINISTRATOR', 'ADVERTISE_STARTD']) { expect(said).toMatch(new RegExp(`^${permission} failed`, 'm')); }
    }
    const seen = await exporter().exec(undefined, ['sh', '-c', 'find / -xdev -name POOL -o -path "*/serviceaccount/token" 2>/dev/null']);
    expect(seen.stdout).toBe('');
  });

  test('every metric is there and says what is so', async () => {
    const [group, member] = ['CMS', 'tsystems'];
    const running = await submit(group, member, 600, 1);
    const held = await submit(group, member, 600, 1);
    const idle = await submit(group, 'nowhere', 600, 3);
    await until('its files are there', async () => (await pool.jobs(held))[0].JobStatus !== 5);
    await pool.asUser(['condor_hold', held]);
    await until('a job runs', async () => (await pool.jobs(running))[0].JobStatus === 2);
    await until('the exporter has seen it all', async () => await value('htcondor_running_cores', { accounting_group: group, k8s_cluster: member }) === CORES
      && await value('htcondor_schedd_jobs_started_total') >= 1 && await value('htcondor_schedd_jobs', { state: 'held' }) === 1
      && await value('htcondor_slot_cpus', { k8s_cluster: member, state: 'Claimed' }) === CORES);
    const text = await page();
    const samples = samplesOf(text);
    expect(new Set(samples.map(({ name }) => name))).toEqual(new Set(CONDOR_METRICS.map(({ name }) => name)));
    for (const { name, labels } of CONDOR_METRICS) {
      const used = samples.filter(each => each.name === name).map(sample => Object.keys(sample.labels).sort());
      expect([name, used.filter(each => `${each}` !== `${[...labels].sort()}`)]).toEqual([name, []]);
    }
    expect(samples.filter(({ value: number }) => !Number.isFinite(number) || number < 0)).toEqual([]);

    expect(await value('htcondor_up')).toBe(1);
    expect(await value('htcondor_schedd_up')).toBe(1);
    expect(await value('htcondor_schedd_jobs', { state: 'idle' })).toBe(3);
    expect(await value('htcondor_schedd_jobs', { state: 'running' })).toBe(1);
    // held by a user
    expect(await value('htcondor_schedd_held_jobs', { hold_reason_code: '1' })).toBe(1);
    expect(await value('htcondor_schedd_jobs_submitted_total')).toBe(5);
    expect(await value('htcondor_schedd_oldest_idle_job_age_seconds')).toBeGreaterThanOrEqual(1);
    expect(await value('htcondor_slot_cpus', { k8s_cluster: member, state: 'Claimed' })).toBe(CORES);
    expect(await value('htcondor_slot_cpus', { k8s_cluster: 'meyrin', state: 'Unclaimed' })).toBe(4);
    expect(await value('htcondor_slots', { k8s_cluster: member, state: 'Claimed', activity: 'Busy', slot_type: 'Dynamic' })).toBe(1);
    expect(await values('htcondor_master_config_stale')).toEqual([0, 0, 0, 0]);
    const now = Date.now() / 1000;
    for (const name of ['startd_last_heard', 'schedd_last_heard', 'negotiator_last_cycle_end', 'core_seconds_read'].map(each => `htcondor_${each}_timestamp_seconds`)) {
      for (const time of await values(name)) { expect(Math.abs(now - time)).toBeLessThan(180); }
    }
    const left = await value('htcondor_token_expiration_timestamp_seconds', { identity: 'metrics@cern.ch' }) - now;
    expect(left).toBeGreaterThan(1000);
    expect(left).toBeLessThan(3600);

    const checked = runInImage(['promtool', 'check', 'metrics'], { image: PROMETHEUS_IMAGE, input: text });
    expect(checked).toEqual({ status: 0, stdout: '', stderr: '' });
    await pool.asUser(['condor_rm', running, held, idle]);
    told(`${CONDOR_METRICS.length} metrics, ${samples.length} values; the pool is asked in ${await value('htcondor_exporter_scrape_duration_seconds')} s`);
  });

  test('core-seconds of two groups in two members are what their jobs used, also when the exporter is killed meanwhile', async () => {
    await until('what was removed has left its slots', async () => (await values('htcondor_running_cores')).every(cores => cores === 0));
    const before = await coreSeconds();
    const short = new Map<string, string>();
    for (const group of GROUPS) {
      for (const member of MEMBERS) { short.set(`${group} at ${member}`, await submit(group, member, group === 'CMS' ? 30 : 20, 3)); }
    }
    await pool.finished([...short.values()][0], 300);
    exporter().kill('SIGKILL');
    await exporter().restart();
    for (const cluster of short.values()) { await pool.finished(cluster, 300); }
    /** Slot time of ended jobs as HTCondor has it, in core-seconds. */
    const used = async (cluster: string) => {
      const said = await pool.accessPoint.exec(undefined, ['condor_q', '-allusers', cluster, '-af', 'CumulativeSlotTime']);
      return said.stdout.trim().split('\n').map(Number);
    };
    const total = (numbers: number[]) => numbers.reduce((sum, each) => sum + each, 0);
    const wanted = new Map<string, number>();
    for (const [what, cluster] of short) { wanted.set(what, total(await used(cluster))); }
    await until('all runs are counted', async () => {
      const now = await coreSeconds();
      return [...wanted].every(([what, seconds]) => Math.abs(now[what] - before[what] - seconds) <= 3 * BOUND * CORES);
    });
    const first = await coreSeconds();
    for (const [what, seconds] of wanted) { told(`${what}: ${first[what] - before[what]} core-seconds, ${seconds} as HTCondor counts`); }

    // what is read again counts no more
    await new Promise(resolve => setTimeout(resolve, 3 * INTERVAL * 1000));
    const last = await coreSeconds();
    expect(last).toEqual(first);

    // a new pod goes on where the former one was
    await pool.clusters['condor-host'].replace(exporter());
    await until('the new one has asked', async () => (await values('htcondor_up'))[0] === 1);
    expect(await coreSeconds()).toEqual(last);
  });

  test('the agents of both members write to the host, and what is there says where it is from', async () => {
    for (const member of MEMBERS) {
      const agent = pool.clusters[member].pod('metrics-agent');
      await until(`the agent of ${member} is ready`, async () => (await agent.probe('readiness')).status === 0);
      await until(`what ${member} writes has come`, async () => (await ask(`up{job="prometheus-agent", federation="fed", k8s_cluster="${member}"} == 1`)).length === 1);
    }
    await until('the exporter is read', async () => (await ask('up{job="condor/exporter"} == 1')).length === 1);
    // the machines' own cluster, though they are told of in the host's
    expect((await ask('count by (federation, k8s_cluster) (htcondor_startd_last_heard_timestamp_seconds)')).map(({ labels }) => labels).sort((one, other) =>
      one.k8s_cluster.localeCompare(other.k8s_cluster))).toEqual(MEMBERS.map(member => ({ federation: 'fed', k8s_cluster: member })));
    expect((await ask('htcondor_schedd_up')).map(({ labels }) => labels.k8s_cluster)).toEqual(['condor-host']);
    const billed = await coreSeconds();
    for (const [what, seconds] of Object.entries(billed)) {
      const [, group, member] = /^(\S+) at (\S+)$/.exec(what)!;
      await until(`${what} is known in the host`, async () =>
        (await ask(`sum(htcondor_core_seconds_total{accounting_group="${group}", k8s_cluster="${member}"})`))[0].value === seconds, 120);
    }
  });

  test('the host lets nobody in without a certificate of its authority', async () => {
    const reasons = (pattern: RegExp) => [...prometheus().container().log.matchAll(pattern)].length;
    for (const [count, cluster] of ['condor-host', 'meyrin'].entries()) {
      expect(await curl(cluster, 'up')).not.toMatchObject({ status: 0 });
      expect(await curl(cluster, 'up', ...await certificates.show('foreign'))).not.toMatchObject({ status: 0 });
      // a client that has not read the alert before the connection is gone does not know why
      await until('the host says why', async () =>
        reasons(/client didn't provide a certificate/g) > count && reasons(/certificate signed by unknown authority/g) > count, 60);
      expect(await curl(cluster, 'up', ...await certificates.show())).toMatchObject({ status: 0 });
    }
  });

  test('agents write to nobody with another name, keep what they have, and deliver it when the host is itself again', async () => {
    const host = pool.clusters['condor-host'];
    const scrapes = 'count_over_time(up{job="prometheus-agent", k8s_cluster="meyrin"}[20m])';
    host.setSecret('monitoring/metrics-tls', await certificates.secret('impostor.cern.ch'));
    const begin = Date.now() / 1000;
    await prometheus().restart();
    await until('the agent says so', async () => /impostor\.cern\.ch, not metrics\.cern\.ch/.test(pool.clusters.meyrin.pod('metrics-agent').container().log));
    // as long as some scrapes take
    await new Promise(resolve => setTimeout(resolve, 4 * INTERVAL * 1000));
    const end = Date.now() / 1000;
    host.setSecret('monitoring/metrics-tls', await certificates.secret(ADDRESS));
    await prometheus().restart();
    const missed = Math.floor((end - begin) / INTERVAL);
    expect(missed).toBeGreaterThanOrEqual(4);
    await until('what was read meanwhile is there', async () => {
      const between = `count_over_time(up{job="prometheus-agent", k8s_cluster="meyrin"}[${Math.floor(end - begin)}s] @ ${Math.floor(end)})`;
      return (await ask(between))[0]?.value >= missed - 1;
    });
    told(`${missed} scrapes of an agent while the host had another name: delivered; ${(await ask(scrapes))[0].value} in all`);
  });

  test('Prometheus takes the configurations', async () => {
    const data = (cluster: string, name: string) => parseManifests(pool.files[cluster]).find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)!.data;
    const there = Object.fromEntries(Object.entries(await certificates.secret(ADDRESS)).map(([file, text]) => [`/etc/prometheus/certificate/${file}`, text]));
    const check = (argv: string[], text: string) => runInImage(['promtool', 'check', ...argv, '/checked.yml'], { image: PROMETHEUS_IMAGE, files: { ...there, '/checked.yml': text } });
    for (const member of MEMBERS) { expect(check(['config', '--agent'], data(member, 'metrics-agent')['prometheus.yml'])).toMatchObject({ status: 0 }); }
    expect(check(['config'], data('condor-host', 'metrics')['prometheus.yml'])).toMatchObject({ status: 0 });
    expect(check(['web-config'], data('condor-host', 'metrics')['web.yml'])).toMatchObject({ status: 0 });
  });

  test('a configuration that HTCondor can not read shows as stale at its machines, and is not when it is mended', async () => {
    const stale = (cluster: string) => value('htcondor_master_config_stale', { k8s_cluster: cluster });
    const files = filesOf(outdir => metricsPool(outdir, 1));
    await pool.clusters.meyrin.apply(unreadable(files.meyrin));
    await pool.clusters.tsystems.apply(files.tsystems);
    await pool.clusters['condor-host'].apply(files['condor-host']);
    await until('what can be read is read', async () => await stale('tsystems') === 0 && await stale('meyrin') === 1);
    await new Promise(resolve => setTimeout(resolve, 3 * INTERVAL * 1000));
    expect([await stale('tsystems'), await stale('meyrin')]).toEqual([0, 1]);
    await pool.clusters.meyrin.apply(files.meyrin);
    await until('it is read', async () => await stale('meyrin') === 0);
  });

  test('without its collector the pool is not up, and it is again when that is back', async () => {
    await pool.clusters['condor-host'].delete(pool.centralManager, { grace: 0 });
    await until('it is seen', async () => await value('htcondor_up') === 0);
    expect(await values('htcondor_slots')).toEqual([]);
    // what was counted is not forgotten
    expect((await values('htcondor_core_seconds_total')).length).toBeGreaterThan(0);
    const statefulSet = pool.clusters['condor-host'].manifests.find(({ kind, metadata }) => kind === 'StatefulSet' && metadata.name === 'condor-cm')!;
    await pool.clusters['condor-host'].startPod(statefulSet, 'condor-cm-0');
    await until('it is up', async () => await value('htcondor_up') === 1 && (await values('htcondor_startd_last_heard_timestamp_seconds')).length === 2);
  });
});

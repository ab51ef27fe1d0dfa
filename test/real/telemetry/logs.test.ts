import { fluentBitConfiguration, logProgram, LOGGING, LogPool, WRITERS } from './log-pool';
import { LogReader } from './log-reader';
import { writerJob, writerJobs, writing } from './marked-lines';
import { FluentBitLines, Line } from '../../telemetry/fluent-bit-lines';
import { Testbed } from '../kubernetes/testbed';
import { processesOf } from '../nodes/processes';
import { describeClusters } from '../requirements';
import { PATIENCE, until } from '../until';

const SITES = ['meyrin', 'tsystems'];
const WORKFLOW = 'f2d6a1c4-8e0b-4f6e-9a57-0d7a3c1b9e42';
/** In each of the two clusters: Kubernetes' Jobs and HTCondor's, and the lines that each of them writes. */
const PODS = { jobs: 4, lines: 10_000 };
const CONDOR = { jobs: 4, lines: 2_500 };
const ALL = SITES.length * (PODS.jobs * PODS.lines + CONDOR.jobs * CONDOR.lines);
/** How long they write, in seconds: through all of what is done to the way of their lines. */
const WRITE = 420;
/** How long the store is stopped, and how long the link is cut, in seconds. */
const OUTAGE = 120;

/** Fields that the store and its gateway put on every record. */
const NO_AGENTS = 'received, _stream, _stream_id, _time, scope.name, scope.version, severity_number, severity_text';

/** Posts a record, and prints the status of the answer. */
const POST = `
const [url, record, authority, certificate, key] = process.argv.slice(1);
const { readFileSync } = require('fs');
const files = { ca: readFileSync(authority), ...certificate && { cert: readFileSync(certificate), key: readFileSync(key) } };
const request = require('https').request(url, { method: 'POST', headers: { 'content-type': 'application/json' }, timeout: 60000, ...files },
  answer => { answer.resume(); console.log(answer.statusCode); });
request.on('error', error => { if (/alert|ECONNRESET|EPIPE/.test(error.message)) { console.log('refused'); } else { throw error; } });
request.end(record);
`;

const say = (line: string) => process.stdout.write(`logs: ${line}\n`);

describeClusters('central logs', () => {
  let testbed: Testbed;
  let pool: LogPool;
  let reader: LogReader;
  const submitted: string[] = [];
  /** When the store was away, and when the link was cut, in seconds since 1970. */
  const outages: [number, number][] = [];

  beforeAll(async () => {
    testbed = await Testbed.open({
      'condor-host': { cidr: '10.1.0.0/16', nodes: ['host-1'] },
      'meyrin': { cidr: '10.2.0.0/16', nodes: ['cern-1'] },
      'tsystems': { cidr: '10.3.0.0/16', nat: true, nodes: ['otc-1'] },
    });
    pool = await LogPool.start(testbed, logProgram) as LogPool;
    await pool.whole();
    reader = await LogReader.start(pool.host, pool.authority);
  });
  afterAll(async () => {
    pool?.forget();
    await testbed?.close();
  });

  const agent = async (site: string) => {
    const { items } = await testbed.cluster(site).get('pods', '--namespace', LOGGING, '--selector', 'app.kubernetes.io/name=log-agent');
    return items[0];
  };
  const passed = (what: string, since: number, seconds: number) => until(what, async () => Date.now() - since >= seconds * 1000, seconds + 60);

  /** Kills a node's agent as the kernel would that is out of memory. */
  async function killAgent(site: string): Promise<void> {
    const { metadata: { uid }, status } = await agent(site);
    const before = status.containerStatuses[0].restartCount;
    const [{ pid }] = processesOf(uid).filter(({ program }) => program === 'otelcol-contrib');
    process.kill(pid, 'SIGKILL');
    await until(`${site}: the agent is there again`, async () => {
      const [container] = (await agent(site)).status.containerStatuses;
      return container.restartCount > before && container.ready;
    });
  }

  test('lines that pods and HTCondor jobs write are found as they are written', async () => {
    for (const site of SITES) {
      await testbed.cluster(site).apply([...Array(PODS.jobs).keys()].map(n => writerJob(`step-${site}-${n}`, WORKFLOW, writing(PODS.lines, WRITE))));
    }
    await pool.asUser(['sh', '-c', 'cat >write.py && chmod +x write.py'], writing(CONDOR.lines, WRITE));
    for (const site of SITES) { submitted.push(await pool.submitHere(writerJobs(site, WORKFLOW, CONDOR.jobs))); }
    for (const site of SITES) {
      for (const source of ['container', 'htcondor-job']) {
        await until(`lines of ${source} at ${site}`, async () =>
          await reader.count(`"k8s.cluster.name":="${site}" source:="${source}" workflow:="${WORKFLOW}" _msg:~"^mark "`) > 100, PATIENCE, 2000);
      }
    }
  });

  test('the store is stopped, and an agent is killed meanwhile', async () => {
    const store = (replicas: number) => pool.host.run(['scale', 'statefulset', 'logs', '--namespace', LOGGING, `--replicas=${replicas}`]);
    const since = Date.now();
    await store(0);
    await until('the store is gone', async () => (await pool.host.get('pods', '--namespace', LOGGING, '--selector', 'app.kubernetes.io/name=log-store')).items.length === 0);
    await killAgent('meyrin');
    await passed('the outage is over', since, OUTAGE);
    outages.push([since / 1000, Date.now() / 1000]);
    await store(1);
    await pool.storeIsReady();
    say(`the store was away for ${Math.round((Date.now() - since) / 1000)} s, an agent was killed meanwhile`);
  });

  test('the link of a member is cut, and its agent is killed meanwhile', async () => {
    const since = Date.now();
    const { site } = testbed.cluster('tsystems');
    await site.cut();
    await killAgent('tsystems');
    await passed('the cut is over', since, OUTAGE);
    outages.push([since / 1000, Date.now() / 1000]);
    await site.mend();
    say(`the link was cut for ${Math.round((Date.now() - since) / 1000)} s, its agent was killed meanwhile`);
  });

  test('every line is there, with its cluster, workflow and job, and the ids are as many as the lines', async () => {
    await until('an agent is killed while the store takes records', async () => {
      await killAgent('meyrin');
      return true;
    });
    for (const id of submitted) { await pool.left(id, 600); }
    for (const site of SITES) {
      await testbed.cluster(site).run(['wait', '--for=condition=Complete', '--timeout=600s', 'job', '--all']);
    }
    let found = await reader.marks(outages);
    await until(`${ALL} marks`, async () => {
      found = await reader.marks(outages);
      if (found.marks < ALL) { throw new Error(JSON.stringify(found)); }
      return true;
    }, PATIENCE, 5000);
    say(`${found.records} records, ${found.ids} ids, ${found.marks} marks: ${found.records - found.ids} raw duplicates`);
    say(`delay: median ${found.median.toFixed(1)} s, longest ${found.longest.toFixed(1)} s`);
    say(`written while the store was away: ${found.within[0]}, while the link was cut: ${found.within[1]}`);
    say(JSON.stringify(found.by));
    expect(Math.min(...found.within)).toBeGreaterThan(ALL / 20);
    expect({ ids: found.ids, marks: found.marks, incomplete: found.incomplete }).toEqual({ ids: ALL, marks: ALL, incomplete: 0 });
    const each = (source: string, { jobs, lines }: typeof PODS) => SITES.map(site => [`${site}/${WORKFLOW}/${source}`, jobs * lines]);
    expect(found.by).toEqual(Object.fromEntries([...each('container', PODS), ...each('htcondor-job', CONDOR)]));
  });

  test('a query by the workflow finds every line from both clusters, and each of its jobs', async () => {
    const rows = await reader.ask(`workflow:="${WORKFLOW}" _msg:~"^mark " | stats by ("k8s.cluster.name", job) count_uniq("log.record.uid") lines`);
    expect(rows).toHaveLength(SITES.length * (PODS.jobs + CONDOR.jobs));
    for (const site of SITES) {
      const lines = rows.filter(row => row['k8s.cluster.name'] === site).reduce((sum, row) => sum + Number(row.lines), 0);
      expect(lines).toBe(ALL / SITES.length);
    }
    expect(rows.filter(({ job }) => job.startsWith('ap1@cern.ch#')).map(({ lines }) => Number(lines))).toEqual(Array(SITES.length * CONDOR.jobs).fill(CONDOR.lines));
  });

  test('the logs of a daemon are found by its name', async () => {
    for (const site of SITES) {
      expect(await reader.count(`"k8s.cluster.name":="${site}" source:="htcondor-daemon" daemon:="start"`)).toBeGreaterThan(0);
    }
  });

  /** The first records of a member's node as Fluent Bit's configuration makes them of its files, and those that the store has of the same lines. */
  async function bothRecords(site: string, configuration: string): Promise<{ made: Line[]; stored: Line[] }> {
    const cluster = testbed.cluster(site);
    const [node] = cluster.nodes;
    const { items } = await cluster.get('pods', '--all-namespaces');
    const lines = await FluentBitLines.of(configuration, { CLUSTER_NAME: site, NODE_NAME: node.name });
    const files = (await node.run(['sh', '-c', 'ls /var/log/pods/*/*/*.log'])).trim().split('\n');
    const [made, stored]: Line[][] = [[], []];
    for (const path of files) {
      // that of a startd's pod speaks of all its daemons and jobs
      const length = path.includes('/labelled-logs/') ? 400 : 50;
      const labels = items.find(({ metadata }: { metadata: { uid: string } }) => path.includes(`_${metadata.uid}/`))?.metadata.labels;
      const records = lines.records({ path, content: await node.run(['head', '--lines', String(length), path]), labels }) ?? [];
      made.push(...records);
      // a query has the length of a line of a shell
      for (let n = 0; n < records.length; n += 100) {
        const ids = records.slice(n, n + 100).map(record => JSON.stringify(record['log.record.uid']));
        stored.push(...await reader.ask(`"log.record.uid":in(${ids.join(',')}) | delete ${NO_AGENTS}`));
      }
    }
    return { made, stored };
  }

  test('of real lines of pods, jobs and daemons Fluent Bit makes the records that the Collector has made', async () => {
    const configuration = fluentBitConfiguration();
    for (const site of SITES) {
      const { made, stored } = await bothRecords(site, configuration);
      // the store has a word of its own for an empty line
      const storedById = new Map(stored.map(({ _msg: text, ...fields }) => [fields['log.record.uid'], { _msg: text.replace(/^missing _msg field.*/, ''), ...fields }]));
      const wanted = made.map(({ log, ...fields }): Line => ({ _msg: log, ...fields }));
      expect(wanted.map(record => storedById.get(record['log.record.uid']))).toEqual(wanted);
      const sources = new Set(made.map(({ source, daemon }) => `${source}/${daemon ?? ''}`));
      say(`${site}: Fluent Bit's configuration makes the same ${made.length} records: ${[...sources].join(', ')}`);
      for (const source of ['container/', 'htcondor-daemon/start', 'htcondor-daemon/master']) { expect(sources).toContain(source); }
      expect(made.filter(({ workflow, job }) => workflow === WORKFLOW && job).length).toBeGreaterThanOrEqual(50 * PODS.jobs);
    }
  });

  test('links that a job makes of its output are not followed', async () => {
    const { metadata: { name } } = await pool.executionPoint('meyrin', 'cern-1');
    // what a starter makes; the first is as it should be, in the others somebody has made links of the output
    const sandbox = (number: number, output: string) => [
      `mkdir $e/dir_${number}`, `echo 'GlobalJobId = "job${number}"' >$e/dir_${number}/.job.ad`, `echo secret${number} >$e/secret${number}`, `cd $e/dir_${number}`, output,
    ];
    const script = ['e=/var/lib/condor/execute',
      ...sandbox(999991, 'cp ../secret999991 _condor_stdout'),
      ...sandbox(999992, 'ln -s ../secret999992 _condor_stdout'),
      ...sandbox(999993, 'ln ../secret999993 _condor_stdout'),
      ...sandbox(999994, 'ln -s ../../../../../etc/passwd _condor_stdout; mkfifo _condor_stderr')];
    expect(await pool.exec('meyrin', name, ['sh', '-ec', script.join('\n')])).toMatchObject({ status: 0 });
    await until('the first is found', async () => await reader.count('_msg:="secret999991" job:="job999991"') === 1, PATIENCE, 2000);
    // the container that reads goes on, and has nothing to say of the others
    await pool.exec('meyrin', name, ['sh', '-ec', 'echo later >>/var/lib/condor/execute/dir_999991/_condor_stdout']);
    await until('so is what comes later', async () => await reader.count('_msg:="later" job:="job999991"') === 1, PATIENCE, 2000);
    expect(await reader.count('job:~"job99999[234]"')).toBe(0);
    await pool.exec('meyrin', name, ['sh', '-c', 'rm -r /var/lib/condor/execute/dir_99999* /var/lib/condor/execute/secret*']);
  });

  /** Sends a record from a member's node, with the certificate of a member or none, and says how that went: an HTTP status, or `refused`. */
  async function send(text: string, door: string, certificateOf?: string, attributes: { readonly [name: string]: string } = {}): Promise<string> {
    const { port } = WRITERS.find(({ cluster }) => cluster === door)!;
    const identity = certificateOf ? [pool.agents[certificateOf].certificate, pool.agents[certificateOf].key] : [];
    const record = {
      resourceLogs: [{
        resource: { attributes: [{ key: 'k8s.cluster.name', value: { stringValue: 'meyrin' } }] },
        scopeLogs: [{
          logRecords: [{
            timeUnixNano: `${Date.now()}000000`,
            body: { stringValue: text },
            attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })),
          }],
        }],
      }],
    };
    const said = await testbed.cluster('tsystems').node('otc-1').run([
      process.execPath, '-e', POST, `https://logs.cern.ch:${port}/v1/logs`, JSON.stringify(record), pool.authority, ...identity,
    ]);
    return said.trim();
  }

  test('a member writes as itself, whatever it says, and at no other door; nobody writes without a certificate', async () => {
    expect(await send('pretender', 'tsystems', 'tsystems')).toBe('200');
    await until('the record is found', async () => await reader.count('_msg:="pretender"') === 1, PATIENCE, 2000);
    expect(await reader.count('_msg:="pretender" "k8s.cluster.name":="tsystems"')).toBe(1);
    // as Fluent Bit sends: all fields on the record itself
    expect(await send('pretender in a record', 'tsystems', 'tsystems', { 'k8s.cluster.name': 'meyrin', 'k8s.pod.name': 'somewhere' })).toBe('200');
    await until('this record is found', async () => await reader.count('_msg:="pretender in a record"') === 1, PATIENCE, 2000);
    const mine = '{"k8s.cluster.name"="tsystems","k8s.pod.name"="somewhere"} "k8s.cluster.name":="tsystems" "k8s.pod.name":="somewhere"';
    expect(await reader.count(`_msg:="pretender in a record" ${mine}`)).toBe(1);
    expect(await send('burglar', 'meyrin', 'tsystems')).toBe('refused');
    expect(await send('stranger', 'tsystems')).toBe('refused');
    expect(await send('control', 'meyrin', 'meyrin')).toBe('200');
    await until('the control is found', async () => await reader.count('_msg:="control"') === 1, PATIENCE, 2000);
    expect(await reader.count('_msg:in("burglar", "stranger")')).toBe(0);
  });

  test('whoever asks is a reader, and cannot write', async () => {
    const stranger = await LogReader.start(pool.host, pool.authority, {}, 'stranger');
    await expect(stranger.ask('* | stats count() n', 15)).rejects.toThrow(/Connection refused|ended with 124/);
    expect(await reader.count('*')).toBeGreaterThan(ALL);
    expect(await reader.write()).toBeGreaterThanOrEqual(400);
  });

  test('an agent does not send to a store that shows a certificate of another name', async () => {
    const cluster = testbed.cluster('tsystems');
    const address = await pool.host.balancerAddress(LOGGING, 'logs');
    await cluster.run(['patch', 'configmap', 'log-agent', '--namespace', LOGGING, '--patch', JSON.stringify({ data: { endpoint: `https://${address}:4319/v1/logs` } })]);
    await cluster.run(['rollout', 'restart', '--namespace', LOGGING, 'daemonset/log-agent']);
    await until('it says why', async () => /x509: [^"]*(IP SANs|not valid for)/.test(
      await cluster.run(['logs', '--namespace', LOGGING, 'daemonset/log-agent', '--tail=-1'])), PATIENCE, 2000);
  });
});

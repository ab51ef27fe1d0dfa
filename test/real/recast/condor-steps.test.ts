import { gunzipSync } from 'zlib';
import { CHARGED, condorProgram, LOST, NAMESPACE, ON_NODE, PLACE_NAMES, STEP_IMAGE, USER, WORKFLOWS } from './condor-program';
import { idsOf, MOUNT, YadageNodes } from './yadage-nodes';
import { jobImages, JOB_RELEASE, JOB_SANDBOX } from '../job-images';
import { apptainerImage, yadageImage } from '../kubernetes/images';
import { TestbedNode } from '../kubernetes/node';
import { Testbed } from '../kubernetes/testbed';
import { TestbedCluster } from '../kubernetes/testbed-cluster';
import { Manifest } from '../manifest';
import { TestbedPool } from '../nodes/testbed-pool';
import { describeClusters } from '../requirements';
import { filesOf } from '../synthesized';
import { until } from '../until';

/* eslint-disable @typescript-eslint/no-explicit-any */

const HOST = 'condor-host';
const OTHER = 'otc-2';
/** What begins when its test does: the machines have room for two at once, a cut link would be a loss as well. */
const LATER = ['endless', 'cut', 'again', 'once', 'limited'];

const say = (text: string) => process.stdout.write(`recast through HTCondor: ${text}\n`);

describeClusters('steps through HTCondor', () => {
  let testbed: Testbed;
  let host: TestbedCluster;
  let tsystems: TestbedCluster;
  let pool: TestbedPool;
  let recast: YadageNodes;
  let manifests: Manifest[];
  let ids: { readonly [name: string]: string };

  beforeAll(async () => {
    testbed = await Testbed.open({
      [HOST]: { cidr: '10.1.0.0/16', nodes: ['host-1'] },
      tsystems: { cidr: '10.3.0.0/16', nat: true, nodes: [LOST, OTHER] },
    });
    [host, tsystems] = [HOST, 'tsystems'].map(name => testbed.cluster(name));
    for (const node of host.nodes) { await node.take(yadageImage()); }
    for (const node of tsystems.nodes) {
      await node.take(apptainerImage());
      await node.run(['sh', '-c', 'mkdir -p "$2/$(dirname "$3")" "$4" && cp -r "$1" "$2/$3" && touch "$4/here"', 'sh',
        `${jobImages()}/${JOB_SANDBOX}`, ON_NODE.images, `${STEP_IMAGE.name}:${STEP_IMAGE.tag}`, ON_NODE.gates]);
    }
    pool = await TestbedPool.start(testbed, condorProgram(false));
    await pool.whole();
    const token = await pool.token(`${USER}@cern.ch`, 'READ', 'WRITE');
    await host.apply([
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'wflow-engine-credentials', namespace: NAMESPACE }, stringData: Object.fromEntries(PLACE_NAMES.map(name => [name, token])) },
    ]);
    recast = new YadageNodes(host, NAMESPACE);
    await recast.startReader();
    manifests = filesOf(condorProgram(true))[HOST].filter(({ kind, metadata }) => metadata.namespace === NAMESPACE && (kind === 'Job' || /^wflow-spec-/.test(metadata.name)));
    ids = idsOf(manifests);
    await host.apply(manifests.filter(each => !LATER.some(name => isOf(name, each))));
  });
  afterAll(() => testbed?.close());

  /** Whether it is the engine's Job of a workflow. */
  const isOf = (name: string, { kind, metadata }: Manifest) => kind === 'Job' && metadata.name === `wflow-nonint-${ids[name]}`;

  const read = (name: string, file: string) => recast.read(`workdirs/${ids[name]}/${file}`);

  /** What the monitor is told of a workflow's step that runs in the pool. */
  const step = async (name: string): Promise<any> => (await recast.state(ids[name]))?.nodes.find(node => /fit|lone/.test(node.name));

  /** What it said, as the monitor reads it. */
  const log = async (name: string): Promise<string> => {
    const map = await host.get('configmap', (await step(name)).log, '--namespace', NAMESPACE);
    return gunzipSync(Buffer.from(map.binaryData['run.log.gz'], 'base64')).toString();
  };

  /** What the access point remembers of a workflow's job, or has of it. */
  const ads = async (name: string, command = 'condor_history'): Promise<any[]> => JSON.parse(await pool.asUser([
    command, '-json', '-constraint', `WflowId == "${ids[name]}"`, '-attributes', 'JobStatus,NumJobStarts,ExitCode,RemoteHost,LastRemoteHost,WflowStep,' +
    'ContainerImage,User,AccountingGroup,JobPrio,ProjectName,QDate,WflowUntil,NumJobReconnects,JobStartDate,JobCurrentStartDate,JobCurrentStartExecutingDate,ShadowBday',
  ].concat(command === 'condor_q' ? ['-allusers'] : [])) || '[]');

  /** Waits until its step's command has begun: whose access point is lost in between begins once more. */
  const runs = (name: string) => until(`the job of ${name} runs`, async () => {
    const [job] = await ads(name, 'condor_q');
    if (!job) { throw new Error(await recast.log(`job/wflow-nonint-${ids[name]}`)); }
    return job.JobStatus === 2 && job.JobCurrentStartExecutingDate >= job.JobCurrentStartDate;
  });

  /** Deletes the access point's pod, and waits until another has this workflow's job again. */
  const anew = async (name: string) => {
    await host.run(['delete', 'pod', 'condor-ap1-0', '--namespace', pool.namespace]);
    await until(`the access point looks after the job of ${name} again`, async () => {
      const [job] = await ads(name, 'condor_q');
      return job.JobStatus === 2 && job.ShadowBday > job.JobCurrentStartDate;
    });
  };

  const start = (...names: string[]) => host.apply(manifests.filter(each => names.some(name => isOf(name, each))));

  const open = (node: TestbedNode, gate: string) => node.run(['touch', `${ON_NODE.gates}/${gate}`]);

  test('every workflow is there', () => {
    expect(Object.keys(ids).sort()).toEqual(Object.keys(WORKFLOWS).sort());
  });

  test('a step at T-Systems between two at the host: it reads what the one has written, and the other what it has', async () => {
    await recast.ended(ids.there, 'Complete');
    expect(await recast.state(ids.there)).toMatchObject({ state: 'SUCCESS', reason: '' });
    const [job, ...others] = await ads('there');
    expect(others).toEqual([]);
    expect(job).toMatchObject({
      NumJobStarts: 1,
      ExitCode: 0,
      LastRemoteHost: expect.stringMatching(new RegExp(`@${OTHER}@startd[.]tsystems$`)),
      WflowStep: 'fit',
      User: `${USER}@cern.ch`,
      ContainerImage: `/cvmfs/unpacked.example/${STEP_IMAGE.name}:${STEP_IMAGE.tag}`,
    });
    expect(await step('there')).toMatchObject({ state: 'SUCCESS', cluster: 'tsystems' });
    expect(await read('there', 'report/output.txt')).toBe('events\nfitted\n');
    expect(await read('there', 'fit/deep/a file, with a comma')).toBe('more\n');
    // nobody of this cluster ran it
    expect((await recast.steps(ids.there)).map(({ metadata }) => metadata.annotations['cdk8s-hep/step']).sort()).toEqual(['generate', 'report']);
  });

  test('it is charged to the group of its place, has what the place says besides, and its stay is as long as its engine renews it', async () => {
    const [job] = await ads('there');
    expect(job).toMatchObject({ AccountingGroup: `${CHARGED.accountingGroup}.${USER}`, JobPrio: 5, ProjectName: 'higgs' });
    const lease = CHARGED.engineLease.toSeconds();
    expect(job.WflowUntil - job.QDate).toBeGreaterThanOrEqual(lease - 60);
    expect(job.WflowUntil - job.QDate).toBeLessThan(lease + 1800);
  });

  test('what it said is in the file that Yadage has for it, and where the monitor reads it', async () => {
    const said = `${JOB_RELEASE}\n${MOUNT}/workdirs/${ids.there}/fit\nwrong\n`;
    expect(await read('there', 'fit/_packtivity/fit.run.log')).toBe(said);
    expect(await log('there')).toBe(said);
  });

  test('nothing is left of it in the queue or on the volume', async () => {
    expect(await ads('there', 'condor_q')).toEqual([]);
    const { status, stdout } = await recast.inReader(['ls', `${MOUNT}/.htcondor`]);
    expect(status).toBe(0);
    expect(stdout.split('\n').filter(line => line).length).toBeLessThan(Object.keys(WORKFLOWS).length);
  });

  test('a step that fails there fails the workflow, with its exit code, its log and what it has written', async () => {
    await recast.ended(ids.fails, 'Failed');
    expect(await step('fails')).toMatchObject({ state: 'FAILURE', message: 'exit code 3', cluster: 'tsystems' });
    expect(await log('fails')).toBe('the fit diverges\n');
    expect(await read('fails', 'lone/output.txt')).toBe('kept\n');
  });

  test('one that takes too long, or whose image no machine has, fails, and it is said', async () => {
    await recast.ended(ids['too-long'], 'Failed');
    expect((await step('too-long')).message).toBe('longer than 5 s');
    await recast.ended(ids['no-image'], 'Failed');
    expect((await step('no-image')).message).toMatch(new RegExp(`^it began 2 times and did not end, the last time on slot\\S+@${OTHER}@startd.tsystems: .*could not open image`));
  });

  test("who deletes the engine's Job takes its steps out of the queue", async () => {
    await start('endless');
    await runs('endless');
    await host.run(['delete', 'job', `wflow-nonint-${ids.endless}`, '--namespace', NAMESPACE]);
    await until('the job has left', async () => (await ads('endless', 'condor_q')).length === 0);
  });

  test('with the link to T-Systems cut for a while it comes to its end there, and what it has written comes once', async () => {
    await start('cut');
    await runs('cut');
    const begin = Date.now();
    await tsystems.site.cut();
    await until('its machine is not heard of', async () => (await pool.machines()).length === 0);
    expect((await step('cut')).state).toBe('RUNNING');
    await tsystems.site.mend();
    await pool.whole();
    say(`a link cut: mended, and machines are there again, after ${Math.round((Date.now() - begin) / 1000)} s`);
    await open(tsystems.node(OTHER), 'cut');
    await recast.ended(ids.cut, 'Complete');
    const [job, ...others] = await ads('cut');
    expect([job, others]).toMatchObject([{ ExitCode: 0, LastRemoteHost: expect.stringMatching(`@${OTHER}@`) }, []]);
    // a shadow of HTCondor 23.9 that had to connect again can't fetch outputs, and its job starts again at its end: what it may do once
    expect([1, 2]).toContain(job.NumJobStarts);
    expect(await read('cut', 'report/output.txt')).toBe('events\n');
    expect(await log('cut')).toBe('begun\n');
  });

  test('with its machine lost it is started again elsewhere, or fails where that is not wanted', async () => {
    await start('once');
    await runs('once');
    // which forgets how often it has begun
    await anew('once');
    await start('again');
    await runs('again');
    const lost = Date.now();
    tsystems.node(LOST).crash();
    await open(tsystems.node(OTHER), 'again');
    await recast.ended(ids.again, 'Complete');
    say(`a machine lost: the step is done elsewhere after ${Math.round((Date.now() - lost) / 1000)} s`);
    expect(await ads('again')).toMatchObject([{ NumJobStarts: 2, ExitCode: 0, LastRemoteHost: expect.stringMatching(`@${OTHER}@`) }]);
    expect(await read('again', 'report/output.txt')).toBe('events\n');
    await recast.ended(ids.once, 'Failed');
    say(`a machine lost: the step has failed after ${Math.round((Date.now() - lost) / 1000)} s: ${(await step('once')).message}`);
    expect((await step('once')).message).toMatch(new RegExp(`^it began once and did not end, the last time on slot\\S+@${LOST}@startd.tsystems: .`));
    expect(await ads('once', 'condor_q')).toEqual([]);
  });

  test('its time limit holds when its access point has begun anew, and it has not', async () => {
    await start('limited');
    await runs('limited');
    await anew('limited');
    await recast.ended(ids.limited, 'Failed');
    expect((await step('limited')).message).toBe('longer than 120 s');
    const [job, ...others] = await ads('limited');
    expect([job, others]).toMatchObject([{ NumJobReconnects: 1, JobCurrentStartDate: job.JobStartDate }, []]);
  });
});

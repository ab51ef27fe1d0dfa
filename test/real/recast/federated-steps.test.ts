import * as fs from 'fs';
import { LOSS_TIMEOUT, program, STAGING } from './federated-steps-program';
import { idsOf, MOUNT, YadageNodes } from './yadage-nodes';
import { NAMESPACE } from './yadage-program';
import { monitorImage, stagingImage, yadageImage } from '../kubernetes/images';
import { Testbed } from '../kubernetes/testbed';
import { TestbedCluster } from '../kubernetes/testbed-cluster';
import { Manifest } from '../manifest';
import { describeClusters } from '../requirements';
import { filesOf } from '../synthesized';
import { until } from '../until';

/* eslint-disable @typescript-eslint/no-explicit-any */

const HOST = 'condor-host';

describeClusters('steps at T-Systems', () => {
  let testbed: Testbed;
  let host: TestbedCluster;
  let tsystems: TestbedCluster;
  let recast: YadageNodes;
  let there: YadageNodes;
  let engines: { readonly [name: string]: Manifest };
  let ids: { readonly [name: string]: string };

  const start = (...names: string[]) => host.apply(names.map(name => engines[name]));
  const read = (name: string, file: string) => recast.read(`workdirs/${ids[name]}/${file}`);
  const node = async (name: string, step = 'lone') => (await recast.state(ids[name]))!.nodes.find(each => each.name === step) as any;

  /** The pod of a workflow's step at T-Systems, as soon as its command runs. */
  async function running(name: string): Promise<string> {
    let pod: any;
    await until(`the step of ${name} runs at T-Systems`, async () => {
      [pod] = await there.list('pods', `wflowid=${ids[name]},component=wflow-job`);
      return pod?.status.containerStatuses?.find((each: any) => each.name === 'payload').state.running !== undefined;
    });
    return pod.metadata.name;
  }
  const goOn = (cluster: TestbedCluster, pod: string) => cluster.exec(NAMESPACE, pod, ['touch', '/tmp/go'], { container: 'payload' });

  beforeAll(async () => {
    testbed = await Testbed.open({
      [HOST]: { cidr: '10.1.0.0/16', nodes: ['host-1'] },
      tsystems: { cidr: '10.3.0.0/16', nat: true, nodes: ['otc-1'] },
    });
    host = testbed.cluster(HOST);
    tsystems = testbed.cluster('tsystems');
    for (const image of [yadageImage(), monitorImage(), stagingImage()]) { await host.nodes[0].take(image); }
    await tsystems.nodes[0].take(yadageImage());
    recast = new YadageNodes(host, NAMESPACE);
    there = new YadageNodes(tsystems, NAMESPACE);
    const files = filesOf(program(testbed));
    const isEngine = ({ kind }: Manifest) => kind === 'Job';
    ids = idsOf(files[HOST]);
    engines = Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, files[HOST].find(({ metadata }) => metadata.name === `wflow-nonint-${id}`)!]));
    await tsystems.apply(files.tsystems);
    await host.apply(files[HOST].filter(({ kind }) => kind === 'Namespace'));
    const { certificate, key } = await host.controlPlane.authority.issue('staging', { user: 'staging', names: [STAGING] });
    await host.run(['create', 'secret', 'tls', 'wflow-staging-tls', '--namespace', NAMESPACE, `--cert=${certificate}`, `--key=${key}`]);
    fs.rmSync(key);
    // as docs/steps-elsewhere.md says
    const token = await tsystems.run(['create', 'token', 'wflowengine', '--namespace', NAMESPACE, '--duration', '8760h']);
    await host.apply([{
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'wflow-engine-credentials', namespace: NAMESPACE },
      stringData: { 'cloud.tsystems': token, 'strict.tsystems': token },
    }]);
    await host.apply(files[HOST].filter(manifest => !isEngine(manifest)));
    await recast.startReader();
    await host.run(['rollout', 'status', 'deployment/wflow-staging', '--namespace', NAMESPACE, '--timeout=300s']);
    await start('there-and-back', 'fails', 'too-big', 'no-image', 'no-shell', 'nowhere', 'cut', 'deleted');
  });
  afterAll(() => testbed?.close());

  test('a step is a Job there, with what the steps before it have written, and those after it here have what it has written', async () => {
    await recast.ended(ids['there-and-back'], 'Complete');
    const state = (await recast.state(ids['there-and-back']))!;
    expect(state).toMatchObject({ state: 'SUCCESS', reason: '' });
    expect(state.nodes.map(({ name, cluster }: any) => [name, cluster]).sort()).toEqual([['fit', 'tsystems'], ['generate', undefined], ['init', undefined], ['report', undefined]]);
    const [job, ...others] = await there.steps(ids['there-and-back']);
    expect(others).toEqual([]);
    expect(job.metadata).toMatchObject({ name: (await node('there-and-back', 'fit')).job, annotations: { 'cdk8s-hep/step': 'fit' } });
    expect(job.status.succeeded).toBe(1);
    expect((await recast.steps(ids['there-and-back'])).map(({ metadata }) => metadata.annotations['cdk8s-hep/step']).sort()).toEqual(['generate', 'report']);
    const [pod] = await there.list('pods', `batch.kubernetes.io/job-name=${job.metadata.name}`);
    // what its script says that was written there, and run here
    expect(await read('there-and-back', 'report/output.txt')).toBe(`events\nof run 1\n{"mass": 125}\n${pod.metadata.name}\n3000000\nfit.sh\n`);
  });

  test('what it said is in its directory, and on the page', async () => {
    const log = await read('there-and-back', 'fit/_packtivity/fit.run.log');
    expect(log).toMatch(/^1500\nworkdirs\n/);
    // who may read and write its files is nothing that the step knows
    expect(log).not.toMatch(/staging/i);
    const { job } = await node('there-and-back', 'fit');
    const page = `/api/v1/namespaces/${NAMESPACE}/services/wflow-monitor:http/proxy/api/workflows/${NAMESPACE}/${ids['there-and-back']}/steps/${job}/log`;
    await until('the page has it', async () => await host.run(['get', '--raw', page]) === log);
  });

  test('the command fails with its exit code, its log, and what it has written until then', async () => {
    await recast.ended(ids.fails, 'Failed');
    expect(await recast.state(ids.fails)).toMatchObject({ state: 'FAILURE', reason: 'lone: exit code 3' });
    expect(await read('fails', 'lone/output.txt')).toBe('half\n');
    expect(await read('fails', 'lone/_packtivity/lone.run.log')).toBe('no minimum\n');
  });

  test('what ends it otherwise is said', async () => {
    await recast.ended(ids['too-big'], 'Failed');
    expect((await recast.state(ids['too-big']))!.reason).toBe('lone: OOMKilled: over its memory limit of 64Mi');
    await recast.ended(ids['no-image'], 'Failed');
    expect((await recast.state(ids['no-image']))!.reason).toMatch(/^lone: (ErrImagePull|ImagePullBackOff): .*nobody-has-it/);
    await recast.ended(ids['no-shell'], 'Failed');
    expect((await recast.state(ids['no-shell']))!.reason).toMatch(/^lone: exit code 128 \(StartError\)/);
    await recast.ended(ids.nowhere, 'Failed');
    expect((await recast.state(ids.nowhere))!.reason).toBe("lone: can't be submitted: ValueError: compute_backend is 'moon'; known are cloud, kubernetes, strict");
  });

  test('of what can\'t begin there nothing stays', async () => {
    for (const name of ['no-image', 'no-shell']) {
      await until(`the Job of ${name} is gone`, async () => (await there.steps(ids[name])).length === 0);
    }
  });

  test("who deletes the engine's Job ends its steps there", async () => {
    await running('deleted');
    await host.run(['delete', 'job', `wflow-nonint-${ids.deleted}`, '--namespace', NAMESPACE]);
    await until('its step is gone', async () => (await there.list('jobs,pods', `wflowid=${ids.deleted}`)).length === 0);
  });

  test('a link that is cut for less than the timeout delays it, and nothing else', async () => {
    const pod = await running('cut');
    await until('what it says is kept while it runs', async () => (await node('cut')).log !== undefined);
    await host.site.cut();
    await goOn(tsystems, pod);
    const payload = async () => (await tsystems.get('pod', pod, '--namespace', NAMESPACE)).status.containerStatuses.find((each: any) => each.name === 'payload').state;
    await until('its command has ended, and its files have not come', async () => (await payload()).terminated !== undefined, 30);
    expect(await recast.state(ids.cut)).toMatchObject({ state: 'ACTIVE' });
    await host.site.mend();
    await recast.ended(ids.cut, 'Complete');
    expect(await read('cut', 'lone/output.txt')).toBe(`${pod}\n`);
    expect(await there.steps(ids.cut)).toHaveLength(1);
    expect(await recast.steps(ids.cut)).toHaveLength(0);
    expect(await node('cut')).toMatchObject({ cluster: 'tsystems' });
  });

  test('of a member that is lost a step is begun again here, once, and what comes from there later is not taken', async () => {
    await start('lost', 'strict');
    const pods = { lost: await running('lost'), strict: await running('strict') };
    const begin = Date.now();
    await tsystems.site.cut();
    await until('it is begun again here', async () => (await recast.steps(ids.lost)).length === 1, LOSS_TIMEOUT + 120);
    process.stdout.write(`recast: of a member that is lost a step is begun again after ${((Date.now() - begin) / 1000).toFixed(0)} s, with a timeout of ${LOSS_TIMEOUT} s\n`);
    await recast.ended(ids.strict, 'Failed');
    expect((await recast.state(ids.strict))!.reason).toMatch(new RegExp(`^lone: tsystems did not answer for ${LOSS_TIMEOUT} s \\(`));

    // both go on, and the one there ends first
    await goOn(tsystems, pods.lost);
    await goOn(tsystems, pods.strict);
    await tsystems.site.mend();
    for (const name of ['lost', 'strict']) {
      await until(`the step of ${name} there knows that nobody wants it, or is deleted`, async () => {
        const [job] = await there.steps(ids[name]);
        return job === undefined || job.status.failed === 1;
      });
    }
    const [pod] = await recast.list('pods', `wflowid=${ids.lost},component=wflow-job`);
    await until('its command runs', async () => (await goOn(host, pod.metadata.name)).status === 0);
    await recast.ended(ids.lost, 'Complete');
    expect(await read('lost', 'lone/output.txt')).toBe(`${pod.metadata.name}\n`);
    expect((await node('lost')).cluster).toBeUndefined();
    expect(await recast.steps(ids.lost)).toHaveLength(1);
    expect(await recast.log(`job/wflow-nonint-${ids.lost}`)).toMatch(/step lone: tsystems did not answer for 45 s .*; it is begun again, here/);
  });

  test('when all have ended nobody may read or write anything', async () => {
    expect(await recast.inReader(['ls', `${MOUNT}/.staging`])).toMatchObject({ status: 0, stdout: '' });
  });

  test('the engine may do there what it needs, and nothing else', async () => {
    for (const [verb, resource] of [['create', 'jobs'], ['list', 'jobs'], ['delete', 'jobs'], ['list', 'pods'], ['get', 'pods/log']]) {
      expect([verb, resource, await there.engineMay(verb, resource)]).toEqual([verb, resource, true]);
    }
    for (const [verb, resource] of [['get', 'secrets'], ['create', 'pods'], ['create', 'pods/exec'], ['create', 'configmaps'], ['patch', 'jobs'], ['create', 'rolebindings']]) {
      expect([verb, resource, await there.engineMay(verb, resource)]).toEqual([verb, resource, false]);
    }
    expect(await there.engineMay('create', 'jobs', 'default')).toBe(false);
  });
});

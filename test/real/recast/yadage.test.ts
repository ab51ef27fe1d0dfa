import { idsOf, MOUNT, YadageNodes } from './yadage-nodes';
import { DIRECT_NAMESPACE, lone, NAMESPACE, PARAMETERS, program, shell, WORKFLOWS } from './yadage-program';
import { monitorImage, reanaImage, yadageImage } from '../kubernetes/images';
import { Testbed } from '../kubernetes/testbed';
import { TestbedCluster } from '../kubernetes/testbed-cluster';
import { Manifest } from '../manifest';
import { describeClusters } from '../requirements';
import { YADAGE_IMAGE } from '../rootfs';
import { filesOf } from '../synthesized';
import { until } from '../until';

/* eslint-disable @typescript-eslint/no-explicit-any */

const HOST = 'condor-host';
const TOKEN = 'a-token-of-alice-alone';

/** Asks the workflow server, and prints its answer. */
const ASK = `
import sys, urllib.error, urllib.request
path, token, body = sys.argv[1:]
request = urllib.request.Request("http://wflow-server.recast.svc" + path, data=body.encode() or None,
                                 headers={"Authorization": "Bearer " + token, **({"Content-Type": "application/json"} if body else {})})
try:
    print(urllib.request.urlopen(request, timeout=30).read().decode())
except urllib.error.HTTPError as error:
    sys.exit(error.read().decode())
`;

describeClusters('Yadage on nodes', () => {
  let testbed: Testbed;
  let host: TestbedCluster;
  let manifests: Manifest[];
  let recast: YadageNodes;
  let direct: YadageNodes;
  let ids: { readonly [name: string]: string };

  beforeAll(async () => {
    testbed = await Testbed.open({ [HOST]: { cidr: '10.1.0.0/16', nodes: ['host-1'] } });
    host = testbed.cluster(HOST);
    for (const node of host.nodes) {
      for (const image of [yadageImage(), monitorImage(), reanaImage()]) { await node.take(image); }
    }
    manifests = filesOf(program)[HOST];
    ids = idsOf(manifests);
    recast = new YadageNodes(host, NAMESPACE);
    direct = new YadageNodes(host, DIRECT_NAMESPACE);
    await host.apply(manifests);
    const secret = (name: string, stringData: object) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: NAMESPACE }, stringData });
    await host.apply([secret('wflow-server-tokens', { alice: TOKEN }), secret('wflow-db', { user: 'wflow', password: 'a password' })]);
    await recast.startReader();
  });
  afterAll(() => testbed?.close());

  const read = (name: string, file: string) => recast.read(`workdirs/${ids[name]}/${file}`);

  test('every workflow has an id of its own', () => {
    expect(Object.keys(ids).sort()).toEqual([...Object.keys(WORKFLOWS), 'plain'].sort());
  });

  test('stages with scatter and gather: each step is a Job, and its outputs are where the next reads them', async () => {
    await recast.ended(ids.higgs, 'Complete');
    const state = (await recast.state(ids.higgs))!;
    expect(state).toMatchObject({ state: 'SUCCESS', reason: '' });
    expect(state.stages.map(each => each.state)).toEqual(state.stages.map(() => 'applied'));
    expect(state.nodes.map(({ stage, state: its }) => `${stage} ${its}`).sort()).toEqual([
      '/generate SUCCESS', '/generate SUCCESS', '/generate SUCCESS', '/init SUCCESS', '/merge SUCCESS',
    ]);
    // merge reads what three have written, and those what init has
    expect(state.edges).toHaveLength(6);

    const jobs = await recast.steps(ids.higgs);
    expect(jobs.map(({ metadata }) => metadata.name).sort()).toEqual(state.nodes.flatMap(({ job }) => job ?? []).sort());
    expect(jobs).toHaveLength(4);
    const engine = await recast.engine(ids.higgs);
    for (const { metadata, spec, status } of jobs) {
      const jobid = metadata.name.replace('wflow-job-', '');
      const labels = { 'component': 'wflow-job', 'wflowid': ids.higgs, jobid, 'cern.ch/experiment': 'atlas' };
      expect(metadata.labels).toMatchObject(labels);
      expect(spec.template.metadata.labels).toMatchObject(labels);
      expect(metadata.ownerReferences).toEqual([{ apiVersion: 'batch/v1', kind: 'Job', name: `wflow-nonint-${ids.higgs}`, uid: engine.metadata.uid }]);
      expect(status).toMatchObject({ succeeded: 1 });
      expect(spec).toMatchObject({ backoffLimit: 0, ttlSecondsAfterFinished: 86400, activeDeadlineSeconds: 1200 });
      const [container] = spec.template.spec.containers;
      const generates = metadata.annotations['cdk8s-hep/step'].startsWith('generate');
      expect(container).toMatchObject({
        image: `docker.io/${YADAGE_IMAGE}`,
        resources: { requests: { cpu: '10m', memory: generates ? '192Mi' : '64Mi' }, limits: { memory: generates ? '192Mi' : '256Mi' } },
      });
      expect(spec.template.spec).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsUser: 1000, runAsNonRoot: true } });
      const own = container.volumeMounts.filter(({ name, readOnly }: any) => name === 'packtivitystate' && !readOnly);
      expect(own.map(({ mountPath, subPath }: any) => mountPath === `${MOUNT}/${subPath}`)).toEqual([true]);
      expect(own[0].subPath).toBe(`workdirs/${ids.higgs}/${metadata.annotations['cdk8s-hep/step']}`);
    }
    expect(jobs.map(({ metadata }) => metadata.annotations['cdk8s-hep/step']).sort()).toEqual(['generate_0', 'generate_1', 'generate_2', 'merge']);

    expect((await read('higgs', 'merge/output.txt')).split('\n').filter(line => line).sort()).toEqual(PARAMETERS.samples.map(name => `events of ${name}`));
  });

  test('what a step says is in its log, and in the file that Yadage has for it', async () => {
    const job = (await recast.steps(ids.higgs)).find(({ metadata }) => metadata.annotations['cdk8s-hep/step'] === 'generate_1');
    const log = await recast.log(`job/${job.metadata.name}`);
    expect(log).toBe(await read('higgs', 'generate_1/_packtivity/generate_1.run.log'));
    expect(log.replace('{"beam": "ttbar"}', '').split('\n').filter(line => line).sort()).toEqual(['1000', 'events of ttbar', 'noise']);
    expect(log).toContain('{"beam": "ttbar"}');
    const merge = (await recast.steps(ids.higgs)).find(({ metadata }) => metadata.annotations['cdk8s-hep/step'] === 'merge');
    expect(await recast.log(`job/${merge.metadata.name}`)).toBe("merging 3 it's\n");
  });

  test('a step that fails after it has written its outputs fails the workflow, and its log is there', async () => {
    await recast.ended(ids['fails-late'], 'Failed');
    expect(await recast.state(ids['fails-late'])).toMatchObject({ state: 'FAILURE', reason: 'lone: exit code 1' });
    expect(await read('fails-late', 'lone/output.txt')).toBe('done\n');
    expect(await read('fails-late', 'lone/_packtivity/lone.run.log')).toBe('the detector is on fire\n');
    const [step] = await recast.steps(ids['fails-late']);
    expect(step.spec.template.spec.securityContext.runAsUser).toBe(1500);
    expect(await recast.log(`job/${step.metadata.name}`)).toBe('the detector is on fire\n');
    expect(await recast.log(`job/wflow-nonint-${ids['fails-late']}`)).toMatch(/step lone failed: exit code 1 \(Job wflow-job-/);
  });

  test('a step over its memory limit is killed, and it is said', async () => {
    await recast.ended(ids['too-big'], 'Failed');
    expect(await recast.state(ids['too-big'])).toMatchObject({ state: 'FAILURE', reason: 'lone: OOMKilled: over its memory limit of 64Mi' });
  });

  test('a step whose image nobody has fails, and does not wait for ever', async () => {
    await recast.ended(ids['no-image'], 'Failed');
    expect((await recast.state(ids['no-image']))!.reason).toMatch(/^lone: (ErrImagePull|ImagePullBackOff): .*nobody-has-it/);
  });

  test('the graph grows while a workflow runs, and it shows a sign of life', async () => {
    await until('the step runs', async () => (await recast.state(ids.endless))?.nodes.some(({ stage, state }) => stage === '/lone' && state === 'RUNNING') ?? false);
    const seen = async () => (await recast.state(ids.endless) as any).updated as string;
    const before = await seen();
    await until('it is written again, though nothing has changed', async () => await seen() > before);
    expect((await recast.state(ids.endless))!.state).toBe('ACTIVE');
  });

  test("who deletes the engine's pod ends the workflow, and it says why", async () => {
    const [pod] = await recast.list('pods', `wflowid=${ids.late},component=wflow-engine`);
    await until('its step is there', async () => (await recast.steps(ids.late)).length === 1);
    await host.run(['delete', 'pod', pod.metadata.name, '--namespace', NAMESPACE, '--wait=false']);
    await recast.ended(ids.late, 'Failed');
    expect(await recast.state(ids.late)).toMatchObject({ state: 'FAILURE', reason: 'the engine was told to stop' });
  });

  test("who deletes the engine's Job deletes its steps", async () => {
    await host.run(['delete', 'job', `wflow-nonint-${ids.endless}`, '--namespace', NAMESPACE]);
    await until('the step and the state are gone', async () => (await recast.list('jobs,pods,configmaps', `wflowid=${ids.endless}`)).length === 0);
    expect(await recast.steps(ids.higgs)).toHaveLength(4);
  });

  test('the same program runs nothing again', async () => {
    const uid = (await recast.engine(ids.higgs)).metadata.uid;
    await host.apply(manifests.filter(({ metadata }) => (metadata as any).labels?.wflowid === ids.higgs));
    expect(await recast.engine(ids.higgs)).toMatchObject({ metadata: { uid }, status: { succeeded: 1 } });
  });

  test('the monitor shows what engines say, and the logs of steps', async () => {
    const page = (of: string) => host.run(['get', '--raw', `/api/v1/namespaces/${NAMESPACE}/services/wflow-monitor:http/proxy/api/workflows${of}`]);
    await until('it has read everything', async () => (await page('')).includes(ids.higgs));
    const states = Object.fromEntries(JSON.parse(await page('')).map(({ id, state }: any) => [id, state]));
    expect(states).toMatchObject({ [ids.higgs]: 'SUCCESS', [ids['fails-late']]: 'FAILURE', [ids['too-big']]: 'FAILURE' });
    const { steps } = JSON.parse(await page(`/${NAMESPACE}/${ids['fails-late']}`));
    expect(steps.map(({ name, state, message }: any) => ({ name, state, message }))).toContainEqual({ name: 'lone', state: 'FAILURE', message: 'exit code 1' });
    const { job } = steps.find(({ name }: any) => name === 'lone');
    expect(await page(`/${NAMESPACE}/${ids['fails-late']}/steps/${job}/log`)).toBe('the detector is on fire\n');
    expect(await page(`/${NAMESPACE}/${ids.higgs}/log`)).toMatch(/step merge: succeeded/);
  });

  describe('a request to the workflow server', () => {
    async function ask(path: string, body?: object): Promise<any> {
      const { status, stdout, stderr } = await recast.inReader(['python3', '-c', ASK, path, TOKEN, body ? JSON.stringify(body) : '']);
      if (status !== 0) { throw new Error(stderr); }
      return JSON.parse(stdout);
    }
    const submit = async (cmd: string): Promise<string> => (await ask('/workflow_submit', {
      wflowtype: 'yadage', workflow: lone(shell(cmd)), fixed_pars: { nothing: 0 },
    })).id;
    const status = async (id: string) => {
      const { status_codes: [state], reasons: [reason] } = await ask(`/workflow_status?workflow_ids=${id}`);
      return { state, reason };
    };
    const becomes = (id: string, state: string) => until(`${id} is ${state}`, async () => {
      const now = await status(id);
      if (now.state !== state) { throw new Error(JSON.stringify(now)); }
      return true;
    });

    beforeAll(() => until('the server is ready', async () => (await ask('/wflows')).wflows.length === 0));

    test('is an engine and a Job of each step, and says what they say', async () => {
      const id = await submit('echo a result >{outputfile}; echo hello');
      await becomes(id, 'SUCCESS');
      const [step] = await recast.steps(id);
      expect(step.metadata.annotations['cdk8s-hep/step']).toBe('lone');
      expect(await recast.read(`workdirs/${id}/data/lone/output.txt`)).toBe('a result\n');
      expect(await recast.state(id)).toMatchObject({ wflowid: id, state: 'SUCCESS' });
      const said = (await ask(`/workflow_msgs?workflow_id=${id}&topic=log`)).msgs.map(({ msg }: any) => msg).join('\n');
      expect(said).toMatch(/acquiring wflow context from http:\/\/wflow-server\.recast\.svc/);
      expect(said).toMatch(/step lone: succeeded/);
      expect((await ask(`/subjob_msgs?subjob_id=${step.metadata.labels.jobid}&topic=run`)).msgs.map(({ msg }: any) => msg)).toEqual(['hello']);
    });

    test('fails with its step, and says why', async () => {
      const id = await submit('exit 3');
      await becomes(id, 'FAILURE');
      expect((await status(id)).reason).toMatch(/lone/);
    });

    test('ends within a minute when its engine is killed half-way, and none comes in its place', async () => {
      const id = await submit('sleep 3600');
      await until('its step is there', async () => (await recast.steps(id)).length === 1);
      await becomes(id, 'ACTIVE');
      const [{ metadata: { name, uid } }] = await recast.list('pods', `wflowid=${id},component=wflow-engine`);
      const begin = Date.now();
      await host.run(['delete', 'pod', name, '--namespace', NAMESPACE, '--grace-period=0', '--force']);
      await becomes(id, 'FAILURE');
      process.stdout.write(`recast: an engine that was killed is a FAILURE after ${((Date.now() - begin) / 1000).toFixed(0)} s: ${(await status(id)).reason}\n`);
      expect((Date.now() - begin) / 1000).toBeLessThan(60);
      expect((await recast.list('pods', `wflowid=${id},component=wflow-engine`)).filter(pod => pod.metadata.uid !== uid)).toEqual([]);
    });
  });

  test("Packtivity's own backend runs it with the rights and options of its dialect, and leaves no pod", async () => {
    await direct.ended(ids.plain, 'Complete');
    expect(await direct.state(ids.plain)).toMatchObject({ state: 'SUCCESS' });
    await until('the Jobs and pods of steps are gone', async () => (await direct.list('jobs,pods', 'component=wflow-job')).length === 0);
  });

  test('the engine may do what it needs, and nothing else', async () => {
    for (const [verb, resource] of [['create', 'jobs'], ['list', 'jobs'], ['list', 'pods'], ['create', 'configmaps'], ['patch', 'configmaps']]) {
      expect([verb, resource, await recast.engineMay(verb, resource)]).toEqual([verb, resource, true]);
    }
    for (const [verb, resource] of [['delete', 'jobs'], ['get', 'secrets'], ['list', 'secrets'], ['create', 'pods'], ['delete', 'pods'], ['get', 'configmaps'],
      ['create', 'pods/exec'], ['create', 'deployments'], ['create', 'rolebindings']]) {
      expect([verb, resource, await recast.engineMay(verb, resource)]).toEqual([verb, resource, false]);
    }
    expect(await recast.engineMay('create', 'jobs', 'default')).toBe(false);
  });
});

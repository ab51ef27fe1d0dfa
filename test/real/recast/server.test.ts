import { randomUUID } from 'crypto';
import { gzipSync } from 'zlib';
import { Question, ServerLab } from './server-lab';
import { describeWorkflowServer } from '../requirements';
import { until } from '../until';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** How long a state may take that is promised: a request whose engine, database or server went is resumed, or fails with a reason. */
const PROMISED = 60;

const quick = (pars: object = {}) => ({ wflowtype: 'yadage', workflow: 'w.yml', fixed_pars: pars });

/** A workflow in the request itself, of one step. */
const oneStep = (cmd: string) => ({
  wflowtype: 'yadage',
  fixed_pars: { name: 'world' },
  workflow: {
    stages: [{
      name: 'hello',
      dependencies: { dependency_type: 'jsonpath_ready', expressions: ['init'] },
      scheduler: {
        scheduler_type: 'singlestep-stage',
        parameters: { out: '{workdir}/hello.txt', name: { step: 'init', output: 'name' } },
        step: {
          process: { process_type: 'string-interpolated-cmd', cmd },
          environment: { environment_type: 'localproc-env' },
          publisher: { publisher_type: 'interpolated-pub', publish: { out: '{out}' } },
        },
      },
    }],
  },
});

describeWorkflowServer('the workflow server', () => {
  let lab: ServerLab;
  beforeAll(async () => {
    lab = await ServerLab.open({ workflowObjects: 'default', maxWaiting: 250 });
  });
  afterAll(() => lab?.close());

  /** Waits until all of them have ended, and says how. */
  async function ends(ids: readonly string[], seconds = PROMISED) {
    await until(`${ids.length} requests have ended`, async () => {
      const { states, reasons } = await lab.states(ids);
      if (!states.every(state => state === 'SUCCESS' || state === 'FAILURE')) { throw new Error(`${states.join(' ')} ${reasons.join('; ')}`); }
      return true;
    }, seconds, 500);
    const { states, reasons } = await lab.states(ids);
    return states.map((state, index) => ({ state, reason: reasons[index] }));
  }

  const isIn = (id: string, ...wanted: string[]) => until(`${id} is ${wanted.join(' or ')}`, async () => wanted.includes((await lab.states([id])).states[0]), PROMISED, 300);

  /** Every engine that was ever started, each request's once. */
  function startedOnce(): void {
    const starts = lab.runs().filter(({ what }) => what === 'start').map(({ id }) => id);
    expect(starts.filter((id, index) => starts.indexOf(id) !== index)).toEqual([]);
  }

  test('three requests and two slots: one waits, and is next', async () => {
    const ids: string[] = [];
    for (const seconds of [6, 25, 1]) { ids.push(await lab.submit(quick({ seconds }))); }
    await until('two are active', async () => (await lab.states(ids)).states.join() === 'ACTIVE,ACTIVE,REGISTERED', PROMISED, 200);
    await until('the third has the slot of the first', async () => (await lab.states(ids)).states.join() === 'SUCCESS,ACTIVE,ACTIVE', PROMISED, 100);
    expect((await ends(ids)).map(({ state }) => state)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    startedOnce();
  });

  test('real Yadage: a workflow, a failing step, a specification that is none; and what they said outlives their Jobs', async () => {
    lab.engine('yadage');
    const ids = [await lab.submit(oneStep('echo hello {name} > {out}')), await lab.submit(oneStep('exit 3')), await lab.submit({ ...oneStep('true'), workflow: { stages: [{ name: 7 }] } })];
    const ended = await ends(ids, 180);
    lab.engine('quick');
    expect(ended).toEqual([
      { state: 'SUCCESS', reason: '' },
      { state: 'FAILURE', reason: 'the engine ended with exit code 1: failed: hello' },
      { state: 'FAILURE', reason: expect.stringMatching(/^the engine ended with exit code 1: ValidationError: 7 is not of type 'string'/) },
    ]);
    await lab.kubectl('delete', 'jobs', '--namespace', 'recast', '--selector', 'component=wflow-engine', '--wait');
    const [{ body }] = await lab.ask({ method: 'GET', path: `/workflow_msgs?workflow_id=${ids[0]}&topic=log`, user: 'alice' });
    const said = body.msgs.map(({ msg }: any) => msg).join('\n');
    expect(said).toContain(`acquiring context from wflowserver for ${ids[0]}`);
    expect(said).toMatch(/running analysis on worker: /);
    expect(said).toMatch(/acquiring wflow context from http:\/\/127/);
    expect(body.msgs[0]).toEqual({ wflowguid: ids[0], msg_type: 'wflow_log', date: expect.stringMatching(/^2\d{3}-/), msg: expect.any(String) });
  });

  test('the clients of 2018 ask with a body', async () => {
    const id = await lab.submit(quick());
    await ends([id]);
    const ask = (path: string, body: object): Question => ({ method: 'GET', path, user: 'alice', body });
    const answers = await lab.ask(
      ask('/workflow_status', { workflow_ids: [id] }), ask('/workflow_config', { workflow_ids: [id] }), ask('/workflow_msgs', { workflow_id: id, topic: 'log' }),
      ask('/workflow_msgs', { workflow_id: id, topic: 'state' }), { method: 'GET', path: '/wflows', user: 'alice' },
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(answers[0].body.status_codes).toEqual(['SUCCESS']);
    expect(answers[1].body.configs).toEqual([expect.objectContaining({ jobguid: id, workflow: 'w.yml', interactive: false })]);
    expect(answers[2].body.msgs.map(({ msg }: any) => msg)).toContain('waiting');
    expect(answers[3].body.msgs).toEqual([]);
    expect(answers[4].body.wflows).toContain(id);
  });

  test('an engine that is killed, and one whose Job or pod is deleted: FAILURE with the reason', async () => {
    const ids = [await lab.submit(quick({ seconds: 600 })), await lab.submit(quick({ seconds: 600 }))];
    for (const id of ids) { await isIn(id, 'ACTIVE'); }
    process.kill(-lab.runs().find(({ what, id }) => what === 'start' && id === ids[0])!.pid, 'SIGKILL');
    await lab.kubectl('delete', 'job', `wflow-nonint-${ids[1]}`, '--namespace', 'recast', '--wait=false');
    expect(await ends(ids)).toEqual([
      { state: 'FAILURE', reason: 'the engine was killed by signal 9' }, { state: 'FAILURE', reason: 'the engine\'s Job was deleted' },
    ]);
    const id = await lab.submit(quick({ seconds: 600 }));
    await isIn(id, 'ACTIVE');
    await lab.kubectl('delete', 'pod', '--selector', `wflowid=${id}`, '--namespace', 'recast', '--wait=false');
    const [{ state, reason }] = await ends([id]);
    expect({ state, reason }).toEqual({ state: 'FAILURE', reason: expect.stringMatching(/./) });
    startedOnce();
  });

  test('a request is cancelled in any state, and its engine goes', async () => {
    const [first, second, waits] = [await lab.submit(quick({ seconds: 600 })), await lab.submit(quick({ seconds: 600 })), await lab.submit(quick())];
    await isIn(first, 'ACTIVE');
    await isIn(second, 'ACTIVE');
    const cancel = (id: string, user: Question['user']): Question => ({ method: 'POST', path: '/workflow_cancel', user, body: { workflow_id: id } });
    const answers = await lab.ask(cancel(waits, 'bob'), cancel(waits, 'alice'), cancel(first, 'alice'), cancel(second, 'operator'));
    expect(answers.map(({ status }) => status)).toEqual([404, 200, 200, 200]);
    expect(await ends([first, second, waits])).toEqual([
      { state: 'FAILURE', reason: 'cancelled by alice' }, { state: 'FAILURE', reason: 'cancelled by operator' }, { state: 'FAILURE', reason: 'cancelled by alice' },
    ]);
    await until('their processes are gone', async () => [first, second].every(id => lab.runs().some(({ what, id: its }) => what === 'end' && its === id)), PROMISED);
    expect((await lab.ask(cancel(first, 'alice')))[0].body).toEqual({ id: first, cancelled: false });
    expect(lab.runs().filter(({ id }) => id === waits)).toEqual([]);
  });

  test('the database is killed while engines run: they go on, and their ends are known within a minute of its return', async () => {
    const ids: string[] = [];
    for (const pars of [{ seconds: 12 }, { seconds: 12, code: 4 }, { seconds: 1 }]) { ids.push(await lab.submit(quick(pars))); }
    for (const id of ids.slice(0, 2)) { await isIn(id, 'ACTIVE'); }
    await lab.database.kill('SIGKILL');
    const [live, ready, status] = await lab.ask(
      { method: 'GET', path: '/healthz' }, { method: 'GET', path: '/readyz' }, { method: 'GET', path: `/workflow_status?workflow_ids=${ids[0]}`, user: 'alice' },
    );
    expect([live.status, ready.status, status.status]).toEqual([200, 503, 503]);
    await new Promise(resolve => setTimeout(resolve, 15_000));
    lab.database.start();
    await lab.ready();
    expect(await ends(ids)).toEqual([
      { state: 'SUCCESS', reason: '' }, { state: 'FAILURE', reason: 'the engine ended with exit code 4' }, { state: 'SUCCESS', reason: '' },
    ]);
    expect(lab.server.running).toBe(true);
    startedOnce();
  });

  test('server, database and API server are killed again and again in a burst: no engine twice, and all end', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 12; index += 1) { ids.push(await lab.submit(quick({ seconds: 1 }))); }
    const pause = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds));
    for (const milliseconds of [50, 350, 600, 900, 1300]) {
      await pause(milliseconds);
      await lab.server.restart('SIGKILL');
    }
    await lab.ready();
    await lab.database.restart('SIGKILL');
    await pause(2_000);
    await lab.controlPlane.restart('kube-apiserver');
    await pause(1_000);
    await lab.server.restart('SIGTERM');
    await lab.ready();
    expect(await ends(ids, 240)).toEqual(ids.map(() => ({ state: 'SUCCESS', reason: '' })));
    startedOnce();
    expect(lab.runs().filter(({ what, id }) => what === 'start' && ids.includes(id))).toHaveLength(ids.length);
  });

  test('200 requests at once, most of them hostile: a clear answer each, and the server stays up', async () => {
    const submit = (body: unknown, rest: Partial<Question> = {}): Question => ({ method: 'POST', path: '/workflow_submit', user: 'alice', body, ...rest });
    const nested = (levels: number) => `{"wflowtype":"yadage","workflow":"w.yml","fixed_pars":${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}}`;
    const hostile: [string, Question][] = [
      ['', submit('{"wflowtype":')],
      ['', submit('')],
      ['', submit([1, 2])],
      ['', submit('null')],
      ['workflow', submit({ wflowtype: 'yadage' })],
      ['wflowtype', submit({ ...quick(), wflowtype: 'cwl' })],
      ['interactive', submit({ ...quick(), interactive: true })],
      ['workflow', submit({ ...quick(), workflow: '../../etc/passwd' })],
      ['workflow', submit({ ...quick(), workflow: '/etc/passwd.yml' })],
      ['workflow', submit({ ...quick(), workflow: 'a: &a [*a,*a]\nb: *a' })],
      ['workflow', submit({ ...quick(), workflow: { stages: 'x' } })],
      ['toplevel', submit({ ...quick(), toplevel: 'file:///etc' })],
      ['toplevel', submit({ ...quick(), toplevel: 'specs/../../etc' })],
      ['toplevel', submit({ ...quick(), toplevel: 'http://example.org/specs' })],
      ['toplevel', submit({ ...quick(), toplevel: 'github:a/b@main:../../x' })],
      ['toplevel', submit({ ...quick(), workflow: { stages: [] }, toplevel: 'github:a/b' })],
      ['inputURL', submit({ ...quick(), inputURL: 'http://example.org/a.zip' })],
      ['inputURL', submit({ ...quick(), inputURL: 'https://kubernetes.default.svc/api' })],
      ['inputURL', submit({ ...quick(), inputURL: 'https://169.254.169.254/latest' })],
      ['inputURL', submit({ ...quick(), inputURL: 'https://[::1]/x' })],
      ['inputURL', submit({ ...quick(), inputURL: 'https://user:password@example.org/' })],
      ['inputURL', submit({ ...quick(), inputURL: 'https://localhost/x' })],
      ['resultlist', submit({ ...quick(), resultlist: ['../../*'] })],
      ['resultlist', submit({ ...quick(), resultlist: ['/etc/*'] })],
      ['resultlist', submit({ ...quick(), resultlist: Array(101).fill('a') })],
      ['shipout_spec', submit({ ...quick(), shipout_spec: { location: '../x' } })],
      ['shipout_spec.command', submit({ ...quick(), shipout_spec: { location: 'x', command: 'rm' } })],
      ['queue', submit({ ...quick(), queue: 'a,component=wflow-job' })],
      ['wflowconfigname', submit({ ...quick(), wflowconfigname: 'x\ny: z' })],
      ['labels', submit({ ...quick(), labels: { component: 'wflow-job' } })],
      ['wflowid', submit({ ...quick(), wflowid: 'mine' })],
      ['body', submit(nested(100))],
      ['body', submit(nested(20_000))],
      ['body', submit({ ...quick(), fixed_pars: { list: Array(6_000).fill(0) } })],
      ['body', submit({ ...quick(), fixed_pars: { text: 'a\0b' } })],
      ['body', submit('{"wflowtype":"yadage","workflow":"w.yml","meta_details":{"x":"\\ud800"}}')],
      ['', submit('{"wflowtype":"yadage","workflow":"w.yml","fixed_pars":{"__proto__":{"admin":true}}}')],
      ['body', submit('a', { repeat: 600_000 })],
      ['body', submit('lol: &l [lol]\n', { headers: { 'Content-Type': 'application/yaml' } })],
      ['workflow_ids', { method: 'GET', path: '/workflow_status', user: 'alice' }],
      ['workflow_ids.0', { method: 'GET', path: '/workflow_status?workflow_ids=%27%3B+drop+table+request', user: 'alice' }],
      ['workflow_ids', { method: 'GET', path: '/workflow_status', user: 'alice', body: { workflow_ids: Array(201).fill('x') } }],
      ['topic', { method: 'GET', path: '/workflow_msgs?workflow_id=x&topic=../state', user: 'alice' }],
      ['subjob_id', { method: 'GET', path: '/subjob_msgs?subjob_id=a,component%3Dwflow-engine&topic=run', user: 'alice' }],
      ['path', { method: 'GET', path: '/../../etc/passwd', user: 'alice' }],
      ['path', { method: 'DELETE', path: '/workflow_submit', user: 'alice' }],
    ];
    const questions = Array.from({ length: 200 }, (_, index) => hostile[index % hostile.length]);
    const begin = Date.now();
    const answers = await lab.ask(...questions.map(([, question]) => question));
    const took = Date.now() - begin;
    const judged = answers.map(({ status, body }, index) => ({ status, body, question: questions[index] }));
    const wrong = judged.filter(({ status, body, question: [property] }) =>
      !(status >= 400 && status < 500 && typeof body.error?.allowed === 'string' && `${body.error.property}`.startsWith(property)));
    expect(wrong).toEqual([]);
    const [healthy, ready] = await lab.ask({ method: 'GET', path: '/healthz' }, { method: 'GET', path: '/readyz' });
    expect([healthy.status, ready.status, lab.server.running]).toEqual([200, 200, true]);
    process.stdout.write(`200 hostile requests at once: ${took} ms, the slowest ${Math.max(...answers.map(({ ms }) => ms))} ms\n`);
  });

  test('200 good requests at once are all registered, and cancelled', async () => {
    const questions = Array.from({ length: 200 }, (): Question => ({ method: 'POST', path: '/workflow_submit', user: 'bob', body: quick() }));
    const begin = Date.now();
    const answers = await lab.ask(...questions);
    process.stdout.write(`200 requests at once: ${Date.now() - begin} ms, the slowest ${Math.max(...answers.map(({ ms }) => ms))} ms\n`);
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const ids = answers.map(({ body }) => body.id);
    expect(new Set(ids).size).toBe(200);
    const more = await lab.ask(...questions.slice(0, 100));
    const refused = more.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0].body.error).toMatchObject({ property: 'requests', allowed: 'at most 250 of one user that wait' });
    ids.push(...more.filter(({ status }) => status === 200).map(({ body }) => body.id));
    const running = JSON.parse(await lab.kubectl('get', 'jobs', '--namespace', 'recast', '-o', 'json')).items.filter(({ status }: any) => status.active);
    expect(running.length).toBeLessThanOrEqual(2);
    await lab.ask(...ids.map((id): Question => ({ method: 'POST', path: '/workflow_cancel', user: 'bob', body: { workflow_id: id } })));
    for (let from = 0; from < ids.length; from += 100) { await ends(ids.slice(from, from + 100)); }
    startedOnce();
  });

  test('the state of the graph, and what steps say, are asked for while they run, and after their objects are gone', async () => {
    const id = await lab.submit(quick({ seconds: 15, code: 1 }));
    await isIn(id, 'ACTIVE');
    const step = randomUUID();
    const state = { wflowid: id, state: 'FAILURE', reason: 'map_0: exit code 1', updated: '2026-11-26T17:00:12Z', nodes: [] };
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name: `wflow-nonint-${id}`, uid: await lab.kubectl('get', 'job', `wflow-nonint-${id}`, '-n', 'recast', '-o', 'jsonpath={.metadata.uid}') };
    await lab.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `wflow-state-${id}`, namespace: 'recast', ownerReferences: [owner] },
      binaryData: { 'state.json.gz': gzipSync(JSON.stringify(state)).toString('base64') },
    });
    await lab.stepPod(id, step, 'hello from the step');
    const ask = (path: string, user: Question['user']): Question => ({ method: 'GET', path, user });
    const questions = [
      ask(`/workflow_msgs?workflow_id=${id}&topic=state`, 'alice'), ask(`/subjob_msgs?subjob_id=${step}&topic=run`, 'alice'),
      ask(`/subjob_msgs?subjob_id=${step}&topic=run`, 'operator'), ask(`/subjob_msgs?subjob_id=${step}&topic=run`, 'bob'),
    ];
    const check = async () => {
      const [tracked, own, admins, others] = await lab.ask(...questions);
      expect(tracked.body.msgs).toEqual([{ wflowguid: id, msg_type: 'wflow_state', date: state.updated, state }]);
      for (const { body } of [own, admins]) { expect(body.msgs).toEqual([{ jobguid: step, msg_type: 'simple_log', date: expect.any(String), msg: 'hello from the step' }]); }
      expect(others.status).toBe(404);
    };
    await check();
    // of what the engine says and what its pod says the engine's word is taken
    expect(await ends([id])).toEqual([{ state: 'FAILURE', reason: 'map_0: exit code 1' }]);
    await new Promise(resolve => setTimeout(resolve, 12_000));
    await lab.kubectl('delete', 'job', `wflow-nonint-${id}`, '--namespace', 'recast', '--wait');
    await lab.kubectl('delete', 'pod', `wflow-job-${step}`, '--namespace', 'recast', '--force', '--grace-period=0');
    await check();
  });

  test('the log of a step that ran elsewhere: while it runs, after its object is gone, for who made the request alone', async () => {
    const id = await lab.submit(quick({ seconds: 15 }));
    const others = await lab.submit(quick({ seconds: 15 }), 'bob');
    for (const each of [id, others]) { await isIn(each, 'ACTIVE'); }
    const [step, broken, bomb, mislabelled, bobs] = Array.from({ length: 5 }, () => randomUUID());
    const configMap = async (name: string, of: string, labels: object, file: string, content: Buffer) => {
      const uid = await lab.kubectl('get', 'job', `wflow-nonint-${of}`, '-n', 'recast', '-o', 'jsonpath={.metadata.uid}');
      await lab.create({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, namespace: 'recast', labels: { wflowid: of, ...labels }, ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: `wflow-nonint-${of}`, uid }] },
        binaryData: { [file]: content.toString('base64') },
      });
    };
    const log = (of: string, jobid: string, content: Buffer, labels: object = {}) => configMap(`wflow-log-${jobid}`, of, { component: 'wflow-log', jobid, ...labels }, 'run.log.gz', content);
    const nodes = [step, broken, bomb, mislabelled, bobs].map(each => ({ id: each, state: 'SUCCESS', job: `wflow-job-${each}`, cluster: 'tsystems', log: `wflow-log-${each}` }));
    await configMap(`wflow-state-${id}`, id, { component: 'wflow-state' }, 'state.json.gz', gzipSync(JSON.stringify({ wflowid: id, state: 'ACTIVE', nodes })));
    await log(id, step, gzipSync('hello\nfrom afar\n'));
    await log(id, broken, Buffer.from('no gzip'));
    await log(id, bomb, gzipSync(Buffer.alloc(256 * 1024 * 1024)));
    await log(id, mislabelled, gzipSync('mine\n'), { component: 'something-else' });
    await log(others, bobs, gzipSync('of bob alone\n'));
    const ask = (job: string, user: Question['user']): Question => ({ method: 'GET', path: `/subjob_msgs?subjob_id=${job}&topic=run`, user });
    const check = async () => {
      const answers = await lab.ask(
        ask(step, 'alice'), ask(step, 'operator'), ask(broken, 'alice'), ask(bomb, 'alice'), ask(step, 'bob'), ask(bobs, 'alice'), ask(mislabelled, 'alice'), ask(randomUUID(), 'alice'),
      );
      const said = (job: string, ...lines: string[]) => ({ status: 200, msgs: lines.map(msg => ({ jobguid: job, msg_type: 'simple_log', date: '', msg })) });
      const unreadable = 'what the engine wrote of this step can\'t be read';
      expect(answers.map(({ status, body: { msgs } }) => ({ status, msgs }))).toEqual([
        said(step, 'hello', 'from afar'), said(step, 'hello', 'from afar'), said(broken, unreadable), said(bomb, unreadable), ...Array(4).fill({ status: 404, msgs: undefined }),
      ]);
    };
    await check();
    await ends([id, others]);
    await new Promise(resolve => setTimeout(resolve, 12_000));
    await lab.kubectl('delete', 'job', `wflow-nonint-${id}`, '--namespace', 'recast', '--wait');
    await until('the logs are gone', async () => await lab.kubectl('get', 'configmaps', '--namespace', 'recast', '--selector', `wflowid=${id}`, '-o', 'name') === '', PROMISED);
    await check();
    expect(lab.server.running).toBe(true);
  });

  test('a reader lists which requests wait, of all users and in their order, and may do nothing else', async () => {
    const ids: string[] = [];
    for (const user of ['alice', 'alice', 'bob', 'alice'] as const) { ids.push(await lab.submit(quick({ seconds: 600 }), user)); }
    for (const id of ids.slice(0, 2)) { await isIn(id, 'ACTIVE'); }
    const get = (path: string, user?: Question['user']): Question => ({ method: 'GET', path, user });
    const [readers, admins, users, nobodys] = await lab.ask(get('/waiting', 'monitor'), get('/waiting', 'operator'), get('/waiting', 'alice'), get('/waiting'));
    expect([readers, admins, users, nobodys].map(({ status }) => status)).toEqual([200, 200, 403, 401]);
    expect(readers.body).toEqual({ waiting: ids.slice(2).map(id => ({ id, state: 'REGISTERED', registered: expect.stringMatching(/^2\d{3}-\d\d-\d\dT/) })) });
    expect(admins.body).toEqual(readers.body);
    const others = await lab.ask(
      get(`/workflow_status?workflow_ids=${ids[2]}`, 'monitor'), get(`/workflow_config?workflow_ids=${ids[2]}`, 'monitor'), get('/wflows', 'monitor'),
      get(`/workflow_msgs?workflow_id=${ids[0]}&topic=log`, 'monitor'), get(`/workflow_msgs?workflow_id=${ids[0]}&topic=state`, 'monitor'),
      get(`/subjob_msgs?subjob_id=${randomUUID()}&topic=run`, 'monitor'), { method: 'POST', path: '/workflow_submit', user: 'monitor', body: quick() },
      { method: 'POST', path: '/workflow_cancel', user: 'monitor', body: { workflow_id: ids[0] } },
    );
    expect(others.map(({ status }) => status)).toEqual(others.map(() => 403));
    expect(others[0].body.error).toEqual({ property: 'Authorization', given: 'the token of a reader', allowed: 'it for GET /waiting alone' });
    await lab.ask(...ids.map((id): Question => ({ method: 'POST', path: '/workflow_cancel', user: 'operator', body: { workflow_id: id } })));
    await ends(ids);
    expect((await lab.ask(get('/waiting', 'monitor')))[0].body).toEqual({ waiting: [] });
  });

  test('who may what: nobody without a token, each his own, admins all, an engine its own context', async () => {
    const alices = await lab.submit({ ...quick({ seconds: 8 }), inputURL: 'https://example.org/a.zip', inputAuth: 'secret-of-alice' });
    const bobs = await lab.submit(quick(), 'bob');
    await isIn(alices, 'ACTIVE');
    const { data: { token } } = JSON.parse(await lab.kubectl('get', 'secret', `wflow-token-${alices}`, '--namespace', 'recast', '-o', 'json'));
    const engine = { Authorization: `Bearer ${Buffer.from(token, 'base64').toString()}` };
    const status = `/workflow_status?workflow_ids=${alices}`;
    const config = (id: string) => `/workflow_config?workflow_ids=${id}`;
    const get = (path: string, rest: Partial<Question> = {}): Question => ({ method: 'GET', path, ...rest });
    const answers = await lab.ask(
      get(status), get(status, { headers: { Authorization: 'Bearer wrong-wrong-wrong-wrong' } }), get(status, { headers: { Authorization: 'Basic YWxpY2U6eA==' } }),
      { method: 'POST', path: '/workflow_submit', body: quick() },
      get(status, { user: 'bob' }), get(config(alices), { user: 'bob' }), get(`/workflow_msgs?workflow_id=${alices}&topic=log`, { user: 'bob' }),
      get(status, { user: 'operator' }), get(status, { user: 'alice' }),
      get(config(alices), { headers: engine }), get(config(bobs), { headers: engine }), get(config(`${alices},${bobs}`), { headers: engine }), get(status, { headers: engine }),
      { method: 'POST', path: '/workflow_cancel', body: { workflow_id: bobs }, headers: engine },
      get(config(alices), { user: 'alice' }), get('/wflows', { user: 'bob' }), get('/healthz'),
    );
    expect(answers.map(each => each.status)).toEqual([401, 401, 401, 401, 404, 404, 404, 200, 200, 200, 403, 403, 401, 401, 200, 200, 200]);
    expect(answers[9].body.configs[0].inputAuth).toBe('secret-of-alice');
    expect(answers[14].body.configs[0].inputAuth).toBeUndefined();
    expect(answers[15].body.wflows).not.toContain(alices);
    await ends([alices, bobs]);
    const [late] = await lab.ask(get(config(alices), { headers: engine }));
    expect(late.status).toBe(401);
  });

  test('the ServiceAccount may do what the server calls, and nothing else', async () => {
    const may = async (namespace: string, verb: string, what: string) => {
      const [resource, subresource] = what.split(':');
      const as = ['--as', 'system:serviceaccount:recast:wflowmanager', '--namespace', namespace, ...subresource ? ['--subresource', subresource] : []];
      return (await lab.controlPlane.kubectl(['auth', 'can-i', verb, resource, ...as])).stdout.trim() === 'yes';
    };
    const calls = ['create jobs', 'get jobs', 'list jobs', 'watch jobs', 'delete jobs', 'list pods', 'watch pods', 'get pods:log', 'get configmaps', 'create secrets'];
    const never = [
      'get secrets', 'list secrets', 'update secrets', 'delete secrets', 'patch jobs', 'update jobs', 'create pods', 'delete pods', 'get pods', 'create pods:exec',
      'update configmaps', 'create configmaps', 'list configmaps', 'create serviceaccounts:token', 'create roles.rbac.authorization.k8s.io',
    ];
    for (const call of calls) {
      const [verb, what] = call.split(' ');
      expect([call, await may('recast', verb, what), await may('default', verb, what)]).toEqual([call, true, false]);
    }
    for (const call of never) {
      const [verb, what] = call.split(' ');
      expect([call, await may('recast', verb, what)]).toEqual([call, false]);
    }
    expect(await may('default', 'patch', 'workflows.yadage.github.io:status')).toBe(true);
    expect(await may('default', 'patch', 'workflows.yadage.github.io')).toBe(false);
    expect(await may('default', 'create', 'workflows.yadage.github.io')).toBe(false);
  });

  test('recast submit: a Workflow object is a request, and its status says what recast asks for', async () => {
    const object = (name: string, spec: object) => JSON.stringify({ apiVersion: 'yadage.github.io/v1', kind: 'Workflow', metadata: { name, namespace: 'default' }, spec });
    const spec = { dataarg: 'recast-1', dataopts: {}, initdata: { seconds: 3 }, workflow: 'rootflow.yml', toplevel: 'github:yadage/yadage-workflows@main:testing/busybox-flow', visualize: true };
    for (const text of [object('recast-1', spec), object('recast-2', { ...spec, toplevel: '/root/specs' }), object('recast-3', { ...spec, initdata: { seconds: 600 } })]) {
      const { status, stderr } = await lab.controlPlane.kubectl(['create', '-f', '-'], { input: text });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    }
    const status = async (name: string) => JSON.parse(await lab.kubectl('get', 'workflows.yadage.github.io', name, '--namespace', 'default', '-o', 'json')).status;
    await until('the third is active', async () => (await status('recast-3'))?.state === 'ACTIVE', PROMISED);
    const { wflowid } = await status('recast-3');
    await lab.kubectl('delete', 'workflows.yadage.github.io', 'recast-3', '--namespace', 'default');
    expect(await ends([wflowid])).toEqual([{ state: 'FAILURE', reason: 'its Workflow object was deleted' }]);
    await until('the first has succeeded', async () => (await status('recast-1'))?.workflow.succeeded === 1, PROMISED);
    expect(await status('recast-1')).toMatchObject({ state: 'SUCCESS', workflow: { succeeded: 1 } });
    expect((await status('recast-1')).workflow.active ?? undefined).toBeUndefined();
    expect(await status('recast-2')).toMatchObject({ state: 'FAILURE', workflow: { failed: 1 }, reason: expect.stringContaining('toplevel') });
    startedOnce();
  });
});

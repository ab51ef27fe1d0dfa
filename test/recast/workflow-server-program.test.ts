import * as fs from 'fs';
import * as path from 'path';
import { gzipSync } from 'zlib';
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { configuration } from '../../packages/workflow-server/src/configuration';
import { contextOf, SUBMISSION, submissionProblem } from '../../packages/workflow-server/src/context';
import { endOf, podReason } from '../../packages/workflow-server/src/engine-end';
import { engineJob, template } from '../../packages/workflow-server/src/engine-job';
import { writtenJobs } from '../../packages/workflow-server/src/kept-logs';
import { messages, writtenLog } from '../../packages/workflow-server/src/messages';
import { isGlob, isHttpsUrl, isPath, isToplevel } from '../../packages/workflow-server/src/places';
import { shapeProblem } from '../../packages/workflow-server/src/shape';
import { Users } from '../../packages/workflow-server/src/users';
import { Validator } from '../../packages/workflow-server/src/validation';
import { scratchDirectory } from '../scratch';

const ID = '3f1c6a7e-0000-4000-8000-000000000000';
const SHIP = { shipTarget: { user: 'ship', host: 'wflow-shiptarget.recast.svc', port: '2022' } };

describe('what a request may say', () => {
  test('paths lead nowhere else, whatever they are joined to', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: fc.constantFrom('a', '.', '/', '\\', '-', '*', '\0', ' ') }), fc.string()), text => {
      for (const isRight of [isPath, isGlob]) {
        if (isRight(text)) {
          expect(path.posix.normalize(path.posix.join('/root/of/it', text))).toBe(`/root/of/it/${text}`);
          expect(text).toMatch(/^[\x21-\x7e]+$/);
        }
      }
    }), { numRuns: 2000 });
    expect(['a', 'a/b.yml', '_adage', 'x@y=1+2-3'].filter(text => !isPath(text))).toEqual([]);
    expect(['_adage', '**/*.log', 'a/b?/*.root'].filter(text => !isGlob(text))).toEqual([]);
    expect(['', '.', '..', 'a/../b', '/a', 'a//b', '.a', '-a', 'a\n', 'a b', 'a\\b', 'é', 'a'.repeat(256)].filter(isPath)).toEqual([]);
  });

  test('addresses are of hosts elsewhere, by https', () => {
    expect(['https://zenodo.org/a.zip', 'https://a.b.example:8443/x?y=z'].filter(url => !isHttpsUrl(url))).toEqual([]);
    const refused = [
      'http://zenodo.org', 'https://localhost', 'https://127.0.0.1/', 'https://2130706433/', 'https://0x7f.1/', 'https://[::1]/', 'https://a.svc/', 'https://x.cluster.local/',
      'https://u:p@zenodo.org/', 'https://u@zenodo.org/', 'https://nodots/', 'https://zenodo.org/a b', 'https:zenodo.org', 'file:///etc/passwd', 'https://metadata.google.internal/',
      'https://kubernetes.default.svc', 'https://KUBERNETES.default.SVC./', `https://zenodo.org/${'a'.repeat(2048)}`,
    ];
    expect(refused.filter(url => isHttpsUrl(url))).toEqual([]);
    expect([isHttpsUrl('https://zenodo.org/', ['zenodo.org']), isHttpsUrl('https://zenodo.org.evil.example/', ['zenodo.org'])]).toEqual([true, false]);
  });

  test('toplevel', () => {
    const right = ['github:yadage/yadage-workflows@main:testing/busybox-flow', 'github:a/b', 'gitlab-cern:g/s/r@v1.0:x', 'from-github/phenochain', 'specs', 'https://example.org/specs'];
    expect(right.filter(text => !isToplevel(text))).toEqual([]);
    const wrong = ['/etc', '../x', 'github:a', 'github:a/b:../c', 'github:../b', 'file:///etc', 'http://example.org', 'from-cap/1\n', 'github:a/b@main:/etc', ''];
    expect(wrong.filter(text => isToplevel(text))).toEqual([]);
  });

  test('shapes: depth, amount, and text that PostgreSQL keeps', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level += 1) { deep = [deep]; }
    expect(shapeProblem(deep)?.allowed).toBe('at most 24 levels');
    expect(shapeProblem(Array(5001).fill(0))?.allowed).toContain('5000 entries');
    expect(shapeProblem(Array(300).fill(Array(100).fill(0)))?.allowed).toContain('20000 values');
    for (const value of ['a\0', { 'a\0': 1 }, ['\ud800'], '\udc00x']) { expect(shapeProblem(value)?.allowed).toContain('Unicode'); }
    expect(shapeProblem({ a: ['\u{1f600}', 1, null, true] })).toBeUndefined();
  });

  test('a problem names the property, what was given and what is allowed; a secret isn\'t repeated', () => {
    const validator = new Validator(SUBMISSION);
    expect(validator.problemOf({ wflowtype: 'yadage', workflow: 'w.yml', resultlist: ['a', 7] })).toEqual({ property: 'resultlist.1', given: '7', allowed: expect.any(String) });
    expect(validator.problemOf({ wflowtype: 'yadage', workflow: 'w.yml', inputAuth: 'very secret' })).toEqual({ property: 'inputAuth', allowed: expect.any(String) });
    expect(validator.problemOf({ wflowtype: 'yadage' })).toMatchObject({ property: 'workflow', given: 'nothing' });
    expect(validator.problemOf({ 'wflowtype': 'yadage', 'workflow': 'w.yml', '\u202ex': 1 })).toMatchObject({ property: '\\u202ex' });
  });

  test('results go below the name of who asked, to the ship target alone', () => {
    const body = { wflowtype: 'yadage', workflow: 'w.yml', shipout_spec: { user: 'ship', host: SHIP.shipTarget.host, port: 2022, location: '/results/higgs/run1' } };
    expect(submissionProblem(body, SHIP)).toBeUndefined();
    expect(contextOf(ID, 'alice', body, SHIP)).toEqual({
      interactive: false,
      fixed_pars: {},
      resultlist: [],
      workflow: 'w.yml',
      jobguid: ID,
      entry_point: 'wflowyadageworker.backendtasks:run_workflow',
      shipout_spec: { ...SHIP.shipTarget, location: '/results/alice/higgs/run1' },
    });
    const wrong = (spec: object) => submissionProblem({ ...body, shipout_spec: spec }, SHIP)?.property;
    expect([wrong({ location: '../bob' }), wrong({ location: 'x', host: 'evil.example' }), wrong({ location: 'x', user: 'root' }), wrong({ location: 'x', port: '22' })]).toEqual(
      ['shipout_spec.location', 'shipout_spec.host', 'shipout_spec.user', 'shipout_spec.port']);
    expect(submissionProblem(body, {})?.property).toBe('shipout_spec');
  });
});

describe('the engine', () => {
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: null, labels: { wflowid: null, extra: 'kept' } },
    spec: {
      backoffLimit: 6,
      template: {
        metadata: { name: null, labels: { wflowid: null } },
        spec: { restartPolicy: 'OnFailure', containers: [{ name: 'worker', image: 'engine', command: ['sh', '-c', 'x {wflowid} && y {wflowid}'], env: [{ name: 'WFLOW_ID', value: '?' }] }] },
      },
    },
  };
  const file = (content: unknown) => {
    const name = path.join(scratchDirectory(), 'job_template');
    fs.writeFileSync(name, typeof content === 'string' ? content : stringify(content));
    return name;
  };

  test('its Job is the template, with the id, and never runs twice', () => {
    const made = engineJob({ jobTemplate: file(job), jobSeconds: 60, shipSecret: 'ssh' }, ID) as any;
    expect(made).toMatchObject({
      metadata: { name: `wflow-nonint-${ID}`, labels: { wflowid: ID, component: 'wflow-engine', engine_type: 'yadage', interactive: 'false', extra: 'kept' } },
      spec: { ttlSecondsAfterFinished: 60, parallelism: 1, completions: 1, backoffLimit: 0, template: { metadata: { labels: { wflowid: ID } }, spec: { restartPolicy: 'Never' } } },
    });
    const { containers: [{ command, env }], volumes } = made.spec.template.spec;
    expect(command[2]).toBe(`x ${ID} && y ${ID}`);
    expect(env).toEqual([{ name: 'WFLOW_ID', value: ID }, { name: 'WFLOW_TOKEN_FILE', value: '/wflow-token/token' }, { name: 'WFLOW_SHIP_KEYS', value: '/wflow-ship' }]);
    expect(volumes.map(({ secret }: any) => secret.secretName)).toEqual([`wflow-token-${ID}`, 'ssh']);
    expect(made.spec.template.metadata).not.toHaveProperty('name');
  });

  test('a template that is none is refused, a YAML bomb among them', () => {
    for (const content of ['', 'a: 1', { ...job, kind: 'CronJob' }, { ...job, spec: {} }, 'a: &a [x]\nb: *a\n']) { expect(() => template(file(content))).toThrow(); }
  });

  test('why it ended', () => {
    const container = (state: object) => [{ status: { containerStatuses: [{ state }] } }] as any;
    expect(podReason(container({ terminated: { reason: 'OOMKilled', exitCode: 137 } }))).toContain('over its memory limit');
    expect(podReason(container({ terminated: { exitCode: 137 } }))).toBe('the engine was killed by signal 9');
    expect(podReason(container({ terminated: { exitCode: 2, message: 'failed: map_0' } }))).toBe('the engine ended with exit code 2: failed: map_0');
    expect(podReason(container({ waiting: { reason: 'ImagePullBackOff', message: 'no such image' } }))).toBe('the engine\'s container waits: ImagePullBackOff: no such image');
    expect(podReason([{ status: { reason: 'Evicted', message: 'the node was low on memory' } }] as any)).toBe('the engine\'s pod was ended: Evicted: the node was low on memory');
    expect(podReason([{ status: { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes' }] } }] as any)).toBe('the engine\'s pod has no machine: 0/3 nodes');
    const of = (...conditions: object[]) => ({ status: { conditions: conditions.map(condition => ({ status: 'True', ...condition })) } }) as any;
    expect(endOf(of({ type: 'Complete' }), [], undefined)).toEqual({ state: 'SUCCESS', reason: '' });
    expect(endOf(of({ type: 'FailureTarget', reason: 'BackoffLimitExceeded' }), [], undefined)).toEqual({ state: 'FAILURE', reason: 'the engine\'s Job failed: BackoffLimitExceeded' });
    expect(endOf(of({ type: 'Failed' }), [], { state: 'FAILURE', reason: 'map_0: OOMKilled' })).toEqual({ state: 'FAILURE', reason: 'map_0: OOMKilled' });
    expect(endOf(of(), [], undefined)).toBeUndefined();
  });

  test('lines of a log as messages', () => {
    expect(messages('2026-11-26T17:00:00.5Z first\nno time\n\n')).toEqual([{ date: '2026-11-26T17:00:00.5Z', msg: 'first' }, { date: '', msg: 'no time' }]);
  });
});

describe('the log of a step that ran elsewhere', () => {
  const log = (packed?: Buffer) => writtenLog({ metadata: { name: 'x', uid: '', resourceVersion: '' }, ...packed && { binaryData: { 'run.log.gz': packed.toString('base64') } } });

  test('has its last lines', () => {
    expect(log(gzipSync('first\n\nlast\n'))).toBe('first\nlast');
    expect(log(gzipSync('line\n'.repeat(4000))).split('\n')).toHaveLength(3000);
  });

  test('that is none says so: no gzip, a gigabyte of nothing, nothing at all', () => {
    const said = 'what the engine wrote of this step can\'t be read';
    expect([log(Buffer.from('no gzip')), log(gzipSync(Buffer.alloc(64 * 1024 * 1024))), log()]).toEqual([said, said, said]);
  });

  test('is kept of steps that have an id, each once', () => {
    const node = (job: unknown, to: unknown = 'x') => ({ job, log: to });
    expect(writtenJobs({ nodes: [node(`wflow-job-${ID}`), node(`wflow-job-${ID}`), node(`wflow-job-${ID}`, 7), node('wflow-job-../x'), node(7), null, 'x'] })).toEqual([ID]);
    expect([writtenJobs(undefined), writtenJobs({}), writtenJobs({ nodes: 'x' })]).toEqual([[], [], []]);
  });
});

describe('the server', () => {
  test('knows its users by their tokens; short ones and the links of a mounted Secret are none', () => {
    const directory = scratchDirectory();
    for (const [name, token] of Object.entries({ 'alice': 'a-long-enough-token\n', 'bob': 'short', '..data': 'not-a-user-at-all-here' })) { fs.writeFileSync(path.join(directory, name), token); }
    const users = new Users(directory, ['alice'], []);
    expect(users.of('a-long-enough-token')).toEqual({ name: 'alice', admin: true, reader: false });
    expect(new Users(directory, ['alice'], ['alice']).of('a-long-enough-token')).toEqual({ name: 'alice', admin: false, reader: true });
    expect(['short', 'not-a-user-at-all-here', '', 'a-long-enough-toke'].map(token => users.of(token))).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('says all that is wrong with its environment at once', () => {
    const wrong = { WFLOW_NSLOTS: '0', WFLOW_SERVER_PORT: 'x', WFLOW_TOKENS: '/nowhere', WFLOW_JOB_TEMPLATE: '/nowhere' };
    expect(() => configuration(wrong)).toThrow(/^WFLOW_SERVER_PORT.*\nWFLOW_NSLOTS.*\nWFLOW_JOB_TEMPLATE.*\nWFLOW_TOKENS/);
  });
});

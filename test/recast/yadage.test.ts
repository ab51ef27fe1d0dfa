import * as fs from 'fs';
import * as path from 'path';
import { App, Chart, Duration, JsonPatch, Size, Testing, Yaml } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-27';
import {
  Cluster, FirewallRules, RequiredSecrets, StepBackend, StepOptions, WorkflowInputs, WorkflowSpec, WorkflowStorage, YadageEngine, YadageEngineProps,
  YadageWorkflow, YadageWorkflowProps,
} from '../../src';
import { scratchDirectory } from '../scratch';
import { objectOf, report } from '../synth';

/* eslint-disable @typescript-eslint/no-explicit-any */

const STEP = {
  process: { process_type: 'string-interpolated-cmd', cmd: 'fit {outputfile}' },
  publisher: { publisher_type: 'frompar-pub', outputmap: { result: 'outputfile' } },
  environment: { environment_type: 'docker-encapsulated', image: 'docker.io/atlas/analysis', imagetag: '21.2' },
};

const SPEC = {
  stages: [{
    name: 'fit', dependencies: ['init'], scheduler: { scheduler_type: 'singlestep-stage', parameters: { outputfile: '{workdir}/fit.json' }, step: STEP },
  }],
};

/** A workflow of one step in an environment. */
const lone = (environment: object) =>
  WorkflowSpec.inline({ stages: [{ ...SPEC.stages[0], scheduler: { ...SPEC.stages[0].scheduler, step: { ...STEP, environment } } }] });

interface Given {
  readonly engine?: Partial<YadageEngineProps>;
  readonly workflow?: Partial<YadageWorkflowProps>;
  readonly id?: string;
}

function program({ engine: engineProps, workflow: workflowProps, id = 'higgs' }: Given = {}) {
  const app = new App({ outdir: scratchDirectory() });
  const host = new Cluster(app, 'host');
  const engine = new YadageEngine(host, 'engine', { image: 'registry.cern.ch/yadage:1', storage: WorkflowStorage.newClaim(), ...engineProps });
  const workflow = new YadageWorkflow(host, id, { engine, spec: WorkflowSpec.inline(SPEC), ...workflowProps });
  return { app, host, engine, workflow };
}

const options = (given: Given = {}): any => Yaml.load(written(program(given).engine.backendOptions()))[0];

function written(text: string, name = 'file.yml'): string {
  const file = path.join(scratchDirectory(), name);
  fs.writeFileSync(file, text);
  return file;
}

const engineJob = ({ host }: { readonly host: Chart }) => objectOf(host, 'Job', /^wflow-nonint-/);
const run = ({ host }: { readonly host: Chart }): any => Yaml.load(written(objectOf(host, 'ConfigMap', /^wflow-spec-/).data['yadage-run']))[0];

test('an engine and a workflow', () => {
  const objects = Testing.synth(program().host).map(each => /^wflow-engine-(steps|process)$/.test(each.metadata.name!) ? { ...each, data: Object.keys(each.data) } : each);
  expect(objects).toMatchSnapshot();
});

test.each([['wflow-engine-steps', 'sharedstatekube'], ['wflow-engine-process', 'wflowbackend']])('in %s the module %s goes with it, as it is in its package', (name, module) => {
  const { data } = objectOf(program().host, 'ConfigMap', name);
  const folder = path.join(__dirname, '..', '..', 'packages', module, module);
  expect(Object.keys(data)).toContain('__init__.py');
  for (const [file, text] of Object.entries(data)) { expect(text).toBe(fs.readFileSync(path.join(folder, file), 'utf8')); }
});

describe('a workflow is what it is', () => {
  const id = (given: Given) => program(given).workflow.workflowId;

  test('its id is on everything of it, and is the same for the same program', () => {
    const made = program();
    const { metadata, spec } = engineJob(made);
    expect(made.workflow.workflowId).toMatch(/^higgs-[0-9a-f]{8}$/);
    expect(metadata.name).toBe(`wflow-nonint-${made.workflow.workflowId}`);
    expect(metadata.labels).toEqual({ wflowid: made.workflow.workflowId, component: 'wflow-engine', engine_type: 'yadage', interactive: 'false' });
    expect(spec.template.metadata.labels).toEqual(metadata.labels);
    expect(JSON.stringify(spec)).not.toContain('{wflowid}');
    expect(id({})).toBe(made.workflow.workflowId);
  });

  test.each<[string, Given]>([
    ['parameters', { workflow: { parameters: { mass: 125 } } }],
    ['a specification', { workflow: { spec: WorkflowSpec.inline({ ...SPEC, extra: true }) } }],
    ['inputs', { workflow: { inputs: WorkflowInputs.directory('inputs/higgs') } }],
    ['an image of the engine', { engine: { image: 'registry.cern.ch/yadage:2' } }],
    ['a time limit', { workflow: { timeLimit: Duration.hours(1) } }],
    ['a name', { workflow: { name: 'susy' } }],
  ])('with %s it is another one', (_, given) => {
    expect(id(given)).not.toBe(id({}));
  });

  test('and not with another way to run its steps', () => {
    expect(id({ engine: { steps: { keep: Duration.hours(1) } } })).toBe(id({}));
  });

  test('a patch of its Job makes it another one', () => {
    const { workflow, host } = program();
    const before = workflow.workflowId;
    workflow.job.addJsonPatch(JsonPatch.add('/spec/suspend', true));
    expect(workflow.workflowId).not.toBe(before);
    expect(engineJob({ host }).metadata.name).toBe(`wflow-nonint-${workflow.workflowId}`);
  });
});

describe('what is run', () => {
  test('its parameters, and where its files are', () => {
    expect(run(program({ workflow: { parameters: { mass: 125, samples: ['a', 'b'] } } }))).toEqual({
      toplevel: '/workflow/spec', workflow: 'workflow.yml', initdata: { mass: 125, samples: ['a', 'b'] }, backend: 'py:sharedstatekube:backend', updateinterval: 5, visualize: false,
    });
  });

  test('a file of a specification', () => {
    const made = program({ workflow: { spec: WorkflowSpec.file(written(Yaml.stringify(SPEC), 'higgs.yaml')) } });
    expect(run(made)).toMatchObject({ toplevel: '/workflow/spec', workflow: 'higgs.yaml' });
    expect(Yaml.load(written(objectOf(made.host, 'ConfigMap', /^wflow-spec-/).data['higgs.yaml']))[0]).toEqual(SPEC);
  });

  test('a folder of them', () => {
    const directory = scratchDirectory();
    const top = { stages: [{ ...SPEC.stages[0], scheduler: { ...SPEC.stages[0].scheduler, step: { $ref: 'steps.yml#/fit' } } }] };
    fs.writeFileSync(path.join(directory, 'workflow.yml'), Yaml.stringify(top));
    fs.writeFileSync(path.join(directory, 'steps.yml'), Yaml.stringify({ fit: STEP }));
    fs.writeFileSync(path.join(directory, 'notes.txt'), 'not of it');
    const made = program({ workflow: { spec: WorkflowSpec.directory(directory) } });
    expect(Object.keys(objectOf(made.host, 'ConfigMap', /^wflow-spec-/).data)).toEqual(['steps.yml', 'workflow.yml', 'yadage-run']);
    expect(report(made)).toBe('accepted');
    expect(engineJob(made).spec.template.spec.containers[0].volumeMounts.filter(({ name }: any) => name === 'workflow').map(({ mountPath }: any) => mountPath))
      .toEqual(['/workflow/yadage-run', '/workflow/spec/steps.yml', '/workflow/spec/workflow.yml']);
  });

  test('a repository, with its token', () => {
    const made = program({
      workflow: {
        spec: WorkflowSpec.git({ repository: 'github:recast-hep/workflows', ref: '1f2e3d', folder: 'higgs', file: 'top.yml' }), specToken: { secretName: 'github' },
      },
    });
    expect(run(made)).toMatchObject({ toplevel: 'github:recast-hep/workflows@1f2e3d:higgs', workflow: 'top.yml' });
    expect(engineJob(made).spec.template.spec.containers[0].env).toContainEqual(
      { name: 'YADAGE_SCHEMA_LOAD_TOKEN', valueFrom: { secretKeyRef: { name: 'github', key: 'token' } } });
    expect(RequiredSecrets.of(made.app).secrets.map(({ secret }) => secret)).toEqual(['recast/github']);
  });

  test('inputs that are there, or that are fetched', () => {
    expect(run(program({ workflow: { inputs: WorkflowInputs.directory('inputs/higgs') } })).dataopts).toEqual({ initdir: '/srv/workerdata/inputs/higgs' });
    const made = program({ workflow: { inputs: WorkflowInputs.archive('https://zenodo.org/inputs.zip', 'inputs/'), inputToken: { secretName: 'zenodo', key: 'key' } } });
    expect(run(made).dataopts).toEqual({ inputarchive: 'https://zenodo.org/inputs.zip', archivematch: 'inputs/' });
    expect(engineJob(made).spec.template.spec.containers[0].env).toContainEqual(
      { name: 'YADAGE_INIT_TOKEN', valueFrom: { secretKeyRef: { name: 'zenodo', key: 'key' } } });
  });

  test('its images are known to who mirrors them', () => {
    expect(FirewallRules.of(program().app).toString()).toContain('docker.io');
    const made = program({ workflow: { spec: lone({ ...STEP.environment, image: 'registry.example.org/mine' }) } });
    expect(FirewallRules.of(made.app).toString()).toContain('registry.example.org');
  });
});

describe('how steps run', () => {
  test('restricted, as the user of the engine', () => {
    expect(options()).toEqual({
      namespace: 'recast',
      incluster: true,
      stateopts: { type: 'sharedvol', shared_mount: '/srv/workerdata', shared_volume: { persistentVolumeClaim: { claimName: 'wflowworker-data' } } },
      resource_labels: { component: 'wflow-job', jobid: '{jobid}' },
      resources_opts: { requests: { cpu: '1', memory: '2Gi' }, limits: { memory: '2Gi' } },
      pod: {
        securityContext: {
          runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000, fsGroupChangePolicy: 'OnRootMismatch', seccompProfile: { type: 'RuntimeDefault' },
        },
        terminationGracePeriodSeconds: 5,
      },
      container_security: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      ttl_seconds_after_finished: 86400,
      start_patience_seconds: 600,
    });
  });

  test('every option', () => {
    const steps: StepOptions = {
      resources: { cpu: { request: Cpu.units(2), limit: Cpu.units(4) }, memory: { request: Size.gibibytes(1), limit: Size.gibibytes(8) } },
      user: 500,
      serviceAccountName: 'steps',
      timeLimit: Duration.hours(12),
      startTimeout: Duration.minutes(1),
      keep: Duration.hours(2),
      nodeSelector: { pool: 'analysis' },
      tolerations: [{ key: 'spot', operator: 'Exists' }],
      priorityClassName: 'low',
      queueName: 'analyses',
      authSecretName: 'hepauth',
      cvmfsClaims: { 'atlas.cern.ch': 'cvmfs-atlas' },
      labels: { team: 'exotics' },
    };
    expect(options({ engine: { steps, user: 2000, storage: WorkflowStorage.claim('shared', 'recast'), imagePullSecrets: ['registry'] } })).toMatchObject({
      stateopts: { sub_path: 'recast', shared_volume: { persistentVolumeClaim: { claimName: 'shared' } } },
      resource_labels: { component: 'wflow-job', jobid: '{jobid}', team: 'exotics' },
      resources_opts: { requests: { cpu: '2', memory: '1024Mi' }, limits: { cpu: '4', memory: '8192Mi' } },
      svcaccount: 'steps',
      image_pull_secrets: ['registry'],
      pod: {
        securityContext: { runAsUser: 500, runAsGroup: 2000, fsGroup: 2000 },
        nodeSelector: { pool: 'analysis' },
        tolerations: [{ key: 'spot', operator: 'Exists' }],
        priorityClassName: 'low',
      },
      ttl_seconds_after_finished: 7200,
      active_deadline_seconds: 43200,
      start_patience_seconds: 60,
      queue_name: 'analyses',
      auth: 'hepauth',
      cvmfs: { 'atlas.cern.ch': { persistentVolumeClaim: { claimName: 'cvmfs-atlas', readOnly: true } } },
    });
  });

  test.each<[string, Partial<YadageEngineProps>, string]>([
    ['restricted', {}, 'restricted'],
    ['as root', { steps: { root: true } }, 'baseline'],
    ['on a directory of the node', { storage: WorkflowStorage.hostPath('/data/recast') }, 'privileged'],
  ])('the namespace takes them: %s', (_, engine, level) => {
    expect(objectOf(program({ engine }).host, 'Namespace', 'recast').metadata.labels['pod-security.kubernetes.io/enforce']).toBe(level);
  });

  test("as root, and on a node's directory", () => {
    expect(options({ engine: { steps: { root: true }, storage: WorkflowStorage.hostPath('/data/recast') } })).toMatchObject({
      stateopts: { shared_volume: { hostPath: { path: '/data/recast', type: 'Directory' } } },
      pod: { securityContext: { runAsUser: 0 } },
      container_security: { allowPrivilegeEscalation: false },
    });
  });

  test("in the dialect of Packtivity's backend", () => {
    const engine = { backend: StepBackend.KUBE_DIRECT_JOB, steps: { root: true, authSecretName: 'mine', labels: { team: 'exotics' } }, imagePullSecrets: ['registry'] };
    expect(options({ engine })).toEqual({
      kubeconfig: 'incluster',
      namespace: 'recast',
      path_base: '/srv/workerdata',
      state_type: 'claim',
      claim_name: 'wflowworker-data',
      resource_labels: { component: 'wflow-job', team: 'exotics' },
      resource_opts: { requests: { cpu: '1', memory: '2Gi' }, limits: { memory: '2Gi' } },
      secrets: { hepauth: 'mine', hepimgcred: [{ name: 'registry' }] },
    });
    expect(options({ engine: { ...engine, storage: WorkflowStorage.hostPath('/data/recast') } })).toMatchObject({ state_type: 'hostPath', claim_name: '/data/recast' });
    expect(run(program({ engine }))).toMatchObject({ backend: 'kubedirectjob' });
  });
});

test('the engine: its user, resources, nodes, interval, and who may connect to it', () => {
  const made = program({
    engine: {
      namespace: 'analyses',
      user: 2000,
      resources: { memory: { limit: Size.gibibytes(2) } },
      updateInterval: Duration.seconds(30),
      imagePullSecrets: ['registry'],
      nodeSelector: { wflowrole: 'engine-node' },
      networkPolicies: false,
    },
  });
  const { spec } = engineJob(made).spec.template;
  expect(spec).toMatchObject({
    securityContext: { runAsUser: 2000 },
    imagePullSecrets: [{ name: 'registry' }],
    nodeSelector: { wflowrole: 'engine-node' },
    containers: [{ resources: { limits: { memory: '2048Mi' } } }],
  });
  expect(run(made).updateinterval).toBe(30);
  const namespaces = Testing.synth(made.host).flatMap(({ metadata }) => metadata.namespace ?? []);
  expect([...new Set(namespaces)]).toEqual(['analyses']);
  expect(Testing.synth(made.host).filter(({ kind }) => kind === 'NetworkPolicy')).toEqual([]);
  expect(Testing.synth(program().host).filter(({ kind }) => kind === 'NetworkPolicy').map(({ spec: policy }) => policy)).toEqual([
    { podSelector: { matchLabels: { component: 'wflow-engine' } }, policyTypes: ['Ingress'] },
    { podSelector: { matchLabels: { component: 'wflow-job' } }, policyTypes: ['Ingress'] },
  ]);
});

test('what the workflow server makes engines of', () => {
  const { data } = objectOf(program({ engine: { workflowServerUrl: 'https://recast.cern.ch', updateInterval: Duration.seconds(30) } }).host, 'ConfigMap', 'wflow-engine-conf-yadage');
  const template: any = Yaml.load(written(data.job_template))[0];
  // the server follows no alias
  expect(data.job_template).not.toMatch(/[&*]a\d/);
  const labels = { wflowid: null, component: 'wflow-engine', engine_type: 'yadage', interactive: 'false' };
  expect(template).toMatchObject({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: null, labels }, spec: { backoffLimit: 0, template: { metadata: { labels } } } });
  const [{ command, env }] = template.spec.template.spec.containers;
  expect(command.slice(-1)[0]).toMatch(/^umask 0002 && exec python3 -m wflowbackend.process .*--config-from-server \{wflowid\}$/);
  expect(env).toEqual(expect.arrayContaining([
    { name: 'WFLOW_SERVER', value: 'https://recast.cern.ch' }, { name: 'WFLOW_BACKEND', value: 'py:sharedstatekube:backend' }, { name: 'WFLOW_YADAGEUPDATE', value: '30' },
  ]));
  expect(env.map(({ name }: any) => name)).not.toContain('WFLOW_ID');
});

test('a claim of one class and size', () => {
  const { host } = program({ engine: { storage: WorkflowStorage.newClaim({ storageClass: 'cephfs', size: Size.tebibytes(1), claimName: 'data' }) } });
  expect(objectOf(host, 'PersistentVolumeClaim', 'data').spec).toEqual({ accessModes: ['ReadWriteMany'], storageClassName: 'cephfs', resources: { requests: { storage: '1Ti' } } });
  expect(Testing.synth(program({ engine: { storage: WorkflowStorage.claim('there') } }).host).filter(({ kind }) => kind === 'PersistentVolumeClaim')).toEqual([]);
});

describe('refused is', () => {
  const direct = { backend: StepBackend.KUBE_DIRECT_JOB };
  test.each<[string, Given, RegExp]>([
    ['a wrong namespace', { engine: { namespace: 'Re_cast' } }, /host\/engine.*namespace: given "Re_cast"/s],
    ['no image', { engine: { image: '' } }, /image: given ""/],
    ['root as the engine', { engine: { user: 0 } }, /user: given 0, allowed: a user id from 1 on/],
    ['an interval below a second', { engine: { updateInterval: Duration.millis(20) } }, /updateInterval: given "0.02 s"/],
    ['a server of no address', { engine: { workflowServerUrl: 'wflow-server' } }, /workflowServerUrl: given "wflow-server"/],
    ['a relative path of the node', { engine: { storage: WorkflowStorage.hostPath('data') } }, /storage.path: given "data"/],
    ['a claim of no name', { engine: { storage: WorkflowStorage.claim('Data!') } }, /storage.claimName: given "Data!"/],
    ['a way out of the claim', { engine: { storage: WorkflowStorage.claim('data', '../other') } }, /storage.subPath: given "..\/other"/],
    ['root beside a user', { engine: { steps: { root: true, user: 500 } } }, /steps.root: given true, allowed: false beside user/],
    ['a part of a user', { engine: { steps: { user: 0.5 } } }, /steps.user: given 0.5/],
    ['names of nothing', { engine: { steps: { queueName: 'A B', authSecretName: '' } } }, /steps.queueName: given "A B".*steps.authSecretName: given ""/s],
    ['parts of seconds', { engine: { steps: { timeLimit: Duration.millis(1500), keep: Duration.millis(1) } } }, /steps.timeLimit: given "1.5 s".*steps.keep: given "0.001 s"/s],
    ['a Job that is gone before its engine sees the end', { engine: { steps: { keep: Duration.minutes(1) } } }, /steps.keep: given "60 s", allowed: whole seconds, from 600 on/],
    ['a start in no time', { engine: { steps: { startTimeout: Duration.seconds(0) } } }, /steps.startTimeout: given "0 s"/],
    ['labels of the backend', { engine: { steps: { labels: { wflowid: 'mine' } } } }, /steps.labels: given "wflowid"/],
    ['labels that are none', { engine: { steps: { labels: { 'a b': 'c', 'd': 'e f' } } } }, /steps.labels: given "a b".*steps.labels\['d'\]: given "e f"/s],
    ['a place for steps that nobody declared', { engine: { steps: { computeBackend: 'tsystems' } } }, /steps.computeBackend: given "tsystems", allowed: kubernetes/],
    ['repositories that are none', { engine: { steps: { cvmfsClaims: { 'atlas/x': 'a', 'sft.cern.ch': 'B' } } } }, /"atlas\/x".*\['sft.cern.ch'\]: given "B"/s],
    ["what Packtivity's backend can't do", { engine: { ...direct, steps: { root: true, keep: Duration.hours(1) } } }, /steps.keep: given .*KUBE_DIRECT_JOB/],
    ["Packtivity's backend without root", { engine: direct }, /steps.root: given undefined, allowed: true with StepBackend.KUBE_DIRECT_JOB/],
    ["Packtivity's backend on a part of a claim", { engine: { ...direct, steps: { root: true }, storage: WorkflowStorage.claim('data', 'part') } }, /storage.subPath: given "part", allowed: none/],
    ['a name that is none', { id: 'Higgs' }, /name: given "Higgs"/],
    ['a name too long', { workflow: { name: 'h'.repeat(41) } }, /allowed: a DNS label of at most 40 characters/],
    ['no stages', { workflow: { spec: WorkflowSpec.inline({ stages: [] }) } }, /spec workflow.yml stages: given \[\], allowed: a list of at least one stage/],
    ['a file that is not there', { workflow: { spec: WorkflowSpec.file('/nowhere/higgs.yml') } }, /spec.file: given "higgs.yml", allowed: .*there are none/],
    ['what is no YAML', { workflow: { spec: WorkflowSpec.file(written('stages: [', 'broken.yml')) } }, /spec broken.yml: given .*allowed: YAML/],
    ['a reference to nothing', { workflow: { spec: WorkflowSpec.inline({ stages: [{ $ref: 'steps.yml#/fit' }] }) } }, /spec workflow.yml \$ref: given "steps.yml#\/fit"/],
    ['a step that no Job can run', { workflow: { spec: lone({ environment_type: 'localproc-env' }) } }, /environment_type: given "localproc-env", allowed: 'docker-encapsulated'/],
    ['a repository that is none', { workflow: { spec: WorkflowSpec.git({ repository: 'https://example.org/x', ref: 'a b', folder: '../x' }) } },
      /spec.repository: given.*spec.ref: given "a b".*spec.folder: given "..\/x"/s],
    ['inputs elsewhere', { workflow: { inputs: WorkflowInputs.directory('/etc') } }, /inputs: given "\/etc"/],
    ['an archive of no address', { workflow: { inputs: WorkflowInputs.archive('file:///etc/passwd', 'x') } }, /inputs: given "file:\/\/\/etc\/passwd".*inputs folder: given "x"/s],
    ['a Secret of no name', { workflow: { specToken: { secretName: 'A B' } } }, /specToken.secretName: given "A B"/],
    ['a limit of no time', { workflow: { timeLimit: Duration.millis(1) } }, /timeLimit: given "0.001 s"/],
    ['more than a ConfigMap holds', { workflow: { spec: WorkflowSpec.inline({ ...SPEC, text: 'x'.repeat(1024 * 1024) }) } }, /spec: given "\d+ bytes", allowed: at most 1048576 bytes/],
  ])('%s', (_, given, complaint) => {
    expect(report(program(given))).toMatch(complaint);
  });

  test('an engine of another cluster', () => {
    const { app, engine } = program();
    new YadageWorkflow(new Cluster(app, 'other'), 'higgs', { engine, spec: WorkflowSpec.inline(SPEC) });
    expect(report({ app })).toMatch(/other\/higgs.*engine: given "host\/engine", allowed: an engine of the same chart/s);
  });

  test('a second engine in a namespace', () => {
    const { app, host } = program();
    new YadageEngine(host, 'second', { image: 'registry.cern.ch/yadage:1', storage: WorkflowStorage.claim('data') });
    expect(report({ app })).toMatch(/wflow-engine-conf-yadage/);
  });
});

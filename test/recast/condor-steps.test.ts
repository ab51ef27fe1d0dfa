import * as fs from 'fs';
import * as path from 'path';
import { App, Duration, Size, Testing, Yaml } from 'cdk8s';
import {
  Cluster, CondorHost, CondorSteps, CondorStepsProps, LossPolicy, StepBackend, TokenAuthorization, TokenMint, WorkflowSpec, WorkflowStorage,
  YadageEngine, YadageEngineProps, YadageWorkflow,
} from '../../src';
import { scratchDirectory } from '../scratch';
import { objectOf, report } from '../synth';

/* eslint-disable @typescript-eslint/no-explicit-any */

interface Given {
  readonly engine?: Partial<YadageEngineProps>;
  readonly steps?: Partial<CondorStepsProps>;
  readonly id?: string;
}

const STEP = {
  process: { process_type: 'string-interpolated-cmd', cmd: 'fit {outputfile}' },
  publisher: { publisher_type: 'frompar-pub', outputmap: { result: 'outputfile' } },
  environment: { environment_type: 'docker-encapsulated', image: 'docker.io/atlas/analysis', imagetag: '21.2', resources: [{ compute_backend: 'batch' }] },
};
const SPEC = { stages: [{ name: 'fit', dependencies: ['init'], scheduler: { scheduler_type: 'singlestep-stage', parameters: { outputfile: '{workdir}/fit.json' }, step: STEP } }] };

function program({ engine: engineProps, steps, id = 'batch' }: Given = {}) {
  const app = new App({ outdir: scratchDirectory() });
  const host = new Cluster(app, 'host');
  const engine = new YadageEngine(host, 'engine', { image: 'registry.cern.ch/yadage:1', storage: WorkflowStorage.newClaim(), ...engineProps });
  const workflow = new YadageWorkflow(host, 'higgs', { engine, spec: WorkflowSpec.inline(SPEC) });
  const before = workflow.workflowId;
  const condorSteps = new CondorSteps(host, id, { engine, collectors: ['condor.cern.ch:9618'], accessPoint: 'ap1@cern.ch', ...steps });
  return { app, host, engine, workflow, condorSteps, before };
}

function told({ host }: { readonly host: Cluster }): any {
  const file = path.join(scratchDirectory(), 'backendopts.yml');
  fs.writeFileSync(file, objectOf(host, 'ConfigMap', 'wflow-engine-conf-yadage').data.backendopts);
  return Yaml.load(file)[0];
}

test('an engine is told of the pool, and finds its token by the name', () => {
  expect(told(program()).compute_backends).toEqual({
    batch: {
      type: 'htcondor',
      collectors: ['condor.cern.ch:9618'],
      access_point: 'ap1@cern.ch',
      token: '/opt/wflow-credentials/batch',
      disk_mebibytes: 1024,
      loss_timeout_seconds: 600,
      on_loss: 'rerun',
      engine_lease_seconds: 7200,
      poll_seconds: 5,
    },
  });
});

test('a mint keeps the token where engines look for it', () => {
  const { host, engine, workflow, condorSteps } = program();
  const pool = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch', centralManagers: [{ address: 'condor.cern.ch' }], accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }], memberSigningKeys: true,
  });
  new TokenMint(host, 'tokens', { pool }).addRole('recast', {
    identity: 'recast@cern.ch', authorizations: [TokenAuthorization.READ, TokenAuthorization.WRITE], namespace: engine.namespace, secret: condorSteps.token,
  });
  const [, , , , key, address] = objectOf(host, 'ConfigMap', 'tokens').data.orders.split(' ');
  const { volumes } = objectOf(host, 'Job', `wflow-nonint-${workflow.workflowId}`).spec.template.spec;
  const { secretName } = volumes.find(({ name }: any) => name === 'credentials').secret;
  expect(address).toBe(`https://kubernetes.default.svc/api/v1/namespaces/${engine.namespace}/secrets/${secretName}`);
  expect(told({ host }).compute_backends.batch.token).toBe(`/opt/wflow-credentials/${key}`);
});

test('every option', () => {
  const made = program({
    id: 'grid',
    engine: { updateInterval: Duration.seconds(30), steps: { computeBackend: 'grid' } },
    steps: {
      collectors: ['cm1.cern.ch:9618', 'cm2.cern.ch:9619'],
      unpackedImages: '/cvmfs/unpacked.cern.ch',
      requirements: 'TARGET.Datacenter == "otc"',
      accountingGroup: 'ATLAS.production',
      submitCommands: { 'priority': '10', '+ProjectName': '"higgs"' },
      disk: Size.gibibytes(20),
      lossTimeout: Duration.minutes(2),
      onLoss: LossPolicy.FAIL,
      engineLease: Duration.minutes(30),
    },
  });
  expect(report(made)).toBe('accepted');
  expect(told(made)).toMatchObject({
    compute_backend: 'grid',
    compute_backends: {
      grid: {
        collectors: ['cm1.cern.ch:9618', 'cm2.cern.ch:9619'],
        token: '/opt/wflow-credentials/grid',
        unpacked_images: '/cvmfs/unpacked.cern.ch',
        requirements: 'TARGET.Datacenter == "otc"',
        accounting_group: 'ATLAS.production',
        submit: { 'priority': '10', '+ProjectName': '"higgs"' },
        disk_mebibytes: 20480,
        loss_timeout_seconds: 120,
        on_loss: 'fail',
        engine_lease_seconds: 1800,
        poll_seconds: 30,
      },
    },
  });
});

test('what engines are told is what their module knows', () => {
  const known = fs.readFileSync(path.join(__dirname, '../../packages/sharedstatekube/sharedstatekube/condor_settings.py'), 'utf8');
  const [, keys] = /^KNOWN = \{\n([^]*?)^\}/m.exec(known)!;
  expect(Object.keys(told(program({
    steps: { unpackedImages: '/images', requirements: 'true', accountingGroup: 'ATLAS', submitCommands: { priority: '1' } },
  })).compute_backends.batch).sort()).toEqual([...keys.matchAll(/^ {4}"(\w+)":/gm)].map(([, key]) => key).sort());
});

test('workflows are what they were', () => {
  const { workflow, before, host } = program();
  expect(workflow.workflowId).toBe(before);
  // and nothing of it is an object of its own
  const without = new Cluster(new App({ outdir: scratchDirectory() }), 'host');
  new YadageWorkflow(without, 'higgs', {
    engine: new YadageEngine(without, 'engine', { image: 'registry.cern.ch/yadage:1', storage: WorkflowStorage.newClaim() }), spec: WorkflowSpec.inline(SPEC),
  });
  const names = (cluster: Cluster) => Testing.synth(cluster).map(({ kind, metadata }) => [kind, metadata.name]);
  expect(names(host)).toEqual(names(without));
});

test.each<[string, Given, RegExp]>([
  ['no collector', { steps: { collectors: [] } }, /host\/batch.*collectors: given \[\], allowed: addresses/s],
  ['a collector of no address', { steps: { collectors: ['condor cern'] } }, /collectors: given \["condor cern"\]/],
  ['an access point of no name', { steps: { accessPoint: 'ap1 at cern' } }, /accessPoint: given "ap1 at cern"/],
  ['images at a relative path', { steps: { unpackedImages: 'cvmfs' } }, /unpackedImages: given "cvmfs", allowed: an absolute path/],
  ['requirements of two lines', { steps: { requirements: 'true\nqueue 1000' } }, /requirements: given "true\\nqueue 1000"/],
  ['a group that is none', { steps: { accountingGroup: 'ATLAS production' } }, /accountingGroup: given "ATLAS production"/],
  ['commands that are none', { steps: { submitCommands: { 'queue 10': '1', 'priority': '1\nqueue' } } }, /submitCommands\['queue 10'\].*submitCommands\['priority'\]/s],
  ['a loss at once', { steps: { lossTimeout: Duration.seconds(10) } }, /lossTimeout: given "10 s", allowed: whole seconds, from 60 on/],
  ['a part of a second', { steps: { lossTimeout: Duration.millis(60500) } }, /lossTimeout: given "60.5 s"/],
  ['a lease of a minute', { steps: { engineLease: Duration.minutes(1) } }, /engineLease: given "60 s", allowed: whole seconds, from 600 on/],
  ['the name of the cluster itself', { id: 'kubernetes' }, /id: given "kubernetes"/],
  ["an engine with Packtivity's backend", { engine: { backend: StepBackend.KUBE_DIRECT_JOB, steps: { root: true } } }, /engine: given "host\/engine", allowed: an engine with StepBackend.SHARED_STATE_KUBE/],
])('refused is %s', (_, given, complaint) => {
  expect(report(program(given))).toMatch(complaint);
});

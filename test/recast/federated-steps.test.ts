import { App, Chart, Duration, Size, Testing } from 'cdk8s';
import { parse } from 'yaml';
import {
  Cluster, ClusterSelector, FederatedCluster, FederatedSteps, FederatedStepsProps, Federation, FirewallRules, LossPolicy, Placement, StagingServer,
  StepOptions, WorkflowStorage, YadageEngine,
} from '../../src';

/* eslint-disable @typescript-eslint/no-explicit-any */

const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

/** A site's federation of two members, with steps at one of them, or where `where` says. */
function program(given: Partial<FederatedStepsProps> = {}, more: {
  readonly engine?: StepOptions; readonly apiServer?: string | null; readonly id?: string; readonly where?: (all: { [name: string]: any }) => any;
} = {}) {
  const app = new App();
  const host = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host });
  const meyrin = new FederatedCluster(app, 'meyrin', { federation, apiServer: 'https://api.meyrin.cern.ch' });
  const { apiServer = 'https://api.otc.example:6443' } = more;
  const tsystems = new FederatedCluster(app, 'tsystems', { federation, ...apiServer !== null && { apiServer }, caBundle: PEM });
  const cloud = new Placement(federation, 'rented', { clusters: ClusterSelector.of(tsystems) });
  const engine = new YadageEngine(host, 'engine', { image: 'registry.cern.ch/yadage:1', storage: WorkflowStorage.newClaim(), steps: more.engine });
  const staging = new StagingServer(host, 'staging', { engine, address: 'staging.cern.ch' });
  const scope = more.where?.({ app, host, federation, tsystems }) ?? cloud;
  const steps = new FederatedSteps(scope, more.id ?? 'cloud', { staging, ...given });
  const options = () => parse(Testing.synth(host).find(({ metadata: { name } }) => name === 'wflow-engine-conf-yadage').data.backendopts);
  return { app, host, meyrin, tsystems, engine, steps, staging, options, cloud: () => options().compute_backends.cloud };
}

const names = (chart: Chart) => Testing.synth(chart).map(({ kind, metadata: { name } }) => `${kind} ${name}`);

test('a member has what an engine may do there, and nothing of the engine', () => {
  const { tsystems, meyrin } = program();
  expect(Testing.synth(tsystems)).toMatchSnapshot();
  expect(names(meyrin)).toEqual([]);
});

test('engines are told where the members are, where files move, and how steps run', () => {
  expect(program().cloud()).toMatchSnapshot();
});

test('what is said of steps there goes before what is said of the others, and of that nothing about nodes and Secrets is taken', () => {
  const engine = { user: 500, timeLimit: Duration.hours(1), nodeSelector: { pool: 'analysis' }, authSecretName: 'mine', labels: { team: 'exotics' } };
  const { cloud } = program({
    steps: { user: 600, tolerations: [{ key: 'spot', operator: 'Exists' }], cvmfsClaims: { 'atlas.cern.ch': 'cvmfs' } },
    namespace: 'analyses',
    stagingImage: 'docker.io/library/python:3.13-slim',
    scratchSize: Size.gibibytes(50),
    lossTimeout: Duration.minutes(2),
    onLoss: LossPolicy.FAIL,
    imagePullSecrets: ['otc'],
  }, { engine });
  const { options, ...rest } = cloud();
  expect(options).toMatchObject({
    namespace: 'analyses',
    active_deadline_seconds: 86400,
    resource_labels: { team: 'exotics' },
    pod: { securityContext: { runAsUser: 600 }, tolerations: [{ key: 'spot', operator: 'Exists' }] },
    cvmfs: { 'atlas.cern.ch': { persistentVolumeClaim: { claimName: 'cvmfs', readOnly: true } } },
    image_pull_secrets: ['otc'],
  });
  expect(options.pod).not.toHaveProperty('nodeSelector');
  expect(options).not.toHaveProperty('auth');
  expect(rest).toMatchObject({ image: 'docker.io/library/python:3.13-slim', scratch_size: '50Gi', loss_timeout_seconds: 120, on_loss: 'fail' });
});

test.each([
  ['all members', ({ federation }: any) => federation, ['meyrin', 'tsystems']],
  ['one of them', ({ tsystems }: any) => tsystems, ['tsystems']],
])('the scope says where: %s', (_, where, members) => {
  const made = program({}, { where });
  expect(Object.keys(made.cloud().members)).toEqual(members);
  for (const member of [made.meyrin, made.tsystems]) {
    expect(names(member).includes('Role wflowengine')).toBe(members.includes(member.node.id));
  }
});

test('steps that say nothing go there, if the engine says so', () => {
  expect(program({}, { engine: { computeBackend: 'cloud' } }).options()).toMatchObject({ compute_backend: 'cloud' });
});

test('steps as root open the namespace there', () => {
  const [namespace] = Testing.synth(program({ steps: { root: true } }).tsystems);
  expect(namespace.metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'baseline' });
});

test('an engine and its workflows stay the same', () => {
  const jobTemplate = (chart: Chart) => Testing.synth(chart).find(({ metadata: { name } }) => name === 'wflow-engine-conf-yadage').data.job_template;
  const app = new App();
  const alone = new Cluster(app, 'condor-host');
  new YadageEngine(alone, 'engine', { image: 'registry.cern.ch/yadage:1', storage: WorkflowStorage.newClaim() });
  expect(jobTemplate(program().host)).toBe(jobTemplate(alone));
});

test('what firewalls must let pass', () => {
  expect(FirewallRules.of(program().app).rules.filter(({ address }) => !address.includes('registry'))).toEqual(expect.arrayContaining([
    { from: 'condor-host', to: 'tsystems', address: 'api.otc.example', protocol: 'TCP', port: 6443, reason: 'steps are started, and asked for' },
    { from: 'tsystems', to: 'condor-host', address: 'staging.cern.ch', protocol: 'TCP', port: 8443, reason: 'steps fetch and bring back their files' },
  ]));
});

test('of a member whose API server nobody knows firewalls are told nothing', () => {
  expect(FirewallRules.of(program({}, { apiServer: null }).app).rules.filter(({ reason }) => reason === 'steps are started, and asked for')).toEqual([]);
});

test('without NetworkPolicies', () => {
  expect(names(program({ networkPolicies: false }).tsystems)).not.toContain('NetworkPolicy wflow-job');
});

describe('refused is', () => {
  test.each<[string, Partial<FederatedStepsProps>, Parameters<typeof program>[1], RegExp]>([
    ['a member whose API server nobody knows', {}, { apiServer: null }, /scope: given "tsystems", allowed: members with an apiServer.*through HTCondor/],
    ['a cluster that is no member', {}, { where: ({ host }) => host }, /scope: given "condor-host\/cloud", allowed: a Federation, a Placement in it, or a FederatedCluster/],
    ['an id that is taken', {}, { id: 'kubernetes' }, /id: given "kubernetes"/],
    ['an id that is none', {}, { id: 'The Cloud' }, /id: given "The Cloud", allowed: a DNS label/],
    ['a namespace that is none', { namespace: 'A' }, {}, /namespace: given "A"/],
    ['an image that is none', { stagingImage: 'a b' }, {}, /stagingImage: given "a b"/],
    ['patience that is none', { lossTimeout: Duration.seconds(10) }, {}, /lossTimeout: given "10 s", allowed: whole seconds, from 30 on/],
    ['parts of seconds', { lossTimeout: Duration.millis(30500) }, {}, /lossTimeout: given "30.5 s"/],
    ['a Secret that is none', { imagePullSecrets: ['A B'] }, {}, /imagePullSecrets: given "A B"/],
    ['a place within the place', { steps: { computeBackend: 'cloud' } }, {}, /steps.computeBackend: given "cloud", allowed: nothing/],
    ['steps that can\'t be', { steps: { user: 0 } }, {}, /steps.user: given 0/],
  ])('%s', (_, given, more, complaint) => {
    expect(() => program(given, more).app.synth()).toThrow(complaint);
  });
});

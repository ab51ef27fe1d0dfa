import { Chart, Duration, Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-27';
import * as fc from 'fast-check';
import type { Choices } from './option-programs';
import {
  CondorSteps, CondorStepsProps, FederatedCluster, FederatedSteps, FederatedStepsProps, LossPolicy, ServiceExposure, StagingServer,
  StagingServerProps, StepOptions, WorkflowInputs, WorkflowSpec, WorkflowStorage, YadageEngine, YadageEngineProps, YadageWorkflow,
  YadageWorkflowProps,
} from '../../../src';

const of = fc.constantFrom;

const SPEC = {
  stages: [{
    name: 'fit',
    dependencies: ['init'],
    scheduler: {
      scheduler_type: 'singlestep-stage',
      parameters: { outputfile: '{workdir}/fit.json' },
      step: {
        process: { process_type: 'string-interpolated-cmd', cmd: 'fit {outputfile}' },
        publisher: { publisher_type: 'frompar-pub', outputmap: { result: 'outputfile' } },
        environment: { environment_type: 'docker-encapsulated', image: 'registry.example/analysis', imagetag: '21.2' },
      },
    },
  }],
};

const stepChoices: Choices<Omit<StepOptions, 'root'>> = {
  resources: of({ cpu: { request: Cpu.units(2) }, memory: { request: Size.gibibytes(1), limit: Size.gibibytes(8) } }),
  user: of(500),
  serviceAccountName: of('steps'),
  timeLimit: of(Duration.hours(12)),
  startTimeout: of(Duration.minutes(1)),
  keep: of(Duration.minutes(10), Duration.days(7)),
  nodeSelector: of({ pool: 'analysis' }),
  tolerations: of([{ key: 'spot', operator: 'Exists' }]),
  priorityClassName: of('low'),
  queueName: of('analyses'),
  authSecretName: of('hepauth'),
  cvmfsClaims: of({ 'atlas.cern.ch': 'cvmfs-atlas' }),
  computeBackend: of('kubernetes'),
  labels: of({ 'cern.ch/team': 'exotics' }),
};

const optional = <T extends object>(choices: Choices<T>, ...always: (keyof T & string)[]): fc.Arbitrary<T> =>
  fc.record(choices, { requiredKeys: always as never[] }) as unknown as fc.Arbitrary<T>;

const engineChoices: Choices<Omit<YadageEngineProps, 'namespace' | 'backend'>> = {
  image: of('registry.example/yadage:1'),
  storage: of(
    WorkflowStorage.newClaim(), WorkflowStorage.newClaim({ storageClass: 'cephfs', size: Size.tebibytes(1), claimName: 'data' }),
    WorkflowStorage.claim('shared', 'recast'), WorkflowStorage.hostPath('/data/recast'),
  ),
  steps: fc.oneof(optional(stepChoices), fc.constant<StepOptions>({ root: true })),
  user: of(2000),
  resources: of({ memory: { limit: Size.gibibytes(2) } }),
  updateInterval: of(Duration.seconds(30)),
  imagePullSecrets: of(['registry']),
  nodeSelector: of({ wflowrole: 'engine-node' }),
  workflowServerUrl: of('https://recast.example'),
  networkPolicies: fc.boolean(),
};

const workflowChoices: Choices<Omit<YadageWorkflowProps, 'engine'>> = {
  spec: of(WorkflowSpec.inline(SPEC), WorkflowSpec.git({ repository: 'github:recast-hep/workflows', ref: '1f2e3d', folder: 'higgs', file: 'top.yml' })),
  parameters: of<{ [name: string]: any }>({ mass: 125, samples: ['signal', 'ttbar'] }),
  inputs: of(WorkflowInputs.directory('inputs/higgs'), WorkflowInputs.archive('https://zenodo.example/inputs.zip', 'inputs/')),
  name: of('susy'),
  timeLimit: of(Duration.days(2)),
  specToken: of({ secretName: 'github' }),
  inputToken: of({ secretName: 'zenodo', key: 'key' }),
};

const stagingChoices: Choices<Omit<StagingServerProps, 'engine'>> = {
  address: of('staging.example.org', '192.0.2.8'),
  port: of(443, 9443),
  exposure: of(ServiceExposure.loadBalancer({ sourceRanges: ['192.0.2.0/24'], annotations: { 'example.org/balancer': 'internal' } })),
  tlsSecretName: of('staging-certificate'),
  caBundle: of('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'),
  image: of('registry.example/staging:1'),
  resources: of({ memory: { limit: Size.gibibytes(1) } }),
  replicas: of(1, 3),
  nodeSelector: of({ pool: 'services' }),
  networkPolicies: fc.boolean(),
  imagePullSecrets: of(['registry']),
};

const federatedStepsChoices: Choices<Omit<FederatedStepsProps, 'staging' | 'namespace'>> = {
  steps: of<StepOptions>({ user: 500, tolerations: [{ key: 'spot', operator: 'Exists' }] }, { root: true }),
  stagingImage: of('registry.example/python:3.13'),
  scratchSize: of(Size.gibibytes(50)),
  lossTimeout: of(Duration.minutes(2)),
  onLoss: of(LossPolicy.RERUN, LossPolicy.FAIL),
  imagePullSecrets: of(['registry']),
  networkPolicies: fc.boolean(),
};

const condorChoices: Choices<Omit<CondorStepsProps, 'engine'>> = {
  collectors: of(['condor.cern.ch:9618'], ['cm1.cern.ch:9618', 'cm2.cern.ch:9618']),
  accessPoint: of('ap1@cern.ch'),
  unpackedImages: of('/cvmfs/unpacked.cern.ch'),
  requirements: of('TARGET.Datacenter == "otc"'),
  accountingGroup: of('ATLAS.production'),
  submitCommands: of<{ [command: string]: string }>({ 'priority': '10', '+ProjectName': '"higgs"' }),
  disk: of(Size.gibibytes(20)),
  lossTimeout: of(Duration.minutes(30)),
  onLoss: of(LossPolicy.RERUN, LossPolicy.FAIL),
  engineLease: of(Duration.hours(6)),
};

/** Options of an engine, of one of its workflows, of the server that has its steps' files elsewhere, and of those steps. */
export interface RecastValues {
  readonly engine: Omit<YadageEngineProps, 'namespace' | 'backend'>;
  readonly staging: Omit<StagingServerProps, 'engine'>;
  readonly workflow: Omit<YadageWorkflowProps, 'engine'>;
  readonly federatedSteps: Omit<FederatedStepsProps, 'staging' | 'namespace'>;
  readonly condorSteps: Omit<CondorStepsProps, 'engine'>;
}

/** All of these options, by the interface that has them. */
export const RECAST_CHOICES = {
  YadageEngineProps: engineChoices,
  YadageWorkflowProps: workflowChoices,
  StepOptions: stepChoices,
  StagingServerProps: stagingChoices,
  FederatedStepsProps: federatedStepsChoices,
  CondorStepsProps: condorChoices,
};

/** Any of them. */
export const RECAST_VALUES = fc.record<RecastValues>({
  engine: optional(engineChoices, 'image', 'storage'),
  workflow: optional(workflowChoices, 'spec'),
  staging: optional(stagingChoices, 'address'),
  federatedSteps: optional(federatedStepsChoices),
  condorSteps: optional(condorChoices, 'collectors', 'accessPoint'),
});

/** The options that values set, by the interface that has them. */
export function recastOptions({ engine, workflow, staging, federatedSteps, condorSteps }: RecastValues, federated: boolean): [string, object][] {
  const { root, ...steps } = engine.steps ?? {};
  return Object.entries({
    YadageEngineProps: engine,
    YadageWorkflowProps: workflow,
    StepOptions: steps,
    StagingServerProps: staging,
    CondorStepsProps: condorSteps,
    ...federated && { FederatedStepsProps: federatedSteps },
  });
}

/** Declares them in a namespace of the program's own, and in that of a member, if there is one. */
export function addRecast(chart: Chart, name: string, values: RecastValues, member?: FederatedCluster): void {
  const { engine: props, workflow, staging: served, federatedSteps, condorSteps } = values;
  const engine = new YadageEngine(chart, 'yadage', { ...props, namespace: `${name}-recast` });
  new YadageWorkflow(chart, 'higgs', { engine, ...workflow });
  const staging = new StagingServer(chart, 'staging', { engine, ...served });
  new CondorSteps(chart, 'batch', { engine, ...condorSteps });
  if (member) { new FederatedSteps(member, 'site', { staging, ...federatedSteps }); }
}

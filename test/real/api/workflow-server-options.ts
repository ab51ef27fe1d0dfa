import { Chart, Duration, Size } from 'cdk8s';
import { ContainerResources, Cpu } from 'cdk8s-plus-27';
import * as fc from 'fast-check';
import type { Choices } from './option-programs';
import {
  ExternalWorkflowDatabase, ShipTarget, ShipTargetProps, WorkflowDatabase, WorkflowDatabaseCredentials, WorkflowDatabaseProps, WorkflowServer,
  WorkflowServerImage, WorkflowServerIngress, WorkflowServerProps,
} from '../../../src';

const of = fc.constantFrom;

type ServerOptions = Omit<WorkflowServerProps, 'database' | 'shipTarget' | 'namespace'>;
type ShipTargetOptions = Omit<ShipTargetProps, 'namespace'>;
type DatabaseOptions = Omit<WorkflowDatabaseProps, 'namespace'>;

/** What the programs say of a workflow server, its database and its ship target. */
export interface WorkflowServerValues {
  readonly server: ServerOptions;
  readonly database: DatabaseOptions;
  readonly external?: ExternalWorkflowDatabase;
  readonly shipTarget?: ShipTargetOptions;
  readonly namespace?: string;
}

const RESOURCES = of<ContainerResources>({ cpu: { request: Cpu.millis(200) }, memory: { request: Size.mebibytes(256), limit: Size.gibibytes(2) } });
const PULL_SECRETS = of<string[]>(['registry-login'], ['a', 'b']);
const NODES = of<{ [label: string]: string }>({ 'node.example/services': 'true' });

const credentialChoices: Choices<WorkflowDatabaseCredentials> = { secretName: of('own'), userKey: of('login'), passwordKey: of('secret') };
const ingressChoices: Choices<WorkflowServerIngress> = {
  hostname: of('recast.cern.ch'),
  className: of('traefik'),
  annotations: of<{ [key: string]: string }>({ 'ingress.example/body-size': '1m' }),
  tlsSecret: of('own-tls'),
  clusterIssuer: of('letsencrypt'),
  controllerNamespace: of('ingress'),
};
const databaseChoices: Choices<DatabaseOptions> = {
  image: of('registry.example/postgres:17'),
  credentials: optional(credentialChoices, ['secretName']),
  storage: of(Size.gibibytes(3)),
  storageClass: of('fast'),
  resources: RESOURCES,
  nodeSelector: NODES,
  networkPolicies: fc.boolean(),
  imagePullSecrets: PULL_SECRETS,
};
const externalChoices: Choices<ExternalWorkflowDatabase> = {
  host: of('dbod.cern.ch', '192.0.2.7'),
  port: of(6600),
  databaseName: of('recast'),
  credentials: optional(credentialChoices, ['secretName']),
  authority: of({ secretName: 'ca' }, { secretName: 'ca', key: 'root.pem' }),
  podLabels: of<{ [label: string]: string }>({ app: 'postgres' }),
};
const shipTargetChoices: Choices<ShipTargetOptions> = {
  image: of('registry.example/shiptarget:1'),
  hostKey: of({ secretName: 'host' }, { secretName: 'host', key: 'rsa' }),
  clientSecret: of('client'),
  claim: of('results'),
  subPath: of('shipped/here'),
  storage: of(Size.gibibytes(500)),
  storageClass: of('cold'),
  resources: RESOURCES,
  nodeSelector: NODES,
  networkPolicies: fc.boolean(),
  imagePullSecrets: PULL_SECRETS,
};
const serverChoices: Choices<ServerOptions> = {
  slots: of(1, 500),
  tokensSecret: of('tokens'),
  admins: of(['operator'], ['a', 'b']),
  readers: of(['monitor'], ['monitor', 'dashboard']),
  inputHosts: of(['zenodo.org', 'cernbox.cern.ch']),
  engineConfiguration: of('engines'),
  maxWaiting: of(5),
  startDeadline: of(Duration.minutes(5)),
  jobRetention: of(Duration.hours(1)),
  requestRetention: of(Duration.days(30)),
  workflowObjects: of('default'),
  image: of(WorkflowServerImage.own('registry.example/workflow-server:1'), WorkflowServerImage.node('registry.example/node:24')),
  ingress: optional(ingressChoices, ['hostname']),
  resources: RESOURCES,
  nodeSelector: NODES,
  networkPolicies: fc.boolean(),
  imagePullSecrets: PULL_SECRETS,
};

/** All options of these constructs, by the interface that has them. */
export const WORKFLOW_SERVER_CHOICES = {
  WorkflowServerProps: { ...serverChoices, namespace: of('analysis') },
  WorkflowServerIngress: ingressChoices,
  WorkflowDatabaseProps: databaseChoices,
  WorkflowDatabaseCredentials: credentialChoices,
  ExternalWorkflowDatabase: externalChoices,
  ShipTargetProps: shipTargetChoices,
};

/** Any of them; a claim that is there has its size and class. */
export const WORKFLOW_SERVER_VALUES = fc.record<WorkflowServerValues>({
  server: optional(serverChoices),
  database: optional(databaseChoices),
  external: fc.option(optional(externalChoices, ['host']), { nil: undefined, freq: 2 }) as fc.Arbitrary<ExternalWorkflowDatabase>,
  shipTarget: fc.option(optional(shipTargetChoices, ['image']).map(({ storage, storageClass, subPath, ...rest }): ShipTargetOptions =>
    rest.claim ? { ...rest, subPath } : { ...rest, storage, storageClass }), { nil: undefined }) as fc.Arbitrary<ShipTargetOptions>,
  namespace: fc.option(of('analysis'), { nil: undefined }) as fc.Arbitrary<string>,
});

/** Some of the options, and those that must be. */
function optional<T extends object>(choices: Choices<T>, requiredKeys: (keyof T)[] = []): fc.Arbitrary<T> {
  return fc.record(choices, { requiredKeys: requiredKeys as [] }) as unknown as fc.Arbitrary<T>;
}

/** The options that values set, by the interface that has them. */
export function workflowServerOptionsOf({ server, database, external, shipTarget, namespace }: WorkflowServerValues): { [type: string]: object } {
  return {
    WorkflowServerProps: { ...server, namespace },
    WorkflowServerIngress: server.ingress ?? {},
    WorkflowDatabaseProps: external ? {} : database,
    WorkflowDatabaseCredentials: (external ?? database).credentials ?? {},
    ExternalWorkflowDatabase: external ?? {},
    ShipTargetProps: shipTarget ?? {},
  };
}

/** Declares them in a namespace of the program's own. */
export function addWorkflowServer(chart: Chart, name: string, { server, database, external, shipTarget, namespace }: WorkflowServerValues): void {
  const own = `${name}-${namespace ?? 'recast'}`;
  new WorkflowServer(chart, 'wflow-server', {
    ...server,
    // two servers can't both take the objects of one namespace
    ...server.workflowObjects !== undefined && { workflowObjects: own },
    namespace: own,
    database: external ? WorkflowDatabase.external(external) : new WorkflowDatabase(chart, 'wflow-database', { ...database, namespace: own }),
    ...shipTarget && { shipTarget: new ShipTarget(chart, 'wflow-shiptarget', { ...shipTarget, namespace: own }) },
  });
}

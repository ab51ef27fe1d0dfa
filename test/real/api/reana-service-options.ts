import { Chart, Duration, Size } from 'cdk8s';
import { ContainerResources, Cpu } from 'cdk8s-plus-27';
import * as fc from 'fast-check';
import type { Choices } from './option-programs';
import {
  ReanaCache, ReanaCacheProps, ReanaCredentials, ReanaDatabase, ReanaDatabaseBackup, ReanaDatabaseBackupProps, ReanaDatabaseProps, ReanaIdentity,
  ReanaMessageBroker, ReanaMessageBrokerProps, ReanaPgBouncerOptions, ReanaServiceProps,
} from '../../../src';

const of = fc.constantFrom;

/** What the services have in common. */
type Common = Omit<ReanaServiceProps, 'storage'>;

/** What the programs say of REANA's database, broker, cache and dumps. */
export interface ReanaServiceValues {
  readonly common: Common;
  readonly database: Omit<ReanaDatabaseProps, keyof Common>;
  readonly broker: Omit<ReanaMessageBrokerProps, keyof Common>;
  readonly cache: Omit<ReanaCacheProps, keyof Common>;
  readonly backup: Omit<ReanaDatabaseBackupProps, 'database' | keyof ReanaIdentity>;
}

const pgBouncerChoices: Choices<ReanaPgBouncerOptions> = {
  image: of('registry.example/pgbouncer:1.25'),
  replicas: of(1, 2),
  maxClientConnections: of(500, 5000),
  maxServerConnections: of(20, 80),
};

const STORAGE = of(Size.gibibytes(3), Size.gibibytes(100));

const RESOURCES = of<ContainerResources>(
  { cpu: { request: Cpu.millis(200), limit: Cpu.units(4) }, memory: { request: Size.gibibytes(1), limit: Size.gibibytes(4) } },
  { memory: { limit: Size.gibibytes(2) }, ephemeralStorage: { request: Size.gibibytes(1) } },
);
const PULL_SECRETS = of<string[]>(['registry-login'], ['a', 'b']);

const commonChoices: Choices<Common> = {
  prefix: of('vre', 'reana-cern'),
  namespace: of('analysis'),
  runtimeNamespace: of('jobs'),
  credentials: of<ReanaCredentials>({ secretName: 'own' }, { secretName: 'own', userKey: 'login', passwordKey: 'secret' }),
  storageClass: of('fast'),
  resources: RESOURCES,
  nodeSelector: of<{ [label: string]: string }>({ 'reana.io/system': 'infrastructuredb' }),
  evictable: fc.boolean(),
  networkPolicies: fc.boolean(),
  imagePullSecrets: PULL_SECRETS,
};
const databaseChoices: Choices<ReanaServiceValues['database']> = {
  image: of('registry.example/postgres:17'),
  storage: STORAGE,
  databaseName: of('reana_cern'),
  maxConnections: of(400, 1000),
  pgBouncer: optional(pgBouncerChoices),
};
const brokerChoices: Choices<ReanaServiceValues['broker']> = { image: of('registry.example/rabbitmq:4.3'), storage: STORAGE };
const cacheChoices: Choices<ReanaServiceValues['cache']> = { image: of('registry.example/redis:8'), storage: STORAGE, maxMemory: of(Size.mebibytes(64)) };
const backupChoices: Choices<ReanaServiceValues['backup']> = {
  image: of('registry.example/postgres:18'),
  interval: of(Duration.hours(6), Duration.days(7)),
  keep: of(1, 30),
  claimName: of('dumps'),
  size: of(Size.gibibytes(5)),
  storageClass: of('cold'),
  imagePullSecrets: PULL_SECRETS,
};

const { prefix: aPrefix, namespace: aNamespace, runtimeNamespace: aRuntimeNamespace, ...ofServices } = commonChoices;

/** All options of these services, by the interface that has them. */
export const REANA_SERVICE_CHOICES = {
  ReanaIdentity: { prefix: aPrefix, namespace: aNamespace, runtimeNamespace: aRuntimeNamespace },
  ReanaServiceProps: { ...ofServices, storage: STORAGE },
  ReanaDatabaseProps: withoutStorage(databaseChoices),
  ReanaPgBouncerOptions: pgBouncerChoices,
  ReanaMessageBrokerProps: withoutStorage(brokerChoices),
  ReanaCacheProps: withoutStorage(cacheChoices),
  ReanaDatabaseBackupProps: backupChoices,
};

/** Any of them; a claim that is there has its size and class. */
export const REANA_SERVICE_VALUES = fc.record<ReanaServiceValues>({
  common: optional(commonChoices),
  database: optional(databaseChoices),
  broker: optional(brokerChoices),
  cache: optional(cacheChoices),
  backup: optional(backupChoices).map(({ size, storageClass, ...backup }) => backup.claimName ? backup : { ...backup, size, storageClass }),
});

/** The volume's size is an option that the services have in common. */
function withoutStorage<T extends { storage: unknown }>({ storage, ...choices }: T): Omit<T, 'storage'> {
  return choices;
}

/** Some of the options. */
function optional<T extends object>(choices: Choices<T>): fc.Arbitrary<T> {
  return fc.record(choices, { requiredKeys: [] }) as unknown as fc.Arbitrary<T>;
}

/** The options that values set, by the interface that has them. */
export function reanaServiceOptionsOf({ common, database, broker, cache, backup }: ReanaServiceValues): { [type: string]: object } {
  const { prefix, namespace, runtimeNamespace, ...service } = common;
  return {
    ReanaIdentity: { prefix, namespace, runtimeNamespace },
    ReanaServiceProps: { ...service, storage: database.storage },
    ReanaDatabaseProps: { ...database, storage: undefined },
    ReanaPgBouncerOptions: database.pgBouncer ?? {},
    ReanaMessageBrokerProps: { ...broker, storage: undefined },
    ReanaCacheProps: { ...cache, storage: undefined },
    ReanaDatabaseBackupProps: backup,
  };
}

/** Declares them in a namespace of the program's own. */
export function addReanaServices(chart: Chart, name: string, { common, database: ofDatabase, broker, cache, backup }: ReanaServiceValues): void {
  const own = { ...common, namespace: `${name}-${common.namespace ?? 'reana'}` };
  const { prefix, namespace, runtimeNamespace } = own;
  const database = new ReanaDatabase(chart, 'reana-database', { ...own, ...ofDatabase });
  new ReanaMessageBroker(chart, 'reana-broker', { ...own, ...broker });
  new ReanaCache(chart, 'reana-cache', { ...own, ...cache });
  new ReanaDatabaseBackup(chart, 'reana-backup', { database, prefix, namespace, runtimeNamespace, ...backup });
}

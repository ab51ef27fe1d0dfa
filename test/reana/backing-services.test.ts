import { spawnSync } from 'child_process';
import { App, Chart, Duration, Size, Testing } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-27';
import {
  Cluster, FederatedCluster, Federation, ReanaCache, ReanaCacheProps, ReanaDatabase, ReanaDatabaseBackup, ReanaDatabaseBackupProps,
  ReanaDatabaseProps,
  ReanaMessageBroker, ReanaMessageBrokerProps,
} from '../../src';
import { checkCredentials, CREDENTIALS } from '../../src/reana/credentials';
import { scratchDirectory } from '../scratch';

interface Options {
  readonly database?: ReanaDatabaseProps;
  readonly broker?: ReanaMessageBrokerProps;
  readonly cache?: ReanaCacheProps;
  readonly backup?: Partial<ReanaDatabaseBackupProps>;
}

function program({ database: ofDatabase, broker: ofBroker, cache: ofCache, backup: ofBackup }: Options = {}) {
  const app = new App({ outdir: scratchDirectory() });
  const chart = new Chart(app, 'cern');
  const database = new ReanaDatabase(chart, 'database', ofDatabase);
  const broker = new ReanaMessageBroker(chart, 'broker', ofBroker);
  const cache = new ReanaCache(chart, 'cache', ofCache);
  const backup = new ReanaDatabaseBackup(chart, 'backup', { database, ...ofBackup });
  return { app, chart, database, broker, cache, backup };
}

type Program = ReturnType<typeof program>;

const find = (p: Program, kind: string, name: string) => Testing.synth(p.chart).find(object => object.kind === kind && object.metadata.name === name);
const pod = (p: Program, name: string, kind = 'StatefulSet') => find(p, kind, name).spec.template.spec;
const SERVICES = ['reana-db', 'reana-message-broker', 'reana-cache'];

function report(options: Options): string {
  try {
    program(options).app.synth();
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
}

describe('database, message broker and cache', () => {
  test('are what is handed to the platform', () => {
    const p = program({
      database: { prefix: 'vre', namespace: 'analysis', databaseName: 'vre' },
      backup: { prefix: 'vre', namespace: 'analysis' },
      broker: { prefix: 'vre' },
      cache: { credentials: { secretName: 'own' } },
    });
    expect({ ...p.database, node: undefined }).toMatchObject({
      host: 'vre-db.analysis', port: 5432, databaseName: 'vre', credentials: { secretName: 'vre-db-secrets' }, podLabels: { app: 'vre-db' }, namespace: 'analysis',
    });
    expect(p.database.uri).toBeUndefined();
    expect([p.broker.host, p.broker.port, p.broker.credentials, p.broker.podLabels, p.broker.url, p.broker.namespace]).toEqual(
      ['vre-message-broker.reana', 5672, { secretName: 'vre-message-broker-secrets' }, { app: 'vre-message-broker' }, undefined, 'reana']);
    expect([p.cache.host, p.cache.port, p.cache.credentials, p.cache.podLabels, p.cache.url, p.cache.namespace]).toEqual(
      ['reana-cache.reana', 6379, { secretName: 'own' }, { app: 'reana-cache' }, undefined, 'reana']);
    expect(find(p, 'Service', 'vre-db').spec).toEqual({ selector: { app: 'vre-db' }, ports: [{ name: 'service', protocol: 'TCP', port: 5432, targetPort: 5432 }] });
  });

  test('run without root, without a token, on a read-only file system, with their own volume, requests, limits and probes', () => {
    const p = program();
    for (const name of SERVICES) {
      const { spec } = find(p, 'StatefulSet', name);
      const { automountServiceAccountToken, enableServiceLinks, securityContext, containers, initContainers = [] } = spec.template.spec;
      expect([name, automountServiceAccountToken, enableServiceLinks]).toEqual([name, false, false]);
      expect(securityContext).toEqual({
        runAsNonRoot: true, runAsUser: 999, runAsGroup: 999, fsGroup: 999, fsGroupChangePolicy: 'OnRootMismatch', seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const container of [...containers, ...initContainers]) {
        expect(container.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
        const amount = expect.any(String);
        expect(container.resources).toEqual({ requests: { cpu: amount, memory: amount }, limits: { memory: amount } });
      }
      expect(['startupProbe', 'livenessProbe', 'readinessProbe'].filter(probe => !containers[0][probe])).toEqual([]);
      expect(spec.volumeClaimTemplates.map((claim: any) => [claim.metadata.name, claim.spec.accessModes])).toEqual([['data', ['ReadWriteOnce']]]);
    }
    expect(find(p, 'Namespace', 'reana').metadata.labels['pod-security.kubernetes.io/enforce']).toBe('restricted');
  });

  test('hold no password: it is in a Secret that is named', () => {
    const p = program({ database: { credentials: { secretName: 'db', userKey: 'login', passwordKey: 'pw' } } });
    expect(pod(p, 'reana-db').containers[0].env).toEqual([
      { name: 'REANA_DB_USERNAME', valueFrom: { secretKeyRef: { name: 'db', key: 'login' } } },
      { name: 'REANA_DB_PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'pw' } } },
    ]);
    expect(Testing.synth(p.chart).filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });

  test('let those in alone who need them, and call nobody', () => {
    const p = program({ database: { runtimeNamespace: 'jobs' } });
    for (const name of SERVICES) {
      const { spec } = find(p, 'NetworkPolicy', name);
      expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
      expect(spec).not.toHaveProperty('egress');
    }
    const [{ from, ports }] = find(p, 'NetworkPolicy', 'reana-db').spec.ingress;
    expect(ports).toEqual([{ protocol: 'TCP', port: 5432 }]);
    expect(from).toContainEqual({
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'jobs' } }, podSelector: { matchLabels: { reana_workflow_mode: 'batch' } },
    });
    expect(from.map((peer: any) => peer.podSelector.matchLabels?.app)).toContain('reana-db-backup');
    expect(find(program({ cache: { networkPolicies: false } }), 'NetworkPolicy', 'reana-cache')).toBeUndefined();
  });

  test('take storage, nodes, images and pull secrets as they are given', () => {
    const p = program({
      database: {
        image: 'registry.example/postgres:17',
        storage: Size.gibibytes(50),
        storageClass: 'fast',
        nodeSelector: { 'reana.io/system': 'infrastructuredb' },
        imagePullSecrets: ['login'],
        evictable: false,
        maxConnections: 500,
      },
      broker: { image: 'registry.example/rabbitmq:4.3', storage: Size.gibibytes(8), resources: { memory: { request: Size.gibibytes(1), limit: Size.gibibytes(2) } } },
      cache: { image: 'registry.example/redis:8', maxMemory: Size.mebibytes(100), resources: { cpu: { request: Cpu.millis(10) }, memory: { limit: Size.gibibytes(1) } } },
    });
    const { spec } = find(p, 'StatefulSet', 'reana-db');
    expect(spec.volumeClaimTemplates[0].spec).toMatchObject({ storageClassName: 'fast', resources: { requests: { storage: '51200Mi' } } });
    expect(spec.template.spec).toMatchObject({ nodeSelector: { 'reana.io/system': 'infrastructuredb' }, imagePullSecrets: [{ name: 'login' }] });
    expect([...spec.template.spec.initContainers, ...spec.template.spec.containers].map(({ image }: any) => image)).toEqual(Array(2).fill('registry.example/postgres:17'));
    expect(find(p, 'PodDisruptionBudget', 'reana-db').spec).toEqual({ maxUnavailable: 0, selector: { matchLabels: { app: 'reana-db' } } });
    expect(find(p, 'PodDisruptionBudget', 'reana-cache')).toBeUndefined();
    expect(find(p, 'ConfigMap', 'reana-db').data['postgresql.conf']).toMatch(/^max_connections = 500$/m);
    expect(find(p, 'ConfigMap', 'reana-message-broker').data['rabbitmq.conf']).toMatch(/^total_memory_available_override_value = 2147483648$/m);
    expect(find(p, 'ConfigMap', 'reana-cache').data['redis.conf']).toMatch(/^maxmemory 100mb$/m);
    expect([pod(p, 'reana-message-broker'), pod(p, 'reana-cache')].map(({ containers }) => containers[0].image)).toEqual(
      ['registry.example/rabbitmq:4.3', 'registry.example/redis:8']);
    expect([p.database.statefulSet.name, p.broker.statefulSet.name, p.cache.statefulSet.name]).toEqual(SERVICES);
  });

  test('pods are replaced when what they are started with changes', () => {
    const digest = (p: Program) => find(p, 'StatefulSet', 'reana-db').spec.template.metadata.annotations['cdk8s-hep/config-digest'];
    expect(digest(program({ database: { maxConnections: 200 } }))).not.toBe(digest(program()));
    expect(digest(program({ database: { storage: Size.gibibytes(30) } }))).toBe(digest(program()));
  });

  test("the broker's metrics are where its target says", () => {
    const { metrics } = program().broker;
    expect({ ...metrics, node: undefined }).toMatchObject({
      namespace: 'reana', metricsService: 'reana-message-broker', metricsPort: 15692, metricsPath: '/metrics', severalPods: false, namesClusters: false,
    });
    const service = find(program(), 'Service', 'reana-message-broker');
    expect(service.spec.ports.map(({ name, port }: any) => [name, port])).toEqual([['service', 5672], ['metrics', 15692]]);
    expect(service.metadata.labels).toEqual(metrics.podLabels);
    expect(find(program(), 'NetworkPolicy', 'reana-message-broker').spec.ingress).toContainEqual({ ports: [{ protocol: 'TCP', port: 15692 }] });
  });

  test('others take their place', () => {
    expect(ReanaDatabase.external({ host: 'dbod.cern.ch', port: 6600, databaseName: 'vre', uri: { secretName: 'uri', key: 'u' } })).toEqual({
      host: 'dbod.cern.ch', port: 6600, databaseName: 'vre', credentials: { secretName: 'reana-db-secrets' }, uri: { secretName: 'uri', key: 'u' },
    });
    expect(ReanaDatabase.external({ host: 'pg', credentials: { secretName: 's' }, podLabels: { app: 'pg' } })).toEqual({
      host: 'pg', port: 5432, databaseName: 'reana', credentials: { secretName: 's' }, podLabels: { app: 'pg' },
    });
    expect(ReanaMessageBroker.external({ host: 'mq.cern.ch', url: { secretName: 'mq' }, podLabels: { app: 'mq' } })).toEqual({
      host: 'mq.cern.ch', port: 5672, url: { secretName: 'mq', key: 'RABBIT_MQ' }, credentials: { secretName: 'mq' }, podLabels: { app: 'mq' },
    });
    expect(ReanaCache.external({ host: 'redis.cern.ch', port: 6380, url: { secretName: 'r', key: 'url' }, podLabels: { app: 'r' } })).toEqual({
      host: 'redis.cern.ch', port: 6380, url: { secretName: 'r', key: 'url' }, credentials: { secretName: 'r' }, podLabels: { app: 'r' },
    });
  });

  test.each([
    [{ REANA_DB_USERNAME: 'reana', REANA_DB_PASSWORD: 'aB3-._~' }, 0, ''],
    [{ REANA_DB_USERNAME: 'reana', REANA_DB_PASSWORD: 'p@ss' }, 64, "REANA_DB_PASSWORD has a character other than letters, digits, '-', '_', '.' and '~': REANA puts it into URLs as it is\n"],
    [{ REANA_DB_USERNAME: 'réana', REANA_DB_PASSWORD: 'x' }, 64, "REANA_DB_USERNAME has a character other than letters, digits, '-', '_', '.' and '~': REANA puts it into URLs as it is\n"],
    [{ REANA_DB_USERNAME: 'reana' }, 64, 'REANA_DB_PASSWORD is empty: the Secret that it comes from must hold it\n'],
  ])('a container with credentials that REANA could not quote ends and says why: %j', (variables, status, message) => {
    const { status: ended, stderr } = spawnSync('/bin/sh', ['-euc', checkCredentials(CREDENTIALS.database)], {
      env: { PATH: process.env.PATH, ...variables } as unknown as NodeJS.ProcessEnv, encoding: 'utf8',
    });
    expect([ended, stderr]).toEqual([status, message]);
  });
});

describe('PgBouncer', () => {
  test('is what REANA connects to; backups go past it', () => {
    const p = program({ database: { pgBouncer: { image: 'registry.example/pgbouncer:1.25', replicas: 3, maxClientConnections: 2000, maxServerConnections: 50 } } });
    expect([p.database.host, p.database.port, p.database.podLabels]).toEqual(['reana-pgbouncer.reana', 6432, { app: 'reana-pgbouncer' }]);
    const { spec } = find(p, 'Deployment', 'reana-pgbouncer');
    expect([spec.replicas, spec.template.spec.containers[0].image]).toEqual([3, 'registry.example/pgbouncer:1.25']);
    expect(find(p, 'ConfigMap', 'reana-pgbouncer').data['pgbouncer.ini']).toMatchInlineSnapshot(`
      "[databases]
      reana = host=reana-db.reana port=5432 dbname=reana
      [pgbouncer]
      listen_addr = *
      listen_port = 6432
      unix_socket_dir =
      auth_type = scram-sha-256
      auth_file = /run/service/userlist.txt
      pool_mode = transaction
      max_client_conn = 2000
      default_pool_size = 50
      max_db_connections = 50
      ignore_startup_parameters = extra_float_digits
      log_connections = 0
      log_disconnections = 0
      "
    `);
    expect(find(p, 'CronJob', 'reana-db-backup').spec.jobTemplate.spec.template.spec.containers[0].env.slice(0, 2)).toEqual([
      { name: 'REANA_DB_HOST', value: 'reana-db.reana' }, { name: 'REANA_DB_PORT', value: '5432' },
    ]);
    expect(find(p, 'NetworkPolicy', 'reana-pgbouncer').spec.egress[0].to[0].podSelector).toEqual({ matchLabels: { app: 'reana-db' } });
    expect(find(p, 'PodDisruptionBudget', 'reana-pgbouncer').spec.maxUnavailable).toBe(1);
    // nobody goes past it but who dumps
    const [{ from }] = find(p, 'NetworkPolicy', 'reana-db').spec.ingress;
    expect(from.map(({ podSelector }: any) => podSelector.matchLabels.app)).toEqual(['reana-pgbouncer', 'reana-db-backup']);
  });
});

describe('ReanaDatabaseBackup', () => {
  test('dumps every day and keeps fourteen; a restore never runs by itself', () => {
    const p = program();
    const { spec } = find(p, 'CronJob', 'reana-db-backup');
    expect(spec).toMatchObject({ timeZone: 'Etc/UTC', concurrencyPolicy: 'Forbid', schedule: expect.stringMatching(/^\d+ \d+ \* \* \*$/) });
    expect(find(p, 'ConfigMap', 'reana-db-backup').data['backup.sh']).toContain('head -n -14');
    expect(find(p, 'CronJob', 'reana-db-restore').spec.suspend).toBe(true);
    expect(find(p, 'PersistentVolumeClaim', 'reana-db-backup').spec.resources.requests.storage).toBe('20Gi');
    expect(p.backup.namespace).toBe('reana');
  });

  test('reaches the database, and nobody else', () => {
    const reached = (database: Partial<ReanaDatabaseProps>) => find(program({ database }), 'NetworkPolicy', 'reana-db-backup').spec.egress;
    for (const egress of [reached({}), reached({ pgBouncer: {} })]) {
      expect(egress[0]).toEqual({ to: [{ podSelector: { matchLabels: { app: 'reana-db' } } }], ports: [{ protocol: 'TCP', port: 5432 }] });
      // beside the cluster's names
      expect(egress.slice(1).flatMap(({ ports }: any) => ports).map(({ port }: any) => port)).toEqual([53, 53]);
    }
  });

  test('goes where it is told, as often as it is told', () => {
    const p = program({
      backup: {
        image: 'registry.example/postgres:19',
        interval: Duration.hours(6),
        keep: 3,
        size: Size.gibibytes(5),
        storageClass: 'cold',
        imagePullSecrets: ['login'],
        database: ReanaDatabase.external({ host: 'dbod.cern.ch', uri: { secretName: 'uri' } }),
      },
    });
    const { spec } = find(p, 'CronJob', 'reana-db-backup');
    expect(spec.schedule).toMatch(/^\d+ \d-23\/6 \* \* \*$/);
    const template = spec.jobTemplate.spec.template.spec;
    expect([template.imagePullSecrets, template.containers[0].image]).toEqual([[{ name: 'login' }], 'registry.example/postgres:19']);
    expect(template.containers[0].env).toEqual([
      { name: 'REANA_DB_HOST', value: 'dbod.cern.ch' }, { name: 'REANA_DB_PORT', value: '5432' }, { name: 'REANA_DB_NAME', value: 'reana' },
      { name: 'REANA_SQLALCHEMY_DATABASE_URI', valueFrom: { secretKeyRef: { name: 'uri', key: 'REANA_SQLALCHEMY_DATABASE_URI' } } },
    ]);
    expect(find(p, 'PersistentVolumeClaim', 'reana-db-backup').spec).toMatchObject({ storageClassName: 'cold', resources: { requests: { storage: '5Gi' } } });
    const given = program({ backup: { claimName: 'tapes' } });
    expect(find(given, 'PersistentVolumeClaim', 'reana-db-backup')).toBeUndefined();
    expect(find(given, 'CronJob', 'reana-db-restore').spec.jobTemplate.spec.template.spec.volumes[1].persistentVolumeClaim.claimName).toBe('tapes');
  });
});

describe('what is refused', () => {
  test.each<[string, Options, string]>([
    ['a prefix that is too long', { database: { prefix: 'reana-at-cern-ch' } }, 'prefix: given "reana-at-cern-ch", allowed: a DNS label of at most 13 characters'],
    ['a namespace that is none', { cache: { namespace: 'REANA' } }, 'namespace: given "REANA", allowed: a DNS label of at most 63 characters'],
    ['a runtime namespace that is none', { broker: { runtimeNamespace: 'a.b' } }, 'runtimeNamespace: given "a.b", allowed: a DNS label of at most 63 characters'],
    ['a Secret that is none', { broker: { credentials: { secretName: 'My Secret' } } }, 'credentials.secretName: given "My Secret", allowed: the name of a Secret'],
    ['a key that is none', { cache: { credentials: { secretName: 's', passwordKey: 'a/b' } } }, 'credentials.passwordKey: given "a/b", allowed:'],
    ['an image that is none', { database: { image: 'postgres latest' } }, 'image: given "postgres latest", allowed: an image reference'],
    ['too little storage', { database: { storage: Size.mebibytes(100) } }, 'storage: given "100 MiB", allowed: at least 1024 MiB'],
    ['a storage class that is none', { cache: { storageClass: 'Fast!' } }, 'storageClass: given "Fast!", allowed: the name of a StorageClass'],
    ['a database with a quotation mark', { database: { databaseName: 'rea"na' } }, 'databaseName: given "rea\\"na", allowed: lower-case letters'],
    ["PostgreSQL's own database", { database: { databaseName: 'postgres' } }, 'databaseName: given "postgres", allowed:'],
    ['too few connections', { database: { maxConnections: 5 } }, 'maxConnections: given 5, allowed: a whole number from 20 to 5000'],
    ['more connections by PgBouncer than the database takes', { database: { pgBouncer: { replicas: 3 } } },
      "pgBouncer.maxServerConnections: given 100, allowed: with 3 pods at most 90: nine tenths of the database's maxConnections, 300"],
    ['no PgBouncer', { database: { pgBouncer: { replicas: 0 } } }, 'pgBouncer.replicas: given 0, allowed: a whole number from 1'],
    ['a PgBouncer that is no image', { database: { pgBouncer: { image: '' } } }, 'pgBouncer.image: given "", allowed: an image reference'],
    ['a broker without memory', { broker: { resources: { memory: { limit: Size.mebibytes(100) } } } }, 'resources.memory.limit: given "100 MiB", allowed: at least 256 MiB'],
    ['a cache larger than its memory', { cache: { maxMemory: Size.mebibytes(500) } }, 'maxMemory: given "500 MiB", allowed: at most three quarters of the memory limit of 512 MiB'],
    ['a cache larger than its volume', { cache: { storage: Size.gibibytes(1), maxMemory: Size.mebibytes(384) } }, 'maxMemory: given "384 MiB", allowed: at most a third of the storage of 1024 MiB'],
    ['a cache of nothing', { cache: { maxMemory: Size.mebibytes(1) } }, 'maxMemory: given "1 MiB", allowed: at least 16 MiB'],
    ['an interval that no schedule can say', { backup: { interval: Duration.minutes(7) } }, 'interval: given "420 s", allowed:'],
    ['no dump', { backup: { keep: 0 } }, 'keep: given 0, allowed: a whole number from 1'],
    ['a claim of a size that is there', { backup: { claimName: 'tapes', size: Size.gibibytes(5) } }, 'size: given "5120 MiB", allowed: only without claimName'],
    ['a class of a claim that is there', { backup: { claimName: 'tapes', storageClass: 'cold' } }, 'storageClass: given "cold", allowed: only without claimName'],
    ['a claim that is none', { backup: { claimName: 'A B' } }, 'claimName: given "A B", allowed: the name of a PersistentVolumeClaim'],
    ['a small claim', { backup: { size: Size.mebibytes(10) } }, 'size: given "10 MiB", allowed: at least 1024 MiB'],
    ['dumps of a database that lets nobody in from there', { backup: { namespace: 'backups' } },
      'database: given "reana-db.reana", allowed: that of this prefix and namespace, reana-db.backups'],
    ['a backup with an image that is none', { backup: { image: 'a b' } }, 'image: given "a b", allowed: an image reference'],
  ])('%s', (_, options, message) => {
    expect(report(options)).toContain(message);
  });

  test('a service in all members', () => {
    const app = new App({ outdir: scratchDirectory() });
    const federation = new Federation(app, 'fed', { host: new Cluster(app, 'host') });
    new FederatedCluster(app, 'meyrin', { federation });
    new ReanaCache(federation, 'cache');
    expect(() => app.synth()).toThrow('scope: given "fed/cache", allowed: a cluster or a chart: there is one of it');
  });
});

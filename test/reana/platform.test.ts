import * as fs from 'fs';
import { App, Duration, JsonPatch, Testing, Yaml } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-27';
import { deployed, environmentOf, find, named, objects, Options, platform, podOf, PROGRAMS, told, WORKLOADS } from './platform-program';
import { Cluster, FederatedCluster, Federation, ReanaCache, ReanaDatabase, ReanaMessageBroker, ReanaPlatform, ReanaStorage } from '../../src';
import { scratchDirectory } from '../scratch';

/* eslint-disable @typescript-eslint/no-explicit-any */

describe('ReanaPlatform', () => {
  test('alone in a chart, with a host name and nothing else', () => {
    expect(Yaml.stringify(...objects())).toMatchSnapshot();
  });

  test('on the host cluster of a federation, and in no member', () => {
    const app = new App({ outdir: scratchDirectory() });
    const host = new Cluster(app, 'condor-host');
    const federation = new Federation(app, 'fed', { host });
    new FederatedCluster(app, 'tsystems', { federation });
    new ReanaPlatform(host, 'reana', { hostname: 'reana.cern.ch' });
    app.synth();
    expect(fs.readFileSync(`${app.outdir}/condor-host.k8s.yaml`, 'utf8')).toContain('name: reana-workflow-controller');
    expect(fs.readdirSync(app.outdir).filter(file => file !== 'condor-host.k8s.yaml')
      .filter(file => fs.readFileSync(`${app.outdir}/${file}`, 'utf8').includes('reana'))).toEqual([]);
  });

  test('says what it is made of', () => {
    const { reana } = platform({ runtimeNamespace: 'analyses', storage: ReanaStorage.existingClaim() });
    expect(reana).toMatchObject({ prefix: 'reana', namespace: 'reana', runtimeNamespace: 'analyses' });
    expect([reana.server, reana.scheduler, reana.workflowController, reana.jobStatusConsumer].map(({ name }) => name)).toEqual(PROGRAMS.map(each => `reana-${each}`));
    expect([reana.database.host, reana.messageBroker.host, reana.cache.host]).toEqual(['reana-db.reana', 'reana-message-broker.reana', 'reana-cache.reana']);
  });

  test('no value of a Secret is in it, and no variable that says so', () => {
    const all = objects();
    expect(named(all, 'Secret')).toEqual([]);
    const plain = all.filter(({ kind }) => WORKLOADS.includes(kind)).flatMap(object => podOf(object).containers).flatMap(({ env = [] }: any) => env)
      .filter(({ name, value }: any) => /PASSWORD|SECRET|TOKEN|_PASS$/.test(name) && value !== undefined).map(({ name }: any) => name);
    expect([...new Set(plain)]).toEqual(['REANA_ACCESS_TOKEN_ISSUANCE_POLICY', 'IMAGE_PULL_SECRETS'].filter(name => plain.includes(name)));
  });

  test('Services have the names and ports that REANA\'s code builds, with any prefix', () => {
    const all = objects({ prefix: 'recast', namespace: 'infra' });
    const services = Object.fromEntries(all.filter(({ kind }) => kind === 'Service').map(({ metadata, spec }) =>
      [`${metadata.name}.${metadata.namespace}`, `${spec.ports[0].port} -> ${spec.ports[0].targetPort}`]));
    expect(services).toEqual({
      'recast-server.infra': '80 -> 5000',
      'recast-workflow-controller.infra': '80 -> 5000',
      'recast-cache.infra': '6379 -> 6379',
      'recast-message-broker.infra': '5672 -> 5672',
      'recast-db.infra': '5432 -> 5432',
      'recast-ui.infra': '80 -> 8080',
    });
  });

  test('every program knows which REANA it is of, where the database is, and no pod has variables of Services', () => {
    const all = objects({ prefix: 'recast', namespace: 'infra', hostPort: 30443 });
    for (const program of PROGRAMS) {
      expect(environmentOf(find(all, 'Deployment', `recast-${program}`))).toMatchObject({
        REANA_COMPONENT_PREFIX: 'recast',
        REANA_INFRASTRUCTURE_KUBERNETES_NAMESPACE: 'infra',
        REANA_RUNTIME_KUBERNETES_NAMESPACE: 'infra',
        REANA_HOSTNAME: 'reana.cern.ch',
        REANA_HOSTPORT: '30443',
        REANA_DB_HOST: 'recast-db.infra',
        REANA_DB_PORT: '5432',
        REANA_DB_NAME: 'reana',
        REANA_DB_USERNAME: 'recast-db-secrets/user',
        REANA_DB_PASSWORD: 'recast-db-secrets/password',
        RABBIT_MQ_USER: 'recast-message-broker-secrets/user',
        RABBIT_MQ_PASS: 'recast-message-broker-secrets/password',
        DASK_ENABLED: 'false',
        WORKSPACE_PATHS: '["/var/reana:/var/reana"]',
      });
    }
    expect(all.filter(({ kind }) => WORKLOADS.includes(kind)).map(object => podOf(object).enableServiceLinks)).not.toContain(undefined);
    expect(all.filter(({ kind }) => WORKLOADS.includes(kind)).every(object => podOf(object).enableServiceLinks === false)).toBe(true);
  });

  test('no variable is set twice', () => {
    const twice = objects({ environments: { server: { REANA_RATELIMIT_SLOW: '1/10 second' } } }).filter(({ kind }) => WORKLOADS.includes(kind)).flatMap(object =>
      podOf(object).containers.flatMap(({ env = [] }: any) => env.map(({ name }: any) => name))
        .filter((name: string, index: number, all: string[]) => all.indexOf(name) < index));
    expect(twice).toEqual([]);
  });

  test('keys: of tokens and of the administrator, by default and as they are given', () => {
    expect(told('server')).toMatchObject({ REANA_SECRET_KEY: 'reana-secrets/REANA_SECRET_KEY', REANA_CACHE_PASSWORD: 'reana-cache-secrets/password' });
    const all = objects({
      secretKey: { secretName: 'vault', key: 'key' }, administrator: { email: 'root@cern.ch', accessToken: { secretName: 'vault', key: 'token' } },
    });
    expect(environmentOf(find(all, 'Deployment', 'reana-workflow-controller')).REANA_SECRET_KEY).toBe('vault/key');
    expect(environmentOf(find(all, 'CronJob', 'reana-retention-rules-apply'))).toMatchObject({ REANA_SECRET_KEY: 'vault/key', REANA_ADMIN_ACCESS_TOKEN: 'vault/token' });
    expect(JSON.stringify(all.find(({ kind, metadata }) => kind === 'Job' && metadata.name.startsWith('reana-init')))).toContain('root@cern.ch');
  });

  test('database, broker and cache of a site are named, and none is made', () => {
    const all = objects({
      database: ReanaDatabase.external({ host: 'dbod.cern.ch', port: 6601, databaseName: 'analyses', uri: { secretName: 'dbod', key: 'uri' } }),
      messageBroker: ReanaMessageBroker.external({ host: 'mq.cern.ch', url: { secretName: 'mq' } }),
      cache: ReanaCache.external({ host: 'redis.cern.ch', url: { secretName: 'redis' } }),
    });
    expect(named(all, 'StatefulSet')).toEqual([]);
    expect(environmentOf(find(all, 'Deployment', 'reana-server'))).toMatchObject({
      REANA_DB_HOST: 'dbod.cern.ch',
      REANA_DB_PORT: '6601',
      REANA_DB_NAME: 'analyses',
      REANA_SQLALCHEMY_DATABASE_URI: 'dbod/uri',
      RABBIT_MQ: 'mq/RABBIT_MQ',
      INVENIO_ACCOUNTS_SESSION_REDIS_URL: 'redis/INVENIO_ACCOUNTS_SESSION_REDIS_URL',
    });
    expect(find(all, 'NetworkPolicy', 'reana-retention-rules-apply').spec.egress[0]).toEqual({ ports: [{ protocol: 'TCP', port: 6601 }] });
    // a pod that names a key of a Secret waits for it: of a service that has a URL nothing else is asked
    const programs = all.filter(object => WORKLOADS.includes(object.kind) && podOf(object).containers[0].env);
    const asked = new Set(programs.flatMap(object => Object.values(environmentOf(object))));
    expect([...asked].filter(value => /^(dbod|mq|redis|reana-(db|message-broker|cache)-secrets)\//.test(value)).sort())
      .toEqual(['dbod/uri', 'mq/RABBIT_MQ', 'redis/INVENIO_ACCOUNTS_SESSION_REDIS_URL']);
    expect(environmentOf(find(objects({ database: ReanaDatabase.external({ host: 'dbod.cern.ch', credentials: { secretName: 'dbod', userKey: 'u' } }) }), 'Deployment', 'reana-server')))
      .toMatchObject({ REANA_DB_USERNAME: 'dbod/u', REANA_DB_PASSWORD: 'dbod/password' });
  });

  test('pods are as restricted as their images can be', () => {
    const all = objects();
    for (const object of PROGRAMS.map(program => find(all, 'Deployment', `reana-${program}`)).concat(all.filter(({ kind }) => kind === 'CronJob'))) {
      const pod = podOf(object);
      expect(pod.securityContext).toEqual({
        runAsNonRoot: true, runAsUser: 1000, runAsGroup: 0, fsGroup: 0, fsGroupChangePolicy: 'OnRootMismatch', seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(pod.containers.map(({ securityContext }: any) => securityContext)).toEqual([{ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }]);
      expect(pod.containers[0].resources.requests).toEqual({ cpu: expect.any(String), memory: expect.any(String) });
      expect(pod.containers[0].resources.limits.memory).toEqual(expect.any(String));
    }
  });

  test('Pod Security: the services\' namespace is restricted, the workflows\' baseline, and privileged with paths of the node', () => {
    const level = (props: Options, name: string) => find(objects({ storage: ReanaStorage.existingClaim(), ...props }), 'Namespace', name).metadata.labels['pod-security.kubernetes.io/enforce'];
    expect([level({}, 'reana'), level({ runtimeNamespace: 'analyses' }, 'reana'), level({ runtimeNamespace: 'analyses' }, 'analyses')]).toEqual(['baseline', 'restricted', 'baseline']);
    expect(level({ eos: true, runtimeNamespace: 'analyses' }, 'analyses')).toBe('privileged');
    expect(level({ storage: ReanaStorage.hostPath() }, 'reana')).toBe('privileged');
  });

  test('probes come by the host name, and by HTTPS', () => {
    const { readinessProbe, livenessProbe, startupProbe } = podOf(deployed('server')).containers[0];
    for (const probe of [readinessProbe, livenessProbe, startupProbe]) {
      expect(probe.httpGet).toEqual({
        path: '/api/ping', port: 'http', httpHeaders: [{ name: 'Host', value: 'reana.cern.ch' }, { name: 'X-Forwarded-Proto', value: 'https' }],
      });
    }
    expect(podOf(deployed('workflow-controller')).containers[0].readinessProbe.tcpSocket).toEqual({ port: 'http' });
  });

  test('the API and the controller are two, of which a drain takes one; scheduler and consumer are alone', () => {
    const all = objects();
    expect(PROGRAMS.map(program => [find(all, 'Deployment', `reana-${program}`).spec.replicas, find(all, 'Deployment', `reana-${program}`).spec.strategy.type])).toEqual([
      [2, 'RollingUpdate'], [1, 'Recreate'], [2, 'RollingUpdate'], [1, 'Recreate'],
    ]);
    expect(find(all, 'PodDisruptionBudget', 'reana-server').spec).toEqual({ maxUnavailable: 1, selector: { matchLabels: { app: 'reana-server' } } });
    expect(find(all, 'PodDisruptionBudget', 'reana-scheduler')).toBeUndefined();
    const more = podOf(deployed('server', { server: { replicas: 5, processes: 2, threads: 3, resources: { cpu: { request: Cpu.units(1) } } } }));
    expect(more.containers[0].resources.requests).toEqual({ cpu: '1' });
    expect(deployed('workflow-controller', { workflowController: { replicas: 3 } }).spec.replicas).toBe(3);
    const ini = find(objects({ server: { processes: 2, threads: 3 } }), 'ConfigMap', 'uwsgi-config-reana-server').data['uwsgi.ini'];
    expect(ini).toMatch(/^processes = 2$/m);
    expect(ini).toMatch(/^threads = 3$/m);
  });

  test('pods begin anew when what they mount changes', () => {
    const digest = (props: Options) => deployed('server', props).spec.template.metadata.annotations['cdk8s-hep/config-digest'];
    expect(digest({})).toMatch(/^[0-9a-f]{16}$/);
    expect(new Set([digest({}), digest({ site: { announcement: 'Tomorrow' } }), digest({ server: { threads: 9 } })]).size).toBe(3);
  });

  test('maintenance: nothing runs that changes anything', () => {
    const all = objects({ maintenance: true });
    expect(PROGRAMS.map(program => find(all, 'Deployment', `reana-${program}`).spec.replicas)).toEqual([0, 0, 0, 0]);
    expect(all.filter(({ kind }) => kind === 'CronJob').map(({ spec }) => spec.suspend)).toEqual([true, true]);
    expect(all.filter(({ kind }) => kind === 'StatefulSet').map(({ spec }) => spec.replicas)).toEqual([1, 1, 1]);
  });
});

describe('rights', () => {
  const roles = (props: Options = {}) => Object.fromEntries(objects(props).filter(({ kind }) => kind === 'Role').map(({ metadata, rules }) => [`${metadata.namespace}/${metadata.name}`,
    rules.map(({ apiGroups, resources, verbs }: any) => `${apiGroups[0]}/${resources.join(',')}: ${verbs.join(' ')}`)]));

  test('are what the code asks for, in the runtime namespace', () => {
    expect(roles({ runtimeNamespace: 'analyses', storage: ReanaStorage.existingClaim() })).toEqual({
      'analyses/reana-server': ['/secrets: get create update', '/pods: list'],
      'analyses/reana-infrastructure': [
        '/secrets: get create update', '/pods: list', '/pods/log: get', '/persistentvolumeclaims: create', '/services: create delete', 'apps/deployments: create delete',
        'batch/jobs: create get delete', 'networking.k8s.io/ingresses: create delete', 'networking.k8s.io/networkpolicies: create get update',
      ],
      'analyses/reana-runtime': ['/pods: get list watch', '/pods/log: get', '/secrets: get', 'batch/jobs: create delete'],
    });
  });

  test('workflows have an account of their own, in one namespace as well', () => {
    expect(told('workflow-controller')).toMatchObject({
      REANA_RUNTIME_KUBERNETES_SERVICEACCOUNT_NAME: 'reana-runtime', REANA_INFRASTRUCTURE_KUBERNETES_SERVICEACCOUNT_NAME: 'reana-infrastructure',
    });
    expect(find(objects(), 'RoleBinding', 'reana-runtime').subjects).toEqual([{ kind: 'ServiceAccount', name: 'reana-runtime', namespace: 'reana' }]);
  });

  test('beyond namespaces there is the list of nodes, unless it is refused', () => {
    const all = objects();
    expect(named(all, 'ClusterRole')).toEqual(['reana-reana-server-nodes']);
    expect(find(all, 'ClusterRole', 'reana-reana-server-nodes').rules).toEqual([
      { apiGroups: [''], resources: ['nodes'], verbs: ['list'] }, { apiGroups: ['metrics.k8s.io'], resources: ['nodes'], verbs: ['list'] },
    ]);
    expect(find(all, 'ClusterRoleBinding', 'reana-reana-server-nodes').subjects).toEqual([{ kind: 'ServiceAccount', name: 'reana-server', namespace: 'reana' }]);
    const without = objects({ readsNodes: false });
    expect([...named(without, 'ClusterRole'), ...named(without, 'ClusterRoleBinding')]).toEqual([]);
    expect(told('scheduler', { readsNodes: false }).REANA_WORKFLOW_SCHEDULING_READINESS_CHECK_LEVEL).toBe('1');
  });

  test('tokens are mounted where the API server is asked, and nowhere else', () => {
    const all = objects({ sessions: { maxInactivity: Duration.days(1) } }).filter(({ kind }) => WORKLOADS.includes(kind));
    const mounted = all.filter(object => podOf(object).automountServiceAccountToken !== false).map(({ metadata }) => metadata.name);
    expect(mounted.sort()).toEqual(['reana-interactive-session-cleanup', 'reana-job-status-consumer', 'reana-scheduler', 'reana-server', 'reana-workflow-controller']);
  });
});

test('what an escape hatch reaches is written', () => {
  const { chart, reana } = platform();
  reana.server.addJsonPatch(JsonPatch.replace('/spec/replicas', 7));
  expect(find(Testing.synth(chart), 'Deployment', 'reana-server').spec.replicas).toBe(7);
});

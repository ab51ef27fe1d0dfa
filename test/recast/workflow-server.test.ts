import { spawnSync } from 'child_process';
import { App, Chart, Duration, Size, Testing } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-27';
import {
  Cluster, Federation, FirewallRules, ShipTarget, ShipTargetProps, WorkflowDatabase, WorkflowDatabaseProps, WorkflowServer, WorkflowServerImage,
  WorkflowServerProps,
} from '../../src';
import { scratchDirectory } from '../scratch';
import { objectOf, report } from '../synth';

interface Options {
  readonly database?: WorkflowDatabaseProps;
  readonly server?: Partial<WorkflowServerProps>;
  readonly shipTarget?: Partial<ShipTargetProps>;
}

function program({ database: ofDatabase, server: ofServer, shipTarget: ofShipTarget }: Options = {}) {
  const app = new App({ outdir: scratchDirectory() });
  const chart = new Chart(app, 'cern');
  const database = new WorkflowDatabase(chart, 'database', ofDatabase);
  const shipTarget = new ShipTarget(chart, 'ship-target', { image: 'registry.example/shiptarget:1', ...ofShipTarget });
  const server = new WorkflowServer(chart, 'server', { database, shipTarget, ...ofServer });
  return { app, chart, database, shipTarget, server };
}

const podOf = (chart: Chart, kind: string, name: string) => objectOf(chart, kind, name).spec.template.spec;
const environmentOf = (chart: Chart): { [name: string]: string } => Object.fromEntries(podOf(chart, 'Deployment', 'wflow-server').containers[0].env
  .map(({ name, value, valueFrom }: any) => [name, value ?? JSON.stringify(valueFrom)]));
const RESOURCES = { cpu: { request: Cpu.millis(300), limit: Cpu.units(2) }, memory: { request: Size.mebibytes(256), limit: Size.gibibytes(2) } };

describe('the workflow server', () => {
  test('all of its objects', () => {
    const { chart } = program({ server: { workflowObjects: 'default', ingress: { hostname: 'recast.cern.ch' } } });
    const objects = Testing.synth(chart).map(object => {
      // the program is the package's, and its digest with it
      if (object.metadata.name === 'wflow-server-program') { return { ...object, data: Object.keys(object.data) }; }
      if (object.kind === 'Deployment') { object.spec.template.metadata.annotations = Object.keys(object.spec.template.metadata.annotations); }
      return object;
    });
    expect(objects).toMatchSnapshot();
  });

  test('the same program gives the same bytes', () => {
    expect(JSON.stringify(Testing.synth(program().chart))).toBe(JSON.stringify(Testing.synth(program().chart)));
  });

  test('its options arrive in its environment', () => {
    const { chart } = program({
      server: {
        slots: 3,
        admins: ['operator', 'shifter'],
        readers: ['monitor', 'dashboard'],
        inputHosts: ['zenodo.org', 'cernbox.cern.ch'],
        maxWaiting: 50,
        startDeadline: Duration.minutes(5),
        jobRetention: Duration.hours(2),
        requestRetention: Duration.days(30),
        workflowObjects: 'default',
      },
    });
    expect(environmentOf(chart)).toMatchObject({
      WFLOW_NSLOTS: '3',
      WFLOW_ADMINS: 'operator,shifter',
      WFLOW_READERS: 'monitor,dashboard',
      WFLOW_INPUT_HOSTS: 'zenodo.org,cernbox.cern.ch',
      WFLOW_MAX_WAITING: '50',
      WFLOW_START_DEADLINE: '300',
      WFLOW_JOB_TTL: '7200',
      WFLOW_KEPT_DAYS: '30',
      WFLOW_WORKFLOWS_NAMESPACE: 'default',
      WFLOW_SHIPTARGET_HOST: 'wflow-shiptarget.recast.svc',
      WFLOW_SHIPTARGET_PORT: '2022',
      WFLOW_SHIPTARGET_USER: 'ship',
      WFLOW_SHIPTARGET_SECRET: 'wflow-shiptarget-ssh',
      PGHOST: 'wflow-db.recast.svc',
    });
    for (const variable of ['WFLOW_ADMINS', 'WFLOW_READERS']) { expect(environmentOf(program().chart)).not.toHaveProperty(variable); }
  });

  test('its pod takes image, resources, nodes, pull secrets, tokens and the engines\' configuration as they are given', () => {
    const { chart, server } = program({
      server: {
        image: WorkflowServerImage.own('registry.example/workflow-server:1'),
        resources: RESOURCES,
        nodeSelector: { pool: 'services' },
        imagePullSecrets: ['login'],
        tokensSecret: 'tokens',
        engineConfiguration: 'engines',
        networkPolicies: false,
      },
    });
    const pod = podOf(chart, 'Deployment', 'wflow-server');
    expect(pod).toMatchObject({ nodeSelector: { pool: 'services' }, imagePullSecrets: [{ name: 'login' }], automountServiceAccountToken: true, serviceAccountName: 'wflowmanager' });
    expect(pod.containers[0]).toMatchObject({
      image: 'registry.example/workflow-server:1', resources: { requests: { cpu: '300m', memory: '256Mi' }, limits: { cpu: '2', memory: '2048Mi' } },
    });
    expect(pod.volumes).toEqual([{ name: 'engines', configMap: { name: 'engines' } }, { name: 'tokens', secret: { secretName: 'tokens', defaultMode: 0o440 } }]);
    expect(objectOf(chart, 'ConfigMap', 'wflow-server-program')).toBeUndefined();
    expect(objectOf(chart, 'NetworkPolicy', 'wflow-server')).toBeUndefined();
    expect([server.url, server.namespace, server.deployment.name]).toEqual(['http://wflow-server.recast.svc', 'recast', 'wflow-server']);
    const image = WorkflowServerImage.node();
    expect([image.reference, image.programInConfigMap]).toEqual(['docker.io/library/node:24-trixie-slim', true]);
  });

  test('a database that is elsewhere: TLS, its port in the policy, and in the firewall rules', () => {
    const app = new App({ outdir: scratchDirectory() });
    const cluster = new Cluster(app, 'cern');
    const database = WorkflowDatabase.external({
      host: 'dbod.cern.ch', port: 6600, databaseName: 'recast', credentials: { secretName: 'dbod', userKey: 'u', passwordKey: 'p' }, authority: { secretName: 'cern-ca' },
    });
    new WorkflowServer(cluster, 'server', { database, namespace: 'analysis' });
    expect(environmentOf(cluster)).toMatchObject({
      PGHOST: 'dbod.cern.ch',
      PGPORT: '6600',
      PGDATABASE: 'recast',
      WFLOW_DATABASE_CA: '/database-authority/ca.crt',
      PGUSER: '{"secretKeyRef":{"key":"u","name":"dbod"}}',
      PGPASSWORD: '{"secretKeyRef":{"key":"p","name":"dbod"}}',
    });
    expect(environmentOf(cluster)).not.toHaveProperty('WFLOW_SHIPTARGET_HOST');
    expect(objectOf(cluster, 'NetworkPolicy', 'wflow-server').spec.egress).toContainEqual({ ports: [{ protocol: 'TCP', port: 6600 }] });
    expect(FirewallRules.of(app).toString()).toMatch(/dbod\.cern\.ch/);
    const byDefault = WorkflowDatabase.external({ host: 'pg', podLabels: { app: 'pg' } });
    expect(byDefault).toEqual({ host: 'pg', port: 5432, databaseName: 'wflow', credentials: { secretName: 'wflow-db' }, podLabels: { app: 'pg' } });
  });

  test('behind an ingress controller that is named, engines and it alone may connect', () => {
    const { chart } = program({
      server: {
        ingress: {
          hostname: 'recast.cern.ch',
          className: 'nginx',
          annotations: { 'example.org/size': '1m' },
          tlsSecret: 'tls',
          clusterIssuer: 'letsencrypt',
          controllerNamespace: 'ingress-nginx',
        },
      },
    });
    expect(objectOf(chart, 'NetworkPolicy', 'wflow-server').spec.ingress).toEqual([{
      from: [{ podSelector: { matchLabels: { component: 'wflow-engine' } } }, { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } } }],
      ports: [{ protocol: 'TCP', port: 5000 }],
    }]);
    expect(objectOf(chart, 'Ingress', 'wflow-server')).toMatchObject({
      metadata: { annotations: { 'example.org/size': '1m', 'cert-manager.io/cluster-issuer': 'letsencrypt' } },
      spec: { ingressClassName: 'nginx', tls: [{ hosts: ['recast.cern.ch'], secretName: 'tls' }] },
    });
  });

  test('with readers monitors may connect as well, in whatever namespace', () => {
    const { chart } = program({ server: { readers: ['monitor'], ingress: { hostname: 'recast.cern.ch', controllerNamespace: 'ingress-nginx' } } });
    expect(objectOf(chart, 'NetworkPolicy', 'wflow-server').spec.ingress[0].from).toEqual([
      { podSelector: { matchLabels: { component: 'wflow-engine' } } },
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } } },
      { namespaceSelector: {}, podSelector: { matchLabels: { 'app.kubernetes.io/name': 'workflow-monitor' } } },
    ]);
  });

  test('its database and the ship target take what they are given', () => {
    const common = { namespace: 'analysis', resources: RESOURCES, nodeSelector: { disk: 'ssd' }, storageClass: 'fast', imagePullSecrets: ['login'], networkPolicies: false };
    const { chart, database, shipTarget } = program({
      database: { ...common, image: 'postgres:17', storage: Size.gibibytes(3), credentials: { secretName: 'own' } },
      shipTarget: { ...common, storage: Size.gibibytes(7), hostKey: { secretName: 'host', key: 'rsa' }, clientSecret: 'client' },
      server: { namespace: 'analysis' },
    });
    for (const [name, size] of [['wflow-db', '3072Mi'], ['wflow-shiptarget', '7168Mi']]) {
      const { metadata: { namespace }, spec } = objectOf(chart, 'StatefulSet', name);
      expect({ namespace, ...spec.template.spec }).toMatchObject({ namespace: 'analysis', nodeSelector: { disk: 'ssd' }, imagePullSecrets: [{ name: 'login' }] });
      expect(spec.volumeClaimTemplates[0].spec).toMatchObject({ storageClassName: 'fast', resources: { requests: { storage: size } } });
      expect(spec.template.spec.containers[0].resources.limits).toEqual({ cpu: '2', memory: '2048Mi' });
      expect(objectOf(chart, 'NetworkPolicy', name)).toBeUndefined();
    }
    expect(podOf(chart, 'StatefulSet', 'wflow-db').containers[0].image).toBe('postgres:17');
    expect(objectOf(chart, 'ConfigMap', 'wflow-db').data['postgresql.conf']).toContain('shared_buffers = 512MB');
    expect(podOf(chart, 'StatefulSet', 'wflow-shiptarget').volumes).toContainEqual({ name: 'host-key', secret: { secretName: 'host', items: [{ key: 'rsa', path: 'key' }], defaultMode: 0o440 } });
    expect([database.host, database.port, database.databaseName, database.credentials, database.podLabels, database.namespace]).toEqual(
      ['wflow-db.analysis.svc', 5432, 'wflow', { secretName: 'own' }, { 'app.kubernetes.io/name': 'wflow-db' }, 'analysis']);
    expect(database.statefulSet.name).toBe('wflow-db');
    expect([shipTarget.host, shipTarget.port, shipTarget.user, shipTarget.clientSecret, shipTarget.namespace, shipTarget.statefulSet.name]).toEqual(
      ['wflow-shiptarget.analysis.svc', 2022, 'ship', 'client', 'analysis', 'wflow-shiptarget']);
  });

  test('a ship target on a claim that is there', () => {
    const { chart } = program({ shipTarget: { claim: 'wflowserver-data', subPath: 'shipped/here' } });
    expect(objectOf(chart, 'StatefulSet', 'wflow-shiptarget').spec.volumeClaimTemplates).toBeUndefined();
    const { containers: [{ volumeMounts }], volumes } = podOf(chart, 'StatefulSet', 'wflow-shiptarget');
    expect(volumes).toContainEqual({ name: 'results', persistentVolumeClaim: { claimName: 'wflowserver-data' } });
    expect(volumeMounts).toContainEqual({ name: 'results', mountPath: '/results', subPath: 'shipped/here' });
  });

  test('shell scripts of the database are well made, and an empty Secret ends its pod', () => {
    const { data } = objectOf(program().chart, 'ConfigMap', 'wflow-db');
    for (const file of ['prepare.sh', 'start.sh']) { expect(spawnSync('sh', ['-n'], { input: data[file] }).status).toBe(0); }
    const { status, stderr } = spawnSync('sh', ['-s'], { input: data['prepare.sh'], env: { WFLOW_DB_USER: 'wflow' }, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 64, stderr: 'WFLOW_DB_PASSWORD is empty: the Secret that it comes from must hold it\n' });
  });
});

describe('refused, all at once', () => {
  test.each<[string, Options, string[]]>([
    ['the server', {
      server: {
        slots: 0,
        maxWaiting: 1.5,
        startDeadline: Duration.seconds(1),
        jobRetention: Duration.seconds(5),
        requestRetention: Duration.hours(1),
        admins: ['a:b', 'both'],
        readers: ['c:d', 'both'],
        inputHosts: [],
        tokensSecret: 'A',
        engineConfiguration: 'b_c',
        workflowObjects: 'x.y',
        image: WorkflowServerImage.node('?'),
        namespace: 'Up',
        ingress: { hostname: 'nodots', className: 'A', tlsSecret: 'B', clusterIssuer: 'C', controllerNamespace: 'D' },
      },
    }, [
      'slots: given 0', 'maxWaiting: given 1.5', 'startDeadline: given 1', 'jobRetention: given 5', 'requestRetention: given 0.04', 'admins: given "a:b"', 'readers: given "c:d"', 'readers: given "both", allowed: who is not among admins', 'inputHosts: given []',
      'tokensSecret: given "A"', 'engineConfiguration: given "b_c"', 'workflowObjects: given "x.y"', 'image: given "?"', 'namespace: given "Up"', 'shipTarget: given "recast"',
      'ingress.hostname: given "nodots"', 'ingress.className', 'ingress.tlsSecret', 'ingress.clusterIssuer', 'ingress.controllerNamespace',
    ]],
    ['hosts that are no names', { server: { inputHosts: ['https://x', 'localhost'] } }, ['inputHosts: given "https://x"', 'inputHosts: given "localhost"']],
    ['an external database', {
      server: { database: WorkflowDatabase.external({ host: 'a b', port: 0, databaseName: 'X', credentials: { secretName: '?', userKey: '/' }, authority: { secretName: '?', key: '/' } }) },
    }, [
      'database.host', 'database.port', 'database.databaseName', 'database.credentials.secretName', 'database.credentials.userKey', 'database.authority.secretName',
      'database.authority.key',
    ]],
    ['a database of its own', { database: { namespace: '-', image: '?', storage: Size.mebibytes(5), storageClass: 'A', credentials: { secretName: 'B', passwordKey: '*' } } }, [
      'namespace: given "-"', 'image: given "?"', 'storage: given "5 MiB"', 'storageClass: given "A"', 'credentials.secretName: given "B"', 'credentials.passwordKey: given "*"',
    ]],
    ['a ship target', { shipTarget: { namespace: '-', image: '?', storage: Size.mebibytes(5), storageClass: 'A', hostKey: { secretName: 'B', key: '/' }, clientSecret: 'C', subPath: 'x' } }, [
      'namespace: given "-"', 'image: given "?"', 'storage: given "5 MiB"', 'storageClass: given "A"', 'hostKey.secretName', 'hostKey.key', 'clientSecret', 'subPath: given "x"',
    ]],
    ['a ship target with a claim', { shipTarget: { claim: 'A', subPath: '../x', storage: Size.gibibytes(2), storageClass: 'a' } }, [
      'claim: given "A"', 'subPath: given "../x"', 'storage: given "2048 MiB", allowed: nothing beside a claim', 'storageClass: given "a", allowed: nothing beside a claim',
    ]],
  ])('%s', (_, options, problems) => {
    const said = report(program(options));
    for (const problem of problems) { expect(said).toContain(problem); }
  });

  test('in a federation', () => {
    const app = new App({ outdir: scratchDirectory() });
    const host = new Cluster(app, 'host');
    const federation = new Federation(app, 'fed', { host });
    const database = new WorkflowDatabase(federation, 'database');
    new WorkflowServer(federation, 'server', { database });
    new ShipTarget(federation, 'ship', { image: 'x' });
    const said = report({ app });
    for (const id of ['database', 'server', 'ship']) { expect(said).toContain(`scope: given "fed/${id}"`); }
  });
});

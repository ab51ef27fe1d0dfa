import * as fs from 'fs';
import * as path from 'path';
import { App, Chart, Testing } from 'cdk8s';
import {
  Cluster, CondorHost, CondorHostProps, CondorImage, CondorPool, FederatedCluster, Federation, FirewallRules, ILogSink, JoinMode, LogCollection,
  LogStore, Metrics, PoolPreflight, PrometheusImage, ReanaCache, ReanaDatabase, ReanaDatabaseBackup, ReanaMessageBroker, ReanaPlatform,
  ReanaPlatformProps, StartdFleet, TokenMint,
} from '../../src';

const REGISTRY = new CondorImage({ reference: 'registry.cern.ch:5000/htcondor:25.0', version: CondorImage.official().version });

function deployment(props: Partial<CondorHostProps> = {}) {
  const app = Testing.app();
  const host = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host });
  const meyrin = new FederatedCluster(app, 'meyrin', { federation, apiServer: 'https://k8s.meyrin.example:6443' });
  const tsystems = new FederatedCluster(app, 'tsystems', { federation, joinMode: JoinMode.PULL });
  const pool = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch', centralManagers: [{ address: 'condor.cern.ch' }], accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch', port: 9700 }], image: REGISTRY, ...props,
  });
  const startd = new StartdFleet(federation, 'startd', { pool });
  return { app, host, federation, meyrin, tsystems, pool, startd };
}

const rows = (app: App) => FirewallRules.of(app).rules.map(({ from, to = '-', address, protocol, port }) => `${from} > ${to} ${address} ${protocol} ${port}`);

describe('FirewallRules', () => {
  test('of a pool: machines call the central manager and the access points, nobody calls machines, and nodes pull images', () => {
    const { app } = deployment();
    expect(rows(app)).toEqual([
      'meyrin > condor-host condor.cern.ch TCP 9618', 'meyrin > condor-host ap1.cern.ch TCP 9700',
      'tsystems > condor-host condor.cern.ch TCP 9618', 'tsystems > condor-host ap1.cern.ch TCP 9700',
      'condor-host > - registry.cern.ch TCP 5000', 'meyrin > - registry.cern.ch TCP 5000', 'tsystems > - registry.cern.ch TCP 5000',
    ]);
  });

  test('of several servers, of clusters of other programs, and without one that is revoked', () => {
    const { app, pool } = deployment({
      centralManagers: [{ name: 'a', address: 'a.cern.ch' }, { name: 'b', address: '2001:db8::17', port: 9619 }], executionClusters: ['elsewhere'],
    });
    pool.revoke('tsystems');
    expect(rows(app).filter(row => !row.includes('registry'))).toEqual(['meyrin', 'elsewhere'].flatMap(cluster => [
      `${cluster} > condor-host a.cern.ch TCP 9618`, `${cluster} > condor-host 2001:db8::17 TCP 9619`, `${cluster} > condor-host ap1.cern.ch TCP 9700`,
    ]));
  });

  test('of a site with a proxy', () => {
    const { app, startd, tsystems } = deployment();
    startd.on(tsystems, { httpProxy: 'http://squid.otc.example:3128' });
    expect(rows(app).filter(row => row.includes('squid'))).toEqual(['tsystems > - squid.otc.example TCP 3128']);
  });

  test('of a mint: API servers of members that are pushed to, and the own one where a member pulls', () => {
    const { app, host, pool, startd, meyrin, tsystems } = deployment({ memberSigningKeys: true });
    const mint = new TokenMint(host, 'mint', { pool, apiServer: 'https://kubernetes.cern.ch' });
    [meyrin, tsystems].forEach(member => mint.deliver(startd, member));
    expect(FirewallRules.of(app).rules.filter(({ reason }) => reason.includes('tokens'))).toEqual([
      { from: 'condor-host', to: 'meyrin', address: 'k8s.meyrin.example', protocol: 'TCP', port: 6443, reason: "the cluster's tokens are written" },
      { from: 'tsystems', to: 'condor-host', address: 'kubernetes.cern.ch', protocol: 'TCP', port: 443, reason: 'the cluster fetches its tokens' },
    ]);
  });

  test('of a fleet whose pool stands elsewhere: its access points are those that a preflight knows', () => {
    const chart = new Chart(Testing.app(), 'site');
    const pool = CondorPool.fromAttributes({ collectors: ['cm.example.org'], trustDomain: 'example.org' });
    const fleet = new StartdFleet(chart, 'workers', { pool });
    new PoolPreflight(chart, 'preflight', { fleet, accessPoints: ['ap.example.org'] });
    expect(rows(App.of(chart))).toEqual(['site > - cm.example.org TCP 9618', 'site > - ap.example.org TCP 9618', 'site > - registry-1.docker.io TCP 443']);
  });

  test('what stays inside a cluster is not among them', () => {
    const cluster = new Cluster(Testing.app(), 'site');
    const pool = new CondorHost(cluster, 'condor', {
      trustDomain: 'cern.ch', centralManagers: [{ address: 'condor.cern.ch' }], accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }], image: REGISTRY,
    });
    new StartdFleet(cluster, 'startd', { pool });
    expect(rows(App.of(cluster))).toEqual(['site > - registry.cern.ch TCP 5000']);
  });

  /** The rules of a collection alone, in the cluster `site`. */
  const collecting = (store: ILogSink) => {
    const site = new Cluster(Testing.app(), 'site');
    new LogCollection(site, 'log-agent', { store, image: 'registry.example/collector:1' });
    return rows(App.of(site)).filter(row => !row.includes('registry'));
  };

  test('of logs and metrics: each member calls its own door of the store, and writes metrics; those of other programs too', () => {
    const { app, host, federation } = deployment();
    const writers = ['meyrin', 'tsystems', 'elsewhere'].map((cluster, index) => ({ cluster, port: 4318 + index }));
    const store = new LogStore(host, 'logs', { address: 'logs.cern.ch', writers, image: 'ghcr.io/store:1', gatewayImage: 'ghcr.io/collector:1' });
    new LogCollection(federation, 'log-agent', { store, image: 'registry.example/collector:1' });
    new Metrics(host, 'metrics', { federation, address: 'metrics.cern.ch', port: 9099, image: PrometheusImage.official() });
    expect(rows(app).filter(row => !row.includes('registry.cern.ch') && !/condor.cern.ch|ap1/.test(row))).toEqual([
      'meyrin > condor-host logs.cern.ch TCP 4318', 'tsystems > condor-host logs.cern.ch TCP 4319', 'elsewhere > condor-host logs.cern.ch TCP 4320',
      'meyrin > condor-host metrics.cern.ch TCP 9099', 'tsystems > condor-host metrics.cern.ch TCP 9099',
      'condor-host > - ghcr.io TCP 443', 'condor-host > - quay.io TCP 443', 'meyrin > - quay.io TCP 443', 'tsystems > - quay.io TCP 443',
      'meyrin > - registry.example TCP 443', 'tsystems > - registry.example TCP 443',
    ]);
  });

  test('of logs that go to a store of elsewhere, by its URL; none to one of the same cluster', () => {
    expect(collecting(LogStore.fromAddress('https://loki.example/otlp/v1/logs'))).toEqual(['site > - loki.example TCP 443']);
    expect(collecting(LogStore.fromAddress('https://[2001:db8::17]:9428/insert/opentelemetry/v1/logs'))).toEqual(['site > - 2001:db8::17 TCP 9428']);
    expect(collecting(LogStore.fromAddress('http://logs.monitoring.svc:9428/insert/opentelemetry/v1/logs'))).toEqual([]);
    expect(collecting(LogStore.fromAddress('nowhere'))).toEqual([]);
  });

  describe('of a REANA', () => {
    const reanaIn = (props: Partial<ReanaPlatformProps>) => {
      const site = new Cluster(Testing.app(), 'site');
      new ReanaPlatform(site, 'reana', { hostname: 'reana.cern.ch', ...props });
      return rows(App.of(site));
    };

    test('with all that it needs beside it: its images', () => {
      expect(reanaIn({})).toEqual(['site > - registry-1.docker.io TCP 443', 'site > - quay.io TCP 443']);
    });

    test('with what stands elsewhere; a Service of the cluster is no way out', () => {
      const images = Object.fromEntries(['server', 'workflowController', 'jobController', 'cwl', 'yadage', 'serial', 'snakemake', 'validator', 'kerberos', 'vomsProxy', 'rucio']
        .map(program => [program, 'registry.example:5000/reana:1']));
      expect(reanaIn({
        images,
        withoutUi: true,
        sessions: { jupyterImages: [{ name: 'ROOT', image: 'ghcr.io/root:1' }] },
        database: ReanaDatabase.external({ host: 'dbod.cern.ch', port: 6601, uri: { secretName: 'uri' } }),
        messageBroker: ReanaMessageBroker.external({ host: 'mq.cern.ch', url: { secretName: 'mq' } }),
        cache: ReanaCache.external({ host: 'redis.caches.svc', url: { secretName: 'redis' } }),
        notifications: { receiver: 'admins@cern.ch', sender: 'reana@cern.ch', smtpServer: 'smtp.cern.ch' },
        login: { keycloak: { name: 'iam', title: 'IAM', baseUrl: 'https://iam.example', realmUrl: 'https://iam.example:8443/realms/r', accessTokenUrl: 'https://token.example/t' } },
        kerberos: { realm: 'CERN.CH', kdcs: ['cerndc.cern.ch'] },
      })).toEqual([
        'site > - dbod.cern.ch TCP 6601', 'site > - mq.cern.ch TCP 5672', 'site > - smtp.cern.ch TCP 587', 'site > - iam.example TCP 8443', 'site > - token.example TCP 443',
        'site > - cerndc.cern.ch TCP 88', 'site > - registry.example TCP 5000', 'site > - ghcr.io TCP 443',
      ]);
    });

    test('with services, a pooler, dumps and pages of a site\'s own images', () => {
      const site = new Cluster(Testing.app(), 'site');
      const database = new ReanaDatabase(site, 'database', { image: 'a.example/postgres:18', pgBouncer: { image: 'b.example/pgbouncer:1' } });
      new ReanaDatabaseBackup(site, 'backup', { database, image: 'c.example/postgres:18' });
      new ReanaPlatform(site, 'reana', {
        hostname: 'reana.cern.ch',
        database,
        messageBroker: new ReanaMessageBroker(site, 'broker', { image: 'd.example/rabbitmq:4' }),
        cache: new ReanaCache(site, 'cache', { image: 'e.example/redis:8' }),
        ui: { image: 'f.example/ui:1' },
      });
      expect(rows(App.of(site)).filter(row => row.includes('.example')).sort()).toEqual(
        ['a', 'b', 'c', 'd', 'e', 'f'].map(host => `site > - ${host}.example TCP 443`));
    });
  });

  test('the table on its page is what the program of the page gives', () => {
    const page = fs.readFileSync(path.join(__dirname, '..', '..', 'docs', 'networking.md'), 'utf8');
    const { app, startd, tsystems } = deployment({ image: undefined, accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }] });
    startd.on(tsystems, { httpProxy: 'http://squid.otc.example:3128' });
    expect(/^```console\n(FROM[^]*?)\n```$/m.exec(page)![1]).toBe(`${FirewallRules.of(app)}`);
  });

  test('as a table', () => {
    const { app } = deployment();
    expect(FirewallRules.of(app).toString().split('\n').slice(0, 3)).toEqual([
      'FROM         TO           ADDRESS           PROTOCOL  PORT  WHY',
      'meyrin       condor-host  condor.cern.ch    TCP       9618  machines advertise themselves, and hold a connection open over which they are called',
      'meyrin       condor-host  ap1.cern.ch       TCP       9700  jobs are claimed, and fetch and bring back their files',
    ]);
  });
});

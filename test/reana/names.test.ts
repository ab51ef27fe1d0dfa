import { callers, peer, REANA_EDGES } from '../../src/reana/reana-edges';
import { ReanaNames, SERVICE_PORTS } from '../../src/reana/reana-names';

const names = new ReanaNames('reana', 'infra', 'runtime');

describe('names of REANA', () => {
  test('are those that reana_commons builds', () => {
    expect((['ui', 'server', 'workflow-controller', 'cache', 'message-broker', 'db'] as const).map(service => names.host(service))).toEqual([
      'reana-ui.infra', 'reana-server.infra', 'reana-workflow-controller.infra', 'reana-cache.infra', 'reana-message-broker.infra', 'reana-db.infra',
    ]);
    expect([names.sharedClaim, names.kerberosConfigMap, names.cvmfs]).toEqual(['reana-shared-persistent-volume', 'reana-krb5-conf', 'reana-cvmfs']);
  });

  test.each([
    ['reana', true], ['a', true], ['r-12345678901', true], ['r-123456789012', false], ['Reana', false], ['reana-', false], ['', false], ['re.ana', false],
  ])('a prefix leaves room for the id of a user: %p', (prefix, allowed) => {
    expect(ReanaNames.isPrefix(prefix)).toBe(allowed);
    const longest = `${prefix}-secretsstore-00000000-0000-0000-0000-000000000000`;
    if (allowed) { expect(longest.length).toBeLessThanOrEqual(63); }
  });

  test('workflows run beside the services unless they are sent elsewhere', () => {
    expect(new ReanaNames('reana', 'infra')).toMatchObject({ runtimeNamespace: 'infra', oneNamespace: true });
    expect(names.oneNamespace).toBe(false);
  });
});

describe('edges of REANA', () => {
  test('end at ports that pods listen on', () => {
    const listened = Object.fromEntries(Object.entries(SERVICE_PORTS).map(([service, { targetPort }]) => [service, targetPort]));
    const dask: { [pod: string]: (number | undefined)[] } = { 'run-dask-scheduler': [8786, 8787], 'run-dask-worker': [undefined] };
    const ports = (to: string) => dask[to] ?? [to === 'run-session' ? 8888 : listened[to]];
    expect(REANA_EDGES.filter(({ to, port }) => !ports(to).includes(port))).toEqual([]);
  });

  test('of the cache: the server alone', () => {
    expect(callers(names, 'cache')).toEqual([{ from: [peer(names, 'server')], ports: [{ protocol: 'TCP', port: 6379 }] }]);
  });

  test('of the database: workflows come from their namespace', () => {
    const [{ from, ports }] = callers(names, 'db') as any[];
    expect(ports).toEqual([{ protocol: 'TCP', port: 5432 }]);
    expect(from).toContainEqual({
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'runtime' } }, podSelector: { matchLabels: { reana_workflow_mode: 'batch' } },
    });
    expect(from).toContainEqual({
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'infra' } }, podSelector: { matchLabels: { app: 'reana-server' } },
    });
    expect(JSON.stringify(from)).not.toContain('run-session');
  });

  test('of the pods of workflows, and of their jobs: nobody', () => {
    expect([callers(names, 'run-batch'), callers(names, 'run-job')]).toEqual([[], []]);
  });

  test('of Dask: steps and workers reach schedulers, and workers take connections at any port, from their kind and schedulers alone', () => {
    const [controller, operator] = ['traefik', 'dask-operator'].map(name => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } }));
    expect(callers(names, 'run-dask-scheduler', { 'ingress': [controller], 'dask-operator': [operator] })).toEqual([
      { from: [peer(names, 'run-job'), peer(names, 'run-dask-worker'), operator], ports: [{ protocol: 'TCP', port: 8786 }] },
      { from: [controller, operator], ports: [{ protocol: 'TCP', port: 8787 }] },
    ]);
    expect(callers(names, 'run-dask-worker')).toEqual([{ from: [peer(names, 'run-dask-scheduler'), peer(names, 'run-dask-worker')] }]);
    expect(peer(names, 'run-dask-worker')).toEqual({
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'runtime' } }, podSelector: { matchLabels: { 'dask.org/component': 'worker' } },
    });
  });

  test('of the server: the ingress controller, and whoever it may be where that is not said', () => {
    const controller = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'traefik' } } };
    expect(callers(names, 'server', { ingress: [controller] })).toEqual([{ from: [controller], ports: [{ protocol: 'TCP', port: 5000 }] }]);
    expect(callers(names, 'server')).toEqual([{ ports: [{ protocol: 'TCP', port: 5000 }] }]);
  });
});

import { App, Chart, Size, Testing } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-27';
import {
  Cluster, ClusterSelector, FederatedCluster, Federation, FirewallRules, MonitorImage, MonitorIngress, MonitorSignIn, MonitorWorkflowServer,
  Placement, WorkflowMonitor, WorkflowMonitorProps,
} from '../../src';
import { bundledProgram, MOST_BYTES, programProblems } from '../../src/recast/bundled-program';
import { scratchDirectory } from '../scratch';
import { objectOf, report } from '../synth';

function site(props: WorkflowMonitorProps = {}): { readonly app: App; readonly chart: Cluster; readonly monitor: WorkflowMonitor } {
  const app = new App({ outdir: scratchDirectory() });
  const chart = new Cluster(app, 'site');
  return { app, chart, monitor: new WorkflowMonitor(chart, 'monitor', props) };
}

const podOf = (chart: Chart) => objectOf(chart, 'Deployment', /monitor/).spec.template.spec;
const environmentOf = (chart: Chart) => Object.fromEntries(
  podOf(chart).containers[0].env.map(({ name, value }: { name: string; value: string }) => [name, value]));

const SIGN_IN = MonitorSignIn.nginx('http://oauth2-proxy.auth.svc/oauth2/auth', 'https://auth.cern.ch/oauth2/start?rd=https://$host$escaped_request_uri');

describe('WorkflowMonitor', () => {
  test('as it is without a word', () => {
    const { chart } = site();
    const manifests = Testing.synth(chart);
    const program = manifests.find(({ kind }) => kind === 'ConfigMap')!;
    expect(Buffer.byteLength(program.data['workflow-monitor.cjs'])).toBeLessThan(MOST_BYTES);
    program.data['workflow-monitor.cjs'] = 'the program';
    const deployment = manifests.find(({ kind }) => kind === 'Deployment')!;
    expect(deployment.spec.template.metadata.annotations['cdk8s-hep/config-digest']).toMatch(/^[0-9a-f]{8}$/);
    deployment.spec.template.metadata.annotations = {};
    expect(manifests).toMatchSnapshot();
  });

  test('says where it is', () => {
    const { monitor } = site({ name: 'monitor', namespace: 'talk' });
    expect([monitor.name, monitor.namespace, monitor.url, monitor.deployment.name]).toEqual(['monitor', 'talk', 'http://monitor.talk.svc', 'monitor']);
    const chart = new Chart(new App(), 'chart', { namespace: 'of-the-chart' });
    expect(new WorkflowMonitor(chart, 'monitor').namespace).toBe('of-the-chart');
  });

  test('may list what it shows and read logs, in the namespaces that are shown', () => {
    const { chart } = site({ namespace: 'talk', workflowNamespaces: ['talk', 'analysis'], reanaNamespaces: ['analysis', 'reana'] });
    const roles = Testing.synth(chart).filter(({ kind }) => kind === 'Role');
    const rights = Object.fromEntries(roles.map(({ metadata, rules }) => [
      metadata.namespace, rules.map((rule: { resources: string[]; verbs: string[] }) => `${rule.resources}: ${rule.verbs}`),
    ]));
    const all = ['jobs: list,watch', 'pods: list,watch', 'pods/log: get', 'configmaps: list,watch'];
    expect(rights).toEqual({ talk: all, analysis: all, reana: all.slice(0, 3) });
    for (const { metadata, subjects, roleRef } of Testing.synth(chart).filter(({ kind }) => kind === 'RoleBinding')) {
      expect([metadata.name, roleRef.name, subjects]).toEqual(['wflow-monitor', 'wflow-monitor', [{ kind: 'ServiceAccount', name: 'wflow-monitor', namespace: 'talk' }]]);
    }
    expect(environmentOf(chart)).toEqual({ MONITOR_NAMESPACES: 'talk,analysis', MONITOR_REANA_NAMESPACES: 'analysis,reana', MONITOR_PORT: '8080' });
    expect(environmentOf(site({ reanaNamespaces: ['reana'] }).chart)).toEqual({ MONITOR_REANA_NAMESPACES: 'reana', MONITOR_PORT: '8080' });
  });

  test('with the program in its image', () => {
    const { chart, app } = site({ image: MonitorImage.own('registry.cern.ch/monitor:1'), imagePullSecrets: ['registry'] });
    expect(Testing.synth(chart).filter(({ kind }) => kind === 'ConfigMap')).toEqual([]);
    const { containers: [container], volumes, imagePullSecrets } = podOf(chart);
    expect([container.image, container.command, container.volumeMounts, volumes]).toEqual([
      'registry.cern.ch/monitor:1', ['node', '/usr/share/workflow-monitor/workflow-monitor.cjs'], undefined, undefined,
    ]);
    expect(imagePullSecrets).toEqual([{ name: 'registry' }]);
    expect(FirewallRules.of(app).rules.map(({ address }) => address)).toEqual(['registry.cern.ch']);
    expect([MonitorImage.own('a').programInConfigMap, MonitorImage.node('a').programInConfigMap, MonitorImage.node('a').reference]).toEqual([false, true, 'a']);
  });

  test('in each member of a federation, and in those of a placement', () => {
    const app = new App({ outdir: scratchDirectory() });
    const federation = new Federation(app, 'fed', { host: new Cluster(app, 'host') });
    const [one, other] = ['one', 'other'].map(name => new FederatedCluster(app, name, { federation }));
    new WorkflowMonitor(federation, 'monitor', { image: MonitorImage.own('registry.cern.ch/monitor:1') });
    const placement = new Placement(federation, 'some', { clusters: ClusterSelector.of(one) });
    new WorkflowMonitor(placement, 'own', { name: 'own', image: MonitorImage.own('registry.example/monitor:1') });
    expect([one, other].map(member => Testing.synth(member).filter(({ kind }) => kind === 'Deployment').map(({ metadata }) => metadata.name)))
      .toEqual([['wflow-monitor', 'own'], ['wflow-monitor']]);
    expect(FirewallRules.of(app).rules.map(({ from, address }) => `${from} ${address}`)).toEqual([
      'one registry.cern.ch', 'other registry.cern.ch', 'one registry.example',
    ]);
  });

  test('several pods, spread and drained one at a time, of a stated size', () => {
    const { chart } = site({ replicas: 2, resources: { cpu: { request: Cpu.millis(20) }, memory: { limit: Size.mebibytes(256) } } });
    expect(objectOf(chart, 'Deployment', 'wflow-monitor').spec.replicas).toBe(2);
    expect(objectOf(chart, 'PodDisruptionBudget', 'wflow-monitor').spec.maxUnavailable).toBe(1);
    expect(podOf(chart).topologySpreadConstraints).toHaveLength(2);
    expect(podOf(chart).containers[0].resources).toEqual({ requests: { cpu: '20m' }, limits: { memory: '256Mi' } });
  });

  test('links to central logs', () => {
    const { chart } = site({ centralLogs: { workflow: 'https://logs.cern.ch/{wflowid}', step: 'https://logs.cern.ch/{wflowid}/{jobid}' } });
    expect(environmentOf(chart)).toMatchObject({ MONITOR_WORKFLOW_LOGS: 'https://logs.cern.ch/{wflowid}', MONITOR_STEP_LOGS: 'https://logs.cern.ch/{wflowid}/{jobid}' });
  });

  test('a workflow server that is asked, with a token from a Secret, at the server\'s pods alone', () => {
    const { chart, app } = site({ workflowServer: { token: { secretName: 'wflow-server-tokens', key: 'monitor' } } });
    expect(environmentOf(chart)).toEqual({
      MONITOR_NAMESPACES: 'recast',
      MONITOR_PORT: '8080',
      MONITOR_SERVER_URL: 'http://wflow-server.recast.svc',
      MONITOR_SERVER_TOKEN: '/wflow-server/token',
      MONITOR_SERVER_NAMESPACE: 'recast',
    });
    const { containers: [container], volumes } = podOf(chart);
    expect(container.volumeMounts[1]).toEqual({ name: 'server-token', mountPath: '/wflow-server', readOnly: true });
    expect(volumes[1]).toEqual({ name: 'server-token', secret: { secretName: 'wflow-server-tokens', items: [{ key: 'monitor', path: 'token' }], defaultMode: 0o440 } });
    expect(objectOf(chart, 'NetworkPolicy', 'wflow-monitor').spec.egress).toEqual([
      { ports: [{ protocol: 'TCP', port: 443 }, { protocol: 'TCP', port: 6443 }] },
      { ports: [{ protocol: 'UDP', port: 53 }, { protocol: 'TCP', port: 53 }] },
      {
        to: [{
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'recast' } }, podSelector: { matchLabels: { 'app.kubernetes.io/name': 'wflow-server' } },
        }],
        ports: [{ protocol: 'TCP', port: 5000 }],
      },
    ]);
    expect(FirewallRules.of(app).rules.map(({ port }) => port)).toEqual([443]);
  });

  test('a workflow server of another namespace, of another name, and of another cluster', () => {
    const token = { secretName: 'reader' };
    const of = (workflowServer: Partial<MonitorWorkflowServer>) => site({
      workflowNamespaces: ['talk', 'analysis'], workflowServer: { token, ...workflowServer }, image: MonitorImage.own('registry.cern.ch/monitor:1'),
    });
    const policy = (chart: Cluster) => objectOf(chart, 'NetworkPolicy', 'wflow-monitor').spec.egress[2];
    const other = of({ namespace: 'analysis' }).chart;
    expect([environmentOf(other).MONITOR_SERVER_URL, policy(other).to[0].namespaceSelector.matchLabels]).toEqual([
      'http://wflow-server.analysis.svc', { 'kubernetes.io/metadata.name': 'analysis' },
    ]);
    expect(podOf(other).volumes[0].secret.items).toEqual([{ key: 'token', path: 'token' }]);
    const named = of({ url: 'http://recast.services.svc:8080' }).chart;
    expect([environmentOf(named).MONITOR_SERVER_NAMESPACE, policy(named)]).toEqual(['talk', { ports: [{ protocol: 'TCP', port: 8080 }] }]);
    const { app, chart: far } = of({ url: 'https://recast.cern.ch' });
    expect(policy(far)).toEqual({ ports: [{ protocol: 'TCP', port: 443 }] });
    expect(FirewallRules.of(app).rules.map(({ from, address, port }) => [from, address, port])).toContainEqual(['site', 'recast.cern.ch', 443]);
  });

  test('an Ingress, by TLS, behind a sign-in', () => {
    const { chart } = site({
      ingress: {
        hostname: 'monitor.cern.ch',
        signIn: SIGN_IN,
        className: 'nginx',
        clusterIssuer: 'letsencrypt',
        controllerNamespace: 'ingress-nginx',
        annotations: { 'nginx.ingress.kubernetes.io/proxy-read-timeout': '3600' },
      },
    });
    expect(objectOf(chart, 'Ingress', 'wflow-monitor')).toMatchSnapshot();
    expect(objectOf(chart, 'NetworkPolicy', 'wflow-monitor').spec.ingress).toEqual([{
      ports: [{ protocol: 'TCP', port: 8080 }], from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } } }],
    }]);
  });

  test('an Ingress for anybody, with a certificate that is there', () => {
    const { chart } = site({ ingress: { hostname: 'monitor.cern.ch', allowAnonymous: true, tlsSecret: 'wildcard' } });
    const { metadata, spec } = objectOf(chart, 'Ingress', 'wflow-monitor');
    expect([metadata.annotations, spec.tls, spec.ingressClassName]).toEqual([undefined, [{ hosts: ['monitor.cern.ch'], secretName: 'wildcard' }], undefined]);
  });

  test('sign-ins of other ingress controllers', () => {
    expect(MonitorSignIn.traefik('auth-oauth2-proxy@kubernetescrd').annotations).toEqual({
      'traefik.ingress.kubernetes.io/router.middlewares': 'auth-oauth2-proxy@kubernetescrd',
    });
    expect(MonitorSignIn.byAnnotations({ 'haproxy.org/auth': 'x' }).annotations).toEqual({ 'haproxy.org/auth': 'x' });
  });

  test('without a NetworkPolicy', () => {
    expect(objectOf(site({ networkPolicy: false }).chart, 'NetworkPolicy', 'wflow-monitor')).toBeUndefined();
  });
});

describe('refused', () => {
  const server = (more: Partial<MonitorWorkflowServer>): WorkflowMonitorProps => ({ workflowServer: { token: { secretName: 'reader' }, ...more } });
  const ingress = (more: Partial<MonitorIngress>): WorkflowMonitorProps => ({ ingress: { hostname: 'monitor.cern.ch', signIn: SIGN_IN, ...more } });
  test.each<[string, WorkflowMonitorProps, string]>([
    ['a name that is none', { name: 'Monitor' }, 'name: given "Monitor"'],
    ['a long name', { name: 'm'.repeat(51) }, 'at most 50 characters'],
    ['a namespace that is none', { namespace: 'a.b' }, 'namespace: given "a.b"'],
    ['no namespace to show', { workflowNamespaces: [] }, 'workflowNamespaces: given []'],
    ['namespaces that are none', { workflowNamespaces: ['A'], reanaNamespaces: ['B'] }, 'reanaNamespaces: given "B"'],
    ['a namespace twice', { workflowNamespaces: ['a', 'a'] }, 'each namespace once'],
    ['no pod', { replicas: 0 }, 'replicas: given 0'],
    ['no image', { image: MonitorImage.own('') }, 'image: given ""'],
    ['a pull secret that is none', { imagePullSecrets: ['A_B'] }, 'imagePullSecrets: given "A_B"'],
    ['a link that is none of the web', { centralLogs: { workflow: 'javascript:alert(1)' } }, 'centralLogs.workflow: given "javascript:alert(1)"'],
    ['a link with another placeholder', { centralLogs: { step: 'https://logs/{pod}' } }, 'centralLogs.step: given "https://logs/{pod}"'],
    ['a workflow\'s link with the id of a job', { centralLogs: { workflow: 'https://logs/{jobid}' } }, 'of placeholders {wflowid}'],
    ['a workflow server\'s Secret that is none', server({ token: { secretName: 'A_B' } }), 'workflowServer.token.secretName: given "A_B"'],
    ['a key that is none', server({ token: { secretName: 'a', key: '../x' } }), 'workflowServer.token.key: given "../x"'],
    ['a workflow server of a namespace that isn\'t shown', server({ namespace: 'talk' }), 'workflowServer.namespace: given "talk", allowed: one of workflowNamespaces: recast'],
    ['a workflow server where REANA\'s workflows alone are shown', { ...server({}), reanaNamespaces: ['reana'] }, 'one of workflowNamespaces: there is none'],
    ['a token in the clear', server({ url: 'http://recast.cern.ch' }), 'workflowServer.url: given "http://recast.cern.ch", allowed: https:// and a host'],
    ['a URL with a path', server({ url: 'https://recast.cern.ch/api' }), 'workflowServer.url: given "https://recast.cern.ch/api"'],
    ['a URL with a user', server({ url: 'https://a:b@recast.cern.ch' }), 'workflowServer.url'],
    ['a port that is none', server({ url: 'https://recast.cern.ch:70000' }), 'workflowServer.url: given "https://recast.cern.ch:70000"'],
    ['an Ingress without a sign-in', { ingress: { hostname: 'monitor.cern.ch' } }, 'ingress.signIn: given undefined, allowed: who makes users sign in, or `allowAnonymous: true`'],
    ['a sign-in, and anybody', ingress({ allowAnonymous: true }), 'ingress.allowAnonymous: given true'],
    ['a host name that is none', ingress({ hostname: 'https://monitor' }), 'ingress.hostname: given "https://monitor"'],
    ['names that are none', ingress({ className: 'A', tlsSecret: 'B', clusterIssuer: 'C', controllerNamespace: 'D' }), 'ingress.controllerNamespace: given "D"'],
    ['an annotation of the sign-in\'s', ingress({ annotations: { 'nginx.ingress.kubernetes.io/auth-url': 'http://x' } }), 'what signIn does not set'],
    ['a page to sign in without TLS', ingress({ signIn: MonitorSignIn.nginx('http://a/auth', 'http://b/start') }), 'the URL of the page, by HTTPS'],
    ['a controller\'s URL that is none', ingress({ signIn: MonitorSignIn.nginx('a/auth', 'https://b/start') }), 'the URL where the controller asks'],
    ['a Middleware that is none', ingress({ signIn: MonitorSignIn.traefik('oauth2-proxy') }), 'names of Middlewares'],
    ['a sign-in without annotations', ingress({ signIn: MonitorSignIn.byAnnotations({}) }), 'at least one annotation'],
  ])('%s', (_, props, expected) => {
    expect(report(site(props))).toContain(expected);
  });

  test('all at once', () => {
    const text = report(site({ name: 'A', replicas: 0.5, ingress: { hostname: '' } }));
    for (const each of ['name: given "A"', 'replicas: given 0.5', 'ingress.hostname: given ""', 'ingress.signIn']) { expect(text).toContain(each); }
  });

  test('a program that a ConfigMap can\'t hold', () => {
    expect(programProblems('image', 'MonitorImage.own', { a: 'x'.repeat(MOST_BYTES - 1) })).toEqual([]);
    expect(programProblems('image', 'MonitorImage.own', { a: 'x'.repeat(MOST_BYTES) })).toEqual([expect.stringContaining('1048577 bytes of program')]);
  });

  test('a program that was not built', () => {
    expect(() => bundledProgram('no-such-program')).toThrow('`npx projen bundle` builds it');
  });
});

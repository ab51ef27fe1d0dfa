import { spawnSync } from 'child_process';
import { App, Chart, Size, Testing } from 'cdk8s';
import { INITIALIZATION_SCRIPT } from '../../src/reana/initialization-script';
import { ReanaAdministrator, ReanaInitialization } from '../../src/reana/reana-initialization';
import { ReanaNames } from '../../src/reana/reana-names';
import { ReanaUi, ReanaUiOptions } from '../../src/reana/reana-ui';
import { scratchDirectory } from '../scratch';

interface Options {
  readonly administrator?: Partial<ReanaAdministrator>;
  readonly image?: string;
  readonly ui?: ReanaUiOptions;
}

function program({ administrator, image = 'reana-server:1', ui = {} }: Options = {}) {
  const app = new App({ outdir: scratchDirectory() });
  const chart = new Chart(app, 'cern');
  const names = new ReanaNames('reana', 'reana');
  const initialization = new ReanaInitialization(chart, 'initialization', {
    names,
    administrator: { email: 'admin@reana.cern.ch', ...administrator },
    image,
    environment: [{ name: 'REANA_HOSTNAME', value: 'reana.cern.ch' }, { name: 'REANA_ADMIN_EMAIL', value: 'nobody@cern.ch' }],
    volumes: [{ name: 'workspaces', persistentVolumeClaim: { claimName: 'shared' } }],
    volumeMounts: [{ name: 'workspaces', mountPath: '/var/reana' }],
    pod: { securityContext: { runAsUser: 1000 } },
    containerSecurity: { allowPrivilegeEscalation: false },
  });
  new ReanaUi(chart, 'ui', { names, options: ui, outsiders: { ingress: [{ podSelector: { matchLabels: { app: 'traefik' } } }] } });
  return { app, chart, initialization };
}

const objects = (options?: Options) => Testing.synth(program(options).chart);
const find = (kind: string, options?: Options) => objects(options).find(object => object.kind === kind);
const named = (kind: string, name: string, options?: Options) =>
  objects(options).find(object => object.kind === kind && object.metadata.name === name);

describe('the initialisation', () => {
  test('is a Job of another name whenever anything in it is another, and of the same otherwise', () => {
    const name = (options?: Options) => find('Job', options).metadata.name;
    expect(name()).toMatch(/^reana-init-[0-9a-f]{8}$/);
    expect(name()).toBe(name());
    expect(name({ image: 'reana-server:2' })).not.toBe(name());
    expect(name({ administrator: { email: 'other@cern.ch' } })).not.toBe(name());
  });

  test("runs the server's image and environment, and has the administrator's password and token from Secrets", () => {
    const { spec } = find('Job').spec.template;
    expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false, restartPolicy: 'Never', securityContext: { runAsUser: 1000 } });
    expect(spec.containers[0]).toMatchObject({ image: 'reana-server:1', command: ['python3', '/scripts/initialize.py'] });
    expect(spec.containers[0].env).toEqual([
      { name: 'REANA_HOSTNAME', value: 'reana.cern.ch' },
      { name: 'REANA_ADMIN_EMAIL', value: 'admin@reana.cern.ch' },
      { name: 'REANA_ADMIN_PASSWORD', valueFrom: { secretKeyRef: { name: 'reana-admin-password', key: 'password' } } },
      { name: 'REANA_ADMIN_ACCESS_TOKEN', valueFrom: { secretKeyRef: { name: 'reana-admin-access-token', key: 'ADMIN_ACCESS_TOKEN' } } },
    ]);
    const own = find('Job', { administrator: { password: { secretName: 'p' }, accessToken: { secretName: 't', key: 'k' } } }).spec.template.spec.containers[0].env;
    expect(own.slice(2).map(({ valueFrom }: any) => valueFrom.secretKeyRef)).toEqual([{ name: 'p', key: 'password' }, { name: 't', key: 'k' }]);
  });

  test('has no right at the API server, and nobody calls it', () => {
    expect(objects().filter(({ kind }) => /Role/.test(kind))).toEqual([]);
    expect(named('NetworkPolicy', 'reana-init').spec).toEqual({ podSelector: { matchLabels: { app: 'reana-init' } }, policyTypes: ['Ingress'] });
  });

  test('refuses an administrator without an address', () => {
    expect(() => program({ administrator: { email: 'admin' } }).app.synth()).toThrow('administrator.email: given "admin", allowed: an e-mail address');
  });

  const GOOD = {
    REANA_DB_USERNAME: 'reana',
    REANA_DB_PASSWORD: 'x1',
    RABBIT_MQ_USER: 'reana',
    RABBIT_MQ_PASS: 'x2',
    REANA_SECRET_KEY: 'any "thing"',
    REANA_ADMIN_EMAIL: 'admin@cern.ch',
    REANA_ADMIN_PASSWORD: 'any @thing',
    REANA_ADMIN_ACCESS_TOKEN: '0123456789abcdef',
  };

  test.each<[string, object, string]>([
    ['a password that cannot stand in a URL', { RABBIT_MQ_PASS: 'p@ss' },
      "of letters, digits, '-', '_', '.' and '~' alone, since REANA puts them into URLs as they are: RABBIT_MQ_PASS"],
    ['what is not there', { REANA_SECRET_KEY: '', REANA_DB_USERNAME: '' }, 'empty, and must come from a Secret or the platform: REANA_DB_USERNAME, REANA_SECRET_KEY'],
    ['a short token', { REANA_ADMIN_ACCESS_TOKEN: 'short' }, 'REANA_ADMIN_ACCESS_TOKEN must have 16 to 255 characters'],
  ])('its script stops at %s, before it touches anything', (_, variables, message) => {
    const { status, stderr, stdout } = spawnSync('python3', ['-c', INITIALIZATION_SCRIPT], {
      env: { PATH: process.env.PATH, ...GOOD, ...variables } as unknown as NodeJS.ProcessEnv, encoding: 'utf8',
    });
    expect([status, stderr, stdout]).toEqual([1, `initialisation: ${message}\n`, '']);
  });
});

describe('the UI', () => {
  test('is nginx without root, on a port that needs none, reached from the ingress controller alone', () => {
    const { spec } = find('Deployment').spec.template;
    expect(spec).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true, runAsUser: 101 } });
    expect(spec.containers[0]).toMatchObject({
      image: 'docker.io/reanahub/reana-ui:0.95.0-alpha.4',
      command: ['nginx', '-c', '/configuration/nginx.conf', '-g', 'daemon off;'],
      ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    });
    expect(named('Service', 'reana-ui').spec.ports).toEqual([{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 }]);
    expect(named('NetworkPolicy', 'reana-ui').spec.ingress).toEqual([
      { from: [{ podSelector: { matchLabels: { app: 'traefik' } } }], ports: [{ protocol: 'TCP', port: 8080 }] },
    ]);
    expect(find('PodDisruptionBudget').spec.maxUnavailable).toBe(1);
  });

  test('sends security headers with every answer', () => {
    expect(named('ConfigMap', 'reana-ui').data['nginx.conf']).toMatchSnapshot();
  });

  test('takes image, replicas, policy and resources as they are given', () => {
    const ui = { image: 'registry.example/ui:1', replicas: 1, contentSecurityPolicy: "default-src 'none'", resources: { memory: { limit: Size.mebibytes(64) } } };
    const { replicas, template } = find('Deployment', { ui }).spec;
    expect([replicas, template.spec.containers[0].image, template.spec.containers[0].resources.limits]).toEqual(
      [1, 'registry.example/ui:1', { memory: '64Mi' }]);
    expect(named('ConfigMap', 'reana-ui', { ui }).data['nginx.conf']).toContain('add_header Content-Security-Policy "default-src \'none\'" always;');
    expect(find('PodDisruptionBudget', { ui })).toBeUndefined();
  });

  test.each<[string, ReanaUiOptions, string]>([
    ['no pod', { replicas: 0 }, 'ui.replicas: given 0, allowed: a whole number from 1'],
    ['an image that is none', { image: 'a b' }, 'ui.image: given "a b", allowed: an image reference'],
    ['a policy that ends its header', { contentSecurityPolicy: 'a"; b' }, 'ui.contentSecurityPolicy: given "a\\"; b", allowed:'],
  ])('refuses %s', (_, ui, message) => {
    expect(() => program({ ui }).app.synth()).toThrow(message);
  });
});

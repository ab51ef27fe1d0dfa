import { ApiObject } from 'cdk8s';
import { ContainerResources } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { callers, Outsiders } from './reana-edges';
import { ReanaNames, SERVICE_PORTS } from './reana-names';
import { declareImages } from './reana-traffic';
import { problem } from '../problem';
import { containerResources } from '../workload/container-resources';
import { filesDigest, HARDENED_CONTAINER, hardenedPod, pullSecrets } from '../workload/hardened-pod';
import { IMAGE, isImage } from '../workload/image-reference';
import { addNetworkPolicy } from '../workload/network-policy';
import { addPodDisruptionBudget } from '../workload/pod-disruption-budget';
import { spreadOver } from '../workload/pod-spread';
import { CONFIGURATION } from '../workload/postgres-scripts';

/** REANA's web pages. */
export interface ReanaUiOptions {
  /**
   * The image, whose pages are in `/usr/share/nginx/html`.
   *
   * @default 'docker.io/reanahub/reana-ui:0.95.0-alpha.4'
   */
  readonly image?: string;

  /**
   * How many pods there are.
   *
   * Refused: less than 1.
   *
   * @default 2
   */
  readonly replicas?: number;

  /**
   * What the pages may load and from where (the header `Content-Security-Policy`).
   *
   * Refused: what isn't one line of visible characters without quotation marks and `$`.
   *
   * @default - what is on the same host; styles in the page, and pictures from anywhere by HTTPS, which workflows' pages show
   */
  readonly contentSecurityPolicy?: string;

  /**
   * CPU and memory of a pod.
   *
   * @default - requests 20m and 32 MiB, limit 128 MiB
   */
  readonly resources?: ContainerResources;
}

/** The user of nginx in its official images. */
const NGINX_USER = 101;

const DEFAULT_POLICY = [
  "default-src 'self'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data: blob: https:", "font-src 'self' data:",
  "connect-src 'self'", "frame-src 'self' blob:", "object-src 'self' blob:", "base-uri 'self'", "form-action 'self'", "frame-ancestors 'self'",
].join('; ');

/** What a UI is told by its platform. */
export interface ReanaUiSettings {
  readonly names: ReanaNames;
  readonly options: ReanaUiOptions;
  readonly imagePullSecrets?: readonly string[];
  readonly nodeSelector?: { readonly [label: string]: string };
  /** Whether a NetworkPolicy lets the ingress controller in alone. */
  readonly networkPolicies?: boolean;
  readonly outsiders: Outsiders;
}

/** The Deployment of the UI: nginx with the pages in its image, without root, on a port that needs none. */
export class ReanaUi extends Construct {
  public constructor(scope: Construct, id: string, settings: ReanaUiSettings) {
    super(scope, id);
    const { names, options, imagePullSecrets, nodeSelector, networkPolicies = true, outsiders } = settings;
    const { image = 'docker.io/reanahub/reana-ui:0.95.0-alpha.4', replicas = 2, contentSecurityPolicy = DEFAULT_POLICY, resources } = options;
    declareImages(this, image);
    const name = names.component('ui');
    const selector = names.selector('ui');
    const labels = names.labels('ui');
    const metadata = { name, namespace: names.namespace, labels };
    const files = { 'nginx.conf': configuration(contentSecurityPolicy) };
    const { port, targetPort } = SERVICE_PORTS.ui;
    const probe = { httpGet: { path: '/', port: 'http' }, periodSeconds: 10, timeoutSeconds: 5 };
    new ApiObject(this, 'ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false });
    new ApiObject(this, 'ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: files });
    new ApiObject(this, 'Service', {
      apiVersion: 'v1', kind: 'Service', metadata, spec: { selector, ports: [{ name: 'http', protocol: 'TCP', port, targetPort }] },
    });
    if (networkPolicies) { addNetworkPolicy(this, metadata, selector, { ingress: callers(names, 'ui', outsiders), egress: [] }); }
    if (replicas > 1) { addPodDisruptionBudget(this, metadata, { matchLabels: selector }, 1); }
    new ApiObject(this, 'Deployment', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas,
        selector: { matchLabels: selector },
        template: {
          metadata: { labels, annotations: filesDigest(files) },
          spec: {
            serviceAccountName: name,
            ...hardenedPod(NGINX_USER),
            ...pullSecrets(imagePullSecrets),
            ...nodeSelector && { nodeSelector },
            topologySpreadConstraints: spreadOver({ matchLabels: selector }),
            containers: [{
              name: 'ui',
              image,
              command: ['nginx', '-c', `${CONFIGURATION}/nginx.conf`, '-g', 'daemon off;'],
              ports: [{ name: 'http', containerPort: targetPort, protocol: 'TCP' }],
              securityContext: HARDENED_CONTAINER,
              livenessProbe: { ...probe, failureThreshold: 6 },
              readinessProbe: probe,
              resources: containerResources(resources, { cpu: '20m', memory: '32Mi', limit: '128Mi' }),
              volumeMounts: [{ name: 'configuration', mountPath: CONFIGURATION, readOnly: true }, { name: 'tmp', mountPath: '/tmp' }],
            }],
            volumes: [{ name: 'configuration', configMap: { name } }, { name: 'tmp', emptyDir: {} }],
          },
        },
      },
    });
    this.node.addValidation({ validate: () => problems(image, replicas, contentSecurityPolicy) });
  }
}

function problems(image: string, replicas: number, policy: string): string[] {
  const found: string[] = [];
  if (!isImage(image)) { found.push(problem('ui.image', image, IMAGE)); }
  if (!(Number.isInteger(replicas) && replicas >= 1)) { found.push(problem('ui.replicas', replicas, 'a whole number from 1')); }
  if (!/^[\x20-\x7e]+$/.test(policy) || /["\\$]/.test(policy)) {
    found.push(problem('ui.contentSecurityPolicy', policy, 'one line of visible characters without quotation marks, "\\\\" and "$"'));
  }
  return found;
}

/** nginx' own configuration, complete in itself. It writes to /tmp alone. */
function configuration(policy: string): string {
  const headers = {
    'Content-Security-Policy': policy,
    'Strict-Transport-Security': 'max-age=31536000',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'SAMEORIGIN',
    'Referrer-Policy': 'strict-origin-when-cross-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
  };
  return [
    'worker_processes 2;',
    'error_log stderr warn;',
    'pid /tmp/nginx.pid;',
    'events { worker_connections 1024; }',
    'http {',
    '  include /etc/nginx/mime.types;',
    '  default_type application/octet-stream;',
    '  access_log /dev/stdout;',
    '  server_tokens off;',
    '  sendfile on;',
    ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(each => `  ${each}_temp_path /tmp/${each};`),
    '  server {',
    `    listen ${SERVICE_PORTS.ui.targetPort};`,
    '    root /usr/share/nginx/html;',
    '    gzip_static on;',
    ...Object.entries(headers).map(([header, value]) => `    add_header ${header} "${value}" always;`),
    // paths of the pages are the pages' own; only their files are here
    '    location / { try_files $uri /index.html; }',
    // the page names its scripts by their content: what is kept of it must be of the same release
    '    location = /index.html { expires -1; }',
    '  }',
    '}',
    '',
  ].join('\n');
}

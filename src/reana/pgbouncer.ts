import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { checkCredentials, credentialEnvironment, CREDENTIALS } from './credentials';
import { ReanaCredentials } from './reana-backing-services';
import { callers, peer } from './reana-edges';
import { ReanaNames, SERVICE_PORTS } from './reana-names';
import { ReanaServiceProps } from './reana-service-props';
import { declareImages } from './reana-traffic';
import { problem } from '../problem';
import { filesDigest, HARDENED_CONTAINER, hardenedPod, pullSecrets, SERVICE_USER } from '../workload/hardened-pod';
import { IMAGE, isImage } from '../workload/image-reference';
import { addNetworkPolicy, ASK_NAMES } from '../workload/network-policy';
import { addPodDisruptionBudget } from '../workload/pod-disruption-budget';
import { spreadOver } from '../workload/pod-spread';
import { CONFIGURATION, RUN } from '../workload/postgres-scripts';

/** A PgBouncer before a `ReanaDatabase`, in transaction mode (`pool_mode`). */
export interface ReanaPgBouncerOptions {
  /**
   * PgBouncer, 1.18 or newer; `pgbouncer` must be in its PATH.
   *
   * @default 'ghcr.io/cloudnative-pg/pgbouncer:1.25.2'
   */
  readonly image?: string;

  /**
   * How many pods of it there are.
   *
   * Refused: less than 1.
   *
   * @default 2
   */
  readonly replicas?: number;

  /**
   * How many clients each pod takes (`max_client_conn`).
   *
   * Refused: less than 1.
   *
   * @default 1000
   */
  readonly maxClientConnections?: number;

  /**
   * How many connections each pod has to the database (`max_db_connections`).
   *
   * Refused: with all pods more than nine tenths of the database's `maxConnections`.
   *
   * @default 100
   */
  readonly maxServerConnections?: number;
}

const DEFAULTS = { image: 'ghcr.io/cloudnative-pg/pgbouncer:1.25.2', replicas: 2, maxClientConnections: 1000, maxServerConnections: 100 };

/** What a PgBouncer is told by its database. */
export interface PgBouncerSettings {
  readonly names: ReanaNames;
  readonly databaseName: string;
  readonly credentials: ReanaCredentials;
  readonly options: ReanaPgBouncerOptions;
  readonly service: ReanaServiceProps;
}

/** The Deployment of PgBouncer. It has the credentials of the database's own Secret. */
export class PgBouncer extends Construct {
  public constructor(scope: Construct, id: string, { names, databaseName, credentials, options, service }: PgBouncerSettings) {
    super(scope, id);
    const { image, replicas, maxClientConnections, maxServerConnections } = { ...DEFAULTS, ...options };
    declareImages(this, image);
    const name = names.component('pgbouncer');
    const selector = names.selector('pgbouncer');
    const labels = names.labels('pgbouncer');
    const metadata = { name, namespace: names.namespace, labels };
    const { port, targetPort } = SERVICE_PORTS.pgbouncer;
    const files = { 'pgbouncer.ini': configuration(names, databaseName, maxClientConnections, maxServerConnections), 'start.sh': START };
    const probe = { tcpSocket: { port: targetPort }, periodSeconds: 10, timeoutSeconds: 5 };
    new ApiObject(this, 'ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false });
    new ApiObject(this, 'ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: files });
    new ApiObject(this, 'Service', {
      apiVersion: 'v1', kind: 'Service', metadata, spec: { selector, ports: [{ name: 'service', protocol: 'TCP', port, targetPort }] },
    });
    if (service.networkPolicies ?? true) {
      addNetworkPolicy(this, metadata, selector, {
        ingress: callers(names, 'pgbouncer'),
        egress: [{ to: [peer(names, 'db')], ports: [{ protocol: 'TCP', port: SERVICE_PORTS.db.targetPort }] }, ASK_NAMES],
      });
    }
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
            ...hardenedPod(SERVICE_USER),
            ...pullSecrets(service.imagePullSecrets),
            ...service.nodeSelector && { nodeSelector: service.nodeSelector },
            topologySpreadConstraints: spreadOver({ matchLabels: selector }),
            containers: [{
              name: 'pgbouncer',
              image,
              command: ['/bin/sh', `${CONFIGURATION}/start.sh`],
              env: credentialEnvironment(credentials, CREDENTIALS.database),
              ports: [{ name: 'service', containerPort: targetPort, protocol: 'TCP' }],
              securityContext: HARDENED_CONTAINER,
              livenessProbe: { ...probe, failureThreshold: 6 },
              readinessProbe: probe,
              // one process that does little but hand on
              resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '256Mi' } },
              volumeMounts: [{ name: 'configuration', mountPath: CONFIGURATION, readOnly: true }, { name: 'run', mountPath: RUN }],
            }],
            volumes: [{ name: 'configuration', configMap: { name } }, { name: 'run', emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } }],
          },
        },
      },
    });
  }
}

function configuration(names: ReanaNames, databaseName: string, clients: number, servers: number): string {
  return [
    '[databases]',
    `${databaseName} = host=${names.host('db')} port=${SERVICE_PORTS.db.port} dbname=${databaseName}`,
    '[pgbouncer]',
    'listen_addr = *',
    `listen_port = ${SERVICE_PORTS.pgbouncer.targetPort}`,
    'unix_socket_dir =',
    'auth_type = scram-sha-256',
    `auth_file = ${RUN}/userlist.txt`,
    'pool_mode = transaction',
    `max_client_conn = ${clients}`,
    `default_pool_size = ${servers}`,
    `max_db_connections = ${servers}`,
    'ignore_startup_parameters = extra_float_digits',
    // each process of REANA connects and leaves many times an hour
    'log_connections = 0',
    'log_disconnections = 0',
    '',
  ].join('\n');
}

const START = [
  '#!/bin/sh',
  'set -eu',
  checkCredentials(CREDENTIALS.database),
  'umask 077',
  `printf '"%s" "%s"\\n' "$${CREDENTIALS.database.user}" "$${CREDENTIALS.database.password}" >${RUN}/userlist.txt`,
  `exec pgbouncer ${CONFIGURATION}/pgbouncer.ini`,
  '',
].join('\n');

/** What is wrong with a PgBouncer. */
export function pgBouncerProblems(options: ReanaPgBouncerOptions, maxConnections: number): string[] {
  const { image, replicas, maxClientConnections, maxServerConnections } = { ...DEFAULTS, ...options };
  const problems: string[] = [];
  if (!isImage(image)) { problems.push(problem('pgBouncer.image', image, IMAGE)); }
  for (const [property, value] of Object.entries({ replicas, maxClientConnections, maxServerConnections })) {
    if (!(Number.isInteger(value) && value >= 1)) { problems.push(problem(`pgBouncer.${property}`, value, 'a whole number from 1')); }
  }
  if (replicas * maxServerConnections * 10 > maxConnections * 9) {
    problems.push(problem('pgBouncer.maxServerConnections', maxServerConnections,
      `with ${replicas} pods at most ${Math.floor(maxConnections * 9 / 10 / replicas)}: nine tenths of the database's maxConnections, ${maxConnections}`));
  }
  return problems;
}

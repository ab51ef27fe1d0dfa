import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { environment, EnvironmentVariable, merged, secretVariable } from './environment';
import { ReanaComputeBackend } from './reana-compute-backend';
import { daskVariables } from './reana-dask';
import { addDeployment } from './reana-deployment';
import { brokerVariables, cacheVariables, databaseVariables, identityVariables, secretKeyVariable, vettedImages } from './reana-environment';
import { quotaVariables, retentionVariables } from './reana-housekeeping';
import { jobVariables } from './reana-jobs';
import { allowsLocalUsers, confirmsAddresses, loginVariables, providerConfigs, providerVariables, tokenPolicy } from './reana-login';
import { SERVICE_PORTS, UNPREFIXED } from './reana-names';
import { notificationVariables } from './reana-notifications';
import { configMapAt } from './reana-pod';
import { schedulingVariables } from './reana-scheduling';
import { inactivityPeriod, sessionEnvironments } from './reana-sessions';
import { ReanaSettings } from './reana-settings';
import { siteConfig } from './reana-site';
import { specBundleVariables } from './reana-spec-validation';
import { serverUwsgi, UWSGI_DIRECTORY, UWSGI_FILE } from './uwsgi-config';

/** The directory is in REANA's code, as is the file in it. */
const SITE_CONFIG = { directory: '/var/reana/config', file: 'ui-config.yaml' };

const UWSGI_CONFIG_MAP = 'uwsgi-config-reana-server';

/** The API: what users, the UI and `reana-client` talk to. */
export function addServer(scope: Construct, settings: ReanaSettings): ApiObject {
  const { names, images, props, storage } = settings;
  const uwsgi = serverUwsgi({ processes: props.server?.processes ?? 6, threads: props.server?.threads ?? 4 });
  const site = siteConfigOf(settings);
  const configMap = (name: string, data: object) => new ApiObject(scope, name, {
    apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: names.namespace, labels: names.labels('server') }, data,
  });
  configMap(UWSGI_CONFIG_MAP, { [UWSGI_FILE]: uwsgi });
  configMap(UNPREFIXED.siteConfigMap, { [SITE_CONFIG.file]: site });
  return addDeployment(scope, settings, 'server', {
    name: 'rest-api',
    image: images.server,
    replicas: props.server?.replicas ?? (storage.shared ? 2 : 1),
    // uWSGI itself is the container's first process, so that it is told when to end
    command: ['uwsgi', '--ini', `${UWSGI_DIRECTORY}/${UWSGI_FILE}`],
    environment: serverEnvironment(settings),
    resources: props.server?.resources,
    defaultResources: { cpu: '250m', memory: '1Gi', limit: '2Gi' },
    serviceAccount: names.serverServiceAccount,
    token: true,
    settings: [configMapAt(UWSGI_DIRECTORY, UWSGI_CONFIG_MAP), configMapAt(SITE_CONFIG.directory, UNPREFIXED.siteConfigMap)],
    configuration: uwsgi + site,
    pod: { terminationGracePeriodSeconds: 60 },
    container: {
      ports: [{ name: 'http', containerPort: SERVICE_PORTS.server.targetPort }],
      // requests still come while it is taken out of the Service
      lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
      startupProbe: { ...pingProbe(props.hostname), periodSeconds: 5, failureThreshold: 60 },
      readinessProbe: { ...pingProbe(props.hostname), periodSeconds: 10 },
      livenessProbe: { ...pingProbe(props.hostname), periodSeconds: 20, failureThreshold: 6 },
    },
  });
}

/** What takes workflows out of the queue and has them started: one, since it counts what runs before it starts another. */
export function addScheduler(scope: Construct, settings: ReanaSettings): ApiObject {
  const { names, images, props } = settings;
  return addDeployment(scope, settings, 'scheduler', {
    name: 'scheduler',
    image: images.server,
    replicas: 1,
    alone: true,
    command: ['flask', 'start-scheduler'],
    environment: merged(programEnvironment(settings), brokerVariables(settings), environment(props.environments?.server ?? {})),
    defaultResources: { cpu: '50m', memory: '256Mi', limit: '1Gi' },
    serviceAccount: names.serverServiceAccount,
    token: true,
  });
}

/** What any program of the server's image is told that loads its settings. */
export function programEnvironment(settings: ReanaSettings): EnvironmentVariable[] {
  const { names, props, readsNodes } = settings;
  return [
    ...identityVariables(settings),
    ...databaseVariables(settings),
    ...environment({
      REANA_COMPUTE_BACKENDS: props.computeBackends ?? [ReanaComputeBackend.KUBERNETES],
      REANA_VETTED_CONTAINER_IMAGES: vettedImages(settings),
      ...jobVariables(props.jobs ?? {}),
      ...daskVariables(props.dask),
      ...schedulingVariables(props.scheduling ?? {}, readsNodes),
    }),
    ...providerVariables(names, props.login ?? {}),
  ];
}

/** What the API is told. */
export function serverEnvironment(settings: ReanaSettings): EnvironmentVariable[] {
  const { names, props } = settings;
  const sessions = props.sessions ?? {};
  return merged(
    programEnvironment(settings),
    brokerVariables(settings),
    cacheVariables(settings),
    [secretKeyVariable(settings)],
    environment({
      ...quotaVariables(props.quotas ?? {}),
      ...retentionVariables(props.retention ?? {}),
      ...specBundleVariables(props.specValidation),
      REANA_INTERACTIVE_SESSION_MAX_INACTIVITY_PERIOD: inactivityPeriod(sessions),
      REANA_INTERACTIVE_SESSIONS_ENVIRONMENTS: sessionEnvironments(sessions),
      // what any client may ask for, so that one of them can't keep the others out
      REANA_RATELIMIT_GUEST_USER: '40 per second',
      REANA_RATELIMIT_AUTHENTICATED_USER: '40 per second',
      REANA_RATELIMIT_SLOW: '1/5 second',
    }),
    loginVariables(props.login ?? {}, props.notifications),
    notificationVariables(names, props.notifications),
    allOf(props.gitlabSecret, 'REANA_GITLAB_OAUTH_APP_ID', 'REANA_GITLAB_OAUTH_APP_SECRET', 'REANA_GITLAB_HOST'),
    allOf(props.managementSecret, 'REANA_TOKEN_MANAGEMENT_SECRET', 'REANA_QUOTA_MANAGEMENT_SECRET'),
    environment(props.environments?.server ?? {}),
  );
}

/** Variables that are keys of one Secret, where there is one. */
function allOf(secretName: string | undefined, ...names: string[]): EnvironmentVariable[] {
  return secretName === undefined ? [] : names.map(name => secretVariable(name, { secretName }));
}

/** The server answers to its host name alone, and sends plain HTTP to HTTPS: a probe says that it comes by both. */
function pingProbe(hostname: string): object {
  const httpHeaders = [{ name: 'Host', value: hostname }, { name: 'X-Forwarded-Proto', value: 'https' }];
  return { httpGet: { path: '/api/ping', port: 'http', httpHeaders }, timeoutSeconds: 5 };
}

function siteConfigOf({ props }: ReanaSettings): string {
  const { login = {}, sessions = {}, notifications } = props;
  return siteConfig(props.site ?? {}, {
    cernSso: login.cernSecret !== undefined,
    eoscSso: login.eoscSecret !== undefined,
    loginProviders: providerConfigs(login),
    hideSignup: login.hideSignup ?? false,
    localUsers: allowsLocalUsers(login),
    userConfirmation: confirmsAddresses(login, notifications),
    tokenPolicy: tokenPolicy(login),
    adminEmail: notifications?.receiver,
    maxInactivity: sessions.maxInactivity?.toDays({ integral: false }),
    quotas: props.quotas?.enabled ?? true,
    sessionEnvironments: sessionEnvironments(sessions),
  });
}

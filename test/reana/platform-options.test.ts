import * as fs from 'fs';
import { Duration, Size, Yaml } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-27';
import { deployed, environmentOf, find, named, objects, Options, podOf, PROGRAMS, told, WORKLOADS } from './platform-program';
import { ReanaComputeBackend, ReanaReadinessCheck, ReanaSchedulingPolicy, ReanaStorage } from '../../src';
import { scratchDirectory } from '../scratch';

/* eslint-disable @typescript-eslint/no-explicit-any */

describe('options', () => {
  test('images of one release, and of a site', () => {
    const images = (props: Options) => {
      const env = told('workflow-controller', props);
      return Object.fromEntries(Object.entries(env).filter(([name]) => name.endsWith('_IMAGE') || name.includes('ENGINE_IMAGE')));
    };
    expect(Object.values(images({})).filter(image => !/^docker\.io\/reanahub\/reana-[\w-]+:[\w.-]+$/.test(image))).toEqual([]);
    expect(Object.keys(images({}))).toHaveLength(7);
    const all = {
      server: 'r/a:1',
      workflowController: 'r/b:1',
      jobController: 'r/c:1',
      cwl: 'r/d:1',
      yadage: 'r/e:1',
      serial: 'r/f:1',
      snakemake: 'r/g:1',
      validator: 'r/h:1',
      kerberos: 'r/i:1',
      vomsProxy: 'r/j:1',
      rucio: 'r/k:1',
    };
    const env = told('workflow-controller', { images: all });
    expect(Object.values(images({ images: all }))).toEqual(['c', 'd', 'e', 'f', 'g', 'h', 'i'].map(name => `r/${name}:1`));
    expect(JSON.parse(env.REANA_JOB_CONTROLLER_ENV_VARS)).toMatchObject({ KRB5_CONTAINER_IMAGE: 'r/i:1', VOMSPROXY_CONTAINER_IMAGE: 'r/j:1', RUCIO_CONTAINER_IMAGE: 'r/k:1' });
    expect([podOf(deployed('scheduler', { images: all })), podOf(deployed('job-status-consumer', { images: all }))].map(({ containers }) => containers[0].image)).toEqual(['r/a:1', 'r/b:1']);
  });

  test('pull secrets reach every pod, those that REANA makes as well', () => {
    const all = objects({ imagePullSecrets: ['registry'], runtimeNamespace: 'analyses', storage: ReanaStorage.existingClaim() });
    expect(all.filter(({ kind }) => WORKLOADS.includes(kind)).map(object => podOf(object).imagePullSecrets)).not.toContain(undefined);
    expect(find(all, 'ServiceAccount', 'default')).toMatchObject({ metadata: { namespace: 'analyses' }, imagePullSecrets: [{ name: 'registry' }], automountServiceAccountToken: false });
    expect(find(all, 'ServiceAccount', 'reana-runtime').imagePullSecrets).toEqual([{ name: 'registry' }]);
    expect(environmentOf(find(all, 'Deployment', 'reana-workflow-controller')).IMAGE_PULL_SECRETS).toBe('registry');
  });

  test('compute backends: the server and the job controller are told the same', () => {
    const props = { computeBackends: [ReanaComputeBackend.KUBERNETES, ReanaComputeBackend.HTCONDOR_CERN] };
    expect(JSON.parse(told('server', props).REANA_COMPUTE_BACKENDS)).toEqual(['kubernetes', 'htcondorcern']);
    expect(JSON.parse(told('workflow-controller', props).REANA_JOB_CONTROLLER_ENV_VARS).COMPUTE_BACKENDS).toBe('kubernetes,htcondorcern');
    expect(JSON.parse(told('server').REANA_COMPUTE_BACKENDS)).toEqual(['kubernetes']);
  });

  test('what steps get, and the most that users may ask for', () => {
    const jobs = {
      cpuRequest: Cpu.millis(500),
      cpuLimit: Cpu.units(2),
      memoryRequest: Size.gibibytes(1),
      memoryLimit: Size.gibibytes(2),
      maxCpuRequest: Cpu.units(4),
      maxCpuLimit: Cpu.units(8),
      maxMemoryRequest: Size.gibibytes(8),
      maxMemoryLimit: Size.gibibytes(16),
      timeout: Duration.hours(1),
      maxTimeout: Duration.days(1),
      minUid: 500,
    };
    const expected = {
      REANA_KUBERNETES_JOBS_CPU_REQUEST: '500m',
      REANA_KUBERNETES_JOBS_CPU_LIMIT: '2',
      REANA_KUBERNETES_JOBS_MEMORY_REQUEST: '1024Mi',
      REANA_KUBERNETES_JOBS_MEMORY_LIMIT: '2048Mi',
      REANA_KUBERNETES_JOBS_MAX_USER_CPU_REQUEST: '4',
      REANA_KUBERNETES_JOBS_MAX_USER_CPU_LIMIT: '8',
      REANA_KUBERNETES_JOBS_MAX_USER_MEMORY_REQUEST: '8192Mi',
      REANA_KUBERNETES_JOBS_MAX_USER_MEMORY_LIMIT: '16384Mi',
      REANA_KUBERNETES_JOBS_TIMEOUT_LIMIT: '3600',
      REANA_KUBERNETES_JOBS_MAX_USER_TIMEOUT_LIMIT: '86400',
      REANA_KUBERNETES_JOBS_MIN_USER_UID: '500',
    };
    expect([told('server', { jobs }), told('workflow-controller', { jobs })]).toEqual([expect.objectContaining(expected), expect.objectContaining(expected)]);
    expect(told('server')).toMatchObject({
      REANA_KUBERNETES_JOBS_MEMORY_LIMIT: '4096Mi', REANA_KUBERNETES_JOBS_TIMEOUT_LIMIT: '604800', REANA_KUBERNETES_JOBS_MAX_USER_TIMEOUT_LIMIT: '1209600',
    });
    expect(told('server')).not.toHaveProperty('REANA_KUBERNETES_JOBS_MAX_USER_MEMORY_LIMIT');
  });

  test('vetted images: the server and the job controller are told the same', () => {
    const props = { vettedImages: ['docker.io/library/python:3.12', 'quay.io/jupyter/scipy-notebook:notebook-7.2.2'] };
    const expected = { enabled: true, allowlist: props.vettedImages };
    expect(JSON.parse(told('server', props).REANA_VETTED_CONTAINER_IMAGES)).toEqual(expected);
    expect(JSON.parse(JSON.parse(told('workflow-controller', props).REANA_JOB_CONTROLLER_ENV_VARS).REANA_VETTED_CONTAINER_IMAGES)).toEqual(expected);
  });

  test('loading specifications: limits and the way out, of which the server knows what it waits for and takes in', () => {
    const specValidation = {
      timeout: Duration.minutes(2),
      maxTimeout: Duration.minutes(10),
      cpuLimit: Cpu.millis(500),
      memoryLimit: Size.gibibytes(2),
      ephemeralStorageLimit: Size.gibibytes(4),
      maxFiles: 10,
      maxSize: Size.mebibytes(1),
      publicEgress: false,
      blockedNetworks: ['10.0.0.0/8', '128.142.0.0/16'],
      nameServers: ['137.138.16.5', '2001:1458::5'],
    };
    const both = { REANA_SPEC_VALIDATION_TIMEOUT: '120', REANA_SPEC_BUNDLE_MAX_FILES: '10', REANA_SPEC_BUNDLE_MAX_BYTES: '1048576' };
    const spec = (component: string, props: Options) => Object.fromEntries(Object.entries(told(component, props)).filter(([name]) => name.startsWith('REANA_SPEC_')));
    expect(spec('server', { specValidation })).toEqual(both);
    expect(spec('workflow-controller', { specValidation })).toEqual({
      ...both,
      REANA_SPEC_VALIDATION_MAX_TIMEOUT: '600',
      REANA_SPEC_VALIDATION_CPU_LIMIT: '500m',
      REANA_SPEC_VALIDATION_MEMORY_LIMIT: '2048Mi',
      REANA_SPEC_VALIDATION_EPHEMERAL_STORAGE_LIMIT: '4096Mi',
      REANA_SPEC_VALIDATION_ALLOW_EGRESS: 'false',
      REANA_SPEC_VALIDATION_BLOCKED_EGRESS_CIDRS: '10.0.0.0/8,128.142.0.0/16',
      REANA_SPEC_VALIDATION_DNS_NAMESERVERS: '137.138.16.5,2001:1458::5',
    });
    expect([spec('server', {}), spec('workflow-controller', {})]).toEqual([{}, {}]);
  });

  test('OpenSearch: the workflow controller finds it, knows it by its authority, and nobody else is told', () => {
    const openSearch = { host: 'os.cern.ch', port: 443, urlPrefix: '/os', caCertificate: { secretName: 'cern-ca', key: 'root.pem' }, credentialsSecret: 'reader' };
    const controller = deployed('workflow-controller', { openSearch });
    expect(environmentOf(controller)).toMatchObject({
      REANA_OPENSEARCH_ENABLED: 'true',
      REANA_OPENSEARCH_HOST: 'os.cern.ch',
      REANA_OPENSEARCH_PORT: '443',
      REANA_OPENSEARCH_URL_PREFIX: '/os',
      REANA_OPENSEARCH_USE_SSL: 'true',
      REANA_OPENSEARCH_CA_CERTS: '/etc/reana/opensearch/ca.crt',
      REANA_OPENSEARCH_USER: 'reader/REANA_OPENSEARCH_USER',
      REANA_OPENSEARCH_PASSWORD: 'reader/REANA_OPENSEARCH_PASSWORD',
    });
    const { volumes, containers: [{ volumeMounts }] } = podOf(controller);
    expect(volumes).toContainEqual({ name: 'opensearch-ca', secret: { secretName: 'cern-ca', items: [{ key: 'root.pem', path: 'ca.crt' }] } });
    expect(volumeMounts).toContainEqual({ name: 'opensearch-ca', mountPath: '/etc/reana/opensearch', readOnly: true });
    for (const component of PROGRAMS.filter(name => name !== 'workflow-controller')) {
      expect(Object.keys(told(component, { openSearch })).filter(name => name.includes('OPENSEARCH'))).toEqual([]);
    }
    const plain = deployed('workflow-controller', { openSearch: { host: 'os', tls: false } });
    expect(environmentOf(plain)).toMatchObject({ REANA_OPENSEARCH_PORT: '9200', REANA_OPENSEARCH_USE_SSL: 'false', REANA_OPENSEARCH_USER: 'reana-opensearch-secrets/REANA_OPENSEARCH_USER' });
    expect(environmentOf(plain)).not.toHaveProperty('REANA_OPENSEARCH_CA_CERTS');
    expect(podOf(plain).volumes.map(({ name }: any) => name)).not.toContain('opensearch-ca');
    const without = told('workflow-controller');
    expect(Object.entries(without).filter(([name]) => name.includes('OPENSEARCH'))).toEqual([['REANA_OPENSEARCH_ENABLED', 'false']]);
  });

  test('scheduling', () => {
    const scheduling = {
      policy: ReanaSchedulingPolicy.BALANCED,
      maxConcurrentWorkflows: 5,
      readinessCheck: ReanaReadinessCheck.MEMORY,
      requeueAfter: Duration.minutes(1),
      requeueCount: 7,
    };
    expect(told('scheduler', { scheduling })).toMatchObject({
      REANA_WORKFLOW_SCHEDULING_POLICY: 'balanced',
      REANA_MAX_CONCURRENT_BATCH_WORKFLOWS: '5',
      REANA_WORKFLOW_SCHEDULING_READINESS_CHECK_LEVEL: '2',
      REANA_SCHEDULER_REQUEUE_SLEEP: '60',
      REANA_SCHEDULER_REQUEUE_COUNT: '7',
    });
    expect(told('scheduler')).toMatchObject({ REANA_WORKFLOW_SCHEDULING_POLICY: 'fifo', REANA_WORKFLOW_SCHEDULING_READINESS_CHECK_LEVEL: '9' });
  });

  test('placement: services by their pods, the rest by what REANA\'s code is told', () => {
    const placement = { infrastructure: { 'reana.io/system': 'infrastructure' }, batch: { node: 'batch' }, jobs: { node: 'jobs' }, sessions: { node: 'sessions' } };
    expect(told('workflow-controller', { placement })).toMatchObject({
      REANA_RUNTIME_BATCH_KUBERNETES_NODE_LABEL: 'node=batch', REANA_RUNTIME_JOBS_KUBERNETES_NODE_LABEL: 'node=jobs', REANA_RUNTIME_SESSIONS_KUBERNETES_NODE_LABEL: 'node=sessions',
    });
    const all = objects({ placement });
    expect([...PROGRAMS.map(each => find(all, 'Deployment', `reana-${each}`)), find(all, 'Deployment', 'reana-ui'), find(all, 'CronJob', 'reana-retention-rules-apply')]
      .map(object => podOf(object).nodeSelector)).toEqual(Array(6).fill(placement.infrastructure));
    expect(all.filter(({ kind }) => kind === 'StatefulSet').map(object => podOf(object).nodeSelector)).toEqual(Array(3).fill(placement.infrastructure));
  });

  test('further variables reach their programs', () => {
    const environments = {
      server: { PERMANENT_SESSION_LIFETIME: '24', REANA_RATELIMIT_SLOW: '1/10 second' },
      workflowController: { REANA_RUNTIME_KUBERNETES_KEEP_ALIVE_JOBS_WITH_STATUSES: 'failed' },
      jobController: { SLURM_PARTITION: 'photon' },
      cwl: { A: '1' },
      yadage: { B: '2' },
      serial: { C: '3' },
      snakemake: { D: '4' },
      validator: { E: '5' },
    };
    expect(told('server', { environments })).toMatchObject(environments.server);
    expect(told('scheduler', { environments })).toMatchObject(environments.server);
    expect(told('job-status-consumer', { environments })).toMatchObject(environments.workflowController);
    const env = told('workflow-controller', { environments });
    expect(env).toMatchObject(environments.workflowController);
    expect(JSON.parse(env.REANA_JOB_CONTROLLER_ENV_VARS)).toMatchObject(environments.jobController);
    for (const engine of ['cwl', 'yadage', 'serial', 'snakemake'] as const) {
      expect(JSON.parse(env[`REANA_WORKFLOW_ENGINE_${engine.toUpperCase()}_ENV_VARS`])).toEqual(environments[engine]);
    }
    expect(JSON.parse(env.REANA_WORKFLOW_VALIDATOR_ENV_VARS)).toEqual(environments.validator);
  });

  test('quotas and retention: what is told, and when it is done', () => {
    const props = {
      quotas: { cpuTime: Duration.hours(100), disk: Size.gibibytes(10), cpuPeriodMonths: 3, countedAtTermination: 'cpu,disk', schedule: '0 4 * * *' },
      retention: { period: Duration.days(365), schedule: '0 5 * * *' },
    };
    expect(told('server', props)).toMatchObject({
      REANA_DEFAULT_QUOTA_CPU_LIMIT: '360000000',
      REANA_DEFAULT_QUOTA_DISK_LIMIT: '10737418240',
      REANA_DEFAULT_QUOTA_CPU_PERIOD_RESET_MONTHS: '3',
      REANA_WORKFLOW_TERMINATION_QUOTA_UPDATE_POLICY: 'cpu,disk',
      WORKSPACE_RETENTION_PERIOD: '365',
    });
    expect(told('job-status-consumer', props).REANA_WORKFLOW_TERMINATION_QUOTA_UPDATE_POLICY).toBe('cpu,disk');
    const all = objects(props);
    const quota = find(all, 'CronJob', 'reana-resource-quota-update');
    expect(quota.spec).toMatchObject({ schedule: '0 4 * * *', concurrencyPolicy: 'Forbid', suspend: false });
    expect(podOf(quota)).toMatchObject({ automountServiceAccountToken: false, serviceAccountName: 'reana-unprivileged', restartPolicy: 'Never' });
    expect(podOf(quota).containers[0].command).toEqual(['reana-db', 'quota', 'resource-usage-update']);
    expect(environmentOf(quota).REANA_PERIODIC_RESOURCE_QUOTA_UPDATE_POLICY).toBe('true');
    expect(find(all, 'CronJob', 'reana-retention-rules-apply').spec.schedule).toBe('0 5 * * *');
    expect(find(all, 'CronJob', 'reana-retention-rules-apply').spec.timeZone).toBe('Etc/UTC');
    // one that hangs is over before the next
    expect(quota.spec.jobTemplate.spec.activeDeadlineSeconds).toBe(23 * 3600);
    expect(named(objects({ quotas: { enabled: false } }), 'CronJob')).toEqual(['reana/reana-retention-rules-apply']);
    expect(told('server')).toMatchObject({ REANA_DEFAULT_QUOTA_CPU_LIMIT: '0', WORKSPACE_RETENTION_PERIOD: 'forever' });
  });

  test('sessions: their images, and what closes those that nobody uses', () => {
    const sessions = { jupyterImages: [{ name: 'ROOT', image: 'rootproject/root:6.32' }], customImages: true, maxInactivity: Duration.days(7), schedule: '0 6 * * *' };
    const environments = { jupyter: { recommended: [{ image: 'rootproject/root:6.32', name: 'ROOT' }], allow_custom: true } };
    expect(JSON.parse(told('server', { sessions }).REANA_INTERACTIVE_SESSIONS_ENVIRONMENTS)).toEqual(environments);
    expect(JSON.parse(told('workflow-controller', { sessions }).REANA_INTERACTIVE_SESSIONS_ENVIRONMENTS)).toEqual(environments);
    expect(told('server', { sessions }).REANA_INTERACTIVE_SESSION_MAX_INACTIVITY_PERIOD).toBe('7');
    const cleanup = find(objects({ sessions }), 'CronJob', 'reana-interactive-session-cleanup');
    expect(cleanup.spec.schedule).toBe('0 6 * * *');
    expect(podOf(cleanup).containers[0].command).toEqual(['flask', 'reana-admin', 'interactive-session-cleanup', '-d', '7']);
    expect(podOf(cleanup)).toMatchObject({ automountServiceAccountToken: true, serviceAccountName: 'reana-server' });
    expect(find(objects(), 'CronJob', 'reana-interactive-session-cleanup')).toBeUndefined();
  });

  test('notifications: mail of the server, and a report every night', () => {
    const notifications = { receiver: 'admins@cern.ch', sender: 'reana@cern.ch', smtpServer: 'smtp.cern.ch', smtpPort: 465, smtpSsl: true, credentialsSecret: 'mail', reportSchedule: '0 7 * * *' };
    const mail = {
      REANA_NOTIFICATIONS_ENABLED: 'true',
      REANA_EMAIL_RECEIVER: 'admins@cern.ch',
      REANA_EMAIL_SENDER: 'reana@cern.ch',
      REANA_EMAIL_SMTP_SERVER: 'smtp.cern.ch',
      REANA_EMAIL_SMTP_PORT: '465',
      REANA_EMAIL_SMTP_SSL: 'true',
      REANA_EMAIL_SMTP_STARTTLS: 'false',
      REANA_EMAIL_LOGIN: 'mail/REANA_EMAIL_LOGIN',
      REANA_EMAIL_PASSWORD: 'mail/REANA_EMAIL_PASSWORD',
    };
    expect(told('server', { notifications })).toMatchObject(mail);
    const status = find(objects({ notifications }), 'CronJob', 'reana-system-status');
    expect(environmentOf(status)).toMatchObject(mail);
    expect(status.spec.schedule).toBe('0 7 * * *');
    expect(podOf(status).containers[0].command).toEqual(['flask', 'reana-admin', 'status-report', '--email', 'admins@cern.ch']);
    expect(told('server').REANA_NOTIFICATIONS_ENABLED).toBe('false');
  });

  test('login: of Keycloak, of CERN and of EOSC', () => {
    const keycloak = { name: 'escape', title: 'ESCAPE', baseUrl: 'https://iam.example', realmUrl: 'https://iam.example/realms/escape' };
    const login = { keycloak, cernSecret: 'cern', eoscSecret: 'eosc', automaticTokens: true, hideSignup: true, emailConfirmation: false };
    const env = told('server', { login });
    expect(JSON.parse(env.LOGIN_PROVIDERS_CONFIGS)).toEqual([{
      name: 'escape',
      type: 'keycloak',
      config: {
        title: 'ESCAPE',
        base_url: 'https://iam.example',
        realm_url: 'https://iam.example/realms/escape',
        auth_url: 'https://iam.example/realms/escape/protocol/openid-connect/auth',
        token_url: 'https://iam.example/realms/escape/protocol/openid-connect/token',
        userinfo_url: 'https://iam.example/realms/escape/protocol/openid-connect/userinfo',
      },
    }]);
    expect(env).toMatchObject({
      LOGIN_PROVIDERS_SECRETS: 'reana-login-provider-secrets/PROVIDER_SECRETS',
      CERN_CONSUMER_KEY: 'cern/CERN_CONSUMER_KEY',
      CERN_CONSUMER_SECRET: 'cern/CERN_CONSUMER_SECRET',
      EOSC_CONSUMER_KEY: 'eosc/EOSC_CONSUMER_KEY',
      REANA_ACCESS_TOKEN_ISSUANCE_POLICY: 'auto',
      REANA_USER_EMAIL_CONFIRMATION: 'false',
    });
    // whatever loads the server's settings needs both of a pair
    for (const object of [deployed('scheduler', { login }), find(objects({ login }), 'CronJob', 'reana-retention-rules-apply')]) {
      expect(Object.keys(environmentOf(object))).toEqual(expect.arrayContaining(['LOGIN_PROVIDERS_CONFIGS', 'LOGIN_PROVIDERS_SECRETS']));
    }
    const own = { keycloak: { ...keycloak, accessTokenUrl: 'https://a/t', authorizeUrl: 'https://a/a', userinfoUrl: 'https://a/u' }, keycloakSecret: { secretName: 's', key: 'k' }, localUsers: true };
    const [{ config }] = JSON.parse(told('server', { login: own }).LOGIN_PROVIDERS_CONFIGS);
    expect(config).toMatchObject({ auth_url: 'https://a/a', token_url: 'https://a/t', userinfo_url: 'https://a/u' });
    expect(told('server', { login: own }).LOGIN_PROVIDERS_SECRETS).toBe('s/k');
    expect(siteOf({ login })).toMatchObject({ local_users: false, hide_signup: true, user_confirmation: false, cern_sso: true, eosc_sso: true, access_token_issuance_policy: 'auto' });
    expect(siteOf({ login: own })).toMatchObject({ local_users: true, cern_sso: false });
    expect(told('server')).not.toHaveProperty('LOGIN_PROVIDERS_CONFIGS');
  });

  test('addresses are confirmed where there is mail to confirm them by, or as it is said', () => {
    const notifications = { receiver: 'admins@cern.ch', sender: 'reana@cern.ch', smtpServer: 'smtp.cern.ch' };
    const asked = (props: Options) => [told('server', props).REANA_USER_EMAIL_CONFIRMATION, siteOf(props).user_confirmation];
    expect(asked({})).toEqual(['false', false]);
    expect(asked({ notifications })).toEqual(['true', true]);
    expect(asked({ notifications, login: { emailConfirmation: false } })).toEqual(['false', false]);
    expect(asked({ login: { emailConfirmation: true } })).toEqual(['true', true]);
  });

  const siteOf = (props: Options) => {
    const file = `${scratchDirectory()}/ui-config.yaml`;
    fs.writeFileSync(file, find(objects(props), 'ConfigMap', 'reana-config').data['ui-config.yaml']);
    return Yaml.load(file)[0];
  };

  test('what the site says of itself', () => {
    const example = { name: 'ROOT', description: 'A fit', url: 'https://github.com/reanahub/reana-demo-root6-roofit', imageUrl: 'https://example.org/fit.png', specification: 'reana.yaml' };
    const site = {
      announcement: 'Tomorrow: nothing',
      docsUrl: 'https://d',
      forumUrl: 'https://f',
      chatUrl: 'https://c',
      privacyNoticeUrl: 'https://p',
      clientEnvironment: '/cvmfs/reana',
      adminEmail: 'admins@cern.ch',
      pollingSeconds: 5,
      filePreviewSizeLimit: 1000,
      launcherExamples: [example],
    };
    expect(siteOf({ site, sessions: { maxInactivity: Duration.days(3) } })).toMatchObject({
      announcement: 'Tomorrow: nothing',
      docs_url: 'https://d',
      forum_url: 'https://f',
      chat_url: 'https://c',
      privacy_notice_url: 'https://p',
      client_pyvenv: '/cvmfs/reana',
      admin_email: 'admins@cern.ch',
      polling_secs: 5,
      file_preview_size_limit: 1000,
      maximum_interactive_session_inactivity_period: 3,
      launcher_examples: [{ name: 'ROOT', description: 'A fit', url: example.url, image_url: example.imageUrl, specification: 'reana.yaml' }],
    });
    expect(siteOf({})).toMatchObject({ announcement: null, admin_email: null, quota_enabled: true, local_users: true, docs_url: 'https://docs.reana.io' });
  });

  test('GitLab, management, EOS, CVMFS and Kueue', () => {
    expect(told('server', { gitlabSecret: 'gitlab' })).toMatchObject({ REANA_GITLAB_OAUTH_APP_ID: 'gitlab/REANA_GITLAB_OAUTH_APP_ID', REANA_GITLAB_HOST: 'gitlab/REANA_GITLAB_HOST' });
    expect(told('server', { managementSecret: 'manage' })).toMatchObject({
      REANA_TOKEN_MANAGEMENT_SECRET: 'manage/REANA_TOKEN_MANAGEMENT_SECRET', REANA_QUOTA_MANAGEMENT_SECRET: 'manage/REANA_QUOTA_MANAGEMENT_SECRET',
    });
    expect(told('job-status-consumer', { gitlabSecret: 'gitlab' }).REANA_GITLAB_HOST).toBe('gitlab/REANA_GITLAB_HOST');
    expect(told('workflow-controller', { eos: true }).K8S_CERN_EOS_AVAILABLE).toBe('True');
    expect(find(objects({ cvmfs: true }), 'StorageClass', 'reana-cvmfs').provisioner).toBe('cvmfs.csi.cern.ch');
    expect(named(objects(), 'StorageClass')).toEqual([]);
    const kueue = { batchClusterQueue: 'engines', jobClusterQueue: 'steps' };
    expect(told('workflow-controller', { kueue }).KUEUE_ENABLED).toBe('true');
    const queues = objects({ kueue, runtimeNamespace: 'analyses', storage: ReanaStorage.existingClaim() }).filter(({ kind }) => kind === 'LocalQueue');
    expect(queues.map(({ apiVersion, metadata, spec }) => [apiVersion, metadata.namespace, metadata.name, spec.clusterQueue])).toEqual([
      ['kueue.x-k8s.io/v1beta2', 'analyses', 'local-queue-batch', 'engines'], ['kueue.x-k8s.io/v1beta2', 'analyses', 'local-queue-job', 'steps'],
    ]);
  });

  test('Kerberos: one krb5.conf, in both namespaces', () => {
    const kerberos = { realm: 'EXAMPLE.ORG', kdcs: ['kdc1.example.org', 'kdc2.example.org'], domain: 'lab.example.org', adminServer: 'admin.example.org' };
    const all = objects({ kerberos, runtimeNamespace: 'analyses', storage: ReanaStorage.existingClaim() }).filter(({ metadata }) => metadata.name === 'reana-krb5-conf');
    expect(all.map(({ metadata }) => metadata.namespace)).toEqual(['reana', 'analyses']);
    const [text, other] = all.map(({ data }) => data['krb5.conf']);
    expect(other).toBe(text);
    for (const line of ['default_realm = EXAMPLE.ORG', 'kdc = kdc1.example.org', 'kdc = kdc2.example.org', 'admin_server = admin.example.org', '.lab.example.org = EXAMPLE.ORG']) {
      expect(text).toContain(line);
    }
    expect(text).not.toContain('weak');
    expect(named(objects(), 'ConfigMap')).not.toContain('reana/reana-krb5-conf');
  });

  test('Dask: the server and the workflow controller are told the same, and may make clusters', () => {
    const dask = {
      autoscaler: false,
      traefik: true,
      maxMemory: Size.gibibytes(32),
      workers: 3,
      maxWorkers: 30,
      workerMemory: Size.gibibytes(1),
      maxWorkerMemory: Size.gibibytes(4),
      workerThreads: 1,
      maxWorkerThreads: 2,
    };
    const expected = {
      DASK_ENABLED: 'true',
      DASK_AUTOSCALER_ENABLED: 'false',
      REANA_DASK_CLUSTER_MAX_MEMORY_LIMIT: '32768Mi',
      REANA_DASK_CLUSTER_DEFAULT_NUMBER_OF_WORKERS: '3',
      REANA_DASK_CLUSTER_MAX_NUMBER_OF_WORKERS: '30',
      REANA_DASK_CLUSTER_DEFAULT_SINGLE_WORKER_MEMORY: '1024Mi',
      REANA_DASK_CLUSTER_MAX_SINGLE_WORKER_MEMORY: '4096Mi',
      REANA_DASK_CLUSTER_DEFAULT_SINGLE_WORKER_THREADS: '1',
      REANA_DASK_CLUSTER_MAX_SINGLE_WORKER_THREADS: '2',
    };
    expect([told('server', { dask }), told('workflow-controller', { dask })]).toEqual([expect.objectContaining(expected), expect.objectContaining({ ...expected, TRAEFIK_EXTERNAL: 'true' })]);
    const groups = (props: Options) => find(objects(props), 'Role', 'reana-infrastructure').rules.flatMap(({ apiGroups }: any) => apiGroups);
    expect(groups({ dask })).toEqual(expect.arrayContaining(['kubernetes.dask.org', 'traefik.io']));
    expect(groups({ dask: {} })).not.toContain('traefik.io');
    expect(groups({})).not.toContain('kubernetes.dask.org');
  });
});

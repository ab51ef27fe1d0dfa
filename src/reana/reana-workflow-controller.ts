import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { asMap, environment, EnvironmentVariable, merged, secretVariable, Variables } from './environment';
import { ReanaComputeBackend } from './reana-compute-backend';
import { daskVariables } from './reana-dask';
import { addDeployment } from './reana-deployment';
import { brokerVariables, databaseVariables, identityVariables, secretKeyVariable, vettedImages } from './reana-environment';
import { workflowUser } from './reana-fs-group';
import { jobHostPathVariables } from './reana-host-paths';
import { quotaVariables } from './reana-housekeeping';
import { jobVariables } from './reana-jobs';
import { SERVICE_PORTS, UNPREFIXED } from './reana-names';
import { openSearchAuthorities, openSearchVariables } from './reana-open-search';
import { nodeLabel } from './reana-placement';
import { configMapAt } from './reana-pod';
import { sessionEnvironments } from './reana-sessions';
import { ReanaSettings } from './reana-settings';
import { specValidationVariables } from './reana-spec-validation';
import { jobControllerUwsgi, UWSGI_DIRECTORY, UWSGI_FILE, workflowControllerUwsgi } from './uwsgi-config';

const UWSGI_CONFIG_MAP = 'uwsgi-config-reana-workflow-controller';

/** What makes the pods of workflows and of sessions. */
export function addWorkflowController(scope: Construct, settings: ReanaSettings): ApiObject {
  const { names, images, props, storage } = settings;
  const uwsgi = workflowControllerUwsgi({ processes: props.workflowController?.processes ?? 2, threads: props.workflowController?.threads ?? 2 });
  const configMap = (id: string, name: string, namespace: string, text: string) => new ApiObject(scope, id, {
    apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels: names.labels('workflow-controller') }, data: { [UWSGI_FILE]: text },
  });
  configMap('uwsgi', UWSGI_CONFIG_MAP, names.namespace, uwsgi);
  configMap('job-controller-uwsgi', UNPREFIXED.jobControllerUwsgiConfigMap, names.runtimeNamespace, jobControllerUwsgi());
  // it has no path that answers without asking the database
  const probe = { tcpSocket: { port: 'http' }, timeoutSeconds: 5 };
  return addDeployment(scope, settings, 'workflow-controller', {
    name: 'rest-api',
    image: images.workflowController,
    replicas: props.workflowController?.replicas ?? (storage.shared ? 2 : 1),
    command: ['uwsgi', '--ini', `${UWSGI_DIRECTORY}/${UWSGI_FILE}`],
    environment: controllerEnvironment(settings),
    resources: props.workflowController?.resources,
    defaultResources: { cpu: '100m', memory: '512Mi', limit: '3Gi' },
    serviceAccount: names.infrastructureServiceAccount,
    token: true,
    settings: [configMapAt(UWSGI_DIRECTORY, UWSGI_CONFIG_MAP), ...openSearchAuthorities(props.openSearch)],
    configuration: uwsgi,
    pod: { terminationGracePeriodSeconds: 60 },
    container: {
      ports: [{ name: 'http', containerPort: SERVICE_PORTS['workflow-controller'].targetPort }],
      // requests still come while it is taken out of the Service
      lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
      startupProbe: { ...probe, periodSeconds: 5, failureThreshold: 60 },
      readinessProbe: { ...probe, periodSeconds: 10 },
      livenessProbe: { ...probe, periodSeconds: 20, failureThreshold: 6 },
    },
  });
}

/** What writes down what engines say of their workflows: one, so that what came first is written first. */
export function addJobStatusConsumer(scope: Construct, settings: ReanaSettings): ApiObject {
  const { names, images, props } = settings;
  return addDeployment(scope, settings, 'job-status-consumer', {
    name: 'job-status-consumer',
    image: images.workflowController,
    replicas: 1,
    alone: true,
    command: ['flask', 'consume-job-queue'],
    environment: merged(programEnvironment(settings), environment(props.environments?.workflowController ?? {})),
    defaultResources: { cpu: '50m', memory: '256Mi', limit: '1Gi' },
    serviceAccount: names.infrastructureServiceAccount,
    // it deletes the Jobs of workflows that have ended
    token: true,
  });
}

/** What both programs of the image are told. */
function programEnvironment(settings: ReanaSettings): EnvironmentVariable[] {
  const { names, props } = settings;
  return [
    ...identityVariables(settings),
    ...databaseVariables(settings),
    ...brokerVariables(settings),
    ...environment({
      ...quotaVariables(props.quotas ?? {}),
      ...workflowUser(props.fsGroup),
      REANA_JOB_STATUS_CONSUMER_PREFETCH_COUNT: 10,
      REANA_INFRASTRUCTURE_KUBERNETES_SERVICEACCOUNT_NAME: names.infrastructureServiceAccount,
      // otherwise workflows would have the workflow controller's rights
      REANA_RUNTIME_KUBERNETES_SERVICEACCOUNT_NAME: names.runtimeServiceAccount,
      ...daskVariables(props.dask),
    }),
    ...props.gitlabSecret === undefined ? [] : [secretVariable('REANA_GITLAB_HOST', { secretName: props.gitlabSecret })],
  ];
}

function controllerEnvironment(settings: ReanaSettings): EnvironmentVariable[] {
  const { images, props, storage } = settings;
  const { ingress = {}, placement = {}, environments = {} } = props;
  return merged(
    programEnvironment(settings),
    [secretKeyVariable(settings)],
    openSearchVariables(settings.names, props.openSearch),
    environment({
      REANA_INGRESS_ANNOTATIONS: ingress.annotations ?? {},
      REANA_INGRESS_CLASS_NAME: ingress.className,
      REANA_INGRESS_HOST: props.hostname,
      REANA_JOB_CONTROLLER_IMAGE: images.jobController,
      REANA_WORKFLOW_ENGINE_IMAGE_CWL: images.cwl,
      REANA_WORKFLOW_ENGINE_IMAGE_YADAGE: images.yadage,
      REANA_WORKFLOW_ENGINE_IMAGE_SERIAL: images.serial,
      REANA_WORKFLOW_ENGINE_IMAGE_SNAKEMAKE: images.snakemake,
      REANA_WORKFLOW_VALIDATOR_IMAGE: images.validator,
      KRB5_CONTAINER_IMAGE: images.kerberos,
      REANA_WORKFLOW_ENGINE_CWL_ENV_VARS: asMap(environments.cwl ?? {}),
      REANA_WORKFLOW_ENGINE_YADAGE_ENV_VARS: asMap(environments.yadage ?? {}),
      REANA_WORKFLOW_ENGINE_SERIAL_ENV_VARS: asMap(environments.serial ?? {}),
      REANA_WORKFLOW_ENGINE_SNAKEMAKE_ENV_VARS: asMap(environments.snakemake ?? {}),
      REANA_WORKFLOW_VALIDATOR_ENV_VARS: asMap(environments.validator ?? {}),
      REANA_JOB_CONTROLLER_ENV_VARS: asMap({ ...jobControllerVariables(settings), ...environments.jobController }),
      REANA_INTERACTIVE_SESSIONS_ENVIRONMENTS: sessionEnvironments(props.sessions ?? {}),
      ...jobVariables(props.jobs ?? {}),
      ...jobHostPathVariables(props.jobs?.hostPaths),
      ...specValidationVariables(props.specValidation),
      REANA_RUNTIME_BATCH_KUBERNETES_NODE_LABEL: nodeLabel(placement.batch),
      REANA_RUNTIME_JOBS_KUBERNETES_NODE_LABEL: nodeLabel(placement.jobs),
      REANA_RUNTIME_SESSIONS_KUBERNETES_NODE_LABEL: nodeLabel(placement.sessions),
      IMAGE_PULL_SECRETS: props.imagePullSecrets?.join(','),
      REANA_STORAGE_BACKEND: storage.shared ? 'network' : 'local',
      K8S_CERN_EOS_AVAILABLE: props.eos ? 'True' : undefined,
      KUEUE_ENABLED: props.kueue !== undefined,
      TRAEFIK_ENABLED: false,
      TRAEFIK_EXTERNAL: props.dask?.traefik ?? false,
    }),
    environment(environments.workflowController ?? {}),
  );
}

/** What the job controller in the pod of each workflow is told besides what the workflow controller tells it itself. */
function jobControllerVariables(settings: ReanaSettings): Variables {
  const { images, props } = settings;
  return {
    // the server's list says what users may ask for, this one what the job controller can do
    COMPUTE_BACKENDS: (props.computeBackends ?? [ReanaComputeBackend.KUBERNETES]).join(','),
    REANA_VETTED_CONTAINER_IMAGES: vettedImages(settings),
    KRB5_CONTAINER_IMAGE: images.kerberos,
    VOMSPROXY_CONTAINER_IMAGE: images.vomsProxy,
    RUCIO_CONTAINER_IMAGE: images.rucio,
  };
}

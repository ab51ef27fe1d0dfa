import { ApiObject } from 'cdk8s';
import type { ContainerResources } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { plainYaml } from './plain-yaml';
import { SHARED_MOUNT, WorkflowStorage } from './workflow-storage';
import { containerResources } from '../workload/container-resources';
import { HARDENED_CONTAINER, hardenedPod, pullSecrets } from '../workload/hardened-pod';
import { digest } from '../workload/named-by-content';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** What stands for a workflow's id where it isn't known yet. */
export const WORKFLOW_ID = '{wflowid}';

/** The ServiceAccount of engines. */
export const ENGINE_ACCOUNT = 'wflowengine';

/** The ConfigMap that engines are configured by, and where they find it. */
export const ENGINE_CONFIGURATION = 'wflow-engine-conf-yadage';
const CONFIGURATION_DIRECTORY = '/yadageconfig';

/**
 * What engines show where steps run elsewhere, by the compute backend's name. It is mounted whether it is there or not: an engine's Job must be the
 * same when another backend is declared, or it would be another workflow.
 */
export const ENGINE_CREDENTIALS = 'wflow-engine-credentials';
export const CREDENTIALS_DIRECTORY = '/opt/wflow-credentials';

/** Modules of Python's that engines find, by the ConfigMaps that have them: what runs steps, and what an engine of the workflow server does besides. */
export const ENGINE_MODULES = { 'wflow-engine-steps': 'sharedstatekube', 'wflow-engine-process': 'wflowbackend' } as const;
const PYTHON_PATH = '/opt/wflow';

/** Steps write into directories that the engine has made: as its group, whatever user they are. */
export const SHARED_WITH_STEPS = 'umask 0002';

/** What an engine's Job is made of. */
export interface EngineJobOptions {
  readonly image: string;
  readonly storage: WorkflowStorage;
  readonly user: number;
  readonly resources?: ContainerResources;
  readonly imagePullSecrets?: readonly string[];
  readonly nodeSelector?: { readonly [label: string]: string };
  /** The command, with `{wflowid}` where the id goes. */
  readonly command: readonly string[];
  readonly environment?: readonly object[];
  readonly volumes?: readonly object[];
  readonly mounts?: readonly object[];
  /** In seconds. */
  readonly activeDeadlineSeconds?: number;
}

/** The labels of an engine's Job and pod: the contract with the monitor and the collection of logs. */
export const engineLabels = { wflowid: WORKFLOW_ID, component: 'wflow-engine', engine_type: 'yadage', interactive: 'false' };

/** The spec of an engine's Job, for a workflow whose id is `{wflowid}`. */
export function engineJobSpec(options: EngineJobOptions): object {
  const { storage } = options;
  return {
    // a workflow that failed is not begun again over what it left
    backoffLimit: 0,
    ...options.activeDeadlineSeconds !== undefined && { activeDeadlineSeconds: options.activeDeadlineSeconds },
    template: {
      metadata: { labels: engineLabels },
      spec: {
        ...hardenedPod(options.user),
        automountServiceAccountToken: true,
        serviceAccountName: ENGINE_ACCOUNT,
        restartPolicy: 'Never',
        ...pullSecrets(options.imagePullSecrets),
        ...options.nodeSelector && { nodeSelector: options.nodeSelector },
        containers: [{
          name: 'worker',
          image: options.image,
          command: options.command,
          workingDir: SHARED_MOUNT,
          env: [
            { name: 'WFLOW_ID', value: WORKFLOW_ID },
            { name: 'WFLOW_ENGINE_JOB', valueFrom: { fieldRef: { fieldPath: "metadata.labels['job-name']" } } },
            { name: 'WFLOW_ENGINE_UID', valueFrom: { fieldRef: { fieldPath: "metadata.labels['controller-uid']" } } },
            { name: 'WFLOW_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
            { name: 'PYTHONPATH', value: PYTHON_PATH },
            { name: 'PYTHONDONTWRITEBYTECODE', value: '1' },
            { name: 'PYTHONUNBUFFERED', value: '1' },
            { name: 'HOME', value: '/tmp' },
            { name: 'PACKTIVITY_ASYNCBACKEND_OPTS', value: `${CONFIGURATION_DIRECTORY}/backendopts` },
            { name: 'YADAGE_CUSTOM_TRACKER', value: 'sharedstatekube:StateTracker' },
            ...options.environment ?? [],
          ],
          resources: containerResources(options.resources, { cpu: '100m', memory: '256Mi', limit: '1Gi' }),
          securityContext: HARDENED_CONTAINER,
          volumeMounts: [
            { name: 'data', mountPath: SHARED_MOUNT, ...storage._subPath !== undefined && { subPath: storage._subPath } },
            { name: 'engineconfig', mountPath: CONFIGURATION_DIRECTORY, readOnly: true },
            ...Object.values(ENGINE_MODULES).map(module => ({ name: module, mountPath: `${PYTHON_PATH}/${module}`, readOnly: true })),
            { name: 'credentials', mountPath: CREDENTIALS_DIRECTORY, readOnly: true },
            { name: 'tmp', mountPath: '/tmp' },
            ...options.mounts ?? [],
          ],
        }],
        volumes: [
          { name: 'data', ...storage._source },
          { name: 'engineconfig', configMap: { name: ENGINE_CONFIGURATION } },
          ...Object.entries(ENGINE_MODULES).map(([name, module]) => ({ name: module, configMap: { name } })),
          { name: 'credentials', secret: { secretName: ENGINE_CREDENTIALS, optional: true, defaultMode: 0o440 } },
          { name: 'tmp', emptyDir: {} },
          ...options.volumes ?? [],
        ],
      },
    },
  };
}

/** The Job of an engine as the workflow server takes it: ids are `null`, but for the one in the command's last element. */
export function engineJobTemplate(options: EngineJobOptions): string {
  const labels = { ...engineLabels, wflowid: null };
  const { template: { metadata, spec: pod }, ...job } = engineJobSpec(options) as any;
  const [worker] = pod.containers;
  // the server says it
  const env = worker.env.filter(({ name }: { name: string }) => name !== 'WFLOW_ID');
  return plainYaml({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: null, labels },
    spec: { ...job, template: { metadata: { ...metadata, labels }, spec: { ...pod, containers: [{ ...worker, env }] } } },
  });
}

/**
 * The Job of a workflow that a program declares. Its id is its name and what it is: with another content it is another workflow, since a Job can't be
 * changed, and what one has left is not for another to go on with.
 */
export class EngineJob extends ApiObject {
  public constructor(scope: Construct, id: string, private readonly workflow: string, namespace: string, spec: object) {
    super(scope, id, {
      apiVersion: 'batch/v1', kind: 'Job', metadata: { name: `wflow-nonint-${WORKFLOW_ID}`, namespace, labels: engineLabels }, spec,
    } as any);
  }

  /** The workflow's id. */
  public get workflowId(): string {
    return `${this.workflow}-${digest(super.toJson().spec)}`;
  }

  public toJson(): any {
    return JSON.parse(JSON.stringify(super.toJson()).replaceAll(WORKFLOW_ID, this.workflowId));
  }
}

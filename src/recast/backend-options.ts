import { Duration } from 'cdk8s';
import { plainYaml } from './plain-yaml';
import { StepBackend, StepOptions } from './step-options';
import { SHARED_MOUNT, WorkflowStorage } from './workflow-storage';
import { containerResources } from '../workload/container-resources';
import { HARDENED_CONTAINER } from '../workload/hardened-pod';

/** What the options of a backend are made of. */
export interface BackendSettings {
  readonly backend: StepBackend;
  readonly namespace: string;
  readonly storage: WorkflowStorage;
  readonly steps: StepOptions;
  /** The engine's user, and its group. */
  readonly user: number;
  readonly imagePullSecrets: readonly string[];
  /** Where else steps run, by name: what the backend is told of it. */
  readonly computeBackends: { readonly [name: string]: object };
}

const DEFAULT_RESOURCES = { cpu: '1', memory: '2Gi', limit: '2Gi' };

const COMPONENT = 'wflow-job';

/** What can't be written in seconds is reported, not thrown. */
const seconds = (duration: Duration | undefined) => duration?.toSeconds({ integral: false });

/** `/yadageconfig/backendopts`: what the backend is told, in its own dialect. */
export function backendOptions(settings: BackendSettings): string {
  return plainYaml(settings.backend === StepBackend.SHARED_STATE_KUBE ? sharedStateKube(settings) : kubeDirectJob(settings));
}

function sharedStateKube({ storage, computeBackends, ...settings }: BackendSettings): object {
  return {
    ...stepSettings(settings),
    incluster: true,
    stateopts: {
      type: 'sharedvol',
      shared_mount: SHARED_MOUNT,
      ...storage._subPath !== undefined && { sub_path: storage._subPath },
      shared_volume: storage._source,
    },
    ...settings.steps.computeBackend !== undefined && { compute_backend: settings.steps.computeBackend },
    ...Object.keys(computeBackends).length > 0 && { compute_backends: computeBackends },
  };
}

/** How steps run, in whatever cluster that is. */
export function stepSettings({ namespace, steps, user, imagePullSecrets }: Omit<BackendSettings, 'backend' | 'storage' | 'computeBackends'>): object {
  const { readOnlyRootFilesystem, ...container } = HARDENED_CONTAINER;
  const identity = steps.root
    ? { runAsUser: 0 }
    : { runAsNonRoot: true, runAsUser: steps.user ?? user, runAsGroup: user };
  return {
    namespace,
    resource_labels: { ...steps.labels, component: COMPONENT, jobid: '{jobid}' },
    resources_opts: containerResources(steps.resources, DEFAULT_RESOURCES),
    ...steps.serviceAccountName !== undefined && { svcaccount: steps.serviceAccountName },
    ...imagePullSecrets.length > 0 && { image_pull_secrets: imagePullSecrets },
    pod: {
      securityContext: { ...identity, fsGroup: user, fsGroupChangePolicy: 'OnRootMismatch', seccompProfile: { type: 'RuntimeDefault' } },
      // the shell that waits for the step's command doesn't hear that it is to end
      terminationGracePeriodSeconds: 5,
      ...steps.nodeSelector && { nodeSelector: steps.nodeSelector },
      ...steps.tolerations && { tolerations: steps.tolerations },
      ...steps.priorityClassName !== undefined && { priorityClassName: steps.priorityClassName },
    },
    container_security: steps.root ? { allowPrivilegeEscalation: false } : container,
    ttl_seconds_after_finished: seconds(steps.keep) ?? 86400,
    ...steps.timeLimit && { active_deadline_seconds: seconds(steps.timeLimit) },
    start_patience_seconds: seconds(steps.startTimeout) ?? 600,
    ...steps.queueName !== undefined && { queue_name: steps.queueName },
    ...steps.authSecretName !== undefined && { auth: steps.authSecretName },
    ...steps.cvmfsClaims && {
      cvmfs: Object.fromEntries(Object.entries(steps.cvmfsClaims).map(([repository, claimName]) =>
        [repository, { persistentVolumeClaim: { claimName, readOnly: true } }])),
    },
  };
}

function kubeDirectJob({ namespace, storage, steps, imagePullSecrets }: BackendSettings): object {
  const { persistentVolumeClaim, hostPath } = storage._source;
  return {
    kubeconfig: 'incluster',
    namespace,
    path_base: SHARED_MOUNT,
    ...persistentVolumeClaim ? { state_type: 'claim', claim_name: persistentVolumeClaim.claimName } : { state_type: 'hostPath', claim_name: hostPath!.path },
    resource_labels: { ...steps.labels, component: COMPONENT },
    resource_opts: containerResources(steps.resources, DEFAULT_RESOURCES),
    // both are asked for when either is given
    secrets: { hepauth: steps.authSecretName ?? 'hepauth', hepimgcred: imagePullSecrets.map(name => ({ name })) },
  };
}

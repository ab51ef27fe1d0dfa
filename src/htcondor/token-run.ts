import { ApiObject, Duration, Lazy } from 'cdk8s';
import { Construct } from 'constructs';
import { CondorImage } from './image';
import { PATHS, ROOT_CONFIG_FILE } from './paths';
import { SECRETS } from './token-scripts';
import { cronSchedule } from '../workload/cron-schedule';
import { digest, NamedByContent } from '../workload/named-by-content';
import { PodSecurityLevel, WorkloadNamespace } from '../workload/namespace';
import { addNetworkPolicy, ASK_NAMES } from '../workload/network-policy';

const SCRIPT_FILE = 'run';

/** The address of a cluster's own API server, as its pods know it. */
export const OWN_API_SERVER = 'https://kubernetes.default.svc';

/** A Role, and the one whom it is for. */
export interface Permission {
  readonly name: string;
  /** Whose part it is. */
  readonly instance: string;
  readonly namespace: string;
  readonly verbs: string[];
  /** The names of the Secrets. */
  readonly secrets: () => string[];
}

/** Makes an account of the namespace that may do something with these Secrets, and nothing else. */
export function permit(scope: Construct, permission: Permission): void {
  const { name, instance, namespace } = permission;
  WorkloadNamespace.of(scope, namespace).admit(scope, PodSecurityLevel.RESTRICTED);
  new ApiObject(scope, 'ServiceAccount', {
    apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace, labels: labelsOf(instance) }, automountServiceAccountToken: false,
  });
  permitAccount(scope, permission, namespace);
}

/** Lets the account of that name, which may be another namespace's, do something with these Secrets. */
export function permitAccount(scope: Construct, { name, instance, namespace, verbs, secrets }: Permission, accountNamespace: string): void {
  const metadata = { name, namespace, labels: labelsOf(instance) };
  const apiGroup = 'rbac.authorization.k8s.io';
  new ApiObject(scope, 'Role', {
    apiVersion: `${apiGroup}/v1`,
    kind: 'Role',
    metadata,
    // a rule without names would be one about all Secrets
    rules: Lazy.any({ produce: () => secrets().length === 0 ? [] : [{ apiGroups: [''], resources: ['secrets'], resourceNames: secrets(), verbs }] }),
  });
  new ApiObject(scope, 'RoleBinding', {
    apiVersion: `${apiGroup}/v1`,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup, kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace: accountNamespace }],
  });
}

/** A script that renews tokens. */
export interface TokenRunOptions {
  readonly name: string;
  readonly namespace: string;
  readonly image: CondorImage;
  readonly imagePullSecrets?: string[];
  readonly script: string;
  /** The configuration of HTCondor's tools, `orders`, and what the orders name. */
  readonly files: () => { [file: string]: string };
  /** Secrets that the script reads, as sources of a projected volume. */
  readonly secrets: () => object[];
  readonly interval: Duration;
  /** Minutes from the beginning of an interval. */
  readonly offset: number;
  /** The Secrets of its own namespace that it writes. */
  readonly writes: () => string[];
  /** Whether it writes any in its own cluster. */
  readonly writesHere: () => boolean;
  /** TCP ports of API servers; everything without. */
  readonly ports?: () => number[];
}

/**
 * Renews tokens at intervals, and once whenever what is renewed has changed: a CronJob, and a Job whose name ends with a digest
 * of what it runs.
 */
export class TokenRun extends Construct {
  public constructor(scope: Construct, id: string, options: TokenRunOptions) {
    super(scope, id);
    const { name, namespace } = options;
    permit(this, { name, instance: name, namespace, verbs: ['patch'], secrets: options.writes });

    const labels = labelsOf(name);
    const metadata = { name, namespace, labels };
    const files = () => ({ [SCRIPT_FILE]: options.script, ...options.files() });
    new ApiObject(this, 'ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: Lazy.any({ produce: files }) });
    const job = (deadline: number) => ({
      backoffLimit: 5,
      activeDeadlineSeconds: deadline,
      template: {
        metadata: { labels, annotations: Lazy.any({ produce: () => ({ 'cdk8s-hep/config-digest': digest(files()) }) }) },
        spec: Lazy.any({ produce: () => podSpec(options) }),
      },
    });
    const seconds = options.interval.toSeconds();
    new ApiObject(this, 'CronJob', {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata,
      spec: {
        schedule: cronSchedule(options.interval, options.offset),
        timeZone: 'Etc/UTC',
        concurrencyPolicy: 'Replace',
        // one that was missed is made up for until the next
        startingDeadlineSeconds: seconds,
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 1,
        jobTemplate: { spec: job(seconds) },
      },
    });
    new NamedByContent(this, 'Job', { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { ...job(3600), ttlSecondsAfterFinished: 24 * 3600 } });

    const { ports } = options;
    if (ports) {
      addNetworkPolicy(this, metadata, labels, {
        ingress: [],
        egress: [ASK_NAMES, { ports: Lazy.any({ produce: () => [...new Set(ports())].sort((a, b) => a - b).map(port => ({ protocol: 'TCP', port })) }) }],
      });
    }
  }
}

function labelsOf(name: string): { [label: string]: string } {
  return { 'app.kubernetes.io/name': 'htcondor', 'app.kubernetes.io/instance': name, 'app.kubernetes.io/component': 'tokens' };
}

function podSpec({ name, image, imagePullSecrets, secrets, writesHere }: TokenRunOptions): object {
  const own = [
    { serviceAccountToken: { path: 'own/token', expirationSeconds: 3600 } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'own/ca.crt' }] } },
  ];
  return {
    serviceAccountName: name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    restartPolicy: 'Never',
    ...(imagePullSecrets?.length && { imagePullSecrets: imagePullSecrets.map(each => ({ name: each })) }),
    securityContext: {
      runAsNonRoot: true, runAsUser: image.uid, runAsGroup: image.gid, fsGroup: image.gid, seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [{
      name: 'tokens',
      image: image.reference,
      ...(image.pullPolicy && { imagePullPolicy: image.pullPolicy }),
      command: ['/bin/sh', `${PATHS.config}/${SCRIPT_FILE}`],
      env: [{ name: 'CONDOR_CONFIG', value: `${PATHS.config}/${ROOT_CONFIG_FILE}` }],
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
      resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '128Mi' } },
      volumeMounts: [
        { name: 'config', mountPath: PATHS.config, readOnly: true },
        { name: 'secrets', mountPath: SECRETS, readOnly: true },
        { name: 'tmp', mountPath: '/tmp' },
      ],
    }],
    volumes: [
      { name: 'config', configMap: { name } },
      { name: 'secrets', projected: { defaultMode: 0o440, sources: [...secrets(), ...writesHere() ? own : []] } },
      { name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: '8Mi' } },
    ],
  };
}

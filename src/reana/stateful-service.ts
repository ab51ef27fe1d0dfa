import { ApiObject, Chart, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { credentialProblems } from './credentials';
import { ReanaCredentials } from './reana-backing-services';
import { callers, ReanaEdge } from './reana-edges';
import { DEFAULT_PREFIX, LONGEST_PREFIX, ReanaNames } from './reana-names';
import { ReanaIdentity, ReanaServiceProps } from './reana-service-props';
import { declareImages } from './reana-traffic';
import { Federation } from '../federation/federation';
import { isDnsLabel, isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';
import { filesDigest, HARDENED_CONTAINER, hardenedPod, pullSecrets, SERVICE_USER } from '../workload/hardened-pod';
import { IMAGE, isImage } from '../workload/image-reference';
import { PodSecurityLevel, WorkloadNamespace } from '../workload/namespace';
import { addNetworkPolicy } from '../workload/network-policy';
import { addPodDisruptionBudget } from '../workload/pod-disruption-budget';
import { CONFIGURATION, RUN } from '../workload/postgres-scripts';
import { singlePod } from '../workload/single-pod';

/** A server of one pod that keeps what it knows on a volume of its own. */
export interface StatefulServiceOptions {
  readonly names: ReanaNames;
  readonly component: 'db' | 'message-broker' | 'cache';
  readonly props: ReanaServiceProps;
  readonly image: string;
  /** The files that it is started with. */
  readonly files: { readonly [file: string]: string };
  readonly environment: readonly object[];
  /** What is run before it, with the same image, environment and volumes. */
  readonly prepare?: readonly string[];
  readonly command: readonly string[];
  readonly probes: object;
  readonly lifecycle?: object;
  readonly resources: object;
  readonly port: number;
  /** Who connects, if not everybody who may. */
  readonly admitted?: readonly ReanaEdge['from'][];
  /** Where Prometheus reads, from wherever it is. */
  readonly metricsPort?: number;
  readonly data: { readonly path: string; readonly size: Size };
  /** Further directories in memory, by their path, of a size. */
  readonly memory?: { readonly [path: string]: Size };
  readonly terminationGracePeriodSeconds: number;
}

/** The names of REANA's objects, as a construct is told them. */
export function namesOf(scope: Construct, { prefix = DEFAULT_PREFIX, namespace = Chart.of(scope).namespace ?? 'reana', runtimeNamespace }: ReanaIdentity): ReanaNames {
  return new ReanaNames(prefix, namespace, runtimeNamespace);
}

/** A StatefulSet of one pod, its Service, and a NetworkPolicy that opens it to those who need it. */
export class StatefulService extends Construct {
  public readonly statefulSet: ApiObject;

  public constructor(scope: Construct, id: string, options: StatefulServiceOptions) {
    super(scope, id);
    const { names, component, props } = options;
    const name = names.component(component);
    const selector = names.selector(component);
    const labels = names.labels(component);
    const metadata = { name, namespace: names.namespace, labels };
    WorkloadNamespace.of(this, names.namespace).admit(this, PodSecurityLevel.RESTRICTED);
    declareImages(this, options.image);
    const ports = [{ name: 'service', port: options.port }, ...options.metricsPort ? [{ name: 'metrics', port: options.metricsPort }] : []];
    new ApiObject(this, 'ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false });
    new ApiObject(this, 'ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: options.files });
    new ApiObject(this, 'Service', {
      apiVersion: 'v1', kind: 'Service', metadata, spec: { selector, ports: ports.map(each => ({ ...each, protocol: 'TCP', targetPort: each.port })) },
    });
    if (props.networkPolicies ?? true) {
      addNetworkPolicy(this, metadata, selector, {
        ingress: [...callers(names, component, {}, options.admitted), ...options.metricsPort ? [{ ports: [{ protocol: 'TCP', port: options.metricsPort }] }] : []],
        // it calls nobody
        egress: [],
      });
    }
    if (props.evictable === false) {
      addPodDisruptionBudget(this, metadata, { matchLabels: selector }, 0);
    }
    this.statefulSet = new ApiObject(this, 'StatefulSet', {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata,
      spec: {
        ...singlePod(name, selector),
        template: { metadata: { labels, annotations: filesDigest(options.files) }, spec: this.podSpec(options, name, ports) },
        volumeClaimTemplates: [{
          metadata: { name: 'data', labels },
          spec: {
            accessModes: ['ReadWriteOnce'],
            ...props.storageClass !== undefined && { storageClassName: props.storageClass },
            resources: { requests: { storage: `${options.data.size.toMebibytes()}Mi` } },
          },
        }],
      },
    });
  }

  private podSpec(options: StatefulServiceOptions, name: string, ports: readonly { name: string; port: number }[]): object {
    const { props, component } = options;
    const memory = Object.entries({ [RUN]: undefined, ...options.memory });
    const common = {
      image: options.image,
      env: options.environment,
      securityContext: HARDENED_CONTAINER,
      resources: options.resources,
      volumeMounts: [
        { name: 'configuration', mountPath: CONFIGURATION, readOnly: true },
        { name: 'data', mountPath: options.data.path },
        ...memory.map(([mountPath], index) => ({ name: `memory-${index}`, mountPath })),
        { name: 'tmp', mountPath: '/tmp' },
      ],
    };
    return {
      serviceAccountName: name,
      ...hardenedPod(SERVICE_USER),
      ...pullSecrets(props.imagePullSecrets),
      ...props.nodeSelector && { nodeSelector: props.nodeSelector },
      terminationGracePeriodSeconds: options.terminationGracePeriodSeconds,
      ...options.prepare && { initContainers: [{ ...common, name: 'prepare', command: options.prepare }] },
      containers: [{
        ...common,
        name: component,
        command: options.command,
        ports: ports.map(each => ({ name: each.name, containerPort: each.port, protocol: 'TCP' })),
        ...options.probes,
        ...options.lifecycle && { lifecycle: options.lifecycle },
      }],
      volumes: [
        { name: 'configuration', configMap: { name } },
        ...memory.map(([, size], index) => ({
          name: `memory-${index}`, emptyDir: { medium: 'Memory', sizeLimit: `${(size as Size | undefined)?.toMebibytes() ?? 16}Mi` },
        })),
        { name: 'tmp', emptyDir: {} },
      ],
    };
  }
}

/** What is wrong with a REANA's names. */
export function identityProblems(names: ReanaNames): string[] {
  const problems: string[] = [];
  if (!ReanaNames.isPrefix(names.prefix)) { problems.push(problem('prefix', names.prefix, `a DNS label of at most ${LONGEST_PREFIX} characters`)); }
  for (const property of ['namespace', 'runtimeNamespace'] as const) {
    if (!isDnsLabel(names[property])) { problems.push(problem(property, names[property], 'a DNS label of at most 63 characters')); }
  }
  return problems;
}

/** What is wrong with what the services have in common. */
export function serviceProblems(
  scope: Construct, names: ReanaNames, props: ReanaServiceProps, credentials: ReanaCredentials, image: string, storage: Size,
): string[] {
  const problems = [...identityProblems(names), ...credentialProblems('credentials', credentials)];
  if (Federation.tryOf(scope)) { problems.push(problem('scope', scope.node.path, 'a cluster or a chart: there is one of it')); }
  if (!isImage(image)) { problems.push(problem('image', image, IMAGE)); }
  if (storage.toMebibytes() < 1024) { problems.push(problem('storage', `${storage.toMebibytes()} MiB`, 'at least 1024 MiB')); }
  if (props.storageClass !== undefined && !isDnsSubdomain(props.storageClass)) {
    problems.push(problem('storageClass', props.storageClass, 'the name of a StorageClass'));
  }
  return problems;
}

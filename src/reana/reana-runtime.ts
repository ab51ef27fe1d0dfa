import { ApiObject, Size } from 'cdk8s';
import type { Cpu } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { nested } from './reana-deployment';
import { callers, podSelector } from './reana-edges';
import { krb5Conf } from './reana-kerberos';
import { addLocalQueues } from './reana-kueue';
import { outsidersOf } from './reana-outsiders';
import { ReanaSettings } from './reana-settings';
import { ruleList } from '../workload/network-policy';
import { mebibytes } from '../workload/quantity';

/** How much all of a runtime namespace may ask for, and what containers there ask for that say nothing. REANA's code says nothing for engines and sessions. */
export interface ReanaRuntimeLimits {
  /**
   * The CPU that such a container asks its node for.
   *
   * @default Cpu.millis(100)
   */
  readonly containerCpu?: Cpu;

  /**
   * The memory that such a container asks its node for.
   *
   * @default Size.mebibytes(256)
   */
  readonly containerMemory?: Size;

  /**
   * The CPU that all pods together may ask for. Refused without a runtime namespace: it would stop REANA's own pods.
   *
   * @default - no limit
   */
  readonly cpu?: Cpu;

  /**
   * The memory that all pods together may ask for. Refused without a runtime namespace: it would stop REANA's own pods.
   *
   * @default - no limit
   */
  readonly memory?: Size;

  /**
   * How many pods there may be. Refused without a runtime namespace: it would stop REANA's own pods.
   *
   * @default - no limit
   */
  readonly pods?: number;
}

/** What is in the runtime namespace before a workflow is: limits, what closes its pods, what is mounted in them, and the queues. */
export function addRuntime(scope: Construct, settings: ReanaSettings): void {
  const { names, props } = settings;
  const object = (id: string, apiVersion: string, kind: string, name: string, rest: object, namespace = names.runtimeNamespace) =>
    new ApiObject(scope, id, { apiVersion, kind, metadata: { name, namespace, labels: names.labels('runtime') }, ...rest });
  const limits = props.runtimeLimits ?? {};
  object('LimitRange', 'v1', 'LimitRange', names.component('runtime'), {
    spec: {
      limits: [{
        type: 'Container',
        defaultRequest: {
          'cpu': limits.containerCpu?.amount ?? '100m', 'memory': mebibytes(limits.containerMemory ?? Size.mebibytes(256)), 'ephemeral-storage': '64Mi',
        },
      }],
    },
  });
  if (hasQuota(limits)) {
    object('ResourceQuota', 'v1', 'ResourceQuota', names.component('runtime'), {
      spec: {
        hard: {
          ...limits.cpu && { 'requests.cpu': limits.cpu.amount },
          ...limits.memory && { 'requests.memory': mebibytes(limits.memory) },
          ...limits.pods !== undefined && { pods: `${limits.pods}` },
        },
      },
    });
  }
  if (props.networkPolicies ?? true) {
    const ofDask = props.dask ? ['run-dask-scheduler', 'run-dask-worker'] as const : [];
    for (const pod of ['run-batch', 'run-job', 'run-session', ...ofDask] as const) {
      new ApiObject(nested(scope, pod), 'NetworkPolicy', {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: names.component(pod), namespace: names.runtimeNamespace, labels: names.labels('runtime') },
        spec: { podSelector: podSelector(names, pod), policyTypes: ['Ingress'], ingress: ruleList(callers(names, pod, outsidersOf(props))) },
      });
    }
  }
  if (props.kerberos) {
    for (const namespace of new Set([names.namespace, names.runtimeNamespace])) {
      object(`krb5-${namespace}`, 'v1', 'ConfigMap', names.kerberosConfigMap, { data: { 'krb5.conf': krb5Conf(props.kerberos) } }, namespace);
    }
  }
  if (props.cvmfs) {
    // the workflow controller makes a claim on it
    new ApiObject(scope, 'Cvmfs', {
      apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: names.cvmfs, labels: names.labels('runtime') }, provisioner: 'cvmfs.csi.cern.ch',
    });
  }
  if (props.kueue) { addLocalQueues(scope, names, props.kueue); }
}

export function hasQuota({ cpu, memory, pods }: ReanaRuntimeLimits): boolean {
  return [cpu, memory, pods].some(limit => limit !== undefined);
}

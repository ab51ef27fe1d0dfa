import { ApiObject, Lazy, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { CONFIG_DIGEST, daemonPodSpec } from './daemon-pod';
import { CondorImage } from './image';
import { digestOf, WATCH_FILE, WATCH_SCRIPT } from './live-configuration';
import { PATHS, ROOT_CONFIG_FILE } from './paths';
import { Credential, Keyring } from './pod-credentials';
import { PodLogs, serverLogsContainer, withPodLogs } from './pod-logs';
import { ServerConfiguration } from './server-config';
import { addNetworkPolicy } from '../workload/network-policy';
import { addPodDisruptionBudget } from '../workload/pod-disruption-budget';
import { ServiceExposure } from '../workload/service-exposure';
import { singlePod } from '../workload/single-pod';

/** A daemon of the pool that others call: its pod, and the way to it. */
export interface PoolServerOptions {
  readonly name: string;
  readonly namespace: string;
  readonly component: string;
  readonly image: CondorImage;
  /** The configuration; asked for when the manifest is rendered. */
  readonly configuration: () => ServerConfiguration;
  /** Files beside the configuration; the daemons read them again when they change. */
  readonly files?: () => { readonly [file: string]: string };
  readonly credentials: readonly Credential[];
  readonly keyring?: Keyring;
  /** Whether credentials may be changed while the daemons run. */
  readonly renewCredentials?: boolean;
  readonly port: number;
  readonly exposure: ServiceExposure;
  readonly rootCapabilities?: readonly string[];
  readonly probes: { readonly startup?: object; readonly liveness: object; readonly readiness: object };
  readonly resources: object;
  readonly terminationGracePeriodSeconds: number;
  readonly scheduling: object;
  readonly spoolSize: Size;
  /** Whether accounts of users that the image doesn't know are among the files. */
  readonly accounts?: boolean;
  /** Where users keep files, if users come here. */
  readonly homeSize?: Size;
  readonly storageClass?: string;
  readonly evictable: boolean;
  /** What the pod may call, as NetworkPolicy egress rules; everything without. */
  readonly egress?: object[];
  readonly networkPolicy: boolean;
  readonly imagePullSecrets?: readonly string[];
  /** Whether daemons' logs and the event log are printed, and what events belong to. */
  readonly podLogs?: PodLogs;
}

/**
 * One central manager or access point: a StatefulSet of one pod with a volume for what must outlive
 * it, a Service with the port that it advertises, and a NetworkPolicy that opens this port alone.
 */
export class PoolServer extends Construct {
  public constructor(scope: Construct, id: string, options: PoolServerOptions) {
    super(scope, id);
    const { name, namespace } = options;
    const selector = { 'app.kubernetes.io/name': 'htcondor', 'app.kubernetes.io/instance': name };
    const labels = { ...selector, 'app.kubernetes.io/component': options.component };
    const metadata = { name, namespace, labels };
    const claim = (volume: string, size: Size) => ({
      metadata: { name: volume, labels },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: options.storageClass,
        resources: { requests: { storage: `${size.toMebibytes()}Mi` } },
      },
    });

    new ApiObject(this, 'ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false });

    new ApiObject(this, 'ConfigMap', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data: Lazy.any({ produce: () => ({ [ROOT_CONFIG_FILE]: options.configuration().text, [WATCH_FILE]: WATCH_SCRIPT, ...options.files?.() }) }),
    });

    new ApiObject(this, 'Service', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, annotations: options.exposure._annotations },
      // a daemon finds its own pool through this address before it is ready
      spec: { selector, publishNotReadyAddresses: true, ...options.exposure._spec(options.port) },
    });

    new ApiObject(this, 'StatefulSet', {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata,
      spec: {
        ...singlePod(name, selector),
        template: {
          metadata: { labels, annotations: Lazy.any({ produce: () => ({ [CONFIG_DIGEST]: digestOf(options.configuration().fixed) }) }) },
          spec: withPodLogs(daemonPodSpec({
            ...options,
            command: [options.image._sbin('condor_master'), '-f'],
            configMap: name,
            watchesConfiguration: true,
            directories: [{ volume: 'spool', path: PATHS.spool }],
            accounts: options.accounts,
            homes: options.homeSize && { volume: 'home', path: PATHS.home },
            serviceAccount: name,
          }), options.podLogs && serverLogsContainer(options.image, options.podLogs)),
        },
        volumeClaimTemplates: [claim('spool', options.spoolSize), ...options.homeSize ? [claim('home', options.homeSize)] : []],
      },
    });

    if (options.networkPolicy) {
      addNetworkPolicy(this, metadata, selector, { ingress: [{ ports: [{ protocol: 'TCP', port: options.port }] }], egress: options.egress });
    }

    if (!options.evictable) {
      addPodDisruptionBudget(this, metadata, { matchLabels: selector }, 0);
    }
  }
}

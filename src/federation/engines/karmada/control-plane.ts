import { Size } from 'cdk8s';
import { problem } from '../../../problem';
import { Manifest } from '../../manifest';

/** How the Karmada API is reached from outside the host cluster. */
export enum KarmadaApiService {
  /** Inside the host cluster only. */
  CLUSTER_IP = 'ClusterIP',
  /** At a port of every node. */
  NODE_PORT = 'NodePort',
  /** At an address of its own. */
  LOAD_BALANCER = 'LoadBalancer',
}

/**
 * A Karmada control plane that the Karmada operator makes in the host cluster: `Karmada` of `operator.karmada.io/v1alpha1`. The operator
 * itself is there before.
 *
 * It is named after the federation. Refused at synth: a federation whose name makes names of Services longer than 63 characters.
 */
export interface KarmadaControlPlaneProps {
  /**
   * The namespace of the control plane. Becomes `metadata.namespace`, and a Namespace in the host's file.
   *
   * @default karmada-system
   */
  readonly namespace?: string;

  /**
   * The version of Karmada, for instance `v1.18.2`. Becomes `imageTag` of Karmada's components and the address of their CustomResourceDefinitions.
   *
   * @default - the operator's own
   */
  readonly version?: string;

  /**
   * How the API is reached. Becomes `components.karmadaAPIServer.serviceType`. The host of the engine's `apiServer` becomes a name in its
   * certificate (`certSANs`).
   *
   * @default KarmadaApiService.CLUSTER_IP
   */
  readonly service?: KarmadaApiService;

  /**
   * How many of each: API servers, controller managers, schedulers, webhooks. At least 1. Becomes `replicas` of each component.
   *
   * @default 1
   */
  readonly replicas?: number;

  /**
   * How many etcd. Odd: an even number survives no more than the odd one below it. Becomes `components.etcd.local.replicas`.
   *
   * @default 1
   */
  readonly etcdReplicas?: number;

  /**
   * The size of each etcd's volume. Becomes a claim in `components.etcd.local.volumeData.volumeClaim`. (The operator's own default forgets all
   * when a pod moves.)
   *
   * @default Size.gibibytes(10)
   */
  readonly etcdStorage?: Size;

  /**
   * The StorageClass of etcd's volumes.
   *
   * @default - the cluster's default class
   */
  readonly storageClass?: string;

  /**
   * Feature gates of Karmada's components. Becomes `featureGates`. Divisions with `failover` need and set `Failover`.
   *
   * @default - Karmada's own
   */
  readonly featureGates?: { [gate: string]: boolean };
}

const VERSION = /^v\d+\.\d+\.\d+(-[\w.]+)?$/;

const MAX_LABEL = 63;

export function controlPlaneProblems(federation: string, props: KarmadaControlPlaneProps, evicts: boolean): string[] {
  const problems: string[] = [];
  const counted = { replicas: props.replicas ?? 1, etcdReplicas: props.etcdReplicas ?? 1 };
  if (!Number.isInteger(counted.replicas) || counted.replicas < 1) {
    problems.push(problem('controlPlane.replicas', props.replicas, 'a whole number, at least 1'));
  }
  if (!Number.isInteger(counted.etcdReplicas) || counted.etcdReplicas < 1 || counted.etcdReplicas % 2 === 0) {
    problems.push(problem('controlPlane.etcdReplicas', props.etcdReplicas, 'an odd whole number'));
  }
  if (props.version !== undefined && !VERSION.test(props.version)) {
    problems.push(problem('controlPlane.version', props.version, 'a release, for instance v1.18.2'));
  }
  if (evicts && props.featureGates?.Failover === false) {
    problems.push(problem('controlPlane.featureGates.Failover', false, 'true or nothing beside a division with failover'));
  }
  const longest = `${federation}-${federation.includes('karmada') ? '' : 'karmada-'}kube-controller-manager`;
  if (longest.length > MAX_LABEL) {
    const most = federation.length - (longest.length - MAX_LABEL);
    problems.push(problem('id', federation,
      `a name of at most ${most} characters with a declared controlPlane: the operator makes ${longest} of it`));
  }
  return problems;
}

/** The objects of a declared control plane, in the host cluster. */
export function controlPlane(federation: string, props: KarmadaControlPlaneProps, apiServer: string | undefined, evicts: boolean): Manifest[] {
  const namespace = props.namespace ?? 'karmada-system';
  const { replicas = 1, version } = props;
  const component = { ...version && { imageTag: version }, replicas };
  const evicting = (flag: string) => evicts && { extraArgs: { [flag]: 'true' } };
  const featureGates = { ...props.featureGates, ...evicts && { Failover: true } };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      apiVersion: 'operator.karmada.io/v1alpha1',
      kind: 'Karmada',
      metadata: { name: federation, namespace },
      spec: {
        ...version && { crdTarball: { httpSource: { url: `https://github.com/karmada-io/karmada/releases/download/${version}/crds.tar.gz` } } },
        ...Object.keys(featureGates).length > 0 && { featureGates },
        components: {
          etcd: { local: { replicas: props.etcdReplicas ?? 1, volumeData: { volumeClaim: volumeClaim(props) } } },
          karmadaAPIServer: {
            replicas,
            serviceType: props.service ?? KarmadaApiService.CLUSTER_IP,
            ...apiServer && { certSANs: [hostOf(apiServer)] },
          },
          karmadaAggregatedAPIServer: component,
          karmadaControllerManager: { ...component, ...evicting('enable-no-execute-taint-eviction') },
          karmadaMetricsAdapter: component,
          karmadaScheduler: component,
          karmadaWebhook: { ...component, ...evicting('allow-no-execute-taint-policy') },
          kubeControllerManager: { replicas },
        },
      },
    },
  ];
}

function hostOf(apiServer: string): string {
  return apiServer.replace(/^https:\/\/|:\d+$/g, '').replace(/^\[|\]$/g, '');
}

function volumeClaim({ etcdStorage, storageClass }: KarmadaControlPlaneProps): object {
  return {
    metadata: { name: 'etcd-data' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...storageClass && { storageClassName: storageClass },
      resources: { requests: { storage: (etcdStorage ?? Size.gibibytes(10)).asString() } },
    },
  };
}

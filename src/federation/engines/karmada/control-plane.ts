import { isIP } from 'net';
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
 * It is named after the federation. Its etcd has one member. Refused at synth: a federation whose name makes names of Services longer than 63
 * characters.
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
   * How the API is reached. Becomes `components.karmadaAPIServer.serviceType`. Refused at synth: a load balancer for which neither the engine's
   * `apiServer` nor `certificateNames` says a name.
   *
   * @default KarmadaApiService.CLUSTER_IP
   */
  readonly service?: KarmadaApiService;

  /**
   * Annotations of the API's Service: most load balancers take a reserved address there. Become
   * `components.karmadaAPIServer.serviceAnnotations`.
   *
   * @default - none
   */
  readonly serviceAnnotations?: { [key: string]: string };

  /**
   * Names and addresses by which the API is called, besides the host of the engine's `apiServer`: DNS names, `*.` before one, IP addresses.
   * Become `components.karmadaAPIServer.certSANs`, the names in its certificate.
   *
   * The operator makes the certificate once, before the Service has an address, and then calls a load balancer by the address or host name that
   * the Service was given. So that one must be the host of `apiServer` or stand here, from the first apply on, or the control plane is never
   * ready.
   *
   * @default - none; enough inside the host cluster and at its nodes
   */
  readonly certificateNames?: string[];

  /**
   * How many of each: API servers, controller managers, schedulers, webhooks. At least 1. Becomes `replicas` of each component.
   *
   * @default 1
   */
  readonly replicas?: number;

  /**
   * The size of etcd's volume. Becomes a claim in `components.etcd.local.volumeData.volumeClaim`. (The operator's own default forgets all
   * when a pod moves.)
   *
   * @default Size.gibibytes(10)
   */
  readonly etcdStorage?: Size;

  /**
   * The StorageClass of etcd's volume.
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

const NAME = /^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

const VERSION = /^v\d+\.\d+\.\d+(-[\w.]+)?$/;

const MAX_LABEL = 63;

export function controlPlaneProblems(
  federation: string, props: KarmadaControlPlaneProps, apiServer: string | undefined, evicts: boolean,
): string[] {
  const problems: string[] = [];
  const { replicas = 1 } = props;
  if (!Number.isInteger(replicas) || replicas < 1) {
    problems.push(problem('controlPlane.replicas', replicas, 'a whole number, at least 1'));
  }
  if (props.version !== undefined && !VERSION.test(props.version)) {
    problems.push(problem('controlPlane.version', props.version, 'a release, for instance v1.18.2'));
  }
  for (const name of (props.certificateNames ?? []).filter(each => !NAME.test(each) && !isIP(each))) {
    problems.push(problem('controlPlane.certificateNames', name, "a DNS name, '*.' and a DNS name, or an IP address"));
  }
  if (props.service === KarmadaApiService.LOAD_BALANCER && certSans(props, apiServer).length === 0) {
    problems.push(problem('controlPlane.certificateNames', props.certificateNames,
      'the address or host name of the load balancer, here or as apiServer of the engine: the operator calls it there'));
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
  const names = certSans(props, apiServer);
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
          // the members of a larger one never find each other: they are no names of their Service before they are ready, nor ready before
          etcd: { local: { replicas: 1, volumeData: { volumeClaim: volumeClaim(props) } } },
          karmadaAPIServer: {
            replicas,
            serviceType: props.service ?? KarmadaApiService.CLUSTER_IP,
            ...props.serviceAnnotations && { serviceAnnotations: props.serviceAnnotations },
            ...names.length > 0 && { certSANs: names },
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

function certSans({ certificateNames = [] }: KarmadaControlPlaneProps, apiServer: string | undefined): string[] {
  return [...new Set([...apiServer ? [hostOf(apiServer)] : [], ...certificateNames])];
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

import type { ContainerResources } from 'cdk8s-plus-27';
import { YadageEngine } from './yadage-engine';
import { ServiceExposure } from '../workload/service-exposure';

/** Properties of a `StagingServer`. */
export interface StagingServerProps {
  /**
   * The engine whose volume it serves a directory of.
   *
   * Refused: one of another chart; one that doesn't run steps by `StepBackend.SHARED_STATE_KUBE`.
   */
  readonly engine: YadageEngine;

  /**
   * The host name or IP address at which steps in other clusters reach it, without a port. Its certificate is for it.
   *
   * Refused: one that means something in one cluster only, such as a Service's.
   */
  readonly address: string;

  /**
   * The TCP port at that address, from 1 to 65535. It must be in the cluster's range where `exposure` is a NodePort.
   *
   * @default 8443
   */
  readonly port?: number;

  /**
   * How other clusters reach it.
   *
   * Refused: `ServiceExposure.clusterInternal()`.
   *
   * @default ServiceExposure.loadBalancer()
   */
  readonly exposure?: ServiceExposure;

  /**
   * The Secret of the type `kubernetes.io/tls` with its key and its certificate, followed by those between it and its authority. It is not made here:
   * cert-manager does with an issuer, or somebody. When it is renewed, the new certificate is served to whoever connects next.
   *
   * @default 'wflow-staging-tls'
   */
  readonly tlsSecretName?: string;

  /**
   * The certificates of the authorities that vouch for it, in PEM, by which steps in other clusters check it. They are no secret.
   *
   * @default - those that the image which asks it trusts
   */
  readonly caBundle?: string;

  /**
   * An image with nginx as `/usr/sbin/nginx`, 1.19.5 or newer, built with its `http_dav_module`, and a shell with `mkdir` and `find`. `images/staging` is
   * a recipe of one from Debian.
   *
   * @default - the stable line of nginx's own unprivileged image, which is renewed under this name: 'docker.io/nginxinc/nginx-unprivileged:1.30-alpine'
   */
  readonly image?: string;

  /**
   * CPU and memory of a pod.
   *
   * @default - requests 100m and 128 MiB, limited to 512 MiB
   */
  readonly resources?: ContainerResources;

  /**
   * How many pods serve, each on a node and in a zone of its own where there are as many. From 1 on.
   *
   * @default 2
   */
  readonly replicas?: number;

  /**
   * Labels that nodes must have to run it.
   *
   * @default - any node
   */
  readonly nodeSelector?: { [label: string]: string };

  /**
   * Whether a NetworkPolicy closes its pods but for their port, which anybody may connect to, and lets them call nobody.
   *
   * @default true
   */
  readonly networkPolicies?: boolean;

  /**
   * Names of Secrets of the type `kubernetes.io/dockerconfigjson`, for private registries.
   *
   * @default - none
   */
  readonly imagePullSecrets?: string[];
}

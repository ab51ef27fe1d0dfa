import { Size } from 'cdk8s';
import { ContainerResources } from 'cdk8s-plus-27';
import { ReanaCredentials } from './reana-backing-services';

/** Which REANA a service is of: the same as its `ReanaPlatform`, which refuses any other. */
export interface ReanaIdentity {
  /**
   * What the names of its objects begin with (`REANA_COMPONENT_PREFIX`), at most 13 characters.
   *
   * @default 'reana'
   */
  readonly prefix?: string;

  /**
   * The namespace of REANA's services (`REANA_INFRASTRUCTURE_KUBERNETES_NAMESPACE`).
   *
   * @default - the chart's, or `reana`
   */
  readonly namespace?: string;

  /**
   * The namespace of workflows (`REANA_RUNTIME_KUBERNETES_NAMESPACE`), whose pods may connect as well.
   *
   * @default - as namespace
   */
  readonly runtimeNamespace?: string;
}

/** What `ReanaDatabase`, `ReanaMessageBroker` and `ReanaCache` have in common: one pod, with a volume of its own, that runs without root. */
export interface ReanaServiceProps extends ReanaIdentity {
  /**
   * Who REANA is there. The pod ends with a message if it is not of letters, digits, `-`, `_`, `.` and `~` alone.
   *
   * @default - the Secret `<prefix>-db-secrets`, `<prefix>-message-broker-secrets` or `<prefix>-cache-secrets`, keys `user` and `password`
   */
  readonly credentials?: ReanaCredentials;

  /**
   * The size of the volume.
   *
   * Refused: less than 1 GiB.
   *
   * @default - 20 GiB for the database, 4 GiB for the message broker, 2 GiB for the cache
   */
  readonly storage?: Size;

  /**
   * The volume's StorageClass. A block device, not what workspaces are on.
   *
   * @default - the cluster's default one
   */
  readonly storageClass?: string;

  /**
   * CPU and memory of the container. What the service allows itself follows the memory limit.
   *
   * @default - each construct's own
   */
  readonly resources?: ContainerResources;

  /**
   * Labels that a node must have to run it.
   *
   * @default - any node
   */
  readonly nodeSelector?: { [label: string]: string };

  /**
   * Whether a node drain may evict the pod: REANA stands still until it is back, half a minute as a rule. If not, a PodDisruptionBudget holds drains
   * until somebody deletes the pod.
   *
   * @default true
   */
  readonly evictable?: boolean;

  /**
   * Whether a NetworkPolicy lets those in alone who need it.
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

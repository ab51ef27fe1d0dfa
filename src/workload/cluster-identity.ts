import { ApiObject, Chart } from 'cdk8s';
import { Construct } from 'constructs';

/** The ConfigMap of every namespace whose workloads must know which cluster they are in, and its key. */
export const CLUSTER_IDENTITY = { configMap: 'cluster-identity', key: 'name' };

/** Properties of a `ClusterIdentity`. */
export interface ClusterIdentityProps {
  /** The namespace of the workloads that ask, for instance the fleet's. It is defined, so that the file can be applied first. */
  readonly namespace: string;

  /**
   * The cluster's name, as the federation's control plane knows it.
   *
   * @default - the chart's id
   */
  readonly clusterName?: string;
}

/**
 * Tells the workloads of a cluster which cluster they are in: the ConfigMap `cluster-identity`, key `name`.
 *
 * A cluster that joins a federation with `lateMembers` after the synth has it in its own file, since no program that declares the
 * federation's workloads knows its name. `kubectl create configmap cluster-identity --namespace NAMESPACE --from-literal=name=NAME` makes the same.
 */
export class ClusterIdentity extends Construct {
  /**
   * @param scope the `Cluster`, or the `FederatedCluster` of a program of its own
   * @param id any id
   * @param props where it is needed
   */
  public constructor(scope: Construct, id: string, props: ClusterIdentityProps) {
    super(scope, id);
    const { namespace, clusterName = Chart.of(this).node.id } = props;
    const defined = new ApiObject(this, 'Namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const identity = new ApiObject(this, 'ConfigMap', {
      apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: CLUSTER_IDENTITY.configMap, namespace }, data: { [CLUSTER_IDENTITY.key]: clusterName },
    });
    identity.addDependency(defined);
  }
}

import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';

/** Drains evict so many pods at a time; with none they wait until somebody deletes the pod. */
export function addPodDisruptionBudget(scope: Construct, metadata: object, selector: object, maxUnavailable: number, id = 'PodDisruptionBudget'): void {
  new ApiObject(scope, id, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata, spec: { maxUnavailable, selector } });
}

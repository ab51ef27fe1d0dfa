import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { ReanaNames, UNPREFIXED } from './reana-names';
import { isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';

/**
 * Kueue holds workflows and their steps until there is room. Its controller, 0.15 or newer, and its ClusterQueues are installed by whoever runs the cluster.
 */
export interface ReanaKueue {
  /** The ClusterQueue that workflow engines wait in. Refused: the steps' own, where engines that hold all of it would wait for their steps without end. */
  readonly batchClusterQueue: string;

  /** The ClusterQueue that steps wait in. */
  readonly jobClusterQueue: string;
}

/** The queues that REANA's code names, in the runtime namespace. */
export function addLocalQueues(scope: Construct, names: ReanaNames, { batchClusterQueue, jobClusterQueue }: ReanaKueue): void {
  for (const [name, clusterQueue] of [[UNPREFIXED.batchQueue, batchClusterQueue], [UNPREFIXED.jobQueue, jobClusterQueue]]) {
    new ApiObject(scope, name, {
      // 0.15 is the first that serves it, 0.20 the first that serves v1beta1 no more
      apiVersion: 'kueue.x-k8s.io/v1beta2', kind: 'LocalQueue', metadata: { name, namespace: names.runtimeNamespace, labels: names.labels('queue') }, spec: { clusterQueue },
    });
  }
}

export function kueueProblems({ batchClusterQueue, jobClusterQueue }: ReanaKueue): string[] {
  const problems: string[] = [];
  for (const [property, name] of Object.entries({ batchClusterQueue, jobClusterQueue })) {
    if (!isDnsSubdomain(name)) { problems.push(problem(`kueue.${property}`, name, 'the name of a ClusterQueue')); }
  }
  if (batchClusterQueue === jobClusterQueue) {
    problems.push(problem('kueue.jobClusterQueue', jobClusterQueue, 'another one than batchClusterQueue: engines could hold what their steps wait for'));
  }
  return problems;
}

import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';

/** Who may call pods, and whom they may call, as rules of a NetworkPolicy. */
export interface PodTraffic {
  readonly ingress: unknown;
  /** Everything without. */
  readonly egress?: unknown;
}

/** The rule that lets pods ask name servers. */
export const ASK_NAMES = { ports: [{ protocol: 'UDP', port: 53 }, { protocol: 'TCP', port: 53 }] };

/** API servers keep no empty list, and would take it for a change at each apply: the policy's types alone close what nothing opens. */
export const ruleList = (list: unknown) => Array.isArray(list) && list.length === 0 ? undefined : list;

/** Closes pods, but for what is said. */
export function addNetworkPolicy(scope: Construct, metadata: object, selector: object, { ingress, egress }: PodTraffic): void {
  new ApiObject(scope, 'NetworkPolicy', {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata,
    spec: {
      podSelector: { matchLabels: selector },
      policyTypes: egress === undefined ? ['Ingress'] : ['Ingress', 'Egress'],
      ingress: ruleList(ingress),
      egress: ruleList(egress),
    },
  });
}

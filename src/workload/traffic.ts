import type { IConstruct } from 'constructs';
import type { FirewallRule } from './firewall-rules';

/** What a construct has its clusters open connections for. It is asked when the program is complete. */
export interface Traffic {
  /** The connections that its pods open, or that are opened to them. Those inside a cluster may be among them. */
  readonly connections?: () => FirewallRule[];
  /** The images that nodes pull for it, and the clusters of these nodes. */
  readonly images?: () => { readonly reference: string; readonly clusters: readonly string[] }[];
}

const TRAFFIC = Symbol.for('cdk8s-hep.Traffic');

/** Says what a construct connects to, for `FirewallRules`. */
export function declareTraffic(construct: IConstruct, traffic: Traffic): void {
  Object.defineProperty(construct, TRAFFIC, { value: traffic });
}

/** What a construct has said, if anything. */
export function trafficOf(construct: IConstruct): Traffic[] {
  return TRAFFIC in construct ? [construct[TRAFFIC] as Traffic] : [];
}

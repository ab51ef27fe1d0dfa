export { ClusterIdentity } from './cluster-identity';
export type { ClusterIdentityProps } from './cluster-identity';
export { FirewallRules } from './firewall-rules';
export type { FirewallRule } from './firewall-rules';
export type { SecretReference } from './secret-reference';
export type { IScrapeTarget } from './scrape-target';
export * from './service-exposure';

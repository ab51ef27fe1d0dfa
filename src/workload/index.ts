export { ClusterIdentity } from './cluster-identity';
export type { ClusterIdentityProps } from './cluster-identity';
export type { SecretReference } from './secret-reference';
export * from './service-exposure';

export type { SecretReference } from './secret-reference';
export * from './service-exposure';

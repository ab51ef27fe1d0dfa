export * from './open-cluster-management-engine';

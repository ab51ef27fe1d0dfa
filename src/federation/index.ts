export * from './apply-plan';
export * from './cluster';
export * from './cluster-selector';
export { FederationEngine } from './engines/engine';
export * from './engines/manifests';
export * from './federated-cluster';
export * from './federation';
export * from './placement';

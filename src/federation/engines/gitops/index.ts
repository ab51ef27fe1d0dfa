export * from './argo-cd-engine';
export * from './flux-engine';
export * from './gitops-engine-props';

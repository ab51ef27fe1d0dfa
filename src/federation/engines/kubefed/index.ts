export * from './kubefed-engine';
export * from './kubefed-v1-engine';
export type { KubeFedKind } from './target-type';

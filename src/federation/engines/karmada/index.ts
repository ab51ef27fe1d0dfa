export { KarmadaApiService } from './control-plane';
export type { KarmadaControlPlaneProps } from './control-plane';
export type { KarmadaDivision } from './division';
export * from './karmada-engine';

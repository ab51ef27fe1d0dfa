import { Outsiders } from './reana-edges';
import { ReanaPlatformProps } from './reana-platform-props';

/** Whom policies let in from outside of REANA: the pods of namespaces that are named. */
export function outsidersOf({ ingress, dask }: ReanaPlatformProps): Outsiders {
  return { 'ingress': podsOf(ingress?.controllerNamespace), 'dask-operator': podsOf(dask?.operatorNamespace) };
}

function podsOf(namespace?: string): object[] {
  return namespace === undefined ? [] : [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }];
}

import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { ReanaNames, SERVICE_PORTS } from './reana-names';
import { isDnsLabel, isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';

/** How REANA is reached from outside: by whichever ingress controller the cluster has. */
export interface ReanaIngress {
  /**
   * The IngressClass, also of the Ingresses of sessions (`REANA_INGRESS_CLASS_NAME`).
   *
   * @default - the cluster's default one
   */
  readonly className?: string;

  /**
   * Annotations, by which ingress controllers take their settings, also of the Ingresses of sessions (`REANA_INGRESS_ANNOTATIONS`).
   *
   * @default - none
   */
  readonly annotations?: { [key: string]: string };

  /**
   * The Secret with the certificate of the host name (`tls.crt`, `tls.key`). It is not made here: cert-manager does with an issuer, or somebody.
   *
   * @default '<prefix>-tls-secret'
   */
  readonly tlsSecret?: string;

  /**
   * The ClusterIssuer of cert-manager that makes the certificate.
   *
   * @default - none
   */
  readonly clusterIssuer?: string;

  /**
   * The namespace of the ingress controller's pods: nobody else reaches REANA's pods then. Not for a controller in the nodes' own network, whose
   * connections come from no namespace.
   *
   * @default - any pod and node may connect
   */
  readonly controllerNamespace?: string;
}

/** The way in: the API, the login, and the UI where there is one. */
export function addIngress(scope: Construct, names: ReanaNames, hostname: string, hasUi: boolean, ingress: ReanaIngress): void {
  const path = (prefix: string, service: 'server' | 'ui') => ({
    path: prefix, pathType: 'Prefix', backend: { service: { name: names.component(service), port: { number: SERVICE_PORTS[service].port } } },
  });
  const annotations = { ...ingress.annotations, ...ingress.clusterIssuer && { 'cert-manager.io/cluster-issuer': ingress.clusterIssuer } };
  new ApiObject(scope, 'Ingress', {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name: names.component('ingress'),
      namespace: names.namespace,
      labels: names.labels('ingress'),
      ...Object.keys(annotations).length > 0 && { annotations },
    },
    spec: {
      ...ingress.className !== undefined && { ingressClassName: ingress.className },
      tls: [{ hosts: [hostname], secretName: ingress.tlsSecret ?? names.component('tls-secret') }],
      rules: [{ host: hostname, http: { paths: [path('/api', 'server'), path('/oauth', 'server'), ...hasUi ? [path('/', 'ui')] : []] } }],
    },
  });
}

export function ingressProblems({ className, tlsSecret, clusterIssuer, controllerNamespace }: ReanaIngress): string[] {
  const problems: string[] = [];
  for (const [property, name] of Object.entries({ className, tlsSecret, clusterIssuer })) {
    if (name !== undefined && !isDnsSubdomain(name)) { problems.push(problem(`ingress.${property}`, name, 'the name of an object')); }
  }
  if (controllerNamespace !== undefined && !isDnsLabel(controllerNamespace)) {
    problems.push(problem('ingress.controllerNamespace', controllerNamespace, 'the name of a namespace'));
  }
  return problems;
}

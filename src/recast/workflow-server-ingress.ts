import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { isDnsLabel, isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';

/** How the request API is reached from outside, by TLS alone: the users' tokens go over it. */
export interface WorkflowServerIngress {
  /** The DNS name. */
  readonly hostname: string;

  /**
   * The IngressClass.
   *
   * @default - the cluster's default one
   */
  readonly className?: string;

  /**
   * Annotations, by which ingress controllers take their settings.
   *
   * @default - none
   */
  readonly annotations?: { [key: string]: string };

  /**
   * The Secret with the certificate of the host name (`tls.crt`, `tls.key`). It is not made here: cert-manager does with an issuer, or somebody.
   *
   * @default 'wflow-server-tls'
   */
  readonly tlsSecret?: string;

  /**
   * The ClusterIssuer of cert-manager that makes the certificate.
   *
   * @default - none
   */
  readonly clusterIssuer?: string;

  /**
   * The namespace of the ingress controller's pods: besides them, engines alone reach the server then. Not for a controller in the nodes' own network,
   * whose connections come from no namespace.
   *
   * @default - any pod and node may connect
   */
  readonly controllerNamespace?: string;
}

/** The way in. */
export function addIngress(scope: Construct, metadata: { readonly name: string }, port: number, ingress: WorkflowServerIngress): void {
  const { hostname, className, tlsSecret = 'wflow-server-tls', clusterIssuer } = ingress;
  const annotations = { ...ingress.annotations, ...clusterIssuer !== undefined && { 'cert-manager.io/cluster-issuer': clusterIssuer } };
  new ApiObject(scope, 'Ingress', {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { ...metadata, ...Object.keys(annotations).length > 0 && { annotations } },
    spec: {
      ...className !== undefined && { ingressClassName: className },
      tls: [{ hosts: [hostname], secretName: tlsSecret }],
      rules: [{ host: hostname, http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: metadata.name, port: { number: port } } } }] } }],
    },
  });
}

export function ingressProblems({ hostname, className, tlsSecret, clusterIssuer, controllerNamespace }: WorkflowServerIngress): string[] {
  const problems: string[] = [];
  if (!isDnsSubdomain(hostname) || !hostname.includes('.')) { problems.push(problem('ingress.hostname', hostname, 'a DNS name')); }
  for (const [property, name] of Object.entries({ className, tlsSecret, clusterIssuer })) {
    if (name !== undefined && !isDnsSubdomain(name)) { problems.push(problem(`ingress.${property}`, name, 'the name of an object')); }
  }
  if (controllerNamespace !== undefined && !isDnsLabel(controllerNamespace)) {
    problems.push(problem('ingress.controllerNamespace', controllerNamespace, 'the name of a namespace'));
  }
  return problems;
}

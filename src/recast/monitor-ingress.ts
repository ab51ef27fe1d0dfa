import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { MonitorSignIn } from './monitor-sign-in';
import { isDnsLabel, isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';

/** How the monitor is reached from outside. The page asks nobody who he is: the ingress does. */
export interface MonitorIngress {
  /** The DNS name. */
  readonly hostname: string;

  /**
   * Who makes users sign in.
   *
   * Refused: neither this nor `allowAnonymous`; both.
   *
   * @default - nobody, which `allowAnonymous` has to say
   */
  readonly signIn?: MonitorSignIn;

  /**
   * Anybody who reaches the host name may read logs of every workflow that is shown.
   *
   * @default false
   */
  readonly allowAnonymous?: boolean;

  /**
   * The IngressClass.
   *
   * @default - the cluster's default one
   */
  readonly className?: string;

  /**
   * Further annotations, by which ingress controllers take their settings.
   *
   * Refused: those that `signIn` sets.
   *
   * @default - none
   */
  readonly annotations?: { [key: string]: string };

  /**
   * The Secret with the certificate of the host name (`tls.crt`, `tls.key`). It is not made here: cert-manager does with an issuer, or somebody.
   *
   * @default '<name>-tls'
   */
  readonly tlsSecret?: string;

  /**
   * The ClusterIssuer of cert-manager that makes the certificate.
   *
   * @default - none
   */
  readonly clusterIssuer?: string;

  /**
   * The namespace of the ingress controller's pods: nobody else reaches the monitor then. Not for a controller in the nodes' own network, whose
   * connections come from no namespace.
   *
   * Without it whoever has a pod in the cluster gets past the sign-in.
   *
   * @default - any pod and node may connect
   */
  readonly controllerNamespace?: string;
}

/** The way in, by TLS alone. */
export function addMonitorIngress(scope: Construct, metadata: { readonly name: string }, ingress: MonitorIngress): void {
  const annotations = {
    ...ingress.annotations,
    ...ingress.signIn?.annotations,
    ...ingress.clusterIssuer !== undefined && { 'cert-manager.io/cluster-issuer': ingress.clusterIssuer },
  };
  new ApiObject(scope, 'Ingress', {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { ...metadata, ...Object.keys(annotations).length > 0 && { annotations } },
    spec: {
      ...ingress.className !== undefined && { ingressClassName: ingress.className },
      tls: [{ hosts: [ingress.hostname], secretName: ingress.tlsSecret ?? `${metadata.name}-tls` }],
      rules: [{ host: ingress.hostname, http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: metadata.name, port: { name: 'http' } } } }] } }],
    },
  });
}

export function monitorIngressProblems(ingress: MonitorIngress): string[] {
  const { hostname, signIn, allowAnonymous, annotations, className, tlsSecret, clusterIssuer, controllerNamespace } = ingress;
  const problems = [...signIn?._problems ?? []];
  if (!isDnsSubdomain(hostname)) { problems.push(problem('ingress.hostname', hostname, 'a DNS name, such as monitor.cern.ch')); }
  if (!signIn && !allowAnonymous) {
    problems.push(problem('ingress.signIn', undefined, 'who makes users sign in, or `allowAnonymous: true`: the page shows logs to whoever reaches it'));
  }
  if (signIn && allowAnonymous) { problems.push(problem('ingress.allowAnonymous', true, 'one of signIn and allowAnonymous')); }
  for (const key of Object.keys(annotations ?? {}).filter(each => each in (signIn?.annotations ?? {}))) {
    problems.push(problem(`ingress.annotations['${key}']`, annotations![key], 'what signIn does not set'));
  }
  for (const [property, name] of Object.entries({ className, tlsSecret, clusterIssuer })) {
    if (name !== undefined && !isDnsSubdomain(name)) { problems.push(problem(`ingress.${property}`, name, 'the name of an object')); }
  }
  if (controllerNamespace !== undefined && !isDnsLabel(controllerNamespace)) {
    problems.push(problem('ingress.controllerNamespace', controllerNamespace, 'the name of a namespace'));
  }
  return problems;
}

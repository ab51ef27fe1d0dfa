import { createHash } from 'crypto';
import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { callers, ReanaPod } from './reana-edges';
import { ReanaService, SERVICE_PORTS } from './reana-names';
import { outsidersOf } from './reana-outsiders';
import { ProgramOptions, programPod } from './reana-pod';
import { ReanaSettings } from './reana-settings';
import { addNetworkPolicy } from '../workload/network-policy';
import { addPodDisruptionBudget } from '../workload/pod-disruption-budget';
import { spreadOver } from '../workload/pod-spread';

/** A program of REANA that is always there. */
export interface DeploymentOptions extends ProgramOptions {
  readonly replicas: number;
  /** Where two of it must not work at a time, the old one goes before the new one comes. */
  readonly alone?: boolean;
  /** What is in the ConfigMaps that it mounts: pods begin anew when that changes. */
  readonly configuration?: string;
}

/** The Deployment of a component, its Service where it has one, and what protects both. */
export function addDeployment(scope: Construct, settings: ReanaSettings, component: ReanaPod, options: DeploymentOptions): ApiObject {
  const { names, props } = settings;
  const selector = names.selector(component);
  const metadata = { name: names.component(component), namespace: names.namespace, labels: names.labels(component) };
  const several = options.replicas > 1;
  const deployment = new ApiObject(scope, `Deployment-${component}`, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: props.maintenance ? 0 : options.replicas,
      strategy: options.alone ? { type: 'Recreate' } : { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      selector: { matchLabels: selector },
      template: {
        metadata: {
          labels: names.labels(component),
          ...options.configuration !== undefined && { annotations: { 'cdk8s-hep/config-digest': digestOf(options.configuration) } },
        },
        spec: programPod(settings, {
          ...options, pod: { ...options.pod, ...several && { topologySpreadConstraints: spreadOver({ matchLabels: selector }) } },
        }),
      },
    },
  });
  if (component in SERVICE_PORTS) {
    const { port, targetPort } = SERVICE_PORTS[component as ReanaService];
    new ApiObject(scope, `Service-${component}`, {
      apiVersion: 'v1', kind: 'Service', metadata, spec: { selector, ports: [{ name: 'http', protocol: 'TCP', port, targetPort }] },
    });
  }
  if (several) {
    addPodDisruptionBudget(scope, metadata, { matchLabels: selector }, 1, `PodDisruptionBudget-${component}`);
  }
  if (props.networkPolicies ?? true) {
    addNetworkPolicy(nested(scope, component), metadata, selector, { ingress: callers(names, component, outsidersOf(props)) });
  }
  return deployment;
}

/** A policy's construct has a fixed id: each is in a scope of its own. */
export function nested(scope: Construct, component: string): Construct {
  return new Construct(scope, `Traffic-${component}`);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

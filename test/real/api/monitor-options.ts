import { Chart, Size } from 'cdk8s';
import { ContainerResources, Cpu } from 'cdk8s-plus-27';
import * as fc from 'fast-check';
import type { Choices } from './option-programs';
import {
  MonitorImage, MonitorIngress, MonitorLogLinks, MonitorSignIn, MonitorWorkflowServer, WorkflowMonitor, WorkflowMonitorProps,
} from '../../../src';

const of = fc.constantFrom;

const ingressChoices: Choices<MonitorIngress> = {
  hostname: of('monitor.example', 'wflow.example'),
  signIn: of(
    MonitorSignIn.nginx('http://oauth2-proxy.auth.svc/oauth2/auth', 'https://auth.example/oauth2/start?rd=https://$host$escaped_request_uri'),
    MonitorSignIn.traefik('auth-oauth2-proxy@kubernetescrd'), MonitorSignIn.byAnnotations({ 'controller.example/auth': 'oidc' }),
  ),
  allowAnonymous: of(true),
  className: of('public'),
  annotations: of<{ [key: string]: string }>({ 'controller.example/timeout': '3600' }),
  tlsSecret: of('wildcard'),
  clusterIssuer: of('letsencrypt'),
  controllerNamespace: of('ingress-nginx'),
};

const linkChoices: Choices<MonitorLogLinks> = {
  workflow: of('https://logs.example/?q=wflowid:{wflowid}'),
  step: of('https://logs.example/?q=wflowid:{wflowid}+jobid:{jobid}'),
};

const serverChoices: Choices<MonitorWorkflowServer> = {
  token: of({ secretName: 'wflow-server-tokens', key: 'monitor' }, { secretName: 'reader' }),
  namespace: of('default'),
  url: of('https://recast.example', 'http://wflow-server.default.svc.cluster.local', 'http://recast.services.svc:8080'),
};

const monitorChoices: Choices<WorkflowMonitorProps> = {
  name: of('page', 'workflows'),
  namespace: of('talk'),
  workflowNamespaces: of(['default']),
  reanaNamespaces: of(['default']),
  workflowServer: optional(serverChoices, 'token'),
  image: of(MonitorImage.own('registry.example/workflow-monitor:1'), MonitorImage.node('registry.example/node:24')),
  replicas: of(2, 3),
  centralLogs: optional(linkChoices),
  // who signs in isn't anonymous
  ingress: optional(ingressChoices, 'hostname').map(ingress => ({ ...ingress, allowAnonymous: ingress.signIn ? undefined : true })),
  networkPolicy: fc.boolean(),
  resources: of<ContainerResources>(
    { cpu: { request: Cpu.millis(20) }, memory: { request: Size.mebibytes(64), limit: Size.mebibytes(256) } },
    { memory: { limit: Size.gibibytes(1) } },
  ),
  imagePullSecrets: of<string[]>(['registry-login']),
};

/** Some of the options, and all of those that are named. */
function optional<T extends object>(choices: Choices<T>, ...always: (keyof T & string)[]): fc.Arbitrary<T> {
  return fc.record(choices, { requiredKeys: always as never[] }) as unknown as fc.Arbitrary<T>;
}

/** All options of the workflow monitor, by the interface that has them. */
export const MONITOR_CHOICES = {
  WorkflowMonitorProps: monitorChoices, MonitorIngress: ingressChoices, MonitorLogLinks: linkChoices, MonitorWorkflowServer: serverChoices,
};

/** Any of them. In a namespace of others no two monitors have one name. */
export const MONITOR_VALUES: fc.Arbitrary<WorkflowMonitorProps> = optional(monitorChoices).map(props =>
  props.name === undefined ? { ...props, workflowNamespaces: undefined, reanaNamespaces: undefined } : props).map(askable);

/** A workflow server's requests are shown where workflows of this library's are. */
function askable(props: WorkflowMonitorProps): WorkflowMonitorProps {
  const { workflowServer, workflowNamespaces, reanaNamespaces } = props;
  if (!workflowServer || workflowNamespaces) { return props; }
  return { ...props, workflowServer: reanaNamespaces ? undefined : { ...workflowServer, namespace: undefined } };
}

/** The options that values set, by the interface that has them. */
export function monitorOptionsOf(props: WorkflowMonitorProps): { [type: string]: object } {
  const { ingress = {}, centralLogs = {}, workflowServer = {} } = props;
  return { WorkflowMonitorProps: props, MonitorIngress: ingress, MonitorLogLinks: centralLogs, MonitorWorkflowServer: workflowServer };
}

/** Declares it in a namespace of the program's own. */
export function addMonitor(chart: Chart, program: string, props: WorkflowMonitorProps): void {
  new WorkflowMonitor(chart, 'monitor', {
    ...props, ...props.name !== undefined && { name: `${program}-${props.name}` }, namespace: `${program}-${props.namespace ?? 'recast'}`,
  });
}

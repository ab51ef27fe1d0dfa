import { ApiObject, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { bundledProgram, programProblems } from './bundled-program';
import { MonitorImage, PROGRAM } from './monitor-image';
import { addMonitorIngress, monitorIngressProblems } from './monitor-ingress';
import { addMonitorRoles } from './monitor-roles';
import { AskedServer } from './monitor-workflow-server';
import { MONITOR_LABELS } from './recast-names';
import { MonitorLogLinks, WorkflowMonitorProps } from './workflow-monitor-props';
import { Federation } from '../federation/federation';
import { isDnsLabel, isDnsSubdomain } from '../federation/names';
import { Placement } from '../federation/placement';
import { problem } from '../problem';
import { containerResources } from '../workload/container-resources';
import { filesDigest, HARDENED_CONTAINER, hardenedPod, pullSecrets } from '../workload/hardened-pod';
import { PodSecurityLevel, WorkloadNamespace } from '../workload/namespace';
import { addNetworkPolicy } from '../workload/network-policy';
import { addPodDisruptionBudget } from '../workload/pod-disruption-budget';
import { spreadOver } from '../workload/pod-spread';
import { declareTraffic } from '../workload/traffic';

/** A user that is nobody's. */
const USER = 65532;
const PORT = 8080;
/** Where API servers listen, as Services and as nodes' addresses have them. */
const API_SERVER_PORTS = [443, 6443];
/** The page and its log links are the monitor's own words for the placeholders. */
const PLACEHOLDERS: { readonly [link in keyof Required<MonitorLogLinks>]: readonly string[] } = { workflow: ['wflowid'], step: ['wflowid', 'jobid'] };

/**
 * The page of the workflows in a cluster: which there are, how far each is, its graph as it grows, its steps with their logs, and the messages of
 * its engine.
 *
 * It shows the workflows of `YadageWorkflow` and of `WorkflowServer` by what their engines write, and those of REANA by its Jobs and pods. It changes
 * nothing, and its ServiceAccount can't. Users sign in at the ingress.
 */
export class WorkflowMonitor extends Construct {
  /** The namespace. */
  public readonly namespace: string;

  /** The name of its Deployment, its Service and its ServiceAccount. */
  public readonly name: string;

  /** Where it is reached inside of the cluster. */
  public readonly url: string;

  /** The Deployment, for patches of what the properties don't reach. */
  public readonly deployment: ApiObject;

  private readonly props: WorkflowMonitorProps;

  /**
   * @param scope the cluster with the engines, or any chart
   * @param id any id
   * @param props what is shown, and to whom
   */
  public constructor(scope: Construct, id: string, props: WorkflowMonitorProps = {}) {
    super(scope, id);
    this.props = props;
    this.name = props.name ?? 'wflow-monitor';
    this.namespace = props.namespace ?? Chart.of(this).namespace ?? 'recast';
    this.url = `http://${this.name}.${this.namespace}.svc`;
    const { name, namespace } = this;
    const selector = { ...MONITOR_LABELS, 'app.kubernetes.io/instance': name };
    const metadata = { name, namespace, labels: selector };
    WorkloadNamespace.of(this, namespace).admit(this, PodSecurityLevel.RESTRICTED);
    new ApiObject(this, 'ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false });
    addMonitorRoles(this, { name, namespace, labels: selector, workflowNamespaces: this.workflowNamespaces, reanaNamespaces: this.reanaNamespaces });
    if (this.image.programInConfigMap) {
      new ApiObject(this, 'ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: this.program });
    }
    this.deployment = this.addDeployment(metadata, selector);
    this.node.defaultChild = this.deployment;
    new ApiObject(this, 'Service', {
      apiVersion: 'v1', kind: 'Service', metadata, spec: { selector, ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 'http' }] },
    });
    if (this.replicas > 1) { addPodDisruptionBudget(this, metadata, { matchLabels: selector }, 1); }
    const { ingress } = props;
    if (props.networkPolicy ?? true) {
      addNetworkPolicy(this, metadata, selector, {
        ingress: [{
          ports: [{ protocol: 'TCP', port: PORT }],
          ...ingress?.controllerNamespace !== undefined && {
            from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': ingress.controllerNamespace } } }],
          },
        }],
        egress: [{ ports: API_SERVER_PORTS.map(port => ({ protocol: 'TCP', port })) }, ...this.askedServer?.egress ?? []],
      });
    }
    if (ingress) { addMonitorIngress(this, metadata, ingress); }
    declareTraffic(this, {
      images: () => [{ reference: this.image.reference, clusters: this.clusters }],
      connections: () => {
        const server = this.askedServer?.elsewhere;
        return server ? this.clusters.map(from => ({ from, protocol: 'TCP', address: server.host, port: server.port, reason: 'the monitor asks which requests wait' })) : [];
      },
    });
    this.node.addValidation({ validate: () => this.problems() });
  }

  private get clusters(): string[] {
    const selector = Placement.tryOf(this)?.clusters;
    return Federation.tryOf(this)?.members.filter(member => selector?.selects(member) ?? true).map(({ node }) => node.id) ?? [Chart.of(this).node.id];
  }

  private get askedServer(): AskedServer | undefined {
    const { workflowServer } = this.props;
    return workflowServer && new AskedServer(workflowServer, this.workflowNamespaces);
  }

  private get image(): MonitorImage { return this.props.image ?? MonitorImage.node(); }

  private get program(): { [file: string]: string } {
    return this.image.programInConfigMap ? { [PROGRAM.file]: bundledProgram('workflow-monitor') } : {};
  }

  private get replicas(): number { return this.props.replicas ?? 1; }

  private get reanaNamespaces(): string[] { return this.props.reanaNamespaces ?? []; }

  private get workflowNamespaces(): string[] {
    return this.props.workflowNamespaces ?? (this.reanaNamespaces.length > 0 ? [] : [this.namespace]);
  }

  private addDeployment(metadata: object, selector: object): ApiObject {
    const { workflow, step } = this.props.centralLogs ?? {};
    const variables = {
      MONITOR_NAMESPACES: this.workflowNamespaces.join(','),
      MONITOR_REANA_NAMESPACES: this.reanaNamespaces.join(','),
      MONITOR_PORT: String(PORT),
      MONITOR_WORKFLOW_LOGS: workflow ?? '',
      MONITOR_STEP_LOGS: step ?? '',
      ...this.askedServer?.environment,
    };
    const probe = (path: string) => ({ httpGet: { path, port: 'http' }, timeoutSeconds: 5 });
    const inConfigMap = this.image.programInConfigMap;
    const server = this.askedServer;
    const mounts = [...inConfigMap ? [{ name: 'program', mountPath: PROGRAM.directory, readOnly: true }] : [], ...server ? [server.mount] : []];
    const volumes = [...inConfigMap ? [{ name: 'program', configMap: { name: this.name } }] : [], ...server ? [server.volume] : []];
    return new ApiObject(this, 'Deployment', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: this.replicas,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        selector: { matchLabels: selector },
        template: {
          metadata: { labels: selector, ...inConfigMap && { annotations: filesDigest(this.program) } },
          spec: {
            ...hardenedPod(USER),
            serviceAccountName: this.name,
            // it asks the API server
            automountServiceAccountToken: true,
            ...pullSecrets(this.props.imagePullSecrets),
            ...this.replicas > 1 && { topologySpreadConstraints: spreadOver({ matchLabels: selector }) },
            containers: [{
              name: 'monitor',
              image: this.image.reference,
              command: ['node', `${PROGRAM.directory}/${PROGRAM.file}`],
              env: Object.entries(variables).filter(([, value]) => value !== '').map(([name, value]) => ({ name, value })),
              ports: [{ name: 'http', containerPort: PORT }],
              securityContext: HARDENED_CONTAINER,
              resources: containerResources(this.props.resources, { cpu: '50m', memory: '128Mi', limit: '512Mi' }),
              startupProbe: { ...probe('/healthz'), periodSeconds: 1, failureThreshold: 60 },
              readinessProbe: { ...probe('/readyz'), periodSeconds: 5 },
              livenessProbe: { ...probe('/healthz'), periodSeconds: 20, failureThreshold: 3 },
              ...mounts.length > 0 && { volumeMounts: mounts },
            }],
            ...volumes.length > 0 && { volumes },
          },
        },
      },
    });
  }

  private problems(): string[] {
    const { props, namespace, name, replicas } = this;
    const problems = [
      ...programProblems('image', 'MonitorImage.own', this.program), ...linkProblems(props.centralLogs ?? {}), ...props.ingress ? monitorIngressProblems(props.ingress) : [],
      ...this.askedServer?.problems() ?? [],
    ];
    if (!isDnsLabel(name, 50)) { problems.push(problem('name', name, 'a DNS label of at most 50 characters')); }
    for (const [property, names] of Object.entries({
      namespace: [namespace], workflowNamespaces: this.workflowNamespaces, reanaNamespaces: this.reanaNamespaces,
    })) {
      for (const wrong of names.filter(each => !isDnsLabel(each))) { problems.push(problem(property, wrong, 'the name of a namespace')); }
      if (new Set(names).size < names.length) { problems.push(problem(property, names, 'each namespace once')); }
    }
    if (this.workflowNamespaces.length + this.reanaNamespaces.length === 0) { problems.push(problem('workflowNamespaces', [], 'at least one namespace')); }
    if (!Number.isInteger(replicas) || replicas < 1) { problems.push(problem('replicas', replicas, 'at least 1')); }
    if (/\s/.test(this.image.reference) || this.image.reference === '') { problems.push(problem('image', this.image.reference, 'the reference of an image')); }
    for (const wrong of (props.imagePullSecrets ?? []).filter(each => !isDnsSubdomain(each))) {
      problems.push(problem('imagePullSecrets', wrong, 'the name of a Secret'));
    }
    return problems;
  }
}

function linkProblems(links: MonitorLogLinks): string[] {
  return Object.entries(PLACEHOLDERS).flatMap(([link, known]) => {
    const url = links[link as keyof MonitorLogLinks];
    if (url === undefined) { return []; }
    const others = [...url.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name).filter(name => !known.includes(name));
    const placeholders = known.map(name => `{${name}}`).join(' and ');
    return /^https?:\/\/[^\s/{}]+([/?#]\S*)?$/.test(url) && others.length === 0
      ? [] : [problem(`centralLogs.${link}`, url, `a URL that begins with http:// or https:// and a host; of placeholders ${placeholders}`)];
  });
}

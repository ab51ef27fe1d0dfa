import { ApiObject, Chart, Duration } from 'cdk8s';
import { Construct } from 'constructs';
import { bundledProgram } from './bundled-program';
import { ENGINE_LABELS, labelsOf, MONITOR_LABELS, namespaceOf, RECAST, SERVER_PORT } from './recast-names';
import { addWorkflowDefinition } from './workflow-definition';
import { PROGRAM, WorkflowServerImage } from './workflow-server-image';
import { addIngress } from './workflow-server-ingress';
import { workflowServerProblems } from './workflow-server-problems';
import { WorkflowServerProps } from './workflow-server-props';
import { addRoles } from './workflow-server-roles';
import { Federation } from '../federation/federation';
import { problem } from '../problem';
import { containerResources } from '../workload/container-resources';
import { filesDigest, HARDENED_CONTAINER, hardenedPod, pullSecrets } from '../workload/hardened-pod';
import { PodSecurityLevel, WorkloadNamespace } from '../workload/namespace';
import { addNetworkPolicy, ASK_NAMES } from '../workload/network-policy';
import { declareTraffic } from '../workload/traffic';

const SERVICE_PORT = 80;
/** Nobody in particular, and no user of the image's. */
const USER_ID = 65532;
/** Where API servers listen, behind their Service. */
const API_SERVER_PORTS = [443, 6443];

/**
 * The request API of RECAST: workflows are submitted to it, wait for a slot, and run as Jobs; their states and messages are asked for. What it took from
 * 2018, and what a request may say, is in `docs/workflow-server.md`.
 *
 * Engines are made by the template in the ConfigMap `wflow-engine-conf-yadage`. The users' tokens are in a Secret that somebody else makes.
 */
export class WorkflowServer extends Construct {
  /** The namespace. */
  public readonly namespace: string;

  /** Where it is reached from within the cluster, as engines know it (`WFLOW_SERVER`). */
  public readonly url: string;

  /** The Deployment, for patches of what the properties don't reach. */
  public readonly deployment: ApiObject;

  /**
   * @param scope the cluster of the engines, or any chart
   * @param id any id
   * @param props its database, its slots, and who may ask
   */
  public constructor(scope: Construct, id: string, private readonly props: WorkflowServerProps) {
    super(scope, id);
    const { labels, selector } = labelsOf(RECAST.server);
    this.namespace = namespaceOf(this, props.namespace);
    this.url = `http://${RECAST.server}.${this.namespace}.svc`;
    const metadata = { name: RECAST.server, namespace: this.namespace, labels };
    const files: { [file: string]: string } = this.image.programInConfigMap ? { [PROGRAM.file]: bundledProgram('workflow-server') } : {};
    WorkloadNamespace.of(this, this.namespace).admit(this, PodSecurityLevel.RESTRICTED);
    this.declareTraffic();
    addRoles(this, this.namespace, labels, props.workflowObjects);
    if (props.workflowObjects !== undefined) { addWorkflowDefinition(this, labels); }
    if (this.image.programInConfigMap) {
      new ApiObject(this, 'ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, name: `${RECAST.server}-program` }, data: files });
    }
    new ApiObject(this, 'Service', {
      apiVersion: 'v1', kind: 'Service', metadata, spec: { selector, ports: [{ name: 'http', port: SERVICE_PORT, protocol: 'TCP', targetPort: SERVER_PORT }] },
    });
    if (props.ingress) { addIngress(this, metadata, SERVICE_PORT, props.ingress); }
    if (props.networkPolicies ?? true) { this.addPolicy(metadata, selector); }
    this.deployment = new ApiObject(this, 'Deployment', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: 1,
        // two at once would do no harm, and no good either
        strategy: { type: 'Recreate' },
        selector: { matchLabels: selector },
        template: { metadata: { labels, ...this.image.programInConfigMap && { annotations: filesDigest(files) } }, spec: this.podSpec() },
      },
    });
    this.node.defaultChild = this.deployment;
    this.node.addValidation({
      validate: () => [
        ...Federation.tryOf(this) ? [problem('scope', this.node.path, 'a cluster or a chart: there is one of it')] : [],
        ...workflowServerProblems(this.namespace, props),
      ],
    });
  }

  private get image(): WorkflowServerImage { return this.props.image ?? WorkflowServerImage.node(); }

  private declareTraffic(): void {
    const { database } = this.props;
    const from = Chart.of(this).node.id;
    const isElsewhere = !database.podLabels && !/[.]svc([.]cluster[.]local)?$/.test(database.host);
    declareTraffic(this, {
      connections: () => isElsewhere ? [{ from, protocol: 'TCP', address: database.host, port: database.port, reason: 'the workflow server keeps its requests' }] : [],
      images: () => [{ reference: this.image.reference, clusters: [from] }],
    });
  }

  private addPolicy(metadata: object, selector: object): void {
    const { database, ingress, readers = [] } = this.props;
    const tcp = (port: number) => ({ protocol: 'TCP', port });
    const controller = ingress?.controllerNamespace;
    const from = controller === undefined ? {} : {
      from: [
        { podSelector: { matchLabels: ENGINE_LABELS } },
        { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': controller } } },
        // in whatever namespace: a monitor needs a reader's token besides
        ...readers.length > 0 ? [{ namespaceSelector: {}, podSelector: { matchLabels: MONITOR_LABELS } }] : [],
      ],
    };
    addNetworkPolicy(this, metadata, selector, {
      ingress: [{ ...from, ports: [tcp(SERVER_PORT)] }],
      egress: [
        ASK_NAMES,
        { ...database.podLabels && { to: [{ podSelector: { matchLabels: database.podLabels } }] }, ports: [tcp(database.port)] },
        { ports: API_SERVER_PORTS.map(tcp) },
      ],
    });
  }

  private podSpec(): object {
    const { database, tokensSecret = 'wflow-server-tokens', engineConfiguration = RECAST.engineConfiguration, resources, nodeSelector, imagePullSecrets } = this.props;
    const { authority } = database;
    const probe = (path: string) => ({ httpGet: { path, port: SERVER_PORT } });
    return {
      serviceAccountName: RECAST.serverAccount,
      ...hardenedPod(USER_ID),
      // it asks the API server
      automountServiceAccountToken: true,
      ...pullSecrets(imagePullSecrets),
      ...nodeSelector && { nodeSelector },
      terminationGracePeriodSeconds: 30,
      containers: [{
        name: 'server',
        image: this.image.reference,
        command: ['node', `${PROGRAM.directory}/${PROGRAM.file}`],
        env: this.environment(),
        ports: [{ name: 'http', containerPort: SERVER_PORT, protocol: 'TCP' }],
        securityContext: HARDENED_CONTAINER,
        resources: containerResources(resources, { cpu: '100m', memory: '128Mi', limit: '512Mi' }),
        // it waits for its database, and migrates it, before it listens
        startupProbe: { ...probe('/healthz'), periodSeconds: 2, failureThreshold: 90 },
        livenessProbe: { ...probe('/healthz'), periodSeconds: 20, timeoutSeconds: 10, failureThreshold: 3 },
        readinessProbe: { ...probe('/readyz'), periodSeconds: 10, timeoutSeconds: 8, failureThreshold: 2 },
        volumeMounts: [
          ...this.image.programInConfigMap ? [{ name: 'program', mountPath: PROGRAM.directory, readOnly: true }] : [],
          { name: 'engines', mountPath: '/yadage_job', readOnly: true },
          { name: 'tokens', mountPath: '/tokens', readOnly: true },
          ...authority ? [{ name: 'database-authority', mountPath: '/database-authority', readOnly: true }] : [],
        ],
      }],
      volumes: [
        ...this.image.programInConfigMap ? [{ name: 'program', configMap: { name: `${RECAST.server}-program` } }] : [],
        { name: 'engines', configMap: { name: engineConfiguration } },
        { name: 'tokens', secret: { secretName: tokensSecret, defaultMode: 0o440 } },
        ...authority ? [{ name: 'database-authority', secret: { secretName: authority.secretName, items: [{ key: authority.key ?? 'ca.crt', path: 'ca.crt' }] } }] : [],
      ],
    };
  }

  private environment(): object[] {
    const { props } = this;
    const { database: { host, port, databaseName, authority, credentials: { secretName, userKey = 'user', passwordKey = 'password' } }, shipTarget, inputHosts, admins, readers } = props;
    const values: { [name: string]: string | number | undefined } = {
      NODE_ENV: 'production',
      PGHOST: host,
      PGPORT: port,
      PGDATABASE: databaseName,
      WFLOW_DATABASE_CA: authority && '/database-authority/ca.crt',
      WFLOW_NSLOTS: props.slots ?? 10,
      WFLOW_ADMINS: admins?.length ? admins.join(',') : undefined,
      WFLOW_READERS: readers?.length ? readers.join(',') : undefined,
      WFLOW_INPUT_HOSTS: inputHosts?.join(','),
      WFLOW_MAX_WAITING: props.maxWaiting ?? 1000,
      WFLOW_START_DEADLINE: (props.startDeadline ?? Duration.minutes(30)).toSeconds({ integral: false }),
      WFLOW_JOB_TTL: (props.jobRetention ?? Duration.days(1)).toSeconds({ integral: false }),
      WFLOW_KEPT_DAYS: (props.requestRetention ?? Duration.days(365)).toDays({ integral: false }),
      WFLOW_WORKFLOWS_NAMESPACE: props.workflowObjects,
      WFLOW_SHIPTARGET_HOST: shipTarget?.host,
      WFLOW_SHIPTARGET_PORT: shipTarget?.port,
      WFLOW_SHIPTARGET_USER: shipTarget?.user,
      WFLOW_SHIPTARGET_SECRET: shipTarget?.clientSecret,
    };
    const from = (name: string, key: string) => ({ name, valueFrom: { secretKeyRef: { name: secretName, key } } });
    return [
      ...Object.entries(values).filter(([, value]) => value !== undefined).map(([name, value]) => ({ name, value: `${value}` })),
      from('PGUSER', userKey),
      from('PGPASSWORD', passwordKey),
      { name: 'WFLOW_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
    ];
  }
}

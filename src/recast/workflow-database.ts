import { ApiObject, Chart, Size } from 'cdk8s';
import { ContainerResources } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { labelsOf, namespaceOf, RECAST } from './recast-names';
import { Federation } from '../federation/federation';
import { isDnsLabel, isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';
import { containerResources } from '../workload/container-resources';
import { filesDigest, HARDENED_CONTAINER, hardenedPod, pullSecrets, SERVICE_USER } from '../workload/hardened-pod';
import { IMAGE, isImage } from '../workload/image-reference';
import { PodSecurityLevel, WorkloadNamespace } from '../workload/namespace';
import { addNetworkPolicy } from '../workload/network-policy';
import {
  ASK_POSTGRES, CONFIGURATION, POSTGRES_ACCESS, POSTGRES_IMAGE, POSTGRES_VOLUME, postgresConfiguration, preparePostgres, RUN, START_POSTGRES,
  STOP_POSTGRES,
} from '../workload/postgres-scripts';
import { isSecretKey, SecretReference, SECRET_KEY } from '../workload/secret-reference';
import { singlePod } from '../workload/single-pod';
import { declareTraffic } from '../workload/traffic';

/** Who owns a workflow server's database, in a Secret that somebody else creates. */
export interface WorkflowDatabaseCredentials {
  /** The name of the Secret, in the server's namespace. */
  readonly secretName: string;

  /**
   * The key of the user's name.
   *
   * @default 'user'
   */
  readonly userKey?: string;

  /**
   * The key of the password.
   *
   * @default 'password'
   */
  readonly passwordKey?: string;
}

/** Where a workflow server keeps its requests: a PostgreSQL database. */
export interface IWorkflowDatabase {
  /** The DNS name or address that the server connects to. */
  readonly host: string;
  /** The TCP port. */
  readonly port: number;
  /** The name of the database. */
  readonly databaseName: string;
  /** The database's owner. */
  readonly credentials: WorkflowDatabaseCredentials;

  /**
   * The authority of the certificate of PostgreSQL, in PEM: with it the server asks for TLS and checks the name.
   *
   * @default - without TLS
   */
  readonly authority?: SecretReference;

  /**
   * The labels of the pods that listen at `port`, in the server's namespace.
   *
   * @default - it is outside of the cluster
   */
  readonly podLabels?: { [label: string]: string };
}

/** A PostgreSQL that is already there. */
export interface ExternalWorkflowDatabase {
  /** The DNS name or address of PostgreSQL. */
  readonly host: string;

  /**
   * Its TCP port.
   *
   * @default 5432
   */
  readonly port?: number;

  /**
   * The database's name. It must be there, and be owned by the user.
   *
   * @default 'wflow'
   */
  readonly databaseName?: string;

  /**
   * The database's owner.
   *
   * @default - the Secret `wflow-db`, keys `user` and `password`
   */
  readonly credentials?: WorkflowDatabaseCredentials;

  /**
   * The authority of its certificate, in PEM, under the key `ca.crt` unless the reference says another: with it the server asks for TLS and checks the name.
   *
   * @default - without TLS
   */
  readonly authority?: SecretReference;

  /**
   * The labels of its pods, where it is in the server's namespace.
   *
   * @default - it is elsewhere
   */
  readonly podLabels?: { [label: string]: string };
}

/** Properties of a `WorkflowDatabase`. */
export interface WorkflowDatabaseProps {
  /**
   * The namespace: the server's.
   *
   * @default - the chart's, or `recast`
   */
  readonly namespace?: string;

  /**
   * PostgreSQL, 13 or newer. The image must know its user 999 by a name, `postgres`, as the official ones of Debian do. Data of another major version is
   * refused when the pod starts, and stays as it is.
   *
   * @default 'docker.io/library/postgres:18.4'
   */
  readonly image?: string;

  /**
   * The owner that the database gets, and the password. The pod ends with a message if one of them is empty.
   *
   * @default - the Secret `wflow-db`, keys `user` and `password`
   */
  readonly credentials?: WorkflowDatabaseCredentials;

  /**
   * The size of the volume. A request takes as much as its log, at most a few MiB.
   *
   * Refused: less than 1 GiB.
   *
   * @default Size.gibibytes(10)
   */
  readonly storage?: Size;

  /**
   * The volume's StorageClass: a block device.
   *
   * @default - the cluster's default one
   */
  readonly storageClass?: string;

  /**
   * CPU and memory of the container. PostgreSQL's buffers are a quarter of the memory limit.
   *
   * @default - requests 100m and 256 MiB, limited to 1 GiB
   */
  readonly resources?: ContainerResources;

  /**
   * Labels that a node must have to run it.
   *
   * @default - any node
   */
  readonly nodeSelector?: { [label: string]: string };

  /**
   * Whether a NetworkPolicy lets in the workflow server alone.
   *
   * @default true
   */
  readonly networkPolicies?: boolean;

  /**
   * Names of Secrets of the type `kubernetes.io/dockerconfigjson`, for private registries.
   *
   * @default - none
   */
  readonly imagePullSecrets?: string[];
}

const PORT = 5432;
const DATABASE_NAME = 'wflow';
const DEFAULT_CREDENTIALS: WorkflowDatabaseCredentials = { secretName: RECAST.database };
const VARIABLES = { user: 'WFLOW_DB_USER', password: 'WFLOW_DB_PASSWORD' };
const DEFAULT_LIMIT = Size.gibibytes(1);

/** Ends the container if the Secret holds nothing under one of its keys. */
const CHECK = Object.values(VARIABLES).map(name =>
  `if [ -z "\${${name}:-}" ]; then echo "${name} is empty: the Secret that it comes from must hold it" >&2; exit 64; fi`).join('\n');

/**
 * The workflow server's own PostgreSQL: a StatefulSet of one pod.
 *
 * The pod's first container makes the database and its owner, or gives the owner the password that the Secret has now. Tables are made by the server.
 */
export class WorkflowDatabase extends Construct implements IWorkflowDatabase {
  /**
   * A database that is already there. Nothing is made for it.
   *
   * @param database where it is, and as whom the server connects
   */
  public static external(database: ExternalWorkflowDatabase): IWorkflowDatabase {
    const { port = PORT, databaseName = DATABASE_NAME, credentials = DEFAULT_CREDENTIALS } = database;
    return { ...database, port, databaseName, credentials };
  }

  public readonly host: string;
  public readonly port = PORT;
  public readonly databaseName = DATABASE_NAME;
  public readonly credentials: WorkflowDatabaseCredentials;
  public readonly podLabels?: { [label: string]: string };

  /** The namespace. */
  public readonly namespace: string;

  /** The StatefulSet of PostgreSQL, for patches of what the properties don't reach. */
  public readonly statefulSet: ApiObject;

  /**
   * @param scope the cluster of the workflow server, or any chart
   * @param id any id
   * @param props its size, and who owns it
   */
  public constructor(scope: Construct, id: string, private readonly props: WorkflowDatabaseProps = {}) {
    super(scope, id);
    const { labels, selector } = labelsOf(RECAST.database);
    this.namespace = namespaceOf(this, props.namespace);
    this.host = `${RECAST.database}.${this.namespace}.svc`;
    this.credentials = props.credentials ?? DEFAULT_CREDENTIALS;
    this.podLabels = selector;
    const metadata = { name: RECAST.database, namespace: this.namespace, labels };
    const files = this.files();
    WorkloadNamespace.of(this, this.namespace).admit(this, PodSecurityLevel.RESTRICTED);
    declareTraffic(this, { images: () => [{ reference: this.image, clusters: [Chart.of(this).node.id] }] });
    new ApiObject(this, 'ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: files });
    new ApiObject(this, 'Service', {
      apiVersion: 'v1', kind: 'Service', metadata, spec: { selector, ports: [{ name: 'postgresql', port: PORT, protocol: 'TCP', targetPort: PORT }] },
    });
    if (props.networkPolicies ?? true) {
      const from = [{ podSelector: { matchLabels: labelsOf(RECAST.server).selector } }];
      // it calls nobody
      addNetworkPolicy(this, metadata, selector, { ingress: [{ from, ports: [{ protocol: 'TCP', port: PORT }] }], egress: [] });
    }
    this.statefulSet = new ApiObject(this, 'StatefulSet', {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata,
      spec: {
        ...singlePod(RECAST.database, selector),
        template: { metadata: { labels, annotations: filesDigest(files) }, spec: this.podSpec() },
        volumeClaimTemplates: [{
          metadata: { name: 'data', labels },
          spec: {
            accessModes: ['ReadWriteOnce'],
            ...props.storageClass !== undefined && { storageClassName: props.storageClass },
            resources: { requests: { storage: `${this.storage.toMebibytes()}Mi` } },
          },
        }],
      },
    });
    this.node.defaultChild = this.statefulSet;
    this.node.addValidation({ validate: () => this.problems() });
  }

  private get image(): string { return this.props.image ?? POSTGRES_IMAGE; }

  private get storage(): Size { return this.props.storage ?? Size.gibibytes(10); }

  private files(): { [file: string]: string } {
    const { resources } = this.props;
    const limit = resources ? resources.memory?.limit ?? Size.mebibytes(512) : DEFAULT_LIMIT;
    return {
      'postgresql.conf': postgresConfiguration(100, Math.max(16, Math.floor(limit.toMebibytes() / 4))),
      'pg_hba.conf': POSTGRES_ACCESS,
      'prepare.sh': preparePostgres(DATABASE_NAME, { ...VARIABLES, check: CHECK, whose: 'the workflow server' }),
      'start.sh': START_POSTGRES,
    };
  }

  private podSpec(): object {
    const { resources, imagePullSecrets, nodeSelector } = this.props;
    const { secretName, userKey = 'user', passwordKey = 'password' } = this.credentials;
    const probe = (question: string) => ({ exec: { command: ['/bin/sh', '-c', question] } });
    const from = (name: string, key: string) => ({ name, valueFrom: { secretKeyRef: { name: secretName, key } } });
    const common = {
      image: this.image,
      env: [from(VARIABLES.user, userKey), from(VARIABLES.password, passwordKey)],
      securityContext: HARDENED_CONTAINER,
      resources: containerResources(resources, { cpu: '100m', memory: '256Mi', limit: `${DEFAULT_LIMIT.toMebibytes()}Mi` }),
      volumeMounts: [
        { name: 'configuration', mountPath: CONFIGURATION, readOnly: true },
        { name: 'data', mountPath: POSTGRES_VOLUME },
        { name: 'run', mountPath: RUN },
        { name: 'shm', mountPath: '/dev/shm' },
        { name: 'tmp', mountPath: '/tmp' },
      ],
    };
    return {
      ...hardenedPod(SERVICE_USER),
      ...pullSecrets(imagePullSecrets),
      ...nodeSelector && { nodeSelector },
      terminationGracePeriodSeconds: 120,
      initContainers: [{ ...common, name: 'prepare', command: ['/bin/sh', `${CONFIGURATION}/prepare.sh`] }],
      containers: [{
        ...common,
        name: 'db',
        command: ['/bin/sh', `${CONFIGURATION}/start.sh`],
        ports: [{ name: 'postgresql', containerPort: PORT, protocol: 'TCP' }],
        // a recovery takes what it takes
        startupProbe: { ...probe(ASK_POSTGRES.ready), periodSeconds: 5, timeoutSeconds: 10, failureThreshold: 720 },
        livenessProbe: { ...probe(ASK_POSTGRES.alive), periodSeconds: 30, timeoutSeconds: 20, failureThreshold: 6 },
        readinessProbe: { ...probe(ASK_POSTGRES.ready), periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 3 },
        lifecycle: { preStop: { exec: { command: ['/bin/sh', '-c', STOP_POSTGRES] } } },
      }],
      volumes: [
        { name: 'configuration', configMap: { name: RECAST.database } },
        { name: 'run', emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } },
        // parallel queries share memory there, of which a container has 64 MiB otherwise
        { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '256Mi' } },
        { name: 'tmp', emptyDir: {} },
      ],
    };
  }

  private problems(): string[] {
    const { storageClass } = this.props;
    const problems: string[] = [...credentialProblems('credentials', this.credentials)];
    if (Federation.tryOf(this)) { problems.push(problem('scope', this.node.path, 'a cluster or a chart: there is one of it')); }
    if (!isDnsLabel(this.namespace)) { problems.push(problem('namespace', this.namespace, 'a DNS label of at most 63 characters')); }
    if (!isImage(this.image)) { problems.push(problem('image', this.image, IMAGE)); }
    if (this.storage.toMebibytes() < 1024) { problems.push(problem('storage', `${this.storage.toMebibytes()} MiB`, 'at least 1024 MiB')); }
    if (storageClass !== undefined && !isDnsSubdomain(storageClass)) { problems.push(problem('storageClass', storageClass, 'the name of a StorageClass')); }
    return problems;
  }
}

/** What names no Secret or no key of one. */
export function credentialProblems(property: string, { secretName, userKey = 'user', passwordKey = 'password' }: WorkflowDatabaseCredentials): string[] {
  const problems: string[] = [];
  if (!isDnsSubdomain(secretName)) { problems.push(problem(`${property}.secretName`, secretName, 'the name of a Secret')); }
  for (const [name, key] of Object.entries({ userKey, passwordKey })) {
    if (!isSecretKey(key)) { problems.push(problem(`${property}.${name}`, key, SECRET_KEY)); }
  }
  return problems;
}

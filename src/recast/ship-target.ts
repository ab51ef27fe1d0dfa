import { ApiObject, Chart, Size } from 'cdk8s';
import { ContainerResources } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { ENGINE_LABELS, labelsOf, namespaceOf, RECAST } from './recast-names';
import { Federation } from '../federation/federation';
import { isDnsLabel, isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';
import { containerResources } from '../workload/container-resources';
import { filesDigest, HARDENED_CONTAINER, hardenedPod, pullSecrets } from '../workload/hardened-pod';
import { IMAGE, isImage } from '../workload/image-reference';
import { PodSecurityLevel, WorkloadNamespace } from '../workload/namespace';
import { addNetworkPolicy } from '../workload/network-policy';
import { isSecretKey, SecretReference, SECRET_KEY } from '../workload/secret-reference';
import { singlePod } from '../workload/single-pod';
import { declareTraffic } from '../workload/traffic';

/** Properties of a `ShipTarget`. */
export interface ShipTargetProps {
  /** An image with OpenSSH's server, `/usr/sbin/sshd`, 9.0 or newer: there is no official one. `images/shiptarget` is a recipe of it. */
  readonly image: string;

  /**
   * The namespace: the engines'.
   *
   * @default - the chart's, or `recast`
   */
  readonly namespace?: string;

  /**
   * The server's private key, by which engines know it.
   *
   * @default - the Secret `wflow-shiptarget-host`, key `ssh_host_ed25519_key`
   */
  readonly hostKey?: SecretReference;

  /**
   * The Secret by which engines know the server, and it them: their private key `identity`, its public half `identity.pub`, and `known_hosts` with a line
   * for `[wflow-shiptarget.NAMESPACE.svc]:2022`. The server's pod has the public half alone.
   *
   * @default 'wflow-shiptarget-ssh'
   */
  readonly clientSecret?: string;

  /**
   * A claim that is already there, and that others may read results from.
   *
   * @default - a volume of its own
   */
  readonly claim?: string;

  /**
   * The directory in that claim.
   *
   * @default 'results'
   */
  readonly subPath?: string;

  /**
   * The size of its own volume.
   *
   * Refused: less than 1 GiB; beside a claim.
   *
   * @default Size.gibibytes(100)
   */
  readonly storage?: Size;

  /**
   * The StorageClass of its own volume.
   *
   * Refused: beside a claim.
   *
   * @default - the cluster's default one
   */
  readonly storageClass?: string;

  /**
   * CPU and memory of the container.
   *
   * @default - requests 50m and 64 MiB, limited to 512 MiB
   */
  readonly resources?: ContainerResources;

  /**
   * Labels that a node must have to run it.
   *
   * @default - any node
   */
  readonly nodeSelector?: { [label: string]: string };

  /**
   * Whether a NetworkPolicy lets in engines alone.
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

/** As in 2018. A user that isn't root can't have 22. */
const PORT = 2022;
const USER = 'ship';
const USER_ID = 1000;
const RESULTS = '/results';
const CONFIGURATION = '/configuration';

/** Files by SFTP for one user with a key, and nothing else: no shell, no tunnel, no other user. */
const SSHD = [
  `Port ${PORT}`,
  'HostKey /host-key/key',
  'AuthorizedKeysFile /authorized/identity.pub',
  // a Secret's files are root's, and the group may read them
  'StrictModes no',
  'PidFile none',
  'UsePAM no',
  'PasswordAuthentication no',
  'KbdInteractiveAuthentication no',
  `AllowUsers ${USER}`,
  'DisableForwarding yes',
  'PermitTTY no',
  'PermitUserRC no',
  'MaxStartups 100:30:200',
  'ClientAliveInterval 30',
  'ClientAliveCountMax 4',
  'Subsystem sftp internal-sftp',
  `ForceCommand internal-sftp -d ${RESULTS}`,
  '',
].join('\n');

/** Where engines ship results: OpenSSH's server, as a user that isn't root, at port 2022, with files by SFTP and nothing else. */
export class ShipTarget extends Construct {
  /** The namespace. */
  public readonly namespace: string;

  /** The DNS name that engines connect to. */
  public readonly host: string;

  /** The TCP port. */
  public readonly port = PORT;

  /** The user that engines are there. */
  public readonly user = USER;

  /** The Secret by which engines and the server know each other. */
  public readonly clientSecret: string;

  /** The StatefulSet, for patches of what the properties don't reach. */
  public readonly statefulSet: ApiObject;

  /**
   * @param scope the cluster of the engines, or any chart
   * @param id any id
   * @param props its image, and where files are kept
   */
  public constructor(scope: Construct, id: string, private readonly props: ShipTargetProps) {
    super(scope, id);
    const { labels, selector } = labelsOf(RECAST.shipTarget);
    this.namespace = namespaceOf(this, props.namespace);
    this.host = `${RECAST.shipTarget}.${this.namespace}.svc`;
    this.clientSecret = props.clientSecret ?? 'wflow-shiptarget-ssh';
    const metadata = { name: RECAST.shipTarget, namespace: this.namespace, labels };
    // sshd wants a name for its user, which an image may not have
    const files = { sshd_config: SSHD, passwd: `root:x:0:0:root:/root:/usr/sbin/nologin\n${USER}:x:${USER_ID}:${USER_ID}::${RESULTS}:/bin/sh\n` };
    WorkloadNamespace.of(this, this.namespace).admit(this, PodSecurityLevel.RESTRICTED);
    declareTraffic(this, { images: () => [{ reference: props.image, clusters: [Chart.of(this).node.id] }] });
    new ApiObject(this, 'ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: files });
    new ApiObject(this, 'Service', {
      apiVersion: 'v1', kind: 'Service', metadata, spec: { selector, ports: [{ name: 'ssh', port: PORT, protocol: 'TCP', targetPort: PORT }] },
    });
    if (props.networkPolicies ?? true) {
      // it calls nobody
      addNetworkPolicy(this, metadata, selector, { ingress: [{ from: [{ podSelector: { matchLabels: ENGINE_LABELS } }], ports: [{ protocol: 'TCP', port: PORT }] }], egress: [] });
    }
    this.statefulSet = new ApiObject(this, 'StatefulSet', {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata,
      spec: {
        ...singlePod(RECAST.shipTarget, selector),
        template: { metadata: { labels, annotations: filesDigest(files) }, spec: this.podSpec() },
        ...props.claim === undefined && {
          volumeClaimTemplates: [{
            metadata: { name: 'results', labels },
            spec: {
              accessModes: ['ReadWriteOnce'],
              ...props.storageClass !== undefined && { storageClassName: props.storageClass },
              resources: { requests: { storage: `${this.storage.toMebibytes()}Mi` } },
            },
          }],
        },
      },
    });
    this.node.defaultChild = this.statefulSet;
    this.node.addValidation({ validate: () => this.problems() });
  }

  private get storage(): Size { return this.props.storage ?? Size.gibibytes(100); }

  private get hostKey(): Required<SecretReference> {
    const { secretName, key = 'ssh_host_ed25519_key' } = this.props.hostKey ?? { secretName: 'wflow-shiptarget-host' };
    return { secretName, key };
  }

  private podSpec(): object {
    const { image, claim, subPath = 'results', resources, nodeSelector, imagePullSecrets } = this.props;
    const { secretName, key } = this.hostKey;
    const probe = { tcpSocket: { port: PORT } };
    return {
      ...hardenedPod(USER_ID),
      ...pullSecrets(imagePullSecrets),
      ...nodeSelector && { nodeSelector },
      containers: [{
        name: 'sshd',
        image,
        command: ['/usr/sbin/sshd', '-D', '-e', '-f', `${CONFIGURATION}/sshd_config`],
        ports: [{ name: 'ssh', containerPort: PORT, protocol: 'TCP' }],
        securityContext: HARDENED_CONTAINER,
        resources: containerResources(resources, { cpu: '50m', memory: '64Mi', limit: '512Mi' }),
        livenessProbe: { ...probe, periodSeconds: 30, failureThreshold: 4 },
        readinessProbe: { ...probe, periodSeconds: 5 },
        volumeMounts: [
          { name: 'configuration', mountPath: CONFIGURATION, readOnly: true },
          { name: 'configuration', mountPath: '/etc/passwd', subPath: 'passwd', readOnly: true },
          { name: 'host-key', mountPath: '/host-key', readOnly: true },
          { name: 'authorized', mountPath: '/authorized', readOnly: true },
          { name: 'results', mountPath: RESULTS, ...claim !== undefined && { subPath } },
        ],
      }],
      volumes: [
        { name: 'configuration', configMap: { name: RECAST.shipTarget } },
        { name: 'host-key', secret: { secretName, items: [{ key, path: 'key' }], defaultMode: 0o440 } },
        { name: 'authorized', secret: { secretName: this.clientSecret, items: [{ key: 'identity.pub', path: 'identity.pub' }], defaultMode: 0o440 } },
        ...claim !== undefined ? [{ name: 'results', persistentVolumeClaim: { claimName: claim } }] : [],
      ],
    };
  }

  private problems(): string[] {
    const { image, claim, subPath, storage, storageClass } = this.props;
    const { secretName, key } = this.hostKey;
    const problems: string[] = [];
    if (Federation.tryOf(this)) { problems.push(problem('scope', this.node.path, 'a cluster or a chart: there is one of it')); }
    if (!isDnsLabel(this.namespace)) { problems.push(problem('namespace', this.namespace, 'a DNS label of at most 63 characters')); }
    if (!isImage(image)) { problems.push(problem('image', image, IMAGE)); }
    if (!isDnsSubdomain(secretName)) { problems.push(problem('hostKey.secretName', secretName, 'the name of a Secret')); }
    if (!isSecretKey(key)) { problems.push(problem('hostKey.key', key, SECRET_KEY)); }
    if (!isDnsSubdomain(this.clientSecret)) { problems.push(problem('clientSecret', this.clientSecret, 'the name of a Secret')); }
    if (claim !== undefined) {
      if (!isDnsSubdomain(claim)) { problems.push(problem('claim', claim, 'the name of a PersistentVolumeClaim')); }
      if (storage !== undefined) { problems.push(problem('storage', `${storage.toMebibytes()} MiB`, 'nothing beside a claim')); }
      if (storageClass !== undefined) { problems.push(problem('storageClass', storageClass, 'nothing beside a claim')); }
    } else if (subPath !== undefined) {
      problems.push(problem('subPath', subPath, 'nothing without a claim'));
    }
    if (subPath !== undefined && !subPath.split('/').every(part => /^[\w.-]+$/.test(part) && part !== '.' && part !== '..')) {
      problems.push(problem('subPath', subPath, 'a path below the claim\'s root'));
    }
    if (this.storage.toMebibytes() < 1024) { problems.push(problem('storage', `${this.storage.toMebibytes()} MiB`, 'at least 1024 MiB')); }
    if (storageClass !== undefined && !isDnsSubdomain(storageClass)) { problems.push(problem('storageClass', storageClass, 'the name of a StorageClass')); }
    return problems;
  }
}

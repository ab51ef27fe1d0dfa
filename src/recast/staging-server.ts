import { isIP } from 'net';
import * as path from 'path';
import { ApiObject, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { labelsOf, RECAST } from './recast-names';
import { nginxConfiguration, STAGING_PATHS, STAGING_PORT } from './staging-nginx';
import { StagingServerProps } from './staging-server-props';
import { StepBackend } from './step-options';
import { STAGING_DIRECTORY } from './workflow-storage';
import { YadageEngine } from './yadage-engine';
import { areCertificates } from '../federation/api-server';
import { Federation } from '../federation/federation';
import { isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';
import { addressProblems, onlyInside } from '../workload/address';
import { containerResources } from '../workload/container-resources';
import { filesDigest, HARDENED_CONTAINER, hardenedPod, pullSecrets } from '../workload/hardened-pod';
import { IMAGE, isImage } from '../workload/image-reference';
import { PodSecurityLevel, WorkloadNamespace } from '../workload/namespace';
import { addNetworkPolicy } from '../workload/network-policy';
import { addPodDisruptionBudget } from '../workload/pod-disruption-budget';
import { spreadOver } from '../workload/pod-spread';
import { ServiceExposure } from '../workload/service-exposure';
import { declareTraffic } from '../workload/traffic';

const FILE = 'nginx.conf';
/** Where the volume is while that directory is made. */
const VOLUME = '/volume';

/**
 * Makes the directory, as the engines' user: the kubelet would make the `subPath` of a mount as root, where no engine could write. Nobody else may list it,
 * since its names are what lets in. And what a server that was killed had received by then would stay for ever: nobody sends a file for a day without a byte.
 */
const PREPARE = [
  'set -e',
  `mkdir -p ${VOLUME}/${STAGING_DIRECTORY}`,
  `chmod 0700 ${VOLUME}/${STAGING_DIRECTORY}`,
  `mkdir -p ${VOLUME}/${STAGING_DIRECTORY}/.incoming`,
  // that another pod does so at the same time is no failure
  `find ${VOLUME}/${STAGING_DIRECTORY}/.incoming -type f -mmin +1440 -delete || true`,
].join('\n');

/**
 * Where steps in other clusters get their input files, and bring their output files: a web server over HTTPS that sees one directory of the engines'
 * volume, `.staging`. Engines make a directory with a random name there for each such step, and take it away when the step has ended: who knows the name
 * reads its `in` and writes its `out`, and nobody does anything else. What it answers is in `docs/steps-elsewhere.md`.
 */
export class StagingServer extends Construct {
  /** The engine whose volume it serves a directory of. */
  public readonly engine: YadageEngine;

  /** The namespace: the engine's. */
  public readonly namespace: string;

  /** The host name or IP address at which steps in other clusters reach it. */
  public readonly address: string;

  /** The TCP port there. */
  public readonly port: number;

  /** `https://` with the address and the port, which 443 goes without; no slash at its end. */
  public readonly url: string;

  /** The certificates of the authorities that vouch for it, in PEM; undefined if they are those that images trust. */
  public readonly caBundle?: string;

  /** The Deployment, for patches of what the properties don't reach. */
  public readonly deployment: ApiObject;

  private readonly users: (() => string[])[] = [];

  /**
   * @param scope the cluster of the engine, or any chart
   * @param id any id
   * @param props the engine, and the address
   */
  public constructor(scope: Construct, id: string, private readonly props: StagingServerProps) {
    super(scope, id);
    this.engine = props.engine;
    this.namespace = props.engine.namespace;
    this.address = props.address;
    this.port = props.port ?? 8443;
    this.url = `https://${isIP(this.address) === 6 ? `[${this.address}]` : this.address}${this.port === 443 ? '' : `:${this.port}`}`;
    this.caBundle = props.caBundle;
    const { namespace, exposure } = this;
    const { labels, selector } = labelsOf(RECAST.staging);
    const metadata = { name: RECAST.staging, namespace, labels };
    const files = { [FILE]: nginxConfiguration() };
    const hostPath = props.engine._props.storage._source.hostPath !== undefined;
    WorkloadNamespace.of(this, namespace).admit(this, hostPath ? PodSecurityLevel.PRIVILEGED : PodSecurityLevel.RESTRICTED);
    this.declareTraffic();
    new ApiObject(this, 'ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: files });
    const annotations = { ...!isIP(this.address) && { 'external-dns.alpha.kubernetes.io/hostname': this.address }, ...exposure._annotations };
    new ApiObject(this, 'Service', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, ...Object.keys(annotations).length > 0 && { annotations } },
      spec: { selector, ...exposure._spec(this.port, 'https', STAGING_PORT) },
    });
    if (props.networkPolicies ?? true) {
      // members are other clusters, of whose pods nothing is known here; and it calls nobody
      addNetworkPolicy(this, metadata, selector, { ingress: [{ ports: [{ protocol: 'TCP', port: STAGING_PORT }] }], egress: [] });
    }
    if (this.replicas > 1) { addPodDisruptionBudget(this, metadata, { matchLabels: selector }, 1); }
    this.deployment = new ApiObject(this, 'Deployment', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: this.replicas,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        selector: { matchLabels: selector },
        template: { metadata: { labels, annotations: filesDigest(files) }, spec: this.podSpec(selector) },
      },
    });
    this.node.defaultChild = this.deployment;
    this.node.addValidation({ validate: () => this.problems() });
  }

  /**
   * Says which clusters' steps it serves, for `FirewallRules`.
   *
   * @internal
   */
  public _serves(clusters: () => string[]): void {
    this.users.push(clusters);
  }

  private get exposure(): ServiceExposure { return this.props.exposure ?? ServiceExposure.loadBalancer(); }

  private get image(): string { return this.props.image ?? 'docker.io/nginxinc/nginx-unprivileged:1.30-alpine'; }

  private get replicas(): number { return this.props.replicas ?? 2; }

  private get tlsSecretName(): string { return this.props.tlsSecretName ?? 'wflow-staging-tls'; }

  private declareTraffic(): void {
    const to = Chart.of(this).node.id;
    const { address, port } = this;
    declareTraffic(this, {
      connections: () => this.users.flatMap(clusters => clusters()).map(from => ({
        from, to, address, protocol: 'TCP', port, reason: 'steps fetch and bring back their files',
      })),
      images: () => [{ reference: this.image, clusters: [to] }],
    });
  }

  private podSpec(selector: object): object {
    const { resources, nodeSelector, imagePullSecrets, engine } = this.props;
    const { storage } = engine._props;
    const container = { image: this.image, securityContext: HARDENED_CONTAINER, resources: containerResources(resources, { cpu: '100m', memory: '128Mi', limit: '512Mi' }) };
    return {
      ...hardenedPod(engine._user),
      ...pullSecrets(imagePullSecrets),
      ...nodeSelector && { nodeSelector },
      ...this.replicas > 1 && { topologySpreadConstraints: spreadOver({ matchLabels: selector }) },
      // what is under way comes to its end where the image says that SIGQUIT stops it, as nginx's own do
      terminationGracePeriodSeconds: 300,
      initContainers: [{
        name: 'prepare',
        ...container,
        command: ['/bin/sh', '-c', PREPARE],
        volumeMounts: [{ name: 'data', mountPath: VOLUME, ...storage._subPath !== undefined && { subPath: storage._subPath } }],
      }],
      containers: [{
        name: 'nginx',
        ...container,
        // its log isn't the file that it was built with, which can't be written here
        command: ['/usr/sbin/nginx', '-e', 'stderr', '-c', `${STAGING_PATHS.configuration}/${FILE}`],
        ports: [{ name: 'https', containerPort: STAGING_PORT, protocol: 'TCP' }],
        // by TLS, without which it is of no use; a new pod wouldn't mend a certificate
        readinessProbe: { httpGet: { path: '/healthz', port: STAGING_PORT, scheme: 'HTTPS' }, periodSeconds: 5, timeoutSeconds: 5 },
        livenessProbe: { tcpSocket: { port: STAGING_PORT }, periodSeconds: 20, timeoutSeconds: 5, failureThreshold: 3 },
        // those who connect know of its end a moment after it
        lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
        volumeMounts: [
          { name: 'data', mountPath: STAGING_PATHS.files, subPath: path.posix.join(storage._subPath ?? '', STAGING_DIRECTORY) },
          { name: 'configuration', mountPath: STAGING_PATHS.configuration, readOnly: true },
          { name: 'certificate', mountPath: STAGING_PATHS.certificate, readOnly: true },
          { name: 'scratch', mountPath: STAGING_PATHS.scratch },
        ],
      }],
      volumes: [
        { name: 'data', ...storage._source },
        { name: 'configuration', configMap: { name: RECAST.staging } },
        { name: 'certificate', secret: { secretName: this.tlsSecretName, defaultMode: 0o440 } },
        { name: 'scratch', emptyDir: {} },
      ],
    };
  }

  private problems(): string[] {
    const { props, engine, address, port, exposure, image, replicas, tlsSecretName, caBundle } = this;
    const problems: string[] = [];
    if (Federation.tryOf(this)) { problems.push(problem('scope', this.node.path, 'a cluster or a chart: there is one of it')); }
    if (Chart.of(engine) !== Chart.of(this)) { problems.push(problem('engine', engine.node.path, `one of the same chart, ${Chart.of(this).node.path}: it serves its volume`)); }
    if (engine._backend !== StepBackend.SHARED_STATE_KUBE) {
      problems.push(problem('engine', engine._backend, 'one with StepBackend.SHARED_STATE_KUBE: no other runs steps elsewhere'));
    }
    problems.push(...addressProblems('address', address));
    if (addressProblems('address', address).length === 0 && onlyInside(address)) {
      problems.push(problem('address', address, 'a host name or an IP address that other clusters reach'));
    }
    if (!Number.isInteger(port) || port < 1 || port > 65535) { problems.push(problem('port', port, 'a port from 1 to 65535')); }
    problems.push(...exposure._problems('', port).map(each => each.replace(/^\./, '')));
    if (!exposure.reachableFromOutside) { problems.push(problem('exposure', exposure.serviceType, 'LoadBalancer or NodePort: steps in other clusters connect to it')); }
    for (const [property, name] of [['tlsSecretName', tlsSecretName], ...(props.imagePullSecrets ?? []).map(each => ['imagePullSecrets', each])]) {
      if (!isDnsSubdomain(name)) { problems.push(problem(property, name, 'the name of a Secret')); }
    }
    if (caBundle !== undefined && !areCertificates(caBundle)) { problems.push(problem('caBundle', caBundle, 'certificates in PEM')); }
    if (!isImage(image)) { problems.push(problem('image', image, IMAGE)); }
    if (!Number.isInteger(replicas) || replicas < 1) { problems.push(problem('replicas', replicas, 'at least 1')); }
    return problems;
  }
}

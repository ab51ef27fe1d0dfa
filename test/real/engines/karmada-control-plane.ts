import * as fs from 'fs';
import * as path from 'path';
import { loneControlPlane } from './lone-control-plane';
import { CommandResult } from '../command';
import { Estate } from '../estate';
import { moduleDirectory, toolset } from '../kubernetes/binaries';
import { Component, Surroundings } from '../kubernetes/component';
import { API_PORT, commandLine, ControlPlane, Flags } from '../kubernetes/control-plane';
import { writeKubeconfig } from '../kubernetes/kubeconfig';
import { KubectlOptions } from '../kubernetes/kubectl';
import { Manifest, parseManifests } from '../manifest';
import { Site } from '../site';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** The programs of Karmada itself. */
export type KarmadaComponent = 'aggregated-apiserver' | 'webhook' | 'controller-manager' | 'scheduler';

export interface KarmadaOptions {
  /** The name of the federation, and of its kubeconfig context. @default fed */
  readonly name?: string;
  /** What Karmada's programs are told besides, or otherwise. */
  readonly flags?: { readonly [component in KarmadaComponent]?: Flags };
}

/** The last number of its addresses, at the host's site and in the world. */
const ADDRESS = 251;
const AGGREGATED_PORT = 7443;
const WEBHOOK_PORT = 8443;
const CONTROLLERS_HEALTH = 10357;
const SCHEDULER_HEALTH = 10351;
const SYSTEM = 'karmada-system';
const AGGREGATED = 'karmada-aggregated-apiserver';

/** The controllers of Kubernetes that a federation runs: none that would make pods of what is carried elsewhere. */
const CONTROLLERS = [
  'namespace', 'garbagecollector', 'serviceaccount-token', 'ttl-after-finished', 'bootstrapsigner', 'tokencleaner', 'csrcleaner', 'csrsigning',
  'clusterrole-aggregation',
];

/** Lost and returned members are told of sooner than by default: tests wait for it. */
const SOONER: Flags = {
  'cluster-status-update-frequency': '2s',
  'cluster-failure-threshold': '6s',
  'cluster-success-threshold': '4s',
  // what waits for a member is tried again soon after it is back, and not after up to 1,000 seconds
  'rate-limiter-max-delay': '5s',
};

/**
 * Karmada's control plane at the site of a cluster, as Karmada's own manifests set it up: its API is one
 * of Kubernetes, with an etcd of its own, to which all the world's clusters come.
 */
export class KarmadaControlPlane {
  /** Starts it at a site; it takes members then. It ends with the estate, or the testbed. */
  public static async start(estate: Pick<Estate, 'prefix'>, site: Site, options: KarmadaOptions = {}): Promise<KarmadaControlPlane> {
    const { controlPlane, address, publicServer, directory, group } = await loneControlPlane(estate, site, options.name ?? 'fed', ADDRESS, {
      'kube-apiserver': {
        'enable-bootstrap-token-auth': true,
        'disable-admission-plugins': 'StorageObjectInUseProtection,ServiceAccount',
        // Karmada brings the node ports that its own API allots; members allot none of these by themselves
        'service-node-port-range': '30000-30085',
      },
      'kube-controller-manager': { controllers: CONTROLLERS.join(',') },
    });
    const karmada = new KarmadaControlPlane(controlPlane, publicServer, directory, {
      network: controlPlane.machine.path, group, logs: path.join(directory, 'logs'),
    });
    await karmada.begin(address, options.flags ?? {});
    return karmada;
  }

  public readonly components = new Map<KarmadaComponent, Component>();

  private constructor(
    private readonly api: ControlPlane,
    /** Where the world reaches its API. */
    public readonly publicServer: string,
    private readonly directory: string,
    private readonly surroundings: Surroundings,
  ) {}

  /** The certificate of the authority that vouches for its API, in PEM. */
  public get caBundle(): string {
    return fs.readFileSync(this.api.authority.certificate, 'utf8');
  }

  /** Runs kubectl as the administrator, and says how it ended. */
  public kubectl(args: string[], options: KubectlOptions = {}): Promise<CommandResult> {
    return this.api.kubectl(args, options);
  }

  /** Runs kubectl, which must succeed, and gives what it wrote. */
  public async run(args: string[], options: KubectlOptions = {}): Promise<string> {
    const { status, stdout, stderr } = await this.kubectl(args, options);
    if (status !== 0) {
      throw new Error(`the federation: kubectl ${args.join(' ')} ended with ${status}:\n${stderr}${stdout}`);
    }
    return stdout;
  }

  /** An object, or a list of them, as the API has it. */
  public async get(...args: string[]): Promise<any> {
    return JSON.parse(await this.run(['get', ...args, '-o', 'json']));
  }

  /** Applies objects, or a file's text. */
  public async apply(objects: object[] | string): Promise<string> {
    const input = typeof objects === 'string' ? objects : JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    return this.run(['apply', '--server-side', '-f', '-'], { input });
  }

  /** The status of one of a member's conditions. */
  public async condition(member: string, type = 'Ready'): Promise<string | undefined> {
    return (await this.get('cluster', member)).status?.conditions?.find((condition: any) => condition.type === type)?.status;
  }

  private async begin(address: string, flags: { readonly [component in KarmadaComponent]?: Flags }): Promise<void> {
    const own = await this.flags(address);
    for (const component of Object.keys(own) as KarmadaComponent[]) {
      const argv = commandLine(toolset('karmada').path(component), { ...own[component], ...flags[component] });
      this.components.set(component, new Component(component, argv, this.surroundings));
    }
    const start = (component: KarmadaComponent) => this.components.get(component)!.start();

    await this.apply([namespace(SYSTEM), namespace('karmada-cluster')]);
    const clusters = start('aggregated-apiserver');
    await this.apply([...this.kinds(), ...this.aggregation(address)]);
    await this.run(['wait', '--for=condition=Established', '--timeout=600s', 'crd', '--all']);
    const webhooks = start('webhook');
    await Promise.all([
      clusters.until('serving clusters', async () => (await this.kubectl(['get', 'clusters'])).status === 0),
      webhooks.until('ready', () => this.answers(`https://127.0.0.1:${WEBHOOK_PORT}/readyz`)),
    ]);
    await this.apply(this.webhooks());
    await Promise.all([
      start('controller-manager').until('healthy', () => this.answers(`http://127.0.0.1:${CONTROLLERS_HEALTH}/healthz`)),
      start('scheduler').until('healthy', () => this.answers(`http://127.0.0.1:${SCHEDULER_HEALTH}/healthz`)),
    ]);
  }

  /** What the programs are told. */
  private async flags(address: string): Promise<{ readonly [component in KarmadaComponent]: Flags }> {
    const { authority } = this.api;
    const kubeconfig = async (component: KarmadaComponent) => writeKubeconfig(path.join(this.directory, `karmada-${component}.conf`), [{
      context: 'karmada-apiserver',
      server: `https://127.0.0.1:${API_PORT}`,
      authority: authority.certificate,
      identity: await authority.issue(`karmada-${component}`, { user: `system:karmada:${component}`, groups: ['system:masters'] }),
    }]);
    const [aggregatedServer, webhookServer, aggregated, webhook, controllers, scheduler] = await Promise.all([
      authority.issue('karmada-aggregated-apiserver-server', { user: AGGREGATED, names: [`${AGGREGATED}.${SYSTEM}.svc`] }),
      authority.issue('karmada-webhook-server', { user: 'karmada-webhook', addresses: ['127.0.0.1'] }),
      kubeconfig('aggregated-apiserver'), kubeconfig('webhook'), kubeconfig('controller-manager'), kubeconfig('scheduler'),
    ]);
    return {
      'aggregated-apiserver': {
        'kubeconfig': aggregated,
        'authentication-kubeconfig': aggregated,
        'authorization-kubeconfig': aggregated,
        'etcd-servers': 'http://127.0.0.1:2379',
        'bind-address': address,
        'secure-port': AGGREGATED_PORT,
        'tls-cert-file': aggregatedServer.certificate,
        'tls-private-key-file': aggregatedServer.key,
      },
      'webhook': {
        'kubeconfig': webhook,
        'bind-address': '127.0.0.1',
        'secure-port': WEBHOOK_PORT,
        'cert-dir': path.dirname(webhookServer.certificate),
        'tls-cert-file-name': path.basename(webhookServer.certificate),
        'tls-private-key-file-name': path.basename(webhookServer.key),
        'metrics-bind-address': '0',
        'health-probe-bind-address': '127.0.0.1:8000',
      },
      'controller-manager': {
        'kubeconfig': controllers,
        'leader-elect': false,
        'metrics-bind-address': '0',
        'health-probe-bind-address': `127.0.0.1:${CONTROLLERS_HEALTH}`,
        ...SOONER,
      },
      'scheduler': {
        'kubeconfig': scheduler,
        'leader-elect': false,
        'metrics-bind-address': '0',
        'health-probe-bind-address': `127.0.0.1:${SCHEDULER_HEALTH}`,
      },
    };
  }

  private async answers(url: string): Promise<boolean> {
    return (await this.api.machine.attempt(['curl', '--silent', '--fail', '--insecure', url], { timeout: 3 })).status === 0;
  }

  /** The kinds of Karmada, as its own chart defines them. */
  private kinds(): Manifest[] {
    const chart = path.join(moduleDirectory('karmada'), 'charts/karmada/_crds');
    const files = (fs.readdirSync(chart, { recursive: true }) as string[]).filter(file => file.startsWith('bases/') && file.endsWith('.yaml')).sort();
    return files.flatMap(file => parseManifests(fs.readFileSync(path.join(chart, file), 'utf8')))
      .map(kind => kind.spec.names.kind.endsWith('ResourceBinding') ? this.converted(kind) : kind);
  }

  /** A kind that is kept in another version than it is served in. */
  private converted(kind: Manifest): Manifest {
    const conversion = { strategy: 'Webhook', webhook: { clientConfig: this.webhookClient('/convert'), conversionReviewVersions: ['v1'] } };
    return { ...kind, spec: { ...kind.spec, conversion } };
  }

  /** The webhooks of Karmada, as its own manifests name them. */
  private webhooks(): Manifest[] {
    const file = path.join(moduleDirectory('karmada'), 'artifacts/deploy/webhook-configuration.yaml');
    return parseManifests(fs.readFileSync(file, 'utf8').replace(/\{\{caBundle\}\}/g, '""')).map(configuration => ({
      ...configuration,
      webhooks: configuration.webhooks.map((webhook: any) => ({
        ...webhook, timeoutSeconds: 10, clientConfig: this.webhookClient(new URL(webhook.clientConfig.url).pathname),
      })),
    }));
  }

  private webhookClient(url: string): object {
    return { url: `https://127.0.0.1:${WEBHOOK_PORT}${url}`, caBundle: Buffer.from(this.caBundle).toString('base64') };
  }

  /** The way from the API to the one that keeps clusters. */
  private aggregation(address: string): object[] {
    const metadata = { name: AGGREGATED, namespace: SYSTEM };
    return [
      { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 443, targetPort: AGGREGATED_PORT }] } },
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { ...metadata, labels: { 'kubernetes.io/service-name': metadata.name } },
        addressType: 'IPv4',
        endpoints: [{ addresses: [address] }],
        ports: [{ port: AGGREGATED_PORT }],
      },
      {
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata: { name: 'v1alpha1.cluster.karmada.io' },
        spec: {
          group: 'cluster.karmada.io',
          version: 'v1alpha1',
          groupPriorityMinimum: 2000,
          versionPriority: 10,
          service: { name: metadata.name, namespace: SYSTEM },
          caBundle: Buffer.from(this.caBundle).toString('base64'),
        },
      },
    ];
  }
}

function namespace(name: string): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

import { randomBytes } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import type { Lab } from './lab';
import { Manifest } from './manifest';
import { Pod } from './pod';
import { mayRunOn, whyNotFitting } from './scheduling';
import { LabService } from './services';
import type { Site } from './site';
import type { SiteNode } from './site-node';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** The content of a Secret or ConfigMap. */
export type Content = { readonly [key: string]: string | Buffer };

export interface ClusterOptions {
  /** The Secrets that a site creates by hand, by `namespace/name`. */
  readonly secrets?: { readonly [name: string]: Content };
  /** Names that the world gives to the addresses of load balancers, by the Service's `namespace/name`. */
  readonly publicNames?: { readonly [service: string]: string };
}

const WORKLOADS = ['DaemonSet', 'Deployment', 'Pod', 'StatefulSet'];
const READ = ['ConfigMap', 'PersistentVolumeClaim', 'Secret', 'Service', 'ServiceAccount'];
/** Kinds that an API server acts on, and the laboratory doesn't. */
const WITHOUT_EFFECT = [
  'ClusterRole', 'ClusterRoleBinding', 'CronJob', 'Ingress', 'Job', 'LimitRange', 'Namespace', 'NetworkPolicy', 'PersistentVolume',
  'PodDisruptionBudget', 'PriorityClass', 'ResourceQuota', 'Role', 'RoleBinding', 'StorageClass',
];

/** A cluster at a site: the objects of one file, and the pods that come of them. */
export class Cluster {
  public readonly pods: Pod[] = [];
  /** The objects that this laboratory does nothing about, as `Kind/name`. */
  public readonly withoutEffect: string[];
  private readonly services: LabService[] = [];
  private readonly contents = new Map<string, { [key: string]: Buffer }>();

  constructor(
    private readonly lab: Lab,
    public readonly name: string,
    public readonly site: Site,
    public readonly manifests: Manifest[],
    private readonly options: ClusterOptions,
  ) {
    this.take(manifests);
    this.withoutEffect = manifests.filter(({ kind }) => WITHOUT_EFFECT.includes(kind)).map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    for (const [secret, content] of Object.entries(options.secrets ?? {})) {
      this.setContent('Secret', secret, content);
    }
  }

  /** Opens the Services and starts the workloads of the file, or only those that are named. */
  public async start(...workloads: string[]): Promise<this> {
    await this.open();
    for (const manifest of this.manifests.filter(({ kind }) => WORKLOADS.includes(kind))) {
      if (workloads.length === 0 || workloads.includes(manifest.metadata.name)) {
        await this.startWorkload(manifest);
      }
    }
    return this;
  }

  /**
   * Takes the file of a changed program: what ConfigMaps hold, and then each pod of a StatefulSet whose template is another is
   * replaced. It says which; DaemonSets leave their pods alone.
   */
  public async apply(manifests: Manifest[]): Promise<string[]> {
    this.take(manifests);
    this.manifests.splice(0, this.manifests.length, ...manifests);
    this.pods.forEach(pod => pod.refreshVolumes());
    const replaced: string[] = [];
    for (const pod of [...this.pods].filter(({ workload }) => workload.kind === 'StatefulSet')) {
      const workload = manifests.find(({ kind, metadata }) => kind === 'StatefulSet' && metadata.name === pod.workload.metadata.name);
      if (!workload || JSON.stringify(workload.spec.template) === JSON.stringify(pod.workload.spec.template)) { continue; }
      await this.delete(pod);
      await this.startPod(workload, pod.name, pod.node);
      replaced.push(pod.name);
    }
    return replaced;
  }

  /** Gives the Services their addresses and names, before any pod; once. */
  public async open(): Promise<this> {
    if (this.services.length === 0) {
      for (const manifest of this.manifests.filter(({ kind }) => kind === 'Service')) {
        const service = new LabService(manifest, this.site, this.namespaceOf(manifest));
        this.services.push(service);
        const name = this.options.publicNames?.[`${service.namespace}/${service.name}`]
          ?? manifest.metadata.annotations?.['external-dns.alpha.kubernetes.io/hostname'];
        if (name && service.publicAddress) {
          this.lab.network.names.set(name, service.publicAddress);
        }
      }
      await this.sync();
    }
    return this;
  }

  /** The pod of a name; or the pod of a workload, at a node if it has several. */
  public pod(name: string, node?: SiteNode): Pod {
    const found = this.pods.filter(pod => pod.name === name
      || (pod.workload.metadata.name === name && (!node || pod.node === node)));
    if (found.length !== 1) {
      throw new Error(`${this.name}: ${found.length} pods are ${name}; there are ${this.pods.map(pod => pod.name)}`);
    }
    return found[0];
  }

  public service(name: string): LabService {
    const found = this.services.find(service => service.name === name);
    if (!found) {
      throw new Error(`${this.name}: no Service ${name}`);
    }
    return found;
  }

  /** Ends a pod and puts nothing in its place. */
  public async delete(pod: Pod, options: { grace?: number } = {}): Promise<boolean> {
    const index = this.pods.indexOf(pod);
    if (index < 0) {
      throw new Error(`${pod.name} is not one of ${this.name}'s pods`);
    }
    const bySelf = await pod.delete(options);
    this.pods.splice(index, 1);
    await this.sync();
    return bySelf;
  }

  /** Ends a pod and starts its successor: another address, and for a StatefulSet the same name and claims. */
  public async replace(pod: Pod, options: { grace?: number; node?: SiteNode } = {}): Promise<Pod> {
    await this.delete(pod, options);
    return this.startPod(pod.workload, pod.workload.kind === 'StatefulSet' ? pod.name : undefined, options.node ?? pod.node);
  }

  /** Runs the pod of a CronJob once, as `kubectl create job --from` has it run, or that of a Job; says how it ended and what it wrote. */
  public async runJob(job: string, ...args: string[]): Promise<{ readonly status: number; readonly log: string }> {
    const manifest = this.manifests.find(({ kind, metadata }) => ['CronJob', 'Job'].includes(kind) && metadata.name === job);
    if (!manifest) { throw new Error(`${this.name}: no CronJob or Job ${job}`); }
    const { metadata, spec } = (manifest.spec.jobTemplate?.spec ?? manifest.spec).template;
    const { affinity, ...rest } = spec;
    const wanted = affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector.matchLabels;
    const beside = wanted && this.pods.find(({ labels }) => Object.entries(wanted).every(([label, value]) => labels[label] === value));
    if (wanted && !beside) { throw new Error(`${this.name}: a pod of ${job} stays pending: what it must be beside isn't there`); }
    const [container, ...others] = spec.containers;
    const pod = await this.startPod({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...metadata, name: `${job}-${randomBytes(3).toString('hex').slice(0, 5)}`, namespace: this.namespaceOf(manifest) },
      spec: { ...rest, containers: [args.length > 0 ? { ...container, args } : container, ...others] },
    }, undefined, beside?.node);
    const status = await pod.container().exited;
    const { log } = pod.container();
    await this.delete(pod, { grace: 0 });
    return { status, log };
  }

  /** Changes or creates a Secret; running pods see it in their volumes at once. */
  public setSecret(name: string, content: Content): void {
    this.setContent('Secret', name, content);
    this.pods.forEach(pod => pod.refreshVolumes());
  }

  /** Changes or creates a ConfigMap; running pods see it in their volumes at once. */
  public setConfigMap(name: string, content: Content): void {
    this.setContent('ConfigMap', name, content);
    this.pods.forEach(pod => pod.refreshVolumes());
  }

  /** The directory of a claim, as a path of this machine. */
  public claim(namespace: string, name: string): string {
    const directory = path.join(this.lab.state, 'clusters', this.name, 'claims', namespace, name);
    fs.mkdirSync(directory, { recursive: true, mode: 0o755 });
    return directory;
  }

  /** A path of a node's own file system, as a path of this machine. */
  public hostPath(node: SiteNode, inside: string): string {
    const root = path.join(this.lab.state, 'clusters', this.name, 'nodes', node.name);
    fs.mkdirSync(root, { recursive: true, mode: 0o755 });
    return path.join(root, path.resolve('/', inside));
  }

  /** Starts one pod of a workload. */
  public async startPod(manifest: Manifest, name?: string, node?: SiteNode): Promise<Pod> {
    const template = this.templateOf(manifest, name);
    const namespace = this.namespaceOf(manifest);
    const account = this.manifests.find(({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === template.spec.serviceAccountName);
    const chosen = node ?? this.freeNode(template.spec, manifest.metadata.name);
    const services = this.services.filter(service => service.namespace === namespace);
    const pod = new Pod(this.lab, {
      name: name ?? `${manifest.metadata.name}-${randomBytes(3).toString('hex').slice(0, 5)}`,
      namespace,
      workload: manifest,
      template,
      node: chosen,
      sources: {
        configMap: each => this.contents.get(`ConfigMap ${namespace}/${each}`),
        secret: each => this.contents.get(`Secret ${namespace}/${each}`),
      },
      storage: {
        claim: each => this.claim(namespace, each),
        hostPath: each => this.hostPath(chosen, each),
      },
      clusterNames: () => this.services.flatMap(service => service.hostLines()),
      serviceVariables: new Map(template.spec.enableServiceLinks === false ? [] : services.flatMap(service => service.variables())),
      accountMountsToken: account?.automountServiceAccountToken ?? true,
    });
    await pod.start();
    this.pods.push(pod);
    await this.sync();
    return pod;
  }

  /** @internal What there was is gone. */
  public async swept(): Promise<void> {
    for (const pod of this.pods.splice(0)) {
      this.lab.network.names.unfollow(pod);
    }
  }

  private take(manifests: Manifest[]): void {
    for (const manifest of manifests) {
      if (![...WORKLOADS, ...READ, ...WITHOUT_EFFECT].includes(manifest.kind)) {
        throw new Error(`${this.name}: the laboratory cannot do ${manifest.kind} ${manifest.metadata.name}`);
      }
      if (manifest.kind === 'ConfigMap' || manifest.kind === 'Secret') {
        const decoded = Object.entries({ ...manifest.kind === 'Secret' ? manifest.data : manifest.binaryData })
          .map(([key, value]) => [key, Buffer.from(value as string, 'base64')]);
        this.setContent(manifest.kind, `${this.namespaceOf(manifest)}/${manifest.metadata.name}`, {
          ...Object.fromEntries(decoded), ...manifest.kind === 'Secret' ? manifest.stringData : manifest.data,
        });
      }
    }
  }

  private async startWorkload(manifest: Manifest): Promise<void> {
    const name = manifest.metadata.name;
    if (manifest.kind === 'Pod') {
      await this.startPod(manifest, name);
    } else if (manifest.kind === 'DaemonSet') {
      const template = this.templateOf(manifest);
      const tolerations = [
        ...template.spec.tolerations ?? [],
        ...['not-ready', 'unreachable', 'disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable']
          .map(condition => ({ key: `node.kubernetes.io/${condition}`, operator: 'Exists' })),
      ];
      for (const node of this.site.nodes.filter(each => mayRunOn({ ...template.spec, tolerations }, each))) {
        const why = whyNotFitting(template.spec, this.specsOn(node), node);
        if (why) {
          throw new Error(`${this.name}: a pod of ${name} stays pending: ${why}`);
        }
        await this.startPod(manifest, undefined, node);
      }
    } else {
      for (let index = 0; index < (manifest.spec.replicas ?? 1); index++) {
        await this.startPod(manifest, manifest.kind === 'StatefulSet' ? `${name}-${index}` : undefined);
      }
    }
  }

  private templateOf(manifest: Manifest, podName?: string): any {
    if (manifest.kind === 'Pod') {
      return manifest;
    }
    const template = structuredClone(manifest.spec.template);
    if (manifest.kind === 'StatefulSet' && podName) {
      const claims = manifest.spec.volumeClaimTemplates ?? [];
      template.spec.volumes = [
        ...template.spec.volumes ?? [],
        ...claims.map((claim: any) => ({ name: claim.metadata.name, persistentVolumeClaim: { claimName: `${claim.metadata.name}-${podName}` } })),
      ];
      template.spec.hostname = podName;
      template.spec.subdomain = manifest.spec.serviceName;
    }
    return template;
  }

  private specsOn(node: SiteNode): any[] {
    return this.pods.filter(pod => pod.node === node).map(pod => pod.spec);
  }

  private freeNode(spec: any, name: string): SiteNode {
    const reasons: string[] = [];
    const candidates = this.site.nodes.filter(node => mayRunOn(spec, node)).filter(node => {
      const why = whyNotFitting(spec, this.specsOn(node), node);
      reasons.push(...why ? [why] : []);
      return !why;
    });
    candidates.sort((a, b) => this.specsOn(a).length - this.specsOn(b).length);
    if (!candidates.length) {
      throw new Error(`${this.name}: a pod of ${name} stays pending: ${reasons.join('; ') || 'no node is for it'}`);
    }
    return candidates[0];
  }

  private async sync(): Promise<void> {
    for (const service of this.services) {
      await service.sync(this.pods);
    }
    this.lab.network.names.rewrite();
  }

  private setContent(kind: string, name: string, content: Content): void {
    this.contents.set(`${kind} ${name}`, Object.fromEntries(Object.entries(content).map(([key, value]) => [key, Buffer.from(value)])));
  }

  private namespaceOf(manifest: Manifest): string {
    return manifest.metadata.namespace ?? 'default';
  }
}

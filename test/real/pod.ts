import { randomUUID } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import { CommandResult, run } from './command';
import { Container, ExecOptions } from './container';
import { PodFacts } from './downward';
import { environment, expand, Sources } from './environment';
import type { Lab } from './lab';
import { Manifest } from './manifest';
import { DEAD_NAME_SERVER, writeInPlace } from './names';
import { ociConfig, OciMount } from './oci';
import { checkPodSpec } from './pod-shape';
import { imageRootfs } from './rootfs';
import type { SiteNode } from './site-node';
import { Storage, TOKEN_VOLUME, Volumes } from './volumes';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** What a pod is made of. */
export interface PodInput {
  readonly name: string;
  readonly namespace: string;
  /** The workload it belongs to. */
  readonly workload: Manifest;
  /** The pod template, or the pod itself. */
  readonly template: any;
  readonly node: SiteNode;
  readonly sources: Sources;
  readonly storage: Storage;
  /** Lines of /etc/hosts that the cluster knows: its Services. */
  readonly clusterNames: () => string[];
  /** The variables that tell of the cluster's Services. */
  readonly serviceVariables: ReadonlyMap<string, string>;
  /** Whether its ServiceAccount lets its token be mounted. */
  readonly accountMountsToken: boolean;
}

export type ProbeKind = 'liveness' | 'readiness' | 'startup';

let podCount = 0;

/** One pod at one node: what the kubelet and the runtime would make of its template. */
export class Pod {
  public readonly name: string;
  public readonly namespace: string;
  public readonly uid = randomUUID();
  public readonly labels: { readonly [key: string]: string };
  public readonly workload: Manifest;
  public readonly node: SiteNode;
  public readonly spec: any;
  private readonly directory: string;
  private readonly cgroup: string;
  private readonly containers = new Map<string, Container>();
  private readonly volumes: Volumes;
  private readonly undo: (() => Promise<void>)[] = [];
  private facts: PodFacts;
  private network = '';
  private runs = 0;

  constructor(private readonly lab: Lab, private readonly input: PodInput) {
    podCount += 1;
    this.name = input.name;
    this.namespace = input.namespace;
    this.workload = input.workload;
    this.node = input.node;
    this.labels = {
      ...input.template.metadata?.labels,
      // A Service for one pod of the set alone selects this.
      ...input.workload.kind === 'StatefulSet' ? { 'statefulset.kubernetes.io/pod-name': input.name } : {},
    };
    this.spec = structuredClone(input.template.spec);
    checkPodSpec(this.spec, `${input.namespace}/${input.name}`);
    if (this.spec.automountServiceAccountToken ?? input.accountMountsToken) {
      this.spec.volumes = [...this.spec.volumes ?? [], TOKEN_VOLUME.volume];
      for (const container of [...this.spec.initContainers ?? [], ...this.spec.containers]) {
        if (!container.volumeMounts?.some((mount: any) => mount.mountPath === TOKEN_VOLUME.mount.mountPath)) {
          container.volumeMounts = [...container.volumeMounts ?? [], TOKEN_VOLUME.mount];
        }
      }
    }
    this.directory = path.join(lab.state, 'pods', String(podCount));
    this.cgroup = `/${lab.prefix}/pod${podCount}`;
    this.facts = {
      name: this.name,
      namespace: this.namespace,
      uid: this.uid,
      labels: this.labels,
      annotations: input.template.metadata?.annotations ?? {},
      nodeName: input.node.name,
      serviceAccountName: this.spec.serviceAccountName ?? 'default',
      podIP: '',
      hostIP: input.node.address,
      allocatable: input.node.allocatable,
    };
    this.volumes = new Volumes(path.join(this.directory, 'volumes'), {
      // The address is known later than the volumes' owner.
      get facts() { return self().facts; },
      sources: input.sources,
      spec: this.spec,
    }, input.storage);
    const self = () => this;
  }

  /** The pod's address; the node's with hostNetwork. */
  public get address(): string {
    return this.facts.podIP;
  }

  /** What the pod calls itself. */
  public get hostname(): string {
    return this.spec.hostNetwork ? this.node.name : this.spec.hostname ?? this.name;
  }

  /** Starts it: the network, the volumes, the init containers one after the other, the containers. */
  public async start(): Promise<this> {
    try {
      fs.mkdirSync(path.join(this.directory, 'volumes'), { recursive: true });
      await this.makeNetwork();
      this.undo.push(() => this.volumes.remove());
      await this.volumes.make();
      await this.makeShm();
      this.lab.network.names.follow(this, () => this.writeNames());
      this.undo.push(async () => this.lab.network.names.unfollow(this));
      for (const container of this.spec.initContainers ?? []) {
        const started = await this.run(container);
        if (container.restartPolicy !== 'Always') {
          const status = await started.exited;
          if (status !== 0) {
            throw new Error(`${this.name}: init container ${container.name} ended with ${status}:\n${started.log}`);
          }
          await started.stop(0);
          this.containers.delete(container.name);
        }
      }
      for (const container of this.spec.containers) {
        await this.run(container);
      }
    } catch (error) {
      await this.delete({ grace: 0 });
      throw error;
    }
    return this;
  }

  /** The running or last run of a container; the first one if no name is given. */
  public container(name: string = this.spec.containers[0].name): Container {
    const container = this.containers.get(name);
    if (!container) {
      throw new Error(`${this.name} has no container ${name}`);
    }
    return container;
  }

  /** Runs a command in a container. */
  public exec(container: string | undefined, argv: string[], options: ExecOptions = {}): Promise<CommandResult> {
    return this.container(container).exec(argv, options);
  }

  /** Asks a probe once, as it stands in the template. Its status is 0 if it is content. */
  public async probe(kind: ProbeKind, container?: string): Promise<CommandResult> {
    const spec = this.containerSpec(container);
    const probe = spec[`${kind}Probe`];
    if (!probe) {
      throw new Error(`${this.name}/${spec.name} has no ${kind} probe`);
    }
    const timeout = probe.timeoutSeconds ?? 1;
    if (probe.exec) {
      return this.exec(spec.name, probe.exec.command, { timeout });
    }
    const asked = (probe.tcpSocket ?? probe.httpGet).port;
    const port = (spec.ports ?? []).find(({ name }: any) => name === asked)?.containerPort ?? Number(asked);
    if (probe.httpGet) {
      const { scheme = 'HTTP', path: asks, httpHeaders } = probe.httpGet;
      return this.node.get(`${scheme.toLowerCase()}://${this.address}:${port}${asks}`, timeout, httpHeaders);
    }
    return this.node.dial(probe.tcpSocket.host ?? this.address, port, timeout);
  }

  /** Sends a signal to the daemons of a name, or to the first process. Says how many there were. */
  public kill(signal: NodeJS.Signals, program?: string, container?: string): number {
    return this.container(container).signal(signal, program);
  }

  /** Starts a container again after its end, as the kubelet does: a new file system, the same volumes and address. */
  public async restart(container?: string): Promise<void> {
    const spec = this.containerSpec(container);
    await this.container(spec.name).stop(0);
    await this.run(spec);
  }

  /** Writes the content of ConfigMaps and Secrets anew. */
  public refreshVolumes(): void {
    this.volumes.refresh();
  }

  /**
   * Ends it as the kubelet does: preStop, SIGTERM to the first process of each
   * container, SIGKILL when the grace is over. Says whether all went by themselves.
   */
  public async delete(options: { grace?: number } = {}): Promise<boolean> {
    const grace = options.grace ?? this.spec.terminationGracePeriodSeconds ?? 30;
    const end = Date.now() + grace * 1000;
    const stopped = await Promise.all([...this.containers].map(async ([name, container]) => {
      const hook = this.containerSpec(name).lifecycle?.preStop?.exec;
      if (hook && grace > 0 && container.running) {
        await container.exec(hook.command, { timeout: grace });
      }
      return container.stop(grace === 0 ? 0 : Math.max(1, (end - Date.now()) / 1000));
    }));
    this.containers.clear();
    for (const undo of this.undo.splice(0).reverse()) {
      await undo();
    }
    fs.rmSync(this.directory, { recursive: true, force: true });
    return stopped.every(bySelf => bySelf);
  }

  private containerSpec(name?: string): any {
    const all = [...this.spec.containers, ...this.spec.initContainers ?? []];
    const found = name === undefined ? all[0] : all.find(container => container.name === name);
    if (!found) {
      throw new Error(`${this.name} has no container ${name}`);
    }
    return found;
  }

  private async makeNetwork(): Promise<void> {
    if (this.spec.hostNetwork) {
      this.network = this.node.machine.path;
      this.facts = { ...this.facts, podIP: this.node.address };
      return;
    }
    const { machine, address, release } = await this.node.podMachine();
    this.network = machine.path;
    this.facts = { ...this.facts, podIP: address };
    this.undo.push(release);
  }

  private async makeShm(): Promise<void> {
    const shm = path.join(this.directory, 'shm');
    fs.mkdirSync(shm);
    await run(['mount', '-t', 'tmpfs', '-o', 'mode=1777,size=64m,nosuid,nodev,noexec', 'shm', shm]);
    this.undo.push(async () => {
      await run(['umount', '--lazy', shm]);
    });
  }

  private writeNames(): void {
    const dead = this.lab.network.names.dead;
    const domain = this.spec.subdomain ? `${this.hostname}.${this.spec.subdomain}.${this.namespace}.svc.cluster.local\t` : '';
    const aliases = (this.spec.hostAliases ?? []).map((alias: any) => [alias.ip, ...alias.hostnames].join('\t'));
    const world = dead ? [] : [...this.input.clusterNames(), ...this.lab.network.names.lines()];
    const hosts = ['127.0.0.1\tlocalhost', `${this.address}\t${this.spec.hostNetwork ? '' : domain}${this.hostname}`, ...aliases, ...world];
    writeInPlace(path.join(this.directory, 'hosts'), `${hosts.join('\n')}\n`);
    writeInPlace(path.join(this.directory, 'hostname'), `${this.hostname}\n`);
    const { nameservers = [], searches = [], options = [] } = this.spec.dnsConfig ?? {};
    const search = [`${this.namespace}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local', ...searches];
    const resolver = ['ndots:5', ...options.map((option: any) => (option.value === undefined ? option.name : `${option.name}:${option.value}`))];
    writeInPlace(path.join(this.directory, 'resolv.conf'), [
      ...dead ? [`nameserver ${DEAD_NAME_SERVER}`] : nameservers.map((server: string) => `nameserver ${server}`),
      `search ${search.join(' ')}`,
      `options ${resolver.join(' ')}`,
      '',
    ].join('\n'));
  }

  private async run(container: any): Promise<Container> {
    this.runs += 1;
    const directory = path.join(this.directory, `${container.name}-${this.runs}`);
    fs.mkdirSync(directory);
    const variables = environment(container, this.facts, this.input.sources, this.input.serviceVariables);
    const argv = [...container.command ?? [], ...container.args ?? []].map((word: string) => expand(word, variables));
    if (!container.command) {
      // The image has no entry point: a command is the template's to say.
      throw new Error(`${this.name}/${container.name} has no command`);
    }
    const image = imageRootfs(container.image);
    const config = ociConfig({
      container,
      podSecurity: this.spec.securityContext,
      rootfs: path.join(directory, 'rootfs'),
      image,
      argv,
      env: variables,
      hostname: this.hostname,
      network: this.network,
      cgroup: `${this.cgroup}/${container.name}-${this.runs}`,
      mounts: this.mounts(container, variables),
    });
    fs.writeFileSync(path.join(directory, 'config.json'), JSON.stringify(config));
    const id = `${this.lab.prefix}-${path.basename(this.directory)}-${container.name}-${this.runs}`;
    const started = await Container.start(id, path.join(this.lab.state, 'runc'), directory, image);
    this.containers.set(container.name, started);
    return started;
  }

  private mounts(container: any, variables: ReadonlyMap<string, string>): OciMount[] {
    const readOnlyRoot = container.securityContext?.readOnlyRootFilesystem === true;
    const bind = (destination: string, source: string, readOnly: boolean, propagation = 'rprivate'): OciMount =>
      ({ destination, type: 'bind', source, options: ['rbind', propagation, readOnly ? 'ro' : 'rw'] });
    const propagations: { [name: string]: string } = { None: 'rprivate', HostToContainer: 'rslave', Bidirectional: 'rshared' };
    const own = [
      bind('/dev/shm', path.join(this.directory, 'shm'), false),
      ...['hosts', 'hostname', 'resolv.conf'].map(name => bind(`/etc/${name}`, path.join(this.directory, name), readOnlyRoot)),
    ];
    const wanted = (container.volumeMounts ?? []).map((mount: any) => bind(
      mount.mountPath,
      this.volumes.source({
        name: mount.name,
        subPath: mount.subPathExpr === undefined ? mount.subPath : expand(mount.subPathExpr, variables),
      }),
      mount.readOnly === true || this.isReadOnly(mount.name),
      propagations[mount.mountPropagation ?? 'None'],
    ));
    // A mount below another comes after it.
    return [...own, ...wanted.sort((a: OciMount, b: OciMount) => a.destination.split('/').length - b.destination.split('/').length)];
  }

  /** The kubelet mounts ConfigMaps, Secrets and their kin read-only, whatever the mount says. */
  private isReadOnly(name: string): boolean {
    const volume = this.spec.volumes.find((candidate: any) => candidate.name === name);
    return Boolean(volume?.secret ?? volume?.configMap ?? volume?.projected ?? volume?.downwardAPI);
  }
}

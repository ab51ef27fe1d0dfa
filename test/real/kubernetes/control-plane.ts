import * as path from 'path';
import { CommandResult } from '../command';
import { Machine } from '../machine';
import { toolset, ToolsetName } from './binaries';
import { Authority, KeyPair, signingKey } from './certificates';
import { Component, Surroundings } from './component';
import { ControlGroup } from './control-group';
import { writeKubeconfig } from './kubeconfig';
import { kubectl, KubectlOptions } from './kubectl';

/** The programs of a control plane, in the order in which they start. */
export type ControlPlaneComponent = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler';

export interface ControlPlaneOptions {
  /** The cluster's name. */
  readonly name: string;
  /** Where it keeps all it writes. */
  readonly directory: string;
  /** The control group its processes run in. */
  readonly group: ControlGroup;
  /** The range of Services' addresses. @default 10.96.0.0/16 */
  readonly serviceCidr?: string;
  /** Which Kubernetes. @default 'kubernetes-newest' */
  readonly kubernetes?: ToolsetName;
  /** The address at which nodes and pods reach it. @default - none: it is alone, and schedules nothing */
  readonly address?: string;
  /** Further addresses at which it is reached. */
  readonly otherAddresses?: string[];
  /** Whether it schedules pods. @default - if it has an address */
  readonly schedules?: boolean;
  /** What its programs are told besides, or otherwise. */
  readonly flags?: { readonly [component in ControlPlaneComponent]?: Flags };
}

/** What a program is told. */
export interface Flags {
  readonly [flag: string]: string | number | boolean;
}

/** The port of every API server. */
export const API_PORT = 6443;
/** An address that is nobody's: the API server insists on having one that isn't loopback. */
const NOBODY = '192.0.2.1';

/**
 * A cluster's control plane on a machine of its own, as kubeadm would set it up:
 * node and RBAC authorization, Pod Security admission, the default controllers.
 */
export class ControlPlane {
  /** Makes its keys, and starts it; it answers then. */
  public static async start(machine: Machine, options: ControlPlaneOptions): Promise<ControlPlane> {
    const pki = path.join(options.directory, 'pki');
    const authority = await Authority.make(pki, 'ca');
    const server = await authority.issue('kube-apiserver', {
      user: 'kube-apiserver',
      names: ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'],
      addresses: [
        '127.0.0.1', firstAddress(options.serviceCidr ?? '10.96.0.0/16'),
        ...options.address ? [options.address] : [], ...options.otherAddresses ?? [],
      ],
    });
    const admin = await authority.issue('admin', { user: 'cluster-admin', groups: ['system:masters'] });
    const controlPlane = new ControlPlane(machine, options, authority, admin);
    await controlPlane.assemble(server);
    await controlPlane.begin();
    return controlPlane;
  }

  /** The kubeconfig of the cluster's administrator, for use on this machine. */
  public readonly kubeconfig: string;
  public readonly components = new Map<ControlPlaneComponent, Component>();
  private readonly serviceCidr: string;

  private constructor(
    public readonly machine: Machine,
    private readonly options: ControlPlaneOptions,
    /** What all certificates of the cluster come from. */
    public readonly authority: Authority,
    /** The administrator's. */
    public readonly admin: KeyPair,
  ) {
    this.serviceCidr = options.serviceCidr ?? '10.96.0.0/16';
    this.kubeconfig = this.writeKubeconfig('admin', admin);
  }

  /** Writes a kubeconfig for a program on this machine. */
  private writeKubeconfig(name: string, identity: KeyPair): string {
    return writeKubeconfig(path.join(this.options.directory, `${name}.conf`), [{
      context: this.options.name, server: `https://127.0.0.1:${API_PORT}`, authority: this.authority.certificate, identity,
    }]);
  }

  /** Runs kubectl as the administrator, and says how it ended. */
  public kubectl(args: string[], options: KubectlOptions = {}): Promise<CommandResult> {
    return kubectl(this.machine, this.kubeconfig, args, options);
  }

  public async kill(component: ControlPlaneComponent, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.component(component).kill(signal);
  }

  /** Ends a component and starts it again. */
  public async restart(component: ControlPlaneComponent): Promise<void> {
    await this.component(component).restart();
  }

  private component(name: ControlPlaneComponent): Component {
    const component = this.components.get(name);
    if (!component) {
      throw new Error(`${this.options.name}'s control plane has no ${name}`);
    }
    return component;
  }

  private async begin(): Promise<void> {
    this.component('etcd').start();
    const server = this.component('kube-apiserver').start();
    await server.until('ready', async () => (await this.kubectl(['get', '--raw', '/readyz'])).status === 0);
    this.components.get('kube-controller-manager')!.start();
    this.components.get('kube-scheduler')?.start();
  }

  private async assemble(server: KeyPair): Promise<void> {
    const { name, directory, group, address } = this.options;
    const pki = path.join(directory, 'pki');
    const kubernetes = toolset(this.options.kubernetes ?? 'kubernetes-newest');
    const surroundings: Surroundings = { network: this.machine.path, group, logs: path.join(directory, 'logs') };
    const add = (component: ControlPlaneComponent, program: string, flags: Flags) =>
      this.components.set(component, new Component(component, commandLine(program, { ...flags, ...this.options.flags?.[component] }), surroundings));

    const frontProxy = await Authority.make(path.join(pki, 'front-proxy'), 'front-proxy-ca');
    const [serviceAccounts, frontProxyClient, kubeletClient, controllerManager, scheduler] = await Promise.all([
      signingKey(pki, 'service-accounts'),
      frontProxy.issue('front-proxy-client', { user: 'front-proxy-client' }),
      this.authority.issue('kubelet-client', { user: 'kube-apiserver-kubelet-client', groups: ['system:masters'] }),
      this.authority.issue('controller-manager', { user: 'system:kube-controller-manager' }),
      this.authority.issue('scheduler', { user: 'system:kube-scheduler' }),
    ]);

    add('etcd', toolset('etcd').path('etcd'), {
      'name': name,
      'data-dir': path.join(directory, 'etcd'),
      'listen-client-urls': 'http://127.0.0.1:2379',
      'advertise-client-urls': 'http://127.0.0.1:2379',
      'listen-peer-urls': 'http://127.0.0.1:2380',
      'initial-advertise-peer-urls': 'http://127.0.0.1:2380',
      'initial-cluster': `${name}=http://127.0.0.1:2380`,
      // What a power failure would lose is not what is tested; a kill loses nothing.
      'unsafe-no-fsync': true,
    });
    add('kube-apiserver', kubernetes.path('kube-apiserver'), {
      'etcd-servers': 'http://127.0.0.1:2379',
      'bind-address': address ? '0.0.0.0' : '127.0.0.1',
      'advertise-address': address ?? NOBODY,
      'endpoint-reconciler-type': address ? 'lease' : 'none',
      'secure-port': API_PORT,
      'authorization-mode': 'Node,RBAC',
      'enable-admission-plugins': 'NodeRestriction',
      'allow-privileged': true,
      'client-ca-file': this.authority.certificate,
      'tls-cert-file': server.certificate,
      'tls-private-key-file': server.key,
      'kubelet-certificate-authority': this.authority.certificate,
      'kubelet-client-certificate': kubeletClient.certificate,
      'kubelet-client-key': kubeletClient.key,
      'kubelet-preferred-address-types': 'InternalIP',
      'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
      'service-account-key-file': serviceAccounts.publicKey,
      'service-account-signing-key-file': serviceAccounts.key,
      'service-cluster-ip-range': this.serviceCidr,
      'requestheader-client-ca-file': frontProxy.certificate,
      'requestheader-allowed-names': 'front-proxy-client',
      'requestheader-username-headers': 'X-Remote-User',
      'requestheader-group-headers': 'X-Remote-Group',
      'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
      'proxy-client-cert-file': frontProxyClient.certificate,
      'proxy-client-key-file': frontProxyClient.key,
      // No kube-proxy runs here: Services are dialled at their endpoints.
      'enable-aggregator-routing': true,
      'profiling': false,
    });
    const controllers = (component: string, identity: KeyPair) => {
      const kubeconfig = this.writeKubeconfig(component, identity);
      return {
        'kubeconfig': kubeconfig,
        'authentication-kubeconfig': kubeconfig,
        'authorization-kubeconfig': kubeconfig,
        'bind-address': '127.0.0.1',
        'leader-elect': false,
        'profiling': false,
      };
    };
    add('kube-controller-manager', kubernetes.path('kube-controller-manager'), {
      ...controllers('kube-controller-manager', controllerManager),
      'cluster-signing-cert-file': this.authority.certificate,
      'cluster-signing-key-file': this.authority.key,
      'root-ca-file': this.authority.certificate,
      'service-account-private-key-file': serviceAccounts.key,
      'use-service-account-credentials': true,
    });
    if (this.options.schedules ?? address) {
      add('kube-scheduler', kubernetes.path('kube-scheduler'), controllers('kube-scheduler', scheduler));
    }
  }
}

/** A program and what it is told. */
export function commandLine(program: string, flags: Flags): string[] {
  return [program, ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)];
}

/** The address of the Service `kubernetes`: the first of the range. */
function firstAddress(cidr: string): string {
  return cidr.replace(/\.0\/\d+$/, '.1');
}

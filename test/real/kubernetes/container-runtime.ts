import * as fs from 'fs';
import * as path from 'path';
import { attempt, CommandResult } from '../command';
import { toolset } from './binaries';
import { Component, Surroundings } from './component';
import { Image, pauseImage } from './images';

/** Where a node's containerd listens, on that node. */
export const SOCKET = '/run/containerd/containerd.sock';

const configuration = (cni: string, networks: string) => `version = 3
root = '/var/lib/containerd'
state = '/run/containerd'
oom_score = 0
disabled_plugins = [
  'io.containerd.snapshotter.v1.blockfile', 'io.containerd.snapshotter.v1.btrfs', 'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.erofs', 'io.containerd.snapshotter.v1.zfs', 'io.containerd.nri.v1.nri', 'io.containerd.tracing.processor.v1.otlp',
]

[grpc]
  address = '${SOCKET}'

[plugins.'io.containerd.cri.v1.images']
  snapshotter = 'overlayfs'
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = '${pauseImage().name}'

[plugins.'io.containerd.cri.v1.runtime']
  # Not every root may protect a process from the kernel's killer (CAP_SYS_RESOURCE).
  restrict_oom_score_adj = true
  disable_hugetlb_controller = true
  tolerate_missing_hugetlb_controller = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ['${cni}']
    conf_dir = '${networks}'
  [plugins.'io.containerd.cri.v1.runtime'.containerd]
    default_runtime_name = 'runc'
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
      runtime_type = 'io.containerd.runc.v2'
      [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
        SystemdCgroup = false
`;

/** The network of a node's pods: a cable from each to the node, which routes; no bridge hides traffic from the policy engine. */
const network = (podCidr: string) => ({
  cniVersion: '1.0.0',
  name: 'pods',
  plugins: [
    {
      type: 'ptp',
      ipMasq: false,
      ipam: { type: 'host-local', ranges: [[{ subnet: podCidr }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
});

/** A node's container runtime. */
export class ContainerRuntime {
  public readonly component: Component;
  /** The environment in which the node's programs find the runtime's. */
  public readonly environment: { readonly [name: string]: string };

  constructor(private readonly surroundings: Surroundings, private readonly directory: string, private readonly podCidr: string) {
    const { directory: programs, path: program } = toolset('containerd');
    this.environment = { PATH: `${programs}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin` };
    this.component = new Component('containerd', [
      program('containerd'), '--config', path.join(directory, 'containerd.toml'),
    ], surroundings, { env: this.environment });
  }

  /** Starts it, and gives it images. */
  public async start(images: Image[]): Promise<void> {
    const networks = path.join(this.directory, 'cni');
    fs.mkdirSync(networks, { recursive: true });
    fs.writeFileSync(path.join(networks, 'pods.conflist'), JSON.stringify(network(this.podCidr)));
    fs.writeFileSync(path.join(this.directory, 'containerd.toml'), configuration(toolset('cni').directory, networks));
    this.component.start();
    await this.answers();
    for (const image of images) {
      await this.take(image);
    }
  }

  /** Takes an image in. */
  public async take(image: Image): Promise<void> {
    await this.ctr('images', 'import', image.archive);
  }

  /** Waits until it answers. */
  public async answers(): Promise<void> {
    await this.component.until('answering', async () => (await this.attempt('version')).status === 0);
  }

  /** Runs containerd's own client on the node. */
  public async ctr(...args: string[]): Promise<string> {
    const result = await this.attempt(...args);
    if (result.status !== 0) {
      throw new Error(`ctr ${args.join(' ')} ended with ${result.status}:\n${result.stderr}${result.stdout}`);
    }
    return result.stdout;
  }

  private attempt(...args: string[]): Promise<CommandResult> {
    const { network: namespace, namespacesOf } = this.surroundings;
    return attempt([
      'nsenter', `--net=${namespace}`, '--target', String(namespacesOf!()), '--mount', '--uts',
      toolset('containerd').path('ctr'), '--address', SOCKET, '--namespace', 'k8s.io', ...args,
    ]);
  }
}

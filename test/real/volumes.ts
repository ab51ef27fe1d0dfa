import * as fs from 'fs';
import * as path from 'path';
import { writeAtomically } from './atomic-writer';
import { run } from './command';
import { onlyFields, onlyValue } from './manifest';
import { quantity } from './quantity';
import { ContentContext, volumeContent } from './volume-content';

// File modes and masks are bits.
/* eslint-disable no-bitwise */

/** Where the volumes that outlive a pod are. */
export interface Storage {
  /** The directory of a claim. */
  claim(name: string): string;
  /** A path of the node's own file system. */
  hostPath(path: string): string;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The volume and mount that the API server adds for a ServiceAccount's token. */
export const TOKEN_VOLUME = {
  volume: {
    name: 'kube-api-access',
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { path: 'token' } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  },
  mount: { name: 'kube-api-access', mountPath: SERVICE_ACCOUNT, readOnly: true },
};

/** The volumes of one pod, as directories of this machine. */
export class Volumes {
  private readonly paths = new Map<string, string>();
  private readonly mounts: string[] = [];

  constructor(
    private readonly directory: string,
    private readonly context: ContentContext,
    private readonly storage: Storage,
  ) {}

  private get fsGroup(): number | undefined {
    return this.context.spec.securityContext?.fsGroup;
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  private get list(): any[] {
    return this.context.spec.volumes ?? [];
  }

  public async make(): Promise<void> {
    for (const volume of this.list) {
      this.paths.set(volume.name, await this.makeOne(volume));
    }
  }

  /** Writes the content of ConfigMaps and Secrets anew, as the kubelet does some time after they change. */
  public refresh(): void {
    for (const volume of this.list) {
      const payload = volumeContent(volume, this.context);
      if (payload) {
        writeAtomically(this.paths.get(volume.name)!, payload, this.fsGroup);
      }
    }
  }

  /** The directory or file that a mount shows; makes the subPath if it isn't there. */
  public source(mount: { name: string; subPath?: string }): string {
    const base = this.paths.get(mount.name);
    if (base === undefined) {
      throw new Error(`there is no volume ${mount.name}`);
    }
    if (!mount.subPath) {
      return base;
    }
    const source = path.join(base, mount.subPath);
    if (!fs.existsSync(source)) {
      const stat = fs.statSync(base);
      fs.mkdirSync(source, { recursive: true });
      fs.chownSync(source, stat.uid, stat.gid);
      fs.chmodSync(source, stat.mode & 0o7777);
    }
    // Resolved now: a subPath doesn't follow later changes.
    return fs.realpathSync(source);
  }

  public async remove(): Promise<void> {
    for (const mount of this.mounts.splice(0).reverse()) {
      await run(['umount', '--lazy', mount]);
    }
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  private async makeOne(volume: any): Promise<string> {
    const where = `volume ${volume.name}`;
    if (volume.hostPath) {
      return this.makeHostPath(volume.hostPath, where);
    }
    if (volume.persistentVolumeClaim) {
      const claim = this.storage.claim(volume.persistentVolumeClaim.claimName);
      this.giveToGroup(claim);
      return claim;
    }
    const directory = path.join(this.directory, volume.name);
    fs.mkdirSync(directory, { recursive: true });
    const payload = volumeContent(volume, this.context);
    if (payload) {
      // Secrets never touch a disk.
      await this.tmpfs(directory, 4 * 1024 * 1024, '1777');
      writeAtomically(directory, payload, this.fsGroup);
    } else {
      const emptyDir = volume.emptyDir ?? {};
      onlyFields(emptyDir, where, { medium: 'honoured', sizeLimit: 'honoured' });
      onlyValue(emptyDir.medium, `${where}.medium`, '', 'Memory');
      if (emptyDir.medium === 'Memory') {
        await this.tmpfs(directory, emptyDir.sizeLimit ? quantity(emptyDir.sizeLimit) : undefined, '0777');
      }
      fs.chmodSync(directory, 0o777);
      this.giveToGroup(directory);
    }
    return directory;
  }

  private async tmpfs(directory: string, size: number | undefined, mode: string): Promise<void> {
    await run(['mount', '-t', 'tmpfs', '-o', `mode=${mode}${size ? `,size=${Math.ceil(size)}` : ''}`, 'tmpfs', directory]);
    this.mounts.push(directory);
  }

  private giveToGroup(directory: string): void {
    if (this.fsGroup === undefined) {
      return;
    }
    const gid = this.fsGroup;
    const visit = (entry: string) => {
      const stat = fs.lstatSync(entry);
      fs.lchownSync(entry, stat.uid, gid);
      if (stat.isDirectory()) {
        fs.chmodSync(entry, (stat.mode & 0o7777) | 0o2770);
        fs.readdirSync(entry).forEach(child => visit(path.join(entry, child)));
      } else if (stat.isFile()) {
        fs.chmodSync(entry, (stat.mode & 0o7777) | 0o660);
      }
    };
    visit(directory);
  }

  private makeHostPath(source: { path: string; type?: string }, where: string): string {
    const target = this.storage.hostPath(source.path);
    onlyValue(source.type, `${where}.hostPath.type`, '', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate');
    if (source.type === 'DirectoryOrCreate' || source.type === undefined || source.type === '') {
      fs.mkdirSync(target, { recursive: true, mode: 0o755 });
    } else if (source.type === 'FileOrCreate' && !fs.existsSync(target)) {
      fs.writeFileSync(target, '', { mode: 0o644 });
    }
    const stat = fs.existsSync(target) ? fs.statSync(target) : undefined;
    if (!stat || (source.type?.startsWith('File') ? !stat.isFile() : !stat.isDirectory())) {
      throw new Error(`${where}: the node has no ${source.type} ${source.path}`);
    }
    return target;
  }
}

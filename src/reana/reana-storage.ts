import { ApiObject, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { ReanaNames } from './reana-names';
import { quantity } from '../workload/quantity';

/** Where the volume of all workspaces is mounted, in every pod (`SHARED_VOLUME_PATH`). */
export const SHARED_VOLUME_PATH = '/var/reana';

/** Options of `ReanaStorage.storageClass`. */
export interface ReanaClaimOptions {
  /**
   * The StorageClass, which must give volumes that many nodes write to (`ReadWriteMany`), such as CephFS or NFS.
   *
   * @default - the cluster's default one
   */
  readonly storageClass?: string;

  /**
   * How much is asked for.
   *
   * @default Size.gibibytes(200)
   */
  readonly size?: Size;
}

/** Options of `ReanaStorage.csi`. */
export interface ReanaCsiVolume {
  /** The CSI driver, such as `cephfs.manila.csi.openstack.org`. */
  readonly driver: string;

  /** The volume's id, by which the driver knows it. In the runtime namespace it has another, as two PersistentVolumes must: `<volumeHandle>-runtime`. */
  readonly volumeHandle: string;

  /**
   * What the driver has to know of it, such as `shareID` and `shareAccessID`.
   *
   * @default - nothing
   */
  readonly attributes?: { [attribute: string]: string };

  /**
   * The Secret with which nodes mount it, as `namespace/name`.
   *
   * @default - none
   */
  readonly nodeSecret?: string;

  /**
   * The volume's size.
   *
   * @default Size.gibibytes(200)
   */
  readonly size?: Size;
}

/** Where workspaces are: one volume that the server, the workflow controller, engines, steps and sessions share, on whichever node they are. */
export class ReanaStorage {
  /**
   * A claim on a StorageClass. It reaches one namespace: with a runtime namespace of its own it is refused.
   *
   * @param options the class and the size
   */
  public static storageClass(options: ReanaClaimOptions = {}): ReanaStorage {
    return new ReanaStorage(true, true, options.size ?? DEFAULT_SIZE, claim => ({ ...claim, storageClassName: options.storageClass }));
  }

  /**
   * An NFS export that is there. Directories must be writable by the group 0.
   *
   * @param server the NFS server's name or address
   * @param path the exported path
   * @param size how much it holds; NFS doesn't enforce it
   */
  public static nfs(server: string, path: string, size?: Size): ReanaStorage {
    return new ReanaStorage(true, false, size ?? DEFAULT_SIZE, undefined, () => ({ nfs: { server, path } }));
  }

  /**
   * A volume of a CSI driver that is there, such as a Manila share of CephFS.
   *
   * @param volume the driver and how it knows the volume
   */
  public static csi(volume: ReanaCsiVolume): ReanaStorage {
    const [namespace, name] = volume.nodeSecret?.split('/') ?? [];
    return new ReanaStorage(true, false, volume.size ?? DEFAULT_SIZE, undefined, suffix => ({
      csi: {
        driver: volume.driver,
        volumeHandle: `${volume.volumeHandle}${suffix}`,
        volumeAttributes: volume.attributes,
        ...name && { nodeStageSecretRef: { namespace, name }, nodePublishSecretRef: { namespace, name } },
      },
    }));
  }

  /** A claim `<prefix>-shared-persistent-volume` that somebody else makes, in each of REANA's namespaces. */
  public static existingClaim(): ReanaStorage {
    return new ReanaStorage(true, false, DEFAULT_SIZE);
  }

  /** The directory `/var/reana` of the node, which must be there and writable by the group 0. For clusters of one node: pods of another don't see it. */
  public static hostPath(): ReanaStorage {
    return new ReanaStorage(false, false, DEFAULT_SIZE);
  }

  /** Whether pods on all nodes see the same. */
  public readonly shared: boolean;

  /** @internal */
  public readonly _oneNamespaceOnly: boolean;

  private constructor(
    shared: boolean, oneNamespaceOnly: boolean,
    private readonly size: Size,
    private readonly claimSpec?: (spec: object) => object,
    private readonly volumeSource?: (suffix: string) => object,
  ) {
    this.shared = shared;
    this._oneNamespaceOnly = oneNamespaceOnly;
  }

  /** @internal */
  public _volume(names: ReanaNames): object {
    return this.shared ? { persistentVolumeClaim: { claimName: names.sharedClaim } } : { hostPath: { path: SHARED_VOLUME_PATH, type: 'Directory' } };
  }

  /**
   * The claims, and the volumes that are bound to them.
   *
   * @internal
   */
  public _declare(scope: Construct, names: ReanaNames): void {
    const storage = quantity(this.size);
    const spec = { accessModes: ['ReadWriteMany'], resources: { requests: { storage } } };
    for (const [namespace, suffix] of names.oneNamespace ? [[names.namespace, '']] : [[names.namespace, ''], [names.runtimeNamespace, '-runtime']]) {
      const metadata = { name: names.sharedClaim, namespace, labels: names.labels('shared-storage') };
      if (this.claimSpec) {
        new ApiObject(scope, `Claim${suffix}`, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: this.claimSpec(spec) });
      }
      if (this.volumeSource) {
        const volumeName = `${namespace}-${names.sharedClaim}`;
        new ApiObject(scope, `Volume${suffix}`, {
          apiVersion: 'v1',
          kind: 'PersistentVolume',
          metadata: { name: volumeName, labels: metadata.labels },
          spec: {
            accessModes: spec.accessModes,
            capacity: { storage },
            // a claim that is deleted takes nobody's work with it
            persistentVolumeReclaimPolicy: 'Retain',
            storageClassName: '',
            claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: names.sharedClaim },
            ...this.volumeSource(suffix),
          },
        });
        new ApiObject(scope, `Claim${suffix}`, {
          apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: { ...spec, storageClassName: '', volumeName },
        });
      }
    }
  }
}

const DEFAULT_SIZE = Size.gibibytes(200);

import { ApiObject, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';
import { quantity } from '../workload/quantity';

/** Where an engine sees the volume. Steps see their directories at the same paths. */
export const SHARED_MOUNT = '/srv/workerdata';

/** The directory on it whose files a staging server serves. */
export const STAGING_DIRECTORY = '.staging';

/** The claim that an engine makes, if it is not told another. */
const CLAIM = 'wflowworker-data';

/** Options of `WorkflowStorage.newClaim`. */
export interface NewWorkflowClaim {
  /**
   * The StorageClass, which must give volumes that many nodes write to (`ReadWriteMany`), such as CephFS or NFS.
   *
   * @default - the cluster's default one
   */
  readonly storageClass?: string;

  /**
   * How much is asked for.
   *
   * @default Size.gibibytes(100)
   */
  readonly size?: Size;

  /**
   * The claim's name.
   *
   * @default 'wflowworker-data'
   */
  readonly claimName?: string;
}

interface VolumeSource {
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly hostPath?: { readonly path: string; readonly type: string };
}

/** The volume that engines and steps share: what a step writes, the engine and the steps after it read. */
export class WorkflowStorage {
  /**
   * A `ReadWriteMany` claim that the engine's construct makes. With the construct it is deleted, and what is on it goes as the StorageClass says.
   *
   * @param options the class, the size and the name
   */
  public static newClaim(options: NewWorkflowClaim = {}): WorkflowStorage {
    const claimName = options.claimName ?? CLAIM;
    return new WorkflowStorage({ persistentVolumeClaim: { claimName } }, claimName, undefined, options);
  }

  /**
   * A claim of the engine's namespace that is there, writable by the engine's user.
   *
   * @param claimName its name
   * @param subPath a directory on it, which must be there. Refused: an absolute path, one with `..`.
   */
  public static claim(claimName: string, subPath?: string): WorkflowStorage {
    return new WorkflowStorage({ persistentVolumeClaim: { claimName } }, claimName, subPath);
  }

  /**
   * A directory of the node, which must be there and writable by the engine's user. For clusters of one node: pods of another don't see it. Namespaces with
   * Pod Security take it at the level `privileged` alone, which the engine's namespace then gets.
   *
   * @param path the absolute path
   */
  public static hostPath(path: string): WorkflowStorage {
    return new WorkflowStorage({ hostPath: { path, type: 'Directory' } });
  }

  private constructor(
    /** @internal */
    public readonly _source: VolumeSource,
    private readonly claimName?: string,
    /** @internal */
    public readonly _subPath?: string,
    private readonly made?: NewWorkflowClaim,
  ) {}

  /** @internal */
  public _declare(scope: Construct, namespace: string): void {
    if (!this.made) { return; }
    new ApiObject(scope, 'Claim', {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: this.claimName, namespace },
      spec: {
        accessModes: ['ReadWriteMany'],
        ...this.made.storageClass !== undefined && { storageClassName: this.made.storageClass },
        resources: { requests: { storage: quantity(this.made.size ?? Size.gibibytes(100)) } },
      },
    });
  }

  /** @internal */
  public _problems(): string[] {
    const problems: string[] = [];
    const { hostPath } = this._source;
    if (hostPath && (!hostPath.path.startsWith('/') || hostPath.path.split('/').includes('..'))) {
      problems.push(problem('storage.path', hostPath.path, 'an absolute path without ..'));
    }
    if (this.claimName !== undefined && !isDnsSubdomain(this.claimName)) {
      problems.push(problem('storage.claimName', this.claimName, 'a DNS subdomain of at most 253 characters'));
    }
    if (this._subPath !== undefined && (this._subPath === '' || this._subPath.startsWith('/') || this._subPath.split('/').includes('..'))) {
      problems.push(problem('storage.subPath', this._subPath, 'a relative path without ..'));
    }
    return problems;
  }
}

import { Size } from 'cdk8s';
import { isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';

/** Where an execution point keeps the sandboxes of its jobs (`EXECUTE`). */
export class ExecuteDirectory {
  /**
   * The node's ephemeral storage. It goes with the pod.
   *
   * @param sizeLimit what the sandboxes may use together before the kubelet evicts the pod; without, what the node has
   */
  public static emptyDir(sizeLimit?: Size): ExecuteDirectory {
    return new ExecuteDirectory({ emptyDir: sizeLimit ? { sizeLimit: `${sizeLimit.toMebibytes()}Mi` } : {} });
  }

  /**
   * A volume of a StorageClass for each pod, made with it and gone with it (a generic ephemeral volume).
   *
   * @param size the size of the volume, at least 1 GiB
   * @param storageClass the StorageClass; without, the cluster's default one
   */
  public static ephemeralVolume(size: Size, storageClass?: string): ExecuteDirectory {
    const spec = { accessModes: ['ReadWriteOnce'], storageClassName: storageClass, resources: { requests: { storage: `${size.toMebibytes()}Mi` } } };
    return new ExecuteDirectory({ ephemeral: { volumeClaimTemplate: { spec } } }, undefined, [
      ...size.toMebibytes() >= 1024 ? [] : [problem('executeDirectory', `${size.toMebibytes()} MiB`, 'at least 1024 MiB')],
      ...storageClass === undefined || isDnsSubdomain(storageClass) ? [] : [problem('executeDirectory', storageClass, 'the name of a StorageClass')],
    ]);
  }

  /**
   * A directory of the node, for instance on a fast disk. It must be this fleet's alone.
   *
   * @param path an absolute path; it is made if it isn't there
   */
  public static hostPath(path: string): ExecuteDirectory {
    return new ExecuteDirectory({ hostPath: { path, type: 'DirectoryOrCreate' } }, path);
  }

  private readonly source: object;

  private readonly path?: string;

  private readonly given: readonly string[];

  private constructor(source: object, path?: string, given: readonly string[] = []) {
    this.source = source;
    this.path = path;
    this.given = given;
  }

  /** Whether it is a directory of the node itself. */
  public get onHost(): boolean {
    return this.path !== undefined;
  }

  /** @internal */
  public get _volumeSource(): object {
    return this.source;
  }

  /** @internal */
  public _problems(): string[] {
    const valid = this.path === undefined || /^\/[^\0]+$/.test(this.path) && !this.path.split('/').includes('..');
    return valid ? [...this.given] : [problem('executeDirectory', this.path, "an absolute path without '..', other than /")];
  }
}

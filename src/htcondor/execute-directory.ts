import { Size } from 'cdk8s';
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
   * A directory of the node, for instance on a fast disk. It must be this fleet's alone.
   *
   * @param path an absolute path; it is made if it isn't there
   */
  public static hostPath(path: string): ExecuteDirectory {
    return new ExecuteDirectory({ hostPath: { path, type: 'DirectoryOrCreate' } }, path);
  }

  private readonly source: object;

  private readonly path?: string;

  private constructor(source: object, path?: string) {
    this.source = source;
    this.path = path;
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
    return valid ? [] : [problem('executeDirectory', this.path, "an absolute path without '..', other than /")];
  }
}

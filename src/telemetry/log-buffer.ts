import { Size } from 'cdk8s';
import { problem } from '../problem';

/** What is kept on a node until the store has it, and where. */
export interface LogBufferOptions {
  /**
   * How many bytes of records are kept. When they are reached no file is read further, until the store takes records again.
   *
   * The bytes a node's pods write in a second, times the seconds of the longest outage to live through.
   *
   * @default - three quarters of `disk`
   */
  readonly size?: Size;

  /**
   * The disk that this may take. The buffer is a database, whose file is larger than what is in it: `size` may be four fifths of it at most.
   *
   * @default Size.gibibytes(4)
   */
  readonly disk?: Size;
}

/** Options of `LogBuffer.onNode`. */
export interface NodeLogBufferOptions extends LogBufferOptions {
  /**
   * The directory of the node. It is made, and survives the agent's pod.
   *
   * @default /var/lib/cdk8s-hep/<id>
   */
  readonly path?: string;
}

/** Options of `LogBuffer.ephemeralVolume`. */
export interface VolumeLogBufferOptions extends LogBufferOptions {
  /**
   * The storage class of the claims.
   *
   * @default - the cluster's default class
   */
  readonly storageClass?: string;
}

/** Below this one batch of records could fill it. */
const LEAST = Size.mebibytes(64);

/** Where an agent keeps what it has read and the store hasn't, and how far it has read. */
export class LogBuffer {
  /**
   * A directory of the node: it outlives the agent's pod, so that a new pod goes on where the former one stopped.
   *
   * Kubernetes holds nobody to the size of a node's directory; the agent holds itself to `size`.
   *
   * @param options how much, and where
   */
  public static onNode(options: NodeLogBufferOptions = {}): LogBuffer {
    return new LogBuffer(options, id => ({ hostPath: { path: options.path ?? `/var/lib/cdk8s-hep/${id}`, type: 'DirectoryOrCreate' } }), options.path);
  }

  /**
   * A volume for each agent's pod, claimed with `disk` as its size. It goes with the pod: what it held then is lost, and files are read from
   * their beginnings (records have stable ids, so nothing is found twice by them).
   *
   * @param options how much, and of which class
   */
  public static ephemeralVolume(options: VolumeLogBufferOptions = {}): LogBuffer {
    return new LogBuffer(options, (id, disk) => ({
      ephemeral: {
        volumeClaimTemplate: {
          metadata: { labels: { 'app.kubernetes.io/name': 'log-agent', 'app.kubernetes.io/instance': id } },
          spec: {
            accessModes: ['ReadWriteOnce'],
            ...options.storageClass !== undefined && { storageClassName: options.storageClass },
            resources: { requests: { storage: `${disk.toMebibytes()}Mi` } },
          },
        },
      },
    }));
  }

  /** How much of records is kept. */
  public readonly size: Size;

  /** The disk that this may take. */
  public readonly disk: Size;

  private constructor(options: LogBufferOptions, private readonly source: (id: string, disk: Size) => object, private readonly path?: string) {
    this.disk = options.disk ?? Size.gibibytes(4);
    this.size = options.size ?? Size.mebibytes(Math.floor(this.disk.toMebibytes() * 3 / 4));
  }

  /** @internal */
  public _volumeSource(id: string): object {
    return this.source(id, this.disk);
  }

  /** @internal */
  public _problems(): string[] {
    const [size, disk] = [this.size.toMebibytes(), this.disk.toMebibytes()];
    return [
      ...size < LEAST.toMebibytes() ? [problem('buffer.size', `${size} MiB`, `at least ${LEAST.toMebibytes()} MiB`)] : [],
      ...size * 5 > disk * 4 ? [problem('buffer.size', `${size} MiB`, `at most four fifths of its disk of ${disk} MiB`)] : [],
      ...this.path !== undefined && !/^(\/[\w.-]+)+$/.test(this.path) ? [problem('buffer.path', this.path, 'an absolute path, without a slash at its end')] : [],
    ];
  }
}

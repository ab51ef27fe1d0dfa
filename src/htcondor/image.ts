import { CondorVersion } from './version';
import { problem } from '../problem';

/** Properties of a `CondorImage`. */
export interface CondorImageProps {
  /** The image's reference, for instance `registry.example/htcondor:25.0`. A digest pins it for good. */
  readonly reference: string;

  /** The HTCondor version inside. The configuration is written for it. */
  readonly version: CondorVersion;

  /**
   * The numeric user id of the user `condor` in the image.
   *
   * @default 64
   */
  readonly uid?: number;

  /**
   * The numeric id of the group `condor` in the image.
   *
   * @default - as uid
   */
  readonly gid?: number;

  /**
   * Where HTCondor is installed (`RELEASE_DIR`): programs are in its `bin` and `sbin`, the rest in its
   * `lib/condor` and `libexec/condor`.
   *
   * @default '/usr'
   */
  readonly releaseDirectory?: string;

  /**
   * Where the libraries are (`LIB`).
   *
   * @default - `lib/condor` in the release directory
   */
  readonly libDirectory?: string;

  /**
   * Users of the image that jobs run as, one per slot, so that jobs on one machine can't touch each
   * other's files and processes (`SLOT1_<n>_USER`). `%d` stands for a number from 1.
   *
   * A partitionable slot takes no more jobs at once than it has users.
   *
   * @default - none: all jobs run as `nobody`, which a fleet must accept
   */
  readonly slotUserPattern?: string;

  /**
   * How many slot users the image has.
   *
   * @default 0
   */
  readonly slotUsers?: number;

  /**
   * Whether the image has `ip` (iproute2), which `CloudMetadata.ROUTING_RULES` needs.
   *
   * @default false
   */
  readonly iproute?: boolean;

  /**
   * When the image is pulled: `Always`, `IfNotPresent` or `Never`.
   *
   * @default - Kubernetes' own: `Always` for the tag `latest` or none, else `IfNotPresent`
   */
  readonly pullPolicy?: string;
}

/**
 * What an HTCondor image is: its reference, version, paths and users.
 *
 * Containers are started with HTCondor's own programs, not with the image's entry point, and with a
 * configuration that is complete in itself (`CONDOR_CONFIG`): nothing in the image configures the pool.
 */
export class CondorImage {
  /**
   * The image of this project's Debian recipe, `images/htcondor`: Debian trixie's package `condor`.
   *
   * The project's tests run it; it is not published. HTCondor 23.9 is past its end of life: use a
   * maintained release in production.
   *
   * @param reference where you have put the image that you built from the recipe
   */
  public static debian(reference = 'cdk8s-hep/htcondor:23.9.6-trixie'): CondorImage {
    return new CondorImage({ reference, version: CondorVersion.V23_9, slotUserPattern: 'slot1_%d', slotUsers: 64, iproute: true });
  }

  /**
   * An image of the HTCondor project. Not run by this project's tests.
   *
   * @param role `cm`, `submit`, `execute` or `mini`; every one of them holds all daemons
   * @param tag the tag; pin a digest for a pool that must not change by itself
   */
  public static official(role = 'execute', tag = '25.0-el9'): CondorImage {
    return new CondorImage({
      reference: `htcondor/${role}:${tag}`,
      version: CondorVersion.V25_0,
      libDirectory: '/usr/lib64/condor',
      slotUserPattern: 'slot1_%d',
      slotUsers: 64,
    });
  }

  /** The image's reference. */
  public readonly reference: string;

  /** The HTCondor version inside. */
  public readonly version: CondorVersion;

  /** The numeric id of the user `condor`. */
  public readonly uid: number;

  /** The numeric id of the group `condor`. */
  public readonly gid: number;

  /** Where HTCondor is installed (`RELEASE_DIR`). */
  public readonly releaseDirectory: string;

  /** Where the libraries are (`LIB`). */
  public readonly libDirectory: string;

  /** Whether the image has `ip`. */
  public readonly iproute: boolean;

  /** When the image is pulled. */
  public readonly pullPolicy?: string;

  /** The users that jobs run as, one per slot. */
  public readonly slotUsers: string[];

  /**
   * @param props what the image is
   */
  public constructor(props: CondorImageProps) {
    this.reference = props.reference;
    this.version = props.version;
    this.uid = props.uid ?? 64;
    this.gid = props.gid ?? this.uid;
    this.releaseDirectory = props.releaseDirectory ?? '/usr';
    this.libDirectory = props.libDirectory ?? `${this.releaseDirectory}/lib/condor`;
    this.iproute = props.iproute ?? false;
    this.pullPolicy = props.pullPolicy;
    this.slotUsers = Array.from({ length: props.slotUserPattern ? props.slotUsers ?? 0 : 0 },
      (_, index) => props.slotUserPattern!.replace('%d', `${index + 1}`));
  }

  /** @internal */
  public _sbin(program: string): string {
    return `${this.releaseDirectory}/sbin/${program}`;
  }

  /** @internal */
  public _problems(): string[] {
    const problems: string[] = [];
    if (!/^[a-z0-9][\w.:/@-]*$/i.test(this.reference)) {
      problems.push(problem('image.reference', this.reference, 'an image reference, such as registry.example/htcondor:25.0'));
    }
    for (const [property, id] of [['uid', this.uid], ['gid', this.gid]] as const) {
      if (!Number.isInteger(id) || id < 1) { problems.push(problem(`image.${property}`, id, 'the numeric id of condor, which is not root')); }
    }
    return problems;
  }
}

import { nameProblem } from './classad-text';
import { KnobSet } from './config';
import { FILE_SYSTEMS_FILE, PATHS } from './paths';
import { isPublishedAttribute } from './published-attributes';
import { isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';

/** Options of a file system that execution points mount. */
export interface FileSystemOptions {
  /**
   * Whether jobs may only read. It is so of the volume itself: a file system that the node mounts inside it, before the pod starts or
   * after, is as writable as it is on the node.
   *
   * @default true
   */
  readonly readOnly?: boolean;

  /**
   * Paths inside it, relative to where it is mounted, that must be there for a machine to say that it has the file system: files, or directories
   * that hold something.
   *
   * Refused: absolute paths, those with `..`.
   *
   * @default - of a directory of the node anything at all, since a directory without its file system is empty; a claim must be readable
   */
  readonly contains?: string[];
}

/** Options of a directory of the node that execution points mount. */
export interface HostPathOptions extends FileSystemOptions {
  /**
   * Where jobs find it: an absolute path, outside the directories of the system and of HTCondor.
   *
   * @default - the path that it has on the node
   */
  readonly mountPath?: string;
}

/** Where CVMFS comes from: one of these. */
export interface CvmfsOptions {
  /**
   * The directory of the node in which the repositories are, or their automounter.
   *
   * @default '/cvmfs', unless there is a claim
   */
  readonly hostPath?: string;

  /**
   * The StorageClass of CVMFS' CSI driver (provisioner `cvmfs.csi.cern.ch`, without the parameter `repository`). A claim `<fleet>-cvmfs` of that class is declared beside the fleet.
   *
   * @default - no claim is declared
   */
  readonly storageClass?: string;

  /**
   * A PersistentVolumeClaim of that driver that is in the fleet's namespace already, or is declared elsewhere in the program.
   *
   * @default - none is mounted
   */
  readonly claimName?: string;
}

/** Where the volume comes from. */
interface VolumeOrigin {
  readonly hostPath?: string;
  readonly claimName?: string;
  readonly storageClass?: string;
}

/** An attribute of the machine's ad, true where all these paths are. */
interface Presence {
  readonly attribute: string;
  readonly paths: readonly string[];
  /** Whether a directory must hold something, or only be readable. */
  readonly filled: boolean;
}

const SYSTEM_DIRECTORIES = ['bin', 'boot', 'dev', 'etc', 'lib', 'lib32', 'lib64', 'libx32', 'proc', 'root', 'run', 'sbin', 'sys', 'tmp', 'usr', 'var'];

const PERIOD_SECONDS = 60;

/** What looks for the file systems in the pod, as HTCondor's own user. A file system that doesn't answer isn't there. */
const LOOK = [
  'holds() { [ -f "$1" ] || [ -n "$(timeout -s KILL 10 find "$1"/ -mindepth 1 -maxdepth 1 -print -quit)" ]; }',
  'answers() { timeout -s KILL 10 find "$1"/ -maxdepth 0 -readable -executable | grep -q .; }',
  'told() {',
  '  attribute=$1 test=$2 value=True',
  '  shift 2',
  '  for path; do $test "$path" 2>/dev/null || value=False; done',
  '  echo "$attribute = $value"',
  '}',
];

/**
 * A file system that a site has, as execution points mount it and tell of it: jobs find it at the same place on all machines of the fleet, and
 * require `Has<name>`, which each machine looks up once a minute.
 *
 * What is mounted on the node inside the volume after the pod has started is seen in the pod, by running jobs too (`mountPropagation:
 * HostToContainer`): automounted file systems come and go.
 */
export class FileSystem {
  /**
   * CVMFS at `/cvmfs`. A machine says `HasCVMFS` where all these repositories are, and `HAS_CVMFS_<repository>` of each one, with `_` for each `.` and `-`.
   *
   * @param repositories the repositories that are looked for, such as `atlas.cern.ch`, at least one; others are there too if the node can mount them
   * @param options where it comes from
   */
  public static cvmfs(repositories: string[], options: CvmfsOptions = {}): FileSystem {
    const mountPath = '/cvmfs';
    const paths = repositories.map(repository => `${mountPath}/${repository}`);
    const given = Object.entries(options).filter(([, value]) => value !== undefined).map(([property]) => property);
    return new FileSystem('CVMFS', mountPath, given.length > 0 ? options : { hostPath: mountPath }, true, [
      { attribute: 'HasCVMFS', paths, filled: true },
      ...repositories.map((repository, index) => ({ attribute: `HAS_CVMFS_${repository.replace(/[.-]/g, '_')}`, paths: [paths[index]], filled: true })),
    ], [
      ...repositories.length > 0 ? [] : [problem('repositories', [], 'at least one: without, nobody could tell whether CVMFS is there')],
      ...repositories.filter(each => !isDnsSubdomain(each) || !each.includes('.')).map(each => problem('repositories', each, 'names of repositories, such as atlas.cern.ch')),
      ...given.length > 1 ? [problem('options', given, 'one of hostPath, storageClass and claimName')] : [],
    ]);
  }

  /**
   * A directory of the node, for instance `/eos`. It is made if it isn't there; the namespace must admit privileged pods.
   *
   * @param name what it is called: machines that have it say `Has<name>`
   * @param path its absolute path on the node
   * @param options how it is mounted
   */
  public static hostPath(name: string, path: string, options: HostPathOptions = {}): FileSystem {
    return FileSystem.named(name, options.mountPath ?? path, { hostPath: path }, options, true);
  }

  /**
   * A PersistentVolumeClaim that many nodes can mount (`ReadWriteMany` or `ReadOnlyMany`), for instance of CephFS, in the fleet's namespace of each member.
   *
   * Refused: a claim that the program declares for other members.
   *
   * @param name what it is called: machines that have it say `Has<name>`
   * @param claimName the name of the claim
   * @param mountPath where jobs find it: an absolute path, outside the directories of the system and of HTCondor
   * @param options how it is mounted
   */
  public static claim(name: string, claimName: string, mountPath: string, options: FileSystemOptions = {}): FileSystem {
    return FileSystem.named(name, mountPath, { claimName }, options, false);
  }

  private static named(name: string, mountPath: string, origin: VolumeOrigin, options: FileSystemOptions, filled: boolean): FileSystem {
    const { readOnly = true, contains = [] } = options;
    const paths = contains.length > 0 ? contains.map(each => `${mountPath}/${each}`) : [mountPath];
    return new FileSystem(name, mountPath, origin, readOnly, [{ attribute: `Has${name}`, paths, filled: filled || contains.length > 0 }],
      contains.filter(each => !isPath(`/${each}`)).map(each => problem('contains', each, "relative paths without '..'")));
  }

  private constructor(
    /** What it is called. */
    public readonly name: string,
    /** Where jobs find it. */
    public readonly mountPath: string,
    private readonly origin: VolumeOrigin,
    private readonly readOnly: boolean,
    private readonly presences: readonly Presence[],
    private readonly given: readonly string[],
  ) {}

  /** The attributes by which machines tell whether they have it. */
  public get attributes(): string[] {
    return this.presences.map(({ attribute }) => attribute);
  }

  /** Whether it is a directory of the node itself. */
  public get onHost(): boolean {
    return this.origin.hostPath !== undefined;
  }

  /**
   * The claim that a fleet declares for it.
   *
   * @internal
   */
  public _claimOf(fleet: string): { readonly name: string; readonly storageClass: string } | undefined {
    const { storageClass } = this.origin;
    return storageClass === undefined ? undefined : { name: `${fleet}-${this.volume}`, storageClass };
  }

  /** @internal */
  public _volume(fleet: string): object {
    const { hostPath, claimName = this._claimOf(fleet)?.name } = this.origin;
    return {
      name: `fs-${this.volume}`,
      // kubelets begin with an empty directory, on which the node may mount the file system later
      ...hostPath !== undefined ? { hostPath: { path: hostPath, type: 'DirectoryOrCreate' } } : { persistentVolumeClaim: { claimName } },
    };
  }

  /** @internal */
  public get _mount(): object {
    return { name: `fs-${this.volume}`, mountPath: this.mountPath, readOnly: this.readOnly, mountPropagation: 'HostToContainer' };
  }

  /**
   * The lines of the script that looks for it.
   *
   * @internal
   */
  public get _lines(): string[] {
    return this.presences.map(({ attribute, paths, filled }) => ['told', attribute, filled ? 'holds' : 'answers', ...paths.map(quoted)].join(' '));
  }

  /** @internal */
  public _problems(): string[] {
    const { hostPath, claimName, storageClass } = this.origin;
    const unfit = nameProblem('an attribute name', `Has${this.name}`);
    return [
      ...unfit || this.volume.length > 40 ? [problem('name', this.name, 'letters, digits and "_", at most 40')] : [],
      ...this.attributes.filter(isPublishedAttribute).map(each => problem('name', this.name, `names other than HTCondor's own: it publishes ${each} itself`)),
      ...this.given,
      ...hostPath === undefined || isPath(hostPath) ? [] : [problem('path', hostPath, "an absolute path without '..', other than /")],
      ...isPath(this.mountPath) && !SYSTEM_DIRECTORIES.includes(this.mountPath.split('/')[1]) ? []
        : [problem('mountPath', this.mountPath, `an absolute path without '..' that doesn't begin with ${SYSTEM_DIRECTORIES.map(each => `/${each}`).join(', ')}`)],
      ...[['claimName', claimName], ['storageClass', storageClass]].filter(([, name]) => name !== undefined && !isDnsSubdomain(name))
        .map(([property, name]) => problem(property!, name, 'a DNS name in lower case')),
    ].map(each => `fileSystems[${this.name}].${each}`);
  }

  private get volume(): string {
    return this.name.toLowerCase().replace(/_/g, '-');
  }
}

function isPath(path: string): boolean {
  // eslint-disable-next-line no-control-regex
  return /^\/[^\u0000-\u001f:]+$/.test(path) && path.split('/').slice(1).every(part => part !== '' && part !== '.' && part !== '..');
}

function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`;
}

/** Has each machine look for the file systems, and tell the collector when something has changed. */
export function setFileSystems(knobs: KnobSet, fileSystems: readonly FileSystem[]): void {
  if (fileSystems.length === 0) { return; }
  knobs.section('Which file systems are there');
  knobs.set('STARTD_CRON_JOBLIST', ['FILE_SYSTEMS']);
  knobs.set('STARTD_CRON_FILE_SYSTEMS_EXECUTABLE', '/bin/sh');
  knobs.set('STARTD_CRON_FILE_SYSTEMS_ARGS', `${PATHS.config}/${FILE_SYSTEMS_FILE}`);
  knobs.set('STARTD_CRON_FILE_SYSTEMS_MODE', 'Periodic');
  knobs.set('STARTD_CRON_FILE_SYSTEMS_PERIOD', PERIOD_SECONDS);
  // one that hangs would be the last
  knobs.set('STARTD_CRON_FILE_SYSTEMS_KILL', true);
  knobs.set('STARTD_CRON_AUTOPUBLISH', 'If_Changed');
}

/** What looks for them, as a file of the configuration. */
export function fileSystemsFile(fileSystems: readonly FileSystem[]): { [file: string]: string } {
  return fileSystems.length === 0 ? {} : { [FILE_SYSTEMS_FILE]: [...LOOK, ...fileSystems.flatMap(({ _lines }) => _lines), ''].join('\n') };
}

/** What is wrong with the file systems of a fleet, alone and together. */
export function fileSystemProblems(fileSystems: readonly FileSystem[]): string[] {
  const problems = fileSystems.flatMap(each => each._problems());
  const taken = new Set<string>();
  for (const { name, attributes, mountPath } of fileSystems) {
    for (const [property, value, key] of [['mountPath', mountPath, mountPath], ...attributes.map(each => ['name', name, each.toLowerCase()])]) {
      if (taken.has(key)) { problems.push(problem(`fileSystems[${name}].${property}`, value, 'one of its own: another file system has it')); }
      taken.add(key);
    }
  }
  return problems;
}

/** Attributes that are given, and that file systems set. */
export function fileSystemClashes(property: string, attributes: object = {}, fileSystems: readonly FileSystem[]): string[] {
  const taken = new Map(fileSystems.flatMap(({ name, attributes: own }) => own.map(each => [each.toLowerCase(), name])));
  return Object.keys(attributes).filter(each => taken.has(each.toLowerCase()))
    .map(each => problem(`${property}.${each}`, each, `attributes that no file system sets: ${taken.get(each.toLowerCase())} does`));
}

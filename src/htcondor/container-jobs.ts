import { ClassAdExpression } from './classad';
import { KnobSet, Macro } from './config';
import { PATHS } from './paths';
import { problem } from '../problem';

/** How jobs run in containers of their own, inside the execution point's. */
export interface ContainerJobs {
  /**
   * Directories and files of the execution point's container that jobs see in theirs (`SINGULARITY_BIND_EXPR`): `/cvmfs`, `/eos:/data`,
   * `/eos:/data:ro`. One that isn't there is left out. Jobs can't ask for others.
   *
   * Refused: paths that aren't absolute, those with `..`, white space, commas or quotes; what holds the pool's configuration or tokens.
   *
   * @default - the job's sandbox, `/tmp` and `/var/tmp` in it; what the job asks for in its attribute `SingularityBind`
   */
  readonly bind?: string[];

  /**
   * The image of jobs that name none (`SINGULARITY_JOB`, `SINGULARITY_IMAGE_EXPR`): a `.sif` file, or the directory of an unpacked image, as
   * the execution point's container sees it. The image that a job names in `container_image` or in its attribute `SingularityImage` goes before.
   *
   * Refused: a path that isn't absolute.
   *
   * @default - such jobs run in the execution point's own container
   */
  readonly defaultImage?: string;

  /**
   * A seccomp profile of the nodes that allows user namespaces and mounts to users, relative to the kubelet's `seccomp` directory. With it the
   * namespace needs no higher Pod Security level than without containers.
   *
   * Refused: with `privileged`, where none applies; what is no relative path.
   *
   * @default - none (`Unconfined`)
   */
  readonly seccompProfile?: string;
}

/** The runtime, where Debian's and Fedora's packages put it. */
const APPTAINER = '/usr/bin/apptainer';

/** A file of the configuration, and where Apptainer reads it. */
export const APPTAINER_FILE = { key: 'apptainer.conf', path: '/etc/apptainer/apptainer.conf' };

/**
 * Process namespaces need a /proc of their own, which nobody can mount in a pod: the node's runtime has masked parts of it. The
 * HTCondor of the fleet could do without by an argument; when Apptainer unpacks a .sif file, nobody asks.
 */
const APPTAINER_CONFIGURATION = 'allow pid ns = no\n';

/** Has HTCondor run jobs in Apptainer. It tries it at the start of the startd, and says `HasSingularity` if it works. */
export function setContainerJobs(knobs: KnobSet, { bind, defaultImage }: ContainerJobs): void {
  knobs.section('Jobs in containers of their own');
  knobs.set('SINGULARITY', APPTAINER);
  knobs.set('SINGULARITY_IS_SETUID', false);
  knobs.set('SINGULARITY_USE_PID_NAMESPACES', false);
  if (bind) { knobs.set('SINGULARITY_BIND_EXPR', ClassAdExpression.string(bind.join(' ')), 'containers.bind'); }
  if (defaultImage !== undefined) {
    knobs.set('SINGULARITY_JOB', true);
    // what this yields goes before the image that a job of the container universe names
    const text = ClassAdExpression.string(defaultImage).toString();
    knobs.set('SINGULARITY_IMAGE_EXPR', new Macro(`TARGET.SingularityImage ?: ifThenElse(TARGET.ContainerImage isnt undefined, undefined, ${text})`), 'containers.defaultImage');
  }
}

/** Files of the fleet's configuration for it. */
export function containerFiles(containers: ContainerJobs | undefined): { [file: string]: string } {
  return containers ? { [APPTAINER_FILE.key]: APPTAINER_CONFIGURATION } : {};
}

/** The seccomp profile of the container in which Apptainer makes others. A privileged one has none. */
export function containerSeccomp(containers: ContainerJobs | undefined): object | undefined {
  if (!containers) { return undefined; }
  return containers.seccompProfile === undefined ? { type: 'Unconfined' } : { type: 'Localhost', localhostProfile: containers.seccompProfile };
}

/** What is wrong with it. */
export function containerProblems({ bind = [], defaultImage, seccompProfile }: ContainerJobs, privileged: boolean): string[] {
  const problems: string[] = [];
  for (const each of bind) {
    const [source, target = source, mode = 'rw', ...rest] = each.split(':');
    if (rest.length > 0 || !['ro', 'rw'].includes(mode) || !isPlainPath(source) || !isPlainPath(target)) {
      problems.push(problem('containers.bind', each, "absolute paths without '..', white space, commas and quotes: path, path:path or path:path:ro"));
    } else if (SECRETS.some(secret => isIn(secret, source) || isIn(source, secret))) {
      problems.push(problem('containers.bind', each, `what holds neither the pool's configuration nor its tokens: ${SECRETS.join(', ')}`));
    }
  }
  if (defaultImage !== undefined && !isPlainPath(defaultImage)) {
    problems.push(problem('containers.defaultImage', defaultImage, 'the absolute path of a .sif file or of an unpacked image'));
  }
  if (seccompProfile !== undefined && privileged) {
    problems.push(problem('containers.seccompProfile', seccompProfile, 'none with privileged: no profile applies to a privileged container'));
  } else if (seccompProfile !== undefined && !/^[\w.-]+(\/[\w.-]+)*$/.test(seccompProfile) || seccompProfile?.split('/').includes('..')) {
    problems.push(problem('containers.seccompProfile', seccompProfile, "a path relative to the kubelet's seccomp directory, such as profiles/apptainer.json"));
  }
  return problems;
}

const SECRETS = [PATHS.config, PATHS.tokens];

function isIn(path: string, directory: string): boolean {
  return `${path}/`.startsWith(`${directory.replace(/\/+$/, '')}/`);
}

function isPlainPath(path: string): boolean {
  return /^\/[^\s,"'\\:\u0000-\u001f]+$/.test(path) && !path.split('/').includes('..');
}

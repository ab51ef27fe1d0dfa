import { spawnSync } from 'child_process';
import { createHash } from 'crypto';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { cached } from './cache';

/** The image that pods of the laboratory run, and how its name begins. */
export const IMAGE_NAME = 'cdk8s-hep/htcondor';

/** The services that REANA stands on, and its libraries. */
export const REANA_IMAGE = 'cdk8s-hep/reana:bookworm';

/** Yadage: what runs a workflow, and what its steps run here. */
export const YADAGE_IMAGE = 'cdk8s-hep/yadage:bookworm';

/** Node.js from Debian, and the workflow monitor's program. */
export const MONITOR_IMAGE = 'cdk8s-hep/workflow-monitor:trixie';

/** nginx from Debian, for the staging server. */
export const STAGING_IMAGE = 'cdk8s-hep/staging:trixie';

const RECIPES = path.join(__dirname, '..', '..', 'images');
/** What recipes take from elsewhere in this project. */
const TAKEN: { readonly [recipe: string]: string } = { 'workflow-monitor': path.join(__dirname, '../../packages/workflow-monitor/dist/workflow-monitor.cjs') };
/** As much as a command may write. */
const MOST_OUTPUT = 64 * 1024 * 1024;

/**
 * The environment of its containers. Benchmarks would take a core for six seconds at each start of a startd, of which there are hundreds, and nothing
 * here asks for what they find.
 */
export const IMAGE_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  _CONDOR_RUNBENCHMARKS: 'False',
};

/** The same HTCondor, with Open MPI. */
export const MPI_IMAGE = `${IMAGE_NAME}:23.9.6-trixie-mpi`;

/** The same HTCondor, with Apptainer, which is in sid alone. */
export const APPTAINER_IMAGE = `${IMAGE_NAME}:23.9.6-trixie-apptainer`;

/** The same Debian, with Prometheus: its server, its agent and promtool. */
export const PROMETHEUS_IMAGE = `${IMAGE_NAME}:23.9.6-trixie-prometheus`;

/** A newer HTCondor, of a suite of Debian that isn't released yet. */
export const NEXT_IMAGE = `${IMAGE_NAME}:next`;

/** What the recipe is told for images other than that of most pods; the next one if that fails, since what isn't released can't always be installed. */
const VARIANTS: { readonly [reference: string]: string[][] } = {
  [MPI_IMAGE]: [['trixie', 'openmpi-bin', 'python3-mpi4py']],
  [APPTAINER_IMAGE]: [['trixie', 'apptainer/sid']],
  [PROMETHEUS_IMAGE]: [['trixie', 'prometheus']],
  [NEXT_IMAGE]: [['sid'], ['testing']],
};

/** What a command in the image did. */
export interface ImageRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command in the image is given. */
export interface ImageRunOptions {
  /** Which image. @default the one of most pods */
  readonly image?: string;
  /** What the command reads from its standard input. */
  readonly input?: string;
  /** Files that the command finds, by absolute path; mode 0644, owned by root. */
  readonly files?: { [path: string]: string };
  /** Its environment, beside PATH, HOME and LANG. */
  readonly env?: { [name: string]: string };
}

/** The recipe that an image of this project is built by: a folder of its name. Undefined if it is no image of this project. */
function recipeOf(reference: string): string | undefined {
  const name = /^cdk8s-hep\/([a-z-]+)(:[^@/]+)?(@sha256:[0-9a-f]{64})?$/.exec(reference)?.[1];
  return name !== undefined && fs.existsSync(path.join(RECIPES, name)) ? name : undefined;
}

/** Whether an image is there for the laboratory. */
export function isImage(reference: string): boolean {
  return recipeOf(reference) !== undefined;
}

/** The recipe's files, and those beside the recipes that it says it uses. */
function recipeHash(recipe: string): string {
  const hash = createHash('sha256');
  const script = fs.readFileSync(path.join(RECIPES, recipe, 'build'), 'utf8');
  const shared = script.includes('../debian') ? ['debian', 'python-packages'] : [];
  for (const file of shared) { hash.update(file).update('\0').update(fs.readFileSync(path.join(RECIPES, file))).update('\0'); }
  for (const file of fs.readdirSync(path.join(RECIPES, recipe)).filter(name => name !== 'README.md').sort()) {
    hash.update(file).update('\0').update(fs.readFileSync(path.join(RECIPES, recipe, file))).update('\0');
  }
  if (recipe in TAKEN) { hash.update(fs.readFileSync(TAKEN[recipe])); }
  return hash.digest('hex').slice(0, 16);
}

function run(command: string, args: string[]): void {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: MOST_OUTPUT });
  if (result.status !== 0) {
    throw new Error(`${command} ${args.join(' ')} failed (${result.error?.message ?? result.status}):\n${result.stderr}`);
  }
}

/**
 * The directory of an image's root file system, built on first use from its
 * recipe in images/. Nobody writes into it: users put an overlay on it.
 *
 * Its name holds the recipe's hash.
 */
export function imageRootfs(reference: string = IMAGE_NAME): string {
  const recipe = recipeOf(reference);
  if (!recipe) { throw new Error(`there is no recipe for the image ${reference}`); }
  const variants = VARIANTS[reference] ?? [[]];
  return cached([recipe, recipeHash(recipe), ...variants[0].map(word => word.replace('/', '-'))].join('-'), (tree) => {
    const tar = `${tree}.tar`;
    build(recipe, tar, variants);
    run('tar', ['--numeric-owner', '-xpf', tar, '-C', tree]);
  });
}

function build(recipe: string, tar: string, [variant, ...others]: string[][]): void {
  try {
    run(path.join(RECIPES, recipe, 'build'), [tar, ...variant]);
  } catch (error) {
    if (others.length === 0) { throw error; }
    build(recipe, tar, others);
  }
}

/** The version of HTCondor in an image, as Debian numbers it. */
export function condorVersion(reference: string): string {
  return /^condor\t([\d.]+)/m.exec(fs.readFileSync(path.join(imageRootfs(reference), 'usr/share/cdk8s-hep.packages'), 'utf8'))![1];
}

// $1 an empty directory, $2 the image, $3 the extra files, then the command.
// Everything is mounted inside a mount namespace that ends with the command.
const ENTER = `set -e
mount -t tmpfs -o mode=0755 tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
mount -t proc proc "$1/root/proc"
mount -t tmpfs -o mode=0755 tmpfs "$1/root/dev"
for device in null zero full random urandom tty; do
  : >"$1/root/dev/$device"
  mount --bind "/dev/$device" "$1/root/dev/$device"
done
ip link set lo up
hostname image
echo '127.0.0.1 localhost image' >"$1/root/etc/hosts"
cp -RT --remove-destination --no-preserve=all "$3" "$1/root"
root="$1/root"
shift 3
exec chroot "$root" "$@"`;

/**
 * Runs a command in a fresh copy of the image, without a network, and waits for
 * it. What it writes is gone afterwards. Needs root.
 */
export function runInImage(argv: string[], options: ImageRunOptions = {}): ImageRun {
  const rootfs = imageRootfs(options.image);
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-run-'));
  try {
    const mountpoint = path.join(scratch, 'mount');
    const files = path.join(scratch, 'files');
    fs.mkdirSync(mountpoint);
    fs.mkdirSync(files);
    for (const [name, content] of Object.entries(options.files ?? {})) {
      const file = path.join(files, path.resolve('/', name));
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, content);
    }
    const result = spawnSync('unshare', [
      '--mount', '--propagation', 'private', '--net', '--uts', '--ipc', '--pid', '--fork', '--kill-child',
      'sh', '-c', ENTER, 'sh', mountpoint, rootfs, files, ...argv,
    ], {
      encoding: 'utf8',
      input: options.input ?? '',
      maxBuffer: MOST_OUTPUT,
      env: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        HOME: '/root',
        LANG: 'C.UTF-8',
        ...options.env,
      },
    });
    if (result.error) {
      throw result.error;
    }
    return { status: result.status ?? 128, stdout: result.stdout, stderr: result.stderr };
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

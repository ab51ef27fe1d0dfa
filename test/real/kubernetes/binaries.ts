import { execFileSync, spawnSync } from 'child_process';
import { createHash } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import { cached } from '../cache';

/** The groups of programs: one wrapper module each, below tools/. */
export type ToolsetName =
  'kubernetes-newest' | 'kubernetes-oldest' | 'etcd' | 'containerd' | 'cni' | 'coredns' | 'kube-router' | 'karmada' | 'kubefed' | 'open-cluster-management' | 'keda' |
  'otel-collector' | 'victoria-logs' | 'prometheus-operator' | 'kube-state-metrics';

/** Programs of one released version, ready to be run. */
export interface Toolset {
  readonly name: ToolsetName;
  /** The version of their module, such as v1.36.1. */
  readonly version: string;
  /** Where all of them lie, and nothing else. */
  readonly directory: string;
  /** The absolute path of one program. */
  path(binary: string): string;
}

interface Recipe {
  /** The module whose version is the version of the programs. */
  readonly module: string;
  readonly binaries: string[];
  /** The minutes of a first build on two cores: for whoever waits. */
  readonly minutes: number;
  /** Variables that the linker sets: unstamped programs report a version that is none. */
  readonly stamps?: (version: string) => { [variable: string]: string };
}

const TOOLS = path.join(__dirname, 'tools');
/** As much as a build may write. */
const MOST_OUTPUT = 64 * 1024 * 1024;

function kubernetesStamps(version: string): { [variable: string]: string } {
  const [major, minor] = version.slice(1).split('.');
  const stamps: { [variable: string]: string } = {};
  for (const holder of ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']) {
    stamps[`${holder}.gitVersion`] = version;
    stamps[`${holder}.gitMajor`] = major;
    stamps[`${holder}.gitMinor`] = minor;
  }
  return stamps;
}

// Kubernetes' own module replaces its staging modules by folders that no module
// holds, and replacements count in the main module only. Therefore the wrappers
// name the released version of each: v0.27.16 for v1.27.16. One of the oldest,
// legacy-cloud-providers, is taken from v0.27.4: the checksum database has no
// later one, and no test has a cloud.
const RECIPES: { [name in ToolsetName]: Recipe } = {
  'kubernetes-newest': {
    module: 'k8s.io/kubernetes',
    binaries: ['kube-apiserver', 'kube-controller-manager', 'kube-proxy', 'kube-scheduler', 'kubectl', 'kubelet'],
    minutes: 9,
    stamps: kubernetesStamps,
  },
  'kubernetes-oldest': {
    module: 'k8s.io/kubernetes',
    binaries: ['kube-apiserver', 'kube-controller-manager'],
    minutes: 7,
    stamps: kubernetesStamps,
  },
  'etcd': {
    module: 'go.etcd.io/etcd/server/v3',
    binaries: ['etcd'],
    minutes: 1,
  },
  'containerd': {
    module: 'github.com/containerd/containerd/v2',
    binaries: ['containerd', 'containerd-shim-runc-v2', 'ctr'],
    minutes: 2,
    stamps: (version) => ({ 'github.com/containerd/containerd/v2/version.Version': version }),
  },
  'cni': {
    module: 'github.com/containernetworking/plugins',
    binaries: ['bridge', 'host-local', 'loopback', 'portmap', 'ptp'],
    minutes: 1,
    stamps: (version) => ({ 'github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion': version }),
  },
  'coredns': {
    module: 'github.com/coredns/coredns',
    binaries: ['coredns'],
    minutes: 3,
  },
  'kube-router': {
    module: 'github.com/cloudnativelabs/kube-router/v2',
    binaries: ['kube-router'],
    minutes: 3,
    stamps: (version) => ({ 'github.com/cloudnativelabs/kube-router/v2/pkg/version.Version': version }),
  },
  'karmada': {
    module: 'github.com/karmada-io/karmada',
    binaries: ['agent', 'aggregated-apiserver', 'controller-manager', 'metrics-adapter', 'operator', 'scheduler', 'webhook'],
    minutes: 6,
    stamps: (version) => ({ 'github.com/karmada-io/karmada/pkg/version.gitVersion': version }),
  },
  'kubefed': {
    module: 'sigs.k8s.io/kubefed',
    binaries: ['controller-manager'],
    minutes: 3,
    stamps: (version) => ({ 'sigs.k8s.io/kubefed/pkg/version.version': version }),
  },
  'open-cluster-management': {
    module: 'open-cluster-management.io/ocm',
    binaries: ['addon', 'placement', 'registration', 'registration-operator', 'work'],
    minutes: 5,
    stamps: (version) => ({ 'open-cluster-management.io/ocm/pkg/version.versionFromGit': version }),
  },
  // its operator holds the clients of all that it can ask
  'keda': {
    module: 'github.com/kedacore/keda/v2',
    binaries: ['operator'],
    minutes: 10,
    stamps: (version) => ({ 'github.com/kedacore/keda/v2/version.Version': version }),
  },
  // nobody publishes the collector as one module: the wrapper's own main names its components
  'otel-collector': {
    module: 'go.opentelemetry.io/collector/otelcol',
    binaries: ['otelcol'],
    minutes: 5,
  },
  'victoria-logs': {
    module: 'github.com/VictoriaMetrics/VictoriaLogs',
    binaries: ['victoria-logs'],
    minutes: 1,
    stamps: (version) => ({ 'github.com/VictoriaMetrics/VictoriaMetrics/lib/buildinfo.Version': `victoria-logs-${version}` }),
  },
  'kube-state-metrics': {
    module: 'k8s.io/kube-state-metrics/v2',
    binaries: ['kube-state-metrics'],
    minutes: 2,
    stamps: (version) => ({ 'github.com/prometheus/common/version.Version': version }),
  },
  // for the definitions of its kinds, which its module has beside its programs: none of them is built
  'prometheus-operator': {
    module: 'github.com/prometheus-operator/prometheus-operator',
    binaries: [],
    minutes: 0,
  },
};

/** All of them. */
export const TOOLSETS = Object.keys(RECIPES) as ToolsetName[];

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function pinnedVersion(goMod: string, module: string): string {
  const words = goMod.split('\n').map((line) => line.trim().replace(/^require /, '').split(/\s+/));
  const found = words.find(([name, version]) => name === module && /^v\d/.test(version));
  if (!found) {
    throw new Error(`no version of ${module} in its wrapper module`);
  }
  return found[1];
}

function buildFlags(recipe: Recipe, version: string): string[] {
  const stamps = Object.entries(recipe.stamps?.(version) ?? {});
  const linker = ['-s', '-w', ...stamps.map(([name, value]) => `-X ${name}=${value}`)];
  return ['-mod=readonly', '-trimpath', `-ldflags=${linker.join(' ')}`];
}

function build(wrapper: string, recipe: Recipe, flags: string[], directory: string): void {
  // The name of a single program comes from here, not from its path: that may end in /v3.
  if (recipe.binaries.length === 0) { return; }
  const output = recipe.binaries.length === 1 ? path.join(directory, recipe.binaries[0]) : `${directory}/`;
  const result = spawnSync('go', ['build', ...flags, '-o', output, 'tool'], {
    cwd: wrapper,
    encoding: 'utf8',
    maxBuffer: MOST_OUTPUT,
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
  });
  if (result.status !== 0) {
    throw new Error(`go build in ${wrapper} failed (${result.error?.message ?? result.status}):\n${result.stderr}`);
  }
  for (const binary of recipe.binaries) {
    fs.accessSync(path.join(directory, binary), fs.constants.X_OK);
  }
}

/**
 * The programs of that name, built on first use from Go modules of pinned
 * versions with the machine's `go`, its module cache and its build cache.
 *
 * They lie outside the checkout, under a name that holds their version and a
 * hash of everything that decides what they are.
 */
export function toolset(name: ToolsetName): Toolset {
  const recipe = RECIPES[name];
  const wrapper = path.join(TOOLS, name);
  const goMod = fs.readFileSync(path.join(wrapper, 'go.mod'), 'utf8');
  const goSum = fs.readFileSync(path.join(wrapper, 'go.sum'), 'utf8');
  const version = pinnedVersion(goMod, recipe.module);
  const flags = buildFlags(recipe, version);
  const main = path.join(wrapper, 'main.go');
  const own = fs.existsSync(main) ? [fs.readFileSync(main, 'utf8')] : [];
  const hash = createHash('sha256').update([goMod, goSum, ...own, ...flags].join('\0')).digest('hex').slice(0, 12);
  const directory = cached(`${name}-${version}-${hash}`, (tree) => {
    const start = Date.now();
    say(`building ${name} ${version} from Go modules, about ${recipe.minutes} min the first time`);
    build(wrapper, recipe, flags, tree);
    say(`built ${name} ${version} in ${((Date.now() - start) / 60_000).toFixed(1)} min`);
  });
  return { name, version, directory, path: (binary) => path.join(directory, binary) };
}

/** Where the Go module of these programs lies with all its files, in the machine's module cache. */
export function moduleDirectory(name: ToolsetName): string {
  const { module } = RECIPES[name];
  return JSON.parse(execFileSync('go', ['mod', 'download', '-json', module], { cwd: path.join(TOOLS, name), encoding: 'utf8' })).Dir;
}

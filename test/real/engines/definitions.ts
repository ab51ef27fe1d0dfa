import { execFileSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';

/** The engines that have kinds of their own. */
export type DefiningEngine = 'argo-cd' | 'flux' | 'karmada' | 'kubefed' | 'open-cluster-management';

/** Files of one release, which Go's own tools bring. */
interface Released {
  readonly module: string;
  readonly version: string;
  /** The hash of the module, as go.sum has it. */
  readonly sum: string;
  readonly files: readonly string[];
}

const RELEASES: { readonly [engine in DefiningEngine]: readonly Released[] } = {
  'argo-cd': [{
    module: 'github.com/argoproj/argo-cd/v3',
    version: 'v3.5.7',
    sum: 'h1:Xm1BF+I5OgDKUG3SDK49vn2/Y5AMyaNVko+/JT08gj0=',
    files: ['application', 'applicationset', 'appproject'].map(kind => `manifests/crds/${kind}-crd.yaml`),
  }],
  'flux': [{
    module: 'github.com/fluxcd/kustomize-controller',
    version: 'v1.9.6',
    sum: 'h1:XB+G3A0mky0j5uVHZWv4oSlS2RvZBoNIUhstIvY0JKE=',
    files: ['config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml'],
  }, {
    module: 'github.com/fluxcd/source-controller',
    version: 'v1.9.6',
    sum: 'h1:nG534/bI6nVpyHra7ONAk6xDB3xPsVT+EOLHZHXPrrc=',
    files: ['config/crd/bases/source.toolkit.fluxcd.io_gitrepositories.yaml'],
  }],
  'karmada': [{
    module: 'github.com/karmada-io/karmada',
    version: 'v1.18.2',
    sum: 'h1:B1Eu3055LtTBndD/R2WcaS/bLvGwwVU1/3wXQjkIVN4=',
    files: [
      'operator/config/crds/operator.karmada.io_karmadas.yaml',
      ...['propagationpolicies', 'clusterpropagationpolicies', 'overridepolicies', 'clusteroverridepolicies', 'clustertaintpolicies']
        .map(kind => `charts/karmada/_crds/bases/policy/policy.karmada.io_${kind}.yaml`),
    ],
  }],
  'kubefed': [{
    module: 'sigs.k8s.io/kubefed',
    version: 'v0.10.0',
    sum: 'h1:CjsCeK++ytUpWV2IxUuoLpPHP+/5NJ4bIkGhZyL+ff8=',
    files: ['charts/kubefed/crds/crds.yaml', 'charts/kubefed/charts/controllermanager/crds/crds.yaml'],
  }],
  'open-cluster-management': [{
    module: 'open-cluster-management.io/api',
    version: 'v1.3.0',
    sum: 'h1:Q3miH38BE3N5+PesHQ0kcFi5nhX5350m7OJWapZcVqY=',
    files: [
      'work/v1/0000_00_work.open-cluster-management.io_manifestworks.crd.yaml',
      'cluster/v1/0000_00_clusters.open-cluster-management.io_managedclusters.crd.yaml',
      'cluster/v1beta1/0000_02_clusters.open-cluster-management.io_placements.crd.yaml',
      'cluster/v1beta2/0000_00_clusters.open-cluster-management.io_managedclustersets.crd.yaml',
      'cluster/v1beta2/0000_01_clusters.open-cluster-management.io_managedclustersetbindings.crd.yaml',
    ],
  }],
};

/** All of them. */
export const ENGINES = Object.keys(RELEASES) as DefiningEngine[];

/** Where a module lies with all its files, in the machine's module cache. */
function directory({ module, version, sum }: Released): string {
  const answer = execFileSync('go', ['mod', 'download', '-json', `${module}@${version}`], {
    // outside of any module, none other is looked at; what may be in it is said here
    cwd: os.tmpdir(), encoding: 'utf8', env: { ...process.env, GOWORK: 'off', GOSUMDB: 'off' },
  });
  const { Dir: dir, Sum: actual } = JSON.parse(answer);
  if (actual !== sum) { throw new Error(`${module}@${version} is ${actual}, and should be ${sum}`); }
  return dir;
}

/** The CustomResourceDefinitions that an engine is released with, of the kinds that a federation may need: a file to apply. */
export function definitionsOf(engine: DefiningEngine): string {
  return RELEASES[engine].flatMap(released => {
    const folder = directory(released);
    return released.files.map(file => fs.readFileSync(path.join(folder, file), 'utf8'));
  }).join('\n---\n');
}

/** The releases that they are of, such as 3.5.7. */
export function versionsOf(engine: DefiningEngine): string[] {
  return [...new Set(RELEASES[engine].map(({ version }) => version.slice(1)))];
}

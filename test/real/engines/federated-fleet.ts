import { ApiObject, App, JsonPatch } from 'cdk8s';
import { examplePool } from './example-pool';
import { Cluster, ClusterSelector, FederatedCluster, Federation, FederationEngine, KubeFedEngine, ManifestsEngine, Placement } from '../../../src';

/** What a program is told of a member that it finds. */
export interface FoundMember {
  readonly apiServer: string;
  /** The authorities that vouch for it, in PEM. */
  readonly caBundle: string;
}

/** The members, by their names. */
export interface Found {
  readonly meyrin: FoundMember;
  readonly tsystems: FoundMember;
}

/** What is changed in the program while the federation runs. */
export interface Change {
  /** What the machines at T-Systems say of where they are. @default otc-eu-de */
  readonly datacenter?: string;
}

/** examples/cern-tsystems with KubeFed, and objects with what KubeFed brings by overrides alone: annotations and finalizers. */
export function federatedFleet(found: Found, change: Change = {}): (outdir: string) => void {
  return outdir => program(outdir, new KubeFedEngine(), found, change);
}

/** The same, written for each member. */
export function expectedFiles(found: Found, change: Change = {}): (outdir: string) => void {
  return outdir => program(outdir, new ManifestsEngine(), found, change);
}

function program(outdir: string, engine: FederationEngine, found: Found, { datacenter = 'otc-eu-de' }: Change): void {
  const app = new App({ outdir });
  const host = new Cluster(app, 'condor-host', { provider: 'cern', region: 'meyrin' });
  const federation = new Federation(app, 'fed', { host, engine });
  const meyrin = new FederatedCluster(app, 'meyrin', { federation, provider: 'cern', region: 'meyrin', ...found.meyrin });
  const tsystems = new FederatedCluster(app, 'tsystems', { federation, provider: 't-systems', region: 'eu-de', ...found.tsystems });
  const startd = examplePool(host, federation);
  startd.on(meyrin, { attributes: { Datacenter: 'meyrin' } });
  startd.on(tsystems, { attributes: { Datacenter: datacenter } });
  notices(federation, ClusterSelector.of(tsystems));
  app.synth();
}

/** A ConfigMap that differs in one member, and a Deployment in that one alone. */
function notices(federation: Federation, tsystems: ClusterSelector): void {
  const namespace = 'notices';
  new ApiObject(federation, 'namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { team: 'batch' } } });
  const annotations = { 'example.org/by': 'batch' };
  const notice = new ApiObject(federation, 'notice', {
    apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'notice', namespace, annotations }, data: { notice: 'open' },
  });
  federation.addOverride(notice, tsystems, JsonPatch.replace('/data/notice', 'closed'), JsonPatch.add('/metadata/annotations/example.org~1site', 'otc'));
  const labels = { app: 'board' };
  new ApiObject(new Placement(federation, 'cloud', { clusters: tsystems }), 'board', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'board', namespace, annotations, finalizers: ['example.org/read'] },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'board', image: 'registry.example.org/board:1' }] } },
    },
  });
}

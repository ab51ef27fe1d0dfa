import { ApiObject, App, JsonPatch } from 'cdk8s';
import { examplePool } from './example-pool';
import { Cluster, ClusterSelector, FederatedCluster, FederatedClusterProps, Federation, FederationEngine, Placement } from '../../../src';

/** What a program is told of its members, by their names. */
export type Members = { readonly [member in 'meyrin' | 'tsystems']: Pick<FederatedClusterProps, 'apiServer' | 'caBundle' | 'paused'> };

/** What is changed in the program while the federation runs. */
export interface Change {
  /** What the machines at T-Systems say of where they are. @default otc-eu-de */
  readonly datacenter?: string;
  /** Whether there is a notice. @default true */
  readonly notice?: boolean;
  /** What else the members get. @default - nothing */
  readonly more?: (federation: Federation) => void;
}

/** The namespace of what is no part of the pool. */
export const NOTICES = 'notices';

/** examples/cern-tsystems with some engine, and objects with what KubeFed brings by overrides alone: annotations and finalizers. */
export function federatedFleet(engine: FederationEngine, members: Members, change: Change = {}): (outdir: string) => void {
  return outdir => {
    const app = new App({ outdir });
    const host = new Cluster(app, 'condor-host', { provider: 'cern', region: 'meyrin' });
    const federation = new Federation(app, 'fed', { host, engine });
    const meyrin = new FederatedCluster(app, 'meyrin', { federation, provider: 'cern', region: 'meyrin', ...members.meyrin });
    const tsystems = new FederatedCluster(app, 'tsystems', { federation, provider: 't-systems', region: 'eu-de', ...members.tsystems });
    const startd = examplePool(host, federation);
    startd.on(meyrin, { attributes: { Datacenter: 'meyrin' } });
    startd.on(tsystems, { attributes: { Datacenter: change.datacenter ?? 'otc-eu-de' } });
    notices(federation, ClusterSelector.of(tsystems), change.notice ?? true);
    change.more?.(federation);
    app.synth();
  };
}

/** A ConfigMap that differs in one member, and a Deployment in that one alone. */
function notices(federation: Federation, tsystems: ClusterSelector, notice: boolean): void {
  const namespace = NOTICES;
  new ApiObject(federation, 'namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { team: 'batch' } } });
  const annotations = { 'example.org/by': 'batch' };
  if (notice) {
    const open = new ApiObject(federation, 'notice', {
      apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'notice', namespace, annotations }, data: { notice: 'open' },
    });
    federation.addOverride(open, tsystems, JsonPatch.replace('/data/notice', 'closed'), JsonPatch.add('/metadata/annotations/example.org~1site', 'otc'));
  }
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

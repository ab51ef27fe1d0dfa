import { ApiObject, App, Duration } from 'cdk8s';
import { examplePool } from './example-pool';
import {
  Cluster, ClusterIdentity, ClusterSelector, CondorImage, FederatedCluster, Federation, FederationEngine, JoinMode, KarmadaDivision, KarmadaEngine,
  KarmadaEngineProps, ManifestsEngine, Placement,
} from '../../../src';

/** What a program is told of the clusters that it finds. */
export interface Found {
  readonly karmada: KarmadaEngineProps;
  /** The addresses of API servers, by the names of members. */
  readonly apiServers: { readonly [member: string]: string };
}

/** What is changed in the program while the federation runs. */
export interface Change {
  readonly notice?: string;
  readonly paused?: boolean;
  /** T-Systems takes no new job, or is no member any more. */
  readonly tsystems?: 'retired' | 'gone';
  /** Further workloads of three replicas, by name, and how those are divided. */
  readonly divided?: { readonly [workload: string]: KarmadaDivision };
}

/** The cluster that may join when the pool runs: its machines are awaited, and nothing else is known of it. */
export const LATE_MEMBER = 'wigner';

/** What members end up with under every engine; this one also writes what late members would get. */
class Oracle extends ManifestsEngine {
  /** @internal */
  public get _admitsLateMembers(): boolean {
    return true;
  }
}

/**
 * examples/cern-tsystems with Karmada, which pushes to CERN's own cluster and lets the cloud pull. Beside the fleet there is
 * a workload whose replicas are divided, and a notice that is changed.
 */
export function federatedFleet(found: Found, change: Change = {}): (outdir: string) => void {
  const engine = new KarmadaEngine({ ...found.karmada, ...change.tsystems === 'gone' && { clusterIds: {} } });
  return outdir => program(outdir, engine, found, change, (target, division) => engine.divide(target, division));
}

/** The same, written for each member. */
export function expectedFiles(found: Found): (outdir: string) => void {
  return outdir => program(outdir, new Oracle(), found, {}, () => undefined);
}

function program(
  outdir: string, engine: FederationEngine, { apiServers }: Found, change: Change, divide: (target: ApiObject, division: KarmadaDivision) => void,
): void {
  const app = new App({ outdir });
  const host = new Cluster(app, 'condor-host', { provider: 'cern', region: 'meyrin' });
  const federation = new Federation(app, 'fed', { host, engine, lateMembers: true });
  const labels = { pool: 'condor' };
  const meyrin = new FederatedCluster(app, 'meyrin', { federation, provider: 'cern', region: 'meyrin', labels, apiServer: apiServers.meyrin });
  const tsystems = change.tsystems === 'gone' ? [] : [new FederatedCluster(app, 'tsystems', {
    federation, provider: 't-systems', region: 'eu-de', labels, joinMode: JoinMode.PULL, paused: change.paused,
  })];
  const startd = examplePool(host, new Placement(federation, 'pool', { clusters: ClusterSelector.labels(labels) }), {
    executionClusters: [LATE_MEMBER],
    negotiatorInterval: Duration.seconds(5),
    extraConfig: { NEGOTIATOR_MIN_INTERVAL: 1, NEGOTIATOR_CYCLE_DELAY: 1 },
  });
  startd.on(meyrin, { attributes: { Datacenter: 'meyrin' } });
  for (const member of tsystems) {
    startd.on(member, { attributes: { Datacenter: 'otc-eu-de' } });
    if (change.tsystems === 'retired') { startd.retire(member); }
  }
  const both = new Placement(federation, 'both', { clusters: ClusterSelector.of(meyrin, ...tsystems) });
  new ApiObject(both, 'namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: WEB } });
  new ApiObject(both, 'notice', {
    apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'notice', namespace: WEB }, data: { notice: change.notice ?? 'open' },
  });
  divide(workload(both, 'web', 4), { failover: Duration.seconds(1) });
  for (const [name, division] of Object.entries(change.divided ?? {})) { divide(workload(both, name, 3), division); }
  app.synth();
}

const WEB = 'web';

function workload(placement: Placement, name: string, replicas: number): ApiObject {
  const labels = { app: name };
  return new ApiObject(placement, name, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: WEB },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name, image: CondorImage.debian().reference, command: ['sleep', 'infinity'] }],
        },
      },
    },
  });
}

/**
 * A cluster that joins without being selected by anything, in a program of its own. It tells its workloads which it is, and has the namespace
 * in which they find their token.
 */
export function lateMember(apiServer: string, { karmada: { context } }: Found): (outdir: string) => void {
  return outdir => {
    const app = new App({ outdir });
    const federation = new Federation(app, 'fed', { host: new Cluster(app, 'condor-host'), engine: new KarmadaEngine({ context }) });
    const member = new FederatedCluster(app, LATE_MEMBER, { federation, apiServer });
    new ClusterIdentity(member, 'identity', { namespace: 'condor' });
    app.synth();
  };
}

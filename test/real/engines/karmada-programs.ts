import { ApiObject, App, Chart, Duration } from 'cdk8s';
import { examplePool } from './example-pool';
import {
  Cluster, ClusterIdentity, ClusterSelector, CondorImage, FederatedCluster, Federation, FederationEngine, JoinMode, KarmadaEngine, KarmadaEngineProps,
  ManifestsEngine, Placement,
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
}

/** What members end up with under every engine; this one also writes what late members would get. */
class Oracle extends ManifestsEngine {
  /** @internal */
  public get _admitsLateMembers(): boolean {
    return true;
  }
}

/**
 * examples/cern-tsystems with Karmada, which pushes to CERN's own cluster and lets the cloud pull. Beside the fleet there is
 * a service whose replicas are divided, and a notice that is changed.
 */
export function federatedFleet(found: Found, change: Change = {}): (outdir: string) => void {
  const engine = new KarmadaEngine({ ...found.karmada, ...change.tsystems === 'gone' && { clusterIds: {} } });
  return outdir => program(outdir, engine, found, change, web => engine.divide(web, { failover: Duration.seconds(1) }));
}

/** The same, written for each member. */
export function expectedFiles(found: Found): (outdir: string) => void {
  return outdir => program(outdir, new Oracle(), found, {}, () => undefined);
}

function program(outdir: string, engine: FederationEngine, { apiServers }: Found, change: Change, divide: (web: ApiObject) => void): void {
  const app = new App({ outdir });
  const host = new Cluster(app, 'condor-host', { provider: 'cern', region: 'meyrin' });
  const federation = new Federation(app, 'fed', { host, engine, lateMembers: true });
  const labels = { pool: 'condor' };
  const meyrin = new FederatedCluster(app, 'meyrin', { federation, provider: 'cern', region: 'meyrin', labels, apiServer: apiServers.meyrin });
  const tsystems = change.tsystems === 'gone' ? [] : [new FederatedCluster(app, 'tsystems', {
    federation, provider: 't-systems', region: 'eu-de', labels, joinMode: JoinMode.PULL, paused: change.paused,
  })];
  const startd = examplePool(host, new Placement(federation, 'pool', { clusters: ClusterSelector.labels(labels) }), {
    negotiatorInterval: Duration.seconds(5),
    extraConfig: { NEGOTIATOR_MIN_INTERVAL: 1, NEGOTIATOR_CYCLE_DELAY: 1 },
  });
  startd.on(meyrin, { attributes: { Datacenter: 'meyrin' } });
  for (const member of tsystems) {
    startd.on(member, { attributes: { Datacenter: 'otc-eu-de' } });
    if (change.tsystems === 'retired') { startd.retire(member); }
  }
  divide(service(new Placement(federation, 'both', { clusters: ClusterSelector.of(meyrin, ...tsystems) }), change.notice ?? 'open'));
  app.synth();
}

function service(placement: Placement, notice: string): ApiObject {
  const namespace = 'web';
  const labels = { app: 'web' };
  new ApiObject(placement, 'namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  new ApiObject(placement, 'notice', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'notice', namespace }, data: { notice } });
  return new ApiObject(placement, 'service', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace },
    spec: {
      replicas: 4,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'web', image: CondorImage.debian().reference, command: ['sleep', 'infinity'] }],
        },
      },
    },
  });
}

/** A cluster that joins without being selected by anything, in a program of its own. */
export function lateMember(name: string, apiServer: string, { karmada: { context } }: Found): (outdir: string) => void {
  return outdir => {
    const app = new App({ outdir });
    const federation = new Federation(app, 'fed', { host: new Cluster(app, 'condor-host'), engine: new KarmadaEngine({ context }) });
    new FederatedCluster(app, name, { federation, apiServer });
    app.synth();
  };
}

/** What tells a cluster's workloads which it is. */
export function clusterIdentity(name: string): (outdir: string) => void {
  return outdir => {
    const app = new App({ outdir });
    new ClusterIdentity(new Chart(app, name), 'identity', { namespace: 'condor' });
    app.synth();
  };
}

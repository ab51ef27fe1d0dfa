import * as fs from 'fs';
import * as path from 'path';
import { ApiObject, App, JsonPatch } from 'cdk8s';
import { Construct } from 'constructs';
import { Cluster, ClusterSelector, FederatedCluster, FederatedClusterProps, Federation, FederationEngine, JoinMode } from '../../../src';
import { scratchDirectory } from '../../scratch';

type MemberProps = Partial<FederatedClusterProps>;

export interface SmallFederation {
  readonly app: App;
  readonly host: Cluster;
  readonly fed: Federation;
  readonly meyrin: FederatedCluster;
  readonly tsystems: FederatedCluster;
}

/** A namespace, a ConfigMap that differs at tsystems, and a DaemonSet; one member is pushed to, the other pulls. */
export function smallFederation(
  engine?: FederationEngine, meyrin: MemberProps = {}, tsystems: MemberProps = {}, id = 'fed', outputFileExtension = '.k8s.yaml',
): SmallFederation {
  const app = new App({ outdir: scratchDirectory(), outputFileExtension });
  const host = new Cluster(app, 'condor-host');
  const fed = new Federation(app, id, { host, engine });
  const members = {
    meyrin: new FederatedCluster(app, 'meyrin', { federation: fed, labels: { tier: 'own' }, ...meyrin }),
    tsystems: new FederatedCluster(app, 'tsystems', { federation: fed, joinMode: JoinMode.PULL, ...tsystems }),
  };
  new ApiObject(fed, 'startd', { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { namespace: 'condor' }, spec: { selector: {} } } as any);
  const settings = configMap(fed, 'settings', { site: 'none' });
  fed.addOverride(settings, ClusterSelector.of(members.tsystems), JsonPatch.replace('/data/site', 'otc'));
  new ApiObject(fed, 'namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'condor' } });
  return { app, host, fed, ...members };
}

export function configMap(scope: Construct, id: string, data: { [key: string]: string } = {}, namespace: string | null = 'condor'): ApiObject {
  return new ApiObject(scope, id, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...namespace && { namespace } }, data } as any);
}

/** The problems of a program, without what is before them. */
export function problemsOf(app: App): string[] {
  try {
    app.synth();
  } catch (error) {
    return (error as Error).message.split('\n').slice(1).map(line => line.trim());
  }
  return [];
}

/** What a program writes, by file. */
export function written(app: App): { [file: string]: string } {
  app.synth();
  return Object.fromEntries(fs.readdirSync(app.outdir).sort().map(file => [file, fs.readFileSync(path.join(app.outdir, file), 'utf8')]));
}

import { App, Testing } from 'cdk8s';
import { Cluster, ClusterIdentity } from '../../src';

test('a cluster tells its workloads what it is called', () => {
  const cluster = new Cluster(new App(), 'otc-nl');
  new ClusterIdentity(cluster, 'identity', { namespace: 'condor' });
  new ClusterIdentity(cluster, 'other', { namespace: 'web', clusterName: 'nl' });
  expect(Testing.synth(cluster).filter(({ kind }) => kind === 'ConfigMap')).toEqual([
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cluster-identity', namespace: 'condor' }, data: { name: 'otc-nl' } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cluster-identity', namespace: 'web' }, data: { name: 'nl' } },
  ]);
  expect(Testing.synth(cluster).filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata)).toEqual([{ name: 'condor' }, { name: 'web' }]);
});

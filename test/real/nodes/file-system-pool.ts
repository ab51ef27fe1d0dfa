import { ApiObject, App, Duration, Size } from 'cdk8s';
import { Cluster, CondorHost, CondorImage, ExecuteDirectory, FederatedCluster, Federation, FileSystem, StartdFleet } from '../../../src';

/** Where the nodes of the member have what their site mounts. */
export const ON_NODE = { cvmfs: '/var/lib/cvmfs-k8s', eos: '/var/lib/eos' };

/** A pool whose machines have CVMFS and EOS of their nodes, a volume that they share, and sandboxes on volumes of their own. */
export function fileSystemPool(outdir: string): void {
  const app = new App({ outdir });
  const host = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host });
  const tsystems = new FederatedCluster(app, 'tsystems', { federation });
  const pool = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch',
    centralManagers: [{ address: 'condor.cern.ch' }],
    accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
    image: CondorImage.debian(),
    negotiatorInterval: Duration.seconds(5),
    extraConfig: { NEGOTIATOR_MIN_INTERVAL: 1, NEGOTIATOR_CYCLE_DELAY: 1 },
  });
  new ApiObject(tsystems, 'shared', {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'shared', namespace: 'condor' },
    spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
  });
  new StartdFleet(federation, 'startd', {
    pool,
    cpus: 2,
    memory: Size.mebibytes(1000),
    updateInterval: Duration.seconds(10),
    fileSystems: [
      FileSystem.cvmfs(['atlas.cern.ch', 'sft.cern.ch'], { hostPath: ON_NODE.cvmfs }),
      FileSystem.hostPath('EOS', ON_NODE.eos, { mountPath: '/eos' }),
      FileSystem.claim('Shared', 'shared', '/shared', { readOnly: false }),
    ],
    executeDirectory: ExecuteDirectory.ephemeralVolume(Size.gibibytes(2), 'volumes'),
  });
  app.synth();
}

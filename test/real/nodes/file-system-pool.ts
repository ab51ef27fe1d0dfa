import { ApiObject, Size } from 'cdk8s';
import { ExecuteDirectory, FileSystem, StartdFleet } from '../../../src';
import { quickPool, SMALL } from '../quick-pool';

/** Where the nodes of the member have what their site mounts. */
export const ON_NODE = { cvmfs: '/var/lib/cvmfs-k8s', eos: '/var/lib/eos' };

/** A pool whose machines have CVMFS and EOS of their nodes, a volume that they share, and sandboxes on volumes of their own. */
export function fileSystemPool(outdir: string): void {
  const { app, federation, members: { tsystems }, pool } = quickPool(outdir, { tsystems: {} });
  new ApiObject(tsystems, 'shared', {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'shared', namespace: 'condor' },
    spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
  });
  new StartdFleet(federation, 'startd', {
    pool,
    ...SMALL,
    fileSystems: [
      FileSystem.cvmfs(['atlas.cern.ch', 'sft.cern.ch'], { hostPath: ON_NODE.cvmfs }),
      FileSystem.hostPath('EOS', ON_NODE.eos, { mountPath: '/eos' }),
      FileSystem.claim('Shared', 'shared', '/shared', { readOnly: false }),
    ],
    executeDirectory: ExecuteDirectory.ephemeralVolume(Size.gibibytes(2), 'volumes'),
  });
  app.synth();
}

import { ApiObject, Size } from 'cdk8s';
import { ExecuteDirectory, FileSystem, StartdFleet } from '../../../src';
import { STORAGE_CLASS } from '../kubernetes/volume-provisioner';
import { quickPool, SMALL } from '../quick-pool';

/** Where the nodes of the member have what their site mounts. */
export const ON_NODE = { cvmfs: '/var/lib/cvmfs-k8s', eos: '/var/lib/eos' };

/** A seccomp profile that the nodes have: all is allowed, user namespaces too, but for one call, by whose error it is recognized. */
export const PROFILE = {
  path: 'profiles/jobs.json',
  text: JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['personality'], action: 'SCMP_ACT_ERRNO', errnoRet: 95 }] }),
};

/**
 * A pool whose machines have CVMFS and EOS of their nodes, a volume that they share, and sandboxes on volumes of their own; and machines beside
 * them that have CVMFS of a claim, and a seccomp profile of their nodes.
 */
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
    executeDirectory: ExecuteDirectory.ephemeralVolume(Size.gibibytes(2), STORAGE_CLASS),
  });
  // as of a driver that provides CVMFS for claims of its class; here the class is that of all volumes
  new StartdFleet(federation, 'driver', {
    pool,
    ...SMALL,
    cpus: 1,
    fileSystems: [FileSystem.cvmfs(['cms.cern.ch'], { storageClass: STORAGE_CLASS })],
    // the image has no Apptainer: what the pod may do is looked at
    containers: { seccompProfile: PROFILE.path },
  });
  app.synth();
}

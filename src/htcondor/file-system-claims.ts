import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { FileSystem } from './file-system';

/** Declares the claims of the file systems that come from a StorageClass, one of a name. */
export function declareClaims(fleet: Construct, namespace: string, labels: { [label: string]: string }, fileSystems: readonly FileSystem[]): void {
  for (const claim of fileSystems.map(each => each._claimOf(fleet.node.id))) {
    if (!claim || fleet.node.tryFindChild(claim.name)) { continue; }
    new ApiObject(fleet, claim.name, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: claim.name, namespace, labels },
      // CVMFS' driver doesn't look at the size, and Kubernetes wants one
      spec: { accessModes: ['ReadOnlyMany'], storageClassName: claim.storageClass, resources: { requests: { storage: '1Mi' } } },
    });
  }
}

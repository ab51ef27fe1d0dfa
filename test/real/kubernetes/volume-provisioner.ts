import * as fs from 'fs';
import * as path from 'path';
import { ApiClient } from './api-client';
import { control } from './controller';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** The name of the provisioner, and of the cluster's default storage class. */
export const PROVISIONER = 'cdk8s-hep.test/volumes';
export const STORAGE_CLASS = 'volumes';

const CLAIMS = '/api/v1/persistentvolumeclaims';
const VOLUMES = '/api/v1/persistentvolumes';

/**
 * Makes a directory for each claim of the default storage class. All nodes of the
 * cluster see it, so that a volume follows its pod as one of a storage network does.
 */
export class VolumeProvisioner {
  constructor(private readonly cluster: string, private readonly directory: string, private readonly api: ApiClient) {}

  public start(): void {
    control(`volumes of ${this.cluster}`, this.api, [CLAIMS, VOLUMES], () => this.reconcile());
  }

  private async reconcile(): Promise<void> {
    const [claims, volumes] = await Promise.all([CLAIMS, VOLUMES].map(collection => this.api.list(collection)));
    for (const claim of claims) {
      if (claim.spec.storageClassName === STORAGE_CLASS && !claim.spec.volumeName && !claim.metadata.deletionTimestamp) {
        await this.provide(claim);
      }
    }
    for (const volume of volumes) {
      const { metadata, spec, status } = volume;
      if (spec.storageClassName === STORAGE_CLASS && status.phase === 'Released' && spec.persistentVolumeReclaimPolicy === 'Delete') {
        fs.rmSync(spec.local.path, { recursive: true, force: true });
        await this.api.delete(`${VOLUMES}/${metadata.name}`);
      }
    }
  }

  private async provide(claim: any): Promise<void> {
    const { uid, namespace, name } = claim.metadata;
    const volume = `pvc-${uid}`;
    const directory = path.join(this.directory, volume);
    fs.mkdirSync(directory, { recursive: true });
    fs.chmodSync(directory, 0o777);
    await this.api.create(VOLUMES, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: volume, annotations: { 'pv.kubernetes.io/provisioned-by': PROVISIONER } },
      spec: {
        storageClassName: STORAGE_CLASS,
        persistentVolumeReclaimPolicy: 'Delete',
        capacity: { storage: claim.spec.resources.requests.storage },
        accessModes: claim.spec.accessModes,
        volumeMode: claim.spec.volumeMode,
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', uid, namespace, name },
        local: { path: directory },
        nodeAffinity: {
          required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/os', operator: 'In', values: ['linux'] }] }] },
        },
      },
    });
  }
}

import { ApiObject, Size } from 'cdk8s';
import { PersistentVolumeAccessMode, PersistentVolumeClaim } from 'cdk8s-plus-27';
import { Construct } from 'constructs';

export interface ScratchSpaceProps {
  readonly namespace: string;
  readonly storage: Size;
}

/** A construct of our own, as this site has many: a volume, and a quota that keeps it the only one. */
export class ScratchSpace extends Construct {
  constructor(scope: Construct, id: string, props: ScratchSpaceProps) {
    super(scope, id);
    const metadata = { namespace: props.namespace };
    new PersistentVolumeClaim(this, 'volume', {
      metadata,
      accessModes: [PersistentVolumeAccessMode.READ_WRITE_MANY],
      storage: props.storage,
    });
    new ApiObject(this, 'quota', {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata,
      spec: { hard: { persistentvolumeclaims: 1 } },
    });
  }
}

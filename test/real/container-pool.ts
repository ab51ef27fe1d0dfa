import { JsonPatch } from 'cdk8s';
import { JOB_SANDBOX } from './job-images';
import { places } from './places';
import { CYCLES_TOLD, quickPool, SMALL } from './quick-pool';
import { APPTAINER_IMAGE } from './rootfs';
import { CondorImage, CondorVersion, RunMode, StartdFleet, StartdFleetProps } from '../../src';

/** Where nodes keep images, and pods see them. */
export const IMAGES = '/srv/images';

const WITH_APPTAINER = new CondorImage({ reference: APPTAINER_IMAGE, version: CondorVersion.V23_9, slotUserPattern: 'slot1_%d', slotUsers: 64 });

/** The fleets; machines say in `Fleet` which one is theirs. */
const FLEETS: { readonly [name: string]: Partial<StartdFleetProps> } = {
  // neither Apptainer nor what it needs
  plain: {},
  // Apptainer, in a pod like any other
  closed: { image: WITH_APPTAINER },
  open: { image: WITH_APPTAINER, containers: {} },
  rootless: { image: WITH_APPTAINER, containers: {}, rootless: true, acceptJobsReadToken: true },
  default: { image: WITH_APPTAINER, containers: { defaultImage: `${IMAGES}/${JOB_SANDBOX}`, bind: [`${IMAGES}:/seen:ro`, '/not/there'] } },
};

export const FLEET_NAMES = Object.keys(FLEETS);

/** Where its clusters stand. */
export const PLACES = places(['tsystems'], { allocatable: { cpu: '16', memory: '16000Mi' } });

/** A pool with fleets that run jobs in containers of their own, and others. */
export function containerPool(outdir: string): void {
  const { app, federation, pool } = quickPool(outdir, { tsystems: {} }, { extraConfig: CYCLES_TOLD });
  for (const name of FLEET_NAMES) {
    const fleet = new StartdFleet(federation, name, {
      pool,
      ...SMALL,
      runMode: RunMode.CONDOR_STARTD,
      attributes: { Fleet: name },
      ...FLEETS[name],
    });
    if (FLEETS[name].containers?.defaultImage) {
      fleet.daemonSet.addJsonPatch(
        JsonPatch.add('/spec/template/spec/volumes/-', { name: 'images', hostPath: { path: IMAGES } }),
        JsonPatch.add('/spec/template/spec/containers/0/volumeMounts/-', { name: 'images', mountPath: IMAGES, readOnly: true }),
      );
    }
  }
  app.synth();
}

import { App, Duration, JsonPatch, Size } from 'cdk8s';
import { JOB_SANDBOX } from './job-images';
import { APPTAINER_IMAGE } from './rootfs';
import { Cluster, CondorHost, CondorImage, CondorVersion, FederatedCluster, Federation, RunMode, StartdFleet, StartdFleetProps } from '../../src';

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

const NODE = { allocatable: { cpu: '16', memory: '16000Mi' } };

/** Where its clusters stand. */
export const PLACES = {
  'condor-host': { cidr: '10.1.0.0/16', nodes: { 'host-1': NODE } },
  'tsystems': { cidr: '10.3.0.0/16', nat: true, nodes: { 'otc-1': NODE } },
};

/** A pool with fleets that run jobs in containers of their own, and others. */
export function containerPool(outdir: string): void {
  const app = new App({ outdir });
  const hostCluster = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host: hostCluster });
  new FederatedCluster(app, 'tsystems', { federation });
  const pool = new CondorHost(hostCluster, 'condor', {
    trustDomain: 'cern.ch',
    centralManagers: [{ address: 'condor.cern.ch' }],
    accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
    image: CondorImage.debian(),
    negotiatorInterval: Duration.seconds(5),
    extraConfig: { NEGOTIATION_CYCLE_STATS_LENGTH: 100, NEGOTIATOR_UPDATE_AFTER_CYCLE: true },
  });
  for (const name of FLEET_NAMES) {
    const fleet = new StartdFleet(federation, name, {
      pool,
      runMode: RunMode.CONDOR_STARTD,
      cpus: 2,
      memory: Size.mebibytes(1000),
      updateInterval: Duration.seconds(10),
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

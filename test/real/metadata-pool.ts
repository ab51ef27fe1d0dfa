import { places, SITES } from './places';
import { quickPool, SMALL } from './quick-pool';
import { APPTAINER_IMAGE } from './rootfs';
import { CloudMetadata, CondorImage, CondorVersion, RunMode, StartdFleet, StartdFleetProps } from '../../src';

export const IPV4 = '169.254.169.254';
export const IPV6 = 'fd00:ec2::254';

const WITH_APPTAINER = new CondorImage({
  reference: APPTAINER_IMAGE, version: CondorVersion.V23_9, slotUserPattern: 'slot1_%d', slotUsers: 64, iproute: true,
});

const NODE = { allocatable: { cpu: '16', memory: '16000Mi' } };

/** Where its clusters stand. A node's rules are for all on it that use its network. */
export const PLACES = {
  ...places([], NODE),
  tsystems: {
    ...SITES.tsystems,
    nodes: Object.fromEntries(['closed', 'open', 'pods'].map(role => [`otc-${role}`, { ...NODE, labels: { role } }])),
  },
};

const onNode = { hostNetwork: true, image: WITH_APPTAINER, containers: {} };

/** The fleets, and where they are; machines say in `Fleet` which one is theirs. The laboratory has no NetworkPolicies. */
const FLEETS: { readonly [name: string]: { readonly on: string; readonly props: Partial<StartdFleetProps> } } = {
  'node-closed': { on: 'closed', props: onNode },
  'node-open': { on: 'open', props: { ...onNode, cloudMetadata: CloudMetadata.OPEN } },
  'pod-closed': { on: 'pods', props: { cloudMetadata: CloudMetadata.ROUTING_RULES } },
  'pod-closed-rootless': { on: 'pods', props: { cloudMetadata: CloudMetadata.ROUTING_RULES, rootless: true, acceptJobsReadToken: true } },
  'pod-open': { on: 'pods', props: { cloudMetadata: CloudMetadata.OPEN } },
};

export const FLEET_NAMES = Object.keys(FLEETS);

/** A pool whose member has a metadata service, closed to the jobs of some fleets. */
export function metadataPool(outdir: string): void {
  const { app, federation, pool } = quickPool(outdir, { tsystems: {} }, { extraConfig: {} });
  for (const [name, { on, props }] of Object.entries(FLEETS)) {
    new StartdFleet(federation, name, {
      pool,
      ...SMALL,
      runMode: RunMode.CONDOR_STARTD,
      attributes: { Fleet: name },
      nodeSelector: { role: on },
      ...props,
    });
  }
  app.synth();
}

import { Duration, Size } from 'cdk8s';
import { places, SITES } from './places';
import { quickPool } from './quick-pool';
import { StartdFleet } from '../../src';

/** How long a central manager waits for another one to answer. The default is 5 seconds; a test needn't wait so long. */
export const CONNECTION_TIMEOUT = Duration.seconds(3);

export const NEGOTIATOR_INTERVAL = Duration.seconds(20);

export const REPLICATION_INTERVAL = Duration.seconds(20);

export const CORES = 10;

/** A pool with two central managers and two access points, and a member that can only connect outwards. */
export function highlyAvailablePool(outdir: string): void {
  const { app, federation, pool } = quickPool(outdir, { tsystems: {} }, {
    centralManagers: [{ name: 'cm1', address: 'cm1.cern.ch' }, { name: 'cm2', address: 'cm2.cern.ch' }],
    accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }, { name: 'ap2', address: 'ap2.cern.ch' }],
    negotiatorInterval: NEGOTIATOR_INTERVAL,
    highAvailability: { connectionTimeout: CONNECTION_TIMEOUT, replicationInterval: REPLICATION_INTERVAL },
    defragmentation: { machinesPerHour: 360 },
  });
  // slots of one core: an access point gives all that is left of a divided one to its own next jobs
  new StartdFleet(federation, 'startd', {
    pool, cpus: CORES, memory: Size.mebibytes(8000), slots: [{ share: 1 / CORES, count: CORES, partitionable: false }],
  });
  app.synth();
}

const NODE = { allocatable: { cpu: '12', memory: '23000Mi' } };

/** Where its clusters stand. */
export const PLACES = {
  ...places(['tsystems'], NODE),
  'condor-host': { ...SITES['condor-host'], nodes: { 'host-1': NODE, 'host-2': NODE } },
};

import { Duration, Size } from 'cdk8s';
import { AccountingGroup, Cluster, CondorHost, CondorHostProps, CondorImage, Federation, Placement, RunMode, StartdFleet, StartdLiveness } from '../../../src';

/** The pool and the fleet of examples/cern-tsystems, for federations that engines carry. */
export function examplePool(host: Cluster, members: Federation | Placement, more: Partial<CondorHostProps> = {}): StartdFleet {
  const pool = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch',
    centralManagers: [{ address: 'condor.cern.ch' }],
    accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
    accountingGroups: [AccountingGroup.share('ATLAS', 0.6), AccountingGroup.share('CMS', 0.4)],
    image: CondorImage.debian(),
    ...more,
  });
  return new StartdFleet(members, 'startd', {
    pool,
    runMode: RunMode.CONDOR_STARTD,
    liveness: StartdLiveness.CONDOR_WHO,
    hostNetwork: true,
    privileged: true,
    cpus: 8,
    memory: Size.mebibytes(22500),
    attributes: { CERNEnvironment: 'production', HasMPI: true },
    maxJobRetirement: Duration.hours(24),
  });
}

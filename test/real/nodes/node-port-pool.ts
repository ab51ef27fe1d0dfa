import { Duration, Size } from 'cdk8s';
import { ClusterSelector, Placement, ServiceExposure, StartdFleet } from '../../../src';
import { quickPool } from '../quick-pool';

/** What its clusters call it, and the world's names of its servers. */
export const NODE_PORT_POOL = {
  namespace: 'node-ports',
  addresses: { 'condor-cm': 'np-condor.cern.ch', 'condor-ap1': 'np-ap1.cern.ch' },
};

/**
 * The other way in, and what the example turns off: a pool behind NodePorts, whose execution points have a master, a
 * network of their own and no privileges. It is matched often, so that a test needn't wait.
 */
export function nodePortPool(members: readonly string[]): (outdir: string) => void {
  return outdir => {
    const { namespace, addresses } = NODE_PORT_POOL;
    const exposure = ServiceExposure.nodePort();
    const { app, federation, pool } = quickPool(outdir, Object.fromEntries(members.map(name => [name, {}])), {
      namespace,
      centralManagers: [{ address: addresses['condor-cm'], exposure, port: 30018 }],
      accessPoints: [{ name: 'ap1', address: addresses['condor-ap1'], exposure, port: 30019 }],
    });
    new StartdFleet(new Placement(federation, 'all', { clusters: ClusterSelector.all() }), 'startd', {
      pool, namespace, cpus: 1, memory: Size.mebibytes(1000), maxJobRetirement: Duration.hours(1),
    });
    app.synth();
  };
}

import { App, Duration, Size } from 'cdk8s';
import { Pool } from './pool';
import { describeReal } from './requirements';
import { condorVersion, NEXT_IMAGE } from './rootfs';
import { until } from './until';
import { Cluster, CondorHost, CondorImage, CondorVersion, FederatedCluster, Federation, ServiceExposure, StartdFleet } from '../../src';

const NODE = { allocatable: { cpu: '8', memory: '23000Mi' } };
const PLACES = {
  'condor-host': { cidr: '10.1.0.0/16', nat: true, nodes: { 'host-1': NODE } },
  'tsystems': { cidr: '10.3.0.0/16', nat: true, nodes: { 'otc-1': NODE } },
};

/** A pool whose central manager alone has a way in: neither the access point nor the machines have one. */
function privatePool(outdir: string): void {
  const app = new App({ outdir });
  const host = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host });
  new FederatedCluster(app, 'tsystems', { federation });
  const pool = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch',
    centralManagers: [{ address: 'condor.cern.ch' }],
    accessPoints: [{ name: 'ap1', address: 'condor-ap1.condor.svc', exposure: ServiceExposure.clusterInternal() }],
    image: new CondorImage({ reference: NEXT_IMAGE, version: CondorVersion.of(condorVersion(NEXT_IMAGE)), slotUserPattern: 'slot1_%d', slotUsers: 64 }),
    negotiatorInterval: Duration.seconds(5),
    extraConfig: { NEGOTIATOR_MIN_INTERVAL: 1, NEGOTIATOR_CYCLE_DELAY: 1 },
  });
  new StartdFleet(federation, 'startd', { pool, cpus: 2, memory: Size.mebibytes(1000), updateInterval: Duration.seconds(10) });
  app.synth();
}

describeReal('an access point and machines that both nobody reaches', () => {
  let pool: Pool;

  beforeAll(async () => {
    pool = await Pool.start(privatePool, PLACES);
    await until('the machine is in the pool', async () => (await pool.machines()).length === 1);
  });
  afterAll(() => pool?.close());

  test('have no way in, and the central manager has one', async () => {
    const dial = async (address: string, port: number) => (await pool.sites.tsystems.nodes[0].dial(address, port, 5)).status === 0;
    expect(await dial(pool.lab.network.names.get('condor.cern.ch')!, 9618)).toBe(true);
    expect(await dial(pool.accessPoint.address, 9618)).toBe(false);
    expect(await dial(pool.clusters['condor-host'].service('condor-ap1').clusterAddress!, 9618)).toBe(false);
  });

  test('run jobs and bring back their output by way of the connection broker', async () => {
    const id = await pool.submit('executable = /bin/cat\ntransfer_executable = false\narguments = input\ntransfer_input_files = input\n'
      + 'should_transfer_files = YES\noutput = out\nrequest_memory = 100\nrequest_disk = 1024\nqueue\n', { input: 'by the broker\n' });
    await pool.finished(id);
    expect(await pool.output(id, 'out')).toBe('by the broker\n');
  });
});

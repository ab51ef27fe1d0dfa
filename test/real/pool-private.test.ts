import { places } from './places';
import { Pool } from './pool';
import { quickPool, SMALL } from './quick-pool';
import { describeReal } from './requirements';
import { condorVersion, NEXT_IMAGE } from './rootfs';
import { until } from './until';
import { CondorImage, CondorVersion, ServiceExposure, StartdFleet } from '../../src';

const EXAMPLE = places(['tsystems']);
const PLACES = { ...EXAMPLE, 'condor-host': { ...EXAMPLE['condor-host'], nat: true } };

/** A pool whose central manager alone has a way in: neither the access point nor the machines have one. */
function privatePool(outdir: string): void {
  const { app, federation, pool } = quickPool(outdir, { tsystems: {} }, {
    accessPoints: [{ name: 'ap1', address: 'condor-ap1.condor.svc', exposure: ServiceExposure.clusterInternal() }],
    image: new CondorImage({ reference: NEXT_IMAGE, version: CondorVersion.of(condorVersion(NEXT_IMAGE)), slotUserPattern: 'slot1_%d', slotUsers: 64 }),
  });
  new StartdFleet(federation, 'startd', { pool, ...SMALL });
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

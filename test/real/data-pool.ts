import { Size } from 'cdk8s';
import { places } from './places';
import { quickPool, SMALL } from './quick-pool';
import { StartdFleet } from '../../src';

/** Who serves files at the host, and T-Systems' own cache. */
export const DATA_SERVER = { name: 'data.cern.ch', last: 200, port: 8080 };
export const CACHE = { address: '10.3.0.200', last: 200, port: 3128 };

/** Where its clusters stand. */
export const PLACES = places(['tsystems']);

/** A pool whose machines at T-Systems have a cache beside them. */
export function dataPool(outdir: string): void {
  const { app, federation, members, pool } = quickPool(outdir, { tsystems: {} });
  const startd = new StartdFleet(federation, 'startd', { pool, ...SMALL, memory: Size.mebibytes(2000) });
  startd.on(members.tsystems, { httpProxy: `http://${CACHE.address}:${CACHE.port}` });
  app.synth();
}

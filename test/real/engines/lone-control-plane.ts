import * as path from 'path';
import { Estate } from '../estate';
import { ControlGroup } from '../kubernetes/control-group';
import { API_PORT, ControlPlane, ControlPlaneOptions } from '../kubernetes/control-plane';
import { Site } from '../site';

/** A control plane that has no nodes: it takes objects, and runs nothing of them. */
export interface LoneControlPlane {
  readonly controlPlane: ControlPlane;
  /** Its address at its site. */
  readonly address: string;
  /** Where the world reaches its API server. */
  readonly publicServer: string;
  /** Where it keeps all it writes. */
  readonly directory: string;
  readonly group: ControlGroup;
}

/**
 * Starts one on a machine of its own. It ends with the estate.
 *
 * @param estate what the names of its estate begin with: a testbed's, or one without nodes
 * @param last the last number of its addresses, at its site and in the world
 */
export async function loneControlPlane(
  estate: Pick<Estate, 'prefix'>, site: Site, name: string, last: number, flags?: ControlPlaneOptions['flags'],
): Promise<LoneControlPlane> {
  const { machine, address } = await site.server(last);
  const publicAddress = site.publicCidr.replace(/0\/24$/, `${last}`);
  await site.forward(name, [{ address: publicAddress, port: API_PORT, targets: [{ address, port: API_PORT }], sources: [], keepsSource: true }]);
  const directory = path.join(Estate.directory(estate.prefix), name);
  const group = new ControlGroup(`/${estate.prefix}/${name}`);
  const controlPlane = await ControlPlane.start(machine, {
    name, directory, group, address, otherAddresses: [publicAddress], schedules: false, flags,
  });
  return { controlPlane, address, publicServer: `https://${publicAddress}:${API_PORT}`, directory, group };
}

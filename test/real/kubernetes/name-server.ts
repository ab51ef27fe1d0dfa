import * as fs from 'fs';
import * as path from 'path';
import { Estate } from '../estate';
import { Network } from '../network';
import { toolset } from './binaries';
import { Component } from './component';
import { ControlGroup } from './control-group';
import { WorldNames } from './world-names';

/** The address of the world's name server. */
export const NAME_SERVER = '10.255.255.53';

const COREFILE = (directory: string, hosts: string) => `. {
  bind ${NAME_SERVER}
  errors
  hosts ${hosts} {
    reload 250ms
    ttl 1
    no_reverse
    fallthrough
  }
  file ${path.join(directory, 'nothing.zone')}
}
`;
// What is no name is said not to be, at once, and forgotten within a second.
const NOTHING = `. 1 IN SOA ns. nobody. 1 3600 3600 3600 1
. 1 IN NS ns.
`;

/** The name server of the world: it stands in the wide area network, where cuts are felt. */
export class NameServer {
  public static async start(network: Network, estate: Estate): Promise<NameServer> {
    const directory = path.join(estate.state, 'names');
    const names = new WorldNames(directory, 'world');
    fs.writeFileSync(path.join(directory, 'Corefile'), COREFILE(directory, names.file));
    fs.writeFileSync(path.join(directory, 'nothing.zone'), NOTHING);
    await network.router.ip('addr', 'add', `${NAME_SERVER}/32`, 'dev', 'lo');
    const component = new Component('coredns', [
      toolset('coredns').path('coredns'), '-conf', path.join(directory, 'Corefile'),
    ], { network: network.router.path, group: new ControlGroup(`/${estate.prefix}/world`), logs: path.join(directory, 'logs') });
    return new NameServer(names, directory, component.start());
  }

  private constructor(
    public readonly names: WorldNames,
    /** Where its files are. */
    public readonly directory: string,
    public readonly component: Component,
  ) {}
}

import * as fs from 'fs';
import * as net from 'net';
import { ApiAccess, ApiClient } from './api-client';
import { Balancer, BalancerSite } from './balancer';
import { VolumeProvisioner } from './volume-provisioner';
import { WorldNames } from './world-names';

/** What the process is told, in the file that is its one argument. */
export interface CloudConfiguration {
  /** Where the names of the world are kept. */
  readonly names: string;
  readonly clusters: {
    readonly name: string;
    readonly api: ApiAccess;
    readonly site: BalancerSite;
    /** Where its volumes are kept. */
    readonly volumes: string;
  }[];
}

/**
 * Hands the connections that come to a socket of another network over to an API
 * server of this process's own: the way from the machine into the testbed.
 */
function openGate(descriptor: number, server: URL): void {
  net.createServer(outside => {
    const inside = net.connect(Number(server.port), server.hostname);
    for (const [from, to] of [[outside, inside], [inside, outside]]) {
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  }).listen({ fd: descriptor });
}

/** What a cloud does for its clusters: addresses for Services, volumes for claims, and a way in for the administrator. */
function main(file: string): void {
  const { names, clusters } = JSON.parse(fs.readFileSync(file, 'utf8')) as CloudConfiguration;
  clusters.forEach(({ name, api, site, volumes }, index) => {
    openGate(3 + index, new URL(api.server));
    const client = new ApiClient(api);
    new Balancer(name, site, new WorldNames(names, name), client).start();
    new VolumeProvisioner(name, volumes, client).start();
  });
}

main(process.argv[2]);

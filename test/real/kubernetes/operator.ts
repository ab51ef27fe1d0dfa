import * as fs from 'fs';
import * as net from 'net';
import * as path from 'path';
import { Estate } from '../estate';
import { Machine, cable } from '../machine';
import type { Site } from '../site';
import type { CloudConfiguration } from './cloud';
import { Component } from './component';
import { ControlGroup } from './control-group';
import { API_PORT } from './control-plane';
import { writeKubeconfig } from './kubeconfig';
import type { TestbedCluster } from './testbed-cluster';

/**
 * The machine from which all clusters are run. It has a line of its own to each
 * control plane, which no cut of a site's link touches; what clouds do for their
 * clusters is done from here.
 */
export class Operator {
  public static async make(estate: Estate): Promise<Operator> {
    return new Operator(estate, await Machine.make(`${estate.prefix}-operator`));
  }

  /** The contexts of all clusters, for programs of this machine's own network. */
  public readonly kubeconfig: string;
  private lines = 0;

  private constructor(private readonly estate: Estate, public readonly machine: Machine) {
    this.kubeconfig = path.join(estate.state, 'kubeconfig');
  }

  /** Lays a line to a machine, and gives the address that the machine has at its end. */
  public async line(machine: Machine): Promise<string> {
    this.lines += 1;
    const index = this.lines;
    await cable(this.machine, `line${index}`, machine, 'operator');
    await this.machine.ip('addr', 'add', `10.253.${index}.1/30`, 'dev', `line${index}`);
    await machine.ip('addr', 'add', `10.253.${index}.2/30`, 'dev', 'operator');
    return `10.253.${index}.2`;
  }

  /** Takes up the work for the clusters, and writes the kubeconfig. */
  public async open(clusters: TestbedCluster[], names: string): Promise<void> {
    const file = path.join(this.estate.state, 'cloud.json');
    const configuration: CloudConfiguration = {
      names,
      clusters: clusters.map(cluster => ({
        name: cluster.name,
        api: {
          server: `https://${cluster.operatorAddress}:${API_PORT}`,
          authority: cluster.controlPlane.authority.certificate,
          ...cluster.controlPlane.admin,
        },
        site: balancerSite(cluster.site),
        volumes: path.join(this.estate.state, cluster.name, 'volumes'),
      })),
    };
    fs.writeFileSync(file, JSON.stringify(configuration, undefined, 2));
    // Sockets of this network, which the process in the operator's network inherits.
    const gates = await Promise.all(clusters.map(() => listen()));
    try {
      new Component('cloud', [
        process.execPath, '--require', require.resolve('ts-node/register/transpile-only'), path.join(__dirname, 'cloud.ts'), file,
      ], { network: this.machine.path, group: new ControlGroup(`/${this.estate.prefix}/world`), logs: path.join(this.estate.state, 'logs') }, {
        env: { TS_NODE_PROJECT: path.join(__dirname, '..', '..', 'tsconfig.json') },
        descriptors: gates.map(gate => gate.descriptor),
      }).start();
    } finally {
      gates.forEach(gate => gate.close());
    }
    writeKubeconfig(this.kubeconfig, clusters.map((cluster, index) => ({
      context: cluster.name,
      server: `https://127.0.0.1:${gates[index].port}`,
      authority: cluster.controlPlane.authority.certificate,
      identity: cluster.controlPlane.admin,
    })));
  }
}

function balancerSite(site: Site): CloudConfiguration['clusters'][0]['site'] {
  return {
    gateway: site.gateway.name,
    publicCidr: site.publicCidr,
    nodes: Object.fromEntries(site.nodes.map((node, index) => [node.name, { address: node.address, cable: `n${index + 1}` }])),
  };
}

/** A socket that listens on a free port of this machine's loopback; connections wait until somebody takes them. */
async function listen(): Promise<{ port: number; descriptor: number; close: () => void }> {
  const server = net.createServer();
  await new Promise<void>((resolve, reject) => server.on('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    descriptor: (server as any)._handle.fd,
    close: () => server.close(),
  };
}

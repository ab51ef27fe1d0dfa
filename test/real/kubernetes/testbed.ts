import { randomBytes } from 'crypto';
import { Estate } from '../estate';
import { Network } from '../network';
import { toolset, ToolsetName } from './binaries';
import { allImages } from './images';
import { NameServer } from './name-server';
import { NodeOptions } from './node';
import { Operator } from './operator';
import { TestbedCluster } from './testbed-cluster';
import { WorldNames } from './world-names';

/** What a testbed runs; built on first use. */
const TOOLSETS: ToolsetName[] = ['kubernetes-newest', 'etcd', 'containerd', 'cni', 'kube-router', 'coredns'];

/** Where a cluster stands. */
export interface Place {
  /** The site's own addresses: a `10.x.0.0/16`. */
  readonly cidr: string;
  /** Everything leaves behind one address, and only Services' public addresses come in. @default false */
  readonly nat?: boolean;
  /** The names of its nodes, and how they differ from others. */
  readonly nodes: string[] | { readonly [name: string]: NodeOptions };
  /** Which Kubernetes. @default 'kubernetes-newest' */
  readonly kubernetes?: ToolsetName;
}

/** Clusters by name, which is the name of their kubeconfig context. */
export type Places = { readonly [cluster: string]: Place };

export interface TestbedOptions {
  /** Outlives this process, under this prefix, until `Estate.dissolve(prefix)`. @default - ends with this process */
  readonly lasting?: string;
  /** Is told what is going on. */
  readonly progress?: (line: string) => void;
}

/**
 * Real Kubernetes clusters on this one machine: each at a site with network
 * namespaces of its own, joined by a wide area network that can be cut.
 */
export class Testbed {
  /** Starts the clusters; every node is ready then, and has the images. */
  public static async open(places: Places, options: TestbedOptions = {}): Promise<Testbed> {
    const progress = options.progress ?? (() => undefined);
    const images = allImages();
    TOOLSETS.forEach(name => toolset(name));
    const estate = options.lasting
      ? await Estate.foundLasting(options.lasting)
      : Estate.found(`heptest${randomBytes(2).toString('hex')}`);
    try {
      const network = await Network.make(estate.prefix);
      const nameServer = await NameServer.start(network, estate);
      const operator = await Operator.make(estate);
      // Sites are numbered in the order in which they are made.
      const sites = [];
      for (const [name, { cidr, nat }] of Object.entries(places)) {
        sites.push(await network.site(name, { cidr, nat }));
      }
      const clusters = await Promise.all(sites.map(site =>
        TestbedCluster.start(estate, operator, site, places[site.name], images, progress)));
      await operator.open(clusters, nameServer.directory);
      return new Testbed(estate, network, nameServer, operator, clusters);
    } catch (error) {
      estate.abandon();
      throw error;
    }
  }

  /** What all names of this testbed begin with. */
  public readonly prefix: string;
  /** The names that all the world knows, beside those inside a cluster. */
  public readonly names: WorldNames;
  /** The file with the contexts of all clusters, for this machine's own network. */
  public readonly kubeconfig: string;

  private constructor(
    private readonly estate: Estate,
    public readonly network: Network,
    /** The name server of the world. */
    public readonly nameServer: NameServer,
    operator: Operator,
    public readonly clusters: TestbedCluster[],
  ) {
    this.prefix = estate.prefix;
    this.names = nameServer.names;
    this.kubeconfig = operator.kubeconfig;
  }

  public cluster(name: string): TestbedCluster {
    const found = this.clusters.find(cluster => cluster.name === name);
    if (!found) {
      throw new Error(`no cluster ${name}; there are ${this.clusters.map(cluster => cluster.name).join(', ')}`);
    }
    return found;
  }

  /** Ends everything and removes every trace. */
  public async close(): Promise<void> {
    await this.estate.close();
  }
}

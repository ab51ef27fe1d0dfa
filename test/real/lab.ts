import { randomBytes } from 'crypto';
import { Cluster, ClusterOptions } from './cluster';
import { Estate } from './estate';
import { Manifest } from './manifest';
import { Network } from './network';
import { imageRootfs } from './rootfs';
import { Site, SiteOptions } from './site';

/** The beginning of every name the laboratory gives to anything of the machine. */
const LAB_PREFIX = 'heplab';

/**
 * The laboratory: sites joined by a network, and clusters that run synthesized
 * files at them. It owns all that it starts, and its estate ends with this process.
 */
export class Lab {
  /** Opens a laboratory; builds the image if this machine has none yet. */
  public static async open(): Promise<Lab> {
    imageRootfs();
    const estate = Estate.found(`${LAB_PREFIX}${randomBytes(2).toString('hex')}`);
    try {
      return new Lab(estate, await Network.make(estate.prefix));
    } catch (error) {
      estate.abandon();
      throw error;
    }
  }

  /** What all names of this laboratory begin with. */
  public readonly prefix: string;
  /** The directory that holds all it writes. */
  public readonly state: string;
  private readonly clusters: Cluster[] = [];

  private constructor(
    private readonly estate: Estate,
    public readonly network: Network,
  ) {
    this.prefix = estate.prefix;
    this.state = estate.state;
  }

  /** Adds a site to the network. */
  public site(name: string, options: SiteOptions): Promise<Site> {
    return this.network.site(name, options);
  }

  /** A cluster at a site that will run the objects of one synthesized file. */
  public cluster(name: string, site: Site, manifests: Manifest[], options: ClusterOptions = {}): Cluster {
    const cluster = new Cluster(this, name, site, manifests, options);
    this.clusters.push(cluster);
    return cluster;
  }

  /** Ends everything and removes every trace. */
  public async close(): Promise<void> {
    try {
      await this.estate.close();
    } finally {
      await Promise.all(this.clusters.map(cluster => cluster.swept()));
    }
  }
}

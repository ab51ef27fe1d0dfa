import { randomBytes } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import { NodelessCluster } from './nodeless-cluster';
import { Estate } from '../estate';
import { Network } from '../network';

/** A host and members, each a cluster without nodes at a site of its own. Nothing carries objects between them yet. */
export class NodelessFederation {
  /** Starts them. */
  public static async start(host: string, ...members: string[]): Promise<NodelessFederation> {
    const estate = Estate.found(`heptest${randomBytes(2).toString('hex')}`);
    try {
      const network = await Network.make(estate.prefix);
      const clusters: NodelessCluster[] = [];
      for (const [index, name] of [host, ...members].entries()) {
        clusters.push(await NodelessCluster.start(estate, network, name, `10.${index + 1}.0.0/16`));
      }
      return new NodelessFederation(estate, clusters);
    } catch (error) {
      await estate.close();
      throw error;
    }
  }

  public readonly host: NodelessCluster;
  public readonly members: NodelessCluster[];

  private constructor(private readonly estate: Estate, clusters: NodelessCluster[]) {
    [this.host, ...this.members] = clusters;
  }

  /** A program's files, which it writes into a folder, by the contexts that they are applied to. */
  public filesOf(program: (outdir: string) => void): { readonly [context: string]: string } {
    const outdir = fs.mkdtempSync(path.join(this.estate.state, 'synth-'));
    program(outdir);
    return Object.fromEntries(fs.readdirSync(outdir).map(file => [file.replace(/\.k8s\.yaml$/, ''), fs.readFileSync(path.join(outdir, file), 'utf8')]));
  }

  /** Ends everything and removes every trace. */
  public async close(): Promise<void> {
    await this.estate.close();
  }
}

import * as path from 'path';
import { App, Chart, Names } from 'cdk8s';
import { Cluster } from './cluster';
import type { FederatedCluster } from './federated-cluster';
import { Federation } from './federation';

/** One file, and the cluster that it is applied to. */
export interface ApplyStep {
  /** The kubeconfig context of the cluster. */
  readonly context: string;

  /** The file, in the App's output directory. */
  readonly file: string;

  /** How many objects the file holds. */
  readonly objects: number;

  /** What the cluster is to the federation: `host`, `member`, `cluster`, or `federation` for the API of its control plane. */
  readonly role: string;

  /** Whether the member is paused: its file is written, and is not to be applied. */
  readonly paused: boolean;

  /** Whether the federation's engine brings the file to the cluster, for instance from a Git repository. */
  readonly delivered: boolean;
}

/**
 * What a synth makes, and where each file is to be applied: hosts first, then the others in the order in
 * which the program declares them, and the federation's own API last.
 */
export class ApplyPlan {
  /**
   * The plan of a program.
   *
   * @param app the App, with all its clusters; a wrong program is refused as in `App.synth()`
   */
  public static of(app: App): ApplyPlan {
    const charts = app.node.children;
    const hosts = new Set(charts.filter(Federation.isFederation).map(federation => federation.host));
    const clusters = charts.filter(Cluster.isCluster);
    const ordered = [...clusters.filter(cluster => hosts.has(cluster)), ...clusters.filter(cluster => !hosts.has(cluster))];
    const fileOf = (chart: Chart) => path.join(app.outdir, `${Names.toDnsLabel(chart)}${app.outputFileExtension}`);
    const steps = ordered.map(cluster => ({
      context: cluster.context,
      file: fileOf(cluster),
      objects: cluster.toJson().length,
      role: hosts.has(cluster) ? 'host' : isMember(cluster) ? 'member' : 'cluster',
      paused: isMember(cluster) && cluster.paused,
      delivered: isMember(cluster) && cluster.federation.engine._delivers(cluster),
    }));
    // members first: a federation's own file refers to what their files make
    const apis = charts.filter(Federation.isFederation).map(federation => ({
      context: federation.engine._context(federation.node.id),
      file: fileOf(federation),
      objects: federation.toJson().length,
      role: 'federation',
      paused: false,
      delivered: false,
    }));
    return new ApplyPlan([...steps, ...apis.filter(({ objects }) => objects > 0)]);
  }

  /** The files, in the order in which they are applied. */
  public readonly steps: ApplyStep[];

  private constructor(steps: ApplyStep[]) {
    this.steps = steps;
  }

  /** The commands that apply the files, one for each cluster whose file nobody else brings. */
  public get commands(): string[] {
    return this.steps.filter(({ objects, paused, delivered }) => objects > 0 && !paused && !delivered).map(({ context, file }) =>
      `kubectl --context ${quoted(context)} apply --server-side -f ${quoted(file)}`);
  }

  /** The plan as text: what was made, and the commands that apply it. */
  public toString(): string {
    const width = (values: string[]) => Math.max(...values.map(value => value.length));
    const contexts = width(this.steps.map(({ context }) => context));
    const roles = width(this.steps.map(({ role }) => role));
    const files = width(this.steps.map(({ file }) => file));
    return [
      `${this.steps.filter(({ role }) => role !== 'federation').length} clusters:`,
      ...this.steps.map(({ context, file, objects, role, paused, delivered }) =>
        `  ${context.padEnd(contexts)}  ${role.padEnd(roles)}  ${file.padEnd(files)}  ${objects} objects${delivered ? ', brought by the engine' : ''}${paused ? ', paused' : ''}`),
      '',
      'Apply them with:',
      ...this.commands.map(command => `  ${command}`),
    ].join('\n');
  }
}

function isMember(cluster: Cluster): cluster is FederatedCluster {
  return 'federation' in cluster;
}

/** As a POSIX shell reads it back. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, '\'\\\'\'')}'`;
}

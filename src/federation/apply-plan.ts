import * as path from 'path';
import { App, Names } from 'cdk8s';
import { Cluster } from './cluster';
import { Federation } from './federation';

/** One file, and the cluster that it is applied to. */
export interface ApplyStep {
  /** The kubeconfig context of the cluster. */
  readonly context: string;

  /** The file, in the App's output directory. */
  readonly file: string;

  /** How many objects the file holds. */
  readonly objects: number;

  /** What the cluster is to the federation. */
  readonly role: string;
}

/**
 * What a synth makes, and where each file is to be applied: hosts first, then the others in the order in
 * which the program declares them.
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
    return new ApplyPlan(ordered.map(cluster => ({
      context: cluster.context,
      file: path.join(app.outdir, `${Names.toDnsLabel(cluster)}${app.outputFileExtension}`),
      objects: cluster.toJson().length,
      role: hosts.has(cluster) ? 'host' : 'federation' in cluster ? 'member' : 'cluster',
    })));
  }

  /** The files, in the order in which they are applied. */
  public readonly steps: ApplyStep[];

  private constructor(steps: ApplyStep[]) {
    this.steps = steps;
  }

  /** The commands that apply the files, one for each cluster. */
  public get commands(): string[] {
    return this.steps.filter(({ objects }) => objects > 0).map(({ context, file }) =>
      `kubectl --context ${quoted(context)} apply --server-side -f ${quoted(file)}`);
  }

  /** The plan as text: what was made, and the commands that apply it. */
  public toString(): string {
    const width = (values: string[]) => Math.max(...values.map(value => value.length));
    const contexts = width(this.steps.map(({ context }) => context));
    const files = width(this.steps.map(({ file }) => file));
    return [
      `${this.steps.length} clusters:`,
      ...this.steps.map(({ context, file, objects, role }) =>
        `  ${context.padEnd(contexts)}  ${role.padEnd(7)}  ${file.padEnd(files)}  ${objects} objects`),
      '',
      'Apply them with:',
      ...this.commands.map(command => `  ${command}`),
    ].join('\n');
  }
}

/** As a POSIX shell reads it back. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, '\'\\\'\'')}'`;
}

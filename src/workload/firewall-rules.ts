import { IConstruct } from 'constructs';
import { trafficOf } from './traffic';
import { asTable } from '../table';

/** A connection that the firewalls on its way must let pass, from whoever opens it to whoever answers. */
export interface FirewallRule {
  /** The cluster whose nodes, or pods, open the connection. */
  readonly from: string;

  /**
   * The cluster that answers.
   *
   * @default - none of the program
   */
  readonly to?: string;

  /** The host name or IP address that is dialled. */
  readonly address: string;

  /** The transport, `TCP`. */
  readonly protocol: string;

  /** The port that is dialled. */
  readonly port: number;

  /** What for. */
  readonly reason: string;
}

/**
 * The connections between the clusters of a program, and from them to what the program names elsewhere. With these and the answers to them
 * a pool forms and runs jobs, its logs and metrics arrive, and a REANA runs workflows; everything else can be closed.
 *
 * What stays inside a cluster is not among them, nor what the program can't know: name servers, NTP, where nodes' file systems come
 * from, who applies the files, users elsewhere, what their jobs and workflows fetch and in which images, whom a Secret names, and the
 * control plane of a federation.
 */
export class FirewallRules {
  /**
   * The rules of a program.
   *
   * @param app the App, or any part of it
   */
  public static of(app: IConstruct): FirewallRules {
    const traffic = app.node.findAll().flatMap(trafficOf);
    const rules = [
      ...traffic.flatMap(({ connections }) => connections?.() ?? []),
      ...traffic.flatMap(({ images }) => images?.() ?? []).flatMap(({ reference, clusters }) => clusters.map(from => pull(from, reference))),
    ];
    const first = new Map<string, FirewallRule>();
    for (const rule of rules.filter(({ from, to }) => from !== to)) {
      const key = [rule.from, rule.address, rule.protocol, rule.port].join(' ');
      if (!first.has(key)) { first.set(key, rule); }
    }
    return new FirewallRules([...first.values()]);
  }

  /** The rules, the same connection once. */
  public readonly rules: FirewallRule[];

  private constructor(rules: FirewallRule[]) {
    this.rules = rules;
  }

  /** The rules as a table, one line for each. */
  public toString(): string {
    return asTable([
      ['FROM', 'TO', 'ADDRESS', 'PROTOCOL', 'PORT', 'WHY'],
      ...this.rules.map(({ from, to = '-', address, protocol, port, reason }) => [from, to, address, protocol, `${port}`, reason]),
    ]);
  }
}

/** Where a container runtime asks for an image: what is before the first slash, if it looks like a host. Docker's registry has another host than its name. */
function pull(from: string, image: string): FirewallRule {
  const [first, ...rest] = image.split('/');
  const named = rest.length > 0 && first !== 'docker.io' && /[.:]|^localhost$/.test(first);
  const [address, port] = (named ? first : 'registry-1.docker.io').split(':');
  return { from, address, protocol: 'TCP', port: Number(port ?? 443), reason: 'nodes pull the image' };
}

import { ApiObject, Chart, Lazy } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { Placement } from '../federation/placement';

/** The Pod Security Standards, from the strictest to the most permissive. */
export enum PodSecurityLevel {
  /** Hardened pods only. */
  RESTRICTED = 'restricted',
  /** No known privilege escalations. */
  BASELINE = 'baseline',
  /** Anything, host access included. */
  PRIVILEGED = 'privileged',
}

const LEVELS = [PodSecurityLevel.RESTRICTED, PodSecurityLevel.BASELINE, PodSecurityLevel.PRIVILEGED];

/** What happens to a pod above the level: it is refused, its creator is warned, it is put on record. */
const MODES = ['enforce', 'warn', 'audit'];

/**
 * A namespace that workloads share, with the Pod Security level that the most demanding of them needs.
 *
 * Workloads of one chart (or one placement) that name the same namespace share one object.
 */
export class WorkloadNamespace extends Construct {
  /** The namespace of a name where a workload stands, defined at its first mention. */
  public static of(scope: Construct, name: string): WorkloadNamespace {
    const place = Placement.tryOf(scope) ?? Chart.of(scope);
    const id = `namespace-${name}`;
    return (place.node.tryFindChild(id) as WorkloadNamespace | undefined) ?? new WorkloadNamespace(place, id, name);
  }

  private level = PodSecurityLevel.RESTRICTED;

  private constructor(scope: Construct, id: string, name: string) {
    super(scope, id);
    new ApiObject(this, 'Resource', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: Object.fromEntries(MODES.map(mode => [`pod-security.kubernetes.io/${mode}`, Lazy.any({ produce: () => this.level })])) },
    });
  }

  /** Lets a workload's pods in, which need this level. It is created after the namespace. */
  public admit(workload: IConstruct, level: PodSecurityLevel): void {
    workload.node.addDependency(this);
    if (LEVELS.indexOf(level) > LEVELS.indexOf(this.level)) { this.level = level; }
  }
}

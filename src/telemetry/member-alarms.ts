import { Duration } from 'cdk8s';
import { Alarm, AlarmGroup, AlarmSeverity } from './alarm';
import { Series } from './promql';
import { ratioProblems } from './threshold';

/** When somebody is told of the federation's members. The series are those of kube-state-metrics and of Karmada's controllers. */
export interface MemberAlarms {
  /**
   * The part of a member's nodes that is ready, more than 0 and less than 1: below it somebody is told.
   *
   * @default 0.9
   */
  readonly readyNodes?: number;
}

const READY = ['condition="Ready"', 'status="true"'];

const readyNodes = ({ readyNodes: ratio = 0.9 }: MemberAlarms) => ratio;

/** The rules of members; `karmada` is whether a control plane of Karmada watches them. */
export function memberAlarms(alarms: MemberAlarms, federation: string, members: readonly string[], karmada: boolean, series: Series): AlarmGroup {
  const ready = `sum by (federation, k8s_cluster) (${series('kube_node_status_condition', ...READY)})`;
  const nodes = `count by (federation, k8s_cluster) (${series('kube_node_status_condition', ...READY)})`;
  const unreachable: Alarm[] = [{
    name: 'MemberUnreachable',
    severity: AlarmSeverity.CRITICAL,
    expr: `label_replace(max by (federation, member_cluster) (${series('cluster_ready_state')}) == 0, "k8s_cluster", "$1", "member_cluster", "(.+)")`,
    holds: Duration.minutes(5),
    summary: 'The control plane does not reach {{ $labels.k8s_cluster }}: what changes does not arrive there.',
  }];
  return {
    about: 'members',
    recordings: members.map(member => ({ record: 'federation:members:expected', expr: 'vector(1)', labels: { federation, k8s_cluster: member } })),
    alarms: [
      {
        name: 'MemberTelemetryMissing',
        severity: AlarmSeverity.CRITICAL,
        expr: `${series('federation:members:expected')} unless on (federation, k8s_cluster) ${series('up')}`,
        holds: Duration.minutes(15),
        summary: 'Nothing is heard of {{ $labels.k8s_cluster }}: no metric of it arrives, and none of its alarms would fire.',
      },
      {
        name: 'MemberNotReady',
        severity: AlarmSeverity.CRITICAL,
        expr: `${ready} == 0`,
        holds: Duration.minutes(5),
        summary: 'No node of {{ $labels.k8s_cluster }} is ready.',
      },
      {
        name: 'MemberNodesNotReady',
        severity: AlarmSeverity.WARNING,
        expr: `${ready} / ${nodes} < ${readyNodes(alarms)}`,
        holds: Duration.minutes(15),
        summary: 'Of the nodes of {{ $labels.k8s_cluster }} only {{ $value | humanizePercentage }} are ready.',
      },
      ...karmada ? unreachable : [],
    ],
  };
}

/** What is wrong with them. */
export function memberProblems(property: string, alarms: MemberAlarms): string[] {
  return ratioProblems(`${property}.readyNodes`, readyNodes(alarms));
}

import { ApiObject, Duration } from 'cdk8s';
import { Construct } from 'constructs';
import { BoardDefinition } from './board';
import { FEDERATION_BOARD } from './federation-board';
import { grafanaDashboard } from './grafana';
import { LOG_BOARD } from './log-board';
import { POOL_BOARD } from './pool-board';
import { promDuration } from './promql';
import { atLeast, nameProblems } from './threshold';
import { workflowBoard } from './workflow-board';
import { isLabelKey } from '../federation/labels';
import { isDnsLabel } from '../federation/names';
import { problem } from '../problem';

/** What a dashboard shows. */
export enum Board {
  /** The members: whether they are there, how large they are, what runs, and the alarms. */
  FEDERATION = 'federation',
  /** The HTCondor pool: machines, queues, negotiation cycles, accounting groups. */
  POOL = 'pool',
  /** Workflows of REANA, and their steps. */
  WORKFLOWS = 'workflows',
  /** The way of the logs from the members to their store. */
  LOGS = 'logs',
}

/** Properties of `Dashboards`. */
export interface DashboardsProps {
  /**
   * Which dashboards there are.
   *
   * Refused: none, one twice.
   *
   * @default - all
   */
  readonly boards?: Board[];

  /**
   * The namespace of the ConfigMaps, which must be there: one in which Grafana looks.
   *
   * @default monitoring
   */
  readonly namespace?: string;

  /**
   * The label by which Grafana's sidecar finds them (`sidecar.dashboards.label` of its chart); its value is `1`.
   *
   * Refused: what is no key of a label.
   *
   * @default grafana_dashboard
   */
  readonly label?: string;

  /**
   * The folder in Grafana (the annotation `grafana_folder`, `sidecar.dashboards.folderAnnotation` of its chart).
   *
   * @default Federation
   */
  readonly folder?: string;

  /**
   * How often a dashboard that is open asks again.
   *
   * Refused: less than five seconds, as Grafana does.
   *
   * @default Duration.minutes(1)
   */
  readonly refresh?: Duration;

  /**
   * What the names of REANA's pods begin with (`REANA_COMPONENT_PREFIX`).
   *
   * Refused: what no name of Kubernetes begins with.
   *
   * @default reana
   */
  readonly workflowPrefix?: string;
}

/**
 * Grafana's dashboards of federations, their pools, workflows and logs: a ConfigMap each, named `<id>-<board>`, as Grafana's sidecar reads them.
 *
 * They are for any number of federations: the datasource, the federation and its clusters are chosen in them. Their addresses in Grafana
 * (`uid`) are `cdk8s-hep-<board>` and stay the same.
 */
export class Dashboards extends Construct {
  /**
   * @param scope the cluster in which Grafana is
   * @param id what the names of the ConfigMaps begin with: a DNS label
   * @param props which, and how Grafana finds them
   */
  public constructor(scope: Construct, id: string, props: DashboardsProps = {}) {
    super(scope, id);
    const { namespace = 'monitoring', label = 'grafana_dashboard', folder = 'Federation' } = props;
    const { boards = Object.values(Board), refresh = Duration.minutes(1), workflowPrefix = 'reana' } = props;
    const definitions: { readonly [board: string]: BoardDefinition } = {
      [Board.FEDERATION]: FEDERATION_BOARD, [Board.POOL]: POOL_BOARD, [Board.WORKFLOWS]: workflowBoard(workflowPrefix), [Board.LOGS]: LOG_BOARD,
    };
    for (const board of new Set(boards)) {
      new ApiObject(this, board, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: `${id}-${board}`,
          namespace,
          labels: { 'app.kubernetes.io/name': 'dashboards', 'app.kubernetes.io/instance': id, [label]: '1' },
          annotations: { grafana_folder: folder },
        },
        data: { [`${id}-${board}.json`]: `${JSON.stringify(grafanaDashboard(definitions[board], promDuration(refresh)), null, 1)}\n` },
      });
    }
    this.node.addValidation({
      validate: () => [
        ...boards.length > 0 && new Set(boards).size === boards.length ? [] : [problem('boards', boards, 'at least one, and each once')],
        ...isDnsLabel(id, 52) ? [] : [problem('id', id, "a DNS label (a-z, 0-9, '-') of at most 52 characters")],
        ...isDnsLabel(namespace) ? [] : [problem('namespace', namespace, "a DNS label (a-z, 0-9, '-') of at most 63 characters")],
        ...isLabelKey(label) ? [] : [problem('label', label, 'the key of a label')],
        ...folder.trim() === folder && folder !== '' ? [] : [problem('folder', folder, 'a name')],
        ...atLeast('refresh', refresh, Duration.seconds(5), 'Grafana takes no less'),
        ...nameProblems('workflowPrefix', workflowPrefix),
      ],
    });
  }
}

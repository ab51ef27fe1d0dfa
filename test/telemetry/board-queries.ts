/** A query of a panel of a dashboard. */
export interface PanelQuery {
  readonly board: string;
  readonly panel: string;
  readonly expr: string;
}

/** What Grafana puts in for the variables: one federation, all of its clusters. */
const CHOSEN: readonly [string, string][] = [['$federation', 'fed'], ['$k8s_cluster', '.+']];

/** An object that may hold a dashboard. */
interface Candidate {
  readonly metadata: { readonly labels?: { readonly [label: string]: string } };
  readonly data?: { readonly [file: string]: string };
}

/** The queries of dashboards in ConfigMaps, as Grafana sends them. */
export function boardQueries(objects: readonly Candidate[]): PanelQuery[] {
  const files = objects.filter(({ metadata }) => metadata.labels?.grafana_dashboard === '1').flatMap(({ data = {} }) => Object.values(data));
  return files.map(text => JSON.parse(text)).flatMap(board => board.panels.flatMap((panel: any) => panel.targets.map((target: any) => ({
    board: board.title,
    panel: panel.title,
    expr: CHOSEN.reduce((expr, [variable, value]) => expr.split(variable).join(value), target.expr),
  }))));
}

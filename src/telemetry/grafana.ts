import { LegendDisplayMode, LegendPlacement, ReduceDataOptionsBuilder, StackingConfigBuilder, StackingMode, VizLegendOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardBuilder, DatasourceVariableBuilder, QueryVariableBuilder, VariableRefresh, VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { BoardDefinition, BoardPanel } from './board';

/** The datasource that is chosen above. */
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** The width of a dashboard, and how much of it panels take. */
const GRID = { stat: { w: 4, h: 4 }, series: { w: 12, h: 8 }, width: 24 };

function variable(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name).label(label).datasource(DATASOURCE).query(query).definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged).sort(VariableSort.AlphabeticalAsc);
}

function panelOf({ title, description = '', unit, queries, stat = false, stacked = false }: BoardPanel): StatBuilder | TimeseriesBuilder {
  const targets = queries.map(({ expr, legend }, index) => {
    const target = new DataqueryBuilder().refId(String.fromCharCode('A'.charCodeAt(0) + index)).datasource(DATASOURCE).expr(expr).legendFormat(legend);
    return stat ? target.instant() : target.range();
  });
  if (stat) {
    return new StatBuilder().title(title).description(description).datasource(DATASOURCE).unit(unit).targets(targets)
      .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']));
  }
  const series = new TimeseriesBuilder().title(title).description(description).datasource(DATASOURCE).unit(unit).targets(targets).min(0)
    .legend(new VizLegendOptionsBuilder().displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom).showLegend(true));
  return stacked ? series.stacking(new StackingConfigBuilder().mode(StackingMode.Normal)).fillOpacity(20) : series;
}

/** A dashboard as Grafana reads it: the figures, then how they went, two in a row. */
export function grafanaDashboard({ uid, title, panels }: BoardDefinition, refresh: string): object {
  const board = new DashboardBuilder(title).uid(uid).tags(['cdk8s-hep']).refresh(refresh).time({ from: 'now-6h', to: 'now' })
    .withVariable(new DatasourceVariableBuilder('datasource').label('Datasource').type('prometheus'))
    .withVariable(variable('federation', 'Federation', 'label_values(up, federation)'))
    .withVariable(variable('k8s_cluster', 'Cluster', 'label_values(up{federation=~"$federation"}, k8s_cluster)').multi(true).includeAll(true).allValue('.+')
      .current({ text: 'All', value: '$__all' }));
  const sorted = [...panels.filter(({ stat }) => stat), ...panels.filter(({ stat }) => !stat)];
  let [x, y, height] = [0, 0, 0];
  sorted.forEach((panel, index) => {
    const { w, h } = panel.stat ? GRID.stat : GRID.series;
    if (x + w > GRID.width || (height > 0 && h !== height)) { [x, y] = [0, y + height]; }
    height = h;
    board.withPanel(panelOf(panel).id(index + 1).gridPos({ x, y, w, h }));
    x += w;
  });
  return board.build();
}

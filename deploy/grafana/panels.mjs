// The few kinds of panels that the dashboards are made of. A query is `{ expr, legend }`.
import { HeatmapCellLayout, VizLegendOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import * as heatmaps from '@grafana/grafana-foundation-sdk/heatmap';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import * as stats from '@grafana/grafana-foundation-sdk/stat';
import * as lines from '@grafana/grafana-foundation-sdk/timeseries';

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana replaces it.
const datasource = { type: 'prometheus', uid: '${datasource}' };

/** Lines over time. */
export function graph(title, unit, queries, description) {
  const panel = withQueries(new lines.PanelBuilder(), title, unit, queries, description)
    .min(0)
    .fillOpacity(10)
    .legend(new VizLegendOptionsBuilder().showLegend(true).displayMode('list').placement('bottom').calcs([]));
  return panel.height(8).span(12);
}

/** One number, that of now, above its line. */
export function number(title, unit, expr, description) {
  const panel = withQueries(new stats.PanelBuilder(), title, unit, [{ expr, legend: '' }], description);
  return panel.height(4).span(6);
}

/** Buckets over time. `expr` has a series for each `le`, or is a native histogram. */
export function heatmap(title, unit, expr, description) {
  const panel = new heatmaps.PanelBuilder()
    .title(title)
    .datasource(datasource)
    .yAxis(new heatmaps.YAxisConfigBuilder().unit(unit))
    .calculate(false)
    .rowsFrame(new heatmaps.RowsHeatmapOptionsBuilder().layout(HeatmapCellLayout.Auto))
    .withTarget(query({ expr, legend: '{{le}}' }, 0).format(PromQueryFormat.Heatmap));
  if (description !== undefined) panel.description(description);
  return panel.height(8).span(12);
}

/** `rows` is `[title, panels]` of each row; `variables` is the queries of the variables behind the datasource, by name. */
export function dashboard({ uid, title, description, variables, rows }) {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['prom-client-mmap'])
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'));
  for (const [name, { query: text, all }] of Object.entries(variables)) {
    builder.withVariable(variable(name, text, all));
  }
  let id = 0;
  for (const [name, panels] of rows) {
    builder.withRow(new RowBuilder(name).id(++id));
    for (const panel of panels) builder.withPanel(panel.id(++id));
  }
  return builder.build();
}

/** `all` is the regular expression of all values, for a variable that may have several. */
function variable(name, text, all) {
  const builder = new QueryVariableBuilder(name)
    .label(name)
    .datasource(datasource)
    .query(text)
    .refresh(VariableRefresh.OnTimeRangeChanged);
  if (all === undefined) return builder;
  return builder.multi(true).includeAll(true).allValue(all).current({ text: 'All', value: '$__all' });
}

function withQueries(panel, title, unit, queries, description) {
  panel.title(title).datasource(datasource).unit(unit);
  if (description !== undefined) panel.description(description);
  for (const [index, one] of queries.entries()) panel.withTarget(query(one, index));
  return panel;
}

function query({ expr, legend }, index) {
  return new DataqueryBuilder()
    .refId(String.fromCharCode(65 + index))
    .datasource(datasource)
    .expr(expr)
    .legendFormat(legend);
}

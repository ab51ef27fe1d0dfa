import { App, Chart, YamlOutputType } from 'cdk8s';
import { problem } from '../problem';

/**
 * What every chart of a federated program must keep to, because of how cdk8s writes charts:
 * a nested chart or a dependency between charts numbers all file names, so that adding a cluster
 * renames the others' files, and costs time that grows with the power of the layers; the other
 * output types mix the objects of several clusters or drop some.
 */
export function chartProblems(chart: Chart): string[] {
  const problems: string[] = [];
  const app = App.of(chart);
  if (chart.node.scope !== app) {
    problems.push(problem('scope', chart.node.scope?.node.path, 'the App itself'));
  }
  if (app.yamlOutputType !== YamlOutputType.FILE_PER_CHART) {
    problems.push(problem('App.yamlOutputType', YamlOutputType[app.yamlOutputType], 'FILE_PER_CHART: one file per cluster'));
  }
  for (const construct of chart.node.findAll()) {
    if (construct !== chart && Chart.isChart(construct)) {
      problems.push(problem('charts inside', construct.node.path, 'constructs that are no charts'));
    }
    for (const dependency of construct.node.dependencies) {
      if (dependency === app || Chart.of(dependency) !== chart) {
        problems.push(problem('dependency', `${construct.node.path} -> ${dependency.node.path}`,
          'dependencies inside one chart; order between clusters is the order in which they are applied'));
      }
    }
  }
  return problems;
}

import { Testing } from 'cdk8s';
import { gridSite } from './grid-site';

const { lab, cellar, cloud, portal } = gridSite(Testing.app());

test.each([lab, cellar, cloud, portal].map(chart => [chart.node.id, chart] as const))('%s', (_, chart) => {
  expect(Testing.synth(chart)).toMatchSnapshot();
});

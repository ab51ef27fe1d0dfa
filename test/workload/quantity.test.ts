import { Size } from 'cdk8s';
import { quantity } from '../../src/workload/quantity';

test('sizes are written as API servers keep them', () => {
  expect([Size.mebibytes(512), Size.mebibytes(1536), Size.gibibytes(10), Size.gibibytes(1024), Size.tebibytes(20)].map(quantity))
    .toEqual(['512Mi', '1536Mi', '10Gi', '1Ti', '20Ti']);
});

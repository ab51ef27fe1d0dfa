import { spawnSync } from 'child_process';
import * as fs from 'fs';
import * as path from 'path';
import { PROJECT } from './public-api';

/** What `npx projen test:real` would run. */
function suites(...args: string[]): string[] {
  const { status, stdout, stderr } = spawnSync(path.join(PROJECT, 'test/real/run'), [...args, '--listTests'], { cwd: PROJECT, encoding: 'utf8' });
  if (status !== 0) { throw new Error(stderr); }
  return stdout.split('\n').filter(line => line).map(file => path.relative(PROJECT, file)).sort();
}

const all = fs.readdirSync(path.join(PROJECT, 'test/real'), { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.test.ts')).map(file => path.join('test/real', file)).sort();
const imagesOfSites = ['test/real/reana/images.test.ts'];

test('the suites on real software are all but those that need the images of a site', () => {
  expect(suites()).toEqual(all.filter(file => !imagesOfSites.includes(file)));
  expect(suites('test/real/reana')).not.toContain(imagesOfSites[0]);
});

test('with --images they are those alone, wherever it stands', () => {
  expect(suites('--images')).toEqual(imagesOfSites);
  // as projen hands on what follows its own --
  expect(suites('--', 'reana', '--images')).toEqual(imagesOfSites);
});

import * as fs from 'fs';
import * as path from 'path';
import { describeReal } from '../requirements';
import { runInImage, YADAGE_IMAGE } from '../rootfs';

const PACKAGE = path.join(__dirname, '..', '..', '..', 'packages', 'sharedstatekube');

/** The module and its tests, at places where Python finds both. */
const files = Object.fromEntries(['sharedstatekube', 'tests'].flatMap(folder => fs.readdirSync(path.join(PACKAGE, folder))
  .filter(name => name.endsWith('.py')).map(name => [`/package/${folder}/${name}`, fs.readFileSync(path.join(PACKAGE, folder, name), 'utf8')])));

describeReal("Python's sharedstatekube", () => {
  test('its own tests, with the Yadage and the Kubernetes client that it is for', () => {
    const { status, stderr } = runInImage(['python3', '-m', 'unittest', 'discover', '--start-directory', '/package/tests'], {
      image: YADAGE_IMAGE, files, env: { PYTHONPATH: '/package' },
    });
    const [, count] = /^Ran (\d+) tests/m.exec(stderr) ?? [];
    expect({ status, stderr, some: Number(count) > 15 }).toEqual({ status: 0, stderr: expect.stringMatching(/^OK$/m), some: true });
  });
});

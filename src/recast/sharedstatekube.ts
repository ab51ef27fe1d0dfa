import * as fs from 'fs';
import * as path from 'path';

/** Python's `sharedstatekube`, which this package has beside its compiled files. */
const PACKAGE = path.join(__dirname, '..', '..', 'packages', 'sharedstatekube', 'sharedstatekube');

/** The files of the backend's module. They are mounted as the folder `sharedstatekube` of `PYTHONPATH`. */
export function sharedStateKubeFiles(): { [name: string]: string } {
  const names = fs.readdirSync(PACKAGE).filter(name => name.endsWith('.py')).sort();
  return Object.fromEntries(names.map(name => [name, fs.readFileSync(path.join(PACKAGE, name), 'utf8')]));
}

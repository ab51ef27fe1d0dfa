import * as fs from 'fs';
import * as path from 'path';

/** The folder of the programs beside the library, from `src/` as from `lib/`. */
const PACKAGES = path.join(__dirname, '..', '..', 'packages');

/** The files of a module of Python's that comes with this package. They are mounted as a folder of its name below `PYTHONPATH`. */
export function pythonModule(name: string): { [file: string]: string } {
  const folder = path.join(PACKAGES, name, name);
  const files = fs.readdirSync(folder).filter(file => file.endsWith('.py')).sort();
  return Object.fromEntries(files.map(file => [file, fs.readFileSync(path.join(folder, file), 'utf8')]));
}

import * as fs from 'fs';
import * as path from 'path';

const FOLDER = path.join(__dirname, '../../examples');

/** The names of the example programs. */
export const EXAMPLES = fs.readdirSync(FOLDER).filter(name => fs.existsSync(path.join(FOLDER, name, 'main.ts')));

/** Runs an example as its reader does; its files are in `outdir` then. */
export function example(name: string, outdir: string): void {
  process.env.CDK8S_OUTDIR = outdir;
  const printed = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    jest.isolateModules(() => jest.requireActual(path.join(FOLDER, name, 'main')));
  } finally {
    printed.mockRestore();
    delete process.env.CDK8S_OUTDIR;
  }
}

import * as fs from 'fs';
import * as path from 'path';
import { parseManifests } from '../manifest';

/** REANA's server, controllers and engines exist as images of its own alone, which no registry gives here; reana/edges has the rest of it, recast/yadage RECAST. */
const NAMESPACES = ['reana', 'reana-workflows', 'recast'];

/** A program whose files lack what it has in the namespaces of REANA and RECAST. */
export function withoutAnalyses(program: (outdir: string) => void): (outdir: string) => void {
  return outdir => {
    program(outdir);
    for (const name of fs.readdirSync(outdir)) {
      const file = path.join(outdir, name);
      const kept = parseManifests(fs.readFileSync(file, 'utf8')).filter(({ metadata: { namespace } }) => !namespace || !NAMESPACES.includes(namespace));
      fs.writeFileSync(file, kept.map(manifest => JSON.stringify(manifest)).join('\n---\n'));
    }
  };
}

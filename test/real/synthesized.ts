import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { Manifest, parseManifests } from './manifest';

/** The files of a program, by cluster. */
export function filesOf(write: (outdir: string) => void): { [cluster: string]: Manifest[] } {
  const outdir = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-files-'));
  try {
    write(outdir);
    return Object.fromEntries(fs.readdirSync(outdir).map(name => [name.replace('.k8s.yaml', ''), parseManifests(fs.readFileSync(path.join(outdir, name), 'utf8'))]));
  } finally {
    fs.rmSync(outdir, { recursive: true });
  }
}

/** The objects of an execution point's cluster, with a configuration that HTCondor can't read. */
export function unreadable(manifests: Manifest[]): Manifest[] {
  return manifests.map(each => each.kind === 'ConfigMap' && each.metadata.name === 'startd'
    ? { ...each, data: { ...each.data, '50-member.conf': `${each.data['50-member.conf']}\nif nothing ends this\n` } } : each);
}

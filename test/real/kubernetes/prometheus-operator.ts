import * as fs from 'fs';
import * as path from 'path';
import { moduleDirectory } from './binaries';
import { Manifest, parseManifests } from '../manifest';

/** The kinds of the Prometheus operator that the library writes. */
const KINDS = ['prometheusagents', 'prometheusrules', 'servicemonitors'];

/** Their definitions. */
export function operatorDefinitions(): Manifest[] {
  const folder = path.join(moduleDirectory('prometheus-operator'), 'example', 'prometheus-operator-crd');
  return KINDS.flatMap(kind => parseManifests(fs.readFileSync(path.join(folder, `monitoring.coreos.com_${kind}.yaml`), 'utf8')));
}

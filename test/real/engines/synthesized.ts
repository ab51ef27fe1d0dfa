import * as path from 'path';
import { App, Yaml } from 'cdk8s';
import { Files } from './judged-engines';

/**
 * What a synth would write. All of it happens but the writing: cdk8s gives the objects of each file to whoever stands in for its
 * writer. (The same programs are written and read back by a test of its own.)
 */
export function synthesized(app: App): Files {
  const files: { [chart: string]: any[] } = {};
  const { save } = Yaml;
  Yaml.save = (file, documents) => { files[path.basename(file, app.outputFileExtension)] = documents; };
  try {
    app.synth();
  } finally {
    Yaml.save = save;
  }
  return files;
}

import * as fs from 'fs';
import { App, Chart, Testing } from 'cdk8s';

/** The object of a kind and a name, or of a name that matches, in what a chart writes. */
export function objectOf(chart: Chart, kind: string, name: string | RegExp): any {
  return Testing.synth(chart).find(object => object.kind === kind && (typeof name === 'string' ? object.metadata.name === name : name.test(object.metadata.name)));
}

/** What a synth complains of; nothing may have been written then. */
export function report({ app }: { readonly app: App }): string {
  try {
    app.synth();
  } catch (error) {
    expect(fs.readdirSync(app.outdir)).toEqual([]);
    return (error as Error).message;
  }
  return 'accepted';
}

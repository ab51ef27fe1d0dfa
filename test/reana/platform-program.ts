import * as fs from 'fs';
import { App, Chart, Testing } from 'cdk8s';
import { ReanaPlatform, ReanaPlatformProps } from '../../src';
import { scratchDirectory } from '../scratch';

/* eslint-disable @typescript-eslint/no-explicit-any */

export type Options = Partial<ReanaPlatformProps>;

/** A platform in a chart of its own. */
export function platform(props: Options = {}) {
  const app = new App({ outdir: scratchDirectory() });
  const chart = new Chart(app, 'site');
  return { app, chart, reana: new ReanaPlatform(chart, 'reana', { hostname: 'reana.cern.ch', ...props }) };
}

/** What it writes. */
export const objects = (props: Options = {}): any[] => Testing.synth(platform(props).chart);
export const find = (all: any[], kind: string, name: string): any => all.find(object => object.kind === kind && object.metadata.name === name);
/** Names of the objects of a kind, with their namespace where they have one. */
export const named = (all: any[], kind: string) => all.filter(object => object.kind === kind).map(({ metadata: { name, namespace } }) => namespace ? `${namespace}/${name}` : name);
export const podOf = (object: any): any => object.spec.jobTemplate?.spec.template.spec ?? object.spec.template.spec;
/** A container's environment: what is given, and `Secret/key` for the rest. */
export const environmentOf = (object: any): { [name: string]: string } => Object.fromEntries(
  podOf(object).containers[0].env.map(({ name, value, valueFrom }: any) => [name, value ?? `${valueFrom.secretKeyRef.name}/${valueFrom.secretKeyRef.key}`]));
export const deployed = (component: string, props: Options = {}) => find(objects(props), 'Deployment', `${props.prefix ?? 'reana'}-${component}`);
/** What a program is told. */
export const told = (component: string, props: Options = {}) => environmentOf(deployed(component, props));

/** REANA's own programs that are always there. */
export const PROGRAMS = ['server', 'scheduler', 'workflow-controller', 'job-status-consumer'];
/** What has pods. */
export const WORKLOADS = ['Deployment', 'StatefulSet', 'CronJob', 'Job'];

/** The report of a synth that is refused: nothing is written then. */
export function report(props: Options, change: (chart: Chart) => void = () => undefined): string {
  const { app, chart } = platform(props);
  change(chart);
  try {
    app.synth();
  } catch (error) {
    expect(fs.readdirSync(app.outdir)).toEqual([]);
    return (error as Error).message;
  }
  return 'accepted';
}

import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { App } from 'cdk8s';
import type { Files } from './judged-engines';
import type { LiveEngine } from './live-engines';
import { declare, Member, Program } from './random-federations';
import { KINDS } from './random-objects';
import { synthesized } from './synthesized';
import { Manifest } from '../../../src/federation/manifest';

/** The members of all programs that go through live engines. They differ in what selectors ask for, and in how they join. */
export const LIVE_MEMBERS: readonly Member[] = [
  { name: 'meyrin', labels: { 'tier': '1', 'example.org/pool': 'condor' }, provider: 'cern', region: 'eu-ch', pulls: false },
  { name: 'tsystems', labels: { tier: '2' }, provider: 't-systems', region: 'eu-de', pulls: true },
  { name: 'n1', labels: { tier: '1' }, region: 'eu-ch', pulls: false },
];

/** What makes known the kinds that are none of Kubernetes: API servers have it before programs come. */
export const DEFINITIONS: readonly Manifest[] = KINDS.flatMap(({ definition }) => definition ? [definition] : []);

/** The kinds of what programs declare. */
export const LIVE_KINDS: readonly string[] = ['Namespace', ...KINDS.map(({ apiVersion, kind }) =>
  apiVersion.includes('/') ? `${kind}.${apiVersion.split('/')[0]}` : kind)];

/**
 * A program that runs beside others: its namespaces, and what is in none, have names of its own. Definitions, which all would share, are left
 * out, and what members declare for themselves, which no engine brings.
 */
export function beside(program: Program, mark: string): Program {
  const { claims } = program;
  return {
    ...program,
    claims: claims.filter(({ manifest }) => manifest.kind !== 'CustomResourceDefinition').map(claim => ({ ...claim, manifest: marked(claim.manifest, mark) })),
    own: [],
  };
}

function marked({ metadata, ...manifest }: Manifest, mark: string): Manifest {
  const { name, namespace } = metadata;
  return { ...manifest, metadata: { ...metadata, ...namespace ? { namespace: `${namespace}-${mark}` } : { name: `${name}-${mark}` } } } as Manifest;
}

/** Whether an object is of programs with such marks. */
export function isMarked({ metadata: { name, namespace } }: Manifest, mark: string): boolean {
  return new RegExp(`-${mark}\\d+$`).test(namespace ?? name);
}

/** The program without the later half of its overrides. Those of Jobs stay: hardly anything of a Job can be changed. */
export function withFewerOverrides(program: Program): Program {
  const { overrides, claims } = program;
  return { ...program, overrides: overrides.filter(({ claim }, index) => index < overrides.length / 2 || claims[claim].manifest.kind === 'Job') };
}

/** What a synth would write of a program, with an engine or without. */
export function filesOf(program: Program, engine?: LiveEngine): Files {
  const outdir = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-live-'));
  try {
    const app = new App({ outdir });
    declare(app, program, engine?.engine(), engine?.joining);
    return synthesized(app);
  } finally {
    fs.rmSync(outdir, { recursive: true });
  }
}

import { Judge } from './judge';
import { Joining, Program } from './random-federations';
import { FederationEngine } from '../../../src/federation/engines/engine';
import { ArgoCdEngine, FluxEngine } from '../../../src/federation/engines/gitops';
import { KarmadaEngine } from '../../../src/federation/engines/karmada';
import { KubeFedEngine } from '../../../src/federation/engines/kubefed/kubefed-engine';
import { OpenClusterManagementEngine } from '../../../src/federation/engines/open-cluster-management';
import { identity, Manifest } from '../../../src/federation/manifest';

/** What a synth writes, by the name of the chart. */
export type Files = { readonly [chart: string]: readonly Manifest[] };

/** What each member holds. */
export type Held = { readonly [member: string]: readonly Manifest[] };

/** An engine, and who says what members hold under it. */
export interface JudgedEngine {
  readonly name: string;
  readonly joining: Joining;
  readonly engine: (program: Program) => FederationEngine;
  /** Why the engine must refuse a program that others carry; whatever else it refuses is a mistake. */
  readonly refuses?: (program: Program, without: Files) => boolean;
  /** What the members hold by the engine; and what they would by their files, where API servers have a say. */
  readonly held: (program: Program, files: Files, without: Files) => Promise<{ held: Held; expected: Held; problems: readonly string[] }>;
}

const namesOf = ({ members }: Program) => members.map(({ name }) => name);

/** What members get by their files, without what makes them members. */
function byFile(program: Program, files: Files, isOwn: (manifest: Manifest) => boolean): Held {
  return Object.fromEntries(namesOf(program).map(name => [name, (files[name] ?? []).filter(isOwn)]));
}

function together(program: Program, one: Held, other: Held): Held {
  return Object.fromEntries(namesOf(program).map(name => [name, [...one[name] ?? [], ...other[name] ?? []]]));
}

/** What members declare for themselves is in their files under every engine. */
function ownObjects(program: Program, files: Files): Held {
  const own = new Set(program.own.map(({ manifest }) => identity(manifest)));
  return byFile(program, files, manifest => own.has(identity(manifest)));
}

/** Engines that bring the files: all of a file but the controller's own objects. */
function carrier(name: string, group: string, engine: () => FederationEngine): JudgedEngine {
  return {
    name,
    joining: { pull: true },
    engine,
    held: async (program, files, without) => ({
      held: byFile(program, files, ({ apiVersion }) => !apiVersion.split('/')[0].endsWith(group)), expected: without, problems: [],
    }),
  };
}

const reach = (member: string) => ({ apiServer: `https://${member}.example.org:6443` });

const REPOSITORY = { repoUrl: 'https://git.example.org/federation', path: 'deploy' };

/** Karmada takes finalizers off. */
export function karmadaRefuses({ claims }: Program, without: Files): boolean {
  return [...claims.map(({ manifest }) => manifest), ...Object.values(without).flat()].some(({ metadata }) =>
    ((metadata.finalizers ?? []) as string[]).length > 0);
}

/** A Role may have colons in its name, and a FederatedRole may not. */
export function kubeFedRefuses({ claims }: Program): boolean {
  return claims.some(({ manifest }) => manifest.metadata.name.includes(':'));
}

/** The engines, each with its judge. */
export function judgedEngines(judges: { readonly karmada: Judge; readonly kubefed: Judge }): JudgedEngine[] {
  return [
    carrier('Argo CD', 'argoproj.io', () => new ArgoCdEngine(REPOSITORY)),
    carrier('Flux', 'toolkit.fluxcd.io', () => new FluxEngine(REPOSITORY)),
    {
      name: 'Open Cluster Management',
      joining: {},
      engine: () => new OpenClusterManagementEngine(),
      held: async (program, files, without) => {
        const works = files['condor-host'].filter(({ kind }) => kind === 'ManifestWork') as ManifestWork[];
        const carried = Object.fromEntries(namesOf(program).map(name => [name,
          works.filter(({ metadata }) => metadata.namespace === name).flatMap(({ spec }) => spec.workload.manifests)]));
        return { held: together(program, ownObjects(program, files), carried), expected: without, problems: [] };
      },
    },
    {
      name: 'Karmada',
      joining: { reach, pull: true, late: true },
      engine: ({ members }) => new KarmadaEngine({
        apiServer: 'https://karmada.example.org:5443',
        clusterIds: Object.fromEntries(members.map(({ name }, index) => [name, `00000000-0000-0000-0000-00000000000${index}`])),
      }),
      refuses: karmadaRefuses,
      held: async (program, files, without) => {
        const own = ownObjects(program, files);
        const verdict = await judges.karmada.ask({
          documents: files.fed ?? [],
          members: namesOf(program),
          files: Object.fromEntries(namesOf(program).flatMap(name => [[name, without[name]], [`own of ${name}`, own[name]]])),
        });
        const kept = verdict.files!;
        const ownKept = Object.fromEntries(namesOf(program).map(name => [name, kept[`own of ${name}`] ?? []]));
        const expected = Object.fromEntries(namesOf(program).map(name => [name, kept[name] ?? []]));
        return { held: together(program, ownKept, verdict.members), expected, problems: verdict.problems ?? [] };
      },
    },
    {
      name: 'KubeFed',
      joining: { reach },
      engine: () => new KubeFedEngine({ enabledTypes: [] }),
      refuses: kubeFedRefuses,
      held: async (program, files, without) => {
        const { members, problems } = await judges.kubefed.ask({ documents: files['condor-host'], members: namesOf(program) });
        return { held: together(program, ownObjects(program, files), members), expected: without, problems: problems ?? [] };
      },
    },
  ];
}

interface ManifestWork extends Manifest {
  readonly spec: { readonly workload: { readonly manifests: readonly Manifest[] } };
}

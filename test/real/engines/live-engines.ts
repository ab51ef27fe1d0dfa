import { randomBytes } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import { Files, karmadaRefuses, kubeFedRefuses } from './judged-engines';
import { KarmadaControlPlane } from './karmada-control-plane';
import { agentIdentity, credentials } from './karmada-pool';
import { KubeFedControllers } from './kubefed-control-plane';
import { DEFINITIONS, filesOf, LIVE_KINDS, LIVE_MEMBERS } from './live-programs';
import { NodelessCluster } from './nodeless-cluster';
import { Joining, Program } from './random-federations';
import { KarmadaEngine, KubeFedEngine } from '../../../src';
import { FederationEngine } from '../../../src/federation/engines/engine';
import { identity, Manifest } from '../../../src/federation/manifest';
import { Estate } from '../estate';
import { toolset } from '../kubernetes/binaries';
import { Component } from '../kubernetes/component';
import { API_PORT, commandLine, Flags } from '../kubernetes/control-plane';
import { writeKubeconfig } from '../kubernetes/kubeconfig';
import { Network } from '../network';
import { until } from '../until';

/** An engine whose controllers run. */
export interface LiveEngine {
  readonly name: string;
  /** What the names of its programs' objects end with, before their number. */
  readonly mark: string;
  readonly joining: Joining;
  readonly engine: () => FederationEngine;
  /** Why the engine must refuse a program that others carry; whatever else it refuses is a mistake. */
  readonly refuses: (program: Program, without: Files) => boolean;
  /** The labels and annotations by which it keeps its books on what it brings. */
  readonly notes: RegExp;
  /** What it leaves of an object in a member when the object changes, as its page says. @default - nothing */
  readonly leaves?: (before: Manifest, after: Manifest) => Manifest;
  /** Gives it what synths wrote, as its page says. */
  readonly apply: (files: readonly Files[]) => Promise<void>;
}

/** The name of an engine that runs here. */
export type LiveEngineName = 'Karmada' | 'KubeFed';

/**
 * Of Kubernetes' controllers those that joining takes, and the one that annotates Deployments, which KubeFed builds on. None makes pods of what
 * arrives: there are no nodes.
 */
const CONTROLLERS = { 'kube-controller-manager': { controllers: 'namespace,serviceaccount-token,deployment' } };

/** A program without any object: what makes clusters members. */
const EMPTY: Program = { members: LIVE_MEMBERS, claims: [], overrides: [], own: [], late: false };

/** As many calls as thousands of objects take: by default Karmada makes 40 in a second. */
const CALLS: Flags = { 'kube-api-qps': 200, 'kube-api-burst': 400 };
/** What carries objects to members: what was in vain is tried again soon, and not after up to 1,000 seconds. */
const CARRIER: Flags = { ...CALLS, 'cluster-api-qps': 200, 'cluster-api-burst': 400, 'rate-limiter-qps': 100, 'rate-limiter-max-delay': '5s' };
/** No member is lost here: one that is slow must not be taken for it. */
const NEVER_LOST: Flags = { 'cluster-status-update-frequency': '10s', 'cluster-failure-threshold': '300s' };
const HURRIED = { 'controller-manager': { ...CARRIER, ...NEVER_LOST }, 'scheduler': CALLS };

/** Karmada and KubeFed over the same members, of which none has nodes. */
export class LiveEngines {
  /** Starts all; every member has joined both. */
  public static async start(): Promise<LiveEngines> {
    const estate = Estate.found(`heptest${randomBytes(2).toString('hex')}`);
    try {
      const network = await Network.make(estate.prefix);
      const start = (name: string, index: number) => NodelessCluster.start(estate, network, name, `10.${index + 1}.0.0/16`, CONTROLLERS);
      const host = await start('condor-host', 0);
      const members: NodelessCluster[] = [];
      for (const [index, { name }] of LIVE_MEMBERS.entries()) { members.push(await start(name, index + 1)); }
      const karmada = await KarmadaControlPlane.start(estate, host.site, { flags: HURRIED });
      await karmada.apply([...DEFINITIONS]);
      for (const cluster of [host, ...members]) { await cluster.run(['create', '-f', '-'], { input: text(DEFINITIONS) }); }
      const engines = new LiveEngines(estate, host, members, karmada, await KubeFedControllers.start(host));
      await engines.joinKarmada();
      await engines.joinKubeFed();
      return engines;
    } catch (error) {
      await estate.close();
      throw error;
    }
  }

  private readonly engines = new Map<LiveEngineName, LiveEngine>();

  private constructor(
    private readonly estate: Estate,
    /** It keeps what KubeFed's controllers work on. */
    public readonly host: NodelessCluster,
    public readonly members: readonly NodelessCluster[],
    public readonly karmada: KarmadaControlPlane,
    private readonly kubefed: KubeFedControllers,
  ) {}

  public engine(name: LiveEngineName): LiveEngine {
    return this.engines.get(name)!;
  }

  /** All objects of a member that are of kinds which programs declare. */
  public async held(member: NodelessCluster): Promise<Manifest[]> {
    return (await member.get(LIVE_KINDS.join(','), '--all-namespaces')).items;
  }

  /** Ends everything and removes every trace. */
  public async close(): Promise<void> {
    await this.estate.close();
  }

  private member(name: string): NodelessCluster {
    return this.members.find(member => member.name === name)!;
  }

  private async joinKarmada(): Promise<void> {
    const { karmada } = this;
    const clusterIds: { [member: string]: string } = {};
    for (const { name } of LIVE_MEMBERS.filter(({ pulls }) => pulls)) {
      clusterIds[name] = (await this.member(name).get('namespace', 'kube-system')).metadata.uid;
    }
    const engine: LiveEngine = {
      name: `Karmada ${toolset('karmada').version}`,
      mark: 'k',
      joining: { reach: name => ({ apiServer: this.member(name).apiServer }), pull: true, late: true },
      engine: () => new KarmadaEngine({ apiServer: karmada.publicServer, caBundle: karmada.caBundle, clusterIds }),
      refuses: karmadaRefuses,
      notes: /(^|\.)karmada\.io\//,
      leaves: karmadaLeaves,
      apply: async files => { await karmada.apply(allOf(files.map(({ fed }) => fed))); },
    };
    this.engines.set('Karmada', engine);
    const files = filesOf(EMPTY, engine);
    await engine.apply([files]);
    for (const { name, pulls } of LIVE_MEMBERS) {
      const member = this.member(name);
      await member.run(['apply', '--server-side', '-f', '-'], { input: text(files[name]) });
      if (pulls) {
        await this.startAgent(member, files[name]);
      } else {
        await karmada.apply(await credentials(name, async account => (await member.get('secret', account, '--namespace', 'karmada-cluster')).data));
      }
    }
    await until('the members are ready', async () =>
      (await Promise.all(LIVE_MEMBERS.map(({ name }) => karmada.condition(name)))).every(status => status === 'True'));
  }

  /** Runs the agent as its pod would, by the same arguments and a few of a hurry, with the same rights. */
  private async startAgent({ name, directory, controlPlane, group }: NodelessCluster, manifests: readonly Manifest[]): Promise<void> {
    const { certificate, key } = await agentIdentity(this.karmada, name, directory);
    const agent: { [kind: string]: any } = Object.fromEntries(manifests.map(manifest => [manifest.kind, manifest]));
    const federation = path.join(directory, 'karmada.conf');
    fs.writeFileSync(federation, agent.ConfigMap.data.kubeconfig
      .replace('/etc/karmada/credentials/tls.crt', certificate).replace('/etc/karmada/credentials/tls.key', key));
    const [{ args }] = agent.Deployment.spec.template.spec.containers;
    const { metadata } = agent.ServiceAccount;
    const own = writeKubeconfig(path.join(directory, 'agent.conf'), [{
      context: name,
      server: `https://127.0.0.1:${API_PORT}`,
      authority: controlPlane.authority.certificate,
      identity: await controlPlane.authority.issue('karmada-agent', {
        user: `system:serviceaccount:${metadata.namespace}:${metadata.name}`,
        groups: ['system:serviceaccounts', `system:serviceaccounts:${metadata.namespace}`],
      }),
    }]);
    const argv = [
      ...commandLine(toolset('karmada').path('agent'), CARRIER), ...args.map((arg: string) => arg.replace('/etc/karmada/config/kubeconfig', federation)),
    ];
    const surroundings = { network: controlPlane.machine.path, group, logs: path.join(directory, 'logs') };
    new Component('karmada-agent', argv, surroundings, { env: { KUBECONFIG: own } }).start();
  }

  private async joinKubeFed(): Promise<void> {
    const { host, kubefed } = this;
    const customKinds = DEFINITIONS.map(({ spec }: any) => ({
      apiGroup: spec.group, kind: spec.names.kind, plural: spec.names.plural, clusterScoped: spec.scope === 'Cluster',
    }));
    const engine: LiveEngine = {
      name: `KubeFed ${kubefed.version}`,
      mark: 'f',
      joining: { reach: name => ({ apiServer: this.member(name).apiServer, caBundle: this.member(name).caBundle }) },
      engine: () => new KubeFedEngine({ customKinds }),
      refuses: kubeFedRefuses,
      notes: /^kubefed\.io\//,
      leaves: kubeFedLeaves,
      apply: async files => {
        const all = allOf(files.map(written => written['condor-host']));
        // kinds that are new are known at the second time
        const definitions = all.filter(({ kind }) => kind === 'CustomResourceDefinition');
        if (definitions.length > 0) {
          await host.run(['apply', '--server-side', '-f', '-'], { input: text(definitions) });
          await host.run(['wait', '--for=condition=Established', '--timeout=600s', 'crd', '--all']);
        }
        await host.run(['apply', '--server-side', '-f', '-'], { input: text(all) });
      },
    };
    this.engines.set('KubeFed', engine);
    const files = filesOf(EMPTY, engine);
    for (const member of this.members) {
      await member.run(['apply', '--server-side', '-f', '-'], { input: text(files[member.name]) });
      await kubefed.admit(member);
    }
    await engine.apply([files]);
    await until('the members are ready', async () => (await host.get('kubefedclusters', '--all-namespaces')).items
      .filter(({ status }: any) => status?.conditions?.some(({ type, status: is }: any) => type === 'Ready' && is === 'True')).length === this.members.length);
  }
}

/** Finalizers and annotations stay when an object has none any more, and each annotation of a Deployment and of a DaemonSet by itself. */
function kubeFedLeaves({ metadata: before }: Manifest, after: Manifest): Manifest {
  const filled = (metadata: Manifest['metadata'], field: string) => Object.keys(metadata[field] ?? {}).length > 0 ? metadata[field] : undefined;
  const left = (field: string) => filled(after.metadata, field) ?? filled(before, field);
  const annotations = ['Deployment', 'DaemonSet'].includes(after.kind)
    ? { ...before.annotations as object, ...after.metadata.annotations as object } : left('annotations');
  return { ...after, metadata: { ...after.metadata, annotations, finalizers: left('finalizers') } };
}

/** Karmada takes nothing from what a ServiceAccount names, and gives a Service the families of a new one. */
function karmadaLeaves(before: Manifest, after: Manifest): Manifest {
  switch (after.kind) {
    case 'ServiceAccount': return { ...after, ...named(before, after, 'secrets'), ...named(before, after, 'imagePullSecrets') };
    case 'Service': return isOfAnything(after) && !isOfAnything(before)
      ? { ...after, spec: { ...after.spec as object, ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' } } : after;
    default: return after;
  }
}

function named(before: Manifest, after: Manifest, field: 'secrets' | 'imagePullSecrets'): object {
  const [old, now] = [before, after].map(manifest => (manifest[field] ?? []) as { readonly name: string }[]);
  const all = [...now, ...old.filter(({ name }) => !now.some(other => other.name === name))];
  return all.length > 0 ? { [field]: all } : {};
}

/** A headless Service that says of no pods that they are its own. */
function isOfAnything({ spec }: Manifest): boolean {
  const { clusterIP, selector } = spec as { readonly clusterIP?: string; readonly selector?: object };
  return clusterIP === 'None' && Object.keys(selector ?? {}).length === 0;
}

/** Objects as kubectl reads them. */
export function text(manifests: readonly Manifest[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests });
}

/** The objects of several files, those that are in all of them once. */
function allOf(files: readonly (readonly Manifest[])[]): Manifest[] {
  const all = new Map<string, Manifest>();
  for (const manifest of files.flat()) {
    const key = identity(manifest);
    const other = all.get(key);
    if (other && JSON.stringify(other) !== JSON.stringify(manifest)) { throw new Error(`programs write ${key} otherwise`); }
    all.set(key, manifest);
  }
  return [...all.values()];
}

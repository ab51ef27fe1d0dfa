import * as fs from 'fs';
import * as path from 'path';
import { isDeepStrictEqual } from 'util';
import { ApiObject, App, Chart, DependencyGraph, Names } from 'cdk8s';
import { IConstruct } from 'constructs';
import type { Cluster } from './cluster';
import type { FederatedCluster } from './federated-cluster';
import type { Federation } from './federation';
import { keptImages } from './kept-images';
import { isClusterScoped } from './kinds';
import { identity, Manifest } from './manifest';
import { merge } from './merge';
import { missingReferences } from './missing-references';
import { FederationModel } from './model';
import { misread } from './written-text';

/** The objects of a cluster, each once, and why others can't be there. */
interface Merged {
  readonly manifests: ReadonlyMap<string, Manifest>;
  readonly problems: readonly string[];
}

const installed = new WeakSet<App>();
const underWay = new WeakMap<App, Rendering>();

/**
 * One rendering of a whole program: every object is turned into plain data once, and every
 * federation is worked out once, for all charts of one `App.synth()`.
 *
 * cdk8s asks each chart for its objects one by one and, in the inherited `toJson()`, resolves and
 * validates the whole App again for each. A rendering is what those calls share. It lives as long as
 * one synth: a program may be changed and synthesized again.
 */
export class Rendering {
  /** Lets `synth()` and `synthYaml()` of an App share one rendering among its charts. */
  public static install(app: App): void {
    if (installed.has(app)) { return; }
    installed.add(app);
    const { synth, synthYaml } = app;
    app.synth = () => Rendering.share(app, () => {
      synth.call(app);
      removeEmptyFiles(app, underWay.get(app)!);
    });
    app.synthYaml = () => Rendering.share(app, () => synthYaml.call(app));
  }

  /** The rendering that is under way, or one for this question alone. */
  public static of(construct: IConstruct): Rendering {
    return underWay.get(App.of(construct)) ?? new Rendering();
  }

  /**
   * What a chart's `toJson()` gives: within a synth, its part of the shared rendering; called alone,
   * the same after what cdk8s does then (validate the App and order its objects).
   */
  public static during(app: App, alone: () => unknown, read: (rendering: Rendering) => Manifest[]): Manifest[] {
    const shared = underWay.get(app);
    return shared ? read(shared) : Rendering.share(app, () => {
      alone();
      // the caller owns what it gets: no object of it is anybody else's
      return structuredClone(read(underWay.get(app)!));
    });
  }

  private static share<T>(app: App, work: () => T): T {
    if (underWay.has(app)) { return work(); }
    underWay.set(app, new Rendering());
    try {
      return work();
    } finally {
      underWay.delete(app);
    }
  }

  private readonly manifests = new Map<ApiObject, Manifest>();
  private readonly models = new Map<Federation, FederationModel>();
  private readonly clusters = new Map<Cluster, Merged>();
  private readonly federations = new Map<Federation, Manifest[]>();
  private readonly broken: { readonly chart: Chart; readonly message: string }[] = [];
  private ordered = false;
  private hosted?: Map<Cluster, Federation[]>;
  private contexts?: Map<string, Cluster>;

  /** What a cluster's file holds: its own objects, then what the federation brings; equal ones once. */
  public clusterManifests(cluster: Cluster): Manifest[] {
    this.order(App.of(cluster));
    return needsFirst([...this.merged(cluster).manifests.values()]);
  }

  /** What a cluster ends up with: what its file holds, and of its federation what another API brings. */
  public heldBy(cluster: Cluster): Manifest[] {
    const { federation } = cluster as FederatedCluster;
    const model = federation && this.model(federation);
    const member = cluster as FederatedCluster;
    const brought = model?.objects.filter(({ members }) => members.has(member)).map(object => model.manifestOf(object, member)) ?? [];
    return [...new Map([...this.clusterManifests(cluster), ...brought].map(manifest => [identity(manifest), manifest])).values()];
  }

  /** Why the objects of a cluster can't all be in it. */
  public clusterProblems(cluster: Cluster): string[] {
    const { problems } = this.merged(cluster);
    return [...this.brokenOf(cluster), ...problems, ...this.clashes(cluster)];
  }

  /** The first cluster of a program that is reached by a context. */
  public firstOf(context: string, app: App): Cluster | undefined {
    if (!this.contexts) {
      const contexts = new Map<string, Cluster>();
      app.node.children.filter(isCluster).reverse().forEach(cluster => contexts.set(cluster.context, cluster));
      this.contexts = contexts;
    }
    return this.contexts.get(context);
  }

  /** What the federation's own file holds. */
  public federationManifests(federation: Federation): Manifest[] {
    const model = this.model(federation);
    this.order(App.of(federation));
    let manifests = this.federations.get(federation);
    if (!manifests) {
      manifests = needsFirst(federation.engine._federationManifests(model));
      this.federations.set(federation, manifests);
    }
    return manifests;
  }

  /** Why a federation can't be carried to its members. */
  public federationProblems(federation: Federation): string[] {
    const model = this.model(federation);
    return [
      ...this.brokenOf(federation),
      ...model.problems,
      ...keptImages(model),
      ...missingReferences(model, member => this.ownObjects(member).map(source => ({ source, manifest: this.manifest(source) }))),
      ...federation.engine._problems(model),
    ];
  }

  /** The order of dependencies is there when cdk8s has validated the program; where there are none, nothing changes. */
  private order(app: App): void {
    if (this.ordered) { return; }
    this.ordered = true;
    if (!app.node.findAll().some(depends)) { return; }
    this.models.forEach(model => model.orderByDependencies());
    this.clusters.clear();
  }

  /** Objects that a member's own file and its federation's engine would both write, each its own way. */
  private clashes(cluster: Cluster): string[] {
    const { federation } = cluster as FederatedCluster;
    if (!federation?.engine._carries) { return []; }
    const own = new Map(this.ownManifests(cluster).map(manifest => [identity(manifest), manifest]));
    if (own.size === 0) { return []; }
    return this.model(federation).carried.flatMap(({ results }) => {
      const carried = results.get(cluster as FederatedCluster);
      const key = carried && identity(carried);
      return key && own.has(key) && !isDeepStrictEqual(own.get(key), carried)
        ? [`${key} is declared in cluster ${cluster.node.id} and brought there by ${federation.node.path}, and they differ: declare it on one of them`]
        : [];
    });
  }

  private merged(cluster: Cluster): Merged {
    let merged = this.clusters.get(cluster);
    if (!merged) {
      merged = this.merge(cluster);
      this.clusters.set(cluster, merged);
    }
    return merged;
  }

  private merge(cluster: Cluster): Merged {
    const manifests = new Map<string, Manifest>();
    const problems: string[] = [];
    for (const manifest of [...this.ownManifests(cluster), ...this.broughtTo(cluster)]) {
      const key = identity(manifest);
      const other = manifests.get(key);
      const one = other ? merge(other, manifest) : manifest;
      if (one) {
        manifests.set(key, one);
      } else {
        problems.push(`two objects are ${key} in cluster ${cluster.node.id}, and they differ: give one of them another name or namespace`);
      }
    }
    return { manifests, problems };
  }

  private model(federation: Federation): FederationModel {
    let model = this.models.get(federation);
    if (!model) {
      model = new FederationModel(federation, object => this.manifest(object));
      this.models.set(federation, model);
    }
    return model;
  }

  private broughtTo(cluster: Cluster): Manifest[] {
    return this.federationsOf(cluster).flatMap(federation => federation.host === cluster
      ? federation.engine._hostManifests(this.model(federation))
      : federation.engine._memberManifests(this.model(federation), cluster as FederatedCluster));
  }

  /** The federation that a cluster has joined, and those that it is the host of. */
  private federationsOf(cluster: Cluster): Federation[] {
    // asking the App for its children costs as much as it has: once a rendering
    if (!this.hosted) {
      const hosted = new Map<Cluster, Federation[]>();
      for (const federation of App.of(cluster).node.children.filter(isFederation)) {
        hosted.set(federation.host, [...hosted.get(federation.host) ?? [], federation]);
      }
      this.hosted = hosted;
    }
    const { federation } = cluster as FederatedCluster;
    return [...federation ? [federation] : [], ...this.hosted.get(cluster) ?? []];
  }

  private ownManifests(chart: Chart): Manifest[] {
    return this.ownObjects(chart).map(object => this.manifest(object));
  }

  private ownObjects(chart: Chart): ApiObject[] {
    const constructs = chart.node.findAll();
    // a graph costs more than all else that is done for a cluster with few objects
    const inOrder = constructs.some(depends) ? new DependencyGraph(chart.node).topology() : constructs;
    return inOrder.filter((construct): construct is ApiObject => ApiObject.isApiObject(construct) && Chart.of(construct) === chart);
  }

  private manifest(object: ApiObject): Manifest {
    let manifest = this.manifests.get(object);
    if (!manifest) {
      manifest = this.rendered(object);
      this.manifests.set(object, manifest);
    }
    return manifest;
  }

  /** An object that can't be rendered is a problem among others; they stop the synth before it is written. */
  private rendered(object: ApiObject): Manifest {
    try {
      const manifest = withoutStrayNamespace(object.toJson() as Manifest);
      this.broken.push(...misread(manifest, '').map(message => ({ chart: Chart.of(object), message: `${object.node.path} ${message}` })));
      return manifest;
    } catch (error) {
      this.broken.push({ chart: Chart.of(object), message: (error as Error).message });
      return { apiVersion: object.apiVersion, kind: object.kind, metadata: { name: object.name, path: object.node.path } };
    }
  }

  private brokenOf(chart: Chart): string[] {
    return this.broken.filter(({ chart: other }) => other === chart).map(({ message }) => message);
  }
}

function depends({ node }: IConstruct): boolean {
  return node.dependencies.length > 0;
}

/** What other objects can't be created without comes before them: a file is applied from its beginning. */
function needsFirst(manifests: Manifest[]): Manifest[] {
  const first = (manifest: Manifest) => manifest.kind === 'Namespace' || manifest.kind === 'CustomResourceDefinition';
  return [...manifests.filter(first), ...manifests.filter(manifest => !first(manifest))];
}

function withoutStrayNamespace(manifest: Manifest): Manifest {
  if (!manifest.metadata.namespace || !isClusterScoped(manifest.apiVersion, manifest.kind)) { return manifest; }
  const { namespace, ...metadata } = manifest.metadata;
  return { ...manifest, metadata };
}

// by symbol, not by class: this file is what the classes are built on
function isCluster(chart: IConstruct): chart is Cluster {
  return Symbol.for('cdk8s-hep.Cluster') in chart;
}

function isFederation(chart: IConstruct): chart is Federation {
  return Symbol.for('cdk8s-hep.Federation') in chart;
}

/**
 * A federation without a control plane has no objects of its own. cdk8s writes an empty file for it, and
 * `kubectl apply` fails on an empty file.
 */
function removeEmptyFiles(app: App, rendering: Rendering): void {
  for (const federation of app.node.children.filter(isFederation)) {
    if (rendering.federationManifests(federation).length === 0) {
      fs.rmSync(path.join(app.outdir, `${Names.toDnsLabel(federation)}${app.outputFileExtension}`), { force: true });
    }
  }
}

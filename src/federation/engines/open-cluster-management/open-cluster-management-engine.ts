import { ApiObject } from 'cdk8s';
import { carryingProblems } from '../carrying';
import { FederationEngine } from '../engine';
import { manifestWork, MAX_WORK_BYTES, workBytes, workParts } from './manifest-work';
import { problem } from '../../../problem';
import type { CarriedObject } from '../../carried';
import type { FederatedCluster } from '../../federated-cluster';
import { apiGroup } from '../../kinds';
import { identity, Manifest } from '../../manifest';
import type { FederationModel } from '../../model';
import { ApiResources } from '../api-resources';
import { withoutNamespace } from '../stated-namespaces';

const CLUSTER_SET_LABEL = 'cluster.open-cluster-management.io/clusterset';

/** Namespaces of Kubernetes and of OCM, which no member's name may take. */
const RESERVED = /^(default|kube-.*|open-cluster-management.*)$/;

/** Sets of clusters that OCM makes itself. */
const RESERVED_SETS = ['default', 'global'];

/** Properties of an `OpenClusterManagementEngine`. */
export interface OpenClusterManagementEngineProps {
  /**
   * Whether objects that the program no longer declares are deleted in the members: `deleteOption` of the ManifestWorks is
   * `Foreground`, not `Orphan`. OCM can't have the one without the other: then all objects of a member are deleted with its
   * ManifestWork as well, and with its ManagedCluster.
   *
   * Refused: with a member that is paused, or whose objects need more than one ManifestWork.
   *
   * @default false
   */
  readonly prune?: boolean;
}

/**
 * Open Cluster Management carries the objects: the host is its hub, and an agent in each member fetches them from there.
 *
 * For each member the host's file gets a ManagedCluster, which is accepted, the namespace of its name, and a ManifestWork (several
 * where the objects have more than 500 KiB) with the objects as the member ends up with them. The members are a ManagedClusterSet.
 * The ManifestWorks are placed by the program; a Placement in a namespace called as the federation selects all members for
 * what else there is on the hub, as add-ons and policies.
 *
 * A member joins by `clusteradm join`, whatever its `joinMode`: agents always connect outwards. `credentials`, `apiServer` and
 * `caBundle` are not used. A member's file gets a ClusterRole by which the agent may write the kinds that the federation brings.
 *
 * The agent applies server-side and undoes what others change. A member that is paused has `updateStrategy: ReadOnly`.
 *
 * Refused at synth: Secrets, objects without a namespace, placements that claim one object, objects of more than 500 KiB,
 * a member called as a namespace that the host has other things in, a federation called `default` or `global`.
 */
export class OpenClusterManagementEngine extends FederationEngine {
  private readonly prune: boolean;

  /**
   * @param props what happens to objects that are no longer declared
   */
  public constructor(props: OpenClusterManagementEngineProps = {}) {
    super();
    this.prune = props.prune ?? false;
  }

  /** @internal */
  public get _carries(): boolean {
    return true;
  }

  /** @internal */
  public _problems(model: FederationModel): string[] {
    const { id } = model.federation.node;
    return [
      ...RESERVED_SETS.includes(id) ? [problem('id', id, 'another name: Open Cluster Management has a set of clusters of this one')] : [],
      ...carryingProblems(model, 'a ManifestWork'),
      ...withoutNamespace(model, 'Open Cluster Management'),
      ...nameProblems(model),
      ...sizeProblems(model),
      ...this.prune ? pruneProblems(model) : [],
    ];
  }

  /** @internal */
  public _memberManifests(model: FederationModel, member: FederatedCluster): Manifest[] {
    const manifests = objectsByMember(model).get(member);
    return manifests ? [agentRole(model.federation.node.id, manifests, ApiResources.of(model), this.prune)] : [];
  }

  /** @internal */
  public _hostManifests(model: FederationModel): Manifest[] {
    const { node, members } = model.federation;
    const resources = ApiResources.of(model);
    const works = [...objectsByMember(model)].flatMap(([member, manifests]) => {
      const options = { prune: this.prune, paused: member.paused };
      return workParts(manifests).map((part, index) =>
        manifestWork(index === 0 ? node.id : `${node.id}-${index + 1}`, member.node.id, part, resources, options));
    });
    return [
      ...[node, ...members.map(member => member.node)].map(({ id }) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: id } })),
      ...clusterSet(node.id),
      ...members.map(managedCluster),
      ...works,
    ];
  }

  /** @internal */
  public _federationManifests(_model: FederationModel): Manifest[] {
    return [];
  }
}

function managedCluster({ node, federation, clusterLabels }: FederatedCluster): Manifest {
  return {
    apiVersion: 'cluster.open-cluster-management.io/v1',
    kind: 'ManagedCluster',
    metadata: { name: node.id, labels: { ...clusterLabels, [CLUSTER_SET_LABEL]: federation.node.id } },
    spec: { hubAcceptsClient: true },
  };
}

/** The members as one set, and a Placement for those who ask the hub which they are. */
function clusterSet(federation: string): Manifest[] {
  const metadata = { name: federation, namespace: federation };
  return [
    {
      apiVersion: 'cluster.open-cluster-management.io/v1beta2',
      kind: 'ManagedClusterSet',
      metadata: { name: federation },
      spec: { clusterSelector: { selectorType: 'ExclusiveClusterSetLabel' } },
    },
    {
      apiVersion: 'cluster.open-cluster-management.io/v1beta2',
      kind: 'ManagedClusterSetBinding',
      metadata: { ...metadata },
      spec: { clusterSet: federation },
    },
    {
      apiVersion: 'cluster.open-cluster-management.io/v1beta1',
      kind: 'Placement',
      metadata: { ...metadata },
      spec: {
        clusterSets: [federation],
        // a member that can't be reached is still a member
        tolerations: ['unreachable', 'unavailable'].map(taint => ({ key: `cluster.open-cluster-management.io/${taint}`, operator: 'Exists' })),
      },
    },
  ];
}

/** What the agent may write beyond the rights that OCM gives it: those are an administrator's of a namespace, and few others. */
function agentRole(federation: string, manifests: Manifest[], resources: ApiResources, prune: boolean): Manifest {
  const groups = new Map<string, Set<string>>();
  for (const manifest of manifests) {
    const group = apiGroup(manifest.apiVersion);
    groups.set(group, (groups.get(group) ?? new Set()).add(resources.nameOf(manifest)));
  }
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: `open-cluster-management:${federation}`, labels: { 'open-cluster-management.io/aggregate-to-work': 'true' } },
    rules: [...groups].map(([group, names]) => ({
      apiGroups: [group],
      resources: [...names],
      verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', ...prune ? ['delete'] : []],
    })),
  };
}

const grouped = new WeakMap<readonly CarriedObject[], Map<FederatedCluster, Manifest[]>>();

function objectsByMember({ carried }: FederationModel): Map<FederatedCluster, Manifest[]> {
  const known = grouped.get(carried);
  if (known) { return known; }
  const objects = new Map<FederatedCluster, Manifest[]>();
  for (const { results } of carried) {
    for (const [member, manifest] of results) {
      const others = objects.get(member);
      if (others) { others.push(manifest); } else { objects.set(member, [manifest]); }
    }
  }
  grouped.set(carried, objects);
  return objects;
}

/** The agent of a member may do more in the namespace of its name than ManifestWorks: it renews Leases there. */
function nameProblems({ federation }: FederationModel): string[] {
  const objects = federation.host.node.findAll().filter(ApiObject.isApiObject);
  const used = new Set(objects.map(({ kind, name, metadata }) => kind === 'Namespace' ? name : metadata.namespace));
  return federation.members.flatMap(({ node, clusterLabels }) => [
    ...RESERVED.test(node.id) || used.has(node.id) ? [problem(`${node.path} id`, node.id,
      `a name that is no namespace of ${federation.host.node.path}: the hub keeps a member in a namespace of its name`)] : [],
    ...CLUSTER_SET_LABEL in clusterLabels ? [problem(`${node.path} labels`, CLUSTER_SET_LABEL,
      'other labels: a member is in the set of its federation')] : [],
  ]);
}

function sizeProblems(model: FederationModel): string[] {
  return model.carried.flatMap(({ template, results }) => {
    const bytes = [...new Set(results.values())].map(workBytes).find(size => size > MAX_WORK_BYTES);
    return bytes === undefined ? [] : [problem(identity(template), `${bytes} bytes`, `${MAX_WORK_BYTES} bytes, which a ManifestWork holds at most`)];
  });
}

function pruneProblems(model: FederationModel): string[] {
  return [...objectsByMember(model)].flatMap(([{ node, paused }, manifests]) => {
    const parts = workParts(manifests).length;
    return [
      ...paused ? [problem(`${node.path} paused`, true, 'false with prune: OCM would go on deleting what is no longer declared')] : [],
      ...parts > 1 ? [problem(`${node.path} prune`, true,
        `false: its objects need ${parts} ManifestWorks, and one that moves from one to another would be deleted and made again`)] : [],
    ];
  });
}

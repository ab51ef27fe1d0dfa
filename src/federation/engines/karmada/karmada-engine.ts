import { IConstruct } from 'constructs';
import { CLUSTER_NAMESPACE, clusterObject, systemNamespace } from './cluster-object';
import { controlPlane, controlPlaneProblems, KarmadaControlPlaneProps } from './control-plane';
import { DeclaredDivision, Divisions, divisions, KarmadaDivision, taintPolicies } from './division';
import { heldObject, HeldObject, STAYS_WHERE_IT_IS } from './held-object';
import { memberProblems } from './members';
import { overridePolicies } from './override-policies';
import { propagationPolicy } from './propagation-policy';
import { agentGrants, pullJoin } from './pull-join';
import { pushJoin } from './push-join';
import { uncarriable } from './uncarriable';
import type { CarriedObject } from '../../carried';
import { FederatedCluster, JoinMode } from '../../federated-cluster';
import { Manifest } from '../../manifest';
import type { FederationModel } from '../../model';
import { ApiResources } from '../api-resources';
import { carryingProblems } from '../carrying';
import { FederationEngine } from '../engine';

/** Properties of a `KarmadaEngine`. */
export interface KarmadaEngineProps {
  /**
   * The kubeconfig context of the Karmada API, which the federation's own file is applied to.
   *
   * @default - the federation's id
   */
  readonly context?: string;

  /**
   * The address of the Karmada API as members that pull reach it: `https://host` or `https://host:port`. It becomes the `server` of their
   * agents' kubeconfig, and a name in the certificate of a declared control plane. Refused at synth: a member that pulls without it.
   *
   * @default - not known; enough for members that are pushed to
   */
  readonly apiServer?: string;

  /**
   * The certificates, in PEM, of the authorities that vouch for the Karmada API. They are no secret. They become
   * `certificate-authority-data` of the agents' kubeconfig.
   *
   * @default - the authorities of the agent's image
   */
  readonly caBundle?: string;

  /**
   * Which clusters the members are: by their names, the UIDs of their namespace `kube-system`
   * (`kubectl --context MEMBER get namespace kube-system -o jsonpath={.metadata.uid}`). They become `spec.id` of the `Cluster` objects.
   *
   * A member that pulls needs one: its agent takes over a declared `Cluster` of its own id, and refuses to start beside another.
   *
   * @default - none; enough for members that are pushed to
   */
  readonly clusterIds?: { [member: string]: string };

  /**
   * The image of the agent in members that pull: of the version of the control plane.
   *
   * @default docker.io/karmada/karmada-agent:v1.18.2
   */
  readonly agentImage?: string;

  /**
   * The control plane, made by the Karmada operator in the host cluster.
   *
   * @default - it is there: nothing is written for the host
   */
  readonly controlPlane?: KarmadaControlPlaneProps;
}

/**
 * Karmada (https://karmada.io) carries the objects: as they are declared, with a PropagationPolicy for each that says where it goes, and an
 * OverridePolicy that says what differs there. One engine is for one federation.
 *
 * Written for v1.18. Refused at synth: Secrets, kinds that Karmada doesn't carry or that would act on its own API, objects in its own
 * namespaces and in `kube-*`, fields that it takes off, names that it can't name its own objects after, differences too big for it, and
 * members without what their way of joining needs. `docs/engines/karmada.md` has the list, and how members join.
 */
export class KarmadaEngine extends FederationEngine {
  private readonly declared: DeclaredDivision[] = [];

  /** What is held of a federation's objects, which are asked for to be checked and again to be written. */
  private readonly held = new WeakMap<readonly CarriedObject[], HeldObject[]>();

  /**
   * @param props where the Karmada API is
   */
  public constructor(private readonly props: KarmadaEngineProps = {}) {
    super();
  }

  /**
   * Divides the replicas of a workload among the members that get it. Without this each member runs all of them.
   * Karmada divides once, among the members that are ready then, and again when the workload or the shares change.
   *
   * Refused at synth: kinds without replicas (a DaemonSet has one pod for each node), a target that isn't declared on the federation or holds
   * several workloads, an override of the replicas, a second division of one workload.
   *
   * @param target a Deployment, ReplicaSet, StatefulSet or Job, or a construct that holds exactly one
   * @param division the shares
   */
  public divide(target: IConstruct, division: KarmadaDivision = {}): void {
    this.declared.push({ target, options: division });
  }

  /** @internal */
  public get _carries(): boolean {
    return true;
  }

  /** @internal */
  public get _admitsLateMembers(): boolean {
    return true;
  }

  /** @internal */
  public _context(federation: string): string {
    return this.props.context ?? federation;
  }

  /** @internal */
  public _problems(model: FederationModel): string[] {
    const { federation } = model;
    const { objects, divided } = this.work(model);
    const { controlPlane: declared, apiServer, clusterIds = {} } = this.props;
    return [
      ...memberProblems(federation.members, { apiServer, clusterIds }),
      ...declared ? controlPlaneProblems(federation.node.id, declared, apiServer, evicts(divided)) : [],
      ...carryingProblems(model, 'a Work'),
      ...uncarriable(model, objects),
      ...divided.problems,
    ];
  }

  /** @internal */
  public _memberManifests(_model: FederationModel, member: FederatedCluster): Manifest[] {
    const { apiServer, caBundle, agentImage = 'docker.io/karmada/karmada-agent:v1.18.2' } = this.props;
    return member.joinMode === JoinMode.PULL ? pullJoin(member, { apiServer: apiServer!, caBundle, image: agentImage }) : pushJoin(member);
  }

  /** @internal */
  public _hostManifests(model: FederationModel): Manifest[] {
    const { controlPlane: declared, apiServer } = this.props;
    return declared ? controlPlane(model.federation.node.id, declared, apiServer, evicts(this.work(model).divided)) : [];
  }

  /**
   * In the order in which one command can apply it: what others need first, then what differs and where it goes, then what goes there. A
   * change that came before its policies would reach members that they keep it from: those that are paused now, or selected no more. Karmada
   * reads the two apart: where a change must not overtake a pause, the pause is applied alone first.
   *
   * @internal
   */
  public _federationManifests(model: FederationModel): Manifest[] {
    const { federation } = model;
    const { members } = federation;
    const { objects, divided } = this.work(model);
    const policies = objects.map(object => {
      const overrides = overridePolicies(object);
      return { overrides, propagation: propagationPolicy(object, overrides, divided.of.get(object.template)) };
    });
    return [
      ...members.length > 0 ? [systemNamespace(CLUSTER_NAMESPACE)] : [],
      ...undeclaredNamespaces(objects),
      ...members.map(member => clusterObject(member, this.props.clusterIds?.[member.node.id])),
      ...members.filter(({ joinMode }) => joinMode === JoinMode.PULL).flatMap(agentGrants),
      ...taintPolicies(federation.node.id, objects, divided),
      ...policies.flatMap(({ overrides }) => overrides),
      ...policies.map(({ propagation }) => propagation),
      ...objects.map(({ manifest }) => manifest),
    ];
  }

  private work(model: FederationModel): { objects: HeldObject[]; divided: Divisions } {
    const { carried } = model;
    const resources = ApiResources.of(model);
    const objects = this.held.get(carried) ?? carried.map(object => heldObject(object, resources));
    this.held.set(carried, objects);
    return { objects, divided: divisions(model, this.declared, objects) };
  }
}

/** Whether something is to leave members that are out of reach. */
function evicts({ of }: Divisions): boolean {
  return [...of.values()].some(({ failover }) => failover !== undefined);
}

/** An API server holds no object without its namespace, also one that is none of the federation's: it stays in the Karmada API. */
function undeclaredNamespaces(objects: readonly HeldObject[]): Manifest[] {
  const declared = new Set(objects.filter(({ template }) => template.kind === 'Namespace').map(({ template }) => template.metadata.name));
  const used = new Set(objects.map(({ namespace }) => namespace).filter(namespace => namespace !== undefined && namespace !== 'default'));
  return [...used].filter(namespace => !declared.has(namespace!)).map(name => ({
    apiVersion: 'v1', kind: 'Namespace', metadata: { name: name!, labels: STAYS_WHERE_IT_IS },
  }));
}

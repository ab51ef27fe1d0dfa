import { Duration } from 'cdk8s';
import { IConstruct } from 'constructs';
import { HeldObject, replicasField, replicasOf } from './held-object';
import { problem } from '../../../problem';
import { Manifest } from '../../manifest';
import type { FederationModel } from '../../model';

/** How `KarmadaEngine.divide` shares the replicas of a workload among its members. */
export interface KarmadaDivision {
  /**
   * The members' shares, by their names: with `{ meyrin: 2, tsystems: 1 }` six replicas are four and two. Each member that gets the
   * workload must have one, a whole number from 1 to 1000. A cluster that joins later gets none of a weighted workload.
   *
   * Becomes `placement.replicaScheduling.weightPreference.staticWeightList` of the PropagationPolicy.
   *
   * @default - equal shares; with `minClusters` or `maxClusters` by the room that each member has (`dynamicWeight: AvailableReplicas`)
   */
  readonly weights?: { [member: string]: number };

  /**
   * The fewest members that may run it; with less Karmada schedules none of it. From 1 to the number of members that get it. Refused at synth
   * beside `weights`, with which Karmada heeds no such bound.
   *
   * Becomes `minGroups` of the PropagationPolicy's spread constraint by cluster.
   *
   * @default - 1
   */
  readonly minClusters?: number;

  /**
   * The most members that run it; Karmada chooses them. From `minClusters` to the number of members that get it. Refused at synth beside
   * `weights`, with which Karmada heeds no such bound.
   *
   * Becomes `maxGroups` of the PropagationPolicy's spread constraint by cluster.
   *
   * @default - all that get it
   */
  readonly maxClusters?: number;

  /**
   * How long a member may be out of reach until the others run its replicas: whole seconds, at least 1.
   *
   * Becomes a toleration in the PropagationPolicy, and a ClusterTaintPolicy for the members. The control plane must have been told to
   * evict: `--feature-gates=Failover=true --enable-no-execute-taint-eviction=true` of karmada-controller-manager and
   * `--allow-no-execute-taint-policy=true` of karmada-webhook, which a declared control plane gets.
   *
   * @default - for ever: its replicas are counted there until it is back
   */
  readonly failover?: Duration;
}

/** The taint of a member that is out of reach. */
const OUT_OF_REACH = 'cluster.karmada.io/not-ready';

/** More members than there are: Karmada chooses none where `maxGroups` is left out. */
const ANY_NUMBER = 1_000_000;

/** A division that a program has asked for. */
export interface DeclaredDivision {
  readonly target: IConstruct;
  readonly options: KarmadaDivision;
}

/** Divisions by the objects that they are of, and why others are of none. */
export interface Divisions {
  readonly of: ReadonlyMap<Manifest, KarmadaDivision>;
  readonly problems: readonly string[];
}

export function divisions(model: FederationModel, declared: readonly DeclaredDivision[], objects: readonly HeldObject[]): Divisions {
  const problems: string[] = [];
  const of = new Map<Manifest, KarmadaDivision>();
  declared.forEach(({ target, options }, index) => {
    const where = `divide[${index}] on ${target.node.path}`;
    const inside = new Set<IConstruct>(target.node.findAll());
    const workloads = model.objects.filter(({ source, template }) => inside.has(source) && replicasField(template)).map(({ template }) => template);
    const object = objects.find(({ template }) => template === workloads[0]);
    if (workloads.length !== 1 || !object) {
      problems.push(problem(where, workloads.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
        `one Deployment, ReplicaSet, StatefulSet or Job of ${model.federation.node.path}, declared once; other kinds have no replicas to divide`));
      return;
    }
    if (of.has(object.template)) { problems.push(problem(where, 'a second division', 'one division of an object')); }
    of.set(object.template, options);
    problems.push(...divisionProblems(object, options, where));
  });
  return { of, problems };
}

function divisionProblems({ template, results, late }: HeldObject, options: KarmadaDivision, where: string): string[] {
  const problems: string[] = [];
  const members = [...results.keys()].map(({ node }) => node.id);
  const { weights, minClusters, maxClusters, failover } = options;
  if (replicasOf(template) < 1) {
    problems.push(problem(`${where} ${replicasField(template)}`, replicasOf(template), 'at least 1 to divide'));
  }
  const { completions = Infinity } = (template.spec ?? {}) as { completions?: number };
  if (replicasOf(template) > completions) {
    problems.push(problem(`${where} ${replicasField(template)}`, replicasOf(template), `at most its completions (${completions}): Karmada divides no more`));
  }
  const differing = [...results].filter(([, result]) => replicasOf(result) !== replicasOf(template)).map(([{ node }]) => node.id);
  if (differing.length > 0) {
    problems.push(problem(`${where} ${replicasField(template)}`, `overrides for ${differing.join(', ')}`,
      'no override of what is divided; give the members weights'));
  }
  if (weights) {
    const strangers = Object.keys(weights).filter(name => !members.includes(name));
    const missing = members.filter(name => !Object.hasOwn(weights, name));
    if (strangers.length + missing.length > 0) {
      problems.push(problem(`${where} weights`, Object.keys(weights), `one for each member that gets it: ${members.join(', ')}`));
    }
    for (const [name, weight] of Object.entries(weights)) {
      if (!isCount(weight, 1, 1000)) { problems.push(problem(`${where} weights.${name}`, weight, 'a whole number from 1 to 1000')); }
    }
  }
  for (const [property, bound] of Object.entries({ minClusters, maxClusters })) {
    if (weights && bound !== undefined) {
      problems.push(problem(`${where} ${property}`, bound, 'nothing beside weights: by these Karmada divides among all members, whatever their number'));
    }
  }
  const most = late ? Infinity : members.length;
  if (minClusters !== undefined && !isCount(minClusters, 1, most)) {
    problems.push(problem(`${where} minClusters`, minClusters, `a whole number from 1${late ? '' : ` to ${most}`}`));
  }
  if (maxClusters !== undefined && !isCount(maxClusters, minClusters ?? 1, most)) {
    problems.push(problem(`${where} maxClusters`, maxClusters, `a whole number from ${minClusters ?? 1}${late ? '' : ` to ${most}`}`));
  }
  if (failover && !isCount(failover.toMilliseconds() / 1000, 1, Infinity)) {
    problems.push(problem(`${where} failover`, failover.toHumanString(), 'whole seconds, at least 1'));
  }
  return problems;
}

function isCount(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** What a division adds to the placement of a PropagationPolicy. Karmada heeds a spread only where shares go by the room in each member. */
export function dividedPlacement({ weights, minClusters, maxClusters, failover }: KarmadaDivision): object {
  const spread = minClusters !== undefined || maxClusters !== undefined;
  return {
    ...failover && {
      clusterTolerations: [{ key: OUT_OF_REACH, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: failover.toSeconds() }],
    },
    ...spread && { spreadConstraints: [{ spreadByField: 'cluster', minGroups: minClusters ?? 1, maxGroups: maxClusters ?? ANY_NUMBER }] },
    replicaScheduling: {
      replicaSchedulingType: 'Divided',
      replicaDivisionPreference: 'Weighted',
      ...spread && { weightPreference: { dynamicWeight: 'AvailableReplicas' } },
      ...weights && {
        weightPreference: {
          staticWeightList: Object.entries(weights).map(([name, weight]) => ({ targetCluster: { clusterNames: [name] }, weight })),
        },
      },
    },
  };
}

/** Marks members that are out of reach, so that what doesn't tolerate it leaves them. Nothing without a division that asks for it. */
export function taintPolicies(federation: string, objects: readonly HeldObject[], divided: Divisions): Manifest[] {
  const leaving = objects.filter(({ template }) => divided.of.get(template)?.failover);
  if (leaving.length === 0) { return []; }
  const members = new Set(leaving.flatMap(({ results }) => [...results.keys()].map(({ node }) => node.id)));
  return [{
    apiVersion: 'policy.karmada.io/v1alpha1',
    kind: 'ClusterTaintPolicy',
    metadata: { name: `${federation}-failover` },
    spec: {
      ...leaving.every(({ late }) => !late) && { targetClusters: { clusterNames: [...members] } },
      addOnConditions: [{ conditionType: 'Ready', operator: 'NotIn', statusValues: ['True'] }],
      removeOnConditions: [{ conditionType: 'Ready', operator: 'In', statusValues: ['True'] }],
      taints: [{ key: OUT_OF_REACH, effect: 'NoExecute' }],
    },
  }];
}

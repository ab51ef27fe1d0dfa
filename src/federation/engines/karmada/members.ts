import { CLUSTER_NAMESPACE, impersonatorSecret } from './cluster-object';
import { problem } from '../../../problem';
import { isApiServer } from '../../api-server';
import { FederatedCluster, JoinMode } from '../../federated-cluster';
import { isLabelValue, LABEL_VALUE } from '../../labels';

const UID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const MAX_NAME = 253;

/** How members reach the Karmada API, and which clusters they are. */
export interface Reach {
  readonly apiServer?: string;
  readonly clusterIds: { readonly [member: string]: string };
}

/** Why members can't join. */
export function memberProblems(members: readonly FederatedCluster[], { apiServer, clusterIds }: Reach): string[] {
  const problems: string[] = [];
  if (apiServer !== undefined && !isApiServer(apiServer)) {
    problems.push(problem('engine.apiServer', apiServer, 'https://host or https://host:port'));
  }
  const names = new Set(members.map(({ node }) => node.id));
  const known = new Map<string, string>();
  for (const [name, id] of Object.entries(clusterIds)) {
    if (!names.has(name)) { problems.push(problem('engine.clusterIds', name, `names of members: ${[...names].join(', ')}`)); }
    if (!UID.test(id)) { problems.push(problem(`engine.clusterIds.${name}`, id, 'the UID of the namespace kube-system')); }
    if (known.has(id)) { problems.push(problem(`engine.clusterIds.${name}`, id, `an id of its own; ${known.get(id)} has the same`)); }
    known.set(id, name);
  }
  return [
    ...problems,
    ...secretProblems(members),
    ...members.flatMap(described),
    ...members.flatMap(member => member.joinMode === JoinMode.PULL ? pulling(member, apiServer, clusterIds[member.node.id]) : pushed(member)),
  ];
}

function pulling({ node: { id } }: FederatedCluster, apiServer?: string, clusterId?: string): string[] {
  const problems: string[] = [];
  if (apiServer === undefined) {
    problems.push(problem(`${id} joinMode`, JoinMode.PULL,
      'with the address of the Karmada API as the member reaches it: apiServer of the KarmadaEngine'));
  }
  if (clusterId === undefined) {
    problems.push(problem(`${id} joinMode`, JoinMode.PULL, 'with its id in clusterIds of the KarmadaEngine, by which its agent is known: '
      + `kubectl --context ${id} get namespace kube-system -o jsonpath={.metadata.uid}`));
  }
  return problems;
}

function pushed({ node: { id }, apiServer, caBundle }: FederatedCluster): string[] {
  const problems: string[] = [];
  if (apiServer === undefined) {
    problems.push(problem(`${id} apiServer`, apiServer, 'its address as the Karmada control plane reaches it, or joinMode PULL'));
  }
  if (caBundle !== undefined) {
    problems.push(problem(`${id} caBundle`, `${caBundle.slice(0, 30)}...`,
      'nothing: Karmada reads it beside the token, from the key caBundle of the Secret'));
  }
  return problems;
}

/** Policies select members by these as by labels, and take no value that no label has. */
function described({ node: { id }, provider, region, zones }: FederatedCluster): string[] {
  const values: [string, string | undefined][] = [['provider', provider], ['region', region], ...zones.map((zone): [string, string] => ['zones', zone])];
  return values.filter(([, value]) => value !== undefined && !isLabelValue(value))
    .map(([property, value]) => problem(`${id} ${property}`, value, LABEL_VALUE));
}

function secretProblems(members: readonly FederatedCluster[]): string[] {
  const users = new Map<string, string>();
  const problems: string[] = [];
  for (const member of members.filter(({ joinMode }) => joinMode === JoinMode.PUSH)) {
    const { node: { id }, credentials } = member;
    if (impersonatorSecret(member).length > MAX_NAME) {
      problems.push(problem(`${id} credentials`, credentials,
        `a name of at most ${MAX_NAME - '-impersonator'.length} characters: -impersonator is added`));
    }
    for (const secret of [credentials, impersonatorSecret(member)]) {
      const other = users.get(secret);
      if (other) {
        problems.push(problem(`${id} credentials`, credentials, `names of its own: ${other} has the Secret ${CLUSTER_NAMESPACE}/${secret}`));
      }
      users.set(secret, id);
    }
  }
  return problems;
}

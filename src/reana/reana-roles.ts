import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { ReanaDask } from './reana-dask';
import { ReanaNames } from './reana-names';

interface Rule {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly verbs: string[];
}

const rule = (apiGroup: string, resources: string[], ...verbs: string[]): Rule => ({ apiGroups: [apiGroup], resources, verbs });

/** A user's secrets are kept in a Secret of the runtime namespace, which REANA makes, reads and replaces. */
const USER_SECRETS = rule('', ['secrets'], 'get', 'create', 'update');

/** What the API, the scheduler and the CronJobs of the server's image ask for. */
const SERVER: Rule[] = [USER_SECRETS, rule('', ['pods'], 'list')];

/** What the workflow controller and the consumer of job statuses ask for. */
const WORKFLOW_CONTROLLER: Rule[] = [
  USER_SECRETS,
  rule('', ['pods'], 'list'),
  rule('', ['pods/log'], 'get'),
  rule('', ['persistentvolumeclaims'], 'create'),
  rule('', ['services'], 'create', 'delete'),
  rule('apps', ['deployments'], 'create', 'delete'),
  rule('batch', ['jobs'], 'create', 'get', 'delete'),
  rule('networking.k8s.io', ['ingresses'], 'create', 'delete'),
  rule('networking.k8s.io', ['networkpolicies'], 'create', 'get', 'update'),
];

const DASK = rule('kubernetes.dask.org', ['daskclusters', 'daskautoscalers'], 'create', 'delete');
const DASHBOARDS = rule('traefik.io', ['middlewares'], 'create', 'delete');

/** What the job controller asks for, in the pod of each workflow. The token is in the engine's container as well, which runs what users write. */
const JOB_CONTROLLER: Rule[] = [
  rule('', ['pods'], 'get', 'list', 'watch'),
  rule('', ['pods/log'], 'get'),
  rule('', ['secrets'], 'get'),
  rule('batch', ['jobs'], 'create', 'delete'),
];

/** How much the nodes have, and use: for the status page, and before a workflow starts. Nodes belong to no namespace. */
const NODES: Rule[] = [rule('', ['nodes'], 'list'), rule('metrics.k8s.io', ['nodes'], 'list')];

export interface RoleOptions {
  readonly dask?: ReanaDask;
  readonly readsNodes: boolean;
  readonly imagePullSecrets: string[];
}

/**
 * Who may do what: what the code of each program calls, and nothing else. All of it is in the runtime namespace, but for the list of nodes.
 */
export function addRoles(scope: Construct, names: ReanaNames, { dask, readsNodes, imagePullSecrets }: RoleOptions): void {
  const { namespace, runtimeNamespace } = names;
  const pull = imagePullSecrets.length > 0 && { imagePullSecrets: imagePullSecrets.map(name => ({ name })) };
  const account = (name: string, where: string) => new ApiObject(scope, `Account-${where}-${name}`, {
    // who needs the token mounts it
    apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: where, labels: names.labels('access') }, automountServiceAccountToken: false, ...pull,
  });
  const bind = (accountName: string, where: string, rules: Rule[]) => {
    const metadata = { name: accountName, namespace: runtimeNamespace, labels: names.labels('access') };
    new ApiObject(scope, `Role-${accountName}`, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules });
    new ApiObject(scope, `RoleBinding-${accountName}`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: accountName },
      subjects: [{ kind: 'ServiceAccount', name: accountName, namespace: where }],
    });
  };
  account(names.serverServiceAccount, namespace);
  account(names.infrastructureServiceAccount, namespace);
  account(names.unprivilegedServiceAccount, namespace);
  bind(names.serverServiceAccount, namespace, SERVER);
  bind(names.infrastructureServiceAccount, namespace, [...WORKFLOW_CONTROLLER, ...dask ? [DASK] : [], ...dask?.traefik ? [DASHBOARDS] : []]);
  new ApiObject(scope, 'RuntimeAccount', {
    // the code says nothing of the token of a workflow's pod, which needs it
    apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: names.runtimeServiceAccount, namespace: runtimeNamespace, labels: names.labels('access') }, ...pull,
  });
  bind(names.runtimeServiceAccount, runtimeNamespace, JOB_CONTROLLER);
  // steps and sessions have no account of their own
  if (pull) { account('default', runtimeNamespace); }
  if (readsNodes) {
    const metadata = { name: `${namespace}-${names.serverServiceAccount}-nodes`, labels: names.labels('access') };
    new ApiObject(scope, 'NodesRole', { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata, rules: NODES });
    new ApiObject(scope, 'NodesBinding', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: names.serverServiceAccount, namespace }],
    });
  }
}

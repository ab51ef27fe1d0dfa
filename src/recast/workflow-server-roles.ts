import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { RECAST } from './recast-names';

const rule = (apiGroup: string, resource: string, ...verbs: string[]) => ({ apiGroups: [apiGroup], resources: [resource], verbs });

/** What the server calls, and nothing else. */
const RULES = [
  rule('batch', 'jobs', 'create', 'get', 'list', 'watch', 'delete'),
  rule('', 'pods', 'list', 'watch'),
  rule('', 'pods/log', 'get'),
  // what an engine writes, by its name: the state, and the logs of steps that ran elsewhere
  rule('', 'configmaps', 'get'),
  // an engine's token; the server can't read one back, its own or anybody else's
  rule('', 'secrets', 'create'),
];

const WORKFLOW_RULES = [
  rule('yadage.github.io', 'workflows', 'list', 'watch'),
  rule('yadage.github.io', 'workflows/status', 'patch'),
];

/** Who the server is, and what it may do. */
export function addRoles(scope: Construct, namespace: string, labels: { [label: string]: string }, workflowNamespace: string | undefined): void {
  const name = RECAST.serverAccount;
  new ApiObject(scope, 'ServiceAccount', {
    // the pod asks for its token
    apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace, labels }, automountServiceAccountToken: false,
  });
  const bind = (id: string, metadata: { readonly name: string; readonly namespace: string }, rules: object[]) => {
    new ApiObject(scope, `${id}Role`, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { ...metadata, labels }, rules });
    new ApiObject(scope, `${id}RoleBinding`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { ...metadata, labels },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    });
  };
  bind('', { name, namespace }, RULES);
  if (workflowNamespace !== undefined) { bind('Workflows', { name: `${name}-workflows`, namespace: workflowNamespace }, WORKFLOW_RULES); }
}

import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';

export interface MonitorRights {
  readonly name: string;
  readonly namespace: string;
  readonly labels: { readonly [label: string]: string };
  readonly workflowNamespaces: readonly string[];
  readonly reanaNamespaces: readonly string[];
}

const rule = (apiGroup: string, resource: string, ...verbs: string[]) => ({ apiGroups: [apiGroup], resources: [resource], verbs });

/** What the monitor's program asks for, and nothing else: of Secrets nothing, and nothing that changes anything. */
export const MONITOR_RULES = [rule('batch', 'jobs', 'list', 'watch'), rule('', 'pods', 'list', 'watch'), rule('', 'pods/log', 'get')];

/** Where engines write what they do, and what steps say that run elsewhere. */
export const STATE_RULES = [rule('', 'configmaps', 'list', 'watch')];

/** A Role in each namespace that is shown. */
export function addMonitorRoles(scope: Construct, { name, namespace, labels, workflowNamespaces, reanaNamespaces }: MonitorRights): void {
  for (const where of new Set([...workflowNamespaces, ...reanaNamespaces])) {
    const metadata = { name, namespace: where, labels };
    new ApiObject(scope, `Role-${where}`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata,
      rules: [...MONITOR_RULES, ...workflowNamespaces.includes(where) ? STATE_RULES : []],
    });
    new ApiObject(scope, `RoleBinding-${where}`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    });
  }
}

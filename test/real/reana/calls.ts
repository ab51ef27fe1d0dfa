/** Where a call goes: to the namespace of workflows, or to what belongs to no namespace. */
type Scope = 'runtime' | 'cluster';

/** What a program asks the Kubernetes API: the verbs, by `scope resource`. */
export type Calls = { readonly [resource in `${Scope} ${string}`]?: readonly string[] };

/** `UserSecretsStore`: read, made if it isn't there, and replaced. */
const USER_SECRETS: Calls = { 'runtime secrets': ['get', 'create', 'update'] };

/** The health of nodes: `list_node`, and what the metrics server says of them. */
const NODES: Calls = { 'cluster nodes': ['list'], 'cluster metrics.k8s.io/nodes': ['list'] };

const DASK: Calls = {
  'runtime kubernetes.dask.org/daskclusters': ['create', 'delete'],
  'runtime kubernetes.dask.org/daskautoscalers': ['create', 'delete'],
  'runtime traefik.io/middlewares': ['create', 'delete'],
};

/**
 * What REANA's programs call, found in their code by each use of a client of Kubernetes, and by whom it is done. Without what is here they fail; what isn't
 * here they have no use for.
 */
export function callsOf(
  { prefix, dask, readsNodes }: { readonly prefix: string; readonly dask: boolean; readonly readsNodes: boolean },
): { readonly [serviceAccount: string]: Calls } {
  return {
    // the API, the scheduler, the report of the cluster's status and what ends sessions
    [`${prefix}-server`]: { ...USER_SECRETS, 'runtime pods': ['list'], ...readsNodes ? NODES : {} },
    // the workflow controller and the consumer of job statuses
    [`${prefix}-infrastructure`]: {
      ...USER_SECRETS,
      'runtime pods': ['list'],
      'runtime pods/log': ['get'],
      'runtime batch/jobs': ['get', 'create', 'delete'],
      'runtime persistentvolumeclaims': ['create'],
      'runtime services': ['create', 'delete'],
      'runtime apps/deployments': ['create', 'delete'],
      'runtime networking.k8s.io/ingresses': ['create', 'delete'],
      'runtime networking.k8s.io/networkpolicies': ['get', 'create', 'update'],
      ...dask ? DASK : {},
    },
    // the job controller, in the pod of each workflow
    [`${prefix}-runtime`]: {
      'runtime secrets': ['get'],
      'runtime pods': ['get', 'list', 'watch'],
      'runtime pods/log': ['get'],
      'runtime batch/jobs': ['create', 'delete'],
    },
  };
}

import { ApiCluster } from '../api/api-cluster';

/** What is asked of every resource. */
const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];

/** What is asked of what gives rights. */
const VERBS_OF_RIGHTS: { readonly [resource: string]: readonly string[] } = {
  'serviceaccounts': ['impersonate'],
  'users': ['impersonate'],
  'groups': ['impersonate'],
  'rbac.authorization.k8s.io/roles': ['bind', 'escalate'],
  'rbac.authorization.k8s.io/clusterroles': ['bind', 'escalate'],
};

/** The scope of what belongs to no namespace, or to all of them. */
export const WHOLE_CLUSTER = '*';

/** Resources that other programs bring to a cluster, and REANA's programs ask for. */
const BROUGHT = [
  'metrics.k8s.io/nodes', 'metrics.k8s.io/pods', 'kubernetes.dask.org/daskclusters', 'kubernetes.dask.org/daskautoscalers',
  'traefik.io/middlewares', 'kueue.x-k8s.io/workloads', 'kueue.x-k8s.io/localqueues',
];

/** Groups of an API whose names have no dot. */
const SHORT_GROUPS = ['apps', 'autoscaling', 'batch', 'policy'];

interface Question {
  readonly scope: string;
  readonly resource: string;
  readonly verb: string;
}

/** All that can be asked of an API server in a few namespaces, and who is allowed what of it. */
export class Access {
  /** @param namespaces those that are asked for; the cluster as a whole always is */
  public static async of(api: ApiCluster, namespaces: readonly string[]): Promise<Access> {
    const resources = await allResources(api);
    const scopes = [...new Set(namespaces), WHOLE_CLUSTER];
    return new Access(api, scopes.flatMap(scope => resources.flatMap(resource =>
      [...VERBS, ...VERBS_OF_RIGHTS[resource] ?? []].map(verb => ({ scope, resource, verb })))));
  }

  private readonly anyones = new Map<string, Promise<boolean[]>>();

  private constructor(private readonly api: ApiCluster, public readonly questions: readonly Question[]) {}

  /**
   * What a ServiceAccount may do that not every one of its namespace may: a line for each resource, `scope resource: verb, verb`. What it may in the whole
   * cluster isn't said again of each namespace.
   */
  public async beyondAnyones(namespace: string, serviceAccount: string): Promise<string[]> {
    if (!this.anyones.has(namespace)) { this.anyones.set(namespace, this.ask(namespace, 'anyone')); }
    const its = await this.ask(namespace, serviceAccount);
    const anyones = await this.anyones.get(namespace)!;
    const allowed = this.questions.filter((_, index) => its[index] && !anyones[index]);
    const everywhere = new Set(allowed.filter(({ scope }) => scope === WHOLE_CLUSTER).map(({ resource, verb }) => `${verb} ${resource}`));
    const found = new Map<string, string[]>();
    allowed.filter(({ scope, resource, verb }) => scope === WHOLE_CLUSTER || !everywhere.has(`${verb} ${resource}`)).forEach(({ scope, resource, verb }) => {
      const what = `${scope} ${resource}`;
      found.set(what, [...found.get(what) ?? [], verb]);
    });
    return [...found].map(([what, verbs]) => `${what}: ${verbs.join(', ')}`).sort();
  }

  private ask(namespace: string, serviceAccount: string): Promise<boolean[]> {
    return this.api.allowed(this.questions.map(({ scope, resource, verb }) => ({
      user: `system:serviceaccount:${namespace}:${serviceAccount}`,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      resourceAttributes: { verb, ...attributes(resource), ...scope === WHOLE_CLUSTER ? {} : { namespace: scope } },
    })));
  }
}

/** The resources and subresources that an API server has, and those that are brought: `group/resource`, without a group for the core's. */
async function allResources(api: ApiCluster): Promise<string[]> {
  const raw = async (path: string) => JSON.parse(await api.ask(['get', '--raw', path]));
  const named = (group: string, list: { resources: { name: string }[] }) => list.resources.map(({ name }) => group ? `${group}/${name}` : name);
  const resources = named('', await raw('/api/v1'));
  for (const { name, preferredVersion } of (await raw('/apis')).groups) {
    resources.push(...named(name, await raw(`/apis/${preferredVersion.groupVersion}`)));
  }
  return [...new Set([...resources, ...BROUGHT, ...Object.keys(VERBS_OF_RIGHTS)])].sort();
}

function attributes(text: string): { group: string; resource: string; subresource?: string } {
  const parts = text.split('/');
  const hasGroup = parts[0].includes('.') || SHORT_GROUPS.includes(parts[0]);
  const [group, resource, subresource] = hasGroup ? parts : ['', ...parts];
  return { group, resource, subresource };
}

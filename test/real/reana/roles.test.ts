import { ApiCluster } from '../api/api-cluster';
import { Manifest } from '../manifest';
import { describeClusters } from '../requirements';
import { Access, WHOLE_CLUSTER } from './access';
import { Calls, callsOf } from './calls';
import { containersOf } from './pods';
import { Identity, REANA, siteSecrets, synthesizeReana } from './reana-program';

const SHIP: Identity = { prefix: 'ship', namespace: 'ships', runtimeNamespace: 'ships' };

/** A REANA with all that asks for rights, and one without what can be left out. */
const PROGRAMS = {
  'services and workflows apart, with Dask': { identity: REANA, dask: true, readsNodes: true, props: { dask: { traefik: true } } },
  'all in one namespace, without a look at nodes': { identity: SHIP, dask: false, readsNodes: false, props: { readsNodes: false } },
};

/** Calls as `Access` writes them. */
function lines(calls: Calls, { runtimeNamespace }: Identity): string[] {
  return Object.entries<readonly string[] | undefined>(calls).map(([what, verbs]) => {
    const [scope, resource] = what.split(' ');
    return `${scope === 'cluster' ? WHOLE_CLUSTER : runtimeNamespace} ${resource}: ${verbs!.join(', ')}`;
  }).sort();
}

describeClusters('the rights of REANA\'s programs', () => {
  let api: ApiCluster;
  beforeAll(async () => {
    api = await ApiCluster.start('kubernetes-newest');
  });
  afterAll(() => api?.close());

  test.each(Object.entries(PROGRAMS))('%s: what each ServiceAccount may do is what its programs call', async (_, { identity, dask, readsNodes, props }) => {
    const manifests = synthesizeReana(identity, props);
    const wanted = ['Namespace', 'ServiceAccount', 'Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'];
    const of = (kinds: string[]) => manifests.filter(({ kind }) => kinds.includes(kind)).map(manifest => JSON.stringify(manifest)).join('\n---\n');
    for (const kinds of [['Namespace'], wanted]) { expect(await api.apply(of(kinds))).toEqual({ status: 0, complaints: '' }); }

    const { namespace, runtimeNamespace } = identity;
    const access = await Access.of(api, [namespace, runtimeNamespace]);
    expect(access.questions.length).toBeGreaterThan(2000);
    const calls = callsOf({ prefix: identity.prefix, dask, readsNodes });
    const accounts = manifests.filter(({ kind }) => kind === 'ServiceAccount');
    expect(accounts.map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(Object.keys(calls)));
    for (const { metadata } of accounts) {
      const name = metadata.name;
      expect({ name, may: await access.beyondAnyones(metadata.namespace!, name) }).toEqual({ name, may: lines(calls[name] ?? {}, identity) });
    }
    // who isn't named here is somebody whose pods have no account of their own
    expect(await access.beyondAnyones(runtimeNamespace, 'default')).toEqual([]);
    process.stdout.write(`${accounts.length + 1} ServiceAccounts, ${access.questions.length} questions to each\n`);
  });

  test.each(Object.entries(PROGRAMS))('%s: a pod has a token if its program calls, and no other', (_, { identity, dask, readsNodes, props }) => {
    const manifests: Manifest[] = synthesizeReana(identity, props);
    const calls = callsOf({ prefix: identity.prefix, dask, readsNodes });
    const accounts = manifests.filter(({ kind }) => kind === 'ServiceAccount');
    const found = containersOf(manifests, siteSecrets(identity).contents).map(({ where, namespace, serviceAccount, podSpec }) => {
      const account = accounts.find(({ metadata }) => metadata.name === serviceAccount && metadata.namespace === namespace);
      return { where, token: (podSpec.automountServiceAccountToken ?? account?.automountServiceAccountToken ?? true) as boolean, serviceAccount };
    });
    expect(found.filter(({ token, serviceAccount }) => token && !(serviceAccount in calls))).toEqual([]);
    for (const account of [`${identity.prefix}-server`, `${identity.prefix}-infrastructure`]) {
      expect(found.filter(({ token, serviceAccount }) => token && serviceAccount === account).length).toBeGreaterThan(0);
    }
  });
});

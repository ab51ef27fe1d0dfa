import { spawnSync } from 'child_process';
import { App, Chart, Duration, Testing } from 'cdk8s';
import {
  Cluster, ClusterSelector, CondorHost, CondorHostProps, CondorImage, FederatedCluster, FederatedClusterProps, Federation, JoinMode, Placement,
  StartdFleet, StartdFleetProps, TokenAuthorization, TokenMint, TokenMintProps, TokenRoleOptions,
} from '../../src';
import { scratchDirectory } from '../scratch';
import { objectOf, report } from '../synth';

const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

interface Options {
  readonly host?: Partial<CondorHostProps>;
  readonly fleet?: Partial<StartdFleetProps>;
  readonly mint?: Partial<TokenMintProps>;
  readonly meyrin?: Partial<FederatedClusterProps>;
  readonly tsystems?: Partial<FederatedClusterProps>;
}

/** A pool with a key for each member, of which one is pushed to and one pulls. */
function program({ host: ofHost, fleet: ofFleet, mint: ofMint, meyrin: ofMeyrin, tsystems: ofTsystems }: Options = {}) {
  const app = new App({ outdir: scratchDirectory() });
  const host = new Cluster(app, 'condor-host');
  const fed = new Federation(app, 'fed', { host });
  const meyrin = new FederatedCluster(app, 'meyrin', { federation: fed, apiServer: 'https://meyrin.cern.ch:6443', caBundle: PEM, ...ofMeyrin });
  const tsystems = new FederatedCluster(app, 'tsystems', { federation: fed, joinMode: JoinMode.PULL, ...ofTsystems });
  const condor = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch',
    centralManagers: [{ address: 'condor.cern.ch' }],
    accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
    image: CondorImage.debian(),
    memberSigningKeys: true,
    ...ofHost,
  });
  const startd = new StartdFleet(fed, 'startd', { pool: condor, ...ofFleet });
  const mint = new TokenMint(host, 'tokens', { pool: condor, apiServer: 'https://kubernetes.cern.ch', ...ofMint });
  return { app, host, fed, meyrin, tsystems, condor, startd, mint };
}

type Program = ReturnType<typeof program>;

/** The same, and both members get their tokens. */
function served(options: Options = {}): Program {
  const p = program(options);
  p.mint.deliver(p.startd, p.meyrin);
  p.mint.deliver(p.startd, p.tsystems);
  return p;
}

const find = (chart: Chart, kind: string, name: string) => objectOf(chart, kind, kind === 'Job' ? new RegExp(`^${name}-`) : name);
const configuration = (p: Program) => find(p.host, 'ConfigMap', 'condor-cm').data.condor_config as string;
const knob = (text: string, name: string) => new RegExp(`^${name.replace('.', '\\.')} += ?(.*)$`, 'm').exec(text)?.[1];
const sources = (pod: any, volume: string) => pod.volumes.find(({ name }: any) => name === volume).projected.sources;
const rule = (verb: string, ...names: string[]) => [{ apiGroups: [''], resources: ['secrets'], resourceNames: names, verbs: [verb] }];

describe('signing keys of members', () => {
  test('are in the central manager alone, each known to the collector of its member', () => {
    const p = program();
    const text = configuration(p);
    expect(knob(text, 'SEC_PASSWORD_DIRECTORY')).toBe('/etc/condor/passwords.d');
    expect(knob(text, 'MEMBER_MEYRIN_COLLECTOR.SEC_PASSWORD_DIRECTORY')).toBe('/etc/condor/member-keys.d/meyrin');
    expect(knob(text, 'MEMBER_TSYSTEMS_COLLECTOR.SEC_PASSWORD_DIRECTORY')).toBe('/etc/condor/member-keys.d/tsystems');
    const key = (member: string) => ({ secret: { name: `condor-signing-key-${member}`, optional: true, items: [{ key: 'key', path: member }] } });
    const { spec } = find(p.host, 'StatefulSet', 'condor-cm').spec.template;
    expect(sources(spec, 'member-keys-secret')).toEqual([key('meyrin'), key('tsystems')]);
    expect(spec.containers[0].volumeMounts).toContainEqual({ name: 'member-keys', mountPath: '/etc/condor/member-keys.d', readOnly: true });
    expect(JSON.stringify(find(p.host, 'StatefulSet', 'condor-ap1'))).not.toContain('member-keys');
    for (const chart of [p.host, p.meyrin, p.tsystems]) { expect(Testing.synth(chart).filter(({ kind }) => kind === 'Secret')).toEqual([]); }
  });

  test('are not asked for by default', () => {
    const host = new Cluster(Testing.app(), 'condor-host');
    new CondorHost(host, 'condor', {
      trustDomain: 'cern.ch', centralManagers: [{ address: 'condor.cern.ch' }], accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }], executionClusters: ['meyrin'],
    });
    expect(JSON.stringify(Testing.synth(host))).not.toMatch(/member-keys|REVOCATION/);
  });

  test("a member's tokens are as old as the mint's at most; those of others are as their makers say", () => {
    const p = program({ mint: { lifetime: Duration.days(3) } });
    p.mint.deliver(p.startd, p.meyrin);
    const text = configuration(p);
    expect(knob(text, 'MEMBER_MEYRIN_COLLECTOR.SEC_TOKEN_REVOCATION_EXPR')).toBe('substr(sub, 0, 7) =?= "startd-" && !(time() - iat <= 259200)');
    expect(text).not.toContain('MEMBER_TSYSTEMS_COLLECTOR.SEC_TOKEN_REVOCATION_EXPR');
  });

  test('revoked: collector, key, token and credential of the member are gone from the host, and nothing else changes anywhere', () => {
    const before = served();
    const after = served();
    after.condor.revoke('meyrin');
    const objects = (chart: Chart) => Testing.synth(chart);
    expect(JSON.stringify(find(before.host, 'StatefulSet', 'condor-cm')) + configuration(before)).toMatch(/meyrin/i);
    for (const name of ['condor-cm', 'tokens']) {
      const held = objects(after.host).filter(({ metadata }) => metadata.name === name);
      expect(held.length).toBeGreaterThan(3);
      expect(JSON.stringify(held)).not.toMatch(/meyrin/i);
      expect(JSON.stringify(held)).toMatch(/tsystems/);
    }
    const others = (p: Program) => objects(p.host).filter(({ metadata }) => !/^(condor-cm|tokens)/.test(metadata.name));
    expect(others(after)).toEqual(others(before));
    expect(objects(after.meyrin)).toEqual(objects(before.meyrin));
    expect(objects(after.tsystems)).toEqual(objects(before.tsystems));
  });

  test('a fleet without root has its copies of the token renewed beside it; others see the Secret', () => {
    const containers = (ofFleet: Partial<StartdFleetProps>) => find(program({ fleet: ofFleet }).meyrin, 'DaemonSet', 'startd').spec.template.spec.containers;
    expect(containers({}).map(({ name }: any) => name)).toEqual(['condor']);
    const [, renewing] = containers({ rootless: true, acceptJobsReadToken: true });
    expect(renewing).toMatchObject({ name: 'credentials', securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } } });
    expect(renewing.volumeMounts).toEqual([
      { name: 'token', mountPath: '/etc/condor/tokens.d' }, { name: 'token-secret', mountPath: '/secrets/token', readOnly: true },
    ]);
    expect(renewing.command[2]).toContain('mv /etc/condor/tokens.d/.token /etc/condor/tokens.d/token');
  });
});

describe('TokenMint', () => {
  test('who is pushed to: the host writes one Secret there, and can do nothing else', () => {
    const p = served();
    expect(find(p.meyrin, 'Role', 'tokens').rules).toEqual(rule('patch', 'startd-token'));
    expect(find(p.meyrin, 'RoleBinding', 'tokens')).toMatchObject({
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'tokens' }, subjects: [{ kind: 'ServiceAccount', name: 'tokens', namespace: 'condor' }],
    });
    expect(find(p.meyrin, 'ServiceAccount', 'tokens').automountServiceAccountToken).toBe(false);
    expect(find(p.meyrin, 'CronJob', 'tokens')).toBeUndefined();
    const { data } = find(p.host, 'ConfigMap', 'tokens');
    expect(data.orders.split('\n')[0]).toBe('meyrin startd-meyrin@cern.ch ADVERTISE_STARTD,ADVERTISE_MASTER 604800 token '
      + 'https://meyrin.cern.ch:6443/api/v1/namespaces/condor/secrets/startd-token /secrets/credentials/meyrin /etc/condor-pool/meyrin.crt meyrin: the token of startd');
    expect(data['meyrin.crt']).toBe(PEM);
    const { spec } = find(p.host, 'Job', 'tokens').spec.template;
    expect(sources(spec, 'secrets')).toEqual([
      { secret: { name: 'condor-signing-key-meyrin', optional: true, items: [{ key: 'key', path: 'keys/meyrin' }] } },
      { secret: { name: 'condor-signing-key-tsystems', optional: true, items: [{ key: 'key', path: 'keys/tsystems' }] } },
      { secret: { name: 'tokens.meyrin', optional: true, items: [{ key: 'token', path: 'credentials/meyrin' }] } },
      { serviceAccountToken: { path: 'own/token', expirationSeconds: 3600 } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'own/ca.crt' }] } },
    ]);
  });

  test('who pulls: it reads one Secret of the host, writes one of its own, and can do nothing else', () => {
    const p = served({ mint: { caBundle: PEM } });
    const kept = 'tokens.tsystems.startd';
    expect(find(p.host, 'ConfigMap', 'tokens').data.orders.split('\n')[1]).toBe('tsystems startd-tsystems@cern.ch ADVERTISE_STARTD,ADVERTISE_MASTER 604800 token '
      + `https://kubernetes.default.svc/api/v1/namespaces/condor/secrets/${kept} /secrets/own/token /secrets/own/ca.crt tsystems: the token of startd`);
    expect(find(p.host, 'Role', 'tokens').rules).toEqual(rule('patch', kept));
    expect(find(p.host, 'Role', 'tokens.tsystems').rules).toEqual(rule('get', kept));
    expect(find(p.host, 'RoleBinding', 'tokens.tsystems').subjects).toEqual([{ kind: 'ServiceAccount', name: 'tokens.tsystems', namespace: 'condor' }]);
    expect(find(p.tsystems, 'Role', 'tokens').rules).toEqual(rule('patch', 'startd-token'));
    const { data } = find(p.tsystems, 'ConfigMap', 'tokens');
    expect(data.orders).toBe(`https://kubernetes.cern.ch/api/v1/namespaces/condor/secrets/${kept} /etc/condor-pool/host.crt token `
      + 'https://kubernetes.default.svc/api/v1/namespaces/condor/secrets/startd-token the token of startd\n');
    expect(data['host.crt']).toBe(PEM);
    const pods = [find(p.tsystems, 'CronJob', 'tokens').spec.jobTemplate.spec.template.spec, find(p.tsystems, 'Job', 'tokens').spec.template.spec];
    for (const pod of pods) {
      expect(sources(pod, 'secrets')[0]).toEqual({ secret: { name: 'tokens.host', optional: true, items: [{ key: 'token', path: 'credentials/host' }] } });
      expect(JSON.stringify(pod)).not.toContain('signing-key');
    }
  });

  test('two fleets of a member, and the key of the Secret that a fleet names', () => {
    const p = served({ fleet: { nodeSelector: { gpu: 'false' } } });
    const gpu = new StartdFleet(new Placement(p.fed, 'own', { clusters: ClusterSelector.of(p.meyrin) }), 'gpu', {
      pool: p.condor, token: { secretName: 'gpus', key: 'idtoken' }, nodeSelector: { gpu: 'true' }, cpus: 1,
    });
    p.mint.deliver(gpu, p.meyrin);
    p.mint.deliver(gpu, p.meyrin);
    expect(find(p.meyrin, 'Role', 'tokens').rules).toEqual(rule('patch', 'startd-token', 'gpus'));
    const { orders } = find(p.host, 'ConfigMap', 'tokens').data;
    expect(orders.split('\n').filter((line: string) => line.startsWith('meyrin ')).map((line: string) => line.split(' ').slice(4, 6))).toEqual([
      ['token', 'https://meyrin.cern.ch:6443/api/v1/namespaces/condor/secrets/startd-token'],
      ['idtoken', 'https://meyrin.cern.ch:6443/api/v1/namespaces/condor/secrets/gpus'],
    ]);
  });

  test("roles: a token for somebody else, signed with the pool's key and kept in the host", () => {
    const p = program();
    expect(JSON.stringify(find(p.host, 'CronJob', 'tokens'))).not.toContain('POOL');
    expect(find(p.host, 'Role', 'tokens').rules).toEqual([]);
    const q = program({ host: { signingKey: { secretName: 'keys', key: 'pool-2026' } } });
    q.mint.addRole('monitoring', { identity: 'monitoring@cern.ch', authorizations: [TokenAuthorization.READ] });
    q.mint.addRole('portal', { identity: 'portal@cern.ch', authorizations: [TokenAuthorization.READ, TokenAuthorization.WRITE, TokenAuthorization.ADMINISTRATOR] });
    expect(find(q.host, 'ConfigMap', 'tokens').data.orders).toBe(['monitoring READ', 'portal READ,WRITE,ADMINISTRATOR'].map(text => {
      const [name, authorizations] = text.split(' ');
      return `POOL ${name}@cern.ch ${authorizations} 604800 token https://kubernetes.default.svc/api/v1/namespaces/condor/secrets/tokens.${name} `
        + `/secrets/own/token /secrets/own/ca.crt the token of ${name}\n`;
    }).join(''));
    expect(find(q.host, 'Role', 'tokens').rules).toEqual(rule('patch', 'tokens.monitoring', 'tokens.portal'));
    expect(sources(find(q.host, 'Job', 'tokens').spec.template.spec, 'secrets')[0]).toEqual({
      secret: { name: 'keys', optional: true, items: [{ key: 'pool-2026', path: 'keys/POOL' }] },
    });
  });

  test('roles whose tokens are used in another namespace: they come into the Secrets that are read there', () => {
    const p = program();
    const readAndWrite = [TokenAuthorization.READ, TokenAuthorization.WRITE];
    p.mint.addRole('recast', { identity: 'recast@cern.ch', authorizations: readAndWrite, namespace: 'recast', secret: { secretName: 'engines', key: 'batch' } });
    p.mint.addRole('fit', { identity: 'fit@cern.ch', authorizations: readAndWrite, namespace: 'recast', secret: { secretName: 'engines', key: 'fit' } });
    p.mint.addRole('portal', { identity: 'portal@cern.ch', authorizations: readAndWrite, namespace: 'recast' });
    expect(find(p.host, 'ConfigMap', 'tokens').data.orders.split('\n').filter(Boolean).map((line: string) => line.split(' ').slice(4, 6))).toEqual([
      ['batch', 'https://kubernetes.default.svc/api/v1/namespaces/recast/secrets/engines'],
      ['fit', 'https://kubernetes.default.svc/api/v1/namespaces/recast/secrets/engines'],
      ['token', 'https://kubernetes.default.svc/api/v1/namespaces/recast/secrets/tokens.portal'],
    ]);
    const objects = Testing.synth(p.host).filter(({ metadata }) => metadata?.namespace === 'recast');
    expect(objects.map(({ kind }) => kind).sort()).toEqual(['Role', 'RoleBinding']);
    expect(objects.find(({ kind }) => kind === 'Role').rules).toEqual(rule('patch', 'engines', 'tokens.portal'));
    expect(objects.find(({ kind }) => kind === 'RoleBinding').subjects).toEqual([{ kind: 'ServiceAccount', name: 'tokens', namespace: 'condor' }]);
    expect(find(p.host, 'Role', 'tokens').rules).toEqual([]);
    // its own account's token is what it shows
    expect(JSON.stringify(sources(find(p.host, 'Job', 'tokens').spec.template.spec, 'secrets'))).toContain('own/token');
    expect(find(p.host, 'NetworkPolicy', 'tokens').spec.egress[1].ports.map(({ port }: any) => port)).toEqual([443, 6443]);
  });

  test.each([
    ['five minutes', Duration.minutes(5), /^[0-4]-59\/5 \* \* \* \*$/],
    ['an hour', Duration.minutes(60), /^\d+ 0-23\/1 \* \* \*$/],
    ['six hours', Duration.hours(6), /^\d+ [0-5]-23\/6 \* \* \*$/],
    ['a day', Duration.days(1), /^\d+ \d+ \* \* \*$/],
    ['a week', Duration.days(7), /^\d+ \d+ \* \* [0-6]$/],
  ])('an interval of %s as a schedule', (_, interval, schedule) => {
    const p = served({ mint: { interval, lifetime: Duration.days(30) } });
    expect(find(p.host, 'CronJob', 'tokens').spec).toMatchObject({ schedule: expect.stringMatching(schedule), timeZone: 'Etc/UTC' });
    // who pulls comes when the mint is through
    expect(find(p.tsystems, 'CronJob', 'tokens').spec.schedule).not.toBe(find(p.host, 'CronJob', 'tokens').spec.schedule);
    const orders = () => find(p.host, 'ConfigMap', 'tokens').data.orders.split(' ')[3];
    expect(orders()).toBe('2592000');
  });

  test('the first run is a Job of its own whenever what it makes has changed', () => {
    const name = (p: Program) => find(p.host, 'Job', 'tokens').metadata.name;
    expect(name(served())).toBe(name(served()));
    const changed = [program(), served(), served({ mint: { lifetime: Duration.days(8) } }), served({ meyrin: { apiServer: 'https://other.cern.ch' } })];
    expect(new Set(changed.map(name)).size).toBe(changed.length);
  });

  test('the pods are hardened, and reach name servers and API servers alone', () => {
    const p = served();
    for (const chart of [p.host, p.tsystems]) {
      const { spec } = find(chart, 'Job', 'tokens').spec.template;
      expect(spec).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true, runAsUser: 64, seccompProfile: { type: 'RuntimeDefault' } } });
      expect(spec.containers[0].securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
      expect(find(chart, 'NetworkPolicy', 'tokens').spec).toMatchObject({ policyTypes: ['Ingress', 'Egress'] });
      expect(find(chart, 'NetworkPolicy', 'tokens').spec).not.toHaveProperty('ingress');
    }
    const ports = (chart: Chart) => find(chart, 'NetworkPolicy', 'tokens').spec.egress[1].ports.map(({ port }: any) => port);
    expect([ports(p.host), ports(p.tsystems)]).toEqual([[443, 6443], [443, 6443]]);
    expect(ports(served({ meyrin: { apiServer: 'https://meyrin.cern.ch:7443' } }).host)).toEqual([443, 6443, 7443]);
    expect(find(served({ mint: { networkPolicies: false } }).host, 'NetworkPolicy', 'tokens')).toBeUndefined();
    expect(find(served({ mint: { networkPolicies: false } }).tsystems, 'NetworkPolicy', 'tokens')).toBeUndefined();
  });

  test('the scripts are a shell of POSIX, and say what is missing', () => {
    const p = served();
    for (const chart of [p.host, p.tsystems]) {
      const script = find(chart, 'ConfigMap', 'tokens').data.run;
      expect(spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
      expect(script).not.toMatch(/set -x|-authz .*\$token/);
    }
    const [declarations] = find(p.tsystems, 'ConfigMap', 'tokens').data.run.split('while read');
    const missing = 'https://kubernetes.default.svc/api/v1/namespaces/recast/secrets/wflow-engine-credentials?fieldManager=cdk8s-hep';
    expect(spawnSync('sh', ['-s'], { input: `${declarations}\nreason 404 '${missing}'`, encoding: 'utf8' }).stdout)
      .toBe('there is no Secret recast/wflow-engine-credentials at kubernetes.default.svc: create it, empty\n');
  });
});

describe('what is refused', () => {
  const role = (identity: string, authorizations = [TokenAuthorization.READ], name = 'monitoring') => (p: Program) => p.mint.addRole(name, { identity, authorizations });
  const kept = (options: Partial<TokenRoleOptions>, name = 'recast') => (p: Program) =>
    p.mint.addRole(name, { identity: 'recast@cern.ch', authorizations: [TokenAuthorization.READ], ...options });
  const deliver = (p: Program) => { p.mint.deliver(p.startd, p.meyrin); p.mint.deliver(p.startd, p.tsystems); };

  test.each<[string, Options, (p: Program) => void, string]>([
    ['a lifetime of less than two intervals', { mint: { lifetime: Duration.hours(47) } }, () => {}, 'lifetime: given "169200 s", allowed: whole seconds, at least twice the interval: 172800 s'],
    ['an interval that no schedule can say', { mint: { interval: Duration.hours(5) } }, () => {}, 'interval: given "18000 s", allowed: a part of an hour in whole minutes, at least 5;'],
    ['an interval that is too short', { mint: { interval: Duration.minutes(4) } }, () => {}, 'interval: given "240 s"'],
    ['a pool without keys of its members', { host: { memberSigningKeys: false } }, () => {}, 'pool: given "condor-host/condor", allowed: a pool with memberSigningKeys'],
    ['a member that pulls from nowhere', { mint: { apiServer: undefined } }, deliver, "deliver(startd, tsystems): given \"JoinMode.PULL\", allowed: a member that pulls only with the mint's apiServer"],
    ['a member that is pushed to nowhere', { meyrin: { apiServer: undefined } }, deliver, 'deliver(startd, meyrin): given "JoinMode.PUSH", allowed: a member that is pushed to only with the member\'s apiServer'],
    ['an address that is none', { mint: { apiServer: 'kubernetes.cern.ch' } }, () => {}, 'apiServer: given "kubernetes.cern.ch", allowed: https://host or https://host:port'],
    ['certificates with a key', { mint: { caBundle: `${PEM}-----BEGIN PRIVATE KEY-----` } }, () => {}, 'caBundle: given "-----BEGIN CERTIFICATE-----'],
    ['a role in another domain', {}, role('monitoring@example.org'), 'addRole(monitoring).identity: given "monitoring@example.org"'],
    ["a role with a daemon's name", {}, role('condor@cern.ch'), 'addRole(monitoring).identity: given "condor@cern.ch"'],
    ["a role with a member's name", {}, role('startd-meyrin@cern.ch'), 'addRole(monitoring).identity: given "startd-meyrin@cern.ch"'],
    ['a role that may do nothing', {}, role('monitoring@cern.ch', []), 'addRole(monitoring).authorizations: given [], allowed: at least one'],
    ['a role twice', {}, p => { role('a@cern.ch')(p); role('b@cern.ch')(p); }, 'addRole(monitoring): given "monitoring", allowed: a DNS label, other than'],
    ['a role in a namespace that is none', {}, kept({ namespace: 'a/b' }), 'addRole(recast).namespace: given "a/b", allowed: a DNS label'],
    ['a role in a Secret that is none', {}, kept({ secret: { secretName: 'a b' } }), 'addRole(recast).secret.secretName: given "a b", allowed: the name of a Secret'],
    ['a role under a key that is none', {}, kept({ secret: { secretName: 'a', key: 'b c' } }), 'addRole(recast).secret.key: given "b c", allowed: letters, digits'],
    ["a role in a member's credential", {}, p => { deliver(p); kept({ secret: { secretName: 'tokens.meyrin' } })(p); }, 'addRole(recast).secret: given "condor/tokens.meyrin/token", allowed: a key of a Secret'],
    ['two roles in one place', {}, p => { kept({ namespace: 'recast', secret: { secretName: 'a' } })(p); role('b@cern.ch')(p); kept({ namespace: 'recast', secret: { secretName: 'a', key: 'token' } }, 'again')(p); },
      'addRole(again).secret: given "recast/a/token", allowed: a key of a Secret that holds nothing else of the mint'],
    ["a role with a member's Secret", {}, p => { deliver(p); role('a@cern.ch', undefined, 'meyrin')(p); }, 'addRole(meyrin): given "meyrin", allowed: a DNS label, other than'],
    ['to revoke who is not there', {}, p => p.condor.revoke('zurich'), "revoke: given \"zurich\", allowed: clusters of the pool's execution points: meyrin, tsystems"],
  ])('%s', (_, options, build, message) => {
    const p = program(options);
    build(p);
    expect(report(p)).toContain(message);
  });

  test('a fleet of another pool, and a member that the fleet does not reach', () => {
    const p = program();
    const other = new CondorHost(p.host, 'other', {
      trustDomain: 'cern.ch', centralManagers: [{ address: 'other.cern.ch' }], accessPoints: [{ name: 'ap1', address: 'other-ap1.cern.ch' }], namespace: 'other',
    });
    p.mint.deliver(new StartdFleet(p.fed, 'foreign', { pool: other, namespace: 'other', cpus: 1 }), p.meyrin);
    p.mint.deliver(new StartdFleet(new Placement(p.fed, 'own', { clusters: ClusterSelector.of(p.meyrin) }), 'own', { pool: p.condor, nodeSelector: { a: 'b' } }), p.tsystems);
    const said = report(p);
    expect(said).toContain('deliver(foreign, meyrin): given "fed/foreign", allowed: fleets of the pool condor-host/condor');
    expect(said).toContain('deliver(own, tsystems): given "tsystems", allowed: members that the fleet reaches: meyrin');
  });

  test("a mint in another chart than the pool's", () => {
    const p = program();
    new TokenMint(new Cluster(p.app, 'elsewhere'), 'tokens', { pool: p.condor });
    expect(report(p)).toContain("[elsewhere/tokens] pool: given \"condor-host/condor\", allowed: a pool in the mint's own chart, elsewhere");
  });
});

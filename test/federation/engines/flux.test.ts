import { ApiObject, Duration, Testing } from 'cdk8s';
import { configMap, problemsOf, smallFederation, written } from './small-federation';
import { FederatedCluster } from '../../../src';
import { FluxEngine, FluxEngineProps } from '../../../src/federation/engines/gitops';

const REPOSITORY = { repoUrl: 'https://git.example/condor.git', path: 'deploy/dist' };

const flux = (props: Partial<FluxEngineProps> = {}) => new FluxEngine({ ...REPOSITORY, ...props });

const repository = (member: string) => ({
  apiVersion: 'source.toolkit.fluxcd.io/v1',
  kind: 'GitRepository',
  metadata: { name: `fed-${member}`, namespace: 'flux-system' },
  spec: {
    url: 'https://git.example/condor.git',
    ref: { branch: 'main' },
    interval: '600s',
    ignore: `/*\n!/deploy\n/deploy/*\n!/deploy/dist\n/deploy/dist/*\n!/deploy/dist/${member}.k8s.yaml\n`,
  },
});

const kustomization = (member: string, spec: object = {}) => ({
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: { name: `fed-${member}`, namespace: 'flux-system' },
  spec: {
    sourceRef: { kind: 'GitRepository', name: `fed-${member}` },
    path: './deploy/dist',
    interval: '600s',
    retryInterval: '2m',
    timeout: '300s',
    prune: false,
    deletionPolicy: 'Orphan',
    wait: false,
    ...spec,
  },
});

test('the host holds a repository of one file and a Kustomization for each member that is pushed to', () => {
  const { app, fed, host } = smallFederation(flux(), { paused: true });
  new FederatedCluster(app, 'prevessin', { federation: fed, credentials: 'prevessin-kubeconfig' });
  expect(Testing.synth(host)).toEqual([
    repository('meyrin'),
    kustomization('meyrin', { kubeConfig: { secretRef: { name: 'meyrin' } }, suspend: true }),
    repository('prevessin'),
    kustomization('prevessin', { kubeConfig: { secretRef: { name: 'prevessin-kubeconfig' } } }),
  ]);
});

test('members have the files that they have without a control plane; one that pulls takes its own from the repository', () => {
  const files = written(smallFederation(flux()).app);
  const plain = written(smallFederation().app);
  expect(Object.keys(files)).toEqual(Object.keys(plain));
  expect(files['meyrin.k8s.yaml']).toBe(plain['meyrin.k8s.yaml']);
  expect(files['tsystems.k8s.yaml'].startsWith(`${plain['tsystems.k8s.yaml']}---\n`)).toBe(true);
  expect(Testing.synth(smallFederation(flux()).tsystems).slice(-2)).toEqual([repository('tsystems'), kustomization('tsystems')]);
});

test('what is stated is taken', () => {
  const { host } = smallFederation(flux({
    path: '.',
    branch: 'production',
    repositorySecret: 'git',
    namespace: 'gitops',
    prune: true,
    wait: true,
    interval: Duration.hours(1),
    timeout: Duration.seconds(90),
    serviceAccountName: 'deployer',
  }));
  const [source, applied] = Testing.synth(host);
  expect([source.metadata.namespace, applied.metadata.namespace]).toEqual(['gitops', 'gitops']);
  expect(source.spec).toEqual({
    ...repository('meyrin').spec, ref: { branch: 'production' }, secretRef: { name: 'git' }, interval: '3600s', ignore: '/*\n!/meyrin.k8s.yaml\n',
  });
  expect(applied.spec).toEqual({
    ...kustomization('meyrin').spec,
    kubeConfig: { secretRef: { name: 'meyrin' } },
    path: './',
    interval: '3600s',
    timeout: '90s',
    prune: true,
    wait: true,
    serviceAccountName: 'deployer',
  });
});

test('the host holds two objects more for each member, and the same bytes every time', () => {
  const host = (members: number) => {
    const { app, fed } = smallFederation(flux());
    for (let index = 0; index < members; index++) { new FederatedCluster(app, `member-${1000 + index}`, { federation: fed }); }
    return written(app)['condor-host.k8s.yaml'];
  };
  expect(host(20)).toBe(host(20));
  expect(host(20).length - host(10).length).toBe(host(10).length - host(0).length);
  expect(host(20).match(/^kind:/gm)).toHaveLength(2 * 21);
});

test('refuses all that it can not carry, in one report', () => {
  const id = 'f'.repeat(57);
  const engine = flux({ repoUrl: 'git@git.example:condor.git', path: 'dist/', interval: Duration.millis(1500), timeout: Duration.seconds(0) });
  const { app, fed, meyrin } = smallFederation(engine, {}, { paused: true }, id);
  configMap(fed, 'stray', {}, null);
  configMap(meyrin, 'own', {}, null);
  new ApiObject(fed, 'class', { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass' });
  new ApiObject(fed, 'issuer', { apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer' });
  const without = 'without a namespace, and Flux has no context to take one from: state it on the object, or as the namespace of its chart';
  const name = 'at most 63 characters for federation, \'-\' and member: Flux writes it into labels';
  expect(problemsOf(app)).toEqual([
    'engine.repoUrl: given "...@git.example:condor.git", allowed: https://host/path or ssh://git@host/path, without credentials',
    'engine.path: given "dist/", allowed: \'.\' or a folder below it, as in deploy/dist, of letters, digits, \'_\', \'-\' and \'.\'',
    `tsystems paused: given true, allowed: false for a member that pulls: hold it back there, with flux suspend kustomization ${id}-tsystems; `
      + 'Karmada can pause it from the host',
    'engine.interval: given "1.5 s", allowed: whole seconds, at least one',
    'engine.timeout: given "0 s", allowed: whole seconds, at least one',
    `${id}/stray is a ConfigMap ${without}`,
    `meyrin/own is a ConfigMap ${without}`,
    `name of a Kustomization: given "${id}-meyrin", allowed: ${name}`,
    `name of a Kustomization: given "${id}-tsystems", allowed: ${name}`,
  ].map(problem => `[${id}] ${problem}`));
});

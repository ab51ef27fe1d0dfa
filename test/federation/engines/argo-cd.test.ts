import { Testing } from 'cdk8s';
import { configMap, problemsOf, smallFederation, written } from './small-federation';
import { FederatedCluster, JoinMode } from '../../../src';
import { ArgoCdEngine, ArgoCdEngineProps } from '../../../src/federation/engines/gitops';

const REPOSITORY = { repoUrl: 'https://git.example/condor.git', path: 'deploy/dist' };

const argoCd = (props: Partial<ArgoCdEngineProps> = {}) => new ArgoCdEngine({ ...REPOSITORY, ...props });

const patch = (prune: boolean, selfHeal: boolean) =>
  `{{- if .paused }}\n{}\n{{- else }}\nspec:\n  syncPolicy:\n    automated:\n      prune: ${prune}\n      selfHeal: ${selfHeal}\n{{- end }}\n`;

const source = (include: string) =>
  ({ repoURL: 'https://git.example/condor.git', targetRevision: 'HEAD', path: 'deploy/dist', directory: { include } });

const retry = { limit: 5, backoff: { duration: '30s', factor: 2, maxDuration: '10m' } };

test('the host holds a project and an application for each member that is pushed to', () => {
  const { app, fed, host } = smallFederation(argoCd(), { paused: true });
  new FederatedCluster(app, 'prevessin', { federation: fed, credentials: 'prevessin.cern.ch' });
  expect(Testing.synth(host)).toEqual([
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: 'fed', namespace: 'argocd' },
      spec: {
        sourceRepos: ['https://git.example/condor.git'],
        destinations: [{ name: 'meyrin', namespace: '*' }, { name: 'prevessin.cern.ch', namespace: '*' }],
        clusterResourceWhitelist: [{ group: '*', kind: '*' }],
      },
    },
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'ApplicationSet',
      metadata: { name: 'fed', namespace: 'argocd' },
      spec: {
        goTemplate: true,
        goTemplateOptions: ['missingkey=error'],
        generators: [{
          list: {
            elements: [
              { member: 'meyrin', cluster: 'meyrin', paused: true },
              { member: 'prevessin', cluster: 'prevessin.cern.ch', paused: false },
            ],
          },
        }],
        syncPolicy: { preserveResourcesOnDeletion: true },
        template: {
          metadata: { name: 'fed-{{ .member }}' },
          spec: {
            project: 'fed',
            source: source('{{ .member }}.k8s.yaml'),
            destination: { name: '{{ .cluster }}' },
            syncPolicy: { syncOptions: ['ServerSideApply=true'], retry },
          },
        },
        templatePatch: patch(false, true),
      },
    },
  ]);
});

test('members have the files that they have without a control plane; one that pulls has an application of its own too', () => {
  const files = written(smallFederation(argoCd()).app);
  const plain = written(smallFederation().app);
  expect(Object.keys(files)).toEqual(Object.keys(plain));
  expect(files['meyrin.k8s.yaml']).toBe(plain['meyrin.k8s.yaml']);
  expect(files['tsystems.k8s.yaml'].startsWith(`${plain['tsystems.k8s.yaml']}---\n`)).toBe(true);
  expect(Testing.synth(smallFederation(argoCd()).tsystems).slice(-2)).toEqual([
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: 'fed', namespace: 'argocd' },
      spec: {
        sourceRepos: ['https://git.example/condor.git'],
        destinations: [{ server: 'https://kubernetes.default.svc', namespace: '*' }],
        clusterResourceWhitelist: [{ group: '*', kind: '*' }],
      },
    },
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name: 'fed-tsystems', namespace: 'argocd' },
      spec: {
        project: 'fed',
        source: source('tsystems.k8s.yaml'),
        destination: { server: 'https://kubernetes.default.svc' },
        syncPolicy: { automated: { prune: false, selfHeal: true }, syncOptions: ['ServerSideApply=true'], retry },
      },
    },
  ]);
});

test('what is stated is taken', () => {
  const repoUrl = 'ssh://git@git.example:2222/condor.git';
  const options = { repoUrl, path: '.', targetRevision: 'v1', namespace: 'gitops', prune: true, selfHeal: false };
  const { host, tsystems } = smallFederation(argoCd(options));
  const [project, set] = Testing.synth(host);
  const stated = { repoURL: repoUrl, path: '.', targetRevision: 'v1' };
  expect(project.spec.sourceRepos).toEqual([repoUrl]);
  expect(set.spec.template.spec.source).toMatchObject(stated);
  expect(set.spec.templatePatch).toBe(patch(true, false));
  const application = Testing.synth(tsystems).pop();
  expect(application.spec).toMatchObject({ source: stated, syncPolicy: { automated: { prune: true, selfHeal: false } } });
  expect([project, set, application].map(({ metadata }) => metadata.namespace)).toEqual(['gitops', 'gitops', 'gitops']);
});

test('the host holds nothing where all members pull', () => {
  expect(Testing.synth(smallFederation(argoCd(), { joinMode: JoinMode.PULL }).host)).toEqual([]);
});

test('the host holds an element more for each member, and the same bytes every time', () => {
  const host = (members: number) => {
    const { app, fed } = smallFederation(argoCd());
    for (let index = 0; index < members; index++) { new FederatedCluster(app, `member-${1000 + index}`, { federation: fed }); }
    return written(app)['condor-host.k8s.yaml'];
  };
  expect(host(20)).toBe(host(20));
  expect(host(20).length - host(10).length).toBe(host(10).length - host(0).length);
});

const urlProblem = (shown: string) =>
  `[fed] engine.repoUrl: given "${shown}", allowed: https://host/path or ssh://git@host/path, without credentials`;
const FOLDER = "'.' or a folder below it, as in deploy/dist, of letters, digits, '_', '-' and '.'";

test.each<[string, Partial<ArgoCdEngineProps>, string]>([
  ['a URL with a password', { repoUrl: 'https://me:secr/et@git.example/condor.git' }, urlProblem('https://...@git.example/condor.git')],
  ['a URL with a token', { repoUrl: 'https://token@git.example/condor.git' }, urlProblem('https://...@git.example/condor.git')],
  ['a URL without encryption', { repoUrl: 'http://git.example/condor.git' }, urlProblem('http://git.example/condor.git')],
  ['a folder of the machine', { path: '/dist' }, `[fed] engine.path: given "/dist", allowed: ${FOLDER}`],
  ['a folder out of the repository', { path: 'a/../../dist' }, `[fed] engine.path: given "a/../../dist", allowed: ${FOLDER}`],
  ['a pattern of folders', { path: 'dist*' }, `[fed] engine.path: given "dist*", allowed: ${FOLDER}`],
])('refuses %s', (_, props, problem) => {
  expect(problemsOf(smallFederation(argoCd(props)).app)).toEqual([problem]);
});

test('files end as the program says', () => {
  const { app, host, tsystems } = smallFederation(argoCd(), {}, {}, 'fed', '.yaml');
  expect(Testing.synth(host)[1].spec.template.spec.source.directory).toEqual({ include: '{{ .member }}.yaml' });
  expect(Testing.synth(tsystems).pop().spec.source.directory).toEqual({ include: 'tsystems.yaml' });
  expect(Object.keys(written(app))).toContain('tsystems.yaml');
  expect(problemsOf(smallFederation(argoCd(), {}, {}, 'fed', '.txt').app)).toEqual([
    '[fed] App.outputFileExtension: given ".txt", allowed: one that ends in .yaml or .yml: other files are not looked at',
  ]);
});

test('refuses a paused member that pulls, objects without a namespace, a name of its own', () => {
  const { app, fed, meyrin } = smallFederation(argoCd(), {}, { paused: true }, 'default');
  configMap(fed, 'stray', {}, null);
  configMap(meyrin, 'own', {}, null);
  const without = 'without a namespace, and Argo CD has no context to take one from: state it on the object, or as the namespace of its chart';
  expect(problemsOf(app)).toEqual([
    '[default] id: given "default", allowed: another name: Argo CD has a project of this one',
    '[default] tsystems paused: given true, allowed: false for a member that pulls: hold it back there, with '
      + 'argocd app set default-tsystems --sync-policy none; Karmada can pause it from the host',
    `[default] default/stray is a ConfigMap ${without}`,
    `[default] meyrin/own is a ConfigMap ${without}`,
  ]);
});

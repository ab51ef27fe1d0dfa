import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { ApiObject, App, Duration, JsonPatch, Size } from 'cdk8s';
import { definitionsOf, ENGINES, versionsOf } from './definitions';
import {
  ArgoCdEngine, ArgoCdEngineProps, Cluster, ClusterSelector, CondorHost, FederatedCluster, FederatedClusterProps, Federation, FederationEngine,
  FluxEngine, FluxEngineProps, JoinMode, KarmadaApiService, KarmadaControlPlaneProps, KarmadaDivision, KarmadaEngine, KarmadaEngineProps,
  KubeFedEngine, KubeFedEngineProps, OpenClusterManagementEngine, OpenClusterManagementEngineProps, Placement, StartdFleet,
} from '../../../src';
import { ApiCluster, StoredObject } from '../api/api-cluster';
import { CommandResult } from '../command';
import { Manifest, parseManifests } from '../manifest';
import { describeClusters } from '../requirements';
import { until } from '../until';

// Each engine with what it can't do without, and with every option: a `Required` misses those that are not stated.

const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const REPOSITORY = { repoUrl: 'https://git.example.org/condor.git', path: 'dist' };
const UID = '7c1b7a0e-3a1c-4a52-9c4e-0b5b2c1d9a11';

const ARGO_CD: Required<ArgoCdEngineProps> = {
  repoUrl: 'ssh://git@git.example.org/condor.git', path: 'deploy/dist', targetRevision: 'v1.2', namespace: 'argo', selfHeal: false, prune: true,
};

const FLUX: Required<FluxEngineProps> = {
  repoUrl: 'ssh://git@git.example.org/condor.git',
  path: '.',
  branch: 'production',
  repositorySecret: 'git',
  namespace: 'flux',
  interval: Duration.hours(1),
  timeout: Duration.seconds(90),
  wait: true,
  serviceAccountName: 'deployer',
  prune: true,
};

const OPEN_CLUSTER_MANAGEMENT: Required<OpenClusterManagementEngineProps> = { prune: true };

/** No type is enabled: the program's are all made anew, in the place of the chart's. */
const KUBEFED: Required<KubeFedEngineProps> = {
  namespace: 'kubefed', enabledTypes: [], customKinds: [{ apiGroup: 'example.org', kind: 'Widget', plural: 'widgets', clusterScoped: false }],
};

const CONTROL_PLANE: Required<KarmadaControlPlaneProps> = {
  namespace: 'karmada',
  version: 'v1.18.2',
  service: KarmadaApiService.LOAD_BALANCER,
  serviceAnnotations: { 'metallb.io/loadBalancerIPs': '192.0.2.7' },
  certificateNames: ['192.0.2.7'],
  replicas: 2,
  etcdStorage: Size.gibibytes(20),
  storageClass: 'fast',
  featureGates: { PropagateDeps: false },
};

const KARMADA: Required<KarmadaEngineProps> = {
  context: 'karmada',
  apiServer: 'https://karmada.example.org:5443',
  caBundle: PEM,
  clusterIds: { tsystems: UID },
  agentImage: 'registry.example/karmada-agent:v1.18.2',
  controlPlane: CONTROL_PLANE,
};

const BY_WEIGHTS: Required<Omit<KarmadaDivision, 'minClusters' | 'maxClusters'>> = { weights: { meyrin: 2, tsystems: 1 }, failover: Duration.minutes(5) };

const BY_NUMBER: Required<Omit<KarmadaDivision, 'weights'>> = { minClusters: 1, maxClusters: 1, failover: Duration.minutes(5) };

type Members = { readonly [member: string]: Omit<FederatedClusterProps, 'federation'> };

const PUSHED = { apiServer: 'https://meyrin.example.org:6443', provider: 'cern', region: 'meyrin', zones: ['b513'], credentials: 'meyrin-access' };
const PAUSED = { apiServer: 'https://wigner.example.org:6443', paused: true };
const PULLING = { joinMode: JoinMode.PULL, provider: 't-systems', region: 'eu-de', labels: { tier: 'cloud' } };

interface Program {
  readonly name: string;
  readonly members: Members;
  readonly engine: () => FederationEngine;
  readonly lateMembers?: boolean;
  /** What is done with the federation's Deployment. */
  readonly web?: (engine: FederationEngine, web: ApiObject) => void;
  /** A kind outside Kubernetes goes to the members too. */
  readonly widget?: boolean;
  /** Namespaces that are there with the engine's own software. */
  readonly there: readonly string[];
}

const PROGRAMS: readonly Program[] = [
  {
    name: 'Argo CD',
    members: { meyrin: PUSHED, wigner: PAUSED, tsystems: PULLING },
    engine: () => new ArgoCdEngine(REPOSITORY),
    there: ['argocd'],
  },
  {
    name: 'Argo CD, every option',
    members: { meyrin: PUSHED, wigner: PAUSED, tsystems: PULLING },
    engine: () => new ArgoCdEngine(ARGO_CD),
    there: ['argo'],
  },
  {
    name: 'Flux',
    members: { meyrin: PUSHED, wigner: PAUSED, tsystems: PULLING },
    engine: () => new FluxEngine(REPOSITORY),
    there: ['flux-system'],
  },
  {
    name: 'Flux, every option',
    members: { meyrin: PUSHED, wigner: PAUSED, tsystems: PULLING },
    engine: () => new FluxEngine(FLUX),
    there: ['flux'],
  },
  {
    name: 'Open Cluster Management',
    members: { meyrin: PUSHED, wigner: PAUSED, tsystems: PULLING },
    engine: () => new OpenClusterManagementEngine(),
    there: [],
  },
  {
    name: 'Open Cluster Management, every option',
    members: { meyrin: PUSHED, tsystems: PULLING },
    engine: () => new OpenClusterManagementEngine(OPEN_CLUSTER_MANAGEMENT),
    there: [],
  },
  {
    name: 'KubeFed',
    members: { meyrin: PUSHED },
    engine: () => new KubeFedEngine(),
    there: ['kube-federation-system'],
  },
  {
    name: 'KubeFed, every option',
    members: { meyrin: { ...PUSHED, caBundle: PEM }, zurich: { apiServer: 'https://zurich.example.org' } },
    engine: () => new KubeFedEngine(KUBEFED),
    widget: true,
    there: ['kubefed'],
  },
  {
    name: 'Karmada',
    members: { meyrin: PUSHED, wigner: PAUSED },
    engine: () => new KarmadaEngine(),
    there: [],
  },
  {
    name: 'Karmada with a control plane',
    members: { meyrin: PUSHED },
    engine: () => new KarmadaEngine({ controlPlane: {} }),
    web: (engine, web) => (engine as KarmadaEngine).divide(web, BY_NUMBER),
    there: [],
  },
  {
    name: 'Karmada, every option',
    members: { meyrin: PUSHED, tsystems: PULLING },
    engine: () => new KarmadaEngine(KARMADA),
    lateMembers: true,
    web: (engine, web) => (engine as KarmadaEngine).divide(web, BY_WEIGHTS),
    there: [],
  },
];

/** A pool and its fleet, and a service; some of it differs in each member. */
function synthesize({ members: all, engine: makeEngine, lateMembers, web, widget }: Program, outdir: string): void {
  const app = new App({ outdir });
  const engine = makeEngine();
  const host = new Cluster(app, 'condor-host', { provider: 'cern', region: 'meyrin' });
  const federation = new Federation(app, 'fed', { host, engine, lateMembers });
  const members = Object.entries(all).map(([name, props]) => new FederatedCluster(app, name, { ...props, federation }));
  const pool = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch', centralManagers: [{ address: 'condor.cern.ch' }], accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
  });
  const startd = new StartdFleet(federation, 'startd', { pool, cpus: 8, memory: Size.gibibytes(16) });
  members.forEach(member => startd.on(member, { attributes: { Datacenter: member.node.id } }));
  const service = new Placement(federation, 'service', { clusters: ClusterSelector.of(...members) });
  const object = (manifest: Manifest) => new ApiObject(service, `${manifest.kind}-${manifest.metadata.name}`, manifest);
  const metadata = { name: 'web', namespace: 'web' };
  object({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'web' } });
  object({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'web' }, rules: [] });
  if (widget) { object({ apiVersion: 'example.org/v1', kind: 'Widget', metadata, spec: { size: 3 } }); }
  const deployment = object({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: 6,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'registry.example/web:1' }] } },
    },
  });
  federation.addOverride(deployment, ClusterSelector.of(members[0]),
    JsonPatch.replace('/spec/template/spec/containers/0/image', 'mirror.example/web:1'), JsonPatch.add('/metadata/annotations', { owner: 'cern' }));
  web?.(engine, deployment);
  app.synth();
}

/** What no CustomResourceDefinition defines: Karmada's aggregated API server keeps it, and the suite with Karmada's programs applies it there. */
function isAggregated({ apiVersion, kind }: Manifest): boolean {
  return apiVersion === 'cluster.karmada.io/v1alpha1' && kind === 'Cluster';
}

/** All kinds outside Kubernetes that engines write. */
const KINDS = [
  'AppProject', 'Application', 'ApplicationSet', 'ClusterOverridePolicy', 'ClusterPropagationPolicy', 'ClusterTaintPolicy', 'FederatedClusterRole',
  'FederatedConfigMap', 'FederatedDaemonSet', 'FederatedDeployment', 'FederatedNamespace', 'FederatedNetworkPolicy', 'FederatedServiceAccount',
  'FederatedTypeConfig', 'FederatedWidget', 'GitRepository', 'Karmada', 'KubeFedCluster', 'Kustomization', 'ManagedCluster', 'ManagedClusterSet',
  'ManagedClusterSetBinding', 'ManifestWork', 'OverridePolicy', 'Placement', 'PropagationPolicy',
];

function text(manifests: readonly Manifest[]): string {
  return manifests.map(manifest => JSON.stringify(manifest)).join('\n---\n');
}

describeClusters('engines\' objects and the definitions of their kinds', () => {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-accepted-'));
  const tried: Manifest[] = [];
  let api: ApiCluster;

  beforeAll(async () => {
    api = await ApiCluster.start('kubernetes-newest');
    const namespaces = PROGRAMS.flatMap(({ there }) => there).map(name => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
    const there = [...ENGINES.map(definitionsOf), text(namespaces)].join('\n---\n');
    expect(await kubectl(['apply', '--server-side', '-f', '-'], there)).toMatchObject({ status: 0, stderr: '' });
    await allServed();
  });
  afterAll(async () => {
    await api?.close();
    fs.rmSync(scratch, { recursive: true });
  });

  function kubectl(args: string[], input?: string): Promise<CommandResult> {
    return api.kubectl(args, input);
  }

  async function allServed(): Promise<void> {
    // one that is quite new has no conditions to wait for
    const wait = ['wait', '--for=condition=Established', '--timeout=600s', 'crd', '--all'];
    await until('all kinds are served', async () => (await kubectl(wait)).status === 0);
  }

  /** Applies objects as the engines' pages say. */
  function apply(manifests: readonly Manifest[]): Promise<CommandResult> {
    return kubectl(['apply', '--server-side', '--validate=strict', '-o', 'json', '-f', '-'], text(manifests));
  }

  /** Applies objects that must be taken without a warning, and gives them as they are then. */
  async function applied(manifests: readonly Manifest[]): Promise<object[]> {
    const { status, stdout, stderr } = await apply(manifests);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const answer = JSON.parse(stdout);
    const items: StoredObject[] = answer.kind === 'List' ? answer.items : [answer];
    // Kubernetes may count an apply that changes nothing as a new version (kubernetes/kubernetes#124605); a change of `spec` shows in `generation`
    return items.map(({ metadata: { resourceVersion, ...metadata }, ...rest }) => ({ ...rest, metadata }));
  }

  /** Applies a file that brings kinds and objects of them for the first time: kubectl asks which kinds there are before it makes these. */
  async function applyFirst(manifests: readonly Manifest[]): Promise<void> {
    const missing = /^(error: )?resource mapping not found for .* no matches for kind "Federated\w+" in version "types.kubefed.io\/v1beta1"$/;
    const { stderr } = await apply(manifests);
    const complaints = stderr.split('\n').filter(line => line !== '' && line !== 'ensure CRDs are installed first');
    expect(complaints.length).toBeGreaterThan(0);
    expect(complaints.filter(line => !missing.test(line))).toEqual([]);
    await allServed();
  }

  const programs = PROGRAMS.map(program => [program.name, program] as const);
  test.each(programs)('%s: taken without a warning, and again without a change', async (name, program) => {
    const outdir = path.join(scratch, name);
    synthesize(program, outdir);
    await api.inPeace(async () => {
      // one API server plays all of them in turn
      for (const file of fs.readdirSync(outdir).sort()) {
        const manifests = parseManifests(fs.readFileSync(path.join(outdir, file), 'utf8')).filter(manifest => !isAggregated(manifest));
        if (manifests.some(({ kind }) => kind === 'CustomResourceDefinition')) { await applyFirst(manifests); }
        const once = await applied(manifests);
        expect(once).toHaveLength(manifests.length);
        expect(await applied(manifests)).toEqual(once);
        tried.push(...manifests);
        // namespaces stay: controllers would empty them; and so do kinds
        const passing = manifests.filter(({ kind }) => kind !== 'Namespace' && kind !== 'CustomResourceDefinition');
        expect(await kubectl(['delete', '-f', '-'], text(passing))).toMatchObject({ status: 0, stderr: '' });
      }
    });
  });

  test('each kind of an engine has been tried, and is refused with a field that its definition has not', async () => {
    const definitions: Manifest[] = JSON.parse(await api.ask(['get', 'crd', '-o', 'json'])).items;
    const groups = new Set(definitions.map(({ spec }) => spec.group));
    const samples = new Map(tried.filter(({ apiVersion }) => groups.has(apiVersion.split('/')[0])).map(manifest => [manifest.kind, manifest]));
    expect([...samples.keys()].sort()).toEqual(KINDS);
    const wrong = [...samples.values()].map(manifest => ({ ...manifest, spec: { ...manifest.spec, nonsense: true } }));
    const { stderr } = await apply(wrong);
    expect(stderr.match(/\.spec\.nonsense: field not declared in schema/g)).toHaveLength(wrong.length);
  });

  test.each(ENGINES)('the page of %s says against which releases its objects are checked', engine => {
    const page = fs.readFileSync(path.join(__dirname, `../../../docs/engines/${engine}.md`), 'utf8');
    for (const version of versionsOf(engine)) {
      const [major, minor] = version.split('.');
      expect(page).toMatch(new RegExp(`\\bv?${major}\\.${minor}\\b`));
    }
  });
});

import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { ApiCluster, StoredObject, textOf } from './api-cluster';
import { ALL_OPTIONS, optionPrograms } from './option-programs';
import { Cluster } from '../../../src';
import { example, EXAMPLES } from '../examples';
import { ToolsetName } from '../kubernetes/binaries';
import { operatorDefinitions } from '../kubernetes/prometheus-operator';
import { parseManifests } from '../manifest';
import { kedaDefinitions } from '../nodes/keda';
import { describeClusters } from '../requirements';
import { until } from '../until';

/** What the main example gave at each release; 0.0.0 is what it gave before the first. */
const RELEASED = path.join(__dirname, 'released');

const KUBERNETES: ToolsetName[] = ['kubernetes-oldest', 'kubernetes-newest'];

/** Of claims and volumes API servers count an apply that changes nothing as another version, and change nothing else. */
const comparable = (objects: readonly StoredObject[]): object[] => objects.map(object => /^PersistentVolume/.test(object.kind)
  ? { ...object, metadata: { ...object.metadata, resourceVersion: undefined } } : object);

const WORKLOADS = ['DaemonSet', 'Deployment', 'Job', 'StatefulSet'];

describeClusters('API servers', () => {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-api-'));
  const versions: { [name: string]: string } = {};

  /** The files of an example, each with the name of its cluster. */
  function files(name: string): { readonly [cluster: string]: string } {
    const outdir = path.join(scratch, name);
    if (!fs.existsSync(outdir)) { example(name, outdir); }
    return Object.fromEntries(fs.readdirSync(outdir).map(file => [file.replace(/\.k8s\.yaml$/, ''), fs.readFileSync(path.join(outdir, file), 'utf8')]));
  }

  afterAll(() => fs.rmSync(scratch, { recursive: true }));

  describe.each(KUBERNETES)('%s', kubernetes => {
    let api: ApiCluster;
    let before: string[];

    beforeAll(async () => {
      api = await ApiCluster.start(kubernetes);
      versions[kubernetes] = await api.version();
      process.stdout.write(`${kubernetes}: ${versions[kubernetes]}\n`);
      // an elastic fleet is of KEDA's kinds, what reads metrics can be of the Prometheus operator's
      const definitions = [...kedaDefinitions(), ...operatorDefinitions()];
      await api.ask(['apply', '--server-side', '-f', '-'], definitions.map(manifest => JSON.stringify(manifest)).join('\n---\n'));
      await api.ask(['wait', '--for=condition=Established', '--timeout=600s', 'crd', ...definitions.map(({ metadata }) => metadata.name)]);
      // the controllers have made what they make of themselves
      await until('the cluster has settled', async () => {
        const now = await api.everything();
        const settled = before !== undefined && JSON.stringify(now) === JSON.stringify(before) && now.some(object => object.startsWith('ConfigMap/default/'));
        before = now;
        return settled;
      });
    });
    afterAll(() => api?.close());

    /** Takes away what a test has applied, and sees that nothing is left of it. */
    async function leavesNothing(text: string): Promise<void> {
      await api.ask(['delete', '--wait=false', '--ignore-not-found', '-f', '-'], text);
      // they go last, and cost less to ask for than everything
      await until('namespaces are gone', async () => (await api.namespaces()).every(namespace => before.includes(namespace)));
      await until('nothing is left', async () => {
        const left = (await api.everything()).filter(object => !before.includes(object));
        if (left.length > 0) { throw new Error(`left: ${left.join(', ')}`); }
        return true;
      });
    }

    const clusters = EXAMPLES.flatMap(name => Object.keys(files(name)).map(cluster => [name, cluster]));

    test.each(clusters)('%s, the file of %s: taken without a warning, again without a change, and nothing is left of it', async (name, cluster) => {
      const text = files(name)[cluster];
      const manifests = parseManifests(text);
      await api.inPeace(async () => {
        expect(await api.apply(text)).toEqual({ status: 0, complaints: '' });
        const once = await api.stored(manifests);
        expect(once).toHaveLength(manifests.length);
        expect(await api.apply(text)).toEqual({ status: 0, complaints: '' });
        expect(comparable(await api.stored(manifests))).toEqual(comparable(once));
      });
      await leavesNothing(text);
    });

    test.each(clusters)('%s, the file of %s: its pods are admitted at the level of their namespace, and others are not', async (name, cluster) => {
      const text = files(name)[cluster];
      await api.apply(text);
      const workloads = parseManifests(text).filter(({ kind }) => WORKLOADS.includes(kind));
      expect(workloads.length).toBeGreaterThan(0);
      for (const { metadata, spec: { template, volumeClaimTemplates = [] } } of workloads) {
        // the name of what a StatefulSet's controller would add to the pod
        const claims = volumeClaimTemplates.map((claim: { metadata: { name: string } }) => ({ name: claim.metadata.name, persistentVolumeClaim: { claimName: 'claim' } }));
        const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...template.metadata, ...metadata }, spec: { ...template.spec, volumes: [...template.spec.volumes, ...claims] } };
        const admitted = await api.kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify(pod));
        expect(admitted).toMatchObject({ status: 0, stderr: '' });
      }
      const [{ metadata: { namespace } }] = workloads;
      const level = JSON.parse(await api.ask(['get', 'namespace', namespace!, '-o', 'json'])).metadata.labels['pod-security.kubernetes.io/enforce'];
      const greedy = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'greedy', namespace },
        spec: { serviceAccountName: workloads[0].spec.template.spec.serviceAccountName, hostNetwork: true, containers: [{ name: 'a', image: 'a', securityContext: { privileged: true } }] },
      };
      const refused = await api.kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify(greedy));
      expect({ level, status: refused.status }).toEqual({ level, status: level === 'privileged' ? 0 : 1 });
      if (level !== 'privileged') { expect(refused.stderr).toContain(`violates PodSecurity "${level}:latest"`); }
      await leavesNothing(text);
    });

    test('programs with every option of every construct are taken without a warning', async () => {
      const set = new Set<string>();
      const texts: string[] = [];
      for (const program of optionPrograms(150)) {
        const outdir = path.join(scratch, `options-${kubernetes}`, program.name);
        try {
          program.synthesize(outdir);
        } catch (error) {
          // it contradicts itself, and says so
          expect((error as Error).message).toMatch(/^Validation failed with the following errors:\n/);
          continue;
        }
        program.options.forEach(option => set.add(option));
        texts.push(textOf(outdir));
      }
      expect(ALL_OPTIONS.filter(option => !set.has(option))).toEqual([]);
      const all = texts.join('\n---\n');
      process.stdout.write(`${versions[kubernetes]}: ${texts.length} programs with ${ALL_OPTIONS.length} options, ${parseManifests(all).length} objects\n`);
      // the ports that programs state before those that the API server deals out to load balancers: it might deal out these
      const stated = parseManifests(all).filter(({ kind, spec }) => kind === 'Namespace' || (kind === 'Service' && spec.type === 'NodePort'));
      await api.inPeace(async () => {
        expect(await api.apply(stated.map(manifest => JSON.stringify(manifest)).join('\n---\n'))).toEqual({ status: 0, complaints: '' });
        expect(await api.apply(all)).toEqual({ status: 0, complaints: '' });
      });
      // thousands of deletions, one after the other, say nothing that those of the examples don't: what has a namespace of its own goes with it
      const namespaces = new Set(parseManifests(all).filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name));
      const others = parseManifests(all).filter(({ metadata: { namespace } }) => namespace === undefined || !namespaces.has(namespace));
      await leavesNothing(others.map(manifest => JSON.stringify(manifest)).join('\n---\n'));
    });

    test.each(fs.readdirSync(RELEASED))('what release %s wrote becomes what is written today, in place', async release => {
      const outdir = path.join(RELEASED, release);
      for (const cluster of Object.keys(files('cern-tsystems'))) {
        const old = fs.readFileSync(path.join(outdir, `${cluster}.k8s.yaml`), 'utf8');
        const text = files('cern-tsystems')[cluster];
        expect(await api.apply(old)).toEqual({ status: 0, complaints: '' });
        const lasting = ({ kind }: { kind: string }) => [...WORKLOADS, 'PersistentVolumeClaim', 'Namespace', 'Service'].includes(kind);
        const identities = (objects: StoredObject[]) => Object.fromEntries(objects.map(({ kind, metadata }) => [`${kind}/${metadata.name}`, metadata.uid]));
        const claimed = async () => JSON.parse(await api.ask(['get', 'persistentvolumeclaims', '--all-namespaces', '-o', 'json'])).items as StoredObject[];
        const volumes = parseManifests(old).filter(({ kind }) => kind === 'StatefulSet').flatMap(({ spec }) => spec.volumeClaimTemplates ?? []).length;
        await until('the volumes are claimed', async () => (await claimed()).length === volumes);
        const then = [...await api.stored(parseManifests(old).filter(lasting)), ...await claimed()];
        expect(await api.apply(text)).toEqual({ status: 0, complaints: '' });
        const now = [...await api.stored(parseManifests(text).filter(lasting)), ...await claimed()];
        expect(identities(now)).toMatchObject(identities(then));
        expect(now.filter(({ metadata }) => metadata.deletionTimestamp)).toEqual([]);
        // what only one of them has goes with the other
        await leavesNothing(`${old}\n---\n${text}`);
      }
    });

    test('pruning removes what the program dropped, and nothing else', async () => {
      // a set whose parent is a Secret is of one namespace
      const manifests = parseManifests(files('cern-tsystems')['condor-host'])
        .filter(({ kind, metadata }) => metadata.namespace === 'condor' || (kind === 'Namespace' && metadata.name === 'condor'));
      const text = manifests.map(manifest => JSON.stringify(manifest)).join('\n---\n');
      const prune = ['--prune', '--applyset=cdk8s-hep', '--namespace=condor'];
      await api.ask(['apply', '--server-side', '-f', '-'], JSON.stringify(manifests.find(({ kind }) => kind === 'Namespace')));
      await api.ask(['create', 'secret', 'generic', 'condor-signing-key', '--namespace=condor', '--from-literal=POOL=somebody']);
      expect(await api.apply(text, ...prune)).toEqual({ status: 0, complaints: '' });
      const dropped = manifests.filter(({ metadata }) => metadata.name === 'condor-ap1');
      expect(dropped.length).toBeGreaterThan(3);
      const kept = manifests.filter(manifest => !dropped.includes(manifest));
      expect(await api.apply(kept.map(manifest => JSON.stringify(manifest)).join('\n---\n'), ...prune)).toEqual({ status: 0, complaints: '' });
      await until('it is gone', async () => !(await api.everything()).some(object => /\/condor-ap1$/.test(object)));
      expect(await api.stored(kept)).toHaveLength(kept.length);
      await api.ask(['get', 'secret', 'condor-signing-key', '--namespace=condor']);
      await leavesNothing(text);
    });
  });

  test('minKubernetes is the oldest that this run has seen', () => {
    expect(versions['kubernetes-oldest']).toMatch(new RegExp(`^v${Cluster.minKubernetes.replace('.', '\\.')}\\.`));
    expect(fs.readFileSync(path.join(__dirname, '../../../README.md'), 'utf8')).toContain(`Kubernetes ${Cluster.minKubernetes}`);
  });
});

import { Duration, Size } from 'cdk8s';
import { Cpu, FsGroupChangePolicy } from 'cdk8s-plus-27';
import { deployed, find, named, objects, Options, podOf, PROGRAMS, told, WORKLOADS } from './platform-program';
import { ReanaStorage } from '../../src';

/* eslint-disable @typescript-eslint/no-explicit-any */

describe('ingress', () => {
  test('the API, the login and the UI, with a certificate that somebody else makes', () => {
    const { spec, metadata } = find(objects(), 'Ingress', 'reana-ingress');
    expect(spec).toEqual({
      tls: [{ hosts: ['reana.cern.ch'], secretName: 'reana-tls-secret' }],
      rules: [{
        host: 'reana.cern.ch',
        http: {
          paths: [['/api', 'reana-server'], ['/oauth', 'reana-server'], ['/', 'reana-ui']].map(([path, name]) =>
            ({ path, pathType: 'Prefix', backend: { service: { name, port: { number: 80 } } } })),
        },
      }],
    });
    expect(metadata).not.toHaveProperty('annotations');
  });

  test('of a site: its class, its annotations and its issuer; sessions have the same, but for the issuer', () => {
    const ingress = { className: 'traefik', annotations: { 'traefik.ingress.kubernetes.io/router.entrypoints': 'websecure' }, tlsSecret: 'certificate', clusterIssuer: 'letsencrypt' };
    const { spec, metadata } = find(objects({ ingress }), 'Ingress', 'reana-ingress');
    expect(spec).toMatchObject({ ingressClassName: 'traefik', tls: [{ secretName: 'certificate' }] });
    expect(metadata.annotations).toEqual({ ...ingress.annotations, 'cert-manager.io/cluster-issuer': 'letsencrypt' });
    const env = told('workflow-controller', { ingress });
    expect(env).toMatchObject({ REANA_INGRESS_CLASS_NAME: 'traefik', REANA_INGRESS_HOST: 'reana.cern.ch' });
    expect(JSON.parse(env.REANA_INGRESS_ANNOTATIONS)).toEqual(ingress.annotations);
  });

  test('without a UI: the API alone', () => {
    const all = objects({ withoutUi: true });
    expect(find(all, 'Ingress', 'reana-ingress').spec.rules[0].http.paths.map(({ path }: any) => path)).toEqual(['/api', '/oauth']);
    expect(find(all, 'Deployment', 'reana-ui')).toBeUndefined();
    expect(find(objects({ ui: { replicas: 3 } }), 'Deployment', 'reana-ui').spec.replicas).toBe(3);
  });

  test('only the ingress controller reaches the server, where it is said which', () => {
    const ingressOf = (props: Options, name: string) => find(objects(props), 'NetworkPolicy', name).spec.ingress;
    expect(ingressOf({}, 'reana-server')).toEqual([{ ports: [{ protocol: 'TCP', port: 5000 }] }]);
    const from = [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'traefik' } } }];
    const props = { ingress: { controllerNamespace: 'traefik' } };
    expect(ingressOf(props, 'reana-server')).toEqual([{ from, ports: [{ protocol: 'TCP', port: 5000 }] }]);
    expect(ingressOf(props, 'reana-run-session')[0].from[0]).toEqual(from[0]);
  });
});

describe('storage', () => {
  const volumes = (storage: ReanaStorage, runtimeNamespace?: string) => objects({ storage, runtimeNamespace }).filter(({ kind, metadata }) =>
    ['PersistentVolume', 'PersistentVolumeClaim'].includes(kind) && metadata.name.includes('shared')).map(({ kind, metadata, spec }) => ({ kind, ...metadata, labels: undefined, spec }));

  test('a claim on a StorageClass', () => {
    const [claim, ...rest] = volumes(ReanaStorage.storageClass({ storageClass: 'cephfs', size: Size.tebibytes(1) }));
    expect(rest).toEqual([]);
    expect(claim).toMatchObject({
      name: 'reana-shared-persistent-volume',
      namespace: 'reana',
      spec: { accessModes: ['ReadWriteMany'], storageClassName: 'cephfs', resources: { requests: { storage: '1Ti' } } },
    });
    expect(told('workflow-controller').REANA_STORAGE_BACKEND).toBe('network');
  });

  test('NFS, and CephFS of Manila, in both namespaces', () => {
    const nfs = volumes(ReanaStorage.nfs('nfs.cern.ch', '/reana', Size.gibibytes(10)), 'analyses');
    expect(nfs.map(({ kind, namespace, name }) => [kind, namespace, name])).toEqual(expect.arrayContaining([
      ['PersistentVolume', undefined, 'reana-reana-shared-persistent-volume'], ['PersistentVolumeClaim', 'reana', 'reana-shared-persistent-volume'],
      ['PersistentVolume', undefined, 'analyses-reana-shared-persistent-volume'], ['PersistentVolumeClaim', 'analyses', 'reana-shared-persistent-volume'],
    ]));
    expect(nfs.filter(({ kind }) => kind === 'PersistentVolume').map(({ spec }) => [spec.nfs, spec.persistentVolumeReclaimPolicy, spec.claimRef.namespace])).toEqual([
      [{ server: 'nfs.cern.ch', path: '/reana' }, 'Retain', 'reana'], [{ server: 'nfs.cern.ch', path: '/reana' }, 'Retain', 'analyses'],
    ]);
    const csi = volumes(ReanaStorage.csi({
      driver: 'cephfs.manila.csi.openstack.org', volumeHandle: 'share', attributes: { shareID: 'a' }, nodeSecret: 'kube-system/os-trustee', size: Size.gibibytes(7),
    }), 'analyses').filter(({ kind }) => kind === 'PersistentVolume').map(({ spec }) => spec);
    expect(csi.map(({ csi: { volumeHandle } }) => volumeHandle)).toEqual(['share', 'share-runtime']);
    expect(csi[0]).toMatchObject({
      capacity: { storage: '7Gi' },
      csi: { volumeAttributes: { shareID: 'a' }, nodeStageSecretRef: { namespace: 'kube-system', name: 'os-trustee' }, nodePublishSecretRef: { namespace: 'kube-system', name: 'os-trustee' } },
    });
  });

  test('a claim that is there, and a directory of the only node', () => {
    expect(volumes(ReanaStorage.existingClaim())).toEqual([]);
    expect(volumes(ReanaStorage.hostPath())).toEqual([]);
    expect([ReanaStorage.existingClaim().shared, ReanaStorage.hostPath().shared]).toEqual([true, false]);
    const server = deployed('server', { storage: ReanaStorage.hostPath() });
    expect(server.spec.replicas).toBe(1);
    expect(podOf(server).volumes[0]).toEqual({ name: 'reana-shared-volume', hostPath: { path: '/var/reana', type: 'Directory' } });
    expect(told('workflow-controller', { storage: ReanaStorage.hostPath() }).REANA_STORAGE_BACKEND).toBe('local');
  });
});

describe('the group that owns the volume', () => {
  const fsGroup = { gid: 2000, changePolicy: FsGroupChangePolicy.ALWAYS };
  const programs = (props: Options) => objects(props).filter(object => WORKLOADS.includes(object.kind)
    && podOf(object).volumes.some(({ name }: { name: string }) => name === 'reana-shared-volume'));

  test('is that of every program that mounts it, and of workflows', () => {
    const with2000 = programs({ fsGroup });
    expect(with2000.length).toBeGreaterThan(6);
    for (const object of with2000) {
      expect(podOf(object).securityContext).toMatchObject({ runAsUser: 1000, runAsGroup: 0, fsGroup: 2000, fsGroupChangePolicy: 'Always' });
    }
    for (const component of ['workflow-controller', 'job-status-consumer']) {
      expect(told(component, { fsGroup })).toMatchObject({
        WORKFLOW_RUNTIME_USER_UID: '1000',
        WORKFLOW_RUNTIME_USER_GID: '2000',
        WORKFLOW_RUNTIME_USER_NAME: 'reana',
        WORKFLOW_RUNTIME_GROUP_NAME: 'reana',
        REANA_RUNTIME_FS_GROUP_CHANGE_POLICY: 'Always',
      });
    }
    expect(podOf(deployed('server', { fsGroup: { gid: 2000 } })).securityContext.fsGroupChangePolicy).toBe('OnRootMismatch');
  });

  test('is the group 0 where nothing is said', () => {
    // a new volume that is root's alone is given to it
    for (const object of programs({})) { expect(podOf(object).securityContext).toMatchObject({ fsGroup: 0, fsGroupChangePolicy: 'OnRootMismatch' }); }
    const controller = told('workflow-controller');
    expect(controller).toMatchObject({ WORKFLOW_RUNTIME_USER_GID: '0', WORKFLOW_RUNTIME_GROUP_NAME: 'root' });
    expect(controller).not.toHaveProperty('REANA_RUNTIME_FS_GROUP_CHANGE_POLICY');
  });
});

describe('directories of the nodes', () => {
  const levels = (props: Options) => Object.fromEntries(objects({ ...props, runtimeNamespace: 'analyses', storage: ReanaStorage.existingClaim() })
    .filter(({ kind }) => kind === 'Namespace').map(({ metadata: { name, labels } }) => [name, labels['pod-security.kubernetes.io/enforce']]));

  test('are places for workspaces beside the volume, which every program has that has the volume', () => {
    const workspacePaths = [{ hostPath: '/mnt/cephfs/groups', mountPath: '/groups' }, { hostPath: '/data' }];
    const all = objects({ workspacePaths }).filter(object => WORKLOADS.includes(object.kind)
      && podOf(object).volumes.some(({ name }: { name: string }) => name === 'reana-shared-volume'));
    expect(all.length).toBeGreaterThan(6);
    for (const { volumes, containers: [{ volumeMounts }] } of all.map(podOf)) {
      expect(volumes).toEqual(expect.arrayContaining([
        { name: 'workspaces-1', hostPath: { path: '/mnt/cephfs/groups', type: 'Directory' } }, { name: 'workspaces-2', hostPath: { path: '/data', type: 'Directory' } },
      ]));
      expect(volumeMounts).toEqual(expect.arrayContaining([{ name: 'workspaces-1', mountPath: '/groups' }, { name: 'workspaces-2', mountPath: '/data' }]));
    }
    for (const component of PROGRAMS) {
      expect(JSON.parse(told(component, { workspacePaths }).WORKSPACE_PATHS)).toEqual(['/var/reana:/var/reana', '/mnt/cephfs/groups:/groups', '/data:/data']);
    }
    expect(levels({ workspacePaths })).toEqual({ reana: 'privileged', analyses: 'privileged' });
  });

  test('are mounted in steps, in their namespace alone', () => {
    const jobs = { hostPaths: [{ hostPath: '/opt/grid', mountPath: '/grid' }, { hostPath: '/data' }] };
    expect(JSON.parse(told('workflow-controller', { jobs }).REANA_JOB_HOSTPATH_MOUNTS)).toEqual([
      { name: 'host-path-1', hostPath: '/opt/grid', mountPath: '/grid' }, { name: 'host-path-2', hostPath: '/data', mountPath: '/data' },
    ]);
    expect(told('workflow-controller')).not.toHaveProperty('REANA_JOB_HOSTPATH_MOUNTS');
    expect(levels({ jobs })).toEqual({ reana: 'restricted', analyses: 'privileged' });
    expect(levels({})).toEqual({ reana: 'restricted', analyses: 'baseline' });
  });
});

describe('the runtime namespace', () => {
  const apart = { runtimeNamespace: 'analyses', storage: ReanaStorage.existingClaim() };

  test('containers that say nothing ask for something, and all of them for no more than there is', () => {
    const all = objects({
      ...apart,
      runtimeLimits: {
        containerCpu: Cpu.millis(50),
        containerMemory: Size.mebibytes(64),
        cpu: Cpu.units(100),
        memory: Size.gibibytes(400),
        pods: 500,
      },
    });
    expect(find(all, 'LimitRange', 'reana-runtime')).toMatchObject({ metadata: { namespace: 'analyses' }, spec: { limits: [{ defaultRequest: { cpu: '50m', memory: '64Mi' } }] } });
    expect(find(all, 'ResourceQuota', 'reana-runtime').spec.hard).toEqual({ 'requests.cpu': '100', 'requests.memory': '409600Mi', 'pods': '500' });
    expect(find(objects(), 'LimitRange', 'reana-runtime').spec.limits[0].defaultRequest).toMatchObject({ cpu: '100m', memory: '256Mi' });
    expect(named(objects(), 'ResourceQuota')).toEqual([]);
  });

  test('nobody reaches workflows and their steps; whoever has a session comes by the ingress controller', () => {
    const all = objects(apart);
    const policy = (name: string) => find(all, 'NetworkPolicy', name);
    expect(policy('reana-run-batch')).toMatchObject({ metadata: { namespace: 'analyses' }, spec: { podSelector: { matchLabels: { reana_workflow_mode: 'batch' } }, policyTypes: ['Ingress'] } });
    expect(policy('reana-run-job').spec).toEqual({ podSelector: { matchExpressions: [{ key: 'reana-run-job-workflow-uuid', operator: 'Exists' }] }, policyTypes: ['Ingress'] });
    expect(policy('reana-run-session').spec.ingress).toEqual([{ ports: [{ protocol: 'TCP', port: 8888 }] }]);
  });

  test('every pod of the services has a policy, and those that ask the database alone reach it alone', () => {
    const all = objects({ ...apart, sessions: { maxInactivity: Duration.days(1) } });
    const closed = all.filter(({ kind }) => kind === 'NetworkPolicy').map(({ spec }) => spec.podSelector.matchLabels?.app);
    const pods = all.filter(({ kind }) => WORKLOADS.includes(kind))
      .map(({ spec }) => (spec.jobTemplate?.spec.template ?? spec.template).metadata.labels.app);
    expect(pods.filter(app => !closed.includes(app))).toEqual([]);
    expect(pods).toHaveLength(12);
    expect(find(all, 'NetworkPolicy', 'reana-resource-quota-update').spec.egress).toEqual([
      { to: [{ podSelector: { matchLabels: { app: 'reana-db' } } }], ports: [{ protocol: 'TCP', port: 5432 }] },
      { ports: [{ protocol: 'UDP', port: 53 }, { protocol: 'TCP', port: 53 }] },
    ]);
  });

  test('clusters of Dask are closed as well, where there are any', () => {
    const policies = (props: Options) => objects({ ...apart, ...props }).filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name.startsWith('reana-run-dask'));
    expect(policies({})).toEqual([]);
    const [scheduler, worker] = policies({ dask: { operatorNamespace: 'dask-operator' }, ingress: { controllerNamespace: 'traefik' } });
    expect([scheduler, worker].map(({ metadata, spec }) => [metadata.namespace, metadata.name, spec.podSelector.matchLabels])).toEqual([
      ['analyses', 'reana-run-dask-scheduler', { 'dask.org/component': 'scheduler' }], ['analyses', 'reana-run-dask-worker', { 'dask.org/component': 'worker' }],
    ]);
    const namespaces = (rule: any) => rule.from.map(({ namespaceSelector }: any) => namespaceSelector.matchLabels['kubernetes.io/metadata.name']);
    expect(scheduler.spec.ingress.map(namespaces)).toEqual([['analyses', 'analyses', 'dask-operator'], ['traefik', 'dask-operator']]);
    expect(worker.spec.ingress.map(namespaces)).toEqual([['analyses', 'analyses']]);
    // where nobody says whose the operator is, it could be anybody
    expect(policies({ dask: {} })[0].spec.ingress).toEqual([{ ports: [{ protocol: 'TCP', port: 8786 }] }, { ports: [{ protocol: 'TCP', port: 8787 }] }]);
  });

  test('policies can be left out', () => {
    expect(named(objects({ networkPolicies: false }), 'NetworkPolicy')).toEqual([]);
  });

  test('what workflows mount is there', () => {
    expect(named(objects(apart), 'ConfigMap')).toContain('analyses/uwsgi-config-reana-job-controller');
  });
});

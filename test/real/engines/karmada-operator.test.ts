import { X509Certificate } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import { ApiObject, App, Duration, Size } from 'cdk8s';
import { operatorVersion, startOperator } from './karmada-operator';
import { credentials, Files, filesOf } from './karmada-pool';
import { LoneControlPlane, loneControlPlane } from './lone-control-plane';
import { Cluster, FederatedCluster, Federation, KarmadaApiService, KarmadaControlPlaneProps, KarmadaEngine } from '../../../src';
import { CommandResult } from '../command';
import { Estate } from '../estate';

import { kubectl } from '../kubernetes/kubectl';
import { Testbed } from '../kubernetes/testbed';
import { TestbedCluster } from '../kubernetes/testbed-cluster';
import { STORAGE_CLASS } from '../kubernetes/volume-provisioner';
import { describeClusters } from '../requirements';
import { until } from '../until';

/* eslint-disable @typescript-eslint/no-explicit-any */

const NAMESPACE = 'karmada-fed';

/** The federation of one member, whose control plane is declared, and a workload that leaves members which are out of reach. */
function program(member: string, controlPlane: KarmadaControlPlaneProps): (outdir: string) => void {
  return outdir => {
    const app = new App({ outdir });
    const engine = new KarmadaEngine({ apiServer: 'https://karmada.cern.ch:5443', controlPlane });
    const federation = new Federation(app, 'fed', { host: new Cluster(app, 'condor-host'), engine });
    new FederatedCluster(app, 'meyrin', { federation, apiServer: member });
    new ApiObject(federation, 'namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'web' } });
    const labels = { app: 'web' };
    engine.divide(new ApiObject(federation, 'web', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'web' },
      spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } } },
    }), { failover: Duration.minutes(5) });
    app.synth();
  };
}

describeClusters("Karmada's operator", () => {
  let testbed: Testbed;
  let host: TestbedCluster;
  let member: LoneControlPlane;
  let version: string;
  let files: Files;
  /** The address that the host's balancer has for the API, as a site reserves one. */
  let address: string;

  beforeAll(async () => {
    testbed = await Testbed.open({ 'condor-host': { cidr: '10.1.0.0/16', nodes: ['host-1'] } });
    host = testbed.cluster('condor-host');
    version = operatorVersion();
    address = host.site.publicCidr.replace('0/24', '1');
    const meyrin = await testbed.network.site('meyrin', { cidr: '10.2.0.0/16' });
    [member] = await Promise.all([
      loneControlPlane(testbed, meyrin, 'meyrin', 250),
      startOperator(host, `https://github.com/karmada-io/karmada/releases/download/${version}/crds.tar.gz`),
    ]);
    files = declared({});
    await host.apply(files['condor-host']);
    await until('the operator has made it', async () => {
      const [ready] = (await host.get('karmada', 'fed', '--namespace', NAMESPACE)).status.conditions;
      if (ready.status !== 'True') { throw new Error(`${ready.reason}: ${ready.message}`); }
      return true;
    });
  });
  afterAll(() => testbed?.close());

  /** The program's files, with every option but what changes later. */
  const declared = (change: KarmadaControlPlaneProps) => filesOf(testbed, program(member.publicServer, {
    namespace: NAMESPACE,
    version,
    service: KarmadaApiService.LOAD_BALANCER,
    serviceAnnotations: { 'example.org/address': address },
    certificateNames: [address],
    etcdStorage: Size.gibibytes(2),
    storageClass: STORAGE_CLASS,
    featureGates: { PropagateDeps: false },
    ...change,
  }));

  const made = (...of: string[]) => host.get(...of, '--namespace', NAMESPACE);

  test('every option is in what the operator has made', async () => {
    const deployments: any[] = (await made('deployments')).items;
    const containers = new Map<string, any>(deployments.map(({ spec }) => [spec.template.spec.containers[0].name, spec.template.spec.containers[0]]));
    const own = ['aggregated-apiserver', 'controller-manager', 'metrics-adapter', 'scheduler', 'webhook'].map(name => `karmada-${name}`);
    expect(own.map(name => containers.get(name).image)).toEqual(own.map(name => `docker.io/karmada/${name}:${version}`));
    for (const name of own.filter(each => each !== 'karmada-metrics-adapter')) {
      expect(containers.get(name).command).toContain('--feature-gates=Failover=true,PropagateDeps=false');
    }
    expect(containers.get('karmada-controller-manager').command).toContain('--enable-no-execute-taint-eviction=true');
    expect(containers.get('karmada-webhook').command).toContain('--allow-no-execute-taint-policy=true');

    const [volume, ...others] = (await made('persistentvolumeclaims')).items;
    expect(others).toEqual([]);
    expect(volume).toMatchObject({ spec: { storageClassName: STORAGE_CLASS }, status: { phase: 'Bound', capacity: { storage: '2Gi' } } });
    const service = await made('service', 'fed-karmada-apiserver');
    expect(service.metadata.annotations).toMatchObject({ 'example.org/address': address });
    expect(service.spec.type).toBe('LoadBalancer');
    const { subjectAltName } = new X509Certificate(Buffer.from((await made('secret', 'fed-karmada-cert')).data['apiserver.crt'], 'base64'));
    expect(subjectAltName!.split(', ')).toEqual(expect.arrayContaining(['DNS:karmada.cern.ch', `IP Address:${address}`]));
  });

  test('a member joins it, and gets what is declared', async () => {
    const kubeconfig = path.join(Estate.directory(testbed.prefix), 'fed.conf');
    fs.writeFileSync(kubeconfig, Buffer.from((await made('secret', 'fed-karmada-admin-config')).data['karmada.config'], 'base64'));
    const succeeded = ({ status, stdout, stderr }: CommandResult) => {
      if (status !== 0) { throw new Error(stderr); }
      return stdout;
    };
    const meyrin = async (args: string[], input?: string) => succeeded(await member.controlPlane.kubectl(args, { input }));
    // what is declared is applied again when Karmada's API server or its etcd, which have just been started, were late, and for no other reason
    const karmada = async (args: string[], input?: string) => {
      let result: CommandResult;
      await until('the control plane answers', async () => {
        result = await kubectl(member.controlPlane.machine, kubeconfig, args, { input });
        return result.status === 0 || !/unable to connect|connection (refused|reset)|EOF|handshake|request timed out|Client.Timeout exceeded|did not complete within/i.test(result.stderr);
      });
      return succeeded(result!);
    };
    const apply = ['apply', '--server-side', '-f', '-'];
    await meyrin(apply, files.meyrin);
    await karmada(apply, files.fed);
    const secrets = await credentials('meyrin', async account => JSON.parse(await meyrin(['get', 'secret', account, '--namespace', 'karmada-cluster', '-o', 'json'])).data);
    await karmada(apply, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: secrets }));
    await karmada(['wait', '--for=condition=Ready', '--timeout=600s', 'cluster/meyrin']);
    // what was declared before the member was ready is tried again after pauses that double each time
    await until('the workload is there', async () => JSON.parse(await meyrin(['get', 'deployment', 'web', '--namespace', 'web', '-o', 'json'])).spec.replicas === 2);
  });

  test('a change of the program is one of the control plane', async () => {
    const replicas = async () => Object.fromEntries((await made('deployments')).items.map(({ metadata, spec }: any) => [metadata.name, spec.replicas]));
    const each = (count: number) => Object.fromEntries([
      'aggregated-apiserver', 'apiserver', 'controller-manager', 'kube-controller-manager', 'metrics-adapter', 'scheduler', 'webhook',
    ].map(component => [`fed-karmada-${component}`, count]));
    expect(await replicas()).toEqual(each(1));
    await host.apply(declared({ replicas: 2 })['condor-host']);
    await until('there are two of each', async () => {
      expect(await replicas()).toEqual(each(2));
      return true;
    });
  });
});

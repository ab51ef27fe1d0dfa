import * as fs from 'fs';
import * as path from 'path';
import { moduleDirectory } from '../kubernetes/binaries';
import { kedaImage } from '../kubernetes/images';
import { TestbedCluster } from '../kubernetes/testbed-cluster';
import { Manifest, parseManifests } from '../manifest';
import { until } from '../until';

/** Where KEDA is. */
export const KEDA_NAMESPACE = 'keda';

/** The user of its own image. */
const USER = 65532;

/** The definitions of KEDA's kinds. */
export function kedaDefinitions(): Manifest[] {
  return manifests('config/crd/bases');
}

/** Starts KEDA's operator in a cluster as its own manifests deploy it, without what only Deployments are scaled by: webhooks and metrics server. */
export async function startKeda(cluster: TestbedCluster): Promise<void> {
  const image = kedaImage();
  const definitions = kedaDefinitions();
  await Promise.all([
    ...cluster.nodes.map(node => node.take(image)),
    cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: KEDA_NAMESPACE } }, ...definitions]),
  ]);
  await cluster.run(['wait', '--for=condition=Established', '--timeout=600s', 'crd', ...definitions.map(({ metadata }) => metadata.name)]);
  await cluster.apply([
    ...manifests('config/service_account'), ...manifests('config/rbac'), ...manifests('config/manager').map(manifest => manifest.kind === 'Deployment' ? of(image.name, manifest) : manifest),
  ]);
  await until('KEDA is ready', async () =>
    (await cluster.get('deployment', 'keda-operator', '--namespace', KEDA_NAMESPACE)).status.readyReplicas === 1);
}

/** How often KEDA has looked at the Jobs of a cluster. */
export async function looks(cluster: TestbedCluster): Promise<number> {
  return (await kedaLog(cluster)).split('\n').filter(line => line.includes('Number of running Jobs')).length;
}

/** All that KEDA has said. */
export function kedaLog(cluster: TestbedCluster): Promise<string> {
  return cluster.run(['logs', '--namespace', KEDA_NAMESPACE, 'deployment/keda-operator', '--tail=-1']);
}

function of(image: string, { spec, ...deployment }: Manifest): object {
  const { spec: pod, ...template } = spec.template;
  const [container] = pod.containers;
  const args = [...container.args, '--enable-webhook-patching=false', '--enable-apiservice-patching=false'];
  return {
    ...deployment,
    spec: {
      ...spec,
      template: {
        ...template,
        spec: {
          ...pod,
          securityContext: { ...pod.securityContext, runAsUser: USER },
          containers: [{ ...container, args, image, imagePullPolicy: 'IfNotPresent' }],
        },
      },
    },
  };
}

function manifests(directory: string): Manifest[] {
  const folder = path.join(moduleDirectory('keda'), directory);
  return fs.readdirSync(folder).sort().filter(file => file !== 'kustomization.yaml')
    .flatMap(file => parseManifests(fs.readFileSync(path.join(folder, file), 'utf8')));
}

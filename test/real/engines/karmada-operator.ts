import * as fs from 'fs';
import * as path from 'path';
import { moduleDirectory, toolset } from '../kubernetes/binaries';
import { karmadaControlPlaneImages, karmadaOperatorImage } from '../kubernetes/images';
import { TestbedCluster } from '../kubernetes/testbed-cluster';
import { Manifest, parseManifests } from '../manifest';

const NAMESPACE = 'karmada-system';

/** The release of Karmada that the operator is of. */
export function operatorVersion(): string {
  return toolset('karmada').version;
}

/**
 * Starts Karmada's operator in a cluster, as its own manifests deploy it. Nodes have the images of all that it deploys.
 *
 * @param definitions the address from which it would download Karmada's CustomResourceDefinitions
 */
export async function startOperator(cluster: TestbedCluster, definitions: string): Promise<void> {
  const operator = karmadaOperatorImage(definitions);
  const images = [operator, ...karmadaControlPlaneImages()];
  const definition = manifests('operator/config/crds');
  await Promise.all([
    ...cluster.nodes.map(async node => { for (const image of images) { await node.take(image); } }),
    cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }, ...definition]),
  ]);
  await cluster.run(['wait', '--for=condition=Established', '--timeout=600s', 'crd', ...definition.map(({ metadata }) => metadata.name)]);
  await cluster.apply(manifests('operator/config/deploy').map(manifest => manifest.kind === 'Deployment' ? of(operator.name, manifest) : manifest));
  await cluster.run(['rollout', 'status', '--timeout=600s', '--namespace', NAMESPACE, 'deployment/karmada-operator']);
}

/** The Deployment of the operator with the image of a release, as its chart writes it. */
function of(image: string, { spec, ...deployment }: Manifest): object {
  const [container] = spec.template.spec.containers;
  return { ...deployment, spec: { ...spec, template: { ...spec.template, spec: { ...spec.template.spec, containers: [{ ...container, image }] } } } };
}

function manifests(directory: string): Manifest[] {
  const folder = path.join(moduleDirectory('karmada'), directory);
  return fs.readdirSync(folder).sort().flatMap(file => parseManifests(fs.readFileSync(path.join(folder, file), 'utf8')));
}

import { NodelessCluster } from './nodeless-cluster';
import { Manifest } from '../manifest';

/** What controllers of every cluster note on objects. */
const NOTES = ['deployment.kubernetes.io/revision'];

/** An object as the API server would store it in the place of the one that it has. */
export async function inPlace(cluster: NodelessCluster, manifest: Manifest): Promise<Manifest> {
  return JSON.parse(await cluster.run(['replace', '--dry-run=server', '-o', 'json', '-f', '-'], { input: JSON.stringify(manifest) }));
}

/** An object without what clusters note on it, and without an engine's own labels and annotations. */
export function declared({ status: _, metadata, ...object }: Manifest, ...marks: string[]): object {
  const { name, namespace, labels = {}, annotations = {}, finalizers = [] } = metadata as Manifest['metadata'] & { readonly finalizers?: string[] };
  const ours = (noted: { readonly [key: string]: string }) =>
    Object.fromEntries(Object.entries(noted).filter(([key]) => !marks.includes(key) && !NOTES.includes(key)));
  return { ...object, metadata: { name, namespace, labels: ours(labels), annotations: ours(annotations), finalizers } };
}

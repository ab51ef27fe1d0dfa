import { quantity } from './quantity';

/** What the downward API can say of a pod. */
export interface PodFacts {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly labels: { readonly [key: string]: string };
  readonly annotations: { readonly [key: string]: string };
  readonly nodeName: string;
  readonly serviceAccountName: string;
  readonly podIP: string;
  readonly hostIP: string;
  readonly allocatable: { readonly cpu: string; readonly memory: string };
}

/** The value of a `fieldRef`. */
export function fieldValue(facts: PodFacts, fieldPath: string): string {
  const subscript = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(fieldPath);
  if (subscript) {
    return facts[subscript[1] as 'labels' | 'annotations'][subscript[2]] ?? '';
  }
  const lines = (map: { readonly [key: string]: string }) =>
    Object.keys(map).sort().map(key => `${key}=${JSON.stringify(map[key])}`).join('\n');
  switch (fieldPath) {
    case 'metadata.name': return facts.name;
    case 'metadata.namespace': return facts.namespace;
    case 'metadata.uid': return facts.uid;
    case 'metadata.labels': return lines(facts.labels);
    case 'metadata.annotations': return lines(facts.annotations);
    case 'spec.nodeName': return facts.nodeName;
    case 'spec.serviceAccountName': return facts.serviceAccountName;
    case 'status.podIP': return facts.podIP;
    case 'status.podIPs': return facts.podIP;
    case 'status.hostIP': return facts.hostIP;
    case 'status.hostIPs': return facts.hostIP;
    default: throw new Error(`the laboratory cannot do fieldRef ${fieldPath}`);
  }
}

/** The value of a `resourceFieldRef`: rounded up to the divisor; a limit that isn't set is what the node has. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export function resourceValue(facts: PodFacts, container: any, ref: { resource: string; divisor?: string }): string {
  const match = /^(limits|requests)\.(cpu|memory)$/.exec(ref.resource);
  if (!match) {
    throw new Error(`the laboratory cannot do resourceFieldRef ${ref.resource}`);
  }
  const [, kind, resource] = match as unknown as [string, 'limits' | 'requests', 'cpu' | 'memory'];
  const limit = container.resources?.limits?.[resource];
  const request = container.resources?.requests?.[resource] ?? limit;
  const value = kind === 'limits' ? limit ?? facts.allocatable[resource] : request ?? '0';
  const divisor = ref.divisor && quantity(ref.divisor) !== 0 ? quantity(ref.divisor) : 1;
  return String(Math.ceil(Number((quantity(value) / divisor).toFixed(6))));
}

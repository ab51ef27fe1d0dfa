import { PodFacts, fieldValue, resourceValue } from './downward';
import { onlyFields } from './manifest';

/** Where a pod finds what its variables and volumes refer to. */
export interface Sources {
  /** The content of a ConfigMap; undefined if there is none. */
  configMap(name: string): { [key: string]: Buffer } | undefined;
  /** The content of a Secret; undefined if there is none. */
  secret(name: string): { [key: string]: Buffer } | undefined;
}

/** Replaces `$(NAME)` by the variable if there is one, and `$$` by `$`, as the kubelet does. */
export function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (whole, sign, name) =>
    sign === '$' ? '$' : variables.get(name) ?? whole);
}

/** The variables of a container, in the order in which they may refer to each other. */
export function environment(
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  container: any, facts: PodFacts, sources: Sources, services: ReadonlyMap<string, string>,
): Map<string, string> {
  const variables = new Map<string, string>();
  for (const from of container.envFrom ?? []) {
    onlyFields(from, `${container.name}.envFrom`, { configMapRef: 'honoured', secretRef: 'honoured', prefix: 'honoured' });
    const ref = from.configMapRef ?? from.secretRef;
    const content = from.configMapRef ? sources.configMap(ref.name) : sources.secret(ref.name);
    if (!content && !ref.optional) {
      throw new Error(`${container.name}: envFrom ${ref.name} is not there`);
    }
    for (const [key, value] of Object.entries(content ?? {})) {
      variables.set(`${from.prefix ?? ''}${key}`, value.toString());
    }
  }
  const scope = new Map([...services, ...variables]);
  for (const entry of container.env ?? []) {
    const value = entry.valueFrom
      ? fromReference(entry.valueFrom, container, facts, sources)
      : expand(entry.value ?? '', scope);
    if (value !== undefined) {
      variables.set(entry.name, value);
      scope.set(entry.name, value);
    }
  }
  return new Map([...services, ...variables]);
}

function fromReference(
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  from: any, container: any, facts: PodFacts, sources: Sources,
): string | undefined {
  onlyFields(from, `${container.name}.env.valueFrom`, {
    configMapKeyRef: 'honoured', fieldRef: 'honoured', resourceFieldRef: 'honoured', secretKeyRef: 'honoured',
  });
  if (from.fieldRef) {
    return fieldValue(facts, from.fieldRef.fieldPath);
  }
  if (from.resourceFieldRef) {
    return resourceValue(facts, container, from.resourceFieldRef);
  }
  const ref = from.secretKeyRef ?? from.configMapKeyRef;
  const content = from.secretKeyRef ? sources.secret(ref.name) : sources.configMap(ref.name);
  const value = content?.[ref.key];
  if (value === undefined && !ref.optional) {
    throw new Error(`${container.name}: ${ref.name}/${ref.key} is not there`);
  }
  return value?.toString();
}

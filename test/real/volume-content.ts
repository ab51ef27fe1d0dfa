import { Payload } from './atomic-writer';
import { PodFacts, fieldValue, resourceValue } from './downward';
import { Sources } from './environment';
import { onlyFields } from './manifest';

/** What the payload of a volume depends on beside the volume. */
export interface ContentContext {
  readonly facts: PodFacts;
  readonly sources: Sources;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly spec: any;
}

/** The files of a ConfigMap, Secret, downward API or projected volume; undefined for any other kind. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export function volumeContent(volume: any, context: ContentContext): Payload | undefined {
  const where = `volume ${volume.name}`;
  const fields = { defaultMode: 'honoured', items: 'honoured', optional: 'honoured' } as const;
  if (volume.secret) {
    onlyFields(volume.secret, where, { ...fields, secretName: 'honoured' });
    return keys(volume.secret, volume.secret.secretName, context.sources.secret(volume.secret.secretName), volume.secret.defaultMode);
  }
  if (volume.configMap) {
    onlyFields(volume.configMap, where, { ...fields, name: 'honoured' });
    return keys(volume.configMap, volume.configMap.name, context.sources.configMap(volume.configMap.name), volume.configMap.defaultMode);
  }
  if (volume.downwardAPI) {
    onlyFields(volume.downwardAPI, where, { defaultMode: 'honoured', items: 'honoured' });
    return downward(volume.downwardAPI, context, volume.downwardAPI.defaultMode);
  }
  if (volume.projected) {
    onlyFields(volume.projected, where, { defaultMode: 'honoured', sources: 'honoured' });
    return projected(volume.projected, context, where);
  }
  return undefined;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
function projected(source: any, context: ContentContext, where: string): Payload {
  const payload: Payload = {};
  for (const part of source.sources ?? []) {
    onlyFields(part, where, { configMap: 'honoured', downwardAPI: 'honoured', secret: 'honoured', serviceAccountToken: 'honoured' });
    if (part.secret) {
      Object.assign(payload, keys(part.secret, part.secret.name, context.sources.secret(part.secret.name), source.defaultMode));
    } else if (part.configMap) {
      Object.assign(payload, keys(part.configMap, part.configMap.name, context.sources.configMap(part.configMap.name), source.defaultMode));
    } else if (part.downwardAPI) {
      Object.assign(payload, downward(part.downwardAPI, context, source.defaultMode));
    } else {
      payload[part.serviceAccountToken.path] = serviceAccountToken(context, source.defaultMode);
    }
  }
  return payload;
}

/**
 * A token that no API server knows, with the mode and owner the kubelet gives it:
 * the pod's user alone, where there is one, or else everybody.
 */
function serviceAccountToken(context: ContentContext, defaultMode?: number): Payload[string] {
  const { spec, facts } = context;
  const content = `fake-token-of-${facts.namespace}-${facts.serviceAccountName}`;
  if (spec.securityContext?.fsGroup !== undefined) {
    return { content, mode: 0o600 };
  }
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  const users = new Set<number | undefined>([...spec.initContainers ?? [], ...spec.containers].map((container: any) =>
    container.securityContext?.runAsUser ?? spec.securityContext?.runAsUser));
  const [user] = users;
  if (users.size === 1 && user !== undefined) {
    return { content, mode: 0o600, uid: user };
  }
  return { content, mode: defaultMode ?? 0o644 };
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
function keys(source: any, name: string, content: { [key: string]: Buffer } | undefined, defaultMode = 0o644): Payload {
  if (!content) {
    if (source.optional) {
      return {};
    }
    throw new Error(`${name} is not there: the kubelet would wait for it`);
  }
  if (!source.items) {
    return Object.fromEntries(Object.entries(content).map(([key, value]) => [key, { content: value, mode: defaultMode }]));
  }
  const payload: Payload = {};
  for (const item of source.items) {
    if (content[item.key] === undefined) {
      if (source.optional) {
        continue;
      }
      throw new Error(`${name} has no key ${item.key}`);
    }
    payload[item.path] = { content: content[item.key], mode: item.mode ?? defaultMode };
  }
  return payload;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
function downward(source: any, context: ContentContext, defaultMode = 0o644): Payload {
  const payload: Payload = {};
  for (const item of source.items ?? []) {
    const container = item.resourceFieldRef
      // eslint-disable-next-line @typescript-eslint/no-explicit-any
      && context.spec.containers.find((candidate: any) => candidate.name === item.resourceFieldRef.containerName);
    const content = item.fieldRef
      ? fieldValue(context.facts, item.fieldRef.fieldPath)
      : resourceValue(context.facts, container, item.resourceFieldRef);
    payload[item.path] = { content, mode: item.mode ?? defaultMode };
  }
  return payload;
}

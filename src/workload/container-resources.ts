import type { ContainerResources } from 'cdk8s-plus-27';

/** Kubernetes' form of requests and limits; what isn't given is the default. */
export function containerResources(given: ContainerResources | undefined, byDefault: { cpu: string; memory: string; limit: string }): object {
  if (!given) { return { requests: { cpu: byDefault.cpu, memory: byDefault.memory }, limits: { memory: byDefault.limit } }; }
  const quantities = (kind: 'request' | 'limit') => ({
    ...given.cpu?.[kind] && { cpu: given.cpu[kind]!.amount },
    ...given.memory?.[kind] && { memory: `${given.memory[kind]!.toMebibytes()}Mi` },
    ...given.ephemeralStorage?.[kind] && { 'ephemeral-storage': `${given.ephemeralStorage[kind]!.toMebibytes()}Mi` },
  });
  return { requests: quantities('request'), limits: quantities('limit') };
}

import { Size } from 'cdk8s';
import type { ContainerResources, Cpu } from 'cdk8s-plus-27';
import { KnobSet, Macro } from './config';
import { CPU_LIMIT_VARIABLE, MEMORY_LIMIT_VARIABLE } from './paths';
import { problem } from '../problem';

/** What an execution point offers to jobs, and what its pod asks of the node. */
export interface CapacityOptions {
  readonly cpus?: number;
  readonly memory?: Size;
  readonly memoryOverhead: Size;
  readonly resources: ContainerResources;
  readonly gpus?: number;
  readonly gpuResource: string;
}

/**
 * A node of 8 cores allocates 7.9, and some of these are taken: a pod that asked for all that it
 * advertises would never be scheduled. It asks for this part of it.
 */
const CPU_REQUEST_SHARE = 0.75;
const MEMORY_REQUEST_SHARE = 0.8;

/** Writes what is offered: as stated, or what the container may use, or what the node can allocate. */
export function setCapacity(knobs: KnobSet, { cpus, memory, memoryOverhead }: Pick<CapacityOptions, 'cpus' | 'memory' | 'memoryOverhead'>): void {
  knobs.set('NUM_CPUS', cpus ?? new Macro(`$ENV(${CPU_LIMIT_VARIABLE})`));
  knobs.set('MEMORY', memory ?? new Macro(`$ENV(${MEMORY_LIMIT_VARIABLE}) - ${memoryOverhead.toMebibytes()}`));
}

/**
 * The container's limits as variables. Where there is no limit, Kubernetes gives what the node can
 * allocate; it rounds a part of a core up, so that a node of 8 cores counts 8.
 */
export function capacityEnvironment(container: string): object[] {
  return [
    { name: CPU_LIMIT_VARIABLE, valueFrom: { resourceFieldRef: { containerName: container, resource: 'limits.cpu', divisor: '1' } } },
    { name: MEMORY_LIMIT_VARIABLE, valueFrom: { resourceFieldRef: { containerName: container, resource: 'limits.memory', divisor: '1Mi' } } },
  ];
}

/** Kubernetes' form of requests and limits. */
export function resourceRequirements(resources: ContainerResources): object {
  const quantities = (kind: 'request' | 'limit') => ({
    ...(resources.cpu?.[kind] && { cpu: resources.cpu[kind]!.amount }),
    ...(resources.memory?.[kind] && { memory: `${resources.memory[kind]!.toMebibytes()}Mi` }),
    ...(resources.ephemeralStorage?.[kind] && { 'ephemeral-storage': `${resources.ephemeralStorage[kind]!.toMebibytes()}Mi` }),
  });
  return withoutEmpty({ requests: quantities('request'), limits: quantities('limit') });
}

function withoutEmpty(requirements: { [kind: string]: object }): object {
  return Object.fromEntries(Object.entries(requirements).filter(([, quantities]) => Object.keys(quantities).length > 0));
}

/** The container's requests and limits. */
export function capacityRequirements(options: CapacityOptions): object {
  const { resources } = options;
  const requirements = resourceRequirements({
    ...resources,
    cpu: { limit: resources.cpu?.limit, request: resources.cpu?.request ?? millicores(cpuRequestMillis(options)) },
    memory: { limit: resources.memory?.limit, request: resources.memory?.request ?? Size.mebibytes(memoryRequestMebibytes(options)) },
  }) as { requests: object; limits?: object };
  return options.gpus ? { ...requirements, limits: { ...requirements.limits, [options.gpuResource]: options.gpus } } : requirements;
}

/** What the pod asks of the node where its resources aren't stated. */
export function cpuRequestMillis({ cpus, resources }: Pick<CapacityOptions, 'cpus' | 'resources'>): number {
  const limit = resources.cpu?.limit;
  if (cpus === undefined && limit) { return millis(limit); }
  return cpus === undefined ? 100 : Math.round(cpus * 1000 * CPU_REQUEST_SHARE);
}

/** What the pod asks of the node where its resources aren't stated. */
export function memoryRequestMebibytes({ memory, resources }: Pick<CapacityOptions, 'memory' | 'resources'>): number {
  const limit = resources.memory?.limit;
  if (memory === undefined && limit) { return limit.toMebibytes(); }
  return memory === undefined ? 256 : Math.round(memory.toMebibytes() * MEMORY_REQUEST_SHARE);
}

/** What is wrong with what is offered. */
export function capacityProblems(prefix: string, { cpus, memory, memoryOverhead, resources, gpus }: Omit<CapacityOptions, 'gpuResource'>): string[] {
  const problems: string[] = [];
  if (cpus !== undefined && !(Number.isInteger(cpus) && cpus >= 1)) {
    problems.push(problem(`${prefix}cpus`, cpus, 'a whole number of cores from 1'));
  }
  if (memory !== undefined && !(memory.toMebibytes() >= 1)) {
    problems.push(problem(`${prefix}memory`, `${memory.toMebibytes()} MiB`, 'at least 1 MiB'));
  }
  if (gpus !== undefined && !(Number.isInteger(gpus) && gpus >= 0)) {
    problems.push(problem(`${prefix}gpus`, gpus, 'a whole number from 0'));
  }
  const { cpu, memory: memoryResources } = resources;
  if (cpus !== undefined && cpu?.limit && cpus * 1000 > millis(cpu.limit)) {
    problems.push(problem(`${prefix}cpus`, cpus, `at most the container's limit, ${cpu.limit.amount}`));
  }
  const limit = memoryResources?.limit?.toMebibytes();
  if (limit !== undefined && memory !== undefined && memory.toMebibytes() + memoryOverhead.toMebibytes() > limit) {
    problems.push(problem(`${prefix}memory`, `${memory.toMebibytes()} MiB`,
      `at most the container's limit less memoryOverhead, ${limit - memoryOverhead.toMebibytes()} MiB`));
  }
  if (limit !== undefined && memory === undefined && limit <= memoryOverhead.toMebibytes()) {
    problems.push(problem(`${prefix}resources.memory.limit`, `${limit} MiB`, `more than memoryOverhead, ${memoryOverhead.toMebibytes()} MiB`));
  }
  return problems;
}

/** As `Cpu.millis` makes it. Users of this library alone don't have to load cdk8s-plus for it. */
export function millicores(amount: number): Cpu {
  return { amount: `${amount}m` };
}

function millis(cpu: Cpu): number {
  return cpu.amount.endsWith('m') ? Number(cpu.amount.slice(0, -1)) : Number(cpu.amount) * 1000;
}

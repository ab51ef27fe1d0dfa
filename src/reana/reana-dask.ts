import { Size } from 'cdk8s';
import { Variables } from './environment';
import { isDnsLabel } from '../federation/names';
import { problem } from '../problem';

/**
 * Dask clusters for workflows that ask for one. Their operator and its definitions are installed by whoever runs the cluster.
 *
 * Policies let steps reach schedulers, and schedulers their workers. They can't tell one user's cluster from another's: whoever may run steps can compute
 * on all of them.
 */
export interface ReanaDask {
  /**
   * Whether clusters grow and shrink (`DASK_AUTOSCALER_ENABLED`).
   *
   * @default true
   */
  readonly autoscaler?: boolean;

  /**
   * Whether the cluster's ingress controller is Traefik, whose middlewares the dashboards of clusters need (`TRAEFIK_EXTERNAL`).
   *
   * @default false
   */
  readonly traefik?: boolean;

  /**
   * The namespace of the operator's pods, which ask schedulers how many workers they want: nobody else but steps, workers and, at the dashboard, the ingress
   * controller (`ingress.controllerNamespace`) reaches them then.
   *
   * @default - any pod may connect to schedulers, on which who connects can compute
   */
  readonly operatorNamespace?: string;

  /**
   * The most memory of a cluster (`REANA_DASK_CLUSTER_MAX_MEMORY_LIMIT`).
   *
   * @default Size.gibibytes(16)
   */
  readonly maxMemory?: Size;

  /**
   * How many workers a cluster has where nothing is said (`REANA_DASK_CLUSTER_DEFAULT_NUMBER_OF_WORKERS`).
   *
   * @default 2
   */
  readonly workers?: number;

  /**
   * The most workers (`REANA_DASK_CLUSTER_MAX_NUMBER_OF_WORKERS`). Refused: less than `workers`.
   *
   * @default 20
   */
  readonly maxWorkers?: number;

  /**
   * The memory of a worker where nothing is said (`REANA_DASK_CLUSTER_DEFAULT_SINGLE_WORKER_MEMORY`).
   *
   * @default Size.gibibytes(2)
   */
  readonly workerMemory?: Size;

  /**
   * The most memory of a worker (`REANA_DASK_CLUSTER_MAX_SINGLE_WORKER_MEMORY`). Refused: less than `workerMemory`.
   *
   * @default Size.gibibytes(8)
   */
  readonly maxWorkerMemory?: Size;

  /**
   * The threads of a worker where nothing is said (`REANA_DASK_CLUSTER_DEFAULT_SINGLE_WORKER_THREADS`).
   *
   * @default 4
   */
  readonly workerThreads?: number;

  /**
   * The most threads of a worker (`REANA_DASK_CLUSTER_MAX_SINGLE_WORKER_THREADS`). Refused: less than `workerThreads`.
   *
   * @default 8
   */
  readonly maxWorkerThreads?: number;
}

/** The code takes Dask to be there unless it is told. */
export function daskVariables(dask?: ReanaDask): Variables {
  if (!dask) { return { DASK_ENABLED: false }; }
  const { autoscaler, maxMemory, workers, maxWorkers, workerMemory, maxWorkerMemory, workerThreads, maxWorkerThreads } = withDefaults(dask);
  return {
    DASK_ENABLED: true,
    DASK_AUTOSCALER_ENABLED: autoscaler,
    REANA_DASK_CLUSTER_MAX_MEMORY_LIMIT: `${maxMemory.toMebibytes()}Mi`,
    REANA_DASK_CLUSTER_DEFAULT_NUMBER_OF_WORKERS: workers,
    REANA_DASK_CLUSTER_MAX_NUMBER_OF_WORKERS: maxWorkers,
    REANA_DASK_CLUSTER_DEFAULT_SINGLE_WORKER_MEMORY: `${workerMemory.toMebibytes()}Mi`,
    REANA_DASK_CLUSTER_MAX_SINGLE_WORKER_MEMORY: `${maxWorkerMemory.toMebibytes()}Mi`,
    REANA_DASK_CLUSTER_DEFAULT_SINGLE_WORKER_THREADS: workerThreads,
    REANA_DASK_CLUSTER_MAX_SINGLE_WORKER_THREADS: maxWorkerThreads,
  };
}

export function daskProblems(dask: ReanaDask): string[] {
  const { workers, maxWorkers, workerMemory, maxWorkerMemory, workerThreads, maxWorkerThreads, maxMemory } = withDefaults(dask);
  const pairs: [string, number, string, number][] = [
    ['workers', workers, 'maxWorkers', maxWorkers],
    ['workerMemory', workerMemory.toMebibytes(), 'maxWorkerMemory', maxWorkerMemory.toMebibytes()],
    ['workerThreads', workerThreads, 'maxWorkerThreads', maxWorkerThreads],
    ['maxWorkerMemory', maxWorkerMemory.toMebibytes(), 'maxMemory', maxMemory.toMebibytes()],
  ];
  const { operatorNamespace } = dask;
  const nowhere = operatorNamespace === undefined || isDnsLabel(operatorNamespace)
    ? [] : [problem('dask.operatorNamespace', operatorNamespace, 'the name of a namespace')];
  const tooMuch = pairs.filter(([, value, , most]) => !(Number.isInteger(value) && value >= 1 && value <= most))
    .map(([property, value, limit, most]) => problem(`dask.${property}`, value, `a whole number from 1 to ${limit}, which is ${most}`));
  return [...nowhere, ...tooMuch];
}

function withDefaults(dask: ReanaDask): Required<Omit<ReanaDask, 'operatorNamespace'>> {
  return {
    autoscaler: dask.autoscaler ?? true,
    traefik: dask.traefik ?? false,
    maxMemory: dask.maxMemory ?? Size.gibibytes(16),
    workers: dask.workers ?? 2,
    maxWorkers: dask.maxWorkers ?? 20,
    workerMemory: dask.workerMemory ?? Size.gibibytes(2),
    maxWorkerMemory: dask.maxWorkerMemory ?? Size.gibibytes(8),
    workerThreads: dask.workerThreads ?? 4,
    maxWorkerThreads: dask.maxWorkerThreads ?? 8,
  };
}

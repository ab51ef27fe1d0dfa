import type { ContainerResources } from 'cdk8s-plus-27';

/** How much of a program that answers requests there is: the server, or the workflow controller. */
export interface ReanaProgram {
  /**
   * How many pods. Refused: several on storage of a single node.
   *
   * @default - 2, on storage of a single node 1
   */
  readonly replicas?: number;

  /**
   * uWSGI's processes in each pod. Each holds a few connections to the database.
   *
   * @default - 6 of the server, 2 of the workflow controller
   */
  readonly processes?: number;

  /**
   * Threads of each process.
   *
   * @default - 4 of the server, 2 of the workflow controller
   */
  readonly threads?: number;

  /**
   * Requests and limits of its container.
   *
   * @default - 250m and 1 GiB up to 2 GiB of the server, 100m and 512 MiB up to 3 GiB of the workflow controller
   */
  readonly resources?: ContainerResources;
}

/** Variables for REANA's programs that this library has no property for. They take the place of those that it sets, but for those that other objects hang on. */
export interface ReanaEnvironments {
  /**
   * Of the API and the scheduler.
   *
   * @default - none
   */
  readonly server?: { [name: string]: string };

  /**
   * Of the workflow controller and the consumer of job statuses.
   *
   * @default - none
   */
  readonly workflowController?: { [name: string]: string };

  /**
   * Of the job controller, in the pod of each workflow (`REANA_JOB_CONTROLLER_ENV_VARS`).
   *
   * @default - none
   */
  readonly jobController?: { [name: string]: string };

  /**
   * Of the engine of CWL workflows (`REANA_WORKFLOW_ENGINE_CWL_ENV_VARS`).
   *
   * @default - none
   */
  readonly cwl?: { [name: string]: string };

  /**
   * Of the engine of Yadage workflows (`REANA_WORKFLOW_ENGINE_YADAGE_ENV_VARS`).
   *
   * @default - none
   */
  readonly yadage?: { [name: string]: string };

  /**
   * Of the engine of serial workflows (`REANA_WORKFLOW_ENGINE_SERIAL_ENV_VARS`).
   *
   * @default - none
   */
  readonly serial?: { [name: string]: string };

  /**
   * Of the engine of Snakemake workflows (`REANA_WORKFLOW_ENGINE_SNAKEMAKE_ENV_VARS`).
   *
   * @default - none
   */
  readonly snakemake?: { [name: string]: string };

  /**
   * Of what loads specifications (`REANA_WORKFLOW_VALIDATOR_ENV_VARS`).
   *
   * @default - none
   */
  readonly validator?: { [name: string]: string };
}

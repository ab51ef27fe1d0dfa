/** Where the steps of workflows can run: what users may say as `compute_backend` in `reana.yaml`. */
export enum ReanaComputeBackend {
  /** As Jobs in the runtime namespace. */
  KUBERNETES = 'kubernetes',
  /** In CERN's HTCondor pool, for users with a keytab. The job controller's image has to be built with it. */
  HTCONDOR_CERN = 'htcondorcern',
  /** In CERN's Slurm cluster. The job controller's image has to be built with it. */
  SLURM_CERN = 'slurmcern',
  /** At Compute4PUNCH. The job controller's image has to be built with it. */
  COMPUTE4PUNCH = 'compute4punch',
}

/** What the container of an execution point runs. */
export enum RunMode {
  /** `condor_master`, which starts the startd, and starts it again when it dies. */
  CONDOR_MASTER = 'condor_master',
  /** `condor_startd -f` alone. The kubelet takes the place of the master; the shared port is off. */
  CONDOR_STARTD = 'condor_startd',
}

/**
 * The names of machine attributes that are HTCondor's own, 23.9.6: the ATTR_
 * names of condor_attributes.h that the sources of its startd and starter use
 * (among them those of jobs, which a machine's would hide in START), and what
 * `condor_status -long` shows of a bare startd. HasMPI is left out: sites set it.
 *
 *   grep -ohE 'ATTR_[A-Z0-9_]+' condor_startd.V6/*.[ch]* condor_starter.V6.1/starter_v61_main.cpp | sort -u |
 *     grep -wf - condor_includes/condor_attributes.h | sed -n 's/^#define ATTR_[A-Z0-9_]* *"\(.*\)"/\1/p'
 */
const PUBLISHED = new Set(`
  AcceptedWhileDraining AccountingGroup ActionResult ActivationRequests Activity AddressV1 Arch AuthenticatedIdentity AuthenticationMethod
  BackfillSlot BadputCausedByDraining BadputCausedByPreemption CanHibernate Capability CgroupEnforced CheckExpr ClaimEndTime ClaimId
  ClaimIdList ClaimRequests ClaimState ClaimType ClientMachine ClockDay ClockMin ClusterId Cmd CODClaims COLLECTOR_HOST_STRING Command
  CompletionDate ConcurrencyLimits CondorLoadAvg CondorPlatform CondorScratchDir CondorVersion ConsoleIdle Consumption CpuBusy CpuBusyTime
  CpuCacheSize CpuFamily CpuIsBusy CpuModelNumber Cpus CpusUsage CurrentRank DaemonCoreDutyCycle DaemonLastReconfigTime DaemonStartTime Disk
  DockerCachedImageSizeMb DockerNetworks DockerVersion DotNetVersions Draining DrainingDeadline DrainingRequestId DrainReason DSlotId
  DynamicSlot EncryptExecuteDirectory EnteredCurrentActivity EnteredCurrentState ErrorCode ErrorString ExpectedMachineGracefulDrainingBadput
  ExpectedMachineGracefulDrainingCompletion ExpectedMachineQuickDrainingBadput ExpectedMachineQuickDrainingCompletion FetchWorkDelay
  FileSystemDomain GlobalJobId GPUs HardwareAddress has_avx has_avx2 has_sse4_1 has_sse4_2 has_ssse3 HasContainer HasDocker HasDockerURL
  HasEncryptExecuteDirectory HasFileTransfer HasFileTransferPluginMethods HasIOProxy HasJava HasJICLocalConfig HasJICLocalStdin HasJobAd
  HasJobDeferral HasJobTransferPlugins HasPerFileEncryption HasPidNamespaces HasReconnect HasRotationalScratch HasSandboxImage
  HasSelfCheckpointTransfers HasSIF HasSingularity HasSshd HasStartDaemonAd HasTDP HasTransferInputRemaps HasUserNamespaces HasVM
  HasWindowsRunAsOwner HibernationLevel HibernationState HibernationSupportedStates HookKeyword HowFast ImageSize IsDaemonCore IsLocalStartd
  IsOwner IsWakeAble IsWakeOnLanEnabled IsWakeOnLanSupported Iwd JavaSpecificationVersion JavaVendor JavaVersion JobDuration JobId
  JobKeyword JobLeaseDuration JobMaxVacateTime JobPreemptions JobPrio JobRankPreemptions JobStart JobStarterDebug JobStarts JobStatus
  JobUniverse JobUserPrioPreemptions JobVM_VCPUS JobVMCpuUtilization JobVMMemory KeyboardIdle KFlops KillSigTimeout LastBenchmark
  LastClaimState LastDrainStartTime LastDrainStopTime LastFetchWorkCompleted LastFetchWorkSpawned LastHeardFrom LastPeriodicCheckpoint
  LastSlotName LimitResults LoadAvg LocalCredd Machine MachineLastMatchTime MachineMaxVacateTime MachineResources MaxClaimTime
  MaxJobRetirementTime Memory Microarch Mips MyAddress MyCurrentTime MyType Name NewDSlotNotMatch NextFetchWorkDelay NumAds NumClaims
  NumCODClaims NumDynamicSlots NumDynamicSlotsTime NumPids Offline Owner ParentSlotId PartitionableSlot PreemptingAccountingGroup
  PreemptingConcurrencyLimits PreemptingOwner PreemptingRank PreemptingUser PrivateNetworkName ProcId Projection PslotRollupInformation
  PublicClaimId QDate Rank RemoteAutoregroup RemoteGroup RemoteNegotiatingGroup RemoteOwner RemoteScheddName RemoteUser RemoteWallClockTime
  Request RequestCpus RequestDisk RequestID RequestMemory RequestVirtualMemory Require Requirements Result ResumeOnCompletion
  RetirementTimeRemaining RunBenchmarks RunningCODJob ScheddIpAddr ScheddName SingularityVersion SlotID SlotType SlotTypeID SlotWeight Start
  StartdIpAddr StartdSendsAlives StartExpr State Submitter SubnetMask TargetType TimeToLive ToE UidDomain Unhibernate User VacateType
  VirtualMemory WantCheckpointSignal WantMatching WindowsBuildNumber WindowsMajorVersion WindowsMinorVersion WindowsProductType
  WindowsServicePackMajorVersion WindowsServicePackMinorVersion WithinResourceLimits
`.trim().toLowerCase().split(/\s+/));

/** Names that are made: of a resource, a slot, a statistic, a property of the host. */
const FAMILY = /^(assigned|available|child|detected|monitorself|opsys|recent|slot[0-9]+_|starter|total|updates|utsname|vm_|wake|_condor_)/;

/** Whether HTCondor publishes an attribute of this name itself. */
export const isPublishedAttribute = (name: string): boolean => {
  const key = name.toLowerCase();
  return PUBLISHED.has(key) || FAMILY.test(key);
};

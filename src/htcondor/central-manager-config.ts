import { isDeepStrictEqual } from 'util';
import { Duration } from 'cdk8s';
import { setAccountingGroups } from './accounting';
import { setConcurrencyLimits } from './concurrency-limits';
import { KnobSet, Macro } from './config';
import { DEFRAGMENTATION_DAEMON, setDefragmentation } from './defragmentation';
import { ClustersInPool } from './execution-clusters';
import { HIGH_AVAILABILITY_DAEMONS, setHighAvailability } from './high-availability';
import { demandFiles, setDemand } from './job-demand';
import { CONFIG_WATCH } from './live-configuration';
import { trustMemberKey } from './member-keys';
import { setNegotiatorPreemption } from './negotiator-preemption';
import { collectorDaemon, separateClusters } from './pool-security';
import { SCITOKENS_FILE, sciTokensFile, usesSciTokens } from './sci-tokens';
import { HostSettings, POD_IP, SERVER_PORT, serverConfiguration, ServerConfiguration, serverKnobs, ServerOptions, SOON } from './server-config';
import { setRunningJobs } from './user-limits';

/** When a daemon that is silent has left: after three updates, and some seconds for the last one. */
const FORGOTTEN = Duration.seconds(3 * SOON.toSeconds() + 10);

/** How long HTCondor waits after a cycle before it begins another, however short the interval. */
const CYCLE_DELAY = Duration.seconds(20);

/** What a central manager is told: the collector, one collector more for each cluster, and the negotiator. */
export class CentralManagerConfig {
  private last?: { readonly clusters: ClustersInPool; readonly configuration: ServerConfiguration; readonly causes: readonly string[] };

  public constructor(private readonly host: HostSettings, private readonly options: ServerOptions) {}

  public get configuration(): ServerConfiguration {
    return this.current.configuration;
  }

  /** What is wrong with it. */
  public get causes(): readonly string[] {
    return this.current.causes;
  }

  /** Files beside it. */
  public get files(): { [file: string]: string } {
    const { props: { users = [] }, executionClusters } = this.host;
    return {
      ...executionClusters.inPool.elastic && demandFiles(executionClusters.demand),
      ...usesSciTokens(users) && { [SCITOKENS_FILE]: sciTokensFile(users) },
    };
  }

  /** A synth asks three times, to check it, to write it and for its digest, and it grows with the clusters: it is made again when they change. */
  private get current(): NonNullable<CentralManagerConfig['last']> {
    const { props: { users = [] }, executionClusters } = this.host;
    const clusters = executionClusters.inPool;
    if (!this.last || !isDeepStrictEqual(this.last.clusters, clusters)) {
      const knobs = centralManagerKnobs(this.host, this.options, clusters);
      // a member's collector passes on what it hears: when it ends, what it has passed on is there until it expires. A new pod knows nothing
      const others = [...clusters.revoked.map(cluster => `revoked: ${cluster}`), ...usesSciTokens(users) ? [sciTokensFile(users)] : []];
      this.last = { clusters, configuration: serverConfiguration(knobs, others), causes: knobs.causes() };
    }
    return this.last;
  }
}

/** Whether a central manager makes machines whole again: two would drain twice as many. */
export function defragments({ centralManagers, props }: HostSettings, options: ServerOptions): boolean {
  return props.defragmentation !== undefined && options === centralManagers[0];
}

function centralManagerKnobs(host: HostSettings, options: ServerOptions, { names, elastic, tokenLifetimes }: ClustersInPool): KnobSet {
  const { pool, props, negotiation } = host;
  const { address, port = SERVER_PORT } = options;
  // by its own address: what is beside it needs neither names nor the way around by the load balancer
  const others = pool.collectors.filter(collector => collector !== `${address}:${port}`);
  const knobs = serverKnobs(host, options, new Macro([`${POD_IP.text}:${port}`, ...others].join(', ')));
  knobs.section('Central manager');
  const several = host.centralManagers.length > 1;
  knobs.set('DAEMON_LIST', [
    'MASTER', CONFIG_WATCH, 'COLLECTOR', 'NEGOTIATOR', ...several ? HIGH_AVAILABILITY_DAEMONS : [],
    ...defragments(host, options) ? [DEFRAGMENTATION_DAEMON] : [], ...names.map(collectorDaemon), ...elastic ? ['DEMAND'] : [],
  ]);
  knobs.set('COLLECTOR_NAME', `${host.name} of ${pool.trustDomain}`);
  // it would write a certificate beside the configuration, which it can't
  knobs.set('COLLECTOR_BOOTSTRAP_SSL_CERTIFICATE', false);
  setNegotiatorInterval(knobs, host);
  knobs.set('COLLECTOR_UPDATE_INTERVAL', SOON);
  knobs.set('NEGOTIATOR_UPDATE_INTERVAL', SOON);
  // collectors look for ads that are too old only once in this time, whatever lifetime an ad has of its own
  knobs.set('CLASSAD_LIFETIME', FORGOTTEN);
  // and until they do, the slot of a job that is done would count for its user: such a slot is gone after one update that
  // it missed, a machine after three
  knobs.set('NEGOTIATOR_SLOT_CONSTRAINT', new Macro(`time() - LastHeardFrom < (ClassAdLifetime ?: ${FORGOTTEN.toSeconds()}) / ((DynamicSlot ?: false) ? 2 : 1)`));
  knobs.set('PRIORITY_HALFLIFE', props.priorityHalfLife ?? Duration.days(1));
  knobs.set('DEFAULT_PRIO_FACTOR', props.defaultPriorityFactor ?? 1000);
  separateClusters(knobs, names, port, POD_IP, pool);
  if (props.memberSigningKeys) { names.forEach(cluster => trustMemberKey(knobs, cluster, tokenLifetimes.get(cluster))); }
  if (several) { setHighAvailability(knobs, pool.collectors, `negotiator@${pool.uidDomain}`, props.highAvailability ?? {}); }
  const { accountingGroups = [], quotaOversubscription, groupOrder } = props;
  knobs.report(...setAccountingGroups(knobs, 'accountingGroups', accountingGroups, { quotaOversubscription, groupOrder }));
  if (elastic) { setDemand(knobs, port); }
  setConcurrencyLimits(knobs, 'concurrencyLimits', props.concurrencyLimits ?? {});
  setRunningJobs(knobs, props.userLimits ?? {});
  knobs.report(...setNegotiatorPreemption(knobs, 'preemption', negotiation, accountingGroups.length > 0));
  if (defragments(host, options)) { setDefragmentation(knobs, props.defragmentation!, pool.uidDomain); }
  knobs.extra('extraConfig', props.extraConfig ?? {});
  return knobs;
}

function setNegotiatorInterval(knobs: KnobSet, { negotiation: { interval }, props: { extraConfig = {} } }: HostSettings): void {
  knobs.set('NEGOTIATOR_INTERVAL', interval);
  if (interval.toSeconds() < CYCLE_DELAY.toSeconds() && !Object.keys(extraConfig).some(name => /^NEGOTIATOR_CYCLE_DELAY$/i.test(name))) {
    knobs.set('NEGOTIATOR_CYCLE_DELAY', Math.floor(interval.toSeconds() / 2));
  }
}

import { capacityEnvironment, capacityRequirements } from './capacity';
import { CloudMetadata, metadataScript } from './cloud-metadata';
import { APPTAINER_FILE, containerSeccomp } from './container-jobs';
import { CONFIG_DIGEST, DAEMON_CONTAINER, daemonPodSpec } from './daemon-pod';
import { gracePeriodSeconds } from './drain';
import { ExecuteDirectory } from './execute-directory';
import { Fleet, fleetSettings } from './fleet-settings';
import { httpProxyEnvironment } from './http-proxy';
import { MemoryExceeded, memoryCapability } from './job-memory';
import { CLUSTER_NAME_VARIABLE, PATHS, POD_NAME_VARIABLE } from './paths';
import { Credential } from './pod-credentials';
import { podLogsContainer, withPodLogs } from './pod-logs';
import { startdProbes, StartdLiveness } from './probes';
import { RunMode } from './run-mode';
import { schedulingSpec } from './scheduling';
import { CLEANUP, CLEANUP_ENVIRONMENT, leavesTraces } from './slot-users';
import { StartdMemberOptions } from './startd-fleet-props';
import { Operation } from '../federation/patch';
import { CLUSTER_IDENTITY } from '../workload/cluster-identity';
import { PodSecurityLevel } from '../workload/namespace';

/** What a startd needs of root to run jobs as other users, and nothing else. */
const STARTD_CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'KILL', 'SETGID', 'SETUID'];

/** Of several execution points on one node each must have a name of its own. */
const POD_NAME = [{ name: POD_NAME_VARIABLE, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }];

/** The spec of a fleet's pods; of a member's, where it has an image of its own. */
export function fleetPodSpec(fleet: Fleet, credential: Credential, { image }: StartdMemberOptions = {}): object {
  const { construct, props } = fleet;
  const settings = fleetSettings(fleet, image);
  const { id } = construct.node;
  const master = settings.runMode === RunMode.CONDOR_MASTER;
  return withPodLogs(daemonPodSpec({
    image: settings.image,
    command: [settings.image._sbin(master ? 'condor_master' : 'condor_startd'), '-f'],
    configMap: id,
    watchesConfiguration: master,
    credentials: [credential],
    renewCredentials: true,
    mounted: settings.fileSystems.map(each => ({ volume: each._volume(id), mount: each._mount })),
    directories: [{ volume: 'execute', path: PATHS.execute, source: (props.executeDirectory ?? ExecuteDirectory.emptyDir())._volumeSource }],
    placedFiles: [...leavesTraces(settings) ? [CLEANUP] : [], ...props.containers ? [APPTAINER_FILE] : []],
    rootCapabilities: props.rootless ? undefined : [...STARTD_CAPABILITIES, ...memoryCapability(settings.memoryExceeded)],
    seccompProfile: containerSeccomp(props.containers),
    privileged: props.privileged,
    hostNetwork: props.hostNetwork,
    before: settings.cloudMetadata === CloudMetadata.ROUTING_RULES
      ? { name: 'metadata', script: metadataScript(settings.image, settings.rootless), capability: 'NET_ADMIN' } : undefined,
    environment: [
      ...capacityEnvironment(DAEMON_CONTAINER), ...leavesTraces(settings) ? CLEANUP_ENVIRONMENT : [],
      ...proxyEnvironment(fleet), ...lateEnvironment(fleet), ...settings.elasticity ? POD_NAME : [],
    ],
    probes: startdProbes(props.liveness ?? StartdLiveness.STARTD_ANSWERS),
    resources: requirements(fleet),
    serviceAccount: id,
    terminationGracePeriodSeconds: gracePeriodSeconds(settings.drain),
    scheduling: schedulingSpec(props),
    imagePullSecrets: props.imagePullSecrets,
  }), props.podLogs && podLogsContainer(settings.image, props.podLogs, settings.rootless));
}

/** What of a fleet's pods a member's are made of. */
export interface MemberPod {
  /** Where the workload has the template of its pods. */
  readonly template: string;
  readonly options: StartdMemberOptions;
  /** The pods' spec and annotations, by a member's options. */
  readonly spec: (options?: StartdMemberOptions) => object;
  readonly annotations: (options: StartdMemberOptions) => { readonly [name: string]: string };
}

/** What is different in the pods of a member that the program knows. */
export function memberPodOperations(fleet: Fleet, { template, options, spec, annotations }: MemberPod): Operation[] {
  const operations: Operation[] = [];
  // a member with another image has other users, paths and perhaps knobs in it
  if (options.image) {
    operations.push({ op: 'replace', path: `${template}/metadata/annotations/${CONFIG_DIGEST.replace('/', '~1')}`, value: annotations(options)[CONFIG_DIGEST] });
    operations.push({ op: 'replace', path: `${template}/spec`, value: spec(options) });
  }
  // it is told by the federation who it is
  if (fleet.members.late) {
    const { containers: [{ env }] } = spec() as { containers: { env: { name: string }[] }[] };
    operations.push({ op: 'remove', path: `${template}/spec/containers/0/env/${env.findIndex(({ name }) => name === CLUSTER_NAME_VARIABLE)}` });
  }
  // other cores or memory than the fleet's are another part of its nodes
  if (!fleet.props.resources && (options.cpus ?? options.memory)) {
    operations.push({ op: 'replace', path: `${template}/spec/containers/0/resources`, value: requirements(fleet, options) });
  }
  return operations;
}

/** The level of Pod Security that the pods' namespace must allow. */
export function fleetPodSecurity(fleet: Fleet): PodSecurityLevel {
  const { privileged, hostNetwork, executeDirectory, fileSystems = [], rootless, containers } = fleet.props;
  const onHost = executeDirectory?.onHost || fileSystems.some(each => each.onHost);
  const unconfined = containers && containers.seccompProfile === undefined;
  const { cloudMetadata, memoryExceeded } = fleetSettings(fleet);
  const routed = cloudMetadata === CloudMetadata.ROUTING_RULES;
  const seesMemory = memoryExceeded === MemoryExceeded.HOLD && !rootless;
  if (privileged || hostNetwork || onHost || unconfined || routed || seesMemory) { return PodSecurityLevel.PRIVILEGED; }
  return rootless ? PodSecurityLevel.RESTRICTED : PodSecurityLevel.BASELINE;
}

/** One cluster's proxy is a variable of all pods, which differ in the ConfigMap alone. */
function proxyEnvironment({ construct, props, members }: Fleet): object[] {
  const all = [props, ...members.given.map(([, options]) => options)];
  return all.some(({ httpProxy }) => httpProxy !== undefined) ? httpProxyEnvironment(construct.node.id) : [];
}

/** A late member's pods ask the cluster for its name, and wait until it has one; the others are told by the federation. */
function lateEnvironment({ members }: Fleet): object[] {
  const { configMap: name, key } = CLUSTER_IDENTITY;
  return members.late ? [{ name: CLUSTER_NAME_VARIABLE, valueFrom: { configMapKeyRef: { name, key } } }] : [];
}

function requirements(fleet: Fleet, options: StartdMemberOptions = {}): object {
  const { props } = fleet;
  return capacityRequirements({
    cpus: options.cpus ?? props.cpus,
    memory: options.memory ?? props.memory,
    memoryOverhead: fleetSettings(fleet).memoryOverhead,
    resources: props.resources ?? {},
    gpus: props.gpus,
    gpuResource: props.gpuResource ?? 'nvidia.com/gpu',
  });
}

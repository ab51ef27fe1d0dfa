import { containerFiles } from './container-jobs';
import { CONFIG_DIGEST } from './daemon-pod';
import { fileSystemsFile } from './file-system';
import { fleetKnobs, lateMemberKnobs, memberKnobs } from './fleet-config';
import { Fleet, FleetSettings, fleetSettings } from './fleet-settings';
import { httpProxyFile } from './http-proxy';
import { CondorImage } from './image';
import { digestIn, digestOf, isLiveInStartd, WATCH_FILE, WATCH_SCRIPT, withDigest } from './live-configuration';
import { MEMBER_CONFIG_FILE, ROOT_CONFIG_FILE } from './paths';
import { RunMode } from './run-mode';
import { CLEANUP, CLEANUP_SCRIPT, leavesTraces } from './slot-users';
import { StartdMemberOptions } from './startd-fleet-props';
import { FederatedCluster } from '../federation/federated-cluster';
import { Operation } from '../federation/patch';

/** A fleet's ConfigMap: the configuration of all its machines, of each member's machines, and what is read beside it. */
export class FleetFiles {
  /** It is the same for all of an image, and each member's digest asks for it. */
  private readonly rootFiles = new Map<CondorImage, string>();

  public constructor(private readonly fleet: Fleet) {}

  /** Has what was written before written again: a member has become otherwise. */
  public forget(): void {
    this.rootFiles.clear();
  }

  /** In a federation what is a member's own is added for each member that is known. */
  public get shared(): { [file: string]: string } {
    const { members } = this.fleet;
    const { settings } = this;
    const files: { [file: string]: string } = {
      [ROOT_CONFIG_FILE]: this.rootFile(),
      ...leavesTraces(settings) && { [CLEANUP.key]: CLEANUP_SCRIPT },
      ...fileSystemsFile(settings.fileSystems),
      ...httpProxyFile(settings.httpProxy),
      ...settings.runMode === RunMode.CONDOR_MASTER && { [WATCH_FILE]: WATCH_SCRIPT },
      ...containerFiles(settings.containers),
    };
    if (members.late) { return { ...files, [MEMBER_CONFIG_FILE]: this.withDigest(lateMemberKnobs(settings).draft()) }; }
    return members.federated ? files : { ...files, [MEMBER_CONFIG_FILE]: this.memberFile(members.clusterName) };
  }

  /** What a member's ConfigMap has otherwise. */
  public operations(member: FederatedCluster): Operation[] {
    const options = this.fleet.members.optionsOf(member);
    return [
      { op: 'add', path: `/data/${MEMBER_CONFIG_FILE}`, value: this.memberFile(member.node.id, options) },
      ...Object.entries(httpProxyFile(options.httpProxy)).map(([key, value]): Operation => ({ op: 'add', path: `/data/${key}`, value })),
      ...options.image ? [{ op: 'replace' as const, path: `/data/${ROOT_CONFIG_FILE}`, value: this.rootFile(options.image) }] : [],
    ];
  }

  /** The file with what is a cluster's own. */
  public memberFile(cluster: string, options: StartdMemberOptions = {}): string {
    return this.withDigest(memberKnobs(fleetSettings(this.fleet, options.image), cluster, options).draft(), options.image);
  }

  /** What takes a new pod to change: Kubernetes counts the pods that have it, and those that don't. */
  public annotations({ image }: StartdMemberOptions = {}): { [name: string]: string } {
    const { attributes } = this.settings;
    const live = isLiveInStartd(Object.keys(attributes));
    return { [CONFIG_DIGEST]: digestOf(fleetKnobs(fleetSettings(this.fleet, image)).lines(knob => !live(knob))) };
  }

  /** Which configuration the fleet's machines have, by what their names end with: a cluster's, or all clusters' where their names aren't known. */
  public get digests(): { [machines: string]: string } {
    const { construct: { node: { id } }, members } = this.fleet;
    if (this.settings.runMode !== RunMode.CONDOR_MASTER) { return {}; }
    const own = (cluster: string, options?: StartdMemberOptions) => [`${id}.${cluster}`, digestIn(this.memberFile(cluster, options))];
    if (!members.federated) { return Object.fromEntries([own(members.clusterName)]); }
    return {
      ...members.late && { [id]: digestIn(this.withDigest(lateMemberKnobs(this.settings).draft())) },
      ...Object.fromEntries(members.reached.map(member => own(member.node.id, members.optionsOf(member)))),
    };
  }

  private get settings(): FleetSettings {
    return fleetSettings(this.fleet);
  }

  private rootFile(image = this.settings.image): string {
    let text = this.rootFiles.get(image);
    if (text === undefined) {
      text = fleetKnobs(fleetSettings(this.fleet, image)).draft();
      this.rootFiles.set(image, text);
    }
    return text;
  }

  /** The file that is read last tells which both are; without a master nobody would say it. */
  private withDigest(memberFile: string, image?: CondorImage): string {
    return this.settings.runMode === RunMode.CONDOR_MASTER ? withDigest(memberFile, this.rootFile(image)) : memberFile;
  }
}

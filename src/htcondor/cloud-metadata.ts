import { CondorImage } from './image';
import { problem } from '../problem';

/** What keeps jobs from the service at which clouds give out credentials of the node to whoever asks. */
export enum CloudMetadata {
  /** The fleet's NetworkPolicy. The cluster's network must enforce it, and it applies to pods with a network of their own only. */
  NETWORK_POLICY = 'NetworkPolicy',

  /**
   * Rules of the kernel's routing for the users that jobs run as, made by an init container with the capability `NET_ADMIN` (`ip rule`). With
   * `hostNetwork` they are the node's own: they stay until it starts again, and hold for these users' numbers in all that use its network.
   */
  ROUTING_RULES = 'routing rules',

  /** Nothing. Jobs can do what the node's role in the cloud may do; right where there is no such service, or where it is closed otherwise. */
  OPEN = 'open',
}

/** Link-local addresses of it. */
const IPV4 = '169.254.169.254';
const IPV6 = 'fd00:ec2::254';

/** Jobs run as this user where the image has none for them. */
const SHARED_USER = 'nobody';

/** Where a pod may go. */
export function egressPeers(metadata: CloudMetadata): object[] {
  const except = (address: string) => metadata === CloudMetadata.OPEN ? {} : { except: [address] };
  return [{ ipBlock: { cidr: '0.0.0.0/0', ...except(`${IPV4}/32`) } }, { ipBlock: { cidr: '::/0', ...except(`${IPV6}/128`) } }];
}

/**
 * The script that makes the rules: with them the kernel knows no way there for these users. A rule that is there already stays, so that jobs of
 * another pod of the node have no gap. It fails where it can't make one, and the pod does not start.
 */
export function metadataScript(image: CondorImage, rootless: boolean): string {
  const users = rootless ? [`${image.uid}`] : image.slotUsers.length > 0 ? image.slotUsers : [SHARED_USER];
  return [
    'rule() {',
    '  ip $1 rule list | grep -q "to $2 uidrange $3 prohibit" || ip $1 rule add priority 1 to $2 uidrange $3 prohibit',
    '}',
    `numbers=$(for user in ${users.join(' ')}; do id -u $user; done)`,
    // ranges, since each rule is asked for each packet's way
    'ranges=$(echo "$numbers" | sort -nu | awk \'NR > 1 && $1 != last + 1 { print first "-" last } NR == 1 || $1 != last + 1 { first = $1 } { last = $1 } END { print first "-" last }\')',
    'for range in $ranges; do',
    `  rule -4 ${IPV4} $range`,
    `  [ ! -e /proc/net/if_inet6 ] || rule -6 ${IPV6} $range`,
    'done',
  ].join('\n');
}

/** What of a fleet decides whether jobs can be kept from it. */
export interface MetadataGuard {
  readonly cloudMetadata: CloudMetadata;
  readonly networkPolicy: boolean;
}

/** Why jobs would reach it nevertheless. */
export function cloudMetadataProblems(
  given: Partial<MetadataGuard> & { readonly hostNetwork?: boolean }, { cloudMetadata, networkPolicy }: MetadataGuard, images: readonly CondorImage[],
): string[] {
  if (cloudMetadata === CloudMetadata.ROUTING_RULES && images.some(({ iproute }) => !iproute)) {
    return [problem('cloudMetadata', given.cloudMetadata, "OPEN, or images with iproute: without `ip` in them jobs would reach a cloud's metadata service")];
  }
  if (cloudMetadata !== CloudMetadata.NETWORK_POLICY || (networkPolicy && !given.hostNetwork)) { return []; }
  return [given.hostNetwork
    ? problem('cloudMetadata', given.cloudMetadata, 'ROUTING_RULES or OPEN: with hostNetwork no NetworkPolicy applies')
    : problem('networkPolicy', false, "only with cloudMetadata ROUTING_RULES or OPEN: jobs would reach a cloud's metadata service")];
}

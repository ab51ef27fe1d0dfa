import { problem } from '../../../problem';
import { Manifest } from '../../manifest';

const DNS_SUBDOMAIN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** What the names of Karmada's own objects add to a policy's name stays below 253 characters with it. */
const MAX_LENGTH = 240;

/**
 * The name of an object's policies. Karmada names its ResourceBinding alike, so nothing that has a binding is without policies, and the
 * other way round.
 */
export function policyName({ kind, metadata: { name } }: Manifest): string {
  return `${name.replace(/:/g, '.')}-${kind}`.toLowerCase();
}

/** Why Karmada could not name the binding of an object. */
export function nameProblem(manifest: Manifest, where: string): string | undefined {
  const name = policyName(manifest);
  return DNS_SUBDOMAIN.test(name) && name.length <= MAX_LENGTH ? undefined : problem(`${where} name`, manifest.metadata.name,
    `a name that Karmada can name a ResourceBinding after: ${JSON.stringify(name)} must be a DNS subdomain of at most ${MAX_LENGTH} characters`);
}

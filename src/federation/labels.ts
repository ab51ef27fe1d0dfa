const DNS_SUBDOMAIN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const NAME = /^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/;
const MAX_PREFIX = 253;

/** What Kubernetes takes as the key of a label: a name, or the DNS name of its owner, a slash and a name. */
export function isLabelKey(key: string): boolean {
  const slash = key.indexOf('/');
  const prefix = key.slice(0, Math.max(0, slash));
  return NAME.test(key.slice(slash + 1)) && (slash < 0 || DNS_SUBDOMAIN.test(prefix) && prefix.length <= MAX_PREFIX);
}

/** What Kubernetes takes as the value of a label, which may be empty. */
export function isLabelValue(value: string): boolean {
  return value === '' || NAME.test(value);
}

/** What the two may be, for messages. */
export const LABEL_KEY = "a label's key, for instance tier or example.org/tier: at most 63 characters after a DNS name and a slash, or alone";
export const LABEL_VALUE = "a label's value: A-Z, a-z, 0-9, '-', '_' and '.', at most 63 characters";
